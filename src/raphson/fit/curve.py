"""`curve_fit`: a model, data, and parameters with error bars."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from raphson.fit.least_squares import least_squares
from raphson.fit.result import CurveFit
from raphson.solver.step import Method


def curve_fit(
    f: Callable,
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool = True,
    bounds: Any = (-np.inf, np.inf),
    method: str | Method | None = "auto",
    jac: Any = None,
    *,
    loss: Any = "linear",
    f_scale: float = 1.0,
    nan_policy: str | None = None,
    names: Any = None,
    **more: Any,
) -> CurveFit:
    """Fits f(xdata, *params) to ydata; unpacks as popt, pcov, and is a `Fit` with everything else.

    f(xdata, *params): the model, written with jax.numpy (NumPy functions run on the host); with p0 a
    dict, f(xdata, **params). xdata: anything f takes; ydata: real numbers of the shape that f returns.
    p0: the start (default: ones, or the middle of finite bounds). sigma: standard deviations of ydata,
    or their covariance matrix (m, m); with absolute_sigma they are what they say, else only their
    ratios count. nan_policy: "raise" (default) names the first missing value, "omit" leaves such
    points out. Everything else as in `least_squares`. Raises TypeError or ValueError before the loop.
    """
    y = np.asarray(ydata)
    if y.dtype.kind not in "fiub":
        raise TypeError(f"ydata must hold real numbers; it is {y.dtype}")
    y = y.astype(float) if y.dtype.kind in "iub" else y
    start, names = read_start(f, p0, bounds, names)
    weight = read_sigma(sigma, y)
    keep = read_gaps(xdata, y, nan_policy if check_finite or nan_policy else "keep")
    if keep is not None:
        y = y.ravel()[keep]
        weight = None if weight is None else weight[keep] if weight.ndim == 1 else weight
        if weight is not None and weight.ndim == 2:
            raise ValueError(
                "nan_policy='omit' needs sigma as standard deviations: a covariance cannot lose single points"
            )
    if more.get("maxfev") is not None:  # all calls of f, as SciPy's leastsq counts them
        more["options"] = {**(more.get("options") or {}), "maxfev": more["maxfev"]}
    more.pop("maxfev", None)
    if more.pop("full_output", False):
        raise TypeError("full_output is not needed: curve_fit returns everything, fit.residuals, fit.nfev, fit.message")
    if not isinstance(start, dict) and jac is not None and callable(jac):
        more["jac"] = jacobian(jac, weight, keep)
    fit = least_squares(
        misfit(model_of(f, isinstance(start, dict), keep)), start, (xdata, y, weight), method, loss, bounds=bounds,
        f_scale=f_scale, names=names, absolute_sigma=absolute_sigma and sigma is not None, **more,
    )  # fmt: skip
    return CurveFit.of(fit)


def model_of(f: Callable, named: bool, keep: np.ndarray | None) -> Callable[[Any, Any], Any]:
    """model(params, xdata) from f(xdata, *params)."""

    def model(p: Any, xdata: Any) -> Any:
        values = f(xdata, **p) if named else f(xdata, *p)
        return values if keep is None else values.ravel()[keep]

    return model


def misfit(model: Callable) -> Callable:
    """residual(params, xdata, ydata, weight); a model of another shape than ydata is refused in words."""

    def residual(p: Any, xdata: Any, ydata: Any, weight: Any) -> Any:
        predicted = model(p, xdata)
        if np.shape(predicted) not in (np.shape(ydata), ()):
            raise ValueError(
                f"the residual has no shape: f returns shape {np.shape(predicted)}, ydata has shape {np.shape(ydata)}"
            )
        r = (predicted - ydata).ravel()
        if weight is None:
            return r
        return weight * r if weight.ndim == 1 else weight @ r

    return residual


def jacobian(jac: Callable, weight: np.ndarray | None, keep: np.ndarray | None) -> Callable:
    """SciPy's jac(xdata, *params) as the Jacobian of the weighted residuals."""

    def J(p: Any, xdata: Any, ydata: Any, w: Any) -> np.ndarray:
        rows = np.asarray(jac(xdata, *p), float)
        rows = rows if keep is None else rows[keep]
        if weight is None:
            return rows
        return weight[:, None] * rows if weight.ndim == 1 else weight @ rows

    return J


def read_start(f: Callable, p0: Any, bounds: Any, names: Any) -> tuple[Any, Any]:
    """The start and the parameters' names: from p0, or as many as f takes; names from f's signature."""
    words = signature(f)
    if p0 is None:
        if words is None:
            raise ValueError("p0 is needed: the number of parameters of f cannot be read off (it takes *args)")
        p0 = middle(bounds, len(words))
    if isinstance(p0, dict):
        return p0, names
    p0 = np.atleast_1d(np.asarray(p0)) if not isinstance(p0, jax.Array) else p0
    if names is None and words is not None and len(words) == p0.size:
        names = words
    return p0, names


def signature(f: Callable) -> tuple[str, ...] | None:
    """The names of f's parameters after the first; None where they cannot be read off."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.KEYWORD_ONLY) for p in parameters) or len(parameters) < 2:
        return None
    return tuple(p.name for p in parameters[1:])


def middle(bounds: Any, n: int) -> np.ndarray:
    """One for every parameter without bounds; else the middle, or one inside the only bound, as SciPy does."""
    low, high = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    low, high = np.broadcast_to(np.asarray(low, float), (n,)), np.broadcast_to(np.asarray(high, float), (n,))
    both, left, right = np.isfinite(low) & np.isfinite(high), np.isfinite(low), np.isfinite(high)
    with np.errstate(invalid="ignore"):
        return np.where(both, 0.5 * (low + high), np.where(left, low + 1, np.where(right, high - 1, 1.0)))


def read_sigma(sigma: Any, y: np.ndarray) -> np.ndarray | None:
    """Weights: 1/sigma (m,), or the inverse factor of a covariance (m, m); ValueError names what is not positive."""
    if sigma is None:
        return None
    sigma = np.asarray(sigma, float)
    m = y.size
    if sigma.shape in ((), y.shape) or sigma.shape == (m,):
        sigma = np.broadcast_to(sigma, y.shape).ravel() if sigma.shape != (m,) else sigma
        bad = np.flatnonzero(~(sigma > 0) | ~np.isfinite(sigma))
        if bad.size:
            raise ValueError(f"sigma[{bad[0]}] = {sigma[bad[0]]:g}: standard deviations must be positive and finite")
        return 1 / sigma
    if sigma.shape == (m, m):
        if not np.allclose(sigma, sigma.T, rtol=1e-8, atol=0):
            raise ValueError("sigma is not a covariance matrix: it is not symmetric")
        try:
            return np.linalg.inv(np.linalg.cholesky(sigma))
        except np.linalg.LinAlgError:
            raise ValueError("sigma is not a covariance matrix: it is not positive definite") from None
    raise ValueError(f"sigma has shape {sigma.shape}; for ydata of shape {y.shape} give that shape or ({m}, {m})")


def read_gaps(xdata: Any, y: np.ndarray, policy: str | None) -> np.ndarray | None:
    """Indices of the points to keep (None: all); ValueError names the first that is not finite."""
    if policy not in (None, "raise", "omit", "keep"):
        raise ValueError(f"nan_policy = {policy!r}: there are 'raise' and 'omit'")
    if policy == "keep":
        return None
    good = np.isfinite(y).ravel()
    for leaf in jax.tree.leaves(xdata):
        a = np.asarray(leaf)
        if a.dtype.kind in "f" and a.ndim and a.shape[-1] == good.size:
            good = good & np.isfinite(a).reshape(-1, good.size).all(axis=0)
        elif a.dtype.kind in "f" and not np.isfinite(a).all() and policy != "omit":
            raise ValueError(
                f"xdata holds a value that is not finite, at {tuple(map(int, np.argwhere(~np.isfinite(a))[0]))}"
            )
    if good.all():
        return None
    if policy == "omit":
        return np.flatnonzero(good)
    i = int(np.argmin(good))
    what = f"ydata[{i}] = {y.ravel()[i]}" if not np.isfinite(y.ravel()[i]) else f"xdata[{i}] is not finite"
    raise ValueError(f"{what}: {int((~good).sum())} point(s) with gaps; nan_policy='omit' leaves them out")
