"""`raphson check`: are the derivatives right?"""

import textwrap
from typing import Annotated

import typer

import raphson
from raphson.cli.target import resolve
from raphson.report.json import text


def check(
    target: Annotated[str, typer.Argument(metavar="NAME|FILE.py:FUN", help="A zoo problem, or a function.")],
    at: Annotated[str | None, typer.Option(help="The point, as in 1,2 (default: the start).")] = None,
    jac: Annotated[str | None, typer.Option(help="The file's function for the gradient.")] = None,
    hess: Annotated[str | None, typer.Option(help="The file's function for the Hessian.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check gradient and Hessian against values of the function; exit 1 if they are wrong."""
    what = resolve(target)
    seen = raphson.check_derivatives(
        what.fun, what.start(at, "--at"), jac=what.other(jac, "--jac"), hess=what.other(hess, "--hess")
    )
    lines = textwrap.fill(f"{what.name}: {seen.message}", 97, subsequent_indent="  ")
    print(text(seen) if json else f"{lines}\n\n{seen.table()}")
    return 0 if seen.ok else 1
