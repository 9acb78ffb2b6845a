"""Markdown tables and the way numbers are written in them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


def table(head: str, rows: Iterable[Sequence[Any]]) -> list[str]:
    """Lines of a Markdown table; head: the names of the columns, with " | " between. Numbers are right-aligned."""
    names = head.split(" | ")
    body = [[str(cell) for cell in row] for row in rows]
    numeric = [bool(body) and all(looks_numeric(row[i]) for row in body) for i in range(len(names))]
    rule = ["---:" if right else "---" for right in numeric]
    return ["| " + " | ".join(cells) + " |" for cells in (names, rule, *body)]


def looks_numeric(cell: str) -> bool:
    """Whether a cell starts like a number, or is empty."""
    return not cell.strip("*()-–") or cell.lstrip("*(-")[:1].isdigit()


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(np.median(values))


def micro(seconds: float) -> str:
    """Microseconds to three digits."""
    return digits(1e6 * seconds)


def digits(value: float) -> str:
    """Three digits, without an exponent where it is readable so."""
    if not np.isfinite(value):
        return str(value)
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 else f"{value:.1e}"


def times(ratio: float | None) -> str:
    """How many times faster (below 1: slower)."""
    return "–" if ratio is None else f"{digits(ratio)}x"


def met(ok: bool) -> str:
    """Whether a mark is met."""
    return "yes" if ok else "**no**"
