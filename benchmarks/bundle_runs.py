"""Bundle adjustment to a cost: points eliminated, the whole of J'J by CHOLMOD, and Ceres, in turns."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.bundle_data import PROBLEMS, problem_file
from benchmarks.tables import digits, met, middle, table
from raphson.problems.loss import Loss, linear
from raphson.slam.bundle import bundle_graph
from raphson.slam.optimize import chosen_methods
from raphson.slam.prepare import prepare_graph
from raphson.slam.read_bal import read_bal
from raphson.solver.clock import CompileClock
from raphson.solver.drive import run
from raphson.solver.presets import cast

PROTOCOL = 2

WAYS = {"points eliminated": "schur", "whole J'J, CHOLMOD": "cholmod"}
CERES = {"Ceres DENSE_SCHUR": "DENSE_SCHUR", "Ceres SPARSE_NORMAL_CHOLESKY": "SPARSE_NORMAL_CHOLESKY"}
PYTHON = os.environ.get("CERES_PYTHON", sys.executable)
"""A Python that has pyceres and pycolmap."""

ROUNDS = 3
FIRST_LOOK = 30
"""Trials in which the cost must be reached."""


def keys(quick: bool) -> list[str]:
    """A row is a problem."""
    return list(PROBLEMS)


def measure(key: str, quick: bool) -> dict:
    """All ways in turns: wall and processor seconds to the cost, from the file's start."""
    about = PROBLEMS[key]
    jax.config.update("jax_enable_compilation_cache", False)  # programs kept from an earlier run would cost nothing
    begin = time.perf_counter()
    bundle = read_bal(problem_file(about.file))
    row: dict[str, Any] = {"read": time.perf_counter() - begin, "ways": {}}
    calls = {}
    with tempfile.TemporaryDirectory() as place:
        for name, solver in WAYS.items():
            calls[name], row["ways"][name] = own_call(bundle, solver, about.cost)
        file = Path(place) / "problem.npz"
        fields = ("cameras", "points", "camera", "point", "pixels")
        np.savez(file, **{field: getattr(bundle, field) for field in fields})
        for name, solver in CERES.items():
            first = ceres(file, FIRST_LOOK, solver)
            if "error" in first:
                row["ways"][name] = first
                continue
            steps = next(k for k, (cost, *_) in enumerate(first["trace"]) if cost <= about.cost)
            row["ways"][name] = {"trials": steps, "cost": first["trace"][steps][0], "start": first["trace"][0][0]}
            calls[name] = lambda steps=steps, solver=solver: clocks(ceres(file, steps, solver))
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
        for _ in range(2 if quick else ROUNDS):
            for name, call in calls.items():
                spent[name].append(call())
    for name, pairs in spent.items():
        row["ways"][name] |= {"wall": middle([a for a, _ in pairs]), "processor": middle([b for _, b in pairs])}
        row["ways"][name]["quickest"] = min(a for a, _ in pairs)
    return row


def own_call(bundle: Any, solver: str, cost: float) -> tuple[Any, dict]:
    """The run to the cost, compiled, as a call that returns its wall and processor seconds; and what is said of it."""
    begin = time.perf_counter()
    made = prepare_graph(bundle_graph(bundle), None, solver)
    prepared = time.perf_counter() - begin
    method = chosen_methods("lm", made, Loss(linear))[0][1]
    limited = lambda steps: cast(replace(method, stop=replace(method.stop, max_steps=steps)), np.dtype(float))
    compiled, processor = CompileClock.seconds, time.process_time()
    run(limited(FIRST_LOOK), made.problem, made.x)
    compiled, first = CompileClock.seconds - compiled, time.process_time() - processor
    processor = time.process_time()
    trace = run(limited(FIRST_LOOK), made.problem, made.x).trace
    first -= time.process_time() - processor
    reached = trace.accepted & (trace.value <= cost)
    steps = int(np.flatnonzero(reached)[0]) + 1
    short = limited(steps)

    def call() -> tuple[float, float]:
        begin = time.perf_counter(), time.process_time()
        run(short, made.problem, made.x)
        return time.perf_counter() - begin[0], time.process_time() - begin[1]

    call()
    said = {"trials": steps, "cost": float(trace.value[steps - 1]), "prepare": prepared, "compile": compiled}
    return call, said | {"start": float(trace.start_value), "compile_processor": first}


def ceres(file: Path, steps: int, solver: str) -> dict:
    """What the script of its own says."""
    script = Path(__file__).parent / "bundle_ceres.py"
    alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [PYTHON, str(script), str(file), str(steps), solver]
    done = subprocess.run(command, capture_output=True, text=True, env=alone)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def clocks(found: dict) -> tuple[float, float]:
    """Wall and processor seconds."""
    return found["seconds"], found["processor"]


def marks(rows: dict[str, dict]) -> list[list[str]]:
    """Seconds to the cost, after compilation; the processor's where the machine was busy, which is said."""
    found = []
    for key, row in rows.items():
        own = row["ways"]["points eliminated"]
        said = f"{digits(own['processor'])} s of processor time, {digits(own['wall'])} s by the clock"
        mark = f"<= {PROBLEMS[key].seconds} s"
        ok = met(own["processor"] <= PROBLEMS[key].seconds)
        found.append([f"{key} to {PROBLEMS[key].cost:.6g}", mark, said, ok])
        said = f"{digits(own['compile_processor'])} s of processor time, {digits(own['compile'])} s by the clock"
        ok = met(own["compile_processor"] <= 3)
        found.append([f"{key}, compilation", "<= 3 s a factor type", said, ok])
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """One line for each way."""
    lines = []
    for key, row in rows.items():
        for name, way in row["ways"].items():
            if "error" in way:
                lines.append([key, name, f"not measured: {way['error']}", *[""] * 7])
                continue
            times = [digits(way[k]) for k in ("processor", "wall", "quickest")]
            other = [digits(way[k]) if k in way else "–" for k in ("prepare", "compile")]
            lines.append([key, name, f"{way['start']:.2f}", way["trials"], f"{way['cost']:.4f}", *times, *other])
    head = "problem | way | start | trials | cost | processor, s | clock, s | quickest, s | prepare, s | compile, s"
    return ["## To a cost, from the file's start", "", *table(head, lines)]
