"""A number that was estimated, with its standard error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Estimated:
    """An estimate from random vectors: `value` and its standard error `error`, numbers or arrays of one shape, from
    `samples` independent (or exchangeable) estimates and `products` with the matrix."""

    value: Any
    error: Any
    samples: int
    products: int

    def interval(self, share: float = 0.95) -> tuple[Any, Any]:
        """Holds the true value in this share of repetitions, by Student's t; endless for one sample."""
        from scipy.stats import t

        if not 0 < share < 1:
            raise ValueError(f"share is {share!r}: it lies between 0 and 1")
        reach = (
            t.ppf(0.5 + share / 2, self.samples - 1) * self.error
            if self.samples > 1
            else np.inf * np.ones_like(self.value)
        )
        return self.value - reach, self.value + reach

    def __str__(self) -> str:
        if np.ndim(self.value):
            most = np.max(self.error)
            return f"{np.size(self.value)} numbers from {self.products} products, standard errors up to {most:.2g}"
        return f"{self.value:.6g} with standard error {self.error:.2g} ({self.products} products)"


def estimated(values: Sequence[Any] | Any, products: int) -> Estimated:
    """The mean over the first axis and its standard error; NaN as error of a single one."""
    a = np.asarray(values, float)
    k = len(a)
    error = np.std(a, axis=0, ddof=1) / np.sqrt(k) if k > 1 else np.full(a.shape[1:], np.nan)
    mean = np.mean(a, axis=0)
    return Estimated(mean if mean.ndim else float(mean), error if np.ndim(error) else float(error), k, products)
