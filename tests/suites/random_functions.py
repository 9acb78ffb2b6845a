"""Random functions of twelve families whose minima are known, or known not to exist: what `success` is tried on.

Each family draws (data, start, lowest value, bounds) from a generator; its function takes the data as arguments, so
one program serves all draws of one precision. Half of the families are written with NumPy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp

N = 3


@dataclass(frozen=True)
class Drawn:
    """One function: `data`, `start`, the `lowest` value (None: no minimum), how far f may be above it, bounds.

    `sure`: whether a run is expected to show the minimum, `single`: in single precision, too; elsewhere an honest no
    will do.
    """

    data: tuple
    start: np.ndarray
    lowest: float | None
    slack: float = 0.0
    bounds: Any = None
    sure: bool = True
    single: bool = True


@dataclass(frozen=True)
class Family:
    """A function of (x, *data), how its data are drawn, and the methods that it is tried with besides "auto"."""

    fun: Callable
    draw: Callable[[np.random.Generator], Drawn]
    residuals: bool = False


def rotation(rng: np.random.Generator, n: int = N) -> np.ndarray:
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def far(rng: np.random.Generator, n: int = N) -> np.ndarray:
    """A start up to 1e4 away."""
    return rng.normal(size=n) * 10 ** rng.uniform(-1, 4)


def bowl(x, A, b, c):
    r = A @ (x - b)
    return np.sum(r * r) + c


def draw_bowl(rng):
    """Conditions up to 1e8 in H, rotated, with and without a constant and bounds."""
    k = 10 ** rng.uniform(-2, 2, N)
    A = np.diag(k) @ rotation(rng)
    b = rng.normal(size=N) * rng.choice([0, 1, 1, 1e3])
    c = rng.choice([0, 1, -1e3])
    box = [(-1e6, 1e6)] * N if rng.random() < 0.3 else None
    return Drawn((A, b, c), far(rng), c, 1e-9 * (1 + abs(c)), box, single=bool(np.ptp(np.log10(k)) < 1))


def quartic(x, A, b):
    r = A @ (x - b)
    return jnp.sum(r**4 + r**2)


def draw_quartic(rng):
    """Convex, steep far away, started up to 1e9 away."""
    return Drawn((rotation(rng), rng.normal(size=N)), rng.normal(size=N) * 10 ** rng.uniform(0, 9), 0.0, 1e-9)


def degenerate(x, A, b, c):
    r = A @ (x - b)
    return jnp.sum(r[1:] ** 2) + r[0] ** 4 + c


def draw_degenerate(rng):
    """H is singular at the minimum, at 0 and elsewhere."""
    b = rng.normal(size=N) * rng.choice([0, 1])
    c = rng.choice([0, 0, 5])
    return Drawn((rotation(rng), b, c), b + rng.normal(size=N) * 3, c, 1e-12 * (1 + c))


def odd(x, A, b):
    r = A @ (x - b)
    return np.sum(r[1:] ** 2) + r[0] ** 3


def draw_odd(rng):
    """A degenerate stationary point of a function without a bottom."""
    b = rng.normal(size=N) * rng.choice([0, 1])
    A = rotation(rng)
    return Drawn((A, b), b + A.T @ np.abs(rng.normal(size=N)), None)


def endless(x, X, y, c):
    return jnp.sum(jnp.logaddexp(0, X @ x) - y * (X @ x)) + c


def draw_endless(rng):
    """Logistic regression of separable data: the infimum is at infinity."""
    X = np.c_[np.ones(20), rng.normal(size=(20, N - 1))]
    w = rng.normal(size=N)
    return Drawn((X, (X @ w > 0) * 1.0, rng.choice([0, 0, 1])), rng.normal(size=N) * rng.choice([0, 1]), None)


def slow(x, A, b, k):
    r = A @ (x - b)
    return np.sum(r[1:] ** 2) + np.where(k > 0, -np.log1p(r[0] ** 2), -np.arctan(r[0]))


def draw_slow(rng):
    """Falls without bound, but as slowly as a logarithm; or towards a limit."""
    A, b = rotation(rng), rng.normal(size=N)
    return Drawn((A, b, float(rng.integers(0, 2))), b + A.T @ (0.3 + np.abs(rng.normal(size=N))), None)


def redundant(x, F, K):
    z = F @ x
    top = jnp.max(z)
    return jnp.log(jnp.sum(jnp.exp(z - top))) + top - K @ x


def draw_redundant(rng):
    """Convex and flat along one direction, an axis or not."""
    F = np.c_[np.ones(6), rng.normal(size=(6, N - 1))]
    p = rng.dirichlet(np.ones(6) * 3)
    R = rotation(rng) if rng.random() < 0.5 else np.eye(N)
    K = F.T @ p
    best = lowest_of_redundant(F, K)
    return Drawn((F @ R, K @ R), rng.normal(size=N) * rng.choice([0, 1, 3]), best, 1e-9)


def lowest_of_redundant(F: np.ndarray, K: np.ndarray) -> float:
    """By Newton's method of ours on the determined variables alone, in NumPy."""
    b = np.zeros(N - 1)
    G, k = F[:, 1:], K[1:]
    value = lambda b: logsumexp(G @ b) - k @ b
    for _ in range(100):
        p = np.exp(G @ b - logsumexp(G @ b))
        g = G.T @ p - k
        s = -np.linalg.solve(G.T @ (p[:, None] * G) - np.outer(G.T @ p, G.T @ p), g)
        t = 1.0
        while value(b + t * s) > value(b) + 1e-4 * t * (g @ s) and t > 1e-8:
            t *= 0.5
        b = b + t * s
    return float(value(b))


def noisy(x, A, b, c):
    r = A @ (x - b)
    return (np.sum(r * r + 0.1 * r**4) + c) - c


def draw_noisy(rng):
    """Values rounded to c eps: the noise of f is far above its own rounding."""
    c = 10 ** rng.uniform(2, 8)
    return Drawn((rotation(rng), rng.normal(size=N), c), far(rng) * 1e-2, 0.0, 1e-15 * c, single=bool(c < 1e3))


def kinked(x, y):
    return jnp.sum(jnp.abs(y - x[0]))


def draw_kinked(rng):
    """A median: the minimum is a kink."""
    y = rng.normal(size=11) * 10 ** rng.uniform(-2, 2) + rng.choice([0, 5])
    return Drawn(
        (y,), rng.normal(size=1) * 10, float(np.sum(np.abs(y - np.median(y)))), 1e-9 * float(np.sum(np.abs(y)))
    )


def valley(x, u, k):
    z = x / u
    return k * (100 * (z[1] - z[0] ** 2) ** 2 + (1 - z[0]) ** 2 + (z[2] - z[1]) ** 2)


def draw_valley(rng):
    """Rosenbrock's valley in units of 2^+-20, f times 2^+-60."""
    u = 2.0 ** rng.integers(-20, 21, N)
    k = 2.0 ** rng.integers(-60, 61)
    return Drawn((u, k), np.array([-1.2, 1, 1]) * u, 0.0, 1e-12 * k)


def wells(x, A, b):
    r = A @ (x - b)
    return jnp.sum((r**2 - 1) ** 2)


def draw_wells(rng):
    """2^n equal minima between saddles and a top; some starts are exactly on one of these."""
    A = rotation(rng)
    on = rng.choice([0, 1, 1])
    b = rng.normal(size=N) * on
    return Drawn((A, b), b + rng.normal(size=N) * rng.choice([0, 1]), 0.0, 1e-12)


def decay(x, t, y):
    return x[0] * np.exp(-t * np.exp(x[1])) + x[2] - y


def draw_decay(rng):
    """Residuals of an exponential without noise; a start may end on a plateau."""
    t = np.linspace(0, 3, 25)
    true = np.array([rng.uniform(1, 5), rng.uniform(-1, 1), rng.normal()])
    return Drawn((t, true[0] * np.exp(-t * np.exp(true[1])) + true[2]), rng.normal(size=N) * 2, 0.0, 1e-12, sure=False)


def ranges(x, b, c):
    return jnp.sum((x - b) ** 2 + c * (x - b) ** 4)


def draw_ranges(rng):
    """Bounds that hold some variables, none, or all."""
    b, c = rng.normal(size=N) * 2, 10 ** rng.uniform(-1, 1)
    low = rng.normal(size=N) - 1
    high = low + rng.uniform(0, 3, N)
    inside = np.clip(b, low, high)
    lowest = float(np.sum((inside - b) ** 2 + c * (inside - b) ** 4))
    return Drawn((b, c), low + 0.5 * (high - low), lowest, 1e-9 * (1 + lowest), list(zip(low, high, strict=True)))


FAMILIES = {
    "bowl": Family(bowl, draw_bowl), "quartic": Family(quartic, draw_quartic),
    "degenerate": Family(degenerate, draw_degenerate), "odd": Family(odd, draw_odd),
    "endless": Family(endless, draw_endless), "slow": Family(slow, draw_slow),
    "redundant": Family(redundant, draw_redundant), "noisy": Family(noisy, draw_noisy),
    "kinked": Family(kinked, draw_kinked), "valley": Family(valley, draw_valley), "wells": Family(wells, draw_wells),
    "decay": Family(decay, draw_decay, True), "ranges": Family(ranges, draw_ranges),
}  # fmt: skip
