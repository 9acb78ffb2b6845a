"""One case of training: every method from three starts, until the loss on all training data has reached a target."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

import raphson as rp
from benchmarks.tables import digits, table
from benchmarks.training_cases import CASES, Case
from benchmarks.training_methods import method_keys, settings

SEEDS = (11, 12, 13)
"""Of first parameters and of the order of examples. No default was chosen by a run with one of them."""

SPACING = 1.05
"""Losses on all data are looked at after so many times as many trials as the last time, which is not counted."""


@dataclass(frozen=True)
class TrainingSection:
    """A section of the suite: one case, a row for each program of a method."""

    name: str
    PROTOCOL: int = 2

    @property
    def case(self) -> Case:
        """Its case."""
        return CASES[self.name]()

    def keys(self, quick: bool) -> list[str]:
        """Every row."""
        return method_keys(self.case, quick)

    def measure(self, key: str, quick: bool) -> dict:
        """Every setting of a row from each start."""
        case = self.case
        about = {"about": case.about, "source": case.source, "parameters": size(case), "targets": case.targets}
        tries = settings(key, case, quick)
        first = next(iter(tries.values()))
        begin = time.process_time()
        next(iter(stream(case, SEEDS[0], first)))
        about |= {"compile": time.process_time() - begin, "limit": case.seconds}
        seeds = SEEDS[:1] if quick else SEEDS
        runs = {name: [curve(case, given, seed) for seed in seeds] for name, given in tries.items()}
        return about | {"settings": runs}

    def marks(self, rows: dict[str, dict]) -> list[tuple]:
        """None: the comparison is shown whatever it shows."""
        return []

    def render(self, rows: dict[str, dict]) -> list[str]:
        """A line for each setting, in the order of processor time to the second target, then the first, then loss."""
        if not rows:
            return []
        about = next(iter(rows.values()))
        far, near = about["targets"]
        head = (
            f"setting | seconds to {far:g} | epochs | seconds to {near:g} | epochs | lowest loss | runs there | "
            "ms a trial | compile, s"
        )
        text = (
            f"{about['about']}, {about['parameters']} parameters; {about['source']}. Loss on all training data; "
            f"medians of {len(SEEDS)} starts (seeds {', '.join(map(str, SEEDS))}), at most {about['limit']:g} "
            f"processor seconds each. *runs there*: how many reached {far:g}, and {near:g}; –: half of them did not."
        )
        # The second row of a method is of the program of its first, and may have found it kept.
        told = {key: row | {"compile": rows.get(key.split()[0], row)["compile"]} for key, row in rows.items()}
        found = [(name, runs, row) for row in told.values() for name, runs in row["settings"].items()]
        found.sort(key=lambda each: order(each[1], each[2]["targets"]))
        return [f"## {self.name}", "", text, "", *table(head, [line(*each) for each in found]), ""]


def size(case: Case) -> int:
    """Parameters of the network."""
    return sum(leaf.size for leaf in jax.tree.leaves(case.start(0)))


def curve(case: Case, given: dict[str, Any], seed: int) -> dict[str, Any]:
    """Training losses on all data over trials, epochs and processor seconds, to the second target. Programs are
    compiled."""
    loss: Callable[[Any], float] = lambda params: float(case.risk.value(params))
    params = case.start(seed)
    points = [(0, 0.0, 0.0, loss(params))]
    spent, trials, look, inner = 0.0, 0, 1.0, 0.0
    run = stream(case, seed, given)
    while spent < case.seconds and np.isfinite(points[-1][-1]) and points[-1][-1] > case.targets[1]:
        begin = time.process_time()
        progress = next(run, None)
        if progress is None:
            break
        jax.block_until_ready(progress.params)
        spent += time.process_time() - begin
        trials, inner = trials + 1, inner + progress.row["inner"]
        if trials >= look or spent >= case.seconds:
            look = max(trials + 1, SPACING * trials)
            points.append((trials, progress.row["epochs"], spent, loss(progress.params)))
    return {"seed": seed, "products": inner, "trials": trials, "spent": spent, "curve": [list(p) for p in points]}


def stream(case: Case, seed: int, given: dict[str, Any]) -> Iterator[Any]:
    """The run as a generator."""
    return rp.ml.training(case.risk, case.start(seed), seed=seed, **given)


def reached(run: dict, target: float, column: int) -> float:
    """What was spent when the loss was first seen at or below a target; infinite where it was not."""
    return next((point[column] for point in run["curve"] if point[3] <= target), np.inf)


def arrived(runs: list[dict], target: float, column: int) -> float:
    """The median over starts of what was spent until a target; infinite where half of them did not reach it."""
    return float(np.median([reached(run, target, column) for run in runs]))


def lowest(runs: list[dict]) -> float:
    """The median of the lowest losses."""
    return float(np.median([min(point[3] for point in run["curve"]) for run in runs]))


def order(runs: list[dict], targets: tuple[float, float]) -> tuple[float, float, float]:
    """By time to the second target, to the first, else by the loss."""
    far, near = targets
    return arrived(runs, near, 2), arrived(runs, far, 2), lowest(runs)


def line(name: str, runs: list[dict], row: dict) -> tuple:
    """A line of the table."""
    pace = float(np.median([run["spent"] / max(run["trials"], 1) for run in runs]))
    spent = [arrived(runs, target, column) for target in row["targets"] for column in (2, 1)]
    shown = [digits(value) if np.isfinite(value) else "–" for value in spent]
    there = ", ".join(str(sum(reached(run, target, 0) < np.inf for run in runs)) for target in row["targets"])
    return (name, *shown, f"{lowest(runs):.4g}", there, digits(1000 * pace), digits(row["compile"]))
