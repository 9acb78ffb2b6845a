"""Exact curvatures: the Hessian, dense or as a product, and the identity of gradient descent."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.look import GRADIENT, GRAM, HESSIAN, PRODUCT, Look
from raphson.kernel.number import CURVATURE_NOISE, eps, norm, safe, tiny, value_noise
from raphson.kernel.rare import rarely
from raphson.kernel.record import record, static
from raphson.model.quadratic import Model
from raphson.operators.dense import Dense, Diagonal, Formed

Array = jax.Array


FADING = 0.5
"""What the last scale of a variable still counts at the next point. Never forgetting (More) keeps the units of a
bad start for ever; forgetting at once lets a radius change its meaning. Measured on MGH, Beale from 10 x0 and
Meyer from 10 x0 end at a listed minimum with 0.5 and do not with 1."""


def natural_scale(H: Array, last: Array) -> Array:
    """Units of length for every variable: sqrt|H_ii|, falling by at most `FADING` from point to point.

    In these units H has a unit diagonal, so a change of the units of x changes no step. A variable
    with H_ii = 0 takes max_j |H_ij| / scale_j, which has the same unit; one without any curvature
    is measured like the most curved one (0 here).
    Source: More (1978), section 3, for least squares, where the columns' norms of J play this part.
    """
    plain = jnp.sqrt(jnp.abs(jnp.diagonal(H)))
    row = jnp.max(jnp.abs(H) / jnp.where(plain > 0, plain, jnp.inf)[None, :], axis=1)
    return jnp.maximum(FADING * last, jnp.where(plain > 0, plain, row))


def filled(scale: Array) -> Array:
    """The scale with the largest in the place of zeros (1 if all are zero)."""
    top = jnp.max(scale)
    return jnp.where(scale > 0, scale, jnp.where(top > 0, top, 1))


@record
class Exact:
    """The exact Hessian, dense, with variables measured in its natural units."""

    order: int = static(default=HESSIAN)

    def start(self, problem: Any, x: Any) -> Array:
        """The scale at the last point: no curvature seen yet."""
        return problem.space.zero(x)

    def model(self, space: Any, look: Look, s: Array, memory: Array) -> tuple[Model, Array]:
        """The Taylor model at the point looked at."""
        return measured(space, look, look.curvature, memory)


def measured(space: Any, look: Look, B: Any, last: Array) -> tuple[Model, Array]:
    """The model with a curvature B that is stored, in natural units, and these units to remember."""
    H = B.dense()
    scale = natural_scale(H, last)
    lost = rounded_away(look.value, look.gradient, natural_scale(H, 0 * last), space.magnitude(look.x))
    return Model(look.x, look.value, look.gradient, B, filled(jnp.where(lost, 0, scale)), space), scale


def rounded_away(value: Array, g: Array, scale: Array, size: Array) -> Array:
    """Which variables have neither slope nor curvature beyond rounding: what f changes by its curvature (`scale`
    squared) when x_i changes by its size is lost beside the largest such change, and what a step promises is below the
    noise of f.

    A rounded 1 - 1 in H_ii would be taken for a unit of length, and g_i / H_ii, rounding over rounding, for a step:
    along a flat direction of a convex function x then wanders off by 1e16.
    """
    bend = scale * size
    least = jnp.sqrt(CURVATURE_NOISE * g.shape[0] * eps(g)) * jnp.max(bend)
    promise = g * size / jnp.where(least > 0, jnp.maximum(bend, least), 1)
    return (size > 0) & (bend <= least) & (0.5 * promise * promise <= value_noise(value))


@record
class GaussNewton:
    """J'J of residuals, with variables measured by the lengths of the columns of J.

    `fading`: what a column's length at the last point still counts (1: never forgotten, as More does).
    Source: Gauss (1809); More (1978), section 3, for the scale.
    """

    fading: Any = 1.0
    order: int = static(default=GRAM)

    def start(self, problem: Any, x: Any) -> Array:
        """The scale at the last point: no curvature seen yet."""
        return problem.space.zero(x)

    def model(self, space: Any, look: Look, s: Array, memory: Array) -> tuple[Model, Array]:
        """The model 1/2 |r + J s|^2 at the point looked at. Its noise is that of f and of every residual."""
        plain = jnp.sqrt(look.curvature.diagonal())
        scale = jnp.maximum(self.fading * memory, plain)
        noise = value_noise(look.value) + eps(plain) * look.curvature.noise(space.magnitude(look.x))
        return Model(look.x, look.value, look.gradient, look.curvature, filled(scale), space, noise), scale


FORMED = 32
"""Up to so many variables H is put together from its products: one batch of n of them for every point, which is less
than conjugate gradients take, and natural units are then exact."""

SWEEPS, MORE, REFRESH = 6, 6, 0.25
"""Products from which units are estimated at the first point: six that bring a factor of 2^40 down to 2^0.6, six more
that count `REFRESH` each and average. Every later point adds one of these."""


@record
class ExactProduct:
    """The exact Hessian as products, for many variables, in natural units as far as products tell them.

    Up to `FORMED` variables they are those of `Exact`; above, they are estimated (`balanced`).
    """

    order: int = static(default=PRODUCT)

    def start(self, problem: Any, x: Any) -> tuple[Array, Array]:
        """The scale at the last point, and how many products it was read from: nothing seen yet."""
        return problem.space.zero(x), jnp.zeros((), jnp.int32)

    def model(self, space: Any, look: Look, s: Array, memory: tuple[Array, Array]) -> tuple[Model, tuple[Array, Array]]:
        """The Taylor model at the point looked at. A host function brings a dense Hessian instead."""
        B, (scale, seen) = look.curvature, memory
        if isinstance(B, Dense) or scale.shape[0] <= FORMED:
            stored = B if isinstance(B, Dense) else Formed(B.dense())
            model, scale = measured(space, look, stored, scale)
            return model, (scale, seen)
        until = jnp.where(seen == 0, SWEEPS + MORE, seen + 1)
        scale = balanced(B.mv, jnp.where(seen == 0, 1, scale), seen, until)
        return Model(look.x, look.value, look.gradient, B, scale, space), (scale, until)


def balanced(mv: Any, d: Array, seen: Array, until: Array) -> Array:
    """Units d in which the rows of H have length 1, from products with random signs, the `seen`-th to `until`.

    Rows of M = D^-1 H D^-1 are measured by products (Hutchinson, 1990), and d is multiplied by the root of what is
    seen: exact at once for a diagonal H, else errors halve (as logarithms) from product to product. The balanced matrix
    is the same whatever the units of x. A row that is not seen (0, or not finite) keeps its unit.
    Sources: Ruiz (2001), "A scaling algorithm to equilibrate both rows and columns norms in matrices"; Bradley (2010)
    and Diamond and Boyd (2017) from products alone.
    """

    def sweep(k: Array, d: Array) -> Array:
        signs = jax.random.rademacher(jax.random.fold_in(jax.random.key(0), k), d.shape, d.dtype)
        row = jnp.abs(mv(signs / d) / d)
        row = jnp.where((row > 0) & jnp.isfinite(row), row, 1)
        weight = jnp.where(k < SWEEPS, 1.0, REFRESH).astype(d.dtype)
        return d * jnp.sqrt(1 - weight + weight * row)

    return lax.fori_loop(seen, until, sweep, d)


MOST_SCALED = 4000
"""Up to so many variables a method that learns from gradients reads their units at the start (`units`)."""


def units(space: Any, look: Look, last: Array, first: Array) -> Array:
    """The natural units of variables (n,) for methods that learn from gradients: at the first point from products with
    H, which they never ask for again, later the same. Ones where a look holds no products (host functions, functions
    whose Hessian is dear, and beyond `MOST_SCALED` variables).
    """
    if look.curvature is None or last.shape[0] > MOST_SCALED:
        return last

    def read(held: tuple) -> Array:
        here, g, value, d = held
        B = replace(look.curvature, x=here)
        if d.shape[0] > FORMED:
            return balanced(B.mv, jnp.ones_like(d), jnp.zeros((), jnp.int32), jnp.asarray(SWEEPS + MORE, jnp.int32))
        H = B.dense()
        scale = natural_scale(H, jnp.zeros_like(d))
        return filled(jnp.where(rounded_away(value, g, scale, space.magnitude(here)), 0, scale))

    return rarely(first, read, (look.x, look.gradient, look.value, last), last)


def first_size(value: Array, gradient: Array) -> Array:
    """A curvature b such that the step -g/b would bring a linear f to zero: |f| = g'g / b.

    It has the unit of curvature, so first steps do not depend on the units of f or of all x.
    Used by every method that starts without a Hessian.
    """
    length = norm(gradient)
    size = length * (length / safe(jnp.abs(value), value != 0))
    return jnp.where((size > tiny(size)) & jnp.isfinite(size), size, jnp.maximum(length, tiny(size)))


@record
class Identity:
    """b times the identity, b fixed by the first point: the curvature of gradient descent."""

    order: int = static(default=GRADIENT)

    def start(self, problem: Any, x: Any) -> Array:
        """b, unknown (zero) before the first point."""
        return problem.space.zero(x).sum()

    def model(self, space: Any, look: Look, s: Array, memory: Array) -> tuple[Model, Array]:
        """f + g's + b/2 s's."""
        b = jnp.where(memory > 0, memory, first_size(look.value, look.gradient))
        one = jnp.ones_like(look.gradient)
        return Model(look.x, look.value, look.gradient, Diagonal(b * one), one, space), b
