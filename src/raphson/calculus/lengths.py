"""Over which length a host function changes its course along each variable: what steps of differences are a part of.

L_i is measured, not taken from |x_i|: a peak at 574.2 may be 0.01 wide, a time may be 1e-12. Two steps h and h/8 (or
the orders of one stencil) are compared; what they disagree by is h^3 f'''/6, or noise where shrinking h does not
shrink it.
Source: Gill, Murray, Saunders and Wright (1983), "Computing forward-difference intervals".
"""

from typing import Any

import numpy as np

from raphson.calculus.around import Around, lengths_of, scale_of
from raphson.calculus.noise import APART, NOISE_POINTS, table_noise

PART = 0.05
"""Disagreement of two steps, relative, up to which both are taken to see the same smooth course."""

CLEAR = 1e6
"""A response so many times above rounding gives a slope that is good enough to begin with."""


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


def swing_of(L: Any, h: Any, odd: Any, even: Any) -> Any:
    """By how much f changes over a length L, from its odd and even part at h."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        t = np.asarray(L) / h
        return np.asarray(odd * t + even * t * t)


def calibrate(around: Around, i: int) -> tuple[float, bool]:
    """The length of variable i, from steps h and h/8 that see the same course; and whether no response was found.

    h starts at eps^(1/3) |x_i| (1 at zero), grows while nothing is seen, up to a hundredth of |x_i| or of 1, and
    shrinks while the two disagree, unless that does not help: then the disagreement is noise, which is remembered, or
    a jump, or a peak that is much narrower than h, which shorter steps tell apart. A variable at 0 has no size of its
    own: where it is silent it is looked at up to a hundredth of the largest (an offset beside an amplitude of 1e20).
    """
    x, part = abs(float(around.x[i])), around.eps ** (1 / 3)
    own = x if x > 0 else 1.0
    largest = float(np.max(np.abs(around.x))) if x == 0 else x
    h, most, blind = part * own, 1e-2 * max(largest, 1.0), 0.0
    before: tuple[float, float] | None = None
    level = floor = noise = 0.0
    ahead: tuple[float, ...] | None = None
    if around.lengths.noise is not None:
        around.lengths.noise[i] = 0
    for _ in range(16):
        seen, ahead = ahead or courses(around, i, h), None
        if seen is None:
            h, most, before = h / 64, h / 64, None
            continue
        h, odd, even, odd_gap, even_gap, floor = seen
        floor += noise
        signal = odd + even
        if signal <= 256 * floor:
            blind = max(blind, h)
            if 512 * h > most:
                break
            h *= 512
            continue
        gap = max(odd_gap - 32 * floor, even_gap - 256 * floor)
        if gap <= PART * signal:
            if gap > 0 and 8 * h <= most and (further := courses(around, i, 8 * h)) is not None:
                # Truncation grows by 512; what hardly grows is noise, and longer steps see more.
                known = further[5] + noise
                wider = max(further[3] - 32 * known, further[4] - 256 * known)
                if wider < 64 * gap and wider <= PART * (further[1] + further[2]):
                    size = max(floor / around.eps, float(swing_of(own, *further[:3])))
                    noise = odd_gap / 8 if 8 * floor < odd_gap / 8 <= NOISY * size else noise
                    h, ahead = 8 * h, further
                    continue
            if gap <= 0 and signal < CLEAR * floor and 64 * h <= most:
                h *= 64
                continue
            L = float(length_from(h, odd, even, odd_gap, even_gap, 32 * floor, 16))
            return settled_length(around, i, min(L, 10 * max(x, h / part)), seen, noise), False
        level = scatter(odd_gap, even_gap)
        step = noise_step(around, i, before[0], level) if before is not None and gap > 0.5 * before[1] else None
        if step is not None:
            return noisy_length(around, i, step, level), False
        before, h = (h, gap), h / 64
        if h <= max(blind, 2 * float(np.spacing(x))):  # no shorter step can be told from none
            break
    # What shorter steps do not see at all may be values that are rounded to a grid.
    if before is not None and (step := noise_step(around, i, before[0], level)) is not None:
        return noisy_length(around, i, step, level), False
    return own, True


def settled_length(around: Around, i: int, L: float, seen: tuple[float, ...], noise: float) -> float:
    """A length as it was found, with what f changes by over it, and the noise relative to that."""
    lengths = around.lengths
    if lengths.noise is not None and lengths.swing is not None:
        lengths.swing[i] = swing_of(L, *seen[:3])
        size = max(seen[5] / around.eps, float(lengths.swing[i]))
        lengths.noise[i] = noise / size if noise > 0 else 0.0
    return L


def noisy_length(around: Around, i: int, seen: tuple[float, ...], level: float) -> float:
    """The length by which a stencil takes the step that sees through noise of a level, which is remembered."""
    x, step = abs(float(around.x[i])), seen[0]
    own = max(x, step)
    # Near a perfect fit noise is as large as the residuals themselves.
    share = min(level / max(seen[5] / around.eps, float(swing_of(own, *seen[:3]))), 1.0)
    return settled_length(around, i, min(step / (around.eps + share) ** 0.2, 10 * own), seen, level)


def scatter(odd_gap: float, even_gap: float) -> float:
    """The noise of single values that gaps from h and h/8 mean: what differs at h/8 counts 8 and 64 times in them."""
    return max(odd_gap / 8, even_gap / 64)


def noise_step(around: Around, i: int, h: float, level: float) -> tuple[float, ...] | None:
    """The courses at the step that sees through a disagreement of a level which h and h/64 share, if it is noise.

    It is noise where a longer step sees a smooth course far above it, or two of them do (a sine at 1e12 has none, and
    one may seem so), or where values a few units in the last place apart scatter as much (then the longest step is as
    good as any). Else f has a structure that is narrower than h: a peak, a jump.
    """
    most = 0.1 * max(abs(float(around.x[i])), h)
    last = smooth = None
    while (h := 8 * h) <= (8 * most if smooth else most):
        seen = courses(around, i, h)
        signal = 0.0 if seen is None else seen[1] + seen[2]
        if seen is not None and scatter(seen[3], seen[4]) <= PART * signal:
            if smooth or level <= SCATTER * signal:
                return smooth or seen
            smooth = seen
            continue
        last, smooth = seen or last, None
    offsets = APART * around.eps * abs(float(around.x[i])) * np.arange(1.0, NOISE_POINTS)
    values = np.vstack([around.center, around.at(np.array([i]), offsets[None])[0]])
    if table_noise(values) <= SCATTER * level:
        return None
    last = courses(around, i, most) if last is None else last
    return None if last is None else (most, *last[1:])


SCATTER = 0.2
"""The spread of a few values, as a part of the level that two steps show: 0.3 to 1 for independent noise. And the
level as a part of what a longer step sees: a sine has about a third of that at every length."""


def courses(around: Around, i: int, h: float) -> tuple[float, ...] | None:
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
    norms = lengths_of(np.stack([odd, even, odd - ratio * odd_small, even - ratio**2 * even_small]))
    return (h, *(float(v) for v in norms), float(scale_of(around, pick, V)[0]))


def learn(around: Around) -> None:
    """Lengths of all variables that can move and have none yet; silent ones are asked again now and then."""
    lengths: Any = around.lengths  # its arrays are there from here on
    n = around.x.size
    if lengths.length is None:
        lengths.length, lengths.dead, lengths.noise = np.full(n, np.nan), np.zeros(n, bool), np.zeros(n)
        lengths.swing = np.zeros(n)
        lengths.due, lengths.wait = np.zeros(n, int), np.zeros(n, int)
    lengths.looks += 1
    if not lengths.dead.any() and not np.isnan(lengths.length).any():
        return
    again = lengths.dead & (lengths.looks & (lengths.looks - 1) == 0)  # at the 1st, 2nd, 4th, 8th look
    for i in np.flatnonzero((np.isnan(lengths.length) | again) & (around.low < around.high)):
        lengths.length[i], lengths.dead[i] = calibrate(around, int(i))


WAIT = 7
"""Looks for which a length that was found confirmed is not asked again, however stale it seems: where one residual is
1e20 times another, nine in ten were (Chebyquad from far: 67 calls a Jacobian, 31 with this)."""


def again(around: Around, i: int) -> None:
    """Measures a length that seems stale anew; where it is the same it is left alone for a while, each time longer."""
    lengths: Any = around.lengths
    old = lengths.length[i]
    lengths.length[i], lengths.dead[i] = calibrate(around, i)
    same = 0.5 * old <= lengths.length[i] <= 2 * old
    lengths.wait[i] = min(2 * lengths.wait[i] + 1, WAIT) if same else 0
    lengths.due[i] = lengths.looks + 1 + lengths.wait[i]


NOISY = 1e-2
"""More than this, relative to f, is no noise but a jump: there is no derivative that longer steps would find."""


def remember_noise(around: Around, i: np.ndarray, gaps: np.ndarray, values: np.ndarray) -> None:
    """Disagreement along the variables i that shrinking does not shrink, in `values` (k, c, m), is noise."""
    lengths = around.lengths
    if not i.size or lengths.noise is None or lengths.swing is None:
        return
    size = np.maximum(lengths_of(values).max(axis=1), lengths_of(around.center))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = gaps / np.maximum(size, lengths.swing[i])
    beyond = (share <= NOISY) & (gaps > 8 * around.error(i, size))
    lengths.noise[i[beyond]] = share[beyond]


def follow(around: Around, i: np.ndarray, values: np.ndarray, swing: np.ndarray, now: np.ndarray) -> None:
    """The swing of the variables i as it is here, over the lengths as they were, and `now` over what they become.

    Noise is the same amount before and after.
    """
    lengths = around.lengths
    if lengths.noise is None or lengths.swing is None:
        return
    size = np.maximum(lengths_of(values).max(axis=1), lengths_of(around.center))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.maximum(size, swing) / np.maximum(size, now)
    fine = np.isfinite(ratio) & np.isfinite(now)
    lengths.noise[i[fine]] *= ratio[fine]
    lengths.swing[i[fine]] = now[fine]


def forget_noise(around: Around) -> None:
    """Noise that was met elsewhere is not that of this point: where there was any, lengths are measured anew, too."""
    noise = around.lengths.noise
    if noise is None:
        return
    around.lengths.noisy |= bool(np.any(noise > 0))
    old: Any = around.lengths
    if old.noisy:
        length, met = old.length.copy(), noise.copy()
        noise[:], old.length = 0, np.full(noise.size, np.nan)
        learn(around)
        # At the bottom of a noisy valley there may be nothing to measure by: what the run knows is better.
        old.length, noise[:] = np.where(old.dead, length, old.length), np.where(old.dead, met, noise)
