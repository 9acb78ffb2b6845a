"""Symmetric operators that are stored: dense, diagonal, and a dense one with its inverse."""

import jax
import jax.numpy as jnp

from raphson.kernel.record import record

Array = jax.Array


@record
class Dense:
    """A symmetric matrix (n, n)."""

    matrix: Array

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.matrix.shape[0]

    def mv(self, v: Array) -> Array:
        """B v."""
        return self.matrix @ v

    def dense(self) -> Array:
        """The matrix (n, n)."""
        return self.matrix

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return jnp.diagonal(self.matrix)

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        return s @ (self.matrix @ s)

    def rounding(self, size: Array) -> Array:
        """|B| |x|: times eps, what rounding x alone does to the gradient, entry by entry."""
        return jnp.abs(self.matrix) @ size


@record
class Measured(Dense):
    """A symmetric matrix by differences, with a bound of the `error` of every entry (n, n)."""

    error: Array


@record
class Diagonal:
    """A diagonal matrix, given as its diagonal (n,)."""

    entries: Array

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.entries.shape[0]

    def mv(self, v: Array) -> Array:
        """B v."""
        return self.entries * v

    def dense(self) -> Array:
        """The matrix (n, n)."""
        return jnp.diag(self.entries)

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return self.entries

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        return s @ (self.entries * s)

    def rounding(self, size: Array) -> Array:
        """Zero: the identity of gradient descent says nothing about the curvature of f."""
        return jnp.zeros_like(size)


@record
class Inverted:
    """A positive definite matrix kept together with its inverse (BFGS, DFP): solving costs one product."""

    matrix: Array
    inverse: Array

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.matrix.shape[0]

    def mv(self, v: Array) -> Array:
        """B v."""
        return self.matrix @ v

    def dense(self) -> Array:
        """The matrix (n, n)."""
        return self.matrix

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return jnp.diagonal(self.matrix)

    def quadratic(self, s: Array) -> Array:
        """s'B s."""
        return s @ (self.matrix @ s)

    def rounding(self, size: Array) -> Array:
        """Zero: a secant approximation may be far from |H| in directions that were never visited."""
        return jnp.zeros_like(size)
