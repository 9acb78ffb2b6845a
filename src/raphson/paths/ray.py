"""The straight path s(tau) = tau d along a descent direction: line searches."""

import jax

from raphson.kernel.record import record, static
from raphson.linear.solve import Direction
from raphson.model.quadratic import Model
from raphson.paths.proposal import LENGTH, Proposal, proposal

Array = jax.Array


@record
class Ray:
    """d = -B^-1 g, made a descent direction where B is not positive definite; tau = 1 is the full step.

    With B a multiple of the identity this is steepest descent, with the Hessian damped Newton.
    Source: Nocedal and Wright (2006), chapter 3.
    """

    unit: str = static(default=LENGTH)

    def prepare(self, model: Model, tau: Array | float = 1.0) -> Direction:
        """The direction, solved for once per point."""
        return model.curvature.newton(model.gradient, model.scale, model.gradient_error)

    def at(self, plan: Direction, tau: Array) -> Proposal:
        """tau d."""
        bend = None if plan.bend is None else tau**2 * plan.bend
        return proposal(tau * plan.s, tau < 1, 0, plan.inner, bend)
