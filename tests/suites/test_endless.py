"""Functions of many variables that fall for ever along a line without curvature: named early, and not wrongly."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.certificate.verdict import Verdict

N = 620


def slope_of_one(x):
    """Linear in x1, strictly convex in all others."""
    return jnp.sum((x[1:-1] - 1) ** 2) + jnp.sum((x[2:-1] - x[1:-2]) ** 4) + 0.5 * x[0] + (x[-1] - 2) ** 2


def slope_of_all(x):
    """Linear along (1, ..., 1), where differences see nothing."""
    return jnp.sum((x[1:] - x[:-1]) ** 2) - jnp.sum(x) / N


@pytest.mark.parametrize("fun", [slope_of_one, slope_of_all])
@pytest.mark.parametrize("method", ["auto", "trust-exact", "trust-cg"])
def test_a_slope_without_curvature_is_named_within_a_hundred_trials(fun, method):
    result = rp.minimize(fun, np.zeros(N), method=method)
    assert result.certificate.verdict == Verdict.UNBOUNDED and not result.success, str(result)
    assert len(result.trace) < 100


@pytest.mark.parametrize("method", ["auto", "trust-exact", "trust-cg", "lbfgs"])
def test_a_deep_minimum_far_away_is_no_such_slope(method):
    """f falls from 0 to -1e22 and x goes to 1e17: a parabola all the same."""
    size = 1e17 * (1 + np.arange(N) % 3)
    result = rp.minimize(lambda x: jnp.sum((x / size) ** 2 - 2 * x / size) * 1e19, np.zeros(N), method=method)
    np.testing.assert_allclose(result.x, size, rtol=1e-5)
    assert result.certificate.verdict != Verdict.UNBOUNDED


def test_a_quartic_that_begins_on_its_hill_comes_to_its_deep_valley():
    fun = lambda x: jnp.sum(x**4 - 2e6 * x**2) + jnp.sum((x[1:] - x[:-1]) ** 2)
    result = rp.minimize(fun, np.full(N, 1e-3), method="trust-exact")
    assert result.success, str(result)
    np.testing.assert_allclose(np.abs(result.x), 1e3, rtol=1e-2)


@pytest.mark.parametrize("method", ["auto", "trust-exact", "trust-cg", "lbfgs"])
def test_a_hill_in_units_of_1e14_is_no_such_slope_either(method):
    u = lambda x: x / 1e14
    result = rp.minimize(lambda x: jnp.sum(u(x) ** 4 - u(x) ** 2), np.full(N, 1.0), method=method)
    assert result.certificate.verdict != Verdict.UNBOUNDED, str(result)


@pytest.mark.parametrize(("upper", "verdict"), [(10.0, Verdict.STOPPED), (np.inf, Verdict.UNBOUNDED)])
def test_where_every_variable_has_its_bound_nothing_falls_for_ever(upper, verdict):
    """x begins so near to 0 that 1e8 times as far is still within the bounds."""
    fun = lambda x: -jnp.sum((1 + jnp.arange(N)) * x) + 1e-3 * jnp.sum(x[:100] * x[1:101])
    result = rp.minimize(fun, np.full(N, 1e-9), bounds=[(0, upper)] * N, method="trust-cg", max_steps=1)
    assert result.certificate.verdict == verdict, str(result)
