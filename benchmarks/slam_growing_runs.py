"""Pose graphs that come in piece by piece: ours and GTSAM's iSAM2 after each piece, beside our batch at some points."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import numpy as np

import raphson as rp
from benchmarks.slam_costs import LOG_ERRORS, both_costs
from benchmarks.slam_runs import path, write_renumbered
from benchmarks.tables import digits, met, table
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import GraphFile
from raphson.slam.read_g2o import read_g2o
from raphson.solver.clock import CompileClock

PROTOCOL = 1

RUNS = {"intel-50": 0, "M3500-50": 0, "sphere2500-50": 0, "city10000-200": 0, "intel-1": 0, "M3500-1": 1000}
"""Data sets with the poses that come at a time, and how many of its poses come (0: all)."""

POINTS = 2
"""Where the batch solves what is there, spread over the run; the last is the whole."""

THRESHOLDS = {"iSAM2 as it comes": (0.1, 10), "iSAM2 0.001": (0.001, 1)}
"""GTSAM's threshold of relinearization, and after how many updates it looks."""


@dataclass(frozen=True)
class Replay:
    """A pose graph in the order of its poses: `pairs` (m, 2), measurements and information, `spaces` of one pose."""

    kind: str
    space: Any
    pairs: np.ndarray
    measured: np.ndarray
    information: np.ndarray
    poses: int
    size: int

    @classmethod
    def of(cls, file: GraphFile, size: int, most: int) -> "Replay":
        kind = next(iter(file.vertices))
        edges, n = file.edges[kind], min(len(file.vertices[kind]), most or len(file.vertices[kind]))
        pairs = np.stack([edges.i, edges.j], 1)
        some = pairs.max(1) < n
        space = rp.slam.SE2() if kind == "SE2" else rp.slam.SE3()
        return cls(kind, space, pairs[some], edges.measurement[some], edges.information[some], n, size)

    def pieces(self) -> Iterator[tuple[int, int]]:
        """First and last pose of each piece."""
        for a in range(0, self.poses, self.size):
            yield a, min(a + self.size, self.poses)

    def edges(self, a: int, b: int) -> np.ndarray:
        """The edges whose later pose is one of these."""
        last = self.pairs.max(1)
        return np.flatnonzero((last >= a) & (last < b))

    def odometry(self) -> dict[int, int]:
        """The edge that leads from a pose's predecessor to it."""
        return {int(j): k for k, (i, j) in reversed(list(enumerate(self.pairs))) if j == i + 1}


def keys(quick: bool) -> list[str]:
    return list(RUNS)[:1] if quick else list(RUNS)


def measure(key: str, quick: bool) -> dict:
    """One replay by each system; costs by one referee, on the function that GTSAM minimizes."""
    name, size = key.rsplit("-", 1)
    file = read_g2o(path(name))
    replay = Replay.of(file, int(size), RUNS[key])
    part = cut(file, replay)
    row: dict[str, Any] = {"poses": replay.poses, "edges": len(replay.pairs), "systems": {}}
    row["systems"]["raphson"] = ours = own(replay)
    for title, (threshold, skip) in THRESHOLDS.items():
        row["systems"][title] = isam2(part, replay, threshold, skip)
    for way in row["systems"].values():
        way["log"] = both_costs(part, replay.kind, way.pop("values"))["log"]
    row["batch"] = ours.pop("batch")
    return row


def cut(file: GraphFile, replay: Replay) -> GraphFile:
    """The file's graph of the first poses."""
    v, e = file.vertices[replay.kind], file.edges[replay.kind]
    some = np.maximum(e.i, e.j) < replay.poses
    edges = replace(
        e, i=e.i[some], j=e.j[some], measurement=e.measurement[some], information=e.information[some],
        lines=e.lines[some],
    )  # fmt: skip
    ids = np.arange(replay.poses)
    vertices = replace(v, ids=ids, values=v.values[: replay.poses], lines=v.lines[: replay.poses])
    return replace(file, vertices={replay.kind: vertices}, edges={replay.kind: edges}, fixed=ids[:0])


def guessed(replay: Replay, compose: Any, last: np.ndarray, a: int, b: int, back: dict[int, int]) -> np.ndarray:
    """Poses a to b by odometry from the one before."""
    poses = [last]
    for k in range(a, b):
        poses.append(np.asarray(compose(poses[-1], replay.measured[back[k]])) if k in back else poses[-1])
    return np.array(poses[1:])


def own(replay: Replay) -> dict:
    """Ours: everything that a user calls is timed, the guess of new poses apart."""
    compose, back, kind = jax.jit(replay.space.compose), replay.odometry(), replay.kind
    error = LOG_ERRORS[kind]
    graph, robot, updates = FactorGraph(), None, []
    at = np.linspace(0, replay.poses, POINTS + 1)[1:]
    checked: list[dict] = []
    origin = np.zeros(3) if kind == "SE2" else np.array([0, 0, 0, 0, 0, 0, 1.0])
    for a, b in [(0, max(replay.size, 2)), *(p for p in replay.pieces() if p[0] >= max(replay.size, 2))]:
        guess = guessed(replay, compose, origin if robot is None else robot.values[kind][-1], a, b, back)
        which, before = replay.edges(a, b), CompileClock.count
        begin = time.perf_counter(), time.process_time()
        if robot is None:
            graph.add_variables(kind, replay.space, guess)
        else:
            graph.extend(kind, guess)
        if which.size:
            given = replay.pairs[which], replay.measured[which]
            graph.add_factors(error, (kind, kind), *given, information=replay.information[which])
        if robot is None:
            robot = rp.slam.Incremental(graph)
        update = robot.last if not updates else robot.update()
        updates.append({
            "wall": time.perf_counter() - begin[0], "processor": time.process_time() - begin[1], "whole": update.whole,
            "moved": update.moved, "evaluated": update.evaluated, "compilations": CompileClock.count - before,
            "converged": update.converged,
        })  # fmt: skip
        if at.size and b >= at[0]:
            checked.append(batch(graph, update.cost))
            at = at[at > b]
    assert robot is not None
    return {"values": robot.values[kind], "updates": updates, "batch": checked}


def batch(graph: FactorGraph, cost: float) -> dict:
    """The batch solve of what is there, begun from the estimate; its second call is timed."""
    copy = replace(graph, variables=dict(graph.variables), factors=list(graph.factors))
    rp.slam.optimize(copy)
    begin = time.perf_counter(), time.process_time()
    fit = rp.slam.optimize(copy)
    spent = {"wall": time.perf_counter() - begin[0], "processor": time.process_time() - begin[1]}
    known = len(next(iter(graph.variables.values())))
    return spent | {"poses": known, "above": cost / fit.value - 1, "cost": fit.value, "success": bool(fit.success)}


def isam2(part: GraphFile, replay: Replay, threshold: float, skip: int) -> dict:
    """GTSAM's iSAM2: updating and the estimate of all poses are timed, making factors is not."""
    import gtsam

    compose, back, kind = jax.jit(replay.space.compose), replay.odometry(), replay.kind
    d = 3 if kind == "SE2" else 6
    with TemporaryDirectory() as place:
        renumbered = Path(place) / "graph.g2o"
        write_renumbered(renumbered, part, None)
        graph, _ = gtsam.readG2o(str(renumbered), kind == "SE3")
    factors: dict[int, list[Any]] = {}
    for k in range(graph.size()):
        factor = graph.at(k)
        factors.setdefault(max(factor.keys()), []).append(factor)
    params = gtsam.ISAM2Params()
    params.setRelinearizeThreshold(threshold)
    params.relinearizeSkip = skip
    isam, updates, last = gtsam.ISAM2(params), [], np.zeros(3) if kind == "SE2" else np.array([0, 0, 0, 0, 0, 0, 1.0])
    pose: Any = gtsam.Pose2 if kind == "SE2" else gtsam.Pose3
    prior: Any = gtsam.PriorFactorPose2 if kind == "SE2" else gtsam.PriorFactorPose3
    found: Any = None
    for a, b in replay.pieces():
        guess, new, values = guessed(replay, compose, last, a, b, back), gtsam.NonlinearFactorGraph(), gtsam.Values()
        if a == 0:
            new.add(prior(0, pose(), gtsam.noiseModel.Isotropic.Sigma(d, 1e-6)))
        for k, x in zip(range(a, b), guess, strict=True):
            values.insert(k, gtsam_pose(gtsam, x))
            for factor in factors.get(k, ()):
                new.add(factor)
        begin = time.perf_counter(), time.process_time()
        isam.update(new, values)
        found = isam.calculateEstimate()
        updates.append({"wall": time.perf_counter() - begin[0], "processor": time.process_time() - begin[1]})
        last = row_of(found.atPose2(b - 1) if kind == "SE2" else found.atPose3(b - 1))
    poses = [row_of(found.atPose2(k) if kind == "SE2" else found.atPose3(k)) for k in range(replay.poses)]
    return {"values": np.array(poses), "updates": updates}


def gtsam_pose(gtsam: Any, x: np.ndarray) -> Any:
    """A pose of ours as GTSAM's."""
    if x.size == 3:
        return gtsam.Pose2(*x)
    return gtsam.Pose3(gtsam.Rot3.Quaternion(x[6], *x[3:6]), x[:3])


def row_of(pose: Any) -> np.ndarray:
    """A pose of GTSAM's as ours."""
    if hasattr(pose, "theta"):
        return np.array([pose.x(), pose.y(), pose.theta()])
    q = pose.rotation().toQuaternion()
    return np.array([*pose.translation(), q.x(), q.y(), q.z(), q.w()])


def spent(way: dict, clock: str = "processor") -> np.ndarray:
    """Seconds of each update but the first ten, which compile."""
    return np.array([u[clock] for u in way["updates"]][10:])


def marks(rows: dict[str, dict]) -> list[list[str]]:
    lines = []
    worst = max(p["above"] for row in rows.values() for p in row["batch"])
    lines.append(["cost after pieces above the batch's, relatively", "<= 1e-6", f"{worst:.1e}", met(worst <= 1e-6)])
    late = max(sum(u["compilations"] for u in row["systems"]["raphson"]["updates"][10:]) for row in rows.values())
    lines.append(["compilations after the tenth piece", "few", str(late), "–"])
    shares = {key: float(np.median(spent(row["systems"]["raphson"]))) / row["batch"][-1]["processor"]
              for key, row in rows.items()}  # fmt: skip
    said = "; ".join(f"{key} {digits(a)}" for key, a in shares.items())
    lines.append(
        ["a piece at the end beside the batch solve, processor time", "< 1", said, met(max(shares.values()) < 1)]
    )
    for title in THRESHOLDS:
        ratios = {key: spent(row["systems"][title]).sum() / spent(row["systems"]["raphson"]).sum()
                  for key, row in rows.items()}  # fmt: skip
        said = "; ".join(f"{key} {digits(float(a))}x" for key, a in ratios.items())
        lines.append([f"all pieces, processor time of {title} over ours", ">= 1", said, met(min(ratios.values()) >= 1)])
    return lines


def render(rows: dict[str, dict]) -> list[str]:
    """A table of the systems, one of the points where the batch was solved."""
    lines, points = [], []
    for key, row in rows.items():
        for title, way in row["systems"].items():
            seconds, updates = spent(way), way["updates"][10:]
            whole = f"{sum(u['whole'] for u in updates)} of {len(updates)}" if "whole" in updates[0] else "–"
            late = sum(u.get("compilations", 0) for u in updates) if title == "raphson" else "–"
            times = [digits(1e3 * float(a)) for a in (np.median(seconds), np.quantile(seconds, 0.95), seconds.max())]
            about = [key, row["poses"], row["edges"], title, f"{way['log']:.9g}"]
            lines.append([*about, *times, digits(float(seconds.sum())), whole, late])
        for p in row["batch"]:
            points.append([key, p["poses"], f"{2 * p['cost']:.9g}", f"{p['above']:.1e}", digits(1e3 * p["processor"])])
    head = "set and poses at a time | poses | edges | system | cost at the end, `log` | a piece, ms, median | 95 %"
    head += " | most | all, s | solved as a whole | compilations"
    return [
        "## Maps that grow", "", *table(head, lines), "", "Where our batch was solved, from the estimate:", "",
        *table("set | poses there | batch cost, `log` | ours above it | batch, ms", points), "",
    ]  # fmt: skip
