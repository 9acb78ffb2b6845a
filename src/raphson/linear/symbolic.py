"""What a sparse Cholesky factorization will cost, from the pattern and an order of elimination alone.

Source: Gilbert, Ng and Peyton (1994), "An efficient algorithm to compute row and column counts for sparse Cholesky
factorization"; Liu (1990), "The role of elimination trees in sparse factorization".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[Any]

PATTERNS = 8
"""Patterns remembered at a time."""


@cache
def scipy_sparse() -> Any:
    """SciPy's sparse matrices, with their factorizations: a tenth of a second that `import raphson` does without."""
    import_module("scipy.sparse.linalg")
    return import_module("scipy.sparse")


@dataclass(frozen=True)
class Fill:
    """The foreseen cost of one factorization L L' = P H P'.

    `order` (n,): what is eliminated first, second, ...; `column_counts`, `row_counts` (n,): entries of L in each column
    and row, the diagonal included, in that order. `bytes`: of the factors that are held at a time. `exact`: whether the
    backend will take this very order; else it is another one's, and the counts are a likeness.
    """

    order: Indices
    column_counts: Indices
    row_counts: Indices
    bytes: float = 0.0
    exact: bool = True

    @property
    def nonzeros(self) -> int:
        """Entries of L."""
        return int(self.column_counts.sum(dtype=np.int64))

    @property
    def flops(self) -> float:
        """Additions and multiplications of the numeric factorization: the sum of squared column counts."""
        return float(np.sum(self.column_counts.astype(float) ** 2))

    @property
    def reach(self) -> int:
        """The most entries that a row of L + L' has."""
        return int(np.max(self.column_counts + self.row_counts)) - 1


class PatternMemory[T]:
    """What was found for the last patterns, that of the last use first. Patterns are compared entry by entry: 1 ms at
    n = 1e6."""

    def __init__(self) -> None:
        self.known: list[tuple[Indices, Indices, int, T]] = []

    def find(self, rows: Indices, columns: Indices, n: int, make: Callable[[], T]) -> T:
        """What belongs to this pattern, made now if it was not there."""
        known = self.known  # replaced as a whole: other threads may look at the same time
        for k, (i, j, size, found) in enumerate(known):
            if size == n and np.array_equal(i, rows) and np.array_equal(j, columns):
                self.known = [known[k], *known[:k], *known[k + 1 :]]
                return found
        made = make()
        self.known = [(rows.copy(), columns.copy(), n, made), *known][:PATTERNS]
        return made


def lower_in_order(rows: Indices, columns: Indices, order: Indices) -> Any:
    """The lower triangle of the pattern in another order, as a SciPy matrix by columns, the diagonal first in each."""
    n = order.size
    place = np.empty(n, np.int32)
    place[order] = np.arange(n, dtype=np.int32)
    i, j = place[rows], place[columns]
    ones = np.ones(i.size, np.int8)
    lower = scipy_sparse().csc_array((ones, (np.maximum(i, j), np.minimum(i, j))), shape=(n, n))
    lower.sort_indices()
    return lower


def elimination_tree(lower: Any) -> Indices:
    """The parent of each column (n,), n for a root. A loop in Python: 0.4 s at n = 1e6 (2-D five-point)."""
    by_rows = lower.tocsr()
    n, pointers, columns = lower.shape[0], by_rows.indptr.tolist(), by_rows.indices.tolist()
    parent, ancestor = [n] * n, [n] * n
    for i in range(n):
        for start in columns[pointers[i] : pointers[i + 1]]:
            k = start
            while k < i:  # to the root of what is known, shortening the way for the next
                above, ancestor[k] = ancestor[k], i
                if above == n:
                    parent[k] = i
                k = above
    return np.array(parent, np.int32)


def jumps(parent: Indices) -> list[Indices]:
    """The ancestors 1, 2, 4, ... above each node (n + 1,), up to the height of the tree; node n is above all roots."""
    n = parent.size
    up = [np.append(parent, n).astype(np.int32)]
    while np.any(up[-1] < n):
        up.append(up[-1][up[-1]])
    return up


def sum_to_root(weights: Indices, up: list[Indices]) -> Indices:
    """The sum of the weights (n,) of each node and all above it, (n + 1,) with 0 for node n."""
    total = np.append(weights, 0)
    for above in up:
        total = total + total[above]
    return total


def sum_below(weights: Indices, up: list[Indices]) -> Indices:
    """The sum of the weights (n,) of each node and all below it (n,)."""
    n = weights.size
    total = np.append(weights, 0)
    for above in up:
        # bincount adds doubles: exact for counts below 2^53
        total = total + np.bincount(above[:n], total[:n], n + 1).astype(np.int64)
    return total[:n]


def postorder(parent: Indices, up: list[Indices]) -> Indices:
    """A number for each node such that the nodes below one are numbered consecutively and just before it."""
    n = parent.size
    size = sum_below(np.ones(n, np.int64), up)
    by_parent = np.lexsort((np.arange(n), parent))
    running = np.cumsum(size[by_parent])
    family = parent[by_parent]
    begins = np.concatenate([[True], family[1:] != family[:-1]])
    before = np.repeat((running - size[by_parent])[begins], np.diff(np.append(np.flatnonzero(begins), n)))
    elder = np.empty(n, np.int64)  # nodes below elder siblings
    elder[by_parent] = running - size[by_parent] - before
    return sum_to_root(elder, up)[:n] + size - 1


def counts(lower: Any, parent: Indices) -> tuple[Indices, Indices]:
    """The entries of L in each column and each row, (n,) both.

    Row i of L is the union of the ways up the tree from the columns j of its entries to i. With these columns in
    postorder, the nodes of the ways are counted once by subtracting what begins at the lowest common ancestor of each
    neighboring pair: along the way for the row, at each node for the columns.
    """
    n = parent.size
    up = jumps(parent)
    label = postorder(parent, up)
    named = np.append(label, n)
    climb: list[Indices] = []  # the same jumps between labels
    for above in up:
        climb.append(np.empty(n + 1, np.int64))
        climb[-1][named] = named[above]
    entry = lower.tocoo()
    row, column = label[entry.row], label[entry.col]
    order = np.lexsort((column, row))
    row, column = row[order], column[order]
    pair = row[1:] == row[:-1]
    left, right = column[:-1][pair], column[1:][pair]
    for above in reversed(climb):
        higher = above[left]
        left = np.where(higher < right, higher, left)
    meet = climb[0][left]  # the first ancestor of the left one that is numbered at least as the right one
    depth = sum_to_root(np.ones(n, np.int64), climb)
    entered = np.bincount(row, depth[column], n) - np.bincount(row[1:][pair], depth[meet], n) - (depth[:n] - 1)
    begun = np.bincount(column, minlength=n) - np.bincount(meet, minlength=n)
    begun = begun - np.bincount(climb[0][:n], minlength=n + 1)[:n]
    return sum_below(begun.astype(np.int64), climb)[label], entered.astype(np.int64)[label]


def fill_of_order(rows: Indices, columns: Indices, order: Indices) -> Fill:
    """The fill of a pattern for a given order of elimination, exactly."""
    lower = lower_in_order(rows, columns, order)
    return Fill(order, *counts(lower, elimination_tree(lower)))
