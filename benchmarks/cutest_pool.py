"""All CUTEst problems at once: `python -m benchmarks.cutest_pool WORKERS SECONDS FILE [NAME ...]`.

One process a core, each pinned to its own, one JSON line a problem; no problem is begun after `SECONDS`, and the
processes are ended then. Lines of our own answer are written before the references are begun.
`python -m benchmarks.cutest_pool keep FILE` puts the lines among the rows of `python -m benchmarks cutest`.
"""

import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import machine

SLOW = ("VANDANMSLS", "HS25", "PALMER5B", "VIBRBEAM", "MGH10LS", "VESUVIALS", "VESUVIOLS", "VESUVIOULS")
"""Begun first: they take longest."""


def work(number: int, tasks: Any, lines: Any, ends: float) -> None:
    """One process: takes problems until there are none or time is over."""
    place = f"{os.cpu_count()} cores, a process each"
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    import numpy as np

    from benchmarks.cutest_problems import problem
    from benchmarks.cutest_runs import ours, references

    while time.time() < ends:
        name = tasks.get()
        if name is None:
            return
        begin, before = time.perf_counter(), os.getloadavg()[0]
        row: dict[str, Any] = {"name": name, "when": time.strftime("%Y-%m-%d %H:%M"), "place": place}
        try:
            case = problem(name)
            row |= ours(case)
            lines.put(row)
            row = row | references(case, np.array(row["x"]), row["method"])
        except Exception as error:  # a problem that fails is a row as well
            row = row | {"error": f"{type(error).__name__}: {error}"[:300]}
        lines.put(row | {"seconds": time.perf_counter() - begin, "load": [before, os.getloadavg()[0]]})


def gather(workers: int, seconds: float, file: Path, names: list[str]) -> None:
    """Runs the problems and writes the lines as they come."""
    context = multiprocessing.get_context("spawn")
    tasks, lines = context.Queue(), context.Queue()
    for name in [*names, *[None] * workers]:
        tasks.put(name)
    ends = time.time() + seconds
    processes = [context.Process(target=work, args=(k, tasks, lines, ends), daemon=True) for k in range(workers)]
    for process in processes:
        process.start()
    with file.open("a", encoding="utf-8") as out:
        while time.time() < ends and (any(p.is_alive() for p in processes) or not lines.empty()):
            try:
                row = lines.get(timeout=0.5)
            except Exception:  # nothing yet
                continue
            out.write(json.dumps(row) + "\n")
            out.flush()
    for process in processes:
        process.terminate()


def keep(file: Path) -> None:
    """Lines of a pool become rows of the benchmark."""
    from benchmarks.cutest import SUITE

    mark = SUITE.digest("problems")
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        if "peers" not in row and "error" not in row:
            continue  # the answer alone, written first
        name = row.pop("name")
        SUITE.write("problems", False, name, {"load": [0.0, 0.0], "commit": machine.commit(), "digest": mark} | row)
    SUITE.render(quick=False)


def main() -> None:
    """The command line."""
    if sys.argv[1] == "keep":
        keep(Path(sys.argv[2]))
        return
    from benchmarks.cutest_problems import listed

    names = sys.argv[4:] or sorted(listed(), key=lambda name: (name not in SLOW, -int(listed()[name]["n"])))
    gather(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]), names)


if __name__ == "__main__":
    main()
