"""A number that was estimated, with its standard error, and the accuracy that may be asked of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Estimated:
    """An estimate from random vectors: `value` and its standard error `error`, numbers or arrays of one shape, from
    `samples` estimates and `products` with the matrix. `met`: whether the tolerance that was asked is met, or the
    limit of products ended the search (None: no tolerance was asked)."""

    value: Any
    error: Any
    samples: int
    products: int
    met: bool | None = None

    def interval(self, share: float = 0.95) -> tuple[Any, Any]:
        """Holds the true value in this share of repetitions, by Student's t; endless for one sample."""
        from scipy.stats import t

        if not 0 < share < 1:
            raise ValueError(f"share is {share!r}: it lies between 0 and 1")
        if self.samples == 1 and not np.any(self.error):
            return self.value, self.value
        reach = (
            t.ppf(0.5 + share / 2, self.samples - 1) * self.error
            if self.samples > 1
            else np.inf * np.ones_like(self.value)
        )
        return self.value - reach, self.value + reach

    def said(self, met: bool) -> "Estimated":
        """The same, with the tolerance met or not."""
        return replace(self, met=met)

    def __str__(self) -> str:
        end = ", limit of products" if self.met is False else ""
        if np.ndim(self.value):
            most = np.max(self.error)
            return f"{np.size(self.value)} numbers from {self.products} products, standard errors up to {most:.2g}{end}"
        return f"{self.value:.6g} with standard error {self.error:.2g} ({self.products} products{end})"


@dataclass(frozen=True)
class Wanted:
    """The accuracy that is asked: a standard error relative to the value, or absolute; one of them is enough."""

    tol: float | None
    atol: float | None

    @classmethod
    def of(cls, tol: float | None, atol: float | None) -> "Wanted | None":
        """None where nothing is asked. Raises ValueError for what is not positive."""
        for name, value in (("tol", tol), ("atol", atol)):
            if value is not None and not (np.ndim(value) == 0 and np.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value!r}: it is a standard error, above 0")
        return None if tol is None and atol is None else cls(tol, atol)

    def met(self, found: Estimated) -> bool:
        """Of arrays: by root mean squares."""
        error = float(np.sqrt(np.mean(np.square(found.error))))
        size = float(np.sqrt(np.mean(np.square(found.value))))
        relative = self.tol is not None and error <= self.tol * size
        return bool(relative or (self.atol is not None and error <= self.atol))


def estimated(values: Sequence[Any] | Any, products: int) -> Estimated:
    """The mean over the first axis and its standard error; NaN as error of a single one."""
    a = np.asarray(values, float)
    k = len(a)
    error = np.std(a, axis=0, ddof=1) / np.sqrt(k) if k > 1 else np.full(a.shape[1:], np.nan)
    mean = np.mean(a, axis=0)
    return Estimated(mean if mean.ndim else float(mean), error if np.ndim(error) else float(error), k, products)
