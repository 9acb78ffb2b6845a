"""The noise of f, from values a few units in the last place apart and from changes that do not show."""

from dataclasses import dataclass
from typing import Any

import numpy as np

NOISE_POINTS = 7
"""Values, some units in the last place apart, from which the noise of f is measured in one direction."""


APART = 16.0
"""Their distance, in units in the last place of x."""


SMOOTH = 1e-3
"""Up to this part of x the quadratic is taken to hold roughly."""


def noise_lines(size: np.ndarray, precision: float) -> tuple[np.ndarray, np.ndarray]:
    """Two directions that change every variable, and the lengths, in units in the last place, for the noise of f."""
    shape = 1.0 + np.arange(size.size)
    rows = np.stack([np.sin(shape), np.cos(1.7 * shape)])
    return rows * size, APART * precision * np.arange(1.0, NOISE_POINTS)


def table_noise(values: np.ndarray) -> float:
    """The noise of values (7,) or vectors (7, m) at equal distances, in norm: the spread of their differences of third
    to fifth order.

    Source: More and Wild (2011), "Estimating Computational Noise", SIAM J. Sci. Comput. 33, section 3 (ECnoise).
    """
    size = np.max(np.abs(values))
    if not (np.all(np.isfinite(values)) and size > 0):
        return 0.0
    values = values.reshape(len(values), -1) / size
    spreads, differences = [], values
    for order in range(1, len(values) - 1):
        differences = np.diff(differences, axis=0)
        gamma = 1.0
        for j in range(1, order + 1):  # (order!)^2 / (2 order)!
            gamma *= j / (order + j)
        spreads.append(float(np.sqrt(gamma * np.mean(np.sum(differences**2, axis=1)))))
    return float(size) * min(spreads[2:5])


@dataclass(frozen=True)
class Along:
    """The quadratic model along a direction v: `slope` g'v, `bend` v'Hv; `terms` |v|'|H||v|, what the bend is a sum of;
    whether these are `exact` derivatives. Zeros where nothing is known."""

    slope: float = 0.0
    bend: float = 0.0
    terms: float = 0.0
    exact: bool = False

    @property
    def nothing(self) -> bool:
        """Whether f does not depend on v at x: exact derivatives that are 0 to the last bit, all of them."""
        return self.exact and self.slope == 0 and self.terms == 0

    @staticmethod
    def of(v: np.ndarray, g: np.ndarray, H: np.ndarray, doubt: Any, exact: bool) -> "Along":
        """Of derivatives at a point; where they are differences there is no slope, and of the bend what is beyond its
        `doubt` (n, n), if that is known."""
        with np.errstate(over="ignore", invalid="ignore"):
            bend, size = float(v @ H @ v), np.abs(v)
            if exact:
                return Along(float(g @ v), bend, float(size @ np.abs(H) @ size), True)
            return Along(bend=bend if doubt is None else max(bend - float(size @ np.asarray(doubt) @ size), 0.0))


def unseen_rise(f: float, values: np.ndarray, lengths: np.ndarray, model: Along) -> float:
    """The largest change that slope and curvature promise near x where f does not change by a bit: noise that
    rounding to a grid makes (a large constant added and taken away), which no spread of neighbors shows.

    Near is `SMOOTH` of x, and all the way from x on which no value is another one: a variable whose minimum is at 0
    has next to no size of its own there, and f does not show it until far beyond that.

    Only where f keeps the promise a little farther out, where it is `ROUGHLY` so large: else it is the quadratic that
    is wrong (beside an edge of sqrt; exp(a)^2 out of range in a second derivative), and tells nothing of the noise.
    """
    size, same = np.abs(lengths), values == f
    with np.errstate(over="ignore", invalid="ignore"):
        promised = np.abs(model.slope * lengths + 0.5 * model.bend * lengths**2)
        change = np.abs(values - f)
        unseen = float(np.max(promised[same & ((size <= SMOOTH) | np.logical_and.accumulate(same))], initial=0.0))
    farther = np.flatnonzero(promised >= ROUGHLY * unseen)[:1]
    kept = (change[farther] >= promised[farther] / ROUGHLY) & (change[farther] <= ROUGHLY * promised[farther])
    return unseen if np.any(kept) else 0.0


ROUGHLY = 10.0
"""A promise is kept to this factor: beside noise of its own size, and f is no quadratic."""


EXTREME = 3.0
"""The largest of some ten values, in units of their spread."""


LUCK = 30.0
"""A spread of 7 values may be too small by so much, by luck; what is larger is structure of f: ripples."""


def unsteady_change(f: float, values: np.ndarray, lengths: np.ndarray, model: Along) -> float:
    """The largest change near x, beside what slope and curvature promise, that is smaller again farther out: structure
    of f grows with the length. `values` at `lengths` on one side, the nearest first."""
    near = np.abs(lengths) <= 10 * SMOOTH
    t = lengths[near]
    with np.errstate(over="ignore", invalid="ignore"):
        left = np.abs(values[near] - f - (model.slope * t + 0.5 * model.bend * t**2))
    if left.size < 2 or not np.all(np.isfinite(left)):
        return 0.0
    farther = np.minimum.accumulate(left[::-1])[::-1]
    return float(np.max(left[:-1][farther[1:] < left[:-1]], initial=0.0))


def noise_along(
    f: float, ahead: np.ndarray, behind: np.ndarray, lengths: np.ndarray, model: Along, known: float
) -> float:
    """The noise of f, `known` from values beside x, with what a section shows of it: values `ahead` and `behind` x."""
    unseen = max(unseen_rise(f, ahead, lengths, model), unseen_rise(f, behind, -lengths, model))
    if not model.exact:
        return max(known, unseen)
    unsteady = max(unsteady_change(f, ahead, lengths, model), unsteady_change(f, behind, -lengths, model))
    return max(known, unseen, min(unsteady / EXTREME, LUCK * known))
