"""`check_derivatives`: are gradient and Hessian those of the function?"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.check import DerivativeCheck, examine
from raphson.calculus.taylor import GRADIENT, evaluate_compiled
from raphson.kernel.names import Numbered
from raphson.kernel.program import Program
from raphson.kernel.warning import silent
from raphson.problems.allowed import require_derivatives
from raphson.solver.host import flat_point, flatten, host_problem, user_hessian
from raphson.solver.inputs import jax_problem, read_function, read_point, why_not
from raphson.solver.spaces import on_host_there, read_space

valued = Program(lambda problem, x: problem.value(x))
sloped = Program(lambda problem, x: GRADIENT.evaluate(problem, x).gradient)


@silent
def check_derivatives(
    fun: Callable, x: Any, *args: Any, jac: Any = None, hess: Any = None, space: Any = None
) -> DerivativeCheck:
    """Compares gradient and Hessian of fun(x, *args) with values of fun alone, by Taylor's remainders.

    Along a few directions v, |f(x+hv) - f - h g'v| must fall like h^2 and, with the term h^2/2 v'Hv,
    like h^3, until rounding. What is checked: `jac` and `hess` where given, else what JAX makes of fun
    (which is wrong where a custom_jvp or custom_vjp rule is). jac=True: fun returns (f, g). Returns a
    `DerivativeCheck` with `ok`, `gradient_order`, `hessian_order`, `message`, `table()`; a wrong entry is
    named. Choose an x away from kinks, and not a minimum, where the gradient says little. space: where x lives, as in
    `minimize`: then h v are steps in its tangent space, and `jac` (by the entries of x, as ever) is taken there.
    Raises ValueError where fun is not finite at x, or where there is nothing to check.
    """
    notes: list[str] = []
    space, point = read_space(space, None, read_point(x, notes), notes, Numbered(), pairs=True, name="x")
    fun, jac, args = read_function(fun, args, jac)
    if not space.straight:
        size = np.asarray(space.magnitude(point))
        return examine(*in_tangent_space(fun, point, args, jac, hess, space), size=size)
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
    return value, gradient, np.asarray(evaluate_compiled(problem, x).curvature.dense(), float)


def in_tangent_space(
    fun: Callable, x: Any, args: tuple, jac: Any, hess: Any, space: Any
) -> tuple[Callable, np.ndarray, np.ndarray, Any, Callable]:
    """What `examine` takes of a function on a curved space: f of a step, the step 0, g and H there, and g of a step."""
    if callable(hess):
        raise ValueError(
            f"hess together with space={type(space).__name__}: hess holds second derivatives by the entries of x, "
            "which are not those in a tangent space. Check hess without space=, where x has no constraint"
        )
    try:
        problem = replace(jax_problem(fun, x, args, []), space=space)
        require_derivatives(problem, x, [], "fun")
    except Exception as refusal:
        raise refusal if str(refusal).startswith("fun ") else on_host_there(space, why_not(refusal)) from None
    zero = space.zero(x)
    there = lambda s: space.retract(x, jnp.asarray(s, zero.dtype))
    value = lambda s: float(valued(problem, there(s)))
    gradient = lambda s: np.asarray(steep(problem, x, jnp.asarray(s, zero.dtype)), float)
    if jac is not None:
        by_entries = lambda s: jax.tree.map(np.asarray, jac(jax.tree.map(np.asarray, there(s)), *args))
        gradient = lambda s: np.asarray(pulled(space, x, jnp.asarray(s, zero.dtype), by_entries(s)), float)
    f, g, start = value(zero), gradient(zero), np.asarray(zero)
    if not (np.isfinite(f) and np.all(np.isfinite(g))):
        raise ValueError(f"fun(x) = {f}, with the derivative {g} in the tangent space: choose an x where fun is smooth")
    H = None if jac is not None else np.asarray(evaluate_compiled(problem, x).curvature.dense(), float)
    return value, start, g, H, gradient


steep = Program(lambda problem, x, s: jax.grad(problem.pulled(x))(s))

pulled = Program(lambda space, x, s, entries: jax.vjp(lambda s: space.retract(x, s), s)[1](entries)[0])


def on_the_host(fun: Callable, x: Any, args: tuple) -> Callable:
    """f of a flat vector, for a function that JAX cannot trace."""
    problem, _ = host_problem(fun, x, args, None, None, None, [], "JAX could not trace it")
    return problem.value
