"""Sophia: a moving mean of gradients over a moving mean of a diagonal of curvature, clipped entry by entry.

Source: Liu, Li, Hall, Liang and Ma (2023), "Sophia: a scalable stochastic second-order optimizer for language model
pre-training", algorithms 1 (Hutchinson), 2 (Gauss-Newton-Bartlett) and 3.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from raphson.ml.kfac_factors import FactorRecipe, output_term, seed_rows
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
    working,
)

Array = jax.Array

ESTIMATORS = ("gauss-newton", "hutchinson")
DRAWN = FactorRecipe("sampled")


class SophiaState(NamedTuple):
    """Trees like the parameters: the mean of gradients and the mean of estimated diagonals; a key for the next draw."""

    mean: Any
    curvature: Any
    key: Array


def sophia(
    risk: EmpiricalRisk,
    learning_rate: Rate = 1e-3,
    *,
    estimator: str = "gauss-newton",
    b1: Any = 0.96,
    b2: Any = 0.99,
    gamma: Any = None,
    eps: Any = 1e-12,
    every: Any = 10,
    weight_decay: Any = 0.0,
    seed: Any = 0,
) -> Any:
    """Sophia as a gradient transformation; `update(gradient, state, params, batch=batch)`.

    m <- b1 m + (1 - b1) g, and every `every` updates h <- b2 h + (1 - b2) of an estimated diagonal; the update is
    -rate clip(m / max(gamma h, eps), 1). `estimator`: "gauss-newton" (Sophia-G: the squared gradient at targets drawn
    from the model; the risk has predict= and a named loss) or "hutchinson" (Sophia-H: u (H u), u normal; any loss).
    `gamma`: None for 0.05 (G) or 0.01 (H), as in the paper. `risk`: an EmpiricalRisk, of which the loss alone is taken:
    batches are (inputs, targets) or (inputs, targets, weights), or what its loss function takes. Raises ValueError
    for words and numbers out of their range, TypeError where outputs and loss are not known apart.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator is {estimator!r}: choose one of {', '.join(map(repr, ESTIMATORS))}")
    if estimator == "gauss-newton":
        output_term(risk, "sophia with estimator='gauss-newton' looks")
    gamma = {"gauss-newton": 0.05, "hutchinson": 0.01}[estimator] if gamma is None else gamma
    for name, value in (("b1", b1), ("b2", b2)):
        checked_number(name, value, 0, 1, open_above=True)
    for name, value in (("gamma", gamma), ("eps", eps)):
        checked_number(name, value, 0, jnp.inf)
    checked_count("every", every)

    def begin(params: Any) -> SophiaState:
        zero = jax.tree.map(lambda p: jnp.zeros(jnp.shape(p), working(p)), params)
        return SophiaState(zero, zero, jax.random.PRNGKey(seed))

    def step(grads: Any, state: SophiaState, params: Any, rate: Any, count: Array, extra: Any) -> Any:
        given = checked_batch("sophia", risk, extra)

        def anew() -> Any:
            following, key = jax.random.split(state.key)
            found = drawn_diagonal if estimator == "gauss-newton" else hutchinson_diagonal
            diagonal = found(risk, params, given, key)
            return jax.tree.map(
                lambda h, d: (b2 * h + (1 - b2) * d).astype(h.dtype), state.curvature, diagonal
            ), following

        curvature, key = lax.cond(count % every == 0, anew, lambda: (state.curvature, state.key))
        mean = jax.tree.map(lambda m, g: (b1 * m + (1 - b1) * g).astype(m.dtype), state.mean, grads)

        def leaf(m: Array, h: Array) -> Array:
            tiny = jnp.finfo(m.dtype).tiny  # where eps is below the type's smallest number, and m and h are 0
            return -rate * jnp.clip(m / jnp.maximum(gamma * h, jnp.maximum(eps, tiny).astype(m.dtype)), -1, 1)

        return jax.tree.map(leaf, mean, curvature), SophiaState(mean, curvature, key)

    return in_shell(TransformRule("sophia", begin, step, needs_params=True), learning_rate, weight_decay)


def hutchinson_diagonal(risk: EmpiricalRisk, params: Any, given: GivenBatch, key: Array) -> Any:
    """u (H u) entry by entry, u normal, H the Hessian of the batch's mean loss."""
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    u = jax.tree.unflatten(
        structure,
        [jax.random.normal(k, jnp.shape(p), jnp.result_type(p)) for k, p in zip(keys, leaves, strict=True)],
    )
    slope = jax.grad(lambda p: batch_value(risk, p, given))
    return jax.tree.map(jnp.multiply, u, jax.jvp(slope, (params,), (u,))[1])


def drawn_diagonal(risk: EmpiricalRisk, params: Any, given: GivenBatch, key: Array) -> Any:
    """B times the square of the mean gradient at drawn targets, B examples of equal weight; with weights, the square of
    the sum of gradients times roots of shares: its mean over draws is the diagonal of the Gauss-Newton matrix."""
    term = risk.term
    assert isinstance(term, OutputTerm)
    batch, frozen, _ = given
    outputs, pull = jax.vjp(lambda p: term.outputs(p, batch, frozen), params)
    rows = term.rows(outputs, batch)
    _, seed = seed_rows(DRAWN, term.loss, rows, rows.weights.size // batch[2].shape[0], key)
    gradient = pull(seed(jnp.asarray(0)).reshape(outputs.shape).astype(outputs.dtype))[0]
    return jax.tree.map(jnp.square, gradient)
