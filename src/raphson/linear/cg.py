"""Truncated conjugate gradients: steps from products alone."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import CURVATURE_NOISE, eps, huge, norm, safe, tiny
from raphson.kernel.record import record
from raphson.linear.preconditioner import ConjugatePairs, pairs_rows

Array = jax.Array


FORCING = 0.03
"""Relative residual (in the dual norm of the metric) at which conjugate gradients for a step stop.

Products of trust-cg for 0.1, 0.03, 0.01, 0.001: chained Rosenbrock n = 1e4 169, 177, 208, 290 in 30, 19, 20, 24 trials,
n = 100 from its usual start 1418, 1571, 1723, 1939; a logistic regression 88, 96, 116, 153 in 16, 12, 11, 10 trials."""

CLOSE = 0.01
"""The same where a Newton step is looked at, by the certificate and in pictures."""

LEGS = 20
"""Products for a step at most, in units of n. Rounding takes conjugacy away: of n = 200 variables with condition 1e8 a
step takes 1550. Cut off at 2 n, runs crawl: trials (products) 467 (180715), at 3 n 162 (89930), 5 n 92 (75720), 10 n 32
(41843), 20 n 21 (32677), 40 n 21 (32891)."""

ROOM = 2**25
"""Bytes for the points of a path of conjugate gradients: 32 MiB, four points of a million variables.
Every copy of a state holds them."""

ROWS = 64
"""Points kept at most: a radius that was cut walks back through the first of them."""


type Walk = tuple[ConjugatePath, *tuple[Array, ...]]
"""What conjugate gradients carry from product to product: the path so far, then vectors and numbers."""


def to_boundary(s: Array, d: Array, radius: Array) -> Array:
    """The t >= 0 with ||s + t d|| = radius, for ||s|| <= radius, free of cancellation. With d = 0 it is 0."""
    dd, sd = d @ d, s @ d
    gap = jnp.maximum(radius**2 - s @ s, 0)
    root = jnp.abs(sd) + jnp.sqrt(sd**2 + dd * gap)
    above, below = jnp.where(sd > 0, gap, root), jnp.where(sd > 0, root, dd)
    return above / safe(below, below > 0)


@record
class OnPath:
    """A point of a path of conjugate gradients: y, y'By, and whether the path goes on."""

    y: Array
    bend: Array
    bound: Array


@record
class ConjugatePath:
    """The path of conjugate gradients from 0 for g'y + 1/2 y'By, in units of `unit` = ||g||: straight legs that end at
    `points` (rows, n), with their `lengths` (rows,) from 0 (infinite: row not used) and y'By in `bends` (rows,).

    Where it ended in a direction d of no positive curvature, `beyond` is d and `bend` d'Bd, else zero; `turn` d is as
    long as if B d were turned upwards. `cut` says that it was left beyond a radius, `inner` how many products it took.
    ||y|| grows along the path and the model falls (Steihaug 1983), also where a leg joins points further apart. With a
    preconditioner the model falls, and ||y|| may shrink again: a ball is left where the path first does.
    `pairs` are left behind for the next point (None: not wanted).
    """

    points: Array
    lengths: Array
    bends: Array
    beyond: Array
    bend: Array
    turn: Array
    unit: Array
    cut: Array
    inner: Array
    pairs: Any = None

    @property
    def legs(self) -> Array:
        """How many legs there are."""
        return jnp.sum(self.lengths < jnp.inf)

    def point(self, k: Array) -> Array:
        """The end of leg k; 0 for k = -1."""
        return jnp.where(k < 0, 0, row_of(self.points, jnp.maximum(k, 0)))

    def at(self, radius: Array) -> OnPath:
        """Where the path leaves the ball of this radius, or its end; no product is needed."""
        ball = radius / self.unit
        k = jnp.sum(jnp.cumprod(self.lengths < ball))
        out = k == self.legs
        begin = self.point(k - 1)
        leg = jnp.where(out, self.beyond, self.point(k) - begin)
        t = to_boundary(begin, leg, ball)
        t = jnp.where(out, t, jnp.minimum(t, 1))
        # Every leg is conjugate to those before it.
        before = jnp.where(k > 0, self.bends[k - 1], 0)
        bend = before + t * t * jnp.where(out, self.bend, self.bends[k] - before)
        bound = self.cut | jnp.any(self.beyond != 0) | (ball < self.longest)
        return OnPath(self.unit * (begin + t * leg), self.unit**2 * bend, bound)

    @property
    def longest(self) -> Array:
        """The largest length of a point."""
        return jnp.max(jnp.where(self.lengths < jnp.inf, self.lengths, 0))


def rows_for(g: Array) -> int:
    """How many points are kept for a gradient of this size."""
    left = ROOM - 2 * pairs_rows(g) * g.size * g.dtype.itemsize
    return max(2, min(2 * g.size, ROWS, left // max(g.size * g.dtype.itemsize, 1)))


def unchanged(v: Array) -> Array:
    """v itself: no preconditioner."""
    return v


def conjugate_path(
    mv: Callable[[Array], Array], g: Array, radius: Array | float, limit: int, rows: int, forcing: float = FORCING,
    least: Array | float = 0.0, pairs: ConjugatePairs | None = None, inverse: Callable[[Array], Array] | None = None,
) -> ConjugatePath:  # fmt: skip
    """Conjugate gradients from 0 until the residual is below `forcing` of g, a direction has no positive curvature, or
    a leg ends outside the ball of `radius`. Of more than `rows` legs the last ones are joined to one. Where g is
    rounding, so is a curvature below `least` along it. `inverse` preconditions, else the `pairs` of another walk do.

    Sources: Steihaug (1983); Toint (1981); Nocedal and Wright (2006), algorithms 7.2 and 5.3.
    """
    return walked(mv, g, radius, limit, rows, forcing, least, preconditioner(g, pairs, inverse), pairs)[0]


def preconditioner(
    g: Array, pairs: ConjugatePairs | None, inverse: Callable[[Array], Array] | None = None
) -> Callable[[Array], Array]:
    """v -> P v: `inverse` where it is known, else by the pairs of another walk, or v itself."""
    if inverse is not None:
        return inverse
    return unchanged if pairs is None else pairs.preconditioner(g)


def walked(
    mv: Callable[[Array], Array], g: Array, radius: Array | float, limit: int, rows: int, forcing: float,
    least: Array | float, inverse: Callable[[Array], Array], pairs: ConjugatePairs | None,
) -> tuple[ConjugatePath, Array]:  # fmt: skip
    """The same by a preconditioner, and the residual where it ended: the next direction of the Krylov space."""
    size = norm(g)
    unit = safe(size, size > 0)
    # The direction of g alone is iterated on: lengths come in through `unit`, so nothing overflows.
    g, ball = g / unit, radius / unit

    def body(c: Walk) -> Walk:
        w, y, r, d, rz, whole, count, top, _ = c
        Bd = mv(d)
        q, dd = d @ Bd, d @ d
        # Beside curvatures met before this one is rounding, and dividing by it leads as far away as x is large. A slope
        # that is none is met again at the next point, where d is the first direction.
        floor = jnp.where(count > 0, CURVATURE_NOISE * eps(q) * top, least)
        lost = (floor > 0) & (jnp.abs(q) <= floor * dd)
        top = jnp.maximum(top, jnp.abs(q) / safe(dd, dd > 0))
        negative = ~(q > 0) & ~lost
        still = negative | lost
        alpha = rz / safe(q, ~still)
        longer = y + alpha * d
        length = norm(longer)
        whole = jnp.where(still, whole, whole + alpha * rz)
        bent = norm(d) * norm(Bd)
        turn = jnp.where((bent > 0) & jnp.isfinite(bent), rz / safe(bent, bent > 0), 1)
        here = jnp.minimum(count, rows - 1)
        w = replace(
            w,
            points=lax.dynamic_update_index_in_dim(w.points, jnp.where(still, row_of(w.points, here), longer), here, 0),
            lengths=jnp.where(still, w.lengths, w.lengths.at[here].set(length)),
            bends=jnp.where(still, w.bends, w.bends.at[here].set(whole)),
            beyond=jnp.where(negative, d, w.beyond),
            bend=jnp.where(negative, q, w.bend),
            turn=jnp.where(negative, turn, w.turn),
            cut=~still & ~(length < ball),
            inner=w.inner + 1,
            pairs=None if w.pairs is None else w.pairs.joined(count, d, Bd, negative),
        )
        new = r + alpha * Bd
        z = inverse(new)
        rz_new = new @ z
        onward = -z + (rz_new / safe(rz, rz > tiny(rz))) * d
        done = still | w.cut | ~(jnp.sqrt(new @ new) > forcing) | ~(rz_new > 0)
        return w, longer, new, onward, rz_new, whole, count + 1, top, done

    zero, no, none = jnp.zeros_like(size), jnp.zeros((), bool), jnp.zeros((), jnp.int32)
    empty = jnp.zeros((rows,), g.dtype)
    blank = None if pairs is None else pairs.begun()
    points, z = jnp.zeros((rows, *g.shape), g.dtype), inverse(g)
    w = ConjugatePath(points, empty + jnp.inf, empty, 0 * g, zero, zero, unit, no, none, blank)
    start = (w, 0 * g, g, -z, g @ z, zero, none, zero, ~(size > 0))
    path, _, left, *_ = lax.while_loop(lambda c: ~c[-1] & (c[0].inner < limit), body, start)
    return path, left


@record
class Truncated:
    """A step found by conjugate gradients, s'Bs, the products that it took, and what it leaves behind."""

    s: Array
    bend: Array
    inner: Array
    pairs: Any = None


def newton_cg_direction(
    mv: Callable[[Array], Array], g: Array, limit: int, forcing: float = FORCING, pairs: ConjugatePairs | None = None,
    inverse: Callable[[Array], Array] | None = None,
) -> Truncated:  # fmt: skip
    """The direction of a line-search Newton-CG method: the end of `conjugate_path`.

    Where the very first direction d = -P g has no positive curvature, it is followed as far as if B d were turned
    upwards: a length with the unit of a step, whatever the unit of f.
    Source: Dembo and Steihaug (1983); Nocedal and Wright (2006), algorithm 7.1.
    """
    w = conjugate_path(mv, g, jnp.inf, limit, 1, forcing, pairs=pairs, inverse=inverse)
    away = w.legs == 0
    s = jnp.where(away, w.turn * w.beyond, w.points[0])
    bend = jnp.where(away, w.turn**2 * w.bend, w.bends[0])
    return Truncated(w.unit * s, w.unit**2 * bend, w.inner, w.pairs)


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

    def one(k: Array, c: tuple[Array, Array]) -> tuple[Array, Array]:
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

    def several(c: tuple[Array, ...]) -> tuple[Array, ...]:
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
