"""One problem by one method: processor time of a first call and of a second one, and what the run counted."""

import resource
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

import raphson as rp
from benchmarks.choice_problems import PROBLEMS, posed
from benchmarks.large_runs import GIB, now, peak

PROTOCOL = 1

WAYS = ("dense", "sparse", "products", "lbfgs")
"""What is compared: dense H (dogleg), sparse H with its factor (trust-exact), products (trust-cg), gradients."""

METHODS = {"dense": "dogleg", "sparse": "trust-exact", "products": "trust-cg", "lbfgs": "lbfgs"}

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
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR + 5))
    return run(name, way)


def run(name: str, way: str) -> dict:
    """The row of a problem by a way, or by "auto"."""
    from raphson.solver import call, door, drive

    for part in (call, door, drive):  # limits count processor time: others use this machine, too
        part.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[assignment]

    problem = posed(name)
    if way == "dense":  # also where H is sparse
        door.with_sparsity = lambda problem, x, least: (problem, "")
    ended: list[tuple[float, float]] = []
    conclude = call.Call.conclude

    def watched(*a: Any) -> Any:
        ended.append(now())
        return conclude(*a)

    call.Call.conclude = watched
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


def marks(rows: dict[str, dict]) -> list[tuple]:
    return []


def render(rows: dict[str, dict]) -> list[str]:
    return []


with suppress(ImportError):
    pass
