"""`raphson lab`: a page with a formula box, in one file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import raphson
from raphson.cli import options
from raphson.cli import report as page
from raphson.cli.expression import Expression, ExpressionError, parse
from raphson.cli.target import vector

FILE = "raphson-lab.html"


def lab(
    formula: Annotated[str, typer.Argument(metavar="[FORMULA]", help="What stands in the box at first.")] = "",
    start: Annotated[
        str | None, typer.Option(metavar="1,2", help="The start, in the order in which the variables appear.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE.html", help=f"The file to write (default: {FILE}).")
    ] = None,
    language: page.Language = "en",
    open: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    json: options.Json = False,
) -> int:
    """Write a page in which a formula is typed and its geometry drawn: levels, -g, Newton step, H and H^-1.

    The page is one file that needs neither network nor Python. The formula is written as for `fit`; every name but pi,
    e and the functions is a variable.
    """
    file = page.spot(FILE) if to is None else to
    page.check(file, language, "--to")
    try:
        x = None if start is None else [float(a) for a in vector(start, "--start")]
        if formula:
            check_start(parse(formula), x)
    except ExpressionError as error:  # shown here, because its caret needs its lines
        print(f"raphson: {error}", file=sys.stderr)
        return 2
    written = page.saved(lambda: raphson.lab(formula, file, x, language), f"--to {file}")
    return page.hand_over("laboratory", written, open, json)


def check_start(formula: Expression, x: list[float] | None) -> None:
    """ValueError where the start has another length than the formula has variables."""
    if x is not None and len(x) != len(formula.names):
        names = ", ".join(formula.names) or "none"
        raise ValueError(f"--start has {len(x)} numbers; the formula's variables are {names}")
