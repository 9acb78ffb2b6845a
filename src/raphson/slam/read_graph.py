"""A pose graph of any format that is read here: the first tag that one of the formats knows decides."""

import os
import re

from raphson.slam.graph_file import GraphFile
from raphson.slam.read_g2o import g2o_graph, known_tag
from raphson.slam.read_toro import TORO_TAGS, isam_graph, toro_graph
from raphson.slam.tagged_lines import read_text

LOOKED_AT = 1 << 16
"""Bytes of the text that are searched for a known tag."""

FIRST_WORDS = re.compile(rb"^[ \t]*([A-Z][A-Z0-9_:]*)", re.MULTILINE)


def read_graph(
    path: str | os.PathLike[str],
    *,
    noise: str | None = None,
    information: str = "refuse",
    unknown_tags: str = "refuse",
) -> GraphFile:
    """Reads a pose graph in g2o's, TORO's or iSAM's format, gzipped or not, by its tags.

    `noise` is needed for iSAM's format, and says what its triangles are (`read_isam`); with it `EDGE2` is iSAM's,
    without it TORO's. The other arguments and errors are those of `read_g2o`. ValueError for an iSAM file without
    `noise`, and for `noise` with a file of another format.
    """
    return graph_of_text(*read_text(path), noise, information, unknown_tags)


def graph_of_text(
    name: str, data: bytes, noise: str | None = None, information: str = "refuse", unknown_tags: str = "refuse"
) -> GraphFile:
    """The graph in a text; `name` is what errors call it."""
    tags = [found.decode() for found in FIRST_WORDS.findall(data[:LOOKED_AT])]
    first = next((tag for tag in tags if known_tag(tag) or tag in TORO_TAGS or tag in ("ODOMETRY", "LANDMARK")), "")
    if first in ("ODOMETRY", "LANDMARK") or (first == "EDGE2" and noise is not None):
        if noise is None:
            raise ValueError(f"{name}: {first} lines are iSAM's; noise= must say what their triangles are (read_isam)")
        return isam_graph(name, data, noise, information, unknown_tags)
    if noise is not None:
        raise ValueError(f"{name}: noise= is for iSAM's files; this one holds {first or 'no tag that is known'}")
    return (toro_graph if first in TORO_TAGS else g2o_graph)(name, data, information, unknown_tags)
