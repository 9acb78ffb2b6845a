"""Newton directions: the one visible table from the kind of operator to the way it is solved."""

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.rare import rarely
from raphson.kernel.record import record
from raphson.linear.batched import cholesky
from raphson.linear.cg import lowest_ritz, unbounded
from raphson.linear.cholesky import factorize, noise_shift, succeeded
from raphson.linear.qr import reduced
from raphson.linear.spectral import absolute_step, lowest_pair
from raphson.operators.dense import Dense, Diagonal, Inverted
from raphson.operators.gram import Gram
from raphson.operators.held import Held
from raphson.operators.low_rank import LowRank
from raphson.operators.matrix_free import MatrixFree

Array = jax.Array

LANCZOS_STEPS = 40


@record
class Direction:
    """A descent direction: the Newton step -B^-1 g where B is positive definite, a modification of it elsewhere."""

    s: Array
    inner: Array


def newton_direction(B: Any, g: Array, d: Array) -> Direction:
    """-B^-1 g, or a descent direction near to it where B is not positive definite.

    `d` scales the variables (y = d s); only the modification depends on it.
    """
    one = jnp.ones((), jnp.int32)
    if isinstance(B, Diagonal):
        return Direction(-g / jnp.abs(B.entries), one)
    if isinstance(B, Inverted):
        return Direction(-(B.inverse @ g), one)
    if isinstance(B, LowRank):
        return Direction(woodbury(B, g), one)
    if isinstance(B, Gram):
        plan = reduced(B.J, B.r, d)
        return Direction(plan.step(plan.newton()), one)
    if isinstance(B, (MatrixFree, Held)):
        found = unbounded(lambda v: B.mv(v / d) / d, g / d, limit=2 * g.shape[0])
        return Direction(found.s / d, found.inner)
    return Direction(dense_direction(B.dense(), g, d), one)


def dense_direction(B: Array, g: Array, d: Array) -> Array:
    """By Cholesky in scaled variables; by the absolute eigenvalues where that fails."""
    H, q = B / (d[:, None] * d[None, :]), g / d
    factor = factorize(H)
    y = rarely(~factor.definite, lambda m: absolute_step(*m), (H, q), -factor.solve(q))
    return y / d


def woodbury(B: LowRank, g: Array) -> Array:
    """-(gamma I + U C U')^-1 g by a k x k system (Sherman, Morrison and Woodbury); dead columns left out."""
    live = B.c != 0
    U = jnp.where(live, B.U, 0)
    middle = jnp.diag(1 / jnp.where(live, B.c, 1)) + U.T @ U / B.gamma
    return -(g / B.gamma - U @ jnp.linalg.solve(middle, U.T @ g) / B.gamma**2)


def never_negative(B: Any) -> bool:
    """Whether B has no negative eigenvalue by construction: J'J, diagonal, inverted and low-rank secant matrices."""
    return isinstance(B, (Gram, Diagonal, Inverted, LowRank))


def negative_direction(B: Any, d: Array) -> tuple[Array, Array]:
    """Whether B has a negative eigenvalue beyond its noise (in scaled variables), and a unit direction of it."""
    zero = jnp.zeros_like(d)
    if never_negative(B):
        return jnp.zeros((), bool), zero
    if isinstance(B, Dense):
        H = B.matrix / (d[:, None] * d[None, :])
        indefinite = ~succeeded(cholesky(H + noise_shift(H) * jnp.eye(B.size, dtype=H.dtype)))
        return indefinite, rarely(indefinite, lambda M: lowest_pair(M)[1], H, zero)
    n = d.shape[0]
    start = 1 + 0.5 * jnp.sin(1.0 + jnp.arange(n, dtype=d.dtype))
    low, v, top = lowest_ritz(lambda u: B.mv(u / d) / d, start, min(n, LANCZOS_STEPS))
    return low < -(jnp.finfo(d.dtype).eps ** 0.75) * top, v
