"""Values of f for a recording: on grids as fine as there is time for."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raphson.picture.plane import Plane
from raphson.picture.recording.encode import close, column, grid
from raphson.picture.recording.held import HELD, held_out, middles
from raphson.picture.recording.replay import Moment, Replay
from raphson.picture.recording.windows import Window
from raphson.picture.sample import BLOCK, NUMBERS, along, columns_and_rows, gridded, mesh
from raphson.problems.callback import HOST

SECONDS = 12.0
"""What all values of f in a recording may take."""

LARGE, LARGE_SECONDS = 10_000, 3.0
"""And of a run with more variables, whose page has fields to show: what else is drawn of it takes about as long."""

ENDLESS = float("inf")


@dataclass(frozen=True)
class Detail:
    """Points on a side of a grid: of a whole run, around a point in the first plane, in other planes; 0: no grid.

    `thin` those of the first plane where contours are thin; `note` what is said of it.
    """

    run: int
    first: int
    others: int
    thin: int
    line: int = 0
    note: str = ""

    def side(self, first: bool, thin: bool) -> int:
        """Points on a side of the grid around a point."""
        return (self.thin if thin else self.first) if first else self.others

    def count(self, planes: int, points: int) -> int:
        """Values of f that are needed at most."""
        around = self.thin**2 + max(planes - 1, 0) * self.others**2
        held = HELD * planes * (1 + points) if self.run else 0
        return planes * self.run**2 + points * around + held if planes else (points + 2) * self.line


DETAILS = (
    Detail(81, 33, 33, 65, 121),
    Detail(65, 33, 0, 33, 61, "f around the points is sampled coarsely, in the first plane only: its values take long"),
    Detail(33, 0, 0, 0, 21, "f is sampled over the whole run only, and coarsely: its values take long"),
    Detail(0, 0, 0, 0, 0, "f itself is not drawn: its values take too long"),
)


@dataclass(frozen=True, eq=False)
class Sampler:
    """Values of f on the grids of a recording. What is left out is decided beforehand, not by a clock on the way.

    `alone`: the page has nothing but these values to know f by, and gets some more to judge them.
    """

    run: Replay
    detail: Detail
    alone: bool = False

    @staticmethod
    def of(run: Replay, planes: Sequence[Plane], alone: bool = False) -> "Sampler":
        """The finest detail that stays within `SECONDS` (or `LARGE_SECONDS`) by the time that a few values take."""
        if run.problem is None:
            note = "f itself is not known here: only its quadratic is drawn"
            return Sampler(run, replace(DETAILS[-1], note=note))
        each, allowed = seconds_per_value(run), SECONDS if len(run.moments[-1].flat) <= LARGE else LARGE_SECONDS
        fitting = (d for d in DETAILS if each * d.count(len(planes), len(run.moments)) <= allowed)
        return Sampler(run, next(fitting, DETAILS[-1]), alone)

    def grid(self, moment: Moment, plane: Plane, window: Window, side: int) -> dict[str, Any] | None:
        """The record of f in the window of a plane laid through a moment; None where it is not sampled, or nowhere
        finite.
        """
        if not side:
            return None
        problem, here = self.run.problem, through(plane, moment.flat)
        u, v = columns_and_rows(problem.space, here, window, side, side)
        cells, between = middles(u, v) if self.alone else (None, np.zeros((0, 2)))
        # One call for all: compiled code has blocks of one size.
        values = along(problem, moment.x, here, np.concatenate([mesh(u, v), between]), ENDLESS)
        if values is None:
            return None
        sampled = gridded(problem.space, here, u, v, values[: len(u) * len(v)])
        record = grid(sampled)
        if record is not None and cells is not None:
            record["held"] = held_out(sampled.values, cells, values[len(u) * len(v) :], record["base"], record["unit"])
        return record

    def line(self, moment: Moment, low: float, high: float) -> dict[str, Any]:
        """The record of f along the only variable: points and the values there; None where it is not known."""
        count = self.detail.line
        x = np.linspace(low, high, max(count, 2))
        cells, between = middles(x, np.zeros(2)) if self.alone else (None, np.zeros((0, 2)))
        p = np.concatenate([np.stack([x, 0 * x], axis=1), between])
        values = along(self.run.problem, moment.x, AXIS, p, ENDLESS) if count else None
        values = np.full(len(p), np.nan) if values is None else values
        f, more = values[: len(x)], values[len(x) :]
        record: dict[str, Any] = {"x": close(x, high - low), "f": column(f, 9)}
        return record if cells is None else record | {"held": held_out(np.stack([f, f]), cells, more)}


AXIS = Plane("x", "parameters", ("", ""), "", np.zeros(1), np.array([[1.0, 0.0]]), np.array([[1.0], [0.0]]), np.ones(2))
"""The only variable, as a plane whose second coordinate means nothing."""


def through(plane: Plane, x: np.ndarray) -> Plane:
    """The parallel plane through x, with the same coordinates."""
    return replace(plane, origin=x - plane.basis @ plane.at(x))


def seconds_per_value(run: Replay) -> float:
    """The time of one value, the shortest of a few: what else the machine does meanwhile is not f's."""
    moment, problem = run.moments[-1], run.problem
    host = isinstance(problem, HOST)
    n = len(moment.flat)
    still = Plane("", "parameters", ("", ""), "", moment.flat, np.zeros((n, 2)), np.zeros((2, n)), np.ones(2))
    count = 1 if host else int(np.clip(NUMBERS // n, 1, BLOCK))
    if not host:
        along(problem, moment.x, still, np.zeros((1, 2)), ENDLESS)  # compiles
    spent = []
    for _ in range(5 if host else 2):
        begin = time.perf_counter()
        along(problem, moment.x, still, np.zeros((count, 2)), ENDLESS)
        spent.append((time.perf_counter() - begin) / count)
        if sum(spent) * count > 1:
            break
    return min(spent)
