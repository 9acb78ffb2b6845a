"""How much of a plane a recording samples: the whole run, and the surroundings of each of its points."""

from collections.abc import Sequence

import numpy as np

from raphson.picture.quadratic import Quadratic
from raphson.picture.views.window import Window, rectangle, side, window_of

MARGIN = 0.12
"""Room around a run, as a share of its size."""

FAR = 1.0
"""A trial that ended farther outside than this many sizes of the run is not waited for."""

AROUND = 0.25
"""The surroundings of a point at which there is no step to measure by, as a share of the run's window."""

ASPECT = 1.1
"""Width over height of the panels: equal axes would widen any other window to it, beyond where f was sampled."""

SPARE = 1.12
"""f is sampled in so much wider a window than is meant to be seen, for panels of another shape."""

TRIED = 3.0
"""... or, where trials were made from it, this many times the farthest."""

DIGITS = 1e3
"""A window must show changes of f that are so many times its rounding."""


def run_window(taken: np.ndarray, ends: np.ndarray, around: Quadratic | None) -> Window:
    """The window of a run: the points taken (m, 2) and the trials' `ends` (k, 2) that are not far off.

    `around`: the quadratic at the answer, for runs that did not move.
    """
    taken = taken[np.all(np.isfinite(taken), axis=1)]
    low, high = taken.min(axis=0), taken.max(axis=0)
    size = float(np.max(high - low))
    if not size > 1e-9 * float(np.max(np.abs(taken), initial=0.0)):
        return shaped(rectangle(low, high) if around is None else widened(window_of(around), 2.0))
    near = ends[np.all((ends >= low - FAR * size) & (ends <= high + FAR * size), axis=1)]
    low, high = np.min([low, *near], axis=0), np.max([high, *near], axis=0)
    edge = MARGIN * float(np.max(high - low))
    return shaped(rectangle(low - edge, high + edge))


def local_window(quad: Quadratic, run: Window | None, ends: np.ndarray) -> Window:
    """The window around a point: x, the centre, the level through x, the trials' ends; wide enough for f's digits."""
    reach = None if run is None else AROUND * side(run)
    ends = ends[np.all(np.isfinite(ends), axis=1)]
    if reach is not None and len(ends):
        # A run may end a million steps away: what was tried from here is then the better guide.
        tried = TRIED * float(np.max(np.abs(ends - quad.at)))
        reach = min(reach, tried) if tried > 0 else reach
    window = shaped(window_of(quad, reach, ends))
    steepest = float(np.max(np.abs(quad.eigen[0])))
    half = np.array([window[1] - window[0], window[3] - window[2]]) / 2
    noise = DIGITS * 2.2e-16 * abs(quad.value)
    wide = float(np.max(half))  # its square may be too large, or too small, for a number
    change = 0.5 * (steepest * wide) * wide + float(np.linalg.norm(quad.gradient)) * wide
    if 0 < change < noise and steepest > 0:
        return widened(window, float(np.sqrt(2 * noise / steepest)) / wide)
    return window


def shaped(window: Window) -> Window:
    """The window, made as wide or as high as a panel's shape wants it."""
    du, dv = window[1] - window[0], window[3] - window[2]
    u, v = (window[0] + window[1]) / 2, (window[2] + window[3]) / 2
    du, dv = max(du, ASPECT * dv) / 2, max(dv, du / ASPECT) / 2
    return u - du, u + du, v - dv, v + dv


def widened(window: Window, factor: float) -> Window:
    """The same middle, so many times as wide and high."""
    u, v = (window[0] + window[1]) / 2, (window[2] + window[3]) / 2
    du, dv = factor * (window[1] - window[0]) / 2, factor * (window[3] - window[2]) / 2
    return u - du, u + du, v - dv, v + dv


def interval(points: Sequence[float], reach: float) -> tuple[float, float]:
    """The same for one variable: all the points with a margin; `reach` around them where they are one."""
    low, high = float(np.min(points)), float(np.max(points))
    size = high - low
    if not size > 1e-6 * reach:
        return low - reach, high + reach
    return low - 0.3 * size, high + 0.3 * size
