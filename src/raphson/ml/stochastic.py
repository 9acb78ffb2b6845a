"""Trace and diagonal of a matrix from products with random vectors, with standard errors.

Hutchinson's estimate is the mean of z'Az over signs z. XTrace and XDiag take half of the products to capture the
largest eigenvalues and use every vector both ways, leaving out one at a time, so that their estimates are unbiased and
their scatter is their error. Hutch++ is there for comparison.
Sources: Hutchinson (1989); Meyer, Musco, Musco and Woodruff (2021), "Hutch++"; Epperly, Tropp and Webber (2024),
"XTrace: making the most of every sample in stochastic trace estimation".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.ml.estimated import Estimated, estimated
from raphson.ml.tree_operator import TreeOperator

Array = jax.Array

TRACES = ("xtrace", "hutchinson", "hutch++")
DIAGONALS = ("xdiag", "hutchinson")


def trace_estimate(operator: TreeOperator, products: int = 60, method: str = "xtrace", seed: int = 0) -> Estimated:
    """The trace, from at most `products` products; exact (error 0) where P products are allowed.

    Raises ValueError for fewer than 4 products or an unknown method.
    """
    allowed(products, method, TRACES)
    n = operator.size
    if products >= n:
        return Estimated(float(jnp.trace(operator.dense())), 0.0, 1, n)
    key = jax.random.key(seed)
    if method == "hutchinson":
        z = signs(key, n, products, operator.dtype)
        return estimated(jnp.sum(z * operator.times(z), axis=0), products)
    if method == "hutch++":
        return hutch_plus(operator, products, key)
    half = products // 2
    return estimated(left_out_traces(operator, spherical(key, n, half, operator.dtype)), 2 * half)


def diagonal_estimate(operator: TreeOperator, products: int = 60, method: str = "xdiag", seed: int = 0) -> Estimated:
    """The diagonal (P,) with a standard error for each entry, from at most `products` products; exact from P on.

    Raises ValueError for fewer than 4 products or an unknown method.
    """
    allowed(products, method, DIAGONALS)
    n = operator.size
    if products >= n:
        return Estimated(np.asarray(jnp.diagonal(operator.dense()), float), np.zeros(n), 1, n)
    key = jax.random.key(seed)
    if method == "hutchinson":
        z = signs(key, n, products, operator.dtype)
        return estimated((z * operator.times(z)).T, products)
    half = products // 2
    z = signs(key, n, half, operator.dtype)
    return estimated(left_out_diagonals(operator, z), 2 * half)


def allowed(products: int, method: str, known: tuple[str, ...]) -> None:
    """Raises ValueError for what cannot be meant."""
    if method not in known:
        raise ValueError(f"method is {method!r}: choose one of {', '.join(known)}")
    if isinstance(products, bool) or products != int(products) or products < 4:
        raise ValueError(f"products is {products!r}: it is a number of products, at least 4")


def signs(key: Array, n: int, k: int, dtype: Any) -> Array:
    """Random signs (n, k)."""
    return jax.random.rademacher(key, (n, k), dtype)


def spherical(key: Array, n: int, k: int, dtype: Any) -> Array:
    """Columns (n, k) uniform on the sphere of radius sqrt(n)."""
    z = jax.random.normal(key, (n, k), dtype)
    return z / jnp.linalg.norm(z, axis=0) * np.sqrt(n)


def hutch_plus(operator: TreeOperator, products: int, key: Array) -> Estimated:
    """A third of the products finds a subspace, a third its trace, a third what is beside it."""
    n, third = operator.size, max(products // 3, 2)
    first, second = jax.random.split(key)
    Q = jnp.linalg.qr(operator.times(signs(first, n, third, operator.dtype)))[0]
    z = signs(second, n, third, operator.dtype)
    z = z - Q @ (Q.T @ z)
    known = jnp.sum(Q * operator.times(Q))
    return estimated(known + jnp.sum(z * operator.times(z), axis=0), 3 * third)


def left_out(operator: TreeOperator, omega: Array) -> tuple[Array, Array, Array, Array]:
    """Q (n, k) of Y = A omega, Y, Z = A Q, and S (k, k): column i is the direction within Q that only the i-th column
    of Y has, so that Q (I - s s') spans the others.

    Columns of Y that depend on the others to rounding (rank below k) still give some orthonormal S column: QR of R'
    inverse is replaced by that of a slightly enlarged R.
    """
    Y = operator.times(omega)
    Q, R = jnp.linalg.qr(Y)
    d = jnp.abs(jnp.diagonal(R))
    floor = jnp.finfo(Y.dtype).eps * jnp.max(d)
    R = R + jnp.diag(jnp.where(d <= floor, jnp.where(floor > 0, floor, 1), 0))
    S = jax.scipy.linalg.solve_triangular(R.T, jnp.eye(R.shape[0], dtype=Y.dtype), lower=True)
    return Q, Y, operator.times(Q), S / jnp.linalg.norm(S, axis=0)


def left_out_traces(operator: TreeOperator, omega: Array) -> Array:
    """XTrace: k estimates, each of a subspace that one column of omega (P, k) had no part in, and of that column."""
    n, k = omega.shape
    Q, Y, Z, S = left_out(operator, omega)
    H, W = Q.T @ Z, Q.T @ omega
    U = W - S * jnp.sum(S * W, axis=0)  # omega within the subspace of the others
    beside = jnp.sum(omega * Y, axis=0) - 2 * jnp.sum(U * (Z.T @ omega), axis=0) + jnp.sum(U * (H @ U), axis=0)
    length = n - 2 * jnp.sum(U * W, axis=0) + jnp.sum(U * U, axis=0)
    return jnp.trace(H) - jnp.sum(S * (H @ S), axis=0) + (n - k + 1) / length * beside


def left_out_diagonals(operator: TreeOperator, omega: Array) -> Array:
    """XDiag: k estimates (k, n) in the same way, omega of signs: diag(P A) + z o (I - P) A z, P = Q (I - s s') Q'."""
    Q, Y, Z, S = left_out(operator, omega)
    whole = jnp.sum(Q * Z, axis=1)  # diag(Q Q' A), A symmetric
    QS, ZS, within = Q @ S, Z @ S, Q.T @ Y
    projected = Q @ (within - S * jnp.sum(S * within, axis=0))
    return (whole[:, None] - QS * ZS + omega * (Y - projected)).T
