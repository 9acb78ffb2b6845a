"""Unit vectors: directions, quantum states, eigenvectors."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record

Array = jax.Array


@record
class Sphere:
    """Vectors of length 1: x of shape (..., n), n > 1, one unit vector or many.

    A step has n - 1 numbers for each vector: coordinates in an orthonormal basis Q of the tangent space at x (the
    Householder reflection that takes x to the last axis, without that axis). It leads to (x + Q s) / |x + Q s|,
    which agrees with the geodesic to second order: derivatives by s are the Riemannian gradient and
    Hessian in that basis. A step goes less than a right angle far, however long s is.
    Source: Absil, Mahony and Sepulchre (2008), "Optimization algorithms on matrix manifolds", sections 4.1 and 5.5.
    """

    @property
    def straight(self) -> bool:
        """False: a step lives in a tangent space."""
        return False

    def size(self, x: Any) -> int:
        """Number of variables: n - 1 for each vector."""
        return x.size // x.shape[-1] * (x.shape[-1] - 1)

    def zero(self, x: Any) -> Array:
        """The step that goes nowhere."""
        return jnp.zeros(self.size(x), x.dtype)

    def tangent(self, x: Any, s: Array) -> Array:
        """Q s, the step in the coordinates of x (..., n)."""
        s = s.reshape(*x.shape[:-1], -1)
        side, first = jnp.where(x[..., -1:] < 0, -1, 1).astype(x.dtype), x[..., :-1]
        along = jnp.sum(first * s, -1, keepdims=True) / (1 + jnp.abs(x[..., -1:]))
        return jnp.concatenate([s - first * along, -(x[..., -1:] + side) * along], -1)

    def coordinates(self, x: Any, v: Array) -> Array:
        """Q'v as one vector: a vector (..., n) in the basis of the tangent space at x."""
        side, first = jnp.where(x[..., -1:] < 0, -1, 1).astype(x.dtype), x[..., :-1]
        along = jnp.sum(first * v[..., :-1], -1, keepdims=True) + (x[..., -1:] + side) * v[..., -1:]
        return jnp.ravel(v[..., :-1] - first * along / (1 + jnp.abs(x[..., -1:])))

    def retract(self, x: Any, s: Array) -> Any:
        """The point (x + Q s) / |x + Q s|."""
        v = self.tangent(x, s)
        # The point does not depend on `most`, which keeps the squares of long steps from overflowing.
        most = jax.lax.stop_gradient(jnp.maximum(jnp.max(jnp.abs(v), -1, keepdims=True), 1))
        y = x / most + v / most
        return y / jnp.sqrt(jnp.sum(y * y, -1, keepdims=True))

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y: exists within a right angle of x, and grows without limit towards it."""
        return self.coordinates(x, y / jnp.sum(x * y, -1, keepdims=True))

    def move(self, x: Any, s: Array) -> tuple[Any, Array, Array]:
        """Where the step s leads, the step made (s itself), and whether it was cut short (never)."""
        return self.retract(x, s), s, jnp.zeros((), bool)

    def magnitude(self, x: Any) -> Array:
        """What "relative" is relative to: 1 for every coordinate, for steps are angles."""
        return jnp.ones(self.size(x), x.dtype)

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """The vector v at x carried in parallel along the great circle to retract(x, s), in the basis there: lengths
        and angles stay. Source: Absil, Mahony and Sepulchre (2008), section 5.4.
        """
        y, V = self.retract(x, s), self.tangent(x, v)
        along = jnp.sum(y * V, -1, keepdims=True) / (1 + jnp.sum(x * y, -1, keepdims=True))
        return self.coordinates(y, V - along * (x + y))

    def unit(self, x: Any, d: Array) -> Array:
        """One unit of length for all numbers of a step that belong to one point: the largest of theirs, (n,)."""
        rows = d.reshape(*x.shape[:-1], -1)
        return jnp.ravel(jnp.broadcast_to(jnp.max(rows, -1, keepdims=True), rows.shape))

    def project(self, x: Any) -> Any:
        """The nearest point: x / |x|. (NaN for x = 0, to which none is nearest.)"""
        unit = x / jnp.max(jnp.abs(x), -1, keepdims=True)
        return unit / jnp.sqrt(jnp.sum(unit * unit, -1, keepdims=True))

    def misfit(self, shape: tuple[int, ...]) -> str:
        """Why an array of this shape holds no points of the space; "" if it can."""
        fits = len(shape) > 0 and shape[-1] > 1
        return "" if fits else f"unit vectors have shape (..., n) with n > 1, not {shape}"
