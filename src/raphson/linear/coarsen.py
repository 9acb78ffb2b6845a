"""From a sparse matrix to ever smaller ones: which variables are taken together, and which products of entries make
the smaller matrix. Known from the pattern alone, worked out once, on the host."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from raphson.kernel.record import record
from raphson.linear.structure import SparseStructure, host_pattern, sparse_structure
from raphson.linear.sums import SumPlan, sum_plan

Indices = NDArray[Any]

COARSEST = 640
"""Variables of the last matrix, at most: its dense factor takes a few milliseconds at a point, and a round less is
compiled sooner."""

SLOW = 0.6
"""A pattern of which more than so much is left after a round is not coarsened: its variables are hardly coupled."""

ROUNDS = 16
"""Matrices at most."""

MOST_TERMS = 400
"""Products of entries for a smaller matrix, at most, for a variable of the larger one: 3200 bytes of places. Seven
points of a square take 30, seven of a cube 90."""


@record
class Coarsening:
    """One round: from a matrix A (n, n) on a `structure` to P'AP (m, m).

    P (n, m) has its entries at `rows`; `own` are those that belong to a variable's own aggregate.
    `smeared` sums the entries of A t by aggregates on the pattern of P, `halfway` the values of A P, `coarse` those of
    P'AP; `up` is P e and `down` P'r.
    """

    structure: SparseStructure
    rows: Any
    own: Any
    smeared: SumPlan
    halfway: SumPlan
    coarse: SumPlan
    up: SumPlan
    down: SumPlan


@record
class Grids:
    """All rounds, and the pattern of the last matrix (at most `COARSEST` rows)."""

    rounds: tuple[Coarsening, ...]
    last: SparseStructure


@dataclass(frozen=True)
class WholeRows:
    """A symmetric pattern row after row: row i has the `columns`[start[i]:start[i + 1]], at `slots` of the values."""

    start: Indices
    rows: Indices
    columns: Indices
    slots: Indices

    @staticmethod
    def of(structure: SparseStructure) -> "WholeRows":
        """Of a structure, whose every row has its diagonal."""
        low_rows, low_columns = host_pattern(structure)
        slot = np.arange(low_rows.size, dtype=np.int32)
        off = low_rows != low_columns
        rows, columns = np.r_[low_columns, low_rows[off]], np.r_[low_rows, low_columns[off]]
        order = np.lexsort((columns, rows))
        rows = rows[order]
        start = np.searchsorted(rows, np.arange(structure.size + 1))
        return WholeRows(start, rows, columns[order], np.r_[slot, slot[off]][order])

    def largest(self, numbers: Indices) -> Indices:
        """The largest number of each row's columns (n,)."""
        return np.maximum.reduceat(numbers[self.columns], self.start[:-1])


def grids_of(structure: SparseStructure) -> Grids | None:
    """Rounds until `COARSEST` variables are left; None where the pattern does not shrink fast enough, or where a round
    would take too many products of entries, before they are listed."""
    rounds: list[Coarsening] = []
    while structure.size > COARSEST and len(rounds) < ROUNDS:
        rows = WholeRows.of(structure)
        aggregate = aggregates(rows)
        if int(aggregate.max()) + 1 > SLOW * structure.size:
            return None
        found = coarsening(structure, rows, aggregate)
        if found is None:
            return None
        one, structure = found
        rounds.append(one)
    if structure.size > COARSEST or not rounds:
        return None
    return jax.tree.map(jnp.asarray, Grids(tuple(rounds), structure))


def aggregates(p: WholeRows) -> Indices:
    """The aggregate (n,) of every variable, from 0 on: roots that are no two of them closer than three couplings, with
    what is one coupling away, then two.

    By random priorities, all variables at a time: the same for one pattern, about ten passes.
    Source: Bell, Dalton and Olson (2012), "Exposing fine-grained parallelism in algebraic multigrid methods".
    """
    n = p.start.size - 1
    priority = np.random.default_rng(0).permutation(n).astype(np.int64) + 1
    root, free = np.zeros(n, bool), np.ones(n, bool)
    while free.any():
        standing = np.where(root, n + 1, np.where(free, priority, 0))
        best = p.largest(p.largest(standing))
        root |= free & (best == standing)
        free &= p.largest(p.largest(root.astype(np.int8))) == 0
    found = np.where(root, np.cumsum(root) - 1, -1)
    for _ in range(2):
        found = np.where(found >= 0, found, p.largest(found))
    return found


def coarsening(
    structure: SparseStructure, p: WholeRows, aggregate: Indices
) -> tuple[Coarsening, SparseStructure] | None:
    """The round with these aggregates, and the pattern of the smaller matrix; None where it is too large."""
    n, m = structure.size, int(aggregate.max()) + 1
    keys, place = np.unique(p.rows.astype(np.int64) * m + aggregate[p.columns], return_inverse=True)
    rows, columns = np.divmod(keys, m)
    start = np.searchsorted(rows, np.arange(n + 1))
    count = np.diff(start)
    if int(np.sum(count[p.columns])) > MOST_TERMS * n:
        return None
    # A P: entry (i, k) of A meets every entry of row k of P.
    entry, other = paired(start, p.columns)
    halves, half = np.unique(p.rows[entry].astype(np.int64) * m + columns[other], return_inverse=True)
    half_rows, half_columns = np.divmod(halves, m)
    half_start = np.searchsorted(half_rows, np.arange(n + 1))
    if int(np.sum(np.diff(half_start)[rows])) > MOST_TERMS * n:
        return None
    # P'(A P), the lower triangle: entry (i, j) of P meets every entry of row i of A P.
    left, right = paired(half_start, rows)
    low = columns[left] >= half_columns[right]
    left, right = left[low], right[low]
    smaller, slot = sparse_structure(columns[left], half_columns[right], m)
    every = np.arange(keys.size, dtype=np.int32)
    own = columns == aggregate[rows]
    one = Coarsening(
        structure, rows.astype(np.int32), own, sum_plan(place, p.slots, p.columns, keys.size),
        sum_plan(half, p.slots[entry], other, halves.size), sum_plan(slot, left, right, smaller.entries),
        sum_plan(rows, every, columns, n), sum_plan(columns, every, rows, m),
    )  # fmt: skip
    return one, smaller


def paired(start: Indices, row: Indices) -> tuple[Indices, Indices]:
    """Every place k of `row` with every place of row[k] in a pattern whose rows begin at `start`: both as places."""
    count = np.diff(start)[row]
    first = np.repeat(np.arange(row.size, dtype=np.int32), count)
    within = np.arange(first.size) - np.repeat(np.cumsum(count) - count, count)
    return first, (np.repeat(start[row], count) + within).astype(np.int32)
