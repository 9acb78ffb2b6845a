"""Truncated conjugate gradients: steps from products alone."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import eps, huge, norm, safe, tiny
from raphson.kernel.record import record

Array = jax.Array


FORCING = 0.01
"""Relative residual at which conjugate gradients stop: two digits of g gained per outer step. A constant,
because every rule that tightens it near the end compares g with a size that the model does not know."""


@record
class Truncated:
    """A step found by conjugate gradients: where it stopped, and why."""

    s: Array
    bound: Array
    inner: Array


def to_boundary(s: Array, d: Array, radius: Array) -> Array:
    """The t >= 0 with ||s + t d|| = radius, for ||s|| <= radius, free of cancellation. With d = 0 it is 0."""
    dd, sd = d @ d, s @ d
    gap = jnp.maximum(radius**2 - s @ s, 0)
    root = jnp.abs(sd) + jnp.sqrt(sd**2 + dd * gap)
    above, below = jnp.where(sd > 0, gap, root), jnp.where(sd > 0, root, dd)
    return above / safe(below, below > 0)


def steihaug(mv: Callable[[Array], Array], g: Array, radius: Array, limit: int) -> Truncated:
    """Minimizes g's + 1/2 s'Bs by conjugate gradients inside ||s|| <= radius.

    Stops inside when the residual is below `FORCING` of g, and on the boundary along the first
    direction of negative curvature or when the path leaves the ball.
    Sources: Steihaug (1983); Toint (1981); Nocedal and Wright (2006), algorithm 7.2.
    """
    size = norm(g)
    scale = safe(size, size > 0)
    # The direction of g alone is iterated on: lengths come in through `scale`, so nothing overflows.
    g, ball = g / scale, radius / scale

    def body(c):
        s, r, d, rr, _, _, k = c
        Bd = mv(d)
        q = d @ Bd
        negative = ~(q > 0)
        alpha = rr / safe(q, ~negative)
        longer = s + alpha * d
        out = negative | ~(norm(longer) < ball)
        s = jnp.where(out, s + to_boundary(s, d, ball) * d, longer)
        new = r + alpha * Bd
        rr_new = new @ new
        d = -new + (rr_new / safe(rr, rr > tiny(rr))) * d
        done = out | ~(jnp.sqrt(rr_new) > FORCING)
        return s, new, d, rr_new, done, out, k + 1

    start = (jnp.zeros_like(g), g, -g, g @ g, ~(size > 0), jnp.zeros((), bool), jnp.zeros((), jnp.int32))
    s, _, _, _, _, bound, k = lax.while_loop(lambda c: ~c[4] & (c[6] < limit), body, start)
    return Truncated(scale * s, bound, k)


def unbounded(mv: Callable[[Array], Array], g: Array, limit: int) -> Truncated:
    """The direction of a line-search Newton-CG method: like `steihaug` without a ball, stopped at negative curvature.

    If the very first direction has non-positive curvature the answer is -g itself.
    Source: Dembo and Steihaug (1983); Nocedal and Wright (2006), algorithm 7.1.
    """
    size = norm(g)
    scale = safe(size, size > 0)
    g = g / scale

    def body(c):
        s, r, d, rr, _, k = c
        Bd = mv(d)
        q = d @ Bd
        negative = ~(q > 0)
        alpha = rr / safe(q, ~negative)
        s = jnp.where(negative, jnp.where(k == 0, d, s), s + alpha * d)
        new = r + alpha * Bd
        rr_new = new @ new
        d = -new + (rr_new / safe(rr, rr > tiny(rr))) * d
        return s, new, d, rr_new, negative | ~(jnp.sqrt(rr_new) > FORCING), k + 1

    start = (jnp.zeros_like(g), g, -g, g @ g, ~(size > 0), jnp.zeros((), jnp.int32))
    s, _, _, _, _, k = lax.while_loop(lambda c: ~c[4] & (c[5] < limit), body, start)
    return Truncated(scale * s, jnp.zeros((), bool), k)


BLOCK = 8
"""Lanczos steps between two looks at what is known already."""

CONVERGED = 0.01
"""A smallest Ritz value is known when its residual is this part of it: an eigenvalue of the same sign is there."""


@record
class Krylov:
    """What Lanczos steps have made: orthonormal `basis` vectors in rows (k, n), `T` (k, k) the operator on them, and
    which of the rows are `live` (the others are not meant: early stops, breakdowns)."""

    basis: Array
    T: Array
    live: Array

    def plain(self, d: Array) -> tuple[Array, Array]:
        """The smallest and largest Ritz value of D A D on the space of the vectors D^-1 q, from what is known of A.

        NaN where d varies so much that rounding decides.
        """
        Q = self.basis / d
        gap = jnp.diag(jnp.where(self.live, 0, 1.0).astype(d.dtype))
        L = jnp.linalg.cholesky(jnp.where(self.live[:, None] & self.live[None, :], Q @ Q.T, 0) + gap)
        half = jax.scipy.linalg.solve_triangular(L, self.T, lower=True)
        values = jnp.linalg.eigvalsh(jax.scipy.linalg.solve_triangular(L, half.T, lower=True))
        return jnp.min(values), jnp.max(values)


def lanczos(mv: Callable[[Array], Array], start: Array, steps: int) -> Krylov:
    """At most so many Lanczos steps; fewer where the smallest Ritz value is known before (`CONVERGED`).

    Full reorthogonalization after the three terms: the vectors are few.
    Source: Golub and Van Loan (2013), section 10.3.
    """
    n = start.shape[0]
    basis = jnp.zeros((steps + 1, n), start.dtype).at[0].set(start / norm(start))

    def one(k, c):
        Q, T = c
        q = row_of(Q, k)
        w = mv(q)
        alpha = q @ w
        T = T.at[k, k].set(alpha)
        w = w - alpha * q - jnp.where(k > 0, T[k, k - 1], 0) * row_of(Q, jnp.maximum(k - 1, 0))
        w = w - (Q @ w) @ Q
        beta = norm(w)
        # Below its rounding what is left of w is a direction of nothing.
        alive = beta > max(1e-10, 64 * eps(beta)) * jnp.maximum(jnp.max(jnp.abs(T)), tiny(beta))
        Q = lax.dynamic_update_index_in_dim(Q, jnp.where(alive, w / safe(beta, alive), 0), k + 1, 0)
        off = jnp.where(alive, beta, 0)
        return Q, T.at[k, k + 1].set(off).at[k + 1, k].set(off)

    def several(c):
        Q, T, k, _ = c
        end = jnp.minimum(k + BLOCK, steps)
        Q, T = lax.fori_loop(k, end, one, (Q, T))
        values, vectors = jnp.linalg.eigh(filled_out(T, jnp.arange(steps) < end))
        left = jnp.abs(T[end - 1, end] * vectors[end - 1, 0])
        return Q, T, end, left <= CONVERGED * jnp.abs(values[0])

    first = (basis, jnp.zeros((steps + 1, steps + 1), start.dtype), jnp.zeros((), jnp.int32), jnp.zeros((), bool))
    Q, T, k, _ = lax.while_loop(lambda c: ~c[3] & (c[2] < steps), several, first)
    # After a breakdown (the start lies in few eigenvectors) the rest of T is empty: no eigenvalues of its own.
    live = (jnp.arange(steps) < k) & jnp.any(Q[:steps] != 0, axis=1)
    return Krylov(Q[:steps], filled_out(T, live), live)


def row_of(Q: Array, k: Array) -> Array:
    """Row k."""
    return lax.dynamic_index_in_dim(Q, k, 0, keepdims=False)


def filled_out(T: Array, live: Array) -> Array:
    """T with its first diagonal entry in the place of rows that are not live, and nothing beside it."""
    m = live.shape[0]
    T = jnp.where(jnp.isfinite(T[:m, :m]), T[:m, :m], huge(T) ** 0.25)
    return jnp.where(live[:, None] & live[None, :], T, 0) + jnp.diag(jnp.where(live, 0, T[0, 0]))


def lowest_ritz(mv: Callable[[Array], Array], start: Array, steps: int) -> tuple[Array, Array, Array]:
    """The smallest Ritz value, its vector and the largest |Ritz value| after at most `steps` Lanczos steps."""
    return lowest_of(lanczos(mv, start, steps))


def lowest_of(known: Krylov) -> tuple[Array, Array, Array]:
    """The smallest Ritz value, its vector and the largest |Ritz value|."""
    values, vectors = jnp.linalg.eigh(known.T)
    v = known.basis.T @ jnp.where(known.live, vectors[:, 0], 0)
    return values[0], v / safe(norm(v), norm(v) > 0), jnp.max(jnp.abs(values))
