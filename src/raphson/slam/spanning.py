"""Vertices from edges: poses along a tree of shortest ways, landmarks from the first pose that saw them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, Floats, Integers, Vertices
from raphson.slam.rigid import Poses, identity_poses, poses_of, rows_of


def vertices_from_edges(
    vertices: Mapping[str, Vertices], edges: Mapping[str, Edges], kinds: list[str]
) -> dict[str, Vertices]:
    """`vertices` with values for those of the given kinds."""
    filled = dict(vertices)
    for kind in (kind for kind in kinds if VERTEX_KINDS[kind].pose):
        if kind in edges:
            filled[kind] = replace(vertices[kind], values=tree_values(kind, len(vertices[kind]), edges[kind]))
        else:
            unmoved = identity_poses(len(vertices[kind]), VERTEX_KINDS[kind].dimension)
            filled[kind] = replace(vertices[kind], values=rows_of(kind, unmoved))
    for edge in edges.values():
        if EDGE_KINDS[edge.kind].end in kinds and not VERTEX_KINDS[EDGE_KINDS[edge.kind].end].pose:
            end = EDGE_KINDS[edge.kind].end
            filled[end] = replace(filled[end], values=seen_points(edge, filled))
    return filled


def seen_from(edge: Edges, poses: Poses) -> Poses:
    """The poses of the sensors of edges, given those of the robot at their starts."""
    if edge.sensor is None:
        return poses
    return poses.compose(poses_of(EDGE_KINDS[edge.kind].start, edge.sensor))


def seen_points(edge: Edges, vertices: Mapping[str, Vertices]) -> Floats:
    """Each landmark where the first edge of the file saw it."""
    kind = EDGE_KINDS[edge.kind]
    seen, first = np.unique(edge.j, return_index=True)
    poses = seen_from(edge, poses_of(kind.start, vertices[kind.start].values[edge.i]))
    values = vertices[kind.end].values.copy()
    values[seen] = poses[first].apply(edge.measurement[first])
    return values


def tree_values(kind: str, n: int, edge: Edges) -> Floats:
    """Poses along the tree of fewest edges; the first vertex of each component is the origin."""
    parent, step = tree(n, edge)
    d = VERTEX_KINDS[kind].dimension
    measured = poses_of(kind, edge.measurement)
    back = measured.inverse()
    moved = identity_poses(n, d)
    forward, backward = step >= 0, step < -1
    for which, source, row in ((forward, measured, step), (backward, back, -2 - step)):
        moved.R[which], moved.t[which] = source.R[row[which]], source.t[row[which]]
    # Each round doubles the way that is already composed: 14 rounds for 10 000 poses in a row.
    while (parent != parent[parent]).any():
        moved = moved[parent].compose(moved)
        parent = parent[parent]
    return rows_of(kind, moved)


def tree(n: int, edge: Edges) -> tuple[Integers, Integers]:
    """(parent, step) of each vertex: step k >= 0 is edge k from the parent, -2 - k is edge k to it, -1 a root."""
    joined = coo_array((np.ones(len(edge)), (edge.i, edge.j)), (n, n))
    roots = np.unique(connected_components(joined, directed=False)[1], return_index=True)[1]
    # One vertex more, joined to the first of each component: one search for all of them.
    i, j = np.concatenate([edge.i, np.full(len(roots), n)]), np.concatenate([edge.j, roots])
    _, before = breadth_first_order(coo_array((np.ones(len(i)), (i, j)), (n + 1, n + 1)).tocsr(), n, directed=False)
    parent = before[:n].astype(np.int64)
    parent[roots] = roots
    key = np.concatenate([edge.i * n + edge.j, edge.j * n + edge.i])
    code = np.concatenate([np.arange(len(edge)), -2 - np.arange(len(edge))])
    order = np.argsort(key, kind="stable")
    place = np.searchsorted(key[order], parent * n + np.arange(n))
    step = np.where(parent == np.arange(n), -1, code[order[np.minimum(place, len(key) - 1)]])
    return parent, step
