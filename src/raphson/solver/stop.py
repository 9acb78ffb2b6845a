"""When to stop: relative, in the units of every variable, down to the noise of f and g and not below it."""

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.number import GRADIENT_NOISE, default_tolerance, eps, huge, norm
from raphson.kernel.record import record
from raphson.kernel.status import Status
from raphson.kernel.trace import Trial
from raphson.model.quadratic import Model

Array = jax.Array

STAGNATED = 3
"""Arrivals in a row whose promise drowned in noise and whose gradient did not halve: then it is over."""


LOST, STRAIGHT = 1e12, 1e-6
"""A slope without curvature, for which no step is too long: f has fallen below minus `LOST` times its first values,
some x is beyond `LOST`, and what curvature adds to the slope along the step is below `STRAIGHT` of it. That is so after
40 to 70 trials; f is deeper than 1/eps^2 of its first values after thousands or never, because rounding of the other
variables bends the steps."""


@record
class Stop:
    """`tolerance`: relative accuracy asked of x (None: eps^(2/3)); `max_steps`: trials, taken or not; `gain`: a step
    that promised less than this part of f is the last one (None: f is not asked)."""

    tolerance: Any = None
    max_steps: Any = 1000
    gain: Any = None


@record
class StopState:
    """What the stopping rules remember: the `largest` sizes of x met, the `reference` (first values of f), the least
    `gradient`, for how many arrivals the run has `stagnated`, and how often they `asked` what rounding x does to g."""

    largest: Array
    reference: Array
    gradient: Array
    stagnated: Array
    arrivals: Array
    asked: Array
    status: Array


def init_stop_state(model: Model) -> StopState:
    """Before the first arrival."""
    zero, count = jnp.zeros_like(model.value), jnp.zeros((), jnp.int32)
    return StopState(jnp.zeros_like(model.gradient), zero, zero + jnp.inf, count, count, count, count)


def negligible(s: Array, size: Array, tolerance: Any) -> Array:
    """Whether a step changes no variable by more than `tolerance` times its size."""
    return jnp.all(jnp.abs(s) <= tolerance * size)


def resolved(size: Array, largest: Array) -> Array:
    """The size of every variable, at least eps^(4/3) of the largest that it was: minima at 0 have no other."""
    return jnp.maximum(size, eps(size) ** (4 / 3) * largest)


def arrival(stop: Stop, model: Model, stop_state: StopState, trial: Trial) -> StopState:
    """The state of the run at the new point that a trial reached (a step of zero at the first).

    Stationary is a point where one of these holds: rounding x moves g as much as g is large, and the step
    that led here was short; neither its slope nor its curvature rose above their errors; the
    full step that led here was smaller than asked for (the next would be its square), relative to x, or to
    what stands for it where the minimum is at 0 (`resolved`; a far start is no excuse); it promised less than
    the `gain` asked for; several steps promised less than the noise of f and did not halve the gradient either.
    """
    s = trial.step
    largest = jnp.maximum(stop_state.largest, model.space.magnitude(model.x))
    first = stop_state.arrivals == 0
    size = model.space.magnitude(model.x)
    whole = norm(model.scale * size)
    # Beside a step so short the next one of Newton's method is rounding; at degenerate minima steps are longer.
    settled = trial.length <= eps(s) ** 0.5 * whole
    bend = jnp.abs(2 * (trial.predicted + trial.slope))
    straight = bend <= 4 * s.shape[0] * eps(s) * trial.length**2
    # Elsewhere it decides nothing, and may cost a product with H.
    wanted = settled | straight
    rounding = GRADIENT_NOISE * eps(s) * model.curvature.rounding(size, wanted)
    floor = (jnp.all(jnp.abs(model.gradient) <= rounding) & settled) | jnp.all(model.gradient == 0)
    # Neither slope nor curvature along the step rose above their errors.
    lost = straight & (jnp.abs(trial.slope) <= jnp.abs(s) @ rounding)
    # In natural units step and slope are nothing that rounding of the largest variable would hide.
    gradient, hidden = norm(model.gradient / model.scale), GRADIENT_NOISE * eps(s) * whole
    lost = lost | (jnp.any(model.scale != 1) & (trial.length <= hidden) & (gradient <= hidden))
    promise = jnp.maximum(trial.predicted, -trial.slope)
    lost = lost & (promise <= eps(s) ** 2 * stop_state.reference)
    tolerance = default_tolerance(s) if stop.tolerance is None else stop.tolerance
    short = negligible(s, resolved(size, largest), tolerance)
    small = False if stop.gain is None else promise <= stop.gain * jnp.abs(model.value)
    arrived = ~first & ~trial.bound & (short | lost | small)
    decrease_below_noise = ~first & (promise <= model.floor) & (gradient > 0.5 * stop_state.gradient)
    stagnated = jnp.where(decrease_below_noise, stop_state.stagnated + 1, 0)
    reference = jnp.where(
        stop_state.arrivals < 2, jnp.maximum(stop_state.reference, jnp.abs(model.value)), stop_state.reference
    )
    deep = jnp.where(reference > 0, jnp.minimum(reference / eps(s) ** 2, huge(s) ** 0.5), huge(s) ** 0.5)
    deep_and_far = (model.value < -LOST * reference) & (jnp.max(largest, initial=0.0) > LOST)
    gone = deep_and_far & (reference > 0) & (bend <= STRAIGHT * -trial.slope)
    bottomless = (model.value < -deep) | gone
    status = jnp.where(
        floor | arrived, Status.CONVERGED, jnp.where(stagnated >= STAGNATED, Status.NOISE, Status.RUNNING)
    )
    status = jnp.where(bottomless, Status.UNBOUNDED, status)
    finite = jnp.isfinite(model.value) & jnp.all(jnp.isfinite(model.gradient))
    status = jnp.where(finite | bottomless, status, Status.NOT_FINITE).astype(jnp.int32)
    best = jnp.minimum(stop_state.gradient, gradient)
    asked = stop_state.asked + wanted
    return StopState(largest, reference, best, stagnated.astype(jnp.int32), stop_state.arrivals + 1, asked, status)
