"""Stencils of finite differences around a point: inside the bounds, with steps that each variable's response gives.

A step is a part of the length L_i over which the function changes its course along x_i, not of |x_i|: a peak at
574.2 may be 0.01 wide, a time may be 1e-12. L_i is measured: two steps h and h/8 (or the orders of one stencil) are
compared, and what they disagree by is h^3 f'''/6, or noise where shrinking h does not shrink it.
Sources: Gill, Murray, Saunders and Wright (1983), "Computing forward-difference intervals"; Abramowitz and Stegun
(1972), 25.3.4 to 25.3.27, for the weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.number import eps
from raphson.kernel.space import Box
from raphson.problems.callback import Lengths

PART = 0.05
"""Disagreement of two steps, relative, up to which both are taken to see the same smooth course."""

TINY = float(np.finfo(float).tiny)

LOOSE = 8.0
"""A length that turns out so many times shorter than was thought makes the stencil be taken anew: the error of
fourth order grows to LOOSE^4 eps^(4/5), 1e-9 in double precision."""

OFFSETS = {0: np.array([-2.0, -1, 1, 2]), 1: np.array([1.0, 2, 3, 4]), -1: -np.array([1.0, 2, 3, 4])}
"""Where a stencil looks, in steps: to both sides of x, or to the one where there is room."""

BOTH = np.array([
    [1 / 12, -8 / 12, 8 / 12, -1 / 12, 0],
    [0, -1 / 2, 1 / 2, 0, 0],
    [-1 / 12, 16 / 12, 16 / 12, -1 / 12, -30 / 12],
    [0, 1, 1, 0, -2],
])  # fmt: skip
ONE = np.array([
    [48 / 12, -36 / 12, 16 / 12, -3 / 12, -25 / 12],
    [4 / 2, -1 / 2, 0, 0, -3 / 2],
    [-104 / 12, 114 / 12, -56 / 12, 11 / 12, 35 / 12],
    [-5, 4, -1, 0, 2],
])  # fmt: skip
WEIGHTS = {0: BOTH, 1: ONE, -1: ONE * np.array([-1.0, -1, 1, 1])[:, None]}
"""Weights of the four values and of the middle (last): the first derivative times h in fourth and in second order, and
the second derivative times h^2 likewise."""


def limits_of(space: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """The bounds of a space, infinite where it has none; and whether it has none at all."""
    if not isinstance(space, Box):
        return np.full(x.size, -np.inf), np.full(x.size, np.inf), True
    return np.asarray(space.lower), np.asarray(space.upper), False


@dataclass
class Around:
    """A function near a point: `evaluate(x)` gives (m,) or a number, `center` (m,) is its value at x.

    `lengths` is what earlier differences of the same function have learned; it learns on. `open`: there are no bounds.
    """

    evaluate: Callable[[np.ndarray], Any]
    x: np.ndarray
    center: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lengths: Lengths

    open: bool = False

    @property
    def eps(self) -> float:
        """The spacing of the working precision."""
        return eps(self.x)

    def precision(self, i: np.ndarray) -> np.ndarray:
        """How well values along the variables i are known, relative to the largest: rounding and noise."""
        return self.eps + (0.0 if self.lengths.noise is None else self.lengths.noise[i])

    def at(self, i: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Values (k, c, m) at x + offsets (k, c) along the variables i (k,), to the last bit within the bounds."""
        k, c = offsets.shape
        points = np.repeat(self.x[None], k * c, axis=0)
        rows, columns = np.arange(k * c), np.repeat(i, c)
        moved = points[rows, columns] + offsets.ravel().astype(self.x.dtype)
        points[rows, columns] = moved if self.open else np.clip(moved, self.low[columns], self.high[columns])
        return self.values(points).reshape(k, c, -1)

    def values(self, points: np.ndarray) -> np.ndarray:
        """Values (k, m) at points (k, n), one call for each."""
        return np.array([self.evaluate(p) for p in points], float).reshape(len(points), -1)

    def placed(self, i: np.ndarray, h: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps, powers of two so that x + kh is exact, and sides with room for `reach` (one side: 2 `reach`) of them.

        A step of 0: the variable cannot move, or its box is narrower than numbers can tell.
        """
        if self.open:
            least = 2 * np.spacing(np.abs(self.x[i])).astype(float)
            return np.exp2(np.floor(np.log2(np.maximum(h, least)))), np.zeros(len(i), int)
        x = self.x[i].astype(float)
        up, down = np.maximum(self.high[i] - x, 0), np.maximum(x - self.low[i], 0)
        near, far = np.minimum(up, down), np.maximum(up, down)
        both = near >= reach * h / 16
        side = np.where(both, 0, np.where(up >= down, 1, -1))
        h = np.minimum(h, np.where(both, near / reach, far / (2 * reach)))
        least = 2 * np.spacing(np.abs(self.x[i])).astype(float)
        with np.errstate(divide="ignore"):
            h = np.exp2(np.floor(np.log2(np.maximum(h, least))))
        return np.where(np.where(both, near / reach, far / (2 * reach)) >= h, h, 0.0), side


def scale_of(around: Around, i: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The rounding of values (k, c, m) along the variables i (k,), and of the middle, as a length for each."""
    return around.precision(i) * np.maximum(lengths_of(values).max(axis=1), lengths_of(around.center))


def lengths_of(vectors: np.ndarray) -> Any:
    """Lengths along the last axis, without the detour for one number."""
    return np.abs(vectors[..., 0]) if vectors.shape[-1] == 1 else np.linalg.norm(vectors, axis=-1)


def length_from(h: Any, odd: Any, even: Any, odd_gap: Any, even_gap: Any, floor: Any, tell: Any) -> np.ndarray:
    """The length L from what two orders disagree by: odd_gap = h^3 |f'''| / 6, even_gap = h^4 |f''''| / 24.

    odd ~ h f', even ~ h^2 f'' / 2 with f^(k) ~ 1 / L^k. Where one of them happens to vanish the other
    is the measure. The even gap counts only where it is clear of `tell` times the rounding `floor`.
    """
    odd, even, even_gap = (np.asarray(a, float) for a in (odd, even, even_gap))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        gap = np.maximum(odd_gap, floor)
        by_odd = h * np.maximum(np.sqrt(odd / (6 * gap)), even / (3 * gap))
        by_even = h * np.maximum(np.sqrt(even / (12 * even_gap)), np.cbrt(odd / (24 * even_gap)))
    return np.where(even_gap > tell * floor, np.fmin(by_odd, by_even), by_odd)


def calibrate(around: Around, i: int) -> tuple[float, bool]:
    """The length of variable i, from steps h and h/8 that see the same course; and whether no response was found.

    h starts at eps^(1/3) |x_i| (1 at zero), grows while nothing is seen, up to a hundredth of |x_i| or of 1, and
    shrinks while the two disagree, unless that does not help: then the disagreement is noise, which is remembered.
    """
    x, part = abs(float(around.x[i])), around.eps ** (1 / 3)
    own = x if x > 0 else 1.0
    h, most, blind = part * own, 1e-2 * max(x, 1.0), 0.0
    before: tuple[float, float] | None = None
    for _ in range(16):
        seen = courses(around, i, h)
        if seen is None:
            h, most, before = h / 64, h / 64, None
            continue
        h, odd, even, odd_gap, even_gap, floor = seen
        signal = odd + even
        if signal <= 256 * floor:
            blind = max(blind, h)
            if 512 * h > most:
                break
            h *= 512
            continue
        gap = max(odd_gap - 32 * floor, even_gap - 256 * floor)
        if gap <= PART * signal:
            L = float(length_from(h, odd, even, odd_gap, even_gap, 32 * floor, 16))
            return min(L, 10 * max(x, h / part)), False
        if before is not None and gap > 0.5 * before[1]:
            if remember_noise(around, np.array([i]), np.array([gap])):
                return before[0] / part, False
            break
        before, h = (h, gap), h / 64
        if h <= blind:
            break
    return own, True


def courses(around: Around, i: int, h: float) -> tuple[float, float, float, float, float, float] | None:
    """(h, odd, even, their gaps to what h/8 predicts, rounding) along variable i; None where it is not finite."""
    pick = np.array([i])
    step, side = around.placed(pick, np.array([h]), 1)
    if step[0] == 0:
        return None
    h, offsets = float(step[0]), np.array([-1.0, 1]) if side[0] == 0 else side[0] * np.array([1.0, 2])
    small = h / 8 if h / 8 >= np.spacing(abs(around.x[i])) else h
    V = around.at(pick, np.concatenate([h * offsets, small * offsets])[None])
    if not np.all(np.isfinite(V)):
        return None
    a, b, c, d = V[0] - around.center
    if side[0] == 0:
        parts = (b - a) / 2, (a + b) / 2, (d - c) / 2, (c + d) / 2
    else:
        parts = (4 * a - b) / 2, (b - 2 * a) / 2, (4 * c - d) / 2, (d - 2 * c) / 2
    odd, even, odd_small, even_small = parts
    ratio = h / small
    norms = (np.linalg.norm(v) for v in (odd, even, odd - ratio * odd_small, even - ratio**2 * even_small))
    return (h, *(float(v) for v in norms), float(scale_of(around, pick, V)[0]))


def learn(around: Around) -> None:
    """Lengths of all variables that can move and have none yet; silent ones are asked again now and then."""
    lengths, n = around.lengths, around.x.size
    if lengths.length is None:
        lengths.length, lengths.dead, lengths.noise = np.full(n, np.nan), np.zeros(n, bool), np.zeros(n)
    lengths.looks += 1
    if not lengths.dead.any() and not np.isnan(lengths.length).any():
        return
    again = lengths.dead & (lengths.looks & (lengths.looks - 1) == 0)  # at the 1st, 2nd, 4th, 8th look
    for i in np.flatnonzero((np.isnan(lengths.length) | again) & (around.low < around.high)):
        lengths.length[i], lengths.dead[i] = calibrate(around, int(i))


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
        new, gap, L = read(around, todo, V, h, side, used[todo])
        bad = np.isinf(gap)
        stuck = ~bad & np.isfinite(gaps[todo]) & (gap > 0.25 * gaps[todo])  # shrinking did not help: it was noise
        if attempt:
            remember_noise(around, todo[stuck], gap[stuck])
        keep = ~stuck
        for name, values in new.items():
            getattr(out, name)[todo[keep]] = values[keep]
        short = keep & (bad | (used[todo] / LOOSE > L))
        lengths.length[todo] = np.where(stuck, earlier[todo], np.where(bad, used[todo] / 64, L))
        gaps[todo] = np.where(bad, np.inf, gap)
        if attempt >= 2:  # an edge of the function's domain: from the side where it is finite
            lean[todo] = np.where(bad, one_sided(V), lean[todo])
        todo = todo[short]
    return out


def one_sided(V: np.ndarray) -> np.ndarray:
    """The side on which values (k, 4, m) of a stencil to both sides are finite (k,), 0 for neither."""
    fine = np.all(np.isfinite(V), axis=2)
    return np.where(fine[:, 2:].all(axis=1), 1, np.where(fine[:, :2].all(axis=1), -1, 0))


NOISY = 1e-4
"""More than this, relative to f, is no noise but a jump: there is no derivative that longer steps would find."""


def remember_noise(around: Around, i: np.ndarray, gaps: np.ndarray) -> bool:
    """Disagreement along the variables i that shrinking does not shrink is noise; whether all of it was."""
    size, noise = float(np.linalg.norm(around.center)), around.lengths.noise
    if not i.size or size == 0 or noise is None:
        return False
    small = gaps <= NOISY * size
    noise[i[small]] = gaps[small] / size
    return bool(np.all(small))


def narrow(around: Around, which: np.ndarray, out: Stencil) -> None:
    """Variables whose box is narrower than a stencil: one slope from end to end, zero where the ends are one."""
    for i in which:
        width = float(around.high[i]) - float(around.low[i])
        ends = np.array([[around.low[i] - around.x[i], around.high[i] - around.x[i]]])
        V = around.at(np.array([i]), ends)[0]
        out.first[i] = (V[1] - V[0]) / width
        out.first_error[i] = np.linalg.norm(out.first[i]) + 2 * scale_of(around, np.array([i]), V[None])[0] / width


def read(
    around: Around, i: np.ndarray, V: np.ndarray, h: np.ndarray, side: np.ndarray, old: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Derivatives with their errors from values (k, 4, m); the odd gaps (inf: not finite); and the lengths seen.

    `old` lengths: they grow step by step, and not beyond ten times x (a line has no length).
    """
    (k, _, m), size = V.shape, np.abs(around.x[i])
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        five = np.empty((k, 5, m))
        five[:, :4], five[:, 4] = V, around.center
        all4 = (np.stack([WEIGHTS[int(s)] for s in side]) if np.any(side) else BOTH) @ five
        f4, f2, s4, s2 = all4[:, 0], all4[:, 1], all4[:, 2], all4[:, 3]
        odd, even, odd_gap, even_gap = lengths_of(np.stack([f2, s2 / 2, f2 - f4, (s2 - s4) / 2]))
        floor = scale_of(around, i, V)
        L = length_from(h, odd, even, odd_gap, even_gap, 4 * floor, 16)
        L = np.where(np.isnan(L), old, np.minimum(L, np.maximum(old, np.minimum(4 * old, 10 * size))))
        shrink = np.minimum(1.0, (h / np.maximum(L, TINY)) ** 2)
        new = {
            "h": h, "side": side, "values": V, "first": f4 / h[:, None], "second": s4 / (h**2)[:, None],
            "first_error": ((odd_gap + even_gap) * shrink + 2 * floor) / h,  # an even gap that stays: a kink
            "second_error": (2 * even_gap * shrink + 6 * floor) / h**2,
        }  # fmt: skip
    return new, np.where(np.all(np.isfinite(V), axis=(1, 2)), np.maximum(odd_gap, 4 * floor), np.inf), L


def jacobian(around: Around) -> np.ndarray:
    """The Jacobian (m, n) of a vector function from two values along every variable, h = eps^(1/3) L.

    The second difference comes with the first: where it is large beside it, or nothing is seen at all,
    the length is stale: it is measured again, and that variable looked at once more.
    """
    learn(around)
    lengths, n, m = around.lengths, around.x.size, around.center.size
    assert lengths.length is not None and lengths.dead is not None
    slopes = np.zeros((n, m))
    todo = np.flatnonzero(around.low < around.high)
    for again in (True, False):
        h, side = around.placed(todo, around.precision(todo) ** (1 / 3) * lengths.length[todo], 1)
        if np.any(h == 0):
            nothing = np.zeros(n)
            narrow(around, todo[h == 0], Stencil(nothing, nothing, nothing, slopes, slopes, nothing, nothing))
        todo, h, side = todo[h > 0], h[h > 0], side[h > 0]
        if not todo.size:
            break
        offsets = np.where(side[:, None] == 0, np.array([-1.0, 1]), side[:, None] * np.array([1.0, 2]))
        slopes[todo], stale = pairs(around, todo, around.at(todo, offsets * h[:, None]), h, side)
        todo = todo[stale & ~lengths.dead[todo]]
        if not (again and todo.size):
            break
        for i in todo:
            lengths.length[i], lengths.dead[i] = calibrate(around, int(i))
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
    one = (side != 0)[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        odd = np.where(one, side[:, None] * (4 * a - b - 3 * f) / 2, (b - a) / 2)
        even = np.where(one, (b - 2 * a + f) / 2, (a + b) / 2 - f)
        norm = lambda v: np.linalg.norm(v, axis=1)
        part = around.precision(i) ** (1 / 3)
        stale = (norm(even) > STALE * part * norm(odd)) | (norm(odd) * STALE * part**2 < scale_of(around, i, V))
    return odd / h[:, None], stale | ~np.all(np.isfinite(V), axis=(1, 2))
