"""A sum of squares is known by the end of its program, and nothing else is taken for one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.tracing.squares import residual_program

A = np.random.default_rng(0).normal(size=(5, 3))

SUMS = {
    "sum": lambda x: jnp.sum((A @ x - 1) ** 2),
    "half": lambda x: 0.5 * jnp.sum((A @ x) ** 2),
    "product": lambda x: (lambda r: 0.5 * (r @ r))(A @ x),
    "Rosenbrock": lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
    "chained": lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "compiled": jax.jit(lambda x: jnp.sum((A @ x - 1) ** 2) / 7),
    "mean": lambda x: jnp.mean((A @ x) ** 2),
    "axes": lambda x: jnp.sum(jnp.sum((A * x - 1) ** 2, axis=1)),
    "weights": lambda x: jnp.sum(jnp.array([1.0, 2.0, 3.0]) * (x - 1) ** 2),
    "minus minus": lambda x: -2.0 * (-3.0 * (x @ x)),
}

OTHERS = {
    "negated": lambda x: -jnp.sum((A @ x - 1) ** 2),
    "weights of sums": lambda x: jnp.sum(np.arange(5.0) * jnp.sum((A * x - 1) ** 2, axis=1)),
    "with a slope": lambda x: jnp.sum((A @ x - 1) ** 2) + x[0],
    "a difference": lambda x: x[0] ** 2 - x[1] ** 2,
    "cubes": lambda x: jnp.sum(x**3),
    "a product": lambda x: 2.0 * x[0] * x[0] * x[1],
    "a weight that varies": lambda x: x[2] * jnp.sum((A @ x) ** 2),
    "part of a sum": lambda x: jnp.sum(jnp.sum((A * x - 1) ** 2, axis=1)[1:]),
    "a maximum": lambda x: jnp.max((A @ x - 1) ** 2),
    "two vectors": lambda x: (A @ x) @ (A @ x + 1),
    "a root": lambda x: jnp.sqrt(jnp.sum(x**2)),
}


@pytest.mark.parametrize("name", SUMS)
def test_half_the_squares_of_the_residuals_are_f(name):
    """At random points, to rounding; and the same object is found again, so that nothing compiles twice."""
    fun, x = SUMS[name], np.array([0.7, -1.3, 2.1])
    found = residual_program(fun, x, ())
    assert found is not None and residual_program(fun, x + 1, ()) is found
    seen = 0.5 * sum(float(jnp.sum(part**2)) for part in found(x))
    assert seen == pytest.approx(float(fun(x)), rel=1e-14)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_sum_of_squares_is_not_taken_for_one(name):
    assert residual_program(OTHERS[name], np.ones(3), ()) is None


def test_a_negative_weight_has_no_residuals():
    """The sign of a number is not part of a program."""
    found = residual_program(lambda x, w: w * jnp.sum(x**2), np.ones(3), (np.array(-2.0),))
    assert found is None or np.isnan(found(np.ones(3), -2.0)[0]).all()


def test_data_and_structures_pass_through():
    fun = lambda x, a: jnp.sum((a * x["u"] - x["v"]) ** 2)
    x, a = {"u": np.arange(3.0), "v": 2.0 * np.ones(3)}, np.array([1.0, 4.0, 2.0])
    found = residual_program(fun, x, (a,))
    assert found is not None
    np.testing.assert_allclose(found(x, a)[0], np.sqrt(2) * (a * x["u"] - x["v"]), rtol=1e-15)


def test_a_matrix_with_its_transpose_is_no_sum_of_squares() -> None:
    """sum A_ij A_ji may be negative."""
    x = jnp.arange(4.0)
    for axes, is_square in ((((0, 1), (1, 0)), False), (((0, 1), (0, 1)), True)):
        program = residual_program(lambda x, axes=axes: (lambda a: jnp.tensordot(a, a, axes))(x.reshape(2, 2)), x, ())
        assert (program is not None) == is_square
