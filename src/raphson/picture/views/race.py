"""Race: which method needs how much? The gap of f and the right digits of x as lines, the paths in one picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raphson.picture.contour import levels
from raphson.picture.scene import RING, Contours, Curve, Dots, Grid, Item, Outside, Scene
from raphson.picture.views.convergence import framed, gap_line, positive
from raphson.picture.views.curve import curve_window, hatching, pieces
from raphson.picture.views.run import within
from raphson.picture.views.window import Window

QUESTIONS = {
    "evaluations": "Which method needs how many evaluations?",
    "trials": "Which method needs how many trials?",
    "digits": "How many digits does each step bring?",
    "paths": "Which way does each method go?",
}

PROJECTED = "The paths are projected; f has the other variables as at the point that the first method returned."

LEGEND = "Filled marks were taken, hollow ones rejected; a ring is a minimum that was shown."

FAR = 10.0
"""From so large a ratio of the longest to the shortest run on an axis that is logarithmic."""

MARKED = 10
"""Points of a line that all have their mark; of more, some."""

SOME = 6

MOST_DIGITS = 16
"""More digits double precision has not."""


@dataclass(frozen=True, eq=False)
class Racer:
    """One method of a race: how it is drawn (`role`, number of its `mark`), and k points of its run, the start first.

    `trial` and `count` (k,): the trials and the evaluations of f, g and H made up to then; `gap`: f above the lowest f
    that any method saw; `digits`: right digits of x (None: it goes to no minimum that was shown); `taken`: whether the
    trial was; `ends` (k, 2): where it ended in the picture of the paths, NaN where that is not known; `answer` (2,):
    the point that was returned (both None: no such picture); `found`: that is a minimum that was shown.
    """

    name: str
    role: str
    mark: int
    trial: np.ndarray
    count: np.ndarray
    gap: np.ndarray
    digits: np.ndarray | None
    taken: np.ndarray
    ends: np.ndarray | None
    answer: np.ndarray | None
    found: bool

    def along(self, over: str) -> np.ndarray:
        """How far the run is on an axis of "trials" or "evaluations" (k,)."""
        return self.trial if over == "trials" else self.count


def gap_race(racers: Sequence[Racer], low: float, over: str = "evaluations") -> Scene:
    """f less the lowest f of all runs, on a logarithmic axis, over evaluations or trials.

    The counts of a run are exact at its end; before it they are spread over the trials (f) and the trials taken (g, H).
    """
    log = "xy" if far_apart(racers, over) else "y"
    items = [item for racer in racers for item in line_of(racer, positive(racer.gap), over, log)]
    longest = int(max(racer.along(over)[-1] for racer in racers)) + 1
    window = (*span(racers, over, log), *framed(items, longest, log)[2:])
    words = f"The lowest f seen is {low:.6g}; a run that reaches it leaves the axis there."
    return Scene(
        "race", QUESTIONS[over], window, tuple(items), x_words(over, log), "f − lowest f seen", False, log, "", words
    )


def digit_race(racers: Sequence[Racer], over: str = "trials") -> Scene:
    """Right digits of x, of the methods that go to a minimum, over trials or evaluations."""
    log = "x" if far_apart(racers, over) else ""
    known = [racer for racer in racers if racer.digits is not None]
    items = [item for racer in known for item in line_of(racer, np.asarray(racer.digits, float), over, log)]
    top = max([4.0, *(float(np.max(racer.digits)) for racer in known if racer.digits is not None)])
    window = (*span(racers, over, log), -0.04 * top, 1.06 * top)
    words = "Digits of the minimum that a run goes to."
    if over == "trials" and not log:
        words += " A straight line gains the same part of a digit in every trial; one that bends upwards ever more."
    left = len(racers) - len(known)
    note = (f"{left} of {len(racers)} methods go to no minimum that was shown: no digits are counted.",)
    return Scene(
        "digits", QUESTIONS["digits"], window, tuple(items), x_words(over, log), "right digits of x", False, log, "",
        words, note if left else (),
    )  # fmt: skip


def path_race(
    racers: Sequence[Racer], window: Window, grid: Grid | None, axes: tuple[str, str], whole: bool = True,
    bounds: Outside | None = None,
) -> Scene:  # fmt: skip
    """The paths of all methods on contours of f in a plane: points taken filled, rejected trials hollow."""
    items: list[Item] = [] if bounds is None else [bounds]
    items += [] if grid is None else [Contours("function", grid, levels(grid.values, 11))]
    items += [item for racer in racers for item in way_of(racer)]
    starts = [racer.ends[:1] for racer in racers if racer.ends is not None]
    items.append(Dots("start", starts[0], np.array([True]), "start"))
    ends = np.concatenate([racer.ends for racer in racers if racer.ends is not None])
    gone = int(np.sum(~within(ends[known(ends)], window)))
    notes = (f"{gone} trial{'' if gone == 1 else 's'} ended outside the window.",) if gone else ()
    title = "" if whole else "slice: the other variables fixed"
    return Scene(
        "paths", QUESTIONS["paths"], window, tuple(items), axes[0], axes[1], True, "", title,
        LEGEND if whole else f"{LEGEND} {PROJECTED}", notes,
    )  # fmt: skip


def line_race(racers: Sequence[Racer], u: np.ndarray, f: np.ndarray, name: str) -> Scene:
    """The trials of all methods on the curve of f of one variable."""
    items: list[Item] = [*pieces("function-level", u, f, "f"), *(item for racer in racers for item in way_of(racer))]
    starts = [racer.ends[:1] for racer in racers if racer.ends is not None]
    items.append(Dots("start", starts[0], np.array([True]), "start"))
    window = curve_window(items, (float(u[0]), float(u[-1])), float(starts[0][0, 1]))
    items = [*([] if np.all(np.isfinite(f)) else hatching(u, f, window)), *items]
    return Scene("paths", QUESTIONS["paths"], window, tuple(items), name, "f", False, "", "", LEGEND)


def known(points: np.ndarray) -> np.ndarray:
    """Which points (k, 2) are."""
    return np.all(np.isfinite(points), axis=1)


def way_of(racer: Racer) -> list[Item]:
    """The path of a method, its trials, and where it ended."""
    if racer.ends is None or racer.answer is None:
        return []
    seen = known(racer.ends)
    way = np.concatenate([racer.ends[seen & racer.taken], racer.answer[None][known(racer.answer[None])]])
    some = stations(racer.ends[:, 0], seen)
    return [
        Curve(racer.role, way, label=racer.name),
        Dots(racer.role, racer.ends[some], racer.taken[some], mark=racer.mark),
        *([Dots(racer.role, racer.answer[None], np.array([False]), mark=RING)] if racer.found else []),
    ]


def line_of(racer: Racer, y: np.ndarray, over: str, log: str) -> list[Item]:
    """A line over trials or evaluations, with its marks, and its name at its end."""
    x = racer.along(over) + (1.0 if over == "trials" and "x" in log else 0.0)
    some = stations(np.log(x) if "x" in log else x, np.isfinite(y))
    return [
        Curve(racer.role, gap_line(x, y, log), label=racer.name),
        Dots(racer.role, np.stack([x, y], axis=1)[some], racer.taken[some], mark=racer.mark),
    ]


def stations(x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The numbers of the points that have a mark: all of few, else some that lie evenly along x, and the last."""
    there = np.flatnonzero(seen)
    if len(there) <= MARKED:
        return there
    at = np.linspace(np.min(x[there]), np.max(x[there]), SOME)
    nearest = np.argmin(np.abs(x[there][None] - at[:, None]), axis=1)
    return there[np.unique([*nearest, len(there) - 1])]


def far_apart(racers: Sequence[Racer], over: str) -> bool:
    """Whether runs differ so much in length that a linear axis would hide the short ones."""
    totals = [max(float(racer.along(over)[-1]), 1.0) for racer in racers]
    return max(totals) > FAR * min(totals)


def span(racers: Sequence[Racer], over: str, log: str) -> tuple[float, float]:
    """The ends of an axis, with room for names."""
    first = min(float(racer.along(over)[0]) for racer in racers)
    last = max(float(racer.along(over)[-1]) for racer in racers)
    if "x" not in log:
        end = max(last, 1.0)
        return -0.03 * end, 1.08 * end
    return (0.85, 1.6 * (last + 1)) if over == "trials" else (0.8 * first, 1.6 * last)


def x_words(over: str, log: str) -> str:
    """What an axis counts."""
    if over == "evaluations":
        return "evaluations of f, g and H"
    return "trial, counted from 1" if "x" in log else "trial"
