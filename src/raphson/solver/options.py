"""Limits and options of a call, SciPy's included."""

import difflib
import math
from dataclasses import dataclass, replace
from typing import Any

from raphson.kernel.status import Status
from raphson.kernel.warning import warn

OURS = ("maxiter", "max_steps", "maxfun", "maxfev", "time_limit", "xtol", "disp", "return_all")
IGNORED = (
    "gtol", "ftol", "xrtol", "norm", "eps", "maxcor", "maxls", "iprint", "finite_diff_rel_step",
    "initial_trust_radius", "max_trust_radius", "eta", "inexact", "c1", "c2", "hess_inv0", "workers", "xatol",
    "fatol", "adaptive", "subproblem_maxiter", "scale", "offset", "maxCGit", "stepmx", "accuracy", "minfev", "rescale",
    "mesg_num",
)  # fmt: skip

AGAIN = 500
"""Trials of a second method on the host, where each costs calls of the user's function: the first one has failed."""

ENOUGH = 0.01
"""The least accuracy that can be asked of x: beyond it an answer says nothing, and SciPy's tol = 1 means "quickly"."""


@dataclass(frozen=True)
class Limits:
    """How accurate, how many trials, how many seconds (None: the method's own), how many calls of f in all.

    `calls` counts every call of a function on the host, those for differences and certificates
    included; a function that JAX compiles is called once by a trial, so there it limits trials.
    `return_all`: whether all points are returned. `counted`: the limit of trials comes from one of evaluations.
    """

    tolerance: float | None
    max_steps: int | None
    time_limit: float | None
    calls: int | None = None
    return_all: bool = False
    counted: bool = False

    def named(self, status: Status) -> Status:
        """How a run under these limits ended: by the limit of evaluations where its limit of trials is one of those."""
        return Status.CALLS if self.counted and status == Status.STEPS else status

    def after(self, trials: int, host: bool) -> "Limits":
        """What is left of the trials after so many in earlier attempts; compiled functions are called once a trial."""
        limits = self if host or self.calls is None else self.within(self.calls)
        if limits.max_steps is None:
            return replace(limits, max_steps=AGAIN) if host and trials else limits
        return replace(limits, max_steps=max(limits.max_steps - trials, 0))

    def within(self, evaluations: int) -> "Limits":
        """At most so many evaluations, the first of them at the start and one more by every trial."""
        if self.max_steps is not None and self.max_steps < evaluations:
            return self
        return replace(self, max_steps=evaluations - 1, counted=True)

    def evaluations(self, count: Any, n: int) -> "Limits":
        """With SciPy's max_nfev: so many evaluations by trials, the first one included.

        SciPy does not count its calls for a numerical Jacobian, n of them a time: on the host all
        calls together stay below what it would make, count (n + 1).
        """
        if count is None:
            return self
        if not (math.isfinite(count) and count >= 1):
            raise ValueError(f"max_nfev = {count}: it limits the evaluations, a number of 1 or more")
        calls = int(count) * (n + 1)
        return replace(self.within(int(count)), calls=calls if self.calls is None else min(self.calls, calls))


def read_limits(
    tol: float | None, max_steps: float | None, time_limit: float | None, options: dict | None, notes: list[str]
) -> Limits:
    """Limits from the call's arguments and SciPy's options; ValueError names the wrong one.

    An option that nobody knows is warned of (OptimizeWarning), as in SciPy; one of SciPy's own that means nothing
    here is noted.
    """
    options = dict(options or {})
    warn_of_unknown([name for name in options if name not in OURS and name not in IGNORED])
    for name in options:
        if name in IGNORED:
            notes.append(f"option {name!r} is SciPy's and has no meaning here: ignored")
    if max_steps is not None and (max_steps != max_steps // 1 or max_steps < 0):
        raise ValueError(f"max_steps = {max_steps}: it must be a whole number, 0 or more")
    if max_steps is None:
        max_steps = options.get("max_steps", options.get("maxiter"))
    if time_limit is None:
        time_limit = options.get("time_limit")
    if tol is None:
        tol = options.get("xtol")
    return Limits(
        read_tolerance(tol, notes), read_steps(max_steps), read_seconds(time_limit), read_calls(options),
        bool(options.get("return_all")),
    )  # fmt: skip


def warn_of_unknown(names: list[str]) -> None:
    """One OptimizeWarning for all options that have no meaning, with the nearest names."""
    if not names:
        return
    from scipy.optimize import OptimizeWarning

    near = sorted({match for name in names for match in difflib.get_close_matches(str(name), OURS, n=2)})
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    warn(f"Unknown solver options: {', '.join(map(str, names))}.{hint}", OptimizeWarning)


def read_tolerance(tol: Any, notes: list[str]) -> float | None:
    """The relative accuracy asked of x, at most `ENOUGH` (noted)."""
    if tol is None:
        return None
    if not (math.isfinite(tol) and tol >= 0):
        raise ValueError(f"tol = {tol}: it is the relative accuracy asked of x, a number from 0 to 1")
    if tol > ENOUGH:
        notes.append(f"tol = {tol:g} asks for nothing of x: taken as {ENOUGH:g}")
    return float(min(tol, ENOUGH))


def read_steps(max_steps: Any) -> int | None:
    """A number of trials: a fraction of one is one more, and fewer than none is none, as in SciPy."""
    if max_steps is None or max_steps == math.inf:
        return None
    if math.isnan(max_steps):
        raise ValueError(f"maxiter = {max_steps}: it must be a number of trials, 0 or more")
    return max(0, math.ceil(max_steps))


def read_seconds(time_limit: Any) -> float | None:
    """A time limit in seconds."""
    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"time_limit = {time_limit}: it must be a positive number of seconds")
    return time_limit


def read_calls(options: dict) -> int | None:
    """SciPy's maxfun or maxfev: how many calls of f in all."""
    calls = options.get("maxfun", options.get("maxfev"))
    if calls is not None and not (calls >= 1):
        raise ValueError(f"maxfun = {calls}: it limits the calls of fun, a number of 1 or more")
    return None if calls is None or calls == math.inf else int(calls)


def refuse_constraints(constraints: Any) -> None:
    """Constraints are refused in words, unless they are empty."""
    if constraints is not None and not (hasattr(constraints, "__len__") and len(constraints) == 0):
        raise NotImplementedError(
            "constraints are not built here: minimize is for smooth problems with bounds at most. Pass bounds= where "
            "they are bounds; an equality that can be solved for a variable is best put into fun"
        )


def read_hess(hess: Any, notes: list[str]) -> Any:
    """A function that returns the Hessian, or None where H is left to us: SciPy's words for that are noted."""
    if hess is None or hess is False or callable(hess):
        return hess or None
    if hess in ("2-point", "3-point", "cs") if isinstance(hess, str) else hasattr(hess, "initialize"):
        words = repr(hess) if isinstance(hess, str) else f"{type(hess).__name__}()"
        notes.append(f"hess={words} is not needed: H is exact, or the method learns it; hess= takes a function")
        return None
    raise ValueError(f"hess must be a function of x, '2-point', '3-point', 'cs' or an update strategy; it is {hess!r}")
