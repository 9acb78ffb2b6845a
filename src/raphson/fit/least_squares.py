"""`least_squares`: the door for residuals."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from raphson.calculus.around import limits_of
from raphson.fit.arguments import (
    SCIPY_TOLERANCE,
    check_sparsity,
    check_tuning,
    our_positions,
    printing,
    read_scipy_limits,
    with_keywords,
)
from raphson.fit.messages import notes_on_residuals
from raphson.fit.residuals import (
    NotSmooth,
    compare_jacobian,
    host_residuals,
    jacobian_at,
    jax_residuals,
    read_loss,
    refuse_not_finite,
    residuals_of,
)
from raphson.fit.result import Fit
from raphson.fit.strategy import ORDER, free_variables, polish, rescued
from raphson.kernel import show
from raphson.kernel.look import GRAM
from raphson.kernel.names import names_in, step_names
from raphson.kernel.number import default_tolerance
from raphson.kernel.space import Box, Euclidean
from raphson.kernel.status import Status
from raphson.kernel.warning import silent
from raphson.operators.dense import Dense
from raphson.problems.allowed import require_derivatives
from raphson.problems.callback import HOST, HostResiduals
from raphson.solver.attempts import best_of, onward_from
from raphson.solver.bounds import active_bounds, with_values
from raphson.solver.call import host_counts, limited
from raphson.solver.callbacks import reporter, watcher
from raphson.solver.clock import CompileClock
from raphson.solver.drive import Patience, Run, run
from raphson.solver.evidence import certificate_of
from raphson.solver.final import final_state
from raphson.solver.inputs import read_function, read_point, why_not
from raphson.solver.messages import check_arity, refuse_swapped
from raphson.solver.options import Limits
from raphson.solver.presets import RESIDUAL_ALIASES, RESIDUAL_DESCRIPTIONS, RESIDUAL_PRESETS, preset_name
from raphson.solver.result import Evaluations
from raphson.solver.spaces import check_method, on_host_there, read_space
from raphson.solver.step import Method
from raphson.solver.suspect import located
from raphson.tracing.read import floating_args, without_program
from raphson.tracing.tally import own_tally


class Overflowing(ValueError):
    """The residuals are finite at the start, their squares are not."""


@dataclass(frozen=True)
class Call:
    """One call of the door: the problem, and everything that its attempts share."""

    problem: Any
    x: Any
    restore: Callable[[Any], Any]
    limits: Limits
    names: tuple[str, ...]
    absolute: bool
    notes: list[str]
    begin: float
    compiled: float
    watcher: Any
    progress: Any


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
    compared. names: of the parameters, for reports. absolute_sigma: residuals are divided by known standard
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
        jac_sparsity=jac_sparsity, workers=workers,
    )  # fmt: skip
    x = read_point(x0, notes)
    space, x = read_space(space, bounds, x, notes, names_in(x), pairs=False)
    names = read_names(names, space, x)
    fun, jac, args = read_function(with_keywords(fun, kwargs), args, with_keywords(jac, kwargs))
    check_arity(fun, args, x, "fun")
    dtype = np.dtype(jax.tree.leaves(x)[0].dtype)
    limits = limits.evaluations(max_nfev, space.size(x))
    loss = read_loss(loss, f_scale, dtype, notes)
    problem, x, restore = read_residuals(fun, x, args, jac, loss, space, notes, limits.calls, names)
    n, m = problem.space.size(x), problem.count(x)
    check_sparsity(jac_sparsity, m, n)
    notes.extend(notes_on_residuals(m, n))
    call = Call(
        problem, x, restore, limits, names, absolute_sigma, notes, begin, compiled,
        None if callback is None else watcher(callback, restore), reporter(progress),
    )  # fmt: skip
    try:
        fit = fitted(call, method)
    except NotSmooth:
        plain = None if isinstance(problem, HOST) or not space.straight else without_program(fun)
        if plain is None:
            raise
        problem, x, restore = read_residuals(plain, x, args, jac, loss, space, notes, limits.calls, names)
        fit = fitted(replace(call, problem=problem, x=x, restore=restore), method)
    if aloud:
        show.say(fit)
    return fit


def fitted(call: Call, method: Any) -> Fit:
    """The fit by the method asked for, or by those of `ORDER`."""
    if isinstance(method, Method):
        check_method(method, type(method.curvature).__name__, call.problem.space)
        return attempt(call, type(method.curvature).__name__, method, call.x, "given by the caller")
    name = preset_name(method, RESIDUAL_PRESETS, RESIDUAL_ALIASES, {})
    if name != "auto":
        return attempt(call, name, RESIDUAL_PRESETS[name], call.x, "asked for")
    return best_attempt(call)


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


def best_attempt(call: Call) -> Fit:
    """The methods of `ORDER` one after another, until one is shown to have reached a minimum; else the lowest cost.

    A method that crawls is laid aside, and goes on only where the others fail as well.
    """
    start, trials, aside = [call.x], [0], []
    limited = call.limits.max_steps is not None

    def one(name: str, method: Method, reasons: tuple[str, ...]) -> Fit:
        reason = reasons[-1]
        try:
            fit = attempt(call, name, method, start[0], reason, trials[0], None if limited or trials[0] else aside)
            trials[0] += fit.nit
            return fit
        except Overflowing:
            start[0] = rescued(call.problem, call.x, lambda p, x, enough: quiet(call, p, x, enough))
            call.notes.append("the squares of the first residuals overflow: they were scaled down to begin with")
            return attempt(call, name, method, start[0], reason)

    candidates = [(name, RESIDUAL_PRESETS[name], "for residuals") for name in ORDER]
    best = best_of(candidates, one, limited)
    return onward_from(best, aside)


def quiet(call: Call, problem: Any, x: Any, enough: float) -> Any:
    """Newton's method on another problem until its cost is below `enough`: the point reached."""
    method = limited(RESIDUAL_PRESETS["newton"], replace(call.limits, max_steps=300), x)
    below = lambda state, trial: float(state.model.value) < enough
    return run(method, problem, x, watcher=below, time_limit=call.limits.time_limit).state.best.x


PATIENCE = {True: 100, False: 1000}
"""Trials within which f must fall to half, on the host and in compiled code, where a trial costs a tenth. Levenberg
and Marquardt's method creeps down Chebyquad from far as k^-3: 20 000 trials, where Newton's needs 100."""


def attempt(
    call: Call, name: str, method: Method, x: Any, reason: str, trials: int = 0,
    aside: list[Callable[[], Fit]] | None = None,
) -> Fit:  # fmt: skip
    """One method from x to its end, and the result; `trials` were made by attempts before it.

    `aside`: takes what would go on with a run that crawls (None: every run goes to its end).
    """
    own = accuracy(call).after(trials, isinstance(call.problem, HOST))
    method = limited(method, own, x)
    left = None if call.limits.time_limit is None else call.limits.time_limit - (time.perf_counter() - call.begin)
    patience = None if aside is None else Patience(PATIENCE[isinstance(call.problem, HOST)])
    done = run(
        method, call.problem, x, watcher=call.watcher, time_limit=left, progress=call.progress, patience=patience
    )
    done = replace(done, status=own.named(done.status))
    if aside is not None and (onward := done.onward) is not None:
        counted = len(done.trace)
        aside.append(lambda: conclude(call, onward(), method, name, reason, counted))
    if done.status == Status.NOT_FINITE and not len(done.trace):
        refuse_not_finite(call.problem, x, call.names, jacobian_at(call.problem, x))
        if not np.isfinite(done.trace.start_value) and not isinstance(call.problem, HOST) and x is call.x:
            raise Overflowing(f"cost(x0) = {done.trace.start_value}: the squares of the residuals overflow at x0")
        raise ValueError(
            f"cost(x0) = {done.trace.start_value}, or a second derivative is not finite at x0. Move the start, or "
            "write the residuals so that they are smooth there"
        )
    return conclude(call, done, method, name, reason)


def accuracy(call: Call) -> Limits:
    """The call's limits; where J comes from differences, which err by eps^(2/3), the loop asks no more of x than that:
    shorter steps are their noise, and the full Newton steps at the end see farther."""
    problem, limits = call.problem, call.limits
    if limits.tolerance is not None or not isinstance(problem, HostResiduals) or problem.jacobian is not None:
        return limits
    return replace(limits, tolerance=default_tolerance(call.x))


def conclude(call: Call, done: Run, method: Method, name: str, reason: str, counted: int = 0) -> Fit:
    """The result of a finished run: last digits, certificate, residuals and Jacobian. Nothing is refused any more.

    `counted`: trials whose evaluations stand in another result.
    """
    problem = call.problem
    state = final_state(done, problem)
    notes = list(call.notes)
    end = polish(problem, state.x, lambda g, x: free_variables(problem, g, x), most=0 if stopped(done, call) else 8)
    if end.steps and done.status == Status.STEPS:  # the method's own limit: Newton's method came to the end instead
        done = replace(done, status=Status.CONVERGED)
    if end.steps:
        notes.append(last_digits(method, end.steps))
    seen, H = end.seen.look, None if end.seen.hessian is None else np.asarray(end.seen.hessian)
    gram: Any = seen.curvature
    curvature = end.seen.measured or (gram if H is None else Dense(H))  # type: ignore[arg-type]
    shown = H if end.seen.measured is None else np.asarray(end.seen.measured.matrix)
    model = replace(state.model, x=seen.x, value=seen.value, gradient=seen.gradient, curvature=curvature)
    state = replace(state, place=replace(state.place, model=model))
    model = replace(model, problem=problem)
    roots, mean, (r, J) = None, 1.0, (weighted := (np.asarray(gram.r), np.asarray(gram.J)))
    if not problem.loss.plain:
        r, J = residuals_of(problem, seen.x), J / np.asarray(gram.root)[:, None]
        slope, bend = (np.asarray(a) for a in problem.loss.weights(r))
        mean = float(np.mean(bend))
        weighted, roots = (slope * r, mean * J), np.sqrt(np.maximum(bend, np.finfo(bend.dtype).eps))
    g = np.asarray(seen.gradient)
    return Fit(
        x=call.restore(seen.x), value=float(seen.value), gradient=g, model=model, termination=done.status,
        certificate=certificate_of(
            replace(done, start=call.x), state, shown, problem, call.limits.tolerance, call.names
        ),
        trace=done.trace,
        evaluations=counts(done, problem, end.steps, counted), method=name,
        description=f"{RESIDUAL_DESCRIPTIONS.get(name, name)} ({reason})", reasons=(reason,), notes=tuple(notes),
        seconds=time.perf_counter() - call.begin, compile_seconds=CompileClock.seconds - call.compiled, hessian=H,
        active=active_bounds(problem.space, g, seen.x), residuals=r, jacobian=J, weighted=weighted,
        refit=lambda i, value, start: refitted(call, i, value, start), names=call.names, loss=problem.loss.name,
        absolute=call.absolute, bend=mean,
        error=1e-11 if isinstance(problem, HostResiduals) and problem.jacobian is None else None,
        start=done.start, recipe=method, roots=roots,
    )  # fmt: skip


def stopped(done: Run, call: Call) -> bool:
    """Whether the caller ended the run: then its x is what he asked for, and no step is added."""
    limited = call.limits.max_steps is not None or call.limits.calls is not None
    return done.status in (Status.CALLS, Status.TIME, Status.USER) or (limited and done.status == Status.STEPS)


def last_digits(method: Method, steps: int) -> str:
    """The note on full Newton steps at the end, and why they were needed."""
    taken = f"the last digits are from {steps} full Newton step{'s' if steps > 1 else ''}"
    slow = method.curvature.order >= GRAM
    return f"Gauss-Newton converges slowly here (large residuals): {taken}" if slow else taken


def refitted(call: Call, i: int, value: float, start: np.ndarray) -> tuple[np.ndarray, float]:
    """The least cost with parameter i held at a value, and where it is (n,): one point of a profile."""
    space = call.problem.space
    low, high = (np.array(a, float) for a in limits_of(space, start)[:2])
    low[i] = high[i] = value
    dtype = start.dtype if start.dtype.kind == "f" else float
    problem = replace(call.problem, space=Box(np.asarray(low, dtype), np.asarray(high, dtype)))  # type: ignore[arg-type]
    x = with_values(call.x, np.clip(start, low, high))
    state = run(limited(RESIDUAL_PRESETS["lm"], call.limits, x), problem, x).state
    return np.asarray(problem.space.flat(state.best.x), float), float(state.best.value)


def counts(done: Run, problem: Any, polished: int, counted: int = 0) -> Evaluations:
    """Evaluations of residuals, Jacobians and Hessians by the run, after those of its first `counted` trials."""
    if isinstance(problem, HOST):
        return host_counts(problem)
    trials, taken = len(done.trace) + 1 - counted, int(done.trace.accepted[counted:].sum()) + 1
    return Evaluations(trials + polished, taken + polished, polished + 1)


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
