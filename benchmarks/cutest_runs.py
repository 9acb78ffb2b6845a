"""One CUTEst problem: our answer with default settings, within so many processor seconds; restarts beside answers."""

import resource
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import jax
import numpy as np
from scipy.optimize import Bounds
from scipy.optimize import minimize as scipy_minimize
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

import raphson as rp
from benchmarks.cutest_problems import Problem
from raphson.solver.clock import CompileClock

LIMIT = 60.0
"""Processor seconds for one solver on one problem, compilation apart."""

SHORT = (200, 5.0)
"""Peers on problems of at most so many variables get so many seconds instead: there they end long before, or never."""

PATIENCE = 240.0
"""Processor seconds for compiling: after these and the limit the process is ended."""

AGAIN = 3.0
"""A run that took fewer processor seconds than this is made again: the second one compiles nothing."""

APART = (1e-3, 1e-2, 0.1)
"""Restarts beside an answer: every variable moved at random by up to this part of itself."""

RESTARTS = 2.0
"""Processor seconds for the restarts beside one answer."""

DENSE = 500
"""Dense second derivatives up to so many variables."""

TIGHT: dict[str, dict[str, Any]] = {
    "L-BFGS-B": {"ftol": 0, "gtol": 1e-10, "maxiter": 5000, "maxfun": 10000},
    "trust-exact": {"gtol": 1e-9, "maxiter": 1000},
}
"""SciPy's methods in restarts, asked for all that they can give."""


class OutOfTimeError(Exception):
    """A run has used up its processor seconds."""


def last(seconds: float) -> None:
    """This process is ended when it has computed for so many seconds more."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, resource.RLIM_INFINITY))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Ctrl-C, as it were, after so many processor seconds, those of compilation (as JAX says) not counted.

    Compilation is measured by the clock on the wall: where others compute as well, too much is allowed."""
    begin, compiled = time.process_time(), CompileClock.seconds

    def look(*_: Any) -> None:
        if time.process_time() - begin - (CompileClock.seconds - compiled) > seconds:
            signal.setitimer(signal.ITIMER_PROF, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, 0.5, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def door(case: Problem) -> Callable[[], Any]:
    """Our call, with default settings."""
    if case.residual is not None:
        bounds = {} if case.bounds is None else {"bounds": case.bounds}
        return lambda: rp.least_squares(case.residual, case.x0, **bounds)
    box = None if case.bounds is None else Bounds(*case.bounds)
    return lambda: rp.minimize(case.fun, case.x0, bounds=box)


def ours(case: Problem) -> tuple[dict, np.ndarray]:
    """Our answer as a row, and x."""
    call = door(case)
    last(LIMIT + PATIENCE)
    begin, clock = time.process_time(), time.perf_counter()
    with within(LIMIT):
        found = call()
    first, wall = time.process_time() - begin, time.perf_counter() - clock
    spent = max(0.0, first - found.compile_seconds)
    if spent < AGAIN:
        last(LIMIT + PATIENCE)
        begin = time.process_time()
        with within(LIMIT):
            call()
        spent = time.process_time() - begin
    certificate, x = found.certificate, np.ravel(np.asarray(found.x, float))
    trace = found.trace
    row = {
        "solver": "raphson", "f": float(found.value), "success": bool(found.success),
        "verdict": str(certificate.verdict), "criterion": certificate.criterion, "noise": float(certificate.noise),
        "status": found.termination.name.lower(), "trials": len(trace), "method": found.method,
        "work": [found.nfev, found.njev, found.nhev], "tried": list(found.reasons), "spent": spent, "first": first,
        "wall": wall, "compile": float(found.compile_seconds), "gradient": float(certificate.gradient_norm),
    }  # fmt: skip
    if row["verdict"] == "no minimum":
        row["level"] = level_for_ever(case, x)
    return row | at(case, x), x


def level_for_ever(case: Problem, x: np.ndarray) -> list[int]:
    """The variables along which f does not rise to 1e6 times their size on one side and does on the other: by f alone,
    whatever a solver says. A plateau to the last bit, or an infimum at infinity (LUKSAN22: an exponential of x100)."""
    value, found = jax.jit(case.fun), []
    here, lengths = float(value(x)), np.geomspace(1e-2, 1e6, 33)
    low, high = case.bounds if case.bounds is not None else (-np.inf, np.inf)
    for i in range(min(x.size, DENSE)):
        seen = {}
        for sign in (1, -1):
            moved = [x + sign * t * max(abs(x[i]), 1.0) * (np.arange(x.size) == i) for t in lengths]
            seen[sign] = [float(value(np.clip(y, low, high))) for y in moved]
        level = [all(f <= here for f in side) for side in seen.values()]
        rises = [max(side) > here + 1e-6 * max(1.0, abs(here)) for side in seen.values()]
        if (level[0] and rises[1]) or (level[1] and rises[0]):
            found.append(i)
    return found


def at(case: Problem, x: np.ndarray) -> dict:
    """What is so at an answer, whoever gave it: f by our own evaluation, the largest residual, distance to bounds."""
    row: dict[str, Any] = {"n": case.size, "value": float(case.fun(x))}
    if case.residual is not None:
        row["largest"] = float(np.max(np.abs(np.asarray(case.residual(x)))))
    if case.bounds is not None:
        row["outside"] = float(np.max(np.maximum(np.maximum(case.bounds[0] - x, x - case.bounds[1]), 0)))
    return row


class Watched:
    """f, g, H and products for peers, compiled ahead and counted; remembers the lowest f met; ends a run in time."""

    def __init__(self, case: Problem) -> None:
        self.case, self.ends = case, np.inf
        x = case.x0
        self.value_and_gradient = jax.jit(jax.value_and_grad(case.fun)).lower(x).compile()
        self.value_alone = jax.jit(case.fun).lower(x).compile()
        self._second: Any = None
        self._product: Any = None
        self.forget()

    def forget(self) -> None:
        """A new run begins."""
        self.counts = {"f": 0, "g": 0, "H": 0, "Hv": 0, "J": 0}
        self.lowest, self.x = np.inf, self.case.x0

    def tick(self, what: str) -> None:
        """Counts, and looks at the clock."""
        self.counts[what] += 1
        if time.process_time() > self.ends:
            raise OutOfTimeError

    def seen(self, x: np.ndarray, value: float) -> None:
        """Remembers the lowest f."""
        if value < self.lowest:
            self.lowest, self.x = value, np.array(x, float)

    def value(self, x: np.ndarray) -> float:
        """f."""
        self.tick("f")
        value = float(self.value_alone(np.asarray(x, float)))
        self.seen(x, value)
        return value

    def both(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """f and g."""
        self.tick("f")
        self.counts["g"] += 1
        value, gradient = self.value_and_gradient(np.asarray(x, float))
        value, gradient = float(value), np.asarray(gradient)
        if np.all(np.isfinite(gradient)):
            self.seen(x, value)
        return value, np.array(gradient)

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """g."""
        self.tick("g")
        return np.array(self.value_and_gradient(np.asarray(x, float))[1])

    def prepare(self, *, second: bool = False, product: bool = False) -> None:
        """Compiles what a method needs beside f and g."""
        x, fun = self.case.x0, self.case.fun
        if second and self._second is None:
            self._second = jax.jit(jax.hessian(fun)).lower(x).compile()
        if product and self._product is None:
            along = lambda x, v: jax.jvp(jax.grad(fun), (x,), (v,))[1]
            self._product = jax.jit(along).lower(x, x).compile()

    def hessian(self, x: np.ndarray) -> np.ndarray:
        """H, as a new array."""
        self.tick("H")
        return np.array(self._second(np.asarray(x, float)))

    def product(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """H v."""
        self.tick("Hv")
        return np.array(self._product(np.asarray(x, float), np.asarray(v, float)))


def beside(case: Problem, watched: Watched, x: np.ndarray) -> dict:
    """The lowest f from restarts beside x, by distance; the smallest eigenvalue of H scaled to a diagonal of ones."""
    watched.prepare(second=case.size <= DENSE)
    low, high = case.bounds if case.bounds is not None else (-np.inf, np.inf)
    methods = ("L-BFGS-B", "trust-exact") if case.bounds is None and case.size <= DENSE else ("L-BFGS-B",)
    rng = np.random.default_rng(0)
    watched.ends = time.process_time() + RESTARTS
    restarts, moved = {}, {}
    for part in APART:
        size = np.where(x == 0, 1.0, np.abs(x))
        values = []
        for _ in range(3):
            start = np.clip(x + part * size * rng.uniform(-1, 1, size.size), low, high)
            for method in methods:
                value, there = restart(watched, method, start)
                values.append((value, float(np.max(np.abs(there - x) / size))))
        best = min(values, key=lambda entry: entry[0])
        restarts[str(part)], moved[str(part)] = best
    watched.ends = np.inf
    free = (x > low) & (x < high)
    smallest = weakest(watched.hessian(x), free) if case.size <= DENSE else weakest_by_products(watched, x, free)
    return {"restarts": restarts, "moved": moved, "smallest": smallest}


def weakest(H: np.ndarray, free: np.ndarray) -> float:
    """The smallest eigenvalue of H on the variables off their bounds, scaled to a diagonal of ones; 1 for none."""
    H = H[np.ix_(free, free)]
    d = np.sqrt(np.abs(np.diagonal(H)))
    if not len(H) or not np.all(np.isfinite(H)) or not np.all(d > 0):
        return float(not len(H))
    return float(np.linalg.eigvalsh(H / np.outer(d, d))[0])


def weakest_by_products(watched: Watched, x: np.ndarray, free: np.ndarray) -> float | None:
    """The same of many variables, without the scaling: the smallest eigenvalue over the largest, by Lanczos."""
    places = np.flatnonzero(free)
    if not places.size:
        return 1.0
    watched.prepare(product=True)
    watched.ends = time.process_time() + RESTARTS

    def times(v: np.ndarray) -> np.ndarray:
        whole = np.zeros(x.size)
        whole[places] = np.ravel(v)
        return watched.product(x, whole)[places]

    H = LinearOperator((places.size, places.size), matvec=times, dtype=float)  # type: ignore[call-arg]
    try:
        high = eigsh(H, 1, which="LA", tol=1e-2, return_eigenvectors=False)[0]
        low = eigsh(H, 1, which="SA", tol=1e-2, return_eigenvectors=False)[0]
    except (ArpackError, OutOfTimeError, TypeError, ValueError):
        return None
    finally:
        watched.ends = np.inf
    return float(low / high) if high > 0 else float(low)


def restart(watched: Watched, method: str, start: np.ndarray) -> tuple[float, np.ndarray]:
    """One run of SciPy: the lowest f that it met, and where; inf where it met none."""
    watched.forget()
    more: dict[str, Any] = {"hess": watched.hessian} if method == "trust-exact" else {}
    if watched.case.bounds is not None:
        more["bounds"] = Bounds(*watched.case.bounds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(OutOfTimeError, ValueError, np.linalg.LinAlgError, FloatingPointError):
            scipy_minimize(watched.both, start, jac=True, method=method, options=TIGHT[method], **more)
    return watched.lowest, watched.x
