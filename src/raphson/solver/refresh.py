"""The same point seen by another problem: how a run goes on with the next batch."""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
from jax import lax

from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import all_finite
from raphson.kernel.trace import SCALARS, Trial
from raphson.kernel.typing import Problem
from raphson.model.bounds import reduce_to_free
from raphson.solver.step import Array, Method, State, arrive
from raphson.solver.stop import init_stop_state


def refresh(method: Method, problem: Problem, state: State, seen: Evaluation | None = None) -> tuple[State, Array]:
    """The state at the same x with f, gradient, model and plan of `problem`, and whether these are finite.

    The control (radius, damping) and what the curvature remembers are kept; best value and stopping rules begin anew,
    since values of two problems do not compare. A state that has evaluated nothing yet (`init`) gets what the first
    step would give it: so this is also how a run begins. `seen`: what is known at x already.
    """
    what = method.curvature.observation
    seen = what.evaluate(problem, state.x) if seen is None else what.complete(problem, seen)
    space, memory = problem.space, state.iterate.memory
    model, memory = method.curvature.model(space, seen, space.zero(state.x), memory)
    loose = reduce_to_free(model)
    control = lax.cond(state.k < 0, lambda: method.control.start(loose), lambda: state.control)
    iterate = arrive(method, state, model, memory, control, init_stop_state(model), still(model.value, model.gradient))
    best = Evaluation(state.x, model.value)
    fine = jnp.isfinite(model.value) & all_finite(model.gradient)
    k, running = jnp.maximum(state.k, 0), jnp.zeros_like(state.status)
    return State(iterate, control, best, k, running, jnp.ones((), bool)), fine


def still(value: Array, gradient: Array) -> Trial:
    """The trial that goes nowhere."""
    blank, no = jnp.full_like(value, jnp.nan), jnp.zeros((), bool)
    known = {
        **dict.fromkeys(("predicted", "slope", "length", "noise"), jnp.zeros_like(value)),
        **dict.fromkeys(("bound", "accepted"), no),
        "inner": jnp.zeros((), jnp.int32),
        "value": value,
    }
    return Trial(**{name: known.get(name, blank) for name in SCALARS}, step=jnp.zeros_like(gradient))


def damped_further(state: State, factor: Any = 0.25) -> State:
    """The state with a smaller tau: a shorter radius or step, a larger damping."""
    return replace(state, control=replace(state.control, tau=factor * state.control.tau))
