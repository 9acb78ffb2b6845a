"""A host function near a point: where it may be called, and how well its values are known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.number import eps
from raphson.kernel.product import box_of
from raphson.problems.callback import Lengths

TINY = float(np.finfo(float).tiny)


def limits_of(space: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """The bounds of a space, infinite where it has none; and whether it has none at all."""
    box = box_of(space, x)
    if box is None:
        return np.full(x.size, -np.inf), np.full(x.size, np.inf), True
    return np.asarray(box.lower), np.asarray(box.upper), False


@dataclass
class Around:
    """A function near a point: `evaluate(x)` gives (m,) or a number, `center` (m,) is its value at x.

    `lengths` is what earlier differences of the same function have learned; it learns on. `open`: there are no bounds.
    """

    evaluate: Callable[[np.ndarray], Any]
    x: np.ndarray
    center: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lengths: Lengths

    open: bool = False

    @property
    def eps(self) -> float:
        """The spacing of the working precision."""
        return eps(self.x)

    def precision(self, i: np.ndarray) -> np.ndarray:
        """How well values along the variables i are known, relative to the largest: rounding and noise."""
        return self.eps + (np.zeros(np.shape(i)) if self.lengths.noise is None else self.lengths.noise[i])

    def error(self, i: np.ndarray, size: np.ndarray) -> np.ndarray:
        """The same as an amount, of values as large as `size`. Where f is nearly 0 (a perfect fit) its rounding is,
        too, but the noise of a simulation is a part of what it changes by elsewhere."""
        noise, swing = self.lengths.noise, self.lengths.swing
        if noise is None or swing is None:
            return self.eps * size
        return self.eps * size + noise[i] * np.maximum(size, swing[i])

    def at(self, i: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Values (k, c, m) at x + offsets (k, c) along the variables i (k,), to the last bit within the bounds."""
        k, c = offsets.shape
        points = np.repeat(self.x[None], k * c, axis=0)
        rows, columns = np.arange(k * c), np.repeat(i, c)
        moved = points[rows, columns] + offsets.ravel().astype(self.x.dtype)
        points[rows, columns] = moved if self.open else np.clip(moved, self.low[columns], self.high[columns])
        return self.values(points).reshape(k, c, -1)

    def values(self, points: np.ndarray) -> np.ndarray:
        """Values (k, m) at points (k, n), one call for each."""
        return np.array([self.evaluate(p) for p in points], float).reshape(len(points), -1)

    def placed(self, i: np.ndarray, h: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps, powers of two so that x + kh is exact, and sides with room for `reach` (one side: 2 `reach`) of them.

        A step of 0: the variable cannot move, or its box is narrower than numbers can tell (its square has no number).
        """
        if self.open:
            least = 2 * np.spacing(np.abs(self.x[i])).astype(float)
            return np.exp2(np.floor(np.log2(np.maximum(h, least)))), np.zeros(len(i), int)
        x = self.x[i].astype(float)
        up, down = np.maximum(self.high[i] - x, 0), np.maximum(x - self.low[i], 0)
        near, far = np.minimum(up, down), np.maximum(up, down)
        both = near >= reach * h / 16
        side = np.where(both, 0, np.where(up >= down, 1, -1))
        h = np.minimum(h, np.where(both, near / reach, far / (2 * reach)))
        least = 2 * np.spacing(np.abs(self.x[i])).astype(float)
        with np.errstate(divide="ignore"):
            h = np.exp2(np.floor(np.log2(np.maximum(h, least))))
        room = np.where(both, near / reach, far / (2 * reach)) >= h
        return np.where(room & (h * h > TINY), h, 0.0), side


def scale_of(around: Around, i: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The rounding of values (k, c, m) along the variables i (k,), and of the middle, as a length for each."""
    return around.error(i, np.maximum(lengths_of(values).max(axis=1), lengths_of(around.center)))


def lengths_of(vectors: np.ndarray) -> Any:
    """Lengths along the last axis, without the detour for one number. (`np.linalg.norm` takes three times as long.)"""
    if vectors.shape[-1] == 1:
        return np.abs(vectors[..., 0])
    with np.errstate(over="ignore"):  # beyond the largest number a length is infinite
        return np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
