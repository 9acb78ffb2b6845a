"""`local_model`: the second-order Taylor model of a function at a point."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.warning import silent
from raphson.model.geometry import hessian_units
from raphson.model.quadratic import Model
from raphson.solver.door import read_problem
from raphson.solver.evidence import Numbered
from raphson.solver.final import evaluate
from raphson.solver.inputs import read_point
from raphson.solver.spaces import placed, read_space


@silent
def local_model(fun: Callable, x: Any, *args: Any, space: Any = None) -> Model:
    """The local quadratic m(s) = f + g's + 1/2 s'Hs of fun(x, *args) at x, with the exact dense Hessian.

    x: a vector, or any pytree of arrays. space: where x lives (`rp.Sphere()`, `rp.Rotation()`); s then is a step in its
    tangent space, with the Riemannian gradient and Hessian. The model is a function of a step s (n,), and has `value`,
    `gradient` (n,), `hessian` (n, n), `newton_step()` and `geometry()`. A function that
    needs numbers (`if`, float()) is differentiated by finite differences. Raises ValueError where f or a derivative is
    not finite at x, TypeError for input that cannot be meant.
    """
    notes: list[str] = []
    space, start = read_space(space, None, read_point(x, notes), notes, Numbered(), pairs=True, name="x")
    problem, point, restore = read_problem(fun, start, args, None, None, None, notes)
    problem = placed(problem, space, notes)
    seen = evaluate(problem, point)
    refuse_not_finite(float(seen.value), np.asarray(seen.gradient), np.asarray(seen.curvature.dense()))
    scale = jnp.asarray(hessian_units(np.asarray(seen.curvature.dense(), float)), seen.gradient.dtype)
    x = jax.tree.map(lambda a: jnp.asarray(a, seen.gradient.dtype), restore(point))
    return Model(x, seen.value, seen.gradient, seen.curvature, scale, problem.space, problem=problem)


def refuse_not_finite(value: float, g: np.ndarray, H: np.ndarray) -> None:
    """ValueError that names what is not finite."""
    if not np.isfinite(value):
        raise ValueError(f"fun(x) = {value}: there is no quadratic model where fun is not finite; choose another x")
    names = Numbered()
    if not np.all(np.isfinite(g)):
        i = int(np.argmin(np.isfinite(g)))
        what = f"its derivative by {names[i]} is {g[i]}"
    elif not np.all(np.isfinite(H)):
        i, j = (int(k) for k in np.argwhere(~np.isfinite(H))[0])
        what = f"its second derivative by {names[i]} and {names[j]} is {H[i, j]}"
    else:
        return
    raise ValueError(
        f"fun(x) = {value:.6g}, but {what}. A square root or norm at 0? "
        "Move x, or write the function so that it is smooth there"
    )
