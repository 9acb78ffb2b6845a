"""Branches, implicit solves and loops on a tape.

A loop whose steps are independent, but for sums over them and for values of the last few steps, is the body applied to
stacks (`jax.vmap`): a million steps cost as much as one. Another loop is unrolled where that is short, and otherwise
closed by fixpoint: what a step's state may depend on, at any step (`loops.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.sparsity.carry import Carried, read_carry
from raphson.sparsity.constants import Lender
from raphson.sparsity.straighten import STANDS_FOR, ArrayNumbers, Straightener, array_kind, opened
from raphson.sparsity.tape import Kind, Straight

MOST_UNROLLED = 4000
"""Equations that a loop may be unrolled to; each costs the passes about 0.1 ms."""
LARGEST_STACK = 100_000_000
"""Elements that all steps of a loop may have together, for each array of the body."""


def branches(writer: Straightener, eqn: Any, ins: ArrayNumbers) -> ArrayNumbers | None:
    """`cond`: the branch that a known index takes, else all of them, and any of their results."""
    cases = eqn.params["branches"]
    platforms = eqn.params.get("branches_platforms")
    index = writer.known.index(ins[0]) if platforms is None else platforms.index(None)  # its others say the same
    if index is not None:
        return writer.run(cases[int(np.clip(index, 0, len(cases) - 1))], ins[1:])
    results = [writer.run(case, ins[1:]) for case in cases]
    which = writer.tape.array(Kind((), np.dtype(np.int32)), False)
    made = [array_kind(v.aval) for v in eqn.outvars]
    return [
        writer.one("select_n", {}, [which, *outs], kind)
        for outs, kind in zip(zip(*results, strict=True), made, strict=True)
    ]


def implicit(writer: Straightener, eqn: Any, ins: ArrayNumbers) -> ArrayNumbers | None:
    """`custom_linear_solve`: A(c) x = b. x moves as the solver moves it for the residual db - dA x, and what meets is
    what meets in A(c) x.
    """
    counts, jaxprs = eqn.params["const_lengths"], eqn.params["jaxprs"]
    if jaxprs.solve is None or len(eqn.outvars) != len(ins) - sum(counts):
        return None
    ends = np.cumsum([counts.matvec, counts.vecmat, counts.solve, counts.transpose_solve])
    of_product, of_solver, right = ins[: ends[0]], ins[ends[1] : ends[2]], ins[ends[3] :]
    kinds = [writer.tape.kinds[v] for v in right]
    before = writer.quiet
    writer.quiet = True
    here = [writer.tape.array(kind, False) for kind in kinds]
    change = writer.run(jaxprs.matvec, [*of_product, *here])
    residual = [writer.one("add", {}, pair, kind) for *pair, kind in zip(right, change, kinds, strict=True)]
    solution = writer.run(jaxprs.solve, [*map(writer.still, of_solver), *residual])[: len(kinds)]
    writer.quiet = before
    if before:
        return list(solution)
    product = writer.run(jaxprs.matvec, [*of_product, *solution])
    return [writer.one("tied", {}, [v, *product], kind) for v, kind in zip(solution, kinds, strict=True)]


def scanned(writer: Straightener, eqn: Any, ins: ArrayNumbers) -> ArrayNumbers | None:
    """`scan`, by the cheapest way that is exact."""
    carried = read_carry(eqn, [writer.tape.active[v] for v in ins])
    if carried.length == 0:
        made = [array_kind(v.aval) for v in eqn.outvars]
        return [
            *ins[carried.consts : carried.consts + carried.count],
            *(writer.tape.array(k, False) for k in made[carried.count :]),
        ]
    largest = max((array_kind(v.aval).size for e in carried.jaxpr.eqns for v in e.outvars), default=1)
    if carried.rounds is not None and carried.length * largest <= LARGEST_STACK:
        batched = all_steps(writer, carried, ins)
        if batched is not None:
            return stacked(writer, carried, ins, batched)
    if carried.length * equations(carried.jaxpr) <= MOST_UNROLLED:
        return unrolled(writer, carried, ins)
    return looped(writer, carried, ins)


def equations(jaxpr: Any) -> int:
    """How many there are, those of inner functions included."""
    inner = [p for e in jaxpr.eqns for p in e.params.values() if hasattr(p, "eqns")]
    return len(jaxpr.eqns) + sum(map(equations, inner))


def unrolled(writer: Straightener, carried: Carried, ins: ArrayNumbers) -> ArrayNumbers:
    """Step by step."""
    consts, state, xs = carried.parts(ins)
    outs: list[ArrayNumbers] = []
    order = range(carried.length)
    for i in reversed(order) if carried.reverse else order:
        items = [entry(writer, v, i) for v in xs]
        result = writer.run(carried.jaxpr, [*consts, *state, *items])
        state = result[: carried.count]
        outs.append(result[carried.count :])
    if carried.reverse:
        outs.reverse()
    return [*state, *(stack(writer, list(column)) for column in zip(*outs, strict=True))]


def entry(writer: Straightener, v: int, i: int) -> int:
    """Entry i of a stack."""
    kind = writer.tape.kinds[v]
    begin, end = (i,) + (0,) * (len(kind.shape) - 1), (i + 1, *kind.shape[1:])
    params = {"start_indices": begin, "limit_indices": end, "strides": None}
    part = writer.one("slice", params, [v], Kind((1, *kind.shape[1:]), kind.dtype))
    return writer.one("reshape", {}, [part], Kind(kind.shape[1:], kind.dtype))


def stack(writer: Straightener, entries: ArrayNumbers) -> int:
    """Arrays as one stack."""
    kind = writer.tape.kinds[entries[0]]
    return writer.one("stack", {"axis": 0}, entries, Kind((len(entries), *kind.shape), kind.dtype))


def all_steps(writer: Straightener, carried: Carried, ins: ArrayNumbers) -> Any:
    """The body for stacks of items and of all parts of the state that change; None where JAX cannot batch it."""
    axes = [None] * carried.consts + [None if r in ("kept", "sum") else 0 for r in carried.role]
    shapes = []
    for k, v in enumerate(ins):
        kind, tall = writer.tape.kinds[v], k < len(axes) and axes[k] == 0
        shapes.append(jax.ShapeDtypeStruct((carried.length, *kind.shape) if tall else kind.shape, kind.dtype))
    axes += [0] * (len(ins) - len(axes))
    body = jex.jaxpr_as_fun(carried.jaxpr)
    try:
        return jax.make_jaxpr(jax.vmap(lambda *a: body(*a), axes, 0, axis_size=carried.length))(*shapes)
    except Exception:  # a primitive without a batching rule
        return None


def stacked(writer: Straightener, carried: Carried, ins: ArrayNumbers, batched: Any) -> ArrayNumbers:
    """All steps at once. Where a step reads what the last ones left, that is found in as many rounds."""
    consts, init, xs = carried.parts(ins)
    tape, length = writer.tape, carried.length
    kinds = [tape.kinds[v] for v in init]
    tall = lambda k: Kind((length, *kinds[k].shape), kinds[k].dtype)
    resting, final = trajectories(writer, carried, ins)
    before: ArrayNumbers = []  # what steps begin with: the same for all, or a stack
    for k, role in enumerate(carried.role):
        nothing = lambda k=k, role=role: tape.array(kinds[k] if role == "sum" else tall(k), False)
        before.append(init[k] if role == "kept" else resting[k] if role == "rest" else nothing())
    for _ in range(carried.rounds or 0):
        left = writer.run(batched, [*consts, *before, *xs])
        before = [
            shifted(writer, carried, init[k], left[k]) if r == "step" else before[k] for k, r in enumerate(carried.role)
        ]
    result = writer.run(batched, [*consts, *before, *xs])
    outs: ArrayNumbers = []
    for k, role in enumerate(carried.role):
        if role == "sum":
            total = writer.one("reduce_sum", {"axes": (0,)}, [result[k]], kinds[k])
            outs.append(writer.one("add", {}, [init[k], total], kinds[k]))
        else:
            last = 0 if carried.reverse else length - 1
            outs.append(init[k] if role == "kept" else final[k] if role == "rest" else entry(writer, result[k], last))
    return [*outs, *result[carried.count :]]


def shifted(writer: Straightener, carried: Carried, init: int, left: int) -> int:
    """What each step begins with: what the one before it left, and the start for the first."""
    kind, length = writer.tape.kinds[left], carried.length
    start = writer.one("reshape", {}, [init], Kind((1, *kind.shape[1:]), kind.dtype))
    begin = (1 if carried.reverse else 0,) + (0,) * (len(kind.shape) - 1)
    end = (length if carried.reverse else length - 1, *kind.shape[1:])
    params = {"start_indices": begin, "limit_indices": end, "strides": None}
    rest = writer.one("slice", params, [left], Kind((length - 1, *kind.shape[1:]), kind.dtype))
    pair = [rest, start] if carried.reverse else [start, rest]
    return writer.one("concatenate", {"dimension": 0}, pair, kind)


def trajectories(writer: Straightener, carried: Carried, ins: ArrayNumbers) -> tuple[dict[int, int], dict[int, int]]:
    """The parts of the state that do not move with x: their values before every step, and after the last. Computed
    only where something hangs on them, counters among them without the loop.
    """
    consts, init, xs = carried.parts(ins)
    tape = writer.tape
    rest = [k for k, role in enumerate(carried.role) if role == "rest"]
    if not rest:
        return {}, {}
    kinds = [tape.kinds[v] for v in init]
    before, after = {}, {}
    for k in rest:
        tall = Kind((carried.length, *kinds[k].shape), kinds[k].dtype)
        if k in carried.steps:
            run = lambda first, step=carried.steps[k], kind=kinds[k]: counter(first, step, carried, kind)
            before[k], after[k] = writer.write("counter", {"step": carried.steps[k]}, [init[k]], [tall, kinds[k]], run)
        else:
            needed = carried.needed(k)
            operands = [*consts, *init, *xs]
            run = lambda *given, k=k, needed=needed: trajectory(carried, k, needed, given)
            body, _ = opened(carried.jaxpr)
            params = {"state": k, "body": str(body), "length": carried.length, "reverse": carried.reverse}
            chosen = [operands[p] for p in needed]
            before[k], after[k] = writer.write("trajectory", params, chosen, [tall, kinds[k]], run)
    return before, after


def counter(first: Any, step: Any, carried: Carried, kind: Kind) -> list[Any]:
    """A number that grows by a constant: before every step, in the order of the stacks, and after the last."""
    line = first + step * np.arange(carried.length, dtype=kind.dtype)
    last = np.asarray(first + step * carried.length, kind.dtype)
    return [np.asarray(line[::-1] if carried.reverse else line, kind.dtype), last]


def trajectory(carried: Carried, k: int, needed: Sequence[int], given: Sequence[Any]) -> list[Any]:
    """The same by running the loop, with zeros for all that it does not hang on."""
    fun = jex.jaxpr_as_fun(carried.jaxpr)
    shapes = [v.aval for v in opened(carried.jaxpr)[0].invars]
    known = dict(zip(needed, given, strict=True))
    place = carried.consts + carried.count

    def whole(p: int) -> Any:
        shape = shapes[p].shape if p < place else (carried.length, *shapes[p].shape)
        return jnp.asarray(known[p]) if p in known else jnp.zeros(shape, shapes[p].dtype)

    operands = [whole(p) for p in range(len(shapes))]
    consts, init, xs = carried.parts(operands)

    def step(state: Any, items: Any) -> Any:
        out = fun(*consts, *state, *items)
        return out[: carried.count], state[k]

    final, before = lax.scan(step, list(init), list(xs), carried.length, carried.reverse)
    return [np.asarray(before), np.asarray(final[k])]


def looped(writer: Straightener, carried: Carried, ins: ArrayNumbers) -> ArrayNumbers:
    """A loop that is closed by fixpoint."""
    consts, init, xs = carried.parts(ins)
    moving = [writer.tape.active[v] for v in ins]
    state = range(carried.consts, carried.consts + carried.count)
    body = closed(writer, carried.jaxpr, moving, dict(enumerate(consts)), state)
    made = [writer.tape.kinds[v] for v in init]
    tall = [Kind((carried.length, *body.kinds[v].shape), body.kinds[v].dtype) for v in body.outs[carried.count :]]
    params = {"body": body, "consts": carried.consts, "state": carried.count, "items": len(xs)}
    return writer.write("loop", params, ins, [*made, *tall])


def repeated(writer: Straightener, eqn: Any, ins: ArrayNumbers) -> ArrayNumbers | None:
    """`while`: closed by fixpoint; how often it runs has no derivative."""
    of_test, of_body = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    kept = ins[of_test:]
    moving = [writer.tape.active[v] for v in kept]
    state = range(of_body, len(kept))
    body = closed(writer, eqn.params["body_jaxpr"], moving, dict(enumerate(kept[:of_body])), state)
    params = {"body": body, "consts": of_body, "state": len(kept) - of_body, "items": 0}
    return writer.write("loop", params, kept, [array_kind(v.aval) for v in eqn.outvars])


def closed(writer: Straightener, jaxpr: Any, moving: Sequence[bool], lent: dict[int, int], state: range) -> Straight:
    """The tape of a loop's body: a part of the state moves with x if it does so at any step."""
    inner = opened(jaxpr)[0]
    active = list(moving)
    while True:
        tape = Straight(lean=writer.tape.lean)
        numbers = [tape.array(array_kind(v.aval), a) for v, a in zip(inner.invars, active, strict=True)]
        outer = {numbers[i]: v for i, v in lent.items()}
        lender = Lender(writer.known, outer)
        copyist = Straightener(tape, lender)
        copyist.quiet = writer.quiet
        outs = copyist.run(jaxpr, numbers)
        again = [active[i] or tape.active[outs[i - state.start]] if i in state else a for i, a in enumerate(active)]
        if again == active:
            tape.ins, tape.outs = tuple(numbers), tuple(outs)
            tape.lender = lender
            return tape
        active = again


STANDS_FOR.update(
    {"cond": branches, "scan": scanned, "while": repeated, "custom_linear_solve": implicit},
)
