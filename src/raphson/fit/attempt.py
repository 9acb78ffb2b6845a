"""One method's attempt at a fit, from its start to the `Fit`: last digits, certificate, residuals and Jacobian."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from raphson.calculus.around import limits_of
from raphson.certificate.verdict import not_made
from raphson.fit.residuals import jacobian_at, refuse_not_finite, residuals_of, rows_times
from raphson.fit.result import Fit
from raphson.fit.strategy import POLISH, FitEvaluation, Polished, free_variables, polish, steady
from raphson.fit.structural import structural_words
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import default_tolerance
from raphson.kernel.space import Box
from raphson.kernel.status import Status
from raphson.operators.dense import Dense
from raphson.problems.callback import HOST, HostResiduals, notes_of_calls
from raphson.solver.beside import lowest_beside
from raphson.solver.bounds import active_bounds, with_values
from raphson.solver.call import host_counts, limited
from raphson.solver.clock import CompileClock
from raphson.solver.drive import Run, run
from raphson.solver.evidence import certificate_of
from raphson.solver.final import HALTED, final_state, snapped
from raphson.solver.options import Limits
from raphson.solver.patience import Patience
from raphson.solver.presets import residual_description, residual_preset
from raphson.solver.result import Evaluations
from raphson.solver.step import Method


class Overflowing(ValueError):
    """The residuals are finite at the start, their squares are not."""


@dataclass(frozen=True)
class FitCall:
    """One call of the door: the problem, and everything that its attempts share."""

    problem: Any
    x: Any
    restore: Callable[[Any], Any]
    limits: Limits
    names: Sequence[str]
    absolute: bool
    notes: list[str]
    begin: float
    compiled: float
    watcher: Any
    progress: Any
    over: list[Status] = field(default_factory=list)
    """How the first run ended that was ended from outside: no run after it goes on."""
    enough: float = POLISH
    """Full Newton steps at the end are taken while one is longer than this, relative to x."""


PATIENCE = {True: 100, False: 1000}
"""Trials within which f must fall to half, on the host and in compiled code, where a trial costs a tenth. Levenberg
and Marquardt's method creeps down Chebyquad from far as k^-3: 20 000 trials, where Newton's needs 100."""

SPARSE_PATIENCE = 100
"""The same where J is sparse: a trial with thousands of parameters costs as much as one on the host, and of many curves
one is soon on its way to infinity, along which all others wait (decays-2e4: 21 s with 1000, 8 s with 100)."""


def attempt(
    call: FitCall, name: str, method: Method, x: Any, reasons: tuple[str, ...], trials: int = 0,
    aside: list[Callable[[], Fit]] | None = None,
) -> Fit:  # fmt: skip
    """One method from x to its end, and the result; `trials` were made by attempts before it.

    `aside`: takes what would go on with a run that crawls (None: every run goes to its end).
    """
    own = accuracy(call).after(trials, isinstance(call.problem, HOST))
    patience = None if aside is None else patience_with(call.problem)
    done = run_from(call, limited(method, own, x), x, progress=call.progress, watcher=call.watcher, patience=patience)
    early: Fit | None = None
    made = counted = 0

    def end(done: Run, counted: int = 0) -> Fit:
        return conclude_fit(call, replace(done, status=own.named(done.status)), method, name, reasons, counted)

    def again(start: Any) -> Run:
        nonlocal made
        done = run_from(call, limited(steady(method), accuracy(call).after(made, False), start), start)
        made += len(done.trace)
        return done

    if patience is not None and patience.near and done.onward is not None:
        early = end(done)  # full Newton steps to the minimum, or the run goes on to its own end
        done = done if early.success else done.onward()
    made, counted = trials + len(done.trace), len(done.trace)
    if aside is not None and (onward := done.onward) is not None and early is None:
        aside.append(lambda: end(onward(), counted))
    if done.status == Status.NOT_FINITE and not len(done.trace):
        refuse_start(call, done, x)
    # H is looked at where a run becomes a result alone.
    first = early if early is not None and early.success else end(done)
    return lowest_beside(first, again, end, lambda done: replace(counts(done, call.problem, 0), hessian=0))


def patience_with(problem: Any) -> Patience:
    """How long a run may crawl; a sparse Hessian stands ready for what is slow near its end."""
    if getattr(problem, "jacobian_sparsity", None) is None:
        return Patience(PATIENCE[isinstance(problem, HOST)])
    return Patience(SPARSE_PATIENCE, tail=problem.sparsity is not None)


def run_from(call: FitCall, method: Method, x: Any, **seen: Any) -> Run:
    """A run from x within the time that is left."""
    left = None if call.limits.time_limit is None else call.limits.time_limit - (time.perf_counter() - call.begin)
    done = run(method, call.problem, x, time_limit=0.0 if call.over else left, **seen)
    if done.status in (Status.TIME, Status.USER):
        call.over.append(done.status)
    return done


def refuse_start(call: FitCall, done: Run, x: Any) -> None:
    """ValueError for a start where a residual, their squares or a derivative is not finite."""
    refuse_not_finite(call.problem, x, call.names, jacobian_at(call.problem, x))
    if not np.isfinite(done.trace.start_value) and not isinstance(call.problem, HOST) and x is call.x:
        raise Overflowing(f"cost(x0) = {done.trace.start_value}: the squares of the residuals overflow at x0")
    raise ValueError(
        f"cost(x0) = {done.trace.start_value}, or a second derivative is not finite at x0. Move the start, or "
        "write the residuals so that they are smooth there"
    )


def accuracy(call: FitCall) -> Limits:
    """The call's limits; where J comes from differences, which err by eps^(2/3), the loop asks no more of x than that:
    shorter steps are their noise, and the full Newton steps at the end see farther."""
    problem, limits = call.problem, call.limits
    if limits.tolerance is not None or not isinstance(problem, HostResiduals) or problem.jacobian is not None:
        return limits
    return replace(limits, tolerance=default_tolerance(call.x))


def conclude_fit(
    call: FitCall, done: Run, method: Method, name: str, reasons: tuple[str, ...], counted: int = 0, looked: bool = True
) -> Fit:
    """The result of a finished run: last digits, certificate, residuals and Jacobian. Nothing is refused any more.

    `counted`: trials whose evaluations stand in another result; not `looked`: nothing is evaluated or compiled any
    more, and no certificate is made (of sparse residuals whose run has J).
    """
    problem, mine = call.problem, not stopped(done, call)
    state, notes = final_state(done, problem) if looked else done.state, list(call.notes)
    if looked and (mine or done.status in HALTED):
        done, state = snapped(done, state, problem)
    end = last_steps(call, state, 8 if mine else 0) if looked else as_it_stands(state)
    if end.steps and done.status == Status.STEPS:  # the method's own limit: Newton's method came to the end instead
        done = replace(done, status=Status.CONVERGED)
    if end.steps:
        notes.append(last_digits(method, end.steps))
    seen, H = end.seen.evaluation, None if end.seen.hessian is None else np.asarray(end.seen.hessian)
    gram: Any = seen.curvature
    curvature = end.seen.measured or end.seen.sparse or (gram if H is None else Dense(H))  # type: ignore[arg-type]
    known = end.seen.measured
    shown = H if known is None or known.compact else np.asarray(known.matrix)
    model = replace(state.model, x=seen.x, value=seen.value, gradient=seen.gradient, curvature=curvature)
    state = replace(state, iterate=replace(state.iterate, model=model))
    model = replace(model, problem=problem)
    roots, mean, (r, J) = None, 1.0, (weighted := (np.asarray(gram.r), gram.matrix()))
    if not problem.loss.plain:
        r, J = residuals_of(problem, seen.x), rows_times(1 / np.asarray(gram.root), J)
        slope, bend = (np.asarray(a) for a in problem.loss.weights(r))
        mean = float(np.mean(bend))
        weighted, roots = (slope * r, mean * J), np.sqrt(np.maximum(bend, np.finfo(bend.dtype).eps))
    g = np.asarray(seen.gradient)
    active = active_bounds(problem.space, g, seen.x)
    if looked:
        certificate = certificate_of(
            replace(done, start=call.x), state, shown, problem, call.limits.tolerance, call.names
        )
    else:
        certificate = not_made(g, default_tolerance(g), done.status.sentence)
    free = structural_words(J, call.names, active != 0) if loose(certificate) and hasattr(J, "tocsr") else None
    said = reasons[-1]
    notes, reasons = (notes, reasons) if free is None else ([*notes, free], (*reasons, free))
    return Fit(
        x=call.restore(seen.x), value=float(seen.value), gradient=g, model=model, termination=done.status,
        certificate=certificate, trace=done.trace,
        evaluations=counts(done, problem, end.steps, counted, int(looked)), method=name,
        description=f"{residual_description(name, problem)} ({said})", reasons=reasons,
        notes=(*notes, *notes_of_calls(problem)),
        seconds=time.perf_counter() - call.begin, compile_seconds=CompileClock.seconds - call.compiled, hessian=H,
        active=active, residuals=r, jacobian=J, weighted=weighted,
        refit=lambda i, value, start: refitted(call, i, value, start), names=call.names, loss=problem.loss.name,
        absolute=call.absolute, bend=mean,
        error=1e-11 if isinstance(problem, HostResiduals) and problem.jacobian is None else None,
        start=done.start, recipe=method, roots=roots,
    )  # fmt: skip


def last_steps(call: FitCall, state: Any, most: int) -> Polished:
    """Full Newton steps, at most so many, and everything that is to be known where they end."""
    problem = call.problem
    inside = lambda g, x: free_variables(problem, g, x)
    return polish(problem, state.x, inside, most, call.enough, certificate_units(problem, state.model))


def as_it_stands(state: Any) -> Polished:
    """What the run knows of its end."""
    m = state.model
    return Polished(m.x, FitEvaluation(Evaluation(m.x, m.value, m.gradient, m.curvature), None), 0)


def certificate_units(problem: Any, model: Any) -> np.ndarray | None:
    """The units (n,) in which the certificate will factorize a sparse H; None where it does so otherwise: of functions
    on the host, whose H has other errors, and where directions are known to be level."""
    known = None if isinstance(problem, HOST) else problem.sparsity
    level = getattr(known, "symmetry", None) is not None
    return None if known is None or level else np.asarray(model.scale)


def loose(certificate: Any) -> bool:
    """Whether a curvature is zero, or in doubt."""
    return certificate.inertia is not None and certificate.inertia[1] > 0


def stopped(done: Run, call: FitCall) -> bool:
    """Whether the caller ended the run: then its x is what he asked for, and no step is added."""
    limited = call.limits.max_steps is not None or call.limits.calls is not None
    return done.status in (Status.CALLS, Status.TIME, Status.USER) or (limited and done.status == Status.STEPS)


def last_digits(method: Method, steps: int) -> str:
    """The note on full Newton steps at the end, and why they were needed."""
    taken = f"the last digits are from {steps} full Newton step{'s' if steps > 1 else ''}"
    slow = method.curvature.observation.residual
    return f"{SLOW}{taken}" if slow else taken


SLOW = "Gauss-Newton converges slowly here (large residuals): "


def refitted(call: FitCall, i: int, value: float, start: np.ndarray) -> tuple[np.ndarray, float]:
    """The least cost with parameter i held at a value, and where it is (n,): one point of a profile."""
    space = call.problem.space
    low, high = (np.array(a, float) for a in limits_of(space, start)[:2])
    low[i] = high[i] = value
    dtype = start.dtype if start.dtype.kind == "f" else float
    problem = replace(call.problem, space=Box(np.asarray(low, dtype), np.asarray(high, dtype)))  # type: ignore[arg-type]
    x = with_values(call.x, np.clip(start, low, high))
    state = run(limited(residual_preset("lm", problem), call.limits, x), problem, x).state
    return np.asarray(problem.space.flat(state.best.x), float), float(state.best.value)


def counts(done: Run, problem: Any, polished: int, counted: int = 0, last: int = 1) -> Evaluations:
    """Evaluations of residuals, Jacobians and Hessians by the run, after those of its first `counted` trials, with
    those of the full Newton steps and the `last` Hessian."""
    if isinstance(problem, HOST):
        return host_counts(problem)
    trials, taken = len(done.trace) + 1 - counted, int(done.trace.accepted[counted:].sum()) + 1
    return Evaluations(trials + polished, taken + polished, polished + last)
