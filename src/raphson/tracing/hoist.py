"""A user's function as (program, data): what it closes over becomes data, its structure becomes the program.

People write `for d in data: minimize(lambda x: loss(x, d), x0)`. Every turn makes a new function object, which
`jax.jit` would compile anew. Here the function is traced to a jaxpr; arrays it closes over and float literals
are lifted into data leaves; what is left, the structure, is interned: the same structure is the very same
`Traced` object, so compile caches keyed on it hit.

When two structures are the same is decided in `structure`.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from raphson.tracing.keys import Key
from raphson.tracing.structure import Doubt, Structure

log = logging.getLogger("raphson")

MOST_PROGRAMS = 512
# A `jit` met more often than this in one function stays a call: its lowering is shared, and copies are not.
MOST_COPIES = 4
SMALL_CONSTANT = 16
SMALL_LEAF = 1024
"""Arrays up to this size go to compiled code as NumPy arrays: sending them first costs more than the call."""

# Elementwise primitives whose derivative rules and XLA simplifications treat a scalar operand and a literal
# alike. Not `pow`: its rules look at the exponent.
_ARITHMETIC = {"add", "sub", "mul", "div", "max", "min", "add_any"}
_CHOICE = {"eq", "ne", "lt", "le", "gt", "ge", "select_n", "clamp"}
_LIFTING = frozenset(_ARITHMETIC | _CHOICE | {"convert_element_type", "broadcast_in_dim"})


@dataclass(frozen=True, eq=False)
class Traced:
    """The structure of a function, callable as `program(x, *data)`. Interned: equal structures are identical.

    `jaxpr` takes the leaves of x, the direct data leaves, then every value packed in the last data leaves;
    `packing` says where each of those lies: (which packed array, offset, shape). `interned`: without a doubt.
    """

    jaxpr: Any
    tree: Any
    out_tree: Any
    inputs: tuple
    direct: int
    packing: tuple
    interned: bool = False

    def __call__(self, x, *data):
        leaves, tree = jax.tree.flatten(x)
        self._check(leaves, tree, data)
        packed = data[self.direct :]
        values = [_unpack(packed[group], offset, shape) for group, offset, shape in self.packing]
        inputs = (*leaves, *data[: self.direct], *values)
        keep = self.interned and any(isinstance(value, Tracer) for value in inputs)
        out = (self.once if keep else jex.jaxpr_as_fun(self.jaxpr))(*inputs)
        return jax.tree.unflatten(self.out_tree, out)

    @cached_property
    def once(self):
        """The function under an inlined `jit`: JAX keeps its derivatives by jaxpr, so that value, gradient, Hessian and
        the next method trace each of them once. The same operations reach the program, with fewer constants. Not where
        the structure is in doubt: a rule of derivatives may hold a value of somebody's running trace.
        """
        return jax.jit(jex.jaxpr_as_fun(self.jaxpr), inline=True)

    def _check(self, leaves, tree, data):
        groups = 1 + max((group for group, _, _ in self.packing), default=-1)
        if tree != self.tree:
            raise TypeError(f"the function was traced for {self.tree} and is called with {tree}")
        if len(data) != self.direct + groups:
            raise TypeError(f"the program takes {self.direct + groups} data leaves, {len(data)} were given")
        for leaf, (shape, dtype) in zip(leaves, self.inputs, strict=True):
            given = jax.typeof(leaf)
            if given.shape != shape or given.dtype != dtype:
                raise TypeError(f"the function was traced for a leaf {dtype}{list(shape)} and is called with {given}")


def _unpack(packed, offset, shape):
    size = int(np.prod(shape, dtype=int))
    return lax.reshape(lax.slice(packed, (offset,), (offset + size,)), shape)


@dataclass(frozen=True, eq=False)
class Hoisted:
    """A function split in two: `program(x, *data)` is its value; `out` its result as ShapeDtypeStructs."""

    program: Traced
    data: tuple
    out: Any


def hoist(fun, x, args=(), change=None) -> Hoisted:
    """Trace `fun(x, *args)` without executing it. data = (leaves of args, closed-over arrays, packed literals).

    `change`: what is made of the traced jaxpr before anything else (`roll.rolled`).
    """
    leaves = [data_leaf(leaf) for leaf in jax.tree.leaves(tuple(args))]
    args = jax.tree.unflatten(jax.tree.structure(tuple(args)), leaves)
    # A new function object each time: JAX caches traces by function object, blind to a global that was rebound.
    closed, out = jax.make_jaxpr(lambda x, *args: fun(x, *args), return_shape=True)(x, *args)
    if change is not None:
        try:
            closed = change(closed)
        except Exception:
            log.debug("rolling failed: the program stays as long as it was traced", exc_info=True)
    try:
        return _hoisted(closed, out, x, leaves)
    except Exception:  # up to here it was the user's function; a failure from here on is ours, and costs only speed
        log.debug("hoisting failed: the function is used as it was traced", exc_info=True)
    count = jax.tree.structure(x).num_leaves
    inputs = tuple((aval.shape, aval.dtype) for aval in closed.in_avals[:count])  # type: ignore[attr-defined]
    whole = Traced(closed, jax.tree.structure(x), jax.tree.structure(out), inputs, len(leaves), ())
    return Hoisted(whole, tuple(leaves), out)


def _hoisted(closed, out, x, leaves) -> Hoisted:
    flat = _Flat(closed)
    names = list(closed.jaxpr.invars)
    tree, out_tree = jax.tree.structure(x), jax.tree.structure(out)
    invars = [*names, *flat.direct.values(), *(var for var, _ in flat.packed)]
    jaxpr = jex.Jaxpr((), invars, flat.outvars, flat.equations, closed.effects, _quiet(closed.jaxpr.debug_info))
    packing, packs = flat.pack()
    count = tree.num_leaves
    inputs = tuple((var.aval.shape, var.aval.dtype) for var in names[:count])  # type: ignore[attr-defined]
    fresh = Traced(jaxpr, tree, out_tree, inputs, len(leaves) + len(flat.direct), packing)
    try:
        key = Structure().key(jaxpr, ((count, len(flat.direct), packing), tree, out_tree))
        program = _intern(key, replace(fresh, interned=True))
    except Doubt:
        program = fresh
    return Hoisted(program, (*leaves, *map(data_leaf, flat.direct_values), *packs), out)


def data_leaf(value):
    """A data leaf: a jax Array as it is, anything else copied once (NumPy memory can change under us)."""
    if isinstance(value, jax.Array):
        return value
    if isinstance(value, np.ndarray) and value.size <= SMALL_LEAF and value.dtype in (np.float64, np.float32, np.int64):
        return np.array(value)
    # A Python number stays weakly typed: with float32 variables, args=(3.0,) must not make the function float64.
    return jnp.asarray(value) if isinstance(value, int | float | complex) else jnp.array(value, copy=True)


def _quiet(debug):
    """The debug record of a jaxpr whose arguments were renumbered: its argument names no longer fit."""
    return debug._replace(arg_names=None, result_paths=None)


_table: OrderedDict[Key, Traced] = OrderedDict()
_lock = threading.Lock()


def _intern(key: Key, fresh: Traced) -> Traced:
    """The program known under this key, or `fresh` from now on. The oldest unused one is forgotten."""
    with _lock:
        program = _table.setdefault(key, fresh)
        _table.move_to_end(key)
        if len(_table) > MOST_PROGRAMS:
            _table.popitem(last=False)
        return program


class _Flat:
    """The equations of a jaxpr with plain inner `jit`s inlined, constants and float literals made inputs."""

    def __init__(self, closed):
        self.equations: list = []
        self.direct: dict[int, Any] = {}  # id of a constant -> its variable
        self.direct_values: list = []
        self.packed: list[tuple[Any, np.ndarray]] = []
        environment = {var: var for var in closed.jaxpr.invars}
        self.outvars = self._run(closed, environment)

    def pack(self):
        """Where each packed value lies, and the packed arrays: one for each dtype."""
        groups: dict[np.dtype, list] = {}
        packing = []
        for _, value in self.packed:
            group = groups.setdefault(value.dtype, [])
            packing.append((list(groups).index(value.dtype), sum(v.size for v in group), value.shape))
            group.append(value.ravel())
        return tuple(packing), [jax.device_put(np.concatenate(group)) for group in groups.values()]

    def _constant(self, value, aval):
        if id(value) in self.direct:
            return self.direct[id(value)]
        var = jex.Var(aval)
        if isinstance(value, np.ndarray) and value.size <= SMALL_CONSTANT and _floating(aval):
            self.packed.append((var, np.array(value, dtype=aval.dtype)))
        else:
            self.direct[id(value)] = var
            self.direct_values.append(value)
        return var

    def _run(self, jaxpr, environment):
        """Append the equations of `jaxpr`; `environment` maps its variables to atoms of the flat program."""

        def read(atom):
            return atom if isinstance(atom, jex.Literal) else environment[atom]

        for var, value in zip(jaxpr.jaxpr.constvars, jaxpr.consts, strict=True):
            environment[var] = self._constant(value, var.aval)
        calls = Counter(id(equation.params.get("jaxpr")) for equation in jaxpr.eqns)
        for equation in jaxpr.eqns:
            invars = [read(atom) for atom in equation.invars]
            if _plain_jit(equation) and calls[id(equation.params["jaxpr"])] <= MOST_COPIES:
                inner = equation.params["jaxpr"]
                outvars = self._run(inner, dict(zip(inner.jaxpr.invars, invars, strict=True)))
            elif _literal_cast(equation, invars):
                value, aval = invars[0].val, equation.outvars[0].aval
                outvars = [jex.Literal(np.asarray(value).astype(aval.dtype), aval)]
            else:
                if equation.primitive.name in _LIFTING:
                    invars = [self._lift(atom, equation.primitive.name) for atom in invars]
                outvars = [jex.Var(var.aval) for var in equation.outvars]
                self.equations.append(equation.replace(invars=invars, outvars=outvars))
            environment.update(zip(equation.outvars, outvars, strict=True))
        return [read(atom) for atom in jaxpr.jaxpr.outvars]

    def _lift(self, atom, name):
        if not isinstance(atom, jex.Literal) or not _floating(atom.aval):
            return atom
        value = np.asarray(atom.val, dtype=atom.aval.dtype)  # type: ignore[attr-defined]
        # NaN and inf steer XLA and carry meaning (masks, starts of reductions); zeros(...) and ones(...) are structure.
        if not np.all(np.isfinite(value)) or (name == "broadcast_in_dim" and float(value) in (0.0, 1.0)):
            return atom
        var = jex.Var(atom.aval)
        self.packed.append((var, value))
        return var


def _floating(aval) -> bool:
    return isinstance(aval.dtype, np.dtype) and jnp.issubdtype(aval.dtype, jnp.floating)


def _literal_cast(equation, invars) -> bool:
    """Is it a literal cast between float32 and float64? Done here, so that both need not be data of two dtypes."""
    if equation.primitive.name != "convert_element_type" or not isinstance(invars[0], jex.Literal):
        return False
    return all(str(atom.aval.dtype) in ("float32", "float64") for atom in (invars[0], equation.outvars[0]))


def _plain_jit(equation) -> bool:
    """Is it a `jit` that asks for nothing but to be compiled (no sharding, layout, donation, options, effects)?"""
    params, context = equation.params, equation.ctx
    if equation.primitive.name != "jit" or equation.effects or context.compute_type or context.xla_metadata:
        return False
    shardings = (*params["in_shardings"], *params["out_shardings"])
    layouts = (*params["in_layouts"], *params["out_layouts"])
    asked = (*params["donated_invars"], *params["compiler_options_kvs"], *(layout is not None for layout in layouts))
    if any(asked) or not all(type(sharding).__name__ == "UnspecifiedValue" for sharding in shardings):
        return False
    return params["ctx_mesh"].empty and params["inline"].name != "NEVER"
