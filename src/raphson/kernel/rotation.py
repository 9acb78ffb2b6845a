"""Rotations of three-dimensional space."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record

Array = jax.Array


@record
class Rotation:
    """Rotation matrices, SO(3): x of shape (..., 3, 3), one or many, x'x = I and det x = 1.

    A step has three numbers for each matrix, a rotation vector in the body's own axes, in radians. It leads to
    x C(s), C Cayley's map: the rotation about s by 2 arctan(|s| / 2), which agrees with exp(s) to second order and
    has no singular step: derivatives by s are the Riemannian gradient and Hessian.
    Source: Absil, Mahony and Sepulchre (2008), "Optimization algorithms on matrix manifolds", section 4.1.
    """

    @property
    def straight(self) -> bool:
        """False: a step lives in a tangent space."""
        return False

    def size(self, x: Any) -> int:
        """Number of variables: three for each matrix."""
        return x.size // 3

    def zero(self, x: Any) -> Array:
        """The step that goes nowhere."""
        return jnp.zeros(self.size(x), x.dtype)

    def retract(self, x: Any, s: Array) -> Any:
        """The point x C(s), C(s) = I + (4 S + 2 S^2) / (4 + |s|^2) with S v = s x v."""
        s = s.reshape(*x.shape[:-2], 3)
        # The point does not depend on `most`, which keeps the squares of long steps from overflowing.
        most = jax.lax.stop_gradient(jnp.maximum(jnp.max(jnp.abs(s), -1, keepdims=True), 1))
        w = s / most
        W = cross(w)
        below = (4 / most**2 + jnp.sum(w * w, -1, keepdims=True))[..., None]
        y = x + x @ ((4 / most[..., None]) * W + 2 * W @ W) / below
        # One step of Newton's method for the nearest orthogonal matrix: rounding does not add up over steps.
        return 1.5 * y - 0.5 * y @ (jnp.swapaxes(y, -1, -2) @ y)

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y: grows without limit towards half a turn."""
        R = jnp.swapaxes(x, -1, -2) @ y
        turn = jnp.stack([R[..., i, j] - R[..., j, i] for i, j in ((2, 1), (0, 2), (1, 0))], -1)
        return jnp.ravel(2 * turn / (1 + jnp.trace(R, axis1=-2, axis2=-1))[..., None])

    def move(self, x: Any, s: Array) -> tuple[Any, Array, Array]:
        """Where the step s leads, the step made (s itself), and whether it was cut short (never)."""
        return self.retract(x, s), s, jnp.zeros((), bool)

    def magnitude(self, x: Any) -> Array:
        """What "relative" is relative to: 1 for every coordinate, for steps are angles."""
        return jnp.ones(self.size(x), x.dtype)

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """The vector v at x carried in parallel along the geodesic to retract(x, s): turned about s, which is in the
        body's axes, by half of the body's turn, backwards. Lengths and angles stay. (Of the connection of the metric
        that no rotation changes: v' = -1/2 s x v.) Source: Absil, Mahony and Sepulchre (2008), section 5.3.
        """
        s, v = s.reshape(*x.shape[:-2], 3), v.reshape(*x.shape[:-2], 3)
        most = jnp.maximum(jnp.max(jnp.abs(s), -1, keepdims=True), 1)
        w = s / most
        length = jnp.sqrt(4 / most**2 + jnp.sum(w * w, -1, keepdims=True))
        cosine, u = 2 / (most * length), w / length  # of half the turn, arctan(|s| / 2); u has the length of its sine
        along = jnp.sum(u * v, -1, keepdims=True) / (1 + cosine)
        return jnp.ravel(cosine * v - jnp.cross(u, v) + along * u)

    def unit(self, x: Any, d: Array) -> Array:
        """One unit of length for all numbers of a step that belong to one point: the largest of theirs, (n,)."""
        rows = d.reshape(*x.shape[:-2], 3)
        return jnp.ravel(jnp.broadcast_to(jnp.max(rows, -1, keepdims=True), rows.shape))

    def project(self, x: Any) -> Any:
        """The nearest rotation, from the singular value decomposition. Source: Kabsch (1976)."""
        U, _, Vt = jnp.linalg.svd(x)
        last = jnp.linalg.det(U @ Vt)
        return jnp.concatenate([U[..., :2], U[..., 2:] * last[..., None, None]], -1) @ Vt

    def misfit(self, shape: tuple[int, ...]) -> str:
        """Why an array of this shape holds no points of the space; "" if it can."""
        return "" if shape[-2:] == (3, 3) else f"rotations have shape (..., 3, 3), not {shape}"


def cross(s: Array) -> Array:
    """The matrices S (..., 3, 3) with S v = s x v."""
    a, b, c = s[..., 0], s[..., 1], s[..., 2]
    zero = jnp.zeros_like(a)
    rows = ((zero, -c, b), (c, zero, -a), (-b, a, zero))
    return jnp.stack([jnp.stack(row, -1) for row in rows], -2)
