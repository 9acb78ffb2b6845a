"""J'J of a J in blocks, prepared by eliminating groups of unknowns: points before cameras."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.number import eps
from raphson.kernel.record import record
from raphson.linear.elimination import Elimination
from raphson.linear.schur import ArrowBlocks, Eliminated, arrow_of, best_elimination, eliminated_solve
from raphson.operators.shifts import SquareShifts
from raphson.operators.sparse import SparseSubproblem
from raphson.operators.sparse_gram import SparseGram

Array = jax.Array


@record
class SchurGram(SparseGram):
    """The same as `SparseGram`, on a `structure` of blocks; damped steps eliminate the groups of `elimination`."""

    elimination: Any = None

    def plain(self) -> SparseGram:
        """The same without elimination."""
        return SparseGram(self.entries, self.r, self.root, self.stiff, self.pull, self.structure, self.problem, self.x)

    def subproblem(self, g: Array, d: Array, error: Array | None = None) -> SparseSubproblem:
        """Trust regions take the whole matrix."""
        return self.plain().subproblem(g, d, error)

    def against(self, plan: "SchurShifts", r: Array) -> "SchurShifts":  # type: ignore[override]
        """What `prepare` gives with other residuals (m,), in the units of that plan."""
        return replace(plan, g=self.structure.transposed(self.entries, r) / plan.scale)

    def prepare(self, g: Array, d: Array, error: Array | None = None) -> "SchurShifts":  # type: ignore[override]
        """The parts of J'J with columns at length 1 or less; one elimination a shift."""
        entries = jax.lax.optimization_barrier(self.structure.over_columns(self.entries, d))
        arrow = arrow_of(self.elimination, entries)
        return SchurShifts(self.slope() / d, d, arrow, self.stiff / d, self.elimination)


@record
class SchurShifts(SquareShifts):
    """(J'J + shift) y = -J'r in scaled variables y = d s, for any shift >= 0."""

    g: Array
    scale: Array
    arrow: ArrowBlocks
    stiff: Array
    elimination: Elimination

    def factorized(self, shift: Array) -> Eliminated:
        """The factors of J'J + shift, with what rounding needs on top."""
        lift = jnp.asarray(4 * self.g.size * eps(self.g), self.g.dtype)  # columns have length 1 or less
        return best_elimination(self.elimination, self.arrow, shift + self.stiff**2, lift)

    def solve(self, shift: Array) -> Array:
        """-(J'J + shift)^-1 J'r; zero where no factor is to be had (what is not finite)."""
        return -eliminated_solve(self.elimination, self.factorized(shift), self.g)
