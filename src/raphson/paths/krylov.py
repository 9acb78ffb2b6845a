"""The trust-region step by products: exact in the Krylov space of conjugate gradients, and a little beyond."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.record import record, static
from raphson.linear.cg import FORCING, LEGS, ConjugatePath, preconditioner, rows_for, walked
from raphson.linear.krylov import Span, span_of
from raphson.model.quadratic import Model
from raphson.paths.proposal import RADIUS, Proposal, proposal
from raphson.paths.steihaug import least_curvature

Array = jax.Array

MORE = 3
"""Products beyond a boundary. Minimal surface 100 x 100: 49 trials with them, 87 without, 1.16 times the products."""

LEGS_KEPT = 24
"""Legs kept at most; what comes after is one leg. Their frame costs as much as an eigendecomposition of 28 x 28."""


@record
class KrylovPlan:
    """The path of conjugate gradients in scaled variables, the span of it, and the scale."""

    walk: ConjugatePath
    span: Span
    scale: Array

    @property
    def inner(self) -> Array:
        """Products that were made."""
        return self.walk.inner + self.span.inner

    @property
    def pairs(self) -> Any:
        """What conjugate gradients leave behind for those of the next point (None: nothing)."""
        return None if self.walk.pairs is None else self.walk.pairs.scaled(1 / self.scale)


@record
class Krylov:
    """s(tau) = argmin of the model over ||D s|| <= tau in a Krylov space: that of conjugate gradients, which end where
    they converge, meet negative curvature or leave the ball, with `more` products after the last two.

    In any smaller ball the same space is searched: no product. Beyond `legs` of them legs are joined, so that memory
    is bounded, and where rounding has taken conjugacy away the step is Steihaug's.
    Source: Gould, Lucidi, Roma and Toint (1999), "Solving the trust-region subproblem using the Lanczos method".
    """

    unit: str = static(default=RADIUS)
    more: int = static(default=MORE)
    legs: int = static(default=LEGS_KEPT)
    forcing: float = static(default=FORCING)

    def prepare(self, model: Model, tau: Array | float = jnp.inf) -> KrylovPlan:
        """The path until it leaves the ball of the first radius, and its span."""
        d, B = model.scale, model.curvature
        g, pairs = model.gradient / d, B.remembered(model.gradient)
        pairs = None if pairs is None else pairs.scaled(d)
        inverse, more = preconditioner(g, pairs, B.preconditioner(d)), min(self.more, g.size)

        def mv(v: Array) -> Array:
            return B.mv(v / d) / d

        rows = max(2, min(self.legs, rows_for(g) - more))
        walk, left = walked(
            mv, g, tau, LEGS * g.size, rows, self.forcing, least_curvature(model), inverse, pairs
        )  # fmt: skip
        return KrylovPlan(walk, span_of(mv, inverse, g / walk.unit, walk, left, more), d)

    def at(self, plan: KrylovPlan, tau: Array) -> Proposal:
        """The least point of the span in the ball of radius tau; the end of the path where that lies inside."""
        walk, span = plan.walk, plan.span
        end = walk.at(tau)

        def search() -> tuple[Array, Array]:
            y, bend = span.least(walk, tau / walk.unit)
            fine = jnp.all(jnp.isfinite(y)) & jnp.isfinite(bend)
            return jnp.where(fine, walk.unit * y, end.y), jnp.where(fine, walk.unit**2 * bend, end.bend)

        wanted = end.bound & span.sound & jnp.isfinite(tau)
        y, bend = lax.cond(wanted, search, lambda: (end.y, end.bend))
        return proposal(y / plan.scale, end.bound, 0, plan.inner, bend)
