"""Writes a graph in g2o's text format. What is written comes back to the last bit."""

import gzip
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, Floats, GraphFile, Integers
from raphson.slam.information import UPPER_2D, triangle_of, triangle_order
from raphson.slam.read_g2o import EDGE_TAGS, SENSOR_TAGS, VERTEX_TAGS

VERTEX_TAG = {kind: tag for tag, kind in VERTEX_TAGS.items()}
EDGE_TAG = {kind: tag for tag, kind in EDGE_TAGS.items()}
SENSOR_TAG = {width: tag for tag, width in SENSOR_TAGS.items()}
NO_SENSOR = np.array([0.0, 0, 0, 0, 0, 0, 1])


def write_g2o(path: str | os.PathLike[str], graph: GraphFile, values: Mapping[str, Floats] | None = None) -> None:
    """Writes a graph in g2o's text format, gzipped where the name ends in `.gz`.

    `values` are tables of vertices by kind, (n, width) as in `graph.vertices[kind].values`, which serve where none are
    given. Numbers have as many digits as it takes to read the same double again. ValueError where `values` do not
    fit the graph or are not finite.
    """
    save_text(path, g2o_lines(graph, vertex_values(graph, values)))


def save_text(path: str | os.PathLike[str], lines: Iterable[str]) -> None:
    text = ("\n".join(lines) + "\n").encode()
    Path(path).write_bytes(gzip.compress(text, 6, mtime=0) if os.fspath(path).endswith(".gz") else text)


def vertex_values(graph: GraphFile, values: Mapping[str, Floats] | None) -> dict[str, Floats]:
    """The tables of vertices, those given in place of the graph's, checked."""
    given = dict(values or {})
    strangers = given.keys() - graph.vertices.keys()
    if strangers:
        raise ValueError(f"values of kind {', '.join(sorted(strangers))}: the graph has {', '.join(graph.vertices)}")
    tables = {kind: np.asarray(given.get(kind, v.values), float) for kind, v in graph.vertices.items()}
    for kind, table in tables.items():
        expected = (len(graph.vertices[kind]), VERTEX_KINDS[kind].width)
        if table.shape != expected:
            raise ValueError(f"values of kind {kind} have shape {table.shape}, {expected} is expected")
        if not np.isfinite(table).all():
            row = np.flatnonzero(~np.isfinite(table).all(axis=1))[0]
            raise ValueError(f"the values of vertex {graph.vertices[kind].ids[row]} ({kind}) are not finite")
    return tables


def numbers(table: Floats) -> list[str]:
    """Each row as text."""
    return [" ".join(map(repr, row)) for row in table.tolist()]


def repeated_numbers(table: Floats) -> list[str]:
    """The same where most rows are equal: each distinct row (to the bit) is written once."""
    texts: dict[bytes, str] = {}
    for row in table:
        if row.tobytes() not in texts:
            texts[row.tobytes()] = " ".join(map(repr, row.tolist()))
    return [texts[row.tobytes()] for row in table]


def g2o_lines(graph: GraphFile, values: Mapping[str, Floats]) -> Iterator[str]:
    sensors = sensor_table(graph)
    for pose, number in sensors.values():
        yield f"{SENSOR_TAG[len(pose)]} {number} " + " ".join(map(repr, pose.tolist()))
    for kind, v in graph.vertices.items():
        rows = zip(v.ids.tolist(), numbers(values[kind]), strict=True)
        yield from (f"{VERTEX_TAG[kind]} {number} {text}" for number, text in rows)
    if graph.fixed.size:
        yield from (f"FIX {number}" for number in graph.fixed.tolist())
    for edge in graph.edges.values():
        yield from edge_lines(edge, graph, sensors)


def edge_lines(edge: Edges, graph: GraphFile, sensors: Mapping[bytes, tuple[Floats, int]]) -> Iterator[str]:
    kind = EDGE_KINDS[edge.kind]
    order = UPPER_2D if kind.rows == 3 else triangle_order(kind.rows)
    ends = [id_texts(graph.vertices[kind.start].ids[edge.i])]
    if not kind.prior:
        ends.append(id_texts(graph.vertices[kind.end].ids[edge.j]))
    if edge.kind in ("SE3_XYZ", "SE3_PRIOR"):
        ends.append([str(sensors[pose.tobytes()][1]) for pose in sensor_rows(edge)])
    measured, information = numbers(edge.measurement), repeated_numbers(triangle_of(edge.information, order))
    for parts in zip(*ends, measured, information, strict=True):
        yield f"{EDGE_TAG[edge.kind]} {' '.join(parts)}"


def id_texts(ids: Integers) -> list[str]:
    return [str(number) for number in ids.tolist()]


def sensor_rows(edge: Edges) -> Floats:
    return np.tile(NO_SENSOR, (len(edge), 1)) if edge.sensor is None else np.ascontiguousarray(edge.sensor)


def sensor_table(graph: GraphFile) -> dict[bytes, tuple[Floats, int]]:
    """Every sensor of the graph with its number: the file's, or the next that is free."""
    table = {pose.tobytes(): (pose, number) for number, pose in graph.parameters.items()}
    free = max(graph.parameters, default=-1) + 1
    for edge in graph.edges.values():
        if edge.kind not in ("SE3_XYZ", "SE3_PRIOR"):
            continue
        for pose in np.unique(sensor_rows(edge), axis=0):
            if pose.tobytes() not in table:
                table[pose.tobytes()] = pose, free
                free += 1
    return table
