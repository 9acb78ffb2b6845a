"""The damped path bent along the valley: geodesic acceleration."""

from typing import Any, cast

import jax
import jax.numpy as jnp

from raphson.kernel.number import all_finite, norm
from raphson.kernel.record import record, static
from raphson.linear.qr import Reduced
from raphson.model.quadratic import Model
from raphson.operators.gram import Gram
from raphson.paths.proposal import DAMPING, Proposal, proposal

Array = jax.Array


@record
class Bent:
    """The factored model, and the operator that knows the residuals' second derivative along a direction."""

    flat: Reduced
    gram: Gram


@record
class Geodesic:
    """v + a/2 with v the damped step and a what the residuals' second derivative along v adds to it.

    Along v the residuals bend by r'' = d^2 r / dt^2; a solves the same damped system with r'' in the
    place of r. a is left out where 2 |a| > `most` |v| (in scaled variables): the expansion does not
    hold so far. Needs the curvature `GaussNewton(observation=BEND)`.
    Source: Transtrum and Sethna (2012), "Improvements to the Levenberg-Marquardt algorithm".
    """

    most: Any = 0.75
    unit: str = static(default=DAMPING)

    def prepare(self, model: Model, tau: Array | float = 1.0) -> Bent:
        """One factorization per point."""
        gram = cast(Gram, model.curvature)
        return Bent(gram.prepare(model.gradient, model.scale), gram)

    def at(self, plan: Bent, tau: Array) -> Proposal:
        """The damped step and its acceleration: one directional second derivative, one more solve."""
        flat, gram = plan.flat, plan.gram
        shift = 1 / tau
        v = flat.solve(shift)
        if gram.problem is None:  # residuals on the host: their second derivatives are not to be had in here
            return proposal(flat.lift(v), shift * norm(v) > 0.1 * flat.slope, 1)
        a = gram.against(flat, gram.bend(flat.lift(v))).solve(shift)
        fine = all_finite(a) & (2 * norm(a) <= self.most * norm(v))
        y = jnp.where(fine, v + 0.5 * a, v)
        return proposal(flat.lift(y), shift * norm(v) > 0.1 * flat.slope, 1)
