"""Sparse factors by SciPy's SuperLU, in callbacks: what sparse problems use where sparsax is not installed.

Without interchange of rows, LU of a symmetric matrix is L D L': the matrix is positive definite if all pivots are
positive and stayed on the diagonal. A factorization takes four to seven times as long as CHOLMOD's, and each factor
four times the memory.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from raphson.kernel.number import sum_rounding
from raphson.linear.structure import SparseStructure, host_pattern
from raphson.linear.symbolic import Fill, PatternMemory, fill_of_order, scipy_sparse

Array = jax.Array
Host = NDArray[Any]

KEPT_FACTORS = 2
"""Factors held per pattern: that of the last test, which its solves use, and one of another lane or shift."""

ON_DIAGONAL: dict[str, Any] = {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
"""Pivots stay on the diagonal unless one is exactly zero."""

COLUMNS = 64
"""Columns of the inverse that are computed at once: a block of n x 64 numbers."""

DENSE_ROWS = 10.0
"""Variables with more than so many times sqrt(n) neighbors are eliminated last, as in AMD: minimum degree took 40 s for
one variable in every term, n = 1e5, and 0.05 s without it."""


@dataclass
class SuperPlan:
    """What is done once for a pattern: an order, and the whole matrix in it by columns. Holds the last factors."""

    size: int
    order: Host
    slots: Host
    rows: Host
    pointers: Host
    factors: "list[SuperFactor]" = field(default_factory=lambda: [])

    def factor(self, values: Host) -> "tuple[SuperFactor, bool]":
        """The factor of these values, and whether it was made just now."""
        for known in self.factors:
            if np.array_equal(known.values, values):
                return known, False
        made = SuperFactor(self, values.copy())  # a view of XLA's memory is valid only during the callback
        self.factors = [made, *self.factors][:KEPT_FACTORS]
        return made, True


def plan_of_pattern(rows: Host, columns: Host, n: int) -> SuperPlan:
    """The order and the places of the whole matrix, from those of its lower triangle."""
    slot = np.arange(1, rows.size + 1)  # SciPy would drop a zero
    off = rows != columns
    order = least_degree_order(rows, columns, n)
    place = np.empty(n, np.int32)
    place[order] = np.arange(n, dtype=np.int32)
    i, j = np.concatenate([rows, columns[off]]), np.concatenate([columns, rows[off]])
    whole = scipy_sparse().csc_array((np.concatenate([slot, slot[off]]), (place[i], place[j])), shape=(n, n))
    whole.sort_indices()
    return SuperPlan(n, order, whole.data - 1, whole.indices.astype(np.int32), whole.indptr.astype(np.int32))


def least_degree_order(rows: Host, columns: Host, n: int) -> Host:
    """SuperLU's multiple minimum degree, by an incomplete factorization that drops everything; dense rows last."""
    off = rows != columns
    i, j = np.concatenate([rows[off], columns[off]]), np.concatenate([columns[off], rows[off]])
    degree = np.bincount(i, minlength=n)
    dense = degree > max(16.0, DENSE_ROWS * np.sqrt(n))
    few = np.flatnonzero(~dense)
    if few.size == 0:
        return np.arange(n)
    place = np.full(n, -1)
    place[few] = np.arange(few.size)
    i, j = place[i], place[j]
    inside = (i >= 0) & (j >= 0)
    i, j = i[inside], j[inside]
    every = np.arange(few.size)
    entries = np.concatenate([-np.ones(i.size), np.bincount(i, minlength=few.size) + 1.0])
    at = np.concatenate([i, every]).astype(np.int32), np.concatenate([j, every]).astype(np.int32)
    matrix = scipy_sparse().csc_array((entries, at), shape=(few.size, few.size))
    found = scipy_sparse().linalg.spilu(matrix, 1e300, 1, permc_spec="MMD_AT_PLUS_A", **ON_DIAGONAL)
    return np.concatenate([few[np.argsort(found.perm_c)], np.flatnonzero(dense)])


class SuperFactor:
    """L D L' = P H P' of one matrix, or that it is not positive definite."""

    def __init__(self, plan: "SuperPlan", values: Host) -> None:
        self.plan, self.values = plan, values
        self.lu: Any = None
        try:
            lu = scipy_sparse().linalg.splu(self.matrix(), permc_spec="NATURAL", **ON_DIAGONAL)
        except RuntimeError:  # exactly singular
            return
        pivots = lu.U.diagonal()
        if np.array_equal(lu.perm_r, lu.perm_c) and np.isfinite(pivots).all() and (pivots > 0).all():
            self.lu = lu

    def matrix(self) -> Any:
        """P H P' by columns."""
        plan = self.plan
        return scipy_sparse().csc_array(
            (self.values[plan.slots], plan.rows, plan.pointers), shape=(plan.size, plan.size)
        )

    def solve(self, b: Host) -> Host:
        """H^-1 b for b (n,) or (n, k)."""
        x = np.empty_like(b)
        x[self.plan.order] = self.lu.solve(np.ascontiguousarray(b[self.plan.order]))
        return x

    def inverse_entries(self, rows: Host, columns: Host) -> Host:
        """The entries of H^-1 at the given places, which are sorted by column: n solves."""
        found = np.empty(rows.size)
        for start in range(0, self.plan.size, COLUMNS):
            stop = min(start + COLUMNS, self.plan.size)
            units = np.zeros((self.plan.size, stop - start))
            units[np.arange(start, stop), np.arange(stop - start)] = 1
            here = slice(*np.searchsorted(columns, [start, stop]))
            found[here] = self.solve(units)[rows[here], columns[here] - start]
        return found

    @property
    def defect(self) -> float:
        """A bound of |L D L' - P H P'|_2: measured, with the rounding of the measurement.

        LU's own error bound is for L U, and U is D L' only to rounding; therefore the product is formed.
        """
        L, D = self.lu.L, scipy_sparse().diags_array(self.lu.U.diagonal())
        n, matrix = self.plan.size, self.matrix()
        place = np.argsort(self.lu.perm_c)
        matrix = matrix[place][:, place]
        product = L @ D @ L.T
        ones = np.ones(n)
        size = abs(L) @ (D @ (abs(L).T @ ones)) + abs(matrix) @ ones
        terms = int(np.diff(L.tocsr().indptr).max()) + 4
        return float(np.max(abs(product - matrix) @ ones + 2 * sum_rounding(terms) * size)) * (1 + sum_rounding(n + 4))


class SuperLU:
    """Factorizations in callbacks. `asked` and `failed` count those asked for and those that found no positive matrix.

    All of it runs in one thread: SciPy keeps the books of SuperLU's memory by thread, and what another thread lets go
    is never freed (70 MB a factor at n = 1e6; callbacks of JAX come from many threads).
    """

    name = "superlu"

    def __init__(self) -> None:
        self.asked = 0
        self.failed = 0
        self.plans: PatternMemory[SuperPlan] = PatternMemory()
        self.thread = ThreadPoolExecutor(1, "superlu")

    def usable(self) -> bool:
        """SciPy is always there."""
        return True

    def plan(self, rows: Host, columns: Host, n: int) -> SuperPlan:
        """The plan of a pattern, made once."""
        return self.plans.find(rows, columns, n, lambda: plan_of_pattern(rows, columns, n))

    def factor(self, rows: Host, columns: Host, values: Host, n: int) -> SuperFactor | None:
        """The factor of a matrix, from the last ones or made now; None where it is not positive definite. What is not
        finite is not tried."""
        if not np.isfinite(values).all():
            return None
        factor, new = self.plan(rows, columns, n).factor(values)
        self.asked += new
        self.failed += new and factor.lu is None
        return factor if factor.lu is not None else None

    def with_factor[T](
        self, use: Callable[[SuperFactor | None], T], rows: Host, columns: Host, values: Host, n: int
    ) -> T:
        """What `use` makes of the factor, in SuperLU's thread; the factor stays there."""
        return self.thread.submit(lambda: use(self.factor(rows, columns, values, n))).result()

    def call(
        self,
        host: Callable[..., Host],
        shape: jax.ShapeDtypeStruct,
        structure: SparseStructure,
        values: Array,
        *more: Array,
    ) -> Array:
        """A callback with the factor and what else is given; numbers are doubles on the host."""

        def called(rows: Any, columns: Any, a: Any, *rest: Any) -> Host:
            given = [np.asarray(b, np.float64) for b in rest]
            matrix = np.asarray(rows), np.asarray(columns), np.asarray(a, np.float64)
            found = self.with_factor(lambda factor: host(factor, *given), *matrix, structure.size)
            return np.asarray(found, shape.dtype)

        return jax.pure_callback(
            called, shape, structure.rows, structure.columns, values, *more, vmap_method="sequential"
        )

    def positive(self, structure: SparseStructure, values: Array) -> Array:
        """Whether the matrix is positive definite, as a value; the factor is kept."""

        def host(factor: SuperFactor | None) -> Host:
            return np.asarray(factor is not None)

        return self.call(host, jax.ShapeDtypeStruct((), np.dtype(bool)), structure, values)

    def solve(self, structure: SparseStructure, values: Array, b: Array) -> Array:
        """H^-1 b for b (n,) or (n, k)."""

        def host(factor: SuperFactor, c: Host) -> Host:
            return factor.solve(c)

        return self.call(host, jax.ShapeDtypeStruct(b.shape, b.dtype), structure, values, b)

    def solve_with_bend(self, structure: SparseStructure, values: Array, b: Array) -> tuple[Array, Array]:
        """y = H^-1 b, and y'H^-1 y."""

        def host(factor: SuperFactor, c: Host) -> Host:
            y = factor.solve(c)
            return np.append(y, y @ factor.solve(y))

        found = self.call(host, jax.ShapeDtypeStruct((b.shape[0] + 1,), b.dtype), structure, values, b)
        return found[:-1], found[-1]

    def solve_twice(self, structure: SparseStructure, values: Array, b: Array) -> Array:
        """H^-1 H^-1 b."""

        def host(factor: SuperFactor, c: Host) -> Host:
            return factor.solve(factor.solve(c))

        return self.call(host, jax.ShapeDtypeStruct(b.shape, b.dtype), structure, values, b)

    def selected_inverse(self, structure: SparseStructure, values: Array) -> Array:
        """The entries of H^-1 at the places of the structure (nnz,), by n solves."""

        def host(factor: SuperFactor, rows: Host, columns: Host) -> Host:
            return factor.inverse_entries(rows.astype(np.int64), columns.astype(np.int64))

        shape = jax.ShapeDtypeStruct(values.shape, values.dtype)
        return self.call(host, shape, structure, values, structure.rows, structure.columns)

    def host_factor(self, structure: SparseStructure, values: Host) -> "SuperHostFactor | None":
        """The factor of a matrix on the host; None where it is not positive definite."""
        given = (*host_pattern(structure), values, structure.size)
        positive = self.with_factor(lambda factor: factor is not None, *given)
        return SuperHostFactor(self, given) if positive else None

    def foreseen_defect(self, structure: SparseStructure, values: Host) -> float:
        """0: the order is known once there is a factor."""
        return 0.0

    def symbolic(self, structure: SparseStructure) -> Fill:
        """The fill in SuperLU's order; nothing numeric is allocated."""
        rows, columns = host_pattern(structure)
        order = self.thread.submit(self.plan, rows, columns, structure.size).result().order
        return fill_of_order(rows, columns, order)

    def held_bytes(self, n: int, nonzeros: int) -> float:
        """Memory of the factors held: L and U with their indices, and once more where SciPy copied them to show the
        pivots (measured: 113 MB a factor for a grid of 300 x 300, 120 for a chain of 1e6)."""
        return KEPT_FACTORS * (48.0 * nonzeros + 24.0 * n)


class SuperHostFactor:
    """A factor in SuperLU's thread, found there by its values."""

    def __init__(self, backend: SuperLU, given: tuple[Host, Host, Host, int]) -> None:
        self.backend, self.given = backend, given

    def of_factor[T](self, use: Callable[[SuperFactor], T]) -> T:
        """What `use` makes of the factor."""

        def known(factor: SuperFactor | None) -> T:
            assert factor is not None  # it was there when this was made, and LU is deterministic
            return use(factor)

        return self.backend.with_factor(known, *self.given)

    def solve(self, b: Host) -> Host:
        """H^-1 b for b (n,) or (n, k)."""
        return self.of_factor(lambda factor: factor.solve(b))

    @property
    def defect(self) -> float:
        """A bound of |L D L' - P H P'|_2."""
        return self.of_factor(lambda factor: factor.defect)
