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
from raphson.kernel.warning import silent
from raphson.operators.dense import Dense
from raphson.problems.allowed import modes_of, require_derivatives
from raphson.problems.callback import HOST, Callback
from raphson.problems.modes import ORDINARY, Modes
from raphson.solver.attempts import CRAWL, KINKED, best_of, onward_from
from raphson.solver.bounds import active_bounds, read_bounds
from raphson.solver.callbacks import announce, reporter, watcher
from raphson.solver.choose import SURE, choose
from raphson.solver.clock import CompileClock
from raphson.solver.drive import Patience, Run, run
from raphson.solver.drive import iterate as iterations
from raphson.solver.evidence import Numbered, certificate_of
from raphson.solver.final import evaluate, final_state, hessian_of, sizes, snapped
from raphson.solver.host import EVERYWHERE, host_problem
from raphson.solver.inputs import contradicted, jax_problem, read_function, read_point, why_not
from raphson.solver.messages import check_arity, refuse_keywords, refuse_swapped
from raphson.solver.options import Limits, read_hess, read_limits, refuse_constraints
from raphson.solver.presets import DESCRIPTIONS, PRESETS, cast, preset_name, stand_in
from raphson.solver.result import Evaluations, Result
from raphson.solver.start import no_more, not_begun, refused_start, unknown_at_start
from raphson.solver.step import Method, State
from raphson.solver.suspect import located
from raphson.tracing.read import floating_args, without_program


@silent
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

    fun(x, *args): one number, written with NumPy or jax.numpy: traced, with exact derivatives. What needs the value
    of a variable (`if`, `float()`) runs on the host, by given derivatives or differences, which a note says. Arrays of
    whole numbers in args become floating-point ones where fun takes them so. x0: a vector, or any pytree of arrays;
    its precision is the working precision. method: "auto", a preset ("trust-exact", "newton", "bfgs", ...; SciPy's
    names are understood) or a `Method`. jac, hess, hessp: as in SciPy, needed on the host only; else compared.
    bounds: n pairs (lower, upper) or a scipy.optimize.Bounds; every point tried lies between them, the result names
    the active ones. tol: relative accuracy asked of every variable (None: eps^(2/3)); multiplying f or changing the
    units of x changes nothing. callback: callback(intermediate_result=r) with r.x, r.fun, or callback(x), after every
    trial; StopIteration or a returned True stops. options: maxiter, disp (prints the result) and the like; unknown
    ones are warned of. progress: True for a live line, or a function of the state. max_steps: trials. time_limit:
    seconds.

    Returns a `Result`; its `success` is true only for a minimum shown by first and second order or
    by the noise of f. Ctrl-C, the time limit and the step limit return the best point so far; where x0, or
    f or a derivative there, is not finite, the result says so. Raises TypeError or ValueError, before the
    loop, for input that cannot be meant.
    """
    notes: list[str] = []
    begin = time.perf_counter()
    refuse_keywords(unknown, "minimize")
    refuse_swapped(fun, x0, "minimize")
    refuse_constraints(constraints)
    limits = read_limits(tol, max_steps, time_limit, options, notes)
    method, hess = stand_in(method, notes), read_hess(hess, notes)
    x = read_point(x0, notes, finite=False)
    compiled = CompileClock.seconds
    space, x = read_bounds(bounds, x, notes, Numbered(), pairs=True)
    problem, x, restore = read_problem(fun, x, args, jac, hess, hessp, notes, space, limits.calls)
    problem = replace(problem, space=space)
    watch, report = None if callback is None else watcher(callback, restore), reporter(progress)

    trials, finite_start = [0], bool(np.all(np.isfinite(sizes(x))))
    limits = limits if finite_start else no_more(problem, limits)

    def attempt(name: str, chosen: Method, reasons: tuple[str, ...]) -> Result:
        own = limits.after(trials[0], isinstance(problem, HOST))
        chosen = limited(chosen, own, x)
        left = None if limits.time_limit is None else limits.time_limit - (time.perf_counter() - begin)
        patience = None if not instead or limits.max_steps is not None else Patience(CRAWL, signed=True)
        done = run(chosen, problem, x, watcher=watch, time_limit=left, progress=report, patience=patience)
        trials[0] += len(done.trace)
        if (onward := done.onward) is not None:
            aside.append(lambda: finish(onward(), own, name, chosen, reasons))
        return finish(done, own, name, chosen, reasons)

    def finish(done: Run, own: Limits, name: str, chosen: Method, reasons: tuple[str, ...]) -> Result:
        done = replace(done, status=own.named(done.status)) if finite_start else unknown_at_start(done)
        why = not_begun(done, problem)
        with np.errstate(invalid="ignore"):  # inf - inf where f is not finite
            result = conclude(done, chosen, problem, restore, name, reasons, notes, compiled, begin, limits.tolerance)
        return result if why is None else refused_start(result, why)

    aside: list[Callable[[], Result]] = []
    candidates = read_method(method, problem, problem.space.size(x), modes_of(problem, x))
    instead = KINKED if tuple(name for name, _, _ in candidates) == SURE else ()
    result = onward_from(best_of(candidates, attempt, limits.max_steps is not None, instead), aside)
    plain = without_program(fun) if unsmooth(result, problem) else None
    if plain is not None:
        return minimize(
            plain, x0, args, method, jac, hess, hessp, bounds, constraints, tol, callback, options,
            progress=progress, max_steps=max_steps, time_limit=time_limit,
        )  # fmt: skip
    if limits.return_all:
        result["allvecs"] = result.points()
    if options and options.get("disp"):
        announce(result)
    return result


def unsmooth(result: Result, problem: Any) -> bool:
    """Whether a run failed because a program's derivative is not finite where its value is."""
    if isinstance(problem, HOST) or result.success or not np.isfinite(result.value):
        return False
    # A trial that was good enough and yet not taken: its derivative was not finite.
    refused = ~np.asarray(result.trace.accepted, bool) & (np.asarray(result.trace.ratio) > 0.25)
    return bool(refused.any()) or (result.termination == Status.NOT_FINITE and not result.steps)


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
    fun: Any, x: Any, args: Any, jac: Any, hess: Any, hessp: Any, notes: list[str],
    space: Any = EVERYWHERE, calls: int | None = None,
) -> tuple[Any, Any, Callable[[Any], Any]]:  # fmt: skip
    """The problem, the start in the problem's own form, and the way back to the user's.

    `space`: bounds within which every call must lie, those that look at the function first included; what stays on
    the host is called at most `calls` times.
    """
    check_arity(fun, args, x, "fun")
    fun, jac, args = read_function(fun, args, jac)
    try:
        problem = jax_problem(fun, x, args, notes, space)
        require_derivatives(problem, x, notes, "fun")
    except Exception as refusal:
        with located(fun, x, args, Numbered(), space):
            return untraceable(fun, x, args, jac, hess, hessp, notes, refusal, space, calls)
    if jac is not None:
        compare_jac(problem, x, args, jac, notes)
    return problem, x, lambda v: jax.tree.map(np.asarray, v)


def untraceable(
    fun: Any, x: Any, args: tuple, jac: Any, hess: Any, hessp: Any, notes: list[str], refusal: Exception,
    space: Any, calls: int | None,
) -> tuple[Callback, Any, Callable[[Any], Any]]:  # fmt: skip
    """A host problem in place of a JAX one, where the function runs on plain NumPy arrays."""
    plain = isinstance(refusal, TypeError) and str(refusal).startswith("fun ")
    if plain:
        raise refusal from None
    if isinstance(refusal, IndexError):
        raise refusal from None
    args = floating_args(fun, x, args)
    problem, point = host_problem(fun, x, args, jac, hess, hessp, notes, why_not(refusal), space, calls)
    return problem, point.vector, point.restore


def compare_jac(problem: Any, x: Any, args: tuple, jac: Callable, notes: list[str]) -> None:
    """A given gradient of a JAX function is compared with the exact one, which is then used."""
    exact = np.asarray(evaluate(problem, x, GRADIENT).gradient)
    given = np.concatenate([np.ravel(np.asarray(a)) for a in jax.tree.leaves(jac(jax.tree.map(np.asarray, x), *args))])
    if given.shape != exact.shape:
        raise ValueError(f"jac must return {exact.size} numbers, one per variable; it returns shape {given.shape}")
    if not np.all(np.isfinite(exact)):
        return  # the run will end at x0 and say so
    size = np.concatenate([np.ravel(np.abs(np.asarray(a))) for a in jax.tree.leaves(x)])
    size = np.where(size > 0, size, 1.0)
    found = contradicted(given, exact, np.max(np.abs(exact) * size) / size)
    if found is not None:
        worst = found[0]
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
    key = (id(method), limits.tolerance, limits.max_steps, dtype)
    if key not in Cast.known:
        stop = method.stop
        tolerance = stop.tolerance if limits.tolerance is None else limits.tolerance
        # None is resolved here: with a number always in its place, a call with tol= does not compile again.
        stop = replace(stop, tolerance=default_tolerance(np.zeros((), dtype)) if tolerance is None else tolerance)
        stop = replace(stop, max_steps=stop.max_steps if limits.max_steps is None else limits.max_steps)
        if len(Cast.known) > 256:
            Cast.known.clear()
        # The original is kept alive beside its cast: its id must not be given to another.
        Cast.known[key] = (cast(replace(method, stop=stop), dtype), method)  # type: ignore[assignment]
    return Cast.known[key][0]  # type: ignore[index]


def conclude(
    done: Run, method: Method, problem: Any, restore: Callable, name: str, reasons: tuple, notes: list[str],
    compiled: float, begin: float, tol: float | None,
) -> Result:  # fmt: skip
    """The result of a finished run: certificate, counts and text."""
    done, state = snapped(done, final_state(done, problem), problem)
    H = hessian_of(state.model, method, problem)
    certificate = certificate_of(done, state, H, problem, tol)
    model = state.model
    if H is not None and not method.curvature.exact:
        model = replace(model, curvature=Dense(jnp.asarray(H)))
    model = replace(model, problem=problem)
    return Result(
        x=restore(model.x),
        value=float(model.value),
        gradient=np.asarray(model.gradient),
        model=model,
        termination=done.status,
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
