"""What methods race on in a picture: a plane with f in it, or the curve of a single variable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.names import names_of
from raphson.picture.plane import Plane, path_plane, whole_plane
from raphson.picture.quadratic import Quadratic
from raphson.picture.recording.planes import drawing_units
from raphson.picture.recording.replay import Moment, Replay, answer, aside, point_vector
from raphson.picture.recording.sampler import AXIS, ENDLESS, Sampler, through
from raphson.picture.recording.trials import Columns
from raphson.picture.recording.windows import SPARE, Window, interval, run_window, widened
from raphson.picture.sample import along, sample
from raphson.picture.scene import Grid
from raphson.picture.section import way


@dataclass(frozen=True, eq=False)
class Racecourse:
    """The plane of the first method's path (None: one variable), through the point that it returned.

    Of two variables it is all of the space. `run`: that point alone, with f; `start` (n,).
    """

    run: Replay
    plane: Plane | None
    names: tuple[str, ...]
    start: np.ndarray

    @staticmethod
    def of(results: Mapping[str, Any]) -> "Racecourse | None":
        """The course of the first method that has one: on curved spaces, where no method moved, and of functions of
        different numbers of variables there is none."""
        same = len({result.gradient.size for result in results.values()}) == 1
        for result in results.values() if same else ():
            course = Racecourse.led(result)
            if course is not None:
                return course
        return None

    @staticmethod
    def led(result: Any) -> "Racecourse | None":
        """The course of one run."""
        if result.model is None or result.start is None or not result.model.space.straight:
            return None
        problem = aside(result.model.problem)
        moment = answer(result, problem)
        points = way(result)
        points = points[np.all(np.isfinite(points), axis=1)]
        if not moment.finite or not len(points):
            return None
        names, n = tuple(map(str, names_of(result))), len(moment.flat)
        run, start = Replay(problem, (moment,)), point_vector(result.start)
        if n == 1:
            return Racecourse(run, None, names, start)
        d = drawing_units(run.moments)
        if n == 2:
            return Racecourse(run, whole_plane(moment.flat, d, names), names, start)
        return Racecourse(run, path_plane(points, d), names, start) if np.any(points != points[-1]) else None

    @property
    def moment(self) -> Moment:
        """The point that the first method returned."""
        return self.run.moments[-1]

    def ends(self, result: Any) -> np.ndarray:
        """The start, and where every trial of a run ended (N + 1, 2); in one variable (x, f)."""
        columns = Columns(result, Replay(None, ()))
        start = point_vector(result.start)
        if self.plane is None:
            x, f = np.concatenate([start, columns.ends_1()]), np.asarray(result.trace.value, float)
            return np.stack([x, np.concatenate([[result.trace.start_value], f])], axis=1)
        return np.concatenate([self.plane.at(start)[None], columns.ends(self.plane)])

    def answer(self, result: Any) -> np.ndarray:
        """The point that a method returned (2,)."""
        x = point_vector(result.model.x)
        return np.array([x[0], float(result.value)]) if self.plane is None else self.plane.at(x)

    def window(self, results: Iterable[Any]) -> Window:
        """What is seen: runs that found a minimum whole, of others what is not far off. Of one variable in x alone."""
        ends = [(self.ends(result), np.concatenate([[True], result.trace.accepted]), result) for result in results]
        good = [one for one in ends if one[2].certificate.success] or [min(ends, key=lambda one: or_last(one[2].value))]
        taken = np.concatenate([np.concatenate([at[kept], self.answer(result)[None]]) for at, kept, result in good])
        tried = np.concatenate([at for at, *_ in ends])
        if self.plane is None:
            x = taken[np.isfinite(taken[:, 0]), 0]
            size = float(np.ptp(x)) or max(abs(float(x[-1])), 1.0)
            near = tried[np.abs(tried[:, 0] - x[-1]) <= 2 * size + np.ptp(x), 0]
            return (*interval([*x, *near], size), 0.0, 0.0)
        return run_window(taken, tried[np.all(np.isfinite(tried), axis=1)], self.around())

    def around(self) -> Quadratic | None:
        """The quadratic at the point returned, for runs that did not move."""
        end = self.moment
        if self.plane is None or end.hessian is None:
            return None
        return self.plane.slice(end.value, end.gradient, end.hessian, end.flat)

    def grid(self, window: Window) -> Grid | None:
        """f in a window of the plane; None where there is none, or its values take too long."""
        if self.plane is None:
            return None
        side = Sampler.of(self.run, [self.plane]).detail.run
        here, around = through(self.plane, self.moment.flat), widened(window, SPARE)
        return sample(self.run.problem, self.moment.x, here, around, side, side, ENDLESS) if side else None

    def line(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """f of one variable: points and the values there."""
        count = Sampler.of(self.run, ()).detail.line
        x = np.linspace(*window[:2], max(count, 2))
        points = np.stack([x, 0 * x], axis=1)
        values = along(self.run.problem, self.moment.x, AXIS, points, ENDLESS) if count else None
        return x, np.full(len(x), np.nan) if values is None else values


def or_last(value: float) -> float:
    """f for choosing the lowest: what is not a number comes last."""
    return float(value) if np.isfinite(value) else np.inf
