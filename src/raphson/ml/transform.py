"""What the training methods have in common: a pair of functions that optax takes, and the shell around a direction.

A transformation is (init, update): `state = init(params)`, then at every batch
`updates, state = update(gradient, state, params, batch=batch)` and `params + updates`. The shell checks shapes, calls
schedules, adds decoupled weight decay (Loshchilov and Hutter 2019), and leaves an update out where a number is not
finite.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from raphson.ml.frozen_state import EACH
from raphson.ml.microbatches import Microbatches, leading
from raphson.ml.parameter_tree import parameter_tree
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.risk_products import LossTerm

Array = jax.Array
Rate = float | Array | Callable[[Any], Any]


class GradientTransformation(NamedTuple):
    """The functions init(params) -> state and update(gradient, state, params, **extra) -> (updates, state)."""

    init: Callable[..., Any]
    update: Callable[..., Any]


def optax_pair(init: Callable[..., Any], update: Callable[..., Any]) -> Any:
    """A `GradientTransformation`; where the program has imported optax, optax's own pair of the same functions, since
    `optax.chain` hands extra arguments (`batch=`) on to that type alone."""
    optax = sys.modules.get("optax")
    kind = getattr(optax, "GradientTransformationExtraArgs", GradientTransformation)
    return kind(init, update)


class ShellState(NamedTuple):
    """`count` updates were made, `skipped` left out because a number of gradient or update was not finite; `inner`: the
    method's own."""

    count: Array
    skipped: Array
    inner: Any


@dataclass(frozen=True)
class TransformRule:
    """A training method without its shell.

    `begin(params)`: the first state. `step(gradient, inner, params, rate, count, extra)`: the update and the next
    state. `needs_params`: whether `step` looks at them.
    """

    name: str
    begin: Callable[[Any], Any]
    step: Callable[..., tuple[Any, Any]]
    needs_params: bool = False


def in_shell(rule: TransformRule, learning_rate: Rate | None, weight_decay: Any = 0.0) -> Any:
    """The transformation of a rule. `learning_rate`: a number or a function of the count of updates made so far."""
    if not callable(learning_rate) and learning_rate is not None:
        checked_number("learning_rate", learning_rate, 0, np.inf)
    checked_number("weight_decay", weight_decay, 0, np.inf)
    decays = not (isinstance(weight_decay, int | float) and weight_decay == 0)

    def init(params: Any) -> ShellState:
        parameter_tree(params)
        return ShellState(jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32), rule.begin(params))

    def update(grads: Any, state: ShellState, params: Any = None, **extra: Any) -> tuple[Any, ShellState]:
        if params is None and (rule.needs_params or decays):
            what = "weight_decay" if decays else "it"
            raise ValueError(f"{rule.name}: {what} needs the parameters: update(gradient, state, params)")
        check_gradient(rule.name, grads, params)
        rate: Any = learning_rate(state.count) if callable(learning_rate) else learning_rate
        finite = all_finite(grads)
        clean = jax.tree.map(lambda g: jnp.where(finite, g, 0), grads)
        new, inner = rule.step(clean, state.inner, params, rate, state.count, extra)
        if decays:
            new = jax.tree.map(lambda d, p: d - (rate * weight_decay * p).astype(d.dtype), new, params)
        finite &= all_finite(new) & all_finite(inner)
        new = jax.tree.map(lambda d, g: jnp.where(finite, d, 0).astype(jnp.asarray(g).dtype), new, grads)
        inner = jax.tree.map(lambda after, before: jnp.where(finite, after, before), inner, state.inner)
        return new, ShellState(state.count + finite, state.skipped + ~finite, inner)

    return optax_pair(init, update)


def all_finite(tree: Any) -> Array:
    """Whether every floating-point number of a pytree is finite."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)]
    return jnp.all(jnp.asarray([True, *(jnp.all(jnp.isfinite(leaf)) for leaf in leaves)]))


def check_gradient(name: str, grads: Any, params: Any) -> None:
    """Raises TypeError for a leaf that is not floating point, ValueError for a gradient unlike the parameters."""
    given = parameter_tree(grads)
    if params is None:
        return
    wanted = parameter_tree(params)
    if given.structure != wanted.structure:
        raise ValueError(f"{name}: the gradient is {given.structure} and the parameters are {wanted.structure}")
    for leaf, mine, theirs in zip(wanted.names, given.shapes, wanted.shapes, strict=True):
        if mine != theirs:
            raise ValueError(f"{name}: the gradient of {leaf} has shape {mine}, the parameter {theirs}")


def checked_number(name: str, value: Any, low: float, high: float, open_above: bool = False) -> None:
    """Raises ValueError for a number outside [low, high] (without `high` where `open_above`). What is traced, as inside
    optax.inject_hyperparams, is taken as it is."""
    if isinstance(value, Tracer):
        return
    number = np.asarray(value)
    inside = number.shape == () and np.issubdtype(number.dtype, np.number) and low <= number <= high
    if not inside or (open_above and number == high) or not np.isfinite(number):
        raise ValueError(f"{name} is {value!r}: expected a number from {low:g} to {'below ' * open_above}{high:g}")


def checked_count(name: str, value: Any) -> None:
    """Raises ValueError for what is no whole number from 1."""
    if isinstance(value, Tracer):
        return
    if isinstance(value, bool) or np.ndim(value) != 0 or value != int(value) or value < 1:
        raise ValueError(f"{name} is {value!r}: it is a whole number, at least 1")


class GivenBatch(NamedTuple):
    """A batch as the terms take it, with a named loss (inputs, targets, shares, numbers of the examples); what the
    model takes besides; and what the sum of its losses is multiplied with (of shares: 1)."""

    batch: Any
    frozen: Any
    scale: Any


def checked_batch(name: str, risk: EmpiricalRisk, extra: dict[str, Any]) -> GivenBatch:
    """The batch of an update. Where that is handed the batch's own risk, as `train` does, scale, state and key are its:
    the gradient's. Without it the risk of a batch is its mean. Raises ValueError where the batch is missing or not what
    the risk takes."""
    batch = extra.get("batch")
    if batch is None:
        raise ValueError(
            f"{name} looks at the batch again: update(gradient, state, params, batch=batch). Inside optax.chain, where "
            f"optax was imported after {name} was made: optax.GradientTransformationExtraArgs(*{name}(...))"
        )
    if isinstance(batch, Microbatches):
        raise ValueError(
            f"{name} takes a batch at once, and all data ({batch.count} examples) came in microbatches: give "
            "batch_size= to train, or leave it out of the risk"
        )
    own = extra.get("risk")
    own = None if own is None or own.term != risk.term else own
    if own is None and not risk.mean:
        raise ValueError(
            f"{name}: a batch's risk is its mean, and the risk has reduction='sum': give one with 'mean' and gradients "
            "of it, or hand over the batch's own, update(..., risk=risk_of_batch(risk, batch))"
        )
    frozen, count = risk.frozen if own is None else own.frozen, leading(batch)
    if isinstance(risk.term, LossTerm):
        return GivenBatch(numbered(risk, batch), frozen, 1 / count if own is None else own.scale)
    if not isinstance(batch, tuple | list) or len(batch) not in (2, 3, 4):
        raise ValueError(f"{name}: with a loss by name a batch is (inputs, targets) or (inputs, targets, weights)")
    targets, known = jnp.asarray(batch[1]), risk.data.parts[0][1]  # the risk's, with microbatches first
    if targets.ndim != known.ndim - 1:
        raise ValueError(
            f"{name}: targets of the batch have shape {targets.shape}, those of the risk {known.shape[1:]}, the "
            "examples first"
        )
    weights = jnp.ones(count) if len(batch) == 2 else jnp.asarray(batch[2], float)
    numbers = jnp.asarray(batch[3]) if len(batch) == 4 else jnp.arange(count)
    shares = weights / jnp.sum(weights) if own is None else weights * own.scale
    return GivenBatch((batch[0], targets, shares, numbers), frozen, 1.0)


def numbered(risk: EmpiricalRisk, batch: Any) -> Any:
    """A batch as a loss of one's own takes it: with a key (batch, numbers of the examples), which `train` gives so."""
    known = jax.tree.structure(risk.data.parts[0])
    count = leading(batch)
    return (batch, jnp.arange(count)) if risk.term.how == EACH and jax.tree.structure(batch) != known else batch


def batch_value(risk: EmpiricalRisk, params: Any, given: GivenBatch) -> Array:
    """The risk of a batch."""
    return given.scale * risk.term.value(params, given.batch, leading(given.batch), given.frozen)


def working(leaf: Any) -> Any:
    """The type in which the statistics of a leaf are kept: its own, float32 at least."""
    return jnp.promote_types(jnp.result_type(leaf), jnp.float32)


def unzipped(n: int, function: Callable[..., tuple[Any, ...]], tree: Any, *more: Any) -> tuple[Any, ...]:
    """n pytrees like `tree`, of what a function gives for the leaves; those of `more` are what stands at a leaf."""
    structure = jax.tree.structure(tree)
    given = [structure.flatten_up_to(other) for other in more]
    found = [function(*leaves) for leaves in zip(jax.tree.leaves(tree), *given, strict=True)]
    return tuple(jax.tree.unflatten(structure, [each[i] for each in found]) for i in range(n))
