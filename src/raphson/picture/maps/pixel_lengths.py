"""How far observed points lie from where they were seen: a histogram of reprojection errors, before and after."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.picture.maps.map_ellipses import CAMERAS
from raphson.picture.scene import Curve, Scene
from raphson.picture.words import number_text
from raphson.slam.account import many_errors

QUESTION = "How far are points from where they were seen?"

PER_DECADE = 5
"""Bars in a decade of pixels."""

ENDS = (1e-3, 1e6)
"""Pixels; what is shorter or longer stands in the first or the last bar, and is counted in the caption."""

FLOOR = 0.7
"""Observations at the bottom of the picture: less than one."""


def pixel_lengths(fit: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """The lengths (m,) of all reprojection errors in pixels, before and after, whatever their information and the loss;
    None where no camera sees a point."""
    seen = [f for f in fit.graph.factors if f.residual in CAMERAS]
    if not seen or not fit.begun:
        return None
    return lengths_at(seen, fit.begun), lengths_at(seen, fit.values)


def lengths_at(factors: list[Any], values: dict[str, np.ndarray]) -> np.ndarray:
    """The lengths of the errors of factors at values of all variables, infinite where they are no numbers."""
    found = []
    for f in factors:
        points = tuple(jnp.asarray(values[name][f.rows[:, k]]) for k, name in enumerate(f.types))
        found.append(np.linalg.norm(np.asarray(many_errors(f.residual)(*points, f.measurements)), axis=1))
    return np.nan_to_num(np.concatenate(found), nan=np.inf, posinf=np.inf)


def length_histogram(before: np.ndarray, after: np.ndarray) -> Scene:
    """Numbers of observations by length, on logarithmic axes: before the run an outline, after it an area."""
    given = np.concatenate([before, after])
    kept = np.clip(given[np.isfinite(given) & (given > 0)], *ENDS)
    low, high = (kept.min(), kept.max()) if kept.size else (0.1, 1.0)
    first, last = int(np.floor(PER_DECADE * np.log10(low))), int(np.floor(PER_DECADE * np.log10(high))) + 1
    edges = 10.0 ** (np.arange(first, last + 1) / PER_DECADE)
    counts = [bar_counts(lengths, edges) for lengths in (before, after)]
    items = (
        Curve("model-level", bar_steps(edges, counts[1]), closed=True, label="after the run", fill=True),
        Curve("muted", bar_steps(edges, counts[0]), label="before the run"),
    )
    window = (edges[0] / 1.1, edges[-1] * 1.1, FLOOR, 2.0 * max(float(np.max(counts)), 1.0))
    return Scene(
        "lengths", QUESTION, window, items, "distance in the image, pixels", "observations", False, "xy",
        caption=length_caption(before, after), notes=tuple(beyond_ends(before, after)),
    )  # fmt: skip


def bar_counts(lengths: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many lengths are in each bar, those beyond the ends in the outer ones; what is not finite in none."""
    fine = lengths[np.isfinite(lengths)]
    at = np.searchsorted(edges, fine, side="right") - 1
    return np.bincount(np.clip(at, 0, edges.size - 2), minlength=edges.size - 1)


def bar_steps(edges: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The steps over the bars (m, 2), from the floor to the floor."""
    x, y = np.repeat(edges, 2), np.concatenate([[FLOOR], np.repeat(np.maximum(counts, FLOOR), 2), [FLOOR]])
    return np.stack([x, y], axis=1)


def length_caption(before: np.ndarray, after: np.ndarray) -> str:
    """The medians and the longest."""
    half = [number_text(float(np.median(lengths))) for lengths in (before, after)]
    longest = [number_text(float(np.max(lengths))) for lengths in (before, after)]
    return (
        f"Half of the {after.size} observations are within {half[1]} pixels (before: {half[0]}), the longest distance "
        f"is {longest[1]} (before: {longest[0]})."
    )


def beyond_ends(before: np.ndarray, after: np.ndarray) -> list[str]:
    """What stands in an outer bar, or in none."""
    said = []
    for when, lengths in (("before the run", before), ("after the run", after)):
        short, long, lost = (
            int(np.sum(lengths < ENDS[0])),
            int(np.sum((lengths >= ENDS[1]) & (lengths < np.inf))),
            int(np.sum(~np.isfinite(lengths))),
        )
        said += [f"{short} below {ENDS[0]:g} pixels stand in the first bar ({when})."] if short else []
        said += [f"{long} above {ENDS[1]:g} pixels stand in the last bar ({when})."] if long else []
        said += [f"{lost} are not finite ({when})."] if lost else []
    return said
