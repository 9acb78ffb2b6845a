"""`raphson compare`: several methods in one table."""

from typing import Annotated

import typer

import raphson
from raphson.cli import options, screen
from raphson.cli import report as page
from raphson.cli.target import Argument, resolve
from raphson.report.json import plain, text

WIDE = 90
"""Columns that the table may need with two blanks between its own."""


def compare(
    target: Argument,
    methods: Annotated[
        str, typer.Option(metavar="A,B,C", help="Names, separated by commas.")
    ] = "gradient-descent,newton,bfgs",
    x0: Annotated[str | None, typer.Option("--x0", metavar="1,2", help="The start.")] = None,
    tol: Annotated[float | None, typer.Option(metavar="1e-10", help="Relative accuracy asked of x.")] = None,
    max_steps: Annotated[int | None, typer.Option(metavar="N", help="Limit of trials of each.")] = None,
    report: page.Option = None,
    language: page.Language = "en",
    json: options.Json = False,
) -> int:
    """Compare methods from one start; exit 0 if at least one showed a minimum."""
    page.check(report, language)
    what = resolve(target)
    names = [name.strip() for name in methods.split(",") if name.strip()]
    table = raphson.compare(what.fun, what.start(x0, "--x0"), names, tol=tol, max_steps=max_steps)
    written = page.write_report(table, report, page.short(what.name), language)
    gap = "  " if screen.width() >= WIDE else " "
    said = f"{what.name}; time: a second run, without compiling"
    print(text({**plain(table), **written}) if json else f"{said}\n\n{table.table(gap)}{page.line(written)}")
    return 0 if any(result.success for result in table.results.values()) else 1
