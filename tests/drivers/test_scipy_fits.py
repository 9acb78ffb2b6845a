"""least_squares and curve_fit with what SciPy's users hand over: positions, data, Jacobians, losses, words."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse.linalg

import raphson as rp

T = np.linspace(0, 3, 12)
Y = 2.5 * np.exp(-1.3 * T) + 0.02 * np.sin(9 * T)
START = np.ones(2)
WIDE = ([-9, -9], [9, 9])


def miss(p, t=T, y=Y):
    """Residuals of a decay in JAX."""
    return p[0] * jnp.exp(-p[1] * t) - y


def miss_on_host(p, t=T, y=Y):
    """The same with a construct that needs numbers."""
    return float(p[0]) * np.exp(-float(p[1]) * t) - y


def by_parameters(p, t=T, y=Y):
    """Their Jacobian."""
    e = np.exp(-p[1] * t)
    return np.stack([e, -p[0] * t * e], axis=1)


@functools.cache
def theirs():
    """SciPy's answer."""
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    return scipy.optimize.least_squares(miss_on_host, START, by_parameters, **tight).x


POSITIONS = {
    "jac, bounds, method": (by_parameters, WIDE, "trf", 1e-8, 1e-8, 1e-8, "jac"),
    "jac, Bounds": (by_parameters, scipy.optimize.Bounds(-9, 9), "dogbox"),
    "a word for jac": ("3-point", (-9, 9)),
    "up to args": (None, (-9, 9), "lm", 1e-8, 1e-8, 1e-8, 1.0, "linear", 1.0, None, None, None, None, 99, 0, (T, Y)),
    "ours: args": ((T, Y),),
    "ours: args, method, loss": ((T, Y), "lm", "linear"),
}


@pytest.mark.parametrize("name", POSITIONS)
def test_positions(name):
    """SciPy's order, (fun, x0, jac, bounds, method, ftol, ...), and our own, (fun, x0, args, method, loss)."""
    fit = rp.least_squares(miss, START, *POSITIONS[name])
    np.testing.assert_allclose(fit.x, theirs(), rtol=1e-7)


JACOBIANS = {
    "list": lambda p: by_parameters(p).tolist(),
    "sparse": lambda p: scipy.sparse.csr_array(by_parameters(p)),
    "operator": lambda p: scipy.sparse.linalg.aslinearoperator(by_parameters(p)),
    "products": lambda p: scipy.sparse.linalg.LinearOperator(
        (12, 2), matvec=lambda v: by_parameters(p) @ v, rmatvec=lambda u: by_parameters(p).T @ u
    ),
}


@pytest.mark.parametrize("name", JACOBIANS)
@pytest.mark.parametrize("fun", [miss, miss_on_host], ids=["compiled", "host"])
def test_jacobians_of_every_kind(fun, name):
    """Used on the host, compared where JAX differentiates."""
    fit = rp.least_squares(fun, START, JACOBIANS[name])
    assert fit.success and fit.jacobian.shape == (12, 2)
    np.testing.assert_allclose(fit.x, theirs(), rtol=1e-6)


def test_one_residual_or_one_parameter_may_have_a_vector_for_its_jacobian():
    """(n,) for m = 1, (m,) for n = 1, as in SciPy; a vector of another length is refused."""
    row = rp.least_squares(lambda x: np.array([float(x[0]) - x[1]]), [3.0, 1.0], lambda x: np.array([1.0, -1.0]))
    column = rp.least_squares(lambda x: float(x[0]) * T - Y, 1.0, lambda x: T)
    assert row.cost < 1e-20 and row.jacobian.shape == (1, 2) and column.jacobian.shape == (12, 1)
    with pytest.raises(ValueError, match=r"shape \(12, 1\); it returns shape \(11,\)"):
        rp.least_squares(lambda x: float(x[0]) * T - Y, 1.0, lambda x: T[1:])


def cubic(z):
    """A loss as SciPy's documentation writes one: NumPy, in place."""
    rho = np.empty((3, z.size))
    t = 1 + z
    rho[0], rho[1], rho[2] = 3 * (t ** (1 / 3) - 1), t ** (-2 / 3), -2 / 3 * t ** (-5 / 3)
    return rho


@pytest.mark.parametrize("fun", [miss, miss_on_host], ids=["compiled", "host"])
def test_a_loss_written_with_numpy(fun):
    """SciPy's minimum, whatever runs where; rows of another number are refused."""
    bad = np.where(np.arange(12) == 3, Y + 1, Y)
    fit = rp.least_squares(fun, START, args=(T, bad), loss=cubic, f_scale=0.1)
    reference = scipy.optimize.least_squares(
        miss_on_host, START, args=(T, bad), loss=cubic, f_scale=0.1, xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    assert fit.success and fit.cost == pytest.approx(reference.cost, rel=1e-9)
    np.testing.assert_allclose(fit.x, reference.x, rtol=1e-5)
    with pytest.raises(ValueError, match=r"rows \(3, m\)"):
        rp.least_squares(fun, START, loss=lambda z: np.stack([z, z]))


@pytest.mark.parametrize(("fun", "x0"), [(lambda x: x**2 + 5, 2.0), (lambda x: x, [1.0, 1.0]), (lambda x: x - 3, 1.0)])
def test_a_minimum_at_zero_is_found_to_the_last_digits(fun, x0):
    """Where x has no size of its own, the last digits come from full Newton steps: |x| below 1e-15, not 5e-8."""
    fit = rp.least_squares(fun, x0)
    assert fit.success and np.all(np.abs(fit.x - round(float(fit.x[0]))) < 1e-15)


def test_tuning_is_checked_and_noted(capsys):
    """What cannot be meant raises, by its name; tolerances that mean nothing are warned of as in SciPy."""
    wrong = {
        "x_scale": ("auto", -1.0, 1j), "tr_solver": ("best",), "verbose": (3,), "max_nfev": (0,), "jac": ("5-point",),
        "jac_sparsity": (np.ones((3, 2)),), "bounds": ((1, 2, 3),),
    }  # fmt: skip
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(ValueError, match=name):
                rp.least_squares(miss, START, **{name: value})
    with pytest.raises(ValueError, match="at least one of ftol"):
        rp.least_squares(miss, START, ftol=None, xtol=None, gtol=None)
    with pytest.warns(UserWarning, match="Setting `gtol` below the machine epsilon"):
        rp.least_squares(miss, START, gtol=1e-17)
    assert capsys.readouterr().out == ""
    rp.least_squares(miss, START, verbose=1)
    assert capsys.readouterr().out.startswith("MINIMUM")


class Column:
    """A column of a table, as pandas and others have them: numbers behind __array__."""

    def __init__(self, numbers):
        self.numbers = np.asarray(numbers)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.numbers, dtype)

    def __len__(self):
        return len(self.numbers)


LINE = lambda x, a, b: a * x + b
KINDS = {
    "list": list,
    "tuple": tuple,
    "int32": lambda a: np.array(a, np.int32),
    "float32": lambda a: np.array(a, np.float32),
    "column": Column,
    "jax": jnp.asarray,
}


@pytest.mark.parametrize("kind", KINDS)
def test_data_of_every_kind(kind):
    """Lists, tuples, whole numbers, columns of tables: the fit of the same numbers as float64 arrays."""
    x, y = [1, 2, 3, 4], [2, 4, 6, 9]
    fit = rp.curve_fit(LINE, KINDS[kind](x), KINDS[kind](y))
    popt, pcov = np.polyfit(x, y, 1, cov=True)
    np.testing.assert_allclose(fit.x, popt, rtol=1e-9)
    np.testing.assert_allclose(fit.pcov, pcov, rtol=1e-7)


@pytest.mark.parametrize(("dtype", "step"), [(np.int16, 800), (np.int32, 100_000), (np.int64, 200_000)])
def test_whole_numbers_do_not_overflow(dtype, step):
    """Powers of integers beyond their range: a of a x^4 comes out as for floats."""
    x = np.arange(1, 13, dtype=dtype) * dtype(step)
    assert np.any(x**4 != x.astype(float) ** 4), "or this test shows nothing"
    fit = rp.curve_fit(lambda x, a: a * x**4, x, 2 * x.astype(float) ** 4)
    assert fit.x[0] == pytest.approx(2, rel=1e-12)


def test_tables_reach_the_model_as_they_are():
    """A dict of columns and a tuple of arrays."""
    x = {"u": [1, 2, 3, 4, 5], "v": np.array([1, 0, 2, 0, 4])}
    y = 2.0 * np.array(x["u"]) - 3 * x["v"]
    table = rp.curve_fit(lambda x, a, b: a * np.asarray(x["u"]) + b * x["v"], x, y)
    both = rp.curve_fit(lambda x, a, b: a * x[0] + b * x[1], (x["u"], x["v"]), y)
    np.testing.assert_allclose([table.x, both.x], [[2, -3], [2, -3]], rtol=1e-9)


def test_one_number_as_data_is_broadcast():
    """ydata = 0 for a model that is a difference itself."""
    fit = rp.curve_fit(lambda x, a, b: a * x + b - (3 * x - 1), np.arange(10), 0)
    np.testing.assert_allclose(fit.x, [3, -1], rtol=1e-9)


def with_keyword(x, a, b, *, c=0.0):
    """A model with a keyword that is no parameter."""
    return a * jnp.exp(-b * x) + c


MODELS = {
    "keyword": with_keyword,
    "partial": functools.partial(with_keyword, c=0.0),
    "partial, positional": functools.partial(lambda k, x, a, b: a * jnp.exp(-b * x) ** k, 1),
    "method": type("Model", (), {"f": lambda self, x, a, b: a * jnp.exp(-b * x)})().f,
    "default": lambda x, a, b=1.0: a * jnp.exp(-b * x),
}


@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_read_off_models_of_every_kind(name):
    """Keyword-only arguments, partial functions, methods, defaults: a and b are fitted, from ones."""
    fit = rp.curve_fit(MODELS[name], T, Y)
    assert fit.names == ("a", "b")
    np.testing.assert_allclose(fit.x, theirs(), rtol=1e-7)


def test_models_and_starts_that_do_not_match_are_named():
    """p0 too short or too long, no parameters, swapped arguments, lengths, args: each says what it met."""
    cases = {
        r"p0 has 1 number, but f takes 2 parameters after xdata: a, b": (LINE, T, Y, [1.0]),
        r"p0 has 3 numbers, but f takes 2": (LINE, T, Y, [1.0, 1, 1]),
        r"f has no parameters": (lambda x: x, T, Y),
        r"f must be a function of xdata and the parameters, not ndarray": (T, LINE, Y),
        r"f returns shape \(12,\), ydata has shape \(11,\). xdata has 12 points, ydata 11": (LINE, T, Y[1:]),
        r"ydata is empty": (LINE, [], []),
        r"no point is left": (LINE, T, Y, None, np.full(12, np.inf)),
    }
    for pattern, args in cases.items():
        with pytest.raises((TypeError, ValueError), match=pattern):
            rp.curve_fit(*args)
    with pytest.raises(ValueError, match="'args' is not a supported keyword"):
        rp.curve_fit(LINE, T, Y, args=(1,))


def test_full_output_is_scipys_tuple():
    """popt, pcov, infodict, mesg, ier; the triangle of infodict gives the covariance, as MINPACK's does."""
    model = lambda x, a, b: a * np.exp(-b * x)
    popt, pcov, about, text, ier = rp.curve_fit(model, T, Y, full_output=True)
    assert isinstance(text, str) and ier in (1, 2, 3, 4)
    np.testing.assert_allclose(about["fvec"], model(T, *popt) - Y, atol=1e-12)
    triangle = np.triu(about["fjac"].T[:2, :2]) @ np.eye(2)[about["ipvt"]]
    spread = about["fvec"] @ about["fvec"] / 10
    np.testing.assert_allclose(np.linalg.inv(triangle.T @ triangle) * spread, pcov, rtol=1e-8)
    assert about["qtf"].shape == (2,) and about["nfev"] > 0


@pytest.mark.parametrize("data", [(T, Y, lambda x, a, b: a * x), (T[:2], Y[:2], LINE)], ids=["singular", "no degrees"])
def test_a_covariance_that_cannot_be_estimated_is_warned_of(data):
    """SciPy's OptimizeWarning and a pcov of inf; the fit itself says which parameters are determined."""
    x, y, model = data
    with pytest.warns(scipy.optimize.OptimizeWarning, match="Covariance of the parameters could not be estimated"):
        fit = rp.curve_fit(model, x, y)
    assert np.all(np.isinf(fit[1])) and np.all(np.isinf(fit.pcov))


@pytest.mark.filterwarnings("error")
def test_nothing_else_warns():
    """A fit that is determined, and one at a bound."""
    assert rp.curve_fit(LINE, T, Y).success
    assert rp.curve_fit(LINE, T, Y, bounds=([0, 0], [1, 9])).success
