"""The units of variables for methods that learn from gradients: read once, before the first step."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.calculus.taylor import HESSIAN, evaluate_compiled
from raphson.kernel.branch import cond_under_vmap
from raphson.kernel.number import eps, norm, safe
from raphson.kernel.product import unit_of
from raphson.kernel.program import Program
from raphson.kernel.record import record
from raphson.kernel.typing import Space
from raphson.model.curvature import filled, natural_scale
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HOST
from raphson.problems.derivatives import room, slope

Array = jax.Array

PREFIX = 10
"""Units are told apart by factors of 2^10, as kilo, milli and micro are."""

MOST = 100
"""Up to so many variables n products with H are worth their units."""


@record
class Units:
    """Units of length `scale` (n,), powers of two: ||D s|| is a length, g / d a slope in the unit of sqrt(f).

    `least`: the smallest curvature that is to be expected in them; 0 where nothing is known of units.
    """

    scale: Array
    least: Array

    @staticmethod
    def unknown(zero: Array) -> "Units":
        """Of variables (n,) of which nothing is known: ones."""
        return Units(jnp.ones_like(zero), jnp.zeros((), zero.dtype))


@record
class Guess:
    """What H at the start says of units: `own` = sqrt|H_ii| (n,), the largest as 2^`top`, the others by how many
    prefixes smaller (`steps`, (n,), at most 0)."""

    own: Array
    top: Array
    steps: Array

    def settled(self, fine: Array) -> Units:
        """The units: the largest wherever a smaller one is not `fine` (n,)."""
        known = jnp.isfinite(self.top)
        power = jnp.where(known, jnp.round(self.top) + jnp.where(fine, PREFIX * self.steps, 0), 0)
        one = jnp.ones_like(self.own)
        return Units(jnp.ldexp(one, power.astype(jnp.int32)), jnp.where(known, 2.0**-PREFIX * one[0], 0))


def units(problem: Any, x: Any) -> Units:
    """The units of the variables at the start x.

    The largest is sqrt|H_ii| of the stiffest variable; the others are 2^(10 k) times it, k the whole number that is
    nearest to their own sqrt|H_ii|. In them H has a diagonal between 2^-10 and 1. A change of the units of f by
    2^(2 k), or of x_i by 2^(10 k), therefore changes no bit of a run, and where units are alike in the first place all
    d are the same: curvatures at the start are no better guess than the identity then. A smaller unit is believed
    where gradients confirm it (`confirmed`).
    Unknown are they where `readable` says no, and where H is zero or not finite.
    """
    if not readable(problem, x):
        return Units.unknown(problem.space.zero(x))
    seen = HESSIAN.evaluate(problem, x)
    guess = guessed(problem.space, seen)
    nothing = jnp.zeros_like(guess.own, bool)
    ask = lambda m: confirmed(problem, m[0], m[1])
    return guess.settled(cond_under_vmap(jnp.any(guess.steps < 0), ask, (seen, guess.own), nothing))


def units_at(problem: Any, x: Any) -> Units:
    """The same from the host: by the program that the certificate needs of H anyway, and another where one is asked."""
    if not readable(problem, x):
        return Units.unknown(problem.space.zero(x))
    seen = evaluate_compiled(problem, x)
    guess, alike, other = first_guess(problem.space, seen)
    return settled(guess, asked(problem, seen, guess.own)) if bool(other) else alike


def readable(problem: Any, x: Any) -> bool:
    """Whether there is an H to read units from: not for host functions, where second derivatives are dear, for
    n > MOST."""
    if isinstance(problem, HOST) or problem.space.size(x) > MOST:
        return False
    return not modes_of(problem, x).costly


def guessed(space: Space, seen: Any) -> Guess:
    """Units by the diagonal of H; equal ones where H is zero or not finite, and in the tangent space of one point."""
    scale = unit_of(space, seen.x, natural_scale(seen.curvature, jnp.zeros_like(seen.gradient)))
    own = filled(scale)
    power = jnp.log2(own)
    top = jnp.log2(jnp.max(scale))
    steps = jnp.round((power - top) / PREFIX)
    return Guess(own, top, jnp.where(jnp.all(jnp.isfinite(power)), steps, 0))


def confirmed(problem: Any, seen: Any, d: Array) -> Array:
    """Whether the gradient changes with a variable alone as its column of H says, eps^(1/3) of the full step away.

    A rounded 1 - 1 in H_ii is a unit as well, but its length leads far away (600 where others are 1), and there the
    gradient knows nothing of it. Asked at two distances, on the side where a bound leaves more room.
    """
    modes, x, g, H = modes_of(problem, seen.x), seen.x, seen.gradient, seen.curvature.dense()
    gradient = slope(modes, problem, x)
    eye = jnp.eye(g.shape[0], dtype=g.dtype)
    ahead, behind = (jax.vmap(lambda e: room(problem.space, x, e))(side) for side in (eye, -eye))
    far = jnp.minimum(eps(g) ** (1 / 3) * norm(g / d) / d, jnp.maximum(ahead, behind))
    t = jnp.where(ahead >= behind, far, -far)
    points = jnp.concatenate([jnp.diag(t), jnp.diag(t / 2)])
    there = jax.vmap(lambda s: gradient(s)[1])(points) if modes.batched else lax.map(lambda s: gradient(s)[1], points)
    moved = jnp.concatenate([t, t / 2])
    slopes = (there - g) / safe(moved, moved != 0)[:, None]
    miss = jnp.max(jnp.abs(slopes - jnp.concatenate([H, H])) / d, axis=1).reshape(2, -1)
    return (jnp.max(miss, axis=0) <= 0.5 * jnp.max(jnp.abs(H) / d, axis=1)) & (t != 0)


@Program
def first_guess(space: Space, seen: Any) -> tuple[Guess, Units, Array]:
    """The guess, the units if all are alike, and whether they may not be."""
    guess = guessed(space, seen)
    return guess, guess.settled(jnp.zeros_like(guess.own, bool)), jnp.any(guess.steps < 0)


asked = Program(confirmed)
settled = Program(lambda guess, fine: guess.settled(fine))
