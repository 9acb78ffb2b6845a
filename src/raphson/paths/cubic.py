"""The minimum of the model with a cubic term: m(s) + sigma/3 ||D s||^3."""

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import eps, huge, norm, safe, tiny
from raphson.kernel.record import record, static
from raphson.linear.cg import to_boundary
from raphson.linear.spectral import Spectrum, scaled_spectrum
from raphson.model.quadratic import Model
from raphson.paths.proposal import SIGMA, Proposal, proposal

Array = jax.Array

LIMIT = 60
"""Iterations on one number; four to eight are typical."""


@record
class Cubic:
    """tau = 1/sigma. The global minimizer solves (H + lambda) y = -g with lambda = sigma ||y||, H + lambda >= 0.

    In the hard case (g without a component along the lowest eigenvector) the step is completed
    along that vector. Sources: Griewank (1981); Nesterov and Polyak (2006); Cartis, Gould and
    Toint (2011), section 6.1.
    """

    unit: str = static(default=SIGMA)

    def prepare(self, model: Model) -> Spectrum:
        """One eigendecomposition per point; every sigma is then cheap."""
        return scaled_spectrum(model.hessian, model.gradient, model.scale)

    def at(self, plan: Spectrum, tau: Array) -> Proposal:
        """The minimizer of the cubic model for sigma = 1/tau."""
        floor = jnp.maximum(0, -plan.w[0])
        hard, edge = hard_case(plan, floor, tau)
        above, k = root(plan, floor, tau, hard)
        y = jnp.where(hard, edge, beyond(plan, floor, above))
        bound = hard | ((floor + above) * norm(y) > 0.1 * norm(plan.a))
        return proposal(plan.step(y), bound, k)


def beyond(plan: Spectrum, floor: Array, above: Array) -> Array:
    """-(w + floor + above)^-1 a. w_0 + floor is exactly 0 where w_0 < 0: in the nearly hard case lambda is all but
    -w_0, and only its distance from there has digits."""
    denominator = (plan.w + floor) + above
    return jnp.where(plan.a == 0, 0, -plan.a / safe(denominator, denominator > 0))


def hard_case(plan: Spectrum, floor: Array, tau: Array) -> tuple[Array, Array]:
    """Whether lambda = -w_0 solves the equation with a component to spare, and the completed step."""
    same = max(1e-12, 16 * eps(tau))
    lowest = plan.w - plan.w[0] <= same * jnp.maximum(jnp.abs(plan.w[-1]), jnp.abs(plan.w[0]))
    rest = jnp.where(lowest, 0, -plan.a / jnp.where(lowest, 1, plan.w + floor))
    silent = norm(jnp.where(lowest, plan.a, 0)) <= 16 * eps(tau) * norm(plan.a)
    hard = (plan.w[0] < 0) & silent & (norm(rest) <= tau * floor)
    first = jnp.zeros_like(plan.a).at[0].set(jnp.where(plan.a[0] > 0, -1, 1))
    return hard, rest + to_boundary(jnp.where(hard, rest, 0), first, jnp.where(hard, tau * floor, 1)) * first


def root(plan: Spectrum, floor: Array, tau: Array, settled: Array) -> tuple[Array, Array]:
    """lambda - floor > 0 where ||y|| = tau lambda, by safeguarded Newton on lambda/||y|| - 1/tau (concave)."""
    size = norm(plan.a)
    # lambda^2 <= ||a|| / tau + ... : above this the step is surely shorter than tau lambda.
    high = jnp.minimum(jnp.sqrt(size) / jnp.sqrt(tau), jnp.asarray(huge(tau) ** 0.5, tau.dtype)) + tiny(tau)
    close = max(1e-6, 16 * eps(tau))

    def body(c):
        low, high, x, k, _ = c
        y, shift = beyond(plan, floor, x), floor + x
        length = norm(y)
        long = length > tau * shift
        low, high = jnp.where(long, x, low), jnp.where(long, high, x)
        ahead = (plan.w + floor) + x
        unit = y / safe(length, length > 0)
        bend = jnp.sum(unit**2 / safe(ahead, ahead > 0))
        # Both sides times ||y||: the cube of a length overflows.
        new = x + (length / tau - shift) / (1 + shift * bend)
        inside = (new > low) & (new < high)
        new = jnp.where(inside, new, jnp.maximum(jnp.sqrt(low) * jnp.sqrt(high), 0.5 * (low + high)))
        done = (jnp.abs(length - tau * shift) <= close * length) | (k >= LIMIT) | ~(length > 0)
        return low, high, jnp.where(done, x, new), k + 1, done

    start = (jnp.zeros_like(high), high, 0.5 * high, jnp.zeros((), jnp.int32), settled | ~(size > 0))
    found = lax.while_loop(lambda c: ~c[4], body, start)
    return found[2], found[3]
