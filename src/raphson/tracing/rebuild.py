"""A copy of a user's function whose names and closed-over data are those of a trace.

`from numpy import zeros` gives a function its own reference, and `y.copy()` of a NumPy array that it closes over is
NumPy's own method: neither can be replaced from outside. A copy of the function, with the same code and other globals
and cells, sees replacements and traced arrays there; the user's own function, and other threads, see nothing of it.
"""

from __future__ import annotations

import contextlib
import functools
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from raphson.tracing.array import TracedArray
from raphson.tracing.fingerprint import _library

DEEPEST = 8


class Rebuilt:
    """One rebuilding: `replaced` {id(original): replacement}; `data`: whether closed-over arrays are wrapped."""

    def __init__(self, replaced: dict[int, Any], data: bool):
        self.replaced, self.data = replaced, data
        self.known: dict[int, Any] = {}
        self.held: list = []  # keeps what is known by its id alive

    def value(self, value: Any, depth: int = 0) -> Any:
        """The value that the copy sees in the place of one that the function sees."""
        if id(value) in self.replaced:
            return self.replaced[id(value)]
        if type(value) is np.ndarray and self.data and value.dtype.kind == "f":
            # One wrapper for one array: two names of it stay two names of the same.
            if id(value) not in self.known:
                self.held.append(value)
                self.known[id(value)] = TracedArray(value)
            return self.known[id(value)]
        if depth > DEEPEST:
            return value
        if type(value) is FunctionType:
            return self.function(value, depth)
        if type(value) is MethodType:
            return MethodType(self.value(value.__func__, depth + 1), value.__self__)
        if type(value) is functools.partial:
            args = [self.value(a, depth + 1) for a in value.args]
            named = {k: self.value(v, depth + 1) for k, v in value.keywords.items()}
            return functools.partial(self.value(value.func, depth + 1), *args, **named)
        if type(value) in (list, tuple) and len(value) <= 32:
            parts = [self.value(v, depth + 1) for v in value]
            return value if all(a is b for a, b in zip(parts, value, strict=True)) else type(value)(parts)
        if type(value) is dict and len(value) <= 32:
            items = {k: self.value(v, depth + 1) for k, v in value.items()}
            return value if all(items[k] is v for k, v in value.items()) else items
        return value

    def top(self, fun: Any) -> Any:
        """The copy of the function itself, which may be an object with a `__call__`."""
        call = vars(type(fun)).get("__call__")
        if not isinstance(fun, type) and type(call) is FunctionType:
            return MethodType(self.value(call), fun)
        return self.value(fun)

    def function(self, function: FunctionType, depth: int) -> FunctionType:
        """A copy of a function of the user; one of a library as it is."""
        if id(function) in self.known:
            return self.known[id(function)]
        if _library(function):
            return function
        self.held.append(function)
        space, names = function.__globals__, names_in(function.__code__)
        cells = tuple(CellType() for _ in function.__closure__ or ())
        here = dict(space)
        copy = FunctionType(function.__code__, here, function.__name__, function.__defaults__, cells or None)
        copy.__kwdefaults__ = function.__kwdefaults__
        copy.__dict__.update({k: v for k, v in function.__dict__.items() if k != "__wrapped__"})
        self.known[id(function)] = copy  # before what it reaches: it may reach itself
        for name in names & space.keys():
            here[name] = self.value(space[name], depth + 1)
        for cell, old in zip(cells, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # an empty cell stays empty
                cell.cell_contents = self.value(old.cell_contents, depth + 1)
        copy.__defaults__ = self.value(function.__defaults__, depth + 1) if function.__defaults__ else None
        return copy


def names_in(code: CodeType) -> set[str]:
    """The names that a code object and those nested in it may look up."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= names_in(constant)
    return names
