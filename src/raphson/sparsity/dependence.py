"""Which variables each element of an array depends on: index sets as rows of a sparse matrix, shared where they can be.

An array of a million elements that are variables, moved about, needs one integer an element and no set at all; sets are
written out where arrays are combined, and elements that have the same set share its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from raphson.sparsity.tape import TooDense

Csr = Any
"""scipy.sparse.csr_array of booleans, whose types SciPy declares only in part."""

DISTINCT = 4_000_000
"""Indices from which on it pays to look for elements whose sets are the same before uniting them: sorting the pairs of
a million elements takes 0.1 s, as long as uniting four million indices."""


MOST_SPENT = 40
"""Indices formed on the way, for each entry that a pattern may have: some 20 s, longer than the passes may take."""


@dataclass(frozen=True, eq=False)
class Dependence:
    """The sets of an array's elements: `rows`, of the array's shape, says which row of `base` (sets x n) is an
    element's set, -1 for none. `base` None is the identity: row j is the variable j alone.
    """

    rows: np.ndarray
    base: Csr | None = None

    @property
    def lengths(self) -> np.ndarray:
        """How many variables each set of the base has."""
        return np.diff(self.base.indptr) if self.base is not None else np.ones(1, np.int32)


class Sets:
    """What is done with index sets of n variables; `most`: indices that one array's sets may have together."""

    def __init__(self, n: int, most: int):
        self.n, self.most = n, most
        self.spent = 0

    def check(self, count: Any) -> None:
        """Raises TooDense before so many indices are formed."""
        if count > self.most:
            raise TooDense("the index sets of an intermediate array", count, self.most)
        self.spend(count)

    def spend(self, count: Any) -> None:
        """Counts indices that are formed; raises TooDense where all of them together take too long."""
        self.spent += int(count)
        if self.spent > MOST_SPENT * self.most:
            raise TooDense("all index sets on the way together", self.spent, MOST_SPENT * self.most)

    def csr(self, start: np.ndarray, column: np.ndarray, width: int = 0) -> Csr:
        """Sets from where they begin and what they hold."""
        kind = np.int32 if max(len(column), self.n, width) < 2**31 else np.int64
        held = np.ones(len(column), bool)
        shape = (len(start) - 1, width or self.n)
        return csr_array((held, column.astype(kind, copy=False), start.astype(kind, copy=False)), shape)

    def explicit(self, dep: Dependence) -> Csr:
        """One row for each element, in order (size, n)."""
        rows = dep.rows.ravel()
        here = rows >= 0
        everywhere = bool(here.all())
        lengths = here.astype(np.int64)
        if dep.base is not None:
            if len(rows) == dep.base.shape[0] and np.array_equal(rows, np.arange(len(rows))):
                return dep.base
            lengths = dep.lengths[rows] * lengths
        start = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        self.check(start[-1])
        present = rows if everywhere else rows[here]
        return self.csr(start, present if dep.base is None else dep.base[present].indices)

    def joined(self, deps: Sequence[Dependence]) -> tuple[list[np.ndarray], Csr | None]:
        """The rows of several arrays on one common base."""
        bases = list({id(d.base): d.base for d in deps}.values())
        if len(bases) == 1:
            return [d.rows for d in deps], bases[0]
        placed: list[np.ndarray] = []
        parts: list[Csr] = []
        offset: dict[int, int] = {}
        total = 0
        for d in deps:
            if d.base is None:
                shift, part, rows = total, self.explicit(d), np.arange(d.rows.size).reshape(d.rows.shape)
            else:
                part, rows = d.base, d.rows
                shift = offset.setdefault(id(part), total)
            if shift == total:
                parts.append(part)
                total += part.shape[0]
            placed.append(np.where(rows < 0, -1, rows + shift))
        ends = np.cumsum([0, *(p.nnz for p in parts)])
        starts = [np.zeros(1, np.int64), *(p.indptr[1:] + e for p, e in zip(parts, ends, strict=False))]
        return placed, self.csr(np.concatenate(starts), np.concatenate([p.indices for p in parts]))

    def union(self, deps: Sequence[Dependence | None], shape: tuple[int, ...]) -> Dependence | None:
        """Elementwise union; arrays without dependence (None) add nothing, scalars are broadcast."""
        found: Dependence | None = None
        for dep in deps:
            if dep is not None:
                dep = broadcast(dep, shape)
                found = dep if found is None else self.both(found, dep)
        return found

    def both(self, a: Dependence, b: Dependence) -> Dependence:
        """The elementwise union of two arrays of one shape."""
        if a.base is b.base and (a.rows is b.rows or np.array_equal(a.rows, b.rows)):
            return a
        shape = a.rows.shape
        common = [ax for ax in range(len(shape)) if shape[ax] > 1 and not a.rows.strides[ax] and not b.rows.strides[ax]]
        if common:  # both are broadcast along these axes: once is enough
            once = tuple(slice(0, 1) if ax in common else slice(None) for ax in range(len(shape)))
            return broadcast(self.both(Dependence(a.rows[once], a.base), Dependence(b.rows[once], b.base)), shape)
        whole = self.absorbed(a, b)
        if whole is not None:
            return whole
        la, lb = element_lengths(a), element_lengths(b)
        if la.sum() + lb.sum() > DISTINCT and (la.max() > 2 or lb.max() > 2):
            # Elements that have the same two sets have the same union.
            width = 1 + (self.n if b.base is None else b.base.shape[0])
            pairs = (a.rows.ravel() + 1).astype(np.int64) * width + (b.rows.ravel() + 1)
            distinct, first, place = np.unique(pairs, return_index=True, return_inverse=True)
            if 2 * len(distinct) < len(pairs):
                fewer = self.both(Dependence(a.rows.ravel()[first], a.base), Dependence(b.rows.ravel()[first], b.base))
                return Dependence(fewer.rows[place].reshape(shape), fewer.base)
        self.check(la.sum() + lb.sum())
        base: Csr = self.explicit(a) + self.explicit(b)
        lengths = np.diff(base.indptr)
        for dep, length in ((a, la), (b, lb)):
            if np.array_equal(lengths, length):  # the other one's sets are inside: nothing new
                return dep
        return Dependence(np.arange(base.shape[0], dtype=np.int32).reshape(shape), base)

    def absorbed(self, a: Dependence, b: Dependence) -> Dependence | None:
        """The union where sets of all variables take part: these stay one set. None where there is no such set."""
        here = np.zeros(a.rows.shape, bool)
        for d in (a, b):
            if d.base is not None and self.n > 1 and d.lengths.max() == self.n:
                here |= np.append(d.lengths == self.n, False)[d.rows]  # -1 is the last
        if not here.any():
            return None
        every = Dependence(np.where(here, 0, -1), self.csr(np.array([0, self.n]), np.arange(self.n)))
        if here.all():
            return every
        rest = self.both(*(Dependence(np.where(here, -1, d.rows), d.base) for d in (a, b)))
        (first, second), base = self.joined([every, rest])
        return Dependence(np.where(here, first, second), base)

    def unions(self, dep: Dependence, start: np.ndarray, elements: np.ndarray, shape: tuple[int, ...]) -> Dependence:
        """An array of `shape`: element g is the union over `elements[start[g]:start[g + 1]]` of `dep` (-1: none)."""
        rows = dep.rows.ravel()[elements] if dep.rows.size else np.full(elements.shape, -1)
        rows = np.where(elements < 0, -1, rows)
        return self.groups(rows, start, dep.base, shape)

    def groups(self, rows: np.ndarray, start: np.ndarray, base: Csr | None, shape: tuple[int, ...]) -> Dependence:
        """Unions over rows `rows[start[g]:start[g + 1]]` of a base."""
        here = rows >= 0
        if not here.all():
            start = np.concatenate([[0], np.cumsum(here, dtype=np.int64)])[start]
        rows = rows[here]  # a copy: it is sorted below
        self.check(len(rows))
        taken = self.csr(start, rows, self.n if base is None else base.shape[0])
        taken.sum_duplicates()
        counts = np.diff(taken.indptr)
        if base is None or len(counts) == 0 or counts.max() <= 1:
            if len(counts) == 0 or counts.max() <= 1:
                single = np.full(len(counts), -1, taken.indices.dtype)
                single[counts == 1] = taken.indices
                return Dependence(single.reshape(shape), base)
            return Dependence(np.arange(len(counts), dtype=np.int32).reshape(shape), taken)
        self.check(np.diff(base.indptr)[taken.indices].sum(dtype=np.int64))
        united: Csr = csr_array(taken @ base)
        united.sort_indices()
        return Dependence(np.arange(len(counts), dtype=np.int32).reshape(shape), united)

    def reduced(self, dep: Dependence, axes: Sequence[int]) -> Dependence:
        """The union along axes, which go."""
        rows, axes = dep.rows, tuple(axes)
        once = tuple(slice(0, 1) if ax in axes and rows.strides[ax] == 0 else slice(None) for ax in range(rows.ndim))
        rows = rows[once]
        kept = [ax for ax in range(rows.ndim) if ax not in axes]
        shape = tuple(rows.shape[ax] for ax in kept)
        grouped = rows.transpose([*kept, *axes]).reshape(int(np.prod(shape, dtype=np.int64)), -1)
        if grouped.shape[1] == 1:
            return Dependence(grouped.reshape(shape), dep.base)
        start = np.arange(grouped.shape[0] + 1, dtype=np.int64) * grouped.shape[1]
        return self.groups(grouped.ravel(), start, dep.base, shape)

    def smeared(self, dep: Dependence, axes: Sequence[int]) -> Dependence:
        """The union along axes, at every place of them."""
        held = tuple(1 if ax in tuple(axes) else size for ax, size in enumerate(dep.rows.shape))
        once = self.reduced(dep, axes)
        return broadcast(Dependence(once.rows.reshape(held), once.base), dep.rows.shape)


def broadcast(dep: Dependence, shape: tuple[int, ...]) -> Dependence:
    """The same sets for an array of a larger shape."""
    return dep if dep.rows.shape == shape else Dependence(np.broadcast_to(dep.rows, shape), dep.base)


def element_lengths(dep: Dependence) -> np.ndarray:
    """How many variables each element depends on (size,)."""
    rows = dep.rows.ravel()
    here = rows >= 0
    return here.astype(np.int64) if dep.base is None else dep.lengths[rows] * here
