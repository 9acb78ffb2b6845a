"""Ten ordinary scripts, as a scientist writes them with NumPy for SciPy: nothing here knows of JAX.

Each is a function of the library's three doors that returns two calls, one to each library with the same arguments.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import rosen

Doors = Any
"""A namespace with `minimize`, `least_squares` and `curve_fit`: `scipy.optimize`, or `raphson`."""


def rosenbrock(lib: Doors) -> Callable[[], Any]:
    """SciPy's own test function, five variables."""
    x0 = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    return lambda: lib.minimize(rosen, x0)


def decay(lib: Doors) -> Callable[[], Any]:
    """A decay with an offset, 60 points."""
    t = np.linspace(0, 4, 60)
    y = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.05 * np.random.default_rng(0).normal(size=t.size)

    def model(t, a, rate, offset):
        return a * np.exp(-rate * t) + offset

    return lambda: lib.curve_fit(model, t, y, p0=[1, 1, 1])


def peak(lib: Doors) -> Callable[[], Any]:
    """A Gaussian peak on a sloping baseline, 200 points, with error bars."""
    x = np.linspace(-5, 5, 200)
    y = 3 * np.exp(-0.5 * ((x - 0.7) / 0.9) ** 2) + 0.2 + 0.05 * x
    y = y + 0.1 * np.random.default_rng(1).normal(size=x.size)

    def model(x, height, center, width, offset, slope):
        return height * np.exp(-0.5 * ((x - center) / width) ** 2) + offset + slope * x

    sigma = np.full(x.size, 0.1)
    return lambda: lib.curve_fit(model, x, y, p0=[1, 0, 1, 0, 0], sigma=sigma, absolute_sigma=True)


def logistic(lib: Doors) -> Callable[[], Any]:
    """Logistic regression by its negative log-likelihood, 300 points and 4 weights."""
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(300), rng.normal(size=(300, 3))])
    labels = (rng.random(300) < 1 / (1 + np.exp(-X @ np.array([0.3, 1.0, -2.0, 0.5])))).astype(float)

    def loss(w):
        z = X @ w
        return np.sum(np.logaddexp(0, z) - labels * z) + 0.5 * w @ w

    return lambda: lib.minimize(loss, np.zeros(4))


def oscillation(lib: Doors) -> Callable[[], Any]:
    """A damped oscillation, 150 points, by residuals."""
    t = np.linspace(0, 10, 150)
    y = 1.5 * np.exp(-0.25 * t) * np.cos(2.2 * t + 0.4) + 0.05 * np.random.default_rng(3).normal(size=t.size)

    def residual(p):
        a, damping, omega, phase = p
        return a * np.exp(-damping * t) * np.cos(omega * t + phase) - y

    return lambda: lib.least_squares(residual, [1.0, 0.1, 2.0, 0.0])


def enzyme(lib: Doors) -> Callable[[], Any]:
    """Michaelis and Menten's law, 12 measured rates."""
    s = np.array([0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.1, 1.1])
    v = np.array([76.0, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200])

    def rate(s, vmax, km):
        return vmax * s / (km + s)

    return lambda: lib.curve_fit(rate, s, v, p0=[200, 0.1])


def portfolio(lib: Doors) -> Callable[[], Any]:
    """Weights of six assets: risk, return and a penalty on their sum."""
    rng = np.random.default_rng(4)
    A = rng.normal(size=(60, 6)) * [1, 2, 1, 0.5, 3, 1]
    covariance, mean = np.cov(A.T), 0.1 * rng.random(6)

    def cost(w):
        return 0.5 * np.dot(w, covariance.dot(w)) - mean.dot(w) + 10 * (w.sum() - 1) ** 2

    return lambda: lib.minimize(cost, np.ones(6) / 6)


def tridiagonal(lib: Doors) -> Callable[[], Any]:
    """Broyden's tridiagonal residuals, filled in place, 10 variables."""

    def residual(x):
        r = np.zeros_like(x)
        r[:] = (3 - 2 * x) * x + 1
        r[1:] -= x[:-1]
        r[:-1] -= 2 * x[1:]
        return r

    x0 = -np.ones(10)
    return lambda: lib.least_squares(residual, x0)


def calibration(lib: Doors) -> Callable[[], Any]:
    """A response curve between six knots by linear interpolation, 80 points."""
    knots = np.linspace(0, 10, 6)
    x = np.linspace(0.1, 9.9, 80)
    y = np.sqrt(x) + 0.02 * np.random.default_rng(5).normal(size=x.size)

    def residual(heights):
        return np.interp(x, knots, heights) - y

    return lambda: lib.least_squares(residual, np.ones(6))


def kinetics(lib: Doors) -> Callable[[], Any]:
    """Two rates of the chain A to B to C, concentrations at 25 times."""
    t = np.linspace(0.1, 8, 25)

    def chain(k1, k2):
        a = np.exp(-k1 * t)
        b = k1 / (k2 - k1) * (np.exp(-k1 * t) - np.exp(-k2 * t))
        return np.stack([a, b, 1 - a - b])

    seen = chain(0.9, 0.3) + 0.01 * np.random.default_rng(6).normal(size=(3, t.size))

    def residual(log_k):
        return (chain(*np.exp(log_k)) - seen).ravel()

    return lambda: lib.least_squares(residual, np.log([2.0, 0.2]))


SCRIPTS: dict[str, Callable[[Doors], Callable[[], Any]]] = {
    f.__name__: f
    for f in (rosenbrock, decay, peak, logistic, oscillation, enzyme, portfolio, tridiagonal, calibration, kinetics)
}
