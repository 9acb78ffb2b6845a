"""What is said where an argument cannot be meant: its name, its value, and the way out."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.solver.suspect import suspect

T = np.linspace(0, 3, 10)
Y = 2.5 * np.exp(-1.3 * T)


def decay(t: Any, a: Any, b: Any) -> Any:
    return a * jnp.exp(-b * t)


def residual(p: Any, t: Any, y: Any) -> Any:
    return p[0] * jnp.exp(-p[1] * t) - y


def square(x: Any) -> Any:
    return jnp.sum(x**2)


REFUSED = {
    "args forgotten": (
        lambda: rp.least_squares(residual, [1.0, 1.0]),
        r"takes 3 arguments \(p, t, y\), but gets 1: t, y are missing. Pass .* args=\(t, y\)",
    ),
    "the same for minimize": (
        lambda: rp.minimize(residual, [1.0, 1.0], args=(T,)),
        r"y is missing. Pass .* args=\(y,\)",
    ),
    "too many args": (
        lambda: rp.minimize(square, [1.0, 1.0], args=(T, Y)),
        r"takes 1 argument \(x\), but gets x and",
    ),
    "variables one by one": (lambda: rp.minimize(lambda a, b: a**2 + b**2, [1.0, 1.0]), r"lambda x: fun\(\*x\)"),
    "a keyword that nobody gives": (lambda: rp.minimize(lambda x, *, c: c * square(x), [1.0]), "needs the keyword c"),
    "swapped": (
        lambda: rp.minimize([1.0, 2.0], square),
        r"a list and the second a function: .*minimize\(fun, x0\)",
    ),
    "swapped in least_squares": (lambda: rp.least_squares(np.ones(2), square), r"write least_squares\(fun, x0\)"),
    "an option as keyword": (lambda: rp.minimize(square, [1.0], gtol=1e-8), r"'gtol'.*options=\{'gtol': 1e-08\}.*tol="),
    "maxiter as keyword": (lambda: rp.minimize(square, [1.0], maxiter=9), r"minimize\(..., max_steps=9\)"),
    "a keyword of nobody": (lambda: rp.minimize(square, [1.0], frob=1), "minimize has no argument 'frob'"),
    "p0 that names others": (
        lambda: rp.curve_fit(decay, T, Y, {"a": 1.0, "c": 2.0}),
        "'c', which is no parameter",
    ),
    "p0 that lacks one": (lambda: rp.curve_fit(decay, T, Y, {"a": 1.0}), "no start for b: f takes a, b"),
    "lengths": (lambda: rp.curve_fit(decay, T, Y[:9], [1.0, 1.0]), "xdata has 10 points, ydata 9"),
    "a column": (
        lambda: rp.curve_fit(lambda t, a: a * t[:, None], T, Y, [1.0]),
        r"shape \(10, 1\).*form.*ravel",
    ),
    "nothing": (lambda: rp.minimize(lambda x: None, [1.0]), "None: is a return missing"),
    "no residuals": (lambda: rp.least_squares(lambda x: None, [1.0]), "returns nothing"),
    "no model": (lambda: rp.curve_fit(lambda t, a: None, T, Y, [1.0]), "f returns None.* is a return missing"),
    "text": (lambda: rp.minimize(lambda x: "a", [1.0]), "fun must return one number; it returns str"),
    "complex": (lambda: rp.least_squares(lambda x: x + 1j, [1.0]), "residuals are complex"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_with_the_way_out(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=words):
        call()


STARTS = {
    "NaN": [np.nan, 1.0],
    "infinity": [1.0, np.inf],
    "texts": ["a", "b"],
    "numbers as texts": ["1", "2"],
    "one text": "ab",
    "None": [None, 1.0],
    "complex": [1j, 1.0],
    "ragged": [[1.0, 2.0], [3.0]],
    "objects": [object(), 1.0],
    "a set": {1.0, 2.0},
    "too few": [1.0],
    "by name, NaN": {"a": np.nan, "b": 1.0},
    "by name, text": {"a": "x", "b": 1.0},
}


@pytest.mark.parametrize("case", STARTS)
def test_a_start_of_a_curve_is_called_p0(case: str) -> None:
    """x0 is an argument of the other doors."""
    with pytest.raises((TypeError, ValueError), match=r"^p0") as caught:
        rp.curve_fit(decay, T, Y, STARTS[case])
    assert "x0" not in str(caught.value)


@pytest.mark.parametrize("p0", [[[1.0, 1.0]], np.array([1, 1], object), (1, 1.0)])
def test_a_start_of_numbers_in_another_form_is_taken(p0: Any) -> None:
    np.testing.assert_allclose(rp.curve_fit(decay, T, Y, p0).x, [2.5, 1.3], rtol=1e-9)


MODELS = {
    "text": "number",
    "texts": ["a"] * 10,
    "texts in an array": np.array(["a"] * 10),
    "of another length": ["a", "b"],
    "a dict": {"a": 1.0},
    "None": None,
    "a list with None": [None] * 10,
    "a function": decay,
    "complex": 1j * T,
    "a set": {1.0},
}


@pytest.mark.parametrize("calls", [0, 1, 4])
@pytest.mark.parametrize("case", MODELS)
def test_a_model_that_returns_no_numbers_is_named(case: str, calls: int) -> None:
    """At once, or from a later call on: what f returns is said, not which operation failed."""
    made = [0]

    def model(t: Any, a: Any, b: Any) -> Any:
        made[0] += 1
        return MODELS[case] if made[0] > calls else float(a) * np.exp(-float(b) * t)

    with pytest.raises(TypeError, match=r"^f returns "):
        rp.curve_fit(model, T, Y, [1.0, 1.0])


def test_a_model_whose_shape_changes_is_named() -> None:
    made = [0]

    def model(t: Any, a: Any, b: Any) -> Any:
        made[0] += 1
        return np.zeros(10 + (made[0] > 3)) + float(a)

    with pytest.raises(ValueError, match=r"f returns shape \(11,\), ydata has shape \(10,\)"):
        rp.curve_fit(model, T, Y, [1.0, 1.0])


def on_host(x: Any) -> float:
    """A number, which nobody can trace."""
    return float(x)


INFINITE = {
    "data": (lambda t, a, b: on_host(a) / (t - on_host(b)), [1.0, T[3]], r"residual\[3\] .*xdata = 1: .*\(b\)"),
    "traced": (lambda t, a, b: a / (t - b), [1.0, T[3]], r"residual\[3\] .*xdata = 1: .*\(b\)"),
    "parameter": (lambda t, a, b: on_host(a) * t / np.float64(on_host(b)), [1.0, 0.0], r"divide by zero.*\(b\)"),
    "root": (lambda t, a, b: on_host(a) * np.sqrt(t - on_host(b)), [1.0, 1.0], r"xdata = 0: invalid.*sqrt \(b\)"),
    "exp": (lambda t, a, b: on_host(a) * np.exp(1e3 * t * on_host(b)), [1.0, 2.0], r"overflow.*exp \(b\)"),
    "data alone": (lambda t, a, b: on_host(a) + b * np.log(t), [1.0, 2.0], r"residual\[0\].*xdata = 0: divide by zero"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, in the function itself
@pytest.mark.parametrize("case", INFINITE)
def test_what_is_infinite_at_the_start_is_located(case: str) -> None:
    """The first residual, the data there, and the parameter that ends it, also where NumPy says only what it met."""
    model, p0, words = INFINITE[case]
    with pytest.raises(ValueError, match=words):
        rp.curve_fit(model, T, Y, p0)


@pytest.mark.parametrize(
    ("door", "error", "name"),
    [
        (lambda: rp.minimize(lambda x: on_host(x[0]) / on_host(x[1]), [1.0, 0.0]), ZeroDivisionError, "x2"),
        (lambda: rp.minimize(lambda x: x[0] + math.log(x[1]), [1.0, 0.0]), ValueError, "x2"),
        (
            lambda: rp.curve_fit(lambda t, a, b: t * (on_host(a) / on_host(b)), T, Y, [1.0, 0.0]),
            ZeroDivisionError,
            "b",
        ),
        (
            lambda: rp.least_squares(lambda x: np.array([x[0], math.exp(x[1])]), [1.0, 1e3]),
            OverflowError,
            "x2",
        ),
    ],
)
def test_an_error_of_arithmetic_at_the_start_says_where(door: Any, error: type, name: str) -> None:
    """The exception is the function's own; a note adds x0 and the variable that ends it."""
    with pytest.raises(error) as caught:
        door()
    assert any("at the start" in note and f"another {name} alone" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("x0", [[np.nan, 1.0], [1.0, -np.inf]])
@pytest.mark.parametrize("value", [lambda x: on_host(x[0]) ** 2 + x[1] ** 2, lambda x: np.inf + on_host(x[0])])
def test_where_nothing_can_begin_the_function_is_called_once(x0: Any, value: Any) -> None:
    """Not for differences, nor by several methods."""
    calls = []
    result = rp.minimize(lambda x: (calls.append(1), float(value(x)))[1], x0)
    assert not result.success and "x0 is not finite" in result.message
    assert len(calls) == result.nfev == 1


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_infinite_value_at_the_start_costs_no_differences() -> None:
    """One call to see it, one to hear NumPy, and up to four a variable to say which one ends it."""
    calls = []
    result = rp.minimize(lambda x: (calls.append(1), on_host(x[0]) ** 2 + 1 / np.float64(x[1]))[1], [1.0, 0.0])
    assert "divide by zero" in result.message and "(x2)" in result.message
    assert len(calls) == result.nfev <= 10


@pytest.mark.parametrize("value", [1 / 3, 1e5])
def test_a_function_that_does_not_change_ends_at_once(value: float) -> None:
    """Its differences are exactly zero: a slope made of rounding would be followed for ever."""
    parts = np.full(30, value) * np.linspace(1, 2, 30)
    fit = rp.least_squares(lambda x: parts + 0 * on_host(x[0]), [1.0, 2.0])
    assert not fit.success and np.all(fit.gradient == 0) and fit.nfev < 1000


RISKY = {
    "a division by 0 (x2)": (lambda x: x[0] + 1 / x[1], [1.0, 0.0]),
    "a division by 0 (x1, x2)": (lambda x: 1 / (x[0] - x[1]), [1.0, 1.0]),
    "a logarithm of 0 (x2)": (lambda x: jnp.log(x[1]) + x[0], [1.0, 0.0]),
    "a logarithm below 0 (x1)": (lambda x: jnp.log(x[0]), [-1.0]),
    "a square root (or norm) of 0 (x2, x3)": (lambda x: x[0] + jnp.linalg.norm(x[1:]), [1.0, 0.0, 0.0]),
    "a square root below 0 (x1)": (lambda x: jnp.sqrt(x[0]), [-1.0]),
    "a power of 0 (x1)": (lambda x: x[0] ** 0.3, [0.0]),
    "a power of a number below 0 (x1)": (lambda x: x[0] ** 1.5, [-2.0]),
    "an exponential that overflows (x1)": (lambda x: jnp.exp(1e3 * x[0]) + x[1], [1.0, 2.0]),
    "an arcsine at the end of its range (x1)": (lambda x: jnp.arcsin(x[0]), [1.0]),
    "": (lambda x: jnp.sum(jnp.sqrt(1 + x**2)), [1.0, 0.0]),
}


@pytest.mark.parametrize("words", RISKY)
def test_the_operation_to_blame_is_named_with_its_variables(words: str) -> None:
    fun, start = RISKY[words]
    assert suspect(fun, np.array(start), ("x1", "x2", "x3")) == words
    masked = lambda x: jnp.where(x[0] > -9, fun(x), 0.0)  # where() does not shield a derivative
    assert suspect(masked, np.array(start), ("x1", "x2", "x3")) == words


def test_a_start_that_is_not_finite_says_why() -> None:
    with pytest.raises(ValueError, match=r"residual\[1\] by b is inf at x0: a square root \(or norm\) of 0"):
        rp.curve_fit(lambda t, a, b: a + jnp.sqrt(b * t), T, Y, [1.0, 0.0])
    sinc = lambda x: -jnp.sum(jnp.where(x == 0, 1, jnp.sin(x) / x))  # its author means that where() keeps 0/0 out
    assert "division by 0 (x1); move the start" in (said := rp.minimize(sinc, [0.0]).message)
    assert "where(ok, g(where(ok, x, 1)), other)" in said
    assert "where(" not in rp.minimize(jnp.linalg.norm, [0.0]).message


def test_a_model_that_says_less_than_was_meant_is_noted() -> None:
    """A sum of squares given as one residual; a model that is one number for all points."""
    fit = rp.least_squares(lambda p: jnp.sum(residual(p, T, Y) ** 2), [1.0, 1.0], max_steps=3)
    assert any("one residual for 2 parameters" in note and "a sum of squares already" in note for note in fit.notes)
    fit = rp.curve_fit(lambda t, a, b: a * b, T, Y, [1.0, 1.0], max_steps=3)
    assert any("one value for all 10 points" in note for note in fit.notes)
    assert not any("one value" in note for note in rp.curve_fit(decay, T, Y, [1.0, 1.0]).notes)
