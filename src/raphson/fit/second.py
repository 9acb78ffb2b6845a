"""Standard errors by the full Hessian of the cost: J'J leaves out how the residuals themselves bend."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.fit.uncertainty import decompose
from raphson.kernel.number import eps

BLURRED = 1 / 20
"""Share of J'J along its weakest direction that rounding of H may reach: beyond it error bars by H are rounding."""


@dataclass(frozen=True, eq=False)
class HessianErrors:
    """Standard errors (n,) and correlation (n, n) by the full H; NaN for parameters that sit at a bound.

    The covariance is s^2 H^-1, or H^-1 where sigmas are absolute: that of J'J where model and loss are linear. `why`
    says why there is none, all being NaN then: "unknown" H, parameters "undetermined" by the data, H "indefinite", or
    "rounding" hides its smallest curvature; "" where there is one.
    """

    standard_errors: np.ndarray
    correlation: np.ndarray
    why: str = ""

    @property
    def covariance(self) -> np.ndarray:
        """(n, n)."""
        return self.correlation * np.outer(self.standard_errors, self.standard_errors)


def hessian_errors(fit: Any) -> HessianErrors:
    """What the standard errors of a `Fit` would be by the full Hessian of its cost, among the parameters inside bounds.

    H is compared with J'J in coordinates in which J'J is the identity, so units cost no digits. A robust cost bends by
    mean(psi') J'J where the covariance is s^2 (J'J)^-1 / mean(psi')^2: here s^2 / mean(psi') H^-1, as in profiles.
    Source: Donaldson and Schnabel (1987), Technometrics 29, the covariances alpha (J'J) and beta (H).
    """
    (_, J), u, H = fit.weighted, fit.uncertainty, fit.hessian
    error, J, n = eps(J) if fit.error is None else fit.error, np.asarray(J, float), len(u.names)
    errors, correlation = np.full(n, np.nan), np.full((n, n), np.nan)
    s2 = 1.0 if u.absolute else u.reduced
    if H is None or not (np.isfinite(J).all() and np.isfinite(H).all() and np.isfinite(s2)):
        return HessianErrors(errors, correlation, "unknown")
    p = decompose(J, np.flatnonzero(np.asarray(fit.active) == 0), error)
    if p.rank < p.free.size:
        return HessianErrors(errors, correlation, "undetermined")
    scaled, doubt = (in_lengths(A, p.free, p.lengths) for A in (H, fit.model.curvature.doubt()))
    k, Q = np.linalg.eigh(p.T.T @ scaled @ p.T)  # 1 / mean(psi') in every direction where H is J'J
    weakest = p.values.min(initial=np.inf)
    blur = (p.level * p.values.max(initial=0.0) + np.linalg.norm(doubt)) / weakest**2
    least = k.min(initial=np.inf)
    if least <= blur or blur > BLURRED:
        return HessianErrors(errors, correlation, "indefinite" if least < -blur else "rounding")
    root = p.T @ Q / np.sqrt(k)
    size = np.linalg.norm(root, axis=1)
    unit = root / size[:, None]
    errors[p.free] = np.sqrt(s2 / fit.bend) * size / p.lengths
    correlation[np.ix_(p.free, p.free)] = np.clip(unit @ unit.T, -1, 1)
    correlation[p.free, p.free] = 1
    return HessianErrors(errors, correlation)


def in_lengths(A: Any, free: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Rows and columns `free` of a matrix (n, n), each divided by the length of its column of J; None is 0."""
    whole = np.zeros((free.size, free.size)) if A is None else np.asarray(A, float)[np.ix_(free, free)]
    return whole / lengths[:, None] / lengths
