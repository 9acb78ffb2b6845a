"""Writes a jaxpr down as the operations of a small program (`exported`)."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.picture.recording.kinds import MOVES, SAME, Made, Unwritable, Value, admitted, known, largest
from raphson.picture.recording.places import beyond_the_array, evaluated, fill_value, gathered, is_index, targets
from raphson.picture.recording.tape import ELEMENTWISE, OWN_RULES, Tape

EQUATIONS = 20_000
"""Equations that are looked at, loops rolled out: a report must not wait for them."""

INSIDE = {
    "jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr", "remat": "jaxpr",
    "checkpoint": "jaxpr", "remat2": "jaxpr",
}  # fmt: skip
"""Calls, and where the called jaxpr stands."""

HOME = os.path.dirname(jax.__file__)
"""A user's function of the same name has another home."""


@dataclass
class Writer(Tape):
    """Writes operations down as it walks through a jaxpr; what does not depend on x is computed on the way."""

    seen: int = 0

    def run(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Value]) -> list[Value]:
        """Writes a jaxpr for these arguments; its results."""
        env: dict[Any, Value] = {}
        for var, value in zip([*jaxpr.constvars, *jaxpr.invars], [*map(known, consts), *args], strict=True):
            env[var] = value

        def read(atom: Any) -> Value:
            return known(atom.val, atom.aval.dtype) if hasattr(atom, "val") else env[atom]

        for eqn in jaxpr.eqns:
            found = self.equation(eqn, [read(atom) for atom in eqn.invars])
            env.update(zip(eqn.outvars, found, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def equation(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Writes one equation."""
        name, still = eqn.primitive.name, not any(isinstance(a, Made) for a in args)
        self.seen += 1
        if self.seen > EQUATIONS:
            raise Unwritable(f"it takes more than {EQUATIONS} steps")
        if name in INSIDE:
            return self.called(eqn.params[INSIDE[name]], args)
        if name.startswith("debug_") and not eqn.outvars:  # what it prints is not f
            return []
        if still and name in ("custom_jvp_call", "custom_vjp_call"):
            return self.called(eqn.params["call_jaxpr"], args)
        if still:
            return [*evaluated(eqn, args)]
        if name in ("scan", "cond"):
            return self.write_scan(eqn, args) if name == "scan" else self.write_cond(eqn, args)
        if name not in ELEMENTWISE | MOVES | SAME and not hasattr(self, special(name)):
            raise Unwritable(f"it uses {name}, which the page does not know")
        most = admitted(eqn, args, self.rounding)
        self.room(sum(int(np.prod(var.aval.shape)) for var in eqn.outvars))
        return [replace(a, most=most) if isinstance(a, Made) else a for a in self.written(eqn, args)]

    def written(self, eqn: Any, args: list[Value]) -> list[Value]:
        """An equation without others in it."""
        name, shape = eqn.primitive.name, eqn.outvars[0].aval.shape
        if name in SAME:
            return self.same(eqn, args)
        if name in ELEMENTWISE:
            return [self.write(name, [self.spread(a, shape) for a in args], shape)]
        if name in MOVES:
            return self.moved(eqn, args)
        rule: Callable[[Any, list[Value]], list[Value]] = getattr(self, special(name))
        return rule(eqn, args)

    def called(self, inner: Any, args: Sequence[Value]) -> list[Value]:
        """A jaxpr within the jaxpr, written in place."""
        return self.run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), args)

    def same(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Another type: the numbers are the same, but for those that become true or false."""
        kind, source = eqn.outvars[0].aval.dtype, eqn.invars[0].aval.dtype
        if jnp.issubdtype(kind, np.bool_) and not jnp.issubdtype(source, np.bool_):
            return [self.write("ne", [args[0], np.zeros(())], args[0].shape)]
        return args

    def moved(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Numbers moved about: the same primitive applied to their positions says where each one comes from."""
        data = [k for k in range(len(args)) if not is_index(eqn, k)]
        if any(isinstance(a, Made) for k, a in enumerate(args) if k not in data):
            raise Unwritable(f"{eqn.primitive.name} takes a place that depends on x")
        if eqn.params.get("update_jaxpr") is not None:
            raise Unwritable("it applies a function to entries of an array in their place")
        places, start = list[Any](args), 0
        for k in data:
            shape = args[k].shape
            size = int(np.prod(shape))
            places[k] = np.arange(start, start + size, dtype=np.int64).reshape(shape)
            start += size
        found = evaluated(eqn, places)
        whole = [args[k] for k in data]
        if eqn.primitive.name == "gather" and (out := beyond_the_array(eqn, places, found[0], start)).any():
            return [self.pick([*whole, fill_value(eqn)], np.where(out, start, found[0]), start + 1)]
        return [self.pick(whole, where, start) for where in found]

    def reduce(self, op: str, eqn: Any, args: list[Value]) -> list[Value]:
        """A sum, product or extreme over axes."""
        value, outer, group = self.grouped(args[0], eqn.params["axes"])
        if group == 0 and op in ("largest", "smallest"):
            raise Unwritable("it takes the largest of no numbers")
        return [self.write(op, [value], outer, group=group)]

    def write_add_any(self, eqn: Any, args: list[Value]) -> list[Value]:
        """A sum of derivatives: f may hold some."""
        return [self.write("add", args, eqn.outvars[0].aval.shape)]

    def write_custom_vjp_call(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.write_custom_jvp_call(eqn, args)

    def write_reduce_sum(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("sum", eqn, args)

    def write_reduce_prod(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("prod", eqn, args)

    def write_reduce_max(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("largest", eqn, args)

    def write_reduce_min(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("smallest", eqn, args)

    def write_reduce_or(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("largest", eqn, args)

    def write_reduce_and(self, eqn: Any, args: list[Value]) -> list[Value]:
        return self.reduce("smallest", eqn, args)

    def write_round(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Halves go away from zero or to the even neighbor."""
        even = eqn.params["rounding_method"] == lax.RoundingMethod.TO_NEAREST_EVEN
        return [self.write("round_even" if even else "round", args, eqn.outvars[0].aval.shape)]

    def write_integer_pow(self, eqn: Any, args: list[Value]) -> list[Value]:
        return [self.write("integer_pow", args, eqn.outvars[0].aval.shape, power=int(eqn.params["y"]))]

    def write_stop_gradient(self, eqn: Any, args: list[Value]) -> list[Value]:
        return [self.write("stop", args, eqn.outvars[0].aval.shape)]

    def write_cumsum(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Running sums, from the end where they are reversed."""
        axis, shape, way = eqn.params["axis"], eqn.invars[0].aval.shape, -1 if eqn.params["reverse"] else 1
        size = int(np.prod(shape))
        along = np.moveaxis(np.arange(size).reshape(shape), axis, -1)[..., ::way]
        found = self.write("cumsum", [self.pick([args[0]], along, size)], along.shape, group=shape[axis])
        back = np.moveaxis(np.arange(size).reshape(along.shape)[..., ::way], -1, axis)
        return [self.pick([found], back, size)]

    def write_scatter_add(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Updates added at their places: for each place the sum of those that go there."""
        value, where, updates = args
        if isinstance(where, Made):
            raise Unwritable("scatter-add takes a place that depends on x")
        target, shape = targets(eqn, where), value.shape
        self.room(int(np.prod(shape)) * int(np.bincount(target[target >= 0]).max(initial=0)))
        table = gathered(target, int(np.prod(shape)))
        if not table.size:
            return [value]
        found = self.pick([updates, np.zeros(1)], table, len(target) + 1)
        return [self.write("add", [value, self.write("sum", [found], shape, group=table.shape[1])], shape)]

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
        name, _, place = str(getattr(source, "func_src_info", "")).partition(" at ")
        if name not in OWN_RULES or not place.startswith(HOME + os.sep):
            raise Unwritable(f"the derivatives of {name or 'a function'} are given by a rule of their own")
        shape = eqn.outvars[0].aval.shape
        if name == "relu6":
            return [self.write("clamp", [np.zeros(()), args[0], np.full((), 6.0)], shape)]
        return [self.write(name, [self.spread(a, shape) for a in args], shape)]

    def write_cond(self, eqn: Any, args: list[Value]) -> list[Value]:
        """Branches: all are computed, one is taken."""
        branches = eqn.params["branches"]
        if not isinstance(args[0], Made):
            return self.called(branches[int(np.clip(args[0], 0, len(branches) - 1))], args[1:])
        found = [self.called(branch, args[1:]) for branch in branches]
        out: list[Value] = []
        for values in zip(*found, strict=True):
            if any(jnp.issubdtype(a.dtype, jax.dtypes.extended) for a in values if not isinstance(a, Made)):
                raise Unwritable("its random numbers depend on x")
            chosen = self.write("select_n", [args[0], *values], values[0].shape)
            out.append(replace(chosen, most=max(map(largest, values))))
        return out

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
        if not made:  # a loop of no turns: its rows are empty
            return [*carry, *[np.zeros(var.aval.shape, var.aval.dtype) for var in eqn.outvars[kept:]]]
        return [*carry, *[self.stacked(column) for column in zip(*made, strict=True)]]


def special(name: str) -> str:
    """The method of `Writer` for a primitive that is no element-by-element one."""
    return f"write_{name.replace('-', '_')}"
