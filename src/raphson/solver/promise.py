"""Whether f rises as its Hessian says: a Hessian that is out of range, or another function's, shows nothing."""

from typing import Any

import numpy as np

from raphson.calculus.taylor import VALUE
from raphson.certificate.measures import KEPT, Promise
from raphson.certificate.sections import reaches_bound
from raphson.kernel.number import eps
from raphson.problems.callback import OutOfCalls
from raphson.solver.final import evaluate

CLEAR = 1e4
"""A rise that is promised is looked at where it is so many times the noise of f: there the quadratic holds best."""

FARTHER = 3 / 8
"""And at this power of eps as a part of x (1e-6; in single precision 3e-3), where it was not kept nearer: where f is 0
its noise is unknown."""


def promised_rise(
    problem: Any, model: Any, H: np.ndarray | None, size: np.ndarray, held: np.ndarray, noise: float
) -> Promise | None:
    """What H promises along its stiffest direction, in units of `size` (n,), and what f does there, on both sides.

    None where H is not at hand or promises nothing beyond its own error, and where calls or numbers do not suffice.
    """
    if H is None or not np.all(np.isfinite(H)) or held.all():
        return None
    doubt = model.curvature.doubt()
    with np.errstate(over="ignore", invalid="ignore"):
        M = np.where(held[:, None] | held[None, :], 0, np.asarray(H, float) * np.outer(size, size))
        error = 0 * M if doubt is None else np.asarray(doubt, float) * np.outer(size, size)
    if not np.all(np.isfinite(M)) or not np.all(np.isfinite(error)):
        return None
    w, V = np.linalg.eigh(M)
    v = np.where(held, 0, V[:, -1])
    bend = float(w[-1] - np.abs(v) @ error @ np.abs(v))
    if not bend > 0:
        return None
    nearest = max(float(np.sqrt(2 * CLEAR * noise / bend)), 16 * eps(model.gradient))
    if nearest > 1:
        return None
    found = None
    try:
        for t in (nearest, max(nearest, eps(model.gradient) ** FARTHER)):
            step = t * size * v
            change = largest_change(problem, model, step)
            if change is None:
                return None
            promise = 0.5 * bend * t * t
            found = Promise(step, promise, change)
            if found.kept and change < promise / KEPT:  # a larger change is noise, where f is 0, or that of a kink
                return found
    except OutOfCalls:
        return None
    return found


def largest_change(problem: Any, model: Any, step: np.ndarray) -> float | None:
    """By how much f changes from x to x + step and x - step, the larger one; None where bounds or numbers end."""
    changes = []
    for s in (step, -step):
        if not reaches_bound(problem.space, model.x, s):
            x = problem.space.move(model.x, s.astype(np.asarray(model.gradient).dtype))[0]
            changes.append(abs(float(evaluate(problem, x, VALUE).value) - float(model.value)))
    return max(changes) if changes and np.all(np.isfinite(changes)) else None
