"""The exact Hessian as a product: v -> H(x) v, never formed."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from dataclasses import replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import safe
from raphson.kernel.record import record
from raphson.linear.preconditioner import pairs_for
from raphson.linear.solve import Direction, product_direction
from raphson.operators.base import Operator
from raphson.operators.held import Held
from raphson.problems.allowed import modes_of
from raphson.problems.derivatives import columns, product

Array = jax.Array


@record
class MatrixFree(Operator):
    """H of the pulled-back objective at x, by forward-over-reverse differentiation, or as the code allows.

    Holds the problem and the point, not the linearization: closures do not fit into a carry.
    `pairs` are what conjugate gradients left behind at the point before, while a path is prepared (else None).
    Cost of a product: about 2 to 3 gradients. Source: Pearlmutter (1994), "Fast exact
    multiplication by the Hessian". After a pickle the problem is gone, and asking for numbers raises
    RuntimeError.
    """

    forgets: ClassVar[tuple[str, ...]] = ("problem",)

    problem: Any
    x: Any
    pairs: Any = None

    @property
    def known(self) -> Any:
        """The problem, where it is known."""
        if self.problem is None:
            raise RuntimeError(
                "products with this Hessian need the function, and a pickle leaves that behind: minimize again, from x"
            )
        return self.problem

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.known.space.size(self.x)

    def mv(self, v: Array) -> Array:
        """H v."""
        return product(modes_of(self.known, self.x), self.known, self.x, v)

    def dense(self) -> Array:
        """The matrix (n, n), one product per column: for small n and for tests."""
        return columns(self.mv, self.known.space.zero(self.x), modes_of(self.known, self.x).batched)

    def diagonal(self) -> Array:
        """The diagonal (n,); costs n products."""
        return jnp.diagonal(self.dense())

    def finite(self) -> bool:
        """True: it holds no numbers of its own, and a product is asked for only where it is needed."""
        return True

    def restrict(self, held: Array, stiff: Array, room: Array) -> Held:
        """As products."""
        return Held(self, held, stiff)

    def rounding(self, size: Array, wanted: Array | bool = True) -> Array:
        """|H x|, the part of |H| |x| that one product can see: an underestimate, so no early stop. Costs it only where
        it is `wanted`."""
        return lax.cond(wanted, lambda: jnp.abs(self.mv(size)), lambda: jnp.zeros_like(size))

    def remembering(self, pairs: Any) -> "MatrixFree":
        """With these pairs."""
        return replace(self, pairs=pairs)

    def remembered(self, g: Array) -> Any:
        """The pairs, or room for others; None on curved spaces, where every point has tangent vectors of its own."""
        if self.pairs is not None or not self.known.space.straight:
            return self.pairs
        return pairs_for(g)

    def stiffness(self, g: Array, d: Array) -> Array:
        """One number for all variables, the curvature along g: the diagonal would cost n products."""
        size = g @ g
        along = jnp.abs(g @ self.mv(g)) / safe(size, size > 0)
        return jnp.where(along > 0, along, 1) * jnp.ones_like(g)

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """By conjugate gradients."""
        return product_direction(self.mv, g, d, self.remembered(g))
