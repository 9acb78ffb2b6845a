"""The damped path s(lambda) = -(B + lambda D^2)^-1 g (Levenberg, Marquardt)."""

import jax
import jax.numpy as jnp

from raphson.kernel.number import norm
from raphson.kernel.record import record, static
from raphson.model.quadratic import Model
from raphson.operators.base import Factorization
from raphson.paths.proposal import DAMPING, Proposal, proposal

Array = jax.Array


@record
class Damped:
    """tau = 1/lambda; where B has negative eigenvalues lambda counts from the smallest of them.

    For residuals by QR of [J; sqrt(lambda) D], else by one eigendecomposition per point.
    Sources: Levenberg (1944); Marquardt (1963); More (1978); Goldfeld, Quandt and Trotter (1966) for indefinite B.
    """

    unit: str = static(default=DAMPING)

    def prepare(self, model: Model, tau: Array | float = 1.0) -> Factorization:
        """One factorization per point; every lambda is then cheap."""
        return model.curvature.prepare(model.gradient, model.scale, model.gradient_error)

    def at(self, plan: Factorization, tau: Array) -> Proposal:
        """-(B + lambda D^2)^-1 g."""
        shift = 1 / tau + jnp.maximum(0, -plan.lowest)
        y = plan.solve(shift)
        return proposal(plan.lift(y), shift * norm(y) > 0.1 * plan.slope, 1)
