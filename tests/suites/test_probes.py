"""The probes that today's systems fail: a wall of NaN, saddle starts, units of f, units of x, a linear slope."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.solver.presets import PRESETS
from tests.suites.families import NEWTON_TYPE

SCALED = ("newton", "damped-newton", "trust-exact", "dogleg", "cubic", "damped")
"""Those that measure every variable in its natural unit."""

X0 = np.array([-1.2, 1.0])
ROSENBROCK, SADDLE, SLOPE = range(3)


def probe(x, which, factor, units):
    """One of three functions times `factor`, its variables measured in `units`: one program for all probes."""
    return factor * jax.lax.switch(which, (rp.zoo["rosenbrock"].fun, rp.zoo["saddle"].fun, slope), x / units)


def slope(x):
    """A bowl with straight sides (Huber): H = 0 beyond 1."""
    return jnp.sum(jnp.where(jnp.abs(x) < 1, 0.5 * x**2, jnp.abs(x) - 0.5))


@cache
def run(method, which=ROSENBROCK, start=tuple(X0), factor=1.0, units=(1.0, 1.0)):
    """`minimize` on one of them."""
    u = np.asarray(units)
    args = (jnp.int32(which), jnp.asarray(factor), jnp.asarray(u))
    return rp.minimize(probe, np.asarray(start) * u, args=args, method=method)


def test_a_wall_of_nan_is_no_obstacle():
    """A3: f = x - 0.01 log(x - 1) from 1.5, NaN left of 1: x* = 1.01 (every preset: tests/suites/test_presets.py)."""
    problem = rp.zoo["log-barrier"]
    assert problem.x0 == 1.5 and np.isnan(problem.fun(np.array([0.9])))
    result = rp.minimize(problem.fun, problem.x0)
    assert result.success
    assert result.x[0] == pytest.approx(1.01, rel=1e-9)


@pytest.mark.parametrize("start", [(1.0, 0.0), (0.0, 0.0)], ids=["on the ridge", "on the saddle"])
@pytest.mark.parametrize("method", PRESETS)
def test_saddles_are_left_or_called_so(method, start):
    """A4: x0^2 - x1^2 + x1^4/4 from [1, 0], and from [0, 0], the saddle: Newton types reach -1, others say saddle."""
    result = run(method, SADDLE, start)
    if method in NEWTON_TYPE:
        assert result.success
        assert result.value == pytest.approx(-1, abs=1e-9)
    else:
        assert not result.success
        assert result.certificate.verdict == "saddle"
        assert result.certificate.inertia == (1, 0, 1)


@pytest.mark.parametrize("method", NEWTON_TYPE)
def test_leaving_a_saddle_is_no_long_affair(method):
    """From [1, 0] a minimum is reached in at most 40 evaluations of f."""
    if method == "damped":
        pytest.xfail("lambda counts from the lowest eigenvalue, so the saddle is approached by halves: 563 evaluations")
    assert run(method, SADDLE, (1.0, 0.0)).nfev <= 40


@pytest.mark.parametrize("method", PRESETS)
def test_the_unit_of_f_changes_no_iterate(method):
    """A5: f times 2^40 or 2^-40 makes the same steps bit for bit; f times 1e8 or 1e-8 makes them to rounding."""
    plain = run(method)
    assert plain.success
    for factor in (2.0**-40, 2.0**40):
        scaled = run(method, factor=factor)
        assert scaled.success and scaled.nit == plain.nit
        np.testing.assert_array_equal(scaled.trace.step, plain.trace.step)
        np.testing.assert_array_equal(scaled.trace.accepted, plain.trace.accepted)
    for factor in (1e-8, 1e8):
        scaled = run(method, factor=factor)
        assert scaled.success
        first = min(8, plain.nit)
        np.testing.assert_allclose(scaled.trace.step[:first], plain.trace.step[:first], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(scaled.x, plain.x, rtol=1e-5)


@pytest.mark.parametrize("units", [(1e4, 1.0), (1e-4, 1.0), (1.0, 1e4), (1.0, 1e-4), (1e8, 1.0), (1.0, 1e8)])
@pytest.mark.parametrize("method", SCALED)
def test_units_of_single_variables_change_no_path(method, units):
    """x1 or x2 measured in other units: the same trials (to rounding), the same answer, and success."""
    plain, scaled = run(method), run(method, units=units)
    assert scaled.success
    first = min(8, plain.nit)
    np.testing.assert_allclose(scaled.trace.step[:first] / units, plain.trace.step[:first], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(scaled.x / units, [1, 1], rtol=1e-5)


@pytest.mark.parametrize("method", ["gradient-descent", "bfgs", "sr1", "lbfgs", "trust-cg", "newton-cg"])
def test_unscaled_methods_are_honest_in_odd_units(method):
    """Methods that keep Euclidean lengths may fail in units of 1e4, but they never call a wrong point a minimum."""
    for units in ((1e4, 1.0), (1.0, 1e-4)):
        result = run(method, units=units)
        assert not result.success or result.value < 1e-4


@pytest.mark.parametrize("factor", [1.0, 2.0**-60, 2.0**60])
@pytest.mark.parametrize("method", PRESETS)
def test_a_straight_slope_is_never_called_a_minimum(method, factor):
    """f linear at the start (H = 0, g = 1): success means f(x) = 0 at the foot of the slope, in any unit of f."""
    result = run(method, SLOPE, (5.0, 7.0), factor)
    assert not result.success or result.value <= 1e-8 * factor


@pytest.mark.parametrize("decades", [4, 8, 20])
def test_units_far_apart_are_no_level_direction_from_0(decades):
    """From 0 nothing but H tells the units; beyond 1e15 between them the smaller slope looks like rounding, and f tells
    that it is none."""
    f = lambda v: (v[0] * 10.0**decades - 1) ** 2 + (v[1] * 10.0**-decades - 2) ** 2 + (v[0] * v[1] - 2) ** 2
    result = rp.minimize(f, [0.0, 0.0])
    assert result.success and result.fun < 1e-20, str(result)
