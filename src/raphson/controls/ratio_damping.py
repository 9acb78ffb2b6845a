"""The damping of Hessian-free training: the plain rule of Levenberg and Marquardt, by the gain ratio."""

# pyright: reportUnknownMemberType=false

from typing import Any

import jax
import jax.numpy as jnp

from raphson.controls.full import Step
from raphson.kernel.number import huge
from raphson.kernel.record import record, static
from raphson.kernel.trace import Trial
from raphson.model.curvature import initial_curvature
from raphson.model.quadratic import Model
from raphson.paths.proposal import DAMPING

Array = jax.Array


@record
class RatioDamping:
    """lambda times `more` where the ratio of actual to predicted decrease is below 1/4, times `less` where it is above
    3/4; a trial below `accept` is refused, and lambda multiplied by `refused`.

    `first`: lambda at the start, in units of `initial_curvature`, so that no unit of f or x matters. A
    trial that promises less than the noise of f says nothing about the model: lambda stays.
    Source: Martens (2010), "Deep learning via Hessian-free optimization", section 4.1 (3/2 and 2/3); `refused` takes
    the place of the line search there.
    """

    first: Any = 0.1
    accept: Any = 1e-4
    more: Any = 1.5
    less: Any = 2 / 3
    refused: Any = 4.0
    unit: str = static(default=DAMPING)

    def start(self, model: Model) -> Step:
        """tau = 1/lambda, lambda = `first` times the curvature with which a step along -g would bring f to 0: no
        product. `first` = 0 is no damping."""
        lam = self.first * initial_curvature(model.value, model.gradient / model.scale)
        return Step(jnp.minimum(1 / lam, huge(lam)).astype(model.value.dtype))

    def judge(self, state: Step, trial: Trial) -> tuple[Array, Step]:
        """Accept where the ratio is positive."""
        good = trial.ratio > self.accept
        told = ~(trial.predicted <= trial.noise) | ~good
        factor = jnp.where(trial.ratio < 0.25, self.more, jnp.where(trial.ratio > 0.75, self.less, 1))
        factor = jnp.where(good, factor, self.refused)
        tau = jnp.where(told, state.tau / factor, state.tau)
        return good, Step(jnp.minimum(tau, huge(tau)).astype(state.tau.dtype))
