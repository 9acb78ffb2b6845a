"""Drivers as people use them: stopping, limits, callbacks, and what is compiled and traced how often."""

import contextlib
import io
import time
import warnings
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import OptimizeResult
from scipy.optimize import rosen as scipy_rosen

import raphson as rp
from raphson.fit import attempt
from raphson.kernel.status import Status
from raphson.solver import call
from raphson.solver.clock import CompileClock
from raphson.solver.drive import run
from tests.suites.cages import solve_caged

X0 = np.array([-1.2, 1.0])


def rosenbrock(x):
    """The banana, for JAX."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


PLAIN = rp.minimize(rosenbrock, X0)


@pytest.mark.parametrize("limit", [0, 1, 3])
@pytest.mark.parametrize("fun", [rosenbrock, lambda x: float(rosenbrock(np.asarray(x)))], ids=["compiled", "host"])
def test_the_step_limit_returns_the_best_so_far_honestly(fun, limit):
    """max_steps = k: k trials in the trace, status STEPS, no success, and the best of the points seen."""
    result = rp.minimize(fun, X0, max_steps=limit)
    assert len(result.trace) == result.nit == limit
    assert result.termination == Status.STEPS
    assert not result.success and "limit of steps" in result.message
    values = [result.trace.start_value, *result.trace.value[result.trace.accepted]]
    assert result.value == pytest.approx(min(values), rel=1e-12)
    assert result.value == pytest.approx(scipy_rosen(result.x), rel=1e-12)
    if fun is rosenbrock:
        np.testing.assert_array_equal(result.trace.step, PLAIN.trace.step[:limit])


def test_max_steps_is_also_an_option_as_in_scipy():
    """options={"maxiter": k} means the same."""
    assert rp.minimize(rosenbrock, X0, options={"maxiter": 3}).nit == 3


def interrupting(at):
    """A host function that raises KeyboardInterrupt at its `at`-th call, as Ctrl-C would."""
    calls = []

    def fun(x):
        calls.append(np.array(x))
        if len(calls) == at:
            raise KeyboardInterrupt
        return float(100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2)

    return fun


def test_ctrl_c_in_the_function_returns_the_best_so_far():
    """KeyboardInterrupt in the middle of a run loses nothing: status USER, the trace so far, no success."""
    result = rp.minimize(interrupting(60), X0)
    assert result.termination == Status.USER and not result.success
    assert 0 < result.nit < 20
    assert result.value < scipy_rosen(X0)
    assert "stopped by the user" in str(result)


def test_ctrl_c_in_a_callback_returns_the_best_so_far():
    """The same where the user's callback is running when Ctrl-C comes."""
    seen = []

    def callback(x):
        seen.append(x)
        if len(seen) == 4:
            raise KeyboardInterrupt

    result = rp.minimize(rosenbrock, X0, callback=callback)
    assert result.termination == Status.USER and not result.success
    assert result.nit >= 3
    assert result.value <= min(scipy_rosen(x) for x in seen[:3]) * (1 + 1e-9)


@pytest.mark.parametrize("door", ["least_squares", "minimize"])
def test_ctrl_c_in_a_later_run_ends_the_call(door, monkeypatch):
    """A run that was laid aside does not go on, and none begins, after another one was stopped."""
    made = []

    def ended(method, problem, x, **seen):
        made.append(seen["time_limit"])
        done = run(method, problem, x, **seen)
        return replace(
            done, status=Status.USER if len(made) == 2 else Status.STEPS, onward=lambda: made.append("onward")
        )

    for module in (call, attempt):
        monkeypatch.setattr(module, "run", ended)
    residual = lambda x: 1 + jnp.exp(-x)  # the infimum is at infinity: no method shows a minimum
    start = [1.0, 2.0]
    if door == "minimize":
        result = rp.minimize(lambda x: jnp.sum(residual(x) ** 2), start)
    else:
        result = rp.least_squares(residual, start)
    assert len(made) == 2 and not result.success, made
    assert "stopped by the user" in str(result.reasons) + result.message


def test_the_time_limit_returns_the_best_so_far():
    """A slow function and a time limit: status TIME, the trials so far and no others, an honest verdict."""

    def slow(x, seconds=0.002):
        time.sleep(seconds)
        return float(100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2)

    whole = rp.minimize(slow, X0, args=(0.0,))
    result = rp.minimize(slow, X0, time_limit=0.05)
    assert result.termination == Status.TIME and not result.success
    assert result.nit < whole.nit
    np.testing.assert_array_equal(result.trace.step, whole.trace.step[: result.nit])
    assert "time limit" in result.message
    assert result.value <= scipy_rosen(X0)


def test_a_callback_sees_every_trial():
    """callback(x) and callback(intermediate_result=r) come after every trial, with the current point and value."""
    points, results = [], []
    rp.minimize(rosenbrock, X0, callback=points.append)

    def keep(*, intermediate_result):
        results.append(intermediate_result)

    rp.minimize(rosenbrock, X0, callback=keep)
    assert len(points) == len(results) == PLAIN.nit
    for x, r in zip(points, results, strict=True):
        assert isinstance(x, np.ndarray)
        np.testing.assert_array_equal(x, r.x)
        assert r.fun == pytest.approx(scipy_rosen(r.x), rel=1e-9, abs=1e-22)  # twice rounded
        assert r["fun"] == r.fun
    assert [r.nit for r in results] == list(range(1, PLAIN.nit + 1))


def by_position(x):
    """SciPy's old callback."""
    raise StopIteration


def by_keyword(intermediate_result: OptimizeResult):
    """SciPy's new callback."""
    raise StopIteration


@pytest.mark.parametrize("callback", [by_position, by_keyword, lambda x: True])
def test_a_callback_stops_the_run(callback):
    """StopIteration (or True, as in older SciPy) stops after the trial just made: status USER."""
    result = rp.minimize(rosenbrock, X0, callback=callback)
    assert result.nit == 1
    assert result.termination == Status.USER and not result.success


def test_a_callbacks_own_exception_comes_through():
    """An error in a callback is the user's: same type, same message."""

    def callback(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match=r"^mine$"):
        rp.minimize(rosenbrock, X0, callback=callback)


def test_a_callback_gets_the_structure_of_x0():
    """With a pytree x0 the callback's x is that pytree."""
    seen = []
    rp.minimize(lambda p: jnp.sum((p["a"] - 1) ** 2), {"a": np.zeros(2)}, callback=seen.append)
    assert set(seen[-1]) == {"a"}
    np.testing.assert_allclose(seen[-1]["a"], 1)


def test_progress_calls_a_function_of_the_state():
    """progress=f: f sees states whose values never rise for a method that only descends."""
    values = []
    rp.minimize(rosenbrock, X0, progress=lambda state: values.append(float(state.model.value)))
    assert values and values == sorted(values, reverse=True)


@pytest.mark.parametrize("names", [("rosenbrock", "saddle"), ("watson",), ("discrete-boundary-value", "linear-rank-1")])
def test_the_library_is_silent(names):
    """Nothing on stdout or stderr, and no warning, whatever the problem."""
    out, err = io.StringIO(), io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        warnings.simplefilter("error")
        for name in names:
            solve_caged(name, "auto", cages={0: names})
    assert out.getvalue() == err.getvalue() == ""


def test_iterate_is_the_run_of_minimize():
    """for state, trial in rp.iterate(fun, x0): the same trials; leaving the loop is the stop button."""
    run = list(rp.iterate(rosenbrock, X0))
    assert len(run) == PLAIN.nit
    np.testing.assert_allclose([trial.step for _, trial in run][:5], PLAIN.trace.step[:5], rtol=1e-9)
    np.testing.assert_allclose(run[-1][0].x, PLAIN.x, rtol=1e-9)
    for state, _ in rp.iterate(rosenbrock, X0, method="bfgs"):
        if float(state.model.value) < 1:
            break
    assert int(state.status) == Status.RUNNING


def compilations(call):
    """How many compilations a call makes, and what it returns."""
    before = CompileClock.count
    out = call()
    return CompileClock.count - before, out


def test_a_second_call_compiles_nothing():
    """The same function again, from another start, with another tolerance and limit: no compilation."""
    rp.minimize(rosenbrock, X0)
    calls = [
        lambda: rp.minimize(rosenbrock, X0),
        lambda: rp.minimize(rosenbrock, X0 + 1),
        lambda: rp.minimize(rosenbrock, X0, tol=1e-6),
        lambda: rp.minimize(rosenbrock, X0, max_steps=7),
    ]
    calls[2](), calls[3]()  # a new limit may have to be put on the device once
    assert [compilations(call)[0] for call in calls] == [0, 0, 0, 0]


@pytest.mark.parametrize("array", [jnp.asarray, np.array])
def test_a_fresh_lambda_of_the_same_code_compiles_nothing(array):
    """for d in data: minimize(lambda x: loss(x, d), x0) compiles for the first d alone, and solves each."""
    counts = []
    for d in (array([1.0, 2.0]), array([3.0, -4.0]), array([0.5, 0.25])):
        count, result = compilations(lambda d=d: rp.minimize(lambda x: jnp.sum(jnp.cosh(x - d)), np.zeros(2)))
        counts.append(count)
        np.testing.assert_allclose(result.x, d, atol=1e-8)
    assert counts[0] > 0
    assert counts[1:] == [0, 0]


def test_the_users_function_is_traced_a_few_times_and_never_again():
    """Python runs the body of fun at most 3 times for a first call, and at most once for another of the same shapes."""
    traced = []

    def fun(x):
        traced.append(1)
        return jnp.sum((x - 1) ** 4 + (x - 1) ** 2)

    rp.minimize(fun, np.zeros(3))
    assert 1 <= len(traced) <= 3
    traced.clear()
    rp.minimize(fun, np.ones(3) * 2)
    assert len(traced) <= 1
