"""Functions of other people's bug reports, by kind: what may be called a minimum, and what may not."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.certificate.verdict import Cause, Verdict


@pytest.mark.parametrize("start", [3e7, 1e8, -1e9, 1e10, 1e12])
def test_a_far_start_excuses_nothing(start):
    """The minimum is at 1 from wherever the run began, or it is no success."""
    result = rp.minimize(lambda x: jnp.sum((x - 1) ** 4 + (x - 1) ** 2), [start])
    assert result.success and abs(result.x[0] - 1) < 1e-6, result.message


@pytest.mark.parametrize("method", ["auto", "newton", "trust-exact", "bfgs", "lbfgs"])
def test_a_degenerate_point_is_no_minimum(method):
    """x^3 + y^2 has no bottom, though slope and curvature vanish at 0."""
    result = rp.minimize(lambda x: x[0] ** 3 + x[1] ** 2, [1.0, 1.0], method=method)
    assert not result.success
    assert result.certificate.cause in (Cause.ENDLESS, Cause.FALLS), result.message
    assert result.certificate.lower > 0


@pytest.mark.parametrize(
    ("fun", "start"),
    [
        (lambda x: jnp.exp(-x[0]), 0.0), (lambda x: 1 + jnp.exp(-x[0]), 0.0), (lambda x: 1 / (1 + x[0] ** 2), 1.0),
        (lambda x: -jnp.log(x[0]), 1.0), (lambda x: -jnp.arctan(x[0]), 1.0), (lambda x: 1 / x[0], 1.0),
    ],
)  # fmt: skip
def test_an_infimum_at_infinity_is_no_minimum(fun, start):
    result = rp.minimize(fun, [start])
    assert result.certificate.verdict in (Verdict.RECEDES, Verdict.UNBOUNDED), result.message
    assert "another start" not in str(result)


def test_separable_data_have_no_logistic_minimum():
    X = np.c_[np.ones(40), np.linspace(-3, 3, 40)]
    y = (X[:, 1] > 0.4) * 1.0
    for start in ([0.0, 0.0], [1.0, 1.0]):
        result = rp.minimize(lambda b: np.sum(np.logaddexp(0, X @ b) - y * (X @ b)), start)
        assert result.certificate.verdict == Verdict.RECEDES, result.message


F = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0], [1, 0, 0.0]])
K = np.array([1, 0.3, 0.5])


@pytest.mark.parametrize("method", ["auto", "trust-exact"])
@pytest.mark.parametrize("seed", [1, 5])
def test_two_classes_apart_have_no_softmax_minimum(method, seed):
    """Weights of both classes (one set too many) of data that a plane parts, with np.exp: H overflows on the way."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(30, 4))
    first = A @ [1, -2, 0.5, 0] + 0.3 * rng.normal(size=30) > 0

    def loss(w):
        score, other = A @ w[:4], A @ w[4:]
        return np.sum(np.log(np.exp(score) + np.exp(other))) - np.sum(np.where(first, score, other))

    assert not rp.minimize(loss, np.zeros(8), method=method).success


@pytest.mark.parametrize("method", ["auto", "trust-exact", "bfgs", "lbfgs", "newton"])
def test_a_flat_direction_of_a_convex_function_is_left_alone(method):
    """No step where slope and curvature are rounding; the minimum is shown, and x1 stays where it was."""
    result = rp.minimize(lambda x: jnp.log(jnp.sum(jnp.exp(F @ x))) - K @ x, [0, 0, 0.0], method=method)
    assert result.success, result.message
    assert abs(result.value - 1.559132167) < 1e-9 and abs(result.x[0]) < 10


EVERY = [
    "auto", "newton", "damped-newton", "damped", "trust-exact", "dogleg", "cubic", "trust-cg",
    "newton-cg", "bfgs", "dfp", "sr1", "lbfgs",
]  # fmt: skip
"""Methods that look for minima by curvature."""


@pytest.mark.parametrize("method", EVERY)
def test_a_quadratic_of_redundant_variables_has_its_minimum(method):
    """Normal equations of fewer columns than variables: the null space of H is at no axis, slopes along it are the
    rounding of H x, and a step of rounding over rounding is as long as x. Newton's method ran to f = -1e41."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        A = rng.normal(size=(11, 1 + seed % 4)) @ rng.normal(size=(1 + seed % 4, 6)) * 10.0 ** rng.uniform(-0.5, 0.5, 6)
        A *= 10.0 ** rng.uniform(-3, 3)
        b, x0 = rng.normal(size=11), rng.normal(size=6)
        H, best = A.T @ A, np.linalg.pinv(A) @ b
        result = rp.minimize(lambda x, H, h: 0.5 * x @ H @ x - h @ x, x0, args=(H, A.T @ b), method=method)
        assert result.success, (seed, result.message)
        # f is a sum of terms of this size; the way along the null space is no longer than x0 itself
        rounding = 1e-14 * (np.abs(result.x) @ np.abs(H) @ np.abs(result.x))
        assert abs(result.value + 0.5 * best @ H @ best) <= 1e-9 * abs(result.value) + rounding
        if method in EVERY[:9]:  # quasi-Newton methods take first steps that are not those of the quadratic
            assert np.linalg.norm(result.x - x0) <= 10 * np.linalg.norm(best - x0)


def test_a_kink_is_named_with_both_slopes():
    result = rp.minimize(lambda x: jnp.abs(x[0] - 0.3), [1.0])
    assert result.success and result.certificate.verdict == Verdict.KINK
    np.testing.assert_allclose(result.certificate.slopes, (-1, 1), rtol=1e-6)
    many = rp.minimize(lambda x: jnp.abs(x[0] - 0.3) + 2 * jnp.abs(x[1] - x[0]) + 0.1 * x[1] ** 2, [1.0, 2.0])
    assert not many.success or many.value < 0.01


LAPLACE = np.random.default_rng(0).laplace(2, 1.5, 21)
"""Data whose median is a kink of their likelihood."""

BENT = {
    "laplace": (lambda p: 21 * p[1] + jnp.sum(jnp.abs(LAPLACE - p[0])) * jnp.exp(-p[1]), [1.0, 1.0], 36.33428859908222),
    "a ridge": (lambda p: jnp.abs(p[0] - 0.3) + 2 * jnp.abs(p[1] - p[0]) + 0.1 * p[1] ** 2, [2.0, 1.0], 0.009),
    "one smooth variable": (lambda p: jnp.abs(p[0] - 1) + (p[1] - 2) ** 2, [3.0, 3.0], 0.0),
}
"""Functions with kinks: a start, and the lowest value (closed forms)."""


# On the ridge rounding decides whether a run stays on it: with a*b + c rounded twice it is begun again beside it.
@pytest.mark.parametrize("name", BENT)
def test_minima_at_kinks_are_found_and_shown(name):
    fun, x0, lowest = BENT[name]
    result = rp.minimize(fun, x0)
    assert result.success and result.certificate.verdict == Verdict.KINK, result.message
    assert result.certificate.proof == "likely" and result.value - lowest < 1e-9


def test_points_on_a_kink_that_are_no_minima_are_not_called_so():
    """Newton's methods end anywhere along a ridge; so do all on |1 - x| + 100 |y - x^2|, whose minimum is at (1, 1)."""
    ridge = rp.minimize(BENT["a ridge"][0], BENT["a ridge"][1], method="dogleg")
    bent = rp.minimize(lambda p: jnp.abs(1 - p[0]) + 100 * jnp.abs(p[1] - p[0] ** 2), [-1.2, 1.0])
    for result in (ridge, bent):
        assert result.value > 0.05 and not result.success, result.message


@pytest.mark.parametrize("seam", [0.0, 1.0, -40.0])
@pytest.mark.parametrize("power", [2.0, 3.0])
def test_a_seam_that_derivatives_see_from_one_side_is_no_minimum(power, seam):
    """sign(x - s)|x - s|^p + ...: Newton's method lands on s, where slope and curvature are of the right piece."""
    fun = lambda x, p, s: jnp.sign(x[0] - s) * jnp.abs(x[0] - s) ** p + (x[0] - s) ** 2 * (x[0] > s) + (x[1] - 3) ** 2
    result = rp.minimize(fun, [seam + 2.0, 1.0], (power, seam))
    assert not result.success, result.message
    smooth = lambda x, p, s: jnp.abs(x[0] - s) ** 2 + (x[0] - s) ** 2 * (x[0] > s) + (x[1] - 3) ** 2
    assert rp.minimize(smooth, [seam + 2.0, 1.0], (power, seam)).success


@pytest.mark.parametrize("place", [1e5, 1e9, 1e11, 3e11, 1e12, 5e12])
def test_near_relative_to_x_is_not_near_where_f_bends_much_faster(place):
    """A step of 1e-13 x changes sin(x) by a tenth at 1e12: success only as far as rounding x allows."""
    result = rp.minimize(lambda x: jnp.sin(x[0]), [place])
    allowed = 0.5 * (64 * np.spacing(place)) ** 2 + 1e-6
    assert not result.success or result.value < -1 + allowed, result.message
    assert place > 1e9 or result.success


@pytest.mark.parametrize("start", [100.0, 300.0, 600.0])
def test_a_large_value_here_does_not_hide_that_f_rises_far_away(start):
    """exp(x) - x rises without end on both sides: nothing falls for ever there."""
    result = rp.minimize(lambda x: jnp.exp(x[0]) - x[0], [start], method="dogleg")
    assert result.certificate.verdict not in (Verdict.RECEDES, Verdict.UNBOUNDED), result.message


def test_a_corner_of_a_box_with_a_level_direction():
    result = rp.minimize(lambda x: -x[0] + 0 * x[1], [0.5, 0.5], bounds=[(0, 1), (0, 1)])
    assert result.success and result.certificate.flat == ("x2",), result.message


TARGETS = np.array([[0.032, 0.056, 0.099], [1.0, 1.4, 1.9], [-3.0, -2.0, -0.5]])


def exponential(y, data):
    """y1 + y2 y3^t at t = 1, 2, 3, less data: from y3 below 1 the way to the best y3 above 1 leads to infinity."""
    return y[0] + y[1] * jnp.power(y[2], jnp.array([1.0, 2.0, 3.0])) - data


@pytest.mark.parametrize("start", [[1.2, -1.2, 0.98], [5.0, -5.0, 0.99]])
@pytest.mark.parametrize("data", TARGETS)
def test_a_valley_to_infinity_has_no_minimum_on_the_way(data, start):
    """CUTEst's HATFLDFL and its like: every run from beside ends a little lower. A perfect fit exists on the other
    side, and nothing else is a minimum; as a fit and as a scalar function."""
    whole = rp.minimize(lambda y: jnp.sum(exponential(y, data) ** 2), start)
    fitted = rp.least_squares(exponential, start, args=(data,))
    for result in (whole, fitted):
        assert not result.success or result.value < 1e-15, (result.message, result.x)


def test_a_constant_function_is_flat():
    result = rp.minimize(lambda x: 3.0 + 0 * x[0], [1.0, 2.0])
    assert result.certificate.verdict == Verdict.FLAT and not result.success


def peano(x):
    """Every straight line through 0 rises, and 0 is no minimum: f = -y^4 + y^6 along x = 2 y^2."""
    return (x[0] - x[1] ** 2) * (x[0] - 3 * x[1] ** 2) + x[1] ** 6


T = np.linspace(0, 2, 15)


def sleeping(x):
    """A line and an exponential whose rate the bound 0 holds: constant, slope and amplitude do its work there."""
    return jnp.sum((x[0] + x[1] * T + x[3] * jnp.exp(-x[2] * T) - 1 + 0.3 * T - 2 * np.exp(-1.5 * T)) ** 2)


@pytest.mark.parametrize(
    ("fun", "start", "bounds", "lowest"),
    [
        (peano, [1.0, 0.0], None, -4 / 27),
        (sleeping, [4.0, 1.0, 0.0, -1.0], [(None, None)] * 2 + [(0, None), (None, None)], 0.0),
    ],
)
def test_a_plateau_that_straight_lines_do_not_show_is_left(fun, start, bounds, lowest):
    """H is singular, f rises along every straight line, and a run begun beside the point gets lower (Peano 1884)."""
    result = rp.minimize(fun, start, bounds=bounds)
    assert not result.success or result.value < lowest + 1e-9, result.message
    assert result.success, result.message


def test_a_minimum_where_the_formula_has_no_derivative_is_not_stepped_on():
    """f = r^2 + r^4 is smooth, but the derivative of r is NaN at 0: small variables are not rounded to 0 there."""
    result = rp.minimize(lambda x: (lambda r: r**2 + r**4)(jnp.sqrt(jnp.sum(x**2))), [3.0, -2.0])
    assert result.success and result.value < 1e-20, result.message


def test_products_see_a_variable_of_tiny_curvature():
    """sum(cosh(d x - 1) - 1) with one d = 1e-8, n = 5000: success only if that variable is where it should be."""
    d = np.ones(5000)
    d[7] = 1e-8
    result = rp.minimize(lambda x: jnp.sum(jnp.cosh(d * x - 1) - 1), jnp.zeros(5000))
    assert not result.success or abs(result.x[7] * 1e-8 - 1) < 1e-4, result.message


def test_products_see_one_negative_eigenvalue():
    values = np.linspace(1, 1e4, 4200)
    values[0] = -1e-2
    result = rp.minimize(lambda x: 0.5 * jnp.sum(values * x**2) + jnp.sum(x**4), jnp.zeros(4200))
    assert not result.success or result.value < 0, result.message


def cancelling(x, w, c, goes):
    """Terms that cancel to 0 at y = 1: what z adds is lost in their rounding long before it is 0 itself."""
    y, z = x[:20], x[20:]
    return jnp.sum(w * ((y**2 + c @ jnp.where(goes, jnp.exp(-z), z**2)) ** 2 - 4 * y + 3))


@pytest.mark.parametrize("goes", [False, True])
def test_terms_that_cancel_hide_a_variable_and_no_minimum(goes):
    """z = 0 is the minimum as far as f tells (CUTEst's ARWHEAD); where exp(-z) stands for z^2 there is none."""
    rng, wrong = np.random.default_rng(0), []
    for _ in range(8):
        w, c = 2.0 ** rng.integers(-6, 7) * rng.uniform(0.5, 2, 20), rng.uniform(0, 1, (20, 2))
        start = np.concatenate([1 + rng.uniform(-0.5, 0.5, 20), rng.normal(size=2)])
        result = rp.minimize(cancelling, start, args=(w, c, goes))
        if result.success == goes or (not goes and np.max(np.abs(result.x[20:])) > 1e-7):
            wrong.append(result.message)
    assert not wrong, "\n".join(wrong)
