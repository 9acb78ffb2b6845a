"""Plain NumPy functions in the styles in which people write, each with its twin in JAX, a start, and where it runs.

The twin is written apart, in another style where that is possible: it is the reference, not a translation.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
import scipy.special as sc
from numpy import exp, zeros
from scipy import linalg, stats
from scipy.interpolate import CubicSpline
from scipy.optimize import rosen
from scipy.special import expit, gammaln, logsumexp

T = np.linspace(0.1, 3, 50)
Y = 2.5 * np.exp(-1.3 * T) + 0.5 + 0.01 * np.sin(40 * T)
COUNTS = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
RAIN = {"days": np.arange(10), "values": np.array([1.0, 2, 2, 3, 5, 4, 4, 6, 7, 8])}
A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
B = np.array([1.0, -2.0, 0.5])
LABELS = np.array([0, 0, 1, 0, 1, 1, 1, 0, 1, 1])
FEATURES = np.stack([np.ones(10), np.linspace(-2, 2, 10)], axis=1)
SPLINE = CubicSpline(np.linspace(-3, 3, 13), np.cos(np.linspace(-3, 3, 13)))


@dataclass(frozen=True)
class Case:
    """`fun` in NumPy, its `twin` in JAX, the start, and whether it is traced or stays on the host."""

    fun: Callable[..., Any]
    twin: Callable[..., Any]
    x0: tuple[float, ...]
    traced: bool = True
    args: tuple = ()


def rosen_twin(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def broyden_in_place(x):
    x = np.asarray(x, float)
    h = (3 - 2 * x) * x + 1
    h[1:] -= x[:-1]
    h[:-1] -= 2 * x[1:]
    return 0.5 * np.sum(h**2)


def broyden_twin(x):
    p = jnp.concatenate([jnp.zeros(1), x, jnp.zeros(1)])
    return 0.5 * jnp.sum(((3 - 2 * x) * x + 1 - p[:-2] - 2 * p[2:]) ** 2)


def unpacked(x):
    a, b, c = x
    return np.sum((a * np.exp(-b * T) + c - Y) ** 2)


def decay_twin(x):
    return jnp.sum((x[0] * jnp.exp(-x[1] * T) + x[2] - Y) ** 2)


def looped(x):
    total = 0.0
    for t, y in zip(T[::5], Y[::5], strict=True):
        total += (x[0] * np.exp(-x[1] * t) + x[2] - y) ** 2
    return total


def filled(x):
    r = np.zeros(len(T))
    for i in range(len(T)):
        r[i] = x[0] * np.exp(-x[1] * T[i]) + x[2] - Y[i]
    return r @ r


def filled_by_name(x):
    r = zeros(3)
    r[0] = 10 * (x[1] - x[0] ** 2)
    r[1:] = 1 - x[0], exp(x[1] - 1) - 1
    return (r**2).sum()


def copied(x):
    r = Y.copy()
    r -= x[0] * np.exp(-x[1] * T)
    r -= x[2]
    return np.dot(r, r)


def broadcast(x):
    centers = x[:, None]
    return np.sum((centers - B[None, :]) ** 2) + np.sum(np.cosh(centers - centers.T))


def broadcast_twin(x):
    return sum(jnp.sum((x - b) ** 2) for b in B) + jnp.sum(jnp.cosh(jnp.subtract.outer(x, x)))


def quadratic(x):
    return 0.5 * np.dot(x, A.dot(x)) - B @ x + np.linalg.norm(x - 1) ** 2


def quadratic_twin(x):
    return 0.5 * x @ A @ x - B @ x + jnp.sum((x - 1) ** 2)


def determinant(x):
    M = np.array([[np.exp(x[0]), x[1]], [x[1], np.exp(x[2])]]) + np.eye(2)
    return np.trace(M) - np.linalg.slogdet(M)[1] + np.linalg.inv(M)[0, 0] + 0.1 * x @ x


def determinant_twin(x):
    a, b, d = jnp.exp(x[0]) + 1, x[1], jnp.exp(x[2]) + 1
    return a + d - jnp.log(a * d - b * b) + d / (a * d - b * b) + 0.1 * x @ x


def poisson(x):
    rate = np.exp(x[0] + x[1] * np.arange(10) / 10)
    return np.sum(rate - COUNTS * np.log(rate) + gammaln(COUNTS + 1))


def poisson_twin(x):
    logs = x[0] + x[1] * jnp.arange(10) / 10
    return jnp.sum(jnp.exp(logs) - COUNTS * logs) + float(np.sum(gammaln(COUNTS + 1)))


def normal_likelihood(theta):
    mu, sigma = theta[0], np.exp(theta[1])
    return -np.sum(stats.norm.logpdf(Y, loc=mu, scale=sigma))


def normal_twin(x):
    z = (Y - x[0]) / jnp.exp(x[1])
    return jnp.sum(0.5 * z**2 + x[1] + 0.5 * jnp.log(2 * jnp.pi))


def softmax_loss(x):
    scores = np.outer(FEATURES[:, 1], x) + np.arange(3)
    return np.mean(logsumexp(scores, axis=1)) - np.mean(scores[:, 1]) + 0.05 * np.sum(np.square(x))


def softmax_twin(x):
    scores = FEATURES[:, 1:] * x + jnp.arange(3)
    return jnp.mean(jnp.log(jnp.sum(jnp.exp(scores), 1))) - jnp.mean(scores[:, 1]) + 0.05 * jnp.sum(x**2)


def logistic(w):
    p = expit(FEATURES @ w)
    return -np.mean(LABELS * np.log(p) + (1 - LABELS) * np.log(1 - p)) + 0.01 * w @ w


def logistic_twin(w):
    z = FEATURES @ w
    return jnp.mean(jnp.logaddexp(0, z) - LABELS * z) + 0.01 * w @ w


def special(x):
    return np.sum(sc.erf(x - 0.3) ** 2 + sc.gammaln(np.abs(x) + 2)) + sc.xlogy(x[0] ** 2 + 1, x[1] ** 2 + 1)


def special_twin(x):
    return jnp.sum(jsp.special.erf(x - 0.3) ** 2 + jsp.special.gammaln(jnp.abs(x) + 2)) + (x[0] ** 2 + 1) * jnp.log(
        x[1] ** 2 + 1
    )


def interpolated(x):
    model = x[0] * np.interp(RAIN["days"], np.array([0.0, 3.0, 9.0]), np.array([1.0, 2.0, 4.0])) + x[1]
    return np.sum((model - RAIN["values"]) ** 2)


def interpolated_twin(x):
    days = np.arange(10.0)
    curve = np.where(days < 3, 1 + days / 3, 2 + (days - 3) / 3)
    return jnp.sum((x[0] * curve + x[1] - RAIN["values"]) ** 2)


def cumulated(x):
    stock = 5 + np.cumsum(np.stack([x[0], x[1], -x[2], x[3]]) - 1.0)
    return np.sum((stock - 4) ** 2) + 0.1 * np.sum(np.diff(x) ** 2) + np.prod(1 + 0.1 * x**2)


def cumulated_twin(x):
    steps = x * jnp.array([1, 1, -1, 1]) - 1
    stock = jnp.stack([5 + jnp.sum(steps[: i + 1]) for i in range(4)])
    change = jnp.stack([x[i + 1] - x[i] for i in range(3)])
    return jnp.sum((stock - 4) ** 2) + 0.1 * change @ change + jnp.exp(jnp.sum(jnp.log1p(0.1 * x**2)))


def by_dictionary(x):
    p = dict(zip(("height", "center", "width"), x, strict=True))
    parts = {name: np.abs(value) for name, value in p.items()}
    curve = p["height"] * np.exp(-0.5 * ((T - p["center"]) / parts["width"]) ** 2)
    return np.sum((curve - np.exp(-0.5 * ((T - 1.4) / 0.5) ** 2)) ** 2)


def gauss_twin(x):
    return jnp.sum((x[0] * jnp.exp(-((T - x[1]) ** 2) / (2 * x[2] ** 2)) - jnp.exp(-0.5 * ((T - 1.4) / 0.5) ** 2)) ** 2)


def closure(weights):
    def penalty(v):
        return np.sum(weights * np.log(np.cosh(v)))

    def objective(x):
        return penalty(x - B) + penalty(x + 1)

    return objective


def closure_twin(x):
    w = jnp.array([1.0, 2.0, 3.0])
    return jnp.sum(w * (jnp.log(jnp.cosh(x - B)) + jnp.log(jnp.cosh(x + 1))))


class Model:
    """A class with a method, as much code has it."""

    def __init__(self, scale):
        self.scale, self.target = scale, np.array([1.0, 2.0, 3.0])

    def residuals(self, x):
        return self.scale * (np.sinh(x) - self.target)

    def loss(self, x):
        r = self.residuals(x)
        return r.dot(r)


def matrices(x):
    M = np.reshape(np.concatenate([x, x[::-1]]), (2, 2))
    M = M @ M.T + np.identity(2)
    return np.einsum("ij,ij->", M, M) - np.vdot(x, np.ones_like(x)) + np.linalg.solve(M, np.ones(2)).sum()


def matrices_twin(x):
    a, b = x
    p, q = a * a + b * b + 1, 2 * a * b
    return 2 * p**2 + 2 * q**2 - a - b + 2 / (p + q)


def chosen(x):
    left = np.where(x < 0.5, (x - 1) ** 2, 0.25 + (x - 0.5) ** 2 - (x - 0.5))
    return np.sum(left) + np.clip(x[0], -5, 5) ** 2 + np.maximum(x[1], -3.0) ** 2


def chosen_twin(x):
    return jnp.sum((x - 1) ** 2) + x[0] ** 2 + x[1] ** 2


def huberized(x):
    r = x[0] + x[1] * T - Y
    small = np.abs(r) <= 0.1
    out = np.empty_like(r)
    out[:] = 0.1 * (np.abs(r) - 0.05)
    out = np.select([small], [0.5 * r**2], out)
    return out.sum()


def huberized_twin(x):
    r = jnp.abs(x[0] + x[1] * T - Y)
    return jnp.sum(jnp.where(r <= 0.1, 0.5 * r**2, 0.1 * (r - 0.05)))


def cholesky(x):
    L = np.zeros((2, 2))
    L[0, 0], L[1, 1] = np.exp(x[0]), np.exp(x[1])
    L[1, 0] = x[2]
    S = L @ L.T
    d = linalg.solve_triangular(L, np.array([1.0, 2.0]), lower=True)
    return d @ d + 2 * np.log(np.diag(L)).sum() + 0.1 * np.sum(S) + np.sum(x**2)


def cholesky_twin(x):
    a, b, c = jnp.exp(x[0]), jnp.exp(x[1]), x[2]
    u = 1 / a
    v = (2 - c * u) / b
    return u * u + v * v + 2 * (x[0] + x[1]) + 0.1 * (a * a + 2 * a * c + c * c + b * b) + x @ x


def integrated(x):
    return (np.trapezoid(np.exp(-x[0] * T**2) + x[1] * T, T) - 2) ** 2 + 0.1 * x[0] ** 2 + 0.1 * (x[1] - 1) ** 2


def integrated_twin(x):
    f = jnp.exp(-x[0] * T**2) + x[1] * T
    return (jnp.sum((f[1:] + f[:-1]) / 2 * np.diff(T)) - 2) ** 2 + 0.1 * x[0] ** 2 + 0.1 * (x[1] - 1) ** 2


def scaled(x, factor, power, data):
    return factor * np.sum(np.abs(x - np.mean(data)) ** power) + np.sum(x * np.asarray(data)[: len(x)] / 10)


def scaled_twin(x):
    data = jnp.array([1.0, 2.0, 3.0, 4.0])
    return 2.5 * jnp.sum((x - 2.5) ** 4) + jnp.sum(x * data[: x.shape[0]]) / 10


def float_called(x):
    return (float(x[0]) - 1) ** 2 + 3 * (float(x[1]) + 2) ** 2 + 0.5 * float(x[0]) * float(x[1])


def float_twin(x):
    return (x[0] - 1) ** 2 + 3 * (x[1] + 2) ** 2 + 0.5 * x[0] * x[1]


def mathematical(x):
    return math.exp(x[0]) - 2 * x[0] + math.cosh(x[1] - 0.5)


def mathematical_twin(x):
    return jnp.exp(x[0]) - 2 * x[0] + jnp.cosh(x[1] - 0.5)


def branching(x):
    return 3 * (x[0] - 1) ** 2 + x[1] ** 2 if x[0] > 0 else (x[0] - 1) ** 2 + x[1] ** 2 + 2


def branching_twin(x):
    return jnp.where(x[0] > 0, 3 * (x[0] - 1) ** 2 + x[1] ** 2, (x[0] - 1) ** 2 + x[1] ** 2 + 2)


def splined(x):
    return np.sum((SPLINE(x) + 1) ** 2) + 0.1 * np.sum((x - 3) ** 2)


def splined_twin(x):
    def piece(v):
        i = jnp.clip(jnp.searchsorted(SPLINE.x, v) - 1, 0, 11)
        h = v - jnp.asarray(SPLINE.x)[i]
        c = jnp.asarray(SPLINE.c)[:, i]
        return ((c[0] * h + c[1]) * h + c[2]) * h + c[3]

    return jnp.sum((jax.vmap(piece)(x) + 1) ** 2) + 0.1 * jnp.sum((x - 3) ** 2)


CASES: dict[str, Case] = {
    "scipy.optimize.rosen": Case(rosen, rosen_twin, (-1.2, 1.0)),
    "in place": Case(broyden_in_place, broyden_twin, (-1.0, -1.0, -1.0, -1.0, -1.0)),
    "unpacked": Case(unpacked, decay_twin, (1.0, 1.0, 0.0)),
    "loop over data": Case(looped, lambda x: jnp.sum((x[0] * jnp.exp(-x[1] * T[::5]) + x[2] - Y[::5]) ** 2), (1, 1, 0)),
    "np.zeros filled": Case(filled, decay_twin, (1.0, 1.0, 0.0)),
    "zeros by its name": Case(
        filled_by_name,
        lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + jnp.expm1(x[1] - 1) ** 2,
        (0.5, 0.3),
    ),
    "data copied": Case(copied, decay_twin, (1.0, 1.0, 0.0)),
    "broadcasting": Case(broadcast, broadcast_twin, (0.3, -0.2)),
    "ndarray.dot, norm": Case(quadratic, quadratic_twin, (0.0, 0.5, 1.0)),
    "det, inv of np.array": Case(determinant, determinant_twin, (0.1, 0.2, 0.3)),
    "counts": Case(poisson, poisson_twin, (0.5, 0.5)),
    "scipy.stats": Case(normal_likelihood, normal_twin, (0.5, 0.1)),
    "logsumexp by its name": Case(softmax_loss, softmax_twin, (0.1, -0.2, 0.3)),
    "expit, labels": Case(logistic, logistic_twin, (0.0, 0.0)),
    "scipy.special": Case(special, special_twin, (0.7, 1.3)),
    "np.interp, dictionary": Case(interpolated, interpolated_twin, (1.0, 0.0)),
    "cumsum, diff, prod": Case(cumulated, cumulated_twin, (1.0, 1.0, 1.0, 1.0)),
    "dictionaries": Case(by_dictionary, gauss_twin, (0.8, 1.2, 0.7)),
    "closures": Case(closure(np.array([1.0, 2.0, 3.0])), closure_twin, (0.1, 0.2, 0.3)),
    "methods": Case(Model(2.0).loss, lambda x: 4 * jnp.sum((jnp.sinh(x) - jnp.arange(1.0, 4.0)) ** 2), (1, 1, 1)),
    "reshape, einsum, solve": Case(matrices, matrices_twin, (0.7, 0.3)),
    "where, clip, maximum": Case(chosen, chosen_twin, (0.7, 1.3)),
    "select, empty_like": Case(huberized, huberized_twin, (2.0, -0.5)),
    "scipy.linalg, matrix filled": Case(cholesky, cholesky_twin, (0.1, 0.2, 0.3)),
    "trapezoid": Case(integrated, integrated_twin, (0.5, 0.5)),
    "args of all kinds": Case(scaled, scaled_twin, (0.0, 1.0), args=(2.5, 4, [1, 2, 3, 4])),
    "partial": Case(functools.partial(scaled, factor=2.5, power=4, data=np.arange(1, 5)), scaled_twin, (0.0, 1.0)),
    "float()": Case(float_called, float_twin, (0.0, 0.0), traced=False),
    "math": Case(mathematical, mathematical_twin, (0.0, 0.0), traced=False),
    "if": Case(branching, branching_twin, (0.5, 0.5), traced=False),
    "scipy.interpolate": Case(splined, splined_twin, (2.0, 2.5), traced=False),
}
