"""All CUTEst problems in the background, a process a problem, one JSON line a run; it goes on where it was stopped.

    python -m benchmarks.cutest_pool [--families f,f] [--most N] [--above N] [--stage raphson|peers] [--workers 1]

What is in the lines already is not run again (`--fresh`: our own runs are, where `src` has changed). On a terminal one
line shows how far it is; elsewhere a line a problem is printed.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.cutest_problems import listed

HERE = Path(__file__).parent
LINES = HERE / "results" / "cutest" / "runs.jsonl"
POINTS = HERE.parent / ".cache" / "cutest"
"""Where answers x lie, for restarts beside them; not committed."""

FAMILIES = {"unconstrained": ("unconstrained",), "bound": ("bound", "bound_qp"), "equations": ("nleq",)}
STAGES = ("raphson", "peers", "beside")
"""Our answers; those of peers; restarts beside those that say success and are not at the best f."""

STAGE_WORDS = {"raphson": "our answers", "peers": "peers", "beside": "restarts beside answers that differ"}
"""What the bar calls them."""

SLOW = 8.0
"""Seconds of compiling f, g and H, measured alone before, after which a problem is kept for the end."""

WALL = 3600.0
"""Seconds after which a process that does nothing is ended."""

MEMORY = 6 * 2**30
"""Bytes that a process may take."""


def family(name: str) -> str:
    """unconstrained, bound or equations."""
    return next(key for key, kinds in FAMILIES.items() if listed()[name]["class"] in kinds)


def read(file: Path) -> dict[tuple[str, str], dict]:
    """The newest line of each problem and solver."""
    if not file.exists():
        return {}
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return {(row["name"], row["solver"]): row for row in rows}


def note(file: Path, name: str, row: dict) -> None:
    """Appends a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    about = {"name": name, "when": time.strftime("%Y-%m-%d %H:%M"), "commit": machine.commit()}
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(about | row | {"load": os.getloadavg()[0]}) + "\n")


def point(name: str, solver: str) -> Path:
    """The file of an answer's x."""
    return POINTS / f"{name} {solver}.npy".replace(" ", "_")


def wanted_of(name: str, stage: str, known: dict[tuple[str, str], dict]) -> list[str]:
    """Who is asked in a stage."""
    if stage == "raphson":
        return ["raphson"]
    if stage == "peers":
        from benchmarks.cutest_peers import peers

        row = listed()[name]
        return peers(family(name), int(row["n"]), int(row["m"]))
    from benchmarks.cutest_judge import Judge

    lines = {key: row for key, row in known.items() if key[0] == name}
    return [f"beside {solver}" for solver in Judge(lines).wants_restarts(name)] if lines else []


def child(name: str, stage: str, wanted: list[str], file: Path) -> None:
    """One process: the solvers of one problem, each a line when it is done."""
    import resource

    import numpy as np

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    from benchmarks.cutest_problems import problem
    from benchmarks.cutest_runs import LIMIT, PATIENCE, Watched, at, beside, last, ours

    POINTS.mkdir(parents=True, exist_ok=True)
    last(LIMIT + PATIENCE)
    case = problem(name)
    if stage == "raphson":
        try:
            row, x = ours(case)
            np.save(point(name, "raphson"), x)
        except (Exception, KeyboardInterrupt) as error:
            row = {"solver": "raphson", "error": f"{type(error).__name__}: {error}"[:300]}
        note(file, name, row)
        return
    from benchmarks.cutest_peers import run

    last(PATIENCE)
    watched = Watched(case)
    for solver in wanted:
        last(LIMIT + PATIENCE)
        try:
            if stage == "beside":
                x = np.load(point(name, solver.removeprefix("beside ")))
                row = {"solver": solver, "expected": None} | beside(case, watched, x)
                if case.expected is not None:
                    row["expected"] = at(case, case.expected) | {"inside": inside(case, case.expected)}
            else:
                row, x = run(case, watched, solver)
                np.save(point(name, solver), x)
        except Exception as error:  # a peer that fails is a row as well
            row = {"solver": solver, "error": f"{type(error).__name__}: {error}"[:300]}
        note(file, name, row)


def inside(case: Any, x: Any) -> bool:
    """Whether a point lies within the bounds."""
    return case.bounds is None or bool(((x >= case.bounds[0]) & (x <= case.bounds[1])).all())


def gather(names: list[str], stage: str, file: Path, workers: int, fresh: bool) -> None:
    """Runs the problems that are missing."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload(["raphson", "scipy.optimize", "benchmarks.cutest_runs", "benchmarks.cutest_peers"])
    known = read(file)
    stale = lambda row: fresh and row is not None and row["commit"] != machine.commit()
    todo = [(n, [s for s in wanted_of(n, stage, known) if (n, s) not in known or stale(known[n, s])]) for n in names]
    todo = [(name, wanted) for name, wanted in todo if wanted]
    bar, running, done = Bar(stage, len(todo)), {}, 0
    queue = list(todo)
    while queue or running:
        while queue and len(running) < workers:
            name, wanted = queue.pop(0)
            process = context.Process(target=child, args=(name, stage, wanted, file), daemon=True)
            process.start()
            running[process] = (name, wanted, time.monotonic())
        for process, (name, wanted, begun) in list(running.items()):
            process.join(0.2)
            if process.is_alive() and time.monotonic() - begun > WALL:
                process.kill()
                process.join()
            if process.is_alive():
                continue
            del running[process]
            missing = lost(file, name, wanted, begun)
            if missing:
                why = "more than its processor seconds" if process.exitcode in (-24, -9) else "no line"
                error = f"ended: {why} (exit code {process.exitcode})"
                note(file, name, {"solver": missing[0], "error": error})
                if missing[1:]:
                    queue.insert(0, (name, missing[1:]))
                    continue
            done += 1
            bar.show(done, name, read(file).get((name, wanted[-1]), {}))
    bar.end()


def lost(file: Path, name: str, wanted: list[str], begun: float) -> list[str]:
    """The solvers without a line that is newer than the process."""
    wall = time.time() - (time.monotonic() - begun)
    new = {s for (n, s), row in read(file).items() if n == name and stamp(row) >= wall - 60}
    return [solver for solver in wanted if solver not in new]


def stamp(row: dict) -> float:
    """When a line was written, to the minute."""
    return time.mktime(time.strptime(row["when"], "%Y-%m-%d %H:%M"))


class Bar:
    """How far it is: one line on a terminal, a line a problem elsewhere."""

    def __init__(self, stage: str, total: int) -> None:
        self.stage, self.total, self.begin = stage, total, time.monotonic()

    def show(self, done: int, name: str, row: dict) -> None:
        """After a problem."""
        took = time.monotonic() - self.begin
        left = took / done * (self.total - done)
        text = f"{STAGE_WORDS[self.stage]} {done}/{self.total}: {name}{answer_word(self.stage, row)}"
        text += f" ({took:.0f} s, about {left:.0f} s left)"
        if sys.stderr.isatty():
            full = 20 * done // max(self.total, 1)
            print(f"\r[{'#' * full}{'.' * (20 - full)}] {text}"[:100].ljust(100), end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        """The line is left."""
        if sys.stderr.isatty():
            print(file=sys.stderr)


def answer_word(stage: str, row: dict) -> str:
    """What is said of a line: our own word for our answer alone, for of peers it would be the last one's."""
    if "error" in row:
        return ", ended by an error"
    return "" if stage != "raphson" else ", success" if row.get("success") else ", no success"


def chosen(families: list[str], above: int, most: int) -> list[str]:
    """The problems of families and sizes, family by family, small ones first; those that compile long at the end."""
    sizes = {name: int(row["n"]) for name, row in listed().items()}
    found = [n for key in families for n in sizes if family(n) == key and above < sizes[n] <= most]
    return sorted(found, key=lambda name: float(listed()[name]["compile"]) > SLOW)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cutest_pool", description=__doc__)
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--above", type=int, default=0, help="only problems of more variables")
    parser.add_argument("--most", type=int, default=200, help="only problems of at most so many variables")
    parser.add_argument("--stage", action="append", choices=STAGES)
    parser.add_argument("--only", help="only these problems, with commas between")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--file", type=Path, default=LINES)
    asked = parser.parse_args()
    names = chosen(asked.families.split(","), asked.above, asked.most)
    if asked.only:
        names = [name for name in listed() if name in asked.only.split(",")]
    for stage in asked.stage or STAGES:
        gather(names, stage, asked.file, asked.workers, asked.fresh)


if __name__ == "__main__":
    main()
