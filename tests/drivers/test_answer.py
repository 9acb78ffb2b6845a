"""The derivative of an answer: dx*/dtheta = -H^-1 d_theta g, against closed forms and finite differences."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp

A = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, 0.25], [0.5, 0.25, 1.0]])
B = np.array([1.0, -2.0, 0.5])


def quadratic(x, A, b):
    """1/2 x'Ax - b'x, with its minimum at A^-1 b and the value -1/2 b'A^-1 b."""
    return 0.5 * x @ A @ x - b @ x


def curved(x, theta):
    """Smooth, convex, and not a quadratic: its minimizer is a curved function of theta."""
    return jnp.sum(jnp.cosh(x - theta) + 0.1 * (x * theta) ** 2) + 0.5 * (x[0] - theta[1] * x[1]) ** 2


THETA = jnp.array([0.7, -1.3])
X0 = jnp.zeros(2)


@partial(jax.jit, static_argnums=0)
def answer(method, theta):
    """The whole solution of the curved problem."""
    return rp.solve(rp.Minimize(curved, (theta,)), method, X0)


def best(theta):
    """The minimizer alone, by the default method."""
    return answer("trust-exact", theta).x


def differences(f, theta, h=1e-4):
    """Central differences of fourth order, one column for each entry of theta."""
    columns = []
    for e in np.eye(theta.size):
        at = lambda k, e=e: np.asarray(f(theta + k * h * e))
        columns.append((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h))
    return np.stack(columns, -1)


def test_a_quadratic_has_the_derivative_of_linear_algebra():
    """x* = A^-1 b: dx*/db = A^-1, and the value -1/2 b'A^-1 b has the gradient -A^-1 b."""
    solve = lambda b: rp.solve(rp.Minimize(quadratic, (jnp.asarray(A), b)), "trust-exact", jnp.zeros(3))
    inverse = np.linalg.inv(A)
    forward, backward = jax.jit(jax.jacfwd(lambda b: solve(b).x)), jax.jit(jax.jacrev(lambda b: solve(b).x))
    np.testing.assert_allclose(forward(jnp.asarray(B)), inverse, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(backward(jnp.asarray(B)), inverse, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(jax.jit(jax.grad(lambda b: solve(b).value))(jnp.asarray(B)), -inverse @ B, rtol=1e-12)


@pytest.mark.parametrize("method", ["trust-exact", "bfgs", "trust-cg", "trust-krylov"])
def test_derivatives_agree_with_finite_differences(method):
    """Forward and reverse Jacobians of x* to 1e-6 of central differences, whatever method found x*."""
    solution = lambda theta: answer(method, theta).x
    expected = differences(best, THETA)
    np.testing.assert_allclose(jax.jacfwd(solution)(THETA), expected, rtol=1e-6)
    np.testing.assert_allclose(jax.jacrev(solution)(THETA), expected, rtol=1e-6)


def test_the_value_has_the_derivative_of_the_envelope_theorem():
    """d f(x*(theta), theta) / dtheta is the partial derivative by theta alone, with x* held fixed."""
    x = best(THETA)
    partial_alone = jax.grad(lambda theta: curved(x, theta))(THETA)
    np.testing.assert_allclose(
        jax.grad(lambda theta: answer("trust-exact", theta).value)(THETA), partial_alone, rtol=1e-9
    )
    expected = differences(lambda theta: answer("trust-exact", theta).value, THETA)
    np.testing.assert_allclose(partial_alone, expected, rtol=1e-7)


def test_second_derivatives_are_those_of_the_minimizer():
    """The Jacobian of the Jacobian agrees with differences of the Jacobian, forward and reverse."""
    jacobian = jax.jit(jax.jacfwd(best))
    expected = differences(jacobian, THETA)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(jax.jacfwd(best)))(THETA), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(jax.jacrev(best)))(THETA), expected, rtol=1e-5, atol=1e-7)


def test_derivatives_batch():
    """vmap of the derivative is the derivative lane by lane."""
    thetas = THETA + jnp.array([[0.0, 0.0], [0.3, -0.2], [-0.5, 1.0]])
    many = jax.jit(jax.vmap(jax.jacrev(best)))(thetas)
    for lane, theta in zip(many, thetas, strict=True):
        np.testing.assert_allclose(lane, jax.jacrev(best)(theta), rtol=1e-8)


def test_the_start_has_no_influence():
    """x* does not depend on x0: its derivative by x0 is zero, and not that of the loop."""
    fun = lambda x0: rp.solve(rp.Minimize(curved, (THETA,)), "trust-exact", x0).x
    np.testing.assert_array_equal(jax.jit(jax.jacrev(fun))(X0), np.zeros((2, 2)))


def test_pytrees_on_both_sides():
    """Points and data may be pytrees: derivatives come in their structure."""
    fun = lambda p, data: jnp.sum((p["a"] - data["m"]) ** 2) + (p["b"] - jnp.sum(data["m"])) ** 2
    x0 = {"a": jnp.zeros(2), "b": jnp.zeros(())}
    solve = lambda m: rp.solve(rp.Minimize(fun, ({"m": m},)), "trust-exact", x0).x
    J = jax.jit(jax.jacrev(solve))(jnp.array([1.0, 2.0]))
    np.testing.assert_allclose(J["a"], np.eye(2), atol=1e-12)
    np.testing.assert_allclose(J["b"], np.ones(2), atol=1e-12)


def test_a_flat_direction_does_not_move():
    """Where H is singular the shortest dx is returned: finite, and zero along the flat direction."""
    fun = lambda x, t: (x[0] + x[1] - t) ** 2
    solve = lambda t: rp.solve(rp.Minimize(fun, (t,)), "trust-exact", jnp.array([0.3, -0.1])).x
    np.testing.assert_allclose(jax.jit(jax.jacfwd(solve))(jnp.asarray(1.0)), [0.5, 0.5], rtol=1e-10)


LOWER, UPPER = np.array([-1.0, 0.2, -np.inf]), np.array([0.5, np.inf, 0.9])
HOLDING = {
    "one at its upper bound": [3.0, 1.0, 0.5],
    "two at opposite bounds": [3.0, -5.0, 0.5],
    "all held": [9.0, -9.0, 9.0],
    "none": [0.5, 1.0, 0.5],
}


def boxed(b, lower, upper):
    """The minimizer of the quadratic in a box, as a function of everything."""
    return rp.solve(rp.Minimize(quadratic, (jnp.asarray(A), b), rp.Box(lower, upper)), "trust-exact", jnp.zeros(3)).x


BOXED = jax.jit(jax.vmap(boxed))
FORWARD, BACKWARD = (jax.jit(way(boxed, argnums=(0, 1, 2))) for way in (jax.jacfwd, jax.jacrev))


@pytest.mark.parametrize("kind", HOLDING)
def test_held_variables_do_not_move_and_the_others_see_them_fixed(kind):
    """Of a quadratic in a box, by b and by the bounds: forward, reverse and central differences agree."""
    theta = (np.array(HOLDING[kind]), LOWER, UPPER)
    forward, backward = FORWARD(*theta), BACKWARD(*theta)
    # A quadratic whose active bounds stay: differences are exact but for rounding.
    shifts = 1e-3 * np.concatenate([np.zeros((1, 9)), np.eye(9), -np.eye(9)])
    x, *ends = np.asarray(BOXED(*(t + shifts[:, 3 * k : 3 * k + 3] for k, t in enumerate(theta))))
    columns = (np.array(ends[:9]) - np.array(ends[9:])).T / 2e-3
    at = (x <= LOWER) | (x >= UPPER)
    assert at.sum() == {"one at its upper bound": 1, "two at opposite bounds": 2, "all held": 3, "none": 0}[kind]
    for k in range(3):
        np.testing.assert_allclose(forward[k], columns[:, 3 * k : 3 * k + 3], atol=1e-10)
        np.testing.assert_allclose(backward[k], forward[k], atol=1e-12)
    assert np.all(forward[0][at] == 0)


def test_answers_without_forward_mode_rest_at_bounds_as_well():
    """Residuals with a custom_vjp: the reverse derivative of a held variable is 0, of the bound itself 1."""

    @jax.custom_vjp
    def model(x, t):
        return jnp.stack([x[0] - t[0], x[1] - t[1] * x[0]])

    forth = lambda x, t: (model(x, t), (x, t))
    back = lambda kept, u: jax.vjp(lambda x, t: jnp.stack([x[0] - t[0], x[1] - t[1] * x[0]]), *kept)[1](u)
    model.defvjp(forth, back)

    def held(t, upper):
        box = rp.Box(jnp.full(2, -jnp.inf), upper)
        return rp.solve(rp.LeastSquares(model, (t,), space=box), "lm", jnp.zeros(2)).x

    t, upper = jnp.array([3.0, 2.0]), jnp.array([1.0, 9.0])
    by_t, by_upper = jax.jit(jax.jacrev(held, argnums=(0, 1)))(t, upper)
    np.testing.assert_allclose(by_t, [[0, 0], [0, 1]], atol=1e-12)  # x = (1, t1)
    np.testing.assert_allclose(by_upper, [[1, 0], [2, 0]], atol=1e-12)
