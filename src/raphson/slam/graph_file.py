"""What a file of a pose graph holds: vertices and edges by kind, in arrays. NumPy alone, no solver.

A vertex is a pose in the plane (`SE2`: x, y, theta), a pose in space (`SE3`: x, y, z and the quaternion qx, qy, qz, qw)
or a landmark (`XY`, `XYZ`). Edges refer to vertices by row; ids may have gaps, any 64-bit integer is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class GraphFileError(ValueError):
    """A file that cannot be meant: says file, line, what is wrong and the way out."""


@dataclass(frozen=True)
class VertexKind:
    """`width` numbers a vertex; `dimension` of the space it lies in; whether it is a pose or a landmark."""

    width: int
    dimension: int
    pose: bool


@dataclass(frozen=True)
class EdgeKind:
    """Kinds of the two vertices, `width` numbers a measurement, `rows` of its information matrix."""

    start: str
    end: str
    width: int
    rows: int

    @property
    def prior(self) -> bool:
        """Whether it holds one vertex alone."""
        return not self.end


VERTEX_KINDS = {
    "SE2": VertexKind(3, 2, True),
    "SE3": VertexKind(7, 3, True),
    "XY": VertexKind(2, 2, False),
    "XYZ": VertexKind(3, 3, False),
}
EDGE_KINDS = {
    "SE2": EdgeKind("SE2", "SE2", 3, 3),
    "SE3": EdgeKind("SE3", "SE3", 7, 6),
    "SE2_XY": EdgeKind("SE2", "XY", 2, 2),
    "SE3_XYZ": EdgeKind("SE3", "XYZ", 3, 3),
    "SE2_PRIOR": EdgeKind("SE2", "", 3, 3),
    "SE3_PRIOR": EdgeKind("SE3", "", 7, 6),
}


@dataclass(frozen=True)
class Vertices:
    """Vertices of one kind: `ids` (n,), `values` (n, width), and the `lines` (n,) of the file, 0 where it has none."""

    kind: str
    ids: Integers
    values: Floats
    lines: Integers

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Edges:
    """Edges of one kind: rows `i` and `j` of the two vertices, each in the table of its own kind (for priors j is i),
    `measurement` (m, width), `information` (m, rows, rows) in the file's own convention, `lines` (m,).
    `sensor` (m, width of a pose), where not None, is the pose of the sensor on the robot: what was measured is then
    seen from pose * sensor.
    """

    kind: str
    i: Integers
    j: Integers
    measurement: Floats
    information: Floats
    lines: Integers
    sensor: Floats | None = None

    def __len__(self) -> int:
        return len(self.i)


@dataclass(frozen=True)
class GraphFile:
    """A file that has been read. `vertices` and `edges` by kind (kinds without entries are absent); `fixed`, the ids
    held in place; `start`, where the values of the vertices come from, "file" or "edges"; `notes`, what was changed or
    left out while reading, one sentence each; `name`, the file's.
    """

    name: str
    vertices: Mapping[str, Vertices]
    edges: Mapping[str, Edges]
    fixed: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    start: str = "file"
    notes: tuple[str, ...] = ()
    parameters: Mapping[int, Floats] = field(default_factory=lambda: MappingProxyType({}))

    def fixed_rows(self) -> dict[str, Integers]:
        """Rows of the fixed vertices by kind. An id that a pose and a landmark share means the pose."""
        rows, left = {}, self.fixed
        for kind in sorted(self.vertices, key=lambda kind: not VERTEX_KINDS[kind].pose):
            ids = self.vertices[kind].ids
            rows[kind] = np.flatnonzero(np.isin(ids, left))
            left = np.setdiff1d(left, ids)
        return rows

    def __repr__(self) -> str:
        count = [f"{len(v)} vertices {kind}" for kind, v in self.vertices.items()]
        count += [f"{len(e)} edges {kind}" for kind, e in self.edges.items()]
        return f"GraphFile({self.name}: {', '.join(count) or 'empty'}; start from the {self.start})"
