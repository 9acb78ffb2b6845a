"""What a large run is about: arrays of x that lie in space, as they were at the start and are at the end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

LEAST = 256
"""Numbers from which an array is drawn: fewer are read."""

THIN = 8
"""An array with fewer rows is a table, not a field."""

LEAVES = 2
"""Arrays that are drawn, the largest ones."""

SIDE, SIDE_OF_TWO = 192, 128
"""Cells of an image in each direction; where several arrays are drawn, each has smaller ones. Four images of noise,
which does not compress, then take 200 kB."""

BINS = 240
"""Pieces of a long line."""


@dataclass(frozen=True, eq=False)
class Field:
    """One array at one moment: `values` as they are drawn, (ny, nx) means over blocks of the array, its first row on
    top; for a line (3, bins), least, mean and greatest of each piece. `what` says which moment: "start", "end", "step",
    "slope". `name` of the array in x, `shape` as it is there, `slice` the index that was taken of a third axis;
    `noise`: nothing but rounding, as far as that is known."""

    what: str
    name: str
    shape: tuple[int, ...]
    values: np.ndarray
    low: float
    high: float
    slice: int | None = None
    noise: bool = False

    @property
    def line(self) -> bool:
        """Whether it is a line and no image."""
        return len(self.shape) == 1


def fields_of(result: Any) -> list[list[Field]]:
    """For each of the largest arrays of x: at the start, at the end, its last step, and the slope there.

    Empty where x lives on a curved space, has no large array, or the run does not know its start.
    """
    if getattr(result, "start", None) is None or not result.model.space.straight:
        return []
    paths = jax.tree_util.tree_leaves_with_path(result.x)
    drawn = [k for k, (_, leaf) in enumerate(paths) if drawable(np.shape(leaf))]
    drawn = sorted(sorted(drawn, key=lambda k: -np.size(paths[k][1]))[:LEAVES])
    side = SIDE if len(drawn) == 1 else SIDE_OF_TWO
    moments = dict(moments_of(result))
    out = []
    for k in drawn:
        path, leaf = paths[k]
        name = jax.tree_util.keystr(path).strip(".") or "x"
        ends = np.cumsum([0, *(np.size(other) for _, other in paths)])
        parts = {what: flat[ends[k] : ends[k + 1]].reshape(np.shape(leaf)) for what, flat in moments.items()}
        found = [field(what, name, part, side) for what, part in parts.items()]
        out.append([replace(one, noise=one.what == "slope" and rounding(result)) for one in found])
    return out


def rounding(result: Any) -> bool:
    """Whether every entry of g is below what rounding may have made of it."""
    error = result.model.gradient_error
    return error is not None and bool(np.all(np.abs(result.gradient) <= np.asarray(error)))


def drawable(shape: tuple[int, ...]) -> bool:
    """Whether an array is a field: a long line, a surface, or a block of which a middle slice is one."""
    if int(np.prod(shape)) < LEAST or not 1 <= len(shape) <= 3:
        return False
    return len(shape) == 1 or min(shape[-2:]) >= THIN


def moments_of(result: Any) -> Iterator[tuple[str, np.ndarray]]:
    """x at the start and at the end, the last step, and g, as vectors (n,)."""
    start = flat_of(result.start)
    yield "start", start
    yield "end", flat_of(result.x)
    moves = result.trace.moves
    if len(moves) > 1 and result.trace.whole:
        yield "step", np.asarray(moves[-1], float)
    yield "slope", np.asarray(result.gradient, float)


def flat_of(x: Any) -> np.ndarray:
    """A point as one vector."""
    return np.concatenate([np.ravel(np.asarray(leaf, float)) for leaf in jax.tree.leaves(x)])


def field(what: str, name: str, a: np.ndarray, side: int) -> Field:
    """One array as it is drawn."""
    known = a[np.isfinite(a)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if a.ndim == 1:
        return Field(what, name, a.shape, envelope(a), low, high)
    middle = a.shape[0] // 2 if a.ndim == 3 else None
    surface = a if middle is None else a[middle]
    if middle is not None:
        known = surface[np.isfinite(surface)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    return Field(what, name, a.shape, block_means(surface, side), low, high, middle)


def block_means(a: np.ndarray, side: int) -> np.ndarray:
    """Means over blocks, so that neither side has more than `side` cells: each number counts in one block."""
    for axis in (0, 1):
        length = a.shape[axis]
        if length > side:
            begins = (np.arange(side) * length) // side
            sums = np.add.reduceat(a, begins, axis=axis)
            counts = np.diff(np.append(begins, length))
            a = sums / (counts[:, None] if axis == 0 else counts)
    return a


def envelope(a: np.ndarray) -> np.ndarray:
    """Least, mean and greatest (3, bins) of pieces of a line."""
    bins = min(BINS, a.size)
    begins = (np.arange(bins) * a.size) // bins
    counts = np.diff(np.append(begins, a.size))
    return np.stack(
        [np.minimum.reduceat(a, begins), np.add.reduceat(a, begins) / counts, np.maximum.reduceat(a, begins)]
    )
