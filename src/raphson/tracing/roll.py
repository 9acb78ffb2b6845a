"""A loop over numbers as operations on vectors: what a trace unrolled is rolled up again.

`for i in range(len(t)): r[i] = a * np.exp(-b * t[i]) - y[i]` is traced as so many scalar operations, and a compiler
takes seconds for a few hundred of them. Scalar operations that are alike, and whose operands are alike down to the
leaves (entries of one array, numbers, one variable), cannot depend on each other: each such group becomes one operation
on a vector, sums of its members become one sum, arrays of them the vector itself.
Source: the idea is that of superword parallelism, Larsen and Amarasinghe (2000), on whole programs instead of blocks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np

from raphson.tracing.written import joins_vectors, picked, written_numbers

WORTH = 60
"""Equations from which on rolling pays: shorter programs compile in no time as they are."""

FEWEST = 4
"""Operations that are worth a vector."""

LONG = 200
"""A program in JAX is taken as it was written up to so many equations. Measured: of 998 numbers that are written one by
one into an array (CUTEst's GENROSEBNE) derivatives and method compile for more than 180 s."""

_ELEMENTWISE = """
    add sub mul div neg abs exp exp2 log log1p expm1 sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh
    sqrt rsqrt cbrt square pow integer_pow max min sign floor ceil logistic erf erfc lgamma digamma select_n eq ne lt le
    gt ge and or not xor convert_element_type is_finite rem copy
"""
ELEMENTWISE = frozenset(_ELEMENTWISE.split())


@dataclass
class Group:
    """Equations that are alike: their members, and the vector of their results once it is computed."""

    members: list = field(default_factory=list)
    vector: Any = None


def rolled(closed: Any) -> Any:
    """A jaxpr that computes with vectors what it computed number by number; itself where that is not worth it."""
    if count(closed.jaxpr) < WORTH:
        return closed
    roll = Roll(closed)
    if not any(len(group.members) >= FEWEST for group in roll.groups.values()):
        return closed
    inputs = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype, weak_type=v.aval.weak_type) for v in closed.jaxpr.invars]
    result = jax.make_jaxpr(roll.run)(*inputs)
    return result if count(result.jaxpr) < count(closed.jaxpr) else closed


def rolled_if_long(closed: Any) -> Any:
    """The same for a program that its author wrote in JAX: only where it is long, and shows and calls nothing."""
    return rolled(closed) if count(closed.jaxpr) > LONG and not closed.effects else closed


def count(jaxpr: Any) -> int:
    """Equations, those of inner `jit`s included."""
    return sum(count(e.params["jaxpr"].jaxpr) if e.primitive.name == "jit" else 1 for e in jaxpr.eqns)


class Roll:
    """One rolling: equations with inner `jit`s inlined, grouped by what they are made of."""

    def __init__(self, closed: Any):
        self.closed = closed
        self.equations: list = []  # (equation, operands, outputs)
        self.constants: dict[Any, Any] = {}
        environment = {v: v for v in closed.jaxpr.invars}
        self.outputs = self.inline(closed, environment)
        self.maker: dict[Any, int] = {out: i for i, (_, _, outs) in enumerate(self.equations) for out in outs}
        self.entries: dict[Any, tuple] = {}  # a scalar -> (array, index) that it is an entry of
        self.kinds: dict[Any, Any] = {}  # a scalar -> what it is made of
        self.groups: dict[Any, Group] = {}
        self.member: dict[int, tuple[Any, int]] = {}  # equation -> (kind, place in its group)
        self.uses = Counter(a for _, ins, _ in self.equations for a in ins if isinstance(a, jex.Var))
        self.uses.update(a for a in self.outputs if isinstance(a, jex.Var))
        for i in range(len(self.equations)):
            self.classify(i)
        self.values: dict[Any, Any] = {}

    def inline(self, closed: Any, environment: dict) -> list:
        """Collects equations; the atoms that the jaxpr returns."""

        def read(atom: Any) -> Any:
            return atom if isinstance(atom, jex.Literal) else environment[atom]

        for var, value in zip(closed.jaxpr.constvars, closed.consts, strict=True):
            environment[var] = fresh = jex.Var(var.aval)
            self.constants[fresh] = value
        for equation in closed.jaxpr.eqns:
            ins = [read(a) for a in equation.invars]
            if equation.primitive.name == "jit":
                inner = equation.params["jaxpr"]
                outs = self.inline(inner, dict(zip(inner.jaxpr.invars, ins, strict=True)))
            else:
                outs = [jex.Var(v.aval) for v in equation.outvars]
                self.equations.append((equation, ins, outs))
            environment.update(zip(equation.outvars, outs, strict=True))
        return [read(a) for a in closed.jaxpr.outvars]

    # --- what is alike ------------------------------------------------------------------------------------------

    def classify(self, i: int) -> None:
        """Notes what an equation's result is: an entry of an array, or a member of a group."""
        equation, ins, outs = self.equations[i]
        name, out = equation.primitive.name, outs[0]
        if name == "squeeze" and out.aval.shape == ():
            entry = self.entry(ins[0])
            if entry is not None:
                self.entries[out] = entry
        elif name in ELEMENTWISE and len(outs) == 1 and out.aval.shape == ():
            kind = (name, str(sorted(equation.params.items(), key=str)), out.aval.dtype, *map(self.kind, ins))
            # Kinds are nested as deep as the program is long: each becomes a number when it is met first.
            number = self.kinds.setdefault(kind, len(self.kinds))
            self.kinds[out] = ("group", number)
            group = self.groups.setdefault(number, Group())
            self.member[i] = number, len(group.members)
            group.members.append(i)

    def entry(self, vector: Any) -> tuple | None:
        """(array, index) of a slice that holds one entry of an array."""
        if vector not in self.maker:
            return None
        equation, ins, outs = self.equations[self.maker[vector]]
        name, params = equation.primitive.name, equation.params
        if name == "slice" and params["strides"] is None and np.prod(vector.aval.shape) == 1:
            return ins[0], tuple(params["start_indices"])
        if name == "split" and set(params["sizes"]) == {1} and len(ins[0].aval.shape) == 1:
            return ins[0], (outs.index(vector),)
        return None

    def kind(self, atom: Any) -> Any:
        """What an operand is made of: equal for operands that one vector can hold."""
        if isinstance(atom, jex.Literal):
            aval: Any = atom.aval
            return ("number", aval.dtype, bool(getattr(aval, "weak_type", False)))
        if atom in self.entries:
            return ("entry", id(self.entries[atom][0]))
        if atom in self.kinds:
            return self.kinds[atom]
        if atom in self.constants and atom.aval.shape == ():
            return ("number", atom.aval.dtype, False)
        return ("value", id(atom))

    # --- the program again --------------------------------------------------------------------------------------

    def run(self, *args: Any) -> list:
        """The program on vectors (traced once by `rolled`)."""
        self.values = dict(zip(self.closed.jaxpr.invars, args, strict=True))
        for group in self.groups.values():
            group.vector = None
        for out in self.outputs:
            self.need(out)
        return [self.read(out) for out in self.outputs]

    def need(self, atom: Any) -> None:
        """Computes what an atom needs, without recursion: chains are as long as loops were."""
        stack = [atom]
        while stack:
            top = stack[-1]
            if self.known(top):
                stack.pop()
                continue
            if top not in self.maker:
                raise ValueError("an equation's operand that nothing computes")
            if top in self.entries:
                stack[-1] = self.entries[top][0]
                continue
            missing = [a for a in self.operands(self.maker[top]) if not self.known(a)]
            if missing:
                stack.extend(missing)
                continue
            self.compute(self.maker[top])
            stack.pop()

    def known(self, atom: Any) -> bool:
        """Whether a value can be read without computing anything more."""
        if isinstance(atom, jex.Literal) or atom in self.values or atom in self.constants:
            return True
        if atom in self.entries:
            return self.known(self.entries[atom][0])
        i = self.maker[atom]
        return i in self.member and self.groups[self.member[i][0]].vector is not None

    def operands(self, i: int) -> list:
        """What must be known before an equation, or the group that it belongs to, can be computed."""
        terms = self.terms(i)
        if terms is not None:
            return terms
        written = written_numbers(self, i)
        if written is not None:
            return [written[0], *written[1].values()]
        if not self.large(i):
            return list(self.equations[i][1])
        found = []
        for j in self.groups[self.member[i][0]].members:
            variables = [a for a in self.equations[j][1] if isinstance(a, jex.Var)]
            found += [self.entries[a][0] if a in self.entries else a for a in variables]
        return list(dict.fromkeys(found))

    def large(self, i: int) -> bool:
        """Whether an equation is one of a group that becomes a vector."""
        return i in self.member and len(self.groups[self.member[i][0]].members) >= FEWEST

    def terms(self, i: int) -> list | None:
        """The terms of a sum that a loop added up one by one, where this equation is its last; None if it is none."""
        if self.equations[i][0].primitive.name != "add" or self.large(i):
            return None
        found: list = []
        at: Any = i
        while True:
            left, right = self.equations[at][1]
            found.append(right)
            inner: Any = self.maker.get(left) if isinstance(left, jex.Var) else None
            chained = inner is not None and self.equations[inner][0].primitive.name == "add" and self.uses[left] == 1
            if not chained or self.large(inner) or left in self.values:  # type: ignore[arg-type]
                found.append(left)
                break
            at = inner
        return found[::-1] if len(found) > FEWEST else None

    def compute(self, i: int) -> None:
        """One equation, one sum, one array or one group."""
        equation, ins, outs = self.equations[i]
        terms, written = self.terms(i), written_numbers(self, i)
        if terms is not None:
            self.values[outs[0]] = self.total(terms)
        elif written is not None:
            self.values[outs[0]] = self.array(*written, outs[0].aval)
        elif self.large(i):
            self.compute_group(self.groups[self.member[i][0]])
        elif joins_vectors(equation):
            self.values[outs[0]] = self.joined(ins)
        else:
            known = [v for v in equation.invars if isinstance(v, jex.Var)]
            debug = self.closed.jaxpr.debug_info._replace(arg_names=None, result_paths=None)
            alone = jex.Jaxpr((), list(dict.fromkeys(known)), equation.outvars, [equation], equation.effects, debug)
            given = {v: self.read(a) for v, a in zip(equation.invars, ins, strict=True) if isinstance(v, jex.Var)}
            results = jex.jaxpr_as_fun(jex.ClosedJaxpr(alone, ()))(*given.values())
            self.values.update(zip(outs, results, strict=True))

    def compute_group(self, group: Group) -> None:
        """All members at once."""
        equation = self.equations[group.members[0]][0]
        columns = zip(*(self.equations[j][1] for j in group.members), strict=True)
        group.vector = equation.primitive.bind(
            *self.aligned([self.column(list(c)) for c in columns]), **equation.params
        )

    def aligned(self, columns: list) -> list:
        """Operands of one length: those that are one number for all members are repeated."""
        length = max((c.shape[0] for c in columns if c.ndim), default=1)
        return [c if c.ndim else jnp.broadcast_to(c, (length,)) for c in columns]

    def column(self, atoms: list) -> Any:
        """One operand of every member as a vector (a scalar where it is the same for all)."""
        first: Any = atoms[0]
        if all(a is first for a in atoms):
            value = jnp.asarray(self.read(first))
            return jnp.broadcast_to(value, (len(atoms),))
        if isinstance(first, jex.Literal) or first in self.constants:
            numbers = [np.asarray(a.val if isinstance(a, jex.Literal) else self.constants[a]) for a in atoms]
            return jnp.asarray(np.stack(numbers).astype(first.aval.dtype))  # type: ignore[attr-defined]
        if first in self.entries:
            array = self.read(self.entries[first][0])
            return picked(array, [self.entries[a][1] for a in atoms])
        places = [self.member[self.maker[a]] for a in atoms]
        vector = self.groups[places[0][0]].vector
        return jnp.stack([self.read(a) for a in atoms]) if vector is None else picked(vector, [(p,) for _, p in places])

    def total(self, terms: list) -> Any:
        """The sum of many terms: those of one group by one reduction."""
        rest, whole = [], {}
        for atom in terms:
            i = self.maker.get(atom) if isinstance(atom, jex.Var) else None
            if i is not None and self.large(i):
                whole.setdefault(self.member[i][0], []).append((self.member[i][1],))
            else:
                rest.append(self.read(atom))
        sums = [jnp.sum(picked(self.groups[k].vector, places)) for k, places in whole.items()]
        result = sums[0] if sums else rest.pop(0)
        for part in (*sums[1:], *rest):
            result = result + part
        return result

    def array(self, base: Any, numbers: dict[int, Any], aval: Any) -> Any:
        """A vector with numbers written over it."""
        vector, places = jnp.asarray(self.joined(list(numbers.values())), aval.dtype), np.array([*numbers])
        return vector if places.size == aval.shape[0] else jnp.asarray(self.read(base)).at[places].set(vector)

    def joined(self, parts: list) -> Any:
        """Vectors put together: all numbers of one group by one selection from its vector, then in their order."""
        chosen: dict[Any, list] = {}
        order: dict[Any, list] = {}  # where the entries of each piece belong
        at = 0
        for part in parts:
            scalar, length = self.lifted(part), (part.aval.shape or (1,))[0]
            key = at if scalar is None else scalar[0]
            if scalar is None:
                order[(key, at)] = list(range(at, at + length))
                chosen[(key, at)] = [part]
            else:
                order.setdefault(key, []).append(at)
                chosen.setdefault(key, []).append((scalar[1],))
            at += length
        pieces = [
            jnp.reshape(self.read(places[0]), (-1,))
            if isinstance(key, tuple)
            else picked(self.groups[key].vector, places)
            for key, places in chosen.items()
        ]
        whole = pieces[0] if len(pieces) == 1 else jnp.concatenate(pieces)
        back = np.argsort(np.concatenate(list(order.values())))
        return picked(whole, [(int(i),) for i in back])

    def lifted(self, part: Any) -> tuple | None:
        """(group, place) of a group's member, or of a vector of length 1 that holds one."""
        i = None if isinstance(part, jex.Literal) else self.maker.get(part)
        if i is not None and part.aval.shape == (1,):  # type: ignore[attr-defined]
            equation, ins, _ = self.equations[i]
            wrapped = equation.primitive.name in ("broadcast_in_dim", "reshape") and isinstance(ins[0], jex.Var)
            i = self.maker.get(ins[0]) if wrapped else None
        return self.member[i] if i is not None and self.large(i) else None

    def read(self, atom: Any) -> Any:
        """The value of an atom that is known."""
        if isinstance(atom, jex.Literal):
            return atom.val
        if atom in self.values:
            return self.values[atom]
        if atom in self.constants:
            return self.constants[atom]
        if atom in self.entries:
            array, index = self.entries[atom]
            value = self.read(array)[index]
        else:
            number, place = self.member[self.maker[atom]]
            value = self.groups[number].vector[place]
        self.values[atom] = value
        return value
