"""One step, several drivers: the generator, the compiled loop, `minimize` and `vmap` make the same run.

Nearly all of the time is compilation, so tests share programs: one scalar problem in two versions for the bitwise
law, one batch of four lanes in two variables for everything about `vmap`.
"""

import dataclasses
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.controls.radius import Radius
from raphson.kernel.status import Status
from raphson.model.curvature import Exact
from raphson.paths.trust import Trust
from raphson.solver.presets import PRESETS
from raphson.solver.step import Method
from raphson.solver.stop import Stop

HISTORY = 128

SCALAR = ("log-barrier", "double-well")


def scalar(x, which):
    """A wall of NaN beside the minimum, or two wells: scalar problems in one program, so a driver compiles once."""
    return jax.lax.switch(which, [rp.zoo[name].fun for name in SCALAR], x)


def rosenbrock(x, a):
    """The banana with its minimum at (a, a^2), and NaN at x1 <= -8 while its derivatives stay finite."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (a - x[0]) ** 2 + 0 * jnp.log(x[1] + 8)


@cache
def solver(fun, name):
    """`solve` compiled once for a function of (x0, datum), with its trials."""
    return jax.jit(lambda x0, a: rp.solve(rp.Minimize(fun, (a,)), name, x0, history=HISTORY))


@cache
def batched(fun, name):
    """The same over lanes of starts and data."""
    return jax.jit(jax.vmap(lambda x0, a: rp.solve(rp.Minimize(fun, (a,)), name, x0, history=HISTORY)))


def run_of(problem):
    """Start and datum of a scalar problem."""
    return jnp.asarray(rp.zoo[problem].x0), jnp.int32(SCALAR.index(problem))


@pytest.mark.parametrize("problem", SCALAR)
@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.bitwise
def test_the_generator_and_the_compiled_loop_agree_bitwise(name, problem):
    """On a scalar problem `iterate` and `solve` agree in x, value, status and every field of every trial."""
    x0, which = run_of(problem)
    run = list(rp.iterate(scalar, x0, which, name))
    found = solver(scalar, name)(x0, which)
    state = run[-1][0]
    assert int(found.steps) == len(run) <= HISTORY
    assert Status(int(found.status)) == Status(int(state.status)) != Status.RUNNING
    np.testing.assert_array_equal(found.x, state.x)
    np.testing.assert_array_equal(found.value, state.model.value)
    for field in dataclasses.fields(found.trials):
        ours = np.asarray(getattr(found.trials, field.name))[: len(run)]
        theirs = np.asarray([getattr(trial, field.name) for _, trial in run])
        np.testing.assert_array_equal(ours, theirs, err_msg=field.name)


@pytest.mark.parametrize("name", ["trust-exact", "damped-newton", "bfgs", "trust-cg"])
def test_minimize_makes_the_run_of_solve(name):
    """`minimize` in compiled bursts, `minimize` watched step by step, and `solve`: the same trials, the same x."""
    x0, which = run_of("double-well")
    found = solver(scalar, name)(x0, which)
    plain = rp.minimize(scalar, x0, args=(which,), method=name)
    seen = []
    watched = rp.minimize(scalar, x0, args=(which,), method=name, callback=lambda x: seen.append(x))
    for result in (plain, watched):
        assert result.nit == int(found.steps)
        np.testing.assert_allclose(result.x, found.x, rtol=1e-12)
        np.testing.assert_allclose(result.trace.step, found.trials.step[: result.nit], rtol=1e-9, atol=1e-13)
    assert len(seen) == plain.nit


STARTS = jnp.array([[-1.2, 1.0], [0.5, -0.5], [2.0, 3.0], [-0.7, 0.2]])
DATA = jnp.array([1.0, 0.9, 1.1, 1.0])

KINDS = ("trust-exact", "newton-cg", "cubic", "lbfgs")
"""One preset for each kind of linear algebra (Cholesky, products, eigenvectors, low rank), each with its own control.
Two compiles in two variables cost five seconds a preset; `make test-slow` runs the others."""


def lanes(name):
    """The preset as a parameter, slow unless it stands for its kind."""
    return pytest.param(name, marks=() if name in KINDS else pytest.mark.slow)


@pytest.mark.parametrize("name", [lanes(name) for name in PRESETS if name != "gradient-descent"])
def test_lanes_of_vmap_make_the_runs_of_single_solves(name):
    """vmap over starts and data: the first five trials to 1e-9, the answer, and its status, as one by one."""
    many = batched(rosenbrock, name)(STARTS, DATA)
    for lane, (x0, a) in enumerate(zip(STARTS, DATA, strict=True)):
        one = solver(rosenbrock, name)(x0, a)
        first = min(5, int(one.steps))
        np.testing.assert_allclose(many.trials.step[lane, :first], one.trials.step[:first], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(many.trials.value[lane, :first], one.trials.value[:first], rtol=1e-9, atol=1e-14)
        np.testing.assert_array_equal(many.trials.accepted[lane, :first], one.trials.accepted[:first])
        np.testing.assert_allclose(many.x[lane], one.x, rtol=1e-6)
        np.testing.assert_allclose(many.x[lane], [a, a**2], rtol=1e-6)
        assert int(many.status[lane]) != Status.RUNNING


def test_a_mixed_batch_of_lanes_that_end_early_late_and_never():
    """Lanes that start at the minimum, near it, far away, and outside the domain end with their own status."""
    starts = jnp.array([[1.0, 1.0], [1.1, 1.2], [-30.0, 20.0], [0.5, -9.0]])
    found = batched(rosenbrock, "trust-exact")(starts, jnp.ones(4))
    status = [Status(int(s)) for s in found.status]
    assert status == [Status.CONVERGED] * 3 + [Status.NOT_FINITE]
    assert found.steps[0] < found.steps[1] < found.steps[2]
    np.testing.assert_allclose(found.x[:3], 1, rtol=1e-9)
    np.testing.assert_array_equal(found.x[3], starts[3])


def test_vmap_over_the_numbers_of_a_method():
    """Methods are pytrees: a sweep over the radius' growth and the limit of steps is one vmap."""

    def solve(growth, limit):
        method = Method(Exact(), Trust(), Radius(growth=growth), Stop(max_steps=limit))
        return rp.solve(rp.Minimize(rosenbrock, (jnp.asarray(1.0),)), method, STARTS[0])

    growth, limit = jnp.array([1.5, 2.0, 4.0]), jnp.array([1000, 3, 1000])
    found = jax.jit(jax.vmap(solve))(growth, limit)
    assert [Status(int(s)).name for s in found.status] == ["CONVERGED", "STEPS", "CONVERGED"]
    assert found.steps[1] == 3
    assert found.steps[0] != found.steps[2], "the growth factor matters"
    np.testing.assert_allclose(found.x[::2], 1, rtol=1e-9)


def test_solve_takes_pytrees_and_plain_functions():
    """x0 a dict; the problem a function of x alone; the method a name; jitted or not: the same answer."""
    fun = lambda p: jnp.sum((p["a"] - 2) ** 2) + (p["b"] + 1) ** 4 + (p["b"] + 1) ** 2
    x0 = {"a": jnp.zeros((2, 2)), "b": jnp.asarray(3.0)}
    for found in (rp.solve(fun, "damped-newton", x0), jax.jit(lambda x: rp.solve(fun, "damped-newton", x))(x0)):
        np.testing.assert_allclose(found.x["a"], np.full((2, 2), 2.0), rtol=1e-12)
        np.testing.assert_allclose(found.x["b"], -1, rtol=1e-8)
        assert found.gradient.shape == (5,)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_single_precision_is_kept_under_jit_and_vmap(kind):
    """float32 starts: x, value and trials in float32, whatever the precision of the data."""
    found = batched(rosenbrock, "trust-exact")(STARTS.astype(np.float32), DATA.astype(kind))
    assert found.x.dtype == found.value.dtype == found.trials.step.dtype == np.float32
    np.testing.assert_allclose(found.x[:, 0], DATA, rtol=1e-3)


def test_double_data_of_residuals_leave_a_single_precision_start_alone():
    """The same for residuals: float64 data, a float32 start, a float32 answer."""
    residual = lambda x, a: jnp.stack([10 * (x[1] - x[0] ** 2), a - x[0]])
    problem = rp.LeastSquares(residual, (np.float64(0.9),))
    found = jax.jit(lambda x0: rp.solve(problem, "lm", x0))(STARTS[0].astype(np.float32))
    assert found.x.dtype == found.value.dtype == np.float32
    np.testing.assert_allclose(found.x, [0.9, 0.81], rtol=1e-4)
