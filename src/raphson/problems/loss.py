"""Robust losses: how much a residual counts, as a function of its square.

The cost of residuals r is 1/2 c^2 sum rho((r_i / c)^2) with c the scale: SciPy's convention, in
which every rho(z) begins like z, so small residuals count as in least squares.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.number import huge, tiny
from raphson.kernel.record import record, static

Array = jax.Array

LEAST_BEND = 0.1
"""A residual's curvature counts at least this share of its weight: rho' + 2 z rho'' is negative for outliers."""


@record
class Loss:
    """rho with its scale c (None: it has none). `rho(z)` returns rho and its two derivatives by z = (r/c)^2 >= 0."""

    rho: Callable[[Array], tuple[Array, Array, Array]] = static()
    scale: Any = None
    name: str = static(default="linear")

    def cost(self, r: Array) -> Array:
        """1/2 c^2 sum rho((r_i / c)^2)."""
        return 0.5 * jnp.sum(r * r) if self.plain else 0.5 * self.scale**2 * jnp.sum(self.rho(self.squares(r))[0])

    def squares(self, r: Array) -> Array:
        """z = (r / c)^2, kept below overflow: beyond that no residual counts more."""
        with np.errstate(over="ignore"):  # of NumPy's residuals: the square is infinite, and then is not
            return jnp.minimum((r / self.scale) ** 2, huge(r) / 16)

    @property
    def plain(self) -> bool:
        """Whether this is least squares itself."""
        return self.rho is linear

    def weights(self, r: Array) -> tuple[Array, Array]:
        """First and second derivative of the cost by r_i, the first divided by r_i: rho' and rho' + 2 z rho''."""
        if self.plain:
            one = np.ones_like(r) if isinstance(r, np.ndarray) else jnp.ones_like(r)  # NumPy's costs no dispatch
            return one, one
        z = self.squares(r)
        _, first, second = self.rho(z)
        return first, first + 2 * z * second

    def corrected(self, r: Array) -> tuple[Array, Array]:
        """Residuals q and roots w with J'r = (wJ)'q and (wJ)'(wJ) the curvature of the cost along J.

        The curvature's weight is rho' + 2 z rho'', kept at `LEAST_BEND` rho' or more so that it
        stays positive. Sources: Triggs et al. (2000), "Bundle adjustment", section 4.3; SciPy.
        """
        first, bend = self.weights(r)
        weight = jnp.maximum(bend, LEAST_BEND * first)
        # Never quite zero: the rows of J stay recoverable, and count nothing.
        root = jnp.maximum(jnp.sqrt(weight), tiny(r) ** 0.25)
        return first * r / root, root


def linear(z: Array) -> tuple[Array, Array, Array]:
    """rho = z: least squares."""
    return z, jnp.ones_like(z), jnp.zeros_like(z)


def huber(z: Array) -> tuple[Array, Array, Array]:
    """z up to 1, then 2 sqrt(z) - 1: absolute values in the tails. Source: Huber (1964)."""
    root = jnp.sqrt(jnp.maximum(z, 1))
    inside = z <= 1
    return (
        jnp.where(inside, z, 2 * root - 1),
        jnp.where(inside, 1, 1 / root),
        jnp.where(inside, 0, -0.5 / root**3),
    )


def soft_l1(z: Array) -> tuple[Array, Array, Array]:
    """2 (sqrt(1 + z) - 1): a smooth Huber loss."""
    root = jnp.sqrt(1 + z)
    return 2 * z / (1 + root), 1 / root, -0.5 / root**3


def cauchy(z: Array) -> tuple[Array, Array, Array]:
    """log(1 + z): the likelihood of a Cauchy distribution."""
    return jnp.log1p(z), 1 / (1 + z), -1 / (1 + z) ** 2


def arctan(z: Array) -> tuple[Array, Array, Array]:
    """arctan(z): no residual costs more than pi/4 c^2."""
    below = 1 + z * z
    return jnp.arctan(z), 1 / below, -2 * z / below**2


def tukey(z: Array) -> tuple[Array, Array, Array]:
    """(1 - (1 - z)^3) / 3 up to z = 1, then 1/3: residuals beyond c count nothing. Source: Beaton and Tukey (1974)."""
    rest = jnp.maximum(1 - z, 0)
    inside = jnp.minimum(z, 1)
    return inside * (1 - inside + inside**2 / 3), rest**2, -2 * rest


def geman_mcclure(z: Array) -> tuple[Array, Array, Array]:
    """z / (1 + z). Source: Geman and McClure (1987)."""
    return z / (1 + z), 1 / (1 + z) ** 2, -2 / (1 + z) ** 3


def dcs(z: Array) -> tuple[Array, Array, Array]:
    """z up to 1, then (3 z - 1) / (z + 1): dynamic covariance scaling. Source: Agarwal et al. (2013)."""
    below, inside = 1 + jnp.maximum(z, 1), z <= 1
    return (
        jnp.where(inside, z, 3 - 4 / below),
        jnp.where(inside, 1, 4 / below**2),
        jnp.where(inside, 0, -8 / below**3),
    )


LOSSES = {
    "linear": linear,
    "huber": huber,
    "soft_l1": soft_l1,
    "cauchy": cauchy,
    "arctan": arctan,
    "tukey": tukey,
    "geman-mcclure": geman_mcclure,
    "dcs": dcs,
}
