"""Rules of sums, products, extremes, prefixes and transforms: elements that are united along axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Dependence, Sets, broadcast
from raphson.sparsity.rules import Deps, Mask, Masks, Rule, any_live, whole_mask
from raphson.sparsity.tape import Equation


class Reducing(Rule):
    """The union along axes that go. `meeting`: whether the elements meet (products) or not (sums, extremes)."""

    def __init__(self, meeting: bool = False):
        self.meeting = meeting

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        mask = np.expand_dims(whole_mask(live[0], eq), self.axes(eq))
        return [np.broadcast_to(mask, eq.given[0].shape)]

    def axes(self, eq: Equation) -> tuple[int, ...]:
        return tuple(eq.params["axes"])

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        return [None if deps[0] is None else sets.reduced(deps[0], self.axes(eq))]

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        return (0,) if self.meeting else ()

    def couple(self, eq, deps, live, found, known) -> None:
        united = self.sets(eq, deps, found.sets, known)[0]
        if united is not None:
            found.clique(united, whole_mask(live[0], eq))


class Prefixes(Rule):
    """Element k of the result belongs to the elements up to k along an axis (from k on where it runs in reverse)."""

    def __init__(self, meeting: bool = False):
        self.meeting = meeting

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        axis, reverse = eq.params["axis"], eq.params["reverse"]
        mask = whole_mask(live[0], eq)
        turned = mask if reverse else np.flip(mask, axis)
        up_to = np.logical_or.accumulate(turned, axis)
        return [up_to if reverse else np.flip(up_to, axis)]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        dep, axis, shape = deps[0], eq.params["axis"], eq.made[0].shape
        if dep is None:
            return [None]
        rows = np.moveaxis(dep.rows, axis, -1)
        if eq.params["reverse"]:
            rows = rows[..., ::-1]
        length, lines = shape[axis], rows.size // shape[axis]
        sets.check(lines * length * (length + 1) // 2)
        upper = np.concatenate([np.arange(k + 1) for k in range(length)])
        taken = rows.reshape(lines, length)[:, upper].ravel()
        start = np.concatenate([[0], np.cumsum(np.tile(np.arange(1, length + 1), lines), dtype=np.int64)])
        out = sets.groups(taken, start, dep.base, rows.shape)
        placed = out.rows[..., ::-1] if eq.params["reverse"] else out.rows
        return [Dependence(np.moveaxis(placed, -1, axis), out.base)]

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        return (0,) if self.meeting else ()

    def couple(self, eq, deps, live, found, known) -> None:
        united = self.sets(eq, deps, found.sets, known)[0]
        if united is not None:
            found.clique(united, whole_mask(live[0], eq))


class AlongAxes(Rule):
    """Each result has its own operand, and may come from any element along some axes: sorting, largest k, Fourier."""

    def axes(self, eq: Equation) -> tuple[int, ...]:
        if eq.name == "fft":
            rank = len(eq.given[0].shape)
            return tuple(range(rank - len(eq.params["fft_lengths"]), rank))
        axis = eq.params.get("axis", eq.params.get("dimension"))
        axes = axis if isinstance(axis, tuple) else (eq.params["reduction_dimension"] if axis is None else axis,)
        return tuple(a % len(eq.given[0].shape) for a in axes)

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        masks: list[Mask | None] = [None] * len(eq.ins)
        for k, kind in enumerate(eq.given):
            mask = live[k]
            if mask is not None:
                masks[k] = np.broadcast_to(mask.any(self.axes(eq), keepdims=True), kind.shape)
        return masks

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        out: Deps = [None] * len(eq.outs)
        axes = self.axes(eq)
        for k, dep in enumerate(deps):
            if dep is not None:
                held = tuple(1 if ax in axes else size for ax, size in enumerate(eq.given[k].shape))
                once = sets.reduced(dep, axes)
                out[k] = broadcast(Dependence(once.rows.reshape(held), once.base), eq.made[k].shape)
        return out


class Blocks(Rule):
    """Every result depends on every operand, and all of them meet, within each entry of leading axes: factorizations.

    `trailing`: how many axes of the first operand make one block; None: all. The rule of what is not known, too.
    """

    def __init__(self, trailing: int | None = None):
        self.trailing = trailing

    def leading(self, eq: Equation) -> int:
        ranks = [len(kind.shape) for kind in (*eq.given, *eq.made)]
        return 0 if self.trailing is None else min(max(len(eq.given[0].shape) - self.trailing, 0), *ranks)

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        b = self.leading(eq)
        here = np.zeros(eq.given[0].shape[:b], bool)
        for mask in live:
            if mask is not None:
                here |= mask.any(tuple(range(b, mask.ndim)))
        return [np.broadcast_to(here.reshape(here.shape + (1,) * (len(k.shape) - b)), k.shape) for k in eq.given]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        b = self.leading(eq)
        block = self.block(eq, deps, sets)
        if block is None:
            return [None] * len(eq.outs)
        rows, base = block.rows, block.base
        return [
            broadcast(Dependence(rows.reshape(rows.shape + (1,) * (len(k.shape) - b)), base), k.shape) for k in eq.made
        ]

    def block(self, eq: Equation, deps: Deps, sets: Sets) -> Dependence | None:
        """All that one block depends on."""
        b = self.leading(eq)
        united = [None if d is None else sets.reduced(d, range(b, d.rows.ndim)) for d in deps]
        return sets.union(united, eq.given[0].shape[:b])

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        return range(len(eq.ins))

    def couple(self, eq, deps, live, found, known) -> None:
        block = self.block(eq, deps, found.sets)
        if block is not None and any_live(live):
            found.clique(block, np.ones(block.rows.shape, bool))
