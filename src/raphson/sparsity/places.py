"""Where arrays of data can be nonzero, carried through what is computed of them: their values may change, zeros stay.

A matrix of data that is mostly zeros couples few variables. Only its zeros are read: other data with the same zeros
have the same pattern.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from raphson.sparsity.indexing import REARRANGE, operands_moved
from raphson.sparsity.tape import Equation

MOSTLY = 0.5
"""Arrays of data are taken by their zeros where at least this part of them is zero. In a matrix with fewer the columns
of a pattern are full all the same, and every other set of data would have a pattern of its own."""

Places = np.ndarray

KEPT = (
    "neg abs sign convert_element_type copy copy_p real imag sqrt cbrt square reduce_precision sin tan tanh expm1 log1p"
)
"""Operations that are zero at zero."""


def places_in(data: Any) -> dict[int, Places]:
    """By the number of the leaf: where matrices of real numbers are nonzero, for those that are mostly zero."""
    found: dict[int, Places] = {}
    for k, leaf in enumerate(jax.tree.leaves(data)):
        if np.ndim(leaf) < 2 or isinstance(leaf, jax.ShapeDtypeStruct | Tracer):
            continue
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.inexact):
            continue
        nonzero = np.asarray(leaf) != 0  # NaN is nonzero
        if np.count_nonzero(nonzero) <= (1 - MOSTLY) * nonzero.size:
            found[k] = nonzero
    return found


def either(eq: Equation, *parts: Places | None) -> Places | None:
    """A sum: nonzero where a term is."""
    known = [p for p in parts if p is not None]
    return functools.reduce(np.logical_or, known) if len(known) == len(parts) else None


def both(eq: Equation, *parts: Places | None) -> Places | None:
    """A product: nonzero where every factor is; one of which nothing is known says nothing."""
    known = [p for p in parts if p is not None]
    shape = eq.made[0].shape
    return functools.reduce(np.logical_and, [np.broadcast_to(p, shape) for p in known]) if known else None


def summed(eq: Equation, a: Places | None) -> Places | None:
    """Nonzero where an element of the sum is."""
    return None if a is None else a.any(tuple(eq.params["axes"]))


def powered(eq: Equation, a: Places | None) -> Places | None:
    """A positive power of zero is zero."""
    return a if eq.params["y"] > 0 else None


def chosen(eq: Equation, which: Places | None, *cases: Places | None) -> Places | None:
    """Nonzero where any case is: the choice is not looked at."""
    shape = eq.made[0].shape
    return either(eq, *(None if c is None else np.broadcast_to(c, shape) for c in cases))


RULES: dict[str, Callable[..., Places | None]] = {
    **dict.fromkeys(KEPT.split(), lambda eq, a, *_: a),
    **dict.fromkeys(("add", "sub", "add_any"), either),
    "mul": both,
    "div": lambda eq, a, b: a,
    "reduce_sum": summed,
    "integer_pow": powered,
    "select_n": chosen,
}


def nonzero(eq: Equation, parts: list[Places | None], index: Callable[[int], Any]) -> list[Places | None]:
    """Where the results of one equation can be nonzero, from where its operands can; None: anywhere.

    `index(k)`: the value of operand k, an index.
    """
    unknown: list[Places | None] = [None] * len(eq.outs)
    if eq.name in RULES:
        return [RULES[eq.name](eq, *parts)]
    moved = operands_moved(eq) if eq.name in REARRANGE else ()
    if not moved or any(parts[k] is None for k in moved):
        return unknown
    # As numbers: where nothing is moved to there is -1, which a gather beyond the end fills with NaN.
    numbers: list[Any] = [np.asarray(parts[k]).astype(np.int8) for k in moved]
    out = REARRANGE[eq.name](eq, numbers, index)
    return unknown if out is None else [np.asarray(a) != 0 for a in out]
