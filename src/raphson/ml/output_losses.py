"""Losses of a model's outputs, with the closed form of their Hessian in the outputs.

Each belongs to a distribution whose natural parameter is the output, so that the Hessian does not depend on the target
and is the Fisher information as well: squared (normal, variance 1), cross-entropy (categorical, logits), bernoulli
(logits), poisson (logarithm of the rate). Source: Martens (2020), "New insights and perspectives on the natural
gradient method", section 9.
"""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.nn import log_sigmoid, log_softmax, sigmoid, softmax, softplus

Array = jax.Array


@dataclass(frozen=True)
class OutputLoss:
    """A loss of outputs f (..., C) and targets y: `value` (...,), an example each.

    `curve(f, u)` (..., C): its Hessian M in f times u. `root(f, u)` (..., C): S'u with S S' = M, without cancellation
    where M is singular. `slope(f, y)` (..., C): its gradient in f. `draw(key, f)`: targets
    from the distribution that belongs to f, in the shape in which `slope` takes them.
    """

    name: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    curve: Callable[[Array, Array], Array]
    draw: Callable[[Array, Array], Array]
    root: Callable[[Array, Array], Array]


def squared_value(f: Array, y: Array) -> Array:
    """1/2 |f - y|^2."""
    return 0.5 * jnp.sum((f - y) ** 2, axis=-1)


def entropy_value(f: Array, y: Array) -> Array:
    """-sum y log softmax(f)."""
    return -jnp.sum(y * log_softmax(f), axis=-1)


def entropy_slope(f: Array, y: Array) -> Array:
    """softmax(f) sum(y) - y."""
    return softmax(f) * jnp.sum(y, axis=-1, keepdims=True) - y


def less_its_mean(f: Array, u: Array) -> Array:
    """u - sum_j p_j u_j, p = softmax(f), counted from the likeliest class: its own 1 - p does not cancel."""
    rest = u - jnp.take_along_axis(u, jnp.argmax(f, axis=-1, keepdims=True), axis=-1)
    return rest - jnp.sum(softmax(f) * rest, axis=-1, keepdims=True)


def entropy_curve(f: Array, u: Array) -> Array:
    """(diag(p) - p p') u, p = softmax(f)."""
    return softmax(f) * less_its_mean(f, u)


def entropy_root(f: Array, u: Array) -> Array:
    """diag(sqrt(p)) (I - 1 p') u: this matrix's transpose times itself is diag(p) - p p'."""
    return jnp.exp(0.5 * log_softmax(f)) * less_its_mean(f, u)


def entropy_draw(key: Array, f: Array) -> Array:
    """One of the classes, as a row of a unit matrix."""
    return jax.nn.one_hot(jax.random.categorical(key, f), f.shape[-1], dtype=f.dtype)


def bernoulli_value(f: Array, y: Array) -> Array:
    """log(1 + exp f) - y f."""
    return jnp.sum(softplus(f) - y * f, axis=-1)


def bernoulli_curve(f: Array, u: Array) -> Array:
    """p (1 - p) u, p = 1 / (1 + exp(-f)); of the smaller of both sides, which does not cancel."""
    return sigmoid(f) * sigmoid(-f) * u


def poisson_value(f: Array, y: Array) -> Array:
    """exp f - y f, log(y!) left out."""
    return jnp.sum(jnp.exp(f) - y * f, axis=-1)


SQUARED = OutputLoss(
    "squared",
    squared_value,
    lambda f, y: f - y,
    lambda f, u: u,
    lambda key, f: f + jax.random.normal(key, f.shape, f.dtype),
    lambda f, u: u,
)
CROSS_ENTROPY = OutputLoss("cross-entropy", entropy_value, entropy_slope, entropy_curve, entropy_draw, entropy_root)
BERNOULLI = OutputLoss(
    "bernoulli",
    bernoulli_value,
    lambda f, y: sigmoid(f) - y,
    bernoulli_curve,
    lambda key, f: jax.random.bernoulli(key, sigmoid(f)).astype(f.dtype),
    lambda f, u: jnp.exp(0.5 * (log_sigmoid(f) + log_sigmoid(-f))) * u,
)
POISSON = OutputLoss(
    "poisson",
    poisson_value,
    lambda f, y: jnp.exp(f) - y,
    lambda f, u: jnp.exp(f) * u,
    lambda key, f: jax.random.poisson(key, jnp.exp(f)).astype(f.dtype),
    lambda f, u: jnp.exp(0.5 * f) * u,
)
OUTPUT_LOSSES = {loss.name: loss for loss in (SQUARED, CROSS_ENTROPY, BERNOULLI, POISSON)}
"""By name, as `EmpiricalRisk` takes them."""
