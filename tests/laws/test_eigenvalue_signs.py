"""Condition number, inertia and log-determinant: those of NumPy where they are exact, within their errors where not."""

import importlib

import numpy as np
import pytest

from raphson.ml import condition_number, inertia, log_determinant
from tests.laws.test_estimators import RNG, SPECTRA, N, with_spectrum

LINE = np.linspace(0.01, 1, N)
GAP = np.r_[RNG.uniform(0.5, 9, 120), -RNG.uniform(0.5, 2, 30), 1e-9 * RNG.normal(size=50)]


@pytest.fixture(params=["exact", "estimated"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether these matrices count as large."""
    if request.param == "estimated":
        for name in ("log_determinant", "eigenvalue_signs"):
            monkeypatch.setattr(importlib.import_module(f"raphson.ml.{name}"), "ALL_COMPUTED", 0)
    return request.param == "estimated"


CONDITIONS = {
    "positive": (LINE, "positive definite", 100.0),
    "negative": (-LINE, "negative definite", 100.0),
    "indefinite": (np.r_[LINE[1:], -0.05], "indefinite", 1 / LINE[1]),
    "inner": (np.r_[LINE[100:], -LINE[80:180]], "indefinite", 1 / LINE[80]),
    "singular": (np.r_[LINE[5:], np.zeros(5)], "positive semidefinite", np.inf),
    "negative and singular": (np.r_[-LINE[5:], np.zeros(5)], "negative semidefinite", np.inf),
    "one": (np.full(N, -3.0), "negative definite", 1.0),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_are_those_of_the_eigenvalues(name: str, large: bool) -> None:
    values, kind, condition = CONDITIONS[name]
    found = condition_number(with_spectrum(values))
    assert found.kind == kind and found.converged and found.singular == np.isinf(condition)
    assert found.value == pytest.approx(condition, rel=0.02 if large else 1e-9)
    assert abs(found.largest - np.max(np.abs(values))) <= found.largest_error + 1e-12
    assert kind in str(found) and ("infinite" in str(found)) == found.singular


def test_a_condition_that_is_not_reached_is_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("raphson.ml.eigenvalue_signs"), "ALL_COMPUTED", 0)
    values = np.r_[10.0 ** -np.linspace(0, 7, 150), -(10.0 ** -np.linspace(0, 6, 50))]
    found = condition_number(with_spectrum(values), max_products=200)
    assert not found.converged and 1 < found.value <= 1e7 * (1 + 1e-6) and "at least" in str(found)
    exact_zero = condition_number(with_spectrum(SPECTRA["rank 5"]))  # both signs and zeros
    assert exact_zero.singular and exact_zero.converged and exact_zero.kind == "indefinite"


def test_inertia_counts(large: bool) -> None:
    operator = with_spectrum(GAP)
    found = inertia(operator)
    level = found.level
    counts = np.sum(level < GAP), np.sum(-level > GAP), np.sum(np.abs(GAP) <= level)
    for one, count in zip((found.positive, found.negative, found.near_zero), counts, strict=True):
        assert abs(one.value - count) <= 4 * one.error
        assert large or one.error == 0
    assert found.exact != large and ("±" in str(found).split("positive")[0]) == large
    assert inertia(with_spectrum(LINE), 0.505).near_zero.value == pytest.approx(N / 2, abs=12 if large else 0)
    with pytest.raises(ValueError, match="at least 0"):
        inertia(operator, -1.0)


def test_signs_below_rounding_are_not_certain() -> None:
    for dtype in (np.float64, np.float32):
        operator = with_spectrum(SPECTRA["rank 5"], dtype)
        found = inertia(operator)
        assert (found.positive.value, found.negative.value, found.uncertain) == (3, 2, 0)
        signs = inertia(operator, 0.0)  # what is 0 has a sign by rounding
        assert signs.uncertain == N - 5 and f"not certain of {N - 5}" in str(signs)
    assert inertia(with_spectrum(LINE), 0.505).uncertain == 0


def test_eigenvalues_near_zero_are_not_told_apart(large: bool) -> None:
    """Of a network's Hessian most eigenvalues are near 0: a quadrature puts one node for all, of any sign."""
    draw = np.random.default_rng(6)
    values = np.r_[np.abs(1e-3 * draw.normal(size=170)), draw.uniform(0.1, 2, 30)]
    for found in (inertia(with_spectrum(values)), inertia(with_spectrum(values), 1e-8)):
        assert abs(found.negative.value) <= 2 * found.negative.error + 1e-9
        assert abs(found.near_zero.value - np.sum(values <= found.level)) <= 4 * found.near_zero.error + 1e-9


def test_inertia_lies_within_its_errors() -> None:
    density = importlib.import_module("raphson.ml.spectral_density").spectral_density
    operator = with_spectrum(GAP)
    hits = 0
    for seed in range(100, 200):
        low, high = density(operator, 8, 40, seed).below(-0.25).interval(0.95)
        hits += low <= 30 <= high
    assert 90 <= hits <= 98


def test_a_determinant_is_that_of_the_eigenvalues(large: bool) -> None:
    values = np.r_[RNG.uniform(0.1, 10, N - 3), 50, 80, 100]
    operator = with_spectrum(values)
    for shift in (0.0, 2.0):
        found = log_determinant(operator, shift)
        assert abs(found.value - np.sum(np.log(values + shift))) <= (3 * found.error if large else 1e-9)
    assert (log_determinant(operator).samples > 1) == large
    assert log_determinant(operator, tol=0.02).met


def test_runs_are_added_until_a_determinant_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("raphson.ml.log_determinant"), "ALL_COMPUTED", 0)
    values = np.exp(np.random.default_rng(5).normal(size=N))
    operator, true = with_spectrum(values), np.sum(np.log(values))
    found = [log_determinant(operator, atol=5.0, runs=5, steps=40, seed=100 * s) for s in range(10)]
    assert all(one.met and one.error <= 5 for one in found) and any(one.products > 200 for one in found)
    assert np.sqrt(np.mean([(one.value - true) ** 2 for one in found])) <= 1.5 * 5
    wide = with_spectrum(10.0 ** np.linspace(-6, 2, N))  # 20 steps see too little of it
    found = log_determinant(wide, atol=20.0, runs=5, steps=20, max_products=10_000)
    assert found.met and abs(found.value - np.sum(np.log(10) * np.linspace(-6, 2, N))) <= 3 * found.error
    ended = log_determinant(operator, atol=1e-3, runs=5, steps=40, max_products=600)
    assert ended.met is False and ended.products == 600


def test_what_has_no_determinant_is_named(large: bool) -> None:
    operator = with_spectrum(np.r_[LINE[1:], -0.05])
    for call, words in [
        (lambda: log_determinant(operator), "eigenvalue of about -0.05"),
        (lambda: log_determinant(with_spectrum(CONDITIONS["singular"][0])), "not told from 0"),
        (lambda: log_determinant(operator, np.nan), "shift is nan"),
        (lambda: log_determinant(operator, 1.0, atol=-1.0), "above 0"),
        (lambda: log_determinant(with_spectrum(SPECTRA["zero"] * np.nan)), "not finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    assert log_determinant(operator, 0.1).value == pytest.approx(np.sum(np.log(np.r_[LINE[1:], -0.05] + 0.1)), rel=0.1)
