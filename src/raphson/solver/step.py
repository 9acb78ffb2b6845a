"""The step: try, evaluate, judge, accept. The same for every method."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.calculus.taylor import GRADIENT, VALUE, Observation
from raphson.controls.quality import quality
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import all_finite, eps, norm
from raphson.kernel.product import box_of
from raphson.kernel.record import record
from raphson.kernel.status import Status
from raphson.kernel.trace import Trial
from raphson.kernel.typing import Control, Path, Problem, Space
from raphson.model.bounds import reduce_to_free
from raphson.model.curvature import Curvature
from raphson.model.quadratic import Model
from raphson.paths.proposal import Proposal
from raphson.solver.stop import Stop, StopState, arrival, init_stop_state, negligible

Array = jax.Array


@record
class Method:
    """A method: where curvature comes from, which curve of steps is tried, how trials are judged, when to stop."""

    curvature: Curvature
    path: Path
    control: Control
    stop: Stop = Stop()

    def __post_init__(self) -> None:
        path, control = getattr(self.path, "unit", None), getattr(self.control, "unit", None)
        if path is not None and control is not None and path != control:
            raise ValueError(
                f"a {type(self.path).__name__} path is walked in tau = {path}, but {type(self.control).__name__} "
                f"controls tau = {control}; choose a control of the path's unit"
            )


@record
class Iterate:
    """Everything that changes only when we move."""

    model: Model
    memory: Any
    plan: Any
    stop_state: StopState

    @property
    def x(self) -> Any:
        """The point."""
        return self.model.x


@record
class State:
    """Exactly what the next step needs. k counts trials, -1 before the first point was evaluated;
    `fresh`: none was made yet from this point."""

    iterate: Iterate
    control: Any
    best: Evaluation
    k: Array
    status: Array
    fresh: Array

    @property
    def x(self) -> Any:
        """The current point."""
        return self.iterate.model.x

    @property
    def model(self) -> Model:
        """The local quadratic at the current point."""
        return self.iterate.model


def step(method: Method, problem: Problem, state: State) -> tuple[State, Trial]:
    """One trial: propose s(tau), evaluate f there, judge, and if it is taken go there and plan anew.

    The very first step has length zero: it evaluates and accepts x0, so the code that
    evaluates f and its derivatives is compiled once for a run.
    """
    proposal, x = propose(method, problem.space, state)
    seen = trial_observation(method).evaluate(problem, x)
    trial, control = appraise(method, state, proposal, seen)
    iterate, control, trial = lax.cond(
        trial.accepted,
        lambda: accept_step(method, problem, state, seen, control, trial),
        lambda: (state.iterate, control, trial),
    )
    return conclude(method, state, iterate, control, trial)


def trial_observation(method: Method) -> Observation:
    """What is evaluated at a trial: f, and the slope where the control judges by it, too."""
    return GRADIENT if getattr(method.control, "slopes", False) else VALUE


def propose(method: Method, space: Space, state: State) -> tuple[Proposal, Any]:
    """The step that the path suggests for the control's tau, and the point it leads to."""
    proposal = method.path.at(state.iterate.plan, state.control.tau)
    x, s, cut = space.move(state.iterate.x, jnp.where(state.k < 0, 0, proposal.s))
    return replace(proposal, s=s, bound=proposal.bound | cut), x


def appraise(method: Method, state: State, proposal: Proposal, seen: Evaluation) -> tuple[Trial, Any]:
    """What came of the proposal, and the control's judgment of it."""
    model, s = state.iterate.model, proposal.s
    slope, bend = model.gradient @ s, proposal.bend
    # Bounds cut steps, and the path has seen a model that they changed; the first step of all is zero.
    if bend is None or box_of(model.space, model.x) is not None:
        predicted = model.decrease(s)
    else:
        predicted = -(slope + 0.5 * jnp.where(state.k < 0, 0, bend))
    value = seen.value.astype(model.value.dtype)
    noise = model.floor
    actual, ratio = quality(model.value, value, predicted, noise)
    blank = jnp.full_like(model.value, jnp.nan)
    trial = Trial(
        value=value,
        predicted=predicted,
        actual=actual,
        ratio=ratio,
        slope=slope,
        end_slope=blank if seen.gradient is None else seen.gradient @ outward(model.space, model.x, s, seen.x),
        noise=noise,
        tau=state.control.tau,
        length=norm(model.scale * s),
        inner=proposal.inner + jnp.where(state.fresh, proposal.prepared, 0),
        bound=proposal.bound,
        accepted=jnp.zeros((), bool),
        gradient_norm=blank,
        step=s,
    )
    accepted, control = method.control.judge(state.control, trial)
    return replace(trial, accepted=accepted | (state.k < 0)), control


def accept_step(
    method: Method, problem: Problem, state: State, seen: Evaluation, control: Any, trial: Trial
) -> tuple[Iterate, Any, Trial]:
    """The derivatives at the new point, and all that follows from them."""
    seen = method.curvature.observation.complete(problem, seen)
    return accept_if_finite(method, problem.space, state, seen, control, trial)


def accept_if_finite(
    method: Method, space: Space, state: State, seen: Evaluation, control: Any, trial: Trial
) -> tuple[Iterate, Any, Trial]:
    """Model, stopping rules and plan at the new point, if its derivatives are finite; else a rejected trial."""
    first = state.k < 0
    s, memory = remembered(method.curvature, space, state, trial.step)
    model, memory = method.curvature.model(space, seen, s, memory)

    def accept() -> tuple[Iterate, Any, Trial]:
        loose = reduce_to_free(model)
        begun = lax.cond(first, lambda: method.control.start(loose), lambda: control)
        return arrive(method, state, model, memory, begun, state.iterate.stop_state, trial), begun, trial

    def reject_nonfinite() -> tuple[Iterate, Any, Trial]:
        shorter = replace(state.control, tau=0.25 * state.control.tau)
        return state.iterate, shorter, replace(trial, accepted=jnp.zeros((), bool))

    return lax.cond(first | finite(seen, model), accept, reject_nonfinite)


def arrive(
    method: Method, state: State, model: Model, memory: Any, control: Any, stop_state: StopState, trial: Trial
) -> Iterate:
    """The stopping rules at the new point, and the plan from there."""
    loose = reduce_to_free(model)
    stop_state = arrival(method.stop, loose, stop_state, trial)
    known = loose.curvature.remembering(getattr(state.iterate.plan, "pairs", None))
    plan = planned(method, replace(loose, curvature=known), control.tau, stop_state)
    return Iterate(model, memory, plan, stop_state)


def planned(method: Method, model: Model, tau: Array, stop_state: StopState) -> Any:
    """What the path prepares at a new point. A run that asks of f when to stop (`Stop.gain`) has few steps, each with a
    factorization, and spares that of its last point: the plan is zeros there."""
    prepare = lambda: method.path.prepare(model, tau)
    if method.stop.gain is None:
        return prepare()
    nothing = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(prepare))
    return lax.cond(stop_state.status == Status.RUNNING, prepare, lambda: nothing)


def remembered(curvature: Curvature, space: Space, state: State, s: Array) -> tuple[Array, Any]:
    """The step made and the memory of its start, as the tangent space of its end sees them: carried in parallel."""
    memory = state.iterate.memory
    if space.straight or not curvature.learned:
        return s, memory
    transport = lambda v: space.transport(state.iterate.x, s, v)
    return transport(s), curvature.carried(transport, memory)


def outward(space: Space, x: Any, s: Array, y: Any) -> Array:
    """The velocity with which t -> retract(x, t s) arrives at y = retract(x, s), in the tangent space there."""
    if space.straight:
        return s
    one = jnp.ones((), s.dtype)
    return jax.jvp(lambda t: space.difference(space.retract(x, t * s), y), (one,), (one,))[1]


def finite(seen: Evaluation, model: Model) -> Array:
    """Whether the derivatives at a point can be used (a point where f is -inf can: the run ends there)."""
    fine = all_finite(seen.gradient)
    if seen.curvature is not None:
        fine = fine & seen.curvature.finite() & model.curvature.finite()
    return fine | (seen.value == -jnp.inf)


def select(flag: Array, new: Any, old: Any) -> Any:
    """`new` where the flag is set, else `old`, leaf by leaf."""
    return jax.tree.map(lambda a, b: jnp.where(flag, a, b), new, old)


def conclude(method: Method, state: State, iterate: Iterate, control: Any, trial: Trial) -> tuple[State, Trial]:
    """The status after this trial, and the best point so far."""
    k = state.k + 1
    size = iterate.model.space.magnitude(state.x)
    still = (negligible(trial.step, size, eps(size)) | (trial.length == 0)) & (state.k >= 0)
    # A full step that promises less than the noise of f and makes f worse: there is nothing left to see.
    promise = jnp.maximum(trial.predicted, -trial.slope)
    model, reference = state.iterate.model, state.iterate.stop_state.reference
    short = trial.length <= eps(size) ** 0.5 * norm(model.scale * model.space.magnitude(model.x))
    least = jnp.where(short, jnp.maximum(trial.noise, eps(size) ** 2 * reference), trial.noise)
    # The same trial again: in the noise of f a bracket closes on a point whose slope, rounding too, forbids it.
    again = control.tau == state.control.tau
    blind = ~trial.accepted & (~trial.bound | again) & (promise <= least)
    status = jnp.where(trial.accepted, iterate.stop_state.status, jnp.where(blind, Status.NOISE, Status.RUNNING))
    status = jnp.where((status == Status.RUNNING) & still, Status.STALLED, status)
    status = jnp.where((status == Status.RUNNING) & (k >= method.stop.max_steps), Status.STEPS, status)
    better = trial.accepted & ~(iterate.model.value >= state.best.value)
    best = select(better, Evaluation(iterate.x, iterate.model.value), state.best)
    gradient_norm = jnp.max(jnp.abs(reduce_to_free(iterate.model).gradient))
    state = State(iterate, control, best, k, status.astype(jnp.int32), trial.accepted)
    return state, replace(trial, gradient_norm=gradient_norm)


def blank(method: Method, problem: Problem, x: Any) -> State:
    """A state of zeros at x, before the first evaluation: the shapes of everything, and nothing else."""
    return jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(lambda: shape_of(method, problem, x)))


def shape_of(method: Method, problem: Problem, x: Any) -> State:
    """A first state computed plainly; only its shapes are used (`blank`)."""
    seen = method.curvature.observation.blank(problem, x)
    memory = method.curvature.start(problem, x)
    model, memory = method.curvature.model(problem.space, seen, problem.space.zero(x), memory)
    iterate = Iterate(model, memory, method.path.prepare(reduce_to_free(model)), init_stop_state(model))
    zero = jnp.zeros((), jnp.int32)
    return State(iterate, method.control.start(model), Evaluation(x, model.value), zero, zero, zero > 0)


def init(method: Method, problem: Problem, x: Any) -> State:
    """The state from which the first step starts: shapes alone, with x, the empty memory and no best value."""
    state = blank(method, problem, x)
    model = replace(state.iterate.model, x=x)
    memory = method.curvature.start(problem, x)
    iterate = replace(state.iterate, model=model, memory=memory, stop_state=init_stop_state(model))
    best = Evaluation(x, jnp.full_like(model.value, jnp.inf))
    return State(iterate, state.control, best, jnp.full((), -1, jnp.int32), jnp.zeros((), jnp.int32), state.fresh)


def in_units(state: State, units: Any) -> State:
    """An initial state whose memory has these units of the variables, for a curvature that is `scaled`."""
    return replace(state, iterate=replace(state.iterate, memory=replace(state.iterate.memory, units=units)))
