"""The two passes over a tape: backwards for what is needed, forwards for what it depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Sets
from raphson.sparsity.hessian import Meetings
from raphson.sparsity.rules import Deps, Mask, Masks, Rule, any_live
from raphson.sparsity.tape import Equation, Straight, TooDense

RULES: dict[str, Rule] = {}
"""By name of primitive (table.py)."""


class Sweep:
    """Passes over one tape. With `found`, what meets in second derivatives is noted there."""

    def __init__(self, tape: Straight, known: Constants, sets: Sets, found: Meetings | None = None):
        self.tape, self.known, self.sets, self.found = tape, known, sets, found
        self.live: dict[int, Mask] = {}
        self.needed: set[int] = set()

    def run(self, deps: Deps, masks: Masks, wanted: Sequence[bool]) -> Deps:
        """The sets of the tape's results, from those of its inputs: of the results that are wanted."""
        for v, mask, want in zip(self.tape.outs, masks, wanted, strict=True):
            self.need(v, mask, want)
        work = [eq for eq in reversed(self.tape.equations) if self.back(eq)]
        known = {v: d for v, d in zip(self.tape.ins, deps, strict=True) if d is not None and v in self.live}
        last = Counter(v for eq in work for v in set(eq.ins))
        last.update(self.tape.outs)
        for eq in reversed(work):
            self.forward(eq, known)
            for v in set(eq.ins):
                last[v] -= 1
                if not last[v]:
                    known.pop(v, None)
        return [known.get(v) for v in self.tape.outs]

    def need(self, v: int, mask: Mask | None, sets: bool) -> None:
        """Notes that elements of an array, and perhaps its sets, are needed."""
        if mask is None or not self.tape.active[v]:
            return
        before = self.live.get(v)
        self.live[v] = mask if before is None else before | mask
        if sets:
            self.needed.add(v)

    def met(self, rule: Rule, eq: Equation) -> Sequence[int]:
        """Operands that meet, where that counts."""
        counts = self.found is not None and not eq.quiet
        return rule.met(eq, [self.tape.active[v] for v in eq.ins]) if counts else ()

    def back(self, eq: Equation) -> bool:
        """What one equation needs; whether it is needed at all."""
        if not any(self.tape.active[v] for v in eq.outs):
            return False
        masks = [self.live.get(v) for v in eq.outs]
        if not any_live(masks):
            return False
        largest = max(kind.size for kind in (*eq.given, *eq.made))
        if largest > self.sets.most:  # XLA never forms what it can fuse; here every element has its entry
            raise TooDense(f"an array on the way ({eq.name} of {shapes_of(eq)})", largest, self.sets.most)
        self.sets.spend(sum(kind.size for kind in eq.made))
        rule = rule_for(self.tape, eq)
        formed = rule.formed(eq)
        if formed > self.sets.most:  # before they are: places of 64 bits, several times over
            raise TooDense(f"the windows of {eq.name} ({shapes_of(eq)})", formed, self.sets.most)
        passed = any(v in self.needed for v in eq.outs)
        met = set(self.met(rule, eq))
        for k, (v, mask) in enumerate(zip(eq.ins, rule.live(eq, masks, self.known), strict=True)):
            self.need(v, mask, passed or k in met)
        return True

    def forward(self, eq: Equation, known: dict) -> None:
        """The sets of one equation's results, and what meets in it."""
        deps = [known.get(v) for v in eq.ins]
        if all(d is None for d in deps):
            return
        rule = rule_for(self.tape, eq)
        try:
            if self.found is not None and self.met(rule, eq):
                rule.couple(eq, deps, [self.live.get(v) for v in eq.outs], self.found, self.known)
            if any(v in self.needed for v in eq.outs):
                for v, dep in zip(eq.outs, rule.sets(eq, deps, self.sets, self.known), strict=True):
                    if dep is not None and self.tape.active[v] and v in self.needed:
                        known[v] = dep
        except TooDense as error:
            raise TooDense(f"{error.what} (in {eq.name} of {shapes_of(eq)})", error.count, error.limit) from None


def shapes_of(eq: Equation) -> str:
    return ", ".join(str(list(kind.shape)) for kind in eq.given)


def rule_for(tape: Straight, eq: Equation) -> Rule:
    """The rule of a primitive; one that is not known is full."""
    rule = RULES.get(eq.name)
    if rule is None or (eq.params.get("batch_group_count") or 1) != 1:
        if rule is None and eq.name not in tape.unknown:
            tape.unknown.append(eq.name)
        return RULES["unknown"]
    return rule
