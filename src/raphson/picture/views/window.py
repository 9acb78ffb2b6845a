"""How much of the plane a picture shows: x, the centre, and the contour through x where it is not far longer."""

import numpy as np

from raphson.picture.quadratic import Quadratic

Window = tuple[float, float, float, float]

NEAR = 1e-6
"""A centre nearer to x than this fraction of the plane's natural length is not zoomed in on: f has no digits there."""

LONGEST = 5.0
"""A contour longer than this many Newton steps is not shown whole: x, -g and the centre would be one dot."""

FLATTEST = 0.62
"""Smallest ratio of height to width; the largest is 1. A renderer need not widen such a window, which a grid fills."""

INVISIBLE = 0.004
"""A fraction of the window that is less than two pixels."""


def window_of(quad: Quadratic, reach: float | None = None, also: np.ndarray | None = None) -> Window:
    """The window (u0, u1, v0, v1) of a local picture.

    `reach` is a natural length of the plane (None: the size of x in it, or 1), taken where the centre is no
    guide: at x itself, or nowhere. `also` (m, 2): points to be seen too.
    """
    reach = natural(quad) if reach is None or not reach > 0 else float(reach)
    step = quad.newton
    size = float(np.hypot(*step))
    low = high = quad.at
    if not (np.isfinite(size) and size > NEAR * reach):
        low, high = quad.at - 0.5 * reach, quad.at + 0.5 * reach
    else:
        extent = extents(quad)
        if extent is not None and np.max(extent) <= LONGEST * size:
            low, high = quad.center - 1.22 * extent, quad.center + 1.22 * extent
        else:
            middle, half = quad.at + 0.5 * step, 1.6 * size
            low, high = middle - half, middle + half
    if also is not None and len(also):
        near = also[np.max(np.abs(also - quad.at), axis=1) <= 4 * np.max(high - low)]
        edge = 0.06 * np.max(high - low)
        low, high = np.min([low, *(near - edge)], axis=0), np.max([high, *(near + edge)], axis=0)
    return rectangle(low, high)


def natural(quad: Quadratic) -> float:
    """The size of x in its plane; 1 at the origin."""
    size = float(np.max(np.abs(quad.at)))
    return size if 0 < size < np.inf else 1.0


def extents(quad: Quadratic) -> np.ndarray | None:
    """Half the width and height of the ellipse through x, sqrt(2 rise C_ii) with C = H^-1; None without an ellipse."""
    if quad.signs[0] != quad.signs[1] or quad.signs[0] == 0:
        return None
    with np.errstate(all="ignore"):
        share, size = quad.parts
        inverse = np.array([quad.hessian[1, 1], quad.hessian[0, 0]]) / size / share / size
        found = np.sqrt(2 * quad.rise * inverse)
    return found if np.all(np.isfinite(found)) else None


def rectangle(low: np.ndarray, high: np.ndarray) -> Window:
    """A window that holds a box, and is neither flat nor narrow nor a point."""
    middle, half = (low + high) / 2, (high - low) / 2
    top = float(np.max(half))
    half = np.maximum(half, [top, FLATTEST * top])
    # Not narrower than the spacing of numbers at the middle can fill with a grid.
    half = np.maximum(half, 1e-12 * np.max(np.abs(middle)))
    half = np.where(half > 0, half, 1.0)
    (u0, v0), (u1, v1) = middle - half, middle + half
    return float(u0), float(u1), float(v0), float(v1)


def side(window: Window) -> float:
    """The shorter side."""
    return min(window[1] - window[0], window[3] - window[2])


def too_near(quad: Quadratic, window: Window) -> bool:
    """Whether x and the centre are one dot in this window: then no level runs visibly between them."""
    return bool(quad.kind != "flat" and quad.has_center and not np.hypot(*quad.newton) > INVISIBLE * side(window))


def shown_rise(quad: Quadratic, window: Window) -> float:
    """The rise of the level that a picture shows: of the level through x, or one that fits where x is the centre."""
    return fitting_rise(quad, window) if too_near(quad, window) else quad.rise


def fitting_rise(quad: Quadratic, window: Window) -> float:
    """A round rise (1, 2 or 5 in its first digit; negative on a dome) whose contour fits the window; 0 if flat."""
    w, live = quad.eigen[0], quad.signs != 0
    if not live.any():
        return 0.0
    gentle = w[live][int(np.argmin(np.abs(w[live])))]
    rise = 0.5 * gentle * (0.42 * side(window)) ** 2
    if not (np.isfinite(rise) and rise != 0):
        return 0.0
    decade = 10.0 ** np.floor(np.log10(abs(rise)))
    nice = max(m for m in (1, 2, 5) if m * decade <= abs(rise) * (1 + 1e-12))
    return float(np.sign(rise) * nice * decade)
