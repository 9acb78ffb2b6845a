"""Functions of scipy.special that JAX lacks, or has with other values: short formulas, exact to rounding.

`tests/laws/test_special.py` compares them with SciPy's over a grid.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfc, gammaln

from raphson.tracing.needs import wanted

FAR = 8.0
"""From there erfcx is its asymptotic series: 20 terms are below 1e-16; before, exp(x^2) loses less than 64 eps."""

SMALL = 0.1
"""Up to there (e^z - 1)/z is its power series: the difference of its derivative would cancel."""


def erfcx(x: Any) -> Any:
    """exp(x^2) erfc(x), which overflows below -26.6. Source: Abramowitz and Stegun, 7.1.23."""
    near, far = jnp.minimum(x, FAR), jnp.maximum(x, FAR)
    term, series = jnp.ones_like(far), jnp.ones_like(far)
    for k in range(1, 20):
        term = -term * (2 * k - 1) / (2 * far * far)
        series = series + term
    return jnp.where(x <= FAR, jnp.exp(near * near) * erfc(near), series / (far * np.sqrt(np.pi)))


def power_of_exp(log: Any, power: Any) -> Any:
    """(e^(power log) - 1) / power, the logarithm itself at power 0."""
    z = power * log
    small = jnp.abs(z) < SMALL
    inner = jnp.where(small, z, 0)
    series = sum(inner**k / factorial(k + 1) for k in range(12))
    whole = jnp.expm1(jnp.where(small, 1, z)) / jnp.where(small, 1, power)
    return jnp.where(small, jnp.where(small, log, 0) * series, whole)


def boxcox(x: Any, lmbda: Any) -> Any:
    """(x^lambda - 1) / lambda."""
    return power_of_exp(jnp.log(x), lmbda)


def boxcox1p(x: Any, lmbda: Any) -> Any:
    """((1 + x)^lambda - 1) / lambda."""
    return power_of_exp(jnp.log1p(x), lmbda)


def huber(delta: Any, r: Any) -> Any:
    """r^2 / 2 up to delta, then the straight line; inf for a negative delta."""
    size = jnp.abs(r)
    return jnp.where(delta < 0, jnp.inf, jnp.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta)))


def pseudo_huber(delta: Any, r: Any) -> Any:
    """delta^2 (sqrt(1 + (r / delta)^2) - 1), without the difference; inf for a negative delta."""
    known = delta > 0
    d = jnp.where(known, delta, 1)
    v = r / d
    return jnp.where(known, d * d * (v * v / (jnp.sqrt(1 + v * v) + 1)), jnp.where(delta < 0, jnp.inf, 0))


def loggamma(x: Any) -> Any:
    """The logarithm of gamma of real numbers: NaN below 0, where SciPy has it for complex ones alone."""
    if jnp.iscomplexobj(x):
        raise wanted("loggamma", "loggamma of complex numbers has no counterpart in JAX")
    return jnp.where(x >= 0, gammaln(jnp.where(x >= 0, x, 1)), jnp.nan)


SPECIAL: dict[str, Callable] = {
    "exp10": lambda x: jnp.exp(x * np.log(10.0)),
    "cosm1": lambda x: -2 * jnp.sin(x / 2) ** 2,
    "erfcx": erfcx,
    "boxcox": boxcox,
    "boxcox1p": boxcox1p,
    "huber": huber,
    "pseudo_huber": pseudo_huber,
    "loggamma": loggamma,
}
"""By name in scipy.special."""

UNRELIABLE = frozenset(("hyp1f1", "hyp2f1", "exp1", "expn", "expi", "poch", "beta", "betaln"))
"""Functions of scipy.special whose counterparts in JAX are wrong, or never end, for some arguments. Measured: beta and
betaln are off by 1e-6 at (3, 8); exp1 did not come to an end within a minute (expi and expn were not tried)."""
