"""The curve of a fit and its confidence band: what the model is between the points, and how far it is known there."""

import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np

from raphson.calculus.around import limits_of
from raphson.fit.uncertainty import decompose

DENSE = 201
"""Places between the first and the last point at which a curve is evaluated, beside the points themselves."""

BESIDE = 400
"""Of more points than this the curve is evaluated at the dense places alone."""

BUDGET = 2.0
"""Seconds that the evaluations of one curve may take."""

JOINED = 2000
"""Points that a curve joins at most: as many as are drawn."""

WIDE = 1e3
"""A predictor that goes over so large a ratio is seen on a logarithmic axis."""


@dataclass(frozen=True, eq=False)
class FittedCurve:
    """f at the answer: `x` (k,) ascending, `y` (k,), `error` (k,) the standard error of y (NaN: not known).

    `joined`: f is known at the points alone, and the curve joins them; `log`: x is meant for a logarithmic axis.
    """

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray
    joined: bool
    log: bool


def determined_root(fit: Any) -> np.ndarray:
    """B (n, r), B B' the covariance of what the data determine; the errors of a fit's values are the rows of J B.

    That of `Uncertainty.root` where all is determined. A direction that the data do not see stands still, and so does a
    parameter at a bound (a row of 0): where the points are, neither moves the model. NaN where s is not known.
    """
    (r, J), u = fit.weighted, fit.uncertainty
    s, J = 1.0 if fit.absolute else u.residual_std, full(J)
    if not (np.isfinite(J).all() and np.isfinite(r).all() and np.isfinite(s)):
        return np.full((len(u.names), 1), np.nan)
    error = float(np.finfo(J.dtype).eps) if fit.error is None else fit.error
    p = decompose(np.asarray(J, float), np.flatnonzero(np.asarray(fit.active) == 0), error)
    B = np.zeros((len(u.names), p.rank))
    B[p.free] = s * p.T / p.lengths[:, None]
    return B


def full(J: Any) -> np.ndarray:
    """A Jacobian as an array; it may be a SciPy matrix."""
    return J.toarray() if hasattr(J, "tocsr") else np.asarray(J)


def values_at_points(fit: Any) -> np.ndarray:
    """The model at the points of a fit (m,)."""
    weight, r = fit.data.weight, np.asarray(fit.residuals, float)
    if weight is not None:
        r = r / weight if weight.ndim == 1 else np.linalg.solve(weight, r)
    return np.ravel(fit.data.y) + r


def errors_at_points(fit: Any) -> np.ndarray:
    """The standard errors of the model there (m,): the lengths of the rows of J B, or by entries of the inverse of a
    sparse J'J."""
    weight, J, u = fit.data.weight, fit.jacobian, fit.uncertainty
    scaled = weight is not None and weight.ndim == 1
    if hasattr(u, "of_rows") and (weight is None or scaled):
        errors = u.of_rows(J)
        return errors / weight if scaled else errors
    J = full(J).astype(float)
    if weight is not None:
        J = J / weight[:, None] if scaled else np.linalg.solve(weight, J)
    return np.linalg.norm(J @ determined_root(fit), axis=1)


_curves: WeakKeyDictionary[Any, FittedCurve | None] = WeakKeyDictionary()
"""By the error bars of a fit, which has no hash of its own."""


def fitted_curve(fit: Any) -> FittedCurve | None:
    """The curve over a single predictor; None for several of them, and for residuals alone. Made once for a fit.

    f is called at other x only where it takes them one by one: where its value at a point depends on the others (a
    running sum, a column that it closes over), and where it is not known any more, the curve joins the points. So it
    does beside a sparse J: thousands of parameters bend a curve between `DENSE` places, and each would be a call.
    """
    if fit.data is None:
        return None
    known = fit.uncertainty
    if known not in _curves:
        _curves[known] = curve_through(fit)
    return _curves[known]


def curve_through(fit: Any) -> FittedCurve | None:
    """The same, made now."""
    data = fit.data
    x = data.predictor
    if x is None or not np.isfinite(x).all():
        return None
    log = bool(x.min() > 0 and x.max() >= WIDE * x.min())
    found = None
    if data.model is not None and fit.model.space.straight and x.size > 1 and not hasattr(fit.uncertainty, "of_rows"):
        try:
            with np.errstate(all="ignore"):
                found = evaluated(fit, x, log)
        except Exception:  # the user's function, at places where it never was
            found = None
    if found is not None:
        return found
    seen, where = np.unique(x, return_index=True)
    if seen.size > JOINED:
        chosen = spread_places(seen.size)
        seen, where = seen[chosen], where[chosen]
    return FittedCurve(seen, values_at_points(fit)[where], errors_at_points(fit)[where], True, log)


def spread_places(size: int) -> np.ndarray:
    """`JOINED` of so many points, both ends among them: one at random in each of as many parts of equal size. Every
    k-th would beat with knots that are evenly spaced themselves."""
    edges = np.linspace(0, size, JOINED + 1)
    inside = np.random.default_rng(JOINED).uniform(edges[:-1], edges[1:])
    inside[[0, -1]] = 0, size - 1
    return inside.astype(int)


def evaluated(fit: Any, x: np.ndarray, log: bool) -> FittedCurve | None:
    """The curve by calls of f, its errors by central differences along the columns of B; None where f cannot tell."""
    f = Values(fit)
    if not f.pointwise(x):
        return None
    ends = (x.min(), x.max())
    places = np.geomspace(*ends, DENSE) if log else np.linspace(*ends, DENSE)
    seen = np.unique(x)
    places = np.unique(np.concatenate([places[1:-1], seen if seen.size <= BESIDE else ends]))
    p = fit.x_flat
    begin = time.perf_counter()
    y = f(places, p)
    if (time.perf_counter() - begin) * (1 + 2 * p.size) > BUDGET:
        return None
    B = determined_root(fit)
    steps = steps_along(fit, p, B)
    if not np.all(steps > 0):  # on a bound that does not push: no room to look around
        return None
    if not np.isfinite(B).all():
        return FittedCurve(places, y, np.full(places.size, np.nan), False, log)
    slopes = np.zeros((places.size, B.shape[1]))
    for k, (column, t) in enumerate(zip(B.T, steps, strict=True)):
        slopes[:, k] = (f(places, p + t * column) - f(places, p - t * column)) / (2 * t)
    return FittedCurve(places, y, np.linalg.norm(slopes, axis=1), False, log)


def steps_along(fit: Any, p: np.ndarray, B: np.ndarray) -> np.ndarray:
    """How far (r,) to go along each column of B: the cube root of eps, of the size of what it moves; beyond no bound.

    1 where s is not known, and B with it.
    """
    if not np.isfinite(B).all():
        return np.ones(B.shape[1])
    reach = np.linalg.norm(B, axis=1)
    size = np.where(np.abs(p) > 1e-6 * reach, np.abs(p), reach)
    low, high, _ = limits_of(fit.model.space, p)
    room = np.minimum(p - np.asarray(low, float), np.asarray(high, float) - p)
    share = np.abs(B) / np.where(size > 0, np.minimum(np.cbrt(np.finfo(p.dtype).eps) * size, room), np.inf)[:, None]
    return 1 / np.max(share, axis=0)


class Values:
    """The model at any places, by calls with as many points as there were in the data: all that it was promised."""

    def __init__(self, fit: Any):
        self.data, self.m = fit.data, fit.data.y.size
        leaves, self.tree = jax.tree.flatten(fit.x)
        self.leaves = [np.asarray(leaf) for leaf in leaves]

    def __call__(self, x: np.ndarray, p: np.ndarray) -> np.ndarray:
        """f (k,) at places (k,) for parameters in one vector."""
        ends = np.cumsum([leaf.size for leaf in self.leaves])[:-1]
        parts = [part.reshape(a.shape) for part, a in zip(np.split(p, ends), self.leaves, strict=True)]
        parameters, out = self.tree.unflatten(parts), []
        for start in range(0, x.size, self.m):
            part = x[start : start + self.m]
            full = np.concatenate([part, np.repeat(part[-1:], self.m - part.size)])
            values = np.asarray(self.data.model(parameters, self.data.beside(full)), float)
            out.append(np.broadcast_to(values, full.shape)[: part.size])
        return np.concatenate(out)

    def pointwise(self, x: np.ndarray) -> bool:
        """Whether f takes its points one by one: of points in another order and number its values are the same."""
        p = np.concatenate([leaf.ravel() for leaf in self.leaves])
        whole = self(x, p)
        size = 1e-9 * np.max(np.abs(whole), initial=0.0)
        half = np.arange(self.m) // 2
        return all(bool(np.all(np.abs(self(x[i], p) - whole[i]) <= size)) for i in (half, self.m - 1 - half))
