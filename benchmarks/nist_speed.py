"""Speed: one warm fit through the public door beside SciPy on the same model in NumPy, without Jacobian."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

import raphson as rp
from benchmarks import nist_runs as runs
from benchmarks.nist_models import MODELS
from benchmarks.tables import digits, met, middle, table, times
from benchmarks.timing import in_turns
from raphson.problems.zoo.nist import NistProblem
from raphson.solver.presets import RESIDUAL_PRESETS

PROTOCOL = 2

ROUNDS, BUDGET = {False: 30, True: 8}, {False: 120.0, True: 4.0}
CHUNK = 0.02
"""Seconds of one measurement: a door's first call after a garbage collection takes twice as long as those after it."""

DOORS = ("raphson least_squares", "raphson curve_fit")
OTHERS = ("SciPy leastsq", "SciPy curve_fit")
BARE = "raphson solve, compiled"


def keys(quick: bool) -> list[str]:
    """A row of this section is a data set, from start 2."""
    return runs.names(quick)


def measure(key: str, quick: bool) -> dict:
    """All calls on one set, timed in turns; every call's digits."""
    runs.ready()
    entry = runs.problem(key)
    calls, answers = competitors(entry, key)
    found: dict[str, dict] = {}
    for name, call in calls.items():
        x, claims, steps = answers[name](call())
        found[name] = {"digits": runs.digits_of(x, entry.certified), "claims": bool(claims), "steps": int(steps)}
        call()
    spent = in_turns(calls, ROUNDS[quick], BUDGET[quick], CHUNK)
    for name, row in found.items():
        row["us"], row["quickest_us"] = 1e6 * middle(spent[name]), 1e6 * min(spent[name])
    at = np.asarray(entry.certified)
    gap = np.max(np.abs(MODELS[key](np)(entry.x_data, *at) - np.asarray(runs.model_of(entry)(at, entry.x_data))))
    rounds = len(next(iter(spent.values())))
    return {
        "n": entry.n,
        "m": entry.observations,
        "rounds": rounds,
        "gap": float(gap / np.max(np.abs(entry.y_data))),
        "calls": found,
    }


def competitors(entry: NistProblem, key: str) -> tuple[dict[str, Callable], dict[str, Callable]]:
    """The calls by name, and how to read (x, success, work) from each answer."""
    f, plain = MODELS[key](jnp), MODELS[key](np)
    x, y, x0 = entry.x_data, entry.y_data, np.array(entry.xs[1])

    def residual(b: Any, x: Any, y: Any) -> Any:
        return f(x, *b) - y

    def plain_residual(b: Any, x: Any, y: Any) -> Any:
        return plain(x, *b) - y

    bare = jax.jit(lambda x0, x, y: rp.solve(rp.LeastSquares(residual, (x, y)), RESIDUAL_PRESETS["lm"], x0))
    calls: dict[str, Callable] = {
        DOORS[0]: lambda: rp.least_squares(residual, x0, (x, y)),
        DOORS[1]: lambda: rp.curve_fit(f, x, y, x0),
        BARE: lambda: jax.block_until_ready(bare(x0, x, y)),
        OTHERS[0]: lambda: optimize.leastsq(plain_residual, x0, (x, y), full_output=True),
        OTHERS[1]: lambda: scipy_curve_fit(plain, x, y, x0),
    }
    answers: dict[str, Callable] = {
        DOORS[0]: lambda a: (a.x, a.success, a.nit),
        DOORS[1]: lambda a: (a.x, a.success, a.nit),
        BARE: lambda a: (a.x, int(a.status) in (1, 2), a.steps),
        OTHERS[0]: lambda a: (a[0], a[4] in (1, 2, 3, 4), a[2]["nfev"]),
        OTHERS[1]: lambda a: (a[0], a[4] in (1, 2, 3, 4), a[2]["nfev"]),
    }
    return calls, answers


def scipy_curve_fit(f: Callable, x: Any, y: Any, x0: np.ndarray) -> tuple:
    """`curve_fit`, whose failure is an exception."""
    try:
        answer: Any = optimize.curve_fit(f, x, y, p0=x0, full_output=True)
    except RuntimeError:
        return np.full(x0.shape, np.nan), None, {"nfev": 0}, "", 0
    return answer


def ratios(rows: dict[str, dict], ours: str, theirs: str, what: str = "us") -> list[float]:
    """Our time over theirs, for every set: below 1 we are faster."""
    return [row["calls"][ours][what] / row["calls"][theirs][what] for row in rows.values()]


def middle_ratio(found: list[float]) -> float:
    """The geometric mean."""
    return float(np.exp(np.mean(np.log(found))))


def marks(rows: dict[str, dict]) -> list[tuple]:
    """Not slower than leastsq, and than curve_fit, on geometric average."""
    if not rows:
        return []
    found = []
    for ours, theirs in zip(DOORS, OTHERS, strict=True):
        each = ratios(rows, ours, theirs)
        mean = middle_ratio(each)
        text = f"{digits(mean)} geometric mean, {digits(min(each))} to {digits(max(each))}"
        text += f"; {sum(r <= 1 for r in each)} of {len(each)} sets at <= 1"
        found.append((f"warm fit: {ours} over {theirs}", "<= 1", text, met(mean <= 1)))
    return found


ABOUT = (
    "One fit from start 2, warm, in turns of 20 ms in one process; milliseconds. The model is the same text with `jnp` "
    "for raphson and `np` for SciPy; SciPy gets no Jacobian, as most users give none; `least_squares` and `leastsq` "
    "get residual(b, x, y) with the data as arguments. *solve, compiled*: `jax.jit` of `rp.solve` with Levenberg-"
    "Marquardt alone: what the door costs more is certificate, verdict, error bars' material and Python. Ratios below "
    "1: raphson is faster. Digits in brackets: no success claimed; **bold**: success claimed, and wrong."
)

HEAD = (
    "set | m | n | least_squares, ms | curve_fit, ms | solve, compiled, ms | leastsq, ms | SciPy curve_fit, ms | "
    "least_squares / leastsq | curve_fit / curve_fit | trials | leastsq's evaluations | digits | leastsq's digits"
)


def render(rows: dict[str, dict]) -> list[str]:
    """A line a set, their sums and means."""
    if not rows:
        return []
    counts = sorted({row["rounds"] for row in rows.values()})
    gap = max(row["gap"] for row in rows.values())
    note = f"{counts[0]} to {counts[-1]} rounds. The models agree with the zoo's to {gap:.0e} of max |y|."
    lines = ["## Speed", "", ABOUT, "", note, "", *table(HEAD, [line(key, row) for key, row in rows.items()]), ""]
    names = (*DOORS, BARE, *OTHERS)
    sums = {name: sum(row["calls"][name]["us"] for row in rows.values()) / 1e3 for name in names}
    lines += [f"Sums over {len(rows)} sets, ms: {', '.join(f'{name} {digits(v)}' for name, v in sums.items())}.", ""]
    body = []
    for ours in (*DOORS, BARE):
        for theirs in OTHERS:
            each = ratios(rows, ours, theirs)
            right = {k: row for k, row in rows.items() if row["calls"][theirs]["digits"] >= runs.ENOUGH}
            among = digits(middle_ratio(ratios(right, ours, theirs))) if right else "–"
            ends = digits(min(each)), digits(max(each)), times(sums[theirs] / sums[ours])
            least = digits(middle_ratio(ratios(rows, ours, theirs, "quickest_us")))
            body.append((ours, theirs, digits(middle_ratio(each)), f"{among} ({len(right)} sets)", least, *ends))
    head = (
        "this | over | geometric mean | where the other is right | of the quickest rounds | least | most | "
        "sums, other / this"
    )
    return [*lines, *table(head, body), ""]


def line(key: str, row: dict) -> tuple:
    """One set."""
    calls = row["calls"]

    def shown(name: str) -> str:
        text = f"{calls[name]['digits']:.1f}"
        return f"({text})" if not calls[name]["claims"] else f"**{text}**" if runs.wrong(calls[name]) else text

    return (
        key,
        row["m"],
        row["n"],
        *(digits(calls[name]["us"] / 1e3) for name in (*DOORS, BARE, *OTHERS)),
        *(digits(calls[a]["us"] / calls[b]["us"]) for a, b in zip(DOORS, OTHERS, strict=True)),
        calls[DOORS[0]]["steps"],
        calls[OTHERS[0]]["steps"],
        shown(DOORS[0]),
        shown(OTHERS[0]),
    )
