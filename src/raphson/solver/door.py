"""`minimize`: the public door."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.look import GRADIENT, HESSIAN
from raphson.kernel.number import default_tolerance
from raphson.kernel.status import Status
from raphson.kernel.trace import Trial
from raphson.model.curvature import Exact
from raphson.operators.dense import Dense
from raphson.problems.allowed import modes_of, require_derivatives
from raphson.problems.callback import HOST, Callback
from raphson.problems.modes import ORDINARY, Modes
from raphson.solver.bounds import active_bounds, read_bounds
from raphson.solver.choose import choose
from raphson.solver.clock import CompileClock
from raphson.solver.drive import Run, run
from raphson.solver.drive import iterate as iterations
from raphson.solver.evidence import Numbered, certificate_of, evaluate, final_state, hessian_of
from raphson.solver.host import host_problem
from raphson.solver.inputs import jax_problem, read_function, read_point, why_not
from raphson.solver.messages import check_arity, refuse_keywords, refuse_swapped
from raphson.solver.options import Limits, read_limits, refuse_constraints
from raphson.solver.presets import DESCRIPTIONS, PRESETS, cast, preset_name
from raphson.solver.result import Evaluations, Result
from raphson.solver.step import Method, State
from raphson.solver.suspect import suspect, suspect_on_host


def minimize(
    fun: Callable,
    x0: Any,
    args: Any = (),
    method: str | Method | None = "auto",
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable | None = None,
    options: dict | None = None,
    *,
    progress: bool | Callable = False,
    max_steps: int | None = None,
    time_limit: float | None = None,
    **unknown: Any,
) -> Result:
    """Minimizes a smooth function and says what it found.

    fun(x, *args): one number, written with jax.numpy (NumPy functions run on the host with the
    given derivatives or finite differences, noted in the result). x0: a vector, or any pytree of
    arrays; its precision is the working precision. method: "auto", a preset ("trust-exact",
    "newton", "bfgs", ...; SciPy's names are understood) or a `Method`. jac, hess, hessp: as in
    SciPy, needed for host functions only; for JAX functions a given jac is compared with the exact
    one. bounds: n pairs (lower, upper) or a scipy.optimize.Bounds; every point tried lies between them,
    the result names the active ones. tol: relative accuracy asked of every variable (None: eps^(2/3));
    multiplying f or changing the units of x changes nothing. callback:
    callback(intermediate_result=r) with r.x, r.fun, or callback(x), after every trial; StopIteration
    stops. options: maxiter and the like.
    progress: True for a live line, or a function of the state. max_steps: trials. time_limit: seconds.

    Returns a `Result`; its `success` is true only for a minimum shown by first and second order or
    by the noise of f. Ctrl-C, the time limit and the step limit return the best point so far.
    Raises TypeError or ValueError, before the loop, for input that cannot be meant.
    """
    notes: list[str] = []
    begin = time.perf_counter()
    refuse_keywords(unknown, "minimize")
    refuse_swapped(fun, x0, "minimize")
    refuse_constraints(constraints)
    limits = read_limits(tol, max_steps, time_limit, options, notes)
    x = read_point(x0, notes)
    compiled = CompileClock.seconds
    space, x = read_bounds(bounds, x, notes, Numbered(), pairs=True)
    problem, x, restore = read_problem(fun, x, args, jac, hess, hessp, notes, space)
    problem = replace(problem, space=space)
    n = problem.space.size(x)
    watch, report = None if callback is None else watcher(callback, restore), reporter(progress)

    def attempt(name: str, chosen: Method, reasons: tuple[str, ...]) -> Result:
        chosen = limited(chosen, limits, x)
        left = None if limits.time_limit is None else limits.time_limit - (time.perf_counter() - begin)
        done = run(chosen, problem, x, watcher=watch, time_limit=left, progress=report)
        if done.status == Status.NOT_FINITE and not len(done.trace):
            raise ValueError(not_finite_message(done, problem))
        return conclude(done, chosen, problem, restore, name, reasons, notes, compiled, begin, tol)

    return best_of(read_method(method, problem, n, modes_of(problem, x)), attempt, limits.max_steps is not None)


def best_of(candidates: list[tuple[str, Method, str]], attempt: Callable[..., Any], limited: bool) -> Any:
    """The first attempt that shows a minimum, else the one with the lowest value; evaluations of all are counted.

    `candidates`: (name, method, reason). What was stopped from outside (`limited`: by the caller's
    number of steps) or falls without bound is not tried again.
    """
    tried: list[str] = []
    best, spent = None, Evaluations(0, 0, 0)
    for name, method, reason in candidates:
        result = attempt(name, method, (reason, *tried))
        e = result.evaluations
        spent = Evaluations(spent.value + e.value, spent.gradient + e.gradient, spent.hessian + e.hessian)
        if best is None or result.success or result.value < best.value:
            best = result
        stopped = result.status in (Status.TIME, Status.USER, Status.UNBOUNDED)
        if result.success or stopped or (limited and result.status == Status.STEPS):
            break
        tried.append(f"{name} from x0 ended: {result.certificate.verdict}")
    assert best is not None
    return best if len(tried) == 0 else replace(best, evaluations=spent, reasons=(candidates[0][2], *tried))


def iterate(
    fun: Callable, x0: Any, args: Any = (), method: str | Method | None = "auto", *, tol: float | None = None,
    max_steps: int | None = None,
) -> Iterator[tuple[State, Trial]]:  # fmt: skip
    """The run as a generator: yields (state, trial) after every trial, accepted or not.

    The caller's `for` loop is the callback, the progress bar, the time limit and the stop button.
    `state.x` and `state.model` are the current point and its local quadratic, `state.status` a
    `Status` number, `trial` what was tried. Arguments as in `minimize`; for a host function x is
    one flat vector. The same step as everywhere: same trials, same trace.
    """
    notes: list[str] = []
    x = read_point(x0, notes)
    problem, x, _ = read_problem(fun, x, args, None, None, None, notes)
    _, chosen, _ = read_method(method, problem, problem.space.size(x), modes_of(problem, x))[0]
    chosen = limited(chosen, read_limits(tol, max_steps, None, None, notes), x)
    return iterations(chosen, problem, x)


def read_problem(
    fun: Any, x: Any, args: Any, jac: Any, hess: Any, hessp: Any, notes: list[str], space: Any = None
) -> tuple[Any, Any, Callable[[Any], Any]]:
    """The problem, the start in the problem's own form, and the way back to the user's.

    `space`: bounds within which every call must lie, those that look at the function first included.
    """
    check_arity(fun, args, x, "fun")
    fun, jac, args = read_function(fun, args, jac)
    try:
        problem = jax_problem(fun, x, args, notes, space)
        require_derivatives(problem, x, notes, "fun")
    except Exception as refusal:
        return untraceable(fun, x, args, jac, hess, hessp, notes, refusal)
    if jac is not None:
        compare_jac(problem, x, args, jac, notes)
    return problem, x, lambda v: jax.tree.map(np.asarray, v)


def untraceable(
    fun: Any, x: Any, args: tuple, jac: Any, hess: Any, hessp: Any, notes: list[str], refusal: Exception
) -> tuple[Callback, Any, Callable[[Any], Any]]:
    """A host problem in place of a JAX one, where the function runs on plain NumPy arrays."""
    plain = isinstance(refusal, TypeError) and str(refusal).startswith("fun ")
    if plain:
        raise refusal from None
    if isinstance(refusal, IndexError):
        raise refusal from None
    problem, point = host_problem(fun, x, args, jac, hess, hessp, notes, why_not(refusal))
    return problem, point.vector, point.restore


def compare_jac(problem: Any, x: Any, args: tuple, jac: Callable, notes: list[str]) -> None:
    """A given gradient of a JAX function is compared with the exact one, which is then used."""
    exact = np.asarray(evaluate(problem, x, GRADIENT).gradient)
    given = np.concatenate([np.ravel(np.asarray(a)) for a in jax.tree.leaves(jac(jax.tree.map(np.asarray, x), *args))])
    if given.shape != exact.shape:
        raise ValueError(f"jac must return {exact.size} numbers, one per variable; it returns shape {given.shape}")
    gap = np.abs(given - exact)
    worst = int(np.argmax(gap))
    if gap[worst] > 1e-3 * np.max(np.abs(exact)) + 1e-12:
        raise ValueError(
            f"jac does not agree with fun at x0: jac[{worst}] = {given[worst]:.6g}, but the exact derivative is "
            f"{exact[worst]:.6g}. Correct jac, or leave it out"
        )
    notes.append("jac agrees with fun; JAX differentiates fun itself, so jac is not needed")


def read_method(method: Any, problem: Any, n: int, modes: Modes = ORDINARY) -> list[tuple[str, Method, str]]:
    """What to try, first things first: (name, method, the reason for it)."""
    if isinstance(method, Method):
        return [(type(method.curvature).__name__, method, "given by the caller")]
    name = preset_name(method)
    if name == "auto":
        choice = choose(problem, n, modes)
        return [(name, PRESETS[name], choice.reason) for name in choice.names]
    return [(name, PRESETS[name], "asked for")]


class Cast:
    """Methods in working precision with their limits, by what they were made from: made once."""

    known: dict[Any, Method] = {}  # noqa: RUF012


def limited(method: Method, limits: Limits, x: Any) -> Method:
    """The method with the call's own limits, its numbers as arrays of the working precision."""
    dtype = jax.tree.leaves(x)[0].dtype
    key = (id(method), limits.tolerance, limits.max_steps, str(dtype))
    if key not in Cast.known:
        stop = method.stop
        tolerance = stop.tolerance if limits.tolerance is None else limits.tolerance
        # None is resolved here: with a number always in its place, a call with tol= does not compile again.
        stop = replace(stop, tolerance=default_tolerance(jnp.zeros((), dtype)) if tolerance is None else tolerance)
        stop = replace(stop, max_steps=stop.max_steps if limits.max_steps is None else limits.max_steps)
        if len(Cast.known) > 256:
            Cast.known.clear()
        # The original is kept alive beside its cast: its id must not be given to another.
        Cast.known[key] = (cast(replace(method, stop=stop), dtype), method)  # type: ignore[assignment]
    return Cast.known[key][0]  # type: ignore[index]


def watcher(callback: Callable, restore: Callable) -> Callable[[State, Trial], bool]:
    """SciPy's callback as a watcher: called with `intermediate_result` if that is its parameter's name, else with x."""
    import inspect

    try:
        wants_result = set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):
        wants_result = False

    def watch(state: State, trial: Trial) -> bool:
        x = restore(state.x)
        try:
            if wants_result:
                callback(intermediate_result=Intermediate(x, float(state.model.value), int(state.k), trial))
            else:
                return bool(callback(x) is True)
        except StopIteration:
            return True
        return False

    return watch


class Intermediate(dict):
    """What a callback sees: `x`, `fun`, `nit`, and the trial itself; as attributes and as items."""

    def __init__(self, x: Any, fun: float, nit: int, trial: Trial):
        super().__init__(x=x, fun=fun, nit=nit, trial=trial)
        self.__dict__ = self


def reporter(progress: bool | Callable) -> Callable[[State], None] | None:
    """A function of the state for a live line; True logs to the logger named raphson."""
    if progress is False or progress is None:
        return None
    if callable(progress):
        return progress
    import logging

    log = logging.getLogger("raphson")

    def line(state: State) -> None:
        g = float(jnp.max(jnp.abs(state.model.gradient)))
        log.info("trial %d  f = %.9g  max|g| = %.2e", int(state.k), float(state.model.value), g)

    return line


def not_finite_message(done: Run, problem: Any) -> str:
    """What to say where nothing can begin: what is not finite, and what makes it so."""
    f, x, host = done.trace.start_value, done.start, isinstance(problem, HOST)
    cause = suspect_on_host(problem.value, np.asarray(x)) if host else suspect(problem.value, x, Numbered())
    cause = f": {cause}" if cause else ""
    if not np.isfinite(f):
        return f"fun(x0) = {f}{cause}; choose a start where fun is finite"
    g = np.asarray(done.state.model.gradient)
    where = np.flatnonzero(~np.isfinite(g))
    what = f"derivative by {Numbered()[where[0]]} is {g[where[0]]}" if where.size else "Hessian is not finite"
    smooth = "move the start, or write the function so that it is smooth there"
    return f"fun(x0) = {f:.6g}, but its {what} at x0{cause}; {smooth}"


def conclude(
    done: Run, method: Method, problem: Any, restore: Callable, name: str, reasons: tuple, notes: list[str],
    compiled: float, begin: float, tol: float | None,
) -> Result:  # fmt: skip
    """The result of a finished run: certificate, counts and text."""
    state = final_state(done, problem)
    H = hessian_of(state.model, method, problem)
    certificate = certificate_of(done, state, H, problem, tol)
    model = state.model
    if H is not None and not isinstance(method.curvature, Exact):
        model = replace(model, curvature=Dense(jnp.asarray(H)))
    model = replace(model, problem=problem)
    return Result(
        x=restore(model.x),
        value=float(model.value),
        gradient=np.asarray(model.gradient),
        model=model,
        status=done.status,
        certificate=certificate,
        trace=done.trace,
        evaluations=counts(done, method, problem),
        method=name,
        description=f"{DESCRIPTIONS.get(name, name)} ({reasons[0]})",
        reasons=tuple(reasons),
        notes=tuple(notes),
        seconds=time.perf_counter() - begin,
        compile_seconds=CompileClock.seconds - compiled,
        hessian=None if H is None else np.asarray(H),
        active=active_bounds(problem.space, np.asarray(model.gradient), model.x),
        start=done.start,
        recipe=method,
    )


def counts(done: Run, method: Method, problem: Any) -> Evaluations:
    """Evaluations of f, g and H by the run."""
    if isinstance(problem, HOST):
        return host_counts(problem)
    trials, taken = len(done.trace) + 1, int(done.trace.accepted.sum()) + 1
    if method.curvature.order < HESSIAN:
        return Evaluations(trials, trials if method.control.order else taken, 0)
    if method.curvature.order == HESSIAN:
        return Evaluations(trials, taken, taken)
    return Evaluations(trials, taken, int(done.trace.inner.sum()))


def host_counts(problem: Any) -> Evaluations:
    """Calls of the user's functions by this attempt: the first one's include the look at the functions before it."""
    taken = problem.evaluations.take()
    return Evaluations(taken.value, taken.gradient, taken.hessian)
