"""Values of f at the middle of a few cells of a grid: the page compares what it interpolates there with what f is."""

from typing import Any

import numpy as np

from raphson.picture.recording.encode import column, heights

HELD = 16
"""Of a grid of 33 x 33 values or more these are 1.5 % more calls of f at most."""

STRIDE = np.array([0.7548776662466927, 0.5698402909980532])
"""1/p and 1/p^2 with p^3 = p + 1: multiples of it fill the square evenly. Source: Roberts (2018), R2 sequence."""


def middles(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells (k, 2) of a grid, column and row, spread evenly over it, and their middles (k, 2)."""
    shares = (0.5 + STRIDE * np.arange(HELD)[:, None]) % 1
    cells = np.floor(shares * [len(u) - 1, len(v) - 1]).astype(int)
    return cells, np.stack([(a[k] + a[k + 1]) / 2 for a, k in zip((u, v), cells.T, strict=True)], axis=1)


def held_out(
    values: np.ndarray, cells: np.ndarray, found: np.ndarray, base: float = 0.0, unit: float = 1.0
) -> dict[str, Any]:
    """The record of f at the middles of cells, in the grid's unit; only of those whose corners are all finite."""
    i, j = cells.T
    whole = np.all([np.isfinite(values[j + b, i + a]) for a in (0, 1) for b in (0, 1)], axis=0)
    return {"cells": cells[whole].tolist(), "values": column(heights(found[whole], base, unit), 9)}
