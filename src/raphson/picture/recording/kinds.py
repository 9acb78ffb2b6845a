"""What kinds of numbers a program for the page can hold: those that double precision holds without a rounding of
another kind. Whole numbers come from comparisons (counts, masks); where they could overflow, or are divided, shifted
or wrapped, the page would compute something else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

EXACT = 2**53
"""Up to here whole numbers are exact in double precision."""

MOVES = frozenset((
    "slice", "squeeze", "reshape", "transpose", "broadcast_in_dim", "concatenate", "pad", "rev", "expand_dims",
    "dynamic_slice", "dynamic_update_slice", "gather", "scatter", "stack", "unstack", "split", "tile",
))  # fmt: skip
"""Primitives that only move numbers about."""

SAME = frozenset((
    "convert_element_type", "reduce_precision", "copy", "copy_p", "optimization_barrier", "device_put",
))  # fmt: skip
"""Primitives that leave numbers what they are."""

TRUTHS = frozenset((
    "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "xor", "is_finite", "select_n", "reduce_or", "reduce_and",
    "reduce_max", "reduce_min", "max", "min", "convert_element_type", "stop_gradient",
))  # fmt: skip
"""Primitives whose results may be true or false."""


class Unwritable(Exception):
    """What a program cannot hold: the text says what."""


@dataclass(frozen=True)
class Made:
    """A value that depends on x: its number and its shape; `most`: the largest size that it can have where it is
    made of whole numbers."""

    number: int
    shape: tuple[int, ...]
    most: float = np.inf


type Value = Made | np.ndarray | jax.Array
"""A value that depends on x, or one that is known (random keys stay arrays of JAX)."""


def known(value: Any, dtype: Any = None) -> np.ndarray | jax.Array:
    """A known value as an array of NumPy; random keys have none."""
    if dtype is None and jnp.issubdtype(jnp.result_type(value), jax.dtypes.extended):
        return value
    return np.asarray(value, dtype)


def largest(value: Value) -> float:
    """The largest size of whole numbers; infinite for others."""
    if isinstance(value, Made):
        return value.most
    if value.dtype == bool:
        return 1.0
    if not jnp.issubdtype(value.dtype, jnp.integer):
        return np.inf
    return float(max(abs(int(value.max())), abs(int(value.min())))) if value.size else 0.0


def admitted(eqn: Any, args: Sequence[Value], rounding: float) -> float:
    """Raises Unwritable where an equation computes in numbers of a kind that a program does not hold; `rounding`: that
    of x. The largest size that the results can have where they are whole numbers."""
    name, most = eqn.primitive.name, np.inf
    for var in eqn.outvars:
        kind = var.aval.dtype
        if jnp.issubdtype(kind, jnp.floating):
            if jnp.finfo(kind).eps > rounding or (name == "reduce_precision" and coarse(eqn.params, rounding)):
                raise Unwritable(f"it rounds numbers to {kind if jnp.finfo(kind).eps > rounding else 'fewer digits'}")
        elif jnp.issubdtype(kind, np.bool_):
            most = 1.0
            if name not in TRUTHS | MOVES or (name in ("and", "or", "not", "xor") and eqn.invars[0].aval.dtype != bool):
                raise Unwritable(f"it computes {name} of truth values")
        elif jnp.issubdtype(kind, jnp.integer):
            most = whole(name, eqn, args, kind)
        else:
            raise Unwritable(f"it turns numbers into {kind}")
    return most


def coarse(params: dict[str, Any], rounding: float) -> bool:
    """Whether numbers lose digits or range."""
    return 2.0 ** -params["mantissa_bits"] > rounding or params["exponent_bits"] < (11 if rounding < 1e-10 else 8)


def raised(size: float, power: int) -> float:
    """How large a power can be: infinite where Python's own numbers would raise."""
    with np.errstate(over="ignore"):
        return float(np.float64(max(size, 1.0)) ** power)


def whole(name: str, eqn: Any, args: Sequence[Value], kind: Any) -> float:
    """The largest size of whole numbers that an equation computes."""
    sizes, source = [largest(a) for a in args], eqn.invars[0].aval
    if name == "convert_element_type" and jnp.issubdtype(source.dtype, jnp.floating):
        raise Unwritable(f"it turns numbers into {kind}")
    terms = int(np.prod(source.shape)) // max(int(np.prod(eqn.outvars[0].aval.shape)), 1)
    unsigned = jnp.issubdtype(kind, jnp.unsignedinteger)
    if unsigned and (name in ("neg", "sub") or (name == "convert_element_type" and source.dtype != bool)):
        raise Unwritable(f"it computes {name} of {kind}")
    rules = {
        "convert_element_type": max, "max": max, "min": max, "clamp": max, "neg": max, "abs": max, "sign": max,
        "stop_gradient": max, "copy": max, "copy_p": max, "reduce_max": max, "reduce_min": max, "add": sum, "sub": sum,
        "add_any": sum, "mul": np.prod, "select_n": lambda sizes: max(sizes[1:]),
        "reduce_sum": lambda sizes: terms * sizes[0], "reduce_prod": lambda sizes: raised(sizes[0], terms),
        "cumsum": lambda sizes: source.shape[eqn.params["axis"]] * sizes[0],
        "integer_pow": lambda sizes: raised(sizes[0], eqn.params["y"]),
    } | dict.fromkeys(MOVES, max)  # fmt: skip
    if name not in rules:
        raise Unwritable(f"it computes {name} of {kind}")
    with np.errstate(over="ignore"):
        most = float(rules[name](sizes))
    if not most <= min(EXACT, np.iinfo(kind).max):
        raise Unwritable(f"its whole numbers of type {kind} may overflow")
    return most
