"""What a scan carries from step to step: sums, counters, values of the last steps, and what does not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax.extend.core as jex
import numpy as np

from raphson.sparsity.elementwise import FLAT
from raphson.sparsity.straighten import array_kind, opened

MOST_ROUNDS = 4
"""Steps back that a loop may look, to be taken as a whole: each is one more copy of its body."""
ADDING = frozenset({"add", "sub", "add_any", "convert_element_type", "copy", "neg"})


@dataclass(eq=False)
class Carried:
    """A scan, and the role of each part of its state: "kept" as it is, at "rest" (no derivative by x), a "sum" that
    only grows, or the "step" before. `rounds`: steps back that matter; None where there is no such number.
    """

    jaxpr: Any
    length: int
    reverse: bool
    consts: int
    count: int
    role: list[str] = field(default_factory=list)
    rounds: int | None = None
    steps: dict[int, Any] = field(default_factory=dict)  # counters: what they grow by

    def parts(self, ins: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        """Constants, state and items."""
        return ins[: self.consts], ins[self.consts : self.consts + self.count], ins[self.consts + self.count :]

    def needed(self, k: int) -> list[int]:
        """The inputs of the body that part k of the state hangs on, at any step."""
        jaxpr = opened(self.jaxpr)[0]
        wanted = {k}
        while True:
            inputs = sources(jaxpr, [jaxpr.outvars[j] for j in wanted]) | {
                jaxpr.invars[self.consts + j] for j in wanted
            }
            found = {i for i, v in enumerate(jaxpr.invars) if v in inputs}
            more = wanted | {i - self.consts for i in found if 0 <= i - self.consts < self.count}
            if more == wanted:
                return sorted(found)
            wanted = more


def read_carry(eqn: Any, active: Sequence[bool]) -> Carried:
    """The roles in a scan whose operands move with x or not."""
    p = eqn.params
    consts, count = (
        (len(part) for part in p["ft_in"].unpack()[:2]) if "ft_in" in p else (p["num_consts"], p["num_carry"])
    )
    carried = Carried(p["jaxpr"], p["length"], p["reverse"], consts, count)
    jaxpr = opened(carried.jaxpr)[0]
    state = jaxpr.invars[consts : consts + count]
    left = jaxpr.outvars[:count]
    moving = moving_state(jaxpr, active, consts, count)
    carried.role = [
        "rest" if not moves else "kept" if v is w else "step" for moves, v, w in zip(moving, state, left, strict=True)
    ]
    uses = Counter(a for e in jaxpr.eqns for a in e.invars if isinstance(a, jex.Var))
    uses.update(a for a in jaxpr.outvars if isinstance(a, jex.Var))
    for k, role in enumerate(carried.role):
        if role == "rest":
            step = increment(jaxpr, state[k], left[k])
            if step is not None:
                carried.steps[k] = step
        elif role == "step" and is_sum(jaxpr, state[k], left[k], uses):
            carried.role[k] = "sum"
    carried.rounds = depth(jaxpr, state, left, [k for k, role in enumerate(carried.role) if role == "step"])
    return carried


def moving_state(jaxpr: Any, active: Sequence[bool], consts: int, count: int) -> list[bool]:
    """Which parts of the state move with x at any step."""
    moving = list(active)
    while True:
        reached = reach(jaxpr, {v for v, a in zip(jaxpr.invars, moving, strict=True) if a})
        out = [a in reached for a in jaxpr.outvars[:count]]
        again = [
            *moving[:consts],
            *(a or b for a, b in zip(moving[consts:], out, strict=False)),
            *moving[consts + count :],
        ]
        if again == moving:
            return moving[consts : consts + count]
        moving = again


def reach(jaxpr: Any, start: set[Any]) -> set[Any]:
    """What has a derivative by these variables of a jaxpr, inner functions taken as a whole."""
    found = {v for v in start if array_kind(v.aval).smooth}
    for e in jaxpr.eqns:
        if e.primitive.name not in FLAT and any(isinstance(a, jex.Var) and a in found for a in e.invars):
            found.update(v for v in e.outvars if array_kind(v.aval).smooth)
    return found


def sources(jaxpr: Any, wanted: Sequence[Any]) -> set[Any]:
    """All variables that these hang on."""
    needed = {a for a in wanted if isinstance(a, jex.Var)}
    for e in reversed(jaxpr.eqns):
        if any(v in needed for v in e.outvars):
            needed.update(a for a in e.invars if isinstance(a, jex.Var))
    return needed


def is_sum(jaxpr: Any, before: Any, after: Any, uses: Counter) -> bool:
    """Whether a part of the state is only ever added to: used once, by a chain of sums that ends in it."""
    here = before
    while uses[here] == 1 and here is not after:
        user = next((e for e in jaxpr.eqns if any(a is here for a in e.invars)), None)
        if user is None or user.primitive.name not in ADDING or user.outvars[0].aval.shape != here.aval.shape:
            return False
        here = user.outvars[0]
    return here is after and uses[here] == 1


def increment(jaxpr: Any, before: Any, after: Any) -> Any:
    """The constant that a counter grows by."""
    for e in jaxpr.eqns:
        if e.outvars[0] is after and e.primitive.name == "add" and before.aval.shape == ():
            a, b = e.invars
            other = b if a is before else a if b is before else None
            if isinstance(other, jex.Literal):
                return np.asarray(other.val)
    return None


def depth(jaxpr: Any, state: Sequence[Any], left: Sequence[Any], steps: list[int]) -> int | None:
    """How many steps back a step can look through the state; None: without limit."""
    if not steps:
        return 0
    reads = {k: reach(jaxpr, {state[k]}) for k in steps}
    chain = np.array([[left[j] in reads[k] for k in steps] for j in steps])  # j reads k of the step before
    power = np.eye(len(steps), dtype=bool)
    for rounds in range(1, MOST_ROUNDS + 1):
        power = (power.astype(int) @ chain) > 0
        if not power.any():
            return rounds
    return None
