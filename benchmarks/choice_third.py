"""A third set, written down before the constants of the choice were fitted to the first two: energies on grids of two
and three dimensions, regressions on sparse data, counts along a chain, long memory, a matrix with holes, stiff springs,
angles, bounds. Where a function has several minima the start lies in the basin of one of them, as well as that can be
arranged: which minimum a way falls into tells nothing of the choice."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.choice_held_out import HeldOut
from benchmarks.choice_problems import Posed, bounded, cubic_grid, random


def square(x: Any) -> Any:
    """A square of the numbers x."""
    m = round(x.size**0.5)
    return x.reshape(m, m)


def phases(n: int) -> Posed:
    """Tilted double wells on a torus whose conductivity varies a hundredfold, from between them."""
    m = round(n**0.5)
    a = jnp.asarray(10.0 ** np.clip(random(n, m, m), -1, 1))

    def fun(x: Any) -> Any:
        u = square(x)
        bonds = a * ((u - jnp.roll(u, 1, 0)) ** 2 + (u - jnp.roll(u, 1, 1)) ** 2)
        return jnp.sum(0.5 * bonds + 0.25 * (1 - u**2) ** 2 - 0.3 * u)

    return Posed(fun, 0.1 * random(n + 1, m * m))


def layers(n: int) -> Posed:
    """A semilinear equation in a cube that conducts 1, 10 and 1000 in its three directions."""
    m = round(n ** (1 / 3))

    def fun(x: Any) -> Any:
        z = jnp.pad(x.reshape(m, m, m), 1)
        bonds = jnp.sum((z[1:] - z[:-1]) ** 2) + 10 * jnp.sum((z[:, 1:] - z[:, :-1]) ** 2)
        return 0.5 * (bonds + 1000 * jnp.sum((z[:, :, 1:] - z[:, :, :-1]) ** 2)) + jnp.sum(jnp.exp(-x))

    return Posed(fun, np.zeros(m**3))


def sparse_logistic(n: int) -> Posed:
    """Logistic regression, eight predictors a row out of thousands."""
    draw = np.random.default_rng(n)
    at, weight = jnp.asarray(draw.integers(0, n, (3 * n, 8))), jnp.asarray(draw.normal(size=(3 * n, 8)))
    label = jnp.asarray(draw.choice([-1.0, 1.0], 3 * n))

    def fun(x: Any) -> Any:
        return jnp.sum(jnp.logaddexp(0, -label * jnp.sum(weight * x[at], axis=1))) + 0.05 * jnp.sum(x**2)

    return Posed(fun, np.zeros(n))


def trend(n: int) -> Posed:
    """Counts with a smooth rate: Poisson's likelihood, and second differences."""
    draw = np.random.default_rng(n)
    seen = jnp.asarray(draw.poisson(np.exp(1 + np.sin(12 * np.arange(n) / n))).astype(float))
    return Posed(lambda x: jnp.sum(jnp.exp(x) - seen * x) + 500 * jnp.sum(jnp.diff(x, 2) ** 2), np.zeros(n))


def memory(n: int) -> Posed:
    """A series that remembers forty values with weights that decay slowly."""
    weight = jnp.asarray(np.r_[1.0, -0.25 / np.arange(1.0, 41) ** 0.8])

    def fun(x: Any) -> Any:
        e = jnp.convolve(x, weight, mode="valid")
        return jnp.sum(jnp.log(1 + (e - 0.1) ** 2)) + 0.1 * jnp.sum((x - jnp.sin(jnp.arange(n) / 7)) ** 2)

    return Posed(fun, np.zeros(n))


def holes(n: int) -> Posed:
    """A matrix of rank 5 of which a tenth is seen, as a product of two."""
    rows, rank = n // 10, 5
    draw = np.random.default_rng(n)
    i, j = draw.integers(0, rows, (2, rows * rows // 10))
    target = jnp.asarray(np.sum(random(n, rows, rank)[i] * random(n + 1, rows, rank)[j], axis=1))

    def fun(x: Any) -> Any:
        U, V = x.reshape(2, rows, rank)
        return 0.5 * jnp.sum((jnp.sum(U[i] * V[j], axis=1) - target) ** 2) + 0.1 * jnp.sum(x**2)

    return Posed(fun, random(n + 2, 2 * rows * rank).ravel())


def cloth(n: int) -> Posed:
    """A cloth of stiff springs under its weight, held along one edge."""
    m = round((n / 3) ** 0.5)
    place = np.stack([*np.meshgrid(np.arange(1.0, m + 1), np.arange(m), indexing="ij"), np.zeros((m, m))], axis=-1)
    edge = jnp.asarray(np.stack([np.zeros(m), np.arange(m), np.zeros(m)], axis=-1)[None])

    def fun(x: Any) -> Any:
        p = jnp.concatenate([edge, x.reshape(m, m, 3)])
        ends = (p[1:] - p[:-1], p[:, 1:] - p[:, :-1], (p[1:, 1:] - p[:-1, :-1]) / 2**0.5)
        stretch = sum(jnp.sum((jnp.sqrt(jnp.sum(d**2, axis=-1)) - 1) ** 2) for d in ends)
        return 500 * stretch + 0.05 * jnp.sum(p[..., 2]) + 0.05 * jnp.sum((p[2:] - 2 * p[1:-1] + p[:-2]) ** 2)

    return Posed(fun, (place + 0.05 * random(n, m, m, 3)).ravel())


def deblurring(n: int) -> Posed:
    """A blurred image of counts; intensities have a lower bound."""
    m = round(n**0.5)
    draw = np.random.default_rng(n)
    t = np.exp(-0.5 * np.arange(-2.0, 3) ** 2)
    kernel = jnp.asarray(np.outer(t, t) / np.sum(t) ** 2)
    blur = lambda u: jax.scipy.signal.convolve2d(u, kernel, mode="same")
    truth = np.zeros((m, m))
    truth[m // 4 : m // 2, m // 3 : 2 * m // 3] = 20
    seen = jnp.asarray(draw.poisson(np.asarray(blur(jnp.asarray(truth))) + 1.0).astype(float))

    def fun(x: Any) -> Any:
        rate = blur(square(x)) + 1
        return jnp.sum(rate - seen * jnp.log(rate)) + 1e-3 * jnp.sum(x**2)

    return Posed(fun, np.full(m * m, 2.0), [(0.0, None)] * (m * m))


def angles(n: int) -> Posed:
    """Rotors on a square lattice in a random field, from angles scattered about one."""
    field = jnp.asarray(random(n, 2, n))

    def fun(x: Any) -> Any:
        u = square(x)
        bonds = jnp.cos(u - jnp.roll(u, 1, 0)) + jnp.cos(u - jnp.roll(u, 1, 1))
        return -jnp.sum(bonds) - jnp.sum(field[0] * jnp.cos(x) + field[1] * jnp.sin(x))

    return Posed(fun, 0.3 * random(n + 1, n))


def kernel(n: int) -> Posed:
    """Classification by a Gaussian process: a dense, ill-conditioned matrix."""
    at = random(n, n, 3)
    K = np.exp(-0.5 * np.sum((at[:, None] - at[None]) ** 2, axis=2)) + 1e-3 * np.eye(n)
    M, label = jnp.asarray(K), jnp.asarray(np.sign(np.sin(2 * at[:, 0]) + at[:, 1]))

    def fun(x: Any) -> Any:
        z = M @ x
        return jnp.sum(jnp.logaddexp(0, -label * z)) + 0.5 * x @ z

    return Posed(fun, np.zeros(n))


def steps(n: int) -> Posed:
    """A noisy signal with jumps, along a line: the size of its differences, rounded."""
    y = jnp.asarray(np.floor(5 * np.sin(9 * np.arange(n) / n)) + 0.3 * random(n, n))
    return Posed(lambda x: jnp.sum((x - y) ** 2) + jnp.sum(jnp.sqrt(jnp.diff(x) ** 2 + 1e-3)), np.zeros(n))


def center(n: int) -> Posed:
    """The analytic center of a polytope whose faces have six entries each."""
    draw = np.random.default_rng(n)
    at, weight = jnp.asarray(draw.integers(0, n, (4 * n, 6))), jnp.asarray(draw.normal(size=(4 * n, 6)))
    room = jnp.asarray(draw.uniform(0.5, 2, 4 * n))

    def fun(x: Any) -> Any:
        slack = room - jnp.sum(weight * x[at], axis=1)
        return -jnp.sum(jnp.log(jnp.where(slack > 0, slack, jnp.nan)))

    return Posed(fun, np.zeros(n))


def terrain(n: int) -> Posed:
    """A smooth surface through heights at a tenth of the places, some of them wrong: squares of Laplacians."""
    m = round(n**0.5)
    draw = np.random.default_rng(n)
    at = jnp.asarray(draw.choice(m * m, m * m // 10, replace=False))
    t = np.linspace(0, 3, m)
    seen = jnp.asarray((np.sin(t)[:, None] * np.cos(2 * t)).ravel()[at] + 0.1 * draw.standard_t(2, at.size))

    def fun(x: Any) -> Any:
        u = square(x)
        bend = jnp.sum(jnp.diff(u, 2, 0) ** 2) + jnp.sum(jnp.diff(u, 2, 1) ** 2)
        bend = bend + 2 * jnp.sum(jnp.diff(jnp.diff(u, 1, 0), 1, 1) ** 2)
        return 5 * bend + jnp.sum(jnp.sqrt(1 + (x[at] - seen) ** 2) - 1)

    return Posed(fun, np.zeros(m * m))


THIRD: dict[str, tuple[Callable[[int], Posed], int]] = {
    "phases, 70": (phases, 4900),
    "layers, 20": (layers, 8000),
    "sparse logistic": (sparse_logistic, 2000),
    "trend": (trend, 4000),
    "trend, 1e5": (trend, 100_000),
    "memory of 40": (memory, 3000),
    "holes": (holes, 2000),
    "cloth, 24": (cloth, 1728),
    "deblurring, 40": (deblurring, 1600),
    "angles, 50": (angles, 2500),
    "kernel": (kernel, 800),
    "steps": (steps, 20_000),
    "center": (center, 1500),
    "terrain, 70": (terrain, 4900),
    "cube under a lid": (bounded(cubic_grid(1.0), 0.0, -1.0, 0.5), 17**3),
    "phases, 160": (phases, 25_600),
}
"""By name: how a problem is posed, and its size."""

FULL = ("sparse logistic", "holes", "kernel", "center")
"""Those whose H is full, or of more colors than are taken."""

SET = HeldOut("third set", THIRD, FULL)
