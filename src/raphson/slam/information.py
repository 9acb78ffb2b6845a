"""Information matrices of edges: from the triangle that a file holds, and whether they can be meant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raphson.slam.graph_file import Floats

ROUNDING = 1e-5
"""Share of its largest eigenvalue by which a matrix may be negative for want of digits: files have six of them."""

UPPER_2D = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
TORO_2D = ((0, 0), (0, 1), (1, 1), (2, 2), (0, 2), (1, 2))


@dataclass(frozen=True)
class Definite:
    """Matrices (m, d, d) that are positive semidefinite, and which of them had to be changed for it: `rounded`, by no
    more than the digits of a file, and `projected`, by more."""

    matrices: Floats
    rounded: NDArray[np.bool_]
    projected: NDArray[np.bool_]


def triangle_order(rows: int) -> tuple[tuple[int, int], ...]:
    """The order of an upper triangle, row after row."""
    return tuple((i, j) for i in range(rows) for j in range(i, rows))


def symmetric_of(triangle: Floats, order: tuple[tuple[int, int], ...]) -> Floats:
    """Symmetric matrices of triangles (m, d (d + 1) / 2) whose entries stand in `order`."""
    rows = max(j for _, j in order) + 1
    full = np.zeros((len(triangle), rows, rows))
    for place, (i, j) in enumerate(order):
        full[:, i, j] = full[:, j, i] = triangle[:, place]
    return full


def triangle_of(matrices: Floats, order: tuple[tuple[int, int], ...]) -> Floats:
    return np.stack([matrices[:, i, j] for i, j in order], 1)


def definite(matrices: Floats) -> NDArray[np.bool_]:
    """Which of many matrices are positive definite: pivots of Cholesky's algorithm, for all of them at once."""
    left = matrices / np.maximum(np.abs(matrices).max(axis=(1, 2), keepdims=True), np.finfo(float).tiny)
    d, good = matrices.shape[1], np.ones(len(matrices), bool)
    for k in range(d):
        good &= left[:, k, k] > ROUNDING**2
        pivot = np.where(good, left[:, k, k], 1.0)
        left = left - left[:, :, k, None] * left[:, None, k, :] / pivot[:, None, None]
    return good


def checked_definite(matrices: Floats) -> Definite:
    """The nearest positive semidefinite matrices, and how far they were from it."""
    none = np.zeros(len(matrices), bool)
    suspects = np.flatnonzero(~definite(matrices))
    if not suspects.size:
        return Definite(matrices, none, none)
    scale = np.abs(matrices[suspects]).max(axis=(1, 2), keepdims=True)
    scale[scale == 0] = 1
    values, vectors = np.linalg.eigh(matrices[suspects] / scale)
    lowest = values[:, 0]
    # Eigenvalues have rounding errors of their own: such ones are no reason to touch what the file says.
    negative = lowest < -np.finfo(float).eps * 64
    far = lowest < -ROUNDING * np.abs(values).max(axis=1)
    mended = (vectors * np.maximum(values, 0)[:, None, :]) @ np.swapaxes(vectors, 1, 2) * scale
    changed, rounded, projected = matrices.copy(), none.copy(), none.copy()
    changed[suspects[negative]] = mended[negative]
    rounded[suspects] = negative & ~far
    projected[suspects] = far
    return Definite(changed, rounded, projected)
