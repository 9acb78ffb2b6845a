"""Error bars: closed forms, units, SciPy and NIST agree; what the data do not determine is named, not numbered."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import raphson as rp
from raphson.fit.uncertainty import Uncertainty, uncertainty

T = np.linspace(0, 1, 25)
NOISE = 0.1 * np.random.default_rng(3).standard_normal(T.size)


def complex_jacobian(f: Callable, x: np.ndarray) -> np.ndarray:
    """Derivatives to rounding, without differences: Im f(x + i h e) / h."""
    steps = 1e-30 * np.where(x == 0, 1, np.abs(x))
    return np.stack([f(x + 1j * h * e).imag / h for h, e in zip(steps, np.eye(x.size), strict=True)], axis=1)


def line(sigma: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """J, residuals and parameters of a straight line fitted to noisy data."""
    A = np.stack([np.ones_like(T), T], axis=1) / sigma
    y = (1 + 2 * T + NOISE) / sigma
    x = np.linalg.lstsq(A, y)[0]
    return A, A @ x - y, x


def named(J: np.ndarray, letters: str, **more: object) -> Uncertainty:
    return uncertainty(J, NOISE[: len(J)], np.ones(len(letters)), names=tuple(letters), **more)  # type: ignore[arg-type]


def texts(u: Uncertainty) -> list[str]:
    return [d.text for d in u.undetermined]


def test_a_line_has_the_closed_form() -> None:
    A, r, x = line()
    u = uncertainty(A, r, x, names=("a", "b"))
    s2 = r @ r / (T.size - 2)
    sxx = np.sum((T - T.mean()) ** 2)
    expected = s2 * np.array([[1 / T.size + T.mean() ** 2 / sxx, -T.mean() / sxx], [-T.mean() / sxx, 1 / sxx]])
    np.testing.assert_allclose(u.covariance, expected, rtol=1e-13)
    np.testing.assert_allclose(u.standard_errors, np.sqrt(np.diag(expected)), rtol=1e-13)
    np.testing.assert_allclose(u.root @ u.root.T, expected, rtol=1e-13)
    assert u.degrees == 23 and u.notes == () and u.undetermined == ()
    assert u.correlation[0, 1] == pytest.approx(-T.mean() / np.sqrt(np.mean(T**2)), rel=1e-13)
    assert (u.reduced, u.residual_std) == pytest.approx((s2, np.sqrt(s2)))
    t = scipy.stats.t.ppf(0.975, 23)
    np.testing.assert_allclose(u.interval(), x[:, None] + t * np.outer(u.standard_errors, [-1, 1]), rtol=1e-13)


def test_absolute_sigmas_are_not_rescaled() -> None:
    A, r, x = line(sigma=0.1)
    u = uncertainty(A, r, x, names="ab", absolute=True)
    np.testing.assert_allclose(u.covariance, np.linalg.inv(A.T @ A), rtol=1e-12)
    np.testing.assert_allclose(np.diff(u.interval(0.6826894921370859)).ravel(), 2 * u.standard_errors, rtol=1e-12)
    assert u.notes == ()
    wrong = uncertainty(10 * A, 10 * r, x, names="ab", absolute=True)
    assert any("chi-square" in note and "too large" in note for note in wrong.notes)


def test_the_correlation_of_a_known_pair() -> None:
    """Columns at an angle of cos 0.6 have correlation -0.6."""
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((25, 2)))[0]
    u = named(Q @ np.array([[1.0, 0.6], [0.0, 0.8]]) * [7.0, 1e-5], "ab")
    np.testing.assert_allclose(u.correlation, [[1, -0.6], [-0.6, 1]], rtol=1e-12)
    assert u.condition == pytest.approx(2.0)  # sqrt(1.6 / 0.4), whatever the units


@pytest.mark.parametrize("unit", [1e-6, 1e6])
@pytest.mark.parametrize("i", range(3))
def test_units_of_one_parameter_change_nothing_but_units(unit: float, i: int) -> None:
    J = np.stack([np.exp(-T), T * np.exp(-T), np.exp(-2 * T)], axis=1)
    scale = np.where(np.arange(3) == i, unit, 1.0)
    one = uncertainty(J, NOISE, np.ones(3), names="abc")
    other = uncertainty(J / scale, NOISE, scale, names="abc")
    np.testing.assert_allclose(other.standard_errors, one.standard_errors * scale, rtol=1e-10)
    np.testing.assert_allclose(other.covariance, one.covariance * np.outer(scale, scale), rtol=1e-10)
    np.testing.assert_allclose(other.correlation, one.correlation, rtol=1e-10)
    assert other.notes == one.notes and other.condition == pytest.approx(one.condition)


def test_extreme_units_neither_overflow_nor_vanish() -> None:
    u = uncertainty(np.stack([T, T**2], axis=1) * [1e200, 1e-200], NOISE, [1e-200, 1e200], names="ab")
    same = uncertainty(np.stack([T, T**2], axis=1), NOISE, [1, 1], names="ab")
    np.testing.assert_allclose(u.standard_errors, same.standard_errors * [1e-200, 1e200], rtol=1e-12)


@pytest.mark.parametrize("absolute", [False, True])
def test_the_same_covariance_as_scipy(absolute: bool) -> None:
    random = np.random.default_rng(1)
    t = np.linspace(0, 4, 40)
    sigma = 0.02 + 0.02 * random.random(t.size)
    model = lambda t, a, k, c: a * np.exp(-k * t) + c
    y = model(t, 2.5, 1.3, 0.5) + sigma * random.standard_normal(t.size)
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "method": "trf"}
    jac = lambda t, a, k, c: complex_jacobian(lambda b: model(t, *b), np.array([a, k, c]))
    x, pcov = scipy.optimize.curve_fit(model, t, y, [2, 1, 0], sigma, absolute_sigma=absolute, jac=jac, **tight)
    u = uncertainty(jac(t, *x) / sigma[:, None], (model(t, *x) - y) / sigma, x, names="akc", absolute=absolute)
    np.testing.assert_allclose(u.covariance, pcov, rtol=1e-8)


NIST = {
    "nist-misra1a": lambda b, x: b[0] * (1 - np.exp(-b[1] * x)),
    "nist-chwirut1": lambda b, x: np.exp(-b[0] * x) / (b[1] + b[2] * x),
    "nist-hahn1": lambda b, x: (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1 + x * (b[4] + x * (b[5] + x * b[6]))),
    "nist-mgh10": lambda b, x: b[0] * np.exp(b[1] / (x + b[2])),
    "nist-mgh17": lambda b, x: b[0] + b[1] * np.exp(-x * b[3]) + b[2] * np.exp(-x * b[4]),
    "nist-bennett5": lambda b, x: b[0] * (b[1] + x) ** (-1 / b[2]),
    "nist-lanczos1": lambda b, x: b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) + b[4] * np.exp(-b[5] * x),
    "nist-lanczos2": lambda b, x: b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) + b[4] * np.exp(-b[5] * x),
}


@pytest.mark.parametrize("name", NIST)
def test_nists_certified_standard_deviations(name: str) -> None:
    problem = rp.zoo[name]
    x, model = problem.certified, NIST[name]
    residuals = model(x, problem.x_data) - problem.y_data
    J = complex_jacobian(lambda b: model(b, problem.x_data), x)
    u = uncertainty(J, residuals, x, names=[f"b{i + 1}" for i in range(x.size)])
    assert u.undetermined == ()
    # Lanczos1's residuals are 1e-13: parameters of 11 digits do not reproduce s, only what it multiplies.
    s = problem.residual_std / u.residual_std if name == "nist-lanczos1" else 1.0
    np.testing.assert_allclose(s * u.standard_errors, problem.certified_std, rtol=1e-9)
    if s == 1.0:
        assert u.residual_std == pytest.approx(problem.residual_std, rel=1e-9)


def test_a_sum_in_the_exponent_frees_the_combination_that_it_hides() -> None:
    """y = a exp(b + c t) at a = 3: moving a by 3 and b by -1 changes nothing; c is as well known as without b."""
    e = np.exp(0.2 - T)
    u = uncertainty(np.stack([e, 3 * e, 3 * T * e], axis=1), NOISE, [3, 0.2, -1], names=("a", "b", "c"))
    assert texts(u) == ["3 a - b is free"]
    np.testing.assert_allclose(u.undetermined[0].vector, [3, -1, 0], rtol=1e-10)
    assert u.undetermined[0].eigenvalue < 1e-25
    assert np.isinf(u.standard_errors[:2]).all() and np.isinf(np.diag(u.covariance)[:2]).all()
    assert u.not_determined == ("a", "b") and "3 a - b" in u.notes[0]
    without = uncertainty(np.stack([e, 3 * T * e], axis=1), NOISE, [3, -1], names=("a", "c"))
    assert u.standard_errors[2] == pytest.approx(without.standard_errors[1], rel=1e-12)
    assert u.degrees == without.degrees == T.size - 2


@pytest.mark.parametrize(
    ("J", "expected", "known"),
    [
        ([T, T], ["a - b is free"], ""),
        ([T, 3 * T], ["3 a - b is free"], ""),
        ([T, 1e6 * T], ["a - 1e-06 b is free"], ""),
        ([T, 0.4321 * T, T**2], ["0.43 a - b is free"], "c"),
        ([2 * T, 5 * T, T**2], ["5 a - 2 b is free"], "c"),
        ([T, T, T**2, T**2, T**3], ["a - b is free", "c - d is free"], "e"),
        ([T, 0 * T], ["b is free"], "a"),
        ([T, T**2, T + T**2, np.exp(T)], ["a + b - c is free"], "d"),
        ([0 * T, 0 * T], ["a is free", "b is free"], ""),
    ],
)
def test_undetermined_combinations_in_words(J: list, expected: list[str], known: str) -> None:
    names = "abcde"[: len(J)]
    u = named(np.stack(J, axis=1), names)
    assert texts(u) == expected
    assert "".join(a for a, e in zip(names, u.standard_errors, strict=True) if np.isfinite(e)) == known
    for d in u.undetermined:
        scale = np.linalg.norm(np.stack(J, axis=1) * d.vector)
        assert np.linalg.norm(np.stack(J, axis=1) @ d.vector) <= 1e-13 * max(scale, 1)


def test_nearly_is_not_exactly() -> None:
    """A direction seen at 1e-8 has an error bar and two doubts; with derivatives good to 1e-7 it has none."""
    J = np.stack([T, T + 1e-8 * T**2], axis=1)
    u = named(J, "ab")
    assert np.isfinite(u.standard_errors).all()
    assert any("nearly tied: a and b" in note for note in u.notes)
    assert any("condition" in note for note in u.notes) and any("larger than the value" in note for note in u.notes)
    assert texts(named(J, "ab", error=1e-7)) == ["a - b is free"]
    assert texts(uncertainty(J.astype(np.float32), NOISE, [1, 1], names="ab")) == ["a - b is free"]


def test_a_parameter_at_a_bound_has_no_error_and_is_held_for_the_others() -> None:
    J = np.stack([T, T**2, T**3], axis=1)
    u = named(J, "abc", active=[0, 1, 0])
    assert (u.at_bounds, u.sides, u.degrees) == (("b",), ("upper",), T.size - 2)
    assert np.isnan(u.standard_errors[1]) and np.isnan(u.covariance[1]).all() and np.isnan(u.interval()[1]).all()
    held = named(J[:, [0, 2]], "ac")
    np.testing.assert_allclose(u.standard_errors[[0, 2]], held.standard_errors, rtol=1e-13)
    np.testing.assert_allclose(u.covariance[np.ix_([0, 2], [0, 2])], held.covariance, rtol=1e-12)
    assert any(note.startswith("at a bound: b") for note in u.notes)
    assert named(J, "abc", active=[False, True, True]).sides == ("", "")
    everything = named(J, "abc", active=np.ones(3, bool))
    assert np.isnan(everything.covariance).all() and np.isnan(everything.standard_errors).all()


def test_without_degrees_of_freedom_only_absolute_sigmas_give_errors() -> None:
    J = np.stack([T, T**2], axis=1)[5:7]
    u = named(J, "ab")
    assert u.degrees == 0 and np.isinf(u.standard_errors).all() and np.isnan(u.residual_std)
    assert "2 residuals for 2 parameters" in u.notes[0]
    assert np.isfinite(u.correlation).all() and np.isinf(u.interval()).all()
    known = named(J, "ab", absolute=True)
    np.testing.assert_allclose(known.covariance, np.linalg.inv(J.T @ J), rtol=1e-10)
    fewer = named(np.stack([T, T**2, T**3], axis=1)[5:7], "abc", absolute=True)
    assert len(fewer.undetermined) == 1 and np.isinf(fewer.standard_errors).all()


def test_the_exact_hessian_says_where_the_linear_intervals_are_rough() -> None:
    J = np.stack([np.ones_like(T), T], axis=1)
    H = J.T @ J
    assert named(J, "ab", hessian=H * 1.1).notes == ()
    (note,) = named(J, "ab", hessian=H / 4).notes
    assert "strong curvature" in note and "2 times" in note
    (note,) = named(J, "ab", hessian=-H).notes
    assert "not positive definite" in note
    unit = np.array([1e8, 1e-8])
    (note,) = named(J * unit, "ab", hessian=H / 4 * np.outer(unit, unit)).notes[:1]
    assert "2 times" in note


def test_doubts_about_the_noise_itself() -> None:
    J = np.stack([np.ones_like(T), T], axis=1)
    exact = uncertainty(J, 1e-16 * NOISE, [1, 1], names="ab")
    assert any("residuals are rounding" in note for note in exact.notes)
    assert any("only 2" in note for note in named(J[:4], "ab").notes)
    assert any("robust" in note for note in named(J, "ab", loss_linear=False).notes)
    for bad in (np.nan, np.inf):
        u = named(np.full_like(J, bad), "ab")
        assert np.isnan(u.standard_errors).all() and np.isnan(u.covariance).all() and "not finite" in u.notes[0]


@pytest.mark.parametrize("probability", [0.3934693402873666, 0.68, 0.95])
@pytest.mark.parametrize("absolute", [True, False])
def test_the_ellipse_holds_what_it_says(probability: float, absolute: bool) -> None:
    """20 000 fits of a line to 8 points: the truth lies within the ellipse in the claimed share of them."""
    random, t, count = np.random.default_rng(7), np.linspace(0, 1, 8), 20_000
    A = np.stack([np.ones_like(t), 1e4 * t], axis=1)
    R = random.standard_normal((t.size, count))
    errors = np.linalg.lstsq(A, R)[0]
    s = 1.0 if absolute else np.linalg.norm(R - A @ errors, axis=0) / np.sqrt(6)
    # The shape is the same for all; an s of 1 makes the reference, each fit scales it by its own.
    r = np.sqrt(6 / 8) * np.ones(8)
    e = uncertainty(A, r, [0, 0], names=("a", "b"), absolute=absolute).ellipse("a", "b", probability)
    inside = np.linalg.norm((e.axes.T @ errors) / e.semi_axes[:, None], axis=0) <= s
    assert np.mean(inside) == pytest.approx(probability, abs=4 * np.sqrt(probability * (1 - probability) / count))


def test_the_ellipse_of_a_known_covariance() -> None:
    """Variances 2 and correlation 0.5: axes along the diagonals, semi-axes sqrt 3 and 1, times the factor."""
    root = np.linalg.cholesky(np.array([[2.0, 1.0], [1.0, 2.0]]))
    J = np.vstack([np.linalg.inv(root), np.zeros((20, 2))])
    u = uncertainty(J, np.ones(22), [5, 6], names="ab", absolute=True)
    e = u.ellipse(0, 1, 1 - np.exp(-0.5))
    np.testing.assert_allclose(e.semi_axes, [np.sqrt(3), 1], rtol=1e-12)
    assert (e.factor, e.angle, e.one_sigma) == pytest.approx((1, 45, 0.3934693))
    assert u.ellipse("b", "a").factor == pytest.approx(np.sqrt(scipy.stats.chi2.ppf(0.68, 2)))
    assert u.ellipse("a", "b").probability == 0.68 and "holds 68 %" in str(u.ellipse("a", "b"))
    curve = e.points()
    np.testing.assert_allclose(curve.max(axis=1) - [5, 6], np.sqrt([2, 2]), rtol=1e-3)
    estimated = uncertainty(J, np.ones(22), [5, 6], names="ab").ellipse("a", "b", 0.9)
    assert estimated.factor == pytest.approx(np.sqrt(2 * scipy.stats.f.ppf(0.9, 2, 20)), rel=1e-12)


def test_wrong_input_is_named() -> None:
    A, r, x = line()
    u = uncertainty(A, r, x, names="ab")
    with pytest.raises(ValueError, match="3 names"):
        uncertainty(A, r, x, names="abc")
    with pytest.raises(ValueError, match="hessian"):
        uncertainty(A, r, x, names="ab", hessian=np.eye(3))
    with pytest.raises(ValueError, match="between 0 and 1"):
        u.interval(95)
    with pytest.raises(ValueError, match="twice"):
        u.ellipse("a", 0)
    with pytest.raises(ValueError, match="b has no finite"):
        named(np.stack([T, 0 * T], axis=1), "ab").ellipse("a", "b")


def test_a_hessian_that_is_not_finite_spoils_no_report() -> None:
    """J is finite where |x|^(3/2) ends, the second derivative is not (CUTEst's CERI651C ended in a LinAlgError)."""
    for count in (2, 600):  # dense and sparse

        def residuals(x):
            return jnp.concatenate([x + jnp.abs(x) ** 1.5, 0.5 * (x + jnp.abs(x) ** 1.5) - 0.0])

        fit = rp.least_squares(residuals, np.zeros(count))
        assert "the exact Hessian is not finite here" in str(fit)
        assert np.isfinite(fit.standard_errors).all()
