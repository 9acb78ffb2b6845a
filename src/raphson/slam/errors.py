"""What factors say: the error of a measurement, given the variables that it is of. Plain functions of single poses."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import jax
import jax.numpy as jnp

from raphson.kernel.motion import SE2, SE3
from raphson.kernel.quaternion import conjugate, hamilton, turned

Array = jax.Array


def between_se2(a: Array, b: Array, z: Array) -> Array:
    """The pose b seen from a, seen from the measured one z: (x, y, angle). g2o's EDGE_SE2."""
    return SE2().between(z, SE2().between(a, b))


def between_se3(a: Array, b: Array, z: Array) -> Array:
    """The same in space as (x, y, z) and the vector part of the quaternion, HALF the angle: g2o's EDGE_SE3:QUAT."""
    e = SE3().between(z, SE3().between(a, b))
    return jnp.concatenate([e[:3], e[3:6] * jnp.where(e[6] < 0, -1, 1)])


def between_se3_log(a: Array, b: Array, z: Array) -> Array:
    """The same as the logarithm (6,), with the whole angle: GTSAM's BetweenFactor, translation first."""
    return SE3().log(SE3().between(z, SE3().between(a, b)))
