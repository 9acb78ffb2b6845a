"""One problem by one method: processor time of a first call and of a second one, and what the run counted."""

import resource
import time
from collections.abc import Container
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

import raphson as rp
from benchmarks.choice_problems import PROBLEMS, Posed, posed
from benchmarks.large_runs import GIB, ends_of_runs, now, peak
from benchmarks.tables import digits, met, table

PROTOCOL = 1

WAYS = ("dense", "sparse", "products", "lbfgs")
"""What is compared: dense H (dogleg), sparse H with its factor (trust-exact), products (trust-cg), gradients."""

METHODS = {"dense": "dogleg", "sparse": "trust-exact", "products": "trust-cg", "lbfgs": "lbfgs"}

FIRST = {
    "dense": ("dogleg",), "sparse": ("trust-exact",), "products": ("trust-cg",), "lbfgs": ("lbfgs",)
}  # fmt: skip
"""What `auto` tries first, by way."""

TRIED = frozenset(name for names in FIRST.values() for name in names)
"""Presets that have a row."""

MARGIN = 1.5
"""How far from the best is right."""

MOST_DENSE, LEAST_SPARSE = 2600, 500
"""Dense H up to so many variables (beyond, its eigenvalues alone take longer than any run here); patterns are looked
for above so many, as the package does."""

FULL = ("dense", "logistic", "cosh", "softmax", "net", "PENALTY1", "shared", "graph 2, 3e4")
"""How the names of those begin whose H is full, or whose factor is: the package finds that out, and factors none."""

SECONDS = 20.0
"""Of processor time for one call; a second call is made where the first took less."""

PROCESSOR = 90
"""Processor seconds after which the system ends the process."""


def keys(quick: bool) -> list[str]:
    """A row is a problem and what solves it, small problems first."""
    names = sorted(PROBLEMS, key=lambda name: PROBLEMS[name][1])
    return [f"{name}: {way}" for name in names if not quick or PROBLEMS[name][1] < 1000 for way in ways(name)]


def ways(name: str) -> list[str]:
    """The methods that are tried on a problem."""
    n = PROBLEMS[name][1]
    out = {"dense"} if n > MOST_DENSE else set()
    if n <= LEAST_SPARSE or name.startswith(FULL):
        out.add("sparse")
    return [way for way in WAYS if way not in out]


def measure(key: str, quick: bool) -> dict:
    """A first call and a second one."""
    name, way = key.rsplit(": ", 1)
    limited_to(PROCESSOR)
    return run(posed(name), way)


def limited_to(seconds: int) -> None:
    """The system ends this process after so many processor seconds."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def run(problem: Posed, way: str) -> dict:
    """The row of a problem by a way, or by "auto"."""
    from raphson.solver import call, door, drive

    for part in (call, door, drive):  # limits count processor time: others use this machine, too
        part.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[assignment]

    if way == "dense":  # also where H is sparse
        door.with_sparsity = lambda problem, x, least: (problem, None)
    ended = ends_of_runs()
    spent = []
    result: Any = None
    for _ in range(2):
        ended.clear()
        begin = now()
        result = rp.minimize(
            problem.fun, problem.x0, method=METHODS.get(way, way), bounds=problem.bounds, time_limit=SECONDS
        )
        jax.block_until_ready(result.model.gradient)
        spent.append((begin, ended[-1] if ended else now(), now()))
        if spent[0][2][1] - spent[0][0][1] > SECONDS:
            break
    first, last = spent[0], spent[-1]
    counted = result.evaluations
    return {
        "n": problem.x0.size, "f": float(result.value), "f0": float(problem.fun(problem.x0)),
        "success": bool(result.success), "says": str(result.certificate.verdict), "method": result.method,
        "trials": len(result.trace), "taken": int(np.sum(result.trace.accepted)),
        "counts": [counted.value, counted.gradient, counted.hessian], "compile": float(result.compile_seconds),
        "first": first[2][1] - first[0][1], "cpu": last[2][1] - last[0][1], "wall": last[2][0] - last[0][0],
        "run": last[1][1] - last[0][1], "again": len(spent) == 2, "gradient": result.certificate.gradient_norm,
        "peak": peak() / GIB, "reasons": list(result.reasons[:2]),
    }  # fmt: skip


def solved(rows: dict[str, dict]) -> dict[str, dict[str, dict]]:
    """The rows of the committed set."""
    return with_reached(rows, PROBLEMS)


def with_reached(rows: dict[str, dict], known: Container[str]) -> dict[str, dict[str, dict]]:
    """The rows of known problems by problem and way; `reached`: whether f is the lowest of all ways, to 1e-8 of its
    size or its fall."""
    found: dict[str, dict[str, dict]] = {}
    for key, row in rows.items():
        name, way = key.rsplit(": ", 1)
        if name in known:
            found.setdefault(name, {})[way] = row
    for ways_of in found.values():
        low = min(row["f"] for row in ways_of.values())
        for row in ways_of.values():
            near = 1e-8 * max(abs(low), 1e-2 * abs(row["f0"] - low))
            row["reached"] = row["f"] - low <= near and row["cpu"] < SECONDS
    return found


def chosen(name: str, ways_of: dict[str, dict], counts: dict) -> tuple[str, float, float]:
    """The way that `auto` takes, and its seconds on a second and on a first call, those of the choice included. Where
    it ends without a minimum that is shown, what `auto` tries next comes after it."""
    taken = [
        next(way for way, names in FIRST.items() if preset in names) for preset in counts["names"] if preset in TRIED
    ]
    warm, first, reached = counts["cpu"], counts["first"], False
    for way in taken:
        row = ways_of.get(way)
        if row is None:
            break
        warm, first, reached = warm + row["cpu"], first + row["first"], reached or row["reached"]
        if row["success"]:
            reached = row["reached"]
            break
    return taken[0], warm if reached else np.inf, first if reached else np.inf


def judged(rows: dict[str, dict]) -> list[dict]:
    """Every problem with its best way and auto's."""
    from benchmarks.choice import SUITE

    counts, body = SUITE.read("counts", False), []
    for name, ways_of in solved(rows).items():
        good = {way: row for way, row in ways_of.items() if row["reached"]}
        if name not in counts or not good:
            continue
        way, warm, first = chosen(name, ways_of, counts[name])
        best = min(good, key=lambda way: good[way]["cpu"])
        quickest = min(good, key=lambda way: good[way]["first"])
        body.append({
            "name": name, "n": PROBLEMS[name][1], "ways": ways_of, "best": best, "auto": way,
            "warm": warm / good[best]["cpu"], "quickest": quickest, "first": first / good[quickest]["first"],
        })  # fmt: skip
    return body


def share(ratios: list[float]) -> float:
    """The part of them that is at most 1.5."""
    return float(np.mean([ratio <= MARGIN for ratio in ratios]))


def marks(rows: dict[str, dict]) -> list[tuple]:
    """How often the choice is right within 1.5x, and how far from the best on average."""
    body = judged(rows)
    if not body:
        return []
    found = []
    for column, what in (("warm", "second call"), ("first", "first call, compilation included")):
        part = share([row[column] for row in body])
        goal = ">= 80%" if column == "warm" else ""
        found.append((f"auto within 1.5x of the best, {what}", goal, f"{part:.0%} of {len(body)}",
                      met(part >= 0.8) if column == "warm" else ""))  # fmt: skip
    for way in WAYS:
        there = [(row["ways"].get(way, {}), row["ways"][row["best"]]["cpu"]) for row in body]
        always = [row["cpu"] / least if row.get("reached") else np.inf for row, least in there]
        found.append((f"always {way}, where it can be had", "", f"{share(always):.0%}", ""))
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """One line a problem: seconds of processor time by each way, a second call and behind the stroke the first."""
    head = "problem | n | dense | sparse | products | L-BFGS | best | auto | ratio | best first | ratio, first"
    body = []
    for row in judged(rows):
        cells = [cell(row["ways"].get(way)) for way in WAYS]
        body.append((row["name"], row["n"], *cells, row["best"], row["auto"], digits(row["warm"]), row["quickest"],
                     digits(row["first"])))  # fmt: skip
    return ["## Ways", "", *table(head, body), ""]


def cell(row: dict | None) -> str:
    """Seconds of a second call / a first one; in parentheses where f was not reached."""
    if row is None:
        return "–"
    text = f"{digits(row['cpu'])} / {digits(row['first'])}"
    return text if row["reached"] else f"({text})"
