"""The chordal cost of a pose graph as one quadratic form of all rotations, translations and landmarks.

F = sum kappa abs(R_j - R_i R_ij)^2 + tau abs(t_j - t_i - R_i t_ij)^2 = tr(X M X'), where the d by N matrix
X = (R_1 ... R_n t_1 ... t_n p_1 ...), and M is sparse, symmetric and positive semidefinite. What is held here is X', by
rows. Landmarks are translations without a rotation; a prior is an edge from one more pose, the world's own, which
is the last.
Source: Rosen, Carlone, Bandeira and Leonard (2019), "SE-Sync", section 3 and appendix B.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from raphson.linear.sparse import HostFactor, sparse_backend
from raphson.linear.structure import sparse_structure
from raphson.slam.costs import chordal_weights, is_landmark_edge, robot_measurement
from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, Floats, GraphFile, Integers
from raphson.slam.rigid import Poses, identity_poses, poses_of

POINT_KIND = {"SE2": "XY", "SE3": "XYZ"}

SHIFTS = (0.0, 1e-14, 1e-12, 1e-10, 1e-8)
"""Shares of its diagonal that are added, one after the other, to a matrix that is singular to rounding: weights of
edges may lie 12 decades apart."""


@dataclass(frozen=True)
class Links:
    """Edges between poses, or from poses to points: rows i and j, SE-Sync's weights, the measured R_ij and t_ij, and
    `pull` (m, d, d), the information of the translation in the axes of pose i."""

    i: Integers
    j: Integers
    kappa: Floats
    tau: Floats
    measured: Poses
    pull: Floats


@dataclass(frozen=True)
class ChordalForm:
    """M in its parts, for the poses of one kind: `rotations` (kappa) and `tilts` (tau) are (n d, n d), `cross`
    (n d, n + p), `translations` (n + p, n + p). `n` counts the world's pose, too, where priors need it (`world`)."""

    kind: str
    d: int
    n: int
    p: int
    world: bool
    links: Links
    sights: Links
    rotations: Any
    tilts: Any
    cross: Any
    translations: Any

    def lifted(self, values: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        """X' at given vertices: its rows of rotations (n d, d), and of translations and landmarks (n + p, d)."""
        poses = poses_of(self.kind, values[self.kind])
        R, t = poses.R, poses.t
        if self.world:
            R, t = np.concatenate([R, np.eye(self.d)[None]]), np.concatenate([t, np.zeros((1, self.d))])
        points = values[POINT_KIND[self.kind]] if self.p else np.zeros((0, self.d))
        return np.swapaxes(R, 1, 2).reshape(-1, self.d), np.concatenate([t, points])

    def poses(self, rotations: Floats, translations: Floats) -> Poses:
        """Poses of the rows of X', without the world's."""
        own = self.n - self.world
        R = np.swapaxes(rotations.reshape(self.n, self.d, self.d), 1, 2)
        return Poses(R[:own], translations[:own])

    def points(self, translations: Floats) -> Floats:
        """The landmarks among the rows of X'."""
        return translations[self.n :]


def chordal_form(graph: GraphFile, kind: str) -> ChordalForm:
    """The form of the poses of one kind, and of the landmarks that they see."""
    d, n = VERTEX_KINDS[kind].dimension, len(graph.vertices[kind])
    point = POINT_KIND[kind]
    p = len(graph.vertices[point]) if point in graph.vertices else 0
    own = [edge for edge in graph.edges.values() if EDGE_KINDS[edge.kind].start == kind and len(edge)]
    world = any(EDGE_KINDS[edge.kind].prior for edge in own)
    n += world
    links = joined_links([links_of(edge, n - 1) for edge in own if not is_landmark_edge(edge)], d)
    sights = joined_links([links_of(edge, n - 1) for edge in own if is_landmark_edge(edge)], d)
    return ChordalForm(kind, d, n, p, world, links, sights, *parts(links, sights, d, n, p))


def links_of(edge: Edges, world: int) -> Links:
    """Edges of one kind. A sensor's pose moves the measurement to the robot: Z S^-1 for priors, S z for landmarks."""
    kappa, tau = chordal_weights(edge)
    kind = EDGE_KINDS[edge.kind]
    sensor = None if edge.sensor is None else poses_of(kind.start, edge.sensor)
    if is_landmark_edge(edge):
        d = edge.measurement.shape[1]
        axes = identity_poses(len(edge), d) if sensor is None else sensor
        seen = Poses(identity_poses(len(edge), d).R, axes.apply(edge.measurement))
        return Links(edge.i, edge.j, kappa, tau, seen, seen_in(axes.R, edge.information))
    measured = poses_of(kind.start, edge.measurement)
    pull = seen_in(measured.R, edge.information[:, : measured.t.shape[1], : measured.t.shape[1]])
    start = np.full(len(edge), world) if kind.prior else edge.i
    return Links(start, edge.j, kappa, tau, robot_measurement(edge), pull)


def seen_in(R: Floats, information: Floats) -> Floats:
    """Information matrices in other axes: R Omega R'."""
    return R @ information @ np.swapaxes(R, 1, 2)


def joined_links(links: list[Links], d: int) -> Links:
    none, zero = np.zeros(0, np.int64), np.zeros(0)
    every = [Links(none, none, zero, zero, identity_poses(0, d), np.zeros((0, d, d))), *links]
    return Links(
        np.concatenate([link.i for link in every]),
        np.concatenate([link.j for link in every]),
        np.concatenate([link.kappa for link in every]),
        np.concatenate([link.tau for link in every]),
        Poses(np.concatenate([link.measured.R for link in every]), np.concatenate([link.measured.t for link in every])),
        np.concatenate([link.pull for link in every]),
    )


def parts(links: Links, sights: Links, d: int, n: int, p: int) -> tuple[Any, Any, Any, Any]:
    """`rotations`, `tilts`, `cross` and `translations` of the form."""
    i, j, kappa = links.i, links.j, links.kappa
    eye = np.broadcast_to(np.eye(d), (len(i), d, d))
    coupling = -kappa[:, None, None] * links.measured.R
    rotations = blocks([(i, i, kappa[:, None, None] * eye), (j, j, kappa[:, None, None] * eye), (i, j, coupling)], d, n)
    rotations = rotations + blocks([(j, i, np.swapaxes(coupling, 1, 2))], d, n)
    both = all_links(links, sights, n)
    i, j, tau, t = both.i, both.j, both.tau, both.measured.t
    tilts = blocks([(i, i, tau[:, None, None] * t[:, :, None] * t[:, None, :])], d, n)
    row = (i[:, None] * d + np.arange(d)).ravel()
    pull = (tau[:, None] * t).ravel()
    cross = coo_array(
        (np.concatenate([pull, -pull]), (np.tile(row, 2), np.concatenate([np.repeat(i, d), np.repeat(j, d)]))),
        (n * d, n + p),
    )
    translations = coo_array(
        (np.concatenate([tau, tau, -tau, -tau]), (np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i]))),
        (n + p, n + p),
    )
    return rotations.tocsr(), tilts.tocsr(), cross.tocsr(), translations.tocsr()


def all_links(links: Links, sights: Links, n: int) -> Links:
    """Edges of both kinds, landmarks numbered behind the n poses."""
    return joined_links([links, replace(sights, j=sights.j + n)], links.measured.t.shape[1])


def blocks(given: list[tuple[Integers, Integers, Floats]], d: int, n: int) -> Any:
    """The sum of d by d blocks at (i, j)."""
    rows, columns, values = [], [], []
    for i, j, block in given:
        rows.append(np.broadcast_to(i[:, None, None] * d + np.arange(d)[:, None], block.shape).ravel())
        columns.append(np.broadcast_to(j[:, None, None] * d + np.arange(d), block.shape).ravel())
        values.append(block.ravel())
    places = np.concatenate(rows), np.concatenate(columns)
    return coo_array((np.concatenate(values), places), (n * d, n * d)).tocsr()


def host_cholesky(matrix: Any, shift: Any = 0.0) -> HostFactor | None:
    """The factor of a sparse symmetric matrix + diag(shift); None where it is not positive definite to rounding."""
    lower = coo_array(matrix)
    keep = lower.row >= lower.col
    n = matrix.shape[0]
    everyone = np.arange(n)
    structure, places = sparse_structure(
        np.concatenate([lower.row[keep], everyone]), np.concatenate([lower.col[keep], everyone]), n
    )
    added = np.concatenate([lower.data[keep], np.broadcast_to(shift, n)])
    return sparse_backend().host_factor(structure, np.bincount(places, added, structure.entries))


def solve_free(matrix: csr_array, right: Floats, known: Floats, free: np.ndarray) -> Floats:
    """y with (M y)_free = right_free, and y as `known` where it is not free. M is positive semidefinite; in directions
    that it leaves open, y stays at `known`."""
    if not free.any():
        return known
    rows = csr_array(matrix[free])
    held = np.where(free[:, None], 0, known)
    inner, b = rows[:, free], right[free] - rows @ held
    diagonal = np.where(inner.diagonal() > 0, inner.diagonal(), 1.0)
    for share in SHIFTS:
        factor = host_cholesky(inner, share * diagonal)
        if factor is not None:
            solved = known.copy()
            pulled = b + share * diagonal[:, None] * known[free]
            solved[free] = np.stack([factor.solve(np.ascontiguousarray(column)) for column in pulled.T], 1)
            return solved
    return known
