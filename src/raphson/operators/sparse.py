"""Sparse symmetric matrices: values on a pattern, factorized on it."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.number import all_finite, norm, tiny
from raphson.kernel.record import record
from raphson.linear.cholesky import Factor
from raphson.linear.negative import negative_direction, sparse_noise_shift
from raphson.linear.solve import Direction, direct
from raphson.linear.sparse import inverse_iterate, solve_with_bend, sparse_definite, sparse_solve
from raphson.linear.structure import (
    SparseStructure,
    absolute_product,
    absolute_row_sums,
    diagonal_entries,
    is_diagonal,
    quadratic_form,
    scaled_values,
    shifted_values,
    sparse_product,
)
from raphson.linear.subproblem import Solved
from raphson.linear.sums import taken
from raphson.operators.base import Operator
from raphson.operators.shifts import ScaledShifts

Array = jax.Array


@record
class Sparse(Operator):
    """A symmetric matrix with `values` (nnz,) on the lower triangle of a pattern (`structure`)."""

    ready: ClassVar[bool] = True
    compact: ClassVar[bool] = True

    values: Array
    structure: SparseStructure

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.structure.size

    def mv(self, v: Array) -> Array:
        """B v."""
        return sparse_product(self.structure, self.values, v)

    def dense(self) -> Array:
        """The matrix (n, n): for small n and for tests."""
        p = self.structure
        lower = jnp.zeros((self.size, self.size), self.values.dtype).at[p.rows, p.columns].set(self.values)
        return lower + jnp.tril(lower, -1).T

    def csr(self) -> Any:
        """The matrix as a SciPy CSR array (n, n). Host."""
        from scipy.sparse import coo_array  # here: `import raphson` does without scipy.sparse

        p, values = self.structure, np.asarray(self.values)
        rows, columns = np.asarray(p.rows), np.asarray(p.columns)
        off = rows != columns
        places = np.concatenate([rows, columns[off]]), np.concatenate([columns, rows[off]])
        return coo_array((np.concatenate([values, values[off]]), places), shape=(self.size, self.size)).tocsr()

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return diagonal_entries(self.structure, self.values)

    def finite(self) -> Array:
        """Whether every entry is finite."""
        return all_finite(self.values)

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        return quadratic_form(self.structure, self.values, s)

    def rounding(self, size: Array, wanted: Array | bool = True) -> Array:
        """|B| |x|, entry by entry: it costs as much as a product with values that are at hand."""
        return absolute_product(self.structure, self.values, size)

    def beside(self, own: Array, others: bool = False) -> Array:
        """The largest |B_ij| / own_j of every row."""
        p = self.structure
        one = jnp.where(own > 0, own, jnp.inf)
        size = jnp.abs(self.values)
        size = jnp.where(is_diagonal(p), 0, size) if others else size
        below = jax.ops.segment_max(size / taken(one, p.columns), p.rows, self.size)
        left = jax.ops.segment_max(size / taken(one, p.rows), p.columns, self.size, indices_are_sorted=True)
        return jnp.maximum(below, left)

    def restrict(self, held: Array, stiff: Array, room: Array) -> "Sparse":
        """Rows and columns of held variables zeroed on the same pattern."""
        p = self.structure
        kept = jnp.where(taken(held, p.rows) | taken(held, p.columns), 0, self.values)
        return Sparse(shifted_values(p, kept, stiff**2), p)

    def stiffness(self, g: Array, d: Array) -> Array:
        """The squared scale: sqrt|H_ii| here, with the memory of earlier points."""
        return d**2

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """By a sparse factorization; where B is not positive definite, with the smallest multiple of D^2 added that
        was found to make it so.

        Source: Nocedal and Wright (2006), algorithm 3.3, "Cholesky with added multiple of the identity".
        """
        plan = self.subproblem(g, d, error)
        modified = lambda: plan.solve(definite_shift(self.structure, plan.values)).y
        return direct(plan.lift(jax.lax.cond(plan.definite, lambda: plan.newton, modified)))

    def newton_by(self, factor: Factor, g: Array, d: Array, error: Array | None = None) -> Array:
        """By a sparse factorization all the same."""
        return d * self.newton(g, d, error).s

    def subproblem(self, g: Array, d: Array, error: Array | None = None) -> "SparseSubproblem":
        """One sparse factorization, with mu on the diagonal as in linear/cholesky.py, and a refinement that takes it
        out again where that makes the residual smaller."""
        p, q = self.structure, g / d
        values = scaled_values(p, self.values, d)
        lifted = shifted_values(p, values, sparse_noise_shift(p, values))
        definite = sparse_definite(p, lifted) & (jnp.max(jnp.abs(diagonal_entries(p, values))) > tiny(q))
        first = solve_with_bend(p, lifted, q, definite)
        left = q + sparse_product(p, values, first.y)
        better = first.y - sparse_solve(p, lifted, left, definite)
        rest = norm(q + sparse_product(p, values, better))
        gain = rest < norm(left)
        most = jnp.max(absolute_row_sums(p, values))
        solved = jnp.minimum(rest, norm(left)) <= 0.5 * norm(q)
        return SparseSubproblem(q, d, values, p, definite, jnp.where(gain, better, first.y), first.bend, most, solved)

    def prepare(self, g: Array, d: Array, error: Array | None = None) -> "SparseShifts":
        """One factorization a shift; where B is not positive definite, shifts count from one that makes it so."""
        p = self.structure
        values = scaled_values(p, self.values, d)
        definite = sparse_definite(p, shifted_values(p, values, sparse_noise_shift(p, values)))
        lowest = jax.lax.cond(definite, lambda: jnp.zeros((), g.dtype), lambda: -definite_shift(p, values))
        return SparseShifts(g / d, d, values, p, lowest)

    def negative_curvature(self, d: Array) -> tuple[Array, Array]:
        """By a factorization; the direction, rarely asked for, by inverse iteration with shifts that just succeed."""
        p = self.structure
        values = scaled_values(p, self.values, d)
        definite = sparse_definite(p, shifted_values(p, values, sparse_noise_shift(p, values)))
        nothing = jnp.zeros((), bool), jnp.zeros_like(d)

        def look() -> tuple[Array, Array]:
            seen = negative_direction(p, values)
            return seen.found, seen.z

        return jax.lax.cond(definite, lambda: nothing, look)


def definite_shift(structure: SparseStructure, values: Array) -> Array:
    """A shift that makes an indefinite H positive definite: at most about twice as far as its lowest eigenvalue is."""
    seen = negative_direction(structure, values)
    return jnp.where(jnp.isfinite(seen.bound), -seen.bound, jnp.max(absolute_row_sums(structure, values)))


@record
class SparseSubproblem:
    """A sparse H in scaled variables, factorized for each shift (linear/subproblem.py says what each field is)."""

    g: Array
    scale: Array
    values: Array
    structure: SparseStructure
    definite: Array
    newton: Array
    stretch: Array
    most: Array
    solved: Array

    @property
    def least(self) -> Array:
        """The smallest diagonal entry."""
        return jnp.min(diagonal_entries(self.structure, self.values))

    def bend(self) -> Array:
        """newton' H^-1 newton."""
        return self.stretch

    def solve(self, shift: Array) -> Solved:
        """By the sparse factor of H + shift."""
        values = shifted_values(self.structure, self.values, shift)
        ok = sparse_definite(self.structure, values)
        found = solve_with_bend(self.structure, values, self.g, ok)
        return Solved(found.y, found.bend, -(self.g @ found.y), ok, (values, ok))

    def weakest(self, solved: Solved, z: Array) -> tuple[Array, Array]:
        """Two steps of inverse iteration with the factor at hand."""
        values, ok = solved.factor
        z = inverse_iterate(self.structure, values, z, ok)
        return z, quadratic_form(self.structure, values, z)

    def lift(self, y: Array) -> Array:
        """D^-1 y."""
        return y / self.scale


@record
class SparseShifts(ScaledShifts):
    """The same for damped steps: `lowest` is below the smallest eigenvalue where that is negative, else zero."""

    g: Array
    scale: Array
    values: Array
    structure: SparseStructure
    lowest: Array

    def solve(self, shift: Array) -> Array:
        """-(H + shift)^-1 g; zero where that is not positive definite."""
        values = shifted_values(self.structure, self.values, shift)
        return sparse_solve(self.structure, values, -self.g, sparse_definite(self.structure, values))
