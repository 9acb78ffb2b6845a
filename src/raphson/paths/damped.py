"""The damped path s(lambda) = -(H + lambda D^2)^-1 g (Levenberg, Marquardt), by eigenvalues."""

import jax
import jax.numpy as jnp

from raphson.kernel.number import norm
from raphson.kernel.record import record, static
from raphson.linear.spectral import Spectrum, scaled_spectrum
from raphson.model.quadratic import Model
from raphson.paths.proposal import DAMPING, Proposal, proposal

Array = jax.Array


@record
class Damped:
    """tau = 1/lambda; where H has negative eigenvalues lambda counts from the smallest of them.

    Sources: Levenberg (1944); Marquardt (1963); Goldfeld, Quandt and Trotter (1966) for indefinite H.
    """

    unit: str = static(default=DAMPING)

    def prepare(self, model: Model) -> Spectrum:
        """One eigendecomposition per point; every lambda is then cheap."""
        return scaled_spectrum(model.hessian, model.gradient, model.scale)

    def at(self, plan: Spectrum, tau: Array) -> Proposal:
        """-(H + lambda D^2)^-1 g."""
        shift = 1 / tau + jnp.maximum(0, -plan.w[0])
        y = plan.shifted(shift)
        return proposal(plan.step(y), shift * norm(y) > 0.1 * norm(plan.a), 1)
