"""`minimize`: the public door."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from raphson.calculus.taylor import GRADIENT
from raphson.kernel.names import Numbered
from raphson.kernel.status import Status
from raphson.kernel.trace import Trial
from raphson.kernel.warning import silent
from raphson.problems.allowed import modes_of, require_derivatives
from raphson.problems.callback import HOST, Callback
from raphson.problems.minimize import Minimize
from raphson.solver.allowance import Allowance
from raphson.solver.call import Call, limited
from raphson.solver.callbacks import announce, reporter, watcher
from raphson.solver.choose import DENSE, choose
from raphson.solver.clock import CompileClock
from raphson.solver.drive import iterate_trials as iterations
from raphson.solver.final import evaluate
from raphson.solver.given_sparsity import belied, compare_hess, distrusted, with_given_sparsity
from raphson.solver.grids import grids_in_words, slow_by_products, with_grids
from raphson.solver.host import EVERYWHERE, host_problem
from raphson.solver.host_sparsity import by_given_hessian, with_host_sparsity
from raphson.solver.inputs import contradicted, jax_problem, read_function, read_point, why_not
from raphson.solver.memory import require_room
from raphson.solver.messages import check_arity, refuse_keywords, refuse_swapped
from raphson.solver.options import read_hess, read_limits, refuse_constraints
from raphson.solver.presets import MULTIPLYING, PRESETS, SPARSE_PRESETS, preset_name, stand_in
from raphson.solver.result import Result
from raphson.solver.spaces import check_method, placed, read_space
from raphson.solver.sparsity import SparsityFound, with_sparsity
from raphson.solver.step import Method, State
from raphson.solver.suspect import located
from raphson.tracing.read import floating_args, without_program
from raphson.tracing.tally import own_tally


@silent
@own_tally
def minimize(
    fun: Callable, x0: Any, args: Any = (), method: str | Method | None = "auto", jac: Any = None, hess: Any = None,
    hessp: Any = None, bounds: Any = None, constraints: Any = (), tol: float | None = None,
    callback: Callable | None = None, options: dict | None = None, *, progress: bool | Callable = False,
    max_steps: int | None = None, time_limit: float | None = None, space: Any = None, hess_sparsity: Any = None,
    **unknown: Any,
) -> Result:  # fmt: skip
    """Minimizes a smooth function and says what it found.

    fun(x, *args): one number, written with NumPy or jax.numpy: traced, with exact derivatives. What needs the value
    of a variable (`if`, `float()`) runs on the host, by given derivatives or differences, which a note says. Arrays
    of whole numbers in args become floating-point ones where fun takes them so. x0: a vector, or any pytree of
    arrays; its precision is the working precision. method: "auto" (up to 500 variables a dense H; above, what is
    foreseen to cost least: a factor of the sparse or dense H, products with H, or L-BFGS, with the numbers in
    `reasons`), a preset ("trust-exact", "newton", "bfgs", ...; SciPy's names are understood) or a `Method`. jac,
    hess, hessp: as in SciPy, needed on the host only; else compared. hess may return a sparse matrix (SciPy's, BCOO),
    which is factorized as it is beyond 500 variables. hess_sparsity: where H (n, n) can be nonzero, symmetric: a
    sparse matrix or an array of booleans; for JAX functions it takes the place of the search, on the host H then is
    differences of jac, two for each color. It is compared with true products. bounds: n pairs (lower, upper) or a
    scipy.optimize.Bounds; every point tried lies between them, the result names the active ones. tol: relative
    accuracy asked of every variable (None: eps^(2/3)); multiplying f or changing the units of x changes nothing
    (units of single x_i do for gradient descent; for bfgs, dfp, sr1 and lbfgs on the host, beyond 100 variables, and
    where not in factors of 2^10). callback: callback(intermediate_result=r) with r.x, r.fun, or callback(x), after
    every trial; StopIteration or a returned True stops. options: maxiter, disp (prints the result) and the like;
    unknown ones are warned of. progress: True for a live line, or a function of the state. max_steps: trials.
    time_limit: seconds. space: where x lives, for JAX functions: `rp.Sphere()`, `rp.Rotation()`, or a structure of
    spaces like that of x; None: the reals.

    Returns a `Result`; its `success` is true only for a minimum shown by first and second order or
    by the noise of f. Ctrl-C, the time limit and the step limit return the best point so far; where x0, or
    f or a derivative there, is not finite, the result says so. Raises TypeError or ValueError, before the
    loop, for input that cannot be meant, and MemoryError, before anything is allocated, for a run that could not be
    held.
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
    space, x = read_space(space, bounds, x, notes, Numbered(), pairs=True)
    problem, x, restore = read_problem(fun, x, args, jac, hess, hessp, notes, space, limits.calls)
    problem, found = known_sparsity(placed(problem, space, notes), x, hess_sparsity, notes)
    if callable(hess) and isinstance(problem, Minimize) and space.straight and problem.space.size(x) > DENSE:
        problem, x, restore, found = heeded(hess, problem, x, args, restore, found, hess_sparsity, notes)
    call = Call(
        problem, x, restore, limits, notes, begin, compiled, None if callback is None else watcher(callback, restore),
        reporter(progress),
    )  # fmt: skip
    result = call.best(*read_method(method, problem, x, found))
    said = None if hess_sparsity is None and not isinstance(problem, Callback) else belied(problem, result)
    if said is not None:
        call.problem = problem = distrusted(problem, said, notes)
        result = call.best(*read_method(method, problem, x, None))
    # On the host there are no curved spaces: there the failed run is the answer.
    plain = without_program(fun) if space.straight and unsmooth(result, problem) else None
    if plain is not None:
        return minimize(
            plain, x0, args, method, jac, hess, hessp, bounds, constraints, tol, callback, options,
            progress=progress, max_steps=max_steps, time_limit=time_limit, hess_sparsity=hess_sparsity,
        )  # fmt: skip
    if limits.return_all:
        result["allvecs"] = result.points()
    if options and options.get("disp"):
        announce(result)
    return result


def known_sparsity(problem: Any, x: Any, given: Any, notes: list[str]) -> tuple[Any, SparsityFound | None]:
    """The problem with what is known of the pattern of H, given or found, and what was found of it."""
    if isinstance(problem, Callback):
        return with_host_sparsity(problem, x, given, notes)
    if given is not None and isinstance(problem, Minimize):
        return with_given_sparsity(problem, x, given, notes)
    return with_sparsity(problem, x, DENSE + 1)


def heeded(
    hess: Callable, problem: Minimize, x: Any, args: tuple, restore: Callable, found: SparsityFound | None, given: Any,
    notes: list[str],
) -> tuple[Any, Any, Callable, SparsityFound | None]:  # fmt: skip
    """What a user's sparse Hessian of a large JAX function is for: to be compared, or, where no sparse H was found in
    the function, to be factorized in its place."""
    if problem.sparsity is not None:
        compare_hess(problem, x, args, hess, notes)
        return problem, x, restore, found
    own = by_given_hessian(problem, x, args, hess, notes)
    if own is None:
        return problem, x, restore, found
    on_host, point = own
    on_host, found = with_host_sparsity(on_host, point.vector, given, notes)
    return on_host, point.vector, point.restore, found


def unsmooth(result: Result, problem: Any) -> bool:
    """Whether a run failed because a program's derivative is not finite where its value is."""
    if isinstance(problem, HOST) or result.success or not np.isfinite(result.value):
        return False
    # A trial that was good enough and yet not taken: its derivative was not finite. (A line search looks at slopes,
    # and may refuse it for a finite one.)
    refused = ~np.asarray(result.trace.accepted, bool) & (np.asarray(result.trace.ratio) > 0.25)
    refused &= ~np.isfinite(np.asarray(result.trace.end_slope))
    return bool(refused.any()) or (result.termination == Status.NOT_FINITE and not result.steps)


def iterate(
    fun: Callable, x0: Any, args: Any = (), method: str | Method | None = "auto", *, tol: float | None = None,
    max_steps: int | None = None, space: Any = None,
) -> Iterator[tuple[State, Trial]]:  # fmt: skip
    """The run as a generator: yields (state, trial) after every trial, accepted or not.

    The caller's `for` loop is the callback, the progress bar, the time limit and the stop button.
    `state.x` and `state.model` are the current point and its local quadratic, `state.status` a
    `Status` number, `trial` what was tried. Arguments as in `minimize`; for a host function x is
    one flat vector. The same step as everywhere: same trials, same trace.
    """
    notes: list[str] = []
    space, x = read_space(space, None, read_point(x0, notes), notes, Numbered(), pairs=True)
    problem, x, _ = read_problem(fun, x, args, None, None, None, notes)
    problem, found = with_sparsity(placed(problem, space, notes), x, DENSE + 1)
    ((_, chosen, _), *_), *_ = read_method(method, problem, x, found)
    chosen = limited(chosen, read_limits(tol, max_steps, None, None, notes), x)
    return iterations(chosen, with_grids(problem, x, chosen), x)


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


def read_method(
    method: Any, problem: Any, x: Any, found: SparsityFound | None
) -> tuple[
    list[tuple[str, Method, str]], tuple[str, ...], dict[str, tuple[Allowance, tuple[str, Method, str]]]
]:  # fmt: skip
    """What to try, first things first: (name, method, the reason for it); what else is to be said of the choice; and
    what a method may cost, by name, with what is tried then. `found`: what is known of the sparsity of H.

    Raises MemoryError where the run could not be held.
    """
    n = problem.space.size(x)
    if isinstance(method, Method):
        name = type(method.curvature).__name__
        check_method(method, name, problem.space)
        require_room(name, method, n, x)
        return [(name, method, "given by the caller")], (), {}
    name = preset_name(method)
    if name == "auto":
        choice = choose(problem, x, modes_of(problem, x), found)
        tried = lambda name: (name, preset_for(name, problem, x), choice.reason)
        several = [tried(name) for name in choice.names]
        allowed = {name: (most, tried(most.then)) for name, most in choice.allowed.items()}
        return several, choice.more + grids_in_words(problem, x, several[0][1]), allowed
    check_method(PRESETS[name], name, problem.space)
    chosen = preset_for(name, problem, x)
    require_room(name, chosen, n, x)
    return [(name, chosen, "asked for")], grids_in_words(problem, x, chosen), {}


def preset_for(name: str, problem: Any, x: Any) -> Method:
    """The method of this name, with sparse factorizations, or products with a sparse H, where the problem knows its
    sparsity and they pay."""
    known = getattr(problem, "sparsity", None)
    if known is None:
        return PRESETS[name]
    if known.direct and name in MULTIPLYING:
        return (MULTIPLYING if slow_by_products(problem, x) else PRESETS)[name]
    return (SPARSE_PRESETS if known.direct else MULTIPLYING).get(name, PRESETS[name])
