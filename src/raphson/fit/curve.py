"""`curve_fit`: a model, data, and parameters with error bars."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from raphson.fit.data import read_data
from raphson.fit.least_squares import least_squares
from raphson.fit.messages import no_numbers, notes_on_model, refuse_names, unlike
from raphson.fit.residuals import NotFinite
from raphson.fit.result import CurveFit, Fit
from raphson.kernel.warning import silent, warn
from raphson.solver.inputs import read_point
from raphson.solver.step import Method

LEASTSQ = ("epsfcn", "factor", "diag", "col_deriv")
"""Tuning arguments of SciPy's leastsq, which its curve_fit hands on: not needed here."""


@silent
def curve_fit(
    f: Callable,
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool | None = None,
    bounds: Any = (-np.inf, np.inf),
    method: str | Method | None = "auto",
    jac: Any = None,
    *,
    full_output: bool = False,
    loss: Any = "linear",
    f_scale: float = 1.0,
    nan_policy: str | None = None,
    names: Any = None,
    **more: Any,
) -> Any:
    """Fits f(xdata, *params) to ydata; unpacks as popt, pcov, and is a `Fit` with everything else.

    f(xdata, *params): the model, written with NumPy or jax.numpy (what needs the value of a parameter, such
    as `if` or float(), runs on the host); with p0 a dict, f(xdata, **params). xdata: anything f takes; lists,
    arrays and columns become float64 arrays, so whole numbers cannot overflow; ydata: real numbers of the shape
    that f returns, or one number.
    p0: the start (default: ones, or the middle of finite bounds). sigma: standard deviations of ydata,
    or their covariance matrix (m, m); with absolute_sigma they are what they say, else only their
    ratios count; a point with sigma = inf is left out. nan_policy: "raise" (default) names the first
    missing value, "omit" leaves such points out. full_output: SciPy's tuple (popt, pcov, infodict, mesg,
    ier) in place of the `Fit`. Everything else as in `least_squares`; maxfev limits all calls. Where the data do
    not determine the parameters, pcov is inf and an OptimizeWarning says so, as in SciPy.
    Raises TypeError or ValueError before the loop.
    """
    if not callable(f):
        raise TypeError(f"f must be a function of xdata and the parameters, not {type(f).__name__}")
    if "args" in more:
        raise ValueError("'args' is not a supported keyword argument: close over what f needs, lambda x, a: g(x, a, c)")
    start, names = read_start(f, p0, bounds, names)
    data = read_data(xdata, ydata, sigma, nan_policy, check_finite is not False)
    if more.get("maxfev"):  # all calls of f, as SciPy's leastsq counts them; its 0 means no limit of the caller's
        more["options"] = {**(more.get("options") or {}), "maxfev": more["maxfev"]}
    for name in ("maxfev", *LEASTSQ):
        more.pop(name, None)
    if not isinstance(start, dict) and callable(jac):
        more["jac"] = jacobian(jac, data.weight, data.keep)
    try:
        fit = least_squares(
            misfit(model_of(f, isinstance(start, dict), data.keep)), start, args=(data.x, data.y, data.weight),
            method=method, loss=loss, bounds=bounds, f_scale=f_scale, names=names,
            absolute_sigma=absolute_sigma and sigma is not None, **more,
        )  # fmt: skip
    except NotFinite as error:
        raise NotFinite(error.row, error.head + data.at(error.row), error.tail) from None
    model = model_of(f, isinstance(start, dict), None)
    fit.data = replace(data, names=(name_of_x(f, data.x), "y"), model=model)
    fit.notes = (*fit.notes, *notes_on_model(fit.residuals, data.y, data.weight, fit.jacobian))
    warn_of_covariance(fit)
    return fit.full_output() if full_output else CurveFit.of(fit)


def warn_of_covariance(fit: Fit) -> None:
    """SciPy's warning where the data do not determine every parameter, or leave no degree of freedom for s^2."""
    if plainly_determined(fit) or not np.any(np.isinf(fit.standard_errors)):
        return
    from scipy.optimize import OptimizeWarning

    warn("Covariance of the parameters could not be estimated", OptimizeWarning)


def plainly_determined(fit: Fit) -> bool:
    """Whether J is so far from singular that covariances need not be looked at for that: its columns, at length 1, keep
    a thousandth of it in every combination. (All error bars take 0.7 ms, and are computed where they are asked for.)"""
    r, J = fit.weighted
    n = J.shape[1]
    if hasattr(J, "tocsr"):  # 'warn_of_covariance' then looks at the error bars, which take no more than this
        return bool(np.isfinite(fit.standard_errors).all())
    if len(r) <= n:
        return False
    with np.errstate(all="ignore"):  # squares that overflow or vanish: then all of it is looked at
        G = J.T @ J
        d = np.sqrt(np.einsum("ii->i", G))
        G = G / d / d[:, None]
    if not (np.isfinite(G).all() and np.isfinite(r).all()):
        return False
    try:
        np.linalg.cholesky(G - 1e-6 * np.eye(n))
    except np.linalg.LinAlgError:
        return False
    return True


def model_of(f: Callable, named: bool, keep: np.ndarray | None) -> Callable[[Any, Any], Any]:
    """model(params, xdata) from f(xdata, *params)."""

    def model(p: Any, xdata: Any) -> Any:
        values = f(xdata, **p) if named else f(xdata, *p)
        return values if keep is None or np.ndim(values) == 0 else values.ravel()[keep]

    return model


def misfit(model: Callable) -> Callable:
    """residual(params, xdata, ydata, weight); a model of another shape than ydata is refused in words."""

    def residual(p: Any, xdata: Any, ydata: Any, weight: Any) -> Any:
        predicted = model(p, xdata)
        if hasattr(predicted, "to_numpy"):  # a column that keeps its own index
            predicted = predicted.to_numpy()
        try:
            why = unlike(predicted, ydata, xdata)
            r = None if why else (predicted - ydata).ravel()
        except (TypeError, ValueError) as error:
            if text := no_numbers(predicted):
                raise TypeError(text) from error
            raise
        if r is None or r.dtype.kind == "c":
            text = no_numbers(predicted)
            raise TypeError(text) if text else ValueError(why)
        if weight is None:
            return r
        return weight * r if weight.ndim == 1 else weight @ r

    return residual


def jacobian(jac: Callable, weight: np.ndarray | None, keep: np.ndarray | None) -> Callable:
    """SciPy's jac(xdata, *params) as the Jacobian of the weighted residuals."""

    def J(p: Any, xdata: Any, ydata: Any, w: Any) -> np.ndarray:
        rows = np.asarray(jac(xdata, *p), float)
        rows = rows[:, None] if rows.ndim == 1 else rows
        rows = rows if keep is None else rows[keep]
        if weight is None:
            return rows
        return weight[:, None] * rows if weight.ndim == 1 else weight @ rows

    return J


def read_start(f: Callable, p0: Any, bounds: Any, names: Any) -> tuple[Any, Any]:
    """The start and the parameters' names: from p0, or as many as f takes; names from f's signature."""
    words, needed = signature(f)
    if p0 is None:
        if words is None:
            raise ValueError("p0 is needed: the number of parameters of f cannot be read off (it takes *args)")
        if not words:
            raise ValueError("f has no parameters to fit: it must take xdata and at least one parameter, f(x, a, ...)")
        p0 = middle(bounds, len(words))
    if isinstance(p0, dict):
        refuse_names(f, p0)
        return read_point(p0, [], name="p0") and p0, names
    p0 = read_vector(p0)
    if words is not None and not needed <= p0.size <= len(words):
        raise TypeError(
            f"p0 has {p0.size} number{'s' if p0.size != 1 else ''}, but f takes {len(words)} parameters after xdata: "
            f"{', '.join(words)}"
        )
    if names is None and words is not None and len(words) == p0.size:
        names = words
    return p0, names


def read_vector(p0: Any) -> Any:
    """p0 as one vector, of NumPy or JAX; TypeError or ValueError names p0 where it is no list of finite numbers."""
    try:
        flat = p0.ravel() if isinstance(p0, jax.Array) else np.ravel(np.asarray(p0))
    except ValueError:
        raise TypeError(f"p0 must hold one number for every parameter; it is {str(p0)[:60]}") from None
    if flat.dtype.kind != "f" or not np.isfinite(flat).all():
        read_point(flat if flat.size != 1 or np.ndim(p0) else p0, [], name="p0")
    return flat


def signature(f: Callable) -> tuple[tuple[str, ...] | None, int]:
    """The names of f's positional parameters after the first (None: they cannot be read off), and how many it needs."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return None, 0
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        return None, 0
    taken = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][1:]
    return tuple(p.name for p in taken), sum(p.default is p.empty for p in taken)


def name_of_x(f: Callable, x: Any) -> str:
    """What the predictor is called: the only key of a dict, else f's own word for it."""
    if isinstance(x, dict):
        return str(next(iter(x))) if len(x) == 1 else "x"
    try:
        return next(iter(inspect.signature(f).parameters), "x")
    except (TypeError, ValueError):
        return "x"


def middle(bounds: Any, n: int) -> np.ndarray:
    """One for every parameter without bounds; else the middle, or one inside the only bound, as SciPy does."""
    low, high = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    low, high = np.broadcast_to(np.asarray(low, float), (n,)), np.broadcast_to(np.asarray(high, float), (n,))
    both, left, right = np.isfinite(low) & np.isfinite(high), np.isfinite(low), np.isfinite(high)
    with np.errstate(invalid="ignore"):
        return np.where(both, 0.5 * (low + high), np.where(left, low + 1, np.where(right, high - 1, 1.0)))
