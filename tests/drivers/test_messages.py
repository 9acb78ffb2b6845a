"""What is said where an argument cannot be meant: its name, its value, and the way out."""

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
    "no model": (lambda: rp.curve_fit(lambda t, a: None, T, Y, [1.0]), "f returns None. Is a return missing"),
    "text": (lambda: rp.minimize(lambda x: "a", [1.0]), "fun must return one number; it returns str"),
    "complex": (lambda: rp.least_squares(lambda x: x + 1j, [1.0]), "residuals are complex"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_with_the_way_out(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=words):
        call()


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


def test_a_model_that_says_less_than_was_meant_is_noted() -> None:
    """A sum of squares given as one residual; a model that is one number for all points."""
    fit = rp.least_squares(lambda p: jnp.sum(residual(p, T, Y) ** 2), [1.0, 1.0], max_steps=3)
    assert any("one residual for 2 parameters" in note and "a sum of squares already" in note for note in fit.notes)
    fit = rp.curve_fit(lambda t, a, b: a * b, T, Y, [1.0, 1.0], max_steps=3)
    assert any("one value for all 10 points" in note for note in fit.notes)
    assert not any("one value" in note for note in rp.curve_fit(decay, T, Y, [1.0, 1.0]).notes)
