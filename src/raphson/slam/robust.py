"""Losses of whole factors: how much a factor counts, as a function of its e' Omega e."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.number import huge, tiny
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

    def of_factors(self, kind: int, e: Array) -> tuple[Array, Array, Array]:
        """c^2 rho of the factors of a kind (m,), of errors (m, d), and its two derivatives by e' Omega e."""
        if self.plain:
            return linear(jnp.sum(e * e, 1))
        c = self.loss.scale
        cost, slope, bend = self.loss.rho(squares(e / c))
        return c**2 * cost, slope, bend / c**2

    def cost(self, r: Array) -> Array:
        """1/2 c^2 sum rho(z)."""
        if self.plain:
            return self.loss.cost(r)
        return 0.5 * sum(
            (jnp.sum(self.of_factors(k, e)[0]) for k, e in enumerate(self.parts(r))), jnp.zeros((), r.dtype)
        )

    def counted(self, r: Any) -> list[Any]:
        """How much each factor counts (m,), by kind: rho', the share of its plain gradient that it keeps. Host."""
        if self.plain:
            return [np.ones(m, np.result_type(r)) for m, _ in self.heights]
        return [self.of_factors(k, e)[1] for k, e in enumerate(self.parts(jnp.asarray(r)))]

    def weights(self, r: Array) -> tuple[Array, Array]:
        """First and second derivative of the cost by each residual, the first divided by it."""
        first, second = [], []
        for k, e in enumerate(self.parts(r)):
            _, slope, bend = self.of_factors(k, e)
            first.append(jnp.broadcast_to(slope[:, None], e.shape))
            second.append(slope[:, None] + (0 if self.plain else curved(bend[:, None], e, e)))
        return one_vector(first), one_vector(second)

    def corrected(self, r: Array) -> tuple[Array, Array]:
        """Residuals q and roots w with J'(rho' r) = (wJ)'q."""
        root = jnp.maximum(jnp.sqrt(self.weights(r)[0]), tiny(r) ** 0.25)
        return root * r, root

    def second(self, r: Array) -> list[Array]:
        """The second derivatives of the cost by the errors of each factor (m, d, d), by kind."""
        found = []
        for k, e in enumerate(self.parts(r)):
            _, slope, bend = self.of_factors(k, e)
            one = slope[:, None, None] * jnp.eye(e.shape[1], dtype=e.dtype)
            found.append(one + (0 if self.plain else curved(bend[:, None, None], e[:, :, None], e[:, None, :])))
        return found


def squares(e: Array) -> Array:
    """Sums of squares (m,) of errors (m, d), kept below overflow: beyond that no factor counts more."""
    return jnp.minimum(jnp.sum(e * e, 1), huge(e) / 16)


def curved(bend: Array, a: Array, b: Array) -> Array:
    """2 rho'' a b; the bend comes first, for it is small where the errors are large and their product is not finite."""
    return 2 * (bend * a) * b
