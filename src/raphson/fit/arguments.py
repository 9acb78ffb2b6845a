"""SciPy's arguments of `least_squares`: which have a meaning here, which are checked and noted."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from raphson.kernel.warning import warn
from raphson.report.console import every_line
from raphson.solver.options import Limits, read_limits

SCIPY_TOLERANCE = 1e-8
"""SciPy's default for xtol. Up to there it asks for less than a fit gives anyway: it ends where rounding does."""


def our_positions(door: Callable) -> Callable:
    """`least_squares` with SciPy's positions, which also takes ours: (fun, x0, args, method, loss).

    Data in third place, where SciPy has jac, can mean nothing else.
    """

    @functools.wraps(door)
    def call(*given: Any, **keywords: Any) -> Any:
        if len(given) < 3 or given[2] is None or isinstance(given[2], (bool, str)) or callable(given[2]):
            return door(*given, **keywords)
        ours = dict(zip(("args", "method", "loss"), given[2:], strict=False))
        twice = [name for name in ours if name in keywords]
        if twice or len(given) > 5:
            raise TypeError(
                f"least_squares got {twice[0] if twice else given[5]!r} as well: positions are SciPy's (fun, x0, jac, "
                "bounds, method, ...), or (fun, x0, args, method, loss)"
            )
        return door(*given[:2], **ours, **keywords)

    return call


def with_keywords(fun: Any, kwargs: dict | None) -> Any:
    """SciPy's `kwargs`: keyword arguments for the function and its jac."""
    return functools.partial(fun, **kwargs) if kwargs and callable(fun) else fun


def read_scipy_limits(
    tol: Any, max_steps: Any, time_limit: Any, options: Any, notes: list[str], *, ftol: Any, xtol: Any, gtol: Any
) -> Limits:
    """Limits from our arguments and SciPy's tolerances; warns as SciPy does of one that is too small to mean anything.

    xtol beyond `SCIPY_TOLERANCE` is our tol; ftol and gtol are met by a run that ends at the rounding of the residuals.
    """
    if ftol is None and xtol is None and gtol is None:
        raise ValueError("at least one of ftol, xtol and gtol must be a number: without any, no run would end")
    eps = np.finfo(float).eps
    for name, value in (("ftol", ftol), ("xtol", xtol), ("gtol", gtol)):
        if value is not None and value < eps:
            warn(
                f"Setting `{name}` below the machine epsilon ({eps:.2e}) effectively disables the corresponding "
                "termination condition.",
                UserWarning,
            )
        if value not in (None, SCIPY_TOLERANCE) and name != "xtol":
            notes.append(f"{name!r} is SciPy's and has no meaning here: the run ends by the accuracy of x (tol)")
    if tol is None and xtol is not None and xtol > SCIPY_TOLERANCE:
        tol = xtol
    return read_limits(tol, max_steps, time_limit, options, notes)


def check_tuning(notes: list[str], *, x_scale: Any, tr_solver: Any, **ignored: Any) -> None:
    """SciPy's tuning arguments: what cannot be meant raises, the rest is noted as not needed."""
    if x_scale is not None and not (isinstance(x_scale, str) and x_scale == "jac"):
        scale = None if isinstance(x_scale, str) else np.asarray(x_scale)
        if scale is None or scale.dtype.kind not in "fiu" or not np.all(np.isfinite(scale) & (scale > 0)):
            raise ValueError(f"x_scale = {x_scale!r}: it is 'jac', or a positive number for every parameter")
        if np.any(scale != 1):
            notes.append("x_scale is not needed: parameters are measured by the columns of the Jacobian")
    if tr_solver not in (None, "exact", "lsmr"):
        raise ValueError(f"tr_solver = {tr_solver!r}: there are 'exact' and 'lsmr' (neither is needed here)")
    for name, value in (("tr_solver", tr_solver), *ignored.items()):
        if value is not None:
            notes.append(f"{name!r} is SciPy's and has no meaning here: ignored")


def printing(verbose: Any, progress: Any) -> tuple[bool, bool | Callable]:
    """Whether the result is printed at the end (verbose=1), and what reports on the way (verbose=2)."""
    if verbose not in (0, 1, 2):
        raise ValueError(f"verbose = {verbose!r}: there are 0 (silent), 1 (the result) and 2 (the run as well)")
    return verbose > 0, every_line() if verbose == 2 and not progress else progress
