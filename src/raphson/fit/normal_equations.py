"""The normal equations of a sparse Jacobian at the end of a fit: what they determine, and entries of their inverse."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np
import scipy.linalg

from raphson.certificate.shape import power
from raphson.fit.error_bars import column_lengths
from raphson.kernel.number import CURVATURE_NOISE
from raphson.linear.lowest import HostMatrix
from raphson.linear.sparse import selected_inverse, sparse_backend
from raphson.linear.structure import SparseStructure, sparse_structure
from raphson.linear.symbolic import scipy_sparse

Host = np.ndarray

BLOCK = 8
"""Directions without effect that are looked for at a time, by block inverse iteration; twice as many in each round."""

ROUNDS = 5
"""Rounds: 8 + 16 + 32 + 64 + 128 directions, beyond which no more are told apart."""

SWEEPS = 4
"""Inverse iterations in each: each gains the ratio of the shift to the next eigenvalue."""


@dataclass(eq=False)
class NormalEquations:
    """A = M'M of the free columns of J at length 1, M = J / `lengths`; rows and columns of others are the identity's.

    `pinned` (n,): columns that are left out, held by bounds, `empty` ones and one for each column of `null` (n, k), an
    orthonormal basis of the other directions whose effect squared lies below `level`, what rounding makes of A's
    eigenvalues. `solved` (False: more directions have none than were looked for).
    """

    M: Any
    lengths: Host
    held: Host
    empty: Host
    pinned: Host
    null: Host
    structure: SparseStructure
    values: Host
    level: float
    solved: bool
    factors: list[Any] = field(default_factory=lambda: [])

    def __getstate__(self) -> dict[str, Any]:
        """Without the factor, which is made again when it is asked for."""
        known = {name: value for name, value in vars(self).items() if name != "inverse"}
        return {**known, "factors": []}

    def solve(self, b: Host) -> Host:
        """A^-1 b (n,), mended by M itself; `b` zero where columns are pinned."""
        if not self.factors:
            self.factors.append(sparse_backend().host_factor(self.structure, self.values))
        y = self.factors[0].solve(b)
        for _ in range(2):
            y = y + self.factors[0].solve(np.where(self.pinned, 0, b - self.M.T @ (self.M @ y)))
        return y

    @cached_property
    def inverse(self) -> Host:
        """The entries of A^-1 at the places of the structure (nnz,)."""
        return entries_of_inverse(self.structure, self.values)

    @property
    def diagonal(self) -> Host:
        """The diagonal of A^-1 (n,)."""
        return self.inverse[np.asarray(self.structure.diagonal)]

    @cached_property
    def condition(self) -> float:
        """The condition of M's determined columns, to three digits."""
        inside = lambda v: np.where(self.pinned, 0, v)
        n = self.pinned.size
        largest, _ = power(lambda v: inside(self.M.T @ (self.M @ inside(v))), n)
        inverse, _ = power(lambda v: inside(self.solve(inside(v))), n)
        return float(np.sqrt(largest * inverse))


def entries_of_inverse(structure: SparseStructure, values: Host) -> Host:
    """The entries of the inverse of a positive definite matrix at the places of its structure."""
    return np.asarray(selected_inverse(structure, jnp.asarray(values), jnp.asarray(True)), float)


def normal_equations(J: Any, held: Host, error: float) -> NormalEquations:
    """The normal equations of J (m, n), a SciPy CSR array of finite numbers, and what they do not determine.

    `held` (n,): columns to leave out; `error`: relative error of J's entries. Directions are looked for with the factor
    of A shifted by twice the level, and one parameter is pinned for each, until A has a factor below which no more lie.
    """
    n = J.shape[1]
    lengths = column_lengths(J)
    empty = ~held & (lengths < 1 / np.finfo(float).max)  # so small that its reciprocal overflows: no effect at all
    pinned, null, solved = held | empty, np.zeros((n, 0)), False
    lengths = np.where(pinned, 1.0, lengths)
    sparse = scipy_sparse()
    whole = sparse.csr_array(J) @ sparse.diags_array(1 / lengths)
    for round_ in range(ROUNDS + 1):
        M = whole @ sparse.diags_array(np.where(pinned, 0.0, 1.0))
        structure, values = normal_matrix(M, pinned)
        matrix = HostMatrix(structure, values)
        level = CURVATURE_NOISE * matrix.width * error * max(matrix.norm, 1.0)
        factor = sparse_backend().host_factor(structure, matrix.shifted(level))
        if factor is not None and factor.defect > level:  # what it shows lies above the bound of its rounding
            level = 2 * factor.defect
            factor = sparse_backend().host_factor(structure, matrix.shifted(level))
        if factor is not None or round_ == ROUNDS:
            solved = factor is not None
            break
        found = directions_below(matrix, structure, level, pinned, BLOCK * 2**round_)
        if not found.shape[1]:
            break
        null = np.column_stack([null, found])
        pinned = pinned.copy()
        pinned[scipy.linalg.qr(found.T, pivoting=True, mode="economic")[-1][: found.shape[1]]] = True
    null = np.linalg.qr(null)[0] if null.shape[1] else null
    return NormalEquations(M, lengths, held, empty, pinned, null, structure, values, level, solved)


def normal_matrix(M: Any, pinned: Host) -> tuple[SparseStructure, Host]:
    """M'M with the identity's rows and columns where columns are pinned, as values on a structure: every pair of places
    of a row is in it, also where the sum is zero, which SciPy drops (of equal weights it often is)."""
    size = abs(M)
    pairs, lower = (size.T @ size).tocoo(), (M.T @ M).tocoo()
    below, held = pairs.row >= pairs.col, lower.row >= lower.col
    rows, columns = (np.concatenate([getattr(lower, a)[held], getattr(pairs, a)[below]]) for a in ("row", "col"))
    structure, place = sparse_structure(rows, columns, M.shape[1])
    values = np.zeros(structure.entries)
    values[place[: np.sum(held)]] = lower.data[held]
    values[np.asarray(structure.diagonal)] += pinned
    return structure, values


def directions_below(matrix: HostMatrix, structure: SparseStructure, level: float, pinned: Host, most: int) -> Host:
    """Orthonormal directions (n, k) whose eigenvalues lie below `level`, at most so many."""
    shift = 2 * level
    factor = sparse_backend().host_factor(structure, matrix.shifted(-shift))
    while factor is None and shift < 1:
        shift *= 8
        factor = sparse_backend().host_factor(structure, matrix.shifted(-shift))
    if factor is None:
        return np.zeros((pinned.size, 0))
    V = np.random.default_rng(0).standard_normal((pinned.size, min(most, int(np.sum(~pinned)))))
    V[pinned] = 0
    for _ in range(SWEEPS):
        V = np.linalg.qr(np.column_stack([factor.solve(v) for v in V.T]))[0]
    w, U = np.linalg.eigh(V.T @ np.column_stack([matrix.product(v) for v in V.T]))
    return (V @ U)[:, w <= 4 * level]
