"""One graph with a share of wrong loop closures: which are told, and how far the map is from the truth."""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import raphson as rp
from benchmarks.slam_runs import path as file_of
from benchmarks.tables import digits, met, table
from raphson.slam.graph_file import Edges, GraphFile
from raphson.slam.rigid import Poses, nearest_rotations, rows_of

PROTOCOL = 1
KINDS = {"M3500": "SE2", "sphere2500": "SE3"}
SHARES = (10, 30, 50)
MARK = 30


def keys(quick: bool) -> list[str]:
    """A row is a set and a share in percent."""
    return [f"{name}-{share}" for share in ((MARK,) if quick else SHARES) for name in KINDS]


def measure(key: str, quick: bool) -> dict:
    """Ours, and GTSAM's where it is asked for, beside the map without wrong loop closures."""
    name, share = key.split("-")
    right, kind = rp.slam.read_g2o(file_of(name)), KINDS[name]
    file, wrong = with_outliers(right, kind, int(share) / 100)
    truth = true_places(name, right)
    begin = time.process_time()
    fit = rp.slam.optimize(file, loss="gnc")
    spent = time.process_time() - begin
    found: dict[str, Any] = {"wrong": int(wrong.sum()), "right": int((~odometry(file, kind) & ~wrong).sum())}
    found["without"] = trajectory_error(places(rp.slam.optimize(right).poses, kind), truth)
    found["odometry"] = trajectory_error(places(rp.slam.odometry_start(file)[kind], kind), truth)
    ours = {"seconds": spent, "verdict": fit.certificate.verdict.name, "said": fit.reasons[1]}
    found["ways"] = {"raphson": ours | told(fit.outliers[0], wrong, places(fit.poses, kind), truth)}
    if os.environ.get("GTSAM_GNC"):
        found["ways"]["GTSAM"] = gtsam_gnc(file, kind, wrong, truth)
    return found


def told(outliers: np.ndarray, wrong: np.ndarray, at: np.ndarray, truth: np.ndarray) -> dict:
    """How many were told wrongly, and the error of the trajectory."""
    kept, dropped = int((wrong & ~outliers).sum()), int((outliers & ~wrong).sum())
    return {"kept": kept, "dropped": dropped, "error": trajectory_error(at, truth)}


def odometry(file: GraphFile, kind: str) -> np.ndarray:
    """The edges between poses that follow each other (m,)."""
    return np.abs(file.edges[kind].i - file.edges[kind].j) == 1


def with_outliers(file: GraphFile, kind: str, share: float, seed: int = 0) -> tuple[GraphFile, np.ndarray]:
    """The file with wrong loop closures, `share` of all, and which edges they are (m,)."""
    edge, rng, d = file.edges[kind], np.random.default_rng(seed), 2 if kind == "SE2" else 3
    loops = np.flatnonzero(~odometry(file, kind))
    count, n = round(len(loops) * share / (1 - share)), len(file.vertices[kind])
    i, j = rng.integers(0, n, 4 * count), rng.integers(0, n, 4 * count)
    far = np.abs(i - j) > 1
    size = np.ptp(places(file.vertices[kind].values, kind), axis=0).max()
    turns = nearest_rotations(rng.normal(size=(count, d, d)))
    wrong = rows_of(kind, Poses(turns, rng.uniform(-size / 2, size / 2, (count, d))))
    both = Edges(
        kind, np.append(edge.i, i[far][:count]), np.append(edge.j, j[far][:count]),
        np.concatenate([edge.measurement, wrong]),
        np.concatenate([edge.information, edge.information[rng.choice(loops, count)]]),
        np.append(edge.lines, np.zeros(count, np.int64)),
    )  # fmt: skip
    return replace(file, edges={**file.edges, kind: both}), np.arange(len(both)) >= len(edge)


def true_places(name: str, file: GraphFile) -> np.ndarray:
    """The true positions: see `outliers.ABOUT`."""
    if name == "M3500":
        edge = file.edges["SE2"]
        quarter = np.pi / 2
        whole = np.column_stack(
            [np.round(edge.measurement[:, :2]), quarter * np.round(edge.measurement[:, 2] / quarter)]
        )
        exact, kind = replace(file, edges={"SE2": replace(edge, measurement=whole)}), "SE2"
    else:
        import gtsam

        exact, kind = rp.slam.read_graph(Path(gtsam.__file__).parent / "Data" / f"{name}_groundtruth.txt"), "SE3"
    values = rp.slam.odometry_start(exact)
    cost = rp.slam.graph_costs(exact, values)["g2o"]
    if cost > 1e-3:
        raise ValueError(f"the true measurements of {name} disagree with each other: chi2 = {cost}")
    return places(values[kind], kind)


def places(values: np.ndarray, kind: str) -> np.ndarray:
    """The positions of poses."""
    return values[:, : 2 if kind == "SE2" else 3]


def trajectory_error(at: np.ndarray, truth: np.ndarray) -> float:
    """Root of the mean square distance after the best rigid motion (Umeyama, 1991, without scale)."""
    a, b = at - at.mean(0), truth - truth.mean(0)
    U, _, V = np.linalg.svd(a.T @ b)
    mirror = np.ones(a.shape[1])
    mirror[-1] = np.sign(np.linalg.det(U @ V))
    return float(np.sqrt(np.mean(np.sum((a @ (U * mirror) @ V - b) ** 2, 1))))


def gtsam_gnc(file: GraphFile, kind: str, wrong: np.ndarray, truth: np.ndarray) -> dict:
    """GTSAM's graduated non-convexity on the same graph from the same values."""
    import gtsam

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.g2o"
        rp.slam.write_g2o(path, file, rp.slam.odometry_start(file))
        graph, start = gtsam.readG2o(str(path), kind == "SE3")
    edges = graph.size()
    if kind == "SE3":
        graph.add(gtsam.PriorFactorPose3(0, start.atPose3(0), gtsam.noiseModel.Isotropic.Sigma(6, 1e-6)))
    else:
        graph.add(gtsam.PriorFactorPose2(0, start.atPose2(0), gtsam.noiseModel.Isotropic.Sigma(3, 1e-6)))
    limits = gtsam.GncLMParams(gtsam.LevenbergMarquardtParams())
    limits.setLossType(gtsam.GncLossType.TLS)
    limits.setKnownInliers([*map(int, np.flatnonzero(odometry(file, kind))), edges])
    begin = time.process_time()
    optimizer: Any = gtsam.GncLMOptimizer(graph, start, limits)
    optimizer.setInlierCostThresholdsAtProbability(0.99)
    values = optimizer.optimize()
    spent = time.process_time() - begin
    outliers = np.asarray(optimizer.getWeights())[:edges] < 0.5
    extract = gtsam.utilities.extractPose2 if kind == "SE2" else gtsam.utilities.extractPose3
    at = np.asarray(extract(values))[:, :2] if kind == "SE2" else np.asarray(extract(values))[:, 9:]
    return {"seconds": spent, "verdict": "", "said": ""} | told(outliers, wrong, at, truth)


def marks(rows: dict[str, dict]) -> list[list[str]]:
    """The mark is at 30 %."""
    found = []
    for key, row in rows.items():
        if key.endswith(f"-{MARK}"):
            ratio = row["ways"]["raphson"]["error"] / row["without"]
            found.append(
                [f"{key} %: ATE beside that without wrong ones", "<= 1.02", f"{ratio:.4f}", met(ratio <= 1.02)]
            )
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """One table."""
    head = (
        "set | share | wrong | right | system | kept wrongly | dropped wrongly | ATE, m | without, m | odometry, m | s"
    )
    lines = []
    for key, row in rows.items():
        name, share = key.split("-")
        for system, way in row["ways"].items():
            errors = [f"{a:.4f}" for a in (way["error"], row["without"], row["odometry"])]
            first = [name, f"{share} %", row["wrong"], row["right"], system, way["kept"], way["dropped"]]
            lines.append([*first, *errors, digits(way["seconds"])])
    return ["## Who is told", "", *table(head, lines), ""]
