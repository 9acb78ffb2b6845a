"""Single precision: kept throughout, every run ends in a verdict, and no success is a false one."""

import numpy as np
import pytest

import raphson as rp
from raphson.certificate.verdict import Verdict
from raphson.solver.presets import PRESETS
from tests.suites.cages import CAGES, honest, solve_caged

DIGITS = 3
"""Digits of a minimum's value that a success in float32 stands for (eps = 1.2e-7)."""

CASES = [(method, n) for method in PRESETS for n in (2,)] + [("auto", n) for n in CAGES]


@pytest.mark.parametrize(("method", "n"), CASES)
def test_single_precision_ends_in_a_true_verdict(method, n):
    """dtype kept in x, gradient and model; a listed verdict; success only at a listed minimum."""
    wrong = []
    for name in CAGES[n]:
        problem = rp.zoo[name]
        result = solve_caged(name, method, problem.x0.astype(np.float32), max_steps=2000)
        kinds = {np.asarray(a).dtype for a in (result.x, result.gradient, result.model.value, result.model.hessian)}
        assert kinds == {np.dtype(np.float32)}, (name, kinds)
        assert result.certificate.verdict in Verdict
        if not honest(problem, result, DIGITS):
            wrong.append(f"{name}: f = {result.value:.6g}, {result.verdict}")
    assert not wrong, "false success: " + "\n".join(wrong)


@pytest.mark.parametrize("name", ["rosenbrock", "beale", "himmelblau", "wood", "brown-dennis", "logistic-regression"])
def test_the_default_method_succeeds_in_single_precision(name):
    """Smooth, well-scaled problems are solved in float32, too, in about the work of float64."""
    single = solve_caged(name, "auto", rp.zoo[name].x0.astype(np.float32))
    assert single.success, single.verdict
    assert single.nfev <= 2 * solve_caged(name, "auto").nfev


def test_the_noise_floor_follows_the_precision():
    """tolerances and the noise of f are those of the dtype of x0."""
    single = solve_caged("brown-dennis", "auto", rp.zoo["brown-dennis"].x0.astype(np.float32)).certificate
    double = solve_caged("brown-dennis", "auto").certificate
    ratio = np.finfo(np.float32).eps / np.finfo(float).eps
    assert 0.5 * ratio < single.noise / double.noise < 2 * ratio  # where f was looked at, its noise is measured
    assert single.distance_limit > double.distance_limit


def test_a_plateau_that_ends_where_numbers_end_is_no_minimum():
    """At x1 = 80 the curve is a constant but at t = 0, up to an overflow (0 times infinity) that lies nearer than the
    rise on the other side: f = 3.5, where 0 is the least."""
    t = np.linspace(0, 3, 25).astype(np.float32)
    curve = lambda x: x[0] * np.exp(-t * np.exp(x[1])) + x[2]
    y = curve(np.array([2.937, 0.95, -1.32])).astype(np.float32)
    fit = rp.least_squares(lambda x: curve(x) - y, np.array([2.55, 80.4, -0.94], np.float32))
    assert not fit.success, str(fit)


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_precisions_that_nothing_is_factorized_in_are_rounded_to_those_there_are(dtype):
    """Half precision becomes single, and what is longer than double becomes double; a note says so."""
    result = rp.minimize(lambda x: ((x - 2) ** 2).sum(), np.array([1, 2.5], dtype))
    assert result.success and np.allclose(result.x, 2) and "nearest precision" in result.notes[0]
    assert result.x.dtype == (np.float32 if dtype == np.float16 else np.float64)
