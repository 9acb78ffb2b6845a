"""A real map, piece by piece: its best known cost at the end."""

from pathlib import Path

import jax
import numpy as np

from raphson import slam
from raphson.slam import errors

BEST = 45.0046958106
"""The README of shared/data/pose-graphs: sum of e' Omega e of intel.g2o at its minimum."""

PIECE = 100


def test_intel_comes_in_pieces_and_ends_at_its_best_known_cost(shared: Path) -> None:
    file = slam.read_g2o(shared / "data/pose-graphs/intel.g2o")
    edges, poses = file.edges["SE2"], len(file.vertices["SE2"])
    pairs, onward = np.stack([edges.i, edges.j], 1), jax.jit(slam.SE2().compose)
    odometry = {int(j): z for (i, j), z in zip(pairs, edges.measurement, strict=True) if j == i + 1}
    graph, robot, last = slam.FactorGraph(), None, np.zeros(3)
    for start in range(0, poses, PIECE):
        end, guess = min(start + PIECE, poses), []
        for k in range(start, end):
            last = np.asarray(onward(last, odometry[k])) if k in odometry else last
            guess.append(last)
        if robot is None:
            graph.add_variables("pose", slam.SE2(), guess)
        else:
            graph.extend("pose", guess)
        new = (pairs.max(1) >= start) & (pairs.max(1) < end)
        given = {"measurements": edges.measurement[new], "information": edges.information[new]}
        graph.add_factors(errors.between_se2, ("pose", "pose"), pairs[new], **given)
        if robot is None:
            robot = slam.Incremental(graph)
        assert robot.update().converged
        last = robot.values["pose"][-1]
    assert robot is not None and len(graph.factors) == 1
    assert abs(2 * robot.cost / BEST - 1) <= 1e-6
    assert slam.graph_costs(file, {"SE2": robot.values["pose"]})["g2o"] <= BEST * (1 + 1e-6)
