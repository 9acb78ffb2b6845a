"""Gradient, Hessian and Jacobian of a problem in the modes that its code allows."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import eps
from raphson.kernel.product import box_of, coordinates
from raphson.kernel.typing import Space
from raphson.problems.modes import DIFFERENCES, FORWARD, Modes, NoDerivative

Array = jax.Array

BLOCK = 256
"""Columns of a Hessian that are computed together; more would only cost memory."""


def slope(modes: Modes, problem: Any, x: Any) -> Callable[[Array], tuple[Array, Array]]:
    """The function s -> (f, gradient (n,)) of the problem pulled back to x."""
    f = problem.pulled(x)
    if modes.reverse:
        return jax.value_and_grad(f)
    if not modes.forward:
        raise NoDerivative(modes.why)
    return lambda s: pushed(modes, f, s)


def pushed(modes: Modes, f: Callable[[Array], Array], s: Array) -> tuple[Array, Array]:
    """f and its gradient by one push forward per variable."""
    one = lambda e: jax.jvp(f, (s,), (e,))
    eye = jnp.eye(s.shape[0], dtype=s.dtype)
    if modes.batched and s.shape[0] <= BLOCK:
        return jax.vmap(one, out_axes=(None, 0))(eye)
    values, gradient = lax.map(one, eye, batch_size=BLOCK if modes.batched else None)
    return values[0], gradient


def product(modes: Modes, problem: Any, x: Any, v: Array) -> Array:
    """H v (n,): forward or reverse mode over the gradient (H is symmetric), or differences of it along v.

    Source: Pearlmutter (1994), "Fast exact multiplication by the Hessian".
    """
    both = slope(modes, problem, x)
    gradient = lambda s: both(s)[1]
    zero = problem.space.zero(x)
    v = v.astype(zero.dtype)
    if modes.second == DIFFERENCES:
        return difference(gradient, problem.space, x, v)
    if modes.second == FORWARD:
        return jax.jvp(gradient, (zero,), (v,))[1]
    return jax.vjp(gradient, zero)[1](v)[0]


def hessian(modes: Modes, problem: Any, x: Any) -> tuple[Array, Array, Array]:
    """f, gradient (n,) and Hessian (n, n)."""
    zero, both = problem.space.zero(x), slope(modes, problem, x)
    if modes.second == FORWARD:
        (value, gradient), push = jax.linearize(both, zero)
        return value, gradient, columns(lambda e: push(e)[1], zero, modes.batched)
    value, gradient = both(zero)
    return value, gradient, columns(lambda e: product(modes, problem, x, e), zero, modes.batched)


def columns(column: Callable[[Array], Array], zero: Array, batched: bool = True) -> Array:
    """The Hessian (n, n) from its product with one unit vector after another, made exactly symmetric."""
    n = zero.shape[0]
    eye = jnp.eye(n, dtype=zero.dtype)
    if n <= BLOCK and batched:
        H = jax.vmap(column)(eye)
    else:
        H = lax.map(column, eye, batch_size=BLOCK if batched else None)
    return (H + H.T) / 2


def jacobian(modes: Modes, problem: Any, x: Any) -> tuple[Array, Array]:
    """Residuals (m,) and Jacobian (m, n): column by column, or row by row where it is wide or where that is the way."""
    zero = problem.space.zero(x)
    residuals = lambda s: problem.residuals(problem.space.retract(x, s))
    if not modes.forward:
        if not modes.reverse:
            raise NoDerivative(modes.why)
        r, pull = jax.vjp(residuals, zero)
        row, eye = lambda e: pull(e)[0], jnp.eye(r.shape[0], dtype=r.dtype)
        return r, jax.vmap(row)(eye) if modes.batched else lax.map(row, eye)
    r, push = jax.linearize(residuals, zero)
    if modes.reverse and zero.shape[0] > 2 * r.shape[0]:
        return r, jax.jacrev(residuals)(zero)
    eye = jnp.eye(zero.shape[0], dtype=zero.dtype)
    return r, jax.vmap(push, out_axes=1)(eye) if modes.batched else lax.map(push, eye).T


def along_residuals(problem: Any, x: Any, v: Array) -> Array:
    """The derivative of the residuals (of f where there are none) along v."""
    inner = getattr(problem, "residuals", problem.value)
    return jax.jvp(lambda s: inner(problem.space.retract(x, s)), (problem.space.zero(x),), (v,))[1]


def difference(gradient: Callable[[Array], Array], space: Space, x: Any, v: Array) -> Array:
    """The derivative of the gradient along v by central differences; from one side where a bound is near.

    No point lies outside the box. Steps are eps^(1/3) of the size of whichever variable changes most; a
    variable at 0 has the size sqrt(eps) max|x| (1 if all are zero): less would drown in rounding, more would be
    too much where variables differ by their units. A direction without any room gives zeros.
    """
    size = space.magnitude(x)
    top = jnp.max(size)
    size = jnp.maximum(size, jnp.where(top > 0, eps(size) ** 0.5 * top, 1))
    t = eps(size) ** (1 / 3) * jnp.min(jnp.where(v == 0, jnp.inf, size / jnp.abs(jnp.where(v == 0, 1, v))))
    ahead, behind = room(space, x, v), room(space, x, -v)
    two = jnp.minimum(ahead, behind) >= t
    one = jnp.where(ahead >= behind, 1, -1) * jnp.minimum(t, jnp.maximum(ahead, behind) / 2)
    h = jnp.where(two, t, one)
    fine = (h != 0) & jnp.isfinite(h)
    h = jnp.where(fine, h, 1)
    step = lambda k: gradient(jnp.where(fine, k * h, 0) * v)
    near, far = step(jnp.where(two, -1.0, 1.0).astype(v.dtype)), step(jnp.where(two, 1.0, 2.0).astype(v.dtype))
    middle = gradient(jnp.zeros_like(v))
    return jnp.where(fine, jnp.where(two, far - near, 4 * near - 3 * middle - far) / (2 * h), 0)


def room(space: Space, x: Any, v: Array) -> Array:
    """How far one can go along v before a bound."""
    box = box_of(space, x)
    if box is None:
        return jnp.full((), jnp.inf, v.dtype)
    here = coordinates(space, x)
    ways = jnp.where(v > 0, box.upper - here, jnp.where(v < 0, box.lower - here, jnp.inf))
    return jnp.maximum(jnp.min(jnp.where(v == 0, jnp.inf, ways / jnp.where(v == 0, 1, v))), 0)
