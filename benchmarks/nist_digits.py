"""Digits: what the answers of least-squares solvers are worth, and whether they know it."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optimistix as optx
from scipy import optimize

import raphson as rp
from benchmarks import nist_runs as runs
from benchmarks.tables import digits, met, table
from raphson.problems.zoo.nist import NistProblem

PROTOCOL = 1

RAPHSON = "raphson"
OPTIMISTIX = "optimistix LevenbergMarquardt"
TIGHT = "SciPy trf, tol 1e-15, x_scale='jac'"


keys = runs.names
"""A row of this section is a data set, from both starts."""


def measure(key: str, quick: bool) -> dict:
    """All solvers on one set."""
    return runs.measured(key, competitors)


def competitors(entry: NistProblem) -> dict[str, Callable[[np.ndarray], dict]]:
    """Every solver as a function of the start."""
    F, residual = runs.functions(entry), runs.residual_of(entry)
    squares: Any = optimize.least_squares

    def scipy(**more: Any) -> Callable[[np.ndarray], dict]:
        return lambda x0: from_scipy(squares(F.residual, x0, jac=F.jacobian, **more))

    tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "x_scale": "jac", "max_nfev": 10_000}
    return {
        RAPHSON: lambda x0: from_raphson(entry, rp.least_squares(residual, x0)),
        "SciPy trf": scipy(method="trf"),
        "SciPy dogbox": scipy(method="dogbox"),
        "SciPy lm": scipy(method="lm"),
        "SciPy leastsq": lambda x0: from_leastsq(optimize.leastsq(F.residual, x0, Dfun=F.jacobian, full_output=True)),
        "SciPy curve_fit": lambda x0: scipy_curve_fit(entry, F, x0),
        OPTIMISTIX: optimistix(entry),
        TIGHT: scipy(method="trf", **tight),
    }


def from_raphson(entry: NistProblem, fit: rp.Fit) -> dict:
    """What the door says; with the digits of its own standard errors and of its residual standard deviation."""
    errors = fit.uncertainty
    return {
        "x": fit.x,
        "claims": bool(fit.success),
        "said": str(fit.certificate.verdict),
        "steps": fit.nit,
        "method": fit.method,
        "work": f"{fit.nfev}/{fit.njev}/{fit.nhev}",
        "error_digits": runs.digits_of(errors.standard_errors, entry.certified_std),
        "own_std_digits": runs.digits_of(errors.residual_std, entry.residual_std),
        "notes": [*fit.notes, *errors.notes],
    }


def from_scipy(found: Any) -> dict:
    """What `least_squares` says."""
    return {"x": found.x, "claims": bool(found.success), "said": f"status {found.status}", "steps": int(found.nfev)}


def from_leastsq(found: tuple) -> dict:
    """What `leastsq` says: its documentation calls 1 to 4 a success."""
    x, _, info, _, flag = found
    return {"x": x, "claims": flag in (1, 2, 3, 4), "said": f"ier {flag}", "steps": int(info["nfev"])}


def scipy_curve_fit(entry: NistProblem, F: runs.Functions, x0: np.ndarray) -> dict:
    """`curve_fit` raises where it fails; whatever it returns is a success."""
    model = jax.jit(runs.model_of(entry))
    answer: Any = optimize.curve_fit(
        lambda x, *b: np.asarray(model(np.array(b), x)),
        entry.x_data,
        entry.y_data,
        p0=x0,
        jac=lambda x, *b: F.jacobian(np.array(b)),
        full_output=True,
    )
    x, covariance, info, _, flag = answer
    errors = runs.digits_of(np.sqrt(np.diag(covariance)), entry.certified_std)
    return {"x": x, "claims": True, "said": f"ier {flag}", "steps": int(info["nfev"]), "error_digits": errors}


def optimistix(entry: NistProblem) -> Callable[[np.ndarray], dict]:
    """optimistix's Levenberg-Marquardt, compiled."""
    residual = runs.residual_of(entry)
    solver = optx.LevenbergMarquardt(rtol=1e-8, atol=1e-8)

    @jax.jit
    def solve(x: jax.Array) -> tuple:
        found = optx.least_squares(lambda b, _: residual(b), solver, x, max_steps=10_000, throw=False)
        return found.value, found.result == optx.RESULTS.successful, found.stats["num_steps"]

    def run(x0: np.ndarray) -> dict:
        x, ok, steps = jax.device_get(solve(x0))
        return {"x": x, "claims": bool(ok), "said": "successful" if ok else "failed", "steps": int(steps)}

    return run


def marks(rows: dict[str, dict]) -> list[tuple]:
    """All solved, average digits, no success that is wrong."""
    ours = runs.runs_of(rows, RAPHSON)
    if not ours:
        return []
    good = sum(map(runs.solved, ours.values()))
    average = float(np.mean([run["digits"] for run in ours.values()]))
    least = min(ours, key=lambda key: ours[key]["digits"])
    claims = [key for key, run in ours.items() if runs.wrong(run)]
    text = f"{average:.2f}, smallest {ours[least]['digits']:.2f} ({least})"
    return [
        ("`least_squares`, runs with at least 4 digits", f"{len(ours)}", str(good), met(good == len(ours))),
        ("the same, digits on average (at most 11)", ">= 10.6", text, met(average >= 10.6)),
        ("the same, success but wrong", "none", "; ".join(claims) or "none", met(not claims)),
    ]


ABOUT = (
    "`rp.least_squares(residual, x0)` beside SciPy with exact Jacobians by JAX (compiled, wrapped to NumPy) and "
    "optimistix. *Residual std*: digits of sqrt(sum r^2 / (m - n)), without Lanczos1, whose residuals are rounding. "
    "*Standard errors*: digits of the worst one. `curve_fit` raises where it fails; what it returns counts as success. "
    "*Steps*: trials of raphson, evaluations of SciPy, steps of optimistix."
)

SUMMARY = (
    "solver | solved | digits, average | smallest | success but wrong | solved without success | residual std, average "
    "| steps, median | steps, most"
)

EACH = (
    "set | start | m | n | level | digits | residual std | standard errors | f / certified f | steps | f/J/H "
    "evaluations | method | verdict | SciPy trf | SciPy leastsq | optimistix"
)


def render(rows: dict[str, dict]) -> list[str]:
    """A line a solver; a line a run of raphson, with three others' digits; the wrong claims by name."""
    if not rows:
        return []
    methods = runs.methods_of(rows)
    lines = ["## Digits", "", ABOUT, "", *table(SUMMARY, [summary(rows, method) for method in methods]), ""]
    bad = {m: [k for k, run in runs.runs_of(rows, m).items() if runs.wrong(run)] for m in methods}
    lines += ["Success but wrong (set, start):", ""]
    lines += [f"- {method}: {'; '.join(keys) or 'none'}" for method, keys in bad.items()]
    lines += ["", "### Every run", "", "In brackets: no success claimed. **Bold**: success claimed, and wrong.", ""]
    lines += table(EACH, [line(rows, key, i) for key in rows for i in range(2)])
    return [*lines, ""]


def summary(rows: dict[str, dict], method: str) -> tuple:
    """One solver over all runs."""
    found = runs.runs_of(rows, method)
    each = list(found.values())
    lre, steps = [run["digits"] for run in each], [run["steps"] for run in each]
    spread = [run["std_digits"] for key, run in found.items() if not key.startswith("lanczos1")]
    return (
        method,
        f"{sum(map(runs.solved, each))} of {len(each)}",
        f"{np.mean(lre):.2f}",
        f"{min(lre):.1f}",
        sum(map(runs.wrong, each)),
        sum(runs.solved(run) and not run["claims"] for run in each),
        f"{np.mean(spread):.2f}",
        digits(float(np.median(steps))),
        max(steps),
    )


def line(rows: dict[str, dict], key: str, i: int) -> tuple:
    """One run of raphson."""
    row = rows[key]
    run = row["methods"][RAPHSON][i]

    return (
        key,
        i + 1,
        row["m"],
        row["n"],
        row["difficulty"],
        f"{run['digits']:.2f}",
        f"{run.get('own_std_digits', 0):.2f}",
        f"{run.get('error_digits', 0):.2f}",
        runs.over_one(run["ratio"]),
        run["steps"],
        run.get("work", ""),
        run.get("method", ""),
        run["said"] + (" **success but wrong**" if runs.wrong(run) else "" if run["claims"] else " (no success)"),
        *(runs.cell(row["methods"][name][i]) for name in ("SciPy trf", "SciPy leastsq", OPTIMISTIX)),
    )
