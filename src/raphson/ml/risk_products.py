"""Products with the curvature of an empirical risk, as pytrees: J'MJ by one linearization, the Hessian by another."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.record import record
from raphson.ml.frozen_state import EACH, PLAIN, model_value
from raphson.ml.microbatches import Microbatches, sum_over
from raphson.ml.output_losses import CROSS_ENTROPY, OutputLoss
from raphson.ml.parameter_tree import Chosen, chosen_leaves, with_leaves

Array = jax.Array


@record
class RiskState:
    """What a risk is at one point: a factor, data, parameters, and what the model takes besides. `key`: of targets that
    are drawn."""

    scale: Array
    data: Microbatches
    params: Any
    key: Any = None
    frozen: Any = None


@dataclass(frozen=True)
class LossTerm:
    """What a microbatch adds to a risk whose loss is one function of parameters and batch.

    `mean`: the function gives the mean over its batch, not the sum. `how` it is called: with EACH batches are (batch,
    numbers of the examples).
    """

    loss: Callable[..., Array]
    mean: bool
    how: str = PLAIN

    def value(self, params: Any, batch: Any, size: int, frozen: Any = None) -> Array:
        """The sum of the losses of a microbatch."""
        if self.how == EACH:
            return jnp.sum(model_value(self.loss, EACH, params, batch[0], frozen, batch[1]))
        value = model_value(self.loss, self.how, params, batch, frozen, None)
        return value * size if self.mean else value


@dataclass(frozen=True)
class OutputTerm:
    """What a microbatch adds to a risk that is a loss of a model's outputs: batches are (inputs, targets, weights,
    numbers of the examples)."""

    predict: Callable[..., Array]
    loss: OutputLoss
    how: str = PLAIN

    def outputs(self, params: Any, batch: Any, frozen: Any = None) -> Array:
        """The model's outputs, the examples first."""
        f = model_value(self.predict, self.how, params, batch[0], frozen, batch[3])
        return f[:, 0] if self.how == EACH else f

    def value(self, params: Any, batch: Any, size: int, frozen: Any = None) -> Array:
        """The weighted sum of the losses of a microbatch."""
        rows = self.rows(self.outputs(params, batch, frozen), batch)
        return jnp.sum(rows.weights * self.loss.value(rows.outputs, rows.targets))

    def rows(self, outputs: Array, batch: Any) -> "OutputRows":
        """Outputs and targets as rows (R, C). Outputs (B, ..., C) have a row for each position, which share the weight
        of their example; outputs (B,) are rows of one number."""
        _, y, w, number = batch
        labels = self.loss is CROSS_ENTROPY and y.ndim == outputs.ndim - 1
        f = outputs[:, None] if outputs.ndim == 1 else outputs
        classes = f.shape[-1]
        y = jax.nn.one_hot(y.astype(int), classes, dtype=f.dtype) if labels else y.astype(f.dtype)
        each = f.reshape(f.shape[0], -1, classes).shape[1]
        numbers = number[:, None] * each + jnp.arange(each)
        return OutputRows(
            f.reshape(-1, classes),
            y.reshape(-1, classes),
            jnp.repeat(w.astype(f.dtype) / each, each),
            numbers.reshape(-1),
        )


@record
class OutputRows:
    """Outputs (R, C), targets (R, C), weights (R,), and numbers (R,) that tell rows of the data set apart."""

    outputs: Array
    targets: Array
    weights: Array
    numbers: Array


@dataclass(frozen=True)
class Information:
    """The matrix M (C, C) of each row, u -> M u, in J'MJ: of the loss ("gauss-newton"), of the gradient at the given
    target ("empirical"), or of those at `samples` targets drawn from the model ("sampled")."""

    kind: str
    samples: int = 0

    def product(self, loss: OutputLoss, rows: OutputRows, key: Any, u: Array) -> Array:
        """M u for the rows (R, C), times their weights."""
        if self.kind == "gauss-newton":
            Mu = loss.curve(rows.outputs, u)
        elif self.kind == "empirical":
            Mu = outer(loss.slope(rows.outputs, rows.targets), u)
        else:
            Mu = self.sampled(loss, rows, key, u)
        return rows.weights[:, None] * Mu

    def root(self, loss: OutputLoss, rows: OutputRows, key: Any, u: Array) -> Array:
        """S'u for the rows, times the roots of their weights; S S' = M. (R, C), or as many columns as M has rank."""
        if self.kind == "gauss-newton":
            halves = loss.root(rows.outputs, u)
        elif self.kind == "empirical":
            halves = jnp.sum(loss.slope(rows.outputs, rows.targets) * u, axis=-1, keepdims=True)
        else:
            slopes = jax.vmap(partial(self.slopes, loss, key))(rows.numbers, rows.outputs)
            halves = jnp.einsum("rsc,rc->rs", slopes, u) / np.sqrt(self.samples)
        return jnp.sqrt(rows.weights)[:, None] * halves

    def slopes(self, loss: OutputLoss, key: Any, number: Array, f: Array) -> Array:
        """Gradients (samples, C) at targets drawn by the number of the row, so that microbatches change nothing."""
        keys = jax.random.split(jax.random.fold_in(key, number), self.samples)
        return jax.vmap(lambda k: loss.slope(f, loss.draw(k, f)))(keys)

    def sampled(self, loss: OutputLoss, rows: OutputRows, key: Any, u: Array) -> Array:
        """The mean over draws."""

        def one(number: Array, f: Array, u: Array) -> Array:
            slopes = self.slopes(loss, key, number, f)
            return slopes.T @ (slopes @ u) / self.samples

        return jax.vmap(one)(rows.numbers, rows.outputs, u)


def outer(g: Array, u: Array) -> Array:
    """g (g'u), row by row."""
    return g * jnp.sum(g * u, axis=-1, keepdims=True)


Term = LossTerm | OutputTerm


def risk(term: Term, state: RiskState) -> Array:
    """The value of the risk, traceable."""

    def one(batch: Any, size: int, params: Any, frozen: Any) -> Array:
        return term.value(params, batch, size, frozen)

    return state.scale * sum_over(one, state.data, state.params, state.frozen)


def risk_slope(term: Term, state: RiskState) -> Any:
    """Its gradient, microbatch by microbatch: activations of one are in memory at a time."""
    return slope_in(term, state, None)(state.params)


def free_part(params: Any, chosen: Chosen | None) -> tuple[Any, Callable[[Any], Any]]:
    """The parameters that are differentiated by, and how all are had from them. None: all of them."""
    if chosen is None:
        return params, lambda part: part
    return chosen_leaves(params, chosen), lambda part: with_leaves(params, part, chosen)


def slope_in(term: Term, state: RiskState, chosen: Chosen | None) -> Callable[[Any], Any]:
    """The gradient as a function of the chosen parameters, microbatch by microbatch."""

    def one(batch: Any, size: int, part: Any, at: RiskState) -> Any:
        _, whole = free_part(at.params, chosen)
        return jax.grad(lambda p: at.scale * term.value(whole(p), batch, size, at.frozen))(part)

    def slope(part: Any) -> Any:
        return sum_over(one, state.data, part, replace(state, data=None))

    return slope


@dataclass(frozen=True)
class HessianProduct:
    """v -> H v, forward over reverse (Pearlmutter 1994), microbatch by microbatch. `chosen`: the leaves of a block."""

    term: Term
    chosen: Chosen | None = None

    def __call__(self, state: RiskState, v: Any) -> Any:
        def one(batch: Any, size: int, v: Any, at: RiskState) -> Any:
            part, whole = free_part(at.params, self.chosen)
            slope = jax.grad(lambda p: at.scale * self.term.value(whole(p), batch, size, at.frozen))
            return jax.jvp(slope, (part,), (v,))[1]

        return sum_over(one, state.data, v, replace(state, data=None))


@record
class LinearOutputs:
    """What J'MJ needs of one batch: the linear map J, the outputs at the point, and the batch without its inputs."""

    push: Any
    outputs: Array
    batch: Any
    scale: Array
    key: Any


@dataclass(frozen=True)
class OutputProduct:
    """v -> J' M J v, microbatch by microbatch. `chosen`: the leaves of a block."""

    term: OutputTerm
    information: Information
    chosen: Chosen | None = None

    def __call__(self, state: RiskState, v: Any) -> Any:
        def one(batch: Any, size: int, v: Any, at: RiskState) -> Any:
            return self.pulled(self.linear(batch, at), v)

        return sum_over(one, state.data, v, replace(state, data=None))

    def linear(self, batch: Any, state: RiskState) -> LinearOutputs:
        """The outputs of a microbatch, linearized."""
        part, whole = free_part(state.params, self.chosen)
        outputs, push = jax.linearize(lambda p: self.term.outputs(whole(p), batch, state.frozen), part)
        return LinearOutputs(push, outputs, (None, *batch[1:]), state.scale, state.key)

    def pulled(self, at: LinearOutputs, v: Any) -> Any:
        """J' M J v from the linearized outputs."""
        rows, pushed = self.term.rows(at.outputs, at.batch), at.push(v)
        Mu = self.information.product(self.term.loss, rows, at.key, pushed.reshape(rows.outputs.shape))
        back = jax.linear_transpose(at.push, v)
        return back((at.scale * Mu).reshape(at.outputs.shape).astype(at.outputs.dtype))[0]


@dataclass(frozen=True)
class OncePulled:
    """v -> J' M J v from a `LinearOutputs` in the state: the forward pass is not repeated."""

    product: OutputProduct

    def __call__(self, state: LinearOutputs, v: Any) -> Any:
        return self.product.pulled(state, v)


@dataclass(frozen=True)
class OnceLinearized:
    """v -> the product of a linearization that lies in the state: activations are kept, nothing is computed twice."""

    def __call__(self, state: Any, v: Any) -> Any:
        return state(v)


@partial(jax.jit, static_argnames="term")
def risk_value(term: Term, state: RiskState) -> Array:
    """Compiled `risk`."""
    return risk(term, state)


@partial(jax.jit, static_argnames="term")
def risk_gradient(term: Term, state: RiskState) -> Any:
    """Compiled `risk_slope`."""
    return risk_slope(term, state)


@partial(jax.jit, static_argnames=("term", "chosen"))
def linearized(term: Term, state: RiskState, chosen: Chosen | None = None) -> Any:
    """v -> H v as a pytree that holds what the gradient computed at the point."""
    part, _ = free_part(state.params, chosen)
    return jax.linearize(slope_in(term, state, chosen), part)[1]


@partial(jax.jit, static_argnames="product")
def linear_outputs(product: OutputProduct, state: RiskState) -> LinearOutputs:
    """The only microbatch, linearized."""
    batch = jax.tree.map(lambda a: a[0], state.data.parts[0])
    return product.linear(batch, state)
