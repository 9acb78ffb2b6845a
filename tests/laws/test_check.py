"""Right derivatives pass, wrong ones are named, and orders of convergence come out as made."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.calculus.check import examine
from raphson.kernel.trace import observed_order
from raphson.problems.zoo import zoo


def quartic(x: np.ndarray) -> float:
    return float(np.sum(x**4) + x[0] * x[1] * x[2])


def quartic_gradient(x: np.ndarray) -> np.ndarray:
    return 4 * x**3 + np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]])


def quartic_hessian(x: np.ndarray) -> np.ndarray:
    off = np.array([[0, x[2], x[1]], [x[2], 0, x[0]], [x[1], x[0], 0]])
    return np.diag(12 * x**2) + off


X = np.array([1.0, -2.0, 3.0])


@pytest.mark.parametrize("factor", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_right_derivatives_have_orders_two_and_three(factor: float, unit: float) -> None:
    g, H = factor * unit * quartic_gradient(X), factor * unit**2 * quartic_hessian(X)
    seen = examine(lambda y: factor * quartic(unit * y), X / unit, g, H)
    assert seen.ok, seen.message
    assert seen.gradient_order == pytest.approx(2, abs=0.05)
    assert seen.hessian_order == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("i", range(3))
@pytest.mark.parametrize("error", [1e-4, 1e-1, 2.0])
def test_a_wrong_component_of_the_gradient_is_named(i: int, error: float) -> None:
    g = quartic_gradient(X)
    g[i] *= 1 + error
    seen = examine(quartic, X, g, quartic_hessian(X))
    assert not seen.ok
    assert seen.gradient_order == pytest.approx(1, abs=0.1)
    assert np.isnan(seen.hessian_order)
    assert f"gradient[{i}]" in seen.message


def test_a_wrong_entry_of_the_hessian_is_named() -> None:
    H = quartic_hessian(X)
    H[0, 2] = H[2, 0] = 0.0
    seen = examine(quartic, X, quartic_gradient(X), H, quartic_gradient)
    assert not seen.ok and seen.gradient_order > 1.9
    assert seen.hessian_order == pytest.approx(2, abs=0.1)
    assert "Hessian[0, 2]" in seen.message


def test_remainders_of_quadratics_and_lines_vanish() -> None:
    line = examine(lambda y: float(y @ X), X, X, np.zeros((3, 3)))
    assert line.ok and line.gradient_order == np.inf
    square = examine(lambda y: float(y @ y), X, 2 * X, 2 * np.eye(3))
    assert square.ok and square.hessian_order == np.inf and "exact" in square.message
    at_rest = examine(lambda y: float(y @ y), 0 * X, 0 * X, 2 * np.eye(3))
    assert at_rest.ok


def test_a_jax_function_and_one_with_a_wrong_rule() -> None:
    @jax.custom_jvp
    def sine(t):
        return jnp.sin(t)

    sine.defjvp(lambda t, dt: (sine(t[0]), 1.01 * jnp.cos(t[0]) * dt[0]))
    good = rp.check_derivatives(lambda x: jnp.sin(x[1]) * x[2] + x[0] ** 4, [1.0, 2.0, 3.0])
    bad = rp.check_derivatives(lambda x: sine(x[1]) * x[2] + x[0] ** 4, [1.0, 2.0, 3.0])
    assert good.ok and not bad.ok
    assert "gradient[1]" in bad.message and "gradient[0]" not in bad.message
    assert len(bad.table().splitlines()) < 20


def test_given_derivatives_of_a_host_function() -> None:
    def host(x):
        return float(np.sum(np.asarray(x) ** 4))

    assert rp.check_derivatives(host, X, jac=lambda x: 4 * x**3, hess=lambda x: np.diag(12 * x**2)).ok
    assert rp.check_derivatives(host, X, jac=lambda x: 4 * x**3).ok
    assert not rp.check_derivatives(host, X, jac=lambda x: 3 * x**3).ok
    assert not rp.check_derivatives(host, X, jac=lambda x: 4 * x**3, hess=lambda x: np.diag(11 * x**2)).ok
    with pytest.raises(ValueError, match="no jac was given"):
        rp.check_derivatives(host, X)
    with pytest.raises(ValueError, match="jac must return 3 numbers"):
        rp.check_derivatives(host, X, jac=lambda x: np.ones(2))


def test_single_precision_is_not_called_wrong() -> None:
    seen = rp.check_derivatives(lambda x: jnp.sum(x**4), jnp.array([1, 2, 3], jnp.float32))
    assert seen.ok, seen.message


def test_the_zoo_is_right() -> None:
    for name in ("rosenbrock", "nist-misra1a"):
        seen = rp.check_derivatives(zoo[name].fun, zoo[name].x0)
        assert seen.ok and seen.hessian_order > 2.8, seen.message


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.9, 0.99])
def test_linear_sequences_have_order_one(rate: float) -> None:
    errors = rate ** np.arange(1, 2 + int(30 / -np.log(rate)))
    assert observed_order(errors) == pytest.approx(1, abs=0.01)
    wobble = 1 + 0.3 * np.cos(2.4 * np.arange(len(errors)))
    assert observed_order(errors * wobble) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("p", [1.3, 1.618, 2.0, 3.0])
@pytest.mark.parametrize("first", [0.4, 0.1, 0.03])
def test_superlinear_sequences_have_theirs(p: float, first: float) -> None:
    errors = first ** (p ** np.arange(12))
    errors = errors[: 1 + int(np.argmax(errors < 1e-18))]
    slow = np.array([1.0, 0.9, 1.0, 0.7])  # a way that shows nothing yet
    seen = observed_order(np.concatenate([slow, errors, [0.0]]))
    assert seen is None if np.sum(errors > 1e-15) < 2 else seen == pytest.approx(p, rel=0.15)


def test_no_order_where_nothing_shows_one() -> None:
    assert observed_order(np.array([1.0, 0.9, 0.8, 0.7])) is None
    assert observed_order(np.array([1.0, 0.0])) is None
    assert observed_order(np.array([])) is None


def test_orders_of_real_runs() -> None:
    problem = zoo["rosenbrock"]
    orders = {m: rp.minimize(problem.fun, problem.x0, method=m).trace.order() for m in ("newton", "gradient-descent")}
    assert orders["newton"] == pytest.approx(2, abs=0.25)
    assert orders["gradient-descent"] == pytest.approx(1, abs=0.05)
    assert rp.minimize(problem.fun, problem.x0, method="gradient-descent", max_steps=50).trace.order() is None
