"""Paths from point to point lead through the same points, but for those that nobody sees."""

import re

import numpy as np
import pytest

from raphson.picture.render.tight import SLACK, bent, tight


def walked(d: str) -> list[np.ndarray]:
    """The points of each line of a relative path."""
    lines = []
    for part in d.split("M")[1:]:
        numbers = [float(a) for a in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", part)]
        lines.append(np.cumsum(np.array(numbers).reshape(-1, 2), axis=0))
    return lines


@pytest.mark.parametrize("seed", range(4))
def test_lines_stay_where_they_are_however_long_the_path(seed):
    rng = np.random.default_rng(seed)
    points = np.cumsum(rng.normal(size=(2000, 2)) * [0.6, 9.0], axis=0)
    written = "".join(f"{'L' if i else 'M'}{x:.2f} {y:.2f}" for i, (x, y) in enumerate(points))
    out = re.search(r' d="([^"]*)"', tight(f'<path d="{written}"/>'))
    assert out is not None and len(out[1]) < 0.75 * len(written)
    (line,) = walked(out[1])
    assert np.abs(line[:, None] - points[None]).max(axis=2).min(axis=1).max() < 0.056  # they are points of it
    assert beside(points, line).max() < SLACK + 0.08  # and lead past the others


def beside(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """How far points are from the nearest piece of a line."""
    a, way = line[:-1], np.diff(line, axis=0)
    ahead = points[:, None] - a
    share = np.clip(np.sum(ahead * way, axis=2) / np.sum(way * way, axis=1), 0, 1)
    return np.linalg.norm(ahead - share[:, :, None] * way, axis=2).min(axis=1)


def test_a_line_keeps_the_points_at_which_it_bends():
    t = np.linspace(0, 1, 400)
    straight = np.stack([100 * t, 40 * t], axis=1)
    assert bent(straight).tolist() == [[0, 0], [100, 40]]
    corner = np.concatenate([straight, straight[::-1]])
    assert bent(corner).tolist() == [[0, 0], [100, 40], [0, 0]]
    circle = 50 * np.stack([np.cos(6.28 * t), np.sin(6.28 * t)], axis=1)
    assert 20 < len(bent(circle)) < 80 and beside(circle, bent(circle)).max() <= SLACK
    assert bent(np.zeros((1, 2))).tolist() == [[0, 0]] and bent(np.zeros((5, 2))).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("M1.00 2.00L3.00 4.00L0.50 4.00Z", "M1 2l2 2-2.5 0Z"),
        ("M1.04 -2.00L1.00 -2.50M7.0 7.0L8.0 8.0", "M1-2l0-.5M7 7l1 1"),
        ("M5.00 5.00L5.01 5.01", "M5 5l0 0"),
        ("M10.50 0.04L110.50 -0.90", "M10.5 0l100-.9"),
        ("M1,2L3,4L0.5,4ZM7,7L8,8", "M1 2l2 2-2.5 0ZM7 7l1 1"),
        ("M3 4h5", "M3 4h5"),
        ("M1 2C3 4 5 6 7 8", "M1 2C3 4 5 6 7 8"),
    ],
)
def test_other_paths_stay_as_they_are(before, after):
    assert tight(f'<path d="{before}" x="M1 2L3 4"/>') == f'<path d="{after}" x="M1 2L3 4"/>'
