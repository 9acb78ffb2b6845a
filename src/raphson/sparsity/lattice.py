"""Colorings of grids: color = (sum of weights times grid coordinates) mod K, found from the pattern alone.

First fit on a grid leaves colors behind that depend on its width: 7 points of a minimal surface get 9 colors instead
of 7, 7 points of a cube 11. A lattice covers them without loss wherever a tiling of the plane by the stencil is one.
The grid is not told: the distances i - j of entries cluster around multiples of its strides, so members of these
clusters are tried as strides. A coloring found so has all columns of a color without a common row.
Source: for the tilings, Goldfarb and Toint (1984), "Optimal estimation of Jacobian and Hessian matrices that arise in
finite difference calculations".
"""

from itertools import product

import numpy as np

DISTANCES = 64
"""Different distances from which on a pattern is no grid: a cube's 27 points have 27, two radii in the plane 25."""

SAMPLE = 200_000
"""Entries from the middle of the pattern by which strides are tried, at once some thousand rows of any stencil."""

STRIDES = 12
"""Combinations of strides that are tried, from the middle of each cluster outwards: in symmetric stencils strides are
there, in a triangulated plane one beside it."""

SLACK = 2
"""Colors beyond the points of the stencil up to which a tiling is looked for: with more, first fit does as well."""


def lattice_colors(row: np.ndarray, column: np.ndarray, n: int, most: int) -> tuple[np.ndarray, int] | None:
    """Colors of the columns (n,) of a pattern with entries (row, column), and how many: at most `most`, else
    None. Columns of one color have no row in common."""
    if column.size == 0:
        return (np.zeros(n, np.int32), 1) if n and most > 0 else None
    apart = column.astype(np.int64) - row
    low = int(apart.min())
    seen = np.flatnonzero(np.bincount(apart - low)) + low
    if seen.size > DISTANCES:
        return None
    middle = slice(max(0, (row.size - SAMPLE) // 2), (row.size + SAMPLE) // 2)
    best: tuple[int, tuple[int, ...], tuple[int, ...]] | None = None
    tight = int(np.bincount(row[middle] - row[middle].min()).max())
    for strides in strides_of(seen):
        if best is not None and best[0] == tight:
            break
        found = tiling(grid_steps(row[middle], column[middle], strides), most if best is None else best[0] - 1)
        if found is not None:
            best = (found[0], strides, found[1])
    if best is None:
        return None
    count, strides, weight = best
    if not all_apart(grid_steps(row, column, strides), count, weight):
        return None
    color = sum(a * d for a, d in zip(weight, digits(np.arange(n), strides), strict=True)) % count
    used = np.bincount(color, minlength=count) > 0
    return (np.cumsum(used) - 1)[color].astype(np.int32), int(used.sum())


def strides_of(seen: np.ndarray) -> list[tuple[int, ...]]:
    """What the strides beyond the first may be: none, or a member of every cluster of distances beyond the first."""
    far = np.unique(np.abs(seen[seen != 0]))
    clusters = np.split(far, np.flatnonzero(far[1:] > 2 * far[:-1]) + 1)[1:]
    if not 0 < len(clusters) <= 2:
        return [()]
    middle_first = [sorted(c.tolist(), key=lambda d, c=c: abs(2 * d - c[0] - c[-1])) for c in clusters]
    return [(), *list(product(*middle_first))[:STRIDES]]


def digits(index: np.ndarray, strides: tuple[int, ...]) -> list[np.ndarray]:
    """The grid coordinates of an index: itself, and its quotients by the strides from the largest down."""
    found = [index]
    for stride in reversed(strides):
        found.append(index // stride)
        index = index % stride
    return found


def grid_steps(row: np.ndarray, column: np.ndarray, strides: tuple[int, ...]) -> np.ndarray:
    """The different steps (k, 1 + strides) in grid coordinates from a row to its columns."""
    steps = [b - a for a, b in zip(digits(row, strides), digits(column, strides), strict=True)]
    code, spans = np.zeros(row.size, np.int64), []
    for step in steps:
        low, high = int(step.min()), int(step.max())
        spans.append((low, high - low + 1))
        code = code * spans[-1][1] + (step - low)
    total = int(np.prod([float(span) for _, span in spans]))
    code = np.flatnonzero(np.bincount(code)) if total <= 4 * row.size else np.unique(code)  # sorting takes longer
    out = np.empty((code.size, len(steps)), np.int64)
    for k in reversed(range(len(steps))):
        low, span = spans[k]
        out[:, k] = code % span + low
        code = code // span
    return out


def tiling(steps: np.ndarray, most: int) -> tuple[int, tuple[int, ...]] | None:
    """The smallest K <= `most` and weights with which all steps differ mod K; the weight of the index itself is 1."""
    for count in range(len(steps), min(most, len(steps) + SLACK) + 1):
        if steps.shape[1] == 1:
            if all_apart(steps, count, (1,)):
                return count, (1,)
            continue
        for rest in product(range(count), repeat=steps.shape[1] - 2):
            known = steps[:, :-1] @ np.array((1, *rest))
            color = np.sort((known + np.arange(count)[:, None] * steps[:, -1]) % count)  # a row for each last weight
            fine = np.flatnonzero(np.all(np.diff(color) != 0, axis=1))
            if fine.size:
                return count, (1, *rest, int(fine[0]))
    return None


def all_apart(steps: np.ndarray, count: int, weight: tuple[int, ...]) -> bool:
    """Whether all steps have colors of their own."""
    return len(steps) <= count and np.unique(steps @ np.array(weight) % count).size == len(steps)
