"""What error bars are, however many parameters there are: dense ones and sparse ones answer the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.fit.profile import ConfidenceEllipse, ellipse_of, student

HESSIAN_NOT_FINITE = "the exact Hessian is not finite here: error bars rest on J'J alone"


@dataclass(frozen=True, eq=False)
class Undetermined:
    """A direction that the data do not see: x + t `vector` fits as well for every t, to first order.

    `text` "3 a - b is free": a goes up by 3 while b goes down by 1 and no residual changes; `eigenvalue` of J'J along
    it, columns scaled to length 1; `vector` (n,) in the user's units, its entries the coefficients of the text before
    rounding, 0 for parameters that take no part.
    """

    text: str
    eigenvalue: float
    vector: np.ndarray


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ErrorBars:
    """How far the parameters of a fit are known, and what of it cannot be believed.

    `standard_errors` (n,); `chi_square` the sum of squared weighted residuals (not 1/2); `degrees` of freedom, m - rank
    of J's free columns (m - n where all are free and determined); `reduced` = chi_square / degrees and `residual_std`
    s, its root (NaN without degrees of freedom); `undetermined` directions; `at_bounds` names, with `sides` "lower",
    "upper" or "" (not said); `notes` sentences that say what cannot be believed and why; `condition` of J with columns
    of length 1; `steps` names what is no coordinate of x but of a step in its tangent space, where x is 0 (fits on
    curved spaces).

    Where there is no standard error, none is made up:
    inf   the parameter takes part in an undetermined direction, or nothing is left to estimate s from (there SciPy's
          curve_fit fills all of pcov with inf);
    NaN   it sits at a bound, where no symmetric interval means anything (0 would read "known exactly"; SciPy computes
          a number as if there were no bound), or J is not finite. The errors of the others hold for it fixed there.
    Off the diagonal the covariances and correlations of such parameters are NaN.
    """

    names: tuple[str, ...]
    x: np.ndarray
    absolute: bool
    standard_errors: np.ndarray
    residual_std: float
    degrees: int
    chi_square: float
    reduced: float
    undetermined: tuple[Undetermined, ...]
    at_bounds: tuple[str, ...]
    sides: tuple[str, ...]
    notes: tuple[str, ...]
    condition: float
    steps: tuple[str, ...] = ()

    @property
    def not_determined(self) -> tuple[str, ...]:
        """Names of the parameters that take part in an undetermined direction."""
        return tuple(a for i, a in enumerate(self.names) if any(u.vector[i] != 0 for u in self.undetermined))

    @property
    def quantile_degrees(self) -> float:
        """Degrees of freedom of s as the quantiles take them: inf where sigma is absolute."""
        return np.inf if self.absolute else self.degrees

    def place(self, parameter: int | str) -> int:
        """The number of a parameter, from its name or number."""
        return self.names.index(parameter) if isinstance(parameter, str) else range(len(self.names))[parameter]

    def interval(self, probability: float = 0.95) -> np.ndarray:
        """Ends (n, 2) that hold each parameter, for itself, with this probability: x -+ t standard errors.

        t: quantile of Student's t with `degrees`, of the normal distribution where sigma is absolute. Raises ValueError
        where probability is not between 0 and 1.
        """
        reach = student(probability, self.quantile_degrees) * self.standard_errors
        return np.stack([self.x - reach, self.x + reach], axis=1)

    def covariances(self, which: Sequence[int | str]) -> np.ndarray:
        """The covariances (k, k) of k parameters, names or numbers, among each other."""
        raise NotImplementedError

    def roots(self, which: Sequence[int]) -> np.ndarray:
        """B (k, r), B B' their covariances."""
        raise NotImplementedError

    def tied(self, above: float) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (k, 2) of parameters whose correlation is larger than `above` in size, i < j, and correlations (k,)."""
        raise NotImplementedError

    def correlations(self, which: Sequence[int | str]) -> np.ndarray:
        """The correlations (k, k) of k parameters, names or numbers, among each other; NaN as the covariances."""
        C = self.covariances(which)
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.sqrt(np.diag(C))
            found = np.clip(C / size[:, None] / size, -1, 1)
        np.fill_diagonal(found, np.where(np.isfinite(size), 1.0, np.nan))
        return found

    def ellipse(self, i: int | str, j: int | str, probability: float = 0.68) -> ConfidenceEllipse:
        """The ellipse that holds parameters i and j (numbers or names) together with this probability.

        s'C^-1 s = k^2, C their block of the covariance, k^2 = 2 F(2, degrees), or the chi-square quantile where sigma
        is absolute: -2 log(1 - p), so that k = 1 belongs to p = 0.3935, not 0.68. ValueError where probability is not
        between 0 and 1, i = j, or a parameter has no finite standard error. Source: Bates and Watts (1988), 1.3.
        """
        pair = [self.place(a) for a in (i, j)]
        names = tuple(self.names[a] for a in pair)
        if pair[0] == pair[1]:
            raise ValueError(f"an ellipse needs two parameters, not {names[0]} twice")
        for a in pair:
            if not np.isfinite(self.standard_errors[a]):
                raise ValueError(f"{self.names[a]} has no finite standard error, so no ellipse: see notes")
        return ellipse_of(names, self.x[pair], self.roots(pair), probability, self.quantile_degrees)

    def __repr__(self) -> str:
        rows = list(zip(self.names, self.x, self.standard_errors, strict=True))
        more = f", and {len(rows) - REPRESENTED} more" if len(rows) > REPRESENTED else ""
        shown = ", ".join(f"{name} = {a:.6g} +- {e:.2g}" for name, a, e in rows[:REPRESENTED])
        return f"Uncertainty({shown}{more})"


REPRESENTED = 100
"""Parameters that a repr names."""


def share(correlation: float) -> str:
    """A correlation with so many digits that one below 1 does not read as 1."""
    return f"{correlation:+.{min(max(4, 1 - int(np.floor(np.log10(max(1 - abs(correlation), 1e-16))))), 8)}f}"


def few_of(items: Sequence[Any], limit: int = 4) -> str:
    """Items with commas, the first few of many."""
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def column_lengths(J: Any) -> np.ndarray:
    """The lengths of the columns of a matrix, dense or sparse (n,); no square over- or underflows."""
    if not hasattr(J, "tocsr"):
        peak = np.max(np.abs(J), axis=0, initial=0.0)
        return peak * np.linalg.norm(J / np.where(peak > 0, peak, 1), axis=0)
    held = J.tocsr()
    n, columns, size = J.shape[1], held.indices, np.abs(held.data)
    peak = np.zeros(n)
    np.maximum.at(peak, columns, size)
    part = size / np.where(peak > 0, peak, 1)[columns]
    return peak * np.sqrt(np.bincount(columns, part**2, minlength=n))
