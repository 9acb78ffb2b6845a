"""The same 54 runs as scalar minimization of 1/2 sum r^2: nobody is told that it is a sum of squares."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

import raphson as rp
from benchmarks import nist_runs as runs
from benchmarks.tables import digits, met, table
from raphson.problems.zoo.nist import NistProblem

PROTOCOL = 1

RAPHSON = "raphson"
SCIPY = ("trust-exact", "BFGS", "Newton-CG", "L-BFGS-B")


keys = runs.names
"""A row of this section is a data set, from both starts."""


def measure(key: str, quick: bool) -> dict:
    """All minimizers on one set."""
    return runs.measured(key, competitors)


def competitors(entry: NistProblem) -> dict[str, Callable[[np.ndarray], dict]]:
    """Every minimizer as a function of the start."""
    F, half = runs.functions(entry), runs.half_squares(entry)

    def scipy(method: str) -> Callable[[np.ndarray], dict]:
        more = {"hess": F.hessian} if method in ("trust-exact", "Newton-CG") else {}
        return lambda x0: from_scipy(optimize.minimize(F.value, x0, jac=F.gradient, method=method, **more))

    found: dict[str, Any] = {RAPHSON: lambda x0: from_raphson(rp.minimize(half, x0))}
    return found | {f"SciPy {method}": scipy(method) for method in SCIPY}


def from_raphson(found: rp.Result) -> dict:
    """What the door says."""
    sure = found.certificate
    return {
        "x": found.x,
        "claims": bool(found.success),
        "said": str(sure.verdict),
        "steps": found.nit,
        "method": found.method,
        "status": found.termination.name.lower(),
        "work": f"{found.nfev}/{found.njev}/{found.nhev}",
        "why": sure.criterion,
        "sentence": found.verdict,
        "reasons": list(found.reasons),
        "x_found": np.asarray(found.x).tolist(),
    }


def from_scipy(found: Any) -> dict:
    """What SciPy says."""
    return {"x": found.x, "claims": bool(found.success), "said": f"status {found.status}", "steps": int(found.nit)}


def marks(rows: dict[str, dict]) -> list[tuple]:
    """50 of 54, and no success that is wrong."""
    ours = runs.runs_of(rows, RAPHSON)
    if not ours:
        return []
    good = sum(map(runs.solved, ours.values()))
    claims = [key for key, run in ours.items() if runs.wrong(run)]
    need = len(ours) - 4 if len(ours) == 54 else len(ours)
    return [
        ("1/2 sum r^2 by `minimize`, at least 4 digits", f">= {need} of {len(ours)}", str(good), met(good >= need)),
        ("the same, success but wrong", "none", "; ".join(claims) or "none", met(not claims)),
    ]


ABOUT = (
    "`rp.minimize(lambda b: 0.5 * jnp.sum(residual(b) ** 2), x0)` beside SciPy's `minimize` on the same function with "
    "exact gradients and Hessians by JAX (compiled, wrapped to NumPy), all at default settings."
)

SUMMARY = (
    "solver | solved | digits, average | success but wrong | solved with success | solved without success | "
    "steps, median | steps, most"
)

LOST = "set | start | digits | f / certified f | claims | verdict | status | steps | method | why"


def render(rows: dict[str, dict]) -> list[str]:
    """A line a solver; raphson's failures with its own words; every run's digits."""
    if not rows:
        return []
    methods = runs.methods_of(rows)
    lines = ["## Scalar", "", ABOUT, "", *table(SUMMARY, [summary(rows, method) for method in methods]), ""]
    ours = runs.runs_of(rows, RAPHSON)
    for title, test in (
        ("Runs that raphson does not solve", lambda run: not runs.solved(run)),
        ("Runs that raphson solves without claiming success", lambda run: runs.solved(run) and not run["claims"]),
    ):
        body = [lost(key, run) for key, run in ours.items() if test(run)]
        lines += [f"### {title}", "", *(table(LOST, body) if body else ["None."]), ""]
    lines += ["### Digits of every run", ""]
    lines += ["In brackets: no success claimed. **Bold**: success claimed, and wrong.", ""]
    head = " | ".join(["set", "start", *methods, "raphson's steps", "verdict"])
    return [*lines, *table(head, [line(rows, methods, key, i) for key in rows for i in range(2)]), ""]


def summary(rows: dict[str, dict], method: str) -> tuple:
    """One minimizer over all runs."""
    each = list(runs.runs_of(rows, method).values())
    steps = [run["steps"] for run in each]
    return (
        method,
        f"{sum(map(runs.solved, each))} of {len(each)}",
        f"{np.mean([run['digits'] for run in each]):.2f}",
        sum(map(runs.wrong, each)),
        sum(runs.solved(run) and run["claims"] for run in each),
        sum(runs.solved(run) and not run["claims"] for run in each),
        digits(float(np.median(steps))),
        max(steps),
    )


def lost(key: str, run: dict) -> tuple:
    """A run of raphson to look at."""
    name, start = key.split(", ")
    claims = "**yes, wrong**" if runs.wrong(run) else "yes" if run["claims"] else "no"
    more = [run.get(what, "") for what in ("status", "steps", "method", "why")]
    return (name, start, f"{run['digits']:.2f}", runs.over_one(run["ratio"]), claims, run["said"], *more)


def line(rows: dict[str, dict], methods: list[str], key: str, i: int) -> tuple:
    """One start of one set: everybody's digits."""
    found = rows[key]["methods"]
    ours = found[RAPHSON][i]
    return (key, i + 1, *(runs.cell(found[method][i]) for method in methods), ours["steps"], ours["said"])
