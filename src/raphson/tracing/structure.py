"""When two traced functions are the same program: a key built from everything their jaxprs say.

Two structures are equal only if that is certain: never by text (a jaxpr prints alike for different inner
constants and for different derivative rules). Rules of `custom_jvp` and `custom_vjp` are compared by what they
trace to, opaque parameters by identity, and doubt means a new program.
"""

from __future__ import annotations

import enum
from dataclasses import fields, is_dataclass

import jax
import jax.extend.core as jex
import numpy as np
from jax.core import Tracer

from raphson.tracing.keys import Keeper, Key, scalar_key

DEEPEST_RULE = 8


class Doubt(Exception):
    """No key for this function: its program is its own."""


class Structure(Keeper):
    """Builds the structural key of a jaxpr."""

    def __init__(self):
        super().__init__()
        self.known: dict[int, tuple] = {}
        self.rules: list = []  # rules being expanded: a rule that calls its own function refers back to itself

    def key(self, jaxpr, extra) -> Key:
        return Key((self.value(extra), self.jaxpr(jaxpr)), self.held)

    def jaxpr(self, jaxpr, consts=None):
        """Variables by position, types by identity (JAX interns them), equations by primitive, parameters, operands."""
        numbers: dict = {}
        for var in (*jaxpr.constvars, *jaxpr.invars):
            numbers[var] = len(numbers)
        parts: list = [tuple(self.same(var.aval) for var in numbers)]
        parts.append(tuple(self.value(item) for item in (jaxpr.consts if consts is None else consts)))
        for equation in jaxpr.eqns:
            operands = tuple(self.atom(atom, numbers) for atom in equation.invars)
            for var in equation.outvars:
                numbers[var] = len(numbers)
            types = tuple(self.same(var.aval) for var in equation.outvars)
            effects = tuple(sorted(str(type(effect)) for effect in equation.effects))
            marks = (self.same(equation.primitive), self.same(equation.ctx))
            parts.append((marks, operands, self.params(equation), types, effects))
        parts.append(tuple(self.atom(atom, numbers) for atom in jaxpr.outvars))
        return tuple(parts)

    def atom(self, atom, numbers):
        if not isinstance(atom, jex.Literal):
            return numbers[atom]
        if isinstance(atom.val, int | float | complex | np.ndarray | np.generic):  # JAX's TypedInt is an int
            host = np.asarray(atom.val)
            if not host.dtype.hasobject:
                return ("literal", self.same(atom.aval), host.dtype, host.tobytes())
        return ("literal", self.same(atom.aval), self.value(atom.val))

    def value(self, value):
        """Key of a parameter: plain values and JAX's own records by content, everything else by identity."""
        found = scalar_key(value)
        if found is not None:
            return found
        kind = type(value)
        if isinstance(value, jex.Jaxpr):
            return self.nested(value)
        if isinstance(value, Tracer):
            raise Doubt("a caller's trace is running: its values must not outlive it in the table")
        if isinstance(value, np.ndarray | jax.Array):
            return self.bits(value)
        if isinstance(value, tuple | list):
            return (self.same(kind), *map(self.value, value))
        if kind is dict:
            return ("dict", *((self.value(name), self.value(item)) for name, item in value.items()))
        if kind is jax.tree_util.PyTreeDef:
            return ("tree", value.num_leaves, self.value(value.node_data()), *map(self.value, value.children()))
        if kind.__module__.startswith("jax.") and not isinstance(value, enum.Enum):
            return self.record(value, kind)
        return self.same(value)

    def record(self, value, kind):
        if is_dataclass(value) and kind.__dataclass_params__.frozen:
            return (self.same(kind), *(self.value(getattr(value, field.name)) for field in fields(value)))
        if kind.__module__ == "jax._src.flattree" or kind.__name__ in ("Left", "Right", "LeftOnly", "RightsOnly"):
            return (self.same(kind), *((name, self.value(item)) for name, item in sorted(vars(value).items())))
        if kind.__name__ == "Unhashable":  # the box around a static argument of a custom rule
            return ("static", self.value(value.val))  # type: ignore[attr-defined]
        return self.same(value)

    def nested(self, jaxpr):
        """An inner jaxpr, keyed once if it is shared (outside rules: inside, the key depends on where it is)."""
        if self.rules:
            return self.jaxpr(jaxpr)
        if id(jaxpr) not in self.known:
            self.known[id(jaxpr)] = (jaxpr, self.jaxpr(jaxpr))
        return self.known[id(jaxpr)][1]

    def params(self, equation):
        """Parameters by name, without the name of a `jit`, which means nothing."""
        params = dict(equation.params)
        parts: list = []
        if equation.primitive.name == "jit":
            del params["name"]
        elif equation.primitive.name in ("custom_jvp_call", "custom_vjp_call"):
            parts.append(self.rule(equation))
            for name in ("jvp_jaxpr_fun", "fwd_jaxpr_thunk", "bwd", "out_trees"):
                params.pop(name, None)
        parts += [(name, self.value(params[name])) for name in sorted(params)]
        return tuple(parts)

    def rule(self, equation):
        """A derivative rule by what it traces to. A rule that cannot be traced is in doubt.

        So is one that sees symbolic zeros (it may look at any pattern of them), and one that calls its own function
        with other arguments (`odeint` does: a larger system each time, for ever).
        """
        if equation.params["symbolic_zeros"]:
            raise Doubt("symbolic zeros")
        avals = tuple(self.same(atom.aval) for atom in equation.invars[equation.params["num_consts"] :])
        try:
            functions, settings = _rule_functions(equation.params, self)
            mark = (functions, settings, avals)
            if mark in self.rules:
                return ("again", self.rules.index(mark))
            if len(self.rules) == DEEPEST_RULE or any(functions == other[0] for other in self.rules):
                raise Doubt("a rule without end")
            self.rules.append(mark)
            key = self.traced_rule(equation, len(avals))
            self.rules.pop()
            return key
        except Exception as error:  # what the user's rule raises belongs to the moment of its use, not to this one
            raise Doubt("a rule that could not be traced") from error

    def traced_rule(self, equation, count):
        params = equation.params
        if equation.primitive.name == "custom_jvp_call":
            jaxpr, consts, zeros = params["jvp_jaxpr_fun"].call_wrapped(*[False] * count)
            return ("jvp", self.jaxpr(jaxpr, consts), tuple(zeros))
        jaxpr, consts = params["fwd_jaxpr_thunk"].call_wrapped(*[True] * count)
        out_tree, residual_tree, forwards = params["out_trees"]()
        split = residual_tree.num_leaves - sum(forward is not None for forward in forwards)
        made = iter([atom.aval for atom in jaxpr.outvars[:split]])
        residuals = [next(made) if forward is None else equation.invars[forward].aval for forward in forwards]
        cotangents = [atom.aval.to_tangent_aval() for atom in jaxpr.outvars[split:]]
        zeros = []

        def backward(*operands):
            results, logs = params["bwd"].call_wrapped(*operands)
            zeros.extend(type(result).__name__ == "Zero" for result in results)
            return [result for result in results if type(result).__name__ != "Zero"], logs

        inputs = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in (*residuals, *cotangents)]
        back = self.jaxpr(jax.make_jaxpr(backward)(*inputs))
        shape = self.value((out_tree, residual_tree, tuple(forwards)))
        return ("vjp", self.jaxpr(jaxpr, consts), shape, back, tuple(zeros))


def _rule_functions(params, structure):
    """Which Python functions a rule consists of, and with which static arguments: it may call its own function.

    JAX (0.11) hides them in the closure of a memoizing thunk. Where they are not found, an exception
    puts the rule in doubt.
    """

    def cell(function, name):
        return function.__closure__[function.__code__.co_freevars.index(name)].cell_contents

    if "jvp_jaxpr_fun" in params:
        wrapped = [cell(cell(params["jvp_jaxpr_fun"].f, "fn"), "jvp")]
    else:
        wrapped = [cell(cell(params["fwd_jaxpr_thunk"].f, "fn"), "fwd"), params["bwd"]]
    functions = tuple(structure.same(one.f) for one in wrapped)
    settings = []
    for transformation, static in (pair for one in wrapped for pair in one.transforms):
        # What `_flatten_*` carry beside the tree of the arguments is names and stores for error messages.
        flatten = transformation.__name__.startswith("_flatten")
        kept = [item for item in static if not flatten or isinstance(item, jax.tree_util.PyTreeDef)]
        settings.append((structure.same(transformation), structure.value(tuple(kept))))
    return functions, tuple(settings)
