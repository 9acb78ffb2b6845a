"""`raphson look`: the local quadratic model at a point, and its geometry."""

from typing import Annotated, Any

import jax
import numpy as np
import typer

from raphson import local_model
from raphson.cli import report as page
from raphson.cli.target import resolve
from raphson.report.json import plain, text
from raphson.report.shape import axes_table, point, point_lines
from raphson.report.table import significant


def look(
    target: Annotated[str, typer.Argument(metavar="NAME|FILE.py:FUN", help="A zoo problem, or a function.")],
    at: Annotated[str | None, typer.Option(help="The point, as in 1,2 (default: the start).")] = None,
    report: page.Option = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Show value, gradient, curvature and geometry at a point."""
    page.check(report)
    what = resolve(target)
    model = local_model(what.fun, what.start(at, "--at"))
    g = model.geometry()
    written = page.write(model, report, page.short(what.name))
    if json:
        print(text(plain(model) | plain(g) | written))
        return 0
    own = g.kind == "bowl" and g.rise > 0
    rise = g.rise if own else 1.0
    level = f"of the model's level through x, at the rise {significant(rise, 4)}" if own else "of the contour of rise 1"
    lines = [
        f"{what.name} at x = {point(flat(model.x))}",
        "",
        *(f"{label:<10}  {words}" for label, words in point_lines(float(model.value), g, flat(g.center))),
        "",
        f"semi-axes {level}; dual semi-axes in units of the gradient:",
        *(f"  {line}" for line in axes_table(g, rise).splitlines()),
    ]
    print("\n".join(lines) + ("\n" + page.line(written) if written else ""))
    return 0


def flat(x: Any) -> np.ndarray:
    """A point as one vector."""
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])
