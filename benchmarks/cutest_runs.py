"""One CUTEst problem: our answer with default settings, and what others find from several starts and beside it."""

import time
import warnings
from contextlib import suppress
from typing import Any

import jax
import numpy as np
from scipy.optimize import Bounds
from scipy.optimize import minimize as scipy_minimize

import raphson as rp
from benchmarks.cutest_problems import Problem, listed, problem

PROTOCOL = 1

LIMIT = 50.0
"""Seconds for our run, compilation included."""

APART = (1e-3, 1e-2, 0.1)
"""Restarts beside our answer: every variable moved at random by up to this part of itself."""

PATIENCE = 4.0
"""Seconds for all of SciPy's runs on a problem; BEFORE: by when the ones from the start end."""

BEFORE = 2.5


TIGHT: dict[str, dict[str, Any]] = {
    "L-BFGS-B": {"ftol": 0, "gtol": 1e-10, "maxiter": 5000, "maxfun": 10000},
    "TNC": {"ftol": 1e-15, "gtol": 1e-10, "maxfun": 2000},
    "BFGS": {"gtol": 1e-9},
    "trust-exact": {"gtol": 1e-9, "maxiter": 1000},
}
"""SciPy's methods, asked for all that they can give."""


class OutOfTimeError(Exception):
    """A peer's run has used up its seconds."""


class Watched:
    """f, g and H for SciPy, compiled; remembers the lowest f met, and ends a run when its time is over."""

    def __init__(self, case: Problem) -> None:
        self.case, self.ends, self.value, self.x = case, np.inf, np.inf, case.x0
        self.value_and_gradient = jax.jit(jax.value_and_grad(case.fun))
        self.second = jax.jit(jax.hessian(case.fun))

    def forget(self) -> None:
        """A new run begins."""
        self.value = np.inf

    def both(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """f and g."""
        if time.perf_counter() > self.ends:
            raise OutOfTimeError
        value, gradient = self.value_and_gradient(x)
        value, gradient = float(value), np.asarray(gradient)
        if value < self.value and np.all(np.isfinite(gradient)):
            self.value, self.x = value, np.array(x)
        return value, gradient

    def hessian(self, x: np.ndarray) -> np.ndarray:
        """H, as a new array."""
        return np.array(self.second(x))


def keys(quick: bool) -> list[str]:
    """The problems, small ones first."""
    return list(listed())[: 10 if quick else None]


def measure(key: str, quick: bool) -> dict:
    """Our answer, then what others find."""
    case = problem(key)
    row = ours(case)
    return row | references(case, np.array(row["x"]), row["method"])


def ours(case: Problem) -> dict:
    """`minimize` with default settings but the time limit."""
    box = None if case.bounds is None else Bounds(*case.bounds)
    begin = time.perf_counter()
    found = rp.minimize(case.fun, case.x0, bounds=box, time_limit=LIMIT)
    spent = time.perf_counter() - begin
    certificate = found.certificate
    return {
        "n": case.x0.size, "f": float(found.value), "success": bool(found.success),
        "verdict": str(certificate.verdict), "criterion": certificate.criterion, "noise": float(certificate.noise),
        "trials": len(found.trace), "evaluations": [found.nfev, found.njev, found.nhev],
        "tried": list(found.reasons), "spent": spent, "compile": float(found.compile_seconds),
        "x": [float(v) for v in np.ravel(found.x)], "f0": float(case.fun(case.x0)), "method": found.method,
    }  # fmt: skip


def references(case: Problem, x: np.ndarray, own: str) -> dict:
    """The lowest f by SciPy from the start and around it, at the package's answer, and from restarts beside x, these
    with our `own` method as well."""
    watched = Watched(case)
    rng = np.random.default_rng(0)
    low, high = case.bounds if case.bounds is not None else (-np.inf, np.inf)
    inside = lambda v: np.clip(v, low, high)
    watched.ends = np.inf
    watched.both(case.x0), watched.hessian(case.x0)  # compiled before the clock runs
    begin = time.perf_counter()
    methods = ("L-BFGS-B", "TNC") if case.bounds is not None else ("trust-exact", "BFGS", "L-BFGS-B")
    found: dict[str, float] = {}
    size = np.where(case.x0 == 0, 1.0, np.abs(case.x0))
    starts = [case.x0, *(inside(case.x0 + r * size * rng.normal(size=size.size)) for r in (0.1, 0.5, 1.0, 2.0))]
    watched.ends = begin + BEFORE
    for start in starts:
        for method in methods:
            value, _ = run(watched, method, start, case.bounds)
            found[method] = min(found.get(method, np.inf), value)
    if case.expected is not None and np.all(inside(case.expected) == case.expected):
        watched.ends = np.inf
        found["expected"] = watched.both(case.expected)[0]
    watched.ends = begin + PATIENCE
    restarts, where = {}, {}
    box = None if case.bounds is None else Bounds(*case.bounds)
    for part in APART:
        size = np.where(x == 0, 1.0, np.abs(x))
        values = []
        for _ in range(3):
            start = inside(x + part * size * rng.uniform(-1, 1, size.size))
            for method in methods[:2]:
                value, there = run(watched, method, start, case.bounds)
                values.append((value, float(np.max(np.abs(there - x) / size)), method))
            again = rp.minimize(case.fun, start, bounds=box, method=own, time_limit=2.0)
            values.append((float(again.value), float(np.max(np.abs(np.ravel(again.x) - x) / size)), own))
        best = min(values, key=lambda entry: entry[0])
        restarts[str(part)], where[str(part)] = best[0], best[1]
    smallest = weakest(watched.hessian(x), (x > low) & (x < high))
    return {
        "smallest": smallest,
        "peers": found,
        "restarts": restarts,
        "moved": where,
        "peer_seconds": time.perf_counter() - begin,
    }


def weakest(H: np.ndarray, free: np.ndarray) -> float:
    """The smallest eigenvalue of H on the variables off their bounds, scaled to a diagonal of ones; 1 for none."""
    H = H[np.ix_(free, free)]
    d = np.sqrt(np.abs(np.diagonal(H)))
    if not len(H) or not np.all(np.isfinite(H)) or not np.all(d > 0):
        return float(not len(H))
    return float(np.linalg.eigvalsh(H / np.outer(d, d))[0])


def run(watched: Watched, method: str, start: np.ndarray, bounds: Any) -> tuple[float, np.ndarray]:
    """One run of SciPy: the lowest f that it met, and where; inf where it met none."""
    watched.forget()
    more: dict[str, Any] = {"hess": watched.hessian} if method == "trust-exact" else {}
    if bounds is not None:
        more["bounds"] = Bounds(*bounds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(OutOfTimeError, ValueError, np.linalg.LinAlgError, FloatingPointError):
            scipy_minimize(watched.both, start, jac=True, method=method, options=TIGHT[method], **more)
    return watched.value, watched.x
