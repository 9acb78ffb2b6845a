"""Symmetric operators that are stored: dense, diagonal, and positive definite ones, themselves or their inverse."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.branch import cond_under_vmap
from raphson.kernel.number import all_finite, eps, safe
from raphson.kernel.record import record
from raphson.linear.batched import cholesky, lower, upper
from raphson.linear.solve import Direction, dense_negative, direct, product_direction
from raphson.operators.base import Operator

Array = jax.Array


@record
class Stored(Operator):
    """A symmetric matrix (n, n) that lies ready: what dense operators have in common."""

    ready: ClassVar[bool] = True

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

    def rounding(self, size: Array, wanted: Array | bool = True) -> Array:
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

    def newton(self, g: Array, d: Array, error: Array | None = None) -> Direction:
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
class Definite(Stored):
    """A positive definite matrix (n, n) learned from gradients.

    `rounding` is zero: a secant approximation may be far from |H| in directions that were never visited.
    """

    semidefinite: ClassVar[bool] = True

    def known_inverse(self) -> np.ndarray:
        """The inverse (n, n), by one factorization."""
        return np.linalg.inv(np.asarray(self.matrix, float))


@record
class Inverted(Operator):
    """A positive definite matrix B known by its `inverse` (n, n) alone (BFGS, DFP): solving costs one product.

    `known` = B^-1 g for the gradient `g` at hand: along it s'B s costs n operations. Everything else about B itself is
    one factorization of the inverse, and is asked for rarely (products in a loop are better served by a matrix B).
    `rounding` is zero: see `Definite`.
    """

    semidefinite: ClassVar[bool] = True

    inverse: Array
    g: Array
    known: Array

    @staticmethod
    def of(inverse: Array, g: Array) -> "Inverted":
        """From the inverse and a gradient."""
        return Inverted(inverse, g, inverse @ g)

    @property
    def size(self) -> int:
        """Number of rows n."""
        return self.g.shape[0]

    def solver(self) -> Callable[[Array], Array]:
        """v -> B v, by a Cholesky factor of the inverse in units that give it a diagonal of ones."""
        e = jnp.sqrt(jnp.diagonal(self.inverse))
        L = cholesky(self.inverse / (e[:, None] * e[None, :]))
        return lambda v: upper(L, lower(L, v / e)) / e

    def mv(self, v: Array) -> Array:
        """B v."""
        return self.solver()(v)

    def quadratic(self, s: Array) -> Array:
        """s'B s: t s'g for s = t B^-1 g, as on a ray."""
        if self.size == 1:  # without the loop of `cond_under_vmap`, which decides how XLA rounds what stands beside it
            return s @ (s / self.inverse[0])
        k = jnp.argmax(jnp.abs(self.known))
        t = s[k] / safe(self.known[k], self.known[k] != 0)
        along = jnp.all(jnp.abs(s - t * self.known) <= 4 * eps(s) * jnp.abs(s))
        return cond_under_vmap(~along, lambda m: m[0].quadratic_by_factor(m[1]), (self, s), s @ (t * self.g))

    def quadratic_by_factor(self, s: Array) -> Array:
        """s'B s for any s."""
        return s @ self.mv(s)

    def dense(self) -> Array:
        """The matrix (n, n)."""
        B = jax.vmap(self.solver())(jnp.eye(self.size, dtype=self.g.dtype))
        return (B + B.T) / 2

    def diagonal(self) -> Array:
        """The diagonal (n,)."""
        return jnp.diagonal(self.dense())

    def finite(self) -> Array:
        """Whether every entry of the inverse, and what it makes of g, is finite."""
        return all_finite(self.inverse) & all_finite(self.known)

    def restrict(self, held: Array, stiff: Array, room: Array) -> Dense:
        """As a matrix."""
        return Definite(self.dense()).restrict(held, stiff, room)

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
