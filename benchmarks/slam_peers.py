"""GTSAM and g2o on a pose graph: from a file that both read, to poses that our referee takes."""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from raphson.slam.rigid import Poses, rows_of

TOLERANCE = 1e-10
"""The least relative fall of the cost."""

ITERATIONS = 100

LIMIT = 30.0
"""Seconds by the clock after which a way is given up: torus3D from its file's vertices keeps every system at it."""

Answer = dict[str, Any]
"""`values` of the poses by rows, `iterations`, and `wall` and `processor` seconds."""


def gtsam_calls(file: Path, kind: str) -> dict[str, Callable[[], Answer]]:
    """GTSAM's methods on a file whose poses are numbered from 0; the first pose is held by a prior."""
    import gtsam

    graph, start = gtsam.readG2o(str(file), kind == "SE3")
    d = 6 if kind == "SE3" else 3
    noise = gtsam.noiseModel.Isotropic.Sigma(d, 1e-6)
    prior, pose = ("PriorFactorPose3", start.atPose3) if kind == "SE3" else ("PriorFactorPose2", start.atPose2)
    graph.add(getattr(gtsam, prior)(0, pose(0), noise))

    def call(name: str) -> Answer:
        limits = getattr(gtsam, f"{name}Params")()
        limits.setMaxIterations(ITERATIONS)
        limits.setRelativeErrorTol(TOLERANCE)
        limits.setAbsoluteErrorTol(0.0)
        begin = time.perf_counter(), time.process_time()
        optimizer = getattr(gtsam, f"{name}Optimizer")(graph, start, limits)
        found = in_time(optimizer)
        spent = {"wall": time.perf_counter() - begin[0], "processor": time.process_time() - begin[1]}
        if kind == "SE2":
            values = np.asarray(gtsam.utilities.extractPose2(found))
        else:
            table = np.asarray(gtsam.utilities.extractPose3(found))
            values = rows_of("SE3", Poses(table[:, :9].reshape(-1, 3, 3), table[:, 9:]))
        return spent | {"values": values, "iterations": int(optimizer.iterations())}

    names = {"Levenberg-Marquardt": "LevenbergMarquardt", "Gauss-Newton": "GaussNewton"}
    return {title: lambda name=name: call(name) for title, name in names.items()}


def in_time(optimizer: Any) -> Any:
    """What GTSAM's own loop finds (`NonlinearOptimizer::defaultOptimize`, `checkConvergence`), a RuntimeError after
    `LIMIT` seconds: who asks for an end from outside can ask between iterations alone."""
    begin, before, cost = time.perf_counter(), np.inf, optimizer.error()
    while optimizer.iterations() < ITERATIONS and np.isfinite(cost) and before - cost > TOLERANCE * cost:
        if time.perf_counter() - begin > LIMIT:
            raise RuntimeError(given_up(2 * cost, optimizer.iterations()))
        optimizer.iterate()
        before, cost = cost, optimizer.error()
    return optimizer.values()


def given_up(cost: float, iterations: int) -> str:
    """What the tables say of a way without an end."""
    return f"did not end within {LIMIT:.0f} s: {iterations} iterations, cost {cost:.6g}"


def g2o_calls(file: Path, kind: str) -> dict[str, Callable[[], Answer]]:
    """g2o's methods (package g2opy) with Eigen's sparse Cholesky; the first pose is held.

    Its loop cannot be ended from Python, so that it gets no more iterations than `LIMIT` has room for by the first.
    """
    import g2opy

    def made(name: str) -> Any:
        graph = g2opy.SparseOptimizer()
        if not graph.load(str(file)):
            raise ValueError(f"g2o does not read {file.name}")
        linear = getattr(g2opy, f"LinearSolverEigen{kind}")()
        graph.set_algorithm(
            getattr(g2opy, f"OptimizationAlgorithm{name}")(getattr(g2opy, f"BlockSolver{kind}")(linear))
        )
        graph.vertex(0).set_fixed(True)
        return graph

    def call(name: str) -> Answer:
        graph, most = made(name), room(name)
        end = g2opy.SparseOptimizerTerminateAction()
        end.set_gain_threshold(TOLERANCE)
        end.set_max_iterations(most)
        graph.add_post_iteration_action(end)
        begin = time.perf_counter(), time.process_time()
        graph.initialize_optimization()
        count = graph.optimize(most)
        spent = {"wall": time.perf_counter() - begin[0], "processor": time.process_time() - begin[1]}
        if ITERATIONS > most <= count:
            graph.compute_active_errors()
            raise RuntimeError(given_up(graph.active_chi2(), count))
        return spent | {"values": g2o_values(graph, kind), "iterations": int(count)}

    @cache
    def room(name: str) -> int:
        graph = made(name)
        graph.initialize_optimization()
        begin = time.perf_counter()
        graph.optimize(1)
        return max(1, min(ITERATIONS, int(LIMIT / (time.perf_counter() - begin))))

    return {"Levenberg-Marquardt": lambda: call("Levenberg"), "Gauss-Newton": lambda: call("GaussNewton")}


def g2o_values(graph: Any, kind: str) -> np.ndarray:
    """The poses by their numbers."""
    estimates = [graph.vertex(k).estimate() for k in range(len(graph.vertices()))]
    if kind == "SE2":
        return np.array([pose.vector() for pose in estimates])
    matrices = np.array([pose.matrix() for pose in estimates])
    return rows_of("SE3", Poses(matrices[:, :3, :3], matrices[:, :3, 3]))
