"""Runs that begin or end at the edge of a domain, where the slope has no end: x log x, or a root, at 0.

Differences of a function on the host give a slope and a curvature there of any size, whose steps lead nowhere; f itself
is lower a little farther in, and a run begun there comes to the minimum.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.certificate.verdict import Cause
from raphson.kernel.number import eps
from raphson.kernel.status import Status
from raphson.problems.callback import HOST, OutOfCalls
from raphson.solver.attempts import ENDED, better
from raphson.solver.beside import as_one_run, with_looks
from raphson.solver.drive import Run
from raphson.solver.final import flat

INWARD = (1e-4, 1e-2, 0.1, 0.5)
"""How far in f is looked at, in parts of the largest that a variable was."""

DECADES = 16
"""A variable that began at 0 has no size: it is followed from where it is, by so many powers of 10 at most."""


def off_the_edge(result: Any, begin: Callable[[Any], Run], end: Callable[[Run], Any]) -> Any:
    """The result, or a better one that a run from farther in ended in, with its reason; evaluations are counted.
    Programs have exact slopes."""
    problem = result.model.problem
    if not isinstance(problem, HOST):
        return result
    there = lower_inside(result)
    if there is None:
        return with_looks(result)
    found = end(begin(there))
    why = "f was lower some way along -g, beyond slope and curvature at x: begun again from there"
    return better(result, as_one_run(result, there, replace(found, reasons=(*result.reasons, why))))


def lower_inside(result: Any) -> Any:
    """The lowest of some points along the signs of -g, where that is lower than x by more than the noise of f; None
    where there is none, and where f does not fall beyond its derivatives.

    A success whose H is in doubt may have begun at 0 in a unit that no step showed; there f is followed, too, in the
    variables whose curvature was not seen.
    """
    model, certificate = result.model, result.certificate
    problem, x, g = model.problem, flat(model.x), np.asarray(result.gradient, float)
    if result.termination in (*ENDED, Status.STEPS, Status.NOT_FINITE):
        return None
    first, size = np.abs(flat(result.start)).astype(float), np.abs(x).astype(float)
    sizeless, error = first == 0, model.problem.lengths.slope_error
    if result.success:  # a slope beyond its error tells, too
        clear = bool(certificate.flat) | (np.abs(g) > (np.inf if error is None else error))
        sizeless = sizeless & clear & unseen_curvature(result)
    level = bool(result.success and sizeless.any())
    doubt = level or certificate.cause in (Cause.FALLS, Cause.STEEP)
    if not (doubt and model.space.straight and np.all(np.isfinite(g)) and np.any(g)):
        return None
    big = np.maximum(size, first)
    own = np.where(size > 0, size, eps(x) * (big.max() or 1.0))
    ladder = [np.where(sizeless, own * 10.0**k, 0) for k in range(DECADES)] if sizeless.any() else []
    lowest, chosen = result.value - certificate.noise, None
    try:
        for lengths in [*ladder, *([] if level else (part * big for part in INWARD))]:
            there = model.space.move(model.x, jnp.asarray(-np.sign(g) * lengths, x.dtype))[0]
            value = problem.value(np.asarray(there))
            if value < lowest and (value > -np.inf or not level):  # beside what is level it is the end of arithmetic
                lowest, chosen = value, there
            elif level and not value < result.value + certificate.noise:  # behind a rise are other minima
                break
    except OutOfCalls:
        return None
    return chosen


def unseen_curvature(result: Any) -> Any:
    """The variables (n,) whose own second derivative is no more than its error; all, where no errors are known."""
    doubt = result.model.curvature.doubt()
    if doubt is None or result.hessian is None:
        return True
    return ~(np.abs(np.diag(result.hessian)) > np.diag(np.asarray(doubt)))
