"""Runs of several methods, read for the pictures of their race: gaps, right digits, evaluations, paths."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from raphson.certificate.verdict import GOOD, Verdict
from raphson.picture.recording.racecourse import Racecourse, or_last
from raphson.picture.recording.replay import point_vector
from raphson.picture.render.ink import palette
from raphson.picture.section import way
from raphson.picture.views.convergence import SERIES, GapHistory
from raphson.picture.views.race import MOST_DIGITS, Racer

POINTS_ALL = 900
"""Points of all runs that are drawn: a file with all methods of the library stays below 450 kB."""

POINTS_EACH = (40, 200)
"""Of one run at least, and at most."""

SAME = 1e-3
"""Two answers are one minimum where they differ by less than this share of the way that a run went."""


def race_of(results: Mapping[str, Any], course: Racecourse | None) -> tuple[list[Racer], float]:
    """The methods as they are drawn, and the lowest f that any of them saw."""
    histories = {name: GapHistory.of(result) for name, result in results.items()}
    low = min(history.lowest for history in histories.values())
    most = int(np.clip(POINTS_ALL // len(results), *POINTS_EACH))
    roles = roles_of(list(results))
    minima = [result for result in results.values() if result.certificate.success and is_straight(result)]
    racers = []
    for k, (name, result) in enumerate(results.items()):
        at = shown_of(result.trace, most)
        digits = digits_of(result, minima)
        racers.append(Racer(
            name, roles[k], k, at.astype(float), evaluations(result)[at], (histories[name].value - low)[at],
            None if digits is None else digits[at], np.concatenate([[True], result.trace.accepted])[at],
            course.ends(result)[at] if course and is_straight(result) else None,
            course.answer(result) if course and is_straight(result) else None, bool(result.certificate.success),
        ))  # fmt: skip
    return racers, low


def roles_of(names: list[str]) -> list[str]:
    """The roles of methods: those of the library have their own, others one after another of a series."""
    series = 0
    out = []
    for name in names:
        own = f"race-{name}"
        if own in palette():
            out.append(own)
        else:
            out.append(f"series-{series % SERIES + 1}")
            series += 1
    return out


def is_straight(result: Any) -> bool:
    """Whether x and its way are known as vectors."""
    return result.model is not None and result.start is not None and result.model.space.straight


def shown_of(trace: Any, most: int) -> np.ndarray:
    """The numbers of the trials that are drawn, 0 the start: evenly on a linear and on a logarithmic axis."""
    there = np.arange(len(trace) + 1)
    if not trace.whole:
        there = np.concatenate([[0], np.flatnonzero(trace.accepted)[trace.kept - 1] + 1, there[-1:]])
    last = len(there) - 1
    if last + 1 <= most:
        return np.unique(there)
    even = [np.linspace(0, last, most // 2), np.geomspace(1, last, most // 2)]
    return np.unique(there[np.concatenate(even).round().astype(int)])


def evaluations(result: Any) -> np.ndarray:
    """Evaluations made up to the start and after every trial (k + 1,)."""
    taken = np.concatenate([[0], np.cumsum(np.asarray(result.trace.accepted, bool))])
    trials, e = np.arange(len(taken)), result.evaluations
    return e.value * (1 + trials) / len(taken) + (e.gradient + e.hessian) * (1 + taken) / (1 + taken[-1])


def digits_of(result: Any, minima: list[Any]) -> np.ndarray | None:
    """Right digits of x at the start and after every trial (N + 1,); None for a run that goes to no minimum.

    -log10 of the distance to the nearest minimum that some method showed, per variable as a fraction of the farthest
    that it was (as `Trace.order` has it): 0 where x is as far as ever. That minimum is itself known only to the
    distance in its certificate, and no digits are counted beyond it.
    """
    target = minimum_of(result, minima)
    if target is None:
        return None
    points, answer = way(result)[:-1], point_vector(target.model.x)
    off, far = distances(points, answer)
    moved = far > 0
    size = (np.abs(answer[moved]) + far[moved]) / far[moved]
    distance = target.certificate.distance
    least = max(float(np.finfo(target.gradient.dtype).eps), distance if np.isfinite(distance) else 0.0)
    errors = np.maximum(off, least * float(np.max(size, initial=1.0)))
    digits = np.clip(-np.log10(errors), 0.0, MOST_DIGITS)
    # The trial that led to each point; a trial that was rejected leaves the run where it was.
    led = np.flatnonzero(result.trace.accepted)[result.trace.kept - 1] + 1
    return digits[np.searchsorted(led, np.arange(len(result.trace) + 1), side="right")]


def minimum_of(result: Any, minima: list[Any]) -> Any:
    """The result whose answer is the minimum that a run goes to, the one that knows it best; None for no minimum."""
    if not is_straight(result) or result.certificate.verdict not in (*GOOD, Verdict.STOPPED):
        return None
    points = way(result)
    points = points[np.all(np.isfinite(points), axis=1)]
    there = [m for m in minima if m.gradient.size == points.shape[1]]
    if not there or not len(points):
        return None
    off = np.array([distances(points, point_vector(m.model.x))[0][-1] for m in there])
    same = [m for m, d in zip(there, off, strict=True) if d <= np.min(off) + SAME]
    return min(same, key=lambda m: or_last(m.certificate.distance))


def distances(points: np.ndarray, answer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far points (k, n) are from an answer, per variable as a fraction of the farthest (k,), and that (n,)."""
    ahead = np.abs(points - answer)
    far = np.max(ahead, axis=0)
    return np.max(ahead / np.where(far > 0, far, 1.0), axis=1), far
