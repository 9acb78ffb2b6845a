"""Unit quaternions (..., 4) as x, y, z, w: rotations of space in four numbers, their exponential and logarithm."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from math import factorial

import jax
import jax.numpy as jnp

Array = jax.Array

SERIES = 1.0
"""Squared angles below which functions of them are summed as series: at 1 rad the closed forms have lost no digit yet
that ten terms would keep."""


def hamilton(a: Array, b: Array) -> Array:
    """The product a b: the rotation b, then a."""
    u, v, s, t = a[..., :3], b[..., :3], a[..., 3:], b[..., 3:]
    return jnp.concatenate([s * v + t * u + jnp.cross(u, v), s * t - jnp.sum(u * v, -1, keepdims=True)], -1)


def conjugate(q: Array) -> Array:
    """The inverse rotation."""
    return jnp.concatenate([-q[..., :3], q[..., 3:]], -1)


def rotated(q: Array, v: Array) -> Array:
    """The vectors v (..., 3) rotated by q. Source: Shuster (1993), "A survey of attitude representations"."""
    u, w = q[..., :3], q[..., 3:]
    twice = 2 * jnp.cross(u, v)
    return v + w * twice + jnp.cross(u, twice)


def normalized(q: Array) -> Array:
    """q / |q|."""
    return q / jnp.sqrt(jnp.sum(q * q, -1, keepdims=True))


def quaternion_exp(v: Array) -> Array:
    """The rotation about v (..., 3) by |v| radians."""
    square = jnp.sum(v * v, -1, keepdims=True) / 4
    return jnp.concatenate([0.5 * sine(square) * v, cosine(square)], -1)


def quaternion_log(q: Array) -> Array:
    """The rotation vector v (..., 3) of q or -q, whichever turns by less: |v| <= pi. Smooth below pi, also at 0."""
    q = jnp.where(q[..., 3:] < 0, -q, q)
    u, w = q[..., :3], q[..., 3:]
    square = jnp.sum(u * u, -1, keepdims=True)
    small = square < 0.01 * w * w
    one = jnp.ones_like(w)
    w0, n = jnp.where(small, w, one), jnp.sqrt(jnp.where(small, one, square))
    t = jnp.where(small, square, 0) / w0**2
    series = sum((-t) ** k / (2 * k + 1) for k in range(10)) / w0  # arctan(t) / t
    return 2 * jnp.where(small, series, jnp.arctan2(n, jnp.where(small, one, w)) / n) * u


def summed(square: Array, first: int) -> Array:
    """The series of (-square)^k / (2k + first)! where it converges fast."""
    a = jnp.where(square < SERIES, square, 0)
    total = jnp.full_like(a, 0)
    for k in range(10, -1, -1):
        total = 1 / factorial(2 * k + first) - a * total
    return total


def of_angle(square: Array, first: int, closed: "jax.typing.ArrayLike") -> Array:
    """The series below 1 rad, the closed form above."""
    return jnp.where(square < SERIES, summed(square, first), closed)


def angle(square: Array) -> Array:
    """The angle where its square is large enough for closed forms, else 1."""
    return jnp.sqrt(jnp.where(square < SERIES, 1, square))


def cosine(square: Array) -> Array:
    """cos a of a^2."""
    return of_angle(square, 0, jnp.cos(angle(square)))


def sine(square: Array) -> Array:
    """sin a / a of a^2."""
    a = angle(square)
    return of_angle(square, 1, jnp.sin(a) / a)


def versine(square: Array) -> Array:
    """(1 - cos a) / a^2 of a^2."""
    a = angle(square)
    return of_angle(square, 2, (1 - jnp.cos(a)) / a**2)


def third(square: Array) -> Array:
    """(a - sin a) / a^3 of a^2."""
    a = angle(square)
    return of_angle(square, 3, (a - jnp.sin(a)) / a**3)


BERNOULLI = (1 / 12, 1 / 720, 1 / 30240, 1 / 1209600, 1 / 47900160, 691 / 1307674368000, 1 / 74724249600)
"""Of (1 - a/2 cot(a/2)) / a^2 by powers of a^2; the next is 2.6e-13."""


def cotangent(square: Array) -> Array:
    """(1 - a/2 cot(a/2)) / a^2 of a^2, for a < 2 pi."""
    near = square < 0.05  # times the seventh power the next term is below rounding
    a = jnp.where(near, square, 0)
    total = jnp.zeros_like(a)
    for c in reversed(BERNOULLI):
        total = c + a * total
    far = jnp.where(near, 1, square)
    half = 0.5 * jnp.sqrt(far)
    return jnp.where(near, total, (1 - half * jnp.cos(half) / jnp.sin(half)) / far)


def cayley(s: Array) -> Array:
    """The quaternion (s / 2, 1) / sqrt(1 + |s|^2 / 4)."""
    most = jax.lax.stop_gradient(jnp.maximum(jnp.max(jnp.abs(s), -1, keepdims=True), 1))
    return normalized(jnp.concatenate([s / (2 * most), 1 / most], -1))
