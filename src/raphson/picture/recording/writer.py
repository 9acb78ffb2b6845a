"""Writes a jaxpr down as the operations of a small program (`exported`)."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

OPERATIONS = 3000
"""Operations that a program may have: a drag runs all of them in a frame."""

NUMBERS = 300_000
"""Numbers that all of them may make: with their derivatives along two directions 15 MB, and 20 ms of a frame."""

BYTES = 200_000
"""What its constants may take, a fit's data above all."""

ELEMENTWISE = frozenset((
    "add", "sub", "mul", "div", "neg", "abs", "sign", "floor", "ceil", "round", "exp", "exp2", "expm1", "log", "log1p",
    "sqrt", "rsqrt", "cbrt", "square", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "logistic", "erf", "erfc", "lgamma", "digamma", "pow", "max", "min", "rem", "clamp",
    "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "xor", "is_finite", "select_n",
))  # fmt: skip
"""Primitives that stand in a program under their own names."""

MOVES = frozenset((
    "slice", "squeeze", "reshape", "transpose", "broadcast_in_dim", "concatenate", "pad", "rev", "expand_dims",
    "dynamic_slice", "dynamic_update_slice", "gather", "scatter", "stack", "unstack", "split", "tile",
))  # fmt: skip
"""Primitives that only move numbers about."""

SAME = frozenset(("convert_element_type", "reduce_precision", "copy", "optimization_barrier"))
"""Primitives that leave numbers what they are (a program knows double precision alone)."""

INSIDE = {
    "jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr", "remat": "jaxpr",
    "checkpoint": "jaxpr", "remat2": "jaxpr",
}  # fmt: skip
"""Calls, and where the called jaxpr stands."""

OWN_RULES = {"logaddexp": "logaddexp", "relu": "relu"}
"""Functions whose derivatives are given by a rule of their own, with the operation that keeps it."""


class Unwritable(Exception):
    """What a program cannot hold: the text says what."""


@dataclass(frozen=True)
class Made:
    """A value that depends on x: its number and its shape."""

    number: int
    shape: tuple[int, ...]


type Value = Made | np.ndarray
"""A value that depends on x, or one that is known."""


@dataclass
class Writer:
    """Writes operations down as it walks through a jaxpr; what does not depend on x is computed on the way."""

    n: int
    constants: list[np.ndarray] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)
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

    def run(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Value]) -> list[Value]:
        """Writes a jaxpr for these arguments; its results."""
        env: dict[Any, Value] = {}
        for var, value in zip([*jaxpr.constvars, *jaxpr.invars], [*map(np.asarray, consts), *args], strict=True):
            env[var] = value

        def read(atom: Any) -> Value:
            return np.asarray(atom.val) if hasattr(atom, "val") else env[atom]

        for eqn in jaxpr.eqns:
            found = self.equation(eqn, [read(atom) for atom in eqn.invars])
            env.update(zip(eqn.outvars, found, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def equation(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Writes one equation."""
        name = eqn.primitive.name
        if name in INSIDE:
            return self.called(eqn.params[INSIDE[name]], args)
        if all(isinstance(a, np.ndarray) for a in args):
            return [*evaluated(eqn, args)]
        if name in SAME:
            return [self.same(eqn, args[0])]
        if name in ELEMENTWISE:
            shape = eqn.outvars[0].aval.shape
            return [self.write(name, [self.spread(a, shape) for a in args], shape)]
        if name in MOVES:
            return self.moved(eqn, args)
        special: Callable[[Any, list[Value]], list[Value]] | None = getattr(self, f"write_{name}", None)
        if special is None:
            raise Unwritable(f"it uses {name}, which the page does not know")
        return special(eqn, args)

    def called(self, inner: Any, args: Sequence[Value]) -> list[Value]:
        """A jaxpr within the jaxpr, written in place."""
        return self.run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), args)

    def write(self, op: str, args: Sequence[Value], shape: Sequence[int], **more: Any) -> Made:
        """One more operation."""
        if len(self.operations) >= OPERATIONS:
            raise Unwritable(f"it has more than {OPERATIONS} operations")
        size = int(np.prod(shape))
        self.made += size
        if self.made > NUMBERS:
            raise Unwritable(f"it makes more than {NUMBERS} numbers on the way")
        numbers = [self.number_of(a, op in ELEMENTWISE) for a in args]
        self.operations.append({"op": op, "args": numbers, "size": size} | more)
        return Made(len(self.operations), tuple(shape))

    def number_of(self, value: Value, lone: bool = False) -> int:
        """The number of a value: 0 for x, k > 0 for the k-th operation, -k for the k-th constant (both from 1).
        `lone`: one number stands for an array of it."""
        if isinstance(value, Made):
            return value.number
        flat = np.ravel(np.asarray(value, float))
        flat = flat[:1] if lone and flat.size and np.all(flat == flat[0]) else flat
        key = flat.tobytes()
        if key not in self.known:
            self.constants.append(flat)
            self.known[key] = -len(self.constants)
        return self.known[key]

    def same(self, eqn: Any, value: Value) -> Value:
        """Another type: what is cut off or rounded cannot be written."""
        kind = eqn.outvars[0].aval.dtype
        source = eqn.invars[0].aval.dtype
        if jnp.issubdtype(source, jnp.floating) and not jnp.issubdtype(kind, jnp.floating):
            raise Unwritable(f"it turns numbers into {kind}")
        return value

    def moved(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Numbers moved about: the same primitive applied to their positions says where each one comes from."""
        data = [k for k, atom in enumerate(eqn.invars) if not is_index(eqn, k, atom)]
        if any(isinstance(a, Made) for k, a in enumerate(args) if k not in data):
            raise Unwritable(f"{eqn.primitive.name} takes a place that depends on x")
        places, start = list(args), 0
        for k in data:
            shape = args[k].shape
            size = int(np.prod(shape))
            places[k] = np.arange(start, start + size, dtype=np.int64).reshape(shape)
            start += size
        found = evaluated(eqn, places)
        whole = [args[k] for k in data]
        return [self.pick(whole, where, start) for where in found]

    def pick(self, args: Sequence[Value], where: np.ndarray, total: int) -> Value:
        """Numbers taken from the arguments, laid end to end, at these places."""
        flat = where.ravel()
        if all(isinstance(a, np.ndarray) for a in args):
            return np.concatenate([np.ravel(a) for a in args])[flat].reshape(where.shape)  # type: ignore[arg-type]
        if flat.size and not (flat.min() >= 0 and flat.max() < total):
            raise Unwritable("it takes numbers from outside an array")
        if (
            len(args) == 1
            and flat.size == total
            and np.array_equal(flat, np.arange(total))
            and isinstance(args[0], Made)
        ):
            return Made(args[0].number, where.shape)
        return self.write("pick", args, where.shape, runs=runs(flat))

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

    def reduce(self, op: str, eqn: Any, args: list[Value]) -> list[Value]:
        """A sum, product or extreme over axes."""
        value, outer, group = self.grouped(args[0], eqn.params["axes"])
        return [self.write(op, [value], outer, group=group)]

    def write_reduce_sum(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("sum", eqn, args)

    def write_reduce_prod(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("prod", eqn, args)

    def write_reduce_max(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("largest", eqn, args)

    def write_reduce_min(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("smallest", eqn, args)

    def write_integer_pow(self, eqn: Any, args: list[Value]) -> list[Value]:
        return [self.write("integer_pow", args, eqn.outvars[0].aval.shape, power=int(eqn.params["y"]))]

    def write_stop_gradient(self, eqn: Any, args: list[Value]) -> list[Value]:
        return [self.write("stop", args, eqn.outvars[0].aval.shape)]

    def write_cumsum(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Running sums: a product with a triangle of ones."""
        axis, m = eqn.params["axis"], eqn.invars[0].aval.shape[eqn.params["axis"]]
        value, outer, _ = self.grouped(args[0], [axis])
        ones = np.tril(np.ones((m, m)))
        rows = int(np.prod(outer))
        found = self.write(
            "dot", [value, ones.T if eqn.params["reverse"] else ones], (rows, m), matrices=[1, rows, m, m]
        )
        back = np.moveaxis(np.arange(rows * m).reshape(*outer, m), -1, axis)
        return [self.pick([found], back, rows * m)]

    def write_dot_general(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Products of matrices: (B, M, K) and (B, N, K) to (B, M, N)."""
        (left, right), (batch_left, batch_right) = eqn.params["dimension_numbers"]
        a_shape, b_shape = (atom.aval.shape for atom in eqn.invars)

        def ordered(value: Value, shape: Sequence[int], batch: Sequence[int], inner: Sequence[int]) -> Value:
            free = [k for k in range(len(shape)) if k not in batch and k not in inner]
            where = np.arange(int(np.prod(shape))).reshape(shape).transpose([*batch, *free, *inner])
            return self.pick([value], where, where.size)

        inner = int(np.prod([a_shape[k] for k in left]))
        many = int(np.prod([a_shape[k] for k in batch_left]))
        rows, columns = (int(np.prod(shape)) // max(inner * many, 1) for shape in (a_shape, b_shape))
        a, b = ordered(args[0], a_shape, batch_left, left), ordered(args[1], b_shape, batch_right, right)
        return [self.write("dot", [a, b], eqn.outvars[0].aval.shape, matrices=[many, rows, columns, inner])]

    def write_custom_jvp_call(self, eqn: Any, args: list[Value]) -> list[Value]:
        """A function with derivatives of its own: known by its name, or not to be written."""
        inner = eqn.params["call_jaxpr"]
        source = getattr(getattr(inner, "jaxpr", inner), "debug_info", None)
        name = str(getattr(source, "func_src_info", "")).split(" ")[0]
        if name not in OWN_RULES:
            raise Unwritable(f"the derivatives of {name or 'a function'} are given by a rule of their own")
        return [self.write(OWN_RULES[name], args, eqn.outvars[0].aval.shape)]

    def write_cond(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Branches: all are computed, one is taken."""
        found = [self.called(branch, args[1:]) for branch in eqn.params["branches"]]
        if isinstance(args[0], np.ndarray):
            return found[int(np.clip(args[0], 0, len(found) - 1))]
        shapes = [var.aval.shape for var in eqn.outvars]
        return [self.write("select_n", [args[0], *[f[k] for f in found]], shape) for k, shape in enumerate(shapes)]

    def write_scan(self, eqn: Any, args: list[Value]) -> list[Value]:
        """A loop of a known length, rolled out."""
        # What is passed through whole has inside the shape that it has outside, what is taken row by row has not.
        loop, length = eqn.params["jaxpr"], eqn.params["length"]
        inside = getattr(loop, "jaxpr", loop)
        whole = sum(a.aval.shape == b.aval.shape for a, b in zip(eqn.invars, inside.invars, strict=True))
        kept = sum(a.aval.shape == b.aval.shape for a, b in zip(eqn.outvars, inside.outvars, strict=True))
        fixed, carry, rows = args[: whole - kept], args[whole - kept : whole], args[whole:]
        made: list[list[Value]] = []
        for k in reversed(range(length)) if eqn.params["reverse"] else range(length):
            here = [self.row(value, k) for value in rows]
            found = self.called(loop, [*fixed, *carry, *here])
            carry = found[:kept]
            made.append(found[kept:])
        made = made[::-1] if eqn.params["reverse"] else made
        return [*carry, *[self.stacked(column) for column in zip(*made, strict=True)]]

    def row(self, value: Value, k: int) -> Value:
        """Entry k along the first axis."""
        if isinstance(value, np.ndarray):
            return value[k]
        size = int(np.prod(value.shape))
        return self.pick([value], np.arange(size).reshape(value.shape)[k], size)

    def stacked(self, values: Sequence[Value]) -> Value:
        """Values of one shape along a new first axis."""
        if all(isinstance(v, np.ndarray) for v in values):
            return np.stack(values)  # type: ignore[arg-type]
        shape = next(v.shape for v in values)
        size = len(values) * int(np.prod(shape))
        return self.pick(list(values), np.arange(size).reshape(len(values), *shape), size)


def is_index(eqn: Any, k: int, atom: Any) -> bool:
    """Whether argument k of a primitive that moves numbers says where, rather than what."""
    name = eqn.primitive.name
    first = {"gather": 1, "scatter": 1, "dynamic_slice": 1, "dynamic_update_slice": 2}.get(name)
    if first is None:
        return False
    return k == 1 if name == "scatter" else k >= first


def evaluated(eqn: Any, args: Sequence[Any]) -> list[np.ndarray]:
    """The results of an equation for known numbers."""
    found = eqn.primitive.bind(*map(jnp.asarray, args), **eqn.params)
    return [np.asarray(a) for a in (found if eqn.primitive.multiple_results else [found])]


def runs(flat: np.ndarray) -> list[list[int]]:
    """Places as runs [first, step, count]."""
    out: list[list[int]] = []
    for place in flat.tolist():
        if out and out[-1][2] == 1:
            out[-1][1:] = [place - out[-1][0], 2]
        elif out and place == out[-1][0] + out[-1][1] * out[-1][2]:
            out[-1][2] += 1
        else:
            out.append([place, 0, 1])
    return out


def encoded(a: np.ndarray) -> Any:
    """A number, or little-endian Float64 in base64."""
    if a.size == 1 and np.isfinite(a[0]):
        return float(a[0])
    return base64.b64encode(np.ascontiguousarray(a, "<f8").tobytes()).decode("ascii")
