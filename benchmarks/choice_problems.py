"""Problems for the choice of a method: from two to 1e5 variables, dense and sparse, easy and ill-conditioned.

Names in capitals are those of CUTEst, whose objectives are written down here: Gould, Orban and Toint (2015), Comput.
Optim. Appl. 60; most of them from Toint (1983), Conn, Gould and Toint (1988), Moré, Garbow and Hillstrom (1981).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.large_runs import rosenbrock, rotated
from benchmarks.large_sparse import membrane, near, obstacle, surface, wells


@dataclass(frozen=True)
class Posed:
    """A function `fun` of a vector, its start and its bounds (None: none)."""

    fun: Callable[[Any], Any]
    x0: np.ndarray
    bounds: list | None = None


def zoo(name: str) -> Callable[[int], Posed]:
    """A problem of the package's zoo."""

    def pose(_: int) -> Posed:
        import raphson as rp

        entry = rp.zoo[name]
        return Posed(entry.fun, np.asarray(entry.x0, float))

    return pose


def flat(fun: Callable[[Any], Any], start: Callable[[int], np.ndarray] | float) -> Callable[[int], Posed]:
    """A function of a vector of any length, from a function of n or from one number everywhere."""
    return lambda n: Posed(fun, start(n) if callable(start) else np.full(n, float(start)))


def random(n: int, *shape: int) -> np.ndarray:
    """Normal numbers, the same for every size."""
    return np.random.default_rng(n).normal(size=shape)


def quadratic(condition: float) -> Callable[[int], Posed]:
    """A dense quadratic, its curvatures spread evenly in their logarithm, with a quartic term."""

    def pose(n: int) -> Posed:
        Q = np.linalg.qr(random(n, n, n))[0]
        A = jnp.asarray((Q * np.geomspace(1 / condition, 1, n)) @ Q.T)
        b = jnp.asarray(random(n + 1, n))
        return Posed(lambda x: 0.5 * x @ (A @ x) - b @ x / n + 0.01 * jnp.mean(x**4), np.zeros(n))

    return pose


def logistic(rows: int, ridge: float) -> Callable[[int], Posed]:
    """Logistic regression."""

    def pose(n: int) -> Posed:
        A = random(n, rows, n)
        y = jnp.asarray(np.sign(A @ random(n + 1, n) / np.sqrt(n) + 0.5 * random(n + 2, rows)))
        M = jnp.asarray(A)
        return Posed(lambda x: jnp.mean(jnp.logaddexp(0, -y * (M @ x))) + 0.5 * ridge * jnp.sum(x**2), np.zeros(n))

    return pose


def softmax(classes: int, rows: int, ridge: float) -> Callable[[int], Posed]:
    """Regression on several classes."""

    def pose(n: int) -> Posed:
        features = n // classes
        A = random(n, rows, features)
        label = np.argmax(A @ random(n + 1, features, classes) + random(n + 2, rows, classes), axis=1)
        M, rows_of = jnp.asarray(A), jnp.arange(rows)

        def fun(x: Any) -> Any:
            z = M @ x.reshape(features, classes)
            return jnp.mean(jax.nn.logsumexp(z, axis=1) - z[rows_of, label]) + 0.5 * ridge * jnp.sum(x**2)

        return Posed(fun, np.zeros(features * classes))

    return pose


def network(width: int, rows: int) -> Callable[[int], Posed]:
    """A net of one hidden layer with decay, on a smooth function of `n / width - 2` inputs."""

    def pose(n: int) -> Posed:
        inputs = n // width - 2
        X = random(n, rows, inputs)
        M, y = jnp.asarray(X), jnp.asarray(np.sin(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2])

        def fun(x: Any) -> Any:
            W, c, v = x[: width * inputs].reshape(inputs, width), x[-2 * width : -width], x[-width:]
            return jnp.mean((jnp.tanh(M @ W + c) @ v - y) ** 2) + 5e-3 * jnp.sum(x**2)

        return Posed(fun, 0.5 * random(n + 1, width * (inputs + 2)) / np.sqrt(inputs))

    return pose


def graph(neighbors: int) -> Callable[[int], Posed]:
    """Springs between places drawn at random: few entries a row, and a factor that fills."""

    def pose(n: int) -> Posed:
        draw = np.random.default_rng(n)
        i, j = jnp.asarray(np.tile(np.arange(n), neighbors)), jnp.asarray(draw.integers(0, n, n * neighbors))
        pull = jnp.asarray(draw.normal(size=n))

        def fun(x: Any) -> Any:
            d = x[i] - x[j]
            return jnp.sum(d**2 + 0.25 * d**4) + 0.05 * jnp.sum(x**2) - pull @ x

        return Posed(fun, np.zeros(n))

    return pose


def cube(u: Any) -> Any:
    """A cube of the numbers u."""
    m = round(u.size ** (1 / 3))
    return u.reshape(m, m, m)


def cubic_grid(stiff: float) -> Callable[[Any], Any]:
    """A nonlinear Poisson equation in a cube: bonds to the six neighbors, a quartic well at every point."""

    def fun(u: Any) -> Any:
        z = jnp.pad(cube(u), 1)
        bonds = jnp.sum((z[1:] - z[:-1]) ** 2) + jnp.sum((z[:, 1:] - z[:, :-1]) ** 2)
        bonds = bonds + jnp.sum((z[:, :, 1:] - z[:, :, :-1]) ** 2)
        return 0.5 * stiff * bonds + jnp.sum(0.25 * u**4 - u)

    return fun


def plate(u: Any) -> Any:
    """A clamped plate on a soft, nonlinear bed: the square of a Laplacian."""
    m = round(u.size**0.5)
    z = jnp.pad(u.reshape(m, m), 2)
    L = z[2:, 1:-1] + z[:-2, 1:-1] + z[1:-1, 2:] + z[1:-1, :-2] - 4 * z[1:-1, 1:-1]
    return 0.5 * m**3 * jnp.sum(L**2) / 100 - jnp.sum(u) / m + 0.25 * jnp.sum(u**4) / m


def beam(u: Any) -> Any:
    """A beam under its weight: the square of a second difference, with a condition of n^4."""
    z = jnp.pad(u, 2)
    return 0.5 * jnp.sum((z[2:] - 2 * z[1:-1] + z[:-2]) ** 2) - jnp.sum(u) / u.size**3 + jnp.sum(u**4) / u.size**3


def arrow(x: Any) -> Any:
    """One variable in every term."""
    return jnp.sum((x[0] * x[1:] - 1) ** 2) + 0.1 * jnp.sum(x**2)


def shared(x: Any) -> Any:
    """A rank-one term over all variables, and a quartic of each."""
    return jnp.sum(x) ** 2 / x.size + jnp.sum((x - 1) ** 4 + (x - 1) ** 2)


def penalty(x: Any) -> Any:
    """PENALTY1."""
    return 1e-5 * jnp.sum((x - 1) ** 2) + (jnp.sum(x**2) - 0.25) ** 2


def separate(x: Any) -> Any:
    """A function of each variable alone."""
    return jnp.sum(jnp.cosh(x - 0.5) + 0.1 * (x - 0.2) ** 4)


def dqdrtic(x: Any) -> Any:
    """DQDRTIC."""
    return jnp.sum(x[:-2] ** 2 + 100 * x[1:-1] ** 2 + 100 * x[2:] ** 2)


def tridia(x: Any) -> Any:
    """TRIDIA."""
    i = jnp.arange(2, x.size + 1)
    return (x[0] - 1) ** 2 + jnp.sum(i * (2 * x[1:] - x[:-1]) ** 2)


def engval1(x: Any) -> Any:
    """ENGVAL1."""
    return jnp.sum((x[:-1] ** 2 + x[1:] ** 2) ** 2 - 4 * x[:-1] + 3)


def edensch(x: Any) -> Any:
    """EDENSCH."""
    return 16 + jnp.sum((x[:-1] - 2) ** 4 + (x[:-1] * x[1:] - 2 * x[1:]) ** 2 + (x[1:] + 1) ** 2)


def arwhead(x: Any) -> Any:
    """ARWHEAD."""
    return jnp.sum((x[:-1] ** 2 + x[-1] ** 2) ** 2 - 4 * x[:-1] + 3)


def liarwhd(x: Any) -> Any:
    """LIARWHD."""
    return jnp.sum(4 * (x**2 - x[0]) ** 2 + (x - 1) ** 2)


def cragglvy(x: Any) -> Any:
    """CRAGGLVY."""
    a, b, c, d = x[:-3:2], x[1:-2:2], x[2:-1:2], x[3::2]
    return jnp.sum((jnp.exp(a) - b) ** 4 + 100 * (b - c) ** 6 + (jnp.tan(c - d) + c - d) ** 4 + a**8 + (d - 1) ** 2)


def dixmaan(ending: float) -> Callable[[Any], Any]:
    """DIXMAANA (ending 0) and DIXMAANI (2), of Dixon and Maany."""

    def fun(x: Any) -> Any:
        n = x.size
        m = n // 3
        w = (jnp.arange(1, n + 1) / n) ** ending
        f = 1 + jnp.sum(w * x**2) + 0.125 * jnp.sum(x[: 2 * m] ** 2 * x[m : 3 * m] ** 4)
        return f + 0.125 * jnp.sum(w[:m] * x[:m] * x[2 * m : 3 * m])

    return fun


def broydn7d(x: Any) -> Any:
    """BROYDN7D."""
    r = jnp.abs((3 - 2 * x) * x + 1 - jnp.pad(x, (1, 0))[:-1] - 2 * jnp.pad(x, (0, 1))[1:])
    half = x.size // 2
    return jnp.sum((r**2 + 1e-12) ** (7 / 6)) + jnp.sum(((x[:half] + x[half:]) ** 2 + 1e-12) ** (7 / 6))


def srosenbr(x: Any) -> Any:
    """SROSENBR."""
    return jnp.sum(100 * (x[1::2] - x[::2] ** 2) ** 2 + (1 - x[::2]) ** 2)


def woods(x: Any) -> Any:
    """WOODS."""
    a, b, c, d = x[::4], x[1::4], x[2::4], x[3::4]
    f = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
    return jnp.sum(f + 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2)


def bounded(fun: Callable[[Any], Any], start: float, low: float, high: float) -> Callable[[int], Posed]:
    """The same bounds everywhere."""
    return lambda n: Posed(fun, np.full(n, start), [(low, high)] * n)


pairs = lambda a, b: lambda n: np.tile([a, b], n // 2)
fours = lambda a, b, c, d: lambda n: np.tile([a, b, c, d], n // 4)

PROBLEMS: dict[str, tuple[Callable[[int], Posed], int]] = {
    "rosenbrock": (zoo("rosenbrock"), 2),
    "helical valley": (zoo("helical-valley"), 3),
    "wood": (zoo("wood"), 4),
    "brown-dennis": (zoo("brown-dennis"), 4),
    "logistic, small": (zoo("logistic-regression"), 10),
    "chain": (flat(rosenbrock, near), 20),
    "chain, 100": (flat(rosenbrock, near), 100),
    "TRIDIA, 300": (flat(tridia, 1.0), 300),
    "dense 1e2": (quadratic(1e2), 300),
    "chain, 1000": (flat(rosenbrock, near), 1000),
    "chain, 1e4": (flat(rosenbrock, near), 10_000),
    "chain, 1e5": (flat(rosenbrock, near), 100_000),
    "chain from 2": (flat(rosenbrock, 2.0), 3000),
    "dense 1e2, 1000": (quadratic(1e2), 1000),
    "dense 1e6, 600": (quadratic(1e6), 600),
    "dense 1e6, 1500": (quadratic(1e6), 1500),
    "dense 1e4, 2500": (quadratic(1e4), 2500),
    "logistic, 600": (logistic(2000, 1e-3), 600),
    "logistic, 1500": (logistic(3000, 1e-5), 1500),
    "cosh, rotated": (lambda n: Posed(*rotated(n)), 1000),
    "softmax": (softmax(10, 1500, 1e-3), 1000),
    "softmax, 4000": (softmax(20, 1000, 1e-4), 4000),
    "net, 1000": (network(40, 400), 1000),
    "net, 6000": (network(200, 1000), 6000),
    "arrow": (flat(arrow, 1.0), 1000),
    "arrow, 1e5": (flat(arrow, 1.0), 100_000),
    "shared": (flat(shared, 0.0), 5000),
    "PENALTY1": (flat(penalty, lambda n: np.arange(1.0, n + 1) / n), 1000),
    "graph 2": (graph(2), 3000),
    "graph 4": (graph(4), 6000),
    "graph 2, 3e4": (graph(2), 30_000),
    "surface, 30": (flat(surface, np.zeros), 900),
    "surface, 100": (flat(surface, np.zeros), 10_000),
    "surface, 200": (flat(surface, np.zeros), 40_000),
    "wells, 60": (flat(wells, lambda n: 0.3 + 0.2 * np.sin(7.0 * np.arange(n))), 3600),
    "wells, 150": (flat(wells, lambda n: 0.3 + 0.2 * np.sin(7.0 * np.arange(n))), 22_500),
    "cube, 10": (flat(cubic_grid(1.0), np.zeros), 1000),
    "cube, 24": (flat(cubic_grid(1.0), np.zeros), 13_824),
    "cube, 24, stiff": (flat(cubic_grid(100.0), np.zeros), 13_824),
    "cube, 36": (flat(cubic_grid(10.0), np.zeros), 46_656),
    "membrane, 40": (lambda n: Posed(membrane, np.zeros(n), obstacle(n)), 1600),
    "membrane, 120": (lambda n: Posed(membrane, np.zeros(n), obstacle(n)), 14_400),
    "chain in a box": (bounded(rosenbrock, 0.0, -1.0, 0.5), 10_000),
    "plate, 40": (flat(plate, np.zeros), 1600),
    "beam": (flat(beam, np.zeros), 800),
    "separate": (flat(separate, lambda n: np.sin(1.0 * np.arange(n))), 100_000),
    "DQDRTIC": (flat(dqdrtic, 3.0), 50_000),
    "TRIDIA": (flat(tridia, 1.0), 10_000),
    "ENGVAL1": (flat(engval1, 2.0), 10_000),
    "EDENSCH": (flat(edensch, 0.0), 20_000),
    "ARWHEAD": (flat(arwhead, 1.0), 5000),
    "LIARWHD": (flat(liarwhd, 4.0), 5000),
    "CRAGGLVY": (flat(cragglvy, lambda n: np.r_[1.0, np.full(n - 1, 2.0)]), 5000),
    "DIXMAANA": (flat(dixmaan(0.0), 2.0), 3000),
    "DIXMAANI": (flat(dixmaan(2.0), 2.0), 3000),
    "SROSENBR": (flat(srosenbr, pairs(-1.2, 1)), 50_000),
    "WOODS": (flat(woods, fours(-3, -1, -3, -1)), 4000),
}
"""By name: how a problem is posed, and for how many variables."""


def posed(name: str) -> Posed:
    """A problem by name."""
    pose, n = PROBLEMS[name]
    made = pose(n)
    return Posed(made.fun, np.asarray(made.x0, float), made.bounds)
