"""A pose graph in whichever text format it is: the tags of its lines say which."""

import os

from raphson.slam.graph_file import GraphFile, GraphFileError
from raphson.slam.read_g2o import EDGE_TAGS, VERTEX_TAGS, g2o_graph
from raphson.slam.read_toro import NOISES, TORO_TAGS, isam_graph, toro_graph
from raphson.slam.tagged_lines import by_tag, read_text


def read_graph(path: str | os.PathLike[str], *, noise: str = "") -> GraphFile:
    """Reads a pose graph in the format of g2o, TORO or iSAM, gzipped or not; which one, its tags say.

    noise: what the triangles of iSAM's format are ("information", "square-root", "covariance"), which such files do
    not say. Raises GraphFileError as `read_g2o` does, and for a file of another kind or without `noise` where it is
    needed; FileNotFoundError.
    """
    name, data = read_text(path)
    tags = set(by_tag(name, data))
    if tags & (VERTEX_TAGS.keys() | EDGE_TAGS.keys()):
        return g2o_graph(name, data)
    if "ODOMETRY" in tags or "LANDMARK" in tags or (noise and "EDGE2" in tags):
        if not noise:
            raise GraphFileError(f"{name}: iSAM's format does not say what its triangles are: {' or '.join(NOISES)}?")
        return isam_graph(name, data, noise)
    if tags & TORO_TAGS:
        return toro_graph(name, data)
    first, known = next(iter(by_tag(name, data))), "VERTEX_SE2, EDGE_SE2, ..., VERTEX2, EDGE2, ..., ODOMETRY"
    raise GraphFileError(f"{name}: no line of a pose graph ({known}); it begins with {first[:40]}")
