"""The competitors, each as a call without arguments, and what each says of its answer."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
from scipy.optimize import minimize as scipy_minimize

import raphson as rp
from benchmarks.problems import Case
from raphson.kernel.status import Status

NEWTON_TYPE = ("newton", "damped-newton", "trust-exact", "dogleg")

SAME_CLASS = {
    "newton": "Newton-CG",
    "damped-newton": "Newton-CG",
    "newton-cg": "Newton-CG",
    "trust-exact": "trust-exact",
    "trust-cg": "trust-ncg",
    "dogleg": "dogleg",
    "bfgs": "BFGS",
}
"""SciPy's nearest relative of each preset. SciPy has no Newton method with a factorization and a line search."""

CLAIMS = (Status.CONVERGED, Status.NOISE)
"""Statuses with which compiled code says that it arrived; the door's `success` asks for more."""


def compiled_solve(fun: Callable, method: str) -> Callable[[Any], rp.Solution]:
    """`solve` as one compiled function of the start."""
    return jax.jit(lambda x: rp.solve(fun, method, x))


def optimistix_solve(fun: Callable, max_steps: int = 5000) -> Callable[[Any], dict]:
    """optimistix's BFGS as one compiled function of the start (plain `jax.jit`, its cheapest dispatch)."""
    solver = optx.BFGS(rtol=1e-8, atol=1e-8)

    def solve(x: jax.Array) -> dict:
        found = optx.minimise(lambda y, _: fun(y), solver, x, max_steps=max_steps, throw=False)
        ok = found.result == optx.RESULTS.successful
        return {"x": found.value, "value": fun(found.value), "steps": found.stats["num_steps"], "ok": ok}

    return jax.jit(solve)


def scipy_call(case: Case, method: str, x0: np.ndarray, watch: Callable | None = None) -> Callable[[], Any]:
    """SciPy on the NumPy functions, with the derivatives that its method takes."""
    f, g, H, Hp = (watch(one) if watch else one for one in (case.f, case.g, case.H, case.Hp))
    more: dict[str, Any] = {}
    if method == "trust-ncg":
        more["hessp"] = Hp
    elif method != "BFGS":
        more["hess"] = H
    return lambda: scipy_minimize(f, x0, jac=g, method=method, **more)


def from_solve(case: Case, found: rp.Solution) -> dict:
    """What compiled code says."""
    status = Status(int(found.status))
    return verdict(case, float(found.value), status in CLAIMS, status.name.lower(), f"{int(found.steps)} trials")


def from_door(case: Case, found: rp.Result) -> dict:
    """What the door says: value, verdict, counts."""
    work = f"{found.nfev}/{found.njev}/{found.nhev}"
    return verdict(case, found.value, found.success, found.termination.name.lower(), work)


def from_scipy(case: Case, found: Any) -> dict:
    """What SciPy says."""
    work = f"{found.nfev}/{found.njev}/{getattr(found, 'nhev', 0)}"
    return verdict(case, float(found.fun), bool(found.success), f"status {found.status}", work)


def from_optimistix(case: Case, found: dict) -> dict:
    """What optimistix says."""
    ok = bool(jnp.all(found["ok"]))
    return verdict(case, float(found["value"]), ok, "successful" if ok else "failed", f"{int(found['steps'])} steps")


def verdict(case: Case, f: float, claims: bool, said: str, work: str) -> dict:
    """One answer against the listed minima; values at infinity and at saddles are listed too, and are not right."""
    minimum = case.entry.matches(f)
    kind = minimum.kind if minimum else ""
    return {"f": f, "right": kind in ("global", "local"), "kind": kind, "claims": claims, "said": said, "work": work}
