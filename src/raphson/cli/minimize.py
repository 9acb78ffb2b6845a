"""`raphson minimize`: the answer with its verdict, reasons and cost."""

from contextlib import nullcontext
from typing import Annotated

import typer

import raphson
from raphson.cli import options, screen
from raphson.cli import report as page
from raphson.cli.target import Argument, resolve
from raphson.report.console import live_line
from raphson.report.json import plain, text


def minimize(
    target: Argument,
    x0: Annotated[str | None, typer.Option("--x0", metavar="1,2", help="The start.")] = None,
    method: options.MethodName = "auto",
    tol: Annotated[float | None, typer.Option(metavar="1e-10", help="Relative accuracy asked of x.")] = None,
    max_steps: options.MaxSteps = None,
    time_limit: options.TimeLimit = None,
    progress: options.Progress = False,
    report: page.Option = None,
    language: page.Language = "en",
    json: options.Json = False,
) -> int:
    """Minimize a function; exit 0 only if a minimum was shown."""
    page.check(report, language)
    what = resolve(target)
    start = what.start(x0, "--x0")
    with live_line(what.name) if progress else nullcontext(False) as line:
        result = raphson.minimize(
            what.fun, start, method=method, tol=tol, max_steps=max_steps, time_limit=time_limit, progress=line
        )
    written = page.write_report(result, report, page.short(what.name), language)
    print(text({**plain(result), **written}) if json else screen.fold(f"{result}{page.line(written)}"))
    return 0 if result.success else 1
