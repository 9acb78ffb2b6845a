"""A sparse matrix that is only multiplied: its factor would cost too much, or is not wanted."""

from collections.abc import Callable
from typing import ClassVar

import jax

from raphson.kernel.record import record
from raphson.linear.coarsen import Grids
from raphson.linear.multigrid import Cycle
from raphson.linear.solve import Direction, product_direction
from raphson.operators.base import Operator
from raphson.operators.sparse import Sparse

Array = jax.Array


@record
class SparseProducts(Sparse):
    """`values` on a pattern, as `Sparse`; conjugate gradients take the place of factors. A product costs what its
    entries cost, whatever the function does; units of variables come from the exact diagonal (Jacobi). On `grids` a
    multigrid cycle preconditions them."""

    compact: ClassVar[bool] = False

    grids: Grids | None = None

    def restrict(self, held: Array, stiff: Array, room: Array) -> "SparseProducts":
        """Rows and columns of held variables zeroed on the same pattern."""
        return SparseProducts(super().restrict(held, stiff, room).values, self.structure, self.grids)

    def preconditioner(self, d: Array) -> Callable[[Array], Array] | None:
        """A multigrid cycle, where there are grids."""
        return None if self.grids is None else Cycle.of(self.grids, self.values, d)

    def bare(self) -> "SparseProducts":
        """Without grids."""
        return SparseProducts(self.values, self.structure)

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """By conjugate gradients."""
        return product_direction(self.mv, g, d, inverse=self.preconditioner(d))

    def negative_curvature(self, d: Array) -> tuple[Array, Array]:
        """By products."""
        return Operator.negative_curvature(self, d)
