"""Whether a solution of a pose graph is the best there is: the dual certificate of SE-Sync, by one factorization.

For rotations, translations and landmarks X the chordal cost is F = tr(X M X'). With Lambda the block diagonal matrix of
the multipliers, sym((X M)_i' R_i) for pose i, every other Y has F(Y) >= F(X) + mu d n, mu the lowest eigenvalue of
S = M - Lambda after translations are eliminated (n poses in d dimensions; mu <= 0, since S X' = 0 at a solution). So a
Cholesky factorization of S + shift (on the rotations alone, which is the same as to eliminate) that goes through proves
that X is within shift d n of the global minimum. At another local minimum mu is below zero and no small shift will do.

Sources: Carlone, Rosen, Calafiore, Leonard and Dellaert (2015), "Lagrangian duality in 3D SLAM"; Rosen, Carlone,
Bandeira and Leonard (2019), "SE-Sync", theorem 1 and section 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import block_array, block_diag, coo_array, csr_array, eye_array, kron

from raphson.slam.chordal import held_poses, whole_anchors, with_anchors
from raphson.slam.chordal_form import (
    ChordalForm,
    all_links,
    blocks,
    chordal_form,
    host_cholesky,
)  # fmt: skip
from raphson.slam.connected import components, pose_kind
from raphson.slam.graph_file import EDGE_KINDS, Floats, GraphFile
from raphson.slam.rigid import Poses, nearest_rotations
from raphson.slam.write_g2o import vertex_values

GAP = 1e-5
"""Share of F by which a solution may lie above the bound and counts as the minimum, as in the reference values."""

SHARES = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)
"""Shares of F that are tried as the gap, the least first, until one is proven."""

ROUNDING = 64 * float(np.finfo(float).eps)
"""Share of the diagonal of S, pose by pose, below which no shift decides anything: Cholesky's algorithm has rounding
errors of that size."""

ROUGH = 0.02
"""And the gap that such shifts may leave, as a share of F, if the solution is to count as the minimum (FRH: 0.004)."""

POLISHING = 30
"""Newton steps on F at most; four to eight lead from a minimum of g2o's cost to the one of F beside it."""


DAMPING = 1e-12
"""The least damping, a share of the diagonal. With 1e-6 the steps creep where long chains have few closures (w20000:
still 0.1 % above the minimum after 30)."""


@dataclass(frozen=True)
class GlobalCertificate:
    """What is known of a solution's place among all solutions.

    `cost` is SE-Sync's F; `lower` a proven lower bound (to rounding) of F over all poses, 0 where none was found;
    `gap` = cost - lower; `certified`, whether the gap is at most 1e-5 F, or 2 % of it
    where rounding allows for no less (`floor`). `values`, the
    vertices that were judged: those given after `polish` Newton steps on F, which turned poses by at most `turned`
    degrees.
    """

    certified: bool
    cost: float
    lower: float
    gap: float
    floor: float
    polish: int
    turned: float
    values: Mapping[str, Floats]

    def __str__(self) -> str:
        said = f"chordal cost {self.cost:.9g}"
        if self.certified:
            return f"Global minimum: {said}, at most {self.gap:.2g} above the lowest there is."
        bound = f"the lowest is at least {self.lower:.6g}" if self.lower > 0 else "no bound was found"
        return f"Not shown to be the global minimum: {said}; {bound}."


def certify_global(
    graph: GraphFile, values: Mapping[str, Floats] | None = None, polish: bool = True
) -> GlobalCertificate:
    """Whether vertices are the global minimum of the chordal cost (SE-Sync's) over all poses and landmarks.

    `values` are tables of vertices by kind, (n, width) as in `graph.vertices[kind].values`, which serve where none are
    given. They may be the minimum of another cost (g2o's, GTSAM's): with `polish` Newton's method leads them to the
    minimum of the chordal cost in the same basin first. A certificate is a proof to rounding; its absence is none: the
    relaxation behind it may not be tight (it is not on robot_a and robot_b, which are very noisy).

    Raises ValueError where a graph has no poses or those of two dimensions, or more than one of a component is fixed
    (or one, beside priors).
    """
    refuse_many_fixed(graph)
    form = chordal_form(graph, pose_kind(graph))
    links, held = all_links(form.links, form.sights, form.n), held_poses(graph, form)
    pulling = links.tau > 0
    dual = Dual(
        form,
        form.matrix(),
        with_anchors(held, links.i[pulling], links.j[pulling]),
        whole_anchors(form, held)[: form.n],
    )
    point = form.settled(form.lifted(vertex_values(graph, values)), dual.held)
    start, count = point, 0
    if polish:
        point, count = polished(dual, point)
    return judged(dual, start, point, count)


def refuse_many_fixed(graph: GraphFile) -> None:
    """More than one vertex that is held in a component is a constraint, of which S knows nothing."""
    parts = components(graph)
    count = np.bincount(parts.label[np.isin(parts.ids, graph.fixed)], minlength=parts.count)
    if count.max() > 1:
        raise ValueError(f"{graph.name}: {count.max()} vertices of a component are fixed; one is allowed here")
    for edge in graph.edges.values():
        if EDGE_KINDS[edge.kind].prior:
            ids = graph.vertices[EDGE_KINDS[edge.kind].start].ids[edge.i]
            if count[parts.label[np.isin(parts.ids, ids)]].any():
                raise ValueError(f"{graph.name}: a component has a fixed vertex and priors; one is allowed")


@dataclass(frozen=True)
class Dual:
    """The form, its whole matrix M, and what is held, one of each component: translations (n + p,), turns (n,)."""

    form: ChordalForm
    whole: Any
    held: np.ndarray
    unturned: np.ndarray

    def multipliers(self, point: Floats) -> Floats:
        """Lambda_i (n, d, d)."""
        d = self.form.d
        turns = self.form.n * d
        gradient = self.form.gradient(point)[:turns].reshape(-1, d, d)
        product = gradient @ np.swapaxes(point[:turns].reshape(-1, d, d), 1, 2)
        return (product + np.swapaxes(product, 1, 2)) / 2

    def certificate_matrix(self, point: Floats) -> Any:
        """S = M - Lambda, translations included."""
        each, n, d = np.arange(self.form.n), self.form.n, self.form.d
        lambdas = blocks([(each, each, self.multipliers(point))], d, n)
        empty = csr_array((n + self.form.p, n + self.form.p))
        return (self.whole - block_array([[lambdas, None], [None, empty]])).tocsr()


def judged(dual: Dual, start: Floats, point: Floats, count: int) -> GlobalCertificate:
    """The certificate at X', by factorizations of S with growing shifts until one goes through."""
    form, n, d = dual.form, dual.form.n, dual.form.d
    matrix, cost = dual.certificate_matrix(point), form.cost(point)
    keep = np.concatenate([np.ones(n * d, bool), ~dual.held])
    inner = matrix[keep][:, keep]
    # tr Lambda is F where X' is stationary; what it lacks belongs to the gap.
    lack = abs(cost - float(np.trace(dual.multipliers(point), axis1=1, axis2=2).sum()))
    least = ROUNDING * np.abs(matrix.diagonal()[: n * d]).reshape(n, d).max(axis=1)
    gap = cost  # F is a sum of squares
    for share in SHARES:
        shift = np.maximum(share * cost / (n * d), least)
        if share < SHARES[-1] and (np.maximum(10 * share * cost / (n * d), least) == shift).all():
            continue  # the next one is the same
        if host_cholesky(inner, np.concatenate([np.repeat(shift, d), np.zeros(inner.shape[0] - n * d)])) is not None:
            gap = min(d * float(shift.sum()) + lack, cost)
            break
    floor = d * float(least.sum())
    certified = gap <= GAP * cost or gap <= min(2 * floor, ROUGH * cost) or cost <= rounded_cost(form, point)
    turned_by = largest_turn(form.poses(point), form.poses(start))
    return GlobalCertificate(bool(certified), cost, cost - gap, gap, floor, count, turned_by, form.values(point))


def rounded_cost(form: ChordalForm, point: Floats) -> float:
    """What F may be from the rounding of residuals alone: zero, as far as can be told."""
    terms = abs(form.residuals) @ np.abs(point)
    return float(form.weights @ np.sum((ROUNDING * terms) ** 2, axis=1))


def largest_turn(one: Poses, other: Poses) -> float:
    """The largest angle between rotations, in degrees, apart from the turn that they share."""
    if not len(one):
        return 0.0
    between = one.R @ np.swapaxes(other.R, 1, 2)
    apart = np.swapaxes(nearest_rotations(between.sum(axis=0)), 0, 1) @ between
    distance = np.linalg.norm(apart - np.eye(one.t.shape[1]), axis=(1, 2)).max()
    return float(np.degrees(2 * np.arcsin(min(distance / np.sqrt(8), 1.0))))


GENERATORS = {
    2: np.array([[[0.0, -1], [1, 0]]]),
    3: np.array([np.cross(np.eye(3), axis) for axis in np.eye(3)]),
}
"""Turns about the axes: x -> a x for each axis, as matrices."""


def polished(dual: Dual, point: Floats) -> tuple[Floats, int]:
    """(X', steps): Newton's method on F from here, damped where S bends the wrong way along the tangent."""
    cost, damping, spent = dual.form.cost(point), 0.0, 0
    free = free_coordinates(dual)
    for spent in range(1, POLISHING + 1):
        tangent = tangent_basis(dual, point)[:, free]
        whole = kron(dual.certificate_matrix(point), eye_array(dual.form.d))
        matrix = (tangent.T @ whole @ tangent).tocsr()
        slope = tangent.T @ dual.form.gradient(point).ravel()
        size = np.abs(matrix.diagonal()) + 1e-300
        while damping < 1e6:
            factor = host_cholesky(matrix, damping * size)
            step = None if factor is None else -factor.solve(slope)
            trial = point if step is None else dual.form.settled(retracted(dual, point, tangent @ step), dual.held)
            lower = dual.form.cost(trial) if step is not None else np.inf
            if lower <= cost * (1 + 1e-12):
                break
            damping = max(10 * damping, DAMPING)
        else:
            return point, spent
        assert step is not None
        # The step is kept even where it gains only rounding: the gradient is what the certificate rests on.
        gained, point, cost = -float(slope @ step), trial, min(lower, cost)
        damping = 0.0 if damping < 10 * DAMPING else damping / 10
        if gained <= 1e-13 * cost:
            break
    return point, spent


def free_coordinates(dual: Dual) -> np.ndarray:
    """Coordinates of the tangent space that are free: one pose of each component holds it."""
    d = dual.form.d
    return np.concatenate([np.repeat(~dual.unturned, len(GENERATORS[d])), np.repeat(~dual.held, d)])


def tangent_basis(dual: Dual, point: Floats) -> Any:
    """The map from steps (turns in the body's axes, then translations) to changes of X', both as vectors."""
    form, d = dual.form, dual.form.d
    generators = GENERATORS[d]
    rotations = point[: dual.form.n * d].reshape(-1, d, d)
    change = -np.einsum("kab,nbc->nack", generators, rotations).reshape(form.n, d * d, len(generators))
    row = np.arange(form.n * d * d).reshape(form.n, d * d, 1)
    column = np.arange(form.n * len(generators)).reshape(form.n, 1, len(generators))
    places = np.broadcast_to(row, change.shape).ravel(), np.broadcast_to(column, change.shape).ravel()
    turns = coo_array((change.ravel(), places), (form.n * d * d, form.n * len(generators)))
    return block_diag([turns, eye_array((form.n + form.p) * d)]).tocsc()


def retracted(dual: Dual, point: Floats, change: Floats) -> Floats:
    """X' + change, its rotations brought back to rotations."""
    moved, d = point + change.reshape(point.shape), dual.form.d
    moved[: dual.form.n * d] = nearest_rotations(moved[: dual.form.n * d].reshape(-1, d, d)).reshape(-1, d)
    return moved
