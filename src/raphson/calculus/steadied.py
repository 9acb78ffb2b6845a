"""Second derivatives that are in doubt, looked at again over longer steps."""

import numpy as np

from raphson.calculus.around import TINY, Around, lengths_of
from raphson.calculus.lengths import remember_noise
from raphson.calculus.stencil import OFFSETS, Stencil, read_stencil

LONGER = 16.0
"""Each step is so many times the last: noise over h^2 falls by 256."""

REACH = 0.05
"""Up to this part of x, or of its size where it is 0: a stencil reaches twice as far."""

DOUBT = 1e-4
"""A second derivative whose error is this part of the curvature is looked at again: smooth ones err by 1e-8 to 2e-5."""


def steadied(near: Around, seen: Stencil, size: float, weight: np.ndarray) -> Stencil:
    """The stencil of residuals with longer steps along the variables whose second derivatives are in doubt, where these
    leave a smaller error. The curvature of f is J'WJ + sum r_k H_k, W the `weight` (m,), `size` the length of r.

    The solver of a differential equation takes other steps from some parameter value on, and what it gives jumps
    there by its tolerance. A stencil beside such a jump becomes short, until it sees nothing of it, and divides
    rounding by a tiny h^2; one across it errs by the jump over h^2. Longer steps err less by either, until f changes
    its course, which the two orders within a stencil show. What they disagree by is remembered as noise, and noise that
    one variable shows is there along all others, for mixed derivatives have it twice.
    """
    bends = seen.first**2 @ weight + size * np.maximum(lengths_of(seen.second) - seen.second_error, 0)
    enough, most = DOUBT * bends / max(size, TINY), REACH * np.where(near.x == 0, 1.0, np.abs(near.x))
    todo = np.flatnonzero((seen.h > 0) & (bends > 0))
    h = seen.h.copy()
    while True:
        todo = todo[doubt(near, seen.h, seen.second_error)[todo] > enough[todo]]
        placed, side = near.placed(todo, LONGER * h[todo], 2)
        room = (placed > h[todo]) & (placed <= most[todo]) & (side == seen.side[todo])  # a bound may be near
        todo, placed, side = todo[room], placed[room], side[room]
        if not todo.size:
            return seen
        h[todo] = placed
        V = near.at(todo, np.stack([OFFSETS[int(s)] for s in side]) * placed[:, None])
        new, _, _ = read_stencil(near, todo, V, placed, side, np.full(todo.size, np.inf))
        there = np.zeros_like(h), np.full_like(h, np.inf)
        there[0][todo], there[1][todo] = placed, new["second_error"]
        better = doubt(near, *there)[todo] < doubt(near, seen.h, seen.second_error)[todo]  # not where it is no number
        remember_noise(near, todo[better], (new["second_error"] * placed**2 / 6)[better], V[better])
        for name in ("h", "values", "second", "second_error"):
            getattr(seen, name)[todo[better]] = new[name][better]
        sharper = new["first_error"] < seen.first_error[todo]
        for name in ("first", "first_error"):
            getattr(seen, name)[todo[sharper]] = new[name][sharper]


def doubt(near: Around, h: np.ndarray, second_error: np.ndarray) -> np.ndarray:
    """The errors (n,) of second derivatives from steps h, with those that the noise of any variable makes."""
    level = near.error(np.arange(h.size), np.full(h.size, np.linalg.norm(near.center))).max(initial=0.0)
    return np.maximum(second_error, 8 * level / np.where(h > 0, h, np.inf) ** 2)
