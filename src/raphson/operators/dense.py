"""Symmetric operators that are stored: dense, diagonal, and a dense one with its inverse."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.number import all_finite
from raphson.kernel.record import record
from raphson.linear.solve import Direction, dense_negative, direct, product_direction
from raphson.operators.base import Operator

Array = jax.Array


@record
class Stored(Operator):
    """A symmetric matrix (n, n) that lies ready: what dense operators have in common."""

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

    def stored(self) -> Array:
        """The matrix (n, n)."""
        return self.matrix

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return jnp.diagonal(self.matrix)

    def finite(self) -> Array:
        """Whether every entry is finite."""
        return all_finite(self.matrix)

    def restrict(self, held: Array, stiff: Array, room: Array) -> "Dense":
        """Rows and columns of held variables zeroed; an inverse or errors beside the matrix no longer belong to it."""
        free = jnp.where(held[:, None] | held[None, :], 0, self.matrix)
        return Dense(free + jnp.diag(stiff**2))


@record
class Dense(Stored):
    """A symmetric matrix (n, n)."""

    def rounding(self, size: Array) -> Array:
        """|B| |x|: times eps, what rounding x alone does to the gradient, entry by entry."""
        return jnp.abs(self.matrix) @ size

    def stiffness(self, g: Array, d: Array) -> Array:
        """The squared scale: sqrt|H_ii| here, with the memory of earlier points."""
        return d**2

    def negative_curvature(self, d: Array) -> tuple[Array, Array]:
        """By Cholesky; the direction, rarely asked for, by eigenvalues."""
        return dense_negative(self.matrix, d)


@record
class Formed(Dense):
    """A symmetric matrix put together from products, by a method that takes its steps from products alone."""

    def restrict(self, held: Array, stiff: Array, room: Array) -> "Formed":
        """Rows and columns of held variables zeroed."""
        return Formed(super().restrict(held, stiff, room).matrix)

    def newton(self, g: Array, d: Array) -> Direction:
        """By conjugate gradients."""
        return product_direction(self.mv, g, d)


@record
class Measured(Dense):
    """A symmetric matrix by differences, with a bound of the `error` of every entry (n, n)."""

    error: Array

    def doubt(self) -> Array:
        """The bound (n, n)."""
        return self.error


@record
class Inverted(Stored):
    """A positive definite matrix kept together with its inverse (BFGS, DFP): solving costs one product.

    `rounding` is zero: a secant approximation may be far from |H| in directions that were never visited.
    """

    semidefinite: ClassVar[bool] = True

    inverse: Array

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """-B^-1 g by one product."""
        return direct(-(self.inverse @ g))

    def known_inverse(self) -> np.ndarray:
        """The inverse (n, n)."""
        return np.array(self.inverse, float)


@record
class Diagonal(Operator):
    """A diagonal matrix, given as its diagonal (n,).

    `rounding` is zero: the identity of gradient descent says nothing about the curvature of f.
    """

    semidefinite: ClassVar[bool] = True
    coupled: ClassVar[bool] = False

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

    def finite(self) -> Array:
        """Whether every entry is finite."""
        return all_finite(self.entries)

    def restrict(self, held: Array, stiff: Array, room: Array) -> "Diagonal":
        """Entries of held variables replaced."""
        return Diagonal(jnp.where(held, stiff**2, self.entries))

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
        """-g by the sizes of the entries."""
        return direct(-g / jnp.abs(self.entries))
