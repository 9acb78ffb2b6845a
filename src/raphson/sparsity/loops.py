"""The rule of a loop that is closed by fixpoint: sets of the state grow until a step adds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Dependence, Sets, broadcast, element_lengths
from raphson.sparsity.rules import Deps, Masks, Rule, any_live
from raphson.sparsity.sweep import Sweep
from raphson.sparsity.tape import Equation, Straight

MOST_STEPS = 30
"""Steps after which the state is taken to depend on all that it can: a chain of n variables needs n steps."""


class Looping(Rule):
    """A step's state may hang on anything that it hangs on at any step."""

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        here = any_live(live)
        return [np.full(kind.shape, here) for kind in eq.given]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        state, rest = self.close(eq, deps, sets)
        out: Deps = list(state)
        for dep, kind in zip(rest, eq.made[len(state) :], strict=True):
            out.append(None if dep is None else broadcast(dep, kind.shape))
        return out

    def close(self, eq: Equation, deps: Deps, sets: Sets) -> tuple[Deps, Deps]:
        """The sets of the state, and of what each step gives out."""
        begin, count = eq.params["consts"], eq.params["state"]
        state, kinds = list(deps[begin : begin + count]), eq.given[begin : begin + count]
        for turn in range(MOST_STEPS + 1):
            out = self.step(eq, deps, state, sets, None)
            again = [sets.union([a, b], kind.shape) for a, b, kind in zip(state, out[:count], kinds, strict=True)]
            if sizes_of(again) == sizes_of(state):
                return state, out[count:]
            state = again
            if turn == MOST_STEPS - 1:
                state = self.everything(eq, deps, sets)
        raise AssertionError("a state that depends on everything can grow no more")

    def everything(self, eq: Equation, deps: Deps, sets: Sets) -> Deps:
        """All parts of the state that move, each element with all that the loop can read."""
        body: Straight = eq.params["body"]
        begin, count = eq.params["consts"], eq.params["state"]
        united = sets.union([None if d is None else sets.reduced(d, range(d.rows.ndim)) for d in deps], ())
        assert united is not None
        moves = [body.active[v] for v in body.ins[begin : begin + count]]
        kinds = eq.given[begin : begin + count]
        return [broadcast(united, kind.shape) if a else None for a, kind in zip(moves, kinds, strict=True)]

    def step(self, eq: Equation, deps: Deps, state: Deps, sets: Sets, found: Any) -> Deps:
        """The body once: sets of the next state and of what is given out, from those of this state."""
        body: Straight = eq.params["body"]
        begin, count = eq.params["consts"], eq.params["state"]
        items = [None if d is None else sets.reduced(d, (0,)) for d in deps[begin + count :]]
        masks = [np.ones(body.kinds[v].shape, bool) for v in body.outs]
        sweep = Sweep(body, Constants(body, body.lender), sets, found)
        return sweep.run([*deps[:begin], *state, *items], masks, [True] * len(body.outs))

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        return range(len(eq.ins))

    def couple(self, eq, deps, live, found, known) -> None:
        if any_live(live):
            self.step(eq, deps, self.close(eq, deps, found.sets)[0], found.sets, found)


def sizes_of(deps: Sequence[Dependence | None]) -> list[int]:
    """How many indices each array's sets have: sets that only grow are the same when these are."""
    return [0 if d is None else int(element_lengths(d).sum()) for d in deps]
