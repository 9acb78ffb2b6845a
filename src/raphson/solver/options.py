"""Limits and options of a call, SciPy's included."""

import difflib
from dataclasses import dataclass
from typing import Any

import numpy as np

OURS = ("maxiter", "max_steps", "time_limit", "xtol", "return_all")
IGNORED = (
    "disp", "gtol", "ftol", "xrtol", "norm", "eps", "maxcor", "maxfun", "maxls", "iprint", "maxfev",
    "finite_diff_rel_step",
    "initial_trust_radius", "max_trust_radius", "eta", "inexact", "c1", "c2", "hess_inv0", "workers", "xatol",
    "fatol", "adaptive", "subproblem_maxiter",
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How accurate, how many trials, how many seconds (None: the method's own); whether all points are returned."""

    tolerance: float | None
    max_steps: int | None
    time_limit: float | None
    return_all: bool = False


def read_limits(
    tol: float | None, max_steps: int | None, time_limit: float | None, options: dict | None, notes: list[str]
) -> Limits:
    """Limits from the call's arguments and SciPy's options; ValueError names the wrong one."""
    options = dict(options or {})
    for name in options:
        if name not in OURS and name not in IGNORED:
            near = difflib.get_close_matches(name, [*OURS, *IGNORED], n=2)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(f"unknown option {name!r}{hint} There are {', '.join(OURS)}")
        if name in IGNORED:
            notes.append(f"option {name!r} is SciPy's and has no meaning here: ignored")
    if max_steps is None:
        max_steps = options.get("max_steps", options.get("maxiter"))
    if time_limit is None:
        time_limit = options.get("time_limit")
    if tol is None:
        tol = options.get("xtol")
    if tol is not None and not (np.isfinite(tol) and 0 <= tol < 1):
        raise ValueError(f"tol = {tol}: it is the relative accuracy asked of x, a number from 0 to 1")
    if max_steps is not None and (int(max_steps) != max_steps or max_steps < 0):
        raise ValueError(f"max_steps = {max_steps}: it must be a whole number, 0 or more")
    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"time_limit = {time_limit}: it must be a positive number of seconds")
    return Limits(
        None if tol is None else float(tol), None if max_steps is None else int(max_steps), time_limit,
        bool(options.get("return_all", False)),
    )  # fmt: skip


def refuse_constraints(constraints: Any) -> None:
    """Constraints are refused in words, unless they are empty."""
    if constraints is not None and not (hasattr(constraints, "__len__") and len(constraints) == 0):
        raise NotImplementedError("constraints are not supported: minimize is for smooth problems with bounds at most")
