"""Backtracking until the decrease is a fair share of what the slope promises."""

# pyright: reportUnknownMemberType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.controls.full import Step
from raphson.kernel.record import record, static
from raphson.kernel.trace import Trial
from raphson.model.quadratic import Model
from raphson.paths.proposal import LENGTH

Array = jax.Array


@record
class Armijo:
    """f(x) - f(x + tau d) >= c1 tau |g'd|, tau shortened by quadratic interpolation within [0.1, 0.5].

    `grow`: where the next search starts, as a multiple of the tau just accepted, at most 1 if
    `restart` (Newton directions have a natural length; steepest descent has none).
    Sources: Armijo (1966); Dennis and Schnabel (1983), algorithm A6.3.1.
    """

    c1: Any = 1e-4
    restart: bool = static(default=True)
    unit: str = static(default=LENGTH)

    def start(self, model: Model) -> Step:
        """tau = 1."""
        return Step(jnp.ones_like(model.value))

    def judge(self, state: Step, trial: Trial) -> tuple[Array, Step]:
        """Accept on sufficient decrease, or where f is too noisy to tell."""
        fine = trial.actual >= -self.c1 * trial.slope - jnp.where(trial.predicted <= trial.noise, trial.noise, 0)
        bend = 2 * (-trial.slope - trial.actual)
        shorter = jnp.where(bend > 0, -trial.slope / jnp.where(bend > 0, bend, 1), 0.5)
        shorter = jnp.clip(jnp.where(jnp.isfinite(shorter), shorter, 0.1), 0.1, 0.5)
        again = jnp.ones_like(state.tau) if self.restart else 2 * state.tau
        return fine, Step(jnp.where(fine, again, shorter * state.tau).astype(state.tau.dtype))
