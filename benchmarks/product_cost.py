"""What a product with H costs beside a gradient: from one linearization, and differentiated anew every time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.large_runs import rosenbrock
from benchmarks.large_sparse import membrane, surface, wells
from benchmarks.product_runs import woods
from benchmarks.tables import met, table

PROTOCOL = 1

FEW, MANY = 4, 16
"""Repetitions inside one program; what is said of one is the difference, so that what is done once does not count."""

ROUNDS = 7
"""Measurements of each program, in turns; the median counts."""


@dataclass(frozen=True)
class Case:
    """A function of `n` variables; `make` gives it and a point."""

    about: str
    n: int
    make: Callable[[int], tuple[Callable, np.ndarray]]


def waves(n: int) -> np.ndarray:
    """A point where nothing is zero."""
    return 1 + 0.5 * np.sin(3.0 * np.arange(n))


def at_waves(fun: Callable) -> Callable[[int], tuple[Callable, np.ndarray]]:
    """The function at that point."""
    return lambda n: (fun, waves(n))


def broyden(x: Any) -> Any:
    """Tridiagonal equations, squared."""
    z = jnp.pad(x, 1)
    return jnp.sum(((3 - 2 * x) * x - z[:-2] - 2 * z[2:] + 1) ** 2)


def cube(x: Any) -> Any:
    """A nonlinear Poisson energy on a cube of points."""
    m = round(x.size ** (1 / 3))
    z = jnp.pad(x.reshape(m, m, m), 1)
    bonds = sum(jnp.sum(jnp.diff(z, axis=axis) ** 2) for axis in range(3))
    return 0.5 * bonds + jnp.sum(jnp.exp(0.1 * x)) / m**2


def logistic(n: int) -> tuple[Callable, np.ndarray]:
    """200 rows: dense products."""
    draw = np.random.default_rng(0)
    rows, y = jnp.asarray(draw.normal(size=(200, n)) / np.sqrt(n)), jnp.asarray(np.sign(draw.normal(size=200)))
    return lambda x: jnp.sum(jnp.logaddexp(0, -y * (rows @ x))) + 0.01 * jnp.sum(x**2), 0.1 * waves(n)


def network(n: int) -> tuple[Callable, np.ndarray]:
    """Mean squares of a network with one hidden layer, 128 samples; about n weights."""
    wide = n // 102
    draw = np.random.default_rng(0)
    samples, y = jnp.asarray(draw.normal(size=(128, 100))), jnp.asarray(draw.normal(size=128))

    def fun(x: Any) -> Any:
        first, rest = x[: 100 * wide].reshape(100, wide), x[100 * wide :].reshape(2, wide)
        return jnp.mean((jnp.tanh(samples @ first + rest[0]) @ rest[1] - y) ** 2)

    return fun, draw.normal(size=102 * wide) * 0.1


CASES = {
    "chain": Case("chained Rosenbrock", 10**6, at_waves(rosenbrock)),
    "woods": Case("Wood, extended", 10**5, woods),
    "broyden": Case("Broyden tridiagonal, squared", 10**6, at_waves(broyden)),
    "cosh": Case("sum of cosh of differences", 10**6, at_waves(lambda x: jnp.sum(jnp.cosh(jnp.diff(x))))),
    "surface": Case("minimal surface, 300 x 300", 90000, at_waves(surface)),
    "surface-1000": Case("minimal surface, 1000 x 1000", 10**6, at_waves(surface)),
    "wells": Case("Ginzburg-Landau, 300 x 300", 90000, at_waves(wells)),
    "membrane": Case("membrane, 300 x 300", 90000, at_waves(membrane)),
    "cube": Case("nonlinear Poisson, 60 x 60 x 60", 216000, at_waves(cube)),
    "logistic": Case("logistic regression, 200 rows", 10**5, logistic),
    "network": Case("a network, 100 inputs, 128 samples", 10**5, network),
    "logsumexp": Case("log-sum-exp with a ridge", 10**6, at_waves(lambda x: jax.nn.logsumexp(x) + 0.01 * x @ x)),
}


def keys(quick: bool) -> list[str]:
    """A row of this section is a function."""
    return [key for key in CASES if not quick or key in ("chain", "surface")]


def programs(fun: Callable) -> dict[str, Callable]:
    """name -> (x, count) -> so many gradients or products, one after the other, each of what the last one gave."""
    slope = jax.grad(fun)

    def kept(v: jax.Array) -> jax.Array:
        return v / jnp.sqrt(v @ v)

    def gradients(x: jax.Array, count: int) -> jax.Array:
        return lax.fori_loop(0, count, lambda _, y: x + 1e-9 * kept(slope(y)), x)

    def anew(x: jax.Array, count: int) -> jax.Array:
        return lax.fori_loop(0, count, lambda _, v: kept(jax.jvp(slope, (x,), (v,))[1]), kept(x))

    def linearized(x: jax.Array, count: int) -> jax.Array:
        push = jax.linearize(slope, x)[1]
        return lax.fori_loop(0, count, lambda _, v: kept(push(v)), kept(x))

    return {"gradient": gradients, "anew": anew, "linearized": linearized}


def measure(key: str, quick: bool) -> dict:
    """Milliseconds of processor time of one gradient and one product of each kind."""
    case = CASES[key]
    fun, start = case.make(case.n)
    x = jnp.asarray(start)
    calls = {
        (name, count): jax.jit(lambda x, program=program, count=count: program(x, count)).lower(x).compile()
        for name, program in programs(fun).items()
        for count in (FEW, MANY)
    }
    spent: dict[tuple[str, int], list[float]] = {at: [] for at in calls}
    for turn in range(ROUNDS + 1):
        for at, call in calls.items():
            begin = time.process_time()
            jax.block_until_ready(call(x))
            if turn:
                spent[at].append(time.process_time() - begin)
    each = {
        name: float(np.median(np.subtract(spent[name, MANY], spent[name, FEW]))) / (MANY - FEW) * 1e3
        for name in programs(fun)
    }
    return {"n": x.size, "about": case.about, "ms": each}


MARK = 2.6
"""Gradients that a product may cost."""


def marks(rows: dict[str, dict]) -> list[tuple]:
    """The worst of the functions, and the median."""
    if not rows:
        return []
    ratios = {key: row["ms"]["linearized"] / row["ms"]["gradient"] for key, row in rows.items()}
    worst = max(ratios, key=lambda key: ratios[key])
    text = f"{ratios[worst]:.2f} ({worst}), median {np.median(list(ratios.values())):.2f}"
    return [("a product with H, from one linearization", f"<= {MARK:g} gradients", text, met(ratios[worst] <= MARK))]


def render(rows: dict[str, dict]) -> list[str]:
    """One line a function."""
    body = [
        (key, row["about"], row["n"], f"{row['ms']['gradient']:.2f}",
         *(f"{row['ms'][name] / row['ms']['gradient']:.2f}" for name in ("linearized", "anew")))
        for key, row in rows.items()
    ]  # fmt: skip
    names = "row | function | n | gradient, ms | product, gradients | differentiated anew"
    return ["## Cost of a product", "", *table(names, body), ""]
