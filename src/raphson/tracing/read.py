"""What a user's function is: a program of JAX as it stands, one through NumPy's protocols, or Python on the host."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from raphson.kernel.table import Table
from raphson.tracing.compare import disagreement, plain_value
from raphson.tracing.effects import effect_of, speaks_jax
from raphson.tracing.fingerprint import fingerprint
from raphson.tracing.hoist import Hoisted, data_leaf, hoist
from raphson.tracing.indices import refuse_clamped
from raphson.tracing.keys import scalar_key
from raphson.tracing.needs import Busy, NeedsANumber, where_raised
from raphson.tracing.numpy import Kept, as_jax
from raphson.tracing.roll import rolled, rolled_if_long
from raphson.tracing.tally import READING, tallied

log = logging.getLogger("raphson")

MOST_EQUATIONS = 200
"""Of a program after loops were rolled up. Measured: 302 equations of scalars that follow one another compile for 2.3 s
without and about 12 s with their derivatives and the method around them; as Python they run in 50 microseconds."""


class OnHost(TypeError):
    """The function cannot become a program; the text says why and what to write instead."""


class Plain:
    """A function that is called as it stands, and why: its program cannot be used. It was called to find that out."""

    def __init__(self, fun: Callable, reason: str):
        functools.update_wrapper(self, fun)
        self.fun, self.reason, self.read = fun, reason, READING.calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fun(*args, **kwargs)


@dataclass(frozen=True)
class Way:
    """How a function was read: `kind` "jax", "numpy" or "host"; the program `known` with its closed-over data.

    `traced`: which arguments are data; `whole`: whether arrays of whole numbers became floating-point ones; `reason`
    why it stays on the host, `final` if nothing else need be tried.
    """

    kind: str
    known: Any
    traced: tuple[bool, ...]
    whole: bool
    reason: str = ""
    final: bool = False


table: Table[Way] = Table()


def read(fun: Callable, x: Any, args: tuple, space: Any = None) -> tuple[Hoisted, str]:
    """fun(x, *args) as a program and its data, and its kind, "jax" or "numpy"; OnHost where it cannot be one.

    A function with the same code and surroundings as one before is not traced again. `space`: bounds that every call
    must keep. IndexError where JAX would clamp an index that NumPy refuses.
    """
    if isinstance(fun, Plain):
        READING.calls = max(READING.calls, fun.read)
        raise OnHost(fun.reason)
    leaves, tree = jax.tree.flatten(args)
    key = key_of(fun, x, leaves, tree)
    way = table.get(key)
    if way is None:
        exact = with_values(key, leaves)
        way = table.get(exact)
        if way is None:
            try:
                way = find_way(fun, x, leaves, tree, space)
            except Busy as error:
                raise OnHost(str(error)) from None
            # A program that holds an argument as a constant is that of this argument alone.
            way = table.put(key if way.known is None or general(way, leaves) else exact, way)
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
            part = scalar_key(a)
            if part is None:
                return None
            shapes.append(part)
    return mark, jax.tree.structure(x), tree, tuple(shapes)


def general(way: Way, leaves: list) -> bool:
    """Whether a program serves other numbers of the same kind: all arrays and floating-point numbers are its data."""
    return all(
        t or not isinstance(a, (jax.Array, np.ndarray, float, np.floating))
        for a, t in zip(leaves, way.traced, strict=True)
    )


LARGEST_VALUE = 2**20
"""Bytes of an argument up to which it is told from others by its content; of larger ones nothing is remembered."""


def with_values(key: Any, leaves: list) -> Any:
    """The key of these arguments alone, bit by bit; None: they are not told apart."""
    if key is None or any(np.size(a) * 16 > LARGEST_VALUE for a in leaves if isinstance(a, (jax.Array, np.ndarray))):
        return None
    values = [np.asarray(a) for a in leaves if isinstance(a, (jax.Array, np.ndarray, float, np.floating))]
    return key, tuple((a.dtype.str, a.shape, a.tobytes()) for a in values)


def find_way(fun: Callable, x: Any, leaves: list, tree: Any, space: Any) -> Way:
    """The first way that works. What speaks JAX is tried as it stands first, everything else by NumPy's rules."""
    jax_first = speaks_jax(fun)
    effect = "" if jax_first else effect_of(fun)
    if effect:
        return on_host(leaves, f"{effect}, so every call must be its own")
    ways = (as_it_stands, by_numpy) if jax_first else (by_numpy, as_it_stands)
    reasons = []
    for way in ways:
        found = way(fun, x, leaves, tree, space)
        if found.kind != "host":
            return found
        reasons.append(found)
        if found.final:
            break
    return next((r for r in reasons if r.reason), on_host(leaves, "JAX cannot trace it"))


def on_host(leaves: list, reason: str, final: bool = True) -> Way:
    """The decision that a function stays where it is; `final`: no other way must be tried."""
    return Way("host", None, tuple(map(is_number, leaves)), False, reason, final)


def as_it_stands(fun: Callable, x: Any, leaves: list, tree: Any, space: Any) -> Way:
    """As a function of JAX: with the numbers among its arguments as data."""
    try:
        return attempt("jax", fun, x, leaves, tree, tuple(map(is_number, leaves)))
    except Exception as error:
        if isinstance(error, IndexError) and not type(error).__module__.startswith("jax"):
            raise
        log.debug("JAX trace: %r", error)
        return on_host(leaves, "", final=False)


def by_numpy(fun: Callable, x: Any, leaves: list, tree: Any, space: Any) -> Way:
    """Through NumPy's protocols: with the arrays among its arguments as data, then with all of them as they are."""
    effect = effect_of(fun)
    if effect:
        return on_host(leaves, f"{effect}, so every call must be its own")
    arrays = tuple(map(is_data, leaves))
    reason, refused = "", False
    for traced, data in ((arrays, True), (tuple(False for _ in leaves), False)):
        try:
            way = attempt("numpy", as_jax(fun, data=data), x, leaves, tree, traced)
        except Busy:
            raise
        except Kept as error:
            return on_host(leaves, str(error))
        except Exception as error:
            log.debug("NumPy trace: %r", error)
            refused = refused or bool(needed(error))
            reason = reason or needed(error) or where_raised(error)
            continue
        plain = [as_float(a, way.whole) for a in leaves]
        wrong = disagreement(fun, x, tree, plain, way.known, number_leaves(leaves, traced, way.whole), space)
        if not wrong:
            return way
        return on_host(leaves, wrong)
    return on_host(leaves, reason, final=refused)


def needed(error: Exception) -> str:
    """The reason in a chain of exceptions: a library may have wrapped ours."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, NeedsANumber):
            return str(seen)
        seen = seen.__cause__ or seen.__context__
    return ""


def attempt(kind: str, fun: Callable, x: Any, leaves: list, tree: Any, traced: tuple[bool, ...]) -> Way:
    """One way: first with whole numbers in arrays as floating-point ones, which do not overflow; else as they are."""
    whole = any(t and is_whole(a) for t, a in zip(traced, leaves, strict=True))
    for floating in (True, False) if whole else (False,):
        try:
            change = rolled if kind == "numpy" else rolled_if_long
            data = number_leaves(leaves, traced, floating)
            hoisted = hoist(bound(tallied(fun), leaves, tree, traced, floating), x, data, change)
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


UNSMOOTH = (
    "its program has no derivative at x0 or on the way: a root or norm of 0, or a branch of np.where that is not finite"
)


def without_program(fun: Callable) -> Plain | None:
    """The function called as it stands, for a program without a finite derivative at x0; None where it is JAX's.

    sqrt(x @ x)**2 is smooth at 0, and its parts are not: differences of the whole see that.
    """
    return None if isinstance(fun, Plain) or speaks_jax(fun) else Plain(fun, UNSMOOTH)


def floating_args(fun: Callable, x: Any, args: tuple) -> tuple:
    """The arguments with whole numbers in arrays as floating-point ones, where the function takes them so.

    int32 overflows at 2e9, without a word: 1300**3. A function that uses such an array as an index raises, and gets it
    as it is. (It is called once for that, where there is such an array.)
    """
    leaves, tree = jax.tree.flatten(args)
    if not any(map(is_whole, leaves)):
        return args
    changed = jax.tree.unflatten(tree, [as_float(a, True) for a in leaves])
    return args if isinstance(plain_value(fun, x, changed), Exception) else changed
