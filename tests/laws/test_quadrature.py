"""The spectrum from products against dense eigenvalues: both ends, the spread, what the residuals promise."""

import numpy as np
import pytest
import scipy.stats

from raphson.linear import quadrature
from raphson.linear.quadrature import spread_estimate


def bulk(rng, n):
    """Wigner's bulk with outliers on both sides."""
    w = np.sort(2 * rng.beta(1.5, 1.5, n) - 1)
    w[:2], w[-3:] = (-1.9, -1.5), (1.6, 2.4, 3.0)
    return w


def valley(rng, n):
    """Mostly near zero, as of a network: a thousandth of the eigenvalues carry the weight."""
    w = np.sort(np.concatenate([rng.exponential(0.02, n - 4), [1.0, 3.0, 4.0, 10.0]]))
    w[0] = -0.4
    return w


def steps(rng, n):
    """A few values, each many times."""
    return np.sort(np.concatenate([rng.choice([1.0, 2.0, 5.0], n - 2), [-3.0, 11.0]]))


def matrix(w, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((w.size, w.size)))
    return (Q * w) @ Q.T


@pytest.mark.parametrize("kind", [bulk, valley, steps])
@pytest.mark.parametrize("n", [300, 800, 1500])
@pytest.mark.parametrize("hold", [True, False])
def test_ends_and_spread_are_those_of_the_dense_spectrum(kind, n, hold, monkeypatch):
    if not hold:
        monkeypatch.setattr(quadrature, "HELD_BYTES", 0)
    rng = np.random.default_rng(n)
    w = kind(rng, n)
    A = matrix(w, rng)
    w = np.linalg.eigvalsh(A)
    found = spread_estimate(lambda v: A @ v, n)
    size = w[-1] - w[0]
    assert found.products <= 160
    assert found.lowest == pytest.approx(w[0], rel=1e-6) and found.highest == pytest.approx(w[-1], rel=1e-6)
    far = scipy.stats.wasserstein_distance(w, found.nodes, None, found.weights)
    assert far < 0.25 * size / np.sqrt(n), f"{far / size:.3g} of the width: the error of a sample of n numbers"
    for level in (w[0] + 0.3 * size, np.median(w) + 0.01 * size):
        assert found.below(level) == pytest.approx(np.mean(w < level), abs=0.08)
    np.testing.assert_array_equal(np.diff(found.quantiles(np.linspace(0, 1, 50))) >= 0, True)


@pytest.mark.parametrize("seed", range(6))
def test_an_eigenvalue_lies_within_the_error_bars(seed):
    """Also where the ends have not converged: a spectrum without a gap, in few steps."""
    rng = np.random.default_rng(seed)
    w = np.sort(rng.uniform(0.1, 1, 400) ** (1 + seed))
    A = matrix(w, rng)
    found = spread_estimate(lambda v: A @ v, 400, steps=12, runs=1)
    slack = 1e-13
    assert np.min(np.abs(w - found.lowest)) <= found.low_error + slack
    assert np.min(np.abs(w - found.highest)) <= found.high_error + slack
    assert found.lowest >= w[0] - slack and found.highest <= w[-1] + slack


def test_small_and_odd_matrices():
    one = spread_estimate(lambda v: 3 * v, 1)
    assert (one.lowest, one.highest, one.exact) == (3, 3, True)
    same = spread_estimate(lambda v: -2 * v, 500)
    assert same.lowest == same.highest == -2 and same.products == 2
    zero = spread_estimate(lambda v: 0 * v, 50)
    assert zero.lowest == zero.highest == 0
    huge = spread_estimate(lambda v: 1e200 * np.linspace(1, 2, 400) * v, 400)
    assert huge.highest == pytest.approx(2e200, rel=1e-3)
    with pytest.raises(ValueError, match="not finite"):
        spread_estimate(lambda v: v * np.nan, 20)


def test_the_same_matrix_gives_the_same_estimate():
    d = np.linspace(-1, 4, 700)
    a, b = (spread_estimate(lambda v: d * v, 700) for _ in range(2))
    np.testing.assert_array_equal(a.nodes, b.nodes)
