"""Stencils of finite differences around a point: inside the bounds, with steps that each variable's response gives.

Source of the weights: Abramowitz and Stegun (1972), 25.3.4 to 25.3.27.
"""

from dataclasses import dataclass

import numpy as np

from raphson.calculus.around import TINY, Around, lengths_of, scale_of
from raphson.calculus.lengths import again, follow, learn, length_from, remember_noise, swing_of

LOOSE = 4.0
"""A length that turns out so many times shorter than was thought makes the stencil be taken anew: the error of
fourth order grows to LOOSE^4 eps^(4/5), 1e-10 in double precision."""

GROWTH = 64.0
"""A length grows by at most so much at a time, each time verified: rounding alone bounds it from below only."""

OFFSETS = {0: np.array([-2.0, -1, 1, 2]), 1: np.array([1.0, 2, 3, 4]), -1: -np.array([1.0, 2, 3, 4])}
"""Where a stencil looks, in steps: to both sides of x, or to the one where there is room."""

BOTH = np.array([
    [1 / 12, -8 / 12, 8 / 12, -1 / 12],
    [0, -1 / 2, 1 / 2, 0],
    [-1 / 12, 16 / 12, 16 / 12, -1 / 12],
    [0, 1, 1, 0],
])  # fmt: skip
ONE = np.array([
    [48 / 12, -36 / 12, 16 / 12, -3 / 12],
    [4 / 2, -1 / 2, 0, 0],
    [-104 / 12, 114 / 12, -56 / 12, 11 / 12],
    [-5, 4, -1, 0],
])  # fmt: skip
WEIGHTS = {0: BOTH, 1: ONE, -1: ONE * np.array([-1.0, -1, 1, 1])[:, None]}
"""Weights of the four values less the middle: the first derivative times h in fourth and in second order, and the
second derivative times h^2 likewise. Of differences, so that a function that does not change has no slope by rounding:
weights that add up to zero only to the last digit gave one of eps f / h, along which a run went on for ever."""


@dataclass
class Stencil:
    """Derivatives along every variable: `first` and `second` (n, m), with bounds of their errors (n,) in norm.

    `h` steps (0: the variable cannot move), `side`, and the `values` (n, 4, m) that they come from.
    """

    h: np.ndarray
    side: np.ndarray
    values: np.ndarray
    first: np.ndarray
    second: np.ndarray
    first_error: np.ndarray
    second_error: np.ndarray


def stencil(around: Around, part: float = 1.0) -> Stencil:
    """Four values along every variable, at h = eps^(1/5) L: first derivatives to eps^(4/5), second ones to eps^(3/5).

    The orders within the stencil are compared, so L is measured again at every point; where it turns
    out much shorter the stencil is taken anew. `part`: a smaller h by so much.
    """
    learn(around)
    lengths, n, m = around.lengths, around.x.size, around.center.size
    assert lengths.length is not None
    out = Stencil(
        np.zeros(n), np.zeros(n, int), np.zeros((n, 4, m)), np.zeros((n, m)), np.zeros((n, m)), np.zeros(n), np.zeros(n)
    )
    todo, gaps, lean = np.flatnonzero(around.low < around.high), np.full(n, np.inf), np.zeros(n, int)
    used = lengths.length.copy()
    for attempt in range(6):
        earlier, used = used, lengths.length.copy()
        h, side = around.placed(todo, around.precision(todo) ** 0.2 * part * used[todo], 2)
        side = np.where(lean[todo] != 0, lean[todo], side)
        if not h.all():
            narrow(around, todo[h == 0], out)
            todo, h, side = todo[h > 0], h[h > 0], side[h > 0]
        if not todo.size:
            break
        offsets = np.stack([OFFSETS[int(s)] for s in side]) if np.any(side) else OFFSETS[0]
        V = around.at(todo, offsets * h[:, None])
        new, gap, L = read_stencil(around, todo, V, h, side, used[todo])
        bad = np.isinf(gap)
        stuck = ~bad & np.isfinite(gaps[todo]) & (gap > 0.25 * gaps[todo])  # shrinking did not help: it was noise
        if attempt:
            remember_noise(around, todo[stuck], gap[stuck], V[stuck])
        keep = ~stuck
        for name, values in new.items():
            getattr(out, name)[todo[keep]] = values[keep]
        short = keep & (bad | (used[todo] / LOOSE > L))
        long = keep & ~short & (LOOSE**2 * used[todo] < L) & (attempt < 3)
        # A little shorter may be noise: nothing is made of it, else steps would shrink from point to point.
        L = np.where(short | (used[todo] < L), L, used[todo])
        L = np.where(stuck, earlier[todo], np.where(bad, used[todo] / 64, L))
        odd, even = lengths_of(new["first"]), lengths_of(new["second"]) / 2
        follow(around, todo, V, swing_of(used[todo], 1.0, odd, even), swing_of(L, 1.0, odd, even))
        lengths.length[todo] = L
        gaps[todo] = np.where(bad | long, np.inf, gap)
        if attempt >= 2:  # an edge of the function's domain: from the side where it is finite
            lean[todo] = np.where(bad, one_sided(V), lean[todo])
        todo = todo[short | long]
    return out


def entry_errors(around: Around, seen: Stencil) -> np.ndarray:
    """Bounds of the errors of `seen.first` entry by entry (n, m): each function of a vector has its own rounding.

    What two orders disagree by, odd and even parts (a kink shows in the even one), and the rounding of its values.
    """
    n = len(seen.values)
    weights = np.stack([WEIGHTS[int(s)] for s in seen.side])
    f4, f2, s4, s2 = np.moveaxis(weights @ (seen.values - around.center), 1, 0)
    size = np.maximum(np.max(np.abs(seen.values), axis=1), np.abs(around.center))
    floor = around.error(np.arange(n)[:, None], size)
    h = np.where(seen.h > 0, seen.h, 1)[:, None]
    return (np.abs(f2 - f4) + np.abs(s2 - s4) / 2 + 2 * floor) / h


def one_sided(V: np.ndarray) -> np.ndarray:
    """The side on which values (k, 4, m) of a stencil to both sides are finite (k,), 0 for neither."""
    fine = np.all(np.isfinite(V), axis=2)
    return np.where(fine[:, 2:].all(axis=1), 1, np.where(fine[:, :2].all(axis=1), -1, 0))


def narrow(around: Around, which: np.ndarray, out: Stencil) -> None:
    """Variables whose box is narrower than a stencil: one slope from end to end, zero where the ends are one."""
    for i in which:
        width = float(around.high[i]) - float(around.low[i])
        ends = np.array([[around.low[i] - around.x[i], around.high[i] - around.x[i]]])
        V = around.at(np.array([i]), ends)[0]
        out.first[i] = (V[1] - V[0]) / width
        out.first_error[i] = np.linalg.norm(out.first[i]) + 2 * scale_of(around, np.array([i]), V[None])[0] / width


def read_stencil(
    around: Around, i: np.ndarray, V: np.ndarray, h: np.ndarray, side: np.ndarray, old: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Derivatives with their errors from values (k, 4, m); the odd gaps (inf: not finite); the lengths seen.

    `old` lengths: they grow step by step, and not beyond ten times x (a line has no length).
    """
    size = np.abs(around.x[i])
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        all4 = (np.stack([WEIGHTS[int(s)] for s in side]) if np.any(side) else BOTH) @ (V - around.center)
        f4, f2, s4, s2 = all4[:, 0], all4[:, 1], all4[:, 2], all4[:, 3]
        odd, even, odd_gap, even_gap = lengths_of(np.stack([f2, s2 / 2, f2 - f4, (s2 - s4) / 2]))
        floor = scale_of(around, i, V)
        L = length_from(h, odd, even, odd_gap, even_gap, 4 * floor, 16)
        # Orders that agree to rounding bound the length from below only: longer steps see more.
        silent = (odd_gap <= 8 * floor) & (even_gap <= 16 * floor)
        L = np.where(silent, np.maximum(L, GROWTH * old), L)
        # Beyond ten times x a length grows no more, unless the step stays below SciPy's: near zero x is no measure.
        roof = np.maximum(10 * size, around.eps ** (1 / 3 - 1 / 5))
        L = np.where(np.isnan(L), old, np.minimum(L, np.maximum(old, np.minimum(GROWTH * old, roof))))
        shrink = np.minimum(1.0, h / np.maximum(L, TINY))
        new = {
            "h": h, "side": side, "values": V, "first": f4 / h[:, None], "second": s4 / (h**2)[:, None],
            "first_error": ((odd_gap + even_gap) * shrink + 2 * floor) / h,  # an even gap that stays: a kink
            "second_error": (2 * even_gap * shrink + 6 * floor) / h**2,
        }  # fmt: skip
    return new, np.where(np.all(np.isfinite(V), axis=(1, 2)), np.maximum(odd_gap, 4 * floor), np.inf), L


def difference_jacobian(around: Around) -> np.ndarray:
    """The Jacobian (m, n) of a vector function from two values along every variable, h = eps^(1/3) L.

    The second difference comes with the first: where it is large beside it, or nothing is seen at all,
    the length is stale: it is measured again, and that variable looked at once more.
    """
    learn(around)
    lengths, n, m = around.lengths, around.x.size, around.center.size
    assert lengths.length is not None and lengths.dead is not None and lengths.due is not None
    slopes = np.zeros((n, m))
    todo = np.flatnonzero(around.low < around.high)
    for second in (False, True):
        h, side = around.placed(todo, around.precision(todo) ** (1 / 3) * lengths.length[todo], 1)
        if np.any(h == 0):
            nothing = np.zeros(n)
            narrow(around, todo[h == 0], Stencil(nothing, nothing, nothing, slopes, slopes, nothing, nothing))
        todo, h, side = todo[h > 0], h[h > 0], side[h > 0]
        if not todo.size:
            break
        offsets = np.where(side[:, None] == 0, np.array([-1.0, 1]), side[:, None] * np.array([1.0, 2]))
        slopes[todo], stale = pairs(around, todo, around.at(todo, offsets * h[:, None]), h, side)
        todo = todo[stale & ~lengths.dead[todo] & (lengths.due[todo] <= lengths.looks)]
        if second or not todo.size:
            break
        for i in todo:
            again(around, int(i))
    return slopes.T


def forward(around: Around) -> np.ndarray:
    """The Jacobian (m, n) from one value along every variable, h = sqrt(eps) |x_i|: where calls are few."""
    size = np.abs(around.x)
    slopes = np.zeros((around.x.size, around.center.size))
    which = np.flatnonzero(around.low < around.high)
    h, side = around.placed(which, around.eps**0.5 * np.where(size > 0, size, 1.0)[which], 1)
    which, h, side = which[h > 0], h[h > 0], np.where(side < 0, -1.0, 1.0)[h > 0]
    if which.size:
        V = around.at(which, (side * h)[:, None])[:, 0]
        slopes[which] = (V - around.center) / (side * h)[:, None]
    return slopes.T


STALE = 1e3
"""A second difference so many times larger than h / L lets expect, or an error of rounding so many times larger than
eps^(2/3), says that a length is stale."""


def pairs(
    around: Around, i: np.ndarray, V: np.ndarray, h: np.ndarray, side: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes (k, m) from two values each (k, 2, m), and whose length is stale."""
    a, b, f = V[:, 0], V[:, 1], around.center
    with np.errstate(invalid="ignore", over="ignore"):
        odd, even = (b - a) / 2, (a + b) / 2 - f
        if side.any():
            one = (side != 0)[:, None]
            odd = np.where(one, side[:, None] * (4 * a - b - 3 * f) / 2, odd)
            even = np.where(one, (b - 2 * a + f) / 2, even)
        seen, bend = lengths_of(odd), lengths_of(even)
        L = around.lengths.length[i]  # type: ignore[index]
        swing = swing_of(L, h, seen, bend)
        follow(around, i, V, swing, swing)
        part = around.precision(i) ** (1 / 3)
        stale = (bend > STALE * part * seen) | (seen * STALE * part**2 < scale_of(around, i, V))
    return odd / h[:, None], stale | ~np.isfinite(V).all(axis=(1, 2))
