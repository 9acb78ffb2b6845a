"""Differences of host functions: inside the bounds, in the units of every variable alone, with errors that hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raphson.calculus.difference import (
    bent_residuals,
    final_derivatives,
    host_derivatives,
    host_gradient,
    host_jacobian,
    slope_disagreement,
)
from raphson.kernel.space import Box
from raphson.problems.callback import Callback, CallCounts, HostResiduals, OutOfCalls
from raphson.problems.loss import Loss, linear

seeds = st.integers(0, 2**32 - 1)


def curved(c, d):
    """A smooth function with known derivatives: sum cosh(d_i x_i + c_i) + (sum d_i x_i)^2 / 2, all units in d."""

    def value(x):
        return float(np.sum(np.cosh(d * x + c)) + 0.5 * (d @ x) ** 2)

    def gradient(x):
        return d * np.sinh(d * x + c) + (d @ x) * d

    def hessian(x):
        return np.diag(d * d * np.cosh(d * x + c)) + np.outer(d, d)

    return value, gradient, hessian


@given(seeds)
def test_every_call_lies_in_the_box_to_the_last_bit(seed):
    """Fixed variables, boxes of a few units in the last place, starts at corners: for every kind of derivative."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 5))
    unit = 10.0 ** draw.integers(-9, 9, n)
    x = draw.standard_normal(n) * unit
    below, above = (np.abs(x) * draw.choice([0, 2.3e-16, 1e-14, 1e-9, 1e-3, 1, 1e3], n) for _ in range(2))
    low = np.where(draw.random(n) < 0.2, -np.inf, x - below)
    high = np.where(draw.random(n) < 0.2, np.inf, x + above)

    def inside(v):
        assert np.all(v >= low) and np.all(v <= high), (v - low, high - v)
        return v

    value, gradient, _ = curved(draw.standard_normal(n), 1 / unit)
    space = Box(low, high)
    problem = Callback(lambda v: value(inside(v)), space=space)
    host_derivatives(problem, x, value(x))
    final_derivatives(problem, x, value(x))
    final_derivatives(Callback(value, lambda v: gradient(inside(v)), space=space), x, value(x))
    residuals = HostResiduals(lambda v: np.tanh(inside(v) / unit), loss=Loss(linear), space=space)
    r = residuals.residuals(x)
    host_jacobian(residuals, x, r)
    bent_residuals(residuals, x, r)
    slope_disagreement(problem, x, value(x), gradient(x)[:, None])


@given(seeds)
def test_units_of_single_variables_change_no_digit(seed):
    """Variables of 1e-12 beside 1 and 1e9: gradients to 1e-9 of their size, Hessians to 1e-5, errors that hold."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 4))
    unit = 10.0 ** draw.integers(-12, 10, n)
    c, x = draw.uniform(-1, 1, n), draw.uniform(0.3, 3, n) * draw.choice([-1, 1], n) * unit
    value, gradient, hessian = curved(c, 1 / unit)
    found = final_derivatives(Callback(value), x, value(x))
    size = max(value(x), 1.0)
    assert np.all(np.abs(found.gradient - gradient(x)) * unit <= 1e-9 * size)
    gap = np.abs(found.hessian - hessian(x)) * np.outer(unit, unit)
    assert np.all(gap <= 1e-5 * size)
    assert np.all(gap <= found.error * np.outer(unit, unit) + 1e-12 * size)


@pytest.mark.parametrize("center, width", [(574.2, 0.01), (574.2, 1e-5), (1e6, 1.0), (0.3, 0.1)])
def test_steps_follow_the_function_and_not_the_variable(center, width):
    """A peak much narrower than its place is large."""
    at = center + 0.7 * width
    value = lambda x: float(np.exp(-0.5 * ((x[0] - center) / width) ** 2))
    x = np.array([at])
    t = (at - center) / width
    slope, size = -t / width * np.exp(-0.5 * t**2), 1 / width
    # x itself is rounded: that alone moves the peak by eps |x| / width.
    allowed = 1e-9 + 10 * np.finfo(float).eps * abs(at) / width
    assert abs(host_gradient(Callback(value), x, value(x))[0] - slope) <= allowed * size


@pytest.mark.parametrize("level", [1e-12, 1e-9, 1e-6])
def test_noise_is_measured_and_bounds_the_error(level):
    """A function with noise of its own: the error stated is not smaller than the true one."""
    noisy = lambda x: float(np.exp(x[0]) + level * np.sin(1e15 * x[0] % 7.0) + x[1] ** 2)
    x = np.array([0.7, 1.3])
    found = final_derivatives(Callback(noisy), x, noisy(x))
    truth = np.diag([np.exp(0.7), 2.0])
    assert np.all(np.abs(found.hessian - truth) <= 20 * found.error + 1e-9)
    assert abs(found.gradient[0] - np.exp(0.7)) <= 1e4 * level + 1e-9


@pytest.mark.parametrize("unit", [1.0, 1e-14, 1e20])
@pytest.mark.parametrize("x", [[0.0, 1.0], [1e-9, 2.0], [3.0, -1e-8]])
def test_right_derivatives_are_never_refused_and_wrong_ones_are(unit, x):
    """Every entry is measured by its own size: a sign, a factor, in functions of any unit, at x of any size."""
    x = np.array(x)
    value, gradient, _ = curved(np.array([0.2, -0.4]), np.array([1.0, 3.0]))
    problem, g = Callback(lambda v: unit * value(v)), unit * gradient(x)
    f = unit * value(x)
    assert slope_disagreement(problem, x, f, g[:, None]) is None
    for i in range(2):
        for wrong in (-1.0, 1.1, 0.0):
            other = g.copy()
            other[i] *= wrong
            assert slope_disagreement(problem, x, f, other[:, None])[0] == i


def test_a_small_wrong_column_beside_a_large_one_is_found():
    """J with columns of sizes 1e12 and 1."""
    fun = lambda x: np.array([1e12 * x[0], np.sin(x[1]), x[1] ** 2])
    x = np.array([1.0, 0.5])
    J = np.array([[1e12, 0], [0, np.cos(0.5)], [0, 1.0]])
    problem = HostResiduals(fun, loss=Loss(linear))
    assert slope_disagreement(problem, x, fun(x), J.T) is None
    J[2, 1] = -1.0
    assert slope_disagreement(problem, x, fun(x), J.T)[:2] == (1, 2)


@pytest.mark.parametrize("kink", [0.0, 1e-9, -1e-12])
def test_a_kink_is_no_evidence(kink):
    """|x - kink| near x: the slope of one side is right, and not refused."""
    value = lambda x: abs(float(x[0]) - kink) + float(x[1])
    x = np.array([0.0, 1.0])
    assert slope_disagreement(Callback(value), x, value(x), np.array([[np.sign(-kink)], [1.0]])) is None


@given(seeds)
def test_residuals_bend_as_their_cost_does(seed):
    """J'J + sum r_k H_k of a cost whose squares would cancel: 1e8 beside residuals of 1."""
    draw = np.random.default_rng(seed)
    A, b = draw.standard_normal((6, 2)), draw.standard_normal(6)
    fun = lambda x: np.concatenate([np.exp(A @ x) - b, [1e4]])
    x = draw.uniform(-0.5, 0.5, 2)
    r, e = fun(x), np.exp(A @ x)
    J = np.vstack([e[:, None] * A, np.zeros(2)])
    H = J.T @ J + (A.T * (r[:6] * e)) @ A
    found = bent_residuals(HostResiduals(fun, loss=Loss(linear)), x, r)
    assert np.allclose(found.jacobian, J, rtol=1e-7, atol=1e-7)
    assert np.all(np.abs(found.hessian - H) <= found.error + 1e-10 * np.abs(H).max())
    assert np.all(np.abs(found.hessian - H) <= 1e-3 * np.abs(H).max())


def test_a_limit_of_calls_holds_before_the_call():
    """The user's function is not called once more."""
    calls = []
    problem = Callback(lambda x: calls.append(1) or 0.0, evaluations=CallCounts(limit=7))
    with pytest.raises(OutOfCalls):
        final_derivatives(problem, np.ones(3), 0.0)
    assert len(calls) == 7 == problem.evaluations.total


@pytest.mark.parametrize("n", [2, 5])
def test_lengths_that_stay_the_same_are_not_asked_for_at_every_point(n):
    """Residuals beside one that is 1e20 times larger: rounding hides slopes, and no measuring helps."""
    calls = []

    def residuals(x):
        calls.append(1)
        return np.concatenate([[1e20 * (2 + np.sin(x[0]))], x[1:] ** 2])

    problem = HostResiduals(residuals, loss=Loss(linear))
    for k in range(32):
        x = 3 + 0.1 * np.arange(n) + 0.001 * k
        J = host_jacobian(problem, x, residuals(x))
        assert J[0, 0] == pytest.approx(1e20 * np.cos(x[0]), rel=1e-6)
    assert len(calls) < 32 * 6 * n
