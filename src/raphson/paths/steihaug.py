"""The truncated conjugate-gradient path inside a ball: products only."""

from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.number import CURVATURE_NOISE, eps
from raphson.kernel.record import record, static
from raphson.linear.cg import LEGS, ConjugatePath, conjugate_path, rows_for
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS, Proposal, proposal

Array = jax.Array


@record
class SteihaugPlan:
    """The path in scaled variables, and the scale."""

    walk: ConjugatePath
    scale: Array

    @property
    def inner(self) -> Array:
        """Products that were made."""
        return self.walk.inner

    @property
    def pairs(self) -> Any:
        """What conjugate gradients leave behind for those of the next point (None: nothing)."""
        return None if self.walk.pairs is None else self.walk.pairs.scaled(1 / self.scale)


@record
class Steihaug:
    """Conjugate gradients from s = 0 until they converge, meet negative curvature or leave ||D s|| <= tau.

    Those of the point before precondition them, or what the curvature knows of its inverse; the ball stays the one of
    D, and is left where the path first does.
    Source: Steihaug (1983), "The conjugate gradient method and trust regions in large scale optimization".
    """

    unit: str = static(default=RADIUS)

    def prepare(self, model: Model, tau: Array | float = jnp.inf) -> SteihaugPlan:
        """The path until it leaves the ball of the first radius: for a smaller one nothing is left to multiply."""
        d, B = model.scale, model.curvature
        g, pairs = model.gradient / d, B.remembered(model.gradient)
        pairs = None if pairs is None else pairs.scaled(d)
        found = conjugate_path(
            lambda v: B.mv(v / d) / d, g, tau, LEGS * g.size, rows_for(g), least=least_curvature(model), pairs=pairs,
            inverse=B.preconditioner(d),
        )  # fmt: skip
        return SteihaugPlan(found, d)

    def at(self, plan: SteihaugPlan, tau: Array) -> Proposal:
        """Where the path leaves the ball of radius tau, or its end."""
        found = plan.walk.at(tau)
        return proposal(found.y / plan.scale, found.bound, 0, plan.walk.inner, found.bend)


def least_curvature(model: Model) -> Array | float:
    """The curvature in scaled variables that is none beside the largest, where all of g is rounding; else 0."""
    error = model.gradient_error
    if error is None:
        return 0.0
    top = jnp.max(jnp.abs(model.curvature.diagonal()) / model.scale**2)
    return jnp.where(jnp.all(jnp.abs(model.gradient) <= error), CURVATURE_NOISE * eps(top) * top, 0)
