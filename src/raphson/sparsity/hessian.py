"""Which variables meet in second derivatives: noted equation by equation, multiplied out once at the end.

An operation phi(u_1, u_2, ...) that is not linear adds d2phi/du_a du_b (grad u_a)(grad u_b)' to the Hessian. With the
index sets of u_a and u_b as rows of boolean matrices E_a, E_b over all elements, the places are E_a'E_b and its
transpose; elements that share a set count once. Source of the idea: Walther, Computing sparse Hessians with automatic
differentiation, ACM TOMS 34 (2008), there with one set for each scalar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from raphson.sparsity.dependence import Csr, Dependence, Sets, broadcast
from raphson.sparsity.tape import TooDense

CHUNK = 20_000_000
"""Products formed at a time: 0.1 GB of places, of which most are usually the same."""
WORTH_SORTING = 32
"""Products for each index from which on equal sets are looked for first: sorting a million sets takes 0.5 s, as long as
the product of a million sets of eight."""
MOST_WORK = 40
"""Products that may be formed for each entry that is allowed; beyond, the same places are met too often: 20 s."""


class Meetings:
    """The pairs of sets that meet, by the bases that they are rows of."""

    def __init__(self, sets: Sets):
        self.sets = sets
        self.bases: dict[int, Csr | None] = {}
        self.alone: dict[int, np.ndarray] = {}  # base -> which of its sets meet themselves
        self.together: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] = {}

    def clique(self, dep: Dependence, live: np.ndarray) -> None:
        """All variables of one element's set meet, for every live element."""
        if dep.base is None:  # single variables meet themselves: the diagonal, which is always there
            return
        flags = self.flags(dep.base)
        flags[broadcast(dep, live.shape).rows[live]] = True

    def flags(self, base: Csr) -> np.ndarray:
        """One mark for each set of a base, and one for none."""
        self.bases[id(base)] = base
        return self.alone.setdefault(id(base), np.zeros(base.shape[0] + 1, bool))

    def pair(self, a: Dependence, b: Dependence, live: np.ndarray) -> None:
        """The variables of a's set meet those of b's, for every live element."""
        first, second = broadcast(a, live.shape).rows[live], broadcast(b, live.shape).rows[live]
        both = (first >= 0) & (second >= 0)
        if a.base is b.base:
            same = both & (first == second)
            if a.base is not None:
                self.flags(a.base)[first[same]] = True
            both &= ~same
        if both.any():
            self.bases[id(a.base)], self.bases[id(b.base)] = a.base, b.base
            self.together.setdefault((id(a.base), id(b.base)), []).append((first[both], second[both]))

    def matrix(self) -> Csr:
        """All places of the Hessian (n, n), with the diagonal."""
        n = self.sets.n
        every = np.arange(n)
        total = self.sets.csr(np.arange(n + 1), every)
        for part in [self.cliques(), *self.pairs()]:
            if part is not None:
                total = total + part
                self.allowed(total.nnz)
        return total

    def allowed(self, count: int) -> None:
        if count > self.sets.most:
            raise TooDense("the matrix", count, self.sets.most)

    def cliques(self) -> Csr | None:
        """E'E over all sets that meet themselves."""
        chosen: list[Csr] = []
        for key, flags in self.alone.items():
            base: Any = self.bases[key]
            wanted = flags[:-1] & (np.diff(base.indptr) > 1)
            if wanted.any():
                chosen.append(base if wanted.all() else base[np.flatnonzero(wanted)])
        if not chosen:
            return None
        counts = [0, *np.cumsum([c.nnz for c in chosen])]
        starts = [
            np.zeros(1, np.int64),
            *(c.indptr[1:].astype(np.int64) + k for c, k in zip(chosen, counts, strict=False)),
        ]
        stacked = self.sets.csr(np.concatenate(starts), np.concatenate([c.indices for c in chosen]))
        lengths = np.diff(stacked.indptr).astype(np.int64)
        self.allowed(int(lengths.max()) ** 2)
        if (lengths**2).sum() > WORTH_SORTING * stacked.nnz:
            stacked = distinct(stacked)
        return self.product(stacked, stacked)

    def pairs(self) -> list[Csr | None]:
        """E_a' M E_b and its transpose for all bases that meet, M saying which of their sets."""
        parts: list[Csr | None] = []
        for (i, j), lists in self.together.items():
            a, b = self.bases[i], self.bases[j]
            n = self.sets.n
            shape = (n if a is None else a.shape[0], n if b is None else b.shape[0])
            first = np.concatenate([p for p, _ in lists])
            second = np.concatenate([q for _, q in lists])
            M: Csr = csr_array((np.ones(len(first), bool), (first, second)), shape)
            if b is not None:
                self.foresee(np.diff(b.indptr)[M.indices].sum(dtype=np.int64))
                used = np.flatnonzero(np.diff(M.indptr))
                M = csr_array(M[used] @ b)
                a = self.sets.csr(np.arange(n + 1), np.arange(n))[used] if a is None else a[used]
            place = M if a is None else self.product(a, M)
            parts.append(place + csr_array(place.T))
        return parts

    def foresee(self, work: Any) -> None:
        if work > MOST_WORK * self.sets.most:
            raise TooDense("all products of index sets together", work, MOST_WORK * self.sets.most)

    def product(self, left: Csr, right: Csr) -> Csr:
        """left'right, in pieces of bounded size."""
        work = np.cumsum(np.diff(left.indptr).astype(np.int64) * np.diff(right.indptr))
        self.foresee(int(work[-1]))
        widest = np.diff(work, prepend=0)
        self.allowed(int(widest.max()))
        total: Any = None
        first = 0
        while first < left.shape[0]:
            done = work[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(work, done + CHUNK, "right")))
            whole = first == 0 and last >= left.shape[0]
            l, r = (left, right) if whole else (left[first:last], right[first:last])
            part: Csr = csr_array(l.T.tocsr() @ r)
            part.sort_indices()
            total = part if total is None else total + part
            self.allowed(total.nnz)
            first = last
        return total


def distinct(base: Csr) -> Csr:
    """The different sets among rows, told apart by random sums of 64 bits: two that are taken for one by accident are
    as likely as 1e-8 for a million sets."""
    weights = np.random.default_rng(0).integers(0, 2**64, base.shape[1], np.uint64)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(weights[base.indices])])
    keys = sums[base.indptr[1:]] - sums[base.indptr[:-1]]
    _, kept = np.unique(keys, return_index=True)
    return base if len(kept) == base.shape[0] else base[np.sort(kept)]
