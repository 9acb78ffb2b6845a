"""`raphson check`: are the derivatives right?"""

from typing import Annotated

import typer

import raphson
from raphson.cli import options, screen
from raphson.cli.target import Argument, resolve
from raphson.report.json import text


def check(
    target: Argument,
    at: Annotated[str | None, typer.Option(metavar="1,2", help="The point, as in 1,2 (default: the start).")] = None,
    jac: Annotated[str | None, typer.Option(metavar="NAME", help="The file's function for the gradient.")] = None,
    hess: Annotated[str | None, typer.Option(metavar="NAME", help="The file's function for the Hessian.")] = None,
    json: options.Json = False,
) -> int:
    """Check gradient and Hessian against values of the function; exit 1 if they are wrong."""
    what = resolve(target)
    seen = raphson.check_derivatives(
        what.fun, what.start(at, "--at"), jac=what.other(jac, "--jac"), hess=what.other(hess, "--hess")
    )
    lines = screen.fold(f"{what.name}: {seen.message}", 2)
    print(text(seen) if json else f"{lines}\n\n{seen.table()}")
    return 0 if seen.ok else 1
