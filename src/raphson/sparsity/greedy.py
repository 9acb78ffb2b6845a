"""Star colorings of a symmetric pattern, one vertex after another: each takes the first color that its neighborhood
allows.

A set of colors is one Python integer, a bit a color, so "which colors are taken" is an `or` over neighbors. Plain
loops, with nothing to compile: 0.1 to 0.8 us a nonzero.

In a star coloring neighbors differ, and a path of four vertices has three colors at least. Then an entry (i, j) stands
alone in row i of the product with the seed of color(j), or in row j of that with the seed of color(i).
Source: Gebremedhin, Manne, Pothen (2005), "What color is your Jacobian?"; Gebremedhin, Tarafdar, Manne, Pothen (2007),
"New acyclic and star coloring algorithms with application to computing Hessians".
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Lists = list[list[int]]


def lists_of(start: np.ndarray, column: np.ndarray) -> Lists:
    """Compressed rows as lists."""
    names = np.arange(int(column.max(initial=-1)) + 1).astype(object)  # one object a number: 8 bytes an entry, not 40
    flat: list[int] = names[column].tolist()
    return [flat[a:b] for a, b in pairwise(start.tolist())]


def neighbor_lists(start: np.ndarray, column: np.ndarray) -> Lists:
    """The neighbors of every vertex, without itself."""
    off = column != np.repeat(np.arange(start.size - 1), np.diff(start))
    return lists_of(np.concatenate([[0], np.cumsum(off)])[start], column[off])


def star_colors(near: Lists, order: Sequence[int], most: int) -> np.ndarray | None:
    """Colors (n,) that leave no path of four vertices with two colors; None where `most` are not enough.

    `once` and `twice` of a vertex: the colors that one, and more than one, of its neighbors have. A vertex whose
    neighbors repeat a color is the hub of a star. `beyond` of a vertex: the colors of those hubs beside it to whose
    star it belongs: a further neighbor of that color would make a path of four.
    """
    n, end = len(near), 1 << most
    own, once, twice, beyond = [0] * n, [0] * n, [0] * n, [0] * n
    for u in order:
        row, double = near[u], twice[u]
        taken = once[u]
        for w in row:
            taken |= beyond[w]
        if double:  # u will be a hub: what lies behind its star must differ from it
            for w in row:
                if own[w] & double:
                    taken |= once[w]
        bit = ~taken & (taken + 1)
        if bit >= end:
            return None
        own[u] = bit
        for w in row:
            if not once[w] & bit:
                once[w] |= bit
            elif twice[w] & bit:
                beyond[u] |= own[w]
            else:  # w has become a hub
                twice[w] |= bit
                if own[w]:
                    for x in near[w]:
                        if own[x] == bit:
                            beyond[x] |= own[w]
        if double:
            for x in row:
                if own[x] & double:
                    beyond[x] |= bit
    return numbers(own)


def ranked_colors(near: Lists, order: Sequence[int], most: int) -> np.ndarray | None:
    """Colors (n,) of which the neighbors of a vertex repeat none that is lower than its own; None as above.

    Every star then has a hub of higher color than its ends. More is forbidden, and looking it up costs a third; where
    first fit falls into a regular tiling, or beside dense rows, it ends with fewer.
    """
    n, end = len(near), 1 << most
    own, taken_by = [end] * n, [0] * n  # before a vertex has a color all count as lower
    for u in order:
        row, taken = near[u], 0
        for w in row:
            taken |= taken_by[w]
        bit = ~taken & (taken + 1)
        if bit >= end:
            return None
        for w in row:
            if bit < own[w]:
                taken_by[w] |= bit
        own[u] = bit
        taken_by[u] = taken_by[u] & (bit - 1) | bit
    return numbers(own)


def column_colors(lists: Lists, m: int, order: Sequence[int], most: int) -> np.ndarray | None:
    """Colors of columns that have no row in common, from the rows (of m) in which each has entries; None as above.

    Source: Curtis, Powell and Reid (1974), "On the estimation of sparse Jacobian matrices".
    """
    own, taken_by, end = [1] * len(lists), [0] * m, 1 << most
    for u in order:
        rows, taken = lists[u], 0
        for i in rows:
            taken |= taken_by[i]
        own[u] = bit = ~taken & (taken + 1)
        if bit >= end:
            return None
        for i in rows:
            taken_by[i] |= bit
    return numbers(own)


def numbers(bits: list[int]) -> np.ndarray:
    """Colors as numbers."""
    return np.fromiter((bit.bit_length() - 1 for bit in bits), np.int32, len(bits))


def dense_rows(degree: np.ndarray) -> np.ndarray:
    """The vertices of dense rows, the densest first: those that are better colored before all others.

    Colored last, a vertex may cost as many colors as it has neighbors, which must all differ by then; colored first it
    costs one. So the rows above a degree t are taken out where t + (number of rows above t) is smallest.
    """
    down = np.sort(degree)[::-1]
    limit = down[np.argmin(down + np.arange(down.size))] if down.size else 0
    dense = np.flatnonzero(degree > limit)
    return dense[np.argsort(-degree[dense], kind="stable")]


def dense_first(degree: np.ndarray) -> list[int]:
    """The vertices as they come, but for those of dense rows."""
    dense = dense_rows(degree)
    return [*dense.tolist(), *np.delete(np.arange(degree.size), dense).tolist()]


def largest_first(degree: np.ndarray) -> list[int]:
    """The vertices by their number of neighbors.

    Source: Welsh and Powell (1967), "An upper bound for the chromatic number of a graph".
    """
    return np.argsort(-degree, kind="stable").tolist()


def smallest_last(near: Lists) -> list[int]:
    """Last comes a vertex with the fewest neighbors, before it one with the fewest among the others, and so on.

    Source: Matula and Beck (1983), "Smallest-last ordering and clustering and graph coloring algorithms".
    """
    degree = [len(row) for row in near]
    waiting: Lists = [[] for _ in range(max(degree, default=0) + 1)]
    for u in reversed(range(len(near))):
        waiting[degree[u]].append(u)
    order: list[int] = []
    low = 0
    while len(order) < len(near):
        while not waiting[low]:
            low += 1
        u = waiting[low].pop()
        if degree[u] != low:  # it has moved to a lower bucket, or is out
            continue
        degree[u] = -1
        order.append(u)
        for w in near[u]:
            if degree[w] > 0:
                degree[w] -= 1
                waiting[degree[w]].append(w)
        low = max(low - 1, 0)
    return order[::-1]
