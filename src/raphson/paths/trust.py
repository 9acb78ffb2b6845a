"""The exact trust-region step by Cholesky factorizations (More and Sorensen)."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.number import norm, safe
from raphson.kernel.record import record, static
from raphson.linear.batched import cholesky, lower, upper
from raphson.linear.cg import to_boundary
from raphson.linear.cholesky import Factor, factorize, succeeded
from raphson.linear.secular import Bracket, newton_move
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS, Proposal, proposal

Array = jax.Array

EASY = 0.05
"""The step's length may miss the radius by this fraction (MINPACK: 0.1)."""

HARD = 0.05
"""In the hard case the step may miss the best decrease by about this fraction."""

LIMIT = 40
"""Factorizations per subproblem; five are typical, the bracket halves its logarithm in each."""


@record
class TrustPlan:
    """The scaled model with its factor, the Newton step, and a bound on every |eigenvalue| of H."""

    g: Array
    scale: Array
    factor: Factor
    newton: Array
    bound: Array


@record
class Search:
    """State of the search for lambda: the bracket, the best feasible step and a near-null vector z."""

    bracket: Bracket
    y: Array
    z: Array
    done: Array
    k: Array


@record
class Trust:
    """s(tau) = argmin of the model over ||D s|| <= tau, for any symmetric H, the hard case included.

    Sources: More and Sorensen (1983), "Computing a trust region step"; Conn, Gould and Toint
    (2000), algorithms 7.3.1 to 7.3.6.
    """

    unit: str = static(default=RADIUS)

    def prepare(self, model: Model, tau: Array | float = 1.0) -> TrustPlan:
        """Factorizes once; a step inside the ball then costs nothing more."""
        d = model.scale
        H, g = model.hessian / (d[:, None] * d[None, :]), model.gradient / d
        factor = factorize(H)
        bound = jnp.max(jnp.sum(jnp.abs(H), axis=1))
        newton = model.curvature.newton_by(factor, model.gradient, d, model.gradient_error)
        return TrustPlan(g, d, factor, newton, bound)

    def at(self, plan: TrustPlan, tau: Array) -> Proposal:
        """The Newton step if it lies inside, else the point of the boundary where the model is least."""
        inside = plan.factor.definite & (norm(plan.newton) <= tau)
        start = begin(plan, tau, inside)
        found = lax.while_loop(lambda c: ~c.done, lambda c: refine(plan, tau, c), start)
        y = jnp.where(inside, plan.newton, found.y)
        return proposal(y / plan.scale, ~inside, found.k, 1)


def begin(plan: TrustPlan, tau: Array, inside: Array) -> Search:
    """The first bracket for lambda (More and Sorensen, section 4) and the first guess.

    Where H is positive definite the guess is the Newton iterate from lambda = 0, which costs
    nothing: its factor is known. It never overshoots, because 1/||s(lambda)|| is concave.
    """
    reach = norm(plan.g) / tau
    low = jnp.maximum(jnp.maximum(0, -jnp.min(jnp.diagonal(plan.factor.H))), reach - plan.bound)
    high = 1.01 * (reach + plan.bound)  # above the bound: at g = 0, H = -c I the bracket would be one point
    known = newton_move(norm(plan.newton), inverse_bend(plan.factor.L, plan.newton), tau)
    bracket = Bracket(low, low, high).kept(jnp.where(plan.factor.definite, known, -jnp.inf))
    z = np.sin(1.0 + np.arange(plan.g.shape[0]))
    z = jnp.asarray(z / np.linalg.norm(z), plan.g.dtype)
    return Search(bracket, jnp.zeros_like(plan.g), z, inside, jnp.zeros((), jnp.int32))


def inverse_bend(L: Array, y: Array) -> Array:
    """y'(L L')^-1 y."""
    w = lower(L, y)
    return w @ w


def refine(plan: TrustPlan, tau: Array, c: Search) -> Search:
    """One factorization: a better lambda, and the step that belongs to this one."""
    eye = jnp.eye(plan.g.shape[0], dtype=plan.g.dtype)
    shift = c.bracket.shift
    L = cholesky(plan.factor.H + shift * eye)
    ok = succeeded(L)
    L = jnp.where(ok, L, eye)
    w = lower(L, plan.g)
    y = -upper(L, w)
    length = norm(y)
    short = ok & (length < tau)
    # A near-null vector of H + lambda I by inverse iteration: only a short step asks for it.
    z = lax.cond(short, lambda: null_vector(L, c.z), lambda: c.z)
    Lz = L.T @ z
    curvature = Lz @ Lz
    along = jnp.where(y @ z < 0, -z, z)
    completed = y + to_boundary(y, along, tau) * along
    extra = completed - y
    hard = short & ((extra @ extra) * curvature <= HARD * (w @ w + shift * tau**2))
    done = hard | ok & (jnp.abs(length - tau) <= EASY * tau) | (c.k >= LIMIT)
    bracket = c.bracket.narrowed(ok, length, inverse_bend(L, y), tau, lowest=shift - curvature)
    best = jnp.where(hard, completed, y * jnp.minimum(1, tau / safe(length, length > 0)))
    return Search(bracket, jnp.where(ok, best, c.y), z, done, c.k + 1)


def null_vector(L: Array, z: Array) -> Array:
    """Two steps of inverse iteration with L L', from the last vector known."""
    z = upper(L, lower(L, z))
    z = upper(L, lower(L, z / norm(z)))
    return z / norm(z)
