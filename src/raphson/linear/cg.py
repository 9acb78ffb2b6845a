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
    """The t >= 0 with ||s + t d|| = radius, for ||s|| <= radius, free of cancellation. With d = 0 it is 0.

    Lengths are taken in units of the radius and of d, so that no square over- or underflows.
    """
    unit, size = safe(radius, radius > 0), norm(d)
    size = safe(size, size > 0)
    s, d, radius = s / unit, d / size, radius / unit
    dd, sd = d @ d, s @ d
    gap = jnp.maximum(radius**2 - s @ s, 0)
    root = jnp.abs(sd) + jnp.sqrt(sd**2 + dd * gap)
    above, below = jnp.where(sd > 0, gap, root), jnp.where(sd > 0, root, dd)
    return unit / size * (above / safe(below, below > 0))


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

    If the very first direction d = -g has non-positive curvature the answer is -g ||d|| / ||B d||: as long as if B d
    were turned upwards, so that it has the unit of a step whatever the unit of f.
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
        bent = norm(Bd)
        length = jnp.where((bent > 0) & jnp.isfinite(bent), 1 / safe(bent, bent > 0), 1)  # ||d|| = 1 at k = 0
        s = jnp.where(negative, jnp.where(k == 0, length * d, s), s + alpha * d)
        new = r + alpha * Bd
        rr_new = new @ new
        d = -new + (rr_new / safe(rr, rr > tiny(rr))) * d
        return s, new, d, rr_new, negative | ~(jnp.sqrt(rr_new) > FORCING), k + 1

    start = (jnp.zeros_like(g), g, -g, g @ g, ~(size > 0), jnp.zeros((), jnp.int32))
    s, _, _, _, _, k = lax.while_loop(lambda c: ~c[4] & (c[5] < limit), body, start)
    return Truncated(scale * s, jnp.zeros((), bool), k)


def lowest_ritz(mv: Callable[[Array], Array], start: Array, steps: int) -> tuple[Array, Array, Array]:
    """The smallest Ritz value, its vector and the largest |Ritz value| after `steps` Lanczos steps.

    Full reorthogonalization: the vectors are few. Source: Golub and Van Loan (2013), section 10.3.
    """
    n = start.shape[0]
    basis = jnp.zeros((steps + 1, n), start.dtype).at[0].set(start / norm(start))

    def body(k, c):
        Q, T = c
        w = mv(Q[k])
        T = T.at[k, k].set(Q[k] @ w)
        for _ in range(2):
            w = w - Q.T @ (Q @ w)
        beta = norm(w)
        # Below its rounding what is left of w is a direction of nothing.
        alive = beta > max(1e-10, 64 * eps(beta)) * jnp.maximum(jnp.max(jnp.abs(T)), tiny(beta))
        off = jnp.where(alive, beta, 0)
        # A small remainder is mostly rounding along Q: brought to length 1 it is made orthogonal once more, so that
        # every Ritz value is a Rayleigh quotient and lies inside the spectrum.
        w = w / safe(beta, alive)
        w = w - Q.T @ (Q @ w)
        Q = Q.at[k + 1].set(jnp.where(alive, w / safe(norm(w), alive), 0))
        return Q, T.at[k, k + 1].set(off).at[k + 1, k].set(off)

    Q, T = lax.fori_loop(0, steps, body, (basis, jnp.zeros((steps + 1, steps + 1), start.dtype)))
    T = jnp.where(jnp.isfinite(T[:steps, :steps]), T[:steps, :steps], huge(T) ** 0.25)
    # After a breakdown (the start lies in few eigenvectors) the rest of T is empty: no eigenvalues of its own.
    dead = jnp.sum(jnp.abs(Q[:steps]), axis=1) == 0
    T = T + jnp.diag(jnp.where(dead, T[0, 0], 0))
    values, vectors = jnp.linalg.eigh(T)
    v = Q[:steps].T @ vectors[:, 0]
    return values[0], v / safe(norm(v), norm(v) > 0), jnp.max(jnp.abs(values))
