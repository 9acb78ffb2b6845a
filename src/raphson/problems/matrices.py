"""Matrices as users return them: arrays, sparse matrices, linear operators."""

from typing import Any

import numpy as np


def as_array(A: Any) -> np.ndarray:
    """A dense array of a NumPy or JAX array, nested lists, a sparse matrix, or a LinearOperator (by products)."""
    if hasattr(A, "toarray"):
        return np.asarray(A.toarray(), float)
    if hasattr(A, "todense") and hasattr(A, "data"):  # those of jax.experimental.sparse
        return np.asarray(A.todense(), float)
    if hasattr(A, "matmat") and not hasattr(A, "__array__"):
        return np.asarray(A.matmat(np.eye(A.shape[1])), float)
    return np.asarray(A, float)


def jacobian_array(J: Any, m: int, n: int) -> np.ndarray:
    """The Jacobian (m, n); one residual, or one parameter, may come as a vector. ValueError for another shape."""
    J = as_array(J)
    if J.ndim <= 1 and J.size == m * n and 1 in (m, n):
        J = J.reshape(m, n)
    if J.shape != (m, n):
        raise ValueError(f"jac must return a matrix of shape ({m}, {n}); it returns shape {J.shape}")
    return J
