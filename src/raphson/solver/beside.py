"""Minima that straight lines do not show: a run begun beside the point tells.

Where H is singular f may rise along every straight line and fall along a bent one (Peano's surface), and a bound may
hold a variable whose slope is rounding, so that it could as well move. A run begun at a distance, along these
directions alone, comes back where there is a minimum.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.calculus.taylor import VALUE
from raphson.certificate.shape import WHOLE
from raphson.certificate.verdict import Cause, Verdict
from raphson.kernel.number import CURVATURE_NOISE, GRADIENT_NOISE, default_tolerance, eps
from raphson.kernel.product import box_of
from raphson.problems.callback import HOST, OutOfCalls
from raphson.problems.least_squares import LeastSquares
from raphson.solver.drive import Run
from raphson.solver.final import evaluate, flat
from raphson.solver.result import Evaluations

APART = (0.1, 0.5, 2.0)
"""How far beside, in parts of the largest that a variable was: at 0.01 a fall with the sixth power is still rounding
(CUTEst's PALMER2E, 3E and 4E), and at 0.1 so is one with 1/x (HATFLDFL as a fit); an amplitude that f does not depend
on changes its sign at 2."""

INWARD = 0.1
"""The same for a variable at a bound that does not hold it."""

TIMES = 4
"""A lower point may be in doubt as well; where so many runs in a row end lower, there is no telling where that ends."""

FOLLOWS = 0.1
"""f follows slope and curvature where its changes are what they promise, to this part: then these are no rounding,
however small they are beside those of other variables."""

NEARER = (1.0, 1 / 8, 1 / 64)
"""Parts of the Newton step at which, and at half of which, it is asked to follow them."""


def lowest_beside(
    result: Any, begin: Callable[[Any], Run], end: Callable[[Run], Any], cost: Callable[[Run], Evaluations]
) -> Any:
    """The result, or a lower one that a run from beside it reached, with its reason; all evaluations are counted.

    `begin` runs from a point, `end` makes a result of a run, `cost` says what it took. Lower is what changes f by more
    than its noise, and by more than eps^(2/3) of what f was at the start. Where `TIMES` runs end lower one after
    another the last point is no minimum, either: a bent valley goes on.
    """
    for _ in range(TIMES):
        before = result
        result, found = run_beside(result, begin, end, cost)
        if not found:
            return result
    return still_falling(before, result) if result.success else result


def still_falling(before: Any, result: Any) -> Any:
    """The result as what it is after `TIMES` lower points in a row, the last one reached from `before`."""
    drop = before.value - result.value
    text = f"{TIMES} runs in a row, each begun beside the end of the one before, ended lower, the last by {drop:.2g}"
    text += ": an infimum at infinity, or a valley without end"
    away = replace(result.certificate, verdict=Verdict.RECEDES, criterion=text, cause=Cause.FALLS, lower=drop)
    return replace(result, certificate=away)


def run_beside(
    result: Any, begin: Callable[[Any], Run], end: Callable[[Run], Any], cost: Callable[[Run], Evaluations]
) -> tuple[Any, bool]:
    """The first lower result, if a run from beside finds one; else the result with what the look has cost."""
    model, spent = result.model, result.evaluations
    first = max(abs(float(result.trace.start_value)), abs(result.value))
    worth = max(result.certificate.noise, eps(np.asarray(model.gradient)) ** (2 / 3) * first)
    if result.value <= worth and squares(model.problem):  # nothing lies below 0
        return result, False
    down = confirmed_step(result, worth)
    steps = steps_beside(result) if down is None else [down]
    for step in steps:
        there = model.space.move(model.x, jnp.asarray(step, np.asarray(model.gradient).dtype))[0]
        done = begin(there)
        if float(done.state.best.value) < result.value - worth:
            found = end(done)
            spent = spent + found.evaluations
            if found.value < result.value - worth:
                why = f"at f = {result.value:.6g} H was singular: begun again beside that point"
                return as_one_run(
                    result, there, replace(found, evaluations=spent, reasons=(*result.reasons, why))
                ), True
        else:
            spent = spent + cost(done)
    if not steps:
        return with_looks(result), False
    cost_of_all = spent.value - result.evaluations.value
    why = f"{len(steps)} runs from beside, along directions without curvature, found nothing lower"
    why += f" ({cost_of_all} evaluations)"
    return replace(result, evaluations=spent, reasons=(*result.reasons, why)), False


def with_looks(result: Any) -> Any:
    """The result, with the calls of a host function since the last count, which led to no run."""
    problem = result.model.problem
    if not isinstance(problem, HOST):
        return result
    made = problem.evaluations.take()
    return replace(result, evaluations=result.evaluations + Evaluations(made.value, made.gradient, made.hessian))


def confirmed_step(result: Any, worth: float) -> np.ndarray | None:
    """The Newton step (n,) in those directions in which it promises more than `worth`, or a part of it, where f keeps
    that promise; None where there is none.

    A success has nothing left to gain but in directions whose slope and curvature were taken for rounding, beside those
    of others or of f itself; in units 1e16 apart they are not, and f tells: from 0 the runs know no units but these.
    """
    H, model, certificate = result.hessian, result.model, result.certificate
    straight = result.success and H is not None and len(H) <= WHOLE and model.space.straight
    if not straight or not certificate.inertia or not certificate.inertia[1]:
        return None
    H, g = np.asarray(H, float), np.asarray(result.gradient, float)
    free = np.flatnonzero(np.asarray(result.active) == 0)
    d = units(H)[free]
    w, V = np.linalg.eigh(H[np.ix_(free, free)] / np.outer(d, d))
    a = V.T @ (g[free] / d)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        along = np.where(0.5 * a * a > worth * np.abs(w), -a / np.abs(w), 0)
        step = np.zeros_like(g)
        step[free] = (V @ along) / d
        slope, bend = float(a @ along), float(w @ along**2)
    if not (np.any(step) and np.all(np.isfinite(step)) and np.isfinite(slope) and np.isfinite(bend)):
        return None
    kept = (part for part in NEARER if follows(result, part * step, part * slope, part**2 * bend, worth))
    try:
        return next((part * step for part in kept), None)
    except OutOfCalls:
        return None


def follows(result: Any, step: np.ndarray, slope: float, bend: float, worth: float) -> bool:
    """Whether f falls along a step, and half of it, as `slope` and `bend` promise, by more than `worth`."""
    model = result.model
    for t in (0.5, 1.0):
        promised = t * slope + 0.5 * t * t * bend
        there, _, cut = model.space.move(model.x, jnp.asarray(t * step, np.asarray(model.gradient).dtype))
        change = float(evaluate(model.problem, there, VALUE).value) - result.value
        if bool(cut) or not abs(change - promised) <= -FOLLOWS * promised or not change < -worth:
            return False
    return True


def squares(problem: Any) -> bool:
    """Whether f is a sum of squares, as it is written."""
    return isinstance(problem, LeastSquares) and problem.loss.plain


def as_one_run(before: Any, there: Any, after: Any) -> Any:
    """The result `after` as the end of one run, that began where `before` did and went on from `there`."""
    last = flat(before.start) + np.sum(before.trace.moves, axis=0)
    trace = before.trace.then(flat(there) - last, after.trace)
    return replace(after, trace=trace, start=before.start) if trace.whole else after


def steps_beside(result: Any) -> list[np.ndarray]:
    """Steps (n,) to begin again from: along all directions without curvature, and the other way; none where H shows
    the minimum, or was not formed."""
    H, model, certificate = result.hessian, result.model, result.certificate
    if not result.success or H is None or len(H) > WHOLE or isinstance(model.problem, HOST):
        return []
    sides = np.asarray(result.active)
    doubtful = certificate.inertia[1] if certificate.inertia else 0
    if not doubtful and not sides.any():
        return []
    H, g = np.asarray(H, float), np.asarray(result.gradient, float)
    if not model.space.straight:  # x and steps have coordinates of their own there
        return []
    big = np.maximum(np.abs(flat(model.x)), np.abs(flat(result.start))).astype(float)
    big = np.where(big > 0, big, float(big.max(initial=0.0)) or 1.0)
    precision = eps(np.asarray(result.gradient))
    free = np.flatnonzero((sides == 0) | weakly_held(H, g, big, sides, model.space, precision))
    flats = singular(H[np.ix_(free, free)], min(doubtful, 1), precision)
    if not flats.size:
        return []
    steps = np.zeros((len(g), flats.shape[1]))
    steps[free] = flats
    steps /= np.max(np.abs(steps) / big[:, None], axis=0)
    inside = np.zeros(len(g))
    inside[free] = (INWARD * into_box(model.space, model.x, default_tolerance(result.gradient) * big) * big)[free]
    way = np.where(inside == 0, steps.sum(axis=1), 0)
    return [inside + sign * part * way for part in APART for sign in (1, -1)]


def into_box(space: Any, x: Any, close: np.ndarray) -> np.ndarray:
    """1 for the variables that lie at their lower bound or as `close` to it (n,), -1 at their upper one, else 0 (n,).

    A bound that was approached is seldom met to the last bit: CUTEst's PALMER4E ends at 1e-14, where an exponential has
    become a constant and f falls inward with the sixth power.
    """
    here, box = flat(x), box_of(space, x)
    if box is None:
        return np.zeros(here.size)
    return (here <= np.asarray(box.lower) + close).astype(float) - (here >= np.asarray(box.upper) - close)


def weakly_held(H: np.ndarray, g: np.ndarray, big: np.ndarray, sides: np.ndarray, space: Any, precision: float) -> Any:
    """The variables at a bound whose slope, where the others rest, is rounding (n,)."""
    if not sides.any():
        return np.zeros(len(g), bool)
    free = sides == 0
    d = units(H[np.ix_(free, free)])
    rest = np.zeros_like(g)
    rest[free] = -np.linalg.lstsq(H[np.ix_(free, free)] / np.outer(d, d), g[free] / d)[0] / d
    error = GRADIENT_NOISE * precision * (np.abs(H) @ big)
    fixed = np.asarray(space.lower) == np.asarray(space.upper)
    return ~free & ~fixed & (np.abs(g + H @ rest) <= error)


def singular(H: np.ndarray, least: int, precision: float) -> np.ndarray:
    """The directions (n, k) without curvature beyond the rounding of H, and at least so many of the least."""
    if not len(H):
        return np.zeros((0, 0))
    d = units(H)
    w, V = np.linalg.eigh(H / np.outer(d, d))
    level = CURVATURE_NOISE * len(H) * precision * max(-w[0], w[-1])
    return V[:, : max(int(np.sum(w <= level)), least)] / d[:, None]


def units(H: np.ndarray) -> np.ndarray:
    """Natural units of the variables: the roots of the diagonal of H, 1 where it is 0."""
    d = np.sqrt(np.abs(np.diagonal(H)))
    return np.where(d > 0, d, 1.0)
