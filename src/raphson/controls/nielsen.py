"""The damping of Levenberg-Marquardt by Nielsen's rule."""

# pyright: reportUnknownMemberType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.record import record, static
from raphson.kernel.trace import Trial
from raphson.model.quadratic import Model
from raphson.paths.proposal import DAMPING

Array = jax.Array


@record
class Damping:
    """tau = 1/lambda, and the factor by which lambda grows at the next rejection."""

    tau: Array
    factor: Array


@record
class Nielsen:
    """lambda is divided by up to 3 after good trials, and multiplied by 2, 4, 8, ... after bad ones;
    by `leap` and twice, four times that after the first trials of all, while none was good.

    The variables are scaled to a unit diagonal of H, so the first lambda is a plain number.
    Source: Nielsen (1999), "Damping parameter in Marquardt's method".
    """

    first: Any = 1e-3
    accept: Any = 1e-4
    leap: Any = 2.0
    unit: str = static(default=DAMPING)

    def start(self, model: Model) -> Damping:
        """lambda = `first` times the largest scaled diagonal entry."""
        top = jnp.max(jnp.abs(model.curvature.diagonal()) / model.scale**2)
        return Damping((1 / (self.first * jnp.where(top > 0, top, 1))).astype(top.dtype), jnp.full_like(top, self.leap))

    def judge(self, state: Damping, trial: Trial) -> tuple[Array, Damping]:
        """Accept where the ratio is positive."""
        good = trial.ratio > self.accept
        less = jnp.maximum(1 / 3, 1 - (2 * jnp.clip(trial.ratio, 0, 2) - 1) ** 3)
        tau = jnp.where(good, state.tau / less, state.tau / state.factor)
        return good, Damping(tau.astype(state.tau.dtype), jnp.where(good, 2, 2 * state.factor).astype(state.tau.dtype))
