"""Text whose lines begin with a tag (`EDGE_SE2 0 1 ...`), read a tag at a time.

The lines of a tag are split where the repeated part begins (the information matrix, mostly the same for many edges),
and each distinct text of that part is read once: torus3D has one for 9048 edges.
"""

import bz2
import gzip
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from raphson.slam.graph_file import Floats, GraphFileError, Integers

SHOWN = 60
"""Characters of a line that an error shows."""

FEW = 5
"""Line numbers or ids that an error names; more are counted."""


@dataclass(frozen=True)
class TagLines:
    """The lines that begin with `tag`: their numbers in the file, and their text after the tag (empty: all of it)."""

    tag: str
    name: str
    numbers: list[int]
    texts: list[bytes]
    last: int
    """Number of the last line of the file that says something."""

    def error(self, row: int, what: str) -> GraphFileError:
        said = f"{self.tag}: {what}" if self.tag else what
        return at_line(self.name, self.numbers[row], said, self.numbers[row] == self.last)


@dataclass(frozen=True)
class Rows:
    """What the lines of a tag say. `tail` holds each distinct text once, and row k's is `tail[which[k]]`."""

    ids: Integers
    head: Floats
    tail: Floats
    which: NDArray[np.intp]
    lines: Integers


def at_line(name: str, number: object, what: str, last: bool = False) -> GraphFileError:
    ending = ".\n  This is the last line of the file: is the file cut off?" if last else ""
    return GraphFileError(f"{name}:{number}: {what}{ending}")


def first_few(things: Sequence[object] | NDArray[np.generic]) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join(str(thing) for thing in things[:FEW])
    return shown + (f" and {len(things) - FEW} more" if len(things) > FEW else "")


def shown(text: bytes) -> str:
    said = text.decode("ascii", "backslashreplace")
    return repr(said if len(said) <= SHOWN else said[: SHOWN - 3] + "...")


def read_text(path: str | os.PathLike[str]) -> tuple[str, bytes]:
    """Name and text of a file, unpacked where it is packed by gzip or bzip2."""
    name = os.fspath(path)
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise GraphFileError(f"{name}: the gzip file is damaged or cut off ({error})") from None
    if data[:3] == b"BZh":
        try:
            data = bz2.decompress(data)
        except (OSError, ValueError, EOFError) as error:
            raise GraphFileError(f"{name}: the bzip2 file is damaged or cut off ({error})") from None
    return name, data


def plain_lines(name: str, data: bytes) -> list[bytes]:
    """The lines of a text without comments; refused where it is no text."""
    if b"\0" in data:
        raise GraphFileError(f"{name}: holds zero bytes: a binary file (or UTF-16), no text of lines with tags")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [line.partition(b"#")[0] for line in lines] if b"#" in data else lines


def by_tag(name: str, data: bytes) -> dict[str, TagLines]:
    """The lines of a text by their tags, in the order of the file."""
    numbers: dict[bytes, list[int]] = {}
    texts: dict[bytes, list[bytes]] = {}
    last = 0
    for number, line in enumerate(plain_lines(name, data), 1):
        parts = line.split(None, 1)
        if not parts:
            continue
        tag, last = parts[0], number
        if tag not in numbers:
            numbers[tag], texts[tag] = [], []
        numbers[tag].append(number)
        texts[tag].append(parts[1] if len(parts) > 1 else b"")
    if not last:
        raise GraphFileError(f"{name}: the file is empty")
    return {shown(tag)[1:-1]: TagLines(shown(tag)[1:-1], name, numbers[tag], texts[tag], last) for tag in numbers}


def integers(lines: TagLines, tokens: list[bytes], per_row: int) -> Integers:
    """Ids, exactly: any integer of 64 bits with a sign."""
    try:
        if any(b"_" in token for token in tokens):
            raise ValueError
        ids = np.array([int(token) for token in tokens], np.int64)
    except (ValueError, OverflowError):
        for place, token in enumerate(tokens):
            if not is_id(token):
                raise lines.error(place // per_row, f"{shown(token)} is no id (an integer of 64 bits)") from None
        raise
    return ids.reshape(-1, per_row)


def is_id(token: bytes) -> bool:
    try:
        return b"_" not in token and -(2**63) <= int(token) < 2**63
    except ValueError:
        return False


def is_number(token: bytes) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return b"_" not in token


def floats(lines: TagLines, texts: list[bytes], rows: Sequence[int], width: int) -> Floats:
    """The numbers of texts that have `width` fields each; text k stands in row `rows[k]` of the tag."""
    if not texts or not width:
        return np.zeros((len(texts), width))
    try:
        read = np.fromstring(b" ".join(texts), sep=" ")
    except ValueError:
        read = np.zeros(0)
    if read.size != len(texts) * width:
        for row, text in zip(rows, texts, strict=True):
            for token in text.split():
                if not is_number(token):
                    raise lines.error(row, f"{shown(token)} is no number")
        raise lines.error(rows[0], "these fields cannot be read as numbers")
    read = read.reshape(-1, width)
    bad = np.flatnonzero(~np.isfinite(read).all(axis=1))
    if bad.size:
        numbers = np.array(lines.numbers)[np.array(rows)[bad]]
        raise lines.error(rows[bad[0]], f"holds a number that is not finite (lines {first_few(numbers)})")
    return read


def read_rows(lines: TagLines, ids: int, head: int, tail: int, fields: str, short_tail: int | None = None) -> Rows:
    """Reads `ids` integers and `head` + `tail` numbers from every line of a tag; `fields` says in words what they are.
    `short_tail`, where given, is another number of tail fields that is allowed for all lines together."""
    first = ids + head
    split = [text.split(None, first) for text in lines.texts]
    tails: dict[bytes, int] = {}
    which = np.array([tails.setdefault(parts[first] if len(parts) > first else b"", len(tails)) for parts in split])
    widths = np.array([len(text.split()) for text in tails])
    if short_tail is not None and (widths == short_tail).all():
        tail = short_tail
    heads = np.array([min(len(parts), first) for parts in split])
    bad = np.flatnonzero((heads < first) | (widths[which] != tail))
    if bad.size:
        row = int(bad[0])
        found = int(heads[row] + widths[which[row]])
        more = f" (so in {bad.size} lines)" if bad.size > 1 else ""
        raise lines.error(row, f"{found} fields follow the tag, {first + tail} are expected: {fields}{more}")
    named = integers(lines, [token for parts in split for token in parts[:ids]], ids)
    heads = floats(lines, [b" ".join(parts[ids:first]) for parts in split], range(len(split)), head)
    tail_rows = np.unique(which, return_index=True)[1].tolist()
    return Rows(named, heads, floats(lines, list(tails), tail_rows, tail), which, np.array(lines.numbers, np.int64))
