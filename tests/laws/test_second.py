"""Standard errors by the full Hessian: NumPy's inverse of JAX's Hessian, J'J where the model is linear, and why not."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import OptimizeWarning

import raphson as rp
from raphson.fit.second import hessian_errors
from raphson.operators.dense import Measured
from raphson.picture.recording.fit import fit_record

X = np.linspace(0.0, 4.0, 14)
NOISE = np.array([3, -1, 4, -1, 5, -9, 2, -6, 5, -3, 5, -8, 9, -7]) / 100
Y = 1 + 0.5 * X + NOISE


def line(x, a, b):
    return a + b * x


def nist(name: str) -> rp.Fit:
    problem = rp.zoo[f"nist-{name}"]
    names = [f"b{i + 1}" for i in range(problem.certified.size)]
    return rp.curve_fit(
        lambda x, *b: problem.model(jnp.stack(b), x), problem.x_data, problem.y_data, problem.xs[-1], names=names
    )


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("units", [1.0, 1e9, 1e-9])
def test_of_a_linear_model_they_are_those_of_the_jacobian(absolute: bool, units: float) -> None:
    fit = rp.curve_fit(line, X * units, Y, [0.0, 0.0], sigma=np.full(X.size, 0.05), absolute_sigma=absolute)
    found = hessian_errors(fit)
    assert found.why == ""
    np.testing.assert_allclose(found.standard_errors, fit.standard_errors, rtol=1e-13)
    np.testing.assert_allclose(found.covariance, fit.covariance, rtol=1e-12)


@pytest.mark.parametrize("name", ["misra1a", "mgh09", "eckerle4", "boxbod"])
def test_they_are_the_inverse_of_jaxs_hessian(name: str) -> None:
    """In parameters that are 1 at the answer, so that NumPy's inverse keeps its digits."""
    problem, fit = rp.zoo[f"nist-{name}"], nist(name)
    x = np.asarray(fit.x)

    def cost(z):
        return 0.5 * jnp.sum((problem.model(z * x, problem.x_data) - problem.y_data) ** 2)

    s2 = 2 * float(cost(jnp.ones(x.size))) / (problem.y_data.size - x.size)
    expected = s2 * np.linalg.inv(jax.hessian(cost)(jnp.ones(x.size))) * np.outer(x, x)
    found = hessian_errors(fit)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-10)
    np.testing.assert_allclose(fit.standard_errors, problem.certified_std, rtol=1e-6)  # of J'J: as certified


def test_where_the_model_bends_the_two_differ() -> None:
    ratio = {name: hessian_errors(fit).standard_errors / fit.standard_errors for name, fit in
             ((name, nist(name)) for name in ("misra1a", "mgh09"))}  # fmt: skip
    assert np.all(np.abs(ratio["misra1a"] - 1) < 0.002)
    np.testing.assert_allclose(ratio["mgh09"], [0.891, 0.789, 0.985, 0.784], atol=5e-4)


def test_a_bound_is_held_and_a_host_function_is_known_as_well() -> None:
    held = rp.curve_fit(line, X, Y, [0.5, 0.2], bounds=([0.0, 0.0], [0.7, 2.0]))
    found = hessian_errors(held)
    assert np.isnan(found.standard_errors[0]) and np.isnan(found.correlation[0]).all()
    np.testing.assert_allclose(found.standard_errors[1], held.standard_errors[1], rtol=1e-12)
    host = rp.curve_fit(lambda x, a, b: float(a) + float(b) * x, X, Y, [0.0, 0.0])
    np.testing.assert_allclose(hessian_errors(host).standard_errors, host.standard_errors, rtol=1e-6)


def test_a_robust_cost_is_scaled_as_its_profile_is() -> None:
    """Of many data of one size psi' is the same everywhere, and so are both curvatures."""
    x = np.linspace(0, 4, 4000)
    y = 1 + 0.5 * x + 0.1 * np.random.default_rng(5).standard_normal(x.size)
    fit = rp.curve_fit(line, x, y, [0.0, 0.0], loss="soft_l1", f_scale=0.1)
    assert fit.bend < 0.8
    np.testing.assert_allclose(hessian_errors(fit).standard_errors, fit.standard_errors, rtol=0.02)


def test_where_there_are_none_it_is_said_why() -> None:
    fit = rp.curve_fit(line, X, Y, [0.0, 0.0])
    H = np.asarray(fit.hessian)
    assert hessian_errors(replace(fit, hessian=None)).why == "unknown"
    assert hessian_errors(replace(fit, hessian=H * np.nan)).why == "unknown"
    assert hessian_errors(replace(fit, hessian=-H)).why == "indefinite"
    weakest = np.linalg.eigh(H)
    flat = H - weakest[0][0] * np.outer(weakest[1][:, 0], weakest[1][:, 0])
    assert hessian_errors(replace(fit, hessian=flat)).why == "rounding"
    doubtful = replace(fit.model, curvature=Measured(H, 0.1 * np.abs(H)))  # type: ignore[arg-type]
    assert hessian_errors(replace(fit, model=doubtful)).why == "rounding"
    with pytest.warns(OptimizeWarning):
        free = rp.curve_fit(lambda x, a, b, c: a + b * x + c * (1 + x), X, Y, [0.1, 0.2, 0.0])
    assert hessian_errors(free).why == "undetermined"
    for why in ("unknown", "indefinite"):
        bad = hessian_errors(replace(fit, hessian=None if why == "unknown" else -H))
        assert np.isnan(bad.standard_errors).all() and np.isnan(bad.correlation).all()


def test_the_record_holds_them_for_the_parameters_of_the_corner() -> None:
    fit = nist("mgh09")
    record, found = fit_record(fit), hessian_errors(fit)
    assert record["whole"]["why"] == "" and record["corner"] == [0, 1, 2, 3]
    np.testing.assert_allclose(record["whole"]["errors"], found.standard_errors)
    np.testing.assert_allclose(record["whole"]["correlation"], found.correlation)
    t = np.linspace(-1, 1, 60)
    J = np.stack([t**k for k in range(9)], axis=1)
    nine = fit_record(rp.least_squares(lambda p: J @ p - np.cos(4 * t), np.zeros(9)))
    assert len(nine["whole"]["errors"]) == len(nine["whole"]["correlation"]) == len(nine["corner"]) == 6
    np.testing.assert_allclose(
        nine["whole"]["errors"], [nine["parameters"][i]["error"] for i in nine["corner"]], rtol=1e-9
    )
    wide = np.random.default_rng(1).standard_normal((302, 301))
    many = fit_record(rp.least_squares(lambda p: wide @ p - 1.0, np.zeros(301)))
    assert many["whole"] == {"why": "unknown", "errors": [], "correlation": []}
