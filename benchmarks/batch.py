"""Batch: 10 000 Rosenbrock problems of ten variables at once, against a loop over SciPy."""

import time
import warnings
from collections import Counter
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

import raphson as rp
from benchmarks import peers
from benchmarks.problems import LOCAL, SEED, SPREAD, Case, chained, chained_entry, starts
from benchmarks.tables import digits, met, table, times
from benchmarks.timing import batch_times
from raphson.kernel.status import Status

PROTOCOL = 1

METHODS = ("damped-newton", "newton", "dogleg", "trust-exact", "trust-cg", "bfgs")
LANES, LOOP, REPEATS = {False: 10_000, True: 500}, {False: 200, True: 20}, {False: 3, True: 1}
CHUNK = 16
"""Lanes that `lax.map` runs together: a finished lane waits for 15 others, not for 9 999."""

LONG = 60.0
"""Seconds after which a run is not repeated."""

COMPARED = 32
"""Lanes that are solved again one at a time: the batch must not change an answer."""


def keys(quick: bool) -> list[str]:
    """A row of this section is a method: vmapped, mapped in chunks, and SciPy's loop of the same class."""
    return [*METHODS, "optimistix-bfgs"]


def measure(key: str, quick: bool) -> dict:
    """One method's batch, with half of SciPy's loop before it and half after."""
    warnings.simplefilter("ignore")
    X, loop = starts(LANES[quick]), LOOP[quick]
    method = "bfgs" if key == "optimistix-bfgs" else key
    before = scipy_loop(method, X[: loop // 2])
    one = one_optimistix() if key == "optimistix-bfgs" else one_raphson(method)
    whole = batched(jax.jit(jax.vmap(one)), X, REPEATS[quick])
    chunks = batched(jax.jit(lambda X: lax.map(one, X, batch_size=CHUNK)), X, REPEATS[quick])
    same = agreement(one, X, whole.pop("answer"))
    chunks.pop("answer")
    after = scipy_loop(method, X[loop // 2 : loop])
    return {"lanes": len(X), "vmap": whole, "map": chunks, "agreement": same, "scipy": joined(method, before + after)}


def one_raphson(method: str) -> Callable:
    """One problem: where it ended, and what the solver says."""

    def one(x: jax.Array) -> dict:
        found = rp.solve(chained, method, x)
        return {"x": found.x, "f": found.value, "status": found.status, "steps": found.steps}

    return one


def one_optimistix() -> Callable:
    """The same by optimistix; its success is written as CONVERGED, the rest as STEPS."""
    solve = peers.optimistix_solve(chained)

    def one(x: jax.Array) -> dict:
        found = solve(x)
        status = jnp.where(found["ok"], int(Status.CONVERGED), int(Status.STEPS))
        return {"x": found["x"], "f": found["value"], "status": status, "steps": found["steps"]}

    return one


def batched(solve: Callable, X: np.ndarray, repeats: int) -> dict:
    """Seconds to compile, seconds warm, and how the lanes ended."""
    found = batch_times(solve, jnp.asarray(X), repeats, LONG)
    return found | ends(found["answer"])


def ends(answer: dict) -> dict:
    """How many lanes ended where, saying what; the first few that did not converge, to be looked at."""
    f, status, steps = answer["f"], answer["status"], answer["steps"]
    claims = np.isin(status, [int(s) for s in peers.CLAIMS])
    least, local = f <= 1e-10, np.abs(f - LOCAL) <= 1e-6
    lost = np.flatnonzero(~(claims & (least | local)))
    return {
        "said": {Status(int(s)).name: int(c) for s, c in sorted(Counter(status.tolist()).items())},
        "claims": int(claims.sum()),
        "global": int((claims & least).sum()),
        "local": int((claims & local).sum()),
        "false": int((claims & ~(least | local)).sum()),
        "not_finite": int((~np.isfinite(f)).sum()),
        "steps": [float(np.median(steps)), int(steps.max())],
        "lost": [[int(i), float(f[i]), int(status[i]), int(steps[i])] for i in lost[:5]],
    }


def agreement(one: Callable, X: np.ndarray, answer: dict) -> dict:
    """Lanes solved again one at a time, the suspicious ones first: the same status and the same f (to rounding)?"""
    claims = np.isin(answer["status"], [int(s) for s in peers.CLAIMS])
    order = np.argsort(claims, kind="stable")[:COMPARED]
    single = jax.jit(one)
    other = []
    for i in order:
        found = jax.tree.map(np.asarray, single(jnp.asarray(X[i])))
        near = np.allclose(found["f"], answer["f"][i], rtol=1e-6, atol=1e-10, equal_nan=True)
        if not near or (int(found["status"]) in peers.CLAIMS) != bool(claims[i]):
            alone, together = (
                (float(found["f"]), int(found["status"])),
                (float(answer["f"][i]), int(answer["status"][i])),
            )
            other.append([int(i), *alone, *together])
    return {"compared": len(order), "different": len(other), "examples": other[:5]}


def scipy_loop(method: str, X: np.ndarray) -> list[dict]:
    """SciPy's method of the same class, one start after the other, with its own NumPy derivatives."""
    problem = Case(chained_entry(), rosen, rosen_der, rosen_hess, rosen_hess_prod, True)
    found = []
    for x in X:
        call = peers.scipy_call(problem, peers.SAME_CLASS[method], x)
        begin = time.perf_counter()
        result = call()
        spent = time.perf_counter() - begin
        found.append({"seconds": spent, "f": float(result.fun), "claims": bool(result.success), "nit": int(result.nit)})
    return found


def joined(method: str, found: list[dict]) -> dict:
    """The loop as one line. Its seconds are the mean: a loop over all starts pays for the slow ones as well."""
    f = np.array([one["f"] for one in found])
    # SciPy stops at its own, looser accuracy: 1e-4 is its gradient test squared, with room.
    least, local = f <= 1e-4, np.abs(f - LOCAL) <= 1e-4
    claims = np.array([one["claims"] for one in found])
    return {
        "method": peers.SAME_CLASS[method],
        "problems": len(found),
        "each": float(np.mean([one["seconds"] for one in found])),
        "steps": [float(np.median([one["nit"] for one in found])), max(one["nit"] for one in found)],
        "claims": int(claims.sum()),
        "global": int((claims & least).sum()),
        "local": int((claims & local).sum()),
        "false": int((claims & ~(least | local)).sum()),
        "worst": float(np.max(np.where(claims & least, f, 0))),
    }


def ratio(row: dict, how: str) -> float:
    """SciPy's loop over all lanes (scaled from those that were run) over the batch."""
    return row["scipy"]["each"] * row["lanes"] / row[how]["seconds"]


def marks(rows: dict[str, dict]) -> list[tuple]:
    """Every method: 200 times SciPy, every lane converged."""
    ours = {key: row for key, row in rows.items() if key in METHODS}
    if not ours:
        return []
    lanes = next(iter(ours.values()))["lanes"]
    text = ", ".join(f"{key} {times(ratio(row, 'vmap'))}" for key, row in ours.items())
    ok = all(ratio(row, "vmap") >= 200 for row in ours.values())
    good = {key: row["vmap"]["global"] + row["vmap"]["local"] for key, row in ours.items()}
    shown = ", ".join(f"{key} {count}" for key, count in good.items())
    every = all(count == lanes for count in good.values())
    other = sum(row["agreement"]["different"] for row in ours.values())
    return [
        (f"vmap over {lanes:,} Rosenbrock n = 10 against SciPy's loop", ">= 200x", text, met(ok)),
        ("lanes that say converged and are at a minimum", f"{lanes:,}", shown, met(every)),
        ("lanes that end elsewhere when solved alone", "0", str(other), met(other == 0)),
    ]


def render(rows: dict[str, dict]) -> list[str]:
    """The times, the ends, and the lanes to look at."""
    if not rows:
        return []
    first = next(iter(rows.values()))
    scipy = first["scipy"]["problems"]
    lines = ["## Batch", "", ABOUT.format(lanes=first["lanes"], scipy=scipy), ""]
    lines += table(PACE, [pace(key, row) for key, row in rows.items()])
    lines += ["", *table(ENDS, [lane_ends(key, row) for key, row in rows.items()]), ""]
    loops = {row["scipy"]["method"]: row["scipy"] for row in rows.values()}
    lines += [*table(LOOPS, [loop_line(name, loop) for name, loop in loops.items()]), ""]
    return [*lines, *suspects(rows)]


ABOUT = (
    "{lanes:,} chained Rosenbrock problems, n = 10, from the standard start (-1.2, 1, ...) plus normal deviations of "
    f"{SPREAD} (seed {SEED}), by `jax.jit(jax.vmap(solve))`; *map*: `lax.map(solve, X, batch_size={CHUNK})`, compiled. "
    "SciPy: a Python loop over the first {scipy} starts, half of it before the batch and half after, scaled to all "
    f"lanes. The function has a second minimum, f = {LOCAL:.6f}; *global* counts lanes that say converged with "
    "f <= 1e-10, *local* those at that one. *Alone otherwise*: lanes solved again one at a time, the suspicious ones "
    "first, that then said something else or ended at another f."
)

PACE = (
    "method | vmap, s | map, s | SciPy loop, s (scaled) | SciPy | SciPy / vmap | SciPy / map | µs a problem | "
    "compile vmap, s | compile map, s"
)

ENDS = (
    "method | converged | global | local | elsewhere, **false** | NaN or inf | statuses | steps, median | "
    "steps, most | alone otherwise"
)

LOOPS = (
    "SciPy's loop | problems | ms each | says success | global (f <= 1e-4) | local | elsewhere, **false** | "
    "largest f at 0 | steps, median | steps, most"
)


def pace(key: str, row: dict) -> tuple:
    """The times of one method."""
    scaled = row["scipy"]["each"] * row["lanes"]
    cells = (row["vmap"]["seconds"], row["map"]["seconds"], scaled)
    quick = min(cells[:2])
    return (
        key,
        *map(digits, cells),
        row["scipy"]["method"],
        times(ratio(row, "vmap")),
        times(ratio(row, "map")),
        digits(1e6 * quick / row["lanes"]),
        digits(row["vmap"]["compile"]),
        digits(row["map"]["compile"]),
    )


def lane_ends(key: str, row: dict) -> tuple:
    """Where the lanes of one method ended."""
    end, same = row["vmap"], row["agreement"]
    said = ", ".join(f"{name} {count}" for name, count in end["said"].items())
    return (
        key,
        end["claims"],
        end["global"],
        end["local"],
        end["false"],
        end["not_finite"],
        said,
        f"{end['steps'][0]:.0f}",
        end["steps"][1],
        f"{same['different']} of {same['compared']}",
    )


def loop_line(name: str, loop: dict) -> tuple:
    """Where SciPy's loop ended."""
    return (
        name,
        loop["problems"],
        digits(1e3 * loop["each"]),
        loop["claims"],
        loop["global"],
        loop["local"],
        loop["false"],
        f"{loop['worst']:.1e}",
        f"{loop['steps'][0]:.0f}",
        loop["steps"][1],
    )


def suspects(rows: dict[str, dict]) -> list[str]:
    """Lanes that did not converge, and lanes that end otherwise when solved alone, by number."""
    lines = []
    for key, row in rows.items():
        for i, f, status, steps in row["vmap"]["lost"]:
            lines.append(f"- {key}: lane {i}: f = {f:.6g}, {Status(status).name} after {steps} trials")
        for i, alone, said, f, status in row["agreement"]["examples"]:
            text = f"f = {f:.6g}, {Status(status).name} in the batch, but f = {alone:.6g}, {Status(said).name} alone"
            lines.append(f"- {key}: lane {i}: {text}")
    text = "At most five of a kind and method; lane i starts at `benchmarks.problems.starts(i + 1)[i]`."
    head = ["### Lanes to look at", "", text, ""]
    return [*head, *lines, ""] if lines else []
