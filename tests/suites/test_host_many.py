"""Host functions of hundreds of variables with a gradient: H at the end by two calls a variable shows what is there."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.calculus.slopes import slope_differences
from raphson.certificate.verdict import Verdict
from raphson.kernel.space import Box
from raphson.problems.callback import Callback

N = 700


class Counted:
    """A function that cannot be traced, with its gradient; calls of that are counted."""

    def __init__(self, value, slope):
        self.value, self.slope, self.calls = value, slope, 0

    def fun(self, x):
        return float(self.value(np.array(x, float)))

    def jac(self, x):
        self.calls += 1
        return self.slope(np.array(x, float))


def quadratic(seed=0, lowest=1.0):
    A = np.random.default_rng(seed).normal(size=(N, N))
    A = A @ A.T / N + np.eye(N)
    w, V = np.linalg.eigh(A)
    w[0] = lowest
    A = (V * w) @ V.T
    b = np.random.default_rng(seed + 1).normal(size=N)
    return A, b, Counted(lambda x: 0.5 * x @ (A @ x) - b @ x, lambda x: A @ x - b)


def test_a_quadratic_with_its_gradient_is_shown_to_be_at_its_minimum():
    A, b, f = quadratic()
    result = rp.minimize(f.fun, np.zeros(N), jac=f.jac)
    assert result.success and result.certificate.verdict in (Verdict.MINIMUM, Verdict.NOISE), str(result)
    np.testing.assert_allclose(result.x, np.linalg.solve(A, b), atol=1e-6)
    smallest = result.certificate.smallest
    assert smallest is not None
    np.testing.assert_allclose(smallest, np.linalg.eigvalsh(A)[0], rtol=1e-5)
    assert f.calls <= result.evaluations.gradient + 2 and result.evaluations.gradient <= 3 * N


def test_what_rests_on_a_saddle_is_no_success():
    A, b, _ = quadratic(lowest=-0.01)
    _, V = np.linalg.eigh(A)
    b = b - V[:, 0] * (V[:, 0] @ b)  # nothing pulls along the only way down
    f = Counted(lambda x: 0.5 * x @ (A @ x) - b @ x, lambda x: A @ x - b)
    result = rp.minimize(f.fun, np.zeros(N), jac=f.jac)
    assert not result.success


def test_without_a_gradient_h_is_not_looked_at():
    result = rp.minimize(lambda x: float(np.sum((x - 1) ** 2)), np.zeros(N))
    assert not result.success and "too many for H by differences" in str(result)


@pytest.mark.parametrize("bounded", [False, True])
def test_differences_of_slopes_are_h_within_what_they_say(bounded):
    rng = np.random.default_rng(5)
    n = 60
    x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 3, n)
    x[:3] = 0.0
    value = lambda z: float(np.sum(np.cos(z))) + float(np.sum(z[1:] ** 2 * z[:-1]))
    slope = lambda z: -np.sin(z) + np.r_[z[1:] ** 2, 0] + np.r_[0, 2 * z[1:] * z[:-1]]
    H = np.diag(-np.cos(x) + np.r_[0, 2 * x[:-1]]) + np.diag(2 * x[1:], 1) + np.diag(2 * x[1:], -1)
    space = Box(jnp.where(np.arange(n) % 2, x, -np.inf), jnp.full(n, np.inf)) if bounded else None
    problem = Callback(value, slope) if space is None else Callback(value, slope, space=space)
    found = slope_differences(problem, x)
    np.testing.assert_array_equal(found.gradient, slope(x))
    assert np.all(np.abs(found.hessian - H) <= 30 * found.error + 1e-5 * (1 + np.abs(H)))


def test_a_variable_that_bounds_hold_together_has_a_row_of_zeros():
    box = Box(jnp.array([1.0, -np.inf]), jnp.array([1.0, np.inf]))
    found = slope_differences(Callback(lambda x: float(x @ x), lambda x: 2 * x, space=box), np.array([1.0, 0.5]))
    np.testing.assert_allclose(found.hessian, [[0, 0], [0, 2]], atol=1e-8)
