"""The units of variables for methods that learn from gradients: read once, before the first step."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import eps, norm, safe
from raphson.kernel.rare import rarely
from raphson.model.curvature import filled, natural_scale
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HOST
from raphson.problems.derivatives import hessian, room, slope
from raphson.problems.modes import Modes

Array = jax.Array

PREFIX = int(__import__("os").environ.get("PREFIX", 10))
"""Units are told apart by factors of 2^10, as kilo, milli and micro are."""

MOST = 100
"""Up to so many variables n products with H are worth their units."""


def units(problem: Any, x: Any) -> Array:
    """Units of length d (n,) at the start x, powers of two: ||D s|| is a length, g / d a slope in the unit of sqrt(f).

    The largest is sqrt|H_ii| of the stiffest variable; the others are 2^(10 k) times it, k the whole number that is
    nearest to their own sqrt|H_ii|. A change of the units of f by 2^(2 k), or of x_i by 2^(10 k), therefore changes no
    bit of a run, and where units are alike in the first place all d are the same: curvatures at the start are no
    better guess than the identity then. A unit is believed where gradients at some distance confirm it (`confirmed`).
    Ones where nothing is known: host functions, functions whose second derivatives are dear, n > MOST, H not finite.
    """
    one = jnp.ones_like(problem.space.zero(x))
    if isinstance(problem, HOST) or one.shape[0] > MOST:
        return one
    modes = modes_of(problem, x)
    if modes.costly:
        return one
    _, g, H = hessian(modes, problem, x)
    own = filled(natural_scale(H, jnp.zeros_like(g)))
    power = jnp.log2(own)
    top = jnp.max(power)
    steps = jnp.round((power - top) / PREFIX)
    other = jnp.any(steps < 0) & jnp.all(jnp.isfinite(H))
    fine = rarely(other, lambda m: confirmed(modes, problem, *m), (x, g, H, own), jnp.zeros_like(g, bool))
    d = jnp.ldexp(one, jnp.where(jnp.isfinite(top), jnp.round(top) + jnp.where(fine, PREFIX * steps, 0), 0).astype(int))
    return jnp.where(jnp.isfinite(d) & (d > 0), d, 1)


def confirmed(modes: Modes, problem: Any, x: Any, g: Array, H: Array, d: Array) -> Array:
    """Whether the gradient changes with a variable alone as its column of H says, eps^(1/5) of the full step away.

    A rounded 1 - 1 in H_ii is a unit as well, but its length leads far away (1e5 where others are 1), and there the
    gradient knows nothing of it. Asked at two distances, on the side where a bound leaves more room.
    """
    gradient = slope(modes, problem, x)
    step = eps(g) ** 0.2 * norm(g / d)

    def one(e: Array) -> Array:
        ahead, behind = room(problem.space, x, e), room(problem.space, x, -e)
        t = jnp.where(ahead >= behind, 1, -1) * jnp.minimum(step / (e @ d), jnp.maximum(ahead, behind))
        column = H @ e
        miss = lambda t: jnp.max(jnp.abs((gradient(t * e)[1] - g) / safe(t, t != 0) - column) / d)
        return (jnp.maximum(miss(t), miss(t / 2)) <= 0.5 * jnp.max(jnp.abs(column) / d)) & (t != 0)

    eye = jnp.eye(g.shape[0], dtype=g.dtype)
    return jax.vmap(one)(eye) if modes.batched else lax.map(one, eye)
