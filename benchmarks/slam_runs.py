"""Pose graphs from two starts: ours, GTSAM and g2o in turns; cost, iterations, seconds of each stage."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.bundle_data import FOLDER
from benchmarks.slam_costs import LOG_ERRORS, both_costs
from benchmarks.slam_peers import LIMIT, g2o_calls, given_up, gtsam_calls
from benchmarks.tables import digits, met, table
from raphson.kernel.status import Status
from raphson.linear.cholmod import Cholmod
from raphson.slam.chordal import chordal_start
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import GraphFile
from raphson.slam.read_g2o import read_g2o
from raphson.slam.write_g2o import write_g2o

PROTOCOL = 1

DATA = FOLDER.parent / "pose-graphs"
STAGES = {"start": "started", "prepare": "prepare_graph", "steps": "run_from", "certificate": "conclude_fit"}
"""The functions of `raphson.slam.optimize` that are its stages."""

FUNCTIONS = ("g2o", "log")

MARKS = {"sphere2500": 0.3, "city10000": 0.6, "torus3D": 1.5}
"""Seconds of a solve."""

REACHED = 1e-6
ROUNDS = 3
DEAR = 3.0
"""Processor seconds above which a call is not made again."""
COMPILATION = 60.0
"""Seconds by the clock that our first call of a function gets beside `LIMIT`: 33 on robot_b at load 10."""

compiled: set[tuple[str, str]] = set()
"""Files and functions whose first call is over, in this process."""


@cache
def references() -> dict[str, dict[str, float]]:
    """The best known values of the data's README, by set and function; of plane graphs `g2o` alone."""
    found = {}
    for line in (DATA / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 10 and ".g2o" in cells[0]:
            values = {"g2o": cells[7], "log": cells[8]}
            found[cells[0]] = {name: float(value) for name, value in values.items() if value != "-"}
    return found


def keys(quick: bool) -> list[str]:
    """A row is a data set, the small ones first."""
    first = ["ring", "intel", "M3500", "sphere2500"]
    names = sorted((name.split(".")[0] for name in references()), key=lambda name: (name not in first, size(name)))
    return first if quick else names


def size(key: str) -> int:
    return path(key).stat().st_size * (8 if path(key).suffix == ".gz" else 1)


def path(key: str) -> Path:
    return DATA / next(name for name in references() if name.split(".")[0] == key)


def measure(key: str, quick: bool) -> dict:
    """Both starts, with all ways in turns."""
    file = read_g2o(path(key))
    kind = next(iter(file.vertices))
    begin = time.perf_counter(), time.process_time()
    read_g2o(path(key))
    spent = {"wall": time.perf_counter() - begin[0], "processor": time.process_time() - begin[1]}
    best = references()[path(key).name]
    about = {"poses": len(file.vertices[kind]), "edges": sum(map(len, file.edges.values()))}
    row: dict[str, Any] = {**about, "read": spent, "start": file.start, "best": best, "starts": {}}
    for start, values in (("file", None), ("chordal", chordal_start(file))):
        found = {"cost": both_costs(file, kind, (values or {}).get(kind))["g2o"], "ways": {}}
        row["starts"][start] = found
        with TemporaryDirectory() as place:
            renumbered = Path(place) / "graph.g2o"
            write_renumbered(renumbered, file, values)
            calls: dict[str, Callable[[], dict]] = {
                f"raphson {name}": lambda name=name, start=start: own(file, name, start) for name in FUNCTIONS
            }
            for system, made in (("GTSAM", gtsam_calls), ("g2o", g2o_calls)):
                try:
                    calls |= {f"{system} {name}": call for name, call in made(renumbered, kind).items()}
                except ImportError as missing:
                    found["ways"][system] = {"error": str(missing)}
            found["ways"] |= in_turns(calls, file, kind, 2 if quick else ROUNDS)
    if "log" not in best:
        every = [way for found in row["starts"].values() for way in found["ways"].values()]
        row["best"] = best | {"log": min(way["log"] for way in every if np.isfinite(way.get("log", np.nan)))}
    return row


def write_renumbered(place: Path, file: GraphFile, values: Any) -> None:
    """The graph with poses numbered from 0: GTSAM's own 64-bit names are no numbers to g2o."""
    vertices = {kind: replace(v, ids=np.arange(len(v))) for kind, v in file.vertices.items()}
    write_g2o(place, replace(file, vertices=vertices, fixed=np.zeros(0, np.int64)), values)


def in_turns(calls: dict[str, Callable[[], dict]], file: GraphFile, kind: str, rounds: int) -> dict[str, dict]:
    """What each call found, that of the rounds with the middle processor time; ours begin with one that compiles."""
    tries: dict[str, list[dict]] = {name: [] for name in calls}
    first, failed = {}, {}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            ours, dear = name.startswith("raphson"), any(way["processor"] > DEAR for way in tries[name])
            if (turn == 0 and not ours) or name in failed or dear:
                continue
            try:
                way = call()
            except RuntimeError as problem:
                failed[name] = {"error": str(problem).strip().splitlines()[0][:160]}
                continue
            if turn == 0:
                first[name] = {"first": {"wall": way["wall"], "compile": way["compile"]}}
                continue
            tries[name].append(way | both_costs(file, kind, way.pop("values")))
    found = {name: middle_of(given) | first.get(name, {}) for name, given in tries.items() if name not in failed}
    return found | failed


def middle_of(tries: list[dict]) -> dict:
    """The call with the middle processor time."""
    return sorted(tries, key=lambda way: way["processor"])[len(tries) // 2]


def own(file: GraphFile, function: str, start: str) -> dict:
    """`optimize` by its own door, its stages by two clocks; RuntimeError for one that the limit ended."""
    module = import_module("raphson.slam.optimize")
    graph: Any = file
    if function == "log":
        graph = FactorGraph.of(file)
        factors = [replace(f, residual=LOG_ERRORS[f.types[0]]) for f in graph.factors]
        graph = replace(graph, factors=factors)
    stages: dict[str, dict] = {}
    limit = LIMIT if (file.name, function) in compiled else LIMIT + COMPILATION
    compiled.add((file.name, function))
    with clocked(module, stages) as answers:
        begin = time.perf_counter(), time.process_time()
        fit = module.optimize(graph, method="auto", init=start, time_limit=limit)
        spent = {"wall": time.perf_counter() - begin[0], "processor": time.process_time() - begin[1]}
    if fit.termination == Status.TIME:
        raise RuntimeError(given_up(2 * float(fit.value), answers["trials"]))
    after = answers["prepare"].values(answers["steps"].state.x)
    kind = next(iter(after))
    return spent | {
        "values": next(iter(fit.values.values())), "stages": stages, "iterations": answers["trials"],
        "compile": fit.compile_seconds, "status": fit.termination.name, "success": bool(fit.success),
        "after steps": both_costs(file, kind, after[kind]),
    }  # fmt: skip


@contextmanager
def clocked(module: Any, stages: dict[str, dict]) -> Iterator[dict[str, Any]]:
    """Notes seconds of the stages, and of factorizations within them; yields the answers of the stages."""
    answers: dict[str, Any] = {}
    spent = [0.0]

    def stage(name: str, function: Callable) -> Callable:
        def called(*given: Any, **options: Any) -> Any:
            begin, before = (time.perf_counter(), time.process_time()), spent[0]
            answers[name] = function(*given, **options)
            wall, processor = time.perf_counter() - begin[0], time.process_time() - begin[1]
            more = {"wall": wall, "processor": processor, "factorizations": spent[0] - before}
            earlier = stages.get(name, dict.fromkeys(more, 0.0))  # a second method after the first
            stages[name] = {clock: seconds + earlier[clock] for clock, seconds in more.items()}
            if name == "steps":
                answers["trials"] = answers.get("trials", 0) + len(answers[name].trace)
            return answers[name]

        return called

    factored = Cholmod.factored

    def factorized(*given: Any) -> bool:
        begin = time.thread_time()
        positive = factored(*given)
        spent[0] += time.thread_time() - begin
        return positive

    with ExitStack() as stack:
        stack.enter_context(patch.object(Cholmod, "factored", factorized))
        for name, function in STAGES.items():
            stack.enter_context(patch.object(module, function, stage(name, getattr(module, function))))
        yield answers


def distance(row: dict, way: dict, function: str) -> float:
    """How far above the best known value, relatively."""
    return way[function] / row["best"][function] - 1


def better(ways: dict[str, dict], system: str, function: str) -> dict | None:
    """A system's better method: the quicker of those that cost within 1e-6 of the less."""
    ran = {n.removeprefix(f"{system} "): w for n, w in ways.items() if n.startswith(system) and "error" not in w}
    ran = {name: way | {"method": name} for name, way in ran.items() if np.isfinite(way[function])}
    if not ran:
        return None
    least = min(way[function] for way in ran.values())
    return min((w for w in ran.values() if w[function] <= least * (1 + REACHED)), key=lambda w: w["processor"])


def after(way: dict, *stages: str, clock: str = "processor") -> float:
    """Seconds of stages together."""
    return sum(way["stages"][stage][clock] for stage in stages)


def marks(rows: dict[str, dict]) -> list[list[str]]:
    """The default start, method "auto"; the race on the same function; three sets by the clock of the processor."""
    return [reached(rows), *races(rows), *seconds(rows)]


def cheaper_start(row: dict) -> str:
    """The start that `init="auto"` takes."""
    return min(("file", "chordal"), key=lambda start: row["starts"][start]["cost"])


def reached(rows: dict[str, dict]) -> list[str]:
    far = {}
    for key, row in rows.items():
        way = row["starts"][cheaper_start(row)]["ways"]["raphson g2o"]
        off = np.inf if "error" in way else distance(row, way, "g2o")
        if off > REACHED:
            far[key] = off
    said = f"{len(rows) - len(far)} of {len(rows)}" + "".join(f"; {key} {off:.1e}" for key, off in far.items())
    absent = [key for key in keys(False) if key not in rows]
    said += f"; not measured: {', '.join(absent)}" if absent else ""
    total = len(references())
    return [
        "best known g2o cost, `auto` start and method",
        f"all {total}, 1e-6",
        said,
        met(not far and len(rows) == total),
    ]


def races(rows: dict[str, dict]) -> list[list[str]]:
    """Ours against GTSAM's better method, where both reach the best known value from the same start."""
    measures = {"steps alone": ("steps",), "prepare and steps": ("prepare", "steps"),
                "prepare, steps, certificate": ("prepare", "steps", "certificate")}  # fmt: skip
    lines = []
    for title, stages in measures.items():
        ratios = {}
        for key, row in rows.items():
            for start, found in row["starts"].items():
                own, other = found["ways"]["raphson log"], better(found["ways"], "GTSAM", "log")
                if other and "error" not in own and max(distance(row, w, "log") for w in (own, other)) <= REACHED:
                    ratios[f"{key} ({start})"] = other["processor"] / after(own, *stages)
        slow = "".join(f"; {key} {digits(r)}x" for key, r in ratios.items() if r < 1)
        middle = digits(float(np.median(list(ratios.values())))) if ratios else "–"
        said = f"{sum(r >= 1 for r in ratios.values())} of {len(ratios)}, median {middle}x{slow}"
        what = f"{title}: processor time beside GTSAM's better method, `log`, from starts whence both reach the best"
        lines.append([what, "less", said, met(bool(ratios) and not slow)])
    return lines


def seconds(rows: dict[str, dict]) -> list[list[str]]:
    lines = []
    for key, mark in MARKS.items():
        if key not in rows:
            continue
        start = cheaper_start(rows[key])
        way = rows[key]["starts"][start]["ways"]["raphson g2o"]
        if "error" in way:
            continue
        whole = way["processor"] + rows[key]["read"]["processor"]
        for title, spent in (("steps alone", after(way, "steps")), ("everything, with reading", whole)):
            lines.append(
                [
                    f"{key} ({start}), {title}",
                    f"<= {mark} s",
                    f"{digits(spent)} s of processor time",
                    met(spent <= mark),
                ]
            )
    return lines


def render(rows: dict[str, dict]) -> list[str]:
    """A table of costs and seconds beside the peers', one of our stages, one of what did not run."""
    lines, parts, failed = [], [], []
    for key, row in rows.items():
        for start, found in row["starts"].items():
            begun = row["start"] if start == "file" else start
            for name, way in found["ways"].items():
                if "error" in way:
                    failed.append([key, begun, name, way["error"]])
            for function, other in (("g2o", "g2o"), ("log", "GTSAM")):
                lines += [compared(key, begun, row, found["ways"], system, function) for system in ("raphson", other)]
                parts += staged(key, begun, row, found["ways"][f"raphson {function}"], function)
    head = "set | start | function | system | cost | from best | iterations | steps, s | all, s | all by the clock, s"
    stages = (
        "set | start | function | read | start | prepare | steps | of it factorizations | certificate | steps, clock"
    )
    stages += " | first call, clock | of it compile | after steps alone, from best"
    text = ["## Costs and seconds of the processor", "", *table(head, [line for line in lines if line]), ""]
    text += ["## Our stages, seconds of the processor, second calls", "", *table(stages, parts), ""]
    return text + (["What did not run:", "", *table("set | start | way | why", failed), ""] if failed else [])


def compared(key: str, start: str, row: dict, ways: dict[str, dict], system: str, function: str) -> list[Any]:
    """One line of the first table; empty where a system found nothing."""
    way = ways[f"raphson {function}"] if system == "raphson" else better(ways, system, function)
    if way is None or "error" in way:
        return []
    title = system if system == "raphson" else f"{system}, {way['method']}"
    own = system == "raphson"
    steps = digits(after(way, "steps")) if own else "–"
    whole = after(way, "prepare", "steps", "certificate") if own else way["processor"]
    clock = after(way, "prepare", "steps", "certificate", clock="wall") if own else way["wall"]
    cost, off = f"{way[function]:.9g}", f"{distance(row, way, function):.1e}"
    return [key, start, function, title, cost, off, way["iterations"], steps, digits(whole), digits(clock)]


def staged(key: str, start: str, row: dict, way: dict, function: str) -> list[list[Any]]:
    """A line of the second table; none without an end."""
    if "error" in way:
        return []
    spent = [digits(after(way, stage)) for stage in ("start", "prepare", "steps")]
    share = way["stages"]["steps"]["factorizations"] / max(after(way, "steps"), 1e-9)
    ends = [f"{100 * share:.0f} %", digits(after(way, "certificate")), digits(after(way, "steps", clock="wall"))]
    first = [digits(way["first"]["wall"]), digits(way["first"]["compile"])]
    off = f"{distance(row, way['after steps'], function):.1e}"
    return [[key, start, function, digits(row["read"]["processor"]), *spent, *ends, *first, off]]
