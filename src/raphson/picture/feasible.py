"""Where a plane lies between the bounds of its variables: feasible ground as a polygon, and windows cut to it."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.kernel.space import Box
from raphson.model.bounds import held_up
from raphson.picture.plane import Plane
from raphson.picture.scene import Outside
from raphson.picture.views.window import Window

BEYOND = 20.0
"""Corners lie so many windows away where no bound cuts the plane: far out of any picture."""

SIGHT = 1.5
"""A bound counts as seen within so many windows: panels show more than a window where their shape wants it."""


def sides(space: Any, plane: Plane) -> list[tuple[np.ndarray, float]]:
    """The half-planes {p: a'p <= b} that bounds cut out of a plane, as (a (2,), b); none without bounds."""
    if not isinstance(space, Box):
        return []
    out = []
    for side, sign in ((np.asarray(space.lower, float), -1.0), (np.asarray(space.upper, float), 1.0)):
        for i in np.flatnonzero(np.isfinite(side)):
            if np.any(plane.basis[i]):
                out.append((sign * plane.basis[i], sign * (side[i] - plane.origin[i])))
    return out


def polygon(space: Any, plane: Plane, window: Window) -> np.ndarray | None:
    """Feasible ground as the corners (k, 2) of a convex polygon, far larger than the window where nothing bounds it.

    None where no bound is in sight of the window (u0, u1, v0, v1); (0, 2) where nothing of the plane is feasible.
    Source: Sutherland and Hodgman (1974).
    """
    cuts, seen = sides(space, plane), box(window, SIGHT)
    if not any(np.any(seen @ a > b + slack(a, b, seen)) for a, b in cuts):
        return None
    corners = box(window, BEYOND)
    for a, b in cuts:
        over = corners @ a - b
        kept = []
        for k in range(len(corners)):
            before, here = over[k - 1], over[k]
            if (before > 0) != (here > 0):
                kept.append(corners[k - 1] + before / (before - here) * (corners[k] - corners[k - 1]))
            if here <= 0:
                kept.append(corners[k])
        corners = np.array(kept).reshape(-1, 2)
    return corners


def box(window: Window, times: float) -> np.ndarray:
    """The corners (4, 2) of a window, made so many times as large."""
    u, v = (window[0] + window[1]) / 2, (window[2] + window[3]) / 2
    du, dv = times * (window[1] - window[0]) / 2, times * (window[3] - window[2]) / 2
    return np.array([[u - du, v - dv], [u + du, v - dv], [u + du, v + dv], [u - du, v + dv]])


def inside(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points (..., 2) lie in a convex polygon of corners (k, 2), or on its edge to rounding."""
    out, size = np.full(points.shape[:-1], len(corners) > 2), float(np.max(np.abs(corners), initial=0.0))
    turn = np.sign(area(corners))
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge = b - a
        across = turn * (edge[0] * (points[..., 1] - a[1]) - edge[1] * (points[..., 0] - a[0]))
        out &= across >= -1e-9 * size * float(np.hypot(*edge))
    return out


def area(corners: np.ndarray) -> float:
    """The area of a polygon, negative where its corners go round clockwise."""
    (x, y), (u, v) = corners.T, np.roll(corners, -1, axis=0).T
    return 0.5 * float(np.sum(x * v - u * y))


def slack(a: np.ndarray, b: float, points: np.ndarray) -> float:
    """What rounding makes of a'p - b."""
    return 1e-9 * (abs(b) + float(np.max(np.abs(points @ a), initial=0.0)))


def within_bounds(space: Any, plane: Plane, window: Window) -> Window:
    """The part of a window between the bounds, where these are along the plane's axes: f is then known up to them.

    The window itself where bounds run across the axes, or leave nothing of it.
    """
    u0, u1, v0, v1 = window
    for a, b in sides(space, plane):
        if np.all(a != 0):
            return window
        k = int(np.flatnonzero(a)[0])
        at = b / a[k]
        if k == 0:
            u0, u1 = (u0, min(u1, at)) if a[k] > 0 else (max(u0, at), u1)
        else:
            v0, v1 = (v0, min(v1, at)) if a[k] > 0 else (max(v0, at), v1)
    least = 1e-3 * max(window[1] - window[0], window[3] - window[2])
    return (u0, u1, v0, v1) if u1 - u0 > least and v1 - v0 > least else window


def held_names(problem: Any, x: Any, g: np.ndarray, names: Sequence[str], most: int = 60) -> list[str]:
    """The variables that sit at a bound beyond which f falls, or that are fixed, by their names; `most` of them."""
    held = held_up(problem.space, x, jnp.asarray(g))
    return [] if held is None else [str(names[i]) for i in np.flatnonzero(np.asarray(held))[:most]]


def outside(space: Any, plane: Plane, window: Window) -> Outside | None:
    """The item that hatches all that lies beyond the bounds; None where no bound is in sight."""
    corners = polygon(space, plane, window)
    return None if corners is None else Outside("bounds", corners)
