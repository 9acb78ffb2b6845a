"""As many equations as unknowns: roots that methods of descent do not reach, by full Newton steps."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp


def winding(x, rho):
    """The oscillating path of Nesterov (CUTEst's OSCIPANE): one root, (1, ..., 1), at the end of a long valley."""
    return jnp.concatenate([(x[:1] - 1) / 2, rho * (x[1:] - 2 * x[:-1] ** 2 + 1)])


def through_points(x, t, y):
    """x1 + x2 x3^t through three points (CUTEst's HATFLDFLNE): |r| also tends to a positive limit far away."""
    return x[0] + x[1] * x[2] ** t - y


@pytest.mark.parametrize("rho", [500.0, 100.0])
def test_the_end_of_a_winding_valley(rho):
    """Levenberg-Marquardt makes 20 000 trials and is not halfway; the root is 60 full steps away."""
    x0 = np.ones(10)
    x0[0] = -1
    fit = rp.least_squares(winding, x0, args=(rho,))
    assert fit.success and fit.method == "newton-raphson" and np.allclose(fit.x, 1) and fit.value == 0
    assert "full Newton steps" in " ".join(fit.reasons) and fit.nfev > fit.nit  # all methods' evaluations are counted


def test_a_root_behind_a_hill():
    """CUTEst's start and data: before, an infimum at infinity was all that was found."""
    t, y = np.array([1.0, 2.0, 3.0]), np.array([0.032, 0.056, 0.099])
    fit = rp.least_squares(through_points, [1.2, -1.2, 0.98], args=(t, y))
    assert fit.success and np.max(np.abs(fit.residuals)) < 1e-15


def test_limits_of_the_caller_hold():
    """Who limits the steps gets no method that he did not ask for."""
    fit = rp.least_squares(winding, np.r_[-1.0, np.ones(9)], args=(500.0,), max_steps=50)
    assert not fit.success and fit.method == "lm" and fit.nit <= 50


def test_no_root_no_claim():
    """Square systems without a root: the least sum of squares, or an honest no; never full steps' word for it."""
    rng = np.random.default_rng(0)

    def lifted(x, A, b, c):
        return (A @ x - b) ** 2 + c

    for _ in range(20):
        A, b, c = rng.normal(size=(3, 3)), rng.normal(size=3), rng.uniform(0.1, 1, 3)
        fit = rp.least_squares(lifted, rng.normal(size=3), args=(A, b, c))
        assert fit.method != "newton-raphson"
        assert not fit.success or np.isclose(fit.value, 0.5 * c @ c, rtol=1e-9)


def singular(y, k, R, size):
    """Terms of degrees 2, 3 and 4 and one root, 0, where J = 0 (CUTEst's DENSCHNDNE, turned by R)."""
    x = R @ y
    first = k[0] * x[0] ** 2 + k[1] * x[1] ** 3 - k[2] * x[2] ** 4
    return size * jnp.stack(
        [first, k[3] * x[0] * x[1] * x[2], k[4] * x[0] * x[1] - k[5] * x[1] * x[2] + k[6] * x[0] * x[2]]
    )


def test_a_singular_root_at_zero():
    """Every method creeps there, down to 1e-100 and below all thresholds, but the last digit of x never comes.

    Before: 12 of these 40 ended without success, at f between 1e-45 and 1e-115 of what it was.
    """
    for seed in range(40):
        rng = np.random.default_rng(seed)
        k = rng.uniform(0.5, 3, 7) * rng.choice([1, 1, 1, -1], 7)
        R = np.eye(3) if rng.random() < 0.5 else np.linalg.qr(rng.normal(size=(3, 3)))[0]
        args = k, R, 10.0 ** rng.choice([0, 0, 20, -20])
        fit = rp.least_squares(singular, rng.normal(size=3) * 10 ** rng.uniform(0, 2), args=args)
        assert fit.success and fit.value == 0 and not fit.x.any(), f"{seed}: {fit.message}"


@pytest.mark.parametrize("size", [1.0, 1e-30, 1e30])
def test_a_small_sum_of_squares_is_no_root(size):
    """Far down a slope, or at a least value that is small: f being so much less than it was shows nothing."""
    away = rp.least_squares(lambda x: size * jnp.exp(-x), [1.0])
    assert not away.success or away.value == 0
    beside = rp.least_squares(lambda x: size * jnp.stack([x[0] - 1e-9, x[0] + 1e-9, x[1] ** 2]), [1e8, 1.0])
    assert not beside.success or np.isclose(beside.value, size**2 * 1e-18)
    far = rp.least_squares(lambda x: size * (x - 1) ** 2, [1e12])
    assert not far.success or np.isclose(far.x[0], 1, atol=1e-3)


def folds(x, power):
    """A triangle of sums whose last one is raised to a power: the root is 0, and J there has two columns of zeros."""
    s = jnp.cumsum(x)
    return jnp.concatenate([s[:-2], s[-2:-1] ** 2, s[-1:] ** power])


@pytest.mark.parametrize("start", [10.0, -3.0])
def test_a_root_of_high_order_is_taken_where_somebody_stops_the_run(start):
    """Newton's method comes nearer by a fifth a step: CUTEst's 10FOLDTR (n = 1000) had residuals of 1e-64 when its
    minute was over, and no success. A run stopped at a point beside which no residual vanishes keeps its own x."""
    x0, trials = start * np.ones(6), []

    def stop(intermediate_result):
        trials.append(1)
        return len(trials) >= 120

    fit = rp.least_squares(lambda x: folds(x, 5), x0, callback=stop)
    assert fit.success and fit.value == 0 and not np.any(fit.x), fit.message
    trials.clear()
    apart = rp.least_squares(lambda x: jnp.append(folds(x, 5), 1e-3), x0, callback=stop)
    assert np.all(apart.x != 0) and apart.value > 0
