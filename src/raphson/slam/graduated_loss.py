"""Costs that forget outliers, and the wider ones from which graduated non-convexity comes to them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.number import tiny
from raphson.kernel.record import record, static
from raphson.problems.loss import geman_mcclure, linear
from raphson.slam.robust import FactorLoss, squares

Array = jax.Array


def softly_truncated(z: Array, softness: Any) -> tuple[Array, Array, Array]:
    """min(z, 1) where softness s is 0; else z up to 1 / (1 + s), 1 from 1 + s, and between them a parabola in sqrt(z).

    With its two derivatives. s is 1/mu of the source, equation 9, from which s -> infinity is convex.
    """
    root, edge = jnp.sqrt(jnp.maximum(z, tiny(z))), jnp.sqrt(1 + softness)
    safe = jnp.where(softness > 0, softness, 1)
    inside, outside = z * (1 + softness) <= 1, z >= 1 + softness
    pick = lambda a, b, c: jnp.where(inside, a, jnp.where(outside, b, c))
    value = pick(z, 1, 1 - (edge - root) ** 2 / safe)
    return value, pick(1, 0, (edge / root - 1) / safe), pick(0, 0, -edge / (2 * root**3 * safe))


def widened(z: Array, softness: Any) -> tuple[Array, Array, Array]:
    """s z / (s + z): Geman and McClure's loss where softness s is 1, nearly z where it is large."""
    value, slope, bend = geman_mcclure(z / softness)
    return softness * value, slope, bend / softness


FORMS: dict[str, Any] = {"truncated": softly_truncated, "geman-mcclure": widened}
ENDS = {"truncated": 0.0, "geman-mcclure": 1.0}
"""The softness at which each is the cost that is claimed."""


@record
class GraduatedLoss(FactorLoss):
    """c^2 rho(z), z = e' Omega e / c^2, with a `softness` that is data: one program for all stages. `limits`: c of each
    factor (m,) by kind; infinite where it is trusted."""

    softness: Any
    limits: tuple[Array, ...]
    form: str = static(default="truncated")

    @property
    def plain(self) -> bool:
        """It is not least squares."""
        return False

    def of_factors(self, kind: int, e: Array) -> tuple[Array, Array, Array]:
        """As in `FactorLoss`; a trusted factor counts as in least squares."""
        trusted = jnp.isinf(self.limits[kind])
        c = jnp.where(trusted, 1, self.limits[kind])
        value, slope, bend = FORMS[self.form](squares(e / c[:, None]), self.softness)
        own = (c**2 * value, slope, bend / c**2)
        return tuple(jnp.where(trusted, a, b) for a, b in zip(linear(squares(e)), own, strict=True))  # type: ignore

    def dropped(self, r: Array) -> list[np.ndarray]:
        """Which factors are beyond their threshold, by kind (m,)."""
        return [np.asarray(squares(e / c[:, None]) > 1) for e, c in zip(self.parts(r), self.limits, strict=True)]

    def ratios(self, r: Array) -> np.ndarray:
        """z of all factors that are not trusted."""
        found = [np.asarray(squares(e / c[:, None])) for e, c in zip(self.parts(r), self.limits, strict=True)]
        return np.concatenate([z[np.isfinite(c)] for z, c in zip(found, self.limits, strict=True)])
