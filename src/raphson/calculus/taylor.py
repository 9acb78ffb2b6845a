"""Value, gradient and Hessian of a problem at a point: what the local quadratic is written from."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.calculus.difference import host_gradient, host_hessian
from raphson.kernel.look import GRADIENT, HESSIAN, PRODUCT, VALUE, Look
from raphson.operators.dense import Dense
from raphson.operators.matrix_free import MatrixFree
from raphson.problems.callback import Callback

BLOCK = 256
"""Columns of the Hessian that are pushed forward together; more would only cost memory."""


def look(problem: Any, x: Any, order: int) -> Look:
    """Evaluates a problem at x: `order` is VALUE, GRADIENT, HESSIAN (dense) or PRODUCT (matrix-free)."""
    if isinstance(problem, Callback):
        return host_look(problem, x, order)
    if order == VALUE:
        return Look(x, problem.value(x))
    zero = problem.space.zero(x)
    slope = jax.value_and_grad(problem.pulled(x))
    if order == HESSIAN:
        (value, gradient), push = jax.linearize(slope, zero)
        return Look(x, value, gradient, Dense(columns(push, gradient)))
    value, gradient = slope(zero)
    return Look(x, value, gradient, MatrixFree(problem, x) if order == PRODUCT else None)


def complete(problem: Any, seen: Look, order: int) -> Look:
    """Adds to a look what `order` asks for; what was paid for at the trial is not paid for again."""
    if order == VALUE or (order == GRADIENT and seen.gradient is not None):
        return seen
    if order == PRODUCT and seen.gradient is not None:
        return replace(seen, curvature=MatrixFree(problem, seen.x))
    return look(problem, seen.x, order)


def columns(push: Any, gradient: jax.Array) -> jax.Array:
    """The Hessian (n, n) from its push-forward, made exactly symmetric."""
    n = gradient.shape[0]
    eye = jnp.eye(n, dtype=gradient.dtype)
    column = lambda e: push(e)[1]
    H = jax.vmap(column)(eye) if n <= BLOCK else lax.map(column, eye, batch_size=BLOCK)
    return (H + H.T) / 2


def host_look(problem: Callback, x: Any, order: int) -> Look:
    """The same for a host function: its own derivatives, or finite differences where it has none."""
    value = problem.value(x)
    gradient = None if order == VALUE else host_gradient(problem, x, value)
    curvature = None if order < HESSIAN else Dense(jnp.asarray(host_hessian(problem, x, value, gradient), x.dtype))
    dtype = x.dtype
    return Look(x, jnp.asarray(value, dtype), None if gradient is None else jnp.asarray(gradient, dtype), curvature)


def blank_look(problem: Any, x: Any, order: int) -> Look:
    """A look of the right shapes with zeros in it: nothing is evaluated."""
    zero = problem.space.zero(x)
    if order <= GRADIENT:
        return Look(x, zero.sum(), zero)
    free = order == PRODUCT and not isinstance(problem, Callback)
    return Look(x, zero.sum(), zero, MatrixFree(problem, x) if free else Dense(jnp.outer(zero, zero)))
