"""Chordal initialization: where to start on a pose graph, from its edges alone, by two sparse linear systems.

Rotations first, as if they were any matrices: the least of sum kappa abs(R_j - R_i R_ij)^2 with one held in each
component, each then brought to the nearest rotation. Then translations and landmarks, for these rotations: the least of
the translations' share of g2o's cost. SE-Sync's isotropic weights tau in its place leave 505 times the optimum of g2o's
cost on CSAIL, 75 times on manhattan and 1e5 times on input_INTEL; whole matrices 1.013, 1.011 and 1.022 times.

Sources: Martinec and Pajdla (2007), "Robust rotation and translation estimation in multiview reconstruction"; Carlone,
Tron, Daniilidis and Dellaert (2015), "Initialization techniques for 3D SLAM", section III.C.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from raphson.slam.chordal_form import POINT_KIND, ChordalForm, all_links, blocks, chordal_form, seen_in, solve_free
from raphson.slam.graph_file import VERTEX_KINDS, Floats, GraphFile, Integers
from raphson.slam.rigid import nearest_rotations, turned


def chordal_start(graph: GraphFile) -> dict[str, Floats]:
    """Values of the vertices by kind, from the edges alone.

    Fixed vertices stay where they are, and so does the first vertex of each component that neither a fixed vertex nor a
    prior holds. Exact where the edges are free of noise. Vertices that no edge touches keep their values.
    """
    values = {kind: v.values for kind, v in graph.vertices.items()}
    for kind in [kind for kind in graph.vertices if VERTEX_KINDS[kind].pose]:
        values |= chordal_poses(graph, chordal_form(graph, kind), values)
    return values


def chordal_poses(graph: GraphFile, form: ChordalForm, values: dict[str, Floats]) -> dict[str, Floats]:
    """The start of the poses of one kind, and of the landmarks that they see."""
    d, n = form.d, form.n
    point = form.lifted(values)
    rotations, translations = point[: n * d], point[n * d :]
    held = held_poses(graph, form)
    turning = form.links.kappa > 0
    free = ~with_anchors(held[:n], form.links.i[turning], form.links.j[turning])
    together = ~whole_anchors(form, held)
    if together[:n].sum() > free.sum():
        # Landmarks join what no measured rotation does: translations are relaxed as well.
        free, every = together[:n], np.concatenate([np.repeat(together[:n], d), together])
        relaxed = solve_free(form.matrix(), np.zeros_like(point), point, every)[: n * d]
    else:
        relaxed = solve_free(form.rotations(), np.zeros_like(rotations), rotations, np.repeat(free, d))
    matrices = relaxed.reshape(n, d, d)
    matrices[free] = nearest_rotations(matrices[free])
    rotations = matrices.reshape(n * d, d)
    translations, moved = chordal_translations(form, rotations, translations, held)
    found = form.values(np.concatenate([rotations, translations]))
    unmoved = ~(free | moved[:n])[: len(found[form.kind])]
    found[form.kind][unmoved] = values[form.kind][unmoved]  # to the last bit
    return found


def held_poses(graph: GraphFile, form: ChordalForm) -> np.ndarray:
    """The poses and landmarks that the graph itself holds: fixed ones, and the world's pose."""
    held, fixed = np.zeros(form.n + form.p, bool), graph.fixed_rows()
    held[fixed[form.kind]] = True
    held[form.n - form.world : form.n] = True
    if form.p:
        held[form.n + fixed[POINT_KIND[form.kind]]] = True
    return held


def chordal_translations(
    form: ChordalForm, rotations: Floats, known: Floats, held: np.ndarray
) -> tuple[Floats, np.ndarray]:
    """Translations and landmarks (n + p, d) for given rotations (rows of X'), and which of them were free."""
    d, links = form.d, all_links(form.links, form.sights, form.n)
    R = np.swapaxes(rotations.reshape(form.n, d, d), 1, 2)[links.i]
    weights = seen_in(R, links.pull)
    i, j = links.i, links.j
    matrix = blocks([(i, i, weights), (j, j, weights), (i, j, -weights), (j, i, -weights)], d, form.n + form.p)
    pull = turned(weights, turned(R, links.measured.t))
    right = np.stack([np.bincount(j, column, len(known)) - np.bincount(i, column, len(known)) for column in pull.T], 1)
    joined = np.abs(links.pull).max(axis=(1, 2), initial=0) > 0
    free = ~with_anchors(held, i[joined], j[joined])
    found = solve_free(matrix, right.reshape(-1, 1), known.reshape(-1, 1), np.repeat(free, d))
    return found.reshape(-1, d), free


def whole_anchors(form: ChordalForm, held: np.ndarray) -> np.ndarray:
    """Which poses and landmarks are held: the given ones, and the first of each component of all edges with weight."""
    links = all_links(form.links, form.sights, form.n)
    joined = (links.kappa > 0) | (links.tau > 0)
    return with_anchors(held, links.i[joined], links.j[joined])


def with_anchors(held: np.ndarray, i: Integers, j: Integers) -> np.ndarray:
    """Which vertices are held: the given ones, and the first of each component that has none."""
    n = len(held)
    count, label = connected_components(coo_array((np.ones(len(i)), (i, j)), (n, n)), directed=False)
    lacking = np.bincount(label, held, count) == 0
    first = np.unique(label, return_index=True)[1]
    anchored = held.copy()
    anchored[first[lacking]] = True
    return anchored
