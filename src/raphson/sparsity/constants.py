"""Values that do not depend on x, computed only where a pattern hangs on them: indices, masks, zeros of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from raphson.sparsity.indexing import REARRANGE, operands_moved
from raphson.sparsity.places import nonzero
from raphson.sparsity.tape import Equation, Straight


def divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """XLA's division: whole numbers towards zero."""
    if np.issubdtype(a.dtype, np.inexact):
        return a / b
    quotient = np.abs(a) // np.where(b == 0, 1, np.abs(b))
    return np.where(np.sign(a) * np.sign(b) < 0, -quotient, quotient).astype(a.dtype)


def cast(eq: Equation, a: np.ndarray) -> np.ndarray:
    return a.astype(eq.made[0].dtype)


def counted(eq: Equation) -> np.ndarray:
    shape, axis = list(eq.made[0].shape), eq.params["dimension"]
    line = np.arange(shape[axis], dtype=eq.made[0].dtype)
    held = [-1 if a == axis else 1 for a in range(len(shape))]
    return np.broadcast_to(line.reshape(held), shape)


def chosen(eq: Equation, which: np.ndarray, *cases: np.ndarray) -> np.ndarray:
    return np.choose(which.astype(np.intp), list(cases))


def plainly(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the operands alone."""
    return lambda eq, *a: ufunc(*a)


# `f(eq, *operands)`: NumPy's arithmetic on whole numbers and masks is XLA's, and so is a zero.
NUMPY: dict[str, Callable[..., Any]] = {
    **{name: plainly(ufunc) for name, ufunc in {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "neg": np.negative, "max": np.maximum,
        "min": np.minimum, "rem": np.fmod, "div": divided, "abs": np.abs, "sign": np.sign, "floor": np.floor,
        "ceil": np.ceil, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
        "eq": np.equal, "ne": np.not_equal, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
        "not": np.invert, "square": np.square, "copy": np.asarray, "stop_gradient": np.asarray,
    }.items()},
    "convert_element_type": cast,
    "iota": counted,
    "select_n": chosen,
    "integer_pow": lambda eq, a: a ** eq.params["y"] if eq.params["y"] >= 0 else 1 / a ** -eq.params["y"],
    "clamp": lambda eq, low, a, high: np.clip(a, low, high),
    "reduce_sum": lambda eq, a: a.sum(eq.params["axes"], dtype=eq.made[0].dtype),
    "cumsum": lambda eq, a: (
        np.flip(np.cumsum(np.flip(a, eq.params["axis"]), eq.params["axis"]), eq.params["axis"])
        if eq.params["reverse"] else np.cumsum(a, eq.params["axis"])
    ).astype(eq.made[0].dtype),
}  # fmt: skip

EXACT = ("gather", "dynamic_slice")
"""Moves whose result is not made of entries alone where an index is out of range: JAX computes these."""


class Lender:
    """What a loop's body reads of arrays that are constants outside, by their numbers inside and `outer` ones."""

    def __init__(self, known: Constants, outer: dict[int, int]):
        self.known, self.outer = known, outer

    def value(self, v: int) -> Any:
        """A value, if it can be known."""
        return self.known.index(self.outer[v]) if v in self.outer else None

    def places(self, v: int) -> np.ndarray | None:
        """Where it can be nonzero, if that is known."""
        return self.known.places(self.outer[v]) if v in self.outer else None


class Constants:
    """Lookup of values by array number; None where a value hangs on x or on data that may change."""

    def __init__(self, tape: Straight, lender: Lender | None = None):
        self.tape, self.lender = tape, lender
        self.maker: dict[int, Equation] = {}
        self.seen = 0
        self.found: dict[int, Any] = {}
        self.cheap: dict[int, Any] = {}
        self.held: dict[int, np.ndarray | None] = {}

    def index(self, v: int) -> np.ndarray | None:
        """The value of an array that steers which elements meet: computed, whatever it takes."""
        return self.look(v, self.found, True)

    def columns(self, v: int) -> list[np.ndarray | None]:
        """The components of an index (..., depth), each known or not: batched code joins counters and what it found."""
        whole = self.index(v)
        if whole is not None:
            return list(np.moveaxis(whole, -1, 0))
        equation, kind = self.maker.get(v), self.tape.kinds[v]
        last = len(kind.shape) - 1
        if equation is None or equation.name != "concatenate" or equation.params["dimension"] != last:
            return [None] * kind.shape[-1]
        return [column for u in equation.ins for column in self.columns(u)]

    def zeros(self, v: int) -> np.ndarray | None:
        """Where a factor is exactly zero; None where it is nowhere, or not known without effort."""
        places = self.places(v)
        return None if places is None or places.all() else ~places

    def places(self, v: int) -> np.ndarray | None:
        """Where an array can be nonzero, by its value or by the zeros of the data that it is made of."""
        stack = [v]
        while stack:
            w = stack[-1]
            if w in self.held:
                stack.pop()
                continue
            value, equation = self.look(w, self.cheap, False), self.maker.get(w)
            if value is not None:
                self.held[w] = np.asarray(value) != 0
            elif w in self.tape.places or self.tape.active[w] or not self.tape.lean:
                self.held[w] = self.tape.places.get(w)
            elif equation is None:
                self.held[w] = None if self.lender is None else self.lender.places(w)
            else:
                missing = [u for u in equation.ins if u not in self.held]
                if missing:
                    stack.extend(missing)
                    continue
                index = lambda k, ins=equation.ins: self.index(ins[k])
                parts = nonzero(equation, [self.held[u] for u in equation.ins], index)
                self.held.update(zip(equation.outs, parts, strict=True))
            stack.pop()
        return self.held[v]

    def look(self, v: int, memo: dict[int, Any], effort: bool) -> Any:
        for equation in self.tape.equations[self.seen :]:  # the tape may still grow
            self.maker.update(dict.fromkeys(equation.outs, equation))
        self.seen = len(self.tape.equations)
        stack = [v]  # not by recursion: a counter of a loop hangs on its predecessor
        while stack:
            w = stack[-1]
            if w in memo:
                stack.pop()
                continue
            equation = self.maker.get(w)
            if w in self.tape.values:
                memo[w] = self.tape.values[w]
            elif self.tape.active[w] or equation is None:
                memo[w] = self.lender.value(w) if self.lender is not None and not self.tape.active[w] else None
            elif not effort and not easy(equation):
                memo[w] = None
            else:
                missing = [u for u in equation.ins if u not in memo]
                if missing:
                    stack.extend(missing)
                    continue
                outs = evaluated(equation, [memo[u] for u in equation.ins])
                memo.update(zip(equation.outs, outs, strict=True))
            stack.pop()
        return memo[v]


def easy(eq: Equation) -> bool:
    """Whether NumPy computes it in about the time that it takes to read it."""
    return (eq.name in NUMPY and eq.name != "cumsum") or (eq.name in REARRANGE and eq.name not in EXACT)


def evaluated(eq: Equation, operands: list[Any]) -> list[Any]:
    """The results of one equation, None where an operand that it needs is not known."""
    nothing: list[Any] = [None] * len(eq.outs)
    if any(a is None for a in operands):
        return nothing
    host = all(
        isinstance(a, np.ndarray | np.generic) or kind.smooth for a, kind in zip(operands, eq.given, strict=True)
    )
    if host and eq.name in NUMPY:
        with np.errstate(all="ignore"):
            return [np.asarray(NUMPY[eq.name](eq, *(np.asarray(a) for a in operands)))]
    if host and eq.name in REARRANGE and eq.name not in EXACT:
        index = lambda k: np.asarray(operands[k])
        parts = [np.asarray(operands[k]) for k in operands_moved(eq)]
        moved = REARRANGE[eq.name](eq, parts, index)
        if moved is not None:
            return moved
    if eq.run is None:
        return nothing
    try:
        with jax.ensure_compile_time_eval():
            return [home(a) for a in eq.run(*operands)]
    except Exception:  # an operation that only runs on a device, or has an effect: its value stays unknown
        return nothing


def home(a: Any) -> Any:
    """NumPy's array; random keys, which have none, as they are."""
    return np.asarray(a) if isinstance(a.dtype, np.dtype) else a
