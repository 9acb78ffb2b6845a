"""The door: what is refused, in which words, what is converted with a note, and SciPy's way of calling."""

import math
import re

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse.linalg

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
    """Empty, complex, text, None: an error that names the entry or the type."""
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


NOT_FINITE = {
    "NaN, compiled": (lambda x: jnp.sum(jnp.log(x)), -np.ones(2), r"fun\(x0\) = nan"),
    "inf, compiled": (lambda x: jnp.sum(1 / jnp.abs(x)), np.zeros(2), r"fun\(x0\) = inf"),
    "NaN, host": (lambda x: float(np.log(np.asarray(x)[0])), np.array([-1.0]), r"fun\(x0\) = nan"),
    "gradient": (lambda x: x[0] ** 2 + jnp.sqrt(x[1]), np.array([1.0, 0.0]), r"derivative by x2"),
    "NaN in x0": (lambda x: jnp.sum(x**2), np.array([1.0, np.nan]), r"x0 is not finite: x2 = nan"),
    "inf in x0": (lambda x: jnp.sum(x**2), np.array([np.inf, 1.0]), r"x0 is not finite: x1 = inf"),
    "NaN in x0, f deaf": (lambda x: 0 * jnp.sum(jnp.zeros(2)) + x[0] ** 2, np.array([1.0, np.nan]), r"x2 = nan"),
}


@pytest.mark.parametrize("name", NOT_FINITE)
@pytest.mark.filterwarnings("error")
def test_where_nothing_can_begin_the_result_says_so(name):
    """NaN or inf in x0, in f there or in a derivative: x0 without success, and why; a loop over starts goes on."""
    with np.errstate(all="ignore"):
        result = rp.minimize(NOT_FINITE[name][0], NOT_FINITE[name][1])
    assert not result.success and result.certificate.verdict == "not finite"
    np.testing.assert_array_equal(result.x, NOT_FINITE[name][1])
    assert re.search(NOT_FINITE[name][2], result.message) and str(result).startswith("NOT FINITE")


@pytest.mark.parametrize("fun", [rosenbrock, lambda x: float(rosenbrock(np.asarray(x)))], ids=["compiled", "host"])
def test_a_given_gradient_is_checked(fun):
    """jac of a wrong shape, or one that disagrees with f, is refused with the entry; a right one is fine."""
    refused(ValueError, r"jac must return 2 numbers.*\(3,\)", fun, X0, jac=lambda x: np.zeros(3))
    refused(ValueError, r"jac does not agree.*jac\[0\] = 431.*215\.6", fun, X0, jac=lambda x: gradient(x) * [-2, 1])
    result = rp.minimize(fun, X0, jac=gradient)
    assert result.success
    np.testing.assert_allclose(result.x, 1, rtol=1e-6)
    # The unit of f is no excuse: a wrong sign is found at 1e-14 and at 1e-250 as well.
    for unit in (1e-14, 1e-250, 1e200):
        scaled, wrong = lambda x, k: k * fun(x), lambda x, k: k * gradient(x) * [1, -1]
        refused(ValueError, r"jac does not agree.*jac\[1\]", scaled, X0, args=(unit,), jac=wrong)


@pytest.mark.filterwarnings("error")
def test_a_hessian_that_is_not_finite_at_the_start_is_no_success():
    """|x|^1.5 at its kink: f and g are there, H is not, and nothing warns."""
    result = rp.minimize(lambda x: jnp.sum(jnp.abs(x) ** 1.5), np.zeros(2))
    assert not result.success and result.x.tolist() == [0, 0]


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


def test_options_are_read_as_scipy_reads_them():
    """Unknown ones are warned of with the nearest; SciPy's own are ignored with a note; maxiter may be a fraction."""
    with pytest.warns(scipy.optimize.OptimizeWarning, match=r"Unknown solver options: maxitr\. Did you mean maxiter"):
        rp.minimize(rosenbrock, X0, options={"maxitr": 5})
    result = rp.minimize(rosenbrock, X0, options={"gtol": 1e-3, "disp": False})
    assert any("gtol" in note for note in result.notes)
    for maxiter, steps in ((2.1, 3), (2, 2), (0, 0), (-1, 0)):
        assert rp.minimize(rosenbrock, X0, options={"maxiter": maxiter}).nit == steps
    assert rp.minimize(rosenbrock, X0, tol=10).success, "tol = 10 is SciPy's for: quickly"


def test_impossible_limits_are_refused():
    """With the name and the value."""
    refused(ValueError, r"tol = -1", rosenbrock, X0, tol=-1)
    refused(ValueError, r"max_steps = 2.5", rosenbrock, X0, max_steps=2.5)
    refused(ValueError, r"time_limit = 0", rosenbrock, X0, time_limit=0)


def test_disp_prints_and_warns_of_a_failure(capsys):
    """SciPy's disp=True: the result is printed, a failure warned of: OptimizeWarning, or RuntimeWarning (regions)."""
    rp.minimize(rosenbrock, X0, options={"disp": True})
    assert capsys.readouterr().out.startswith("MINIMUM")
    for method, kind in (("BFGS", scipy.optimize.OptimizeWarning), ("dogleg", RuntimeWarning)):
        with pytest.warns(kind, match="Maximum number of iterations"):
            rp.minimize(rosenbrock, X0, method=method, options={"disp": True, "maxiter": 1})
        assert capsys.readouterr().out.startswith("NOT CONVERGED")
    rp.minimize(rosenbrock, X0, options={"maxiter": 1})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("name", "runs_as"), [("CG", "lbfgs"), ("TNC", "newton-cg")])
def test_scipys_cg_and_tnc_run_on_their_kin_with_a_note(name, runs_as):
    """Nonlinear conjugate gradients on L-BFGS, truncated Newton on Newton-CG, with bounds."""
    result = rp.minimize(rosenbrock, X0, method=name, bounds=[(-2, 2), (None, None)])
    assert result.success and result.method == runs_as
    assert any(name in note and runs_as in note for note in result.notes)


HESSIANS = {
    "sparse": lambda x: scipy.sparse.csr_array(scipy.optimize.rosen_hess(x)),
    "LinearOperator": lambda x: scipy.sparse.linalg.aslinearoperator(scipy.optimize.rosen_hess(x)),
    "2-point": "2-point",
    "BFGS()": scipy.optimize.BFGS(),
}


@pytest.mark.parametrize("name", HESSIANS)
def test_hessians_of_every_kind_that_scipy_takes(name):
    """Sparse, an operator, a word for differences, an update strategy: the minimum, with a note for the last two."""
    on_host = lambda x: float(rosenbrock(x))
    result = rp.minimize(on_host, X0, jac=gradient, hess=HESSIANS[name], method="Newton-CG")
    assert result.success
    np.testing.assert_allclose(result.x, 1, rtol=1e-6)
    assert callable(HESSIANS[name]) or any(f"hess='{name}'" in note or f"hess={name}" in note for note in result.notes)
    refused(ValueError, r"hess must be a function", on_host, X0, jac=gradient, hess="4-point")


def test_a_callback_keeps_what_it_sees_and_stops():
    """It gets copies that it may change, an OptimizeResult under that name; True or StopIteration ends the run."""
    kept = []
    rp.minimize(rosenbrock, X0, callback=lambda x: kept.append(x) or x.fill(np.nan))
    assert len(kept) > 3 and not any(np.may_share_memory(a, b) for a in kept for b in kept if a is not b)
    assert rp.minimize(rosenbrock, X0, callback=lambda x: True).nit == 1

    def third(intermediate_result):
        assert isinstance(intermediate_result, scipy.optimize.OptimizeResult)
        if intermediate_result.nit == 3:
            raise StopIteration

    assert rp.minimize(rosenbrock, X0, callback=third).nit == 3


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
