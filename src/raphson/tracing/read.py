"""What a user's function is: a program of JAX as it stands, one through NumPy's protocols, or Python on the host."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from raphson.tracing.cache import Table
from raphson.tracing.compare import disagreement
from raphson.tracing.effects import effect_of
from raphson.tracing.fingerprint import fingerprint, plain
from raphson.tracing.hoist import Hoisted, data_leaf, hoist
from raphson.tracing.indices import refuse_clamped
from raphson.tracing.needs import NeedsANumber
from raphson.tracing.numpy import Kept, as_jax
from raphson.tracing.roll import rolled

log = logging.getLogger("raphson")

MOST_EQUATIONS = 200
"""Of a program after loops were rolled up. Measured: 302 equations of scalars that follow one another compile for 2.3 s
without and about 12 s with their derivatives and the method around them; as Python they run in 50 microseconds."""


class OnHost(TypeError):
    """The function cannot become a program; the text says why and what to write instead."""


@dataclass(frozen=True)
class Way:
    """How a function was read: `kind` "jax", "numpy" or "host", `program` and the closed-over data, `reason`."""

    kind: str
    known: Hoisted | None
    traced: tuple[bool, ...]
    whole: bool
    reason: str = ""


table: Table[Way] = Table()


def read(fun: Callable, x: Any, args: tuple, space: Any = None) -> tuple[Hoisted, str]:
    """fun(x, *args) as a program and its data, and its kind, "jax" or "numpy"; OnHost where it cannot be one.

    A function with the same code and surroundings as one before is not traced again. `space`: bounds that every call
    must keep. IndexError where JAX would clamp an index that NumPy refuses.
    """
    leaves, tree = jax.tree.flatten(args)
    key = key_of(fun, x, leaves, tree)
    way = table.get(key)
    if way is None:
        way = table.put(key, find_way(fun, x, leaves, tree, space))
    if way.known is None:
        raise OnHost(way.reason)
    given = [data_leaf(as_float(a, way.whole)) for a, t in zip(leaves, way.traced, strict=True) if t]
    return Hoisted(way.known.program, (*given, *way.known.data[len(given) :]), way.known.out), way.kind


def key_of(fun: Callable, x: Any, leaves: list, tree: Any) -> Any:
    """The key under which what is found may be used again; None: nowhere."""
    mark = fingerprint(fun)
    if mark is None:
        return None
    shapes = []
    for a in (*jax.tree.leaves(x), *leaves):
        if isinstance(a, (jax.Array, np.ndarray)) and a.dtype != object:
            shapes.append((np.shape(a), a.dtype, bool(getattr(a, "weak_type", False))))
        elif type(a) is float or isinstance(a, np.floating):
            shapes.append((type(a),))
        else:
            part = plain(a)
            if part is None:
                return None
            shapes.append(part)
    return mark, jax.tree.structure(x), tree, tuple(shapes)


def find_way(fun: Callable, x: Any, leaves: list, tree: Any, space: Any) -> Way:
    """The first way that works: JAX, NumPy with the arguments as data, NumPy with all of them as they are."""
    number = tuple(map(is_number, leaves))
    try:
        return attempt("jax", fun, x, leaves, tree, number)
    except IndexError:
        raise
    except Exception as error:
        refusal = error
    effect = effect_of(fun)
    if effect:
        return Way("host", None, number, False, f"{effect}, so every call must be its own")
    arrays = tuple(map(is_data, leaves))
    reason: str | None = None
    for traced, data in ((arrays, True), (tuple(False for _ in leaves), False)):
        try:
            way = attempt("numpy", as_jax(fun, data=data), x, leaves, tree, traced)
        except (NeedsANumber, Kept) as error:
            reason = reason or str(error)
            if isinstance(error, Kept):
                break
            continue
        except Exception as error:
            log.debug("NumPy trace: %r", error)
            reason = reason or needed(error)
            continue
        wrong = disagreement(fun, x, tree, leaves, way.known, number_leaves(leaves, traced, way.whole), space)
        if not wrong:
            return way
        reason = wrong
    return Way("host", None, number, False, reason or f"JAX could not trace it: {type(refusal).__name__}")


def needed(error: Exception) -> str | None:
    """The reason in a chain of exceptions: a library may have wrapped ours."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, NeedsANumber):
            return str(seen)
        seen = seen.__cause__ or seen.__context__
    return None


def attempt(kind: str, fun: Callable, x: Any, leaves: list, tree: Any, traced: tuple[bool, ...]) -> Way:
    """One way: first with whole numbers in arrays as floating-point ones, which do not overflow; else as they are."""
    whole = any(t and is_whole(a) for t, a in zip(traced, leaves, strict=True))
    for floating in (True, False) if whole else (False,):
        try:
            change = rolled if kind == "numpy" else None
            data = number_leaves(leaves, traced, floating)
            hoisted = hoist(bound(fun, leaves, tree, traced, floating), x, data, change)
            break
        except Exception:
            if not floating:
                raise
    refuse_clamped(hoisted.program.jaxpr)
    size = len(hoisted.program.jaxpr.eqns)
    if kind == "numpy" and size > MOST_EQUATIONS:
        raise NeedsANumber(f"a loop over numbers makes {size} operations, too many to compile: write it with arrays")
    return Way(kind, hoisted, traced, floating)


def bound(fun: Callable, leaves: list, tree: Any, traced: tuple[bool, ...], floating: bool) -> Callable:
    """fun of x and of the arguments that are data; the others are part of it."""
    if all(traced):
        return lambda x, *data: fun(x, *jax.tree.unflatten(tree, data))

    def with_rest(x: Any, *data: Any) -> Any:
        rest = iter(data)
        return fun(x, *jax.tree.unflatten(tree, [next(rest) if t else a for a, t in zip(leaves, traced, strict=True)]))

    return with_rest


def number_leaves(leaves: list, traced: tuple[bool, ...], floating: bool) -> tuple:
    """The arguments that are data."""
    return tuple(as_float(a, floating) for a, t in zip(leaves, traced, strict=True) if t)


def is_number(a: Any) -> bool:
    """Whether JAX can take it as data."""
    return isinstance(a, (jax.Array, np.number, np.bool_, float, int, complex)) or (
        isinstance(a, np.ndarray) and a.dtype.kind in "fiubc"
    )


def is_data(a: Any) -> bool:
    """Whether a NumPy function may get it as an array without numbers: what is whole may be an index or a count."""
    if isinstance(a, (jax.Array, np.ndarray)):
        return a.dtype.kind == "f" or (is_whole(a) and a.ndim > 0)
    return isinstance(a, (float, np.floating))


def is_whole(a: Any) -> bool:
    """Whether it is an array of whole numbers."""
    return isinstance(a, (jax.Array, np.ndarray)) and a.dtype.kind in "iu" and a.ndim > 0


def as_float(a: Any, floating: bool) -> Any:
    """An array of whole numbers in floating point; everything else as it is."""
    return np.asarray(a, float) if floating and is_whole(a) else a
