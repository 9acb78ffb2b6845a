"""Random pose graphs whose edges are known functions of their vertices, for laws about starts and certificates."""

from dataclasses import replace

import numpy as np

from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, GraphFile, Vertices
from raphson.slam.rigid import Poses, nearest_rotations, poses_of, rows_of

POINT = {"SE2": "XY", "SE3": "XYZ"}


def random_poses(rng: np.random.Generator, n: int, d: int, size: float = 3.0) -> Poses:
    return Poses(nearest_rotations(rng.normal(size=(n, d, d))), size * rng.normal(size=(n, d)))


def small_motions(rng: np.random.Generator, n: int, d: int, noise: float) -> Poses:
    turns = np.eye(d) + noise * (turn := rng.normal(size=(n, d, d))) - noise * np.swapaxes(turn, 1, 2)
    return Poses(nearest_rotations(turns), noise * rng.normal(size=(n, d)))


def random_information(rng: np.random.Generator, n: int, rows: int) -> np.ndarray:
    root = rng.normal(size=(n, rows, rows)) / np.sqrt(rows)
    full = 20 * (root @ np.swapaxes(root, 1, 2)) + np.eye(rows)
    return (full + np.swapaxes(full, 1, 2)) / 2


def sample_graph(
    seed: int,
    kind: str = "SE3",
    n: int = 30,
    extra: int = 20,
    noise: float = 0.0,
    points: int = 0,
    priors: int = 0,
    parts: int = 1,
) -> tuple[GraphFile, dict[str, np.ndarray]]:
    """(graph, truth): a chain in each of `parts` components, `extra` closures, landmarks seen by sensors, priors. The
    graph's own values are random. Edges point both ways."""
    rng, d = np.random.default_rng(seed), VERTEX_KINDS[kind].dimension
    truth = random_poses(rng, n, d)
    part = np.arange(n) * parts // n
    pairs = [(k, k + 1) for k in range(n - 1) if part[k] == part[k + 1]]
    while len(pairs) < n - parts + extra:
        i, j = rng.integers(0, n, 2)
        if i != j and part[i] == part[j]:
            pairs.append((int(i), int(j)))
    i, j = np.array(pairs).T
    flip = rng.random(len(i)) < 0.3
    i, j = np.where(flip, j, i), np.where(flip, i, j)
    measured = truth[i].inverse().compose(truth[j]).compose(small_motions(rng, len(i), d, noise))
    rows = EDGE_KINDS[kind].rows
    lines = np.zeros(len(i), np.int64)
    edges = {kind: Edges(kind, i, j, rows_of(kind, measured), random_information(rng, len(i), rows), lines)}
    values = {kind: rows_of(kind, random_poses(rng, n, d))}
    exact = {kind: rows_of(kind, truth)}
    if points:
        point, seen = POINT[kind], EDGE_KINDS[f"{kind}_{POINT[kind]}"]
        exact[point], values[point] = rng.normal(size=(points, d)), rng.normal(size=(points, d))
        i, j = rng.integers(0, n, 4 * points), np.arange(4 * points) % points
        sensor = rows_of(kind, random_poses(rng, len(i), d)) if kind == "SE3" else None
        at = truth[i] if sensor is None else truth[i].compose(poses_of(kind, sensor))
        z = at.inverse().apply(exact[point][j]) + noise * rng.normal(size=(len(i), d))
        name, information = f"{kind}_{point}", random_information(rng, len(i), seen.rows)
        edges[name] = Edges(name, i, j, z, information, np.zeros(len(i), np.int64), sensor)
    if priors:
        i, name = rng.integers(0, n, priors), f"{kind}_PRIOR"
        sensor = rows_of(kind, random_poses(rng, priors, d)) if kind == "SE3" else None
        at = truth[i] if sensor is None else truth[i].compose(poses_of(kind, sensor))
        z = rows_of(kind, at.compose(small_motions(rng, priors, d, noise)))
        edges[name] = Edges(name, i, i, z, random_information(rng, priors, rows), np.zeros(priors, np.int64), sensor)
    vertices = {
        name: Vertices(name, np.arange(len(table)) * 7, table, np.zeros(len(table), np.int64))
        for name, table in values.items()
    }
    return GraphFile("sample", vertices, edges), exact


def with_fixed(graph: GraphFile, rows: list[int], values: dict[str, np.ndarray]) -> GraphFile:
    """The graph with poses held at their rows of `values`."""
    kind = next(iter(graph.vertices))
    table = graph.vertices[kind].values.copy()
    table[rows] = values[kind][rows]
    vertices = {**graph.vertices, kind: replace(graph.vertices[kind], values=table)}
    return replace(graph, vertices=vertices, fixed=np.sort(graph.vertices[kind].ids[rows]))
