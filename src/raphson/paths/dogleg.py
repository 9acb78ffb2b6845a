"""Powell's dogleg: from x to the Cauchy point, and on to the Newton point."""

import jax
import jax.numpy as jnp

from raphson.kernel.number import norm, safe
from raphson.kernel.record import record, static
from raphson.linear.cg import to_boundary
from raphson.linear.solve import newton_direction
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS, Proposal, proposal

Array = jax.Array


@record
class DoglegPlan:
    """Both legs in scaled variables: the Cauchy step, the Newton step, and the scale. `endless`: the first leg has no
    end, for the model has no positive curvature along -g; `cauchy` is then -g, of length 1."""

    cauchy: Array
    newton: Array
    endless: Array
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

    def prepare(self, model: Model) -> DoglegPlan:
        """One solve and one product per point."""
        found = newton_direction(model.curvature, model.gradient, model.scale)
        g, newton = model.gradient / model.scale, model.scale * found.s
        size = norm(g)
        d = g / safe(size, size > 0)
        along = model.curvature.quadratic(d / model.scale)
        length = size / safe(along, along > 0)
        endless = ~(along > 0) | ~jnp.isfinite(length)
        return DoglegPlan(-jnp.where(endless, 1, length) * d, newton, endless, model.scale, found.inner)

    def at(self, plan: DoglegPlan, tau: Array) -> Proposal:
        """The point where the path leaves the ball of radius tau, or its end."""
        first, whole = norm(plan.cauchy), norm(plan.newton)
        second = plan.newton - plan.cauchy
        short = plan.cauchy * jnp.where(plan.endless, tau, jnp.minimum(tau / safe(first, first > 0), 1))
        inside = jnp.where(first < tau, plan.cauchy, 0)
        bent = inside + jnp.clip(to_boundary(inside, second, tau), 0, 1) * second
        inner = jnp.where(whole <= tau, plan.newton, jnp.where(first >= tau, short, bent))
        s = jnp.where(plan.endless, short, inner) / plan.scale
        return proposal(s, plan.endless | (whole > tau), plan.inner)
