"""Sparse Cholesky factors by CHOLMOD (through sparsax), as part of compiled programs. This file alone knows sparsax.

sparsax raises on an indefinite, singular or NaN matrix, which ends the whole compiled program. Here definiteness is a
value: a callback asks for log det H in a try, which leaves the factor in sparsax's cache of values, so that the solve
that follows finds it. Nobody may call a solve with a matrix that failed: `sparse.py` sees to that.

sparsax's wheel holds parts of SuiteSparse under the GPL (NOTICE at the root of the repository); it is the extra
`raphson[sparse]`, and nothing else in the package needs it.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportMissingImports=false, reportMissingModuleSource=false

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import sequential_vmap
from numpy.typing import NDArray

from raphson.kernel.number import sum_rounding
from raphson.linear.cholmod_library import OrderedFactor, analysis_library, analyzed_order
from raphson.linear.host_answer import host_answer
from raphson.linear.structure import SparseStructure, host_pattern
from raphson.linear.symbolic import Fill, PatternMemory, fill_of_order

Array = jax.Array
Host = NDArray[Any]

KEPT_FACTORS = 4
"""Factors that sparsax holds per pattern, instead of 32. Chain n = 1e6, 30 factorizations: peak 2472 MB with 32, 1162
with 4 and 1070 with 2, 292 of them JAX. Solves alone need the last one; in a batch, each lane has its own."""

FEW_FACTORS = 2
LARGE = 300_000
"""And for so many variables: a factor of a grid of 1000 x 1000 has 564 MB, and nobody batches those."""


def kept_factors(n: int) -> int:
    """How many factors sparsax is told to hold."""
    return KEPT_FACTORS if n < LARGE else FEW_FACTORS


@cache
def library() -> Any:
    """sparsax, set to hold few factors per pattern. That setting is the process's: other users of sparsax share it."""
    sparsax = import_module("sparsax")
    sparsax.set_num_cache_size(KEPT_FACTORS)
    return sparsax


@cache
def native() -> Any:
    """sparsax's compiled module: functions of NumPy arrays. Not public, therefore `pyproject.toml` pins the version."""
    library()
    return import_module("sparsax_cpp")


def double(a: Array) -> Array:
    """CHOLMOD computes in double precision."""
    return a.astype(jnp.float64)


def by_platform(
    inside: Callable[..., Array], on_host: Callable[..., Host], structure: SparseStructure, values: Array, like: Array
) -> Array:
    """The answer (as `like`, which is handed over, too) of sparsax's own call where XLA computes on the CPU, and of a
    callback where it computes elsewhere: sparsax has no code for a GPU, and fails when such a program is run."""

    def callback(*given: Array) -> Array:
        return jax.pure_callback(
            on_host, jax.ShapeDtypeStruct(like.shape, like.dtype), *given, vmap_method="sequential"
        )

    given = structure.rows, structure.columns, double(values), like
    return lax.platform_dependent(*given, cpu=inside, default=callback)


class Cholmod:
    """Factorizations by CHOLMOD. `asked` and `failed` count those asked for and those that found no positive matrix."""

    name = "cholmod"

    def __init__(self) -> None:
        self.asked = 0
        self.failed = 0
        self.fills: PatternMemory[Fill] = PatternMemory()
        self.ordered_fills: PatternMemory[Fill] = PatternMemory()
        self.ordered_factors: PatternMemory[OrderedFactor] = PatternMemory()

    def usable(self) -> bool:
        """Whether sparsax is there and JAX computes in double precision, without which it does not start."""
        return bool(jax.config.jax_enable_x64) and find_spec("sparsax_cpp") is not None  # type: ignore[attr-defined]

    def positive(self, structure: SparseStructure, values: Array) -> Array:
        """Whether the matrix is positive definite, as a value; the factor stays in the cache."""

        def host(rows: Any, columns: Any, a: Any, *order: Any) -> Host:
            given = np.asarray(rows), np.asarray(columns), np.asarray(a)
            return np.asarray(self.factored(*given, structure.size, *map(np.asarray, order)))

        return host_answer(host, structure.rows, structure.columns, double(values), *order_of(structure))

    def ordered(self, rows: Host, columns: Host, order: Host) -> OrderedFactor:
        """What is known of a pattern that has an order of its own: its analysis, and its last factor."""
        make = lambda: OrderedFactor(rows, columns, order)
        return self.ordered_factors.find(rows, columns, order.size, make)

    def factored(self, rows: Host, columns: Host, values: Host, n: int, order: Host | None = None) -> bool:
        """Factorizes on the host; what is not finite is not tried."""
        if not np.isfinite(values).all():
            return False
        if order is not None:
            own = self.ordered(rows, columns, order)
            before, positive = own.made, own.definite(values)
            self.asked += own.made - before
            self.failed += (own.made - before) * (not positive)
            return positive
        native().set_num_cache_size(kept_factors(n))  # by size: no setting of a pattern's own exists
        before = native().factorization_count()
        try:
            native().logdet_np(columns, rows, values, n)
        except RuntimeError as problem:
            if "positive definite" not in str(problem):
                raise  # no memory, or more entries than its indices can name
            self.asked += 1
            self.failed += 1
            return False
        self.asked += native().factorization_count() - before
        return True

    def chain(self, structure: SparseStructure, values: Array, b: Array, modes: tuple[str, ...]) -> Array:
        """Solves with parts of the factor, one after another, without a token; lane by lane in a batch, nested ones
        too. sparsax reads the upper triangle, which is ours with i and j exchanged."""
        lib = library()
        codes = tuple(getattr(lib, f"MODE_{mode}") for mode in modes)
        if structure.order is not None:
            return self.ordered_chain(structure, values, b, codes)

        def inside(rows: Array, columns: Array, a: Array, right: Array) -> Array:
            return lib.factor_solve(columns, rows, a, [(right, codes)], n=structure.size)[0]

        def on_host(rows: Any, columns: Any, a: Any, right: Any) -> Host:
            pattern, solved = (np.asarray(columns), np.asarray(rows), np.asarray(a)), np.asarray(right)
            for code in codes:
                solved = native().solve_np(*pattern, np.ascontiguousarray(solved), code)
            return solved

        return by_platform(inside, on_host, structure, values, double(b)).astype(b.dtype)

    def ordered_chain(self, structure: SparseStructure, values: Array, b: Array, codes: tuple[int, ...]) -> Array:
        """The same where the structure has an order, which sparsax does not take: in a callback."""

        def on_host(rows: Any, columns: Any, a: Any, order: Any, right: Any) -> Host:
            own, solved = self.ordered(*map(np.asarray, (rows, columns, order))), np.asarray(right)
            for code in codes:
                solved = own.solve(np.asarray(a), solved, code)
            return solved

        right = double(b)
        given = structure.rows, structure.columns, double(values), structure.order, right
        like = jax.ShapeDtypeStruct(right.shape, right.dtype)
        return host_answer(on_host, *given, like=like).astype(b.dtype)

    def solve(self, structure: SparseStructure, values: Array, b: Array) -> Array:
        """H^-1 b for b (n,) or (n, k)."""

        @sequential_vmap
        def lane(structure: SparseStructure, values: Array, b: Array) -> Array:
            return self.chain(structure, values, b, ("A",))

        return lane(structure, values, b)

    def solve_with_bend(self, structure: SparseStructure, values: Array, b: Array) -> tuple[Array, Array]:
        """y = H^-1 b, and y'H^-1 y as the squared length of L^-1 P y.

        Two calls with three triangular solves: 16 ms for a grid of 300 x 300, where one call has five and takes 24.
        """

        @sequential_vmap
        def lane(structure: SparseStructure, values: Array, b: Array) -> tuple[Array, Array]:
            y = self.chain(structure, values, b, ("A",))
            w = self.chain(structure, values, y, ("P", "L"))
            return y, w @ w

        return lane(structure, values, b)

    def solve_twice(self, structure: SparseStructure, values: Array, b: Array) -> Array:
        """H^-1 H^-1 b."""

        @sequential_vmap
        def lane(structure: SparseStructure, values: Array, b: Array) -> Array:
            return self.chain(structure, values, b, ("A", "A"))

        return lane(structure, values, b)

    def selected_inverse(self, structure: SparseStructure, values: Array) -> Array:
        """The entries of H^-1 at the places of the structure (nnz,)."""

        def inside(rows: Array, columns: Array, a: Array, _: Array) -> Array:
            return library().selinv(columns, rows, a, structure.size)

        def on_host(rows: Any, columns: Any, a: Any, _: Any) -> Host:
            return native().selinv_np(np.asarray(columns), np.asarray(rows), np.asarray(a), structure.size)

        return by_platform(inside, on_host, structure, values, double(values)).astype(values.dtype)

    def host_factor(self, structure: SparseStructure, values: Host) -> "CholmodFactor | None":
        """The factor of a matrix on the host; None where it is not positive definite."""
        rows, columns = host_pattern(structure)
        order = [np.asarray(a) for a in order_of(structure)]
        factor = CholmodFactor(self, rows, columns, values, *order)
        return factor if self.factored(rows, columns, values, structure.size, *order) else None

    def foreseen_defect(self, structure: SparseStructure, values: Host) -> float:
        """The `defect` that a factor will have, where the fill is known beforehand; else 0."""
        fill = self.symbolic(structure)
        return 0.0 if fill is None else factor_defect(fill, values[np.asarray(structure.diagonal)])

    def symbolic(self, structure: SparseStructure) -> Fill | None:
        """The fill in the very order that CHOLMOD will take, by its analysis of the pattern; nothing numeric is
        allocated. None where that library cannot be called by itself. Remembered: the choice, the bound of the rounding
        of a factor and pictures ask for the same."""
        rows, columns = host_pattern(structure)

        if structure.order is not None and analysis_library() is not None:
            order = np.asarray(structure.order)
            known = lambda: fill_of_order(rows, columns, self.ordered(rows, columns, order).order)
            return self.ordered_fills.find(rows, columns, structure.size, known)

        def make() -> Fill:
            order = analyzed_order(np.append(np.asarray(structure.diagonal), rows.size), rows)
            if order is None:
                raise LookupError("no analysis")
            return fill_of_order(rows, columns, order)

        try:
            return self.fills.find(rows, columns, structure.size, make)
        except LookupError:
            return None

    def held_bytes(self, n: int, nonzeros: int) -> float:
        """Memory of the factors held: a double and an index for each entry, seven integers for each column. Measured:
        52 MB a factor for a chain of 1e6, 43 for a grid of 300 x 300, 194 for 600 x 600."""
        return kept_factors(n) * (12.0 * nonzeros + 28.0 * n)


def order_of(structure: SparseStructure) -> tuple[Any, ...]:
    """The order of a structure, or nothing."""
    return () if structure.order is None else (structure.order,)


class CholmodFactor:
    """A factor that is found again by its values: in sparsax's cache, or that of a structure with an `order`."""

    def __init__(self, backend: Cholmod, rows: Host, columns: Host, values: Host, order: Host | None = None) -> None:
        self.backend, self.rows, self.columns, self.values, self.order = backend, rows, columns, values, order

    def solve(self, b: Host, mode: int = 0) -> Host:
        """H^-1 b for b (n,), or another of CHOLMOD's systems."""
        if self.order is not None:
            return self.backend.ordered(self.rows, self.columns, self.order).solve(self.values, np.asarray(b), mode)
        return np.asarray(native().solve_np(self.columns, self.rows, self.values, b, mode))

    @property
    def defect(self) -> float:
        """A bound of |L L' - P H P'|_2, from the pattern of L and the trace."""
        diagonal = self.values[self.rows == self.columns]
        return factor_defect(self.fill(diagonal.size), diagonal)

    def fill(self, n: int) -> Fill:
        """The fill in the order that this factor has."""

        def make() -> Fill:
            order = self.solve(np.arange(n, dtype=float), library().MODE_P).astype(np.int64)
            return fill_of_order(self.rows, self.columns, order)

        fills = self.backend.fills if self.order is None else self.backend.ordered_fills
        return fills.find(self.rows, self.columns, n, make)


def factor_defect(fill: Fill, diagonal: Host) -> float:
    """A bound of |L L' - P H P'|_2 for a factor with this fill of a matrix with this diagonal.

    Higham (2002), theorems 10.3 and 10.5, with what a sparse L adds: the error of entry (i, j) is at most
    gamma_(r + 3) (|L| |L'|)_ij, r the longest row of L (r + 1 in the book; two more for a reciprocal pivot), and
    |L| |L'| has the pattern of L + L' and entries at most sqrt(h_ii h_jj) / (1 - gamma). So its norm is at most
    max h_ii times the longest row of L + L', and at most the trace. Rump (2006), "Verification of positive
    definiteness", BIT 46, uses the same.
    """
    rounding = sum_rounding(int(fill.row_counts.max()) + 3)
    size = min(fill.reach * float(diagonal.max()), float(diagonal.sum()) * (1 + sum_rounding(diagonal.size)))
    return rounding / (1 - rounding) * size if rounding < 1 else np.inf
