"""No warning of ours: whatever overflows, divides by zero or is not finite on the way is said by the result."""

import math
import warnings

import numpy as np
import pytest

import raphson as rp

HOST = {
    "a line": lambda x: float(x[0]),
    "down for ever": lambda x: -(float(x[0]) ** 4),
    "up to overflow": lambda x: math.exp(float(x[0])) if x[0] < 700 else math.inf,
    "huge": lambda x: 1e300 * float(x[0]) ** 2,
    "tiny": lambda x: 1e-300 * float(x[0]) ** 2,
    "constant": lambda x: 1 / 3 + 0 * float(x[0]),
    "a kink": lambda x: math.sqrt(abs(float(x[0]))),
    "a wall": lambda x: math.inf if x[0] < 0.5 else float(x[0]),
    "a hole": lambda x: math.nan if x[0] < 0.5 else float(x[0]) ** 2,
    "minus infinity": lambda x: -math.inf if x[0] < 0.3 else float(x[0]),
    "a logarithm": lambda x: np.log(float(x[0])),
    "a pole": lambda x: 1 / np.float64(x[0]),
}


def doors(f, x0):
    """Every door on the host, its text and its error bars."""
    yield lambda: str(rp.minimize(f, x0, options={"maxiter": 200}))
    yield lambda: str(rp.minimize(f, x0, bounds=[(1e-300, None)], options={"maxiter": 200}))
    yield lambda: str(rp.least_squares(lambda x: np.array([f(x), f(x) - 1, 1.0]), x0, max_steps=200))
    yield lambda: str(rp.least_squares(lambda x: np.array([f(x), 1.0]), x0, loss="huber", max_steps=200).pcov)


@pytest.mark.parametrize("x0", [[1.0], [0.0], [1e200]])
@pytest.mark.parametrize("name", HOST)
def test_arithmetic_warns_of_nothing(name, x0):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for door in doors(HOST[name], x0):
            try:
                door()
            except (ValueError, ArithmeticError) as error:  # a start that is refused, or an error of math itself
                assert not isinstance(error, RuntimeWarning)


@pytest.mark.parametrize("fun", [lambda x: np.log(x[0]) + x[0] ** 2, lambda x: 1 / x[0] + np.sqrt(x[0])])
def test_what_the_caller_lets_raise_raises(fun):
    """np.errstate(all="raise") is his own; as it would without us."""
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        rp.minimize(lambda x: (float(x[0]), fun(x))[1], [0.0])
    assert np.geterr()["divide"] == "warn"


def test_strict_settings_of_the_caller_meet_no_error_of_ours():
    """A fit and its error bars, and a run, where NumPy raises at everything: what is ordinary with us stays so."""
    t = np.linspace(0, 3, 60)
    y = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.01 * np.sin(9 * t)
    models = lambda t, a, b, c: a * np.exp(-b * t) + c, lambda t, a, b, c: float(a) * np.exp(-float(b) * t) + float(c)
    for model in models:
        loose = rp.curve_fit(model, t, y, [1.0, 1.0, 0.0])[1]
        with np.errstate(all="raise"):
            np.testing.assert_array_equal(rp.curve_fit(model, t, y, [1.0, 1.0, 0.0])[1], loose)
    with np.errstate(all="raise"):
        assert rp.minimize(lambda x: float(x[0] - 1) ** 2 + float(x[1]) ** 2, [3.0, 2.0]).success
