"""Few colors for the variables of a sparse derivative: as many products as there are colors give all its entries.

A pattern is `start` (m + 1,) and `column` (nnz,), compressed rows with ascending columns; that of a Hessian is
symmetric. A coloring belongs to a pattern and takes up to seconds where n is a million: it is made once and
kept with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from raphson.sparsity.fold import fold_twins
from raphson.sparsity.greedy import (
    column_colors,
    dense_first,
    dense_rows,
    largest_first,
    lists_of,
    neighbor_lists,
    ranked_colors,
    smallest_last,
    star_colors,
)
from raphson.sparsity.lattice import lattice_colors

EFFORT = 10_000_000
"""Entries that greedy passes look at before no further one is begun (the first always is): 3 to 10 s. A color that is
saved saves a product at every point of every run."""

CHEAP = 1_000_000
"""Entries up to which a pattern is also colored as it is where a folded one has a coloring, and what is left of it
without its dense rows: less than 2 s."""

WIDE = 0.1
"""A row with this part of all places is taken out whatever the pattern's size: where it lacks some places, as a
parameter of half of the terms does, no pass finds what is beside it (a chain: 5 colors and not 4)."""


@dataclass(frozen=True)
class Coloring:
    """`color` (n,) int32 from 0 to `count` - 1: variables of one color share a product."""

    color: np.ndarray
    count: int


@dataclass(frozen=True)
class Crowded:
    """No coloring with at most `most` colors was found, and none exists with fewer than `least`."""

    least: int
    most: int


def color_symmetric(start: np.ndarray, column: np.ndarray, most: int | None = None) -> Coloring | Crowded:
    """Colors the variables of a symmetric pattern so that every entry (i, j) can be read off a product: row i of that
    with the seed of color(j) has no other entry of this color, or row j of that with the seed of color(i) has none.

    Several ways are gone and the fewest colors kept: variables with the same neighbors as one; a tiling where the
    pattern is a grid; greedy star colorings in the order of the variables with dense rows before them, by degree, and
    smallest degree last; and k dense rows with a color each, beside those of what is left. The same pattern always
    has the same coloring. `most`: where more are of no use, the search ends early.
    """
    start, column = np.asarray(start), np.asarray(column)
    most = start.size - 1 if most is None else min(most, start.size - 1)
    found = color_whole(start, column, most)
    if column.size > CHEAP and np.max(np.diff(start)) < WIDE * (start.size - 1):
        return found
    return bordered(start, column, found.count - 1 if isinstance(found, Coloring) else most) or found


def bordered(start: np.ndarray, column: np.ndarray, most: int) -> Coloring | None:
    """A color for each dense row, and a coloring of the pattern without them: what a border adds to the colors of a
    pattern is never more than its rows. None where there are none, or `most` colors are not enough."""
    row = entry_rows(start)

    def others(rest: np.ndarray, most: int) -> Coloring | Crowded:
        keep = rest[row] & rest[column]
        length = np.bincount(row[keep], minlength=rest.size)[rest]
        place = np.cumsum(rest, dtype=np.int32) - 1
        return color_whole(np.concatenate([[0], np.cumsum(length)]), place[column[keep]], most)

    return beside_dense(np.diff(start), others, most)


def beside_dense(
    degree: np.ndarray, others: Callable[[np.ndarray, int], Coloring | Crowded], most: int
) -> Coloring | None:
    """`others(rest, most)` colors what is not dense (a mask), and what is dense has colors of its own."""
    dense = dense_rows(degree)
    if dense.size == 0 or dense.size >= most:
        return None
    rest = np.ones(degree.size, bool)
    rest[dense] = False
    left = others(rest, most - dense.size)
    if not isinstance(left, Coloring):
        return None
    color = np.empty(degree.size, np.int32)
    color[rest], color[dense] = left.color + np.int32(dense.size), np.arange(dense.size)
    return Coloring(color, left.count + dense.size)


def color_whole(start: np.ndarray, column: np.ndarray, most: int) -> Coloring | Crowded:
    """The same with dense rows where they come: by folding, tiling and greedy passes."""
    n, row, best = start.size - 1, entry_rows(start), None
    fold = fold_twins(row, column, n)
    if fold is not None:
        narrow = color_graph(fold.start, fold.column, most)
        if isinstance(narrow, Coloring):
            color, count = fold.unfolded(narrow.color)
            best = Coloring(color, count) if count <= most else None
        if best is not None and column.size > CHEAP:
            return best
    plain = color_graph(start, column, most if best is None else best.count - 1)
    return plain if best is None or isinstance(plain, Coloring) else best


def color_graph(start: np.ndarray, column: np.ndarray, most: int) -> Coloring | Crowded:
    """The same without folding."""
    row, n = entry_rows(start), start.size - 1
    degree = np.diff(start) - np.bincount(row[row == column], minlength=n)
    floor = fewest(row, column, degree)
    if floor > most:
        return Crowded(floor, most)
    best, tight = bordered_lattice(row, column, degree, most)
    if n and (best is None or best.count > floor) and not (tight and floor > 2):
        best = greedy(start, column, degree, floor, most if best is None else best.count - 1) or best
    if best is None:
        return Coloring(np.zeros(0, np.int32), 0) if n == 0 else Crowded(floor, most)
    return best


def entry_rows(start: np.ndarray) -> np.ndarray:
    """The row of every entry, int32."""
    return np.repeat(np.arange(start.size - 1, dtype=np.int32), np.diff(start))


def fewest(row: np.ndarray, column: np.ndarray, degree: np.ndarray) -> int:
    """A number of colors below which no star coloring goes.

    Two colors make a forest of stars, so k of them hold at most (k - 1) n edges. One is enough for a diagonal, two
    where every edge has a free end; an edge between two vertices that go on is part of a triangle or of a path of
    four.
    """
    edges = int(degree.sum()) // 2
    if edges == 0:
        return min(degree.size, 1)
    joined = bool(np.any((degree[row] > 1) & (degree[column] > 1) & (row != column)))
    return max(3 if joined else 2, -(-edges // degree.size) + 1)


def bordered_lattice(
    row: np.ndarray, column: np.ndarray, degree: np.ndarray, most: int
) -> tuple[Coloring | None, bool]:
    """A tiling of what is a grid but for a few dense rows, each of which has a color of its own; and whether it is
    tight, with as many colors as a row has entries: no pattern was met where a greedy coloring then has fewer."""
    dense = dense_rows(degree)
    if dense.size:
        rest = np.ones(degree.size, bool)
        rest[dense] = False
        keep = rest[row] & rest[column]
        row, column = row[keep], column[keep]
    found = lattice_colors(row, column, degree.size, most - dense.size)
    if found is None:
        return None, False
    color, count = found[0] + np.int32(dense.size), found[1]
    color[dense] = np.arange(dense.size)
    return Coloring(color, count + dense.size), count == np.bincount(row, minlength=1).max()


def greedy(start: np.ndarray, column: np.ndarray, degree: np.ndarray, floor: int, most: int) -> Coloring | None:
    """The best of three greedy colorings with at most `most` colors: each is the only best one on some kind of
    pattern."""
    near, best, effort = neighbor_lists(start, column), None, 0
    for rule, order in (
        (star_colors, lambda: dense_first(degree)),
        (ranked_colors, lambda: largest_first(degree)),
        (star_colors, lambda: smallest_last(near)),
    ):
        color = rule(near, order(), most)
        if color is not None:
            best = Coloring(color, int(color.max()) + 1)
            most = best.count - 1
        effort += column.size
        if most < floor or effort > EFFORT:
            break
    return best


def color_columns(start: np.ndarray, column: np.ndarray, n: int, most: int | None = None) -> Coloring | Crowded:
    """Colors the columns (n,) of a pattern (m, n); those of one color have no row in common: J by forward mode."""
    start, column = np.asarray(start), np.asarray(column)
    return color_apart(entry_rows(start), column, (start.size - 1, n), most)


def color_rows(start: np.ndarray, column: np.ndarray, n: int, most: int | None = None) -> Coloring | Crowded:
    """Colors the rows (m,) of a pattern (m, n); those of one color have no column in common: J by reverse mode."""
    start, column = np.asarray(start), np.asarray(column)
    return color_apart(column, entry_rows(start), (n, start.size - 1), most)


def color_apart(row: np.ndarray, column: np.ndarray, shape: tuple[int, int], most: int | None) -> Coloring | Crowded:
    """Colors columns as they come or, where that is fewer, a color for each dense one and the others without them."""
    m, n = shape
    most = n if most is None else min(most, n)
    found = apart_as_they_come(row, column, shape, most)

    def others(rest: np.ndarray, most: int) -> Coloring | Crowded:
        keep = rest[column]
        place = np.cumsum(rest, dtype=np.int32) - 1
        return apart_as_they_come(row[keep], place[column[keep]], (m, int(np.sum(rest))), most)

    least = found.count - 1 if isinstance(found, Coloring) else most
    return beside_dense(np.bincount(column, minlength=n), others, least) or found


def apart_as_they_come(row: np.ndarray, column: np.ndarray, shape: tuple[int, int], most: int) -> Coloring | Crowded:
    """By a tiling, else by the better of two first fits, as they come and the fullest first."""
    m, n = shape
    floor = int(np.bincount(row).max()) if row.size else min(n, 1)
    if floor > most:
        return Crowded(floor, most)
    found = lattice_colors(row, column, n, most)
    best = None if found is None else Coloring(*found)
    if n and (best is None or best.count > floor):
        length = np.bincount(column, minlength=n)
        lists = lists_of(np.concatenate([[0], np.cumsum(length)]), row[np.argsort(column, kind="stable")])
        limit = most if best is None else best.count - 1
        for order in (range(n), largest_first(length)):
            color = column_colors(lists, m, order, limit)
            if color is not None:
                best = Coloring(color, int(color.max()) + 1)
                limit = best.count - 1
            if limit < floor:
                break
    if best is None:
        return Coloring(np.zeros(0, np.int32), 0) if n == 0 else Crowded(floor, most)
    return best
