"""Rules of the primitives that move elements: slices, gathers, scatters, and choices by a known mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Dependence, Sets, broadcast
from raphson.sparsity.indexing import REARRANGE, Parts, loose_axes, operands_moved, scatter_places
from raphson.sparsity.rules import Deps, Mask, Masks, Rule, whole_mask
from raphson.sparsity.tape import Equation

VIEWS = frozenset({"slice", "rev", "transpose", "reshape", "squeeze", "expand_dims", "split", "unstack"})
"""Moves whose results are parts of the operand, each element at most once: marks can be written straight into it."""


class Moving(Rule):
    """Elements moved by known indices; where one is not known, each result may come from anywhere along its axis."""

    def move(self, eq: Equation, parts: Parts, known: Constants) -> tuple[Parts, tuple[int, ...]]:
        """What is moved, and axes of the first operand along which it stands for any element."""
        index = lambda k: known.index(eq.ins[k])
        out = REARRANGE[eq.name](eq, parts, index)
        if out is not None:
            return out, ()
        if eq.name == "gather":
            held, unknown = guessed(eq, known)
            zero = lambda k: held
        else:
            starts = range(len(eq.given[0].shape))
            unknown = [k for k in starts if index(1 + k) is None]
            zero = lambda k: np.int64(0) if index(k) is None else index(k)
        axes = loose_axes(eq, unknown)
        out = REARRANGE[eq.name](eq, parts, zero)
        assert out is not None
        return out, axes

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        moved = operands_moved(eq)
        if eq.name in VIEWS and not (eq.name == "reshape" and eq.params.get("dimensions")):
            marks = np.zeros(eq.given[0].shape, bool)
            for view, mask in zip(self.move(eq, [marks], known)[0], live, strict=True):
                if mask is not None:
                    view[...] = mask
            return [marks]
        ends = np.cumsum([0, *(eq.given[k].size for k in moved)])
        kind = np.int32 if ends[-1] < 2**31 else np.int64
        parts = [
            np.arange(first, last, dtype=kind).reshape(eq.given[k].shape)
            for k, first, last in zip(moved, ends, ends[1:], strict=False)
        ]
        places, axes = self.move(eq, parts, known)
        hit = np.zeros(ends[-1] + 1, bool)  # the last one takes what is -1
        for place, mask in zip(places, live, strict=True):
            if mask is not None:
                hit[place[np.broadcast_to(mask, place.shape)]] = True
        masks: list[Mask | None] = [None] * len(eq.ins)
        for k, first, last in zip(moved, ends, ends[1:], strict=False):
            masks[k] = hit[first:last].reshape(eq.given[k].shape)
        if axes:
            first_mask = masks[moved[0]]
            assert first_mask is not None
            masks[moved[0]] = np.broadcast_to(first_mask.any(axes, keepdims=True), first_mask.shape)
        return masks

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        moved = operands_moved(eq)
        present = [d for k in moved if (d := deps[k]) is not None]
        if not present:
            return [None] * len(eq.outs)
        rows, base = sets.joined(present)
        held = iter(rows)
        parts = [np.broadcast_to(np.int32(-1), eq.given[k].shape) if deps[k] is None else next(held) for k in moved]
        places, axes = self.move(eq, parts, known)
        if axes:
            smeared = sets.smeared(Dependence(parts[0], base), axes)
            places, base = self.move(eq, [smeared.rows], known)[0], smeared.base
        return [Dependence(np.asarray(place), base) for place in places]


class Updating(Moving):
    """A part of an array written anew: with an unknown start, every element may be an old or a new one."""

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        if self.fixed(eq, known):
            return super().live(eq, live, known)
        mask, shape = whole_mask(live[0], eq), eq.given[1].shape
        axes = self.axes(eq)
        return [mask, np.broadcast_to(mask.any(axes, keepdims=True), shape), *[None] * (len(eq.ins) - 2)]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        if self.fixed(eq, known):
            return super().sets(eq, deps, sets, known)
        update = deps[1]
        if update is not None:
            axes = self.axes(eq)
            once = sets.reduced(update, axes)
            held = tuple(1 if ax in axes else size for ax, size in enumerate(eq.given[1].shape))
            update = broadcast(Dependence(once.rows.reshape(held), once.base), eq.made[0].shape)
        return [sets.union([deps[0], update], eq.made[0].shape)]

    def fixed(self, eq: Equation, known: Constants) -> bool:
        return all(known.index(eq.ins[2 + ax]) is not None for ax in self.axes(eq))

    def axes(self, eq: Equation) -> tuple[int, ...]:
        return tuple(ax for ax, (a, b) in enumerate(zip(eq.given[0].shape, eq.given[1].shape, strict=True)) if b < a)


class Scatter(Rule):
    """Updates written into, added to, multiplied with, or compared with the elements that indices name. Where a part of
    an index is not known, an update may arrive at any place along its axis.
    """

    def places(self, eq: Equation, known: Constants) -> tuple[np.ndarray, tuple[int, ...]]:
        """Where each update goes, and the axes along which it may go anywhere."""
        held, unknown = guessed(eq, known)
        steered = eq.params["dimension_numbers"].scatter_dims_to_operand_dims
        return scatter_places(eq, held), tuple(steered[k] for k in unknown)

    def kept(self, eq: Equation, place: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        """Which elements of the operand stay in the result, surely or perhaps."""
        stays = np.ones(eq.given[0].size + 1, bool)
        if eq.name == "scatter" and not axes:
            stays[place.ravel()] = False
        return stays[:-1].reshape(eq.given[0].shape)

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        mask, (place, axes) = whole_mask(live[0], eq), self.places(eq, known)
        arriving = np.broadcast_to(mask.any(axes, keepdims=True), mask.shape) if axes else mask
        return [mask & self.kept(eq, place, axes), None, np.append(arriving.ravel(), False)[place]]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        old, new, (place, axes) = deps[0], deps[2], self.places(eq, known)
        if old is not None:
            old = Dependence(np.where(self.kept(eq, place, axes), old.rows, -1), old.base)
        return [sets.union([old, None if new is None else self.arrived(eq, new, place, axes, sets)], eq.made[0].shape)]

    def arrived(
        self, eq: Equation, new: Dependence, place: np.ndarray, axes: tuple[int, ...], sets: Sets
    ) -> Dependence:
        """The sets that the updates bring to each element of the result."""
        target = place.ravel()
        order = np.argsort(target, kind="stable")
        order = order[np.searchsorted(target[order], 0) :]
        counts = np.bincount(target[order], minlength=eq.made[0].size)
        start = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        brought = sets.unions(new, start, order, eq.made[0].shape)
        return sets.smeared(brought, axes) if axes else brought

    def met(self, eq: Equation, active: Sequence[bool]) -> tuple[int, ...]:
        return (0, 2) if eq.name == "scatter-mul" and active[2] else ()

    def couple(self, eq, deps, live, found, known) -> None:
        old, new, (place, axes) = deps[0], deps[2], self.places(eq, known)
        if new is not None:
            arrived = self.arrived(eq, new, place, axes, found.sets)
            whole = arrived if old is None else found.sets.both(old, arrived)
            found.clique(whole, whole_mask(live[0], eq) & (arrived.rows >= 0))


def guessed(eq: Equation, known: Constants) -> tuple[np.ndarray, list[int]]:
    """The index of a gather or scatter with zeros for components that are not known, and which these are."""
    columns = known.columns(eq.ins[1])
    unknown = [k for k, column in enumerate(columns) if column is None]
    zeros = np.zeros(eq.given[1].shape[:-1], np.int64)
    return np.stack([zeros if c is None else c for c in columns], -1) if columns else np.zeros(
        eq.given[1].shape, np.int64
    ), unknown
