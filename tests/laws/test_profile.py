"""Profiles: the t interval where the model is linear, the contour where it is not, open ends said to be open."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import raphson as rp
from raphson.fit.profile import profile
from raphson.fit.uncertainty import uncertainty

T = np.linspace(0.2, 3, 15)
RANDOM = np.random.default_rng(5)


def refitter(residual: Callable) -> Callable:
    """Minimizes 1/2 sum r^2 over all parameters but one."""

    def refit(i: int, value: float, start: np.ndarray) -> tuple[np.ndarray, float]:
        whole = lambda rest: np.insert(rest, i, value)
        inner = scipy.optimize.least_squares(
            lambda rest: residual(whole(rest)), np.delete(start, i), xtol=1e-15, ftol=1e-15, gtol=1e-15, x_scale="jac"
        )
        return whole(inner.x), inner.cost

    return refit


class Line:
    """A straight line with noise: everything about it is known in closed form."""

    A = np.stack([np.ones_like(T), T], axis=1)
    y = 1 + 2 * T + 0.3 * RANDOM.standard_normal(T.size)
    x = np.linalg.lstsq(A, y)[0]
    residuals = A @ x - y
    cost = 0.5 * residuals @ residuals
    u = uncertainty(A, residuals, x, names=("a", "b"))

    @staticmethod
    def refit(i: int, value: float, start: np.ndarray) -> tuple[np.ndarray, float]:
        x = np.zeros(2)
        x[i] = value
        rest = Line.y - Line.A[:, i] * value
        x[1 - i] = np.linalg.lstsq(Line.A[:, [1 - i]], rest)[0][0]
        r = Line.A @ x - Line.y
        return x, 0.5 * r @ r


@pytest.mark.parametrize("i", [0, 1])
@pytest.mark.parametrize("wrong_step", [1e-3, 0.5, 1.0, 30.0])
def test_of_a_linear_model_it_is_the_t_interval(i: int, wrong_step: float) -> None:
    """Whatever step the search begins with."""
    step = wrong_step * Line.u.standard_errors[i]
    p = profile(Line.refit, Line.x, i, Line.cost, degrees=Line.u.degrees, scale2=Line.u.reduced, step=step)
    np.testing.assert_allclose([p.low, p.high], Line.u.interval()[i], rtol=1e-7)
    assert p.complete and p.notes == () and p.skew == pytest.approx(1, abs=1e-6)
    assert p.refits <= (2 if wrong_step == 1 else 20)


def test_absolute_sigmas_take_the_chi_square_quantile() -> None:
    u = uncertainty(Line.A, Line.residuals, Line.x, names=("a", "b"), absolute=True)
    for degrees in (None, np.inf):
        p = profile(Line.refit, Line.x, 1, Line.cost, degrees=degrees, scale2=1, step=u.standard_errors[1])
        np.testing.assert_allclose([p.low, p.high], u.interval()[1], rtol=1e-7)
        assert p.threshold - Line.cost == pytest.approx(scipy.stats.chi2.ppf(0.95, 1) / 2)


class Decay:
    """y = a exp(-k t), few and noisy data: the profile of k is lopsided."""

    y = 2 * np.exp(-1.2 * T) + 0.15 * RANDOM.standard_normal(T.size)

    @staticmethod
    def residual(x: np.ndarray) -> np.ndarray:
        return x[0] * np.exp(-x[1] * T) - Decay.y


@pytest.fixture(scope="module")
def decay() -> tuple[np.ndarray, float, np.ndarray]:
    fit = scipy.optimize.least_squares(Decay.residual, [1.0, 1.0], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    return fit.x, fit.cost, uncertainty(fit.jac, fit.fun, fit.x, names=("a", "k")).standard_errors


@pytest.mark.parametrize("probability", [0.68, 0.95])
def test_of_a_nonlinear_model_its_ends_lie_on_the_contour(decay: tuple, probability: float) -> None:
    x, cost, errors = decay
    nu, s2 = T.size - 2, 2 * cost / (T.size - 2)
    refit = refitter(Decay.residual)
    p = profile(refit, x, 1, cost, degrees=nu, scale2=s2, probability=probability, step=errors[1])
    threshold = cost + s2 / 2 * scipy.stats.f.ppf(probability, 1, nu)
    assert p.complete and p.threshold == pytest.approx(threshold)
    for end in (p.low, p.high):
        assert refit(1, end, x)[1] == pytest.approx(threshold, rel=1e-7)
        assert end in p.points
    assert p.high - x[1] > 1.05 * (x[1] - p.low) and p.skew > 1.05
    assert np.all(np.diff(p.points) > 0) and p.path.shape == (p.points.size, 2)
    np.testing.assert_array_equal(p.path[:, 1], p.points)
    assert p.costs.min() == cost and p.refits <= 30


def test_it_does_not_depend_on_how_the_parameter_is_written(decay: tuple) -> None:
    """The interval of log k is the logarithm of that of k."""
    x, cost, errors = decay
    nu, s2 = T.size - 2, 2 * cost / (T.size - 2)
    p = profile(refitter(Decay.residual), x, 1, cost, degrees=nu, scale2=s2, step=errors[1])
    other = refitter(lambda z: Decay.residual(np.array([z[0], np.exp(z[1])])))
    z = np.array([x[0], np.log(x[1])])
    q = profile(other, z, 1, cost, degrees=nu, scale2=s2, step=errors[1] / x[1])
    np.testing.assert_allclose([q.low, q.high], np.log([p.low, p.high]), rtol=1e-6)


def test_a_cost_that_levels_off_leaves_the_interval_open() -> None:
    """y = a (1 - exp(-k t)), saturated from the first point on: no upper end of k."""
    y = 3 + 0.2 * np.random.default_rng(0).standard_normal(T.size)
    y[0] = 2.75  # exp(-0.2 k) = 1/12
    residual = lambda x: x[0] * -np.expm1(-x[1] * T) - y
    fit = scipy.optimize.least_squares(residual, [3.0, 10.0], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    u = uncertainty(fit.jac, fit.fun, fit.x, names=("a", "k"))
    p = profile(
        refitter(residual), fit.x, 1, fit.cost, degrees=u.degrees, scale2=u.reduced, step=u.standard_errors[1], name="k"
    )
    assert p.high == np.inf and 0 < p.low < fit.x[1]
    assert not p.complete and np.isnan(p.skew)
    (note,) = p.notes
    assert note.startswith("no upper end of k: the cost is flat") and "% of what the threshold asks" in note


def test_edges_and_budgets_leave_it_open_too() -> None:
    about = {"degrees": Line.u.degrees, "scale2": Line.u.reduced, "step": Line.u.standard_errors[1], "name": "b"}
    low = Line.x[1] - Line.u.standard_errors[1]
    fails = lambda i, value, start: (start, np.nan) if value < low else Line.refit(i, value, start)
    p = profile(fails, Line.x, 1, Line.cost, **about)
    assert p.low == -np.inf and np.isfinite(p.high) and "not finite beyond" in p.notes[0] and not p.complete

    jumps = lambda i, value, start: (start, 1e6) if value < low else Line.refit(i, value, start)
    p = profile(jumps, Line.x, 1, Line.cost, **about, budget=100)
    assert p.low == -np.inf and np.isfinite(p.high) and "jumps" in p.notes[0]

    # An edge beyond the end does not matter.
    beyond = Line.u.interval()[1, 0] - 0.1 * Line.u.standard_errors[1]
    fails = lambda i, value, start: (start, np.nan) if value < beyond else Line.refit(i, value, start)
    p = profile(fails, Line.x, 1, Line.cost, **(about | {"step": 3 * about["step"]}))
    np.testing.assert_allclose([p.low, p.high], Line.u.interval()[1], rtol=1e-7)
    assert p.complete

    p = profile(Line.refit, Line.x, 1, Line.cost, **(about | {"step": 1e-5}), budget=4)
    assert not p.complete and p.refits <= 8 and all("refits were not enough" in note for note in p.notes)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.999, 1.001, 1.5])
def test_no_interval_reaches_beyond_a_bound(side: int, share: float) -> None:
    """A bound that lies nearer than the end is the end, and that is said; one beyond the end changes nothing."""
    about = {"degrees": Line.u.degrees, "scale2": Line.u.reduced, "step": Line.u.standard_errors[1], "name": "b"}
    ends = Line.u.interval()[1]
    bounds = [-np.inf, np.inf]
    bounds[side] = Line.x[1] + share * (ends[side] - Line.x[1])
    p = profile(Line.refit, Line.x, 1, Line.cost, **about, bounds=tuple(bounds))
    found = [p.low, p.high]
    assert found[1 - side] == pytest.approx(ends[1 - side], rel=1e-7)
    assert np.all((p.points >= bounds[0]) & (p.points <= bounds[1]))
    if share > 1:
        assert found[side] == pytest.approx(ends[side], rel=1e-7) and p.complete and p.notes == () and p.at_bounds == ()
    else:
        word = ("lower", "upper")[side]
        assert found[side] == bounds[side] and not p.complete and p.at_bounds == (word,) and np.isnan(p.skew)
        assert p.notes[0].startswith(f"the {word} end of b is its bound")


DOSES = np.linspace(0.1, 4, 40)
BOUNDED = {
    "inside, the lower bound nearer than the end": (0.01, (0.0, np.inf)),
    "held by it": (-0.05, (0.0, np.inf)),
    "both bounds nearer than the ends": (0.01, (0.0, 0.02)),
}


@pytest.mark.parametrize("kind", BOUNDED)
@pytest.mark.parametrize("unit", [1.0, 1e-9])
def test_fits_with_bounds_hand_them_to_their_profiles(kind: str, unit: float) -> None:
    """a for a >= 0, in any unit: the interval is that without bounds, as far as the bounds reach."""
    true, bounds = BOUNDED[kind]
    y = 2 * DOSES + true * DOSES**2 + 0.1 * np.random.default_rng(3).standard_normal(DOSES.size)
    model = lambda t, a, b, unit: a / unit * t**2 + b * t
    low, high = np.array(bounds) * unit
    fit = rp.least_squares(
        lambda p, t, y, unit: model(t, *p, unit) - y, [0.005 * unit, 1.0], args=(DOSES, y, unit),
        bounds=([low, -np.inf], [high, np.inf]), names=("a", "b"),
    )  # fmt: skip
    p = fit.profile("a")
    A = np.stack([DOSES**2, DOSES], axis=1)
    x = np.linalg.lstsq(A, y)[0]
    assert p.low == low and np.all((p.points >= low) & (p.points <= high)) and not p.complete
    if np.isinf(high):  # the end where the unbounded line's cost is the threshold, by its closed form
        rise = p.threshold - 0.5 * np.sum((A @ x - y) ** 2)
        inverse = np.linalg.inv(A.T @ A)
        assert p.high / unit == pytest.approx(x[0] + np.sqrt(2 * rise * inverse[0, 0]), rel=1e-6)
    else:
        assert p.high == high and p.at_bounds == ("lower", "upper")


def huber_asymptotics(c: float) -> tuple[float, float]:
    """mean(psi^2) and mean(psi') of Huber's psi with scale c for normal residuals. Source: Huber (1981), 4.5."""
    inside = 2 * scipy.stats.norm.cdf(c) - 1
    return inside - 2 * c * scipy.stats.norm.pdf(c) + c**2 * (1 - inside), inside


@pytest.mark.parametrize("c", [0.2, 1.345])
@pytest.mark.parametrize("loss", ["huber", "soft_l1", "cauchy"])
def test_of_many_data_a_robust_profile_is_the_interval_of_its_standard_error(loss: str, c: float) -> None:
    """2 (cost(v) - cost) -> (v - v0)^2 mean(psi') / [(J'J)^-1]_ii, not (v - v0)^2 / [...]: the threshold knows."""
    t = np.linspace(-1, 1, 4000)
    y = 1 + 2 * t + np.random.default_rng(1).standard_normal(t.size)
    fit = rp.least_squares(LINE, [0.0, 0.0], args=(t, y), loss=loss, f_scale=c)
    p = fit.profile(1)
    # Of 4000 residuals 600 lie where Huber's loss of scale 0.2 bends: their number says mean(psi') to 4 %.
    np.testing.assert_allclose([p.low, p.high], fit.uncertainty.interval()[1], atol=0.15 * fit.standard_errors[1])
    assert p.complete and p.high - p.low == pytest.approx(np.ptp(fit.uncertainty.interval()[1]), rel=0.06)
    if loss == "huber":
        square, bend = huber_asymptotics(c)
        assert (p.high - p.low) / 2 == pytest.approx(1.96 * np.sqrt(square / np.sum(t**2)) / bend, rel=0.05)


LINE = lambda p, t, y: p[0] + p[1] * t - y


def test_a_flat_direction_is_open_on_both_sides() -> None:
    """y = (a + b) t: the refit takes up every change of a."""
    A = np.stack([T, T], axis=1)
    u = uncertainty(A, Line.residuals, Line.x, names=("a", "b"))
    residual = lambda x: A @ x - Line.y
    fit = scipy.optimize.least_squares(residual, [1.0, 1.0])
    p = profile(refitter(residual), fit.x, 0, fit.cost, degrees=14, scale2=u.reduced, step=u.standard_errors[0])
    assert (p.low, p.high) == (-np.inf, np.inf) and len(p.notes) == 3
    assert "no standard error" in p.notes[0] and "flat" in p.notes[1]


def test_a_lower_cost_is_reported() -> None:
    """Two valleys, and the profile starts from the higher one."""
    cost = lambda v: min((v - 1) ** 2, (v + 3) ** 2 - 1)
    refit = lambda i, value, start: (np.array([value]), cost(value))
    p = profile(refit, [1.0], 0, 0.0, degrees=None, scale2=1, step=2.0, name="a")
    assert any("lower cost" in note and "not the minimum" in note for note in p.notes)
    assert not p.complete


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        profile(Line.refit, Line.x, 0, Line.cost, degrees=5, scale2=1, step=1, probability=95)
    with pytest.raises(ValueError, match="degrees > 0"):
        profile(Line.refit, Line.x, 0, Line.cost, degrees=0, scale2=1, step=1)
    with pytest.raises(ValueError, match="scale2 > 0"):
        profile(Line.refit, Line.x, 0, Line.cost, degrees=3, scale2=np.nan, step=1)
