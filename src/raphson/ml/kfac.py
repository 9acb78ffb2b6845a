"""K-FAC: steps of the Gauss-Newton or Fisher matrix's Kronecker factors.

Sources: Martens and Grosse (2015), "Optimizing neural networks with Kronecker-factored approximate curvature": moving
means of the factors (section 5), factored damping (6.3), its adaptation by the ratio of change (6.5), step and momentum
from the exact quadratic (6.4 and 7), factors' inverses computed rarely (8); the bound on the step's length at a given
rate: Ba, Grosse and Martens (2017), "Distributed second-order optimization using Kronecker-factored approximations".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from raphson.ml.kfac_factors import (
    FactorRecipe,
    batch_factors,
    factor_recipe,
    mean_inputs,
    no_blocks,
    output_term,
    separable,
)
from raphson.ml.kfac_layers import model_layers
from raphson.ml.kronecker import KroneckerBlocks, KroneckerEigen
from raphson.ml.parameter_tree import parameter_tree
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.risk_products import OutputTerm
from raphson.ml.transform import (
    GivenBatch,
    Rate,
    TransformRule,
    batch_value,
    checked_batch,
    checked_count,
    checked_number,
    in_shell,
)

Array = jax.Array

EARLY = 3
"""Inverses are new in each of the first updates: factors of the first batches change much (Martens and Grosse, 8)."""

SHRINK, GOOD, BAD = 19 / 20, 3 / 4, 1 / 4
"""The damping's change for every update, and between which ratios it stays (Martens and Grosse, 6.5)."""


class KfacState(NamedTuple):
    """Moving means of the factors, their eigenvalues (as of the last refresh), the last update, the damping, the last
    ratio of the loss's change to the quadratic's, and a key for the next draw."""

    factors: KroneckerBlocks
    eigen: KroneckerEigen
    last: Any
    damping: Array
    ratio: Array
    key: Array


@dataclass(frozen=True)
class KfacRule:
    """The numbers of `kfac`, and its parts."""

    risk: EmpiricalRisk
    term: OutputTerm
    recipe: FactorRecipe
    told: bool
    exact_step: bool
    momentum: Any
    damping: Any
    least_damping: Any
    adapt: int | None
    fade: Any
    every: Any
    factors_every: Any
    kl_clip: Any
    seed: Any

    def begin(self, params: Any) -> KfacState:
        """Nothing seen yet."""
        tree = parameter_tree(params)
        blocks = no_blocks(model_layers(self.risk, self.term, params, self.recipe.settings), tree)
        if blocks.untagged and not self.told:
            warnings.warn(
                f"kfac: no tag holds {', '.join(blocks.untagged)}: they get a diagonal. Tag their layers "
                "(raphson.ml.tag_dense, tag_conv), or say untagged='diagonal' or 'identity'",
                stacklevel=3,
            )
        one = jnp.ones((), tree.dtype)
        zero = jax.tree.map(jnp.zeros_like, params)
        return KfacState(blocks, blocks.eigen(), zero, self.damping * one, one, jax.random.PRNGKey(self.seed))

    def step(self, grads: Any, state: KfacState, params: Any, rate: Any, count: Array, extra: Any) -> Any:
        """The update, and the next state."""
        batch = checked_batch("kfac", self.risk, extra)
        following, key = jax.random.split(state.key)
        factors = self.remembered(state.factors, params, batch, count, key)
        renew = (count % self.every == 0) | (count < EARLY)
        eigen = lax.cond(renew, factors.eigen, lambda: state.eigen)
        direction = jax.tree.map(jnp.negative, eigen.damped(grads, state.damping))
        quadratic = Quadratic(self.term, params, batch.batch, batch.frozen, grads, state.damping)
        if self.exact_step:
            new, change = quadratic.least(direction, state.last)
            damping, ratio = self.adapted(state, params, batch, new, lambda: change, count)
        else:
            new = self.given(direction, state.last, grads, rate)
            damping, ratio = self.adapted(state, params, batch, new, lambda: quadratic.change(new), count)
        return new, KfacState(factors, eigen, new, damping, ratio, following)

    def remembered(
        self, old: KroneckerBlocks, params: Any, batch: GivenBatch, count: Array, key: Array
    ) -> KroneckerBlocks:
        """The factors' moving means, this batch's among them."""
        seen = count // self.factors_every
        keep = jnp.minimum(seen / (seen + 1), jnp.asarray(self.fade, float))

        def mixed() -> KroneckerBlocks:
            new = batch_factors(self.term, params, batch.batch, batch.frozen, old.layers, self.recipe, key)
            new = mean_inputs(new, jnp.sum(batch.batch[2]))
            return jax.tree.map(lambda a, b: (keep * a + (1 - keep) * b).astype(a.dtype), old, new)

        return lax.cond(count % self.factors_every == 0, mixed, lambda: old)

    def given(self, direction: Any, last: Any, grads: Any, rate: Any) -> Any:
        """The step at a given rate, no longer than `kl_clip` allows, with momentum."""
        shrink: Any = 1.0
        if self.kl_clip is not None:
            size = rate**2 * jnp.abs(tree_dot(direction, grads))
            shrink = jnp.minimum(1, jnp.sqrt(self.kl_clip / jnp.maximum(size, jnp.finfo(size.dtype).tiny)))
        return jax.tree.map(lambda d, e: (rate * shrink * d + self.momentum * e).astype(e.dtype), direction, last)

    def adapted(self, state: KfacState, params: Any, batch: GivenBatch, new: Any, change: Any, count: Array) -> Any:
        """Damping and ratio after the update, looked at every `adapt` updates."""
        if self.adapt is None:
            return state.damping, state.ratio
        factor = SHRINK**self.adapt

        def looked() -> tuple[Array, Array]:
            moved = jax.tree.map(jnp.add, params, new)
            real = batch_value(self.risk, moved, batch) - batch_value(self.risk, params, batch)
            model = change()
            ratio = jnp.where(model < 0, real / jnp.where(model < 0, model, 1), -1)  # no descent by the model: worse
            ratio = jnp.where(jnp.isfinite(ratio), ratio, -1).astype(state.ratio.dtype)
            times = jnp.where(ratio > GOOD, factor, jnp.where(ratio < BAD, 1 / factor, 1))
            least = jnp.minimum(self.least_damping, state.damping)  # one that began lower stays where it is
            return jnp.maximum(state.damping * times, least).astype(state.damping.dtype), ratio

        return lax.cond((count + 1) % self.adapt == 0, looked, lambda: (state.damping, state.ratio))


@dataclass(frozen=True)
class Quadratic:
    """q(s) = g's + 1/2 s'(F + damping I)s, F the exact Gauss-Newton matrix of the batch."""

    term: OutputTerm
    params: Any
    batch: Any
    frozen: Any
    gradient: Any
    damping: Array

    def forms(self, *steps: Any) -> list[list[Array]]:
        """s'(F + damping I)t for all pairs."""
        outputs, push = jax.linearize(lambda p: self.term.outputs(p, self.batch, self.frozen), self.params)
        rows = self.term.rows(outputs, self.batch)
        pushed = [push(s).reshape(rows.outputs.shape) for s in steps]
        curved = [rows.weights[:, None] * self.term.loss.curve(rows.outputs, u) for u in pushed]
        return [
            [jnp.vdot(u, c) + self.damping * tree_dot(s, t) for c, t in zip(curved, steps, strict=True)]
            for u, s in zip(pushed, steps, strict=True)
        ]

    def least(self, direction: Any, last: Any) -> tuple[Any, Array]:
        """The least point of the plane of a direction and the last update, and q there; on the line of the direction
        alone where the last update is 0 or parallel to it, to rounding."""
        (a, b), (_, c) = self.forms(direction, last)
        g, h = tree_dot(self.gradient, direction), tree_dot(self.gradient, last)
        det = a * c - b * b
        plane = det > jnp.sqrt(jnp.finfo(det.dtype).eps) * a * c
        line = jnp.where(a > 0, -g / jnp.where(a > 0, a, 1), 0)
        safe = jnp.where(plane, det, 1)
        alpha = jnp.where(plane, (b * h - c * g) / safe, line)
        mu = jnp.where(plane, (b * g - a * h) / safe, 0)
        new = jax.tree.map(lambda d, e: (alpha * d + mu * e).astype(e.dtype), direction, last)
        return new, (alpha * g + mu * h) / 2

    def change(self, step: Any) -> Array:
        """q of a step."""
        return tree_dot(self.gradient, step) + self.forms(step)[0][0] / 2


def tree_dot(a: Any, b: Any) -> Array:
    """The sum of products of all numbers of two pytrees."""
    return sum(jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))  # type: ignore[return-value]


def kfac(
    risk: EmpiricalRisk,
    learning_rate: Rate | None = None,
    *,
    momentum: Any = 0.9,
    damping: Any = 1e-3,
    least_damping: Any = 1e-3,
    adapt: int | None = 5,
    fade: Any = 0.95,
    every: Any = 10,
    factors_every: Any = 1,
    kl_clip: Any = None,
    targets: str = "sampled",
    samples: int = 1,
    sharing: str | Mapping[str, str] = "expand",
    untagged: str | None = None,
    weight_decay: Any = 0.0,
    seed: Any = 0,
) -> Any:
    """K-FAC as a gradient transformation; `update(gradient, state, params, batch=batch)`.

    The model of `risk` tags its layers (`tag_dense`, `tag_conv`); batches are (inputs, targets), (inputs, targets,
    weights) or, for a risk with a key, (inputs, targets, weights, numbers of the examples), of the kind of
    the risk's own data, of which shapes alone are taken. `learning_rate`: None for the step
    that makes the batch's exact quadratic least over direction and last update; a number or a function of the count
    for that step with `momentum`, its length bounded by `kl_clip`: rate^2 d'g <= kl_clip. `damping` (units of
    curvature) changes every `adapt` updates by the ratio of the loss's change to the quadratic's, None: never, but not
    below `least_damping`: a batch agrees with its own quadratic long after that says nothing about other batches.
    `fade`: weight of what was in the factors' moving means; `factors_every`, `every`: updates between two batches that
    count in them, and between two inverses. `targets`, `samples`, `sharing`: as `kronecker_factors` has them.
    `untagged`: parameters outside all layers have a "diagonal", or the "identity"; None: a diagonal and a warning that
    names them. `weight_decay` goes with a learning rate alone. Raises ValueError where no layer is tagged, for words
    and numbers out of their range, TypeError where outputs and loss are not known apart.
    """
    term = separable(risk, output_term(risk, "kfac looks"))
    recipe = factor_recipe(targets, samples, sharing, untagged or "diagonal")
    for name, value in (("momentum", momentum), ("fade", fade)):
        checked_number(name, value, 0, 1, open_above=True)
    for name, value in (("damping", damping), ("least_damping", least_damping)):
        checked_number(name, value, 0, jnp.inf)
    for name, value in (("every", every), ("factors_every", factors_every), *((("adapt", adapt),) if adapt else ())):
        checked_count(name, value)
    if kl_clip is not None:
        checked_number("kl_clip", kl_clip, 0, jnp.inf)
    exact = learning_rate is None
    if exact and not (isinstance(weight_decay, int | float) and weight_decay == 0):
        raise ValueError("weight_decay is multiplied with the learning rate: give kfac a learning_rate, or put it in g")
    rule = KfacRule(risk, term, recipe, untagged is not None, exact, momentum, damping, least_damping, adapt or None,
                    fade, every, factors_every, kl_clip, seed)  # fmt: skip
    return in_shell(TransformRule("kfac", rule.begin, rule.step, needs_params=True), learning_rate, weight_decay)
