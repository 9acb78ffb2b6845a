"""Newton steps on a graph that grows: on a window of its variables where that is enough, else on all of them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from raphson.slam.growing import Growing, RowMasks, Unknowns, factored

STILL = 0.1
"""The share of the tolerance that variables may lack which do not move: those of the smallest steps."""

WINDOW = 0.25
"""A window of more than this share of all free variables is solved as a whole map, with a new factor."""

WINDOWS = 8
"""Windows, each with what the last factor says still moves, before the whole map is solved."""

WINDOW_STEPS = 5
"""Newton steps on one window: it is convergent or given up."""

ROUNDS = 60
"""Factorizations of the whole map in one update at most."""

PAYS = 0.05
"""Another step with the same factor, as long as it takes the distance from the minimum below this share."""

DAMPING, LEAST = 1e-6, 1e-10
"""The first damping after a step that led upwards, in shares of the diagonal, a hundred times more after each; and that
of a matrix that is not definite without."""

SMALLEST = 1e-10
"""Steps smaller than this (radians, and shares of the largest coordinate) are none: the cost may be zero."""


@dataclass(frozen=True)
class Base:
    """The last factor of the whole: of J'J of these `unknowns`, `diagonal` its own (n,)."""

    factor: Any
    unknowns: Unknowns
    diagonal: np.ndarray


@dataclass
class GrowingSolver:
    """Brings a graph to within `tol` of its minimum, relatively, by the Newton decrement 1/2 g'H^-1 g.

    `base`: the last factor of the whole, or None; `above`: the decrement at the end; `moved` variables and
    `factorizations` of the whole, since `begin`.
    """

    grown: Growing
    tol: float
    base: Base | None = None
    above: float = np.inf
    moved: RowMasks = field(default_factory=dict)
    factorizations: int = 0

    def begin(self, free: RowMasks) -> None:
        """A new update, with these free variables."""
        self.free, self.factorizations = free, 0
        self.moved = {name: np.zeros(a.size, bool) for name, a in free.items()}

    @property
    def enough(self) -> float:
        """How far above the minimum the cost may be."""
        return self.tol * self.grown.cost

    def by_windows(self, new: RowMasks) -> bool:
        """Solves for windows of variables, the others held: what is new since the last factor, what `new` marks, and
        what that factor says still moves. False where the whole has to be solved."""
        base = self.base
        if base is None:
            return False
        window = {name: a.copy() for name, a in new.items()}
        for name, a in window.items():
            a[base.unknowns.first[name].size if name in base.unknowns.first else 0 :] = True
        for _ in range(WINDOWS):
            window = {name: a & self.free[name] for name, a in self.grown.beside(window).items()}
            if count(window) > WINDOW * count(self.free) or not self.window_solved(window):
                return False
            z = -base.factor.solve(g := self.grown.gradient(base.unknowns))
            self.above = float(-g @ z) / 2
            if self.above <= self.enough or self.tiny(base.unknowns, z):
                return True
            for name, a in self.counting(base.unknowns, z, base.diagonal).items():
                window[name][: a.size] |= a
        return False

    def window_solved(self, window: RowMasks) -> bool:
        """Newton steps on these variables to their minimum; False where they lead elsewhere."""
        unknowns = Unknowns.of(self.grown.graph, window)
        for _ in range(WINDOW_STEPS if unknowns.n else 0):
            lower = self.grown.hessian(unknowns, window)
            diagonal = lower.data[lower.indptr[:-1]]
            factor = factored(lower, diagonal, 0.0)
            if factor is None:
                return False
            s = -factor.solve(g := self.grown.gradient(unknowns))
            if -g @ s / 2 <= STILL * self.enough or self.tiny(unknowns, s):
                return True
            if not self.stepped(unknowns, s, diagonal):
                return False
        return not unknowns.n

    def as_a_whole(self) -> bool:
        """Newton steps on all variables, damped after one that led upwards; whether they reached the minimum."""
        unknowns, damping, floor = Unknowns.of(self.grown.graph, self.free), 0.0, 0.0
        for self.factorizations in range(1, ROUNDS + 1):
            lower = self.grown.hessian(unknowns, self.free)
            diagonal = lower.data[lower.indptr[:-1]]
            factor = factored(lower, diagonal, damping)
            if factor is None:
                damping = floor = max(100 * damping, LEAST)
                if not damping < 1:
                    return False
                continue
            self.base = Base(factor, unknowns, diagonal)
            last = np.inf
            while True:
                s = -factor.solve(g := self.grown.gradient(unknowns))
                self.above = float(-g @ s) / 2
                near = self.above <= self.enough or self.tiny(unknowns, s)
                if near and damping <= floor:
                    return True
                if near or self.above > PAYS * last or not self.stepped(unknowns, s, diagonal):
                    break
                last = self.above
            if np.isfinite(last) or near:
                damping = max(floor, damping / 100 if damping > 100 * DAMPING else 0.0)
            else:
                damping = max(100 * damping, DAMPING)
        return False

    def stepped(self, unknowns: Unknowns, s: np.ndarray, diagonal: np.ndarray) -> bool:
        """Moves the variables whose steps count; takes it back and says False where the cost rises."""
        before, mask = self.grown.cost, self.counting(unknowns, s, diagonal)
        saved = self.grown.move(unknowns.steps(self.grown.graph, s), mask)
        if not self.grown.cost <= before * (1 + 1e-12):
            self.grown.restore(saved)
            return False
        for name, a in mask.items():
            self.moved[name] |= a
        return True

    def counting(self, unknowns: Unknowns, s: np.ndarray, diagonal: np.ndarray) -> RowMasks:
        """The variables whose steps count for the cost. Those of the smallest steps do not, together: the cost that
        leaving out steps T misses is 1/2 s_T'H s_T <= w/2 sum of h_jj s_j^2 over T, w the unknowns of a factor."""
        widest = max(p.gradient.shape[1] for p in self.grown.parts)
        share = unknowns.steps(self.grown.graph, widest / 2 * diagonal * s * s)
        sums = {name: a.sum(1) for name, a in share.items()}
        everyone = np.sort(np.concatenate(list(sums.values())))
        still = np.searchsorted(np.cumsum(everyone), STILL * self.enough, side="right")
        bar = everyone[still - 1] if still else 0.0
        return {name: a > bar for name, a in sums.items()}

    def tiny(self, unknowns: Unknowns, s: np.ndarray) -> bool:
        """Whether no variable would move by anything that can be seen."""
        steps = unknowns.steps(self.grown.graph, s)
        for name, v in self.grown.graph.variables.items():
            size = max(1.0, float(np.abs(v.values).max(initial=0)))
            if np.abs(steps[name]).max(initial=0) > SMALLEST * size:
                return False
        return True


def count(mask: RowMasks) -> int:
    """How many variables these are."""
    return sum(int(a.sum()) for a in mask.values())
