"""Sparse matrices and patterns as users hand them over: SciPy's, those of jax.experimental.sparse, boolean arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.sparsity.pattern import Pattern, pattern_of

KINDS = "a SciPy sparse matrix, a BCOO or BCSR of jax.experimental.sparse, or an array of booleans"


@dataclass(frozen=True)
class Coordinates:
    """Entries of a matrix of this `shape` at (rows, columns), of one place perhaps several, which count together."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    shape: tuple[int, ...]


def is_sparse(A: Any) -> bool:
    """Whether A is a sparse matrix: SciPy's of any format, or one of jax.experimental.sparse."""
    return hasattr(A, "tocoo") or (hasattr(A, "indices") and hasattr(A, "data") and hasattr(A, "todense"))


def coordinates_of(A: Any, name: str) -> Coordinates:
    """The stored entries of a sparse matrix, explicit zeros included. TypeError, with what `name` is, for others."""
    if hasattr(A, "tocoo"):
        held = A.tocoo()
        found = Coordinates(np.asarray(held.row), np.asarray(held.col), np.asarray(held.data), tuple(held.shape))
    elif is_sparse(A):
        found = jax_coordinates(A, name)
    else:
        raise TypeError(f"{name} must be {KINDS}; it is {type(A).__name__}")
    if found.values.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers or booleans; its type is {found.values.dtype}")
    return found


def jax_coordinates(A: Any, name: str) -> Coordinates:
    """The entries of a BCOO, BCSR, COO or CSR. Padding, whose indices lie beyond the end, is no entry."""
    if getattr(A, "n_batch", 0) or getattr(A, "n_dense", 0):
        raise TypeError(f"{name} must be one sparse matrix; it has {A.n_batch} batch and {A.n_dense} dense axes")
    values, shape = np.asarray(A.data), tuple(A.shape)
    if hasattr(A, "indptr"):
        columns, start = np.asarray(A.indices), np.asarray(A.indptr)
        rows = np.repeat(np.arange(len(start) - 1), np.diff(start))
        columns, values = columns[: len(rows)], values[: len(rows)]
    elif hasattr(A, "row"):
        rows, columns = np.asarray(A.row), np.asarray(A.col)
    else:
        rows, columns = (np.asarray(i) for i in A.indices.T)
    inside = (rows < shape[0]) & (columns < shape[1])
    return Coordinates(rows[inside], columns[inside], values[inside], shape)


def given_places(given: Any, shape: tuple[int, int], name: str, whose: str) -> Coordinates:
    """The places of a matrix that a user hands over: every stored entry of a sparse one, explicit zeros too; of an
    array every number but zero. TypeError for anything else, ValueError for another shape than that of `whose`."""
    if is_sparse(given):
        held = coordinates_of(given, name)
    elif isinstance(given, np.ndarray) or hasattr(given, "__array__"):
        dense = np.asarray(given)
        if dense.dtype.kind not in "biuf":
            raise TypeError(f"{name} must hold booleans or numbers; its type is {dense.dtype}")
        if dense.ndim != 2:
            raise ValueError(f"{name} must be a matrix of shape {shape}; it has shape {dense.shape}")
        rows, columns = np.nonzero(dense)
        held = Coordinates(rows, columns, np.ones(rows.size, bool), dense.shape)
    else:
        raise TypeError(f"{name} must be {KINDS}; it is {type(given).__name__}")
    if held.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, {whose}; its shape is {held.shape}")
    return held


def given_rows(given: Any, m: int, n: int, name: str = "jac_sparsity") -> Pattern:
    """The pattern (m, n) of a Jacobian that a user hands over, in SciPy's way also as a list of rows; TypeError and
    ValueError as in `given_places`."""
    from scipy.sparse import coo_array, csr_array

    given = np.asarray(given) if isinstance(given, (list, tuple)) else given
    held = given_places(given, (m, n), name, "a row for each residual and a column for each parameter")
    return pattern_of(csr_array(coo_array((np.ones(held.rows.size, bool), (held.rows, held.columns)), shape=(m, n))))


def given_pattern(given: Any, n: int, name: str = "hess_sparsity") -> Pattern:
    """The pattern (n, n) of a Hessian that a user hands over, with its diagonal.

    Raises as `given_places`, and ValueError where (i, j) is a place and (j, i) is none.
    """
    from scipy.sparse import coo_array, csr_array

    held = given_places(given, (n, n), name, "a row and a column for each variable")
    every = np.arange(n)
    rows, columns = np.concatenate([held.rows, every]), np.concatenate([held.columns, every])
    places = csr_array(coo_array((np.ones(rows.size, np.int32), (rows, columns)), shape=(n, n)))
    pattern = pattern_of(places)
    missing = lone_place(pattern)
    if missing is not None:
        i, j = missing
        raise ValueError(
            f"{name} must be symmetric: ({i}, {j}) is in it and ({j}, {i}) is not. Where it is one triangle of S, pass "
            "S + S.T"
        )
    return pattern


def lone_place(pattern: Pattern) -> tuple[int, int] | None:
    """A place (i, j) without its mirror image (j, i), if there is one."""
    row, column = pattern.row.astype(np.int64), np.asarray(pattern.column).astype(np.int64)
    keys, mirrored = row * pattern.n + column, column * pattern.n + row
    alone = np.isin(keys, mirrored, invert=True)
    k = int(np.argmax(alone)) if alone.any() else -1
    return None if k < 0 else (int(row[k]), int(column[k]))
