"""One case of training: every method from three starts, until the loss on all training data has reached the target."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

import raphson as rp
from benchmarks.tables import digits, table
from benchmarks.training_cases import CASES, Case
from benchmarks.training_methods import FAMILIES, arguments, method_keys

SEEDS = (0, 1, 2)

SPACING = 1.1
"""Losses on all data are looked at after so many times as many trials as the last time; the clock stands meanwhile."""

QUICK_SECONDS = 2.0


@dataclass(frozen=True)
class TrainingSection:
    """A section of the suite: one case, a row for each setting of each method."""

    name: str
    PROTOCOL: int = 1

    @property
    def case(self) -> Case:
        """Its case."""
        return CASES[self.name]()

    def keys(self, quick: bool) -> list[str]:
        """Every setting."""
        return method_keys(self.case, quick)

    def measure(self, key: str, quick: bool) -> dict:
        """The setting from each start."""
        case = self.case
        seconds = QUICK_SECONDS if quick else case.seconds
        runs = [curve(case, key, seed, seconds) for seed in (SEEDS[:1] if quick else SEEDS)]
        about = {"about": case.about, "source": case.source, "parameters": size(case), "target": case.target}
        return about | {"compile": runs[0].pop("compile"), "runs": runs, "limit": seconds}

    def marks(self, rows: dict[str, dict]) -> list[tuple]:
        """The best setting of each family beside the best of Adam."""
        found = best(rows)
        if "adam" not in found:
            return []
        base = found["adam"][1]
        return [
            (f"{self.name}: {family} beside tuned Adam", "time to the target, ratio", ratio(value, base), "")
            for family, (_, value) in found.items()
            if family != "adam"
        ]

    def render(self, rows: dict[str, dict]) -> list[str]:
        """A line for each setting, the best of each family first."""
        if not rows:
            return []
        about = next(iter(rows.values()))
        head = "setting | seconds to target | epochs | trials | lowest loss | seconds a trial | compile"
        text = (
            f"{about['about']}, {about['parameters']} parameters; {about['source']}. Target: loss {about['target']:g} "
            f"on all training data. Medians of {len(about['runs'])} starts; at most {about['limit']:g} s each."
        )
        lines = [line(key, row) for key, row in sorted(rows.items(), key=lambda pair: order(pair[1]))]
        return [f"## {self.name}", "", text, "", *table(head, lines), ""]


def size(case: Case) -> int:
    """Parameters of the network."""
    return sum(leaf.size for leaf in jax.tree.leaves(case.start(0)))


def curve(case: Case, key: str, seed: int, seconds: float) -> dict[str, Any]:
    """Training losses on all data over trials, epochs and seconds; the first trial of a throw-away run compiles."""
    given = arguments(key, case)
    begin = time.perf_counter()
    next(iter(stream(case, seed, given)))
    compiled = time.perf_counter() - begin
    loss: Callable[[Any], float] = lambda params: float(case.risk.value(params))
    params = case.start(seed)
    points = [(0, 0.0, 0.0, loss(params))]
    spent, trials, look, inner = 0.0, 0, 1.0, 0.0
    run = stream(case, seed, given)
    while spent < seconds and np.isfinite(points[-1][-1]) and points[-1][-1] > case.target:
        begin = time.perf_counter()
        progress = next(run, None)
        if progress is None:
            break
        jax.block_until_ready(progress.params)
        spent += time.perf_counter() - begin
        trials, inner = trials + 1, inner + progress.row["inner"]
        if trials >= look:
            look = max(trials + 1, SPACING * trials)
            points.append((trials, progress.row["epochs"], spent, loss(progress.params)))
    return {
        "seed": seed, "compile": compiled, "products": inner, "trials": trials, "spent": spent,
        "reached": points[-1][-1] <= case.target, "curve": [list(point) for point in points],
    }  # fmt: skip


def stream(case: Case, seed: int, given: dict[str, Any]) -> Iterator[Any]:
    """The run as a generator."""
    return rp.ml.training(case.risk, case.start(seed), seed=seed, **given)


def arrived(row: dict, column: int) -> float:
    """The median over starts of what was spent when the target was reached; infinite where half of them did not."""
    return float(np.median([run["curve"][-1][column] if run["reached"] else np.inf for run in row["runs"]]))


def order(row: dict) -> tuple[float, float]:
    """By time to the target, else by the loss."""
    return arrived(row, 2), lowest(row)


def lowest(row: dict) -> float:
    """The median of the lowest losses."""
    return float(np.median([min(point[3] for point in run["curve"]) for run in row["runs"]]))


def best(rows: dict[str, dict]) -> dict[str, tuple[str, float]]:
    """Of each family the quickest setting and its time."""
    found: dict[str, tuple[str, float]] = {}
    for family in FAMILIES:
        own = {key: arrived(row, 2) for key, row in rows.items() if key.split()[0] == family}
        if own:
            key = min(own, key=lambda name: own[name])
            found[family] = key, own[key]
    return found


def ratio(value: float, base: float) -> str:
    """value / base in words where one of them is not known."""
    if not np.isfinite(value):
        return "not reached"
    return "Adam does not reach it" if not np.isfinite(base) else digits(value / base)


def line(key: str, row: dict) -> tuple:
    """A line of the table."""
    pace = np.median([run["spent"] / max(run["trials"], 1) for run in row["runs"]])
    reached = [arrived(row, column) for column in (2, 1, 0)]
    shown = [digits(value) if np.isfinite(value) else "–" for value in reached]
    return (key, *shown, f"{lowest(row):.4g}", digits(float(pace)), digits(row["compile"]))
