"""Rules of products of matrices and of triangular solves: sums of products of elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Dependence, Sets
from raphson.sparsity.rules import Deps, Mask, Masks, Rule, whole_mask
from raphson.sparsity.tape import Equation

MOST_TERMS = 2_000_000
"""Products a[b,i,k] a[b,k,j] that are looked at one by one where only a part of the results is needed."""


class Contracting(Rule):
    """`dot_general`: a (b, i, k) times c (b, k, j). A known matrix acts by where it is not zero."""

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        mask = ordered_out(eq, whole_mask(live[0], eq))
        masks: list[Mask | None] = []
        for side in (0, 1):
            free = mask if side == 0 else mask.swapaxes(1, 2)  # (b, own free, other free)
            zero = known.zeros(eq.ins[1 - side])
            if zero is None:
                here = np.broadcast_to(free.any(2)[:, :, None], (*free.shape[:2], sizes(eq)[3]))
            else:
                other = ~ordered(eq, zero, 1 - side)  # (b, other free, k)
                here = (free.astype(np.float32) @ other.astype(np.float32)) > 0
            masks.append(restored(eq, here, side))
        return masks

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        parts = [None if deps[k] is None else self.side(eq, deps[k], k, sets, known) for k in (0, 1)]
        return [sets.union(parts, eq.made[0].shape)]

    def side(self, eq: Equation, dep, side: int, sets: Sets, known: Constants) -> Dependence:
        """What the results take from one operand."""
        rows = ordered(eq, dep.rows, side)  # (b, own free, k)
        batch, own, _ = rows.shape
        other = sizes(eq)[2 if side == 0 else 1]
        zero = known.zeros(eq.ins[1 - side])
        if zero is None:
            once = sets.reduced(Dependence(rows, dep.base), (2,))
            out, base = np.broadcast_to(once.rows[:, :, None], (batch, own, other)), once.base
        else:
            places = np.argwhere(~ordered(eq, zero, 1 - side))  # (b, other free, k), in order
            counts = np.bincount(places[:, 0] * other + places[:, 1], minlength=batch * other)
            sets.check(len(places) * own)
            first = np.arange(own)[:, None]
            taken = rows[places[:, 0], first, places[:, 2]]  # (own, terms that are there)
            start = np.concatenate([[0], np.cumsum(np.tile(counts, own), dtype=np.int64)])
            united = sets.groups(taken.ravel(), start, dep.base, (own, batch, other))
            out, base = united.rows.transpose(1, 0, 2), united.base
        out = out if side == 0 else out.swapaxes(1, 2)
        return Dependence(np.reshape(out, eq.made[0].shape), base)

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        return (0, 1) if all(active) else ()

    def couple(self, eq, deps, live, found, known) -> None:
        a, c = deps
        if a is None or c is None:
            return
        rows, other = ordered(eq, a.rows, 0), ordered(eq, c.rows, 1)  # (b, i, k), (b, j, k)
        mask = ordered_out(eq, whole_mask(live[0], eq))
        if not mask.all() and mask.size * rows.shape[2] <= MOST_TERMS:
            b, i, j = np.nonzero(mask)
            first, second = Dependence(rows[b, i], a.base), Dependence(other[b, j], c.base)
        else:  # all a[b, :, k] meet all c[b, k, :]
            first = found.sets.reduced(Dependence(np.where(mask.any(2)[:, :, None], rows, -1), a.base), (1,))
            second = found.sets.reduced(Dependence(np.where(mask.any(1)[:, :, None], other, -1), c.base), (1,))
        found.pair(first, second, np.ones(first.rows.shape, bool))


def axes_of(eq: Equation, side: int) -> tuple[list[int], list[int], list[int]]:
    """Batch axes, free axes and contracted axes of an operand."""
    contracted, batch = eq.params["dimension_numbers"]
    held = (*batch[side], *contracted[side])
    free = [ax for ax in range(len(eq.given[side].shape)) if ax not in held]
    return list(batch[side]), free, list(contracted[side])


def sizes(eq: Equation) -> tuple[int, int, int, int]:
    """How many batches, rows, columns and terms."""
    count = lambda shape, axes: int(np.prod([shape[ax] for ax in axes], dtype=np.int64))
    batch, rows, terms = axes_of(eq, 0)
    first, second = eq.given[0].shape, eq.given[1].shape
    return count(first, batch), count(first, rows), count(second, axes_of(eq, 1)[1]), count(first, terms)


def ordered(eq: Equation, a: np.ndarray, side: int) -> np.ndarray:
    """An operand as (b, free, k)."""
    batch, free, terms = axes_of(eq, side)
    b, i, j, k = sizes(eq)
    return a.transpose([*batch, *free, *terms]).reshape(b, i if side == 0 else j, k)


def ordered_out(eq: Equation, a: np.ndarray) -> np.ndarray:
    """A result as (b, i, j)."""
    return a.reshape(sizes(eq)[:3])


def restored(eq: Equation, a: Mask, side: int) -> Mask:
    """(b, free, k) as the operand."""
    order = [ax for axes in axes_of(eq, side) for ax in axes]
    shape = eq.given[side].shape
    return a.reshape([shape[ax] for ax in order]).transpose(np.argsort(order))


class Triangular(Rule):
    """`triangular_solve`: linear in the right sides, column by column; where A moves, too, bilinear in A and x."""

    def line(self, eq: Equation) -> int:
        """The axis of b along which one system lies."""
        return len(eq.given[1].shape) - (2 if eq.params["left_side"] else 1)

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        mask = whole_mask(live[0], eq)
        along = np.broadcast_to(mask.any(self.line(eq), keepdims=True), eq.given[1].shape)
        batch = np.broadcast_to(mask.any((-2, -1), keepdims=True), eq.given[0].shape)
        return [batch, along]

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        a, b = deps
        shape, rank = eq.made[0].shape, len(eq.made[0].shape)
        column = None if b is None else sets.smeared(b, (self.line(eq),))
        matrix = None if a is None else sets.reduced(a, (rank - 2, rank - 1))
        if matrix is not None:
            matrix = Dependence(np.broadcast_to(matrix.rows[..., None, None], shape), matrix.base)
        return [sets.union([column, matrix], shape)]

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        return (0, 1) if active[0] else ()

    def couple(self, eq, deps, live, found, known) -> None:
        a, rank = deps[0], len(eq.made[0].shape)
        if a is None:
            return
        matrix = found.sets.reduced(a, (rank - 2, rank - 1))
        found.clique(matrix, np.ones(matrix.rows.shape, bool))
        solution = self.sets(eq, deps, found.sets, known)[0]
        assert solution is not None
        whole = found.sets.reduced(solution, (rank - 2, rank - 1))
        found.pair(matrix, whole, np.ones(matrix.rows.shape, bool))
