"""Problems that the constants of the choice have never seen: other kinds than those of choice_problems.py, which the
constants were fitted to. Names in capitals come from the package sif2jax, those that CUTEst gives 1000 to 6000
variables and that are of another kind than the twelve written down there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.choice_problems import Posed, random
from benchmarks.choice_runs import METHODS, PROCESSOR, WAYS, limited_to, run, share, with_reached
from benchmarks.tables import digits, met, table


def huber(n: int) -> Posed:
    """A robust regression on dense data."""
    A = random(n, 2 * n, n)
    y = A @ random(n + 1, n) / np.sqrt(n) + random(n + 2, 2 * n) ** 3
    M, b = jnp.asarray(A / np.sqrt(n)), jnp.asarray(y)
    return Posed(lambda x: jnp.sum(jnp.sqrt(1 + (M @ x - b) ** 2) - 1) + 0.05 * jnp.sum(x**2), np.zeros(n))


def counts(n: int) -> Posed:
    """Poisson regression, five predictors a row out of thousands."""
    draw = np.random.default_rng(n)
    at, weight = jnp.asarray(draw.integers(0, n, (3 * n, 5))), jnp.asarray(draw.normal(size=(3 * n, 5)) / 2)
    seen = jnp.asarray(draw.poisson(1.5, 3 * n).astype(float))

    def fun(x: Any) -> Any:
        z = jnp.sum(weight * x[at], axis=1)
        return jnp.sum(jnp.exp(z) - seen * z) + 0.5 * jnp.sum(x**2)

    return Posed(fun, np.zeros(n))


def factorization(n: int) -> Posed:
    """A matrix as a product of two of rank 8, with decay: not convex."""
    rank, rows = 8, n // 16
    target = jnp.asarray(random(n, rows, rank) @ random(n + 1, rank, rows) + 0.1 * random(n + 2, rows, rows))

    def fun(x: Any) -> Any:
        U, V = x.reshape(2, rows, rank)
        return 0.5 * jnp.sum((U @ V.T - target) ** 2) + 0.05 * jnp.sum(x**2)

    return Posed(fun, 0.5 * random(n + 3, 2 * rows * rank).ravel())


def smoothing(n: int) -> Posed:
    """An image with edges: differences counted by their rounded size."""
    m = round(n**0.5)
    t = np.linspace(-1, 1, m)
    y = jnp.asarray((t[:, None] ** 2 + t[None, :] ** 2 < 0.4) + 0.2 * random(n, m, m))

    def fun(x: Any) -> Any:
        u = x.reshape(m, m)
        across, down = u[:-1, 1:] - u[:-1, :-1], u[1:, :-1] - u[:-1, :-1]
        return 0.5 * jnp.sum((u - y) ** 2) + 0.3 * jnp.sum(jnp.sqrt(across**2 + down**2 + 1e-4))

    return Posed(fun, np.zeros(m * m))


def atoms(n: int) -> Posed:
    """A chain of atoms by Morse's potential to three neighbors, pulled apart at one place."""
    bond = lambda r, depth: depth * (1 - jnp.exp(-(r - 1))) ** 2

    def fun(x: Any) -> Any:
        z = jnp.arange(n) + x
        near = sum(jnp.sum(bond((z[k:] - z[:-k]) / k, 1 / k**2)) for k in (1, 2, 3))
        return near + 1e-3 * jnp.sum(x**2) + 0.2 * jnp.sum(jnp.sin(3 * z))

    return Posed(fun, 0.1 * np.cos(np.arange(n)))


def charges(n: int) -> Posed:
    """Charges in a trap: every pair repels, so H is full and f is dear."""
    m = n // 2
    upper = jnp.asarray(np.triu(np.ones((m, m)), 1))

    def fun(x: Any) -> Any:
        p = x.reshape(m, 2)
        d2 = jnp.sum((p[:, None] - p[None]) ** 2, axis=2) + 1e-3
        return jnp.sum(upper / jnp.sqrt(d2)) / m + 0.5 * jnp.sum(p**2 * jnp.array([1.0, 2.0]))

    return Posed(fun, 2 * random(n, 2 * m).ravel())


def nonnegative(n: int) -> Posed:
    """Least squares with signs: half of the bounds hold."""
    A = random(n, 2 * n, n) / np.sqrt(n)
    M, y = jnp.asarray(A), jnp.asarray(A @ random(n + 1, n))
    return Posed(lambda x: 0.5 * jnp.sum((M @ x - y) ** 2) + 0.01 * jnp.sum(jnp.cosh(x)), np.full(n, 0.5),
                 [(0.0, None)] * n)  # fmt: skip


def control(n: int) -> Posed:
    """Controls of a pendulum, one a step: every step depends on those before it."""

    def step(state: Any, u: Any) -> tuple[Any, Any]:
        angle, speed = state
        speed = speed + 0.02 * (u - jnp.sin(angle) - 0.1 * speed)
        angle = angle + 0.02 * speed
        return (angle, speed), 0.02 * (1e-2 * u**2 + (1 + jnp.cos(angle)) + 0.05 * speed**2)

    def fun(u: Any) -> Any:
        (angle, speed), cost = jax.lax.scan(step, (jnp.zeros(()), jnp.zeros(())), u)
        return jnp.sum(cost) + 5 * (1 + jnp.cos(angle)) + 0.5 * speed**2

    return Posed(fun, 0.5 * np.sin(0.02 * np.arange(n)))


def band(n: int) -> Posed:
    """Terms of 16 neighbors each: 31 entries a row."""
    weight = jnp.asarray(np.cos(np.arange(16.0)))

    def fun(x: Any) -> Any:
        s = jnp.convolve(x, weight, mode="valid")
        return jnp.sum((s - 1) ** 2 + 0.1 * s**4) + jnp.sum(x**2)

    return Posed(fun, np.full(n, 0.3))


def cutest(name: str) -> Callable[[int], Posed]:
    """A problem of sif2jax."""

    def pose(_: int) -> Posed:
        from benchmarks.cutest_problems import problem

        found = problem(name)
        bounds = None if found.bounds is None else [(float(a), float(b)) for a, b in zip(*found.bounds, strict=True)]
        return Posed(found.fun, found.x0, bounds)

    return pose


HELD_OUT: dict[str, tuple[Callable[[int], Posed], int]] = {
    "RAYBENDL": (cutest("RAYBENDL"), 2050),
    "huber": (huber, 700),
    "poisson": (counts, 2000),
    "smoothing, 48": (smoothing, 2304),
    "atoms": (atoms, 1500),
    "BDQRTIC": (cutest("BDQRTIC"), 5000),
    "TORSION3": (cutest("TORSION3"), 5476),
    "band of 31": (band, 2500),
    "SPARSINE": (cutest("SPARSINE"), 5000),
    "signs": (nonnegative, 800),
    "CHAINWOO": (cutest("CHAINWOO"), 4000),
    "charges": (charges, 600),
    "FLETCHCR": (cutest("FLETCHCR"), 1000),
    "factors": (factorization, 960),
    "FREUROTH": (cutest("FREUROTH"), 5000),
    "EXPLIN2": (cutest("EXPLIN2"), 1200),
    "FMINSURF": (cutest("FMINSURF"), 5625),
    "TOINTGSS": (cutest("TOINTGSS"), 5000),
    "MSQRTALS": (cutest("MSQRTALS"), 1024),
    "pendulum": (control, 600),
}
"""By name: how a problem is posed, and its size; in the order in which they are measured."""

FULL = ("huber", "factors", "charges", "signs", "pendulum", "MSQRTALS", "FMINSURF", "SPARSINE")
"""Those whose H is full, or whose factor is (SPARSINE: not made within 90 s; the package leaves it out)."""


@dataclass(frozen=True)
class HeldOut:
    """A section: problems by name, each with how it is posed and its size, solved by `auto` itself and by each way.
    `full`: those whose H is full, or whose factor is, which are not solved with a sparse one. Dense H is left out: with
    more than 500 variables it was nowhere the best way of a second call in the set that the constants were first fitted
    to."""

    title: str
    problems: dict[str, tuple[Callable[[int], Posed], int]]
    full: tuple[str, ...]
    PROTOCOL: int = 1

    def keys(self, quick: bool) -> list[str]:
        """A row is a problem and what solves it, `auto` itself among them."""
        names = [name for name, (_, n) in self.problems.items() if not quick or n < 1000]
        return [f"{name}: {way}" for name in names for way in self.ways(name)]

    def ways(self, name: str) -> list[str]:
        """What is tried on a problem."""
        return ["auto", *(("products", "lbfgs") if name in self.full else ("sparse", "products", "lbfgs"))]

    def measure(self, key: str, quick: bool) -> dict:
        """A first call and a second one."""
        name, way = key.rsplit(": ", 1)
        limited_to(PROCESSOR)
        pose, n = self.problems[name]
        made = pose(n)
        return run(Posed(made.fun, np.asarray(made.x0, float), made.bounds), way)

    def compared(self, rows: dict[str, dict]) -> list[dict]:
        """Every problem with its best way, and how far `auto` was from it on a second call. First calls are not
        compared: `auto` compiles what the way that it takes finds in the folder of compiled programs afterwards."""
        body = []
        for name, ways in with_reached(rows, self.problems).items():
            auto = ways.pop("auto", None)
            if auto is None or any(way not in ways for way in self.ways(name)[1:]):
                continue
            good = {way: row for way, row in ways.items() if row["reached"]}
            if not good:
                continue
            best = min(good, key=lambda way: good[way]["cpu"])
            auto["reached"] |= auto["f"] <= min(row["f"] for row in ways.values())  # however long it took
            ratio = auto["cpu"] / good[best]["cpu"] if auto["reached"] else np.inf
            body.append({"name": name, "n": auto["n"], "ways": ways, "auto": auto, "best": best, "ratio": ratio})
        return body

    def marks(self, rows: dict[str, dict]) -> list[tuple]:
        """How often the choice was right where nothing was fitted."""
        body = self.compared(rows)
        if not body:
            return []
        part = share([row["ratio"] for row in body])
        what = f"{self.title}: auto within 1.5x of the best, second call"
        found = [(what, ">= 80%", f"{part:.0%} of {len(body)}", met(part >= 0.8))]
        for way in ("sparse", "products", "lbfgs"):
            there = [(row["ways"].get(way, {}), row["ways"][row["best"]]["cpu"]) for row in body]
            always = share([row["cpu"] / least if row.get("reached") else np.inf for row, least in there])
            found.append((f"{self.title}: always {way}, where it can be had", "", f"{always:.0%}", ""))
        return found

    def render(self, rows: dict[str, dict]) -> list[str]:
        """One line a problem, as in *Ways*, second calls alone; `auto` was run itself."""
        body = []
        for row in self.compared(rows):
            cells, auto = [seconds_of(row["ways"].get(way)) for way in WAYS[1:]], row["auto"]
            took = next((way for way, method in METHODS.items() if method == auto["method"]), auto["method"])
            body.append((row["name"], row["n"], *cells, row["best"], took, seconds_of(auto), digits(row["ratio"])))
        head = "problem | n | sparse | products | L-BFGS | best | auto ended with | auto | ratio"
        return [f"## {self.title.capitalize()}", "", *table(head, body), ""]


def seconds_of(row: dict | None) -> str:
    """Seconds of a second call; in parentheses where f was not reached."""
    if row is None:
        return "–"
    return digits(row["cpu"]) if row["reached"] else f"({digits(row['cpu'])})"


SET = HeldOut("hold-out", HELD_OUT, FULL)
