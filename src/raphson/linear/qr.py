"""Least-squares solutions by QR: steps that keep the digits which J'J would lose."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap

from raphson.kernel.branch import cond_under_vmap
from raphson.kernel.number import eps, norm, safe
from raphson.kernel.record import record
from raphson.linear.batched import UNROLLED, back, entry

Array = jax.Array


def written_triangle(A: Array) -> Array:
    """R of A (m, k, ...) with m >= k: Householder's reflections written out over the columns.

    Source: Golub and Van Loan (2013), algorithm 5.2.1.
    """
    k = A.shape[1]
    rows: list[Array] = []
    left = A
    for _ in range(k):
        column = lax.index_in_dim(left, 0, 1, keepdims=False)
        head = entry(column, 0)
        length = jnp.sqrt(jnp.sum(column * column, axis=0))
        top = jnp.where(head > 0, -length, length)
        v = jnp.concatenate([(head - top)[None], lax.slice_in_dim(column, 1, column.shape[0])])
        size_v = jnp.sum(v * v, axis=0)
        share = 2 / safe(size_v, size_v > 0)
        rest = lax.slice_in_dim(left, 1, left.shape[1], axis=1)
        rest = rest - share * v[:, None] * jnp.sum(v[:, None] * rest, axis=0)
        rows.append(jnp.concatenate([jnp.zeros((len(rows), *top.shape), A.dtype), top[None], entry(rest, 0)]))
        left = lax.slice_in_dim(rest, 1, rest.shape[0])
    return jnp.stack(rows)


def plain_triangle(A: Array) -> Array:
    """The same by LAPACK."""
    return jnp.linalg.qr(A, mode="r")


@custom_vmap
def triangle(A: Array) -> Array:
    """R of A = Q R, upper triangular (k, k) for A (m, k); missing rows count as zeros."""
    m, k = A.shape
    return plain_triangle(jnp.pad(A, ((0, max(k - m, 0)), (0, 0))))


@triangle.def_vmap
def triangle_batch(size: int, batched: list[bool], A: Array) -> tuple[Array, bool]:
    """All matrices at once."""
    m, k = A.shape[1:]
    padded = jnp.pad(A, ((0, 0), (0, max(k - m, 0)), (0, 0)))
    if k > UNROLLED + 1:
        return jax.vmap(plain_triangle)(padded), True
    return jnp.moveaxis(written_triangle(jnp.moveaxis(padded, 0, -1)), -1, 0), True


@record
class Reduced:
    """A least-squares problem |J s + r| brought to n rows, R y + q in scaled variables y = d s, R upper triangular."""

    R: Array
    q: Array
    d: Array

    @property
    def lowest(self) -> Array:
        """J'J has no negative eigenvalue."""
        return jnp.zeros_like(self.q[0])

    @property
    def slope(self) -> Array:
        """The length of the scaled gradient R'q."""
        return norm(self.q @ self.R)

    def lift(self, y: Array) -> Array:
        """The step s of scaled variables y."""
        return y / self.d

    def solve(self, shift: Array) -> Array:
        """The y that minimizes |R y + q|^2 + shift |y|^2, for shift > 0: one more QR of 2n rows.

        Source: More (1978), "The Levenberg-Marquardt algorithm: implementation and theory", section 2.
        """
        n = self.q.shape[0]
        below = jnp.sqrt(shift) * jnp.eye(n, n + 1, dtype=self.q.dtype)
        T = triangle(jnp.concatenate([jnp.column_stack([self.R, self.q]), below]))
        return -back(T[:n, :n], T[:n, n])

    def newton(self) -> Array:
        """The y that minimizes |R y + q|; the shortest one where R is singular to rounding."""
        d = jnp.abs(jnp.diagonal(self.R))
        singular = ~(jnp.min(d) > 8 * d.shape[0] * eps(d) * jnp.max(d))
        safe_R = jnp.where(singular, jnp.eye(d.shape[0], dtype=d.dtype), self.R)
        return cond_under_vmap(singular, lambda m: shortest(*m), (self.R, self.q), -back(safe_R, self.q))


def reduced(J: Array, r: Array, d: Array) -> Reduced:
    """QR of [J/d r]: everything about the least-squares problem that does not grow with the number of residuals."""
    n = J.shape[1]
    T = triangle(jnp.column_stack([J / d, r]))
    return Reduced(T[:n, :n], T[:n, n], d)


def shortest(R: Array, q: Array) -> Array:
    """The shortest minimizer of |R y + q|, by singular values; those below rounding count as zero."""
    U, w, Vt = jnp.linalg.svd(R)
    live = w > 8 * w.shape[0] * eps(w) * w[0]
    return -(Vt.T @ jnp.where(live, (U.T @ q) / jnp.where(live, w, 1), 0))
