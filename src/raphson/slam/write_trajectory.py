"""Trajectories in the text formats of two benchmarks: TUM RGB-D (time and pose) and KITTI odometry (matrices)."""

import os
from collections.abc import Mapping

import numpy as np

from raphson.slam.graph_file import VERTEX_KINDS, Floats, GraphFile, Integers
from raphson.slam.rigid import Poses, poses_of, rotation_quaternions
from raphson.slam.write_g2o import numbers, save_text, vertex_values


def write_tum(
    path: str | os.PathLike[str],
    graph: GraphFile,
    values: Mapping[str, Floats] | None = None,
    times: Floats | None = None,
) -> None:
    """Writes the poses as lines `time x y z qx qy qz qw`, by their ids.

    `times` (n,), in seconds, belong to the poses in the order of their ids; without them the id stands for the time.
    Poses of the plane lie at z = 0. `values` as in `write_g2o`.
    """
    ids, poses = trajectory(graph, values)
    if times is not None and np.shape(times) != ids.shape:
        raise ValueError(f"times have shape {np.shape(times)}, {ids.shape} is expected: one for each pose")
    first = [str(number) for number in ids.tolist()] if times is None else [repr(float(t)) for t in times]
    rows = numbers(np.concatenate([poses.t, rotation_quaternions(poses.R)], 1))
    save_text(path, [f"{time} {row}" for time, row in zip(first, rows, strict=True)])


def write_kitti(path: str | os.PathLike[str], graph: GraphFile, values: Mapping[str, Floats] | None = None) -> None:
    """Writes the poses by their ids, a line of twelve numbers each: [R t] by rows. `values` as in `write_g2o`."""
    _, poses = trajectory(graph, values)
    rows = np.concatenate([poses.R, poses.t[:, :, None]], 2).reshape(len(poses), 12)
    save_text(path, numbers(rows))


def trajectory(graph: GraphFile, values: Mapping[str, Floats] | None) -> tuple[Integers, Poses]:
    """Ids, ascending, and poses of a graph, as poses of space."""
    tables = vertex_values(graph, values)
    kinds = [kind for kind in graph.vertices if VERTEX_KINDS[kind].pose]
    if not kinds:
        raise ValueError(f"{graph.name}: the graph has no poses")
    ids = np.concatenate([graph.vertices[kind].ids for kind in kinds])
    spatial = [in_space(poses_of(kind, tables[kind])) for kind in kinds]
    poses = Poses(np.concatenate([p.R for p in spatial]), np.concatenate([p.t for p in spatial]))
    order = np.argsort(ids, kind="stable")
    return ids[order], poses[order]


def in_space(poses: Poses) -> Poses:
    """Poses of the plane as poses of space that turn about z."""
    n, d = poses.t.shape
    if d == 3:
        return poses
    R, t = np.tile(np.eye(3), (n, 1, 1)), np.zeros((n, 3))
    R[:, :2, :2], t[:, :2] = poses.R, poses.t
    return Poses(R, t)
