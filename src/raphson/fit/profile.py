"""Confidence regions: intervals from the profile of the cost, ellipses of two parameters, and their quantiles."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

EDGE = 1e-8
"""An end is found where the signed root agrees with its quantile to this relative accuracy."""

FAR = 1e6
"""Standard errors from the minimum up to which an end is looked for."""

LOWER = 1e-8
"""A refit that undercuts the minimum by this fraction of the cost, or of the threshold, is no rounding."""


@dataclass(frozen=True, eq=False)
class ConfidenceEllipse:
    """Where two parameters lie together with probability `probability`, the others re-estimated.

    {s : s'C^-1 s = k^2} around `center` (2,), k = `factor`; `semi_axes` (2,), the long one first, along
    the columns of `axes` (2, 2); `angle` of the long axis from the first parameter's, degrees in
    (-90, 90], in the parameters' own units. k = 1 touches both standard errors and holds `one_sigma`:
    39 % (less where s comes from few data), not 68 %.
    """

    names: tuple[str, ...]
    center: np.ndarray
    semi_axes: np.ndarray
    axes: np.ndarray
    angle: float
    probability: float
    factor: float
    one_sigma: float

    def points(self, count: int = 181) -> np.ndarray:
        """Points of the curve (2, count), the last one equal to the first."""
        t = np.linspace(0, 2 * np.pi, count)
        return self.center[:, None] + self.axes @ (self.semi_axes[:, None] * np.array([np.cos(t), np.sin(t)]))

    def __str__(self) -> str:
        return (
            f"ellipse of {' and '.join(self.names)} that holds {100 * self.probability:.3g} % "
            f"({self.factor:.3g} standard errors; that of 1 standard error holds {100 * self.one_sigma:.2g} %)"
        )


def ellipse_of(
    names: tuple[str, ...], center: np.ndarray, root: np.ndarray, probability: float, nu: float
) -> ConfidenceEllipse:
    """The ellipse of covariance root root', root (2, r), s estimated with `nu` degrees of freedom (inf: known).

    k^2 = 2 F(2, nu), in closed form nu ((1 - p)^(-2/nu) - 1); -2 log(1 - p) where s is known.
    """
    check_probability(probability)
    # Singular values of the root, not eigenvalues of its square: a thin ellipse keeps its width.
    axes, lengths, _ = np.linalg.svd(root)
    angle = float(np.degrees(np.arctan2(axes[1, 0], axes[0, 0])))
    angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
    if np.isinf(nu):
        factor, one = np.sqrt(-2 * np.log1p(-probability)), -np.expm1(-0.5)
    else:
        factor = np.sqrt(nu * np.expm1(-2 / nu * np.log1p(-probability)))
        one = -np.expm1(-nu / 2 * np.log1p(1 / nu))
    return ConfidenceEllipse(names, center, factor * lengths, axes, angle, probability, float(factor), float(one))


def student(probability: float, degrees: float) -> float:
    """Half-width of a symmetric interval in standard errors: Student's t, normal for inf, inf for 0 degrees."""
    check_probability(probability)
    from scipy.special import ndtri, stdtrit  # here: `import raphson` does without scipy.special

    half = 0.5 + probability / 2
    return float(ndtri(half) if np.isinf(degrees) else stdtrit(degrees, half) if degrees > 0 else np.inf)


def check_probability(probability: float) -> None:
    """Raises ValueError where probability is not between 0 and 1 (95 for 0.95 is the usual slip)."""
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1, as 0.95 does, not {probability!r}")


@dataclass(frozen=True, eq=False)
class Profile:
    """The least cost at which a parameter can have other values, and the interval read off it.

    `low`, `high` ends where the cost is `threshold`, or bounds that lie nearer (-inf, inf: not found, see
    `notes`); `at_bounds` which ends are bounds, "lower", "upper"; `points` (k,) values tried, ascending, with
    the minimum's own; `costs` (k,) there, the other parameters refitted; `path` (k, n) all parameters there;
    `value` at the minimum; `complete` the cost reaches its threshold at both ends and is nowhere lower than at
    the minimum; `notes` sentences; `probability` that the interval holds; `refits` how many were made.
    """

    low: float
    high: float
    points: np.ndarray
    costs: np.ndarray
    complete: bool
    notes: tuple[str, ...]
    value: float
    threshold: float
    probability: float
    path: np.ndarray
    refits: int
    at_bounds: tuple[str, ...] = ()

    @property
    def skew(self) -> float:
        """Upper half-width over lower: 1 where the linear interval is right; NaN where an end is missing or a bound."""
        sides = self.high - self.value, self.value - self.low
        return float(sides[0] / sides[1]) if np.isfinite(sides).all() and not self.at_bounds else np.nan


@dataclass(eq=False)
class Search:
    """One profile in the making: what was asked for, and every refit so far."""

    refit: Callable
    i: int
    x: np.ndarray
    cost: float
    scale2: float
    t: float
    spent: int = 0
    seen: dict[float, tuple[np.ndarray, float]] = field(default_factory=dict)
    failed: set[float] = field(default_factory=set)

    def root(self, value: float) -> float:
        """Signed root of the rise, sign(v - v0) sqrt(2 (cost(v) - cost) / s^2), over its quantile t: 1 at an end.

        Linear in v for a linear model, hence the unknown of the root finder. A cost that is not finite
        lies above every threshold: the root is then 2, large enough for a bracket and harmless in it.
        """
        if value in self.failed:
            return 2.0
        if value not in self.seen:
            nearest = min(self.seen, key=lambda v: abs(v - value))
            start = self.seen[nearest][0].copy()
            start[self.i] = value
            x, cost = self.refit(self.i, value, start)
            self.spent += 1
            if not np.isfinite(cost):
                self.failed.add(value)
                return 2.0
            self.seen[value] = np.array(x, float), float(cost)
        rise = 2 * (self.seen[value][1] - self.cost) / self.scale2
        return float(np.copysign(np.sqrt(abs(rise)) / self.t, rise))


def profile(
    refit: Callable[[int, float, np.ndarray], tuple[Any, float]], x: Any, i: int, cost: float, *,
    degrees: float | None, scale2: float, probability: float = 0.95, step: float,
    bounds: tuple[float, float] = (-np.inf, np.inf), budget: int = 60, name: str = "",
) -> Profile:  # fmt: skip
    """The interval of parameter i on which the cost, minimized over the others, stays below its threshold.

    threshold: cost + s^2 q / 2 for cost = 1/2 sum r^2 (not the sum itself), with q the quantile of
    F(1, degrees), or of chi-square with 1 degree where sigma is absolute (degrees None or inf, scale2 =
    1). It needs no linear model, so it may be lopsided or open, and does not depend on how the
    parameter is written: the profile of log k is that of k.

    refit(i, value, start) -> (x, cost) minimizes over the others with parameter i held at `value`; x
    (n,) the answer, cost there; scale2 = s^2 (robust losses: mean(psi^2) / mean(psi'), see `Fit.profile`); step: the
    standard error (where it is not finite, a tenth of |x_i|); bounds of parameter i: it is held at no value
    outside them, and an end that they cut off is the bound itself; budget of refits, half for each end; name
    for the notes. An end that is not found (flat cost, edge of the domain, budget) is infinite, and a note
    says why. Raises ValueError for probability, scale2 or degrees out of range, and what refit raises.
    Source: Bates and Watts (1988), section 6.1; James and Roos (1975), MINOS.
    """
    x = np.array(x, float)
    nu = np.inf if degrees is None else degrees
    t = student(probability, nu)
    if not (nu > 0 and 0 < scale2 < np.inf):
        raise ValueError(f"a profile needs degrees > 0 and scale2 > 0, not {degrees!r} and {scale2!r}: see fit.notes")
    name = name or f"parameter {i + 1}"
    v0 = float(x[i])
    search = Search(refit, i, x, float(cost), float(scale2), t)
    search.seen[v0] = x, float(cost)
    notes: list[str] = []
    if not (np.isfinite(step) and step > 0):
        notes.append(f"{name} has no standard error: the search began with a tenth of its size")
        step = 0.1 * abs(v0) or 1.0
    ends, cut = [], []
    for side, word, bound in zip((-1, 1), ("lower", "upper"), bounds, strict=True):
        end, reason = find_end(search, side, step, bound, budget // 2)
        ends.append(end)
        if reason and np.isfinite(end):
            cut.append(word)
            notes.append(f"the {word} end of {name} is its bound {end:.6g}: {reason}")
        elif reason:
            notes.append(f"no {word} end of {name}: {reason}")
    threshold = cost + scale2 * t**2 / 2
    points = np.array(sorted(search.seen))
    costs = np.array([search.seen[v][1] for v in points])
    lower = undercut(points, costs, cost, threshold, name)
    path = np.array([search.seen[v][0] for v in points])
    return Profile(
        ends[0], ends[1], points, costs, bool(np.isfinite(ends).all()) and not lower and not cut, (*notes, *lower),
        v0, float(threshold), probability, path, search.spent, tuple(cut),
    )  # fmt: skip


def undercut(points: np.ndarray, costs: np.ndarray, cost: float, threshold: float, name: str) -> list[str]:
    """A note where a refit went below the "minimum" by more than rounding."""
    best = int(np.argmin(costs))
    if cost - costs[best] <= LOWER * max(abs(cost), threshold - cost):
        return []
    where = f"{costs[best]:.9g} < {cost:.9g} at {name} = {points[best]:.9g}"
    return [f"a refit found a lower cost, {where}: the point profiled is not the minimum; fit again from there"]


def find_end(search: Search, side: int, step: float, bound: float, budget: int) -> tuple[float, str]:
    """The end on one side and ""; or the bound, or an infinity, and the reason."""
    from scipy.optimize import brentq  # here: `import raphson` does without scipy.optimize

    v0, nowhere, last = float(search.x[search.i]), side * np.inf, search.spent + budget
    inner, outer = v0, v0 + side * search.t * step
    while True:
        outer = side * min(side * outer, side * bound)
        if outer == inner:
            return float(bound), f"there the cost {risen(search, inner)}"
        rise = search.root(outer)
        if abs(rise - 1) <= EDGE:
            return float(outer), ""
        if rise > 1:
            break
        if abs(outer - v0) > FAR * search.t * step:
            return nowhere, f"the cost is flat: at {outer:.6g} it {risen(search, outer)}"
        if search.spent >= last:
            return nowhere, f"{budget} refits were not enough: at {outer:.6g} the cost {risen(search, outer)}"
        # Where the root is linear this lands just beyond the end; where it flattens, four times as far.
        factor = 1.05 / rise if rise > 0.27 else 4.0
        inner, outer = outer, v0 + (outer - v0) * max(factor, 1.2)

    def gap(v: float) -> float:
        d = search.root(v) - 1
        return 0.0 if abs(d) <= EDGE else d

    fine = 4e-16 * max(abs(inner), abs(outer)) + 1e-9 * abs(outer - inner)
    limit = max(last - search.spent, 1)
    end, state = brentq(
        gap, inner, outer, xtol=fine, rtol=np.float64(1e-15), maxiter=limit, full_output=True, disp=False
    )
    if any(0 <= side * (v - end) <= 1e-3 * abs(end - v0) for v in search.failed):
        return nowhere, f"the cost is not finite beyond about {end:.6g}: the edge of its domain, or refits that fail"
    if not state.converged:
        return nowhere, f"{budget} refits were not enough, it lies near {end:.6g}"
    if abs(search.root(end) - 1) > 1e-3:
        return nowhere, f"the cost jumps over its threshold at {end:.6g}"
    return float(end), ""


def risen(search: Search, v: float) -> str:
    """How much of the threshold the cost has used up at a point that was tried."""
    share = 100 * np.sign(search.root(v)) * search.root(v) ** 2
    return f"has risen by only {max(share, 0):.2g} % of what the threshold asks"
