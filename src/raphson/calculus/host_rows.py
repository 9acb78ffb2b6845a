"""The entries of a sparse Jacobian of host residuals: differences by groups of columns, or the user's own matrix.

Parameters of one group have no residual in common and are moved together: with c groups that is 2 c calls in place of
2 n. Source: Curtis, Powell and Reid (1974).
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from raphson.calculus.around import limits_of
from raphson.calculus.host_sparse import WIDTHS
from raphson.kernel.number import eps
from raphson.problems.callback import HostResiduals
from raphson.sparsity.given import Coordinates, coordinates_of, is_sparse

EDGE = 0.25
"""With less than this part of a step between a parameter and its bound it is moved to the other side alone, twice."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where J (m, n) may be nonzero: compressed rows, `start` (m + 1,) and `column` (nnz,), with the `row` (nnz,)."""

    start: np.ndarray
    column: np.ndarray
    row: np.ndarray
    shape: tuple[int, int]

    def matrix(self, entries: np.ndarray, whole: bool) -> Any:
        """J as a SciPy CSR array, or (`whole`) as a NumPy array (m, n)."""
        if not whole:
            from scipy.sparse import csr_array

            return csr_array((entries, self.column, self.start), shape=self.shape)
        J = np.zeros(self.shape)
        J[self.row, self.column] = entries
        return J


@dataclass(frozen=True, eq=False)
class GroupedDifferences:
    """Differences of second order, the parameters of one `color` (n,) at a time, to the sides that bounds leave.

    `wide` (n,): steps in units of eps^(1/3) |x_i|. `whole`: J is handed on as an array.
    """

    places: Places
    color: np.ndarray
    groups: int
    whole: bool
    wide: Any = 1.0

    def entries(self, problem: HostResiduals, x: np.ndarray, r: np.ndarray, wide: Any = None) -> np.ndarray:
        """J's entries (nnz,) at x, where the residuals are r (m,); one call a group where calls are few."""
        steps = self.frugal_steps(problem, x) if problem.frugal else self.steps(problem, x, wide)
        found, group = np.zeros(self.places.column.size), self.color[self.places.column]
        for k in range(self.groups):
            mine, here = self.color == k, np.flatnonzero(group == k)
            rows, moves = self.places.row[here], [np.where(mine, s - x, 0.0) for s in steps]
            changes = [(np.asarray(problem.residuals(x + d), float) - r)[rows] for d in moves]
            found[here] = slopes([d[self.places.column[here]] for d in moves], changes)
        return found

    def steps(self, problem: HostResiduals, x: np.ndarray, wide: Any) -> tuple[np.ndarray, ...]:
        """Two points for every parameter (n,): to both sides, or both to one."""
        low, high, _ = limits_of(problem.space, x)
        usual = float(np.max(np.abs(x), initial=0.0)) or 1.0
        h = (self.wide if wide is None else wide) * eps(x) ** (1 / 3) * np.where(x == 0, usual, np.abs(x))
        up, down = np.maximum(high - x, 0), np.maximum(x - low, 0)
        both = np.minimum(up, down) >= EDGE * h
        near = np.minimum(h, np.where(both, np.minimum(up, down), np.maximum(up, down) / 2))
        side = np.where(up >= down, 1.0, -1.0)
        moves = np.where(both, -near, side * near), np.where(both, near, 2 * side * near)
        return tuple(np.clip(x + move, low, high) for move in moves)

    def frugal_steps(self, problem: HostResiduals, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """One point for every parameter (n,)."""
        low, high, _ = limits_of(problem.space, x)
        h = eps(x) ** 0.5 * np.where(x == 0, 1.0, np.abs(x))
        return (np.clip(np.where(high - x >= x - low, x + h, x - h), low, high),)

    def jacobian(self, problem: HostResiduals, x: np.ndarray, r: np.ndarray) -> Any:
        """J (m, n)."""
        problem.evaluations.gradient += 1
        return self.places.matrix(self.entries(problem, x, r), self.whole)

    def measured(self, problem: HostResiduals, x: np.ndarray, r: np.ndarray) -> "GroupedDifferences":
        """With the steps that two of `WIDTHS` agree best on, parameter by parameter."""
        if problem.frugal:
            return self
        seen = [self.entries(problem, x, r, w) for w in WIDTHS]
        worst = np.zeros((len(WIDTHS) - 1, x.size))
        for k, (a, b) in enumerate(pairwise(seen)):
            gap = np.abs(b - a)
            np.maximum.at(worst[k], self.places.column, np.where(np.isfinite(gap), gap, np.inf))
        return replace(self, wide=np.asarray(WIDTHS)[np.argmin(worst, axis=0)])


def slopes(moves: list[np.ndarray], changes: list[np.ndarray]) -> np.ndarray:
    """Of the parabola through a point and two others, or of the line where one of them has no value or is the point.

    Source: Lagrange's formula for unequal steps.
    """
    with np.errstate(all="ignore"):
        lines = [np.where(d == 0, np.nan, change / d) for d, change in zip(moves, changes, strict=True)]
        if len(lines) == 1:
            return np.where(moves[0] == 0, 0.0, lines[0])
        a, b = moves
        bent = (lines[0] * b - lines[1] * a) / (b - a)
        straight = np.where(np.isfinite(lines[0]), lines[0], lines[1])
        still = (a == 0) & (b == 0)
        return np.where(still, 0.0, np.where(np.isfinite(bent), bent, straight))


@dataclass(frozen=True, eq=False)
class GivenRows:
    """A sparse matrix that the user's `jac` returns, put in order. ValueError for an entry outside of the places."""

    places: Places
    keys: np.ndarray
    whole: bool = False
    groups: int = 0

    @classmethod
    def of(cls, places: Places) -> "GivenRows":
        """With the places as ascending numbers."""
        return cls(places, places.row.astype(np.int64) * places.shape[1] + places.column)

    def jacobian(self, problem: HostResiduals, x: np.ndarray, r: np.ndarray) -> Any:
        """J (m, n)."""
        user: Any = problem.jacobian
        problem.evaluations.gradient += 1
        held = jacobian_coordinates(user.raw(x), self.places.shape)
        key = held.rows.astype(np.int64) * self.places.shape[1] + held.columns
        place = np.minimum(np.searchsorted(self.keys, key), self.keys.size - 1)
        outside = self.keys[place] != key
        strange = outside & (held.values != 0)
        if strange.any():
            k = int(np.argmax(strange))
            raise ValueError(
                f"jac returned an entry ({held.rows[k]}, {held.columns[k]}) that it did not have at x0. Return the "
                "same places at every x, zeros among them, or name them all by jac_sparsity="
            )
        return self.places.matrix(np.bincount(place, held.values * ~outside, self.keys.size), self.whole)


def jacobian_coordinates(J: Any, shape: tuple[int, int]) -> Coordinates:
    """The entries of what `jac` returned, which must be sparse and of this shape."""
    if not is_sparse(J):
        raise TypeError(f"jac returned a sparse matrix at x0 and now {type(J).__name__}: return one kind")
    held = coordinates_of(J, "what jac returns")
    if held.shape != shape:
        raise ValueError(f"jac must return a matrix of shape {shape}; it returns shape {held.shape}")
    return held
