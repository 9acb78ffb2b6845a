"""Limits and options of a call, SciPy's included."""

import difflib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

OURS = ("maxiter", "max_steps", "maxfun", "maxfev", "time_limit", "xtol", "return_all")
AGAIN = 500
"""Trials of a second method on the host, where each costs calls of the user's function: the first one has failed."""
IGNORED = (
    "disp", "gtol", "ftol", "xrtol", "norm", "eps", "maxcor", "maxls", "iprint",
    "finite_diff_rel_step",
    "initial_trust_radius", "max_trust_radius", "eta", "inexact", "c1", "c2", "hess_inv0", "workers", "xatol",
    "fatol", "adaptive", "subproblem_maxiter",
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How accurate, how many trials, how many seconds (None: the method's own), whether all points are returned, how
    many calls of f in all.

    `calls` counts every call of a function on the host, those for differences and certificates
    included; a function that JAX compiles is called once by a trial, so there it limits trials.
    """

    tolerance: float | None
    max_steps: int | None
    time_limit: float | None
    return_all: bool = False
    calls: int | None = None

    def after(self, trials: int, host: bool) -> "Limits":
        """What is left of the trials after so many in earlier attempts; compiled functions are called once a trial."""
        most = self.max_steps
        if host and most is None and trials:
            return replace(self, max_steps=AGAIN)
        if not host and self.calls is not None:
            most = self.calls - 1 if most is None else min(most, self.calls - 1)
        return replace(self, max_steps=None if most is None else max(most - trials, 0))

    def evaluations(self, count: Any, n: int) -> "Limits":
        """With SciPy's max_nfev: so many evaluations by trials, the first one included.

        SciPy does not count its calls for a numerical Jacobian, n of them a time: on the host all
        calls together stay below what it would make, count (n + 1).
        """
        if count is None:
            return self
        if not (np.isfinite(count) and count >= 1):
            raise ValueError(f"max_nfev = {count}: it limits the evaluations, a number of 1 or more")
        most = int(count) - 1 if self.max_steps is None else min(self.max_steps, int(count) - 1)
        calls = int(count) * (n + 1)
        return replace(self, max_steps=most, calls=calls if self.calls is None else min(self.calls, calls))


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
    calls = options.get("maxfun", options.get("maxfev"))
    if calls is not None and not (np.isfinite(calls) and calls >= 1):
        raise ValueError(f"maxfun = {calls}: it limits the calls of fun, a number of 1 or more")
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
        bool(options.get("return_all", False)), None if calls is None else int(calls),
    )  # fmt: skip


def refuse_constraints(constraints: Any) -> None:
    """Constraints are refused in words, unless they are empty."""
    if constraints is not None and not (hasattr(constraints, "__len__") and len(constraints) == 0):
        raise NotImplementedError("constraints are not supported: minimize is for smooth problems with bounds at most")
