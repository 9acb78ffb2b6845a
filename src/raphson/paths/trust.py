"""The exact trust-region step by factorizations (More and Sorensen)."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.number import norm, safe
from raphson.kernel.record import record, static
from raphson.linear.cg import to_boundary
from raphson.linear.secular import Bracket, newton_move
from raphson.linear.subproblem import Subproblem
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

    It never sees a matrix: dense and sparse ones factorize H + lambda D^2 each in its own way (`Subproblem`).
    Sources: More and Sorensen (1983), "Computing a trust region step"; Conn, Gould and Toint
    (2000), algorithms 7.3.1 to 7.3.6.
    """

    unit: str = static(default=RADIUS)

    def prepare(self, model: Model, tau: Array | float = 1.0) -> Subproblem:
        """Factorizes once; a step inside the ball then costs nothing more."""
        return model.curvature.subproblem(model.gradient, model.scale, model.gradient_error)

    def at(self, plan: Subproblem, tau: Array) -> Proposal:
        """The Newton step if it lies inside, else the point of the boundary where the model is least."""
        inside = plan.definite & plan.solved & (norm(plan.newton) <= tau)
        start = begin(plan, tau, inside)
        found = lax.while_loop(lambda c: ~c.done, lambda c: refine(plan, tau, c), start)
        y = jnp.where(inside, plan.newton, found.y)
        return proposal(plan.lift(y), ~inside, found.k, 1)


def begin(plan: Subproblem, tau: Array, inside: Array) -> Search:
    """The first bracket for lambda (More and Sorensen, section 4) and the first guess.

    Where H is positive definite the guess is the Newton iterate from lambda = 0, which costs
    nothing: its factor is known. It never overshoots, because 1/||s(lambda)|| is concave.
    """
    reach = norm(plan.g) / tau
    low = jnp.maximum(jnp.maximum(0, -plan.least), reach - plan.most)
    high = 1.01 * (reach + plan.most)  # above the bound: at g = 0, H = -c I the bracket would be one point
    known = newton_move(norm(plan.newton), plan.bend(), tau)
    bracket = Bracket(low, low, high).kept(jnp.where(plan.definite, known, -jnp.inf))
    z = np.sin(1.0 + np.arange(plan.g.shape[0]))
    z = jnp.asarray(z / np.linalg.norm(z), plan.g.dtype)
    return Search(bracket, jnp.zeros_like(plan.g), z, inside, jnp.zeros((), jnp.int32))


def refine(plan: Subproblem, tau: Array, c: Search) -> Search:
    """One factorization: a better lambda, and the step that belongs to this one."""
    shift = c.bracket.shift
    found = plan.solve(shift)
    length = norm(found.y)
    short = found.ok & (length < tau)
    # A near-null vector of H + lambda I by inverse iteration: only a short step asks for it.
    z, curvature = lax.cond(short, lambda: plan.weakest(found, c.z), lambda: (c.z, jnp.zeros_like(tau)))
    along = jnp.where(found.y @ z < 0, -z, z)
    completed = found.y + to_boundary(found.y, along, tau) * along
    extra = completed - found.y
    hard = short & ((extra @ extra) * curvature <= HARD * (found.fall + shift * tau**2))
    done = hard | found.ok & (jnp.abs(length - tau) <= EASY * tau) | (c.k >= LIMIT)
    bracket = c.bracket.narrowed(found.ok, length, found.bend, tau, lowest=shift - curvature)
    best = jnp.where(hard, completed, found.y * jnp.minimum(1, tau / safe(length, length > 0)))
    return Search(bracket, jnp.where(found.ok, best, c.y), z, done, c.k + 1)
