"""The doors for residuals: what is refused, in which words, what is noted, and SciPy's way of calling."""

import time
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import raphson as rp

T = np.linspace(0, 4, 12)
TRUE = np.array([2.5, 1.3])
Y = 2.5 * np.exp(-1.3 * T) + 0.01 * np.sin(7 * T)
START = np.array([1.0, 1.0])


def decay(t, a, b):
    """An exponential, for both doors and both places."""
    return a * jnp.exp(-b * t)


def residual(x, t, y):
    """Its residuals in JAX."""
    return x[0] * jnp.exp(-x[1] * t) - y


def on_host(x, t=T, y=Y):
    """The same with numbers: float() cannot be traced."""
    return float(x[0]) * np.exp(-float(x[1]) * t) - y


def jacobian(x, t=T, y=Y):
    """Its derivatives by hand."""
    e = np.exp(-x[1] * t)
    return np.stack([e, -x[0] * t * e], axis=1)


@cache
def answer():
    """The minimizer, by SciPy."""
    return scipy.optimize.least_squares(on_host, START, jacobian, xtol=1e-15, ftol=1e-15, gtol=1e-15).x


def refused(kind, pattern, call, *args, **keywords):
    """The call raises this before the loop, in at most six lines, and the message matches."""
    with pytest.raises(kind, match=pattern) as caught:
        call(*args, **keywords)
    assert caught.type is kind
    assert len(str(caught.value).splitlines()) <= 6


RESIDUALS = {
    "complex": (lambda x: x * 1j, TypeError, r"complex.*real and imaginary"),
    "integer": (lambda x: jnp.arange(3), TypeError, r"int"),
    "nothing": (lambda x: x[:0], ValueError, r"at least one residual"),
    "nan": (lambda x: jnp.log(x - 2), ValueError, r"residual\[0\] and 1 more is nan at x0"),
    "inf, second": (lambda x: jnp.stack([x[0], 1 / (x[1] - 1)]), ValueError, r"residual\[1\] is inf at x0"),
    "nan, host": (lambda x: np.log(np.asarray(x) - 2.0), ValueError, r"residual\[0\] and 1 more is nan at x0"),
    "complex, host": (lambda x: np.asarray(x) * 1j, TypeError, r"complex"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", RESIDUALS)
def test_residuals_that_cannot_be_meant_are_refused(name):
    """Complex, whole or missing numbers, NaN and inf at x0: an error that says which residual and what it is."""
    fun, kind, pattern = RESIDUALS[name]
    with pytest.raises(kind, match=pattern):
        rp.least_squares(fun, START)


def test_residuals_whose_number_varies_are_refused():
    """On the host: the error says from how many to how many."""
    calls = []

    def fun(x):
        calls.append(1)
        return np.resize(on_host(x), 12 - (len(calls) > 6))

    refused(ValueError, r"number of residuals changed from 12 to 11", rp.least_squares, fun, START)


def test_fewer_residuals_than_parameters_are_noted():
    """One equation for three numbers: a result on the solution set, and a note; the report does not break."""
    fit = rp.least_squares(lambda x: jnp.stack([x[0] + x[1] ** 2 + x[2] - 3]), np.ones(3) * 0.4, method="lm")
    assert any("one residual for 3 parameters" in note for note in fit.notes)
    assert fit.cost < 1e-20 and "cannot" in " ".join(fit.notes)
    assert str(fit) and not np.any(np.isfinite(fit.standard_errors))


def test_starts_bounds_and_numbers_that_cannot_be_meant_are_refused():
    """Each with its name, before anything is compiled."""
    call = lambda **keywords: rp.least_squares(residual, START, args=(T, Y), **keywords)
    refused(ValueError, r"bounds of x2 are crossed: lower 3 > upper 2", call, bounds=([0, 3], [9, 2]))
    refused(ValueError, r"3 lower bounds for 2 variables", call, bounds=([0, 0, 0], [1, 1, 1]))
    refused(ValueError, r"upper bound of x1 is NaN", call, bounds=([0, 0], [np.nan, 1]))
    refused(ValueError, r"\(lower, upper\)", call, bounds=[(0, 1), (0, 1), (0, 1)])
    for scale in (0, -1.0, np.nan):
        refused(ValueError, rf"f_scale = {scale}", call, loss="huber", f_scale=scale)
    refused(ValueError, r"unknown loss 'hubber'.*'huber'", call, loss="hubber")
    refused(ValueError, r"unknown method 'gauss-neuton'.*'gauss-newton'", call, method="gauss-neuton")
    refused(TypeError, r"method must be a name or a Method", call, method=3)
    refused(ValueError, r"names has 3 entries for 2", call, names=("a", "b", "c"))
    refused(ValueError, r"tol = -1", call, tol=-1)
    refused(ValueError, r"time_limit = 0", call, time_limit=0)
    refused(TypeError, r"unexpected keyword argument 'max_itr'", call, max_itr=3)
    refused(TypeError, r"must be a function", rp.least_squares, 3, START)
    refused(ValueError, r"x0\[1\] = nan", rp.least_squares, residual, [1.0, np.nan], args=(T, Y))


@pytest.mark.parametrize("fun", [residual, on_host], ids=["compiled", "host"])
def test_a_given_jacobian_is_checked(fun):
    """A wrong shape or a wrong entry is refused with its place, for JAX and on the host; a right one is fine."""
    wrong = lambda x, t=T, y=Y: jacobian(x) * [1, -1]
    flat = lambda x, t=T, y=Y: jacobian(x)[:, 0]
    call = lambda jac: rp.least_squares(fun, START, (T, Y), jac=jac, method="lm")
    refused(ValueError, r"shape \(12, 2\); it returns shape \(12,\)", call, flat)
    refused(ValueError, r"jac must be a function", call, "4-point")
    assert call(jacobian).success
    refused(ValueError, r"jac does not agree.*jac\[\d+, 1\]", call, wrong)
    scaled, jac = lambda x, k: k * fun(x, T, Y), lambda x, k: k * wrong(x)
    call = lambda unit: rp.least_squares(scaled, START, jac=jac, args=(unit,))
    for unit in (1e-14, 1e-150, 1e100):  # nor does the unit of the residuals excuse a wrong sign
        refused(ValueError, r"jac does not agree.*jac\[\d+, 1\]", call, unit)


def with_gap(i, value, data):
    """Data with another value at one place."""
    return np.where(np.arange(data.size) == i, value, data)


DATA = {
    "nan in y": ({"ydata": with_gap(3, np.nan, Y)}, r"ydata\[3\] = nan.*nan_policy='omit'"),
    "inf in y": ({"ydata": with_gap(3, np.inf, Y)}, r"ydata\[3\] = inf"),
    "nan in x": ({"xdata": with_gap(5, np.nan, T)}, r"xdata\[5\] is not finite"),
    "nan in two rows of x": ({"xdata": np.stack([T, with_gap(5, np.nan, T)])}, r"xdata\[5\] is not finite"),
    "sigma zero": ({"sigma": with_gap(2, 0, np.ones(12))}, r"sigma\[2\] = 0"),
    "sigma negative": ({"sigma": with_gap(2, -1, np.ones(12))}, r"sigma\[2\] = -1"),
    "sigma of another length": ({"sigma": np.ones(5)}, r"sigma has shape \(5,\)"),
    "covariance indefinite": ({"sigma": np.ones((12, 12)) - np.eye(12)}, r"not positive definite"),
    "covariance not symmetric": ({"sigma": np.triu(np.ones((12, 12)))}, r"symmetric"),
    "crossed, without p0": ({"bounds": ([0, 3], [9, 2]), "p0": None}, r"bounds of b are crossed"),
    "shapes": ({"ydata": Y[:-1]}, r"f returns shape \(12,\), ydata has shape \(11,\)"),
    "p0 of another length": ({"p0": [1.0, 1.0, 1.0]}, r"p0|parameters|positional"),
}


@pytest.mark.parametrize("name", list(DATA))
def test_data_that_cannot_be_meant_are_refused(name):
    """Gaps, weights that are none, wrong shapes: ValueError (TypeError for too many parameters) that names them."""
    keywords, pattern = DATA[name]
    keywords = {"xdata": T, "ydata": Y, "p0": START, **keywords}
    with pytest.raises((ValueError, TypeError), match=pattern) as caught:
        rp.curve_fit(decay, **keywords)
    assert len(str(caught.value).splitlines()) <= 6


def test_complex_and_text_data_are_refused():
    """TypeError that says what ydata is."""
    refused(TypeError, r"ydata must hold real numbers; it is complex", rp.curve_fit, decay, T, Y + 0j, START)
    refused(ValueError, r"p0 is needed", rp.curve_fit, lambda t, *p: p[0] * t, T, Y)


def test_gaps_can_be_left_out():
    """nan_policy='omit', or sigma = inf, gives the fit of the other points; a covariance loses their rows."""
    gaps = np.where(np.isin(np.arange(12), (3, 7)), np.nan, Y)
    good = np.isfinite(gaps)
    sigma = np.linspace(1, 2, 12)
    fit = rp.curve_fit(decay, T, gaps, START, sigma, nan_policy="omit", method="lm")
    rest = rp.curve_fit(decay, T[good], Y[good], START, sigma[good], method="lm")
    np.testing.assert_allclose(fit.x, rest.x, rtol=1e-12)
    assert fit.residuals.size == 10
    cov = np.diag(sigma**2) + 0.2
    fit = rp.curve_fit(decay, T, gaps, START, cov, nan_policy="omit", method="lm")
    popt, pcov = scipy.optimize.curve_fit(
        lambda t, a, b: a * np.exp(-b * t), T, gaps, START, cov, nan_policy="omit", xtol=1e-12, ftol=1e-12
    )
    np.testing.assert_allclose(fit.x, popt, rtol=1e-6)
    np.testing.assert_allclose(fit.pcov, pcov, rtol=1e-4)
    fit = rp.curve_fit(decay, T, Y, START, np.where(good, sigma, np.inf), method="lm")
    np.testing.assert_allclose(fit.x, rest.x, rtol=1e-12)
    np.testing.assert_allclose(fit.pcov, rest.pcov, rtol=1e-9)


@pytest.mark.parametrize("xp", [jnp, np], ids=["compiled", "host"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_along_the_way_is_a_rejected_trial(xp):
    """log(x) = 0 from x = 5: the first Gauss-Newton step leads to x < 0; it is shortened and the fit succeeds."""
    fit = rp.least_squares(lambda x: xp.stack([xp.log(x[0]), 3 * (x[1] - x[0])]), np.array([5.0, 1.0]), method="lm")
    assert fit.success, fit.verdict
    np.testing.assert_allclose(fit.x, 1, rtol=1e-6)
    bad = ~np.isfinite(fit.trace.value)
    assert bad.any() and not fit.trace.accepted[bad].any(), "or this test shows nothing"


def test_starts_in_every_form():
    """Whole numbers with a note; dicts with names; a missing p0: ones, or the middle of bounds."""
    whole = rp.curve_fit(decay, T, Y, [1, 1], method="lm")
    assert any("int" in note and "float64" in note for note in whole.notes)
    np.testing.assert_allclose(whole.x, answer(), rtol=1e-7)
    assert whole.names == ("a", "b")
    named = rp.curve_fit(decay, T, Y, {"a": 1.0, "b": 1.0}, method="lm")
    assert set(named.x) == {"a", "b"} and named.names == ("a", "b")
    np.testing.assert_allclose([named.x["a"], named.x["b"]], answer(), rtol=1e-7)
    np.testing.assert_allclose(named.standard_errors, whole.standard_errors, rtol=1e-6)
    seen = []
    host = lambda t, a, b: seen.append((float(a), float(b))) or a * np.exp(-b * np.asarray(t))
    for bounds, first in ((([0, 1], [8, 2]), (4, 1.5)), (([0.5, -np.inf], [np.inf, 7]), (1.5, 6)), (None, (1, 1))):
        seen.clear()
        rp.curve_fit(host, T, Y, max_steps=0, method="lm", **({} if bounds is None else {"bounds": bounds}))
        assert seen[0] == first


def test_residuals_may_be_a_pytree():
    """Arrays of several shapes in a dict count like one vector, and x may be one, too; in JAX and on the host."""
    for xp in (jnp, np):
        fun = lambda p, xp=xp: {
            "curve": (p["a"] * xp.exp(-p["b"] * T) - Y).reshape(3, 4),
            "prior": 0.0 * float(p["a"]) if xp is np else 0.0 * p["a"],
        }
        fit = rp.least_squares(fun, {"a": 1.0, "b": 1.0}, method="lm")
        assert fit.success and fit.residuals.shape == (13,) and fit.jacobian.shape == (13, 2)
        np.testing.assert_allclose([fit.x["a"], fit.x["b"]], answer(), rtol=1e-6)


def test_least_squares_is_called_as_scipy_calls_it():
    """Positions (fun, x0, jac, bounds, method), args by name, max_nfev, xtol, x_scale, verbose; SciPy's names."""
    for solve in (scipy.optimize.least_squares, rp.least_squares):
        for r in (
            solve(on_host, START, jacobian),
            solve(on_host, START, "2-point", ([0, 0], [9, 9])),
            solve(on_host, START, jac=jacobian, args=(T, Y), verbose=0, max_nfev=500, xtol=1e-10, x_scale="jac"),
            solve(on_host, START, bounds=scipy.optimize.Bounds([0, 0], [9, 9]), method="dogbox", gtol=1e-10),
        ):
            np.testing.assert_allclose(r.x, answer(), rtol=1e-5)
            assert r.success and r.fun.shape == (12,) and r.jac.shape == (12, 2) and r.active_mask.shape == (2,)
            assert r["cost"] == r.cost == pytest.approx(0.5 * r.fun @ r.fun, rel=1e-12)
            np.testing.assert_allclose(r.grad, r.jac.T @ r.fun, atol=1e-9)
            assert r.optimality < 1e-4 and r.nfev >= 1 and isinstance(r.message, str) and isinstance(r.status, int)


def test_the_fifth_position_is_the_method():
    """SciPy's order: fun, x0, jac, bounds, method."""
    fit = rp.least_squares(on_host, START, jacobian, (0, np.inf), "trf")
    np.testing.assert_allclose(fit.x, answer(), rtol=1e-5)


def test_scipys_keywords_are_noted_or_refused():
    """ftol and gtol: ignored with a note; kwargs reach the function and its jac; max_nfev ends a run."""
    fit = rp.least_squares(residual, START, args=(T, Y), ftol=1e-3, method="lm")
    assert any("'ftol'" in note for note in fit.notes)
    for fun in (residual, on_host):
        fit = rp.least_squares(fun, START, jacobian, args=(T,), kwargs={"y": 2 * Y})
        np.testing.assert_allclose(fit.x, [2 * answer()[0], answer()[1]], rtol=1e-6)
    assert rp.least_squares(residual, START, args=(T, Y), max_nfev=2, method="lm").nit == 1, "x0 is the first"


def test_curve_fit_is_called_as_scipy_calls_it():
    """popt, pcov = curve_fit(f, xdata, ydata, p0, sigma, absolute_sigma, check_finite, bounds): SciPy's numbers."""
    host = lambda t, a, b: float(a) * np.exp(-float(b) * np.asarray(t))
    sigma = np.linspace(0.01, 0.02, 12)
    cov = np.diag(sigma**2) + 5e-5
    wide = (-np.inf, np.inf)
    for args in (
        (START, sigma),
        (START, sigma, True),
        (START, cov, True, True, wide),
        (START, None, False, True, (0, 9)),
    ):
        popt, pcov = rp.curve_fit(decay, T, Y, *args, method="lm")
        theirs, cov_theirs = scipy.optimize.curve_fit(host, T, Y, *args, xtol=1e-12, ftol=1e-12, gtol=1e-12)
        np.testing.assert_allclose(popt, theirs, rtol=1e-6)
        np.testing.assert_allclose(pcov, cov_theirs, rtol=1e-4)


def test_a_numpy_model_gives_the_same_answer_with_and_without_jac():
    """On the host by differences and by a given Jacobian, compiled: the same x to 1e-6, the same error bars to 1e-4."""
    host = lambda t, a, b: float(a) * np.exp(-float(b) * np.asarray(t))
    jac = lambda t, a, b: jacobian((a, b), t)
    compiled = rp.curve_fit(decay, T, Y, START)
    for fit in (rp.curve_fit(host, T, Y, START), rp.curve_fit(host, T, Y, START, jac=jac)):
        assert fit.success and compiled.success, fit.verdict
        assert any("host" in note for note in fit.notes)
        np.testing.assert_allclose(fit.x, compiled.x, rtol=1e-6)
        np.testing.assert_allclose(fit.standard_errors, compiled.standard_errors, rtol=1e-4)


def interrupted(error, at, once=True):
    """on_host that raises at one call, or from there on."""
    calls = []

    def fun(x):
        calls.append(1)
        if len(calls) == at or (len(calls) > at and not once):
            raise error
        return on_host(x)

    return fun


def slow(x):
    """on_host in 20 ms."""
    time.sleep(0.02)
    return on_host(x)


def test_nothing_is_lost_when_a_run_is_stopped():
    """Steps, seconds, StopIteration, Ctrl-C in a residual: the best point so far with its trace, and an honest no."""
    start = np.array([9.0, 0.05])
    first = 0.5 * np.sum(on_host(start) ** 2)
    stopped = {
        "steps": rp.least_squares(residual, start, args=(T, Y), max_steps=3),
        "callback": rp.least_squares(residual, start, args=(T, Y), callback=lambda x: next(iter(()))),
        "Ctrl-C": rp.least_squares(interrupted(KeyboardInterrupt(), 25), start),
        "seconds": rp.least_squares(slow, start, time_limit=0.3),
    }
    for name, fit in stopped.items():
        assert not fit.success, name
        # The first derivatives take some 30 calls: 0.3 seconds may end before the first trial.
        assert (fit.cost < first and len(fit.trace) >= 1) or (name == "seconds" and fit.cost <= first * (1 + 1e-12)), (
            name
        )
        assert fit.cost == pytest.approx(0.5 * np.sum(on_host(fit.x) ** 2), rel=1e-12), name
        assert fit.cost <= np.nanmin([first, *fit.trace.value]) * (1 + 1e-12), name
        assert np.all(np.isfinite(fit.x)) and str(fit), name
    assert len(stopped["callback"].trace) == 1, "next() of nothing raises StopIteration"


@pytest.mark.parametrize("at", [1, 12])
def test_the_users_own_exception_passes_through_unchanged(at):
    """At the first call of plain NumPy and in the middle of a run: the same object."""
    raised = ZeroDivisionError("in my model")
    with pytest.raises(ZeroDivisionError) as caught:
        rp.least_squares(interrupted(raised, at, once=False), START)
    assert caught.value is raised


def test_units_of_single_parameters_leave_the_iterates_alone():
    """a in millionths, b in millions, or both: every trial step and the answer are the same but for the units."""
    runs = []
    for u in ([1.0, 1.0], [1e6, 1.0], [1.0, 1e-6], [1e-6, 1e6]):
        u = np.array(u)
        fit = rp.least_squares(
            lambda x, t, y, u: residual(x * u, t, y), np.array([9.0, 0.05]) / u, args=(T, Y, u), method="lm"
        )
        assert fit.success, fit.verdict
        runs.append((fit.trace.step * u, fit.x * u, fit.standard_errors * u, fit.trace.accepted))
    for step, x, errors, accepted in runs[1:]:
        np.testing.assert_allclose(x, runs[0][1], rtol=1e-9)
        np.testing.assert_allclose(errors, runs[0][2], rtol=1e-6)
        known = min(len(step), len(runs[0][0])) - 3  # the last steps are rounding
        np.testing.assert_allclose(step[:known], runs[0][0][:known], rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(accepted[:known], runs[0][3][:known])
