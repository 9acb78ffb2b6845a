"""The minimum of the model with a cubic term: m(s) + sigma/3 ||D s||^3."""

# pyright: reportUnknownMemberType=false

from dataclasses import replace

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import huge, norm, safe, tiny
from raphson.kernel.record import record, static
from raphson.linear.cg import to_boundary
from raphson.linear.secular import Bracket
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

    def prepare(self, model: Model, tau: Array | float = 1.0) -> Spectrum:
        """One eigendecomposition per point; every sigma is then cheap."""
        return scaled_spectrum(model.hessian, model.gradient, model.scale, model.gradient_error)

    def at(self, plan: Spectrum, tau: Array) -> Proposal:
        """The minimizer of the cubic model for sigma = 1/tau."""
        floor = jnp.maximum(0, -plan.w[0])
        hard, edge = hard_case(plan, floor, tau)
        shift, k = root(plan, floor, tau, hard)
        y = jnp.where(hard, edge, plan.solve(shift))
        bound = hard | (shift * norm(y) > 0.1 * norm(plan.a))
        return proposal(plan.lift(y), bound, k)


def hard_case(plan: Spectrum, floor: Array, tau: Array) -> tuple[Array, Array]:
    """Whether lambda = -w_0 solves the equation with a component to spare, and the completed step."""
    lowest = plan.w - plan.w[0] <= 1e-12 * jnp.maximum(jnp.abs(plan.w[-1]), jnp.abs(plan.w[0]))
    rest = jnp.where(lowest, 0, -plan.a / jnp.where(lowest, 1, plan.w + floor))
    silent = norm(jnp.where(lowest, plan.a, 0)) <= 1e-14 * norm(plan.a)
    hard = (plan.w[0] < 0) & silent & (norm(rest) <= tau * floor)
    first = jnp.zeros_like(plan.a).at[0].set(1)
    return hard, rest + to_boundary(jnp.where(hard, rest, 0), first, jnp.where(hard, tau * floor, 1)) * first


def root(plan: Spectrum, floor: Array, tau: Array, settled: Array) -> tuple[Array, Array]:
    """lambda > floor with ||y(lambda)|| = tau lambda, by safeguarded Newton on lambda/||y|| - 1/tau (concave)."""
    size = norm(plan.a)
    # lambda^2 <= ||a|| / tau + ... : above this the step is surely shorter than tau lambda.
    high = floor + jnp.minimum(jnp.sqrt(size / tau), jnp.asarray(huge(tau) ** 0.5, tau.dtype)) + tiny(tau)

    def body(c: tuple[Bracket, Array, Array]) -> tuple[Bracket, Array, Array]:
        bracket, k, _ = c
        x = bracket.shift
        y = plan.solve(x)
        length = norm(y)
        bend = jnp.sum(y**2 / safe(plan.w + x, plan.w + x > 0))
        done = (jnp.abs(length - tau * x) <= 1e-6 * length) | (k >= LIMIT) | ~(length > 0)
        new = bracket.narrowed(length > 0, length, bend, tau * x, 1 / safe(x, x > 0))
        return replace(new, shift=jnp.where(done, x, new.shift)), k + 1, done

    start = (Bracket(0.5 * (floor + high), floor, high), jnp.zeros((), jnp.int32), settled | ~(size > 0))
    found = lax.while_loop(lambda c: ~c[2], body, start)
    return found[0].shift, found[1]
