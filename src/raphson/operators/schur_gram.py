"""J'J of a J in blocks, prepared by eliminating groups of unknowns: points before cameras."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace
from typing import Any

import jax

from raphson.kernel.number import eps
from raphson.kernel.record import record
from raphson.linear.elimination import Elimination
from raphson.linear.schur import ArrowBlocks, Eliminated, arrow_of, eliminate, lifted_solve
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
        """The parts of J'J; one elimination a shift."""
        return SchurShifts(self.slope() / d, d, arrow_of(self.elimination, self.entries), self.stiff, self.elimination)


@record
class SchurShifts(SquareShifts):
    """(J'J + shift D^2) s = -J'r, D = diag(`scale`), for any shift >= 0; y = D s. `g` is D^-1 J'r.

    The matrix is not scaled: a Cholesky factor of D^-1 (...) D^-1 has the same relative rounding, and needs J twice.
    """

    g: Array
    scale: Array
    arrow: ArrowBlocks
    stiff: Array
    elimination: Elimination

    def factorized(self, shift: Array) -> Eliminated:
        """The factors of J'J + shift D^2."""
        return eliminate(self.elimination, self.arrow, shift * self.scale**2 + self.stiff**2)

    def solve(self, shift: Array) -> Array:
        """-(D^-1 J'J D^-1 + shift)^-1 g, with what rounding needs on top; zero where there is no factor (what is not
        finite)."""
        diagonal, units = shift * self.scale**2 + self.stiff**2, self.scale**2
        lift = 4 * self.g.size * eps(self.g) * units  # columns have length 1 or less in units of the scale
        return -self.scale * lifted_solve(self.elimination, self.arrow, diagonal, lift, self.scale * self.g)
