"""Where the entries of a matrix and of its Cholesky factor lie, counted in squares: what pictures show of them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import numpy as np
from numpy.typing import NDArray

from raphson.linear.symbolic import Indices, elimination_tree, lower_in_order, sum_to_root, ways_of

Squares = NDArray[np.int64]


def square_of(index: Indices, n: int, squares: int) -> Indices:
    """The square (0 .. squares - 1) in which each row or column of an n by n matrix lies."""
    return np.asarray(index, np.int64) * squares // n


def matrix_squares(rows: Indices, columns: Indices, n: int, squares: int) -> Squares:
    """How many of the entries at (rows, columns) lie in each of squares x squares parts of the matrix."""
    at = square_of(rows, n, squares) * squares + square_of(columns, n, squares)
    return np.bincount(at, minlength=squares**2).reshape(squares, squares)


def factor_squares(rows: Indices, columns: Indices, order: Indices, squares: int) -> tuple[Squares, Squares]:
    """Entries of L in L L' = P H P', and those of the lower triangle of P H P', in each part; both (squares, squares).

    `rows`, `columns`: of one triangle of H with its diagonal. The rows of L are ways up the elimination tree
    (`ways_of`), and a way crosses a part in one stride: L is never written down. Memory O(n + nnz).
    """
    n = order.size
    lower = lower_in_order(rows, columns, order)
    ways = ways_of(lower, elimination_tree(lower))
    part = np.append(square_of(np.argsort(ways.label), n, squares), squares)  # by postorder number
    depth, beyond = sum_to_root(np.ones(n, np.int64), ways.climb), first_beyond(part, ways.climb)
    found = np.bincount(part[:n] * (squares + 1), minlength=squares**2)  # the diagonal
    of, at, end = part[ways.row], ways.begin, ways.end
    while at.size:
        last = part[at] == part[end]
        to = np.where(last, end, beyond[at])
        # Exact in double precision: counts below 2^53.
        found = found + np.bincount(of * squares + part[at], depth[at] - depth[to], squares**2).astype(np.int64)
        of, at, end = of[~last], to[~last], end[~last]
    entry = lower.tocoo()
    return found.reshape(squares, squares), matrix_squares(entry.row, entry.col, n, squares)


def first_beyond(part: Indices, climb: list[Indices]) -> Indices:
    """The first ancestor of each node that lies in another part; parts never decrease up the tree."""
    at = np.arange(part.size)
    for above in reversed(climb):
        higher = above[at]
        at = np.where(part[higher] == part, higher, at)
    return climb[0][at]
