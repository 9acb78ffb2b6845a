"""Leaving saddles: a run that came to rest where f curves downwards goes on, whatever the method.

The examination stands outside the loop of steps: it is needed once, at the end of a run, and inside it cost a fifth
of the compilation and of every step.
"""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.calculus.colored import SPARSE
from raphson.calculus.taylor import evaluate_compiled
from raphson.kernel.branch import cond_under_vmap
from raphson.kernel.number import eps, norm, tiny
from raphson.kernel.program import Program
from raphson.kernel.status import Status
from raphson.linear.sparse import sparse_backend
from raphson.linear.structure import host_pattern
from raphson.model.bounds import reduce_to_free
from raphson.model.quadratic import Model
from raphson.problems.callback import HOST
from raphson.solver.step import Iterate, Method, State
from raphson.solver.stop import StopState

Array = jax.Array

STATIONARY = (Status.CONVERGED, Status.NOISE)
"""What a run ends with that came to rest."""


def stationary(status: Any) -> Any:
    """Whether the stopping rules see rest, at a minimum or not."""
    return (status == Status.CONVERGED) | (status == Status.NOISE)


def may_rest_on_saddle(state: State, problem: Any) -> bool:
    """On the host: False where a run has not come to rest, or where H is plainly positive semidefinite.

    H with half the shift of `noise_shift` on its diagonal has a Cholesky factor: the examination, with the whole
    shift, would find nothing. Bounds only take rows and columns out of it. A sparse H, which a run by products forms
    here, has a sparse factor: compiling the examination is a third of what a first call compiles.
    """
    model = state.iterate.model
    if int(state.iterate.stop_state.status) not in STATIONARY or model.curvature.semidefinite:
        return False
    found = sparse_at(model, problem)
    if found is not None:
        return not plainly_definite(found, np.asarray(model.scale, float))
    matrix = model.curvature.stored()
    if matrix is None:
        return True
    d = np.asarray(model.scale, float)
    H = np.asarray(matrix, float) / d[:, None] / d
    diagonal = np.einsum("ii->i", H)  # a view
    diagonal += 2 * len(d) * eps(model.gradient) * max(np.abs(diagonal).max(), tiny(d))
    try:
        np.linalg.cholesky(H)
    except np.linalg.LinAlgError:
        return True
    return False


def factorized(problem: Any) -> bool:
    """Whether the problem knows the sparsity of its Hessian, and that a factor costs little enough."""
    known = getattr(problem, "sparsity", None)
    return known is not None and known.direct


def sparse_at(model: Model, problem: Any) -> Any:
    """H on its pattern (`Sparse`) at the point of a model, where there is one whose factor fits; else None."""
    if model.curvature.compact:
        return model.curvature
    if isinstance(problem, HOST) or not factorized(problem):
        return None
    return evaluate_compiled(problem, model.x, SPARSE).curvature


def plainly_definite(H: Any, d: np.ndarray) -> bool:
    """Whether H in variables scaled by d, half the noise shift on its diagonal, has a factor; on the host."""
    structure = H.structure
    rows, columns = host_pattern(structure)
    values = np.asarray(H.values, float) / d[rows] / d[columns]
    if not np.isfinite(values).all():
        return False
    diagonal = np.asarray(structure.diagonal)
    values[diagonal] += 2 * len(d) * eps(H.values) * max(np.abs(values[diagonal]).max(), tiny(d))
    return sparse_backend().host_factor(structure, values) is not None


def leave_saddle(method: Method, state: State) -> State:
    """The state to go on from where a run rests on a saddle: planned with a tilted model; elsewhere the state itself.

    The gradient of the tilted model points up a direction of negative curvature, by as much as
    makes the step along it a tenth of x, so every path leaves, also from exactly on the saddle.
    The trial is judged by the true model.
    Source: More and Sorensen (1979), "On the use of directions of negative curvature".
    """
    iterate = state.iterate
    if iterate.model.curvature.semidefinite:
        return state
    model, stop_state = reduce_to_free(iterate.model), iterate.stop_state
    nothing = (jnp.zeros((), bool), jnp.zeros_like(model.scale))
    saddle, v = cond_under_vmap(
        stationary(stop_state.status), lambda m: m[0].negative_curvature(m[1]), (model.curvature, model.scale), nothing
    )
    rest = jnp.where(state.k >= method.stop.max_steps, Status.STEPS, Status.RUNNING).astype(jnp.int32)
    stop_state = replace(
        stop_state,
        status=jnp.full_like(stop_state.status, Status.RUNNING),
        stagnated=jnp.zeros_like(stop_state.stagnated),
    )

    def onward() -> State:
        # The control begins anew: a radius of rounding, from a start on the saddle, would take 50 trials to grow.
        away = tilted(model, v)
        begun = method.control.start(away)
        # Where H is indefinite a preconditioner gains little, and takes 3 s to compile.
        plain = replace(away, curvature=away.curvature.bare())
        there = Iterate(iterate.model, iterate.memory, method.path.prepare(plain, begun.tau), stop_state)
        return State(there, begun, state.best, state.k, rest, saddle)

    return lax.cond(saddle, onward, lambda: state)


def tilted(model: Model, v: Array) -> Model:
    """The model with a slope that leads away along v, a unit vector in scaled variables."""
    d = model.scale
    down = jnp.where(v @ (model.gradient / d) > 0, -1, 1) * v
    reach = 0.1 * norm(d * model.space.magnitude(model.x))
    pull = jnp.abs(model.curvature.quadratic(v / d)) * jnp.where(reach > 0, reach, 1)
    return replace(model, gradient=model.gradient - d * pull * down)


def changed(state: State) -> tuple[Any, StopState, Any, Array, Array]:
    """What leaving a saddle changes in a state; a model comes out of compiled code as a copy, data included."""
    return state.iterate.plan, state.iterate.stop_state, state.control, state.status, state.fresh


departed = Program(lambda method, state: changed(leave_saddle(method, state)))


def leave(method: Method, problem: Any, state: State) -> State:
    """A run that rests on a saddle goes on; on the host, without compiled code where there is plainly none."""
    if not may_rest_on_saddle(state, problem):
        return state
    plan, stop_state, control, status, fresh = departed(method, state)
    iterate = replace(state.iterate, plan=plan, stop_state=stop_state)
    return replace(state, iterate=iterate, control=control, status=status, fresh=fresh)
