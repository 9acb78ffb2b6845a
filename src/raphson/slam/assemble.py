"""From the lines of a file to a graph: ids become rows, and what cannot be meant is refused with its line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from raphson.slam.connected import connection_notes
from raphson.slam.graph_file import (
    EDGE_KINDS,
    VERTEX_KINDS,
    Edges,
    Floats,
    GraphFile,
    GraphFileError,
    Integers,
    Vertices,
)
from raphson.slam.information import checked_definite
from raphson.slam.spanning import vertices_from_edges
from raphson.slam.tagged_lines import at_line, first_few

UNIT = 1e-3
"""How far a quaternion's length may be from 1: files have four digits and more. Further off, it is no rotation."""

NOTED = 1e-5
"""And how far without a word: six digits."""


@dataclass
class Draft:
    """What has been read so far, ids as the file has them. Every edge has two ids; those of a prior are the same.

    Of information matrices each distinct one is held once: edge k has `matrices[which[k]]`.
    """

    name: str
    vertices: dict[str, list[tuple[Integers, Floats, Integers]]] = field(default_factory=dict)
    edges: dict[str, list["EdgeDraft"]] = field(default_factory=dict)
    fixed: list[tuple[Integers, Integers]] = field(default_factory=list)
    parameters: dict[int, Floats] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class EdgeDraft:
    """Edges of one tag."""

    ids: Integers
    measurement: Floats
    matrices: Floats
    which: Integers
    lines: Integers
    sensor: Floats | None = None
    advice: str = ""


def finished(draft: Draft, information: str) -> GraphFile:
    """The graph of a draft. `information` says what becomes of indefinite matrices: "refuse" or "project"."""
    if information not in ("refuse", "project"):
        raise ValueError(f'information must be "refuse" or "project", not {information!r}')
    edges = {kind: merged_edges(draft, kind, information) for kind in EDGE_KINDS if kind in draft.edges}
    vertices = {kind: merged_vertices(draft, kind) for kind in VERTEX_KINDS if kind in draft.vertices}
    if not edges and not vertices:
        raise GraphFileError(f"{draft.name}: no vertex and no edge in this file")
    missing = missing_kinds(vertices, edges)
    start = "edges" if any(VERTEX_KINDS[kind].pose for kind in missing) else "file"
    for kind in missing:
        vertices[kind] = vertices_named_by_edges(kind, edges)
    refuse_doubled(draft, vertices)
    tables = {kind: edges_by_row(draft.name, edge, vertices) for kind, edge in edges.items()}
    if missing:
        vertices = vertices_from_edges(vertices, tables, missing)
        draft.notes.append(f"the file holds no vertices of kind {', '.join(missing)}: they are made from the edges")
    graph = GraphFile(draft.name, vertices, tables, known_fixed(draft, vertices), start, (), draft.parameters)
    return replace(graph, notes=(*draft.notes, *connection_notes(graph)))


def merged_vertices(draft: Draft, kind: str) -> Vertices:
    ids, values, lines = (np.concatenate(parts) for parts in zip(*draft.vertices[kind], strict=True))
    if kind == "SE3":
        values = with_unit_quaternions(draft, values, lines, "vertex")
    return Vertices(kind, ids, values, lines)


def merged_edges(draft: Draft, kind: str, information: str) -> Edges:
    """All edges of a kind, with ids in place of rows."""
    parts = [settled_information(draft, part, information) for part in draft.edges[kind]]
    ids, measurement, lines = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("ids", "measurement", "lines")
    )
    matrices = np.concatenate([part.matrices[part.which] for part in parts])
    if measurement.shape[1] == 7:
        measurement = with_unit_quaternions(draft, measurement, lines, "edge")
    sensors = [part.sensor for part in parts]
    sensor = None if any(s is None for s in sensors) else np.concatenate([s for s in sensors if s is not None])
    same = np.flatnonzero(ids[:, 0] == ids[:, 1])
    if same.size and not EDGE_KINDS[kind].prior:
        raise at_line(draft.name, lines[same[0]], f"an edge from vertex {ids[same[0], 0]} to itself says nothing")
    return Edges(kind, ids[:, 0], ids[:, 1], measurement, matrices, lines, sensor)


def settled_information(draft: Draft, part: EdgeDraft, information: str) -> EdgeDraft:
    """Refuses or projects what is not positive semidefinite."""
    found = checked_definite(part.matrices)
    for changed, refuse in ((found.projected, information == "refuse"), (found.rounded, False)):
        rows = np.flatnonzero(changed[part.which])
        if not rows.size:
            continue
        lines = first_few(part.lines[rows])
        if refuse:
            lowest = np.linalg.eigvalsh(part.matrices[part.which[rows[0]]])[0]
            raise at_line(
                draft.name,
                part.lines[rows[0]],
                f"the information matrix of edge {part.ids[rows[0], 0]} to {part.ids[rows[0], 1]} is not positive "
                f"semidefinite: lowest eigenvalue {lowest:.6g}.\n  So it is with {rows.size} of "
                f"{len(part.which)} edges (lines {lines}).\n"
                f'  {part.advice}information="project" takes the nearest that is.',
            )
        how = "projected" if changed is found.projected else "projected, within the digits of the file"
        draft.notes.append(f"{rows.size} indefinite information matrices are {how}: lines {lines}")
    return replace(part, matrices=found.matrices)


def with_unit_quaternions(draft: Draft, values: Floats, lines: Integers, what: str) -> Floats:
    """Poses x y z qx qy qz qw whose quaternions are units, or were meant to be.

    One that is a unit to rounding stays as it is: what was written comes back to the last bit.
    """
    with np.errstate(over="ignore"):
        length = np.linalg.norm(values[:, 3:], axis=1)
    off = np.abs(length - 1)
    bad = np.flatnonzero(off > UNIT)
    if bad.size:
        raise at_line(
            draft.name,
            lines[bad[0]],
            f"the quaternion of this {what} has length {length[bad[0]]:.6g}, not 1, and is no rotation.\n"
            f"  So it is with {bad.size} of {len(lines)} (lines {first_few(lines[bad])}). The order is qx qy qz qw.",
        )
    if (off > NOTED).any():
        rough = np.flatnonzero(off > NOTED)
        draft.notes.append(f"{rough.size} quaternions ({what}) are normalized: lengths up to {off.max():.1e} from 1")
    scale = np.where(off > 4 * np.finfo(float).eps, length, 1.0)
    return np.concatenate([values[:, :3], values[:, 3:] / scale[:, None]], 1)


def refuse_doubled(draft: Draft, vertices: Mapping[str, Vertices]) -> None:
    """An id is one pose. A landmark may have a pose's id: edges say which is meant, and GTSAM writes such files."""
    for pose in (True, False):
        tables = [v for kind, v in vertices.items() if VERTEX_KINDS[kind].pose is pose]
        if not tables:
            continue
        ids, lines = np.concatenate([v.ids for v in tables]), np.concatenate([v.lines for v in tables])
        order = np.lexsort((lines, ids))
        double = np.flatnonzero(ids[order][1:] == ids[order][:-1])
        if double.size:
            first, second = order[double[0]], order[double[0] + 1]
            more = f"\n  {double.size} vertices are doubled: {first_few(ids[order][double])}" if double.size > 1 else ""
            where = f", in line {lines[first]}" if lines[first] else ""
            raise at_line(draft.name, lines[second], f"vertex {ids[second]} is there already{where}{more}")
    named: dict[bool, list[Integers]] = {True: [np.zeros(0, np.int64)], False: [np.zeros(0, np.int64)]}
    for kind, v in vertices.items():
        named[VERTEX_KINDS[kind].pose].append(v.ids)
    both = np.intersect1d(np.concatenate(named[True]), np.concatenate(named[False]))
    if both.size:
        draft.notes.append(f"{both.size} landmarks have the ids of poses and are other vertices: {first_few(both)}")


def missing_kinds(vertices: Mapping[str, Vertices], edges: Mapping[str, Edges]) -> list[str]:
    """Kinds that edges refer to and the file holds no vertex of."""
    asked = [kind for edge in edges.values() for kind in ends(edge.kind)]
    return [kind for kind in VERTEX_KINDS if kind in asked and kind not in vertices]


def ends(kind: str) -> tuple[str, str]:
    """The kinds of the two vertices of an edge; a prior's are the same."""
    edge = EDGE_KINDS[kind]
    return edge.start, edge.end or edge.start


def vertices_named_by_edges(kind: str, edges: Mapping[str, Edges]) -> Vertices:
    """Vertices without values, of the ids that edges refer to."""
    named = [
        side
        for edge in edges.values()
        for side, end in zip((edge.i, edge.j), ends(edge.kind), strict=True)
        if end == kind
    ]
    ids = np.unique(np.concatenate(named))
    return Vertices(kind, ids, np.zeros((len(ids), VERTEX_KINDS[kind].width)), np.zeros(len(ids), np.int64))


def edges_by_row(name: str, edge: Edges, vertices: Mapping[str, Vertices]) -> Edges:
    """The edges with rows in place of ids."""
    rows = []
    for ids, kind in zip((edge.i, edge.j), ends(edge.kind), strict=True):
        found = rows_of_ids(ids, vertices[kind].ids)
        bad = np.flatnonzero(found < 0)
        if bad.size:
            elsewhere = [other for other, v in vertices.items() if ids[bad[0]] in v.ids]
            what = f"is of kind {elsewhere[0]}, {kind} is expected" if elsewhere else "is not in the file"
            unknown = np.unique(ids[bad])
            more = f".\n  So are {unknown.size} vertices: {first_few(unknown)}" if unknown.size > 1 else ""
            raise at_line(
                name,
                edge.lines[bad[0]],
                f"edge {edge.i[bad[0]]} to {edge.j[bad[0]]}: vertex {ids[bad[0]]} {what}{more}",
            )
        rows.append(found)
    return replace(edge, i=rows[0], j=rows[1])


def rows_of_ids(ids: Integers, known: Integers) -> Integers:
    """The place of each id in `known`, -1 where it is not there."""
    if not known.size:
        return np.full(len(ids), -1)
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known, ids, sorter=order), len(known) - 1)
    row = order[place]
    return np.where(known[row] == ids, row, -1)


def known_fixed(draft: Draft, vertices: Mapping[str, Vertices]) -> Integers:
    known = np.concatenate([v.ids for v in vertices.values()])
    for ids, lines in draft.fixed:
        bad = np.flatnonzero(~np.isin(ids, known))
        if bad.size:
            raise at_line(draft.name, lines[bad[0]], f"FIX: vertex {ids[bad[0]]} is not in the file")
    fixed: Sequence[Integers] = [ids for ids, _ in draft.fixed]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *fixed]))
