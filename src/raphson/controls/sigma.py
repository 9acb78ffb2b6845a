"""The weight of the cubic term in adaptive cubic regularization."""

from typing import Any

import jax
import jax.numpy as jnp

from raphson.controls.full import Step
from raphson.controls.radius import first_length
from raphson.kernel.number import huge, tiny
from raphson.kernel.record import record, static
from raphson.kernel.trace import Trial
from raphson.model.quadratic import Model
from raphson.paths.proposal import SIGMA

Array = jax.Array


@record
class Sigma:
    """tau = 1/sigma: five times larger after very good trials, three times smaller after bad ones.

    Source: Cartis, Gould and Toint (2011), "Adaptive cubic regularisation methods", part I, section 7.
    """

    accept: Any = 1e-4
    unit: str = static(default=SIGMA)

    def start(self, model: Model) -> Step:
        """sigma such that the cubic term weighs as much as a unit curvature at the first length."""
        return Step(first_length(model).astype(model.value.dtype))

    def judge(self, state: Step, trial: Trial) -> tuple[Array, Step]:
        """Accept where the ratio is positive."""
        good = trial.ratio > self.accept
        tau = jnp.where(trial.ratio > 0.9, 5 * state.tau, jnp.where(good, state.tau, state.tau / 3))
        tau = jnp.where(trial.actual > -jnp.inf, tau, state.tau / 10)
        return good, Step(jnp.clip(tau, tiny(tau) ** 0.5, huge(tau) ** 0.5).astype(state.tau.dtype))
