"""The trust-region radius: how far the model has earned our trust."""

from typing import Any

import jax
import jax.numpy as jnp

from raphson.controls.full import Step
from raphson.kernel.number import huge, norm, safe
from raphson.kernel.record import record, static
from raphson.kernel.trace import Trial
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS

Array = jax.Array


def first_length(model: Model) -> Array:
    """The length (in scaled variables) of the model's minimizer along u = -g/||g||, or ||g|| / ||B u|| where
    the model is hardly curved upwards there. It changes with no unit of f or x.
    """
    d = model.scale
    g = model.gradient / d
    size = norm(g)
    u = g / safe(size, size > 0)
    bent = model.curvature.mv(u / d) / d
    along, whole = u @ bent, norm(bent)
    length = size / safe(jnp.where(along > 1e-3 * whole, along, whole), whole > 0)
    return jnp.where(size > 0, length, 1)


@record
class Radius:
    """tau = radius: a tenth to half of the step after a bad trial, up to `growth` times it after a good one.

    `first`: the first radius in units of the length that the model suggests; `accept`: the smallest
    ratio of actual to predicted decrease that is taken.

    Source: Conn, Gould and Toint (2000), algorithm 6.1.1 and section 17.1 (how to change the radius).
    """

    accept: Any = 1e-4
    growth: Any = 2.0
    first: Any = 2.0
    unit: str = static(default=RADIUS)

    def start(self, model: Model) -> Step:
        """The first length that the model itself suggests."""
        return Step((self.first * first_length(model)).astype(model.value.dtype))

    def judge(self, state: Step, trial: Trial) -> tuple[Array, Step]:
        """Accept where the ratio is positive; shorten where it is poor, lengthen where the boundary held us back."""
        good = trial.ratio > self.accept
        reach = jnp.minimum(trial.length, state.tau)
        # The quadratic through f, its slope and the trial's value says by how much to shorten.
        bend = -trial.slope - trial.actual
        best = jnp.where(bend > 0, -0.5 * trial.slope / jnp.where(bend > 0, bend, 1), 0.25)
        shorter = jnp.clip(jnp.where(jnp.isfinite(best) & (trial.actual > -jnp.inf), best, 0.1), 0.1, 0.5) * reach
        longer = jnp.where(trial.bound, jnp.maximum(state.tau, self.growth * trial.length), state.tau)
        tau = jnp.where(trial.ratio >= 0.25, jnp.where(trial.ratio > 0.75, longer, state.tau), shorter)
        return good, Step(jnp.minimum(tau, huge(tau) ** 0.45).astype(state.tau.dtype))
