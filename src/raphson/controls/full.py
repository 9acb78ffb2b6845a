"""The full step, always: pure Newton (tau = 1) and fixed-step gradient descent."""

# pyright: reportUnknownMemberType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record, static
from raphson.kernel.trace import Trial
from raphson.model.quadratic import Model
from raphson.paths.proposal import LENGTH

Array = jax.Array


@record
class Step:
    """tau, all that most controls remember."""

    tau: Array


@record
class Full:
    """Accepts every finite trial; a non-finite one is halved until it is finite."""

    alpha: Any = 1.0
    unit: str = static(default=LENGTH)

    def start(self, model: Model) -> Step:
        """tau = alpha."""
        return Step(jnp.zeros_like(model.value) + self.alpha)

    def judge(self, state: Step, trial: Trial) -> tuple[Array, Step]:
        """Accept if finite."""
        fine = trial.actual > -jnp.inf
        return fine, Step(jnp.where(fine, self.alpha, 0.5 * state.tau).astype(state.tau.dtype))
