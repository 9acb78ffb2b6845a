"""Race: which method needs how much? The gap of f over the evaluations made so far, one line a method."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from raphson.picture.scene import Curve, Item, Scene
from raphson.picture.views.convergence import SERIES, GapHistory, framed, gap_line, positive

QUESTION = "Which method needs how many evaluations?"

FAR = 10.0
"""From so large a ratio of the longest to the shortest run on the axis of evaluations is logarithmic."""


def race(results: Mapping[str, Any]) -> Scene:
    """f less the lowest f of all runs, over evaluations of f, g and H together, on a logarithmic axis.

    The counts of a run are exact at its end; before it they are spread over the trials (f) and the trials taken (g, H).
    """
    runs = {name: (GapHistory.of(result), evaluations(result)) for name, result in results.items()}
    low = min(run.lowest for run, _ in runs.values())
    totals = [float(count[-1]) for _, count in runs.values()]
    log = "xy" if max(totals) > FAR * min(totals) else "y"
    items: list[Item] = [
        Curve(f"series-{k % SERIES + 1}", gap_line(count, positive(run.value - low), log), label=name)
        for k, (name, (run, count)) in enumerate(runs.items())
    ]
    first = min(float(count[0]) for _, count in runs.values())
    window = framed(items, int(max(totals)) + 1, log)
    window = (0.8 * first, 1.6 * max(totals), *window[2:]) if "x" in log else window
    ends = ", ".join(f"{name} {total:.0f}" for name, total in zip(runs, totals, strict=True))
    return Scene(
        "race", QUESTION, window, tuple(items), "evaluations of f, g and H", "f − lowest f seen", False, log, "",
        f"Evaluations in all: {ends}. The lowest f seen is {low:.6g}; a run that reaches it leaves the axis there.",
    )  # fmt: skip


def evaluations(result: Any) -> np.ndarray:
    """Evaluations made up to the start and after every trial (k + 1,)."""
    taken = np.concatenate([[0], np.cumsum(np.asarray(result.trace.accepted, bool))])
    trials, e = np.arange(len(taken)), result.evaluations
    return e.value * (1 + trials) / len(taken) + (e.gradient + e.hessian) * (1 + taken) / (1 + taken[-1])
