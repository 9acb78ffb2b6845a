"""Trials and products of runs of `trust-cg` and `newton-cg`, in double precision."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import raphson as rp
from benchmarks.large_runs import rosenbrock
from benchmarks.tables import table

PROTOCOL = 2

METHODS = ("trust-cg", "newton-cg", "trust-krylov")

TRIALS = 20_000
"""More than any run here takes."""


@dataclass(frozen=True)
class Case:
    """A function and its start; `make` draws data with a seed of its own."""

    about: str
    make: Callable[[], tuple[Callable, np.ndarray]]


def chained(n: int, usual: bool) -> tuple[Callable, np.ndarray]:
    """Rosenbrock's, from (-1.2, 1, ...) or from 2."""
    return rosenbrock, np.tile([-1.2, 1.0], n // 2) if usual else np.full(n, 2.0)


def woods(n: int) -> tuple[Callable, np.ndarray]:
    """Wood's function, n / 4 times, each with variables of its own (extended; CUTE: WOODS)."""

    def fun(x: Any) -> Any:
        a, b, c, d = x.reshape(-1, 4).T
        return jnp.sum(
            100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
            + 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2
        )  # fmt: skip

    return fun, np.tile([-3.0, -1.0], n // 2)


def broyden(n: int) -> tuple[Callable, np.ndarray]:
    """Broyden's tridiagonal equations as a sum of squares (More, Garbow and Hillstrom 1981, 30)."""

    def fun(x: Any) -> Any:
        z = jnp.pad(x, 1)
        return jnp.sum(((3 - 2 * x) * x - z[:-2] - 2 * z[2:] + 1) ** 2)

    return fun, -np.ones(n)


def logistic(rows: int, n: int, condition: float, units: float) -> tuple[Callable, np.ndarray]:
    """Logistic regression with a ridge: singular values from 1 to 1/condition, columns in units from 1/units on."""
    draw = np.random.default_rng(0)
    left, _ = np.linalg.qr(draw.normal(size=(rows, n)))
    right, _ = np.linalg.qr(draw.normal(size=(n, n)))
    A = np.sqrt(rows) * (left * np.geomspace(1, 1 / condition, n)) @ right
    y = np.sign(A @ draw.normal(size=n) + 0.3 * draw.normal(size=rows))
    own = np.geomspace(1 / units, units, n)[draw.permutation(n)]
    A, y, own = jnp.asarray(A * own), jnp.asarray(y), jnp.asarray(own)
    return lambda x: jnp.sum(jnp.logaddexp(0, -y * (A @ x))) + 1e-3 * jnp.sum((own * x) ** 2), np.zeros(n)


def surface(m: int) -> tuple[Callable, np.ndarray]:
    """The area of a surface over m x m points between four curves (Scherk-like edges), from the plane 0."""
    t = np.linspace(0, 1, m)
    edge = np.zeros((m, m))
    edge[0], edge[-1] = np.sin(np.pi * t), -np.sin(2 * np.pi * t)
    edge[:, 0], edge[:, -1] = 0.5 * np.sin(np.pi * t), t * (1 - t)
    h, frame = 1 / (m - 1), jnp.asarray(edge)

    def fun(x: Any) -> Any:
        z = frame.at[1:-1, 1:-1].set(x.reshape(m - 2, m - 2))
        a, b = (z[1:, 1:] - z[:-1, :-1]) / h, (z[1:, :-1] - z[:-1, 1:]) / h
        return h * h * jnp.sum(jnp.sqrt(1 + 0.5 * (a * a + b * b)))

    return fun, np.zeros((m - 2) ** 2)


def quartic(n: int, condition: float) -> tuple[Callable, np.ndarray]:
    """A convex quartic, its quadratic part of this condition in a rotated frame."""
    Q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))
    d, frame = jnp.geomspace(1 / condition, 1, n), jnp.asarray(Q)

    def fun(x: Any) -> Any:
        z = frame @ x - 1
        return jnp.sum(d * (0.5 * z**2 + 0.25 * z**4))

    return fun, np.full(n, 1.0)


def chain_of_wells(n: int, coupling: float) -> tuple[Callable, np.ndarray]:
    """Allen and Cahn's energy on a chain, from noise about the maximum 0: most of H is negative there."""

    def fun(x: Any) -> Any:
        return jnp.sum(0.25 * (x**2 - 1) ** 2) + 0.5 * coupling * jnp.sum((x[1:] - x[:-1]) ** 2)

    return fun, 0.1 * np.random.default_rng(0).normal(size=n)


def field_of_wells(m: int, coupling: float) -> tuple[Callable, np.ndarray]:
    """The same on a square of m x m points, held at 1 on one edge."""

    def fun(x: Any) -> Any:
        z = jnp.pad(x.reshape(m, m), ((1, 0), (0, 0)), constant_values=1.0)
        bonds = jnp.sum((z[1:] - z[:-1]) ** 2) + jnp.sum((z[:, 1:] - z[:, :-1]) ** 2)
        return jnp.sum(0.25 * (z**2 - 1) ** 2) + 0.5 * coupling * bonds

    return fun, 0.1 * np.random.default_rng(1).normal(size=m * m)


CASES = {
    "rosenbrock-100": Case("chained Rosenbrock from (-1.2, 1, ...)", lambda: chained(100, True)),
    "rosenbrock-100-from-2": Case("the same from 2", lambda: chained(100, False)),
    "rosenbrock-1000": Case("chained Rosenbrock from (-1.2, 1, ...)", lambda: chained(1000, True)),
    "rosenbrock-1000-from-2": Case("the same from 2", lambda: chained(1000, False)),
    "woods-1000": Case("Wood, extended", lambda: woods(1000)),
    "broyden-1000": Case("Broyden tridiagonal, squared", lambda: broyden(1000)),
    "logistic-40": Case("logistic regression, 200 rows, condition 1e2", lambda: logistic(200, 40, 1e2, 1)),
    "logistic-40-units": Case("the same, columns in units 1e-4 to 1e4", lambda: logistic(200, 40, 1e2, 1e4)),
    "logistic-300": Case("logistic regression, 1000 rows, condition 1e3", lambda: logistic(1000, 300, 1e3, 1)),
    "surface-40": Case("minimal surface, 40 x 40", lambda: surface(40)),
    "surface-100": Case("minimal surface, 100 x 100", lambda: surface(100)),
    "quartic-1e8": Case("convex quartic, condition 1e8, rotated", lambda: quartic(200, 1e8)),
    "wells-1000": Case("Allen-Cahn on a chain, stiff", lambda: chain_of_wells(1000, 10.0)),
    "wells-32": Case("Allen-Cahn on a square of 32 x 32", lambda: field_of_wells(32, 2.0)),
}


def keys(quick: bool) -> list[str]:
    """A row of this section is a function."""
    return [key for key in CASES if not quick or key != "surface-100"]


def measure(key: str, quick: bool) -> dict:
    """Both methods, to their end."""
    fun, x0 = CASES[key].make()
    return {"n": x0.size, "about": CASES[key].about} | {method: counts(method, fun, x0) for method in METHODS}


def counts(method: str, fun: Callable, x0: np.ndarray) -> dict:
    """Trials, accepted ones, products, f and how it ended."""
    from raphson.solver.drive import run
    from raphson.solver.presets import PRESETS

    preset = PRESETS[method]
    preset = jax.tree.map(jnp.asarray, replace(preset, stop=replace(preset.stop, max_steps=TRIALS)))
    found = run(preset, rp.Minimize(fun), jnp.asarray(x0))
    trace, state = found.trace, found.state
    points = int(trace.accepted.sum()) + 1
    # The first radius costs one product, and the path at the last point leads nowhere, but it was made.
    asked = int(trace.inner.sum()) + method.startswith("trust") + last(state) + int(state.iterate.stop_state.asked)
    products = preset.curvature.hessians(x0.size, points, asked)
    return {
        "trials": len(trace), "taken": points - 1, "products": products, "f": float(state.best.value),
        "gradient": float(jnp.max(jnp.abs(state.model.gradient))), "status": found.status.name,
    }  # fmt: skip


def last(state: Any) -> int:
    """The products of the last plan, where no trial followed."""
    plan = state.iterate.plan
    return int(plan.inner) * bool(state.fresh)


def marks(rows: dict[str, dict]) -> list[tuple]:
    """None: levers are compared with these numbers (docs/design-notes.md)."""
    return []


def render(rows: dict[str, dict]) -> list[str]:
    """One line a function and method."""
    body = [
        (key, row["about"], row["n"], method, row[method]["trials"], row[method]["taken"], row[method]["products"],
         f"{row[method]['f']:.10g}", row[method]["status"].lower())
        for key, row in rows.items()
        for method in METHODS
        if method in row
    ]  # fmt: skip
    return ["## Counts", "", *table("row | function | n | method | trials | taken | products | f | ends", body), ""]
