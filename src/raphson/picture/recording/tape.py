"""The operations of a program as they are written, one after another, and the constants that they take."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.picture.recording.kinds import EXACT, Made, Unwritable, Value, known, largest
from raphson.picture.recording.places import encoded, runs

OPERATIONS = 3000
"""Operations that a program may have: a drag runs all of them in a frame."""

NUMBERS = 300_000
"""Numbers that all of them may make: with their derivatives along two directions 33 MB, and 5 ms of a frame."""

BYTES = 200_000
"""What its constants may take, a fit's data above all."""

ELEMENTWISE = frozenset((
    "add", "sub", "mul", "div", "neg", "abs", "sign", "floor", "ceil", "exp", "exp2", "expm1", "log", "log1p",
    "log2", "sqrt", "rsqrt", "cbrt", "square", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
    "tanh", "asinh", "acosh", "atanh", "logistic", "erf", "erfc", "lgamma", "digamma", "pow", "max", "min", "rem",
    "clamp", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "xor", "is_finite", "select_n",
))  # fmt: skip
"""Primitives that stand in a program under their own names."""

OWN_RULES = ("logaddexp", "relu", "relu6")
"""Functions of JAX whose derivatives are given by a rule of their own, and kept by an operation of the page."""


@dataclass
class Tape:
    """Operations on `n` variables, x, known to the relative `rounding`; values by their numbers."""

    n: int
    rounding: float = float(np.finfo(float).eps)
    constants: list[np.ndarray] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)
    numbered: dict[bytes, int] = field(default_factory=dict)
    made: int = 0

    def program(self, out: Value) -> dict[str, Any]:
        """The finished program. Constants are numbered before the operations."""
        last = self.number_of(out)
        count = len(self.constants)
        if sum(8 * a.size for a in self.constants) > BYTES:
            raise Unwritable(f"its data take more than {BYTES // 1000} kB")

        def settled(k: int) -> int:
            return 0 if k == 0 else count + k if k > 0 else -k

        for one in self.operations:
            one["args"] = [settled(k) for k in one["args"]]
        written = [encoded(a) for a in self.constants]
        return {"n": self.n, "constants": written, "operations": self.operations, "out": settled(last)}

    def room(self, size: int) -> None:
        """Raises Unwritable where there is none for so many numbers more."""
        if self.made + size > NUMBERS:
            raise Unwritable(f"it makes more than {NUMBERS} numbers on the way")

    def write(self, op: str, args: Sequence[Value], shape: Sequence[int], **more: Any) -> Made:
        """One more operation."""
        if len(self.operations) >= OPERATIONS:
            raise Unwritable(f"it has more than {OPERATIONS} operations")
        size = int(np.prod(shape))
        self.room(size)
        self.made += size
        numbers = [self.number_of(a, op in ELEMENTWISE or op in OWN_RULES) for a in args]
        self.operations.append({"op": op, "args": numbers, "size": size} | more)
        return Made(len(self.operations), tuple(shape))

    def number_of(self, value: Value, lone: bool = False) -> int:
        """The number of a value: 0 for x, k > 0 for the k-th operation, -k for the k-th constant (both from 1).
        `lone`: one number stands for an array of it."""
        if isinstance(value, Made):
            return value.number
        if jnp.issubdtype(value.dtype, jnp.complexfloating):
            raise Unwritable("it computes with complex numbers")
        if jnp.issubdtype(value.dtype, jnp.integer) and largest(value) > EXACT:
            raise Unwritable("it has whole numbers that double precision does not hold")
        flat = np.ravel(np.asarray(value, float))
        # Compared as bits: -0 and 0 are not one number where something is divided by them.
        flat = flat[:1] if lone and flat.size and np.all(flat.view(np.int64) == flat.view(np.int64)[0]) else flat
        key = flat.tobytes()
        if key not in self.numbered:
            self.constants.append(flat)
            self.numbered[key] = -len(self.constants)
        return self.numbered[key]

    def pick(self, args: Sequence[Value], where: np.ndarray, total: int) -> Value:
        """Numbers taken from the arguments, laid end to end, at these places."""
        flat = where.ravel()
        if not any(isinstance(a, Made) for a in args):
            return np.concatenate([np.ravel(a) for a in args])[flat].reshape(where.shape)  # type: ignore[arg-type]
        if flat.size and not (flat.min() >= 0 and flat.max() < total):
            raise Unwritable("it takes numbers from outside an array")
        if (
            len(args) == 1
            and flat.size == total
            and np.array_equal(flat, np.arange(total))
            and isinstance(args[0], Made)
        ):
            return replace(args[0], shape=where.shape)
        return replace(self.write("pick", args, where.shape, runs=runs(flat)), most=max(map(largest, args)))

    def spread(self, value: Value, shape: Sequence[int]) -> Value:
        """A value repeated to a shape; one number is left alone, it stands for as many as are needed."""
        own = value.shape
        if own == tuple(shape) or int(np.prod(own)) == 1:
            return value
        size = int(np.prod(own))
        return self.pick([value], np.broadcast_to(np.arange(size).reshape(own), shape), size)

    def grouped(self, value: Value, axes: Sequence[int]) -> tuple[Value, tuple[int, ...], int]:
        """A value with these axes last, the shape of the others, and how many numbers a group has."""
        shape = value.shape
        rest = [k for k in range(len(shape)) if k not in axes]
        size = int(np.prod(shape))
        where = np.arange(size).reshape(shape).transpose([*rest, *axes])
        outer = tuple(shape[k] for k in rest)
        return self.pick([value], where, size), outer, int(np.prod([shape[k] for k in axes]))

    def row(self, value: Value, k: int) -> Value:
        """Entry k along the first axis."""
        if not isinstance(value, Made):
            return value[k]
        each = int(np.prod(value.shape[1:]))
        return self.pick([value], np.arange(k * each, (k + 1) * each).reshape(value.shape[1:]), value.shape[0] * each)

    def stacked(self, values: Sequence[Value]) -> Value:
        """Values of one shape along a new first axis."""
        if not any(isinstance(v, Made) for v in values):
            return known(jnp.stack(values))  # type: ignore[arg-type]
        shape = next(v.shape for v in values)
        size = len(values) * int(np.prod(shape))
        return self.pick(list(values), np.arange(size).reshape(len(values), *shape), size)
