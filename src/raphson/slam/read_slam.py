"""A problem of any format that is read here, pose graph or bundle adjustment, told by what the file holds."""

import os

from raphson.slam.bundle_file import BundleFile
from raphson.slam.graph_file import GraphFile
from raphson.slam.read_bal import bal_bundle, libmv_bundle
from raphson.slam.read_graph import graph_of_text
from raphson.slam.tagged_lines import read_text

LIBMV = (b"vP", b"VP", b"vN", b"VN")
"""How libmv's binaries begin: byte order, then the space of the markers. No tag of a pose graph does."""


def read_slam(
    path: str | os.PathLike[str], *, noise: str | None = None, information: str = "refuse"
) -> GraphFile | BundleFile:
    """Reads a pose graph (`read_graph`), a problem in BAL's text, or one of libmv's binaries; packed by gzip or bzip2,
    or not. Lines of a pose graph begin with a tag, BAL's text with three counts. Errors are those of the readers;
    ValueError for `noise` or `information` with a file of bundle adjustment."""
    name, data = read_text(path)
    binary = data[:2] in LIBMV
    if not binary and not begins_with_counts(data):
        return graph_of_text(name, data, noise, information)
    if noise is not None:
        raise ValueError(f"{name}: noise= is for iSAM's files; this one holds cameras and points")
    if information != "refuse":
        raise ValueError(f"{name}: information= is for pose graphs; this one holds cameras and points")
    return libmv_bundle(name, data) if binary else bal_bundle(name, data)


def begins_with_counts(data: bytes) -> bool:
    """Whether the first line that says something has three whole numbers and nothing else."""
    for line in data[: 1 << 12].splitlines():
        words = line.partition(b"#")[0].split()
        if words:
            return len(words) == 3 and all(word.isdigit() for word in words)
    return False
