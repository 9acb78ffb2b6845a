"""The door: what is refused, in which words, what is converted with a note, and SciPy's way of calling."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import raphson as rp
from raphson.solver.presets import FOREIGN

X0 = np.array([-1.2, 1.0])


def rosenbrock(x):
    """The banana."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def gradient(x):
    """Its gradient, by hand."""
    return np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)])


def refused(kind, pattern, *args, **keywords):
    """The call raises this before the loop, in at most six lines, and the message matches."""
    with pytest.raises(kind, match=pattern) as caught:
        rp.minimize(*args, **keywords)
    assert caught.type is kind
    assert len(str(caught.value).splitlines()) <= 6


OUTPUTS = {
    "vector": (lambda x: x**2, r"one number.*shape \(2,\)"),
    "vector, host": (lambda x: np.exp(np.asarray(x)), r"one number.*shape \(2,\)"),
    "complex": (lambda x: jnp.sum(x) * 1j, r"complex"),
    "complex, host": (lambda x: complex(np.asarray(x)[0], 1), r"complex"),
    "integer": (lambda x: jnp.argmax(x), r"int"),
    "several": (lambda x: (x[0], x[1], x[0]), r"one number.*3 arrays"),
    "dict": (lambda x: {"f": x[0], "g": x[1]}, r"one number"),
    "nothing": (lambda x: None, r"one number"),
    "text": (lambda x: "low", r"fun"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_that_are_no_real_number_are_refused(name):
    """A vector, a complex number, an integer, several numbers, nothing: TypeError that says what fun returned."""
    fun, pattern = OUTPUTS[name]
    refused(TypeError, pattern, fun, X0)


POINTS = {
    "nan": ([1.0, math.nan], ValueError, r"x0\[1\] = nan"),
    "inf": ([math.inf, 1.0], ValueError, r"x0\[0\] = inf"),
    "nan in a leaf": ({"a": np.ones(2), "b": np.array([0.0, math.nan])}, ValueError, r"\[1\] = nan"),
    "empty": ([], ValueError, r"x0.*(empty|no entries)"),
    "empty dict": ({}, ValueError, r"x0 is empty"),
    "complex": ([1j, 2.0], TypeError, r"complex"),
    "text": (np.array(["a", "b"]), TypeError, r"real numbers"),
    "a string": ("1, 2", TypeError, r"real numbers"),
    "none": (None, (TypeError, ValueError), r"x0"),
    "objects": (np.array([object()]), TypeError, r"real numbers"),
    "ragged": ([[1.0], [1.0, 2.0]], (TypeError, ValueError), r"."),
}


@pytest.mark.parametrize("name", POINTS)
def test_starts_that_are_no_point_are_refused(name):
    """NaN, inf, empty, complex, text, None: an error that names the entry or the type."""
    x0, kind, pattern = POINTS[name]
    with pytest.raises(kind, match=pattern):
        rp.minimize(lambda x: jnp.sum(jnp.asarray(x) ** 2), x0)


def test_whole_numbers_become_floats_with_a_note():
    """x0 = [3, 4] is taken as float64, and the notes say so."""
    result = rp.minimize(rosenbrock, np.array([3, 4]))
    assert result.success and result.x.dtype == np.float64
    assert any("int" in note and "float64" in note for note in result.notes)
    assert rp.minimize(rosenbrock, [3, 4]).nit == rp.minimize(rosenbrock, [3.0, 4.0]).nit


def test_numbers_lists_and_matrices_are_points():
    """A number is a vector of one (as in SciPy), a matrix keeps its shape."""
    assert rp.minimize(lambda x: jnp.sum((x - 2) ** 2), 0.0).x.shape == (1,)
    result = rp.minimize(lambda x: jnp.sum((x - jnp.arange(4.0).reshape(2, 2)) ** 2), np.zeros((2, 2)))
    np.testing.assert_allclose(result.x, [[0, 1], [2, 3]], atol=1e-12)
    assert result.jac.shape == (4,) and result.hess.shape == (4, 4)


@pytest.mark.parametrize("host", [False, True])
def test_pytrees_are_points(host):
    """dicts and tuples of arrays go in, reach fun, and come out in the same structure; on the host, too."""
    xp = np if host else jnp
    fun = lambda p: xp.sum(xp.exp(p["w"] - 1) - p["w"]) + (p["b"][0] - 3) ** 2 + (p["b"][1] + 1) ** 4
    if host:
        plain, fun = fun, lambda p: float(plain(p))
    result = rp.minimize(fun, {"w": np.zeros((2, 2)), "b": (np.zeros(()), np.ones(()))}, method="bfgs")
    assert set(result.x) == {"w", "b"} and isinstance(result.x["b"], tuple)
    np.testing.assert_allclose(result.x["w"], np.ones((2, 2)), atol=1e-3)
    np.testing.assert_allclose(result.x["b"][0], 3, atol=1e-3)


def branching(x):
    """A Python if on the value of x."""
    return (x[0] - 1) ** 2 + x[1] ** 2 if x[0] > 0 else (x[0] - 1) ** 2 + 2 * x[1] ** 2


HOST = {
    "math.exp": lambda x: math.exp(x[0]) - x[0] + math.cosh(x[1]),
    "if": branching,
    "float": lambda x: float(x[0]) ** 2 + float(x[1]) ** 2,
}


@pytest.mark.parametrize("name", HOST)
def test_functions_that_jax_cannot_trace_run_on_the_host_with_a_note(name):
    """They are solved by finite differences, and the notes say why and how to get exact derivatives."""
    result = rp.minimize(HOST[name], np.array([0.5, 0.3]))
    assert result.success, result.verdict
    note = " ".join(result.notes)
    assert "host" in note and "differences" in note and "jax.numpy" in note
    assert result.nfev > result.nit, "evaluations for differences are counted"


class MineError(Exception):
    """The user's own."""


@pytest.mark.parametrize("at", [1, 2, 40])
def test_the_users_own_exception_passes_through_unchanged(at):
    """At the first call and in the middle of a run: same object, same type, same message."""
    raised = MineError("in my function", at)
    calls = []

    def fun(x):
        calls.append(1)
        if len(calls) >= at:
            raise raised
        return float(rosenbrock(np.asarray(x)))

    with pytest.raises(MineError) as caught:
        rp.minimize(fun, X0)
    assert caught.value is raised


def test_an_exception_while_tracing_passes_through():
    """A bug in a JAX function is reported as the user's own exception, not as an optimizer's."""

    def fun(x):
        return jnp.sum(x) * undefined_name  # noqa: F821

    with pytest.raises(NameError, match="undefined_name"):
        rp.minimize(fun, X0)
    with pytest.raises(TypeError, match=r"fun takes 2 arguments \(x, a\), but gets 1: a is missing"):
        rp.minimize(lambda x, a: jnp.sum(x) * a, X0)


def test_functions_that_are_not_finite_at_the_start_are_refused():
    """NaN or inf of f at x0, or of a derivative: ValueError that says which."""
    refused(ValueError, r"fun\(x0\) = nan", lambda x: jnp.sum(jnp.log(x)), -np.ones(2))
    refused(ValueError, r"fun\(x0\) = inf", lambda x: jnp.sum(1 / jnp.abs(x)), np.zeros(2))
    refused(ValueError, r"fun\(x0\) = nan", lambda x: float(np.log(np.asarray(x)[0])), np.array([-1.0]))
    refused(ValueError, r"derivative by x2", lambda x: x[0] ** 2 + jnp.sqrt(x[1]), np.array([1.0, 0.0]))


@pytest.mark.xfail(strict=True, reason="inf in H at x0 becomes a result with one trial and a RuntimeWarning")
def test_a_hessian_that_is_not_finite_at_the_start_is_refused():
    """The same for the Hessian, where the method needs it."""
    refused(ValueError, r"Hessian", lambda x: jnp.sum(jnp.abs(x) ** 1.5), np.zeros(2))


@pytest.mark.parametrize("fun", [rosenbrock, lambda x: float(rosenbrock(np.asarray(x)))], ids=["compiled", "host"])
def test_a_given_gradient_is_checked(fun):
    """jac of a wrong shape, or one that disagrees with f, is refused with the entry; a right one is fine."""
    refused(ValueError, r"jac must return 2 numbers.*\(3,\)", fun, X0, jac=lambda x: np.zeros(3))
    refused(ValueError, r"jac does not agree.*jac\[0\] = 431.*215\.6", fun, X0, jac=lambda x: gradient(x) * [-2, 1])
    result = rp.minimize(fun, X0, jac=gradient)
    assert result.success
    np.testing.assert_allclose(result.x, 1, rtol=1e-6)


def test_unknown_methods_are_refused_with_the_nearest_names():
    """A typing error names what was meant; SciPy's methods that are not here say what to use instead."""
    refused(ValueError, r"'trust-exakt'.*'trust-exact'", rosenbrock, X0, method="trust-exakt")
    refused(ValueError, r"'bgfs'.*'bfgs'", rosenbrock, X0, method="bgfs")
    refused(ValueError, r"'quantum'.*There are 'auto'", rosenbrock, X0, method="quantum")
    refused(TypeError, r"method must be a name or a Method", rosenbrock, X0, method=3)
    for name in FOREIGN:
        refused(ValueError, r"SciPy", rosenbrock, X0, method=name)


@pytest.mark.parametrize(
    "name", ["BFGS", "L-BFGS-B", "Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "dogleg"]
)
def test_scipys_names_are_understood(name):
    """In SciPy's spelling."""
    assert rp.minimize(rosenbrock, X0, method=name, max_steps=1).nit == 1


def test_constraints_are_refused_in_words():
    """They are not built; infinite bounds and empty constraints change nothing."""
    refused(NotImplementedError, r"constraints", rosenbrock, X0, constraints={"type": "eq", "fun": sum})
    for bounds in ([(None, None), (-math.inf, None)], scipy.optimize.Bounds([-math.inf] * 2, [math.inf] * 2)):
        assert rp.minimize(rosenbrock, X0, bounds=bounds, constraints=()).success


def test_unknown_options_and_impossible_limits_are_refused():
    """With the name, the value and the nearest option; SciPy's own options are ignored with a note."""
    refused(ValueError, r"'maxitr'.*maxiter", rosenbrock, X0, options={"maxitr": 5})
    refused(ValueError, r"tol = -1", rosenbrock, X0, tol=-1)
    refused(ValueError, r"max_steps = 2.5", rosenbrock, X0, max_steps=2.5)
    refused(ValueError, r"time_limit = 0", rosenbrock, X0, time_limit=0)
    result = rp.minimize(rosenbrock, X0, options={"gtol": 1e-3, "disp": False})
    assert any("gtol" in note for note in result.notes)


def test_it_is_called_as_scipy_calls_it():
    """Positions (fun, x0, args, method, jac), jac=True, one bare argument, maxiter."""
    shifted = lambda x, a, b: jnp.sum((x - a) ** 2) + b
    assert rp.minimize(shifted, np.zeros(2), (3.0, 1.0)).fun == pytest.approx(1)
    assert rp.minimize(lambda x, a: jnp.sum((x - a) ** 2), np.zeros(2), 3.0).x[0] == pytest.approx(3)
    both = lambda x: (float(rosenbrock(x)), gradient(x))
    for minimize in (scipy.optimize.minimize, rp.minimize):
        np.testing.assert_allclose(minimize(both, X0, (), "BFGS", True).x, 1, atol=1e-4)
        assert minimize(rosenbrock, X0, method="BFGS", jac=gradient, options={"maxiter": 5}).nit == 5
        assert minimize(rosenbrock, X0, (), "BFGS", gradient, tol=1e-8).fun < 1e-8
    hessian = rp.minimize(lambda x: float(rosenbrock(x)), X0, jac=gradient, hess=scipy.optimize.rosen_hess)
    assert hessian.success and hessian.nhev > 0
    product = rp.minimize(lambda x: float(rosenbrock(x)), X0, jac=gradient, hessp=scipy.optimize.rosen_hess_prod)
    assert product.success and product.nhev > 0


def test_a_result_has_scipys_names_and_ours():
    """x fun jac hess success status message nit nfev njev nhev, as attributes and items; value gradient verdict ..."""
    r = rp.minimize(rosenbrock, X0)
    for name in ("x", "fun", "jac", "hess", "success", "status", "message", "nit", "nfev", "njev", "nhev"):
        assert name in r and name in set(r.keys())
        assert r[name] is getattr(r, name) or np.all(r[name] == getattr(r, name))
    with pytest.raises(KeyError):
        r["nonsense"]
    assert (r.fun, r.nit, r.message) == (r.value, r.steps, r.verdict)
    assert isinstance(r.x, np.ndarray) and isinstance(r.success, bool)
    np.testing.assert_array_equal(r.jac, r.gradient)
    np.testing.assert_allclose(r.hess, scipy.optimize.rosen_hess(r.x), rtol=1e-9)
    assert (r.nfev, r.njev) == (r.evaluations.value, r.evaluations.gradient)
    assert r.nfev == len(r.trace) + 1 and r.njev == r.nhev == int(r.trace.accepted.sum()) + 1
    assert r.certificate.success and r.method == "dogleg" and "n = 2" in r.reasons[0]
    assert str(r).startswith("MINIMUM") and r.verdict in (r.message,)
