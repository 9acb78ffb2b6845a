"""Records of the zoo: a known minimum, and a named problem with its start, minima and traits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

KINDS = ("global", "local", "infimum", "saddle")


@dataclass(frozen=True)
class Minimum:
    """A known minimum: its value, a point where it is taken, and its kind.

    `kind` is "global", "local", or "infimum": a value approached, but not taken, as x runs to infinity. A fourth kind,
    "saddle", marks values that the literature lists as local minima, and where solvers stop, but which are none.
    `x` is None where the point is unknown, is at infinity, or would be one of too many to list.
    """

    value: float
    x: tuple[float, ...] | None = None
    kind: str = "global"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, not {self.kind!r}")

    def matches(self, value: float, digits: float = 4, zero_scale: float = 1.0) -> bool:
        """Whether `value` agrees with this minimum to `digits` digits, by the convention of Ceres.

        The difference is taken relative to |value of the minimum|, and relative to `zero_scale` where that is zero to
        rounding (below 1e-20).
        """
        scale = abs(self.value) if abs(self.value) > 1e-20 else zero_scale
        return bool(abs(float(value) - self.value) <= scale * 10.0**-digits)


@dataclass(frozen=True, eq=False)
class ZooProblem:
    """A named test problem.

    `fun` is a plain JAX function of one vector that keeps its dtype (float32 in, float32 out). `residual` is the
    residual vector where `fun` is a sum of squares (without a factor 1/2), else None. `x0` is the standard start,
    `xs` holds every start of the usual protocol, `x0` first. `start_value` is fun(x0) in exact arithmetic to about
    15 digits, where it was computed apart from this code. `minima` lists what is known, the best first; it is empty
    where the function is unbounded below or nothing is known. `data` holds arrays that define the problem.
    """

    name: str
    title: str
    fun: Callable[[jax.Array], jax.Array]
    x0: np.ndarray
    minima: tuple[Minimum, ...] = ()
    traits: frozenset[str] = frozenset()
    source: str = ""
    residual: Callable[[jax.Array], jax.Array] | None = None
    data: tuple = ()
    start_value: float | None = None
    xs: tuple[np.ndarray, ...] = ()

    def __post_init__(self) -> None:
        starts = tuple(_frozen(x) for x in (self.xs or (self.x0,)))
        object.__setattr__(self, "x0", starts[0])
        object.__setattr__(self, "xs", starts)
        object.__setattr__(self, "minima", tuple(sorted(self.minima, key=lambda minimum: minimum.value)))

    @property
    def n(self) -> int:
        """The number of variables."""
        return self.x0.size

    @property
    def minimum(self) -> Minimum | None:
        """The best known minimum, or None where none is known (or none exists)."""
        return self.minima[0] if self.minima else None

    def matches(self, value: float, digits: float = 4) -> Minimum | None:
        """The listed minimum that a final function value agrees with, or None; among several, the nearest.

        The convention is that of Ceres, |f - f*| <= 10^-digits |f*|, with 1 in the place of |f*| for a minimum of zero;
        but |f(x0)| in the place of that 1 where f starts below 1, so that no start counts as an answer.
        A value below zero by rounding still matches a minimum of zero; NaN matches nothing.
        """
        zero_scale = min(1.0, abs(self.start_value or 1.0))
        found = [minimum for minimum in self.minima if minimum.matches(value, digits, zero_scale)]
        return min(found, key=lambda minimum: abs(minimum.value - float(value)), default=None)

    def __repr__(self) -> str:
        best = "none known" if self.minimum is None else f"{self.minimum.value:.6g}"
        return f"ZooProblem({self.name!r}, n={self.n}, minimum {best}, traits {sorted(self.traits)})"


def constant(values, x) -> jax.Array:
    """`values` as an array of the floating dtype of `x`, so that constants do not promote float32."""
    return jnp.asarray(values, jnp.result_type(x, 0.0))


def sum_of_squares(residual: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
    """The function F(x) = sum of r_i(x)^2 (no factor 1/2) of a residual function."""

    def fun(x):
        r = residual(x)
        return jnp.sum(r * r)

    fun.__doc__ = f"Sum of squares (no factor 1/2) of: {residual_doc(residual)}"
    return fun


def residual_doc(function: Callable) -> str:
    """The docstring of a function, also where `functools.partial` wraps it."""
    return getattr(function, "func", function).__doc__ or ""


def _frozen(x) -> np.ndarray:
    array = np.array(x, dtype=np.float64)
    array.flags.writeable = False
    return array
