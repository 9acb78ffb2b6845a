"""Losses of whole factors: how much a factor counts, as a function of its e' Omega e."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.number import tiny
from raphson.kernel.record import record, static
from raphson.linear.blocks import one_vector
from raphson.problems.loss import Loss, linear

Array = jax.Array


@record
class FactorLoss:
    """rho(z) of factors, z = e' Omega e / c^2: the cost is 1/2 c^2 sum rho(z). `heights` (m, d) by kind of factor.

    As g2o's robust kernels, whose chi2 is twice that. Steps are those of reweighted least squares: a factor counts
    rho'(z), and that the weight changes with z is left to the exact Hessian. Sources: Huber (1964); Triggs, McLauchlan,
    Hartley and Fitzgibbon (2000), "Bundle adjustment", section 4.3.
    """

    loss: Loss
    heights: tuple[tuple[int, int], ...] = static()

    @property
    def rho(self) -> Callable[..., Any]:
        """The function of z with its two derivatives."""
        return self.loss.rho

    @property
    def name(self) -> str:
        """What it is called."""
        return self.loss.name

    @property
    def plain(self) -> bool:
        """Whether this is least squares itself."""
        return self.loss.rho is linear

    def parts(self, r: Array) -> list[Array]:
        """The errors (m, d) by kind."""
        found, start = [], 0
        for m, d in self.heights:
            end = start + m * d
            found.append(r[start:end].reshape(m, d))
            start = end
        return found

    def of_factors(self, e: Array) -> tuple[Array, Array, Array]:
        """rho and its two derivatives by z for each factor of a kind (m,)."""
        if self.plain:
            return linear(jnp.sum(e * e, 1))
        return self.loss.rho(self.loss.squares(jnp.sqrt(jnp.sum(e * e, 1))))

    def cost(self, r: Array) -> Array:
        """1/2 c^2 sum rho(z)."""
        if self.plain:
            return self.loss.cost(r)
        return 0.5 * self.loss.scale**2 * sum(jnp.sum(self.of_factors(e)[0]) for e in self.parts(r))

    def weights(self, r: Array) -> tuple[Array, Array]:
        """First and second derivative of the cost by each residual, the first divided by it."""
        first, second = [], []
        for e in self.parts(r):
            _, slope, bend = self.of_factors(e)
            first.append(jnp.broadcast_to(slope[:, None], e.shape))
            second.append(slope[:, None] + (0 if self.plain else 2 * bend[:, None] * (e / self.loss.scale) ** 2))
        return one_vector(first), one_vector(second)

    def corrected(self, r: Array) -> tuple[Array, Array]:
        """Residuals q and roots w with J'(rho' r) = (wJ)'q."""
        root = jnp.maximum(jnp.sqrt(self.weights(r)[0]), tiny(r) ** 0.25)
        return root * r, root

    def second(self, r: Array) -> list[Array]:
        """The second derivatives of the cost by the errors of each factor (m, d, d), by kind."""
        found = []
        for e in self.parts(r):
            _, slope, bend = self.of_factors(e)
            one = slope[:, None, None] * jnp.eye(e.shape[1], dtype=e.dtype)
            outer = 0 if self.plain else e[:, :, None] * e[:, None, :] * (2 * bend / self.loss.scale**2)[:, None, None]
            found.append(one + outer)
        return found
