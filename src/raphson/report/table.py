"""Plain-text tables: columns aligned by their decimal points, headings above, nothing else."""

from collections.abc import Sequence

LEFT, RIGHT, POINT = "left", "right", "point"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str], gap: str = "  ") -> str:
    """Rows of text under headings. `align` per column: LEFT, RIGHT, or POINT (decimal points in one line)."""
    columns = [[str(row[i]) for row in rows] for i in range(len(heads))]
    columns = [pointed(column) if how == POINT else column for column, how in zip(columns, align, strict=True)]
    widths = [max(map(len, [head, *column])) for head, column in zip(heads, columns, strict=True)]
    lines = [heads, *zip(*columns, strict=True)]
    return "\n".join(
        gap.join(
            cell.ljust(width) if how == LEFT else cell.rjust(width)
            for cell, width, how in zip(line, widths, align, strict=True)
        ).rstrip()
        for line in lines
    )


def pointed(cells: Sequence[str]) -> list[str]:
    """Numbers padded behind, so that right-aligned they stand point under point; words stay as they are."""
    tails = [len(cell) - whole(cell) if is_number(cell) else None for cell in cells]
    longest = max((tail for tail in tails if tail is not None), default=0)
    return [cell if tail is None else cell + " " * (longest - tail) for cell, tail in zip(cells, tails, strict=True)]


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, perhaps with a unit behind it."""
    return bool(cell) and (cell[0].isdigit() or (cell[0] in "+-." and len(cell) > 1 and cell[1] in "0123456789."))


def whole(cell: str) -> int:
    """Where the decimal point of a number stands, or would stand."""
    for i, sign in enumerate(cell):
        if sign == "." or not (sign.isdigit() or sign in "+-"):
            return i
    return len(cell)


def significant(a: float, digits: int = 3) -> str:
    """A number with few digits; 0 as 0, nan and inf as words."""
    return "0" if a == 0 else f"{a:.{digits}g}"


def duration(seconds: float) -> str:
    """Seconds in the unit that a person would use."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
