"""Random vectors and what a matrix makes of them, grown block by block, and estimates that leave one vector out.

k vectors omega, Y = A omega, Q orthonormal with the span of Y, Z = A Q. Estimate t_i tests with omega_i what the
subspace of the k - 1 others leaves. The t_i have the right mean and are not independent, since they share their
subspaces. Let a_ij be the estimate of omega_i where omega_j, too, is left out of the subspace, and d_ij = t_i - a_ij.
Given the others, a_ij depends on omega_i alone and has the right mean whatever omega_i is; d_ji has mean zero given
omega_i. So a_ij and a_ji, a_ij and d_ji do not correlate, and what is left is exact:

    cov(t_i, t_j) = E d_ij d_ji,    var(mean t) = E s^2 / k + E d_ij d_ji,

s^2 the scatter of the t_i. s^2 / k alone, which XTrace's authors propose, was 8 to 70 % of the variance too small
(error 0.51 to 1.05 of the true one, 11 spectra). With the second term, no further product: 0.93 to 1.1.
Source of the estimates: Epperly, Tropp and Webber (2024), "XTrace".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from raphson.ml.tree_operator import TreeOperator

Array = jax.Array
Host = NDArray[np.float64]

MOST = 30.0
"""The covariance of estimates counts as at most 30 s^2 / k, and by its size. Where one vector more or less decides
whether the subspace holds all outliers its own estimate has tails, of both signs, that say how badly it is known. With
its sign, and at most 3 s^2 / k, intervals held there in 71 to 87 of 100 repeats; so, in 93 to 99. Without a limit
errors are up to 300 times too large where the subspace holds all."""


@dataclass
class Sketch:
    """omega (P, k) and Y, Q, Z (P, k); columns are only ever added, so that no product is made twice."""

    operator: TreeOperator
    omega: Array
    Y: Array = field(init=False)
    Q: Array = field(init=False)
    Z: Array = field(init=False)

    def __post_init__(self) -> None:
        more, n = self.omega, self.operator.size
        self.omega = self.Y = self.Q = self.Z = jnp.zeros((n, 0), more.dtype)
        self.add(more)

    def add(self, omega: Array) -> None:
        """More vectors (P, b): 2 b products."""
        Y = self.operator.times(omega)
        rest = Y
        for _ in range(2):  # twice is enough, as in Lanczos
            rest = jnp.linalg.qr(rest - self.Q @ (self.Q.T @ rest))[0]
        self.omega, self.Y = jnp.concatenate([self.omega, omega], 1), jnp.concatenate([self.Y, Y], 1)
        self.Q, self.Z = jnp.concatenate([self.Q, rest], 1), jnp.concatenate([self.Z, self.operator.times(rest)], 1)

    def own_directions(self) -> Host:
        """S (k, k): column i is the direction within Q that only the i-th column of Y has, so that Q (I - s s') spans
        the others: the columns of the inverse of R', R = Q'Y, made of length one.

        Columns of Y that depend on the others to rounding (rank below k) still give some direction: that of a slightly
        larger R.
        """
        R = np.triu(host(self.Q.T @ self.Y))
        d = np.abs(np.diagonal(R))
        floor = float(jnp.finfo(self.Y.dtype).eps) * max(float(np.max(d, initial=0)), np.finfo(float).tiny)
        R = R + np.diag(np.where(d <= floor, floor if floor > 0 else 1.0, 0))
        S = np.linalg.solve(R.T / np.max(np.abs(R)), np.eye(len(R)))
        return S / np.linalg.norm(S, axis=0)


def host(a: Any) -> Host:
    """In double precision, in NumPy: matrices (k, k) are small, and compile nothing."""
    return np.asarray(a, float)


def left_out_traces(sketch: Sketch) -> tuple[Host, float]:
    """XTrace: k estimates, omega uniform on the sphere of radius sqrt(P), and the standard error of their mean."""
    n, k = sketch.omega.shape
    S = sketch.own_directions()
    H, W, V = host(sketch.Q.T @ sketch.Z), host(sketch.Q.T @ sketch.omega), host(sketch.Z.T @ sketch.omega)
    whole = host(jnp.sum(sketch.omega * sketch.Y, axis=0))
    HS, C, trace = H @ S, S.T @ S, np.trace(H)
    bends = np.sum(S * HS, axis=0)

    def tested(U: Host, i: Any, rank: int) -> Host:
        """What omega_i sees beside the subspace in which it has the coordinates U (k, m)."""
        beside = whole[i] - 2 * np.sum(U * V[:, i], axis=0) + np.sum(U * (H @ U), axis=0)
        return (n - rank) / (n - 2 * np.sum(U * W[:, i], axis=0) + np.sum(U * U, axis=0)) * beside

    U = W - S * np.sum(S * W, axis=0)
    t = trace - bends + tested(U, slice(None), k - 1)
    d = np.zeros((k, k))
    for i in range(k):
        length = np.sqrt(np.maximum(1 - C[i] ** 2, np.finfo(float).eps))
        E = (S - S[:, [i]] * C[i]) / length
        HE = (HS - HS[:, [i]] * C[i]) / length
        a = trace - bends[i] - np.sum(E * HE, axis=0) + tested(U[:, [i]] - E * (E.T @ W[:, i]), [i], k - 2)
        d[i] = t[i] - a
    np.fill_diagonal(d, 0)
    return t, float(shared_error(t, np.sum(d * d.T)))


def shared_error(t: Host, products: Any) -> Any:
    """The standard error of the mean of estimates t (k, ...) that share their subspaces; `products`: the sum of
    d_ij d_ji over all i and j."""
    k = len(t)
    alone = np.var(t, axis=0, ddof=1) / k
    return np.sqrt(alone + np.minimum(np.abs(products) / (k * (k - 1)), MOST * alone))


def left_out_diagonals(sketch: Sketch, part: NDArray[Any] | None = None, parts: int = 0) -> tuple[Host, Host]:
    """XDiag: the mean (P,) of k estimates in the same way, omega of signs: diag(p A) + z o (I - p) A z with
    p = Q (I - s s') Q', and its standard errors. `part` (P,): sums over each of so many `parts` (their traces) instead.
    """
    S = jnp.asarray(sketch.own_directions(), sketch.Q.dtype)
    t, products = diagonals_and_products(sketch.Q, sketch.Y, sketch.Z, sketch.omega, S, part, parts)
    each = host(t)
    return np.mean(each, axis=0), shared_error(each, host(products))


@partial(jax.jit, static_argnames="parts")
def diagonals_and_products(
    Q: Array, Y: Array, Z: Array, omega: Array, S: Array, part: Array | None, parts: int
) -> tuple[Array, Array]:
    """The estimates (k, P), and the sum of d_ij d_ji for every entry (for sums over parts)."""

    def summed(a: Array) -> Array:
        return a if part is None else jax.ops.segment_sum(a, part, parts)

    whole = jnp.sum(Q * Z, axis=1)  # diag(Q Q' A), A symmetric
    QS, ZS, within, C = Q @ S, Z @ S, Q.T @ Y, S.T @ S
    SW = S.T @ within  # (i, j): s_i' Q' Y_j
    projected = Q @ (within - S * jnp.diagonal(SW))
    t = summed(whole[:, None] - QS * ZS + omega * (Y - projected))
    k = omega.shape[1]

    def one(i: Array, total: Array) -> Array:
        c = C[i]
        square = jnp.maximum(1 - c * c, jnp.finfo(Q.dtype).eps)
        # d_ij = (Q e) o (Z e) - z_i o (Q e) (e' Q' Y_i), e the part of s_j beside s_i
        Qe, Ze = QS - QS[:, i, None] * c, ZS - ZS[:, i, None] * c
        there = summed(Qe * (Ze - omega[:, i, None] * (SW[:, i] - c * SW[i, i])) / square)
        # d_ji: e the part of s_i beside s_j
        Qe, Ze = QS[:, i, None] - QS * c, ZS[:, i, None] - ZS * c
        back = summed(Qe * (Ze - omega * (SW[i] - c * jnp.diagonal(SW))) / square)
        return total + jnp.sum(jnp.where(jnp.arange(k) == i, 0, there * back), axis=1)

    return t.T, jax.lax.fori_loop(0, k, one, jnp.zeros(t.shape[0], Q.dtype))
