"""One call of `minimize`: its attempts with their limits, and the results that they end in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.taylor import GRADIENT
from raphson.kernel.number import default_tolerance
from raphson.kernel.product import box_of
from raphson.kernel.status import Status
from raphson.operators.dense import Dense
from raphson.paths.proposal import RADIUS
from raphson.problems.callback import HOST, notes_of_calls
from raphson.solver.allowance import Allowance, Budget, Left
from raphson.solver.attempts import CRAWL, KINKED, best_of, better, onward_from, said_over
from raphson.solver.beside import lowest_beside
from raphson.solver.beside_kink import off_the_kink
from raphson.solver.bounds import active_bounds
from raphson.solver.by_squares import by_squares
from raphson.solver.choose import SURE
from raphson.solver.clock import CompileClock
from raphson.solver.drive import Run, run
from raphson.solver.edge import off_the_edge
from raphson.solver.evidence import certificate_of
from raphson.solver.facts import sparsity_facts
from raphson.solver.final import final_state, hessian_of, sizes, snapped, with_sparse_hessian
from raphson.solver.grids import with_grids
from raphson.solver.options import Limits
from raphson.solver.patience import Patience
from raphson.solver.presets import DESCRIPTIONS, cast
from raphson.solver.result import Evaluations, Result
from raphson.solver.start import no_more, not_begun, refused_start, unknown_at_start
from raphson.solver.step import Method, trial_observation
from raphson.solver.through import through_infinity
from raphson.solver.unused import unused_words


@dataclass
class Call:
    """What all attempts of one call share: the problem, the start `x`, the way back to the user's form of it, the
    limits, and who watches; `trials` made so far, what goes on with runs that were laid `aside`, and how a run was
    ended from outside, after which none goes on (`over`). `allowed`: what a preset may cost, by name, and what is tried
    then: name, method, reason; `left`: what goes on with presets that cost more; `ended`: presets that came to their
    end; `shown`: the best result so far, for who interrupts what comes after it."""

    problem: Any
    x: Any
    restore: Callable[[Any], Any]
    limits: Limits
    notes: list[str]
    begin: float
    compiled: float
    watch: Callable | None
    report: Callable | None
    trials: int = 0
    over: Status = Status.RUNNING
    patient: bool = True
    aside: list[Callable[[], Result]] = field(default_factory=list)
    allowed: dict[str, tuple[Allowance, tuple[str, Method, str]]] = field(default_factory=dict)
    left: dict[str, Callable[..., Result]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    shown: Result | None = None

    def __post_init__(self) -> None:
        self.finite_start = bool(np.all(np.isfinite(sizes(self.x))))
        self.limits = self.limits if self.finite_start else no_more(self.problem, self.limits)

    def best(
        self, candidates: list[tuple[str, Method, str]], more: tuple[str, ...] = (),
        allowed: dict[str, tuple[Allowance, tuple[str, Method, str]]] | None = None,
    ) -> Result:  # fmt: skip
        """The best of what the methods end in: (name, method, reason), one after another. `more`: what else is to be
        said of the choice; `allowed`: what they may cost, and what is tried then."""
        try:
            best = self.tried(candidates, more, allowed or {})
        except KeyboardInterrupt:  # before a later run had anything to return
            if self.shown is None:
                raise
            best, self.over = self.shown, Status.USER
        return best if self.over in (Status.RUNNING, best.termination) else said_over(best, self.over)

    def tried(
        self, candidates: list[tuple[str, Method, str]], more: tuple[str, ...],
        allowed: dict[str, tuple[Allowance, tuple[str, Method, str]]],
    ) -> Result:  # fmt: skip
        """The same, where nobody interrupts."""
        newton = self.problem.space.straight and tuple(name for name, _, _ in candidates) == SURE
        limited_steps = self.limits.max_steps is not None
        counted = limited_steps or self.limits.calls is not None
        # Where another method stands ready, a run that crawls makes way for it.
        self.patient = counted or not self.problem.space.straight or len(candidates) < 2
        self.allowed = {} if counted else allowed
        best = best_of(candidates, self.attempt, limited_steps, KINKED if newton else (), more)
        if not self.over:
            best = onward_from(best, [*self.aside, *self.left.values()])
        if self.over and not best.success:
            for stopped in list(self.left.values()):
                best = better(best, stopped(on=False))
        if newton and not self.patient and not self.over:
            best = off_the_kink(best, lambda there: self.again(*KINKED[0], there))
        again = lambda there: self.again(*candidates[0], there)
        if newton and not self.patient and not self.over:
            best = through_infinity(best, again)
        if newton and not self.patient and not self.over:
            best = by_squares(best, self.run_on, again)
        return best

    def again(self, name: str, method: Method, reason: str, there: Any) -> Result:
        """One method from a point of ours to its end."""
        own = self.limits.after(self.trials, False)
        return self.finish(self.run_from(limited(method, own, self.x), there), own, name, method, (reason,))

    def run_on(self, problem: Any, method: Method, start: Any) -> Run:
        """A run on another form of the problem, with the call's limits."""
        own = self.limits.after(self.trials, False)
        steps = method.stop.max_steps if own.max_steps is None else min(method.stop.max_steps, own.max_steps)
        return self.run_from(limited(method, replace(own, max_steps=int(steps)), self.x), start, problem)

    def run_from(self, method: Method, start: Any, problem: Any = None, **seen: Any) -> Run:
        """A run from `start` within the time that is left; `problem`: another form of the call's own."""
        problem = self.problem if problem is None else problem
        limit = self.limits.time_limit
        left = None if limit is None else limit - (time.perf_counter() - self.begin)
        done = run(method, with_grids(problem, self.x, method), start, time_limit=0.0 if self.over else left, **seen)
        if done.status in (Status.TIME, Status.USER):
            self.over = done.status
        self.trials += len(done.trace)
        return done

    def attempt(self, name: str, method: Method, reasons: tuple[str, ...]) -> Result | Left:
        """One method from the start to its end, or until it is laid aside because it crawls or costs too much; from
        where it was laid aside where it is tried again."""
        if name in self.left:
            return self.left.pop(name)(reasons)
        own = self.limits.after(self.trials, isinstance(self.problem, HOST))
        method = limited(method, own, self.x)
        patience = None if self.patient else Patience(CRAWL, signed=True)
        if name in self.allowed and self.allowed[name][1][0] not in self.ended:
            patience = Budget(self.allowed[name][0])
        done = self.run_from(method, self.x, watcher=self.watch, progress=self.report, patience=patience)
        if done.onward is not None and isinstance(patience, Budget):
            return self.leave(done, own, name, method, reasons, patience)
        if done.onward is not None:
            self.aside.append(lambda: self.finish(self.resumed(done, name), own, name, method, reasons))
        else:
            self.ended.add(name)
        return self.finish(done, own, name, method, reasons)

    def leave(
        self, done: Run, own: Limits, name: str, method: Method, reasons: tuple[str, ...], budget: Budget
    ) -> Left:
        """A run that cost more than it was allowed is laid aside for what is to be tried then."""
        spent, then = counts(done, method, self.problem), self.allowed[name][1]
        again = then[0] in self.left

        def go(reasons: tuple[str, ...] = reasons, on: bool = True) -> Result:
            self.left.pop(name, None)
            ended = self.resumed(done, name) if on else replace(done, status=self.over)
            result = self.finish(ended, own, name, method, reasons)
            return replace(result, evaluations=result.evaluations - spent)

        self.left[name] = go
        return Left(spent, budget.words(name, again), then)

    def resumed(self, done: Run, name: str) -> Run:
        """A run by this preset that was laid aside, at its end."""
        assert done.onward is not None  # it was laid aside
        before, ended = len(done.trace), done.onward()
        self.trials += len(ended.trace) - before
        if ended.status in (Status.TIME, Status.USER):
            self.over = ended.status
        self.ended.add(name)
        return ended

    def finish(self, done: Run, own: Limits, name: str, method: Method, reasons: tuple[str, ...]) -> Result:
        """The result of a run, or of a lower one begun beside its end."""

        @np.errstate(invalid="ignore")  # inf - inf where f is not finite
        def end(done: Run) -> Result:
            done = replace(done, status=own.named(done.status)) if self.finite_start else unknown_at_start(done)
            return self.conclude(done, method, name, reasons)

        why, result = not_begun(done, self.problem), end(done)
        if why is not None:
            return refused_start(result, why)
        again = lambda start: self.run_from(limited(method, self.limits.after(self.trials, False), self.x), start)
        result = lowest_beside(result, again, end, lambda done: counts(done, method, self.problem))
        result = off_the_edge(result, again, end)
        self.shown = result if self.shown is None else better(self.shown, result)
        return result

    def conclude(self, done: Run, method: Method, name: str, reasons: tuple[str, ...]) -> Result:
        """The result of a finished run: certificate, counts and text."""
        problem = self.problem
        done, state = snapped(done, final_state(done, problem), problem)
        state = with_sparse_hessian(state, problem)
        H = hessian_of(state.model, method, problem)
        certificate = certificate_of(done, state, H, problem, self.limits.tolerance)
        model = state.model
        if H is not None and not method.curvature.exact:
            model = replace(model, curvature=Dense(jnp.asarray(H)))
        loose = certificate.inertia is not None and certificate.inertia[1] > 0
        unused = unused_words(problem, model) if loose else None
        reasons = reasons if unused is None else (*reasons, unused)
        model = replace(model, problem=problem, curvature=model.curvature.bare())
        return Result(
            x=self.restore(model.x),
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
            notes=(*self.notes, *notes_of_calls(problem)),
            seconds=time.perf_counter() - self.begin,
            compile_seconds=CompileClock.seconds - self.compiled,
            hessian=None if H is None else np.asarray(H),
            active=active_bounds(problem.space, np.asarray(model.gradient), model.x),
            start=done.start,
            recipe=method,
            sparsity=sparsity_facts(problem),
        )


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


def counts(done: Run, method: Method, problem: Any) -> Evaluations:
    """Evaluations of f, g and H by the run."""
    if isinstance(problem, HOST):
        return host_counts(problem)
    trials, taken = len(done.trace) + 1, int(done.trace.accepted.sum()) + 1
    # Products, where H is seen by them: those of steps, of the first radius, for what rounding x does to g, and of
    # bounds (stiffness, promises).
    asked = int(done.trace.inner.sum()) + (method.path.unit == RADIUS) + int(done.state.iterate.stop_state.asked)
    if box_of(problem.space, done.start) is not None:
        asked += taken + len(done.trace)
    second = method.curvature.hessians(problem.space.size(done.start), taken, asked)
    return Evaluations(trials, trials if trial_observation(method) == GRADIENT else taken, second)


def host_counts(problem: Any) -> Evaluations:
    """Calls of the user's functions by this attempt: the first one's include the look at the functions before it."""
    taken = problem.evaluations.take()
    return Evaluations(taken.value, taken.gradient, taken.hessian)
