"""Every comparison with machine precision lives here, so that no tolerance is written twice.

Conventions: `eps` is the spacing of 1.0 in the working precision; "noise" is the smallest change
of a computed quantity that means anything. All tests are relative: they do not change when the
objective is multiplied by a power of two or when a variable is measured in another unit.
"""

# pyright: reportUnknownMemberType=false

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array

VALUE_NOISE = 10.0
"""f is taken to be known to this many units in the last place."""

GRADIENT_NOISE = 16.0
"""g is taken to be known to this many units of |H| |x|, the change that rounding x alone makes."""

CURVATURE_NOISE = 32.0
"""Eigenvalues of a scaled Hessian below this many units times n times the largest are called zero."""


@cache
def limits(dtype: Any) -> Any:
    """NumPy's table of a floating-point type (looked up once: it is slow)."""
    return np.finfo(dtype)


def precision(a: Any) -> Any:
    """The limits of the type of `a`, an array or a Python number."""
    return limits(a.dtype if hasattr(a, "dtype") else jnp.result_type(a))


def eps(a: Any) -> float:
    """Spacing of floating-point numbers at 1 in the precision of `a`."""
    return float(precision(a).eps)


def tiny(a: Any) -> float:
    """Smallest normal number in the precision of `a`."""
    return float(precision(a).tiny)


def huge(a: Any) -> float:
    """Largest number in the precision of `a`."""
    return float(precision(a).max)


def value_noise(value: Any) -> Any:
    """How much f can change without meaning anything: `VALUE_NOISE` eps |f|."""
    return VALUE_NOISE * eps(value) * abs(value)


def default_tolerance(a: Any) -> float:
    """Relative accuracy asked of x by default: eps^(2/3), 4e-11 in double and 2e-5 in single precision.

    A Newton step of this relative size leaves an error of about its square, so the answer is then
    as good as x can be written; asking for less would leave digits, for more would chase noise.
    """
    return eps(a) ** (2 / 3)


def success_tolerance(a: Any) -> float:
    """Relative distance to the minimum up to which an answer may be called shown: eps^(1/3)."""
    return eps(a) ** (1 / 3)


def sum_rounding(terms: int) -> float:
    """gamma_k = k u / (1 - k u), u = eps / 2 in double precision: the relative error, against the sum of absolute
    values, of k operations in a row (Higham 2002, lemma 3.1). Infinite where the lemma says nothing."""
    u = terms * float(limits(np.dtype(np.float64)).eps) / 2
    return u / (1 - u) if u < 1 else np.inf


def safe(x: Array, ok: Array) -> Array:
    """`x` where `ok`, else 1: the usual guard of a denominator inside `jnp.where`."""
    return jnp.where(ok, x, jnp.ones_like(x))


def all_finite(a: Array) -> Array:
    """True if every entry is finite. One sum: infinities of both signs give NaN, and NaN stays; times eps, so that
    finite entries do not overflow together."""
    return jnp.isfinite(jnp.sum(eps(a) * a))


def norm(v: Array) -> Array:
    """Euclidean length. Plain sum of squares: steps and gradients are measured in scaled variables, whose
    squares have the size of f; a quarter of them, so that this overflows after f itself."""
    quarter = 0.25 * v
    return 4 * jnp.sqrt(quarter @ quarter)
