"""Variables with the same neighbors, several fields at one node or the numbers of one pose, folded into one.

The folded pattern is a grid again, or a graph with a w-th of the vertices and a w^2-th of the entries, and a coloring
of it gives one of the variables: a color for each of them in every color of the folded ones.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fold:
    """A pattern of groups, `start` and `column`; `group` (n,) of every variable, and its `place` (n,) in it."""

    start: np.ndarray
    column: np.ndarray
    group: np.ndarray
    place: np.ndarray

    def unfolded(self, color: np.ndarray) -> tuple[np.ndarray, int]:
        """Colors of the variables, and how many, from those of the groups: as many for each as its widest group has."""
        width = np.zeros(int(color.max()) + 1, np.int64)
        np.maximum.at(width, color[self.group], self.place + 1)
        first = np.cumsum(width) - width
        return (first[color][self.group] + self.place).astype(np.int32), int(width.sum())


def fold_twins(row: np.ndarray, column: np.ndarray, n: int) -> Fold | None:
    """Groups of variables whose rows agree, the diagonal counted in; None where hardly any do.

    Rows are compared by sums of random numbers, one a column: of a million rows two that differ have the same sum with
    probability 3e-8 (and then an entry without a reading would be found, compress.py).
    """
    number = np.random.default_rng(0).integers(0, 2**63, n, dtype=np.uint64)
    off = row != column
    total = number + row_sums(number[column[off]], row[off], n)
    _, first, group = np.unique(total, return_index=True, return_inverse=True)
    if first.size > 0.75 * n or n == 0:
        return None
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first)] = np.arange(first.size)  # groups in the order of their first variables
    group = rank[group]
    leads = np.zeros(n, bool)
    leads[first] = True
    keep = leads[row] & leads[column]
    start = np.concatenate([[0], np.cumsum(np.bincount(group[row[keep]], minlength=first.size))])
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return Fold(start, group[column[keep]], group, place)


def row_sums(numbers: np.ndarray, row: np.ndarray, n: int) -> np.ndarray:
    """Sums (n,) of the numbers of each row, modulo 2^64; `row` ascends."""
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(numbers, dtype=np.uint64)])
    return np.diff(total[np.searchsorted(row, np.arange(n + 1))])
