"""Batch: 1000 fits of one model to perturbed data by one vmap, against a loop over SciPy."""

import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

import raphson as rp
from benchmarks import nist_runs as runs
from benchmarks import peers
from benchmarks.nist_models import MODELS
from benchmarks.tables import digits, met, middle, table, times
from benchmarks.timing import batch_times
from raphson.kernel.status import Status
from raphson.problems.zoo.nist import NistProblem
from raphson.solver.presets import RESIDUAL_PRESETS

PROTOCOL = 1

SETS = {"misra1a": 1.0, "rat43": 1.0, "rat43-quiet": 0.25, "hahn1": 1.0}
"""Rows, each with the noise of its data in units of the certified residual standard deviation."""

LANES, LOOP, REPEATS = {False: 1000, True: 200}, {False: 100, True: 10}, {False: 5, True: 1}
SEED = 20261
COMPARED = 32
"""Lanes that are fitted again one at a time."""

SCIPY = ("curve_fit", "least_squares trf")


def keys(quick: bool) -> list[str]:
    """A row of this section is a model."""
    return list(SETS)


def measure(key: str, quick: bool) -> dict:
    """One model's batch, with half of SciPy's loops before it and half after."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    name = key.split("-")[0]
    entry, loop = runs.problem(name), LOOP[quick]
    x, x0, Y = entry.x_data, np.array(entry.xs[1]), data(entry, LANES[quick], SETS[key])
    plain, model = MODELS[name](np), MODELS[name](jnp)
    before = {name: scipy_loop(name, plain, x, Y[: loop // 2], x0) for name in SCIPY}

    def residual(b: Any, x: Any, y: Any) -> Any:
        return model(x, *b) - y

    def one(y: jax.Array) -> rp.Solution:
        return rp.solve(rp.LeastSquares(residual, (jnp.asarray(x), y)), RESIDUAL_PRESETS["lm"], jnp.asarray(x0))

    batch = batched(one, Y, REPEATS[quick])
    answer = batch.pop("answer")
    after = {name: scipy_loop(name, plain, x, Y[loop // 2 : loop], x0) for name in SCIPY}
    single = agreement(one, residual, x, Y, x0, answer)
    loops = {name: joined(before[name] + after[name], answer) for name in SCIPY}
    return {"n": entry.n, "m": entry.observations, "lanes": len(Y), "batch": batch, "single": single, "scipy": loops}


def data(entry: NistProblem, count: int, noise: float) -> np.ndarray:
    """The certified model plus normal noise, in units of the certified residual standard deviation (count, m)."""
    exact = np.asarray(runs.model_of(entry)(jnp.asarray(entry.certified), jnp.asarray(entry.x_data)))
    assert entry.residual_std is not None
    return exact + noise * entry.residual_std * np.random.default_rng(SEED).standard_normal((count, entry.observations))


def batched(one: Callable, Y: np.ndarray, repeats: int) -> dict:
    """Seconds to compile, seconds warm, and how the lanes ended."""
    found = batch_times(jax.jit(jax.vmap(one)), jnp.asarray(Y), repeats)
    answer = found["answer"]
    said = Counter(Status(int(s)).name.lower() for s in answer.status)
    return found | {
        "said": dict(said),
        "converged": int(np.isin(answer.status, [int(s) for s in peers.CLAIMS]).sum()),
        "steps": [float(np.median(answer.steps)), int(answer.steps.max())],
    }


def agreement(one: Callable, residual: Callable, x: np.ndarray, Y: np.ndarray, x0: np.ndarray, answer: Any) -> dict:
    """Lanes fitted again, the suspicious and the slow ones first: compiled alone, and through the door."""
    claims = np.isin(answer.status, [int(s) for s in peers.CLAIMS])
    order = np.lexsort((-answer.steps, claims))
    order = [int(i) for i in (*order[: COMPARED // 2], *order[-COMPARED // 2 :])]
    alone = jax.jit(one)
    jax.block_until_ready(alone(jnp.asarray(Y[0])))
    gaps, spent, denied, doors = [], [], [], []
    for i in order:
        begin = time.perf_counter()
        single = jax.block_until_ready(alone(jnp.asarray(Y[i])))
        spent.append(time.perf_counter() - begin)
        fit = rp.least_squares(residual, x0, (x, Y[i]))
        if fit.success:
            gaps.append(apart(single.x, answer.x[i]))
            doors.append(apart(fit.x, answer.x[i]))
        elif claims[i]:
            denied.append([i, int(answer.steps[i]), apart(single.x, answer.x[i]), fit.certificate.criterion])
    found = {"alone": max(gaps, default=0.0), "door": max(doors, default=0.0), "each": middle(spent)}
    return {"compared": len(order), **found, "denied": denied}


def apart(a: Any, b: Any) -> float:
    """The largest relative difference."""
    a, b = np.asarray(a), np.asarray(b)
    return float(np.max(np.abs(a - b) / np.abs(b)))


def scipy_loop(name: str, plain: Callable, x: np.ndarray, Y: np.ndarray, x0: np.ndarray) -> list[dict]:
    """SciPy on one data set after the other, without Jacobian, as most users call it."""
    found = []
    for y in Y:
        begin = time.perf_counter()
        try:
            if name == "curve_fit":
                best, claims = optimize.curve_fit(plain, x, y, p0=x0)[0], True
            else:
                answer = optimize.least_squares(lambda b, y=y: plain(x, *b) - y, x0)
                best, claims = answer.x, bool(answer.success)
        except (RuntimeError, ValueError):
            best, claims = np.full(x0.shape, np.nan), False
        found.append({"seconds": time.perf_counter() - begin, "x": best, "claims": claims})
    return found


def joined(found: list[dict], answer: Any) -> dict:
    """The loop as one line, against the lanes of the same data: the mean, for a loop pays for the slow ones too."""
    gaps = np.array([apart(one["x"], answer.x[i]) for i, one in enumerate(found)])
    claims = np.array([one["claims"] for one in found])
    return {
        "fits": len(found),
        "each": float(np.mean([one["seconds"] for one in found])),
        "claims": int(claims.sum()),
        "near": int((gaps <= 10**-runs.ENOUGH).sum()),
        "wrong": int((claims & ~(gaps <= 10**-runs.ENOUGH)).sum()),
        "median_gap": float(np.nanmedian(gaps)),
    }


def ratio(row: dict, name: str) -> float:
    """SciPy's loop over all lanes (scaled from those that were run) over the batch."""
    return row["scipy"][name]["each"] * row["lanes"] / row["batch"]["seconds"]


def marks(rows: dict[str, dict]) -> list[tuple]:
    """50 times SciPy's loop, all lanes converged, and the same answers as alone."""
    if not rows:
        return []
    lanes = next(iter(rows.values()))["lanes"]
    found: list[tuple] = []
    for name in SCIPY:
        each = {key: ratio(row, name) for key, row in rows.items()}
        text = ", ".join(f"{key} {times(r)}" for key, r in each.items())
        found.append(
            (f"{lanes:,} fits by vmap against SciPy's loop of {name}", ">= 50x", text, met(min(each.values()) >= 50))
        )
    good = {key: row["batch"]["converged"] for key, row in rows.items()}
    text = ", ".join(f"{key} {count}" for key, count in good.items())
    found.append(("lanes converged", f"{lanes:,}", text, met(all(count == lanes for count in good.values()))))
    gap = max(max(row["single"]["alone"], row["single"]["door"]) for row in rows.values())
    found.append(("lanes beside single fits, largest relative difference", "<= 1e-8", f"{gap:.0e}", met(gap <= 1e-8)))
    denied = {key: len(row["single"]["denied"]) for key, row in rows.items() if row["single"]["denied"]}
    text = ", ".join(f"{key} {count}" for key, count in denied.items()) or "none"
    found.append(("lanes that say converged where `least_squares` does not", "none", text, met(not denied)))
    return found


ABOUT = (
    "{lanes:,} data sets: the certified model plus normal noise of the certified residual standard deviation (seed "
    f"{SEED}; rat43-quiet: a quarter of it), fitted from start 2 by `jax.jit(jax.vmap(solve))` with Levenberg-"
    "Marquardt at its default end. SciPy: a Python loop over the first {loop} on the same model in NumPy without "
    "Jacobian, half of it before the batch and half after, scaled to all; *near*: within 4 digits of the lane, "
    "*wrong*: claims success elsewhere. *Single*: one compiled fit by itself. *Alone*: the largest relative difference "
    f"of a lane to that, *door* to `rp.least_squares`, over {COMPARED} lanes, those with the most steps first, as far "
    "as `least_squares` calls them a success; *denied*: those where the lane says that it converged and "
    "`least_squares` does not."
)

PACE = (
    "model | m | n | vmap, s | µs a fit | single, µs | curve_fit, ms a fit | trf, ms a fit | curve_fit / vmap | "
    "trf / vmap | compile, s | converged | statuses | steps, median | steps, most | alone | door | denied"
)

LOOPS = "model | SciPy | fits | claims success | near | wrong | median difference"


def render(rows: dict[str, dict]) -> list[str]:
    """The times and the ends; what SciPy's loops found."""
    if not rows:
        return []
    first = next(iter(rows.values()))
    about = ABOUT.format(lanes=first["lanes"], loop=first["scipy"][SCIPY[0]]["fits"])
    lines = ["## Batch", "", about, "", *table(PACE, [pace(key, row) for key, row in rows.items()]), ""]
    body = [
        (key, name, it["fits"], it["claims"], it["near"], it["wrong"], f"{it['median_gap']:.0e}")
        for key, row in rows.items()
        for name, it in row["scipy"].items()
    ]
    lines += [*table(LOOPS, body), ""]
    for key, row in rows.items():
        for lane, steps, gap, why in row["single"]["denied"][:5]:
            lines.append(f"- {key}: lane {lane}, {steps} steps, {gap:.0e} from the same fit alone; the door: {why}")
    return [*lines, ""]


def pace(key: str, row: dict) -> tuple:
    """One model."""
    batch, single = row["batch"], row["single"]
    return (
        key,
        row["m"],
        row["n"],
        digits(batch["seconds"]),
        digits(1e6 * batch["seconds"] / row["lanes"]),
        digits(1e6 * single["each"]),
        *(digits(1e3 * row["scipy"][name]["each"]) for name in SCIPY),
        *(times(ratio(row, name)) for name in SCIPY),
        digits(batch["compile"]),
        batch["converged"],
        ", ".join(f"{name} {count}" for name, count in batch["said"].items()),
        f"{batch['steps'][0]:.0f}",
        batch["steps"][1],
        f"{single['alone']:.0e}",
        f"{single['door']:.0e}",
        f"{len(single['denied'])} of {single['compared']}",
    )
