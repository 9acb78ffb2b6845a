"""`raphson look`: the local quadratic model at a point, and its geometry."""

from typing import Annotated, Any

import jax
import numpy as np
import typer

from raphson import local_model
from raphson.cli import options, screen
from raphson.cli import report as page
from raphson.cli.target import Argument, resolve
from raphson.report.json import plain, text
from raphson.report.shape import axes_table, point, point_lines
from raphson.report.table import significant


def look(
    target: Argument,
    at: Annotated[str | None, typer.Option(metavar="1,2", help="The point, as in 1,2 (default: the start).")] = None,
    report: page.Option = None,
    language: page.Language = "en",
    json: options.Json = False,
) -> int:
    """Show value, gradient, curvature and geometry at a point."""
    page.check(report, language)
    what = resolve(target)
    model = local_model(what.fun, what.start(at, "--at"))
    g = model.geometry()
    written = page.write_report(model, report, page.short(what.name), language)
    if json:
        print(text(plain(model) | plain(g) | written))
        return 0
    own = g.kind == "bowl" and g.rise > 0
    rise = g.rise if own else 1.0
    level = f"the model's level through x (rise {significant(rise, 4)})" if own else "the contour of rise 1"
    lines = [
        screen.fold(f"{what.name} at x = {point(flat(model.x))}"),
        "",
        *(
            screen.fold(f"{label:<10}  {words}", 12)
            for label, words in point_lines(float(model.value), g, flat(g.center))
        ),
        "",
        *screen.prose(
            f"Semi-axes of {level}; those of the dual in units of the gradient; stretched: those of H^-1 applied to "
            "all gradients of length 1, 1 / |lambda| (absolute value):"
        ),
        *(f"  {line}" for line in axes_table(g, rise).splitlines()),
    ]
    print("\n".join(lines) + ("\n" + page.line(written) if written else ""))
    return 0


def flat(x: Any) -> np.ndarray:
    """A point as one vector."""
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])
