"""From a jaxpr to one straight line of equations: calls inlined, loops over independent items as operations on stacks.

Functions with rules of their own for derivatives (`custom_jvp`, `custom_vjp`) have the sparsity of the rule and not of
the function: a straight-through estimator rounds and has the derivative one. A rule R(x, dx) is put in place of the
function as x -> R(x, x): its dependence is the first derivative's, and what meets in the second derivative are dx and
x, so that equations of R that do not touch dx are quiet.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core as jex
import numpy as np

from raphson.sparsity.constants import Constants, Lender
from raphson.sparsity.elementwise import FLAT
from raphson.sparsity.tape import Equation, Kind, Straight, Unreadable

INNER = {
    "jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr", "eval_jaxpr": "call_jaxpr",
    "remat2": "jaxpr", "remat": "jaxpr", "checkpoint": "jaxpr", "remat_opt": "jaxpr", "custom_vmap_call": "call",
    "composite": "jaxpr", "custom_lin": "call_jaxpr", "xla_call": "call_jaxpr",
}  # fmt: skip
"""Primitives that are their inner function and nothing else, and the parameter that holds it."""

ArrayNumbers = list[int]


class Straightener:
    """Writes equations onto a tape. `quiet`, `touched`: which of them count in second derivatives: none, or where
    `touched` is a set those with an operand in it.
    """

    def __init__(self, tape: Straight | None = None, lender: Lender | None = None):
        self.tape = tape or Straight()
        self.known = Constants(self.tape, lender)
        self.quiet = False
        self.touched: set[int] | None = None

    def run(self, jaxpr: Any, ins: Sequence[int]) -> ArrayNumbers:
        """The equations of a jaxpr whose inputs are these arrays; the numbers of what it returns."""
        jaxpr, consts = opened(jaxpr)
        numbers: dict[Any, int] = dict(zip(jaxpr.invars, ins, strict=True))
        for var, value in zip(jaxpr.constvars, consts, strict=True):
            numbers[var] = self.constant(array_kind(var.aval), value)
        for eqn in jaxpr.eqns:
            operands = [self.read(atom, numbers) for atom in eqn.invars]
            numbers.update(zip(eqn.outvars, self.equation(eqn, operands), strict=True))
        return [self.read(atom, numbers) for atom in jaxpr.outvars]

    def read(self, atom: Any, numbers: dict[Any, int]) -> int:
        return self.constant(array_kind(atom.aval), atom.val) if isinstance(atom, jex.Literal) else numbers[atom]

    def constant(self, kind: Kind, value: Any) -> int:
        """An array whose value is known."""
        v = self.tape.array(kind, False)
        self.tape.values[v] = as_held(kind, value)
        return v

    def equation(self, eqn: Any, ins: ArrayNumbers) -> ArrayNumbers:
        """One equation of a jaxpr: written as it is, or what it stands for."""
        name = eqn.primitive.name
        if any(type(effect).__name__ in ("ReadEffect", "WriteEffect", "AccumEffect") for effect in eqn.effects):
            raise Unreadable("the function writes to mutable arrays (jax.Ref), whose derivatives are not followed here")
        moving = any(self.tape.active[v] for v in ins)
        inner = eqn.params.get(INNER.get(name, ""))
        if inner is not None and len(opened(inner)[0].invars) == len(ins):
            return self.run(inner, ins)
        if name in ("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"):
            return self.ruled(eqn, ins) if moving else self.run(first(eqn.params, "call_jaxpr", "fun_jaxpr"), ins)
        body = implementation(name) if moving else None
        if body is not None:
            shapes = [jax.ShapeDtypeStruct(a.aval.shape, a.aval.dtype) for a in eqn.invars]
            listed = lambda out: list(out) if eqn.primitive.multiple_results else [out]
            return self.run(jax.make_jaxpr(lambda *a: listed(body(*a, **eqn.params)))(*shapes), ins)
        if moving and name in STANDS_FOR:
            outs = STANDS_FOR[name](self, eqn, ins)
            if outs is not None:
                return outs
        return self.write(name, eqn.params, ins, [array_kind(v.aval) for v in eqn.outvars], alone(eqn))

    def write(
        self, name: str, params: dict[str, Any], ins: Sequence[int], made: Sequence[Kind], run: Any = None
    ) -> ArrayNumbers:
        """An equation onto the tape; the numbers of its results."""
        tape = self.tape
        moving = name not in FLAT and any(tape.active[v] for v in ins)
        outs = [tape.array(kind, moving) for kind in made]
        touches = self.touched is not None and any(v in self.touched for v in ins)
        if touches and self.touched is not None:
            self.touched.update(outs)
        quiet = self.quiet or (self.touched is not None and not touches)
        given = tuple(tape.kinds[v] for v in ins)
        tape.equations.append(Equation(name, params, tuple(ins), tuple(outs), given, tuple(made), run, quiet))
        return outs

    def one(self, name: str, params: dict[str, Any], ins: Sequence[int], made: Kind) -> int:
        """An equation with one result."""
        return self.write(name, params, ins, [made])[0]

    def copy(self, v: int) -> int:
        """The same array under another number."""
        return self.one("copy", {}, [v], self.tape.kinds[v])

    def still(self, v: int) -> int:
        """The same array without its derivative."""
        return self.one("stop_gradient", {}, [v], self.tape.kinds[v]) if self.tape.active[v] else v

    # --- functions with rules of their own ----------------------------------------------------------------------

    def ruled(self, eqn: Any, ins: ArrayNumbers) -> ArrayNumbers:
        """x -> R(x, x) in place of the function, R its rule."""
        active = [k for k, v in enumerate(ins) if self.tape.active[v]]
        made = [array_kind(v.aval) for v in eqn.outvars]
        try:
            rule = rule_of(eqn, active)
        except Exception:  # a rule that JAX cannot differentiate either way (a callback): everything meets everything
            return self.write(eqn.primitive.name, {}, ins, made)
        before = self.quiet, self.touched
        if self.quiet or (self.touched is not None and not any(v in self.touched for v in ins)):
            self.quiet, point = True, [self.still(v) for v in ins]
            tangents = [ins[k] for k in active]
        else:
            point, self.touched = ins, set()
            tangents = [self.copy(ins[k]) for k in active]
            self.touched = set(tangents)
        try:
            derived = iter(self.run(rule, [*point, *tangents]))
        finally:
            inside = self.touched
            self.quiet, self.touched = before
        smooth = [kind.smooth for kind in made]
        outs = [next(derived) if s else self.tape.array(kind, False) for s, kind in zip(smooth, made, strict=True)]
        # A derivative may be a constant or an input; what follows must be free to say more about the result.
        if self.touched is not None and inside is not None and any(v in self.touched for v in ins):
            self.touched.update(outs)
        return outs


def as_held(kind: Kind, value: Any) -> Any:
    """A value as NumPy's array of its type; random keys as they are."""
    return np.asarray(value).astype(kind.dtype, copy=False) if isinstance(kind.dtype, np.dtype) else value


def rule_of(eqn: Any, active: list[int]) -> Any:
    """The jaxpr of (operands, tangents of the active ones) -> tangents of the results that have any."""
    fun = alone(eqn)
    smooth = [k for k, v in enumerate(eqn.outvars) if array_kind(v.aval).smooth]
    shapes = [jax.ShapeDtypeStruct(a.aval.shape, a.aval.dtype) for a in eqn.invars]

    def of_active(operands: Sequence[Any]) -> Callable[..., Any]:
        def part(*moved: Any) -> list[Any]:
            held = list(operands)
            for k, a in zip(active, moved, strict=True):
                held[k] = a
            out = fun(*held)
            return [out[k] for k in smooth]

        return part

    def forward(*both: Any) -> Any:
        operands, tangents = both[: len(shapes)], both[len(shapes) :]
        return jax.jvp(of_active(operands), [operands[k] for k in active], list(tangents))[1]

    def backward(*both: Any) -> Any:  # the transpose of the transposed rule: custom_vjp knows only that
        operands, tangents = both[: len(shapes)], both[len(shapes) :]
        _, pull = jax.vjp(of_active(operands), *(operands[k] for k in active))
        outs = [jax.ShapeDtypeStruct(eqn.outvars[k].aval.shape, eqn.outvars[k].aval.dtype) for k in smooth]
        return jax.linear_transpose(lambda *c: pull(list(c)), *outs)(tuple(tangents))

    rule = forward if eqn.primitive.name == "custom_jvp_call" else backward
    return jax.make_jaxpr(rule)(*shapes, *(shapes[k] for k in active))


def implementation(name: str) -> Callable[..., Any] | None:
    """What a primitive of jax.experimental.sparse is made of: gathers and scatters by known indices."""
    kind = name.split("_")[0]
    module = sys.modules.get(f"jax.experimental.sparse.{kind}") if kind in ("bcoo", "bcsr", "coo", "csr") else None
    return getattr(module, f"_{name}_impl", None)


def opened(jaxpr: Any) -> tuple[Any, Any]:
    """A jaxpr, closed over its constants or not, and these."""
    return (jaxpr.jaxpr, jaxpr.consts) if hasattr(jaxpr, "jaxpr") else (jaxpr, ())


def first(params: dict[str, Any], *names: str) -> Any:
    """The parameter that is there."""
    return next(params[name] for name in names if name in params)


def array_kind(aval: Any) -> Kind:
    return Kind(tuple(getattr(aval, "shape", ())), getattr(aval, "dtype", None))


def alone(eqn: Any) -> Callable[..., Any]:
    """One equation as a function of its operands, with a list of results."""

    def run(*operands: Any) -> list[Any]:
        with eqn.ctx.manager:
            out = eqn.primitive.bind(*operands, **eqn.primitive.get_bind_params(eqn.params))
        return list(out) if eqn.primitive.multiple_results else [out]

    return run


StandsFor = Callable[[Straightener, Any, ArrayNumbers], "ArrayNumbers | None"]
STANDS_FOR: dict[str, StandsFor] = {}
"""Primitives with functions inside that stand for more equations than one (control.py); None: written as they are."""


def straightened(
    jaxpr: Any, active: Sequence[bool], values: dict[int, Any], places: dict[int, np.ndarray] | None = None
) -> Straight:
    """The tape of a jaxpr: `active[k]`: whether input k moves with x; `values[k]`: those that are known; `places[k]`:
    where one of which no more is known can be nonzero."""
    writer = Straightener()
    inner = opened(jaxpr)[0]
    ins = [writer.tape.array(array_kind(v.aval), a) for v, a in zip(inner.invars, active, strict=True)]
    for k, value in values.items():
        kind = writer.tape.kinds[ins[k]]
        writer.tape.values[ins[k]] = as_held(kind, value)
    writer.tape.places = {ins[k]: held for k, held in (places or {}).items()}
    writer.tape.lean = bool(places)
    outs = writer.run(jaxpr, ins)
    writer.tape.ins, writer.tape.outs = tuple(ins), tuple(outs)
    return writer.tape
