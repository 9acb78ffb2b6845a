"""What is drawn of a fit: its points, the curve through them, the residuals, and what is left out of the picture."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from raphson.fit.band import FittedCurve, fitted_curve, values_at_points
from raphson.fit.profile import student

MOST = 2000
"""Points that are drawn."""

FARTHEST = 20
"""Of more points those with the largest residuals that are drawn in any case."""

BARS = 60
"""Points up to which their standard deviations are drawn."""

LEVEL = 0.95
"""Probability of the band, at every x for itself."""


@dataclass(frozen=True, eq=False)
class Observations:
    """The points of a fit that are drawn (k of `total`): `x`, `y`, `fitted` and `residual`, each (k,), x ascending.

    `kind` says what x is: "curve" the predictor of the `curve`; "fitted" the model's own value, where there are several
    predictors; "index" the number of the residual, where nothing but residuals is known (`y` and `fitted` are None).
    `residual` is y less the model, divided by sigma where `scaled`; the function's own value for "index". `number` (k,)
    counts the points from 0 in the order given; `names` of x and y; `factor` times a standard error is the band's half.
    """

    fit: Any
    kind: Literal["curve", "fitted", "index"]
    x: np.ndarray
    y: np.ndarray | None
    fitted: np.ndarray | None
    residual: np.ndarray
    number: np.ndarray
    total: int
    scaled: bool
    names: tuple[str, str]
    curve: FittedCurve | None
    factor: float

    @staticmethod
    def of(fit: Any) -> "Observations":
        """Reads a fit; TypeError for what is none."""
        if not hasattr(fit, "uncertainty") or not hasattr(fit, "residuals"):
            raise TypeError(f"expected a fit (of curve_fit or least_squares), not {type(fit).__name__}")
        residual = np.asarray(fit.residuals, float).ravel()
        x, y, fitted, names, scaled = np.arange(1.0, residual.size + 1), None, None, ("", ""), False
        curve = fitted_curve(fit)
        if fit.data is not None:
            fitted, names = values_at_points(fit), fit.data.names
            y = np.broadcast_to(np.ravel(fit.data.y), fitted.shape)
            scaled = fit.data.weight is not None and fit.data.weight.ndim == 1
            residual = -residual if scaled else y - fitted
            x = fitted if curve is None else np.asarray(fit.data.predictor)
        kind = "index" if fit.data is None else "fitted" if curve is None else "curve"
        shown = chosen(x, residual)
        reach = student(LEVEL, fit.uncertainty.quantile_degrees)
        at = lambda a: None if a is None else a[shown]
        return Observations(
            fit, kind, x[shown], at(y), at(fitted), residual[shown], shown, x.size, scaled, names, curve, reach
        )

    @cached_property
    def band(self) -> np.ndarray | None:
        """Half the height of the band along the curve (k,); None where there is none."""
        if self.curve is None or not np.isfinite(self.factor) or not np.isfinite(self.curve.error).any():
            return None
        return self.factor * self.curve.error

    @property
    def sigma(self) -> np.ndarray | None:
        """Standard deviations of the points (k,), where they are known and few enough to be told apart."""
        if not (self.scaled and self.fit.absolute and len(self.x) <= BARS):
            return None
        return 1 / self.fit.data.weight[self.number]

    @property
    def thinned(self) -> bool:
        """Whether there are points that are not drawn."""
        return len(self.x) < self.total


def chosen(x: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Which points are drawn (k,), x ascending: all, or some spread evenly and those with the largest residuals."""
    order = np.argsort(x, kind="stable")
    if x.size <= MOST:
        return order
    even = order[np.linspace(0, x.size - 1, MOST - FARTHEST).round().astype(int)]
    size = np.where(np.isfinite(residual), np.abs(residual), np.inf)
    far = np.argpartition(-size, FARTHEST)[:FARTHEST]
    kept = np.zeros(x.size, bool)
    kept[even] = kept[far] = True
    return order[kept[order]]
