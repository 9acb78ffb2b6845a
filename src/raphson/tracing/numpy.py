"""A function written with NumPy as a function of JAX."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.tracing.array import Alive, TracedArray, unwrap
from raphson.tracing.needs import NeedsANumber, Refusals
from raphson.tracing.patches import patched
from raphson.tracing.rebuild import Rebuilt

MOST_ARRAYS = 20_000
"""Arrays that one trace may make: a loop that makes more compiles for minutes and runs on the host in no time."""


class Kept(TypeError):
    """The function kept an array of the trace: it writes down what it sees."""


class Census:
    """The arrays made in one trace, and which of them are still alive."""

    def __init__(self) -> None:
        self.made: weakref.WeakSet = weakref.WeakSet()
        self.count = 0
        self.refused: list[NeedsANumber] = []

    def add(self, array: TracedArray) -> None:
        """One more array."""
        self.count += 1
        self.made.add(array)
        if self.count > MOST_ARRAYS:
            raise NeedsANumber("a loop over numbers makes a program too long to compile: write it with whole arrays")


@contextlib.contextmanager
def census() -> Iterator[Census]:
    """Counts the arrays made meanwhile (the lock of `patched` is held: one trace at a time)."""
    made = Census()
    before, Alive.current = Alive.current, made
    earlier, Refusals.current = Refusals.current, made.refused
    try:
        yield made
    finally:
        Alive.current, Refusals.current = before, earlier


def as_jax(fun: Callable, *, data: bool = True) -> Callable:
    """`fun`, written with NumPy, as a function of JAX values: takes and gives them, runs the user's code in between.

    data: whether NumPy arrays that the function closes over are wrapped, too (methods of arrays and writing into
    copies of them work then). Raises NeedsANumber where the code needs the value of a variable, Kept where it keeps
    what it was given.
    """

    def traced(*args: Any) -> Any:
        with patched() as replaced, census() as made:
            rebuilt = Rebuilt(replaced, data)
            inner = rebuilt.top(fun)
            out = results(inner(*jax.tree.map(lambda a: TracedArray(a) if isinstance(a, jax.Array) else a, args)))
            del inner
            if made.refused:
                raise made.refused[0]
        settle_kept(made, {id(a) for a in rebuilt.known.values()})
        return out

    return traced


def results(out: Any) -> Any:
    """What the function returned, as values of JAX."""
    if out is None or isinstance(out, (str, bytes)):
        raise TypeError(f"the function returns {type(out).__name__}")
    if isinstance(out, dict):
        return {k: results(v) for k, v in out.items()}
    if type(out) is tuple:
        return tuple(map(results, out))
    value = unwrap(out)
    if isinstance(value, (list, tuple)):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        raise TypeError("the function returns an array of objects")
    return jnp.asarray(value)


def settle_kept(made: Census, known: set[int]) -> None:
    """Raises Kept where arrays of the trace are still alive, after giving those without numbers some.

    What survives is in a list, a cache or an attribute of the user's. It becomes an array without values there (NaN),
    so that his own code does not break on it. `known`: ids of wrapped arrays that the function closes over.
    """
    survivors = lambda: [a for a in made.made if a._base is None and id(a) not in known]
    if survivors():
        gc.collect()  # what lies in a cycle of functions is not kept by anybody
    kept = survivors()
    for array in kept:
        if array._written or not isinstance(array._held, np.ndarray):
            array._held = np.full(np.shape(array._held), np.nan)
        array._cells, array._written = None, False
    if kept:
        raise Kept("it keeps what it was given (a list, a cache, an attribute)")
