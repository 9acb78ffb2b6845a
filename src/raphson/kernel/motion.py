"""Rigid motions: angles, poses in the plane and poses in space, as Lie groups and as spaces of a solver.

Every group has `compose`, `inverse`, `exp`, `log` and `act`, for one element or arrays of them, safe at 0 and, for
`log`, up to half a turn. A step of a solver is no logarithm: it moves the translation along a straight line and turns
about an axis at once, in the body's own axes, which is a geodesic of the metric |dt|^2 + |dw|^2 (of SE(3): to second
order), has no singular step, and is cheap. Sources: Sola, Deray and Atchuthan (2018), "A micro Lie theory for state
estimation in robotics"; Absil, Mahony and Sepulchre (2008), "Optimization algorithms on matrix manifolds".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from raphson.kernel.number import eps
from raphson.kernel.quaternion import (
    cayley,
    conjugate,
    cotangent,
    hamilton,
    normalized,
    quaternion_exp,
    quaternion_log,
    rotated,
    sine,
    third,
    versine,
)
from raphson.kernel.record import record

Array = jax.Array


def wrapped(angle: Array) -> Array:
    """The angle between -pi and pi.

    Turns are counted in whole numbers, not by `round`: a step of a full turn is no seam of anything that is a function
    of rotations, and certificates look for seams wherever real numbers go through an operation that makes some. More
    turns than 2^63 (in float32 2^31), where one rounding of the angle is many, are not counted.
    """
    turns = jnp.asarray(angle / (2 * jnp.pi))
    counted = jnp.int64 if turns.dtype == jnp.float64 else jnp.int32
    whole = turns.astype(counted)
    rest = 2 * (turns - whole) * (1 - eps(turns) / 2)  # exactly half a turn stays
    return angle - 2 * jnp.pi * (whole + rest.astype(counted))


class Motion:
    """What the spaces of motions have in common. `width`: numbers of a point; `freedom`: numbers of a step."""

    width: ClassVar[int]
    freedom: ClassVar[int]
    flat: ClassVar[int]
    """How many numbers of a step, the first ones, are lengths; the others are angles."""

    @property
    def straight(self) -> bool:
        """False: a step lives in a tangent space."""
        return False

    def size(self, x: Any) -> int:
        """Number of variables."""
        return x.size // self.width * self.freedom

    def zero(self, x: Any) -> Array:
        """The step that goes nowhere."""
        return jnp.zeros(self.size(x), x.dtype)

    def rows(self, x: Any, s: Array) -> Array:
        """A step as one row for each point."""
        return s.reshape(*x.shape[:-1], self.freedom)

    def move(self, x: Any, s: Array) -> tuple[Any, Array, Array]:
        """Where the step s leads, the step made (s itself), and whether it was cut short (never)."""
        return self.retract(x, s), s, jnp.zeros((), bool)

    def retract(self, x: Any, s: Array) -> Any:
        """The point that s leads to."""
        raise NotImplementedError

    def compose(self, a: Array, b: Array) -> Array:
        """The product of the group."""
        raise NotImplementedError

    def inverse(self, x: Array) -> Array:
        """The inverse element."""
        raise NotImplementedError

    def exp(self, v: Array) -> Array:
        """The element that the velocity v leads to in a time of 1."""
        raise NotImplementedError

    def log(self, x: Array) -> Array:
        """The velocity that leads to x in a time of 1."""
        raise NotImplementedError

    def magnitude(self, x: Any) -> Array:
        """What "relative" is relative to: 1 rad for angles, for lengths the largest coordinate of all points."""
        far = jnp.max(jnp.abs(x[..., : self.flat])) if self.flat else jnp.ones((), x.dtype)
        one = jnp.where(jnp.arange(self.freedom) < self.flat, far, 1).astype(x.dtype)
        return jnp.ravel(jnp.broadcast_to(one, (*x.shape[:-1], self.freedom)))

    def unit(self, x: Any, d: Array) -> Array:
        """One unit for all lengths of a step at a point and one for its angles: the largest of theirs, (n,)."""
        rows = self.rows(x, d)
        parts = [a for a in (rows[..., : self.flat], rows[..., self.flat :]) if a.shape[-1]]
        same = [jnp.broadcast_to(jnp.max(a, -1, keepdims=True), a.shape) for a in parts]
        return jnp.ravel(jnp.concatenate(same, -1))

    def adjoint(self, x: Array) -> Array:
        """The matrix A with x exp(v) = exp(A v) x, of one element x."""

        def carried(v: Array) -> Array:
            return self.log(self.compose(self.compose(x, self.exp(v)), self.inverse(x)))

        return jax.jacfwd(carried)(jnp.zeros(self.freedom, x.dtype))

    def left_jacobian(self, v: Array) -> Array:
        """The matrix J with exp(v + d) = exp(J d) exp(v) to first order in d, at one v within half a turn."""
        back = self.inverse(self.exp(v))

        def onward(d: Array) -> Array:
            return self.log(self.compose(self.exp(v + d), back))

        return jax.jacfwd(onward)(jnp.zeros_like(v))

    def right_jacobian(self, v: Array) -> Array:
        """The matrix J with exp(v + d) = exp(v) exp(J d) to first order in d."""
        return self.left_jacobian(-v)

    def misfit(self, shape: tuple[int, ...]) -> str:
        """Why an array of this shape holds no points of the space; "" if it can."""
        fits = len(shape) > 0 and shape[-1] == self.width
        return "" if fits else f"points of {type(self).__name__} have shape (..., {self.width}), not {shape}"


@record
class SO2(Motion):
    """Angles in the plane: x of shape (..., 1), in radians; a step adds to it."""

    width: ClassVar[int] = 1
    freedom: ClassVar[int] = 1
    flat: ClassVar[int] = 0

    def compose(self, a: Array, b: Array) -> Array:
        """The turn by both."""
        return wrapped(a + b)

    def inverse(self, x: Array) -> Array:
        """The turn back."""
        return -x

    def act(self, x: Array, p: Array) -> Array:
        """The points p (..., 2) rotated."""
        c, s = jnp.cos(x[..., 0]), jnp.sin(x[..., 0])
        return jnp.stack([c * p[..., 0] - s * p[..., 1], s * p[..., 0] + c * p[..., 1]], -1)

    def exp(self, v: Array) -> Array:
        """The turn by v (..., 1)."""
        return wrapped(v)

    def log(self, x: Array) -> Array:
        """The angle between -pi and pi."""
        return wrapped(x)

    def retract(self, x: Any, s: Array) -> Any:
        """The angle x + s."""
        return wrapped(x + self.rows(x, s))

    def difference(self, y: Any, x: Any) -> Array:
        """The step from x to y, the short way round."""
        return jnp.ravel(wrapped(y - x))

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """v itself: a circle is flat."""
        return v

    def project(self, x: Any) -> Any:
        """The same angle between -pi and pi."""
        return wrapped(x)


@record
class SE2(Motion):
    """Poses in the plane: x of shape (..., 3), rows x, y, theta (rad).

    A step has three numbers for each pose: a translation in the body's axes and an angle. It leads to
    (t + R(theta) s_t, theta + s_w). `exp` and `log` are those of the group, translation first.
    """

    width: ClassVar[int] = 3
    freedom: ClassVar[int] = 3
    flat: ClassVar[int] = 2

    def compose(self, a: Array, b: Array) -> Array:
        """The motion b, then a: the pose b given in the frame a."""
        return jnp.concatenate([a[..., :2] + SO2().act(a[..., 2:], b[..., :2]), wrapped(a[..., 2:] + b[..., 2:])], -1)

    def inverse(self, x: Array) -> Array:
        """The motion back."""
        return jnp.concatenate([-SO2().act(-x[..., 2:], x[..., :2]), -x[..., 2:]], -1)

    def between(self, a: Array, b: Array) -> Array:
        """The pose b seen from a: a^-1 b."""
        return jnp.concatenate([SO2().act(-a[..., 2:], b[..., :2] - a[..., :2]), wrapped(b[..., 2:] - a[..., 2:])], -1)

    def carried_back(self, x: Array) -> Array:
        """The matrix A (3, 3) with exp(v) x = x exp(A v), of one pose x: the adjoint of its inverse."""
        c, s = jnp.cos(x[2]), jnp.sin(x[2])
        along = jnp.stack([x[0] * s - x[1] * c, x[0] * c + x[1] * s])
        one, zero = jnp.ones_like(c), jnp.zeros_like(c)
        rows = jnp.stack([jnp.stack([c, s]), jnp.stack([-s, c])])
        last = jnp.stack([zero, zero, one])
        return jnp.concatenate([jnp.concatenate([rows, along[:, None]], 1), last[None]])

    def twice(self, g: Array) -> Array:
        """The matrix G (3, 3) with g's = g'(u + v) + u'G v to second order, s the steps u and then v as one."""
        return jnp.stack([0 * g, 0 * g, jnp.stack([g[1], -g[0], 0 * g[2]])])

    def frame(self, x: Array) -> Array:
        """The derivative (3, 3) of `retract` by a step from one pose x."""
        c, s = jnp.cos(x[2]), jnp.sin(x[2])
        one, zero = jnp.ones_like(c), jnp.zeros_like(c)
        return jnp.stack([jnp.stack([c, -s, zero]), jnp.stack([s, c, zero]), jnp.stack([zero, zero, one])])

    def act(self, x: Array, p: Array) -> Array:
        """The points p (..., 2) of the body in the world."""
        return x[..., :2] + SO2().act(x[..., 2:], p)

    def exp(self, v: Array) -> Array:
        """The motion with velocity v (..., 3), a translation in the body's axes and an angle, for a time of 1."""
        w = v[..., 2:]
        a, b = sine(w * w), versine(w * w) * w
        along = jnp.concatenate([a * v[..., :1] - b * v[..., 1:2], b * v[..., :1] + a * v[..., 1:2]], -1)
        return jnp.concatenate([along, wrapped(w)], -1)

    def log(self, x: Array) -> Array:
        """The velocity v (..., 3) with exp(v) = x and an angle between -pi and pi."""
        w = wrapped(x[..., 2:])
        a, b = 1 - cotangent(w * w) * w * w, w / 2
        along = jnp.concatenate([a * x[..., :1] + b * x[..., 1:2], a * x[..., 1:2] - b * x[..., :1]], -1)
        return jnp.concatenate([along, w], -1)

    def retract(self, x: Any, s: Array) -> Any:
        """The pose (t + R s_t, theta + s_w)."""
        s = self.rows(x, s)
        return jnp.concatenate([self.act(x, s[..., :2]), wrapped(x[..., 2:] + s[..., 2:])], -1)

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y."""
        return jnp.ravel(self.between(x, y))

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """The same vector in the axes of the end: the metric is flat."""
        s, v = self.rows(x, s), self.rows(x, v)
        return jnp.ravel(jnp.concatenate([SO2().act(-s[..., 2:], v[..., :2]), v[..., 2:]], -1))

    def project(self, x: Any) -> Any:
        """The same pose, its angle between -pi and pi."""
        return jnp.concatenate([x[..., :2], wrapped(x[..., 2:])], -1)


@record
class SE3(Motion):
    """Poses in space: x of shape (..., 7), rows x, y, z and a unit quaternion qx, qy, qz, qw.

    A step has six numbers for each pose, a translation and a rotation vector, both in the body's axes. It leads to
    (t + R s_t, q c(s_w)), c Cayley's map: the rotation about s_w by 2 arctan(|s_w| / 2). `exp` and `log` are those of
    the group, translation first (GTSAM has the rotation first).
    """

    width: ClassVar[int] = 7
    freedom: ClassVar[int] = 6
    flat: ClassVar[int] = 3

    def compose(self, a: Array, b: Array) -> Array:
        """The motion b, then a: the pose b given in the frame a."""
        return jnp.concatenate([self.act(a, b[..., :3]), hamilton(a[..., 3:], b[..., 3:])], -1)

    def inverse(self, x: Array) -> Array:
        """The motion back."""
        back = conjugate(x[..., 3:])
        return jnp.concatenate([-rotated(back, x[..., :3]), back], -1)

    def between(self, a: Array, b: Array) -> Array:
        """The pose b seen from a: a^-1 b."""
        back = conjugate(a[..., 3:])
        return jnp.concatenate([rotated(back, b[..., :3] - a[..., :3]), hamilton(back, b[..., 3:])], -1)

    def carried_back(self, x: Array) -> Array:
        """The matrix A (6, 6) with exp(v) x = x exp(A v), of one pose x: the adjoint of its inverse."""
        back = rotated(conjugate(x[3:]), jnp.eye(3, dtype=x.dtype)).T
        turned = back @ jnp.cross(jnp.eye(3, dtype=x.dtype), x[:3]).T
        return jnp.block([[back, turned], [jnp.zeros_like(back), back]])

    def twice(self, g: Array) -> Array:
        """The matrix G (6, 6), as that of SE(2): the second step is in axes that the first has turned."""
        across = [jnp.cross(p, jnp.eye(3, dtype=g.dtype)) for p in (g[:3], g[3:] / 2)]  # u'(..) v = p'(u x v)
        return jnp.block([[jnp.zeros((3, 6), g.dtype)], across])

    def frame(self, x: Array) -> Array:
        """The derivative (7, 6) of `retract` by a step from one pose x."""
        along = rotated(x[3:], jnp.eye(3, dtype=x.dtype)).T
        turn = hamilton(x[3:], jnp.eye(3, 4, dtype=x.dtype) / 2).T
        none = jnp.zeros((3, 3), x.dtype)
        return jnp.concatenate([jnp.concatenate([along, none], 1), jnp.concatenate([jnp.zeros_like(turn), turn], 1)])

    def act(self, x: Array, p: Array) -> Array:
        """The points p (..., 3) of the body in the world."""
        return x[..., :3] + rotated(x[..., 3:], p)

    def exp(self, v: Array) -> Array:
        """The motion with velocity v (..., 6), a translation and a rotation in the body's axes, for a time of 1."""
        p, w = v[..., :3], v[..., 3:]
        square = jnp.sum(w * w, -1, keepdims=True)
        once = jnp.cross(w, p)
        along = p + versine(square) * once + third(square) * jnp.cross(w, once)
        return jnp.concatenate([along, quaternion_exp(w)], -1)

    def log(self, x: Array) -> Array:
        """The velocity v (..., 6) with exp(v) = x that turns by pi or less."""
        t, w = x[..., :3], quaternion_log(x[..., 3:])
        once = jnp.cross(w, t)
        along = t - once / 2 + cotangent(jnp.sum(w * w, -1, keepdims=True)) * jnp.cross(w, once)
        return jnp.concatenate([along, w], -1)

    def retract(self, x: Any, s: Array) -> Any:
        """The pose (t + R s_t, q c(s_w))."""
        s = self.rows(x, s)
        return jnp.concatenate([self.act(x, s[..., :3]), normalized(hamilton(x[..., 3:], cayley(s[..., 3:])))], -1)

    def difference(self, y: Any, x: Any) -> Array:
        """The step s with retract(x, s) = y: grows without limit towards half a turn."""
        seen = self.between(x, y)
        return jnp.ravel(jnp.concatenate([seen[..., :3], 2 * seen[..., 3:6] / seen[..., 6:]], -1))

    def transport(self, x: Any, s: Array, v: Array) -> Array:
        """The vector v at x carried in parallel to retract(x, s): lengths keep their direction in the world, turns
        are rotated back by half of the body's turn, as on `Rotation`."""
        s, v = self.rows(x, s), self.rows(x, v)
        c = cayley(s[..., 3:])
        half = normalized(c + jnp.asarray([0, 0, 0, 1], c.dtype))
        parts = [rotated(conjugate(c), v[..., :3]), rotated(conjugate(half), v[..., 3:])]
        return jnp.ravel(jnp.concatenate(parts, -1))

    def project(self, x: Any) -> Any:
        """The pose with its quaternion at length 1."""
        return jnp.concatenate([x[..., :3], normalized(x[..., 3:])], -1)
