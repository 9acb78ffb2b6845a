"""The truncated conjugate-gradient path inside a ball: products only."""

import jax

from raphson.kernel.record import record, static
from raphson.linear.cg import steihaug
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS, Proposal, proposal

Array = jax.Array


@record
class Steihaug:
    """Conjugate gradients from s = 0 until they converge, meet negative curvature or leave ||D s|| <= tau.

    Source: Steihaug (1983), "The conjugate gradient method and trust regions in large scale optimization".
    """

    unit: str = static(default=RADIUS)

    def prepare(self, model: Model) -> Model:
        """Nothing can be prepared without knowing tau: the plan is the model."""
        return model

    def at(self, plan: Model, tau: Array) -> Proposal:
        """The end of the truncated path."""
        d = plan.scale
        found = steihaug(lambda v: plan.curvature.mv(v / d) / d, plan.gradient / d, tau, limit=2 * d.shape[0])
        return proposal(found.s / d, found.bound, found.inner)
