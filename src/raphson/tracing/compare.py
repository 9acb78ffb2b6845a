"""Does the program do what the function does? Both are called, at the start and at a point near it."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from raphson.kernel.program import Program
from raphson.tracing.hoist import Hoisted, Traced
from raphson.tracing.tally import tallied

NEAR = 1e-3
"""How far away the second point is, relative to the size of each variable: near enough to be as defined as the
first, too far for a value to agree by chance."""

SAME = 0.6
"""Values agree that differ by eps^SAME of the largest (4e-10 in float64): sums are added in another order."""


@partial(Program, static_argnames=("program",))
def evaluated(program: Traced, x: Any, data: tuple) -> Any:
    """The program's value."""
    return program(x, *data)


def disagreement(fun: Any, x: Any, tree: Any, leaves: list, known: Hoisted, data: tuple, space: Any) -> str:
    """Why the program must not stand for the function, in words; "" where both agree.

    The function is called three times: twice at x (does it answer the same?), and once near it, within the bounds.
    """
    data = (*data, *known.data[len(data) :])
    args = jax.tree.unflatten(tree, leaves)
    first, again = plain_value(fun, x, args), plain_value(fun, x, args)
    if isinstance(first, Exception):
        return f"it raises {type(first).__name__} at x0"
    if isinstance(again, Exception) or not np.array_equal(first, again, equal_nan=True):
        return "it gives another value when it is called again at the same point"
    near = beside(x, space)
    second = plain_value(fun, near, args)
    with np.errstate(all="ignore"):
        there = [flat(evaluated(known.program, at, data)) for at in (x, near)]
    spread = 0.0 if isinstance(second, Exception) or second.shape != first.shape else difference(first, second)
    for plain, traced, at in ((first, there[0], x), (second, there[1], near)):
        if isinstance(plain, Exception):
            continue
        if plain.shape != traced.shape:
            return f"its program returns {traced.size} numbers where it returns {plain.size}"
        if not close(plain, traced, spread) and not difference(plain, traced) <= 100 * wobble(
            fun, at, args, plain, space
        ):
            return "its program gives other values: it depends on something that a trace does not see"
    return ""


def plain_value(fun: Any, x: Any, args: tuple) -> Any:
    """What the function itself returns, as one vector; or the exception."""
    try:
        with np.errstate(all="ignore"):
            return flat(tallied(fun)(jax.tree.map(np.array, x), *args))
    except Exception as error:
        return error


def flat(out: Any) -> np.ndarray:
    """A result as one vector of numbers."""
    leaves = jax.tree.leaves(out) if isinstance(out, (dict, tuple)) else [out]
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in leaves])


def beside(x: Any, space: Any, part: float = NEAR) -> Any:
    """A point near x, each variable moved by its own amount (about `part` of its size), within the bounds."""
    leaves, tree = jax.tree.flatten(x)
    flat_x = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in leaves])
    size = np.abs(flat_x)
    typical = np.median(size[size > 0]) if np.any(size > 0) else 1.0
    move = part * np.where(size > 0, size, typical) * (1 + 0.5 * np.sin(1.0 + np.arange(size.size)))
    there = flat_x + move
    low, high = getattr(space, "lower", None), getattr(space, "upper", None)
    if low is not None and high is not None:
        there = np.where(there > high, flat_x - move, there)
        there = np.clip(there, low, high)
    parts = np.split(there.astype(flat_x.dtype), np.cumsum([np.size(leaf) for leaf in leaves])[:-1])
    return tree.unflatten([np.reshape(p, np.shape(leaf)) for p, leaf in zip(parts, leaves, strict=True)])


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest finite difference."""
    with np.errstate(all="ignore"):
        d = np.abs(np.asarray(a) - np.asarray(b))
    return float(np.max(d[np.isfinite(d)], initial=0.0))


def close(plain: np.ndarray, traced: np.ndarray, slack: float) -> bool:
    """Equal to rounding: not finite in the same places, and elsewhere within eps^SAME of the largest."""
    fine = np.isfinite(plain)
    if not np.array_equal(fine, np.isfinite(traced)):
        return False
    kinds = [a.dtype for a in (plain, traced) if a.dtype.kind in "fc"]
    eps = max((float(np.finfo(k).eps) for k in kinds), default=float(np.finfo(float).eps))
    size = np.max(np.abs(plain[fine]), initial=0.0) + 1e-3 * slack
    return difference(plain[fine], traced[fine]) <= eps**SAME * size + 100 * np.finfo(float).tiny


def wobble(fun: Any, x: Any, args: tuple, value: np.ndarray, space: Any) -> float:
    """How much the value changes by rounding of x alone: where large terms cancel, both kinds differ by as much."""
    other = plain_value(fun, beside(x, space, 8 * float(np.finfo(jax.tree.leaves(x)[0].dtype).eps)), args)
    return 0.0 if isinstance(other, Exception) or other.shape != value.shape else difference(value, other)
