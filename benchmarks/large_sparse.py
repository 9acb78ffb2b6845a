"""Sparse Hessians: a factorization in the loop beside products, L-BFGS and SciPy's L-BFGS-B, on grids and chains."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

import raphson as rp
from benchmarks.large_ipopt import ipopts
from benchmarks.large_runs import GIB, now, peak, rosenbrock
from benchmarks.tables import digits, table

PROTOCOL = 2

WAYS = ("auto", "trust-exact", "trust-cg", "lbfgs", "SciPy L-BFGS-B", "Ipopt")
"""What solves each problem, every one in a process of its own."""

SECONDS = 60.0
"""For one solve."""


def grid(u: Any) -> Any:
    """A square grid of the numbers u."""
    m = round(u.size**0.5)
    return u.reshape(m, m)


def surface(u: Any) -> Any:
    """The minimal surface over the unit square, on triangles, between four curves."""
    z = jnp.pad(grid(u), 1)
    t = jnp.linspace(0, 1, z.shape[0])
    z = z.at[0].set(jnp.sin(3 * t)).at[-1].set(t**2).at[:, 0].set(t * (1 - t)).at[:, -1].set(jnp.sin(3 * (1 - t)) * t)
    h = 1 / (z.shape[0] - 1)
    low = ((z[1:, :-1] - z[:-1, :-1]) / h) ** 2 + ((z[:-1, 1:] - z[:-1, :-1]) / h) ** 2
    high = ((z[:-1, 1:] - z[1:, 1:]) / h) ** 2 + ((z[1:, :-1] - z[1:, 1:]) / h) ** 2
    return h * h / 2 * (jnp.sum(jnp.sqrt(1 + low)) + jnp.sum(jnp.sqrt(1 + high)))


def wells(u: Any) -> Any:
    """Ginzburg and Landau: two wells at every point of a grid, coupled; a wall in the middle of the start."""
    a = grid(u)
    bonds = jnp.sum((a[1:] - a[:-1]) ** 2) + jnp.sum((a[:, 1:] - a[:, :-1]) ** 2)
    return jnp.sum((1 - a**2) ** 2) / 4 + 0.5 * bonds - 0.01 * jnp.sum(a)


def membrane(u: Any) -> Any:
    """A membrane under its weight, which an obstacle holds up (bounds)."""
    z = jnp.pad(grid(u), 1)
    h = 1 / (z.shape[0] - 1)
    return 0.5 * (jnp.sum((z[1:] - z[:-1]) ** 2) + jnp.sum((z[:, 1:] - z[:, :-1]) ** 2)) + h * h * jnp.sum(z)


def obstacle(n: int) -> list[tuple[float, None]]:
    """Two hills below the membrane."""
    m = round(n**0.5)
    t = np.linspace(0, 1, m + 2)[1:-1]
    hills = 0.02 * np.outer(np.sin(2 * np.pi * t), np.sin(np.pi * t)) - 0.04
    return [(float(b), None) for b in hills.ravel()]


@dataclass(frozen=True)
class Field:
    """A function of `n` variables with its start and bounds."""

    fun: Callable[[Any], Any]
    n: int
    start: Callable[[int], np.ndarray]
    about: str
    bounds: Callable[[int], list] | None = None


near = lambda n: 1 + 0.5 * np.sin(3.0 * np.arange(n))
noise = lambda n: 0.1 * np.sin(7.0 * np.arange(n)) * np.cos(3.0 * np.arange(n))

FIELDS = {
    "chain-1e4": Field(rosenbrock, 10**4, near, "chained Rosenbrock from 1 + sin(3 i)/2"),
    "chain-1e5": Field(rosenbrock, 10**5, near, "the same"),
    "chain-1e6": Field(rosenbrock, 10**6, near, "the same"),
    "surface-100": Field(surface, 100**2, np.zeros, "minimal surface from 0"),
    "surface-300": Field(surface, 300**2, np.zeros, "the same"),
    "wells-100": Field(wells, 100**2, noise, "Ginzburg-Landau from noise"),
    "wells-300": Field(wells, 300**2, noise, "the same"),
    "membrane-100": Field(membrane, 100**2, np.zeros, "membrane over an obstacle (bounds)", obstacle),
    "membrane-300": Field(membrane, 300**2, np.zeros, "the same", obstacle),
}


def keys(quick: bool) -> list[str]:
    """A row is a problem and what solves it."""
    return [f"{name} {way}" for name, field in FIELDS.items() if not quick or field.n <= 10**4 for way in WAYS]


def measure(key: str, quick: bool) -> dict:
    """A first call, and a second one where the first was short enough."""
    name, way = key.split(" ", 1)
    field = FIELDS[name]
    x0, bounds = field.start(field.n), None if field.bounds is None else field.bounds(field.n)
    peers = {"SciPy L-BFGS-B": scipys, "Ipopt": by_ipopt}
    solve = peers[way](field, x0, bounds) if way in peers else ours(field, x0, bounds, way)
    begin = now()
    row = solve()
    end = now()
    first = end[0] - begin[0]
    if first < SECONDS:
        begin = now()
        row = solve()
        end = now()
    return row | {
        "n": field.n, "about": field.about, "first": first, "wall": end[0] - begin[0], "cpu": end[1] - begin[1],
        "peak": peak() / GIB,
    }  # fmt: skip


def ours(field: Field, x0: np.ndarray, bounds: Any, way: str) -> Callable[[], dict]:
    """`minimize`."""

    def solve() -> dict:
        r = rp.minimize(field.fun, x0, method=way, bounds=bounds, time_limit=SECONDS)
        return {
            "f": r.value, "method": r.method, "trials": r.steps, "says": str(r.certificate.verdict),
            "proof": str(r.certificate.proof), "gradient": r.certificate.gradient_norm, "reason": r.reasons[0],
        }  # fmt: skip

    return solve


def scipys(field: Field, x0: np.ndarray, bounds: Any) -> Callable[[], dict]:
    """SciPy with the exact gradient, compiled, until it sees no progress or the time is over."""
    both = jax.jit(jax.value_and_grad(field.fun))

    def solve() -> dict:
        begin = time.perf_counter()

        def fun(x: np.ndarray) -> tuple[float, np.ndarray]:
            if time.perf_counter() - begin > SECONDS:
                raise StopIteration
            f, g = both(x)
            return float(f), np.asarray(g)

        best: dict = {}

        def keep(intermediate_result: Any) -> None:
            best.update(f=float(intermediate_result.fun), x=intermediate_result.x)

        try:
            r = scipy.optimize.minimize(
                fun, x0, jac=True, method="L-BFGS-B", bounds=bounds, callback=keep,
                options={"maxiter": 10**6, "maxfun": 10**7, "ftol": 1e-16, "gtol": 1e-10},
            )  # fmt: skip
            says, trials, x = r.message.split(":")[0].lower(), r.nit, r.x
        except StopIteration:
            says, trials, x = f"stopped after {SECONDS:g} s", -1, best.get("x", x0)
        return answer(both, x, bounds) | {"method": "L-BFGS-B", "trials": int(trials), "says": says}

    return solve


def by_ipopt(field: Field, x0: np.ndarray, bounds: Any) -> Callable[[], dict]:
    """Ipopt with exact f, g and sparse H."""
    both, run = jax.jit(jax.value_and_grad(field.fun)), ipopts(field.fun, x0, bounds, SECONDS)

    def solve() -> dict:
        x, trials, says = run()
        return answer(both, x, bounds) | {"method": "Ipopt", "trials": trials, "says": says}

    return solve


def answer(both: Callable, x: np.ndarray, bounds: Any) -> dict:
    """f, and the largest entry of g that no bound holds (Ipopt ends beside its bounds)."""
    f, g = (np.asarray(a) for a in both(x))
    low = np.array([b[0] for b in bounds]) if bounds else np.full(x.size, -np.inf)
    free = ~((x <= low + 1e-6) & (g > 0))
    return {"f": float(f), "gradient": float(np.max(np.abs(g[free]), initial=0.0)), "proof": "none", "reason": ""}


def marks(rows: dict[str, dict]) -> list[tuple]:
    """The million by the sparse path, what a trial costs from 1e4 to 1e6 variables, and one value for every way."""
    found = []
    row = rows.get("chain-1e6 trust-exact")
    if row is not None:
        found += [
            ("chain-1e6: second call", "<= 25 s", f"{digits(row['wall'])} s ({digits(row['cpu'])} s of processor time)",
             "yes" if row["wall"] <= 25 else "**no**"),
            ("chain-1e6: peak memory", "<= 3 GiB", f"{row['peak']:.2f} GiB", "yes" if row["peak"] <= 3 else "**no**"),
        ]  # fmt: skip
    chains = [rows[key] for key in (f"chain-1e{k} trust-exact" for k in (4, 5, 6)) if key in rows]
    if len(chains) == 3:
        each = [1e6 * chain["cpu"] / chain["trials"] / chain["n"] for chain in chains]
        found.append((
            "a trial, linear in n", "1e4 to 1e6", ", ".join(f"{digits(a)} us" for a in each) + " a variable", ""
        ))  # fmt: skip
    for name in ("surface-300", "wells-300", "membrane-300"):
        both = [rows[f"{name} {way}"]["f"] for way in ("trust-exact", "trust-cg") if f"{name} {way}" in rows]
        if len(both) == 2:
            apart = abs(both[0] - both[1]) / max(abs(both[0]), 1e-300)
            found.append((
                f"{name}: by factors and by products", "one value", f"apart by {apart:.1g} of it",
                "yes" if apart <= 1e-10 else "**no**",
            ))  # fmt: skip
    return found


def render(rows: dict[str, dict]) -> list[str]:
    """One line a problem and method; `above` by how much f is higher than the lowest of its problem."""
    lowest: dict[str, float] = {}
    for key, row in rows.items():
        name = key.split(" ", 1)[0]
        lowest[name] = min(lowest.get(name, np.inf), row["f"])
    head = "problem | n | by | chosen | trials | wall s | cpu s | first s | peak GiB | f | above | max g | says | proof"
    body = []
    for key, row in rows.items():
        name, way = key.split(" ", 1)
        best = lowest[name]
        body.append((
            f"{name}: {row['about']}", row["n"], way, row["method"], row["trials"], digits(row["wall"]),
            digits(row["cpu"]), digits(row["first"]), f"{row['peak']:.2f}", f"{row['f']:.10g}",
            f"{row['f'] - best:.1g}", f"{row['gradient']:.1g}", row["says"], row["proof"],
        ))  # fmt: skip
    return ["## Sparse Hessians", "", *table(head, body), ""]
