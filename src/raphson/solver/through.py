"""Minima on the other side of infinity.

The natural variable of many models passes through 0 where the one that they are written in passes through infinity: the
curvature of a circle by its radius, a rate by its time constant, a pole by its distance. A minimum with the other sign
lies just beyond, and from this side every method runs away. A run begun with the signs of the variables that ran away
changed comes back from there.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.calculus.taylor import VALUE
from raphson.kernel.number import eps
from raphson.problems.callback import HOST
from raphson.solver.attempts import ENDED
from raphson.solver.beside import as_one_run
from raphson.solver.final import evaluate, flat

GROWN = 100.0
"""So many times larger than at the start, a variable is on its way to infinity where no minimum was found."""

TURNED = 4
"""Up to so many variables every choice of further signs is looked at."""

PARTS = (0.25, 0.5)
"""Where a run begins beyond infinity: at these powers of the growth. Farther out f hardly depends on x, and a run ends
at once; nearer the way is not straight yet."""


def through_infinity(best: Any, begin: Callable[[Any], Any]) -> Any:
    """The result, or a lower minimum that a run from the other side of infinity ends in; all evaluations are counted.

    `begin` makes a result from a point. Only programs on straight spaces that no limit of the caller's ended.
    """
    model, spent = best.model, best.evaluations
    if best.success or best.termination in ENDED or isinstance(model.problem, HOST) or not model.space.straight:
        return best
    worth = max(best.certificate.noise, eps(np.asarray(model.gradient)) ** (2 / 3) * abs(best.value))
    tried = other_side(best)
    why = "variables ran away: begun again beyond infinity, where they have the other sign"
    for there in tried:
        found = begin(there)
        spent = spent + found.evaluations
        if found.success and found.value < best.value - worth and not grown(best, flat(found.model.x)).any():
            return as_one_run(best, there, replace(found, evaluations=spent, reasons=(*best.reasons, why)))
    return replace(best, evaluations=spent, reasons=(*best.reasons, f"{why}: nothing lower")) if tried else best


def growth(best: Any, x: np.ndarray) -> np.ndarray:
    """How many times larger than at the start of the run the variables are (..., n); those that began at 0, than a part
    of the largest there (1, where all did)."""
    first = np.abs(flat(best.start)).astype(float)
    return np.abs(x) / np.maximum(first, (np.max(first, initial=0.0) or GROWN) / GROWN)


def grown(best: Any, x: np.ndarray) -> np.ndarray:
    """Which variables ran away (n,)."""
    return growth(best, x) > GROWN


def other_side(best: Any) -> list[Any]:
    """Points to begin from, the nearest first; none where nothing ran away, or f is nowhere finite there."""
    end = flat(best.model.x).astype(float)
    if not np.all(np.isfinite(end)) or not grown(best, end).any():
        return []
    points = (beyond(best, end, point_of_run(best, end, part)) for part in PARTS)
    return [point for point in points if point is not None]


def beyond(best: Any, end: np.ndarray, near: np.ndarray) -> Any:
    """The point beyond infinity as far away as the point `near` (n,) of the run; None where f is not finite there.

    The way to infinity is a straight line in the end, x = q + p s + O(1/s), and goes on from s = -infinity: to -S,
    where `near` is at S. Variables that did not run away, x = q + O(1/s), are reflected in their limit. Signs that a
    model takes care of itself, such as that of a radius, are chosen so that f is smallest.
    """
    model, away = best.model, grown(best, end)
    s, last = (float(np.max(growth(best, x)[away])) for x in (near, end))
    if not last > s:
        return None
    p = (end - near) / (last - s)
    mirrored = np.where(away, near - 2 * s * p, 2 * end - near)
    k = int(away.sum())
    lowest, chosen = np.inf, None
    for signs in product((1, -1), repeat=k) if k <= TURNED else [(1,) * k]:
        there = mirrored.copy()
        there[away] *= signs
        point, _, cut = model.space.move(model.x, jnp.asarray(there - end, flat(model.x).dtype))
        value = float(evaluate(model.problem, point, VALUE).value)
        if value < lowest and not bool(cut):
            lowest, chosen = value, point
    return chosen


def point_of_run(best: Any, end: np.ndarray, part: float) -> np.ndarray:
    """The point of the run (n,) where its growth was nearest to this power of what it was at the `end`."""
    trace, away = best.trace, grown(best, end)
    moved = np.cumsum(trace.moves, axis=0) if trace.whole else np.zeros((0, end.size))
    points = flat(best.start) + np.vstack([np.zeros((1, end.size)), moved])
    with np.errstate(divide="ignore"):
        sizes = np.log(np.max(growth(best, points)[:, away], axis=1))
    return points[np.argmin(np.abs(sizes - part * np.log(np.max(growth(best, end)[away]))))]
