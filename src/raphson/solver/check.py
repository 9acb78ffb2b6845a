"""`check_derivatives`: are gradient and Hessian those of the function?"""

from collections.abc import Callable
from typing import Any

import numpy as np

from raphson.calculus.check import DerivativeCheck, examine
from raphson.calculus.taylor import look, looked
from raphson.kernel.look import GRADIENT
from raphson.kernel.program import Program
from raphson.kernel.warning import silent
from raphson.problems.allowed import require_derivatives
from raphson.solver.evidence import Numbered
from raphson.solver.host import flat_point, flatten, host_problem, user_hessian
from raphson.solver.inputs import jax_problem, read_function, read_point

valued = Program(lambda problem, x: problem.value(x))
sloped = Program(lambda problem, x: look(problem, x, GRADIENT).gradient)


@silent
def check_derivatives(fun: Callable, x: Any, *args: Any, jac: Any = None, hess: Any = None) -> DerivativeCheck:
    """Compares gradient and Hessian of fun(x, *args) with values of fun alone, by Taylor's remainders.

    Along a few directions v, |f(x+hv) - f - h g'v| must fall like h^2 and, with the term h^2/2 v'Hv,
    like h^3, until rounding. What is checked: `jac` and `hess` where given, else what JAX makes of fun
    (which is wrong where a custom_jvp or custom_vjp rule is). jac=True: fun returns (f, g). Returns a
    `DerivativeCheck` with `ok`, `gradient_order`, `hessian_order`, `message`, `table()`; a wrong entry is
    named. Choose an x away from kinks, and not a minimum, where the gradient says little.
    Raises ValueError where fun is not finite at x, or where there is nothing to check.
    """
    notes: list[str] = []
    point = read_point(x, notes)
    fun, jac, args = read_function(fun, args, jac)
    flat = flat_point(point)
    start = np.asarray(flat.vector)
    value, gradient, H = exact(fun, point, args, flat.unravel)
    if value is None:
        value = on_the_host(fun, point, args)
    f = float(value(start))
    if not np.isfinite(f):
        raise ValueError(f"fun(x) = {f}: choose an x where fun is finite")
    if jac is not None:
        gradient = lambda v: flatten(jac(flat.restore(v), *args))
        H = H if hess is None else None
    if gradient is None:
        raise ValueError(
            "JAX cannot trace or differentiate fun, and no jac was given: there are no derivatives to check"
        )
    if callable(hess):
        given = user_hessian(hess, None, flat.restore, args, start.size)
        H = given(start) if given is not None else None
    g = np.asarray(gradient(start), float)
    if g.shape != start.shape:
        raise ValueError(f"jac must return {start.size} numbers, one per variable; it returns shape {g.shape}")
    if not np.all(np.isfinite(g)):
        i = int(np.argmin(np.isfinite(g)))
        raise ValueError(f"the derivative of fun by {Numbered()[i]} is {g[i]} at x: choose an x where fun is smooth")
    return examine(value, start, g, H, gradient)


def exact(fun: Callable, x: Any, args: tuple, unravel: Callable) -> tuple[Callable | None, Callable | None, Any]:
    """f, g (functions of a flat vector) and H at x as JAX computes them; Nones where it cannot trace fun."""
    try:
        problem = jax_problem(fun, x, args, [])
        require_derivatives(problem, x, [], "fun")
    except TypeError as refusal:
        if str(refusal).startswith("fun "):
            raise
        return None, None, None
    except Exception:
        return None, None, None
    value = lambda v: float(valued(problem, unravel(v)))
    gradient = lambda v: np.asarray(sloped(problem, unravel(v)), float)
    return value, gradient, np.asarray(looked(problem, x).curvature.dense(), float)


def on_the_host(fun: Callable, x: Any, args: tuple) -> Callable:
    """f of a flat vector, for a function that JAX cannot trace."""
    problem, _ = host_problem(fun, x, args, None, None, None, [], "JAX could not trace it")
    return problem.value
