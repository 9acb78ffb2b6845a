"""Laws of the certificate where H is not formed: products with it say what the matrix would."""

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.certificate.shape import examine_free, examine_products
from raphson.fit import strategy
from raphson.operators.matrix_free import MatrixFree
from raphson.parts import ExactProduct, Full, Ray
from raphson.solver import final
from raphson.solver.evidence import Numbered

N = 8


def quadratic(x, H, g):
    """1/2 x'Hx + g'x, whose gradient at 0 is g."""
    return 0.5 * x @ H @ x + g @ x


@cache
def example(seed):
    """H with negative curvature among the last three variables alone, and a gradient."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((N, N))
    H = A @ A.T + np.eye(N)
    H[-3:, -3:] -= (2 + np.linalg.norm(H, 2)) * np.eye(3)
    return H, rng.standard_normal(N)


HELD = {
    "none": np.zeros(N, bool),
    "the curved ones": np.arange(N) >= N - 3,
    "some of them": np.isin(np.arange(N), (0, N - 1)),
    "all but one": np.arange(N) != 2,
    "all": np.ones(N, bool),
}


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("seed", range(3))
def test_products_see_the_free_part_of_the_matrix(seed, name):
    """Inertia's sign, extreme eigenvalues, |H x| and, where H is definite, the Newton step of the free variables."""
    (H, g), held = example(seed), HELD[name]
    g = np.where(held, 0, g)
    size = np.ones(N)
    problem = rp.Minimize(quadratic, (jnp.asarray(H), jnp.asarray(g)))
    seen = examine_products(problem, jnp.zeros(N), g, size, held)
    true = examine_free(H, g, np.sqrt(np.abs(np.diagonal(H))), size, size, 1e-16, 0.0, held, Numbered())
    assert (seen.negative > 0) == (true.negative > 0)
    assert seen.negative + seen.positive == int(np.sum(~held)) == true.negative + true.positive + true.zero
    np.testing.assert_allclose(seen.smallest, true.smallest, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(seen.newton[held], 0)
    free = np.ix_(~held, ~held)
    np.testing.assert_allclose(seen.rounding[~held], np.abs(H[free] @ size[~held]), rtol=1e-12)
    if not true.negative and not held.all():
        # Conjugate gradients end at 1 % of g.
        np.testing.assert_allclose(seen.newton, true.newton, atol=0.05 * np.linalg.norm(true.newton))
        assert seen.decrement == pytest.approx(true.decrement, rel=0.01)


@pytest.fixture
def few(monkeypatch):
    """H is formed for two variables at most: a bounded problem of thousands would take long."""
    monkeypatch.setattr(final, "LARGEST", 2)
    monkeypatch.setattr(strategy, "LARGEST", 2)
    monkeypatch.setattr(final, "DIFFERENCES", 2)


CENTER = jnp.array([2.0, 0.5, -1.0, 0.3])


def dented(x):
    """A bowl with negative curvature in x1, which falls towards its upper bound."""
    return jnp.sum(jnp.cosh(x - CENTER)) - 5 * x[0] ** 2 + 0.3 * x[0] * x[1]


BOX = [(0.1, 1.0), (None, None), (-0.5, 2.0), (None, None)]


@pytest.mark.parametrize("method", ["trust-cg", "lbfgs"])
def test_bounds_hold_curvature_out_of_the_certificate(few, method):
    """Negative curvature of a held variable is no saddle, and the answer is that of the run with a dense H."""
    result = rp.minimize(dented, np.full(4, 0.5), method=method, bounds=BOX)
    assert result.hessian is None and result.certificate.eigenvalues is None
    assert result.success, result.verdict
    assert tuple(result.active) == (1, 0, -1, 0) and result.certificate.inertia == (0, 0, 2)
    np.testing.assert_allclose(result.x[[0, 2]], [1, -0.5])
    np.testing.assert_allclose(result.x[1], 0.5 - np.arcsinh(0.3), rtol=1e-6)


def test_a_run_stopped_above_its_best_point_forms_no_matrix(monkeypatch):
    """Full Newton steps may climb; what comes back is the best point, with products for its curvature."""
    monkeypatch.setattr(final, "LARGEST", 1)
    method = rp.Method(ExactProduct(), Ray(), Full())
    result = rp.minimize(rp.zoo["rosenbrock"].fun, [-1.2, 1.0], method=method, max_steps=4)
    assert result.trace.value[-1] > 2 * result.value, "it climbed"
    assert result.value == pytest.approx(result.trace.value[2], rel=1e-12)
    assert isinstance(result.model.curvature, MatrixFree) and result.hessian is None


T = np.linspace(0, 3, 15)
Y = 2 * np.exp(-T) + 0.5 + 0.02 * np.cos(9 * T)


def curve(x):
    """Three parameters."""
    return x[0] * jnp.exp(-x[1] * T) + x[2] - Y


def on_host(x):
    """The same with numbers, which float() needs."""
    a, b, c = map(float, x)
    return a * np.exp(-b * T) + c - Y


@cache
def answer():
    """The fit with a dense H."""
    return rp.least_squares(curve, np.ones(3), method="lm")


@pytest.mark.parametrize("bounds", [None, ([0, 0, 0.6], [9, 9, 9])], ids=["free", "bounded"])
def test_fits_of_many_parameters_form_no_hessian(few, bounds):
    """J'J stands in for H in the model, products with H prove the minimum, and error bars are what they were."""
    fit = rp.least_squares(curve, np.ones(3), method="lm", bounds=bounds)
    assert fit.success, fit.verdict
    assert fit.hessian is None and fit.certificate.eigenvalues is None and str(fit)
    np.testing.assert_allclose(fit.model.hessian, fit.jacobian.T @ fit.jacobian, rtol=1e-12)
    if bounds is None:
        np.testing.assert_allclose(fit.x, answer().x, rtol=1e-6)
        np.testing.assert_allclose(fit.standard_errors, answer().standard_errors, rtol=1e-5)
    else:
        assert tuple(fit.active) == (0, 0, -1) and fit.certificate.inertia == (0, 0, 2)


def test_host_functions_of_many_variables_claim_nothing(few):
    """H by differences would cost too much: no success, and not because anything was not finite."""
    result = rp.minimize(lambda x: 0.5 * float(np.sum(on_host(x) ** 2)), np.ones(3), method="lbfgs")
    np.testing.assert_allclose(result.x, answer().x, rtol=1e-4)
    assert not result.success and result.certificate.verdict == "not converged"
    assert "too many for H" in result.verdict and "jax.numpy" in str(result)


def test_host_fits_of_many_parameters_are_certified_by_the_jacobian(few):
    """J'J is there at any size, for the price of J."""
    fit = rp.least_squares(on_host, np.ones(3), method="lm")
    np.testing.assert_allclose(fit.x, answer().x, rtol=1e-4)
    assert fit.success, fit.verdict
