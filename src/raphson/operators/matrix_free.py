"""The exact Hessian as a product: v -> H(x) v, never formed."""

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record
from raphson.problems.allowed import modes_of
from raphson.problems.derivatives import columns, product

Array = jax.Array


@record
class MatrixFree:
    """H of the pulled-back objective at x, by forward-over-reverse differentiation, or as the code allows.

    Holds the problem and the point, not the linearization: closures do not fit into a carry.
    Cost of a product: about 2 to 3 gradients. Source: Pearlmutter (1994), "Fast exact
    multiplication by the Hessian".
    """

    problem: Any
    x: Any

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.problem.space.size(self.x)

    def mv(self, v: Array) -> Array:
        """H v."""
        return product(modes_of(self.problem, self.x), self.problem, self.x, v)

    def dense(self) -> Array:
        """The matrix (n, n), one product per column: for small n and for tests."""
        return columns(self.mv, self.problem.space.zero(self.x), modes_of(self.problem, self.x).batched)

    def diagonal(self) -> Array:
        """The diagonal (n,); costs n products."""
        return jnp.diagonal(self.dense())

    def quadratic(self, s: Array) -> Array:
        """s'H s."""
        return s @ self.mv(s)

    def rounding(self, size: Array) -> Array:
        """|H x|, the part of |H| |x| that one product can see: an underestimate, so no early stop."""
        return jnp.abs(self.mv(size))
