"""The point where a run ended, with everything that its certificate needs of it."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.around import TINY
from raphson.calculus.colored import SPARSE
from raphson.calculus.difference import final_derivatives, host_gradient
from raphson.calculus.slopes import slope_differences
from raphson.calculus.taylor import HESSIAN, PRODUCT, VALUE, Observation, evaluate_compiled
from raphson.certificate.shape import WHOLE
from raphson.kernel.number import eps
from raphson.kernel.product import coordinates
from raphson.kernel.program import Program
from raphson.kernel.status import Status
from raphson.operators.dense import Measured
from raphson.operators.sparse import Sparse
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HOST, Callback, OutOfCalls
from raphson.problems.least_squares import LeastSquares
from raphson.problems.modes import FORWARD
from raphson.solver.drive import Run
from raphson.solver.saddle import factorized
from raphson.solver.step import Method, State

LARGEST = 600
"""Up to so many variables the certificate forms H where the method has none; above, products with it have to do.

H of n = 1000 and its factor took 3 s where the run took 0.1 (chained Rosenbrock), of n = 3000 16 s."""


LARGEST_FORWARD = 300
"""The same where there is no reverse mode: H costs n^2 evaluations."""


def forms_hessian(problem: Any, x: Any, most: int | None = None) -> bool:
    """Whether H is formed; `most`: up to so many variables (None: `LARGEST`)."""
    forwards = not isinstance(problem, HOST) and modes_of(problem, x).gradient == FORWARD
    return problem.space.size(x) <= (LARGEST_FORWARD if forwards else LARGEST if most is None else most)


def end_observation(problem: Any, x: Any) -> Observation:
    """What a certificate needs at the end: H, dense or sparse, or products with it."""
    if factorized(problem):
        return SPARSE
    return HESSIAN if forms_hessian(problem, x) else PRODUCT


def with_sparse_hessian(state: State, problem: Any) -> State:
    """The state with the sparse H at its point, where the problem knows its sparsity and the method took no H."""
    model = state.model
    if not factorized(problem) or model.curvature.compact or not np.isfinite(float(model.value)):
        return state
    B = evaluate(problem, model.x, SPARSE).curvature
    return replace(state, iterate=replace(state.iterate, model=replace(model, curvature=B)))


def final_state(done: Run, problem: Any) -> State:
    """The last state, or the best point where a method that may climb was stopped at a worse one."""
    state = done.state
    if isinstance(problem, Callback):
        return final_host_state(state, problem)
    if done.status in (Status.CONVERGED, Status.NOISE, Status.UNBOUNDED):
        return state
    if float(state.best.value) >= float(state.model.value):
        return state
    if isinstance(problem, HOST):  # residuals are looked at again anyway, with everything
        return replace(state, iterate=replace(state.iterate, model=replace(state.model, x=state.best.x)))
    seen = evaluate(problem, state.best.x, end_observation(problem, state.best.x))
    B = state.model.curvature if seen.curvature is None else seen.curvature
    model = replace(state.model, x=seen.x, value=seen.value, gradient=seen.gradient, curvature=B)
    return replace(state, iterate=replace(state.iterate, model=model))


SNAP = 0.25
"""Power of eps: a variable so small beside the largest it was may be on its way to 0, where x^4 has lost its digits."""


HALTED = (Status.TIME, Status.USER)
"""How a run is ended by somebody who waits for it."""


def snapped(done: Run, state: State, problem: Any) -> tuple[Run, State]:
    """Variables on their way to 0 put to 0, where that makes f smaller; the run has then arrived.

    A degenerate minimum at 0 (Powell's singular function) is approached linearly until H is lost in rounding, and
    no digit of x is its last one. A run that was ended from outside (`HALTED`) keeps its x, unless all residuals are 0
    there: CUTEst's 10FOLDTR, whose root is of multiplicity ten, came to 1e-64 in a minute.
    """
    if not problem.space.straight:
        return done, state
    here = flat(state.x)
    size = np.abs(here)
    with np.errstate(invalid="ignore"):
        small = (size > 0) & (size <= eps(state.model.gradient) ** SNAP * np.asarray(state.iterate.stop_state.largest))
    ends = (Status.CONVERGED, Status.NOISE, Status.STALLED, Status.STEPS)
    halted = done.status in HALTED and isinstance(problem, LeastSquares)
    if not small.any() or not (done.status in ends or halted):
        return done, state
    there, _, cut = problem.space.move(state.x, jnp.asarray(np.where(small, -here, 0)))
    try:
        value = float(evaluate(problem, there, VALUE).value)
        rests = halted and np.any(np.asarray(problem.residuals(there)) != 0)  # their squares may vanish before them
        if bool(cut) or not value < float(state.model.value) or rests:
            return done, state
        if isinstance(problem, HOST):
            moved = replace(state, best=replace(state.best, x=there, value=problem.value(np.asarray(there))))
            return replace(done, status=Status.CONVERGED), final_state(replace(done, state=moved), problem)
    except OutOfCalls:
        return done, state
    seen = evaluate(problem, there, end_observation(problem, there))
    if not np.all(np.isfinite(np.asarray(seen.gradient))):  # sqrt(x^2 + y^2) has no derivative at 0 to show anything by
        return done, state
    model = replace(state.model, x=seen.x, value=seen.value, gradient=seen.gradient, curvature=seen.curvature)
    return replace(done, status=Status.CONVERGED), replace(state, iterate=replace(state.iterate, model=model))


DIFFERENCES, WITH_SLOPES = 300, 1000
"""Up to so many variables a Hessian by differences is worth its certificate: n^2 calls of f, or two n of a gradient
that was given."""


def looked_through(problem: Callback, n: int) -> bool:
    """Whether H of a host function of n variables is had at the end, by its user or by differences."""
    known = problem.hessian is not None or problem.sparsity is not None
    return known or n <= (DIFFERENCES if problem.gradient is None else WITH_SLOPES)


def final_host_state(state: State, problem: Callback) -> State:
    """The best point of a host function with derivatives as good as they can be had; those of the run where no
    calls are left for them, and where there are too many variables for a Hessian."""
    model = state.model
    if float(state.best.value) < float(model.value):
        unknown = np.full_like(np.asarray(model.gradient), np.nan)
        model = replace(model, x=state.best.x, value=state.best.value, gradient=unknown)
    whole = looked_through(problem, model.gradient.size)
    problem.lengths.slope_error = None
    if np.isfinite(float(model.value)):
        try:
            if not whole:
                g = np.asarray(model.gradient)
                g = host_gradient(problem, model.x, float(model.value)) if np.isnan(g).any() else g
                return replace(state, iterate=replace(state.iterate, model=replace(model, gradient=g)))
            if problem.sparsity is not None:
                return with_final_entries(state, model, problem)
            plain = problem.hessian is None and model.gradient.size > DIFFERENCES
            found: Any = (
                slope_differences(problem, np.array(model.x)) if plain
                else final_derivatives(problem, model.x, float(model.value))
            )  # fmt: skip
        except OutOfCalls:
            return replace(state, iterate=replace(state.iterate, model=model))
        d = np.sqrt(np.maximum(np.abs(np.diagonal(found.hessian)), TINY))
        with np.errstate(over="ignore", divide="ignore"):  # no curvature at all: nothing is known of its error
            problem.lengths.error = float(np.max(found.error / np.outer(d, d), initial=eps(d)))
        problem.lengths.slope_error = found.slope_error
        model = replace(model, gradient=found.gradient, curvature=Measured(found.hessian, found.error))
    return replace(state, iterate=replace(state.iterate, model=model))


def with_final_entries(state: State, model: Any, problem: Callback) -> State:
    """The same with a sparse Hessian, as its user gives it or as good as it can be had by differences."""
    g: Any = host_gradient(problem, model.x, float(model.value))
    entries, problem.lengths.error = problem.sparsity.final(problem, np.array(model.x))
    model = replace(model, gradient=g, curvature=Sparse(entries, problem.sparsity.structure))
    return replace(state, iterate=replace(state.iterate, model=model))


def why_unseen(n: int) -> str:
    """Why H of a host function of n variables was not looked at."""
    if n > DIFFERENCES:
        return f"{n} variables are too many for H by differences"
    return "no calls of the function were left to look at H"


def evaluate(problem: Any, x: Any, what: Observation = HESSIAN) -> Any:
    """Everything at one point, dense if not asked otherwise."""
    return what.evaluate(problem, x) if isinstance(problem, HOST) else evaluate_compiled(problem, x, what)


def hessian_of(model: Any, method: Method, problem: Any) -> np.ndarray | None:
    """The exact Hessian at the end: the run's own, or computed once; None for too many variables."""
    if model.curvature.compact and problem.space.size(model.x) > WHOLE:
        return None  # factorized as it is
    if model.curvature.doubt() is not None or model.curvature.compact:
        return np.asarray(model.curvature.dense())
    if isinstance(problem, HOST):
        return None
    stored = model.curvature.stored() if method.curvature.exact else None
    if stored is not None:
        return np.asarray(stored)
    if not forms_hessian(problem, model.x) or not np.isfinite(float(model.value)):
        return None
    return np.asarray(evaluate(problem, model.x).curvature.dense())


def flat(x: Any) -> np.ndarray:
    """x as one vector."""
    return np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])


def sizes(x: Any) -> np.ndarray:
    """What steps from x are measured by (n,) where no space is curved: |x|."""
    return np.abs(flat(x))


curved_way = Program(
    lambda space, x, start: jnp.stack(
        [space.magnitude(x), space.magnitude(start), coordinates(space, x) - coordinates(space, start)]
    )
)


def way_of(space: Any, x: Any, start: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What steps are measured by at x and at the start, and the way from there (n,): |x|, |start| and x - start, or
    what a curved space says. Where it is curved there is no far."""
    if space.straight:
        return sizes(x), sizes(start), flat(x) - flat(start)
    here, there, way = np.asarray(curved_way(space, x, start))
    return here, there, way
