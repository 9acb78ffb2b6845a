"""Kronecker factors of an empirical risk's Gauss-Newton or Fisher matrix, for the layers that a model tags.

For a layer with inputs a (a 1 for the bias at the end) and derivatives g of an example's loss in its outputs, at the R
positions that share its weights (shares w_n of the examples sum to 1):

    expand    A = sum_n w_n 1/R sum_r a_nr a_nr'     G = sum_n w_n sum_r g_nr g_nr'
    reduce    A = sum_n w_n m_n m_n', m_n the mean of a_nr     G = sum_n w_n s_n s_n', s_n the sum of g_nr

A weight that is tagged at several places has the positions of all of them. g runs through the columns of a root of the
loss's Hessian ("exact": one backward pass for each output), through losses at targets drawn from the model ("sampled"),
or is the gradient at the given target ("empirical"). Exact for a single layer with squared loss, and for deep linear
networks: expand where every position has its own outputs, reduce where outputs are means over positions. Sources:
Martens and Grosse (2015); Grosse and Martens (2016) for convolutions; Eschenhagen, Immer, Turner, Schneider and Hennig
(2023), "Kronecker-factored approximate curvature for modern neural network architectures", for expand and reduce.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.nn import sigmoid, softmax

from raphson.ml.kfac_layers import listened, model_layers, sites_of
from raphson.ml.kronecker import KroneckerBlocks, Layer, others
from raphson.ml.microbatches import sum_over
from raphson.ml.output_losses import OutputLoss
from raphson.ml.parameter_tree import ParameterTree, parameter_tree
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.risk_products import OutputRows, OutputTerm, RiskState
from raphson.ml.tags import Site

Array = jax.Array

TARGETS = ("exact", "sampled", "empirical")
SETTINGS = ("expand", "reduce")
UNTAGGED = ("diagonal", "identity")


@dataclass(frozen=True)
class FactorRecipe:
    """How factors are made: see the file. `settings`: (layer's name, setting) pairs, "" for those not named."""

    targets: str = "exact"
    samples: int = 1
    settings: tuple[tuple[str, str], ...] = (("", "expand"),)
    untagged: str = "diagonal"

    def reduces(self, name: str) -> bool:
        """Whether a layer sums over its positions first."""
        found = dict(self.settings)
        return found.get(name, found.get("", "expand")) == "reduce"


def factor_recipe(targets: str, samples: int, sharing: str | Mapping[str, str], untagged: str) -> FactorRecipe:
    """Raises ValueError for a word that is none of those known."""
    pairs = {"": sharing} if isinstance(sharing, str) else dict(sharing)
    for what, given, known in (
        ("targets", (targets,), TARGETS),
        ("sharing", pairs.values(), SETTINGS),
        ("untagged", (untagged,), UNTAGGED),
    ):
        for word in given:
            if word not in known:
                raise ValueError(f"{what} is {word!r}: choose one of {', '.join(map(repr, known))}")
    if isinstance(samples, bool) or samples != int(samples) or samples < 1:
        raise ValueError(f"samples is {samples!r}: it is a number of draws, at least 1")
    return FactorRecipe(targets, int(samples), tuple(sorted(pairs.items())), untagged)


def no_blocks(layers: tuple[Layer, ...], tree: ParameterTree) -> KroneckerBlocks:
    """All factors zero, in float32 at least."""
    kind = [jnp.promote_types(tree.dtypes[layer.weight], jnp.float32) for layer in layers]
    return KroneckerBlocks(
        tuple(jnp.zeros((layer.rows, layer.rows), t) for layer, t in zip(layers, kind, strict=True)),
        tuple(jnp.zeros((layer.columns, layer.columns), t) for layer, t in zip(layers, kind, strict=True)),
        tuple(jnp.zeros(tree.shapes[i], tree.dtypes[i]) for i in others(layers, tree)),
        layers,
        tree,
    )


def entropy_root(f: Array) -> Array:
    """S (C, C) with S S' = diag(p) - p p', p = softmax(f): diag(sqrt p) - p sqrt(p)'."""
    p = softmax(f)
    return jnp.diag(jnp.sqrt(p)) - jnp.outer(p, jnp.sqrt(p))


ROOTS: dict[str, Callable[[Array], Array]] = {
    "squared": lambda f: jnp.eye(f.size, dtype=f.dtype),
    "cross-entropy": entropy_root,
    "bernoulli": lambda f: jnp.diag(jnp.sqrt(sigmoid(f) * sigmoid(-f))),
    "poisson": lambda f: jnp.diag(jnp.exp(f / 2)),
}
"""Of each named loss, a root of its Hessian in the outputs f (C,)."""


def seed_rows(recipe: FactorRecipe, loss: OutputLoss, rows: OutputRows, each: int, key: Any) -> tuple[int, Any]:
    """How many backward passes there are, and what pass k begins with (R, C); `each`: the rows of an example."""
    scale = jnp.sqrt(rows.weights)[:, None]
    if recipe.targets == "empirical":
        return 1, lambda k: scale * loss.slope(rows.outputs, rows.targets)
    if recipe.targets == "sampled":

        def draw(k: Array, number: Array, f: Array) -> Array:
            return loss.slope(f, loss.draw(jax.random.fold_in(jax.random.fold_in(key, number), k), f))

        return (
            recipe.samples,
            lambda k: scale / recipe.samples**0.5 * jax.vmap(partial(draw, k))(rows.numbers, rows.outputs),
        )
    classes = rows.outputs.shape[-1]

    def column(k: Array) -> Array:
        roots = jax.vmap(ROOTS[loss.name])(rows.outputs)
        mine = jnp.arange(rows.weights.size) % each == k // classes  # one position's output at a time
        return jnp.where(mine[:, None], scale * jnp.take(roots, k % classes, axis=2), 0)

    return each * classes, column


def incoming(layer: Layer, sites: Sequence[Site], seen: Sequence[Array], count: int) -> Array:
    """What went into a layer, (examples, positions, rows), the positions of all its sites."""
    parts = []
    for site, x in zip(sites, seen, strict=True):
        if site.weight != layer.weight:
            continue
        if x.ndim < 2 + 2 * layer.image or x.shape[0] != count:
            raise ValueError(
                f"what goes into the tag {site.name!r} has shape {x.shape}: its first axis is expected to be that of "
                f"the {count} examples of the batch, positions that share the weights behind it"
            )
        parts.append(
            (x if site.window is None else site.window.patches(x)).reshape(count, -1, layer.rows - layer.has_bias)
        )
    a = jnp.concatenate(parts, axis=1)
    a = a.astype(jnp.promote_types(a.dtype, jnp.float32))
    return jnp.concatenate([a, jnp.ones((*a.shape[:2], 1), a.dtype)], axis=2) if layer.has_bias else a


def outgoing(layer: Layer, sites: Sequence[Site], slopes: Sequence[Array], count: int) -> Array:
    """The derivatives in a layer's outputs, (examples, positions, columns), the positions of all its sites."""
    parts = [
        slope.reshape(count, -1, layer.columns)
        for site, slope in zip(sites, slopes, strict=True)
        if site.weight == layer.weight
    ]
    g = jnp.concatenate(parts, axis=1)
    return g.astype(jnp.promote_types(g.dtype, jnp.float32))


def left_factor(a: Array, shares: Array, reduce: bool) -> Array:
    """A of inputs (examples, positions, rows), `shares` of the examples."""
    w = shares.astype(a.dtype)
    if reduce:
        m = jnp.mean(a, axis=1)
        return m.T @ (w[:, None] * m)
    flat = a.reshape(-1, a.shape[2])
    return flat.T @ (jnp.repeat(w / a.shape[1], a.shape[1])[:, None] * flat)


def right_factor(g: Array, reduce: bool) -> Array:
    """What one backward pass adds to G, from derivatives (examples, positions, columns) of weighted losses."""
    g = jnp.sum(g, axis=1) if reduce else g.reshape(-1, g.shape[-1])
    return g.T @ g


def batch_factors(
    term: OutputTerm, params: Any, batch: Any, frozen: Any, layers: tuple[Layer, ...], recipe: FactorRecipe, key: Any
) -> KroneckerBlocks:
    """The factors of one batch (inputs, targets, weights, numbers of the examples), sums over its examples."""
    tree, count = parameter_tree(params), batch[2].shape[0]

    def run(shifts: Any, params: Any) -> Any:
        outputs, found = listened(term, params, batch, frozen, shifts)
        return outputs, [site.x for site in found]

    sites = sites_of(term, params, batch, frozen)
    zeros = [jnp.zeros(site.y.shape, site.y.dtype) for site in sites]
    outputs, pull, seen = jax.vjp(run, zeros, params, has_aux=True)
    rows = term.rows(outputs, batch)
    passes, seed = seed_rows(recipe, term.loss, rows, rows.weights.size // count, key)
    empty = no_blocks(layers, tree)
    drawn = recipe.targets == "sampled" and recipe.untagged == "diagonal"

    def add(carry: Any, k: Array) -> Any:
        right, rest = carry
        slopes, gradient = pull(seed(k).reshape(outputs.shape).astype(outputs.dtype))
        for i, layer in enumerate(layers):
            g = outgoing(layer, sites, slopes, count)
            right = (*right[:i], right[i] + right_factor(g, recipe.reduces(layer.name)), *right[i + 1 :])
        if drawn:  # the square of a drawn gradient: rows draw independently, so that the products between them vanish
            leaves = jax.tree.leaves(gradient)
            rest = tuple(d + leaves[i] ** 2 for d, i in zip(rest, others(layers, tree), strict=True))
        return (right, rest), None

    (right, rest), _ = lax.scan(add, (empty.right, empty.rest), jnp.arange(passes))
    left = tuple(
        left_factor(incoming(layer, sites, seen, count), batch[2], recipe.reduces(layer.name)) for layer in layers
    )
    if empty.rest and recipe.untagged == "identity":
        rest = tuple(jnp.sum(batch[2]).astype(d.dtype) * jnp.ones_like(d) for d in rest)
    elif empty.rest and not drawn:
        rest = rest_diagonal(term, params, batch, frozen, layers, recipe)
    return KroneckerBlocks(left, right, rest, layers, tree)


def mean_inputs(blocks: KroneckerBlocks, total: Array) -> KroneckerBlocks:
    """The factors A as means over all examples, whose weights are `total` together: where a risk is a sum, it is G's
    alone, or their product would be the sum's square."""
    return replace(blocks, left=tuple(A / total.astype(A.dtype) for A in blocks.left))


def rest_diagonal(
    term: OutputTerm, params: Any, batch: Any, frozen: Any, layers: tuple[Layer, ...], recipe: FactorRecipe
) -> tuple[Array, ...]:
    """The diagonal for the leaves outside all layers, example by example."""
    leaves, structure = jax.tree.flatten(params)
    chosen = others(layers, parameter_tree(params))

    def one(example: Any) -> tuple[Array, ...]:
        single = jax.tree.map(lambda a: a[None], example)

        def run(mine: Any) -> Array:
            filled = dict(enumerate(leaves)) | dict(zip(chosen, mine, strict=True))
            return term.outputs(jax.tree.unflatten(structure, [filled[i] for i in range(len(leaves))]), single, frozen)

        outputs, pull = jax.vjp(run, [leaves[i] for i in chosen])
        rows = term.rows(outputs, single)
        passes, seed = seed_rows(recipe, term.loss, rows, rows.weights.size, None)
        squares = lax.map(lambda k: [g**2 for g in pull(seed(k).reshape(outputs.shape))[0]], jnp.arange(passes))
        return tuple(jnp.sum(s, axis=0) for s in squares)

    return tuple(jnp.sum(s, axis=0) for s in jax.vmap(one)(batch))


@partial(jax.jit, static_argnames=("term", "layers", "recipe"))
def risk_factors(
    term: OutputTerm, layers: tuple[Layer, ...], recipe: FactorRecipe, state: RiskState
) -> KroneckerBlocks:
    """The factors of a whole risk, microbatch by microbatch; `state.scale` times the weights are the shares."""

    def one(batch: Any, size: int) -> tuple[KroneckerBlocks, Array]:
        inputs, targets, weights, numbers = batch
        shares = weights.astype(state.scale.dtype) * state.scale
        batch = inputs, targets, shares, numbers
        return batch_factors(term, state.params, batch, state.frozen, layers, recipe, state.key), jnp.sum(shares)

    return mean_inputs(*sum_over(one, state.data))


def kronecker_factors(
    risk: EmpiricalRisk,
    params: Any,
    *,
    targets: str = "exact",
    samples: int = 1,
    sharing: str | Mapping[str, str] = "expand",
    untagged: str = "diagonal",
    seed: int = 0,
) -> KroneckerBlocks:
    """Kronecker factors of a risk's Gauss-Newton matrix, for the layers that its model tags (`tag_dense`, `tag_conv`).

    `targets`: "exact" (a backward pass for each output of an example), "sampled" (the Fisher matrix from `samples`
    draws for each output row), "empirical" (gradients at the given targets). `sharing`: for layers that are applied at
    several positions "expand" or "reduce", for all or by the layer's name ("" the others'). `untagged`: parameters
    outside all layers have the "diagonal" of the same matrix, or the "identity". Raises TypeError where outputs and
    loss are not known apart, ValueError where no layer is tagged or a tag stands where it cannot be heard.
    """
    recipe = factor_recipe(targets, samples, sharing, untagged)
    term = separable(risk, output_term(risk, "Kronecker factors look"))
    risk.checked(params)
    layers = model_layers(risk, term, params, recipe.settings)
    return risk_factors(term, layers, recipe, risk.at(params, jax.random.key(seed)))


def output_term(risk: EmpiricalRisk, who: str) -> OutputTerm:
    """The term of a risk that knows outputs and loss apart. Raises TypeError for another."""
    if not isinstance(risk.term, OutputTerm):
        raise TypeError(f"{who} at outputs and loss apart: EmpiricalRisk takes predict= and the name of a loss")
    return risk.term


def separable(risk: EmpiricalRisk, term: OutputTerm) -> OutputTerm:
    """The term. Raises ValueError where examples depend on each other: factors are sums over single ones."""
    if risk.coupled:
        raise ValueError(
            "Kronecker factors are sums over single examples, and with coupled=True these depend on each other: freeze "
            "what couples them (running statistics as state=)"
        )
    return term
