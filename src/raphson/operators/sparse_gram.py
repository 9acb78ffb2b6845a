"""J'J of a sparse J, kept as the entries of J: normal equations on a fixed pattern, their digits mended by J itself."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp

from raphson.kernel.record import record
from raphson.linear.cholesky import Factor
from raphson.linear.negative import sparse_noise_shift
from raphson.linear.solve import Direction, direct
from raphson.linear.sparse import sparse_definite, sparse_solve
from raphson.linear.structure import absolute_row_sums, shifted_values
from raphson.operators.base import Operator
from raphson.operators.gram import second_along
from raphson.operators.shifts import SquareShifts
from raphson.operators.sparse import Sparse, SparseSubproblem

Array = jax.Array

each = jax.tree.map


@record
class SparseGram(Operator):
    """J'J + diag(stiff^2), beside residuals r (m,) and `pull` (n,) for which the gradient is J'r + stiff pull.

    `entries` (nnz,) of J on `structure`; `stiff` and `pull` are zero but for variables that bounds hold (`restrict`):
    rows of their own, as those that `Gram` appends. `root` (m,) are the roots of the weights that J carries. `problem`
    and `x` are there where second derivatives along a direction are wanted (`bend`).
    """

    forgets: ClassVar[tuple[str, ...]] = ("problem",)
    semidefinite: ClassVar[bool] = True
    keeps_jacobian: ClassVar[bool] = True

    entries: Any
    r: Array
    root: Array
    stiff: Array
    pull: Array
    structure: Any
    problem: Any = None
    x: Any = None

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.structure.shape[1]

    def slope(self) -> Array:
        """The gradient J'r + stiff pull (n,)."""
        return self.structure.transposed(self.entries, self.r) + self.stiff * self.pull

    def mv(self, v: Array) -> Array:
        """J'J v."""
        p = self.structure
        return p.transposed(self.entries, p.times(self.entries, v)) + self.stiff**2 * v

    def formed(self) -> Sparse:
        """The matrix on its pattern."""
        p = self.structure.normal
        return Sparse(shifted_values(p, self.structure.gram(self.entries), self.stiff**2), p)

    def dense(self) -> Array:
        """The matrix (n, n): for small n and for tests."""
        return self.formed().dense()

    def csr(self) -> Any:
        """The matrix as a SciPy CSR array (n, n). Host."""
        return self.formed().csr()

    def diagonal(self) -> Array:
        """Squared lengths of the columns of J (n,)."""
        return self.structure.transposed(each(jnp.square, self.entries), jnp.ones_like(self.r)) + self.stiff**2

    def quadratic(self, s: Array) -> Array:
        """|J s|^2."""
        Js, held = self.structure.times(self.entries, s), self.stiff * s
        return Js @ Js + held @ held

    def finite(self) -> bool:
        """True: no entry of J or r can be infinite or NaN where every entry of J'r is finite."""
        return True

    def matrix(self) -> Any:
        """J as a SciPy CSR array (m, n). Host."""
        return self.structure.csr(self.entries)

    def stiffness(self, g: Array, d: Array) -> Array:
        """The squared scale: lengths of the columns, with the memory of earlier points."""
        return d**2

    def restrict(self, held: Array, stiff: Array, room: Array) -> Self:
        """Columns of held variables zeroed, and a row for each: J'J is what it shall be, J'r the slope."""
        kept = self.structure.without(self.entries, held)
        own = held | (stiff > 0)
        return replace(
            self, entries=kept, stiff=jnp.where(own, stiff, self.stiff), pull=jnp.where(own, -stiff * room, self.pull)
        )

    def against(self, plan: "GramShifts", r: Array) -> "GramShifts":
        """What `prepare` gives with other residuals (m,), in the units of that plan."""
        return replace(plan, r=r, pull=0 * self.pull, g=self.structure.transposed(plan.entries, r))

    def noise(self, size: Array) -> Array:
        """How uncertain the cost is: every residual is a difference of terms of size |J| |x|."""
        return jnp.abs(self.r) @ self.structure.times(each(jnp.abs, self.entries), size)

    def bend(self, v: Array) -> Array:
        """The second derivative of the residuals along v, (m,), weighted as J is."""
        return second_along(self.problem, self.x, self.root, v, self.structure.times(self.entries, v))

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """By the normal equations, mended; near to the shortest step (in units d) where J is rank deficient."""
        plan = self.prepare(g, d)
        return direct(plan.lift(plan.solve(jnp.zeros((), g.dtype))))

    def newton_by(self, factor: Factor, g: Array, d: Array, error: Array | None = None) -> Array:
        """The same: the factor is one of J'J."""
        return d * self.newton(g, d).s

    def subproblem(self, g: Array, d: Array, error: Array | None = None) -> SparseSubproblem:
        """One factorization for each shift; the full step is mended."""
        plan, p = self.prepare(g, d), self.structure.normal
        values, ok = plan.factorized(jnp.zeros((), g.dtype))
        newton = plan.mended(values, ok, jnp.zeros((), g.dtype))
        stretch = newton @ sparse_solve(p, values, newton, ok)
        most = jnp.max(absolute_row_sums(p, plan.values))
        return SparseSubproblem(plan.g, d, plan.values, p, ok, newton, stretch, most, jnp.ones((), bool))

    def prepare(self, g: Array, d: Array, error: Array | None = None) -> "GramShifts":
        """J'J with columns at length 1 or less, so that units cost no digits; one factorization a shift."""
        p = self.structure
        entries, stiff = p.over_columns(self.entries, d), self.stiff / d
        values = shifted_values(p.normal, p.gram(entries), stiff**2)
        slope = p.transposed(entries, self.r) + stiff * self.pull
        return GramShifts(slope, d, values, entries, self.r, stiff, self.pull, p)


@record
class GramShifts(SquareShifts):
    """(J'J + shift) y = -J'r in scaled variables y = d s, for any shift >= 0.

    `values` of J'J lose half the digits of a badly conditioned J. So what is left of the equations after a first
    solution is taken from J (`entries`) and r, and solved for again with the factor at hand.
    Source: Bjorck (1996), "Numerical methods for least squares problems", 6.6.5, corrected seminormal equations.
    """

    g: Array
    scale: Array
    values: Array
    entries: Any
    r: Array
    stiff: Array
    pull: Array
    structure: Any

    def factorized(self, shift: Array) -> tuple[Array, Array]:
        """The values that were factorized, J'J + shift with what rounding needs on top, and whether that succeeded."""
        p = self.structure.normal
        plain = shifted_values(p, self.values, shift)
        ok = sparse_definite(p, plain)
        lifted = shifted_values(p, plain, sparse_noise_shift(p, self.values))
        return jnp.where(ok, plain, lifted), jax.lax.cond(ok, lambda: ok, lambda: sparse_definite(p, lifted))

    def mended(self, values: Array, ok: Array, shift: Array) -> Array:
        """The solution y with these factorized values, corrected once where the structure `mends`."""
        p = self.structure
        y = -sparse_solve(p.normal, values, self.g, ok)
        if not p.mends:
            return y
        r, pull = self.r + p.times(self.entries, y), self.pull + self.stiff * y
        left = p.transposed(self.entries, r) + self.stiff * pull + shift * y
        return y - sparse_solve(p.normal, values, left, ok)

    def solve(self, shift: Array) -> Array:
        """-(J'J + shift)^-1 J'r; zero where no factor is to be had (what is not finite)."""
        return self.mended(*self.factorized(shift), shift)
