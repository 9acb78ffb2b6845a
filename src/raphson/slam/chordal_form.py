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
from scipy.sparse import coo_array, csr_array, diags_array

from raphson.linear.sparse import HostFactor, sparse_backend
from raphson.linear.structure import SparseStructure
from raphson.slam.costs import chordal_weights, is_landmark_edge, robot_measurement
from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, Floats, GraphFile, Integers
from raphson.slam.rigid import Poses, identity_poses, poses_of, rows_of

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
    """The form for the poses of one kind, and the landmarks that they see: M = B' diag(w) B with `residuals` B, whose
    rows times X' are the residuals: first those of rotations (`turns` rows), then those of translations. `n` counts
    the world's pose, too, where priors need it (`world`)."""

    kind: str
    d: int
    n: int
    p: int
    world: bool
    links: Links
    sights: Links
    residuals: csr_array
    weights: Floats
    turns: int

    def gradient(self, point: Floats) -> Floats:
        """M X', half the gradient of F by X', from the residuals: M itself loses digits where F is small."""
        return self.residuals.T @ (self.weights[:, None] * (self.residuals @ point))

    def cost(self, point: Floats) -> float:
        """F."""
        return float(self.weights @ np.sum((self.residuals @ point) ** 2, axis=1))

    def matrix(self) -> csr_array:
        """M."""
        return weighed_square(self.residuals, self.weights)

    def rotations(self) -> csr_array:
        """The part of M that the residuals of rotations make, (n d, n d)."""
        rows = self.residuals[: self.turns, : self.n * self.d]
        return weighed_square(rows, self.weights[: self.turns])

    def settled(self, point: Floats, held: np.ndarray) -> Floats:
        """X' with the best translations for its rotations; those `held` stay."""
        rows, weights = self.residuals[self.turns :], self.weights[self.turns :]
        count = self.n * self.d
        moving = rows[:, count:]
        right = -(moving.T @ (weights[:, None] * (rows[:, :count] @ point[:count])))
        moved = solve_free(weighed_square(moving, weights), right, point[count:], ~held)
        return np.concatenate([point[:count], moved])

    def lifted(self, values: Mapping[str, Floats]) -> Floats:
        """X' (n d + n + p, d) at given vertices: rows of rotations, of translations, of landmarks."""
        poses = poses_of(self.kind, values[self.kind])
        R, t = poses.R, poses.t
        if self.world:
            R, t = np.concatenate([R, np.eye(self.d)[None]]), np.concatenate([t, np.zeros((1, self.d))])
        points = values[POINT_KIND[self.kind]] if self.p else np.zeros((0, self.d))
        return np.concatenate([np.swapaxes(R, 1, 2).reshape(-1, self.d), t, points])

    def poses(self, point: Floats) -> Poses:
        """The poses of X', without the world's."""
        own, turns = self.n - self.world, self.n * self.d
        R = np.swapaxes(point[:turns].reshape(self.n, self.d, self.d), 1, 2)
        return Poses(R[:own], point[turns : turns + own])

    def values(self, point: Floats) -> dict[str, Floats]:
        """The tables of vertices of X'."""
        table = {self.kind: rows_of(self.kind, self.poses(point))}
        return table | ({POINT_KIND[self.kind]: point[self.n * (self.d + 1) :]} if self.p else {})


LARGEST = 1e150
"""Squares of larger sums overflow."""


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
    weights = np.concatenate([np.repeat(links.kappa, d), links.tau, sights.tau])
    residuals = residual_matrix(links, sights, d, n, p)
    refuse_overflow(graph, residuals, weights)
    return ChordalForm(kind, d, n, p, world, links, sights, residuals, weights, len(links.i) * d)


def refuse_overflow(graph: GraphFile, residuals: csr_array, weights: Floats) -> None:
    """Numbers whose weighed squares are beyond doubles by far: no matrix of them can be factorized."""
    with np.errstate(over="ignore"):
        size = float(weights @ residuals.multiply(residuals).sum(axis=1))
    if not size < LARGEST:
        raise ValueError(
            f"{graph.name}: edges are too large to compute with: their weighed squares add up to {size:.3g}"
        )


def weighed_square(rows: csr_array, weights: Floats) -> csr_array:
    """B' diag(w) B."""
    return csr_array(rows.T @ diags_array(weights) @ rows)


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


def residual_matrix(links: Links, sights: Links, d: int, n: int, p: int) -> csr_array:
    """B: (R_j - R_i R_ij)' of every edge between poses, d rows each, then (t_j - t_i - R_i t_ij)' of every edge."""
    m, ones = len(links.i), np.ones((len(links.i), d, 1))
    turn = -np.swapaxes(links.measured.R, 1, 2)
    row = np.arange(m * d).reshape(m, d, 1)
    own = np.arange(d)
    both = all_links(links, sights, n)
    k = len(both.i)
    last = m * d + np.arange(k)
    entries = [
        (row, links.j[:, None, None] * d + own[:, None], ones),
        (row, links.i[:, None, None] * d + own, turn),
        (last, n * d + both.j, np.ones(k)),
        (last, n * d + both.i, -np.ones(k)),
        (last[:, None], both.i[:, None] * d + own, -both.measured.t),
    ]
    rows, columns, values = (
        np.concatenate([np.broadcast_to(entry[part], entry[2].shape).ravel() for entry in entries]) for part in range(3)
    )
    return coo_array((values, (rows, columns)), (m * d + k, n * d + n + p)).tocsr()


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
    given, n = coo_array(matrix), matrix.shape[0]
    keep, everyone = given.row >= given.col, np.arange(n)
    rows, columns = (np.concatenate([side[keep], everyone]) for side in (given.row, given.col))
    values = np.concatenate([given.data[keep], np.broadcast_to(shift, n)])
    lower = coo_array((values, (rows, columns)), (n, n)).tocsc()
    lower.sort_indices()  # zeros stay: every column begins with its diagonal entry
    starts = lower.indptr.astype(np.int32)
    columns = np.repeat(everyone.astype(np.int32), np.diff(starts))
    # On the host no product is asked of the structure, and its other fields would be made as arrays of JAX, which
    # compiles a program for each new length: 20 ms, eight times a structure.
    structure = SparseStructure(lower.indices.astype(np.int32), columns, starts[:-1], *[None] * 5)
    return sparse_backend().host_factor(structure, lower.data)


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
