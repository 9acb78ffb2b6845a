"""`raphson look`: the local quadratic model at a point, and its geometry."""

from typing import Annotated, Any

import jax
import numpy as np
import typer

from raphson import local_model
from raphson.cli.target import resolve
from raphson.report.json import plain, text
from raphson.report.shape import KIND, aim_lines, axes_table, point
from raphson.report.table import significant


def look(
    target: Annotated[str, typer.Argument(metavar="NAME|FILE.py:FUN", help="A zoo problem, or a function.")],
    at: Annotated[str | None, typer.Option(help="The point, as in 1,2 (default: the start).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Show value, gradient, curvature and geometry at a point."""
    what = resolve(target)
    model = local_model(what.fun, what.start(at, "--at"))
    g = model.geometry()
    if json:
        print(text(plain(model) | plain(g)))
        return 0
    own = g.kind == "bowl" and g.rise > 0
    rise = g.rise if own else 1.0
    level = f"of the model's level through x, at the rise {significant(rise, 4)}" if own else "of the contour of rise 1"
    lines = [
        f"{what.name} at x = {point(flat(model.x))}",
        "",
        f"value       {significant(float(model.value), 8)}",
        f"gradient    {point(g.gradient)}   length {significant(float(np.linalg.norm(g.gradient)), 4)}",
        f"kind        {KIND[g.kind]}",
        f"inertia     {g.inertia[0]} negative, {g.inertia[1]} zero, {g.inertia[2]} positive eigenvalues",
        f"condition   {significant(g.condition, 4)}",
        f"Newton      step {point(g.newton_step)} to {point(flat(g.center))}",
        *(f"{'aim' if i == 0 else '':10}  {line}" for i, line in enumerate(aim_lines(g))),
        "",
        f"semi-axes {level}; dual semi-axes in units of the gradient:",
        *(f"  {line}" for line in axes_table(g, rise).splitlines()),
    ]
    print("\n".join(lines))
    return 0


def flat(x: Any) -> np.ndarray:
    """A point as one vector."""
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])
