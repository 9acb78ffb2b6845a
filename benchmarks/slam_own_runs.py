"""A factor that a user wrote beside the built-in one: the same steps, timed in turns."""

import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import jax.numpy as jnp
import numpy as np

from benchmarks.slam_runs import clocked, path
from benchmarks.tables import digits, met, table
from raphson.slam.graph import FactorGraph, traceable
from raphson.slam.read_g2o import read_g2o

PROTOCOL = 2
ROUNDS = 9


def written_with(numbers: Any) -> Callable[..., Any]:
    """g2o's error of b seen from a, as a user writes it in five lines with this module, NumPy or jax.numpy."""

    def seen_from(a: Any, b: Any, z: Any) -> Any:
        c, s = numbers.cos(a[2]), numbers.sin(a[2])
        x, y = c * (b[0] - a[0]) + s * (b[1] - a[1]) - z[0], c * (b[1] - a[1]) - s * (b[0] - a[0]) - z[1]
        c, s = numbers.cos(z[2]), numbers.sin(z[2])
        turn = b[2] - a[2] - z[2]
        return numbers.array([c * x + s * y, c * y - s * x, turn - 2 * np.pi * numbers.round(turn / (2 * np.pi))])

    return seen_from


def keys(quick: bool) -> list[str]:
    return ["M3500"] if quick else ["M3500", "city10000"]


def measure(key: str, quick: bool) -> dict:
    """Second and later calls, in turns; seconds of the loop, of everything, and of the first call."""
    file, module = read_g2o(path(key)), import_module("raphson.slam.optimize")
    built_in = FactorGraph.of(file)
    given = [built_in.variables["SE2"].values[0]] * 2 + [built_in.factors[0].measurements[0]]
    ways = {"built in": built_in}
    for name, function in (("NumPy", written_with(np)), ("JAX", written_with(jnp))):
        factors = [replace(f, residual=traceable(function, given)[0]) for f in built_in.factors]
        ways[name] = replace(built_in, factors=factors, file=None)
    found: dict[str, list[dict]] = {name: [] for name in ways}
    for _ in range(1 + (2 if quick else ROUNDS)):
        for name, graph in ways.items():
            stages: dict[str, dict] = {}
            with clocked(module, stages) as answers:
                begin = time.process_time()
                fit = module.optimize(graph, init="file")
                whole = time.process_time() - begin
            trials = len(answers["steps"].trace)
            step = stages["steps"]["processor"] / trials
            found[name].append({"step": step, "whole": whole, "trials": trials, "cost": fit.value})
    return {"ways": {name: {"first": calls[0]["whole"], **least(calls[1:])} for name, calls in found.items()}}


def least(calls: list[dict]) -> dict:
    """The least of each: what differs between calls is what else the machine does."""
    return {name: float(min(call[name] for call in calls)) for name in calls[0]}


def marks(rows: dict[str, dict]) -> list[list[str]]:
    ratios = {f"{key} {name}": row["ways"][name]["step"] / row["ways"]["built in"]["step"]
              for key, row in rows.items() for name in ("NumPy", "JAX")}  # fmt: skip
    said = "; ".join(f"{key} {digits(a)}x" for key, a in ratios.items())
    return [
        ["a step with a user's factor over one with the built-in", "1 (<= 1.1)", said, met(max(ratios.values()) <= 1.1)]
    ]


def render(rows: dict[str, dict]) -> list[str]:
    lines = []
    for key, row in rows.items():
        for name, w in row["ways"].items():
            times = [digits(1e3 * w["step"]), w["trials"], digits(1e3 * w["whole"]), digits(w["first"])]
            lines.append([key, name, *times, f"{w['cost']:.12g}"])
    head = "set | factor | a step, ms, least of 9 | trials | everything, ms | first call in this process, s | cost"
    return ["## A factor in five lines", "", *table(head, lines), ""]
