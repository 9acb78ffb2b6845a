"""Boxes about as wide as the spacing of numbers: the variable is fixed, whatever slope pushes against either end."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raphson as rp

T = np.linspace(0, 3, 12)
Y = 2.5 * np.exp(-1.3 * T)


def after(a, ulps):
    """The number so many places after a."""
    for _ in range(ulps):
        a = np.nextafter(a, np.asarray(np.inf, a.dtype))
    return a


def bowl(x):
    return (x[0] - 3) ** 2 + (x[1] + 2) ** 2 + x[0] * x[1]


def bowl_on_host(x):
    return bowl([float(x[0]), float(x[1])])


def misfit(x):
    return np.array([x[0] - 3, x[1] + 2, x[0] + x[1]])


def misfit_on_host(x):
    return np.array([float(x[0]) - 3, float(x[1]) + 2, float(x[0]) + float(x[1])])


@settings(max_examples=30, deadline=None)
@given(
    f=st.sampled_from((bowl, bowl_on_host, misfit, misfit_on_host)),
    low=st.floats(-9, 9).filter(lambda a: abs(a) > 1e-3),
    ulps=st.integers(1, 8),
    start=st.integers(0, 8),
)
def test_a_box_a_few_numbers_wide_fixes_its_variable(f, low, ulps, start):
    """The minimum over the other variable, by the closed form, with the narrow one between its bounds."""
    low = np.float64(low)
    high, x0 = after(low, ulps), after(low, min(start, ulps))
    if f in (bowl, bowl_on_host):
        r, best = rp.minimize(f, [x0, 0.0], bounds=[(low, high), (-50, 50)]), -2 - low / 2
    else:
        r, best = rp.least_squares(f, [x0, 0.0], bounds=([low, -50], [high, 50])), (-2 - low) / 2
    assert r.success, r.message
    assert low <= r.x[0] <= high
    np.testing.assert_allclose(r.x[1], best, rtol=1e-7, atol=1e-7)
    assert r.active[0] != 0
    assert r.nfev < 100


@pytest.mark.parametrize("ulps", [1, 4])
def test_single_precision_has_its_own_spacing(ulps):
    low = np.float32(1)
    r = rp.minimize(bowl, np.array([1, 0], np.float32), bounds=[(low, after(low, ulps)), (-5, 5)])
    assert r.success
    np.testing.assert_allclose(r.x[1], -2.5, rtol=1e-5)


@pytest.mark.parametrize("form", [lambda b: b, float, jnp.asarray], ids=["numpy", "host", "jax"])
def test_curve_fit_holds_a_parameter_between_neighbors(form):
    """a exp(-1.2 t) to data: a by linear regression; error bars are those of the one free parameter."""
    xp = jnp if form is jnp.asarray else np
    fit = rp.curve_fit(
        lambda t, a, b: a * xp.exp(-form(b) * t), T, Y, [1, 1.2], bounds=([0, 1.2], [10, np.nextafter(1.2, 2)])
    )
    e = np.exp(-1.2 * T)
    assert fit.success
    np.testing.assert_allclose(fit.x[0], e @ Y / (e @ e), rtol=1e-8)


def test_subnormal_bounds_are_one_number():
    """Compiled code flushes them to zero, so a variable cannot move between them."""
    r = rp.minimize(bowl, [0.0, 0.0], bounds=[(0, 5e-324), (-5, 5)])
    assert r.success and r.x[0] in (0, 5e-324)
