"""The entries of a sparse Hessian of a host function: the user's own, or differences of his gradient by colors.

Variables of one color are moved together: with c colors that is 2 c gradients in place of 2 n.
Source: Curtis, Powell and Reid (1974); Coleman and More (1984).
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from raphson.calculus.around import limits_of
from raphson.calculus.difference import given_gradient
from raphson.kernel.number import eps
from raphson.linear.structure import SparseStructure, host_pattern
from raphson.problems.callback import Callback
from raphson.sparsity.compress import Recovery
from raphson.sparsity.given import Coordinates, coordinates_of

WIDTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Steps that are tried, in units of the usual one. A variable near 0 among others of its kind, the end of a chain, has
a step too small by as much as it is smaller; 1e-8 of its entries then were rounding in a chain of 2000 links, which
left H in doubt."""


@dataclass(frozen=True, eq=False)
class ColoredDifferences:
    """Central differences of the gradient, the variables of a color at a time. `seeded` (nnz,): the variable whose
    movement shows an entry; `read` (nnz,): where in the gradients of all colors, one after another; `wide` (n,): steps
    in units of eps^(1/3) |x_i|."""

    structure: SparseStructure
    color: np.ndarray
    seeded: np.ndarray
    read: np.ndarray
    count: int
    wide: Any = 1.0
    direct: ClassVar[bool] = True

    @classmethod
    def of(cls, structure: SparseStructure, recovery: Recovery) -> "ColoredDifferences":
        """By the readings of products."""
        rows, columns = host_pattern(structure)
        color, read = np.asarray(recovery.color), np.asarray(recovery.pick).astype(np.int64)
        here = read == color[rows].astype(np.int64) * structure.size + columns
        return cls(structure, color, np.where(here, rows, columns), read, recovery.count)

    @property
    def colors(self) -> int:
        """Differences that give all entries."""
        return self.count

    def entries(self, problem: Callback, x: np.ndarray, wide: Any = None) -> np.ndarray:
        """The lower triangle (nnz,) at x, within the bounds; `wide` (n,): steps in units of the usual ones."""
        low, high, _ = limits_of(problem.space, x)
        usual = float(np.max(np.abs(x), initial=0.0)) or 1.0
        step = (self.wide if wide is None else wide) * eps(x) ** (1 / 3) * np.where(x == 0, usual, np.abs(x))
        changes, moved = [], np.zeros_like(x)
        for k in range(self.count):
            mine = self.color == k
            ahead, behind = (np.where(mine, np.clip(x + s * step, low, high), x) for s in (1.0, -1.0))
            changes.append(np.array(given_gradient(problem, ahead)) - np.array(given_gradient(problem, behind)))
            moved = np.where(mine, ahead - behind, moved)
        by = moved[self.seeded]
        change = np.concatenate(changes)[self.read]
        return np.where(by > 0, change / np.where(by > 0, by, 1), 0.0)

    def measured(self, problem: Callback, x: np.ndarray) -> tuple["ColoredDifferences", np.ndarray, np.ndarray]:
        """With the steps that two of `WIDTHS` agree best on, variable by variable; the entries by them, and by how much
        those of the two differ (nnz,)."""
        seen = [self.entries(problem, x, w * np.ones_like(x)) for w in WIDTHS]
        apart = np.stack([np.abs(b - a) for a, b in pairwise(seen)])
        worst = np.zeros((len(apart), x.size))
        for k, gap in enumerate(apart):
            np.maximum.at(worst[k], self.seeded, np.where(np.isfinite(gap), gap, np.inf))
        best = np.argmin(worst, axis=0)
        own = best[self.seeded]
        column = np.arange(own.size)
        return replace(self, wide=np.asarray(WIDTHS)[best]), np.stack(seen)[own, column], apart[own, column]

    def final(self, problem: Callback, x: np.ndarray) -> tuple[np.ndarray, float]:
        """The entries at x as good as they can be had, and their error beside the diagonal."""
        _, entries, apart = self.measured(problem, x)
        return entries, relative_error(self.structure, entries, apart, eps(x))


CHANGED = (
    "that it did not have at x0. Return the same places at every x, zeros among them, or name them all by "
    "hess_sparsity="
)


@dataclass(frozen=True, eq=False)
class GivenEntries:
    """A sparse matrix that the user's `hess` returns, put in order. ValueError where it has an entry outside of the
    structure."""

    structure: SparseStructure
    keys: np.ndarray
    direct: ClassVar[bool] = True
    colors: ClassVar[int] = 0

    @classmethod
    def of(cls, structure: SparseStructure) -> "GivenEntries":
        """With the places of the structure as ascending numbers."""
        rows, columns = host_pattern(structure)
        return cls(structure, columns.astype(np.int64) * structure.size + rows)

    def entries(self, problem: Callback, x: np.ndarray) -> np.ndarray:
        """The lower triangle (nnz,) of (H + H') / 2 at x."""
        problem.evaluations.hessian += 1
        raw: Any = problem.hessian
        return self.ordered(hessian_coordinates(raw.sparse(np.array(x)), self.structure.size))

    def ordered(self, held: Coordinates, outside: str = CHANGED) -> np.ndarray:
        """Entries of both triangles in the structure's order. `outside`: what an entry means that is not in it."""
        n = self.structure.size
        below, left = np.maximum(held.rows, held.columns), np.minimum(held.rows, held.columns)
        key = left.astype(np.int64) * n + below
        place = np.minimum(np.searchsorted(self.keys, key), self.keys.size - 1)
        strange = (self.keys[place] != key) & (held.values != 0)
        if strange.any():
            k = int(np.argmax(strange))
            raise ValueError(f"hess returned an entry ({held.rows[k]}, {held.columns[k]}) {outside}")
        weight = np.where(held.rows == held.columns, 1.0, 0.5) * (self.keys[place] == key)
        return np.bincount(place, held.values * weight, self.keys.size)

    def final(self, problem: Callback, x: np.ndarray) -> tuple[np.ndarray, float]:
        """The user's own are exact."""
        return self.entries(problem, x), 0.0


def hessian_coordinates(H: Any, n: int) -> Coordinates:
    """The entries of what `hess` returned, which must be sparse and of shape (n, n)."""
    held = coordinates_of(H, "what hess returns")
    if held.shape != (n, n):
        raise ValueError(f"hess must return a matrix of shape ({n}, {n}); it returns shape {held.shape}")
    return held


def relative_error(structure: SparseStructure, entries: np.ndarray, error: np.ndarray, least: float) -> float:
    """The largest error of an entry beside the diagonal entries of its row and column."""
    rows, columns = host_pattern(structure)
    d = np.sqrt(np.abs(entries[np.asarray(structure.diagonal)]))
    beside = d[rows] * d[columns]
    return float(np.max(error / np.where(beside > 0, beside, np.inf), initial=least))
