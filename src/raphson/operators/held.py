"""An operator with some of its variables uncoupled from the others (held at bounds)."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record
from raphson.linear.solve import Direction, product_direction
from raphson.operators.base import Operator

Array = jax.Array


@record
class Held(Operator):
    """B on the free variables, `stiff`^2 on the diagonal of the held ones, nothing between them."""

    inner: Operator
    held: Array
    stiff: Array

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.held.shape[0]

    def mv(self, v: Array) -> Array:
        """The product with v: one product with B."""
        return jnp.where(self.held, self.stiff**2 * v, self.inner.mv(jnp.where(self.held, 0, v)))

    def dense(self) -> Array:
        """The matrix (n, n)."""
        free = jnp.where(self.held[:, None] | self.held[None, :], 0, self.inner.dense())
        return free + jnp.diag(self.stiff**2)

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return jnp.where(self.held, self.stiff**2, self.inner.diagonal())

    def finite(self) -> Array | bool:
        """Whether B's numbers are finite."""
        return self.inner.finite()

    def rounding(self, size: Array, wanted: Array | bool = True) -> Array:
        """|B| |x| of B itself."""
        return self.inner.rounding(size, wanted)

    def restrict(self, held: Array, stiff: Array, room: Array) -> "Held":
        """More variables held."""
        return Held(self, held, stiff)

    def remembering(self, pairs: Any) -> "Held":
        """B with these pairs."""
        return replace(self, inner=self.inner.remembering(pairs))

    def remembered(self, g: Array) -> Any:
        """Those of B."""
        return self.inner.remembered(g)

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """By conjugate gradients: B is held so where its matrix costs too much."""
        return product_direction(self.mv, g, d, self.remembered(g))
