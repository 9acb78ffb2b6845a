"""A symmetric multigrid cycle as preconditioner: smoothed aggregation, positive definite whatever the matrix is."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import cho_solve

from raphson.kernel.number import eps, tiny
from raphson.kernel.record import record
from raphson.linear.coarsen import Coarsening, Grids
from raphson.linear.structure import SparseStructure, absolute_row_sums, diagonal_entries, scaled_values, sparse_product
from raphson.linear.sums import SumPlan, summed_products, taken

Array = jax.Array

DAMPED = 4 / 3
"""Of the smoothing of P: 4/3 over the largest eigenvalue, which is at most 1 here (Vanek, Mandel and Brezina 1996)."""

SHARE = 0.1
"""Smoothing reaches from this part of the largest eigenvalue up to it. Products to 0.03 of g for three matrices of the
minimal surface 300 x 300 with two steps: 24, 6, 9; with a quarter 27, 7, 10; with one step of Jacobi 44, 12, 17."""

MIDDLE, HALF = (1 + SHARE) / 2, (1 - SHARE) / 2
AHEAD = HALF / MIDDLE
SECOND = 1 / (2 / AHEAD - AHEAD)
"""Of Chebyshev's recurrence on [SHARE, 1]: center and half length, their quotient, and what a second step takes."""

DOWN, AGAIN, END = 2, 3, 5
"""The turns of a cycle: 0 and 1 smooth, the next one goes down and up, and two smooth again."""

ALONE = 1.5
"""A variable with more curvature of its own than so many times what it shares has no part in smaller matrices."""

FIRST_SHIFT = 1e-3
"""What is first added to the last matrix where it is not positive definite, of its largest row; then ten times it."""


@record
class Cycle:
    """A preconditioner of D^-1 H D^-1: the matrices of all `grids`, with `inverse` row sums of their absolute `values`
    and the `weights` of P; of the last matrix the Cholesky `factor`, with what made it positive definite."""

    grids: Grids
    values: tuple[Array, ...]
    inverse: tuple[Array, ...]
    weights: tuple[Array, ...]
    factor: Array

    @staticmethod
    def of(grids: Grids, values: Array, d: Array) -> "Cycle":
        """Of the values of H, in variables D x. What is slow to converge is taken to be nearly constant in x.

        Source: Vanek, Mandel and Brezina (1996), "Algebraic multigrid by smoothed aggregation for second and fourth
        order elliptic problems", Computing 56.
        """
        candidate = d / jnp.max(d)
        a = lax.optimization_barrier(scaled_values(grids.rounds[0].structure, values, d))
        matrices, inverse, weights = [], [], []
        for one in grids.rounds:
            smaller, p, over = coarser(one, a, candidate)
            matrices, inverse, weights = [*matrices, a], [*inverse, over], [*weights, p]
            a, candidate = smaller, jnp.ones(one.down.sums, a.dtype)
        factor = definite_factor(whole_matrix(grids.last, a))
        return Cycle(grids, tuple(matrices), tuple(inverse), tuple(weights), factor)

    def __call__(self, r: Array) -> Array:
        """M r for a symmetric positive definite M, also where H is indefinite.

        With residuals r -> p(L^-1 A) r, L the row sums of |A| and so no eigenvalue above 1, smoothing before and after
        makes (1 - p(t)^2) / t of every eigenvalue t: positive for t in (0, 1], where |p| < 1, and for t <= 0, where p
        falls to p(0) = 1 with all its zeros above. What smaller matrices add is positive semidefinite, as the last one
        is made positive definite.
        """
        return self.at(r, 0)

    def at(self, r: Array, k: int) -> Array:
        """From matrix number k downwards and back: two steps towards A x = r by Chebyshev's polynomial on [SHARE, 1] of
        L^-1 A, what smaller matrices add, and two steps again. One loop, so that a product is compiled once a matrix.

        Source: Adams, Brezina, Hu and Tuminaro (2003), "Parallel multigrid smoothing: polynomial versus Gauss-Seidel".
        """
        if k == len(self.grids.rounds):
            return cho_solve((self.factor, True), r)
        one, a, over, p = self.grids.rounds[k], self.values[k], self.inverse[k], self.weights[k]

        def turn(t: Array, held: tuple[Array, Array]) -> tuple[Array, Array]:
            x, step = held
            left = r - multiplied(one.structure, a, x)

            def smoothed() -> tuple[Array, Array]:
                kept = jnp.where(t == AGAIN, 0, SECOND * AHEAD)
                new = jnp.where(t == AGAIN, 1 / MIDDLE, 2 * SECOND / HALF)
                onward = (kept * step + new * over * left).astype(x.dtype)
                return x + onward, onward

            def added() -> tuple[Array, Array]:
                return x + summed(one.up, p, self.at(summed(one.down, p, left), k + 1)), step

            return lax.cond(t == DOWN, added, smoothed)

        first = over * r / MIDDLE
        return lax.fori_loop(1, END, turn, (first, first))[0]


def coarser(one: Coarsening, a: Array, candidate: Array) -> tuple[Array, Array, Array]:
    """The values of P'AP, those of P, and the inverse row sums of |A|, where slow vectors are locally multiples of the
    `candidate` (n,): P = (I - 4/3 L^-1 A) T, T the candidate cut up by aggregates."""
    total = absolute_row_sums(one.structure, a)
    own = jnp.abs(diagonal_entries(one.structure, a))
    # A row that is nothing couples with nothing: 1 in scaled variables.
    over = 1 / jnp.where(total > tiny(total), total, 1)
    cut = jnp.where((own <= ALONE * (total - own)) & (total > tiny(total)), candidate, 0)
    p = jnp.where(one.own, taken(cut, one.rows), 0) - DAMPED * taken(over, one.rows) * summed(one.smeared, a, cut)
    return summed(one.coarse, p, summed(one.halfway, a, p)), p, over


def whole_matrix(structure: SparseStructure, a: Array) -> Array:
    """The matrix (m, m) of its lower triangle's values."""
    m = structure.size
    low = jnp.zeros((m, m), a.dtype).at[structure.rows, structure.columns].set(a)
    return low + jnp.tril(low, -1).T


def definite_factor(H: Array) -> Array:
    """The Cholesky factor of H, with a multiple of the identity added where H is not positive definite: at most twice
    its largest row sum, with which it is.

    Source: Nocedal and Wright (2006), algorithm 3.3.
    """
    top = jnp.max(jnp.sum(jnp.abs(H), axis=1))
    top = jnp.where(top > tiny(top), top, 1)

    def lifted(share: Array) -> Array:
        return jnp.linalg.cholesky(H + share * top * jnp.eye(H.shape[0], dtype=H.dtype))

    def more(held: tuple[Array, Array]) -> tuple[Array, Array]:
        share = jnp.minimum(10 * jnp.maximum(held[0], FIRST_SHIFT / 10), 2)
        return share, lifted(share)

    # A null direction is left to conjugate gradients: divided by rounding it would drown everything else.
    least = jnp.asarray(eps(top) ** 0.5, H.dtype)

    def failed(held: tuple[Array, Array]) -> Array:
        return ~jnp.isfinite(held[1][-1, -1]) & (held[0] < 2)

    return lax.while_loop(failed, more, (least, lifted(least)))[1]


def multiplied(structure: SparseStructure, a: Array, x: Array) -> Array:
    """A x, where x is known when the product begins and A x when it is used.

    XLA writes what makes x into every place that reads it: 8.0 instead of 3.3 ms for a cycle of 300 x 300 variables.
    """
    return lax.optimization_barrier(sparse_product(structure, a, lax.optimization_barrier(x)))


def summed(plan: SumPlan, a: Array, b: Array) -> Array:
    """Sums of products, in the same way."""
    return lax.optimization_barrier(summed_products(plan, a, lax.optimization_barrier(b)))
