"""Eigenvalues, trace, diagonal and spectrum from products: right, and as sure as they say."""

import jax.numpy as jnp
import numpy as np
import pytest

from raphson.ml import (
    Eigenpairs,
    TreeOperator,
    diagonal_estimate,
    eigenpairs,
    layer_curvature,
    operator_from,
    spectral_density,
    trace_estimate,
)
from raphson.ml.estimated import Estimated, estimated
from raphson.ml.parameter_tree import parameter_tree
from raphson.ml.tree_operator import TreeOperator as Operator

N = 200
RNG = np.random.default_rng(11)
Q = np.linalg.qr(RNG.normal(size=(N, N)))[0]

SPECTRA = {
    "decaying": 1 / np.arange(1, N + 1) ** 2.0,
    "clustered": np.r_[10 + 1e-6 * np.arange(10), RNG.uniform(0, 1, N - 10)],
    "indefinite": RNG.normal(size=N),
    "rank 5": np.r_[5, 4, 3, -3, -4, np.zeros(N - 5)],
    "several times": np.r_[7, 7, 7, 5, 5, 5, 5, 4, 4, 4, RNG.uniform(0, 1, N - 10)],
    "one value": np.ones(N),
    "zero": np.zeros(N),
    "ends together": np.r_[np.linspace(0.9999, 1, 12), RNG.uniform(0, 0.9999, N - 12)],
}


def multiply(state: jnp.ndarray, v: dict) -> dict:
    """One program for all matrices: two leaves, of which the vector is made."""
    w = state @ jnp.concatenate([v["a"], v["b"].ravel()])
    return {"a": w[:50], "b": w[50:].reshape(v["b"].shape)}


def with_spectrum(values: np.ndarray, dtype: type = np.float64) -> TreeOperator:
    A = jnp.asarray((Q * values) @ Q.T, dtype)
    tree = parameter_tree({"a": jnp.zeros(50, dtype), "b": jnp.zeros((3, 50), dtype)})
    return Operator(multiply, (A + A.T) / 2, tree)


def expected(values: np.ndarray, k: int, which: str) -> np.ndarray:
    a = np.sort(values)[::-1]
    if which == "magnitude":
        return np.sort(values[np.argsort(-np.abs(values), kind="stable")[:k]])[::-1]
    return {"largest": a[:k], "smallest": a[-k:], "both": np.r_[a[:k], a[-k:]]}[which]


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize(("dtype", "accuracy"), [(np.float64, 1e-8), (np.float32, 1e-4)])
def test_the_outermost_ten(name: str, dtype: type, accuracy: float) -> None:
    values = SPECTRA[name]
    size = max(np.max(np.abs(values)), 1e-30)
    operator = with_spectrum(values, dtype)
    for which in ("largest", "both") if dtype is np.float64 else ("largest",):
        found = eigenpairs(operator, 10, which)
        gap = np.abs(found.values - expected(values, 10, which))
        assert found.converged and np.max(gap) <= accuracy * size, which
        rounding = 20 * float(np.finfo(dtype).eps) * size
        assert np.all(gap <= found.residuals + rounding)  # certain, to the rounding of the matrix itself
        V = np.asarray(found.vectors, float)
        assert np.max(np.abs(V @ V.T - np.eye(len(V)))) <= 1e3 * float(np.finfo(dtype).eps)


def test_by_magnitude_and_the_smallest() -> None:
    for name in ("indefinite", "several times"):
        for which in ("magnitude", "smallest"):
            found = eigenpairs(with_spectrum(SPECTRA[name]), 6, which)
            assert np.max(np.abs(found.values - expected(SPECTRA[name], 6, which))) <= 1e-8, (name, which)


def test_trees_and_words() -> None:
    found = eigenpairs(with_spectrum(SPECTRA["decaying"]), 2)
    assert [t["b"].shape for t in found.trees()] == [(3, 50)] * 2
    assert "2 eigenvalues" in str(found) and "products" in str(found) and isinstance(found, Eigenpairs)


def test_a_limit_of_products_is_kept_and_said() -> None:
    values = np.sort(RNG.uniform(0, 1, N))
    found = eigenpairs(with_spectrum(values), 5, max_products=30)
    assert not found.converged and found.products <= 30 + 30 + 5 and "not converged" in str(found)
    assert np.all(np.abs(found.values[:, None] - values).min(axis=1) <= found.residuals + 1e-12)


@pytest.mark.parametrize("name", ["decaying", "indefinite", "rank 5"])
@pytest.mark.parametrize("method", ["xtrace", "hutchinson", "hutch++"])
def test_traces_are_as_good_as_they_say(name: str, method: str) -> None:
    operator, trace = with_spectrum(SPECTRA[name]), np.sum(SPECTRA[name])
    found = [trace_estimate(operator, 40, method, seed=s) for s in range(30)]
    assert all(one.products <= 40 for one in found)
    off = np.array([one.value - trace for one in found])
    said = np.sqrt(np.mean([one.error**2 for one in found])) + 1e-13
    root = np.sqrt(np.mean(off**2))
    assert root <= 1.35 * said  # 30 repeats know the root mean square to 13 %
    assert abs(np.mean(off)) <= 4 * root / np.sqrt(30)  # unbiased


I = np.arange(1, N + 1)
TRACED = {
    "1/k": 1 / I,
    "1/k^2": 1 / I**2.0,
    "1/sqrt k": I**-0.5,
    "0.9^k": 0.9**I,
    "flat": np.where(I <= N // 2, 3.0, 1.0),
    "indefinite": SPECTRA["indefinite"],
    "signs": np.where(I <= 40, (-1.0) ** I / I, 1e-3),
}


def test_xtrace_knows_its_error() -> None:
    """Its estimates share their subspace, and their scatter alone is 5 to 40 % too small."""
    ratios = []
    for values in TRACED.values():
        operator, trace = with_spectrum(values), np.sum(values)
        found = [trace_estimate(operator, 32, seed=7000 + s) for s in range(50)]
        off = np.mean([(one.value - trace) ** 2 for one in found])
        ratios.append(np.mean([one.error**2 for one in found]) / off)
    assert 0.9 <= np.sqrt(np.mean(ratios)) <= 1.15, np.sqrt(ratios)
    assert np.all((np.sqrt(ratios) > 0.8) & (np.sqrt(ratios) < 1.25)), np.sqrt(ratios)  # 50 know each to 10 %


def test_intervals_hold_where_the_subspace_just_takes_in_the_outliers() -> None:
    """Twenty vectors and twenty outliers: whether one more is in it decides, and intervals had held in 71 to 80 %."""
    values = np.r_[np.linspace(1, 20, 20), np.random.default_rng(5).uniform(1e-3, 2e-3, N - 20)]
    operator = with_spectrum(values)
    d = np.diagonal(np.asarray(operator.dense()))
    hits = np.zeros(3)
    for seed in range(30):
        low, high = trace_estimate(operator, 40, seed=seed).interval()
        lows, highs = layer_curvature(operator, 40, seed=seed).interval()
        blocks = np.array([np.sum(d[:50]), np.sum(d[50:])])
        hits += [low <= np.sum(values) <= high, *((lows <= blocks) & (blocks <= highs))]
    assert np.all(hits >= 25), hits  # of 95 % that is 3 of their standard deviations below


@pytest.mark.parametrize("method", ["xtrace", "hutchinson"])
def test_vectors_are_added_until_the_error_is_met(method: str) -> None:
    operator, trace = with_spectrum(SPECTRA["clustered"]), np.sum(SPECTRA["clustered"])
    found = [trace_estimate(operator, method=method, tol=0.02, seed=s) for s in range(20)]
    assert all(one.met and one.error <= 0.02 * abs(one.value) for one in found)
    assert np.sqrt(np.mean([(one.value - trace) ** 2 for one in found])) <= 1.3 * 0.02 * trace
    absolute = trace_estimate(operator, method=method, atol=0.02 * trace)
    assert (
        absolute.met and abs(absolute.products - found[0].products) <= 16
    )  # one block: the error asked is not the same
    ended = trace_estimate(operator, 48, method, tol=1e-9)
    assert ended.met is False and ended.products <= 48 and "limit" in str(ended)
    assert trace_estimate(operator, 48, method).met is None


@pytest.mark.parametrize("method", ["xdiag", "hutchinson"])
def test_a_diagonal_to_an_accuracy(method: str) -> None:
    operator = with_spectrum(SPECTRA["decaying"])
    d = np.diagonal(np.asarray(operator.dense()))
    found = diagonal_estimate(operator, method=method, tol=0.2)
    assert found.met and np.linalg.norm(found.value - d) <= 1.5 * 0.2 * np.linalg.norm(d)
    assert found.products <= (100 if method == "xdiag" else 2 * N)  # then N products more know it
    assert (found.samples == 1) == (method == "hutchinson")


def test_xtrace_is_far_better_where_eigenvalues_decay() -> None:
    operator, trace = with_spectrum(SPECTRA["decaying"]), np.sum(SPECTRA["decaying"])

    def gap(method: str) -> float:
        return float(np.std([trace_estimate(operator, 40, method, seed=s).value - trace for s in range(10)]))

    assert gap("xtrace") <= gap("hutchinson") / 20


@pytest.mark.parametrize("method", ["xdiag", "hutchinson"])
def test_diagonals_are_as_good_as_they_say(method: str) -> None:
    operator = with_spectrum(SPECTRA["decaying"])
    d = np.diagonal(np.asarray(operator.dense()))
    found = [diagonal_estimate(operator, 40, method, seed=s) for s in range(10)]
    said = np.sqrt(np.mean([one.error**2 for one in found]))
    assert np.sqrt(np.mean([(one.value - d) ** 2 for one in found])) <= 1.2 * said
    assert np.max(np.abs(diagonal_estimate(operator, N, method).value - d)) <= 1e-14
    assert trace_estimate(operator, N).error == 0


def test_layers_have_the_traces_of_their_blocks() -> None:
    operator = with_spectrum(SPECTRA["decaying"])
    A = np.asarray(operator.dense())
    blocks = np.array([np.trace(A[:50, :50]), np.trace(A[50:, 50:])])
    found = [layer_curvature(operator, 40, seed=s) for s in range(20)]
    said = np.sqrt(np.mean([one.errors**2 for one in found], axis=0))
    off = np.sqrt(np.mean([(one.traces - blocks) ** 2 for one in found], axis=0))
    assert np.all((off <= 1.6 * said) & (said <= 1.6 * off))  # 20 know each to 16 %
    exact = layer_curvature(operator, N)
    assert np.max(np.abs(exact.traces - blocks)) <= 1e-12 and np.all(exact.errors == 0)
    v = np.linalg.eigh(A)[1][:, -1]
    assert np.allclose(exact.shares, [np.sum(v[:50] ** 2), np.sum(v[50:] ** 2)]) and exact.top == pytest.approx(1)
    assert "['b']" in str(exact)


@pytest.mark.parametrize("name", ["even", "one is large"])
def test_sums_over_the_spectrum_lie_in_their_intervals(name: str) -> None:
    values = np.random.default_rng(3).uniform(0.1, 10, N)
    if name == "one is large":
        values[0] = 300
    operator = with_spectrum(values)
    hits = np.zeros(3)
    for seed in range(100):
        density = spectral_density(operator, runs=8, steps=40, seed=seed)
        for i, (one, true) in enumerate([
            (density.logdet(), np.sum(np.log(values))),
            (density.sum_of(lambda a: a**3), np.sum(values**3)),
            (density.sum_of(lambda a: 1 / (1 + np.exp(a - 3))), np.sum(1 / (1 + np.exp(values - 3)))),
        ]):  # fmt: skip
            low, high = one.interval(0.95)
            hits[i] += low <= true <= high
    assert np.all((hits >= 90) & (hits <= 98)), hits


def test_a_density_is_that_of_the_eigenvalues() -> None:
    values = SPECTRA["indefinite"]
    density = spectral_density(with_spectrum(values), runs=30, steps=60)
    levels = np.linspace(-3, 3, 25)
    true = np.mean(np.exp(-0.5 * ((levels[:, None] - values) / 0.3) ** 2), axis=1) / (0.3 * np.sqrt(2 * np.pi))
    found = density.smoothed(levels, 0.3)
    assert np.all(np.abs(found.value - true) <= 4 * found.error + 1e-6)
    assert abs(density.below(0).value - np.sum(values < 0)) <= 4 * density.below(0).error
    whole = spectral_density(with_spectrum(SPECTRA["rank 5"]), runs=2, steps=30)  # ends after 6 steps
    assert abs(whole.sum_of(np.ones_like).value - N) <= 1e-9


def test_what_cannot_be_meant_is_named() -> None:
    operator = with_spectrum(SPECTRA["indefinite"])
    for call, words in [
        (lambda: eigenpairs(operator, 0), "k is 0"),
        (lambda: eigenpairs(operator, N + 1), "k is"),
        (lambda: eigenpairs(operator, 3, "middle"), "middle"),
        (lambda: trace_estimate(operator, 3), "at least 4"),
        (lambda: trace_estimate(operator, 10, "guess"), "guess"),
        (lambda: diagonal_estimate(operator, 10, "guess"), "guess"),
        (lambda: trace_estimate(operator, tol=0), "above 0"),
        (lambda: trace_estimate(operator, method="hutch++", tol=0.1), "fixed number"),
        (lambda: trace_estimate(with_spectrum(SPECTRA["zero"] * np.nan), 10), "not finite"),
        (lambda: spectral_density(operator, runs=1), "runs"),
        (lambda: spectral_density(operator).logdet(), "positive definite"),
        (lambda: estimated([1.0, 2.0], 2).interval(95), "between 0 and 1"),
        (lambda: eigenpairs(with_spectrum(SPECTRA["zero"] * np.nan)), "not finite"),
        (lambda: spectral_density(with_spectrum(SPECTRA["zero"] * np.nan)), "not finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    assert "standard error" in str(trace_estimate(operator)) and "200 numbers" in str(diagonal_estimate(operator))
    assert isinstance(estimated([1.0, 2.0], 2), Estimated) and isinstance(
        operator_from(lambda v: v, jnp.zeros(3)), Operator
    )
