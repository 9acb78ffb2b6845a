"""Exact curvatures: the Hessian, dense or as a product, and the identity of gradient descent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Protocol

import jax
import jax.numpy as jnp
from jax import lax

from raphson.calculus.taylor import GRADIENT, GRAM, HESSIAN, PRODUCT, Observation
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import CURVATURE_NOISE, eps, norm, safe, tiny, value_noise
from raphson.kernel.product import unit_of
from raphson.kernel.record import record, static
from raphson.kernel.typing import Problem, Space
from raphson.model.quadratic import Model
from raphson.operators.base import Operator
from raphson.operators.dense import Diagonal, Formed

Array = jax.Array


class Curvature(Protocol):
    """Where the curvature of a method's models comes from; what it remembers from point to point is its memory."""

    exact: ClassVar[bool] = False
    """Whether its operators store the Hessian itself."""

    natural: ClassVar[bool] = False
    """Whether variables are measured in their natural units, and not as they are."""

    learned: ClassVar[bool] = False
    """Whether it is learned from gradients at different points."""

    scaled: ClassVar[bool] = False
    """Whether its memory has `units` of the variables, which are read at the start (model/units.py)."""

    @property
    def square(self) -> bool:
        """Whether its operators hold matrices of n x n."""
        return self.observation.square

    @property
    def observation(self) -> Observation:
        """What has to be evaluated at a point."""
        ...

    def start(self, problem: Problem, x: Any) -> Any:
        """The memory before the first point."""
        ...

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Any) -> tuple[Model, Any]:
        """The model at the point evaluated, and the memory after it; `s` (n,) is the step that led there."""
        ...

    def carried(self, transport: Callable[[Array], Array], memory: Any) -> Any:
        """The memory in the tangent space of the next point, on curved spaces: `transport` (n,) -> (n,) keeps inner
        products. Numbers that belong to no direction stay as they are."""
        return memory

    def hessians(self, n: int, points: int, asked: int) -> int:
        """How many Hessians, or products with H, a run takes that saw `points` points and `asked` for so many products
        in between: one at every point where one is evaluated."""
        return points if self.observation.curved and not self.observation.residual else 0


FADING = 0.5
"""What the last scale of a variable still counts at the next point. Never forgetting (More) keeps the units of a
bad start for ever; forgetting at once lets a radius change its meaning. Measured on MGH, Beale from 10 x0 and
Meyer from 10 x0 end at a listed minimum with 0.5 and do not with 1."""


def natural_scale(H: Operator, last: Array) -> Array:
    """Units of length for every variable: sqrt|H_ii|, falling by at most `FADING` from point to point.

    In these units H has a unit diagonal, so a change of the units of x changes no step. A variable
    with H_ii = 0 takes max_j |H_ij| / scale_j, which has the same unit; one without any curvature
    is measured like the most curved one (0 here).
    Source: More (1978), section 3, for least squares, where the columns' norms of J play this part.
    """
    plain = jnp.sqrt(jnp.abs(H.diagonal()))
    return jnp.maximum(FADING * last, jnp.where(plain > 0, plain, H.beside(plain)))


def filled(scale: Array) -> Array:
    """The scale with the largest in the place of zeros (1 if all are zero)."""
    top = jnp.max(scale)
    return jnp.where(scale > 0, scale, jnp.where(top > 0, top, 1))


@record
class Exact(Curvature):
    """The exact Hessian, dense, with variables measured in its natural units."""

    exact: ClassVar[bool] = True
    natural: ClassVar[bool] = True

    observation: Observation = static(default=HESSIAN)

    def start(self, problem: Problem, x: Any) -> Array:
        """The scale at the last point: no curvature seen yet."""
        return problem.space.zero(x)

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Array) -> tuple[Model, Array]:
        """The Taylor model at the point evaluated."""
        return measured(space, seen, seen.curvature, memory)


def measured(space: Space, seen: Evaluation, B: Operator, last: Array) -> tuple[Model, Array]:
    """The model with a curvature B that is stored, in its natural units, and these units to remember."""
    plain = natural_scale(B, 0 * last)
    scale = jnp.maximum(FADING * last, plain)
    # A variable with H_ii = 0 that is coupled to others is not lost (Beale's function from (1, 1)).
    lost = rounded_away(seen.value, seen.gradient, plain, space.magnitude(seen.x), coupling(B, plain))
    known = filled(unit_of(space, seen.x, jnp.where(lost, 0, scale)))
    return Model(seen.x, seen.value, seen.gradient, B, known, space), scale


def coupling(H: Operator, own: Array) -> Array:
    """How much curvature every variable (n,) shares with another one: max_j |H_ij| / sqrt|H_ii H_jj|, which is at most
    1 in a matrix without negative eigenvalues; infinite for H_ii = 0. `own`: sqrt|H_jj|, and what stands for it where
    that is 0 (`natural_scale`)."""
    alone = jnp.sqrt(jnp.abs(H.diagonal()))
    return jnp.where(alone > 0, H.beside(own, others=True) / safe(alone, alone > 0), jnp.inf)


def rounded_away(value: Array, g: Array, own: Array, size: Array, tie: Array | float = jnp.inf) -> Array:
    """Which variables have neither slope nor curvature beyond rounding, by natural scales `own`: what f changes by
    curvature when x_i changes by its size is lost beside the largest such change, and what a step promises, with the
    least curvature that is no rounding, is below the noise of f.

    A rounded 1 - 1 in H_ii would be taken for a unit of length, and g_i / H_ii, rounding over rounding, for a step:
    along a flat direction of a convex function x then wanders off by 1e16. But beside a variable on its way through 0
    everything is large: what g_i^2 / H_ii promises, about eps |f| where both are rounding, may not pass sqrt(eps) |f|
    either. Where H_ii is less than its `tie` to others (`coupling`) allows, and so rounding of rounding (1e-34), it
    promises anything; what f changes by g_i over the size of x_i, its own rounding as x_i grows, decides there.
    A variable at 0 has no size, and what others have is in other units: there that condition decides. Where it says
    nothing, for g_i = 0 or rounding of rounding, what is rounding beside the others, in the units as they are, is lost.
    An infinite tie is one that is not known.
    """
    noise = value_noise(value)
    share = min(CURVATURE_NOISE * g.shape[0] * eps(g), eps(g) ** 0.5)  # n may be a million
    bend = own * size
    least = jnp.sqrt(share) * jnp.max(bend)
    beside = g * size / jnp.where(least > 0, jnp.maximum(bend, least), 1)
    alone = g / safe(own, own > 0)
    small = 0.5 * alone * alone <= noise / jnp.sqrt(eps(g))
    silent = (g == 0) | ((tie >= jnp.sqrt(eps(g))) & (jnp.abs(g) <= share * jnp.max(jnp.abs(g))))
    at_0 = (small & (g != 0) & (own > 0)) | (silent & (own <= jnp.sqrt(share) * jnp.max(own)))
    slight = (tie > 1) & (jnp.abs(g) * size <= noise / eps(g) ** 0.25)
    return jnp.where(size > 0, (bend <= least) & (slight | small & (0.5 * beside * beside <= noise)), at_0)


@record
class GaussNewton(Curvature):
    """J'J of residuals, with variables measured by the lengths of the columns of J.

    `fading`: what a column's length at the last point still counts (1: never forgotten, as More does).
    Source: Gauss (1809); More (1978), section 3, for the scale.
    """

    natural: ClassVar[bool] = True

    fading: Any = 1.0
    observation: Observation = static(default=GRAM)

    def start(self, problem: Problem, x: Any) -> Array:
        """The scale at the last point: no curvature seen yet."""
        return problem.space.zero(x)

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Array) -> tuple[Model, Array]:
        """The model 1/2 |r + J s|^2 at the point evaluated. Its noise is that of f and of every residual."""
        plain = jnp.sqrt(seen.curvature.diagonal())
        scale = jnp.maximum(self.fading * memory, plain)
        noise = value_noise(seen.value) + eps(plain) * seen.curvature.noise(space.magnitude(seen.x))
        known = filled(unit_of(space, seen.x, scale))
        return Model(seen.x, seen.value, seen.gradient, seen.curvature, known, space, noise), scale


FORMED = 32
"""Up to so many variables H is put together from its products: one batch of n of them at a point, about as many as
conjugate gradients take, and natural units are then exact."""

SWEEPS, MORE, REFRESH = 6, 6, 0.25
"""Products from which units are estimated at the first point: six that bring a factor of 2^40 down to 2^0.6, six more
that count `REFRESH` each and average. Every later point adds one of these."""

APART = 1.0
"""Standard deviation of the logarithms (to base 2) of estimated units up to which all variables have one, that of the
first point: their scatter spreads eigenvalues. Chained Rosenbrock, n = 1e4: 311 products with them, else 208."""


@record
class Estimate:
    """Memory of units: the last ones of every variable (0: nothing seen of it), the number of products they were read
    from, and the `common` one of all variables at the first point, a power of 2 (0: not known yet)."""

    scale: Array
    seen: Array
    common: Array


@record
class ExactProduct(Curvature):
    """The exact Hessian as products, for many variables, in natural units as far as products tell them.

    Up to `FORMED` variables they are those of `Exact`; above, they are estimated (`balanced`).
    """

    natural: ClassVar[bool] = True

    observation: Observation = static(default=PRODUCT)

    def start(self, problem: Problem, x: Any) -> Estimate:
        """Nothing seen yet."""
        zero = problem.space.zero(x)
        return Estimate(zero, jnp.zeros((), jnp.int32), zero.sum())

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Estimate) -> tuple[Model, Estimate]:
        """The Taylor model at the point evaluated. A host function brings a dense Hessian instead."""
        B, n = seen.curvature, memory.scale.shape[0]
        if B.stored() is not None or n <= FORMED:
            model, scale = measured(space, seen, B if B.stored() is not None else Formed(B.dense()), memory.scale)
            return model, replace(memory, scale=scale)
        until = memory.seen + jnp.where(memory.seen == 0, SWEEPS + MORE, 1)
        scale = balanced(B.mv, memory.scale, memory.seen, until)
        lost = rounded_away(seen.value, seen.gradient, scale, space.magnitude(seen.x))
        known = filled(unit_of(space, seen.x, jnp.where(lost, 0, scale)))
        unit, common = told_apart(known, memory.common)
        return Model(seen.x, seen.value, seen.gradient, B, unit, space), Estimate(scale, until, common)

    def hessians(self, n: int, points: int, asked: int) -> int:
        """Products: up to `FORMED` variables n at every point; of more, one for units beside those asked for."""
        return n * points if n <= FORMED else asked + points + SWEEPS + MORE - 1


def told_apart(d: Array, common: Array) -> tuple[Array, Array]:
    """Estimated units as far as they tell variables apart, else one for all: `common` (0: not known yet), and that."""
    power = jnp.log2(d)
    middle = jnp.mean(power)
    power_of_2 = jnp.ldexp(jnp.ones_like(middle), jnp.round(middle).astype(jnp.int32))
    common = jnp.where(common == 0, power_of_2, common)
    return jnp.where(jnp.mean((power - middle) ** 2) < APART**2, common, d), common


def balanced(mv: Callable[[Array], Array], d: Array, seen: Array, until: Array) -> Array:
    """Units d in which the rows of H have length 1, from products with random signs, the `seen`-th to `until`.

    Rows of M = D^-1 H D^-1 are measured by products (Hutchinson, 1990), and d is multiplied by the root of what is
    seen: exact at once for a diagonal H, else errors halve (as logarithms) from product to product. The balanced matrix
    is the same whatever the units of x. A row that no product shows has no unit (0).
    Sources: Ruiz (2001), "A scaling algorithm to equilibrate both rows and columns norms in matrices"; Bradley (2010)
    and Diamond and Boyd (2017) from products alone.
    """

    def sweep(k: Array, d: Array) -> Array:
        unit = filled(d)
        signs = jax.random.rademacher(jax.random.fold_in(jax.random.key(0), k), d.shape, d.dtype)
        row = jnp.abs(mv(signs / unit) / unit)
        weight = jnp.where((d == 0) | (k < SWEEPS), 1, REFRESH).astype(d.dtype)
        return jnp.where((row > 0) & jnp.isfinite(row), unit * jnp.sqrt(1 - weight + weight * row), d)

    return lax.fori_loop(seen, until, sweep, d)


def initial_curvature(value: Array, gradient: Array) -> Array:
    """A curvature b such that the step -g/b would bring a linear f to zero: |f| = g'g / b.

    It has the unit of curvature, so first steps do not depend on the units of f or of all x.
    Used by every method that starts without a Hessian.
    """
    length = norm(gradient)
    size = length * (length / safe(jnp.abs(value), value != 0))
    return jnp.where((size > tiny(size)) & jnp.isfinite(size), size, jnp.maximum(length, tiny(size)))


@record
class Identity(Curvature):
    """b times the identity, b fixed by the first point: the curvature of gradient descent."""

    observation: Observation = static(default=GRADIENT)

    def start(self, problem: Problem, x: Any) -> Array:
        """b, unknown (zero) before the first point."""
        return problem.space.zero(x).sum()

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Array) -> tuple[Model, Array]:
        """f + g's + b/2 s's."""
        b = jnp.where(memory > 0, memory, initial_curvature(seen.value, seen.gradient))
        one = jnp.ones_like(seen.gradient)
        return Model(seen.x, seen.value, seen.gradient, Diagonal(b * one), one, space), b
