"""f looked at along straight lines through x, on both sides and over decades: what lies beyond derivatives.

Derivatives see a point; a cubic, a plateau, a kink or an infimum at infinity shows only at a distance. The same
values, a few units in the last place apart, measure the noise of f.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from raphson.calculus.noise import Along, noise_along, noise_lines, table_noise
from raphson.certificate.lines import Lines, values_on
from raphson.kernel.number import eps
from raphson.kernel.product import box_of, coordinates
from raphson.problems.callback import HOST

NEAR = (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 1e3, 1e5, 1e8)
"""Lengths of a section in units of x: from the accuracy that is asked of x to where f shows what it does for ever."""


FAR = (3e-3, 0.03, 0.3, 0.6, 2.0, 4.0, 30.0, 300.0, 1e4, 1e6)
"""The same in units of the largest x met, which a variable that ended at 0 has instead of its own."""


TIMID = 10.0
"""Functions that may run for long far away (loops until convergence, code on the host) are not asked beyond this."""


BEYOND = 10.0
"""A change of f below so many times its noise is none."""


LINEAR = 0.2
"""f grows linearly with the length, to this relative accuracy: at a kink. A smooth minimum grows with its square."""


NEWTON = 10.0
"""How many Newton steps the minimum may be away: five for x^6. What falls nearer is no news."""


LOPSIDED = 100.0
"""f level so many times farther on one side than on the other: x came from that side, and could go on."""


APART_ENOUGH = 3.0
"""Lengths that tell a straight rise from a bent one are so many times apart."""


ALIKE = 0.999
"""Cosine of the angle between directions from which they are one."""


class Course(StrEnum):
    """The first thing that f does along one side of a section."""

    FALLS = "falls"
    RISES = "rises"
    LEVEL = "level"


@dataclass(frozen=True)
class Side:
    """One side: what f does first, at which length (in units of the direction), and by how much.

    `slope` there, (f - f(x)) / length; `straight`: the slope is the same at the next length; `forever`: f is still
    falling at the last lengths, up to `reach`, and `steady` if as fast as at the first; `blocked`: a bound ends the
    side. `shown`: the length from which on f was up to `length` beyond the noise at x, if not yet beyond what that
    grows to (None: `length`).
    """

    course: Course
    length: float
    change: float
    slope: float = 0.0
    straight: bool = False
    forever: bool = False
    steady: bool = False
    reach: float = 0.0
    blocked: bool = False
    shown: float | None = None


@dataclass(frozen=True)
class Section:
    """f along a `direction` (n,), one unit of which changes some variable by its own size; both sides of x."""

    direction: np.ndarray
    ahead: Side
    behind: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both."""
        return self.ahead, self.behind

    def all(self, course: Course) -> bool:
        """Whether both sides take this course."""
        return all(side.course == course for side in self.sides)

    @property
    def falls(self) -> Side | None:
        """The side on which f falls, the deeper one; None."""
        down = [side for side in self.sides if side.course == Course.FALLS]
        return min(down, key=lambda side: side.change, default=None)

    @property
    def recedes(self) -> bool:
        """f is level to the end on one side, which no bound ends, and rises on the other; or rises there so much nearer
        that x could be many times as large without f noticing."""
        near, far = sorted(self.sides, key=lambda side: side.length)
        if near.course == Course.RISES and far.course == Course.LEVEL:
            return not far.blocked
        level = far.length if far.shown is None else far.shown
        return self.all(Course.RISES) and level >= max(LOPSIDED * near.length, 0.1 * LOPSIDED)

    @property
    def kink(self) -> bool:
        """f rises on both sides, linearly."""
        return self.all(Course.RISES) and all(side.straight for side in self.sides)


def ladder(direction: np.ndarray, size: np.ndarray, big: np.ndarray, timid: bool) -> tuple[np.ndarray, np.ndarray]:
    """A direction scaled so that one unit moves some variable by its own size, and the lengths to look at.

    `size`, `big`: of the variables here, and the largest met.
    """
    with np.errstate(all="ignore"):
        own, far = (np.max(np.abs(direction) / a) for a in (size, big))
        unit = direction / own
        stretch = min(own / far if far > 0 else 1.0, 1e100)
    lengths = np.unique([*NEAR, *(stretch * t for t in FAR)])
    return unit, lengths[lengths <= TIMID * stretch] if timid else lengths


def apart(directions: list[np.ndarray], size: np.ndarray) -> list[np.ndarray]:
    """The directions without those that repeat an earlier one, in units of `size`."""
    kept: list[np.ndarray] = []
    for v in directions:
        with np.errstate(over="ignore"):
            u = v / size
            u = u / np.max(np.abs(u))
        u = u / np.linalg.norm(u)
        if all(abs(u @ (w / np.linalg.norm(w))) < ALIKE for w in (a / size / np.max(np.abs(a / size)) for a in kept)):
            kept.append(v)
    return kept


def read_side(
    f: float, lengths: np.ndarray, values: np.ndarray, noise: float, precision: float, accuracy: float, blocked: bool,
    along: Along,
) -> Side:  # fmt: skip
    """What f does first along one side.

    Falls at lengths below `NEWTON` times `accuracy` (the relative one asked of x) are the Newton step's business. The
    noise is taken to grow with x; and with its square where terms of second order cancel: along the null direction of
    a quadratic f is the rounding of a sum of large terms.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        change = values - f
        floor = np.maximum(noise * (1 + lengths), precision * np.where(np.isfinite(values), np.abs(values), 0))
        floor = BEYOND * np.maximum(floor, precision * along.terms * lengths**2)
    wall = ~np.isfinite(values)
    up, down = change > floor, (change < -floor) & (lengths > NEWTON * accuracy)
    first = np.flatnonzero(up | down | wall)
    k = int(first[0]) if first.size else 0
    if not first.size or wall[k]:
        # From level to -inf at once is the end of arithmetic (the logarithm of an underflow), not a way down; from
        # level to a wall f did not rise before.
        end = bool(first.size) and values[k] == -np.inf
        far = np.inf if along.nothing else float(lengths[k - 1])  # what ends there is arithmetic, if f is constant at x
        return Side(Course.LEVEL, far, 0.0, blocked=blocked or end)
    slope = float(change[k] / lengths[k])
    if up[k]:
        straight = is_straight(change, lengths, floor, along)
        before = np.flatnonzero(change[:k] <= BEYOND * noise)  # the ladder's rungs are up to 1000 times apart
        shown = float(lengths[before[-1] + 1 if before.size else 0])
        return Side(Course.RISES, float(lengths[k]), float(change[k]), slope, straight, shown=shown)
    seen = np.isfinite(values) | (values == -np.inf)
    seen[:k] = False
    last, reach = change[seen], float(lengths[seen][-1])
    end = bool(last[-1] == -np.inf)
    with np.errstate(invalid="ignore"):
        # Beside f = 1e260 at x every rise far away is rounding; beside what f is there it is not.
        rise = min(float(floor[seen][-1]), BEYOND * precision * float(np.max(np.abs(values[seen][-3:]))))
        still = reach >= 1e4 and last.size >= 3 and bool(np.all(np.diff(values[seen][-3:]) <= rise))
    forever = (end or still) and bool(last[-1] <= change[k]) and not (blocked and not end)
    steady = end or bool(last[-1] / reach <= 0.5 * slope)
    return Side(Course.FALLS, float(lengths[k]), float(np.min(last)), slope, False, forever, steady, reach, blocked)


def is_straight(change: np.ndarray, lengths: np.ndarray, floor: np.ndarray, along: Along) -> bool:
    """Whether f rises in proportion to the length, over the first two lengths where noise leaves no doubt, and from x
    on: not where f is level at x and the curvature there promises all of the rise and more. Robust losses are straight
    so far from their minimum, and 1e-5 of x is far where x ran away.
    """
    clear = np.flatnonzero(change > floor / LINEAR)
    clear = [*clear[:1], *clear[lengths[clear] >= APART_ENOUGH * lengths[clear[:1]].sum()][:1]]
    if len(clear) < 2 or not np.all(np.isfinite(change[clear])):
        return False
    slopes = change[clear] / lengths[clear]
    level = along.exact and abs(along.slope) <= LINEAR * slopes[0]
    if level and 0.5 * along.bend * lengths[clear[0]] >= slopes[0]:
        return False
    return bool(slopes[0] > 0 and np.max(np.abs(slopes / slopes[0] - 1)) <= LINEAR)


def reaches_bound(space: Any, x: Any, step: np.ndarray) -> bool:
    """Whether a step leaves the bounds, so that part of it is not made."""
    box = box_of(space, x)
    if box is None:
        return False
    there = np.asarray(coordinates(space, x), float) + step
    return bool(np.any(there < np.asarray(box.lower)) or np.any(there > np.asarray(box.upper)))


def walled(space: Any, x: Any, step: np.ndarray) -> bool:
    """Whether a bound lies somewhere ahead of every variable that a direction moves."""
    box = box_of(space, x)
    if box is None:
        return False
    ahead = np.where(step > 0, np.asarray(box.upper), np.asarray(box.lower))
    return bool(np.all(np.isfinite(ahead[step != 0])))


@dataclass(frozen=True)
class Sections:
    """What was seen: the noise of f at x, as measured, and a section along every direction asked for."""

    noise: float
    sections: tuple[Section, ...]


def sections_along(
    problem: Any, x: Any, directions: list[np.ndarray], here: np.ndarray, size: np.ndarray, big: np.ndarray,
    floor: float, accuracy: float, most: int, timid: bool, ahead: bool,
    model: Callable[[np.ndarray], Along],
) -> Sections:  # fmt: skip
    """Sections along at most `most` directions, each both ways, and the noise of f, all in one call.

    `here`: |x|; `floor`: the least noise (the rounding of f); `timid`, `ahead`: how f may be called; `model(v)`: the
    quadratic, where it is exact.
    """
    precision = eps(problem.space.zero(x))
    scaled = [ladder(v, size, big, timid) for v in apart(directions, size)[:most]]
    noisy, tiny_lengths = noise_lines(here, precision)
    units = [v for v, _ in scaled]
    rows, lengths = [0], [0.0]
    for k in range(2):
        rows += [k] * tiny_lengths.size
        lengths += list(tiny_lengths)
    for k, (_, ts) in enumerate(scaled):
        rows += [2 + k] * (2 * ts.size)
        lengths += [*ts, *-ts]
    # One shape for every call with so many variables, or each would be compiled anew.
    total = 1 + 2 * tiny_lengths.size + 2 * most * (len(NEAR) + len(FAR))
    pad = 0 if isinstance(problem, HOST) else total - len(rows)
    table = np.zeros((2 + most, size.size))
    table[: 2 + len(units)] = [*noisy, *units]
    lines = Lines(table, np.array(rows + [0] * pad, np.int32), np.array(lengths + [0.0] * pad))
    values = values_on(problem, x, lines, ahead)
    if values is None:
        return Sections(floor, ())
    f, m = float(values[0]), tiny_lengths.size
    noise = max([floor] + [table_noise(values[[0, *range(1 + k * m, 1 + (k + 1) * m)]]) for k in range(2)])
    parts, start, known = [], 1 + 2 * m, noise
    for v, ts in scaled:
        one, other = values[start : start + ts.size], values[start + ts.size : start + 2 * ts.size]
        parts.append((one, other))
        start += 2 * ts.size
        noise = max(noise, noise_along(f, one, other, ts, model(v), known))
    sections = []
    for (v, ts), part in zip(scaled, parts, strict=True):
        sides = []
        for sign, seen in zip((1, -1), part, strict=True):
            with np.errstate(over="ignore"):
                blocked = reaches_bound(problem.space, x, sign * ts[-1] * v)
            side = read_side(f, ts, seen, noise, precision, accuracy, blocked, model(v))
            # Far away on a curved space is nothing farther: a sphere ends. So does a way to bounds of all variables.
            ends = not problem.space.straight or (walled(problem.space, x, sign * v) and not np.any(seen == -np.inf))
            sides.append(replace(side, forever=False) if ends else side)
        sections.append(Section(v, *sides))
    return Sections(noise, tuple(sections))
