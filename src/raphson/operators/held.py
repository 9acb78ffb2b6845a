"""An operator with some of its variables uncoupled from the others (held at bounds)."""

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record

Array = jax.Array


@record
class Held:
    """B on the free variables, `stiff`^2 on the diagonal of the held ones, nothing between them."""

    inner: Any
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

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        return s @ self.mv(s)

    def rounding(self, size: Array) -> Array:
        """|B| |x| of B itself."""
        return self.inner.rounding(size)
