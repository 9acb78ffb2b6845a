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
from raphson.slam.rigid import nearest_rotations, rows_of, turned


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
    rotations, translations = form.lifted(values)
    fixed = graph.fixed_rows()
    held = np.zeros(n + form.p, bool)
    held[fixed[form.kind]] = True
    held[n - form.world : n] = True
    turning = form.links.kappa > 0
    free = ~with_anchors(held[:n], form.links.i[turning], form.links.j[turning])
    relaxed = solve_free(form.rotations, np.zeros_like(rotations), rotations, np.repeat(free, d))
    matrices = relaxed.reshape(n, d, d)
    matrices[free] = nearest_rotations(matrices[free])
    rotations = matrices.reshape(n * d, d)
    if form.p:
        held[n + fixed[POINT_KIND[form.kind]]] = True
    translations, moved = chordal_translations(form, rotations, translations, held)
    table = rows_of(form.kind, form.poses(rotations, translations))
    unmoved = ~(free | moved[:n])[: len(table)]
    table[unmoved] = values[form.kind][unmoved]  # to the last bit
    found = {form.kind: table}
    return found | ({POINT_KIND[form.kind]: form.points(translations)} if form.p else {})


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


def with_anchors(held: np.ndarray, i: Integers, j: Integers) -> np.ndarray:
    """Which vertices are held: the given ones, and the first of each component that has none."""
    n = len(held)
    count, label = connected_components(coo_array((np.ones(len(i)), (i, j)), (n, n)), directed=False)
    lacking = np.bincount(label, held, count) == 0
    first = np.unique(label, return_index=True)[1]
    anchored = held.copy()
    anchored[first[lacking]] = True
    return anchored
