"""Newton directions and directions of negative curvature: of a matrix, and of an operator known by its products."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.branch import cond_under_vmap
from raphson.kernel.record import record
from raphson.linear.batched import cholesky
from raphson.linear.cg import FORCING, LEGS, lowest_ritz, newton_cg_direction
from raphson.linear.cholesky import Factor, factorize, nearly_singular, noise_shift, succeeded
from raphson.linear.preconditioner import ConjugatePairs
from raphson.linear.spectral import absolute_step, lowest_pair, shortest_step

Array = jax.Array

LANCZOS_STEPS = 40


@record
class Direction:
    """A descent direction: the Newton step -B^-1 g where B is positive definite, a modification of it elsewhere.

    `bend` is s'Bs where that was found without a product (None: it was not), `pairs` what conjugate gradients leave
    behind for those of the next point (None: nothing).
    """

    s: Array
    inner: Array
    bend: Any = None
    pairs: Any = None


def direct(s: Array) -> Direction:
    """A direction that one solve gave."""
    return Direction(s, jnp.ones((), jnp.int32))


def dense_direction(B: Array, g: Array, d: Array, error: Array | None = None) -> Array:
    """By Cholesky in scaled variables; by the absolute eigenvalues where that fails."""
    H, q = B / (d[:, None] * d[None, :]), g / d
    factor = factorize(H)
    y = cond_under_vmap(~factor.definite, lambda m: absolute_step(*m), (H, q), newton_step(factor, q, error, d))
    return y / d


def newton_step(factor: Factor, q: Array, error: Array | None, d: Array) -> Array:
    """-H^-1 q; the shortest one where H is singular to rounding. `error` (n,) of the gradient D q, if it is known."""
    y = -factor.solve(q)
    if error is None:
        return y
    return cond_under_vmap(nearly_singular(factor), lambda m: shortest_step(*m), (factor.H, q, error / d), y)


def product_direction(
    mv: Callable[[Array], Array], g: Array, d: Array, pairs: ConjugatePairs | None = None,
    inverse: Callable[[Array], Array] | None = None,
) -> Direction:  # fmt: skip
    """By conjugate gradients in scaled variables, preconditioned by the `pairs` of others, or by `inverse` in these
    variables."""
    pairs = None if pairs is None else pairs.scaled(d)
    found = newton_cg_direction(lambda v: mv(v / d) / d, g / d, LEGS * g.size, FORCING, pairs, inverse)
    return Direction(found.s / d, found.inner, found.bend, None if pairs is None else found.pairs.scaled(1 / d))


def dense_negative(B: Array, d: Array) -> tuple[Array, Array]:
    """Whether B has a negative eigenvalue beyond its noise (in scaled variables), and a unit direction of it."""
    H = B / (d[:, None] * d[None, :])
    indefinite = ~succeeded(cholesky(H + noise_shift(H) * jnp.eye(H.shape[0], dtype=H.dtype)))
    return indefinite, cond_under_vmap(indefinite, lambda M: lowest_pair(M)[1], H, jnp.zeros_like(d))


def product_negative(mv: Callable[[Array], Array], d: Array) -> tuple[Array, Array]:
    """The same by `LANCZOS_STEPS` products: a negative eigenvalue may be missed, and none is invented."""
    n = d.shape[0]
    start = 1 + 0.5 * jnp.sin(1.0 + jnp.arange(n, dtype=d.dtype))
    low, v, top = lowest_ritz(lambda u: mv(u / d) / d, start, min(n, LANCZOS_STEPS))
    return low < -(jnp.finfo(d.dtype).eps ** 0.75) * top, v
