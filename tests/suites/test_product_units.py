"""Methods of products in any unit: single variables times 2^+-20, f times 2^+-60, float32, and rotated variables."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.kernel.status import Status

PROBLEMS = ("rosenbrock", "beale", "himmelblau", "wood")
UNITS = np.array([[0, 0, 0, 0], [20, -20, 20, -20], [-20, 20, 7, -13], [-3, -20, 0, 20]])


def padded(name):
    """The problem in four variables: the last two of a problem of two are a bowl of their own."""
    fun, n = rp.zoo[name].fun, rp.zoo[name].x0.size
    return fun if n == 4 else lambda x: fun(x[:2]) + 0.5 * jnp.sum((x[2:] - 1) ** 2)


def example(which, x):
    """One of the problems."""
    return jax.lax.switch(which, [padded(name) for name in PROBLEMS], x)


def start(which):
    """Its start."""
    x0 = rp.zoo[PROBLEMS[which]].x0
    return np.concatenate([x0, np.full(4 - x0.size, 2.0)])


@cache
def runner(method, dtype):
    """Runs of f(R (u x)) times a factor: one program for all problems and units."""

    def run(x0, u, factor, R, which):
        fun = lambda x, u, factor, R: factor * example(which, R @ (u * x))
        found = rp.solve(rp.Minimize(fun, (u, factor, R)), method, x0)
        return found.x, found.value, found.status, found.steps

    return jax.jit(run)


def ends(method, dtype, powers, factor, R):
    """x, f, status, steps of every problem (rows) in every unit of `powers` (k, 4)."""
    run, found = runner(method, dtype), []
    for which in range(len(PROBLEMS)):
        for u in np.exp2(powers):
            x, *rest = run(
                (R.T @ start(which) / u).astype(dtype), u.astype(dtype), dtype(factor), R.astype(dtype), which
            )
            found.append((np.asarray(x) * u, *map(np.asarray, rest)))
    return tuple(np.stack(a).reshape(len(PROBLEMS), len(powers), *a[0].shape) for a in zip(*found, strict=True))


@pytest.mark.parametrize("method", ["trust-cg", "newton-cg", "trust-krylov"])
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
