"""Methods of products in any unit: single variables times 2^+-20, f times 2^+-60, float32, and rotated variables."""

from functools import cache

import jax
import numpy as np
import pytest

import raphson as rp
from raphson.kernel.status import Status

PROBLEMS = ("rosenbrock", "beale", "himmelblau", "wood")
UNITS = np.array([[0, 0, 0, 0], [20, -20, 20, -20], [-20, 20, 7, -13], [-3, -20, 0, 20]])


def padded(name):
    """The problem in four variables: the last two of a problem of two are a bowl of their own."""
    fun, n = rp.zoo[name].fun, rp.zoo[name].x0.size
    return fun if n == 4 else lambda x: fun(x[:2]) + 0.5 * (x[2:] @ x[2:])


def example(which, x):
    """One of the problems."""
    return jax.lax.switch(which, [padded(name) for name in PROBLEMS], x)


def start(which):
    """Its start."""
    x0 = rp.zoo[PROBLEMS[which]].x0
    return np.concatenate([x0, np.ones(4 - x0.size)])


@cache
def runner(method, dtype):
    """Runs of f(R (u x)) times a factor: all the problems in all the units at once."""

    def run(x0, u, factor, R, which):
        fun = lambda x, u, factor, R: factor * example(which, R @ (u * x))
        found = rp.solve(rp.Minimize(fun, (u, factor, R)), method, x0)
        return found.x, found.value, found.status, found.steps

    return jax.jit(jax.vmap(run))


def ends(method, dtype, powers, factor, R):
    """x, f, status, steps of every problem (rows) in every unit of `powers` (k, 4)."""
    u = np.exp2(powers).astype(dtype)
    cases = [(start(w), row, w) for w in range(len(PROBLEMS)) for row in u]
    x0 = np.stack([(R.T @ x / row) for x, row, _ in cases]).astype(dtype)
    u, which = np.stack([row for _, row, _ in cases]), np.array([w for *_, w in cases])
    many = len(cases)
    factors = np.full(many, factor, dtype)
    x, f, status, steps = runner(method, dtype)(x0, u, factors, np.broadcast_to(R.astype(dtype), (many, 4, 4)), which)
    shape = (len(PROBLEMS), -1)
    return (np.asarray(x) * u).reshape(*shape, 4), *(np.asarray(a).reshape(shape) for a in (f, status, steps))


@pytest.mark.parametrize("method", ["trust-cg", "newton-cg"])
def test_no_unit_changes_a_step(method):
    """Powers of two for variables and (of four) for f: the same trials and the same answer, to the last bit."""
    plain = ends(method, np.float64, UNITS[:1], 1.0, np.eye(4))
    assert np.all(plain[2] == Status.CONVERGED)
    for power in (0, 60, -60):
        x, f, status, steps = ends(method, np.float64, UNITS, 2.0**power, np.eye(4))
        assert np.all(status == Status.CONVERGED)
        np.testing.assert_array_equal(steps, np.broadcast_to(plain[3], steps.shape))
        np.testing.assert_array_equal(x, np.broadcast_to(plain[0], x.shape))
        assert np.all(f * 2.0**-power <= 1e-12)


@pytest.mark.parametrize("method", ["trust-cg", "newton-cg"])
def test_single_precision_keeps_the_law(method):
    """float32 at f times 2^-66 and 2^60: the same trials."""
    steps = {}
    for power in (0, -66, 60):
        _, f, status, steps[power] = ends(method, np.float32, UNITS, 2.0**power, np.eye(4))
        assert np.all((status == Status.CONVERGED) | (status == Status.NOISE) | (status == Status.STALLED))
        assert np.all(f.astype(float) * 2.0**-power <= 1e-5)
        np.testing.assert_array_equal(steps[power], steps[0])


@pytest.mark.parametrize("method", ["trust-cg", "newton-cg"])
def test_rotated_variables_end_at_a_minimum(method):
    """In a turned frame, in units of its own: a minimum, in no more than twice the trials."""
    R = np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    plain = ends(method, np.float64, UNITS[:1], 1.0, np.eye(4))
    _, f, status, steps = ends(method, np.float64, UNITS, 1.0, R)
    assert np.all(status == Status.CONVERGED) and np.all(f <= 1e-12)
    assert np.all(steps <= 2 * plain[3] + 10)
