"""`least_squares`: the door for residuals."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from raphson.fit.arguments import (
    SCIPY_TOLERANCE,
    check_tuning,
    our_positions,
    printing,
    read_scipy_limits,
    with_keywords,
)
from raphson.fit.attempt import FitCall, Overflowing, attempt
from raphson.fit.equations import by_full_steps
from raphson.fit.given_rows import belied_rows, require_fit, with_rows, without_rows
from raphson.fit.messages import notes_on_residuals
from raphson.fit.residuals import (
    NotSmooth,
    compare_jacobian,
    host_residuals,
    jax_residuals,
    read_loss,
)
from raphson.fit.result import Fit
from raphson.fit.strategy import order_for, rescued
from raphson.kernel import show
from raphson.kernel.names import names_in, step_names
from raphson.kernel.space import Euclidean
from raphson.kernel.warning import silent
from raphson.problems.allowed import require_derivatives
from raphson.problems.callback import HOST
from raphson.solver.attempts import best_of, onward_from, said_over
from raphson.solver.call import limited
from raphson.solver.callbacks import reporter, watcher
from raphson.solver.clock import CompileClock
from raphson.solver.drive import run
from raphson.solver.inputs import read_function, read_point, why_not
from raphson.solver.messages import check_arity, refuse_swapped
from raphson.solver.presets import RESIDUAL_ALIASES, RESIDUAL_PRESETS, preset_name, residual_preset
from raphson.solver.spaces import check_method, on_host_there, read_space
from raphson.solver.step import Method
from raphson.solver.suspect import located
from raphson.solver.through import through_infinity
from raphson.tracing.read import floating_args, without_program
from raphson.tracing.tally import own_tally


@silent
@own_tally
@our_positions
def least_squares(
    fun: Callable, x0: Any, jac: Any = None, bounds: Any = None, method: str | Method | None = "auto",
    ftol: float | None = SCIPY_TOLERANCE, xtol: float | None = SCIPY_TOLERANCE, gtol: float | None = SCIPY_TOLERANCE,
    x_scale: Any = None, loss: Any = "linear", f_scale: float = 1.0, diff_step: Any = None,
    tr_solver: str | None = None, tr_options: dict | None = None, jac_sparsity: Any = None,
    max_nfev: int | None = None, verbose: int = 0, args: Any = (), kwargs: dict | None = None,
    callback: Callable | None = None, workers: Any = None, *, tol: float | None = None, options: dict | None = None,
    progress: bool | Callable = False, max_steps: int | None = None, time_limit: float | None = None,
    names: Any = None, absolute_sigma: bool = False, space: Any = None,
) -> Fit:  # fmt: skip
    """Minimizes 1/2 sum r_i(x)^2, or a robust cost 1/2 c^2 sum rho((r_i / c)^2), and says what the data determine.

    fun(x, *args, **kwargs): the residuals, any pytree of real arrays, written with NumPy or jax.numpy (what needs
    the value of a variable runs on the host); arrays of whole numbers in args do not overflow: they are taken as
    floating-point ones where fun takes them so. x0: a vector or any pytree of arrays.
    method: "auto" (Levenberg-Marquardt, the full Hessian where that is too slow, other methods where it
    fails), "lm", "lm-radius", "lm-geodesic", "gauss-newton", "dogleg", "newton", or a `Method`. loss:
    "linear", "huber", "soft_l1", "cauchy", "arctan", "tukey", "geman-mcclure", or a function of z as in
    SciPy; f_scale is its c, the size from which residuals count as outliers. bounds: (lower, upper).
    jac(x, *args, **kwargs): array, sparse matrix or LinearOperator; of host functions it is used, of others
    compared; a sparse one is factorized as it is beyond 500 parameters. jac_sparsity: where J (m, n) can be nonzero, a
    SciPy sparse matrix, an array, or a BCOO: of host functions, columns without a row in common are differenced
    together (a place that lacks is found along random vectors, and an error); of others it is used beyond 500
    parameters in place of the pattern that is found.
    names: of the parameters, for reports. absolute_sigma: residuals are divided by known standard
    deviations. tol: relative accuracy asked of x (default: as much as the residuals' rounding leaves). space: where x
    lives, as in `minimize`; J, covariance and names then belong to a step from x in its tangent space.
    Positions are SciPy's; (fun, x0, args, method, loss) is understood as well. SciPy's other arguments
    are understood: verbose prints; what has no meaning here is checked and noted.

    Returns a `Fit`: its success means what it means for `minimize`; `fit.uncertainty` has the error bars.
    Raises TypeError or ValueError, before the loop, for input that cannot be meant, and where a residual is
    not finite at x0.
    """
    notes: list[str] = []
    begin, compiled = time.perf_counter(), CompileClock.seconds
    refuse_swapped(fun, x0, "least_squares")
    limits = read_scipy_limits(tol, max_steps, time_limit, options, notes, ftol=ftol, xtol=xtol, gtol=gtol)
    aloud, progress = printing(verbose, progress)
    check_tuning(
        notes, x_scale=x_scale, tr_solver=tr_solver, tr_options=tr_options, diff_step=diff_step,
        workers=workers,
    )  # fmt: skip
    x = read_point(x0, notes)
    known = read_names(names, Euclidean(), x) if space is None else None
    space, x = read_space(space, bounds, x, notes, known or names_in(x), pairs=False)
    names = known or read_names(names, space, x)
    fun, jac, args = read_function(with_keywords(fun, kwargs), args, with_keywords(jac, kwargs))
    check_arity(fun, args, x, "fun")
    dtype = np.dtype(jax.tree.leaves(x)[0].dtype)
    limits = limits.evaluations(max_nfev, space.size(x))
    loss = read_loss(loss, f_scale, dtype, notes)
    problem, x, restore = read_residuals(fun, x, args, jac, loss, space, notes, limits.calls, names)
    n, m = problem.space.size(x), problem.count(x)
    notes.extend(notes_on_residuals(m, n))
    problem, why = with_rows(problem, x, jac_sparsity, names, notes)
    require_fit(problem, x, why)
    call = FitCall(
        problem, x, restore, limits, names, absolute_sigma, notes, begin, compiled,
        None if callback is None else watcher(callback, restore), reporter(progress),
    )  # fmt: skip
    try:
        fit = fitted(call, method, f"; {why}" if why else "")
        said = None if jac_sparsity is None else belied_rows(problem, fit.model.x, names)
        if said is not None:
            problem, why = without_rows(problem, x, said, notes)
            fit = fitted(replace(call, problem=problem), method, f"; {why}" if why else "")
    except NotSmooth:
        plain = None if isinstance(problem, HOST) or not space.straight else without_program(fun)
        if plain is None:
            raise
        problem, x, restore = read_residuals(plain, x, args, jac, loss, space, notes, limits.calls, names)
        fit = fitted(replace(call, problem=problem, x=x, restore=restore), method)
    if aloud:
        show.say(fit)
    return fit


def fitted(call: FitCall, method: Any, why: str = "") -> Fit:
    """The fit by the method asked for, or by those of `ORDER`; `why` continues the reason."""
    if isinstance(method, Method):
        check_method(method, type(method.curvature).__name__, call.problem.space)
        return attempt(call, type(method.curvature).__name__, method, call.x, ("given by the caller",))
    name = preset_name(method, RESIDUAL_PRESETS, RESIDUAL_ALIASES, {})
    if name != "auto":
        return attempt(call, name, residual_preset(name, call.problem), call.x, (f"asked for{why}",))
    return best_attempt(call, f"for residuals{why}")


def read_residuals(
    residual: Callable, x: Any, args: tuple, jac: Any, loss: Any, space: Any, notes: list[str],
    calls: int | None = None, names: Any = (),
) -> tuple[Any, Any, Callable[[Any], Any]]:  # fmt: skip
    """The problem, the start in the problem's own form, and the way back to the user's.

    What stays on the host is called within `space` alone, and at most `calls` times.
    """
    try:
        problem = jax_residuals(residual, x, args, loss, space, notes)
        require_derivatives(problem, x, notes, "the residuals")
    except Exception as refusal:
        if isinstance(refusal, (TypeError, ValueError)) and str(refusal).startswith(("residuals are", "the residual")):
            raise
        if isinstance(refusal, IndexError):
            raise
        args = floating_args(residual, x, args)
        if not space.straight:
            raise on_host_there(space, why_not(refusal)) from None
        with located(residual, x, args, names, space):
            problem, point = host_residuals(residual, x, args, jac, loss, space, notes, why_not(refusal), calls)
        return problem, point.vector, point.restore
    if jac is not None:
        compare_jacobian(replace(problem, space=Euclidean()), x, args, jac, notes)  # by the entries of x
    return problem, x, lambda v: jax.tree.map(np.asarray, v)


def best_attempt(call: FitCall, why: str) -> Fit:
    """The methods of `ORDER` one after another, until one is shown to have reached a minimum; else the lowest cost.

    A method that crawls is laid aside, and goes on only where the others fail as well, also full Newton steps.
    """
    start, trials, aside = [call.x], [0], []
    limited = call.limits.max_steps is not None

    def one(name: str, method: Method, reasons: tuple[str, ...]) -> Fit:
        try:
            fit = attempt(call, name, method, start[0], reasons, trials[0], None if limited or trials[0] else aside)
            trials[0] += fit.nit
            return fit
        except Overflowing:
            start[0] = rescued(call.problem, call.x, lambda p, x, enough: quiet(call, p, x, enough))
            call.notes.append("the squares of the first residuals overflow: they were scaled down to begin with")
            return attempt(call, name, method, start[0], reasons)

    candidates = [(name, residual_preset(name, call.problem), why) for name in order_for(call.problem)]
    best = best_of(candidates, one, limited)
    if not call.over:
        best = onward_from(by_full_steps(call, best), aside)
    if not (limited or call.limits.calls is not None or call.over):
        again = lambda there: attempt(call, "lm", residual_preset("lm", call.problem), there, ("for residuals",))
        best = through_infinity(best, again)
    return best if not call.over or best.termination in call.over else said_over(best, call.over[0])


def quiet(call: FitCall, problem: Any, x: Any, enough: float) -> Any:
    """Newton's method on another problem until its cost is below `enough`: the point reached."""
    name = "newton" if "newton" in order_for(problem) else "lm"
    method = limited(residual_preset(name, problem), replace(call.limits, max_steps=300), x)
    below = lambda state, trial: float(state.model.value) < enough
    return run(method, problem, x, watcher=below, time_limit=call.limits.time_limit).state.best.x


def read_names(names: Any, space: Any, x: Any) -> tuple[str, ...]:
    """Names of the parameters: the caller's, or x1, x2, ..., or paths into a pytree; of a step on curved spaces."""
    own = tuple(step_names(space, x))
    if names is None:
        return own
    names = tuple(map(str, names))
    if len(names) != len(own):
        numbers = "parameters" if space.straight else f"numbers of a step on {type(space).__name__} ({', '.join(own)})"
        raise ValueError(f"names has {len(names)} entries for {len(own)} {numbers}")
    return names
