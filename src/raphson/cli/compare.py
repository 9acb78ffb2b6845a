"""`raphson compare`: several methods in one table."""

from typing import Annotated

import typer

import raphson
from raphson.cli.target import resolve
from raphson.report.json import text


def compare(
    target: Annotated[str, typer.Argument(metavar="NAME|FILE.py:FUN", help="A zoo problem, or a function.")],
    methods: Annotated[str, typer.Option(help="Names, separated by commas.")] = "gradient-descent,newton,bfgs",
    x0: Annotated[str | None, typer.Option("--x0", help="The start, as in 1,2.")] = None,
    tol: Annotated[float | None, typer.Option(help="Relative accuracy asked of x.")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Limit of trials of each.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Compare methods from one start; exit 0 if at least one showed a minimum."""
    what = resolve(target)
    names = [name.strip() for name in methods.split(",") if name.strip()]
    table = raphson.compare(what.fun, what.start(x0, "--x0"), names, tol=tol, max_steps=max_steps)
    print(text(table) if json else f"{what.name}; time: a second run, without compiling\n\n{table}")
    return 0 if any(result.success for result in table.results.values()) else 1
