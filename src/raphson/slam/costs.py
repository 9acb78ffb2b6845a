"""What a graph costs at given vertices, in the conventions of three systems: the referee, in plain NumPy.

| convention | cost |
|---|---|
| `g2o` | sum of e' Omega e; in space the rotation's error is the vector part of the unit quaternion: half the angle |
| `gtsam` | half the sum of e' Omega e; in space e is the logarithm of SE(3), with the full angle |
| `se-sync` | sum of kappa abs(R_j - R_i R_ij)^2 + tau abs(t_j - t_i - R_i t_ij)^2 (Frobenius), isotropic weights |

With E = Z^-1 X_i^-1 X_j. Sources: Kuemmerle et al. (2011), "g2o"; Dellaert and Kaess (2017), "Factor graphs for robot
perception"; Rosen, Carlone, Bandeira and Leonard (2019), "SE-Sync", equations 10 to 12 and the code's weights.
"""

from collections.abc import Callable, Mapping

import numpy as np

from raphson.slam.graph_file import EDGE_KINDS, Edges, Floats, GraphFile
from raphson.slam.rigid import (
    Poses,
    identity_poses,
    plane_angles,
    poses_of,
    rotation_quaternions,
    rotation_vectors,
    turned,
)
from raphson.slam.spanning import seen_from

SMALL = 1e-2
"""Angle below which the series of `inverse_left` is exact to eps: its next term is angle^4 / 30240."""


def graph_costs(graph: GraphFile, values: Mapping[str, Floats] | None = None) -> dict[str, float]:
    """The cost of a graph in each convention: `g2o`, `gtsam`, `se-sync`.

    `values` are tables of vertices by kind, as in `graph.vertices[kind].values`, which serve where none are given.
    """
    return {
        convention: sum(float(np.sum(part)) for part in edge_costs(graph, convention, values).values())
        for convention in CONVENTIONS
    }


def edge_costs(graph: GraphFile, convention: str, values: Mapping[str, Floats] | None = None) -> dict[str, Floats]:
    """What each edge costs, by kind of edge; their sum is the graph's cost in that convention."""
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {', '.join(CONVENTIONS)}, not {convention!r}")
    values = {kind: v.values for kind, v in graph.vertices.items()} | dict(values or {})
    return {kind: CONVENTIONS[convention](edge, values) for kind, edge in graph.edges.items()}


def started_from(edge: Edges, values: Mapping[str, Floats]) -> Poses:
    """The pose that each edge starts from: the sensor's, where it has one; for a prior the world's origin."""
    kind = EDGE_KINDS[edge.kind]
    if kind.prior:
        return identity_poses(len(edge), kind.rows // 2 if kind.rows == 6 else 2)
    return seen_from(edge, poses_of(kind.start, values[kind.start][edge.i]))


def arrived_at(edge: Edges, values: Mapping[str, Floats]) -> Poses:
    """The pose at the end of each edge: for a prior its only one, seen from the sensor."""
    kind = EDGE_KINDS[edge.kind]
    poses = poses_of(kind.end or kind.start, values[kind.end or kind.start][edge.j])
    return seen_from(edge, poses) if kind.prior else poses


def landmark_error(edge: Edges, values: Mapping[str, Floats]) -> Floats:
    """The landmark in the axes of the sensor, less what was measured."""
    points = values[EDGE_KINDS[edge.kind].end][edge.j]
    return started_from(edge, values).inverse().apply(points) - edge.measurement


def is_landmark_edge(edge: Edges) -> bool:
    return EDGE_KINDS[edge.kind].width == EDGE_KINDS[edge.kind].rows and edge.kind in ("SE2_XY", "SE3_XYZ")


def pose_error(edge: Edges, values: Mapping[str, Floats]) -> Poses:
    """E = Z^-1 X_i^-1 X_j."""
    measured = poses_of(EDGE_KINDS[edge.kind].start, edge.measurement)
    return measured.inverse().compose(started_from(edge, values).inverse().compose(arrived_at(edge, values)))


def weighed(error: Floats, information: Floats) -> Floats:
    """e' Omega e for each edge."""
    return np.einsum("mi,mij,mj->m", error, information, error)


def g2o_costs(edge: Edges, values: Mapping[str, Floats]) -> Floats:
    if is_landmark_edge(edge):
        return weighed(landmark_error(edge, values), edge.information)
    error = pose_error(edge, values)
    turn = plane_angles(error.R)[:, None] if error.t.shape[1] == 2 else rotation_quaternions(error.R)[:, :3]
    return weighed(np.concatenate([error.t, turn], 1), edge.information)


def gtsam_costs(edge: Edges, values: Mapping[str, Floats]) -> Floats:
    if is_landmark_edge(edge):
        return weighed(landmark_error(edge, values), edge.information) / 2
    error = pose_error(edge, values)
    if error.t.shape[1] == 2:
        return weighed(np.concatenate([error.t, plane_angles(error.R)[:, None]], 1), edge.information) / 2
    w = rotation_vectors(error.R)
    return weighed(np.concatenate([inverse_left(w, error.t), w], 1), edge.information) / 2


def inverse_left(w: Floats, t: Floats) -> Floats:
    """The translation of the logarithm of SE(3): V(w)^-1 t = t - w x t / 2 + c w x (w x t)."""
    angle = np.linalg.norm(w, axis=1)
    safe = np.where(angle > SMALL, angle, 1.0)
    c = np.where(angle > SMALL, (1 - safe / 2 / np.tan(safe / 2)) / safe**2, 1 / 12 + angle**2 / 720)
    once = np.cross(w, t)
    return t - once / 2 + c[:, None] * np.cross(w, once)


def chordal_costs(edge: Edges, values: Mapping[str, Floats]) -> Floats:
    kappa, tau = chordal_weights(edge)
    start = started_from(edge, values)
    if is_landmark_edge(edge):
        points = values[EDGE_KINDS[edge.kind].end][edge.j]
        return tau * np.sum((points - start.apply(edge.measurement)) ** 2, axis=1)
    kind = EDGE_KINDS[edge.kind]
    measured, end = robot_measurement(edge), poses_of(kind.start, values[kind.start][edge.j])
    rotation = np.sum((end.R - start.R @ measured.R) ** 2, axis=(1, 2))
    return kappa * rotation + tau * np.sum((end.t - start.t - turned(start.R, measured.t)) ** 2, axis=1)


def robot_measurement(edge: Edges) -> Poses:
    """The measured poses; for a prior with a sensor the robot's own that follow, Z S^-1: an edge like all others."""
    measured = poses_of(EDGE_KINDS[edge.kind].start, edge.measurement)
    if edge.sensor is None or not EDGE_KINDS[edge.kind].prior:
        return measured
    return measured.compose(poses_of(EDGE_KINDS[edge.kind].start, edge.sensor).inverse())


def chordal_weights(edge: Edges) -> tuple[Floats, Floats]:
    """(kappa, tau) of each edge: SE-Sync's isotropic weights of rotation and translation."""
    d = 2 if EDGE_KINDS[edge.kind].start == "SE2" else 3
    tau = d / trace_of_inverse(edge.information[:, :d, :d])
    if is_landmark_edge(edge):
        return np.zeros(len(edge)), tau
    kappa = edge.information[:, 2, 2] if d == 2 else 3 / 2 / trace_of_inverse(edge.information[:, 3:, 3:])
    return kappa, tau


def trace_of_inverse(matrices: Floats) -> Floats:
    """tr(M^-1), infinite where M is singular: such an edge then weighs nothing."""
    values = np.linalg.eigvalsh(matrices)
    singular = values[:, 0] <= np.finfo(float).eps * np.abs(values).max(axis=1)
    return np.where(singular, np.inf, np.sum(1 / np.where(singular[:, None], 1.0, values), axis=1))


CONVENTIONS: dict[str, Callable[[Edges, Mapping[str, Floats]], Floats]] = {
    "g2o": g2o_costs,
    "gtsam": gtsam_costs,
    "se-sync": chordal_costs,
}
