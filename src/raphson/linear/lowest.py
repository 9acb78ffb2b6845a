"""The lowest eigenvalue of a sparse matrix, bracketed with proof, on the host.

A Cholesky factorization of H - level I that goes through shows that no eigenvalue lies below the level, to within a
bound of its rounding; an inverse iteration with the same factor shows one just above. Together they close in on the
lowest.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raphson.kernel.number import sum_rounding
from raphson.linear.sparse import SparseBackend, sparse_backend
from raphson.linear.structure import SparseStructure, host_pattern
from raphson.linear.symbolic import scipy_sparse

Host = NDArray[Any]

LOWEST_LIMIT = 30
"""Factorizations spent at most on a bracket of the lowest eigenvalue; two or three are usual for a definite matrix."""

SOLVES = 4
"""Inverse iterations with each factor: a solve costs a quarter of a factorization or less. Mean number of
factorizations over 200 small matrices of four kinds: 5.0 with two, 3.5 with four, 3.0 with eight."""

STIR = 1e-3
"""What inverse iteration adds to its vector, which may be an exact eigenvector of another eigenvalue."""


@dataclass(frozen=True)
class SparseLowest:
    """The lowest eigenvalue of H lies in [`low`, `value` + `error`], certainly; H has an eigenvalue within `error` of
    `value`, and `vector` (n,), of length one, is nearly its own.

    `proven`: the bracket is as narrow as was asked, so that `value` is the lowest eigenvalue to that accuracy;
    otherwise only `low` is known of what lies below. `factorizations`: what was spent.
    """

    value: float
    vector: Host
    error: float
    low: float
    proven: bool
    factorizations: int


class HostMatrix:
    """A sparse symmetric matrix on the host, with bounds of its rounding."""

    def __init__(self, structure: SparseStructure, values: Host) -> None:
        n = structure.size
        self.rows, self.columns = host_pattern(structure)
        self.values, self.at = values, np.asarray(structure.diagonal)
        pointers = np.append(self.at, values.size)
        self.lower = scipy_sparse().csc_array((values, self.rows, pointers), shape=(n, n))
        self.upper = self.lower.T
        self.diagonal = values[self.at]

    @cached_property
    def sums(self) -> Host:
        """Of |H|, row by row (n,)."""
        size, n = np.abs(self.values), self.at.size
        return np.bincount(self.rows, size, n) + np.bincount(self.columns, size, n) - np.abs(self.diagonal)

    @cached_property
    def width(self) -> int:
        """The most entries of a row."""
        n = self.at.size
        return int(np.max(np.bincount(self.rows, minlength=n) + np.bincount(self.columns, minlength=n)))

    @cached_property
    def norm(self) -> float:
        """At least every |eigenvalue|."""
        return float(np.max(self.sums)) * (1 + sum_rounding(self.width))

    def product(self, v: Host) -> Host:
        """H v."""
        return self.lower @ v + self.upper @ v - self.diagonal * v

    def absolute(self, v: Host) -> Host:
        """|H| |v|, entry by entry."""
        lower, size = abs(self.lower), np.abs(v)
        return lower @ size + lower.T @ size - abs(self.diagonal) * size

    def disc(self) -> float:
        """Gershgorin: no eigenvalue lies below."""
        around = self.sums - abs(self.diagonal)
        return float(np.min(self.diagonal - around)) - sum_rounding(self.width + 2) * self.norm

    def shifted(self, level: float) -> Host:
        """The values of H - level I."""
        moved = self.values.copy()
        moved[self.at] -= level
        return moved

    def residual(self, value: float, v: Host) -> float:
        """At least |H v - value v| / |v|: an eigenvalue lies so near to `value`. The rounding of the product is in it,
        that of a sum of n squares, too."""
        size = float(np.linalg.norm(v))
        found = float(np.linalg.norm(self.product(v) - value * v)) * (1 + sum_rounding(v.size + 2))
        return (found / size + sum_rounding(self.width + 3) * (self.norm + abs(value))) * (1 + sum_rounding(v.size + 4))


@dataclass
class LowestSearch:
    """The bracket of the lowest eigenvalue so far: proven `low`, the best pair, the lowest `level` that failed."""

    matrix: HostMatrix
    low: float
    value: float
    vector: Host
    failed: float = np.inf
    floor: float = 0.0  # bound of the rounding of a factorization: a bracket cannot be narrower
    count: int = 0

    def look(self, vector: Host) -> None:
        """Takes a vector with a smaller Rayleigh quotient."""
        vector = vector / np.max(np.abs(vector))  # first, since squares overflow
        vector = vector / np.linalg.norm(vector)
        value = float(vector @ self.matrix.product(vector))
        if np.isfinite(value) and value < self.value:
            self.value, self.vector = value, vector

    def factorize(self, structure: SparseStructure, level: float, backend: SparseBackend) -> bool:
        """Whether H - level I is positive definite: then `low` and the pair are improved."""
        self.count += 1
        factor = backend.host_factor(structure, self.matrix.shifted(level))
        if factor is None:
            self.failed = min(self.failed, level)
            return False
        # The last bit of h_ii - level is the shift's own error.
        self.floor = factor.defect + sum_rounding(1) * (float(np.max(abs(self.matrix.diagonal))) + abs(level))
        self.low = max(self.low, float(np.nextafter(level - self.floor, -np.inf)))
        n = self.vector.size
        noise = np.random.default_rng(self.count).standard_normal(n) / np.sqrt(n)
        z = self.vector + STIR * noise
        for _ in range(SOLVES):
            y = factor.solve(z)
            size = float(np.max(np.abs(y)))
            if not 0 < size < np.inf:  # the factor is of a nearly singular matrix
                break
            z = y / size
        self.look(z)
        return True


def lowest_eigenpair(
    structure: SparseStructure, values: Any, start: Any = None, accuracy: float = 1e-6, backend: str | None = None
) -> SparseLowest:
    """The lowest eigenvalue of H with its vector and proof, on the host; `accuracy` is that of the bracket, relative.

    It begins at level 0: whether H is positive definite is settled by one factorization. `start` (n,): a vector to
    begin with. The bound of rounding is Higham's (2002), theorem 10.3, for CHOLMOD, and measured for SuperLU. NaN:
    value NaN, nothing proven.
    """
    chosen = sparse_backend(backend)
    numbers = np.asarray(values, np.float64)
    n = structure.size
    if not np.isfinite(numbers).all():
        return SparseLowest(np.nan, np.zeros(n), np.inf, -np.inf, False, 0)
    matrix = HostMatrix(structure, numbers)
    least = int(np.argmin(matrix.diagonal))
    search = LowestSearch(matrix, matrix.disc(), float(matrix.diagonal[least]), np.eye(1, n, least)[0])
    search.look(1 + 0.5 * np.sin(1.0 + np.arange(n)) if start is None else np.asarray(start, np.float64))
    close_in(search, structure, accuracy, chosen)
    error = matrix.residual(search.value, search.vector)
    proven = search.value - search.low <= wanted_width(search, accuracy)
    return SparseLowest(search.value, search.vector, error, search.low, proven, search.count)


def wanted_width(search: LowestSearch, accuracy: float) -> float:
    """How narrow the bracket shall be: not narrower than twice what rounding leaves open at each of its ends."""
    least = max(search.floor, sum_rounding(search.matrix.width) * search.matrix.norm)
    return max(accuracy * abs(search.value), 4 * least)


def close_in(search: LowestSearch, structure: SparseStructure, accuracy: float, backend: SparseBackend) -> None:
    """Narrows the bracket: just below the Rayleigh quotient if the residual says how far, in the middle elsewhere."""
    back = 1.0  # steps that failed become longer: the vector belongs to a higher eigenvalue
    below = search.low - 1e-3 * (search.value - search.low)
    if not (search.low < 0 < search.value and search.factorize(structure, 0.0, backend)):
        search.factorize(structure, below, backend)
    while search.count < LOWEST_LIMIT:
        wanted = wanted_width(search, accuracy)
        high = min(search.value, search.failed)
        if search.value - search.low <= wanted or high - search.low <= search.floor:
            return
        step = max(2 * search.matrix.residual(search.value, search.vector), wanted / 2)
        step = min(step, (search.value - search.low) / 2)  # the residual holds rounding, which no step reduces
        level = search.value - back * step
        if not search.low < level < high:
            level = search.low + (high - search.low) / 2
        back = 1.0 if search.factorize(structure, level, backend) else 8 * back
