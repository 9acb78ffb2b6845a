"""Spaces: steps lead to points of the space, agree with geodesics to second order, and can be taken back; transport is
parallel; a product is its parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import raphson as rp
from raphson.kernel.rotation import cross

RANDOM = np.random.default_rng(2)


def unit(*shape):
    """Random unit vectors."""
    v = RANDOM.standard_normal(shape)
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def rotations(*shape):
    """Random rotations."""
    return scipy.linalg.expm(np.asarray(cross(jnp.asarray(3 * RANDOM.standard_normal((*shape, 3))))))


SPACES = {
    "one vector": (rp.Sphere(), unit(4)),
    "on the circle": (rp.Sphere(), unit(2)),
    "last coordinate 0": (rp.Sphere(), np.array([0.6, -0.8, 0.0])),
    "the south pole": (rp.Sphere(), np.array([0.0, 0.0, -1.0])),
    "many vectors": (rp.Sphere(), unit(3, 5)),
    "one rotation": (rp.Rotation(), rotations()),
    "the identity": (rp.Rotation(), np.eye(3)),
    "many rotations": (rp.Rotation(), rotations(4)),
}


def geodesic(space, x, s):
    """Where the exponential leads."""
    if isinstance(space, rp.Rotation):
        return x @ scipy.linalg.expm(np.asarray(cross(jnp.asarray(s.reshape(*x.shape[:-2], 3)))))
    v = np.asarray(space.tangent(x, s))
    angle = np.linalg.norm(v, axis=-1, keepdims=True)
    return np.cos(angle) * x + np.sinc(angle / np.pi) * v


def off(space, x):
    """How far a point is from the space."""
    if isinstance(space, rp.Rotation):
        return max(np.abs(np.swapaxes(x, -1, -2) @ x - np.eye(3)).max(), np.abs(np.linalg.det(x) - 1).max())
    return np.abs(np.linalg.norm(x, axis=-1) - 1).max()


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_steps_of_any_length_stay_in_the_space_and_can_be_taken_back(name, dtype):
    """Zero goes nowhere; 100 steps end as near to the space as one; difference inverts retract; project finds x."""
    space, x = SPACES[name][0], SPACES[name][1].astype(dtype)
    eps = np.finfo(dtype).eps
    s = RANDOM.standard_normal(space.size(x)).astype(dtype)
    assert space.zero(x).shape == s.shape == space.magnitude(x).shape and space.retract(x, s).dtype == dtype
    np.testing.assert_allclose(space.retract(x, 0 * s), x, atol=4 * eps)
    np.testing.assert_allclose(space.difference(space.retract(x, s), x), s, atol=200 * eps)
    for length in (1e-8, 1.0, 1e8, 1e30):
        assert off(space, np.asarray(space.retract(x, length * s))) <= 16 * eps
    y = x
    for _ in range(100):
        y = space.retract(y, s)
    assert off(space, np.asarray(y)) <= 16 * eps
    np.testing.assert_allclose(space.project(x + 0.3 * eps), x, atol=8 * eps)
    np.testing.assert_allclose(space.project(7 * x), x, atol=8 * eps)


@pytest.mark.parametrize("name", SPACES)
def test_steps_agree_with_geodesics_to_second_order(name):
    """The distance to the geodesic falls with the third power of the step."""
    space, x = SPACES[name]
    s = RANDOM.standard_normal(space.size(x))
    gap = lambda t: np.abs(np.asarray(space.retract(x, t * s)) - geodesic(space, x, t * s)).max()
    assert np.log10(gap(1e-2) / gap(1e-3)) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("name", ["one vector", "last coordinate 0", "the south pole"])
def test_pulled_back_derivatives_on_the_sphere_are_the_riemannian_ones(name):
    """f = x'Ax: gradient 2 P A x and Hessian 2 P (A - (x'Ax) I) P, P = I - xx'. Source: Absil et al. (2008), 6.4."""
    space, x = SPACES[name]
    A = RANDOM.standard_normal((x.size, x.size))
    A = A + A.T
    model = rp.local_model(lambda x, A: x @ A @ x, x, A, space=space)
    Q = np.stack([space.tangent(x, e) for e in np.eye(x.size - 1)], -1)
    np.testing.assert_allclose(Q.T @ Q, np.eye(x.size - 1), atol=1e-15)
    np.testing.assert_allclose(x @ Q, 0, atol=1e-15)
    np.testing.assert_allclose(space.coordinates(x, A[0]), Q.T @ A[0], atol=1e-14)
    np.testing.assert_allclose(model.gradient, 2 * Q.T @ A @ x, atol=1e-13)
    np.testing.assert_allclose(model.hessian, 2 * Q.T @ (A - x @ A @ x * np.eye(x.size)) @ Q, atol=1e-13)


def test_pulled_back_derivatives_on_rotations_are_the_riemannian_ones():
    """f = tr(B'R), M = R'B: d f = tr(M'S), d2 f = tr(M'S^2), with S = cross(s)."""
    R, B = rotations(), RANDOM.standard_normal((3, 3))
    model = rp.local_model(lambda R, B: jnp.sum(B * R), R, B, space=rp.Rotation())
    M = R.T @ B
    np.testing.assert_allclose(model.gradient, [M[2, 1] - M[1, 2], M[0, 2] - M[2, 0], M[1, 0] - M[0, 1]], atol=1e-14)
    np.testing.assert_allclose(model.hessian, (M + M.T) / 2 - np.trace(M) * np.eye(3), atol=1e-14)


@jax.jit
def transports(space, x, s):
    """The matrix of the transport along s."""
    return jax.vmap(lambda e: space.transport(x, s, e), out_axes=1)(jnp.eye(s.size, dtype=s.dtype))


@jax.jit
def velocity(space, x, s):
    """With which the way of the steps t s arrives at t = 1, in the tangent space there."""
    y, one = space.retract(x, s), jnp.ones((), s.dtype)
    return jax.jvp(lambda t: space.difference(space.retract(x, t * s), y), (one,), (one,))[1]


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_transport_keeps_inner_products_over_steps_of_any_length(name, dtype):
    """An orthogonal matrix; the identity for the step of zero; it takes the way's direction at x to that at the end."""
    space, x = SPACES[name][0], SPACES[name][1].astype(dtype)
    n, eps = space.size(x), np.finfo(dtype).eps
    s = RANDOM.standard_normal(n).astype(dtype)
    for length in (0.0, 1e-8, 1.0, 1e8, 1e30):
        T = np.asarray(transports(space, x, dtype(length) * s))
        np.testing.assert_allclose(T.T @ T, np.eye(n), atol=32 * eps)
        if not length:
            np.testing.assert_allclose(T, np.eye(n), atol=8 * eps)
    blocks = (-1, 3 if isinstance(space, rp.Rotation) else x.shape[-1] - 1)  # each point walks at a pace of its own
    ways = (np.reshape(v, blocks) for v in (velocity(space, x, s), transports(space, x, s) @ s))
    arrived, carried = (way / np.linalg.norm(way, axis=1, keepdims=True) for way in ways)
    np.testing.assert_allclose(arrived, carried, atol=1e3 * eps)


@jax.jit
def parallel_gap(space, x, s, A):
    """T' g(x + s) - g(x) - H s for a function without symmetry."""
    f = lambda x: jnp.sum(A * x + jnp.sin(A * x) ** 2)
    gradient = lambda x: jax.grad(lambda s: f(space.retract(x, s)))(space.zero(x))
    bent = jax.jvp(jax.grad(lambda s: f(space.retract(x, s))), (space.zero(x),), (s,))[1]
    return gradient(space.retract(x, s)) @ transports(space, x, s) - gradient(x) - bent


@pytest.mark.parametrize("name", ["one vector", "many vectors", "one rotation", "many rotations"])
def test_gradients_carried_back_differ_by_the_hessian(name):
    """T' g(y) - g(x) - H s falls with the square of the step: what a quasi-Newton method learns from a pair.

    Without transport it falls with the step itself: the bases turn from point to point.
    """
    space, x = SPACES[name]
    A, s = RANDOM.standard_normal(x.shape), RANDOM.standard_normal(space.size(x))
    gap = lambda t: np.abs(parallel_gap(space, x, t * s, A)).max()
    assert np.log10(gap(1e-3) / gap(1e-4)) == pytest.approx(2, abs=0.1)


PARTS = {"R": rp.Rotation(), "t": rp.Euclidean(), "u": {"v": rp.Sphere(), "w": rp.Euclidean()}}
AT = {"R": rotations(2), "t": np.array([1.0, -3.0]), "u": {"v": unit(4), "w": (np.array([[2.0, 5.0]]), np.array(0.5))}}


def test_a_product_is_its_parts():
    """Retraction, difference, transport, sizes: each piece of a step belongs to one part, whatever its structure."""
    product = rp.Product(PARTS)
    pieces = [(rp.Rotation(), AT["R"], 6), (rp.Euclidean(), AT["t"], 2)]
    pieces += [(rp.Sphere(), AT["u"]["v"], 3), (rp.Euclidean(), AT["u"]["w"], 3)]
    n = product.size(AT)
    assert n == sum(k for _, _, k in pieces) and not product.straight
    s, v = RANDOM.standard_normal((2, n))
    there, moved = product.retract(AT, s), product.move(AT, s)
    assert jax.tree.structure(there) == jax.tree.structure(AT) and not moved[2]
    found, carried = [there["R"], there["t"], there["u"]["v"], there["u"]["w"]], product.transport(AT, s, v)
    start = 0
    for (space, x, k), y in zip(pieces, found, strict=True):
        part = slice(start, start + k)
        jax.tree.map(np.testing.assert_array_equal, y, space.retract(x, s[part]))
        np.testing.assert_array_equal(carried[part], space.transport(x, s[part], v[part]))
        np.testing.assert_array_equal(product.magnitude(AT)[part], space.magnitude(x))
        start += k
    np.testing.assert_allclose(product.difference(there, AT), s, atol=1e-13)
    np.testing.assert_array_equal(product.zero(AT), np.zeros(n))


def test_derivatives_on_a_product_agree_with_differences_along_its_steps():
    """Gradient and Hessian of a function of all parts at once, by Taylor's remainders of order 2 and 3."""
    f = lambda x: jnp.sum(jnp.sin(x["R"] * x["t"][0])) + x["t"][1] * jnp.sum(x["u"]["v"] ** 3) * x["u"]["w"][0][0, 1]
    check = rp.check_derivatives(f, AT, space=PARTS)
    assert check.ok and 1.9 < check.gradient_order < 2.1 and 2.8 < check.hessian_order < 3.2, check.message
    wrong = lambda x: jax.tree.map(lambda g: 1.01 * np.asarray(g), jax.grad(f)(x))
    assert rp.check_derivatives(f, AT, space=PARTS, jac=jax.grad(f)).ok
    assert not rp.check_derivatives(f, AT, space=PARTS, jac=wrong).ok
