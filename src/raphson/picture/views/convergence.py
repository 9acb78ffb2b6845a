"""Convergence: how fast? The gap of f and the largest gradient entry by trial, of one run or of several."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.picture.scene import Curve, Dots, Item, Scene, Text

QUESTION = "How fast does it converge?"

SERIES = 6
"""Colors of several runs; a seventh begins again with the first."""

LONG = 200
"""With more trials than this the axis of trials is logarithmic, so that short runs can be seen beside long ones."""

POINTS = 600
"""Points of one line; of more trials those are kept that can be told apart."""

TINY = 1e-300
"""Gaps are drawn from here on: a logarithm needs something."""


@dataclass(frozen=True, eq=False)
class GapHistory:
    """One run: f and max |g| after every trial, the start first; f where it was `tried`, and which were taken (k,).

    `noise`: the smallest change of f that means anything; `found`: it ended at a minimum that was shown.
    """

    value: np.ndarray
    tried: np.ndarray
    gradient: np.ndarray
    accepted: np.ndarray
    final: float
    noise: float
    found: bool = True

    @staticmethod
    def of(result: Any) -> "GapHistory":
        """Reads a `Result` (its trace and value); TypeError for anything without a trace."""
        trace = getattr(result, "trace", None)
        if trace is None:
            raise TypeError(f"convergence needs results with a trace (of minimize, curve_fit, ...), not {result!r:.60}")
        taken = np.asarray(trace.accepted, bool)
        tried = np.asarray(trace.value, float)
        value = np.concatenate([[trace.start_value], tried])
        # After a rejected trial the run stands where it stood: the index of the last trial taken.
        last = np.maximum.accumulate(np.concatenate([[0], np.where(taken, np.arange(1, len(tried) + 1), 0)]))
        gradient = np.concatenate([[trace.start_gradient_norm], np.asarray(trace.gradient_norm, float)])
        noise = getattr(getattr(result, "certificate", None), "noise", 0.0)
        found = bool(getattr(result, "success", True))
        return GapHistory(value[last], tried, gradient, taken, float(result.value), float(noise), found)

    @property
    def lowest(self) -> float:
        """The smallest value that the run found."""
        return float(np.nanmin([self.final, *np.where(np.isfinite(self.value), self.value, np.nan)]))


def convergence(results: Mapping[str, Any], title: str = "") -> Scene:
    """Lines by trial on logarithmic axes, for results by name: solid the gap f - lowest f, dotted max |g|.

    The lowest f is that of all the runs, so they should be runs on one function. A gap that is zero has no
    place on the axis: lines end where f reached its lowest value. Trials of a single run are dots: taken
    filled, rejected hollow. ValueError where there is no run.
    """
    if not results:
        raise ValueError("there is no run to draw: give a Result, several by name, or a Comparison")
    runs = {name: GapHistory.of(result) for name, result in results.items()}
    low = min(run.lowest for run in runs.values())
    longest = max(len(run.value) for run in runs.values())
    log = "xy" if longest > LONG else "y"
    items = [item for k, (name, run) in enumerate(runs.items()) for item in lines(run, low, k, name, len(runs), log)]
    window = framed(items, longest, log)
    items = [*floor(min(run.noise for run in runs.values()), window), *items]
    if longest == 1:
        items = [Text("muted", (0.5, float(np.sqrt(window[2] * window[3]))), "no trial was made", "middle")]
    x_label = "trial, counted from 1" if "x" in log else "trial"
    return Scene(
        "convergence", QUESTION, window, tuple(items), x_label, "f − lowest f seen,  max |g|", False, log, title,
        caption(runs, low), notes(longest),
    )  # fmt: skip


def lines(run: GapHistory, low: float, k: int, name: str, count: int, log: str) -> Iterator[Item]:
    """The two lines of a run, and its trials where it is the only one."""
    role = f"series-{k % SERIES + 1}"
    start = 1.0 if "x" in log else 0.0
    trial = np.arange(len(run.value)) + start
    gap = positive(run.value - low)
    gap_label, gradient_label = (name, "") if count > 1 else ("f − lowest f", "max |g|")
    yield Curve(f"{role}-gradient", gap_line(trial, positive(run.gradient), log), label=gradient_label)
    yield Curve(role, gap_line(trial, gap, log), label=gap_label)
    if count == 1 and len(run.accepted) <= LONG:
        tried = positive(np.where(run.accepted, gap[1:], run.tried - low))
        seen = np.isfinite(tried)
        yield Dots("trial", np.stack([trial[1:], tried], axis=1)[seen], run.accepted[seen])


def positive(a: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show; NaN elsewhere."""
    return np.where(np.isfinite(a) & (a > TINY), a, np.nan)


def gap_line(x: np.ndarray, y: np.ndarray, log: str) -> np.ndarray:
    """Points (m, 2) of a line without gaps, thinned to what the axis can tell apart; the last one always."""
    seen = np.isfinite(y)
    x, y = x[seen], y[seen]
    if len(x) > POINTS:
        spacing = np.geomspace if "x" in log else np.linspace
        picked = np.unique(spacing(1, len(x), POINTS).round().astype(int)) - 1
        x, y = x[picked], y[picked]
    # Backwards, from the end to the start: names of lines are put where these begin, and there lines are apart.
    return np.stack([x, y], axis=1)[::-1]


def framed(items: list[Item], longest: int, log: str) -> tuple[float, float, float, float]:
    """The window: all lines with room for their names, and trials up to a hundred times above them."""
    y = np.concatenate([item.points[:, 1] for item in items if isinstance(item, Curve)])
    tried = np.concatenate([np.empty(0), *(item.points[:, 1] for item in items if isinstance(item, Dots))])
    y = y if y.size else np.ones(1)
    down, up = float(np.log10(y.min())), float(np.log10(y.max()))
    if tried.size:
        up = min(max(up, float(np.log10(tried.max()))), up + 2)
    room = 0.06 * max(up - down, 1.0)
    # A run of one trial still needs an axis.
    end = max(longest - 1, 1)
    x = (0.85, 1.35 * (end + 1)) if "x" in log else (-0.03 * end, 1.08 * end)
    return x[0], x[1], 10.0 ** max(down - room, -305), 10.0 ** min(up + room, 305)


def floor(noise: float, window: tuple[float, ...]) -> list[Item]:
    """The noise of f as a line, where it is in sight: gaps below it mean nothing."""
    if not window[2] < noise < window[3]:
        return []
    ends = np.array([[window[0], noise], [window[1], noise]])
    at = (window[0] + 0.02 * (window[1] - window[0]), noise * (window[3] / window[2]) ** 0.03)
    return [Curve("muted", ends), Text("muted", at, "noise of f: a smaller gap means nothing")]


def caption(runs: Mapping[str, GapHistory], low: float) -> str:
    """What is seen, with numbers."""
    parts = [f"Solid: f above the lowest value seen, {low:.6g}. Dotted: max |g|."]
    if len(runs) == 1:
        (run,) = runs.values()
        taken = int(run.accepted.sum())
        parts.append(
            f"{len(run.accepted)} trials: {taken} taken (filled), {len(run.accepted) - taken} rejected (hollow)."
        )
    else:
        parts.append("Trials: " + ", ".join(f"{name} {len(run.accepted)}" for name, run in runs.items()) + ".")
    if not any(run.found for run in runs.values()):
        parts.append("No minimum was shown: the lowest value seen need not be the least.")
    return " ".join(parts)


def notes(longest: int) -> tuple[str, ...]:
    """What was left out."""
    if longest <= POINTS:
        return ()
    return (f"Lines are thinned to {POINTS} points.",)
