"""Fits of differential equations: SciPy's solvers take other steps from some parameter value on, and jump there.

lsoda's default tolerance of 1.5e-8 makes residuals that are smooth to 1e-14 between jumps of 1e-8.
"""

import warnings

import numpy as np
import pytest
from scipy import optimize
from scipy.integrate import odeint, solve_ivp

import raphson as rp

DAYS = np.linspace(0, 10, 30)
TRUE = np.array([1.1, 0.4, 0.4, 0.1])


def predators(p):
    """Prey and predators (Lotka 1925, Volterra 1926) from 10 and 5, as one vector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rates = lambda y, _: [y[0] * (p[0] - p[1] * y[1]), y[1] * (-p[2] + p[3] * y[0])]
        return odeint(rates, [10, 5], DAYS).ravel()


@pytest.mark.parametrize("seed", [0, 4, 8])
def test_predators_and_prey_are_fitted_as_by_scipy(seed):
    """Seed 8 was called not converged after 2030 calls, seed 4 took 3675: beside a jump H by differences was 2600 times
    what it is."""
    data = predators(TRUE) + 0.1 * np.random.default_rng(seed).normal(size=60)
    fit = rp.least_squares(lambda p: predators(p) - data, [1.0, 0.3, 0.3, 0.2])
    best = optimize.least_squares(lambda p: predators(p) - data, [1.0, 0.3, 0.3, 0.2])
    assert fit.success, fit.message
    assert fit.cost <= best.cost * (1 + 1e-7)
    assert np.allclose(fit.x, best.x, rtol=1e-3)
    assert fit.nfev <= (3500 if seed == 0 else 800)  # seed 0 ends on a jump, and a second method looks


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6])
def test_an_epidemic_is_fitted_by_its_residuals_and_by_their_squares(tolerance):
    """solve_ivp's default is 1e-3."""
    days = np.linspace(0, 60, 40)

    def ill(p, rtol):
        flow = lambda _, y: [-p[0] * y[0] * y[1] / 1000, p[0] * y[0] * y[1] / 1000 - p[1] * y[1]]
        return solve_ivp(flow, (0, 60), [990, 10], t_eval=days, rtol=rtol).y[1]

    data = ill([0.35, 0.1], 1e-9) + 5 * np.random.default_rng(0).normal(size=40)
    best = optimize.least_squares(lambda p: ill(p, tolerance) - data, [0.3, 0.15])
    fit = rp.least_squares(lambda p: ill(p, tolerance) - data, [0.3, 0.15])
    whole = rp.minimize(lambda p: np.sum((ill(p, tolerance) - data) ** 2), [0.3, 0.15], bounds=[(0, 1)] * 2)
    assert fit.success and whole.success, (fit.message, whole.message)
    assert np.isclose(fit.cost, best.cost, rtol=1e-9) and np.isclose(whole.fun, 2 * best.cost, rtol=1e-9)


def test_a_function_is_not_followed_where_it_has_risen():
    """With a parameter of the wrong sign a solver may never come back: minus nine times x was asked."""
    asked = []

    def quartic(x):
        asked.append(float(x[0]))
        return float((x[0] - 1) ** 4)

    result = rp.minimize(quartic, [1.5])
    assert result.success, result.message
    assert min(asked) > -1
