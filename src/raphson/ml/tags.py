"""Marks in a model that say which of its arrays multiply what: K-FAC's layers.

`tag_dense` and `tag_conv` compute a layer and mark it. A mark is an operation of JAX that is the identity: it costs
nothing in a compiled program, and passes through jit, vmap, checkpoint and derivatives. `listen` runs a model operation
by operation, adds a shift to the output of every marked layer and hands out what went into it: the derivative in the
shift is what the layer's output receives from behind.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax import lax
from jax.interpreters import ad, batching, mlir

from raphson.sparsity.straighten import INNER, alone, opened

Array = jax.Array

COMPUTED = -1
"""Where an array comes from: computed from parameters (a leaf has its number; data and constants None)."""

CONV_AXES = ("NHWC", "HWIO", "NHWC")


@dataclass(frozen=True)
class Window:
    """How a convolution slides: size (2,), strides (2,), padding ((low, high), (low, high)), dilation (2,)."""

    size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    def patches(self, x: Array) -> Array:
        """What each position of the output saw: (..., H', W', channels * height * width), channels outermost."""
        seen = lax.conv_general_dilated_patches(
            x.reshape(-1, *x.shape[-3:]),
            self.size,
            self.strides,
            self.padding,
            rhs_dilation=self.dilation,
            dimension_numbers=CONV_AXES,
        )
        return seen.reshape(*x.shape[:-3], *seen.shape[1:])


tag_p = jex.Primitive("raphson_tag")
"""(y, x, w[, b]) -> y."""
tag_p.def_impl(lambda y, *given, **marks: y)
tag_p.def_abstract_eval(lambda y, *given, **marks: y)
mlir.register_lowering(tag_p, mlir.lower_fun(lambda y, *given, **marks: y, multiple_results=False))


def tag_jvp(primals: Any, tangents: Any, **marks: Any) -> tuple[Any, Any]:
    """The derivative passes by the mark."""
    return tag_p.bind(*primals, **marks), tangents[0]


def tag_batched(values: Any, axes: Any, **marks: Any) -> tuple[Any, Any]:
    """Examples come first. Layers that differ between examples (a batch of models) are no layer: the mark is gone."""
    y, x, *given = values
    if axes[0] is None or axes[1] is None or any(axis is not None for axis in axes[2:]):
        return y, axes[0]
    return tag_p.bind(jnp.moveaxis(y, axes[0], 0), jnp.moveaxis(x, axes[1], 0), *given, **marks), 0


ad.primitive_jvps[tag_p] = tag_jvp
batching.primitive_batchers[tag_p] = tag_batched


def tag_dense(x: Any, w: Any, b: Any = None, *, name: str = "") -> Array:
    """x w + b, marked as a layer for `kfac` and `kronecker_factors`; the identity of a mark wherever nobody listens.

    x (..., inputs), w (inputs, outputs) or (inputs, ...), b of the shape of the outputs or None. w and b: leaves of the
    parameters as they are, not computed from them; what else the model does with w is not seen by K-FAC. The examples
    are x's first axis, or that of a `jax.vmap` around the model; further axes are positions that share the weights.
    Raises ValueError where shapes do not fit.
    """
    x, w = jnp.asarray(x), jnp.asarray(w)
    if x.ndim < 1 or w.ndim < 2 or x.shape[-1] != w.shape[0]:
        raise ValueError(f"tag_dense {name!r}: x has shape {x.shape} and w {w.shape}: expected (..., n) and (n, ...)")
    y = jnp.tensordot(x, w, 1)
    return tagged(y, x, w, b, w.shape[1:], name or "dense", None)


def tag_conv(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: Sequence[int] = (1, 1),
    padding: Any = "SAME",
    dilation: Sequence[int] = (1, 1),
    name: str = "",
) -> Array:
    """A convolution of images, marked as a layer, its positions sharing the weights (Grosse and Martens 2016).

    x (..., height, width, channels), w (height, width, channels, outputs), b (outputs,) or None. `padding`: "SAME",
    "VALID" or pairs of numbers. Raises ValueError where shapes do not fit.
    """
    x, w = jnp.asarray(x), jnp.asarray(w)
    if x.ndim < 3 or w.ndim != 4 or x.shape[-1] != w.shape[2]:
        raise ValueError(
            f"tag_conv {name!r}: x has shape {x.shape} and w {w.shape}: "
            "expected (..., height, width, channels) and (height, width, channels, outputs)"
        )
    if isinstance(padding, str):
        spread = [(k - 1) * d + 1 for k, d in zip(w.shape[:2], dilation, strict=True)]
        padding = lax.padtype_to_pads(x.shape[-3:-1], spread, strides, padding)
    pairs = tuple((int(low), int(high)) for low, high in padding)
    window = Window(w.shape[:2], tuple(strides), pairs, tuple(dilation))
    images = x.reshape(-1, *x.shape[-3:])
    y = lax.conv_general_dilated(
        images, w, window.strides, pairs, rhs_dilation=window.dilation, dimension_numbers=CONV_AXES
    )
    return tagged(y.reshape(*x.shape[:-3], *y.shape[1:]), x, w, b, w.shape[3:], name or "conv", window)


def tagged(y: Array, x: Array, w: Array, b: Any, outputs: tuple[int, ...], name: str, window: Any) -> Array:
    """The layer's output with its bias, marked."""
    if b is None:
        return tag_p.bind(y, x, w, name=name, window=window)
    b = jnp.asarray(b)
    if b.shape != outputs:
        raise ValueError(f"the bias of the tag {name!r} has shape {b.shape}: expected {outputs}")
    return tag_p.bind(y + b, x, w, b, name=name, window=window)


@dataclass
class Site:
    """A place where a layer was applied: its input x, its output's shape, the numbers of the leaves w and b."""

    name: str
    window: Window | None
    x: Any
    y: Any
    weight: int
    bias: int | None


class Listener:
    """Runs a program operation by operation. `shifts`: what is added to the outputs of the marked layers, in order."""

    def __init__(self, shifts: Sequence[Any] | None = None) -> None:
        self.shifts = shifts
        self.sites: list[Site] = []

    def run(self, jaxpr: Any, given: Sequence[tuple[Any, int | None]]) -> list[tuple[Any, int | None]]:
        """What a program gives; every array stands beside where it comes from."""
        jaxpr, consts = opened(jaxpr)
        known: dict[Any, tuple[Any, int | None]] = dict(zip(jaxpr.invars, given, strict=True))
        known.update((var, (value, None)) for var, value in zip(jaxpr.constvars, consts, strict=True))
        read = lambda a: (a.val, None) if isinstance(a, jex.Literal) else known[a]
        for eqn in jaxpr.eqns:
            known.update(zip(eqn.outvars, self.equation(eqn, [read(a) for a in eqn.invars]), strict=True))
        return [read(a) for a in jaxpr.outvars]

    def equation(self, eqn: Any, given: list[tuple[Any, int | None]]) -> list[tuple[Any, int | None]]:
        """What one operation gives."""
        if eqn.primitive is tag_p:
            return [(self.heard(eqn.params, given), given[0][1])]
        if has_tags(eqn):
            if eqn.primitive.name not in INNER:
                raise ValueError(
                    f"a layer is tagged inside {eqn.primitive.name}: tags are heard in plain code and inside jit, vmap "
                    "and checkpoint. Write the loop out, or leave the tag away"
                )
            return self.run(eqn.params[INNER[eqn.primitive.name]], given)
        values = alone(eqn)(*(value for value, _ in given))
        origins = {origin for _, origin in given}
        origin = None if origins <= {None} else COMPUTED
        if eqn.primitive.name == "convert_element_type":
            origin = given[0][1]
        return [(value, origin) for value in values]

    def heard(self, marks: Any, given: list[tuple[Any, int | None]]) -> Any:
        """The output of a marked layer, shifted; the layer is written down."""
        (y, _), (x, _), (_, weight), *bias = given
        b = bias[0][1] if bias else None
        for what, origin in (("weight", weight), ("bias", b)):
            if origin == COMPUTED:
                raise ValueError(
                    f"the {what} of the tag {marks['name']!r} is computed from the parameters: give the tag a leaf of "
                    "them as it is (a change of type is no change), or leave the tag away"
                )
        if weight is None:
            return y  # a constant: nothing is trained here
        if self.shifts is not None:
            y = y + self.shifts[len(self.sites)].astype(y.dtype)
        self.sites.append(Site(marks["name"], marks["window"], x, jax.ShapeDtypeStruct(y.shape, y.dtype), weight, b))
        return y


def has_tags(eqn: Any) -> bool:
    """Whether a mark stands inside an operation."""
    return any(
        inner.primitive is tag_p or has_tags(inner)
        for value in eqn.params.values()
        for part in (value if isinstance(value, tuple | list) else (value,))
        if hasattr(part, "eqns") or hasattr(part, "jaxpr")
        for inner in opened(part)[0].eqns
    )


def listen(
    predict: Callable[[Any, Any], Any], params: Any, inputs: Any, shifts: Sequence[Any] | None = None
) -> tuple[Any, list[Site]]:
    """The model's outputs, and the places where marked layers were applied, in order."""
    program, shape = jax.make_jaxpr(predict, return_shape=True)(params, inputs)
    leaves = jax.tree.leaves(params)
    given = [*((jnp.asarray(leaf), i) for i, leaf in enumerate(leaves)), *((a, None) for a in jax.tree.leaves(inputs))]
    listener = Listener(shifts)
    out = [value for value, _ in listener.run(program, given)]
    return jax.tree.unflatten(jax.tree.structure(shape), out), listener.sites
