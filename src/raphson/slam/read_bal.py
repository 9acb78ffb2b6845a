"""Files of bundle adjustment problems: BAL's text (Agarwal et al. 2010), gbp's text, and libmv's binary."""

import os
import struct
from dataclasses import dataclass

import numpy as np

from raphson.slam.bundle_file import BundleFile, seen_notes
from raphson.slam.graph_file import Floats, GraphFileError, Integers
from raphson.slam.rigid import nearest_rotations, rotation_vectors
from raphson.slam.tagged_lines import TagLines, at_line, floats, plain_lines, read_text

MOST = 2**40
"""More cameras, points or observations than any memory holds: such a header is no header."""


def read_bal(path: str | os.PathLike[str]) -> BundleFile:
    """Reads a problem of "Bundle Adjustment in the Large": text, gzipped or not.

    `cameras points observations`, then `camera point x y` a line, then nine numbers for each camera (rotation vector,
    translation, f, k1, k2) and three for each point. Raises GraphFileError, with file and line, where the file is cut
    off, a number is missing or not finite, or an observation names a camera or point that is not there.
    """
    return bal_bundle(*read_text(path))


def bal_bundle(name: str, data: bytes) -> BundleFile:
    """The problem in a text; `name` is what errors call it."""
    return counted_bundle(name, data, "bal", 0, 9)


def read_gbp(path: str | os.PathLike[str]) -> BundleFile:
    """Reads a problem in gbp's format: as BAL's, with a line `fx fy cx cy` after the counts, six numbers for each key
    frame, and comments. Errors as in `read_bal`."""
    return gbp_bundle(*read_text(path))


def gbp_bundle(name: str, data: bytes) -> BundleFile:
    """The problem in a text; `name` is what errors call it."""
    return counted_bundle(name, data, "pinhole", 4, 6)


@dataclass(frozen=True)
class Words:
    """The lines of a text that say something, with their numbers."""

    name: str
    numbers: list[int]
    texts: list[bytes]

    def part(self, first: int, count: int | None = None) -> TagLines:
        end = len(self.texts) if count is None else first + count
        return TagLines("", self.name, self.numbers[first:end], self.texts[first:end], self.numbers[-1])


def counted_bundle(name: str, data: bytes, model: str, intrinsics: int, width: int) -> BundleFile:
    """A text of counts, `intrinsics` numbers, observations, `width` numbers for each camera, 3 for each point."""
    lines = [(number, text) for number, text in enumerate(plain_lines(name, data), 1) if text.split()]
    if not lines:
        raise GraphFileError(f"{name}: the file is empty")
    words = Words(name, [number for number, _ in lines], [text for _, text in lines])
    cameras, points, observations = header(words)
    fixed = table(words, 1, 1, intrinsics, "fx fy cx cy")[0] if intrinsics else None
    first = 2 if intrinsics else 1
    seen = table(words, first, observations, 4, "camera point x y")
    rest = words.part(first + observations)
    values = free_numbers(rest, words, cameras * width + points * 3, f"{width} for each camera and 3 for each point")
    camera = whole_rows(seen[:, 0], cameras, "camera", words, first)
    point = whole_rows(seen[:, 1], points, "point", words, first)
    return BundleFile(
        name,
        model,
        values[: cameras * width].reshape(cameras, width),
        values[cameras * width :].reshape(points, 3),
        camera,
        point,
        seen[:, 2:],
        fixed,
        seen_notes(camera, point, cameras, points),
    )


def header(words: Words) -> tuple[int, int, int]:
    tokens = words.texts[0].split()
    try:
        counts = [int(token) for token in tokens]
    except ValueError:
        counts = []
    if len(counts) != 3 or not all(0 < count < MOST for count in counts):
        raise at_line(words.name, words.numbers[0], "three counts are expected: cameras points observations")
    return counts[0], counts[1], counts[2]


def table(words: Words, first: int, rows: int, width: int, fields: str) -> Floats:
    """Lines with `width` numbers each."""
    part = words.part(first, rows)
    for row, text in enumerate(part.texts):
        found = len(text.split())
        if found != width:
            raise part.error(row, f"{found} fields, {width} are expected: {fields}")
    if len(part.texts) < rows:
        raise at_line(
            words.name, words.numbers[-1], f"{len(part.texts)} lines `{fields}`, {rows} are expected", last=True
        )
    return floats(part, part.texts, range(rows), width)


def free_numbers(part: TagLines, words: Words, count: int, what: str) -> Floats:
    """`count` numbers, however many stand on a line."""
    found = sum(len(text.split()) for text in part.texts)
    if found != count:
        raise at_line(
            words.name, words.numbers[-1], f"{found} numbers follow the observations, {count} are expected: {what}",
            last=found < count,
        )  # fmt: skip
    tokens = [token for text in part.texts for token in text.split()]
    rows = np.repeat(np.arange(len(part.texts)), [len(text.split()) for text in part.texts])
    return floats(part, tokens, rows.tolist(), 1)[:, 0]


def whole_rows(column: Floats, count: int, what: str, words: Words, first: int) -> Integers:
    bad = np.flatnonzero((column != np.floor(column)) | (column < 0) | (column >= count))
    if bad.size:
        line = words.numbers[first + int(bad[0])]
        raise at_line(words.name, line, f"{what} {column[bad[0]]:.17g} is not there: they run from 0 to {count - 1}")
    return column.astype(np.int64)


def read_libmv(path: str | os.PathLike[str]) -> BundleFile:
    """Reads a binary problem of libmv, as in Ceres Solver's examples: cameras share their intrinsics.

    Rotations are brought to the nearest rotation (the file has single precision). Cameras and points have the order of
    the file. GraphFileError where the file is cut off, too long, or names what is not there.
    """
    name, data = read_text(path)
    return libmv_bundle(name, data)


class Bytes:
    """Reads a binary file from its beginning, in the byte order `order`."""

    def __init__(self, name: str, data: bytes, order: str) -> None:
        self.name, self.data, self.order, self.place = name, data, order, 2

    def table(self, rows: int, form: str) -> list[np.ndarray]:
        """Columns of `rows` records; `form` as in "1i 9f": integers and floats of four bytes."""
        kinds = [(f"c{k}", f"{self.order}{p[-1]}4", (int(p[:-1]),)) for k, p in enumerate(form.split())]
        kind = np.dtype(kinds)
        if rows < 0 or self.place + rows * kind.itemsize > len(self.data):
            raise GraphFileError(f"{self.name}: the file is cut off: {rows} records at byte {self.place} do not fit")
        found = np.frombuffer(self.data, kind, rows, self.place)
        self.place += rows * kind.itemsize
        return [found[column].astype(np.int64 if found[column].dtype.kind == "i" else float) for column, *_ in kinds]

    def count(self) -> int:
        if self.place + 4 > len(self.data):
            raise GraphFileError(f"{self.name}: the file is cut off at byte {self.place}")
        (number,) = struct.unpack_from(self.order + "i", self.data, self.place)
        self.place += 4
        return number


def libmv_bundle(name: str, data: bytes) -> BundleFile:
    """The problem in these bytes; `name` is what errors call it."""
    if len(data) < 2 or data[:1] not in (b"v", b"V") or data[1:2] not in (b"P", b"N"):
        raise GraphFileError(
            f"{name}: not a libmv problem: it begins with v or V (byte order) and P or N (marker space)"
        )
    if data[1:2] == b"N":
        raise GraphFileError(f"{name}: markers in normalized coordinates are not read")
    given = Bytes(name, data, "<" if data[:1] == b"v" else ">")
    (intrinsics,) = given.table(1, "8f")
    image, rotation, translation = given.table(given.count(), "1i 9f 3f")
    track, points = given.table(given.count(), "1i 3f")
    seen_image, seen_track, pixels = given.table(given.count(), "1i 1i 2f")
    if given.place != len(data):
        raise GraphFileError(f"{name}: {len(data) - given.place} bytes follow the last marker")
    tables = (intrinsics, rotation, translation, points, pixels)
    if not all(np.isfinite(numbers).all() for numbers in tables):
        raise GraphFileError(f"{name}: holds a number that is not finite")
    R = np.swapaxes(rotation.reshape(-1, 3, 3), 1, 2)
    off = np.abs(np.swapaxes(R, 1, 2) @ R - np.eye(3)).max(initial=0)
    if off > 1e-3 or (np.linalg.det(R) < 0).any():
        raise GraphFileError(f"{name}: a camera's matrix is no rotation (R'R differs from I by {off:.1e})")
    camera = rows_by_number(name, seen_image[:, 0], image[:, 0], "image")
    point = rows_by_number(name, seen_track[:, 0], track[:, 0], "track")
    cameras = np.concatenate([rotation_vectors(nearest_rotations(R)), translation], 1)
    notes = seen_notes(camera, point, len(cameras), len(points))
    return BundleFile(name, "libmv", cameras, points, camera, point, pixels, intrinsics[0], notes)


def rows_by_number(name: str, asked: Integers, known: Integers, what: str) -> Integers:
    if len(np.unique(known)) != len(known):
        raise GraphFileError(f"{name}: a number of an {what} is there twice")
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, asked, sorter=order), max(len(known) - 1, 0))
    row = order[place] if len(known) else np.zeros(len(asked), np.int64)
    bad = np.flatnonzero(known[row] != asked) if len(known) else np.arange(len(asked))
    if bad.size:
        raise GraphFileError(f"{name}: a marker names the {what} {asked[bad[0]]}, which is not in the file")
    return row
