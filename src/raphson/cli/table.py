"""Columns of numbers from a text file: CSV with any common separator, read without guessing at values."""

import csv
import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas"}
"""Tried in this order: a file with semicolons may have commas inside its cells, seldom the other way round."""
MISSING = {"", "nan", "na", "n/a", "null", "none"}
"""Cells that say that a value is missing."""


class TableError(ValueError):
    """A file that is not a table of numbers, with the file, the line and the column."""


@dataclass(frozen=True)
class Row:
    """The cells of a line, counted from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class TextTable:
    """A file as text cells under names; `numbers` reads the columns that are needed, so that others may hold words."""

    file: str
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def numbers(self, names: Iterable[str], omit: bool = False) -> "Numbers":
        """Columns as float64; `omit` leaves out the rows where one of them misses its value."""
        places = [(name, self.names.index(name)) for name in dict.fromkeys(names)]
        rows, notes, left_out = self.rows, (), 0
        if omit:
            rows = tuple(row for row in rows if not any(is_missing(row.cells[i]) for _, i in places))
            left_out = len(self.rows) - len(rows)
            notes = (f"{left_out} of {len(self.rows)} rows left out: a value is missing",) if left_out else ()
        wrong = [(row.line, name, row.cells[i]) for row in rows for name, i in places if not is_number(row.cells[i])]
        if wrong:
            raise TableError(self.complaint(wrong))
        if not rows:
            raise TableError(f"{self.file} has no row of data{' without a missing value' if self.rows else ''}")
        columns = {name: np.array([float(row.cells[i]) for row in rows]) for name, i in places}
        return Numbers(columns, tuple(row.line for row in rows), notes, left_out)

    def complaint(self, wrong: list[tuple[int, str, str]]) -> str:
        """What is wrong with the first of some cells, and how many more are."""
        line, name, cell = wrong[0]
        missing = sum(is_missing(cell) for _, _, cell in wrong)
        if is_missing(cell):
            what, hint = f"the value is missing ({cell or 'an empty cell'})", ""
        else:
            what, hint = f"{cell!r} is {'not finite' if is_infinite(cell) else 'not a number'}", advice(cell)
        more = f"; {len(wrong) - 1} more such cells" if len(wrong) > 2 else "; 1 more such cell" * (len(wrong) == 2)
        omit = "; --nan-policy omit leaves such rows out" if missing == len(wrong) else ""
        return f"{self.file}, line {line}, column {name}: {what}{hint}{more}{omit}"

    def near(self, name: str) -> str:
        """A hint at the column that a wrong name may mean, else all names."""
        alike = difflib.get_close_matches(name.lower(), [own.lower() for own in self.names], n=2)
        found = [own for own in self.names if own.lower() in alike]
        return f"did you mean {' or '.join(found)}?" if found else f"its columns are {listed(self.names)}"


@dataclass(frozen=True)
class Numbers:
    """Columns of finite numbers, the line in the file of each row, what was done to get them, and rows left out."""

    columns: dict[str, np.ndarray]
    lines: tuple[int, ...]
    notes: tuple[str, ...]
    omitted: int = 0


def read_table(path: Path) -> TextTable:
    """The table in a file; TableError names the line that is none.

    The first line holds the names unless it is all numbers; then columns are called x, y, or
    x1, ..., y. Separators: semicolons, tabs, commas, else blanks. Text after # is left out.
    """
    lines = content(path)
    if not lines:
        raise TableError(f"{path} holds no data")
    separator = separator_of(lines[0][1])
    rows = [Row(number, cells(without_comment(line), separator)) for number, line in lines]
    if all(is_number(cell) or is_missing(cell) for cell in rows[0].cells):
        names = default_names(len(rows[0].cells))
        notes = (f"{path} has no line of names: its columns are called {listed(names)}",)
    else:
        header = cells(header_of(lines[0][1], separator), separator)
        names, notes = tidy(header, path)
        rows = rows[1:]
    return TextTable(str(path), names, tuple(fitted(row, len(names), path, separator) for row in rows), notes)


def content(path: Path) -> list[tuple[int, str]]:
    """The lines of a file that are neither blank nor comments, with their numbers."""
    if not path.exists():
        others = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, others, n=2)
        hint = f"; did you mean {' or '.join(str(path.with_name(n)) for n in near)}?" if near else ""
        raise TableError(f"there is no file {path}{hint}")
    if path.is_dir():
        raise TableError(f"{path} is a folder, not a file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path} is not text in UTF-8 (byte {error.start}); save it as CSV in UTF-8") from None
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    lines = enumerate(re.split("\r\n|\r|\n", text), start=1)
    return [(number, line) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]


def separator_of(line: str) -> str:
    """The separator of a file with this first line; a blank for blanks, also where there is one column."""
    bare = re.sub('"[^"]*"', "", line)
    return next((separator for separator in SEPARATORS if separator in bare), " ")


def without_comment(line: str) -> str:
    """A line of data without a comment behind it."""
    return line if '"' in line else line.partition("#")[0]


def header_of(line: str, separator: str) -> str:
    """A line of names without a comment behind it; a # with names behind it belongs to a name."""
    return line if separator != " " and separator in line.partition("#")[2] else without_comment(line)


def cells(line: str, separator: str) -> list[str]:
    """The cells of a line; quotes may stand around one."""
    if separator == " ":
        line = " ".join(line.split())
    try:
        found = next(csv.reader([line.strip(" ")], delimiter=separator, skipinitialspace=True), [])
    except csv.Error as error:  # a cell of more than 131072 characters
        raise TableError(f"a line of the file cannot be read: {error} ({line[:20]!r} ...)") from None
    return [cell.strip() for cell in found]


def fitted(row: Row, count: int, path: Path, separator: str) -> Row:
    """A row with as many cells as there are names; empty ones at the end are an exporter's."""
    own = list(row.cells)
    while len(own) > count and not own[-1]:
        own.pop()
    if len(own) != count:
        have = f"{len(own)} cell{'' if len(own) == 1 else 's'}"
        by = SEPARATORS.get(separator, "blanks")
        raise TableError(f"{path}, line {row.line}: {have}, but there are {count} columns (separated by {by})")
    return Row(row.line, own)


def default_names(count: int) -> tuple[str, ...]:
    """Names for a file without: x, y, or x1, ..., xk, y."""
    predictors = ["x"] if count == 2 else [f"x{i + 1}" for i in range(count - 1)]
    return (*predictors, "y")


def tidy(header: list[str], path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that a formula can hold, and notes on those that were changed for it."""
    while len(header) > 1 and not header[-1]:
        header = header[:-1]
    names = tuple(identifier(name, i) for i, name in enumerate(header, start=1))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TableError(f"{path}: two columns are called {twice}; rename one in the line of names")
    changed = [f"{old!r} is {new}" for old, new in zip(header, names, strict=True) if old != new and old]
    return names, (f"in formulas, column {', '.join(changed)}",) if changed else ()


def identifier(name: str, place: int) -> str:
    """A column's name as a formula can hold it: `Temp (C)` as Temp_C, no name as column1."""
    kept = "".join(character if f"a{character}".isidentifier() else "_" for character in name)
    kept = re.sub("_+", "_", kept).strip("_") if kept != name else kept
    return kept if kept.isidentifier() else f"column{'_' if kept else ''}{kept or place}"


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in MISSING


def is_number(cell: str) -> bool:
    """Whether a cell is a finite number, as files hold them (Python's own 1_000 is not)."""
    try:
        return math.isfinite(float(cell)) and "_" not in cell
    except ValueError:
        return False


def is_infinite(cell: str) -> bool:
    """Whether a cell is a number that is not finite: inf, or too large."""
    try:
        return not math.isfinite(float(cell))
    except ValueError:
        return False


def advice(cell: str) -> str:
    """How a number would be written."""
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?", cell):
        return f" (decimals have a point: {cell.replace(',', '.')})"
    if re.fullmatch(r"[+-]?[0-9.]+[dD][+-]?[0-9]+", cell):
        return f" (exponents have an e: {cell.lower().replace('d', 'e')})"
    return ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names in a row, the first few."""
    every = list(names)
    return ", ".join(every[:limit]) + (f" and {len(every) - limit} more" if len(every) > limit else "")
