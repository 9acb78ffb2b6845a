"""What factors say: the error of a measurement, given the variables that it is of. Plain functions of single ones.

Those of files are g2o's; `_sensor`: the measurement comes with the pose of the sensor on the robot.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.motion import SE2, SE3, wrapped

Array = jax.Array
Seen = tuple[Array, Array]
PLANE, SPACE = SE2(), SE3()


def of_difference(space: Any, of: Callable[[Array], Array]) -> Callable[[Callable], Callable]:
    """Says of an error of poses a, b in a space (SE2, SE3) and a measured one z that it is of(z^-1 a^-1 b).

    Then derivatives by one pose are enough: those by the other follow, for a step s of a moves a^-1 b as the step
    -Ad(b^-1 a) s of b does. And no kinks are looked for: `of` jumps at half a turn alone, if at all, where the error is
    largest and no minimum lies.
    """

    def marked(error: Callable) -> Callable:
        error.__dict__["difference"] = error, space, of
        return error

    return marked


def difference_of(error: Callable) -> tuple[Any, Callable[[Array], Array]] | None:
    """The space and the function that `of_difference` said of this very error, or None: `functools.wraps` copies the
    mark to functions of which it was never said."""
    mark = getattr(error, "difference", None)  # of an object of the caller's it may be anything
    return mark[1:] if isinstance(mark, tuple) and mark[0] is error else None


def plain(e: Array) -> Array:
    """A pose in the plane as it is: (x, y, angle)."""
    return e


def half(e: Array) -> Array:
    """Of a pose in space (x, y, z) and the vector part of its quaternion: HALF the angle."""
    return jnp.concatenate([e[:3], e[3:6] * jnp.where(e[6] < 0, -1, 1)])


@of_difference(PLANE, plain)
def between_se2(a: Array, b: Array, z: Array) -> Array:
    """The pose b seen from a, seen from the measured one z: (x, y, angle). g2o's EDGE_SE2."""
    return PLANE.between(z, PLANE.between(a, b))


@of_difference(SPACE, half)
def between_se3(a: Array, b: Array, z: Array) -> Array:
    """The same in space: (x, y, z) and half the rotation. g2o's EDGE_SE3:QUAT."""
    return half(SPACE.between(z, SPACE.between(a, b)))


@of_difference(SPACE, SPACE.log)
def between_se3_log(a: Array, b: Array, z: Array) -> Array:
    """The same as the logarithm (6,), with the whole angle: GTSAM's BetweenFactor, translation first."""
    return SPACE.log(SPACE.between(z, SPACE.between(a, b)))


def point_se2(a: Array, p: Array, z: Array) -> Array:
    """The landmark p (2,) in the axes of the pose a, less what was measured. g2o's EDGE_SE2_XY."""
    return PLANE.act(PLANE.inverse(a), p) - z


def point_se3(a: Array, p: Array, z: Array) -> Array:
    """The same in space. g2o's EDGE_SE3_TRACKXYZ."""
    return SPACE.act(SPACE.inverse(a), p) - z


def prior_se2(a: Array, z: Array) -> Array:
    """The pose a seen from the measured one. g2o's EDGE_PRIOR_SE2."""
    return PLANE.between(z, a)


def prior_se3(a: Array, z: Array) -> Array:
    """The same in space. g2o's EDGE_SE3_PRIOR."""
    return half(SPACE.between(z, a))


def between_se2_sensor(a: Array, b: Array, seen: Seen) -> Array:
    """b seen from the sensor on a."""
    return between_se2(PLANE.compose(a, seen[1]), b, seen[0])


def between_se3_sensor(a: Array, b: Array, seen: Seen) -> Array:
    """b seen from the sensor on a."""
    return between_se3(SPACE.compose(a, seen[1]), b, seen[0])


def point_se2_sensor(a: Array, p: Array, seen: Seen) -> Array:
    """p seen from the sensor on a."""
    return point_se2(PLANE.compose(a, seen[1]), p, seen[0])


def point_se3_sensor(a: Array, p: Array, seen: Seen) -> Array:
    """p seen from the sensor on a."""
    return point_se3(SPACE.compose(a, seen[1]), p, seen[0])


def prior_se2_sensor(a: Array, seen: Seen) -> Array:
    """The sensor on a, seen from where it was measured."""
    return prior_se2(PLANE.compose(a, seen[1]), seen[0])


def prior_se3_sensor(a: Array, seen: Seen) -> Array:
    """The sensor on a, seen from where it was measured."""
    return prior_se3(SPACE.compose(a, seen[1]), seen[0])


def range_bearing(a: Array, p: Array, z: Array) -> Array:
    """Distance and direction (rad) of a landmark p (2,) from a pose a in the plane, less what was measured."""
    seen = PLANE.act(PLANE.inverse(a), p)
    turn = jnp.arctan2(seen[1], seen[0]) - z[1]
    return jnp.stack([jnp.sqrt(seen @ seen) - z[0], wrapped(turn)])


def position_se2(a: Array, z: Array) -> Array:
    """Where a pose is, less what was measured: as by GPS."""
    return a[:2] - z


def position_se3(a: Array, z: Array) -> Array:
    """The same in space."""
    return a[:3] - z


def reprojection(pose: Array, lens: Array, point: Array, pixel: Array) -> Array:
    """Where a camera of "Bundle Adjustment in the Large" sees a point (3,), less where it was seen: (2,), in pixels.

    `pose` (7,) takes the world's axes to the camera's, which looks along -z: P = R X + t, p = -P_xy / P_z, pixel
    f (1 + k1 |p|^2 + k2 |p|^4) p. `lens` (3,) is f, k1, k2. Source: Agarwal, Snavely, Seitz and Szeliski (2010).
    """
    P = SPACE.act(pose, point)
    p = -P[:2] / P[2]
    square = p @ p
    return lens[0] * (1 + square * (lens[1] + square * lens[2])) * p - pixel


def reprojection_pinhole(pose: Array, lens: Array, point: Array, pixel: Array) -> Array:
    """The same of a camera without distortion that looks along +z; `lens` (4,) is fx, fy, cx, cy."""
    P = SPACE.act(pose, point)
    return lens[:2] * P[:2] / P[2] + lens[2:] - pixel


def reprojection_libmv(pose: Array, lens: Array, point: Array, pixel: Array) -> Array:
    """The same of libmv's camera, which looks along +z; `lens` (8,) is f, cx, cy, k1, k2, k3, p1, p2: Brown's model of
    radial and tangential distortion."""
    f, cx, cy, k1, k2, k3, p1, p2 = lens
    P = SPACE.act(pose, point)
    x, y = P[0] / P[2], P[1] / P[2]
    square = x * x + y * y
    c = 1 + square * (k1 + square * (k2 + square * k3))
    u = f * (x * c + 2 * p1 * x * y + p2 * (square + 2 * x * x)) + cx
    v = f * (y * c + 2 * p2 * x * y + p1 * (square + 2 * y * y)) + cy
    return jnp.stack([u, v]) - pixel
