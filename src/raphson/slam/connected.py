"""Which vertices of a graph hang together, and which hang on nothing."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, GraphFile, Integers
from raphson.slam.tagged_lines import first_few


@dataclass(frozen=True)
class Components:
    """`count` parts that no edge joins; `label` (n,) of each vertex, all kinds one after the other in the order of
    `graph.vertices`; `ids` (n,) of these vertices; `lonely` (n,), whether no edge touches the vertex."""

    count: int
    label: Integers
    ids: Integers
    lonely: np.ndarray


def components(graph: GraphFile) -> Components:
    """The connected components of a graph."""
    first, total = {}, 0
    for kind, vertices in graph.vertices.items():
        first[kind], total = total, total + len(vertices)
    sides = []
    touched = np.zeros(total, bool)
    for edge in graph.edges.values():
        kind = EDGE_KINDS[edge.kind]
        side = edge.i + first[kind.start], edge.j + first[kind.end or kind.start]
        touched[side[0]] = touched[side[1]] = True
        sides.append(np.stack(side))
    i, j = np.concatenate([np.zeros((2, 0), np.int64), *sides], 1)
    count, label = connected_components(coo_array((np.ones(len(i)), (i, j)), (total, total)), directed=False)
    ids = np.concatenate([np.zeros(0, np.int64), *(v.ids for v in graph.vertices.values())])
    return Components(int(count), label, ids, ~touched)


def connection_notes(graph: GraphFile) -> list[str]:
    """What a person should know: parts that no edge joins, and vertices that no edge touches."""
    found, notes = components(graph), []
    lonely = found.ids[found.lonely]
    if lonely.size:
        notes.append(f"{lonely.size} vertices have no edge and stay where they are: {first_few(lonely)}")
    size = np.bincount(found.label[~found.lonely], minlength=found.count)
    parts = np.flatnonzero(size)
    if len(parts) > 1:
        said = first_few([f"{size[part]} with vertex {found.ids[found.label == part].min()}" for part in parts[:6]])
        notes.append(f"{len(parts)} components are joined by no edge and are anchored each on its own: {said}")
    return notes


def pose_kind(graph: GraphFile) -> str:
    """The only kind of poses that a graph has."""
    found = [kind for kind in graph.vertices if VERTEX_KINDS[kind].pose]
    if len(found) != 1:
        raise ValueError(f"{graph.name}: poses of one kind are expected, there are {', '.join(found) or 'none'}")
    return found[0]
