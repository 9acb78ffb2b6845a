"""Value, gradient and Hessian of a problem at a point: what the local quadratic is written from."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.difference import bent_residuals, host_derivatives, host_gradient, host_jacobian
from raphson.kernel.look import BEND, GRADIENT, GRAM, HESSIAN, PRODUCT, VALUE, Look
from raphson.kernel.program import Program
from raphson.operators.dense import Dense
from raphson.operators.gram import Folded, Gram
from raphson.operators.matrix_free import MatrixFree
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HOST, HostResiduals
from raphson.problems.derivatives import hessian, jacobian, slope


def look(problem: Any, x: Any, order: int) -> Look:
    """Evaluates a problem at x: `order` is VALUE, GRADIENT, HESSIAN (dense) or PRODUCT (matrix-free)."""
    if isinstance(problem, HOST):
        return host_look(problem, x, order)
    if order == VALUE:
        return Look(x, problem.value(x))
    if order >= GRAM:
        return gram_look(problem, x, order)
    modes = modes_of(problem, x)
    if order == HESSIAN:
        value, gradient, H = hessian(modes, problem, x)
        return Look(x, value, gradient, Dense(H))
    value, gradient = slope(modes, problem, x)(problem.space.zero(x))
    return Look(x, value, gradient, MatrixFree(problem, x) if order == PRODUCT else None)


looked = Program(lambda problem, x, order=HESSIAN: look(problem, x, order), static_argnames=("order",))


def complete(problem: Any, seen: Look, order: int) -> Look:
    """Adds to a look what `order` asks for; what was paid for at the trial is not paid for again."""
    if order == VALUE or (order == GRADIENT and seen.gradient is not None):
        return seen
    if isinstance(problem, HOST):
        return host_look(problem, seen.x, order, float(seen.value))
    if order == PRODUCT and seen.gradient is not None:
        return replace(seen, curvature=MatrixFree(problem, seen.x))
    return look(problem, seen.x, order)


def gram_look(problem: Any, x: Any, order: int) -> Look:
    """Cost, gradient J'r and curvature J'J of residuals, in the modes that they allow."""
    r, J = jacobian(modes_of(problem, x), problem, x)
    return weighted_look(problem, x, problem.loss.cost(r), r, J, order)


def weighted_look(problem: Any, x: Any, value: jax.Array, r: jax.Array, J: jax.Array, order: int) -> Look:
    """Value, gradient and Gram operator with the weights of a robust loss in J and r."""
    root: Any = np.ones_like(r) if isinstance(r, np.ndarray) else jnp.ones_like(r)
    if not problem.loss.plain:
        r, root = problem.loss.corrected(r)
        J = root[:, None] * J
    held = (problem, x) if order == BEND else (None, None)
    return Look(x, value, r @ J, Gram(J, r, root, *held))


def host_look(problem: Any, x: Any, order: int, value: Any = None) -> Look:
    """The same for a host function, in NumPy: its own derivatives, or finite differences where it has none.

    `value`: f at x where it was just evaluated.
    """
    point = np.asarray(x)
    if isinstance(problem, HostResiduals):
        return residual_look(problem, point, order)
    value = problem.seen(point) if value is None else value
    if order == VALUE:
        return Look(x, value)
    if not np.isfinite(value):  # no call more: differences with such a value are NaN
        return unknown_look(x, value, order)
    if order < HESSIAN:
        return Look(x, value, host_gradient(problem, point, value))
    gradient, H = host_derivatives(problem, point, value)
    return Look(x, value, gradient, Dense(H))  # type: ignore[arg-type]


def unknown_look(x: Any, value: Any, order: int) -> Look:
    """A look where f is not finite: NaN in place of derivatives."""
    g: Any = np.full(np.size(x), np.nan)
    return Look(x, value, g, Dense(np.outer(g, g)) if order >= HESSIAN else None)  # type: ignore[arg-type]


def residual_look(problem: HostResiduals, x: np.ndarray, order: int) -> Look:
    """Cost, gradient and curvature of host residuals: J'J as J, or with the residuals' own second derivatives."""
    r: Any = problem.seen(x)
    value: Any = problem.cost(r)
    if order == VALUE:
        return Look(x, value)
    finite = bool(np.all(np.isfinite(r)))
    with np.errstate(all="ignore"):
        if order in (HESSIAN, PRODUCT) and not finite:
            return unknown_look(x, value, order)
        if order in (HESSIAN, PRODUCT):
            found: Any = bent_residuals(problem, x, r)
            return Look(x, value, found.gradient, Dense(found.hessian))
        J: Any = host_jacobian(problem, x, r) if finite else np.full((r.size, x.size), np.nan)
        if not problem.loss.plain:
            return weighted_look(problem, x, value, r, J, GRAM)
        return Look(x, value, r @ J, Gram(J, r, np.ones_like(r)))  # type: ignore[arg-type]


def blank_look(problem: Any, x: Any, order: int) -> Look:
    """A look of the right shapes with zeros in it: nothing is evaluated."""
    zero = problem.space.zero(x)
    if order <= GRADIENT:
        return Look(x, zero.sum(), zero)
    if order >= GRAM and isinstance(problem, HOST):
        r = jnp.zeros(zero.shape[0] + 1, zero.dtype)
        return Look(x, zero.sum(), zero, Folded(jnp.outer(r, zero), r, r, level=zero.sum()))
    if order >= GRAM:
        r = jnp.zeros(problem.count(x), zero.dtype)
        return weighted_look(problem, x, zero.sum(), r, jnp.outer(r, zero), order)
    free = order == PRODUCT and not isinstance(problem, HOST)
    return Look(x, zero.sum(), zero, MatrixFree(problem, x) if free else Dense(jnp.outer(zero, zero)))
