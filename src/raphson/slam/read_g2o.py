"""The text format of g2o (Kuemmerle et al. 2011): `VERTEX_...`, `EDGE_...`, `FIX` and `PARAMS_...` lines."""

import os
from collections.abc import Callable

import numpy as np

from raphson.slam.assemble import Draft, EdgeDraft, finished, with_unit_quaternions
from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Floats, GraphFile, GraphFileError, Integers
from raphson.slam.information import UPPER_2D, symmetric_of, triangle_order
from raphson.slam.tagged_lines import TagLines, at_line, by_tag, first_few, integers, read_rows, read_text

VERTEX_TAGS = {"VERTEX_SE2": "SE2", "VERTEX_SE3:QUAT": "SE3", "VERTEX_XY": "XY", "VERTEX_TRACKXYZ": "XYZ"}
EDGE_TAGS = {
    "EDGE_SE2": "SE2",
    "EDGE_SE3:QUAT": "SE3",
    "EDGE_SE2_XY": "SE2_XY",
    "EDGE_SE3_TRACKXYZ": "SE3_XYZ",
    "EDGE_PRIOR_SE2": "SE2_PRIOR",
    "EDGE_SE3_PRIOR": "SE3_PRIOR",
}
WITH_SENSOR = {"EDGE_SE3_TRACKXYZ", "EDGE_SE3_PRIOR"}
"""Edges whose lines name the pose of a sensor on the robot, by the id of a `PARAMS_SE3OFFSET` line."""

SENSOR_TAGS = {"PARAMS_SE2OFFSET": 3, "PARAMS_SE3OFFSET": 7}
UNUSED_TAGS = {"PARAMS_CAMERACALIB", "PARAMS_CAMERAPARAMETERS"}
"""Parameters of edges that are not read here: alone they mean nothing."""

WORDS = {
    "SE2": "x y theta", "SE3": "x y z qx qy qz qw", "XY": "x y", "XYZ": "x y z",
    "SE2_XY": "x y", "SE3_XYZ": "x y z", "SE2_PRIOR": "x y theta", "SE3_PRIOR": "x y z qx qy qz qw",
}  # fmt: skip


def read_g2o(path: str | os.PathLike[str], *, information: str = "refuse", unknown_tags: str = "refuse") -> GraphFile:
    """Reads a pose graph in g2o's text format, gzipped or not.

    Vertices `VERTEX_SE2`, `VERTEX_SE3:QUAT`, `VERTEX_XY`, `VERTEX_TRACKXYZ`; edges `EDGE_SE2`, `EDGE_SE3:QUAT`,
    `EDGE_SE2_XY`, `EDGE_SE3_TRACKXYZ`, `EDGE_PRIOR_SE2`, `EDGE_SE3_PRIOR`; `FIX`; `PARAMS_SE2OFFSET` and
    `PARAMS_SE3OFFSET`. A kind of vertex that edges refer to and the file holds none of is made from the edges: poses
    along a tree of shortest ways, landmarks where they were seen first. Edges may point backwards; ids are any integers
    of 64 bits.

    `information="project"` takes the nearest positive semidefinite matrix where an information matrix is indefinite;
    `unknown_tags="skip"` leaves lines aside whose tag is not in the list above. Both are noted in `notes`.

    Raises GraphFileError, with file and line, for anything that cannot be meant: numbers of fields, numbers that are
    not finite, quaternions whose length is not 1 within 1e-3, vertices doubled or missing, a cut-off or empty file.
    """
    return g2o_graph(*read_text(path), information, unknown_tags)


def g2o_graph(name: str, data: bytes, information: str = "refuse", unknown_tags: str = "refuse") -> GraphFile:
    """The graph in a text; `name` is what errors call it."""
    lines = by_tag(name, data)
    draft = Draft(name)
    set_aside(lines, draft, known_tag, unknown_tags)
    for tag in SENSOR_TAGS.keys() & lines.keys():
        read_sensors(lines[tag], SENSOR_TAGS[tag], draft)
    for tag, given in lines.items():
        if tag in VERTEX_TAGS:
            read_vertices(given, VERTEX_TAGS[tag], draft)
        elif tag in EDGE_TAGS:
            draft.edges.setdefault(EDGE_TAGS[tag], []).append(edges_of(given, EDGE_TAGS[tag], draft))
        elif tag == "FIX":
            read_fixed(given, draft)
    return finished(draft, information)


def known_tag(tag: str) -> bool:
    return tag in VERTEX_TAGS or tag in EDGE_TAGS or tag in SENSOR_TAGS or tag == "FIX"


def set_aside(lines: dict[str, TagLines], draft: Draft, known: Callable[[str], bool], unknown_tags: str) -> None:
    """Refuses or notes the lines whose tags are not known."""
    if unknown_tags not in ("refuse", "skip"):
        raise ValueError(f'unknown_tags must be "refuse" or "skip", not {unknown_tags!r}')
    strangers = [tag for tag in lines if not known(tag)]
    if not strangers:
        return
    if len(strangers) == len(lines):
        other = "; lines of numbers alone may be a bundle adjustment problem: rp.slam.read_bal, read_gbp"
        raise GraphFileError(
            f"{draft.name}: no line begins with a tag of this format (it begins with {strangers[0]!r})"
            f"{other if strangers[0].isdecimal() else ''}"
        )
    said = first_few([f"{len(lines[tag].numbers)} lines {tag}" for tag in strangers])
    refused = [tag for tag in strangers if tag not in UNUSED_TAGS]
    if refused and unknown_tags == "refuse":
        first = min(refused, key=lambda tag: lines[tag].numbers[0])
        raise at_line(
            draft.name,
            lines[first].numbers[0],
            f"the tag {first!r} is not known here\n  Not known: {said}.\n"
            '  unknown_tags="skip" reads the rest: another problem than the one that is meant.',
            lines[first].numbers[0] == lines[first].last,
        )
    draft.notes.append(f"left aside: {said}")


def read_vertices(given: TagLines, kind: str, draft: Draft) -> None:
    rows = read_rows(given, 1, VERTEX_KINDS[kind].width, 0, f"id {WORDS[kind]}")
    draft.vertices.setdefault(kind, []).append((rows.ids[:, 0], rows.head, rows.lines))


def read_fixed(given: TagLines, draft: Draft) -> None:
    for row, text in enumerate(given.texts):
        tokens = text.split()
        if not tokens:
            raise given.error(row, "the ids of the vertices to hold are expected")
        alone = TagLines(given.tag, given.name, given.numbers[row : row + 1], [text], given.last)
        ids = integers(alone, tokens, len(tokens))[0]
        draft.fixed.append((ids, np.full(len(ids), given.numbers[row])))


def read_sensors(given: TagLines, width: int, draft: Draft) -> None:
    rows = read_rows(given, 1, width, 0, "id and the pose of a sensor")
    poses = with_unit_quaternions(draft, rows.head, rows.lines, "sensor") if width == 7 else rows.head
    for row, number in enumerate(rows.ids[:, 0].tolist()):
        if number in draft.parameters:
            raise given.error(row, f"parameter {number} is there already")
        draft.parameters[number] = poses[row]


def edges_of(given: TagLines, kind: str, draft: Draft) -> EdgeDraft:
    """What the lines of one tag of edges say."""
    edge = EDGE_KINDS[kind]
    sensor = given.tag in WITH_SENSOR
    order = UPPER_2D if edge.rows == 3 else triangle_order(edge.rows)
    words = ("i " if edge.prior else "i j ") + ("sensor " if sensor else "")
    ends = 1 if edge.prior else 2
    fields = f"{words}{WORDS[kind]} and the {len(order)} numbers of the upper triangle of the information"
    rows = read_rows(given, ends + sensor, edge.width, len(order), fields)
    return EdgeDraft(
        np.repeat(rows.ids[:, :1], 2, 1) if edge.prior else rows.ids[:, :2],
        rows.head,
        symmetric_of(rows.tail, order),
        rows.which,
        rows.lines,
        sensors_of(given, rows.ids[:, ends], draft) if sensor else None,
    )


def sensors_of(given: TagLines, ids: Integers, draft: Draft) -> Floats:
    """The pose of the sensor of each edge."""
    asked, which = np.unique(ids, return_inverse=True)
    for number in asked.tolist():
        row = int(np.flatnonzero(ids == number)[0])
        if number not in draft.parameters:
            raise given.error(row, f"the sensor {number} is not in the file (no PARAMS_SE3OFFSET line has this id)")
        if draft.parameters[number].size != 7:
            raise given.error(row, f"parameter {number} is a pose in the plane; one in space is expected")
    return np.stack([draft.parameters[number] for number in asked.tolist()])[which]
