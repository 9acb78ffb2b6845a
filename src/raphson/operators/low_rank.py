"""gamma I + U diag(c) U': limited-memory approximations."""

import jax
import jax.numpy as jnp

from raphson.kernel.record import record

Array = jax.Array


@record
class LowRank:
    """gamma I + U diag(c) U' with U of shape (n, k), k small. Columns with c = 0 are dead."""

    gamma: Array
    U: Array
    c: Array

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.U.shape[0]

    def mv(self, v: Array) -> Array:
        """B v."""
        return self.gamma * v + self.U @ (self.c * (self.U.T @ v))

    def dense(self) -> Array:
        """The matrix (n, n)."""
        return self.gamma * jnp.eye(self.size, dtype=self.U.dtype) + (self.U * self.c) @ self.U.T

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return self.gamma + jnp.sum(self.c * self.U**2, axis=1)

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        p = self.U.T @ s
        return self.gamma * (s @ s) + p @ (self.c * p)

    def rounding(self, size: Array) -> Array:
        """Zero: see `Inverted.rounding`."""
        return jnp.zeros_like(size)
