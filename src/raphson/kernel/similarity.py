"""Similarities of space: poses with a scale, what a single camera knows of its own motion."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.motion import SE3, Motion
from raphson.kernel.quaternion import conjugate, hamilton, quaternion_exp, quaternion_log, rotated, sine, versine
from raphson.kernel.record import record

Array = jax.Array

NODES, WEIGHTS = (a / 2 for a in np.polynomial.legendre.leggauss(20))
"""Of Gauss and Legendre on an interval of length 1. Integrals of e^(s t) times sines to rounding for |s| <= 10; closed
forms have three different limits at 0."""


@record
class Sim3(Motion):
    """Similarities: x of shape (..., 8), rows x, y, z, a unit quaternion qx, qy, qz, qw, and a scale above 0.

    Points p go to t + scale R p. A step has seven numbers: a translation and a rotation vector in the body's axes
    (unscaled), and the logarithm of a factor of the scale. It leads to (t + R s_t, q c(s_w), scale exp(s_s)). `exp` and
    `log` are those of the group, for scales between e^-10 and e^10.
    """

    width: ClassVar[int] = 8
    freedom: ClassVar[int] = 7
    flat: ClassVar[int] = 3

    def compose(self, a: Array, b: Array) -> Array:
        """The similarity b, then a."""
        return jnp.concatenate(
            [self.act(a, b[..., :3]), hamilton(a[..., 3:7], b[..., 3:7]), a[..., 7:] * b[..., 7:]], -1
        )

    def inverse(self, x: Array) -> Array:
        """The similarity back."""
        back = conjugate(x[..., 3:7])
        return jnp.concatenate([-rotated(back, x[..., :3]) / x[..., 7:], back, 1 / x[..., 7:]], -1)

    def between(self, a: Array, b: Array) -> Array:
        """a^-1 b."""
        back = conjugate(a[..., 3:7])
        seen = rotated(back, b[..., :3] - a[..., :3]) / a[..., 7:]
        return jnp.concatenate([seen, hamilton(back, b[..., 3:7]), b[..., 7:] / a[..., 7:]], -1)

    def act(self, x: Array, p: Array) -> Array:
        """The points t + scale R p."""
        return x[..., :3] + x[..., 7:] * rotated(x[..., 3:7], p)

    def exp(self, v: Array) -> Array:
        """What the velocity v (..., 7), translation, rotation and growth, leads to in a time of 1."""
        p, w, growth = v[..., :3], v[..., 3:6], v[..., 6:]
        a, b, c = integrals(w, growth)
        once = jnp.cross(w, p)
        along = a * p + b * once + c * jnp.cross(w, once)
        return jnp.concatenate([along, quaternion_exp(w), jnp.exp(growth)], -1)

    def log(self, x: Array) -> Array:
        """The velocity v (..., 7) with exp(v) = x that turns by pi or less."""
        w, growth = quaternion_log(x[..., 3:7]), jnp.log(x[..., 7:])
        a, b, c = integrals(w, growth)
        # The inverse of a + b W + c W^2 with W^3 = -|w|^2 W is 1/a + e W + f W^2.
        square = jnp.sum(w * w, -1, keepdims=True)
        real, turn = a - c * square, b
        below = real**2 + turn**2 * square
        e = -turn / below
        f = (turn**2 - c * real) / (a * below)
        once = jnp.cross(w, x[..., :3])
        along = x[..., :3] / a + e * once + f * jnp.cross(w, once)
        return jnp.concatenate([along, w, growth], -1)

    def retract(self, x: Any, s: Array) -> Any:
        """The similarity (t + R s_t, q c(s_w), scale exp(s_s))."""
        s = self.rows(x, s)
        pose = SE3().retract(x[..., :7], s[..., :6])
        return jnp.concatenate([pose, x[..., 7:] * jnp.exp(s[..., 6:])], -1)

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y."""
        pose = SE3().difference(y[..., :7], x[..., :7]).reshape(*x.shape[:-1], 6)
        return jnp.ravel(jnp.concatenate([pose, jnp.log(y[..., 7:] / x[..., 7:])], -1))

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """As for poses; growth stays."""
        s, v = self.rows(x, s), self.rows(x, v)
        pose = SE3().transport(x[..., :7], jnp.ravel(s[..., :6]), jnp.ravel(v[..., :6])).reshape(*x.shape[:-1], 6)
        return jnp.ravel(jnp.concatenate([pose, v[..., 6:]], -1))

    def unit(self, x: Any, d: Array) -> Array:
        """As for poses; growth has a unit of its own."""
        rows = self.rows(x, d)
        pose = SE3().unit(x[..., :7], jnp.ravel(rows[..., :6])).reshape(*x.shape[:-1], 6)
        return jnp.ravel(jnp.concatenate([pose, rows[..., 6:]], -1))

    def project(self, x: Any) -> Any:
        """The similarity with its quaternion at length 1 and a scale above 0 (NaN for 0)."""
        scale = jnp.abs(x[..., 7:])
        return jnp.concatenate([SE3().project(x[..., :7]), jnp.where(scale > 0, scale, jnp.nan)], -1)


def integrals(w: Array, growth: Array) -> tuple[Array, Array, Array]:
    """a, b, c with a + b W + c W^2 the integral of e^(growth t) exp(t W) over t from 0 to 1, W v = w x v."""
    t = jnp.asarray(NODES + 0.5, growth.dtype)
    weights = jnp.asarray(WEIGHTS, growth.dtype) * jnp.exp(growth * t)
    square = jnp.sum(w * w, -1, keepdims=True) * t**2

    def of(values: Array) -> Array:
        return jnp.sum(weights * values, -1, keepdims=True)

    return of(jnp.ones_like(square)), of(t * sine(square)), of(t**2 * versine(square))
