"""Products with the curvature of an empirical risk, as pytrees: J'MJ by one linearization, the Hessian by another."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record
from raphson.ml.microbatches import Microbatches, sum_over
from raphson.ml.output_losses import CROSS_ENTROPY, OutputLoss

Array = jax.Array


@record
class RiskState:
    """What a risk is at one point: a factor, data, and parameters."""

    scale: Array
    data: Microbatches
    params: Any
    key: Any = None


@dataclass(frozen=True)
class LossTerm:
    """What a microbatch adds to a risk whose loss is one function of parameters and batch.

    `mean`: the function gives the mean over its batch, not the sum.
    """

    loss: Callable[[Any, Any], Array]
    mean: bool

    def value(self, params: Any, batch: Any, size: int) -> Array:
        """The sum of the losses of a microbatch."""
        value = self.loss(params, batch)
        return value * size if self.mean else value


@dataclass(frozen=True)
class OutputTerm:
    """What a microbatch adds to a risk that is a loss of a model's outputs: batches are (inputs, targets, weights,
    numbers of the examples)."""

    predict: Callable[[Any, Any], Array]
    loss: OutputLoss

    def value(self, params: Any, batch: Any, size: int) -> Array:
        """The weighted sum of the losses of a microbatch."""
        rows = self.rows(self.predict(params, batch[0]), batch)
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

    def sampled(self, loss: OutputLoss, rows: OutputRows, key: Any, u: Array) -> Array:
        """The mean over draws; a row draws by its number, so that microbatches change nothing."""

        def one(number: Array, f: Array, u: Array) -> Array:
            keys = jax.random.split(jax.random.fold_in(key, number), self.samples)
            slopes = jax.vmap(lambda k: loss.slope(f, loss.draw(k, f)))(keys)
            return slopes.T @ (slopes @ u) / self.samples

        return jax.vmap(one)(rows.numbers, rows.outputs, u)


def outer(g: Array, u: Array) -> Array:
    """g (g'u), row by row."""
    return g * jnp.sum(g * u, axis=-1, keepdims=True)


Term = LossTerm | OutputTerm


def risk(term: Term, state: RiskState) -> Array:
    """The value of the risk, traceable."""
    return state.scale * sum_over(lambda batch, size: term.value(state.params, batch, size), state.data)


def risk_slope(term: Term, state: RiskState) -> Any:
    """Its gradient, microbatch by microbatch: activations of one are in memory at a time."""
    total = sum_over(
        lambda batch, size: jax.grad(lambda p: state.scale * term.value(p, batch, size))(state.params), state.data
    )
    return total


@dataclass(frozen=True)
class HessianProduct:
    """v -> H v, forward over reverse (Pearlmutter 1994), microbatch by microbatch."""

    term: Term

    def __call__(self, state: RiskState, v: Any) -> Any:
        def one(batch: Any, size: int) -> Any:
            slope = jax.grad(lambda p: state.scale * self.term.value(p, batch, size))
            return jax.jvp(slope, (state.params,), (v,))[1]

        return sum_over(one, state.data)


@dataclass(frozen=True)
class OutputProduct:
    """v -> J' M J v, microbatch by microbatch."""

    term: OutputTerm
    information: Information

    def __call__(self, state: RiskState, v: Any) -> Any:
        def one(batch: Any, size: int) -> Any:
            outputs, push = jax.linearize(lambda p: self.term.predict(p, batch[0]), state.params)
            return self.pulled(push, outputs, batch, state, v)

        return sum_over(one, state.data)

    def pulled(self, push: Any, outputs: Array, batch: Any, state: RiskState, v: Any) -> Any:
        """J' M J v from the linearized outputs."""
        rows, pushed = self.term.rows(outputs, batch), push(v)
        Mu = self.information.product(self.term.loss, rows, state.key, pushed.reshape(rows.outputs.shape))
        back = jax.linear_transpose(push, state.params)
        return back((state.scale * Mu).reshape(outputs.shape).astype(outputs.dtype))[0]


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


@partial(jax.jit, static_argnames="term")
def linearized(term: Term, state: RiskState) -> Any:
    """v -> H v as a pytree that holds what the gradient computed at the point."""

    def slope(params: Any) -> Any:
        return risk_slope(term, RiskState(state.scale, state.data, params))

    return jax.linearize(slope, state.params)[1]
