"""Paths from point to point, in tenths of a pixel, with the points that are seen: what is read without scripts is half
as long."""

import re
from itertools import pairwise

import numpy as np

SLACK = 0.12
"""Pixels by which a line may move."""

LINES = re.compile(r' d="(M[MLZ\d ,.-]*)"')
"""Paths of straight lines alone."""


def tight(html: str) -> str:
    """The same page, the straight paths of its pictures written in relative coordinates (SVG 1.1, section 8.3.4).

    Points that lie on the line through those around them are left out. Every point is rounded by itself and steps are
    differences of rounded points, so that nothing adds up along a path.
    """
    return LINES.sub(lambda found: f' d="{"".join(map(line, found[1].split("M")[1:]))}"', html)


def line(text: str) -> str:
    closed = "Z" if text.endswith("Z") else ""
    given = [[float(a) for a in point.replace(",", " ").split()] for point in text.rstrip("Z").split("L")]
    points = [(round(10 * x), round(10 * y)) for x, y in bent(np.array(given)).tolist()]
    steps = [pair(c - a, d - b) for (a, b), (c, d) in pairwise(points)]
    # A point without a step would lose its round end.
    moved = [step for step in steps if step != "0 0"] or steps[:1]
    return f"M{pair(*points[0])}{'l' if moved else ''}{' '.join(moved).replace(' -', '-')}{closed}"


def bent(points: np.ndarray) -> np.ndarray:
    """The points (m, 2) of a line at which it bends, its ends among them. Source: Douglas and Peucker (1973)."""
    kept, parts = {0, len(points) - 1}, [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        (x, y), way = points[first], points[last] - points[first]
        ahead, size = points[first + 1 : last] - (x, y), float(way @ way)
        # Nearest to what lies between the ends: a line that turns back beyond one of them is no part of it.
        share = np.clip(ahead @ way / size, 0.0, 1.0) if size > 0 else np.zeros(len(ahead))
        off = np.hypot(*(ahead - share[:, None] * way).T)
        k = int(np.argmax(off))
        if off[k] > SLACK:
            kept.add(first + 1 + k)
            parts += [(first, first + 1 + k), (first + 1 + k, last)]
    return points[sorted(kept)]


def pair(x: int, y: int) -> str:
    """Two numbers of tenths."""
    return f"{tenths(x)} {tenths(y)}".replace(" -", "-")


def tenths(a: int) -> str:
    return f"{a / 10:g}".replace("0.", ".") if abs(a) < 10 and a else f"{a / 10:g}"
