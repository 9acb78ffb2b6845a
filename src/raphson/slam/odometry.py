"""Where to begin on a pose graph whose loop closures may be wrong: along its odometry."""

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from raphson.slam.costs import robot_measurement
from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, Floats, GraphFile, Vertices
from raphson.slam.rigid import Poses, poses_of, rows_of
from raphson.slam.spanning import seen_points, tree_values


def odometry_start(graph: GraphFile) -> dict[str, Floats]:
    """Values of the vertices by kind: poses one after the other along the edges between consecutive ids; other edges
    serve only where these leave a gap. No other edge has a say, so wrong loop closures spoil nothing.

    Fixed vertices stay where they are. A component begins at its first fixed vertex, else where the first of its priors
    measured, else at the value of its first vertex. Landmarks are where the first edge of the file saw them.
    """
    fixed = graph.fixed_rows()
    found = dict(graph.vertices)
    for kind in [kind for kind in found if VERTEX_KINDS[kind].pose and kind in graph.edges]:
        found[kind] = along_odometry(graph, graph.edges[kind], fixed[kind])
    for edge in graph.edges.values():
        end = EDGE_KINDS[edge.kind].end
        if end and not VERTEX_KINDS[end].pose:
            seen = seen_points(edge, found)
            seen[fixed[end]] = found[end].values[fixed[end]]
            found[end] = replace(found[end], values=seen)
    return {kind: v.values for kind, v in found.items()}


def along_odometry(graph: GraphFile, edges: Edges, fixed: np.ndarray) -> Vertices:
    """The poses of one kind."""
    kind, vertices = edges.kind, graph.vertices[edges.kind]
    n = len(vertices)
    if edges.sensor is not None:  # what the sensor saw, as the robot's own motion
        motion = poses_of(kind, edges.sensor).compose(poses_of(kind, edges.measurement))
        edges = replace(edges, measurement=rows_of(kind, motion), sensor=None)
    kept = odometry_tree(vertices.ids, edges)
    relative = poses_of(kind, tree_values(kind, n, kept))
    label = connected_components(coo_array((np.ones(len(kept)), (kept.i, kept.j)), (n, n)), directed=False)[1]
    given, root = poses_of(kind, vertices.values), np.unique(label, return_index=True)[1]
    begin = Poses(given.R.copy(), given.t.copy())
    prior = graph.edges.get(f"{kind}_PRIOR")
    if prior is not None:
        measured = robot_measurement(prior)
        root[label[prior.i[::-1]]] = prior.i[::-1]  # the first of the file is written last
        begin.R[prior.i[::-1]], begin.t[prior.i[::-1]] = measured.R[::-1], measured.t[::-1]
    root[label[fixed[::-1]]] = fixed[::-1]
    begin.R[fixed], begin.t[fixed] = given.R[fixed], given.t[fixed]
    there = root[label]
    values = rows_of(kind, begin[there].compose(relative[there].inverse()).compose(relative))
    values[fixed] = vertices.values[fixed]  # to the last bit
    return replace(vertices, values=values)


def odometry_tree(ids: np.ndarray, edges: Edges) -> Edges:
    """Those edges that join all that they can without a ring: between consecutive ids first."""
    n, rank = len(ids), np.argsort(np.argsort(ids, kind="stable"), kind="stable")
    low, high = np.minimum(edges.i, edges.j), np.maximum(edges.i, edges.j)
    _, first = np.unique(low * n + high, return_index=True)  # of several edges between two vertices the first
    weight = np.where(np.abs(rank[low] - rank[high]) == 1, 1.0, 2.0)[first]
    tree = minimum_spanning_tree(coo_array((weight, (low[first], high[first])), (n, n)).tocsr()).tocoo()
    kept = first[np.isin((low * n + high)[first], tree.row.astype(np.int64) * n + tree.col)]
    chosen = np.sort(kept)
    return replace(
        edges, i=edges.i[chosen], j=edges.j[chosen], measurement=edges.measurement[chosen],
        information=edges.information[chosen], lines=edges.lines[chosen],
    )  # fmt: skip
