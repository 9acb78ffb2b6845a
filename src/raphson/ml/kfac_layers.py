"""Which layers a model tags: one for each weight, found by running the model as a risk calls it.

With a state or a key the model takes these too; with a key it runs under vmap, example by example, and a mark passes
through with the examples first.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from raphson.ml.kronecker import Layer
from raphson.ml.parameter_tree import ParameterTree, parameter_tree
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.risk_products import OutputTerm
from raphson.ml.tags import Site, listen


def layers_of(sites: Sequence[Site], tree: ParameterTree) -> tuple[Layer, ...]:
    """The layers of a model, one for each weight, in the order of their first use.

    Raises ValueError where nothing is tagged, or where tags contradict each other.
    """
    if not sites:
        raise ValueError(
            "the model tags no layer: write raphson.ml.tag_dense(x, w, b) or tag_conv(x, w, b) where it multiplies "
            "(layers of Flax and Equinox: a subclass whose __call__ does; SOAP and Sophia need no tags)"
        )
    found: dict[int, Layer] = {}
    for site in sites:
        shape = tree.shapes[site.weight]
        image = site.window is not None
        columns = shape[-1] if image else int(np.prod(shape[1:]))
        rows = int(np.prod(shape)) // columns + (site.bias is not None)
        first = found.get(site.weight)
        layer = Layer(first.name if first else site.name, site.weight, site.bias, rows, columns, image)
        if first and layer != first:
            raise ValueError(
                f"the weight {tree.names[site.weight]} is tagged as {first.name!r} and as {site.name!r} with another "
                "bias or another kind of layer: K-FAC shares all of a layer or nothing"
            )
        found[site.weight] = layer
    biases = [layer.bias for layer in found.values() if layer.bias is not None]
    if len(set(biases)) < len(biases):
        raise ValueError("two tagged layers have one bias together: give each its own, or tag one without it")
    return tuple(found.values())


def listened(
    term: OutputTerm, params: Any, batch: Any, frozen: Any, shifts: Sequence[Any] | None = None
) -> tuple[Any, list[Site]]:
    """The model's outputs on a batch, and the places where marked layers were applied."""
    return listen(lambda p, given: term.outputs(p, *given), params, (batch, frozen), shifts)


def sites_of(term: OutputTerm, params: Any, batch: Any, frozen: Any) -> list[Site]:
    """The places where marked layers are applied, from shapes alone."""
    sites: list[Site] = []

    def shapes(params: Any, batch: Any, frozen: Any) -> Any:
        outputs, found = listened(term, params, batch, frozen)
        sites.extend(found)
        return outputs

    jax.eval_shape(shapes, params, batch, frozen)
    return sites


def model_layers(
    risk: EmpiricalRisk, term: OutputTerm, params: Any, settings: tuple[tuple[str, str], ...]
) -> tuple[Layer, ...]:
    """The layers that a risk's model tags, from shapes alone. Raises ValueError for a setting of a layer that is not
    there."""
    tree = parameter_tree(params)
    batch = jax.tree.map(lambda a: a[0], risk.data.parts[0])
    layers = layers_of(sites_of(term, params, batch, risk.frozen), tree)
    names = [layer.name for layer in layers]
    layers = tuple(
        layer if names.count(layer.name) == 1 else replace(layer, name=layer.name + tree.names[layer.weight])
        for layer in layers
    )
    unknown = {name for name, _ in settings} - {"", *(layer.name for layer in layers)}
    if unknown:
        raise ValueError(f"sharing names {sorted(unknown)}: the layers are {[layer.name for layer in layers]}")
    return layers
