"""The text formats of TORO (Grisetti et al. 2007) and of iSAM (Kaess et al. 2008)."""

import os

import numpy as np

from raphson.slam.assemble import Draft, EdgeDraft, finished
from raphson.slam.graph_file import Floats, GraphFile
from raphson.slam.information import TORO_2D, UPPER_2D, symmetric_of, triangle_order
from raphson.slam.read_g2o import set_aside
from raphson.slam.rigid import roll_pitch_yaw_rotations, rotation_quaternions
from raphson.slam.tagged_lines import TagLines, by_tag, read_rows, read_text

TORO_TAGS = {"VERTEX", "VERTEX2", "VERTEX3", "EDGE", "EDGE2", "EDGE3", "EQUIV"}
ISAM_TAGS = {"ODOMETRY": "SE2", "EDGE2": "SE2", "LANDMARK": "SE2_XY"}
NOISES = ("information", "square-root", "covariance")


def read_toro(path: str | os.PathLike[str], *, information: str = "refuse", unknown_tags: str = "refuse") -> GraphFile:
    """Reads a pose graph in TORO's format, gzipped or not: `VERTEX2`, `EDGE2`, `VERTEX3`, `EDGE3`, `EQUIV`.

    `EDGE2` holds its information in the order I11 I12 I22 I33 I13 I23, unlike g2o. Poses in space have roll, pitch and
    yaw, R = Rz(yaw) Ry(pitch) Rx(roll), and an `EDGE3` without its 21 numbers of information has the identity, which is
    noted. `EQUIV` lines are left aside, which is noted. The other arguments and errors are those of `read_g2o`.
    """
    return toro_graph(*read_text(path), information, unknown_tags)


def toro_graph(name: str, data: bytes, information: str = "refuse", unknown_tags: str = "refuse") -> GraphFile:
    """The graph in a text; `name` is what errors call it."""
    lines = by_tag(name, data)
    draft = Draft(name)
    set_aside(lines, draft, TORO_TAGS.__contains__, unknown_tags)
    for tag, given in lines.items():
        if tag in ("VERTEX2", "VERTEX"):
            rows = read_rows(given, 1, 3, 0, "id x y theta")
            draft.vertices.setdefault("SE2", []).append((rows.ids[:, 0], rows.head, rows.lines))
        elif tag == "VERTEX3":
            rows = read_rows(given, 1, 6, 0, "id x y z roll pitch yaw")
            draft.vertices.setdefault("SE3", []).append((rows.ids[:, 0], with_quaternion(rows.head), rows.lines))
        elif tag in ("EDGE2", "EDGE"):
            draft.edges.setdefault("SE2", []).append(plane_edges(given))
        elif tag == "EDGE3":
            draft.edges.setdefault("SE3", []).append(space_edges(given, draft))
        elif tag == "EQUIV":
            draft.notes.append(f"left aside: {len(given.numbers)} lines EQUIV")
    return finished(draft, information)


def plane_edges(given: TagLines) -> EdgeDraft:
    fields = "i j x y theta and the information I11 I12 I22 I33 I13 I23"
    rows = read_rows(given, 2, 3, 6, fields)
    advice = "TORO's order is I11 I12 I22 I33 I13 I23; a file with upper triangles is iSAM's: read_isam. "
    return EdgeDraft(rows.ids, rows.head, symmetric_of(rows.tail, TORO_2D), rows.which, rows.lines, None, advice)


def space_edges(given: TagLines, draft: Draft) -> EdgeDraft:
    fields = "i j x y z roll pitch yaw, and the 21 numbers of the upper triangle of the information or none"
    rows = read_rows(given, 2, 6, 21, fields, 0)
    if rows.tail.shape[1]:
        matrices = symmetric_of(rows.tail, triangle_order(6))
    else:
        matrices = np.eye(6)[None]
        draft.notes.append(f"{len(rows.ids)} edges EDGE3 hold no information matrix and have the identity")
    return EdgeDraft(rows.ids, with_quaternion(rows.head), matrices, rows.which, rows.lines)


def with_quaternion(poses: Floats) -> Floats:
    """x y z roll pitch yaw as x y z qx qy qz qw."""
    return np.concatenate([poses[:, :3], rotation_quaternions(roll_pitch_yaw_rotations(poses[:, 3:]))], 1)


def read_isam(
    path: str | os.PathLike[str], *, noise: str, information: str = "refuse", unknown_tags: str = "refuse"
) -> GraphFile:
    """Reads a graph in iSAM's format, gzipped or not: `ODOMETRY i j x y theta`, `EDGE2` (the same) and
    `LANDMARK i l x y`, each followed by an upper triangle, row after row.

    Such files do not say what the triangle is, and files of every kind exist; `noise` must say it: "information",
    "square-root" (the upper triangular R with information R'R, which is what iSAM itself reads), or "covariance".
    The file holds no vertices: they are made from the edges. The other arguments and errors are those of `read_g2o`.
    """
    return isam_graph(*read_text(path), noise, information, unknown_tags)


def isam_graph(
    name: str, data: bytes, noise: str, information: str = "refuse", unknown_tags: str = "refuse"
) -> GraphFile:
    """The graph in a text; `name` is what errors call it."""
    if noise not in NOISES:
        raise ValueError(f"noise must be one of {', '.join(NOISES)}, not {noise!r}")
    lines = by_tag(name, data)
    draft = Draft(name)
    set_aside(lines, draft, ISAM_TAGS.__contains__, unknown_tags)
    for tag, given in lines.items():
        if tag not in ISAM_TAGS:
            continue
        plane = ISAM_TAGS[tag] == "SE2"
        order = UPPER_2D if plane else triangle_order(2)
        words = "i j x y theta and 6 numbers" if plane else "i l x y and 3 numbers"
        rows = read_rows(given, 2, 3 if plane else 2, len(order), f"{words} of an upper triangle")
        matrices = information_of(given, rows.tail, order, rows.which, noise)
        draft.edges.setdefault(ISAM_TAGS[tag], []).append(
            EdgeDraft(rows.ids, rows.head, matrices, rows.which, rows.lines)
        )
    return finished(draft, information)


def information_of(
    given: TagLines, triangle: Floats, order: tuple[tuple[int, int], ...], which: np.ndarray, noise: str
) -> Floats:
    """Information matrices of triangles that hold something else."""
    full = symmetric_of(triangle, order)
    if noise == "information":
        return full
    with np.errstate(all="ignore"):
        if noise == "square-root":
            root = np.triu(full)
            found = np.swapaxes(root, 1, 2) @ root
        else:
            values, vectors = np.linalg.eigh(full)
            bad = np.flatnonzero(~(values[:, 0] > 0))
            if bad.size:
                row, lowest = int(np.flatnonzero(which == bad[0])[0]), f"{values[bad[0], 0]:.6g}"
                raise given.error(row, f"the covariance is not positive definite: lowest eigenvalue {lowest}")
            found = (vectors / values[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    bad = np.flatnonzero(~np.isfinite(found).all(axis=(1, 2)))
    if bad.size:
        row = int(np.flatnonzero(which == bad[0])[0])
        raise given.error(row, "the information matrix that follows is not finite")
    return found
