"""Evidence for the certificate, gathered at the end of a run."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.around import TINY, limits_of
from raphson.calculus.difference import SECOND, bent_residuals, final_derivatives, host_gradient
from raphson.calculus.taylor import look
from raphson.kernel.look import HESSIAN, PRODUCT
from raphson.kernel.number import default_tolerance, eps
from raphson.kernel.program import Program
from raphson.kernel.status import Status
from raphson.kernel.trace import Trace
from raphson.model.curvature import Exact, Scales, filled, natural_scale
from raphson.operators.dense import Dense, Measured
from raphson.problems.allowed import hessian_error, modes_of
from raphson.problems.callback import HOST, Callback, Lengths, OutOfCalls
from raphson.problems.modes import FORWARD
from raphson.solver.bounds import active_bounds, held_words
from raphson.solver.certificate import Certificate, Evidence, certify
from raphson.solver.drive import Run
from raphson.solver.examine import Shape, examine_free, examine_products
from raphson.solver.step import Method, State

PACES = 10
"""Steps that a drift is told from."""

LARGEST = 4000
"""Up to so many variables the certificate forms H; above, products with it have to do."""

LARGEST_FORWARD = 300
"""The same where there is no reverse mode: H costs n^2 evaluations."""


def forms_hessian(problem: Any, x: Any) -> bool:
    """Whether H is formed."""
    forwards = not isinstance(problem, HOST) and modes_of(problem, x).gradient == FORWARD
    return problem.space.size(x) <= (LARGEST_FORWARD if forwards else LARGEST)


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
        return replace(state, place=replace(state.place, model=replace(state.model, x=state.best.x)))
    order = HESSIAN if forms_hessian(problem, state.best.x) else PRODUCT
    seen = evaluate(problem, state.best.x, order)
    B = state.model.curvature if seen.curvature is None else seen.curvature
    model = replace(state.model, x=seen.x, value=seen.value, gradient=seen.gradient, curvature=B)
    return replace(state, place=replace(state.place, model=model))


DIFFERENCES = 300
"""Up to so many variables a Hessian by differences, n^2 calls of f, is worth its certificate."""


def final_host_state(state: State, problem: Callback) -> State:
    """The best point of a host function with derivatives as good as they can be had; those of the run where no
    calls are left for them, and where there are too many variables for a Hessian."""
    model = state.model
    if float(state.best.value) < float(model.value):
        unknown = np.full_like(np.asarray(model.gradient), np.nan)
        model = replace(model, x=state.best.x, value=state.best.value, gradient=unknown)
    whole = model.gradient.size <= DIFFERENCES or problem.hessian is not None
    if np.isfinite(float(model.value)):
        try:
            if not whole:
                g = np.asarray(model.gradient)
                g = host_gradient(problem, model.x, float(model.value)) if np.isnan(g).any() else g
                return replace(state, place=replace(state.place, model=replace(model, gradient=g)))
            found: Any = final_derivatives(problem, model.x, float(model.value))
        except OutOfCalls:
            return replace(state, place=replace(state.place, model=model))
        d = np.sqrt(np.maximum(np.abs(np.diagonal(found.hessian)), TINY))
        with np.errstate(over="ignore", divide="ignore"):  # no curvature at all: nothing is known of its error
            problem.lengths.error = float(np.max(found.error / np.outer(d, d), initial=eps(d)))
        model = replace(model, gradient=found.gradient, curvature=Measured(found.hessian, found.error))
    return replace(state, place=replace(state.place, model=model))


def evaluate(problem: Any, x: Any, order: int = HESSIAN) -> Any:
    """Everything at one point, dense if not asked otherwise."""
    return look(problem, x, order) if isinstance(problem, HOST) else looked(problem, x, order)


looked = Program(lambda problem, x, order=HESSIAN: look(problem, x, order), static_argnames=("order",))


units = Program(lambda H: filled(natural_scale(H, jnp.zeros_like(H[0]))[0]))


def hessian_of(model: Any, method: Method, problem: Any) -> np.ndarray | None:
    """The exact Hessian at the end: the run's own, or computed once; None for too many variables."""
    if isinstance(model.curvature, Measured):
        return np.asarray(model.curvature.matrix)
    if isinstance(problem, HOST):
        return None
    if isinstance(method.curvature, Exact) and isinstance(model.curvature, Dense):
        return np.asarray(model.curvature.matrix)
    if not forms_hessian(problem, model.x) or not np.isfinite(float(model.value)):
        return None
    return np.asarray(evaluate(problem, model.x).curvature.matrix)


def certificate_of(
    done: Run, state: State, H: np.ndarray | None, problem: Any, tol: float | None, names: Any = None
) -> Certificate:
    """The evidence, and what follows from it. `names` of the variables; None: x1, x2, ..."""
    model, memory = state.model, state.place.memory
    g, seen, scale = np.asarray(model.gradient), np.asarray(state.place.watch.seen), np.asarray(model.scale)
    if H is not None and np.all(scale == 1):
        scale = np.asarray(units(H))
    peak = np.asarray(memory.peak, float) if isinstance(memory, Scales) else None
    unit = scale if peak is None else np.where(peak > 0, peak, scale)
    magnitude = sizes(model.x)
    # A variable whose minimum is at 0 has no size of its own: a thousandth of what was large, in natural units.
    with np.errstate(all="ignore"):  # where H or x is not finite, sizes are not, and nothing is shown by them
        size = np.maximum(magnitude, 1e-3 * np.maximum(seen, np.max(unit * magnitude) / unit)).astype(float)
        size = size if np.any(size > 0) else np.ones_like(size)  # a run that never left x0 = 0 knows no size at all
    sides = active_bounds(problem.space, g, model.x)
    g = np.where(sides != 0, 0, g)
    names = Numbered() if names is None else names
    shape = shape_of(problem, model, H, g, scale, size, sides != 0, names)
    return certify(
        Evidence(
            value=float(model.value),
            gradient=g.astype(float),
            shape=shape,
            size=size,
            last=last_moves(done.trace, size),
            status=done.status,
            eps=eps(g),
            noise=float(model.floor),
            tolerance=10 * (default_tolerance(g) if tol is None else tol),
            peak=peak,
            first=abs(done.trace.start_value),
            falls=falls_along(problem, model, shape),
            steep=steep_falls(problem, model, g, size),
            bends=bends_along(problem, model, shape, scale),
            start=sizes(done.start),
            drifts=drifts(done.trace, model.x, size),
            held=held_words(problem.space, sides, names),
            names=names,
            unseen=H is None and isinstance(problem, HOST) and finite(model, g),
            why_unseen=f"{len(g)} variables are too many for H by differences"
            if len(g) > DIFFERENCES
            else "no calls of the function were left to look at H",
        )
    )


def shape_of(
    problem: Any, model: Any, H: np.ndarray | None, g: np.ndarray, scale: np.ndarray, size: np.ndarray,
    held: np.ndarray, names: Any,
) -> Shape | None:  # fmt: skip
    """The shape of the Hessian: dense, by products where it is too large, None where it is not finite or not seen."""
    if not finite(model, g):
        return None
    if H is None:
        return None if isinstance(problem, HOST) else examine_products(problem, model.x, g, size, held)
    if not np.all(np.isfinite(H)):
        return None
    doubt = np.asarray(model.curvature.error) if isinstance(model.curvature, Measured) else None
    if doubt is not None and not np.all(np.isfinite(doubt)):
        return None
    error = eps(g) if isinstance(problem, HOST) else max(eps(g), hessian_error(problem, model.x, eps(g)))
    return examine_free(H.astype(float), g.astype(float), scale.astype(float), size, error, held, names, doubt)


def finite(model: Any, g: np.ndarray) -> bool:
    """Whether f and g are finite."""
    return bool(np.isfinite(float(model.value)) and np.all(np.isfinite(g)))


def falls_along(problem: Any, model: Any, shape: Shape | None) -> float:
    """By how much f is lower at the probes along flat directions: a flat saddle, or a valley that slopes down."""
    if shape is None or not shape.probes:
        return 0.0
    if isinstance(problem, HOST):
        return host_falls(problem, model, shape)
    value = lambda x: float(valued(problem, x))
    steps = [jnp.asarray(s, model.gradient.dtype) for s in shape.probes]
    lower = [float(model.value) - value(problem.space.move(model.x, s)[0]) for s in steps]
    return max([a for a in lower if np.isfinite(a)], default=0.0)


LADDER = (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Parts of x by which a host function is looked at along directions in which differences saw nothing: a staircase has
steps of any width."""


def host_falls(problem: Any, model: Any, shape: Shape) -> float:
    """By how much f is lower on a ladder of steps along flat directions, to both sides; 0 where no calls are left."""
    low, high, _ = limits_of(problem.space, np.asarray(model.x))
    best = float(model.value)
    try:
        for s in shape.probes[3::4]:
            for t in LADDER:
                for step in (t * s, -t * s):
                    x = np.clip(np.asarray(model.x) + step, low, high).astype(np.asarray(model.x).dtype)
                    value = problem.value(x)
                    best = value if value < best else best
    except OutOfCalls:
        pass
    return float(model.value) - best


STEEP = (1e-4, 1e-3, 1e-2, 0.1)
"""Parts of x by which a host function is looked at along -g: farther than the accuracy that a minimum is shown to."""


def steep_falls(problem: Any, model: Any, g: np.ndarray, size: np.ndarray) -> float:
    """By how much a host function is lower some way along -g, in the variable that promises most; 0 where it rises.

    A slope without end (a root or logarithm at its edge) makes differences of any step, and a curvature that grows
    faster: their Newton step says that x is there.
    """
    if not isinstance(problem, HOST) or not np.all(np.isfinite(g)) or not np.any(g):
        return 0.0
    low, high, _ = limits_of(problem.space, np.asarray(model.x))
    x, i = np.asarray(model.x), int(np.argmax(np.abs(g) * size))
    best = float(model.value)
    try:
        for t in STEEP:
            there = np.array(x)
            there[i] = np.clip(x[i] - t * np.sign(g[i]) * size[i], low[i], high[i])
            value = problem.value(there)
            best = value if value < best else best
    except OutOfCalls:
        pass
    return float(model.value) - best


BENT = 1e-6
"""Curvature below minus this share of the largest, somewhere along a flat direction, is no noise."""


def bends_along(problem: Any, model: Any, shape: Shape | None, scale: np.ndarray) -> bool:
    """Whether f, still as low some way along a flat direction, curves downwards there: a way out, so no minimum."""
    if shape is None or not shape.probes or not shape.positive:
        return False
    if isinstance(problem, HOST) and (model.gradient.size > SECOND or problem.frugal):
        return False  # every Hessian would cost n^2 calls
    lowest = 100 * max(float(model.floor), eps(model.value) * abs(float(model.value)))
    d = np.where(scale > 0, scale, 1.0).astype(float)
    for s in shape.probes:
        x = problem.space.move(model.x, jnp.asarray(s, model.gradient.dtype))[0]
        value, H, doubt = host_bend(problem, x) if isinstance(problem, HOST) else jax_bend(problem, x)
        H, doubt = H / np.outer(d, d), doubt / np.outer(d, d)
        if abs(value - float(model.value)) <= lowest and np.all(np.isfinite(H)):
            w = np.linalg.eigvalsh(H)
            if w[0] < -BENT * w[-1] - np.linalg.norm(doubt):
                return True
    return False


def jax_bend(problem: Any, x: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """f and its Hessian at x, which has no error worth the name."""
    seen = evaluate(problem, x)
    H = np.asarray(seen.curvature.matrix, float)
    return float(seen.value), H, np.zeros_like(H)


def host_bend(problem: Any, x: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """The same by differences, with the errors of H; lengths are measured anew, far away as it may be."""
    problem, point = replace(problem, lengths=Lengths()), np.asarray(x)
    nothing = np.full((point.size, point.size), np.nan)
    try:
        with np.errstate(all="ignore"):
            if isinstance(problem, Callback):
                value = problem.value(point)
                found: Any = final_derivatives(problem, point, value)
            else:
                r = problem.residuals(point)
                value, found = problem.cost(r), bent_residuals(problem, point, r)
    except OutOfCalls:
        return np.nan, nothing, nothing
    return value, found.hessian, found.error


class Numbered:
    """The names of variables that have none: x1, x2, ..., made when asked for."""

    def __getitem__(self, i: int) -> str:
        return f"x{i + 1}"


def sizes(x: Any) -> np.ndarray:
    """|x| as one vector."""
    return np.concatenate([np.ravel(np.abs(np.asarray(leaf))) for leaf in jax.tree.leaves(x)])


valued = Program(lambda problem, x: problem.value(x))


def drifts(trace: Trace, x: Any, size: np.ndarray) -> np.ndarray:
    """Which variables moved outwards in each of the last `PACES` steps taken, beyond rounding, and hardly slower.

    Convergence shrinks steps, and noise turns them around: this is a journey that ended because f no longer showed it.
    """
    steps = trace.step[trace.accepted][-PACES:]
    if len(steps) < PACES:
        return np.zeros(size.shape, bool)
    here = np.concatenate([np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(x)])
    outwards = (np.sign(steps) == np.sign(here)).all(axis=0)
    if not outwards.any():
        return outwards
    early, late = (np.max(np.abs(half), axis=0) for half in (steps[: PACES // 2], steps[PACES // 2 :]))
    return outwards & np.all(np.abs(steps) > 1e-9 * size, axis=0) & (late >= 0.25 * early)


def last_moves(trace: Trace, size: np.ndarray) -> np.ndarray:
    """The last step of every variable that was more than rounding, relative to its size (0: it never moved)."""
    steps = trace.step[trace.accepted]
    if not len(steps):
        return np.zeros_like(size)
    last = np.abs(steps[-1])
    if (last > 1e-9 * size).all() and size.all():  # the common case, for a quarter of the cost
        return last / size
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.abs(steps) > 1e-9 * size
        latest = len(steps) - 1 - np.argmax(moved[::-1], axis=0)
        return np.where(moved.any(axis=0), np.abs(steps[latest, np.arange(size.size)]) / size, 0.0)
