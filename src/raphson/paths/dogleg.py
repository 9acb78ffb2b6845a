"""Powell's dogleg: from x to the Cauchy point, and on to the Newton point."""

# pyright: reportUnknownMemberType=false

import jax
import jax.numpy as jnp

from raphson.kernel.number import huge, norm, safe
from raphson.kernel.record import record, static
from raphson.linear.cg import to_boundary
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS, Proposal, proposal

Array = jax.Array


@record
class DoglegPlan:
    """Both legs in scaled variables: the Cauchy step, the Newton step, and the scale."""

    cauchy: Array
    newton: Array
    scale: Array
    inner: Array


@record
class Dogleg:
    """The piecewise linear path 0, Cauchy point, Newton point, cut at ||D s|| = tau.

    Where the model has no positive curvature along -g the first leg is unbounded; where B is not
    positive definite the second ends at the modified Newton point.
    Source: Powell (1970), "A hybrid method for nonlinear equations"; Nocedal and Wright, section 4.1.
    """

    unit: str = static(default=RADIUS)

    def prepare(self, model: Model, tau: Array | float = 1.0) -> DoglegPlan:
        """One solve and one product per point."""
        found = model.curvature.newton(model.gradient, model.scale, model.gradient_error)
        g, newton = model.gradient / model.scale, model.scale * found.s
        size = norm(g)
        d = g / safe(size, size > 0)
        along = model.curvature.quadratic(d / model.scale)
        longest = jnp.asarray(huge(size) ** 0.25, size.dtype)
        cauchy = -jnp.where(along > 0, jnp.minimum(size / safe(along, along > 0), longest), longest) * d
        return DoglegPlan(cauchy, newton, model.scale, found.inner)

    def at(self, plan: DoglegPlan, tau: Array) -> Proposal:
        """The point where the path leaves the ball of radius tau, or its end."""
        first, whole = norm(plan.cauchy), norm(plan.newton)
        second = plan.newton - plan.cauchy
        short = plan.cauchy * jnp.minimum(tau / safe(first, first > 0), 1)
        inside = jnp.where(first < tau, plan.cauchy, 0)
        bent = inside + jnp.clip(to_boundary(inside, second, tau), 0, 1) * second
        endless = first > huge(first) ** 0.2  # no positive curvature along -g: down that way as far as allowed
        inner = jnp.where(whole <= tau, plan.newton, jnp.where(first >= tau, short, bent))
        return proposal(jnp.where(endless, short, inner) / plan.scale, endless | (whole > tau), 0, plan.inner)
