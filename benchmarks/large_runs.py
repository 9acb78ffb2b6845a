"""Runs of many variables: each a warm call of `minimize`, in a process whose peak memory is read at its end."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import raphson as rp
from benchmarks.tables import digits, met, table

PROTOCOL = 1

GIB = 2**30


@dataclass(frozen=True)
class Case:
    """A function of `n` variables: `make(n)` gives f and x0. `seconds`, `gib`, `share`: marks (None: no such mark)."""

    make: Callable[[int], tuple[Callable, np.ndarray]]
    n: int
    about: str
    seconds: float | None = None
    gib: float | None = None
    share: float | None = None


def rosenbrock(x: Any) -> Any:
    """The chained function."""
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def logistic(n: int) -> tuple[Callable, np.ndarray]:
    """Logistic regression of 2000 rows with a ridge."""
    draw = np.random.default_rng(0)
    A = draw.normal(size=(2000, n)) / np.sqrt(n)
    y = jnp.asarray(np.sign(A @ draw.normal(size=n) * 3 + draw.normal(size=2000)))
    rows = jnp.asarray(A)
    return lambda x: jnp.sum(jnp.logaddexp(0, -y * (rows @ x))) + 0.01 * jnp.sum(x**2), np.zeros(n)


def rotated(n: int) -> tuple[Callable, np.ndarray]:
    """A sum of cosh in a rotated frame, with scales from 1 to 10."""
    Q = jnp.asarray(np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0])
    d = jnp.linspace(1, 10, n)
    return lambda x: jnp.sum(jnp.cosh(d * (Q @ x - 0.3))), np.full(n, 0.1)


CASES = {
    "rosenbrock-1e6": Case(lambda n: (rosenbrock, np.full(n, 2.0)), 10**6, "chained Rosenbrock from 2", 30.0, 3.0),
    "rosenbrock-1e5": Case(lambda n: (rosenbrock, np.full(n, 2.0)), 10**5, "the same"),
    "logistic-1000": Case(logistic, 1000, "logistic regression, 2000 rows, ridge", share=0.2),
    "cosh-1000": Case(rotated, 1000, "sum of cosh, rotated", share=0.2),
    "cosh-3000": Case(rotated, 3000, "the same", share=0.2),
}


def keys(quick: bool) -> list[str]:
    """A row of this section is a function."""
    return [key for key, case in CASES.items() if not quick or case.n < 10**6]


def measure(key: str, quick: bool) -> dict:
    """A first call and a second one, with the clock stopped where the run ends and the certificate begins."""
    case = CASES[key]
    fun, x0 = case.make(case.n)
    before = peak()
    ended = ends_of_runs()
    first, _ = timed(fun, x0)
    ended.clear()
    spent, result = timed(fun, x0)
    run = tuple(a - b for a, b in zip(ended[-1], spent[0], strict=True))
    whole = tuple(a - b for a, b in zip(spent[1], spent[0], strict=True))
    taken = int(result.trace.accepted.sum())
    return {
        "n": case.n, "about": case.about, "first": first[1][0] - first[0][0], "wall": whole[0], "cpu": whole[1],
        "run_cpu": run[1], "certificate_cpu": whole[1] - run[1], "peak": peak() / GIB, "before": before / GIB,
        "trials": len(result.trace), "taken": taken, "products": result.evaluations.hessian,
        "kept": result.trace.moves.nbytes / 2**20, "points": len(result.trace.kept) + 1, "method": result.method,
        "f": result.value, "success": result.success, "verdict": result.verdict,
    }  # fmt: skip


def now() -> tuple[float, float]:
    """The clock, and processor time."""
    return time.perf_counter(), time.process_time()


def ends_of_runs() -> list[tuple[float, float]]:
    """A list to which the times are added, from now on, at which runs end and their certificates begin."""
    from raphson.solver import call

    ended: list[tuple[float, float]] = []
    conclude = call.Call.conclude

    def watched(*a: Any) -> Any:
        ended.append(now())
        return conclude(*a)

    call.Call.conclude = watched  # type: ignore[assignment]
    return ended


def timed(fun: Callable, x0: np.ndarray) -> tuple[tuple[tuple[float, float], tuple[float, float]], Any]:
    """A call, with the times before and after it."""
    begin = now()
    result = rp.minimize(fun, x0)
    jax.block_until_ready(result.model.gradient)
    return (begin, now()), result


def peak() -> float:
    """The largest resident memory of this process so far, bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used


def marks(rows: dict[str, dict]) -> list[tuple]:
    """Time and memory at n = 1e6, the certificate's share."""
    found: list[tuple] = []
    for key, row in rows.items():
        case = CASES[key]
        if case.seconds is not None:
            text = f"{digits(row['wall'])} s ({digits(row['cpu'])} s of processor time)"
            found.append(
                (f"{key}: certificate included", f"<= {case.seconds:g} s", text, met(row["wall"] <= case.seconds))
            )
        if case.gib is not None:
            found.append(
                (f"{key}: peak memory", f"<= {case.gib:g} GiB", f"{row['peak']:.2f} GiB", met(row["peak"] <= case.gib))
            )
        if case.share is not None:
            share = row["certificate_cpu"] / row["run_cpu"]
            found.append(
                (f"{key}: certificate / run", f"<= {case.share:.0%}", f"{share:.0%}", met(share <= case.share))
            )
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """One line a function."""
    head = (
        "row | function | n | method | trials | taken | products | products a step taken | wall s | cpu s | "
        "certificate cpu s | share | first call s | peak GiB | steps kept MiB | points kept | says"
    )
    body = []
    for key, row in rows.items():
        each = row["products"] / max(row["taken"], 1)
        share = row["certificate_cpu"] / row["run_cpu"]
        body.append((
            key, row["about"], row["n"], row["method"], row["trials"], row["taken"], row["products"], digits(each),
            digits(row["wall"]), digits(row["cpu"]), digits(row["certificate_cpu"]), f"{share:.0%}",
            digits(row["first"]), f"{row['peak']:.2f}", digits(row["kept"]), row["points"],
            "success" if row["success"] else "no success",
        ))  # fmt: skip
    return ["## Runs", "", *table(head, body), ""]
