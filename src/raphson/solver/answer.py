"""The whole solve as one function of JAX: jit it, vmap it, differentiate it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.product import Product, box_of, coordinates, is_space
from raphson.kernel.record import record
from raphson.kernel.space import Euclidean
from raphson.kernel.status import Status
from raphson.kernel.trace import Trial
from raphson.model.bounds import held_up
from raphson.model.units import units
from raphson.problems.allowed import modes_of
from raphson.problems.derivatives import hessian, slope
from raphson.problems.least_squares import LeastSquares
from raphson.problems.minimize import Minimize
from raphson.solver.carry import lean, whole
from raphson.solver.choose import choose
from raphson.solver.memory import require_room
from raphson.solver.presets import ALIASES, PRESETS, RESIDUAL_ALIASES, RESIDUAL_PRESETS, cast, preset_name
from raphson.solver.saddle import leave_saddle
from raphson.solver.spaces import as_space, check_method, check_points
from raphson.solver.step import Method, State, in_units, init, step

Array = jax.Array


@record
class Solution:
    """What `solve` returns, all arrays: the point, f and g there, a `Status` number, and the trials made.

    `trials` holds the first `history` trials as a `Trial` with a leading axis (None without
    `history`). There is no certificate in compiled code: `status` says why the loop ended.
    """

    x: Any
    value: Array
    gradient: Array
    status: Array
    steps: Array
    trials: Trial | None = None


def solve(problem: Any, method: str | Method, x0: Any, *, history: int = 0) -> Solution:
    """Minimizes a problem inside compiled code, and attaches the derivative of its answer.

    problem: `Minimize(fun, data)`, `LeastSquares(residual, data)`, or a function of x alone. method:
    "auto", a preset's name, or a `Method`.
    x0: a pytree of floating-point arrays, taken to the nearest point where the problem's space is curved (a space, or
    a structure of spaces like x0).
    Works under `jit`, `vmap` (over x0, data or the method's numbers) and `grad`:
    dx* = -H^-1 (d_theta g) dtheta by the implicit function theorem, for the
    problem's `data`; the loop itself is never differentiated.
    """
    problem = problem if not callable(problem) else Minimize(problem)
    problem = problem if is_space(problem.space) else replace(problem, space=as_space(problem.space) or Euclidean())
    x0 = jnp.asarray(x0) if isinstance(x0, list) and not isinstance(problem.space, Product) else x0
    x0 = jax.tree.map(lambda a: lax.stop_gradient(strong(a)), x0)
    check_points(problem.space, x0, "x0")
    x0 = x0 if problem.space.straight else problem.space.project(x0)
    name = method if isinstance(method, str) else type(method.curvature).__name__
    if isinstance(method, str):
        method = preset(problem, method, x0)
    check_method(method, type(method.curvature).__name__, problem.space)
    require_room(name, method, problem.space.size(x0), x0)
    dtype = jnp.result_type(*jax.tree.leaves(x0))
    still, method = lax.stop_gradient(problem), cast(method, dtype)
    state = init(method, still, x0)
    state = in_units(state, units(still, x0)) if method.curvature.scaled else state
    shapes = jax.eval_shape(lambda s: step(method, still, s)[1], state) if history else None
    trials = jax.tree.map(lambda a: jnp.zeros((history, *a.shape), a.dtype), shapes)

    def body(carry):
        state, trials = carry
        new, trial = step(method, still, whole(state, still))
        new = lean(new)
        if trials is None:
            return new, None
        at = jnp.where(state.k < 0, history, state.k)
        return new, jax.tree.map(lambda T, t: T.at[at].set(t, mode="drop"), trials, trial)

    state, trials = run_on(method, still, body, (lean(state), trials))
    modes = modes_of(problem, x0)
    x = answer(problem, state.x) if modes.forward else reverse_answer(problem, state.x)
    # The value is computed again at the answer: its derivative by theta would otherwise be lost.
    value = problem.value(x).astype(dtype)
    return Solution(x, value, state.model.gradient, state.status, state.k, trials)


def run_on(method: Method, problem: Any, body: Callable[[Any], Any], carry: tuple[State, Any]) -> tuple[State, Any]:
    """Steps until the run ends for good: from a saddle it goes on."""

    def going(carry: tuple[State, Any]) -> Array:
        return carry[0].status == Status.RUNNING

    def leg(carry: tuple[State, Any]) -> tuple[State, Any]:
        state, trials = lax.while_loop(going, body, carry)
        return lean(leave_saddle(method, whole(state, problem))), trials

    if carry[0].model.curvature.semidefinite:
        return lax.while_loop(going, body, carry)
    return lax.while_loop(going, leg, carry)


def preset(problem: Any, name: str, x: Any) -> Method:
    """The method that a name means for this problem: residuals have their own ones first ("auto": "lm")."""
    if isinstance(problem, LeastSquares):
        table = PRESETS | RESIDUAL_PRESETS
        name = preset_name(name, table, ALIASES | RESIDUAL_ALIASES)
        return table["lm" if name == "auto" else name]
    name = preset_name(name)
    return PRESETS[choose(problem, x, modes_of(problem, x), look=False).names[0] if name == "auto" else name]


def strong(a: Any) -> Array:
    """An array with a floating-point type of its own (not one that bends to its neighbors, as Python numbers do)."""
    a = jnp.asarray(a)
    return lax.convert_element_type(a, a.dtype if jnp.issubdtype(a.dtype, jnp.floating) else jnp.result_type(float))


@jax.custom_jvp
def answer(problem: Any, x: Any) -> Any:
    """x, with the derivative of a minimizer of `problem` with respect to the problem's data.

    At x the gradient vanishes for all theta, so H dx + (d_theta g) dtheta = 0; a variable that a bound holds up goes
    with its bound, and the others see it so. Where H is singular the shortest dx is returned (directions without
    curvature do not move). Where a variable is at its bound without pushing against it, the answer has two one-sided
    derivatives; that of the free variable is returned.
    Source: Griewank and Walther (2008), section 15; Blondel et al. (2022).
    """
    return x


@answer.defjvp
def answer_jvp(primals: tuple, tangents: tuple) -> tuple[Any, Any]:
    """The implicit function theorem. x is written as a function of the problem again: it can be repeated."""
    problem, x = primals
    x = answer(problem, x)
    space = problem.space
    zero = space.zero(x)

    modes = modes_of(problem, x)
    g = lax.stop_gradient(slope(modes, problem, x)(zero)[1])
    moved = jax.jvp(lambda p: unrest(modes, p, x, g), (problem,), (tangents[0],))[1]
    s = -response(hessian(modes, problem, x)[2], held_up(space, x, g), moved)
    return x, jax.jvp(lambda s: space.retract(x, s), (zero,), (s,))[1]


def unrest(modes: Any, problem: Any, x: Any, g: Array) -> Array:
    """What vanishes at the answer x whatever the data are, as their function: the gradient (n,), and for variables that
    a bound holds up (`g`: their slopes at these data) the distance from it."""
    space = problem.space
    moved = slope(modes, problem, x)(space.zero(x))[1]
    held, box = held_up(space, x, g), box_of(space, x)
    if held is None or box is None:
        return moved
    here = lax.stop_gradient(coordinates(space, x))
    bound = jnp.where(g > 0, box.lower, box.upper)
    # Infinite bounds hold nothing: their place is taken before anything is differentiated.
    return jnp.where(held, here - jnp.where(held, bound, here), moved)


def response(H: Array, held: Array | None, moved: Array) -> Array:
    """s with H s = `moved` for the free variables and s = `moved` for the held ones; linear in `moved`."""
    if held is None:
        return solve_symmetric(H, moved)
    fixed = jnp.where(held, moved, 0)
    apart = held[:, None] | held[None, :]
    free = jnp.where(apart, jnp.diag(jnp.where(held, jnp.abs(jnp.diagonal(H)), 0)), H)
    return jnp.where(held, fixed, solve_symmetric(free, jnp.where(held, 0, moved - H @ fixed)))


@jax.custom_vjp
def reverse_answer(problem: Any, x: Any) -> Any:
    """`answer` for functions without forward mode: its derivative exists in reverse mode only."""
    return x


def reverse_answer_fwd(problem: Any, x: Any) -> tuple[Any, tuple[Any, Any]]:
    """What the way back needs."""
    return x, (problem, x)


def reverse_answer_bwd(kept: tuple[Any, Any], given: Any) -> tuple[Any, Any]:
    """The transpose of the implicit function theorem: -(d_theta g)' H^-1 u."""
    problem, x = kept
    modes, space = modes_of(problem, x), problem.space
    zero = space.zero(x)
    (u,) = jax.vjp(lambda s: space.retract(x, s), zero)[1](given)
    g = slope(modes, problem, x)(zero)[1]
    H, held = hessian(modes, problem, x)[2], held_up(space, x, g)
    (w,) = jax.vjp(lambda moved: -response(H, held, moved), jnp.zeros_like(u))[1](u)
    (moved,) = jax.vjp(lambda p: unrest(modes, p, x, g), problem)[1](w)
    return moved, jax.tree.map(jnp.zeros_like, x)


reverse_answer.defvjp(reverse_answer_fwd, reverse_answer_bwd)


def solve_symmetric(H: Array, b: Array) -> Array:
    """The shortest least-squares solution of H s = b; exact for regular H, finite for singular ones."""
    d = jnp.sqrt(jnp.abs(jnp.diagonal(H)))
    d = jnp.where(d > 0, d, 1)
    w, V = jnp.linalg.eigh(lax.stop_gradient(H / (d[:, None] * d[None, :])))
    flat = jnp.abs(w) <= 32 * w.shape[0] * jnp.finfo(w.dtype).eps * jnp.max(jnp.abs(w))
    inverse = (V * jnp.where(flat, 0, 1 / jnp.where(flat, 1, w))) @ V.T / (d[:, None] * d[None, :])
    inverse = lax.stop_gradient(inverse)
    s = inverse @ b
    # One step of refinement with H and b left differentiable: value and derivatives of H^-1 b.
    return s + inverse @ (b - H @ s)
