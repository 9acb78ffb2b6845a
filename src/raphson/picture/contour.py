"""Level lines of a grid by marching squares, the regions where f is not finite, and levels that show narrow valleys.

Source: Lorensen and Cline (1987) in two dimensions; the ambiguous cells of saddles are decided by their mean.
"""

import numpy as np

from raphson.picture.scene import Grid

BOTTOM, RIGHT, TOP, LEFT = range(4)

# Corners above the level, as a + 2 b + 4 c + 8 d counterclockwise from the lower left, and the edges that the line
# crosses then. 5 and 10 are saddles: the first row if the mean of the cell is above the level, else the second.
CROSSED = {
    1: (BOTTOM, LEFT), 2: (BOTTOM, RIGHT), 3: (LEFT, RIGHT), 4: (RIGHT, TOP), 6: (BOTTOM, TOP), 7: (LEFT, TOP),
    8: (LEFT, TOP), 9: (BOTTOM, TOP), 11: (RIGHT, TOP), 12: (LEFT, RIGHT), 13: (BOTTOM, RIGHT), 14: (BOTTOM, LEFT),
}  # fmt: skip
CUT_B_AND_D = ((BOTTOM, RIGHT), (LEFT, TOP))
CUT_A_AND_C = ((BOTTOM, LEFT), (RIGHT, TOP))


def lines(grid: Grid, level: float) -> list[np.ndarray]:
    """The level line {f = level} as polylines (m, 2), closed ones ending where they began; none in cells not finite."""
    v = np.asarray(grid.values, float)
    if v.shape[0] < 2 or v.shape[1] < 2:
        return []
    points, segments = crossings(grid, v, level), cell_segments(v, level)
    return [points[chain] for chain in chains(segments)]


def crossings(grid: Grid, v: np.ndarray, level: float) -> np.ndarray:
    """Where the level crosses each edge of the grid: (horizontal edges, then vertical ones; 2)."""
    x, y = np.asarray(grid.x, float), np.asarray(grid.y, float)
    with np.errstate(all="ignore"):
        across = (level - v[:, :-1]) / (v[:, 1:] - v[:, :-1])
        up = (level - v[:-1]) / (v[1:] - v[:-1])
    horizontal = np.stack([x[:-1] + across * np.diff(x), np.broadcast_to(y[:, None], across.shape)], axis=-1)
    vertical = np.stack([np.broadcast_to(x, up.shape), y[:-1, None] + up * np.diff(y)[:, None]], axis=-1)
    return np.concatenate([horizontal.reshape(-1, 2), vertical.reshape(-1, 2)])


def cell_segments(v: np.ndarray, level: float) -> np.ndarray:
    """Pairs of edges (k, 2) that the line joins through a cell."""
    ny, nx = v.shape
    corners = np.stack([v[:-1, :-1], v[:-1, 1:], v[1:, 1:], v[1:, :-1]])
    finite = np.all(np.isfinite(corners), axis=0)
    code = np.where(finite, np.tensordot([1, 2, 4, 8], (corners >= level).astype(int), 1), 0)
    # Half of each corner: the sum of four large ones may overflow.
    high = np.sum(np.where(finite, corners, 0) / 4, axis=0) >= level
    vertical = ny * (nx - 1)

    def edge(side: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        if side in (BOTTOM, TOP):
            return (i + (side == TOP)) * (nx - 1) + j
        return vertical + i * nx + j + (side == RIGHT)

    found = []
    for sides, which in [
        *(((pair,), code == key) for key, pair in CROSSED.items()),
        (CUT_B_AND_D, ((code == 5) & high) | ((code == 10) & ~high)),
        (CUT_A_AND_C, ((code == 5) & ~high) | ((code == 10) & high)),
    ]:
        i, j = np.nonzero(which)
        found.extend(np.stack([edge(first, i, j), edge(second, i, j)], axis=1) for first, second in sides)
    return np.concatenate(found)


def chains(segments: np.ndarray) -> list[np.ndarray]:
    """Segments joined end to end, as lists of edges; open chains first."""
    neighbors: dict[int, list[int]] = {}
    for a, b in segments.tolist():
        neighbors.setdefault(a, []).append(b)
        neighbors.setdefault(b, []).append(a)
    ends = sorted(edge for edge, others in neighbors.items() if len(others) == 1)
    out = []
    for start in [*ends, *sorted(neighbors)]:
        chain, at = [start], start
        while neighbors.get(at):
            following = neighbors[at].pop()
            neighbors[following].remove(at)
            chain.append(following)
            at = following
        if len(chain) > 1:
            out.append(np.array(chain))
    return out


def gaps(grid: Grid) -> list[np.ndarray]:
    """Closed rectangles (5, 2) over the cells where f is not finite at a corner: to be hatched, not interpolated."""
    # A corner beyond the bounds is no hole in f.
    x, y = np.asarray(grid.x, float).tolist(), np.asarray(grid.y, float).tolist()
    bad = ~np.isfinite(np.asarray(grid.values, float))
    bad = bad if grid.beyond is None else bad & ~grid.beyond
    cell = bad[:-1, :-1] | bad[:-1, 1:] | bad[1:, 1:] | bad[1:, :-1]
    out, open_runs = [], {}
    for i in range(len(cell) + 1):
        runs = set(row_runs(cell[i])) if i < len(cell) else set()
        # A run that goes on upwards unchanged is one rectangle.
        for run in [run for run in open_runs if run not in runs]:
            out.append(rectangle(x[run[0]], x[run[1]], y[open_runs.pop(run)], y[i]))
        for run in sorted(runs):
            open_runs.setdefault(run, i)
    return out


def row_runs(row: np.ndarray) -> list[tuple[int, int]]:
    """Where True begins and ends."""
    steps = np.diff(np.concatenate([[0], row.astype(int), [0]]))
    return list(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))


def rectangle(x0: float, x1: float, y0: float, y1: float) -> np.ndarray:
    """A closed rectangle (5, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])


def levels(values: np.ndarray, count: int = 10) -> np.ndarray:
    """At most `count` levels, spaced evenly in the logarithm of the height above the smallest value.

    Heights grow over decades from the floor of a narrow valley to its walls: evenly spaced levels would show the
    walls alone. None where the values are constant.
    """
    v = np.asarray(values, float)
    v = v[np.isfinite(v)]
    if not v.size or not v.min() < v.max():
        return np.zeros(0)
    low = v.min()
    with np.errstate(over="ignore"):
        height = v - low
    height = height[np.isfinite(height)]
    first, last = np.quantile(height, [0.025, 0.97])
    last = last if last > 0 else height.max()
    first = max(first, 1e-6 * last)
    if not first < last:
        return np.array([low + last])
    found = low + np.geomspace(first, last, count)
    return np.unique(found[(found > low) & (found < v.max())])
