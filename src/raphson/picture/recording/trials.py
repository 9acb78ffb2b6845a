"""The trials of a run as columns: which are shown, where they were made from, and where they ended in a plane."""

from typing import Any

import numpy as np

from raphson.paths.proposal import DAMPING, LENGTH, RADIUS, SIGMA
from raphson.picture.plane import Plane
from raphson.picture.recording.encode import column, number
from raphson.picture.recording.replay import Replay, point_vector
from raphson.picture.thinning import thinned

TRIALS = 2000
"""Trials that are recorded."""

UNITS = {LENGTH: "length", RADIUS: "radius", DAMPING: "1/lambda", SIGMA: "1/sigma"}


class Columns:
    """The trials of a run: which are shown, and where they were made from and ended."""

    def __init__(self, result: Any, run: Replay):
        trace, moments = result.trace, run.moments
        self.trace, self.of = trace, len(trace)
        self.start = None if result.start is None else point_vector(result.start)
        # The number, among the points taken, of the point that a trial was made from; and of those recorded.
        self.number = np.cumsum(trace.accepted) - trace.accepted
        self.recorded = np.array([moment.taken for moment in moments], int)
        self.index = self.shown()

    def shown(self) -> np.ndarray:
        """The numbers of the trials that are recorded."""
        if self.of <= TRIALS:
            return np.arange(self.of)
        some = thinned(self.of, TRIALS - 2 * len(self.recorded), first=200, last=400)
        # Those that a recorded point was reached by, and the first that was made from it.
        led = np.flatnonzero(self.trace.accepted)[self.recorded[self.recorded > 0] - 1]
        made = np.searchsorted(self.number, self.recorded)
        return np.unique(np.concatenate([some, led, made[made < self.of]]))

    def point(self) -> np.ndarray:
        """For every shown trial, the recorded point it was made from, or the nearest before it."""
        return np.maximum(np.searchsorted(self.recorded, self.number[self.index], side="right") - 1, 0)

    def of_moment(self, k: int) -> np.ndarray:
        """The numbers of all trials that were made from a recorded point."""
        low, high = np.searchsorted(self.number, [self.recorded[k], self.recorded[k] + 1])
        return np.arange(low, high)

    def ends(self, plane: Plane) -> np.ndarray:
        """Where every trial of the run ended in a plane (N, 2); NaN where that is not known."""
        if self.start is None:
            return np.full((self.of, 2), np.nan)
        return plane.at(self.start) + self.reached(plane.project)

    def ends_1(self) -> np.ndarray:
        """Where every trial of a run in one variable ended (N,)."""
        if self.start is None:
            return np.full(self.of, np.nan)
        return self.start[0] + self.reached(np.ones((1, 1)))[:, 0]

    def reached(self, project: np.ndarray) -> np.ndarray:
        """Where every trial ended, from the start, projected (N, k); NaN for those whose steps were not kept."""
        trace = self.trace
        if trace.whole:
            return accumulated(np.asarray(trace.step @ project.T.astype(trace.step.dtype), float), trace.accepted)
        out = np.full((self.of, len(project)), np.nan)
        moves = np.asarray(trace.moves @ project.T.astype(trace.moves.dtype), float)
        out[np.flatnonzero(trace.accepted)[trace.kept - 1]] = np.cumsum(moves, axis=0)
        return out

    def record(self, result: Any) -> dict[str, Any]:
        """The columns."""
        t, i = self.trace, self.index
        values = np.concatenate([[t.start_value], t.value[t.accepted], [result.value]]).astype(float)
        values = values[np.isfinite(values)]
        exact = np.isin(self.number[i], self.recorded)
        return {
            "of": self.of, "index": i.tolist(), "value": column(t.value[i]), "predicted": column(t.predicted[i], 9),
            "actual": column(t.actual[i], 9), "ratio": column(t.ratio[i], 6), "tau": column(t.tau[i], 12),
            "gradientNorm": column(t.gradient_norm[i], 9), "accepted": t.accepted[i].tolist(),
            "rejected": int(np.sum(~np.asarray(t.accepted, bool))),
            "point": self.point().tolist(), "exact": exact.tolist(), "tauUnit": UNITS.get(tau_unit(result), "length"),
            "startValue": number(t.start_value), "startGradientNorm": number(t.start_gradient_norm, 9),
            "best": number(np.min(values)) if len(values) else None,
        }  # fmt: skip


def accumulated(steps: np.ndarray, accepted: np.ndarray) -> np.ndarray:
    """Where each step ends when the accepted ones are walked one after another (N, k), from zero."""
    taken = np.where(accepted[:, None], steps, 0.0)
    with np.errstate(invalid="ignore"):
        return np.cumsum(taken, axis=0) - taken + steps


def tau_unit(thing: Any) -> str:
    """The unit of tau in a result's run; "" where it is not known."""
    recipe = getattr(thing, "recipe", None)
    return "" if recipe is None else getattr(recipe.path, "unit", "")
