"""Motions of plane and space: exponential and logarithm are those of matrices, steps agree with geodesics to second
order, adjoint and Jacobians do what they say, and nothing is lost at 0 or near half a turn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from raphson.kernel.motion import SE2, SE3, SO2
from raphson.kernel.quaternion import conjugate, hamilton, quaternion_exp, quaternion_log, rotated
from raphson.kernel.rotation import Rotation as Rotations
from raphson.kernel.similarity import Sim3

GROUPS = {"SO2": SO2(), "SE2": SE2(), "SE3": SE3(), "Sim3": Sim3()}
DTYPES = [np.float64, np.float32]
ANGLES = [0.0, 1e-300, 1e-12, 1e-8, 1e-4, 0.03, 0.2, 0.999, 1.001, 2.0, 3.0, np.pi - 1e-3, np.pi - 1e-8]
SEEDS = st.integers(0, 2**32 - 1)


def cross(w):
    """The matrix of w x v."""
    return np.array([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]])


def wedge(name, v):
    """The matrix of the algebra."""
    v = np.asarray(v, float)
    if name == "SO2":
        return np.array([[0, -v[0]], [v[0], 0]])
    d = 2 if name == "SE2" else 3
    out = np.zeros((d + 1, d + 1))
    out[:d, :d] = [[0, -v[2]], [v[2], 0]] if d == 2 else cross(v[3:6])
    if name == "Sim3":
        out[:d, :d] += v[6] * np.eye(3)
    out[:d, d] = v[:d]
    return out


def matrix(name, x):
    """The matrix of the group."""
    x = np.asarray(x, float)
    if name == "SO2":
        return np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[0]), np.cos(x[0])]])
    d = 2 if name == "SE2" else 3
    out = np.eye(d + 1)
    out[:d, :d] = matrix("SO2", x[2:]) if d == 2 else Rotation.from_quat(x[3:7]).as_matrix()
    if name == "Sim3":
        out[:d, :d] *= x[7]
    out[:d, d] = x[:d]
    return out


def velocity(name, angle, rng):
    """A random velocity that turns by this angle."""
    if name == "SO2":
        return np.array([angle])
    if name == "SE2":
        return np.array([*rng.standard_normal(2), angle])
    axis = rng.standard_normal(3)
    growth = rng.uniform(-1, 1, int(name == "Sim3"))
    return np.concatenate([rng.standard_normal(3), angle * axis / np.linalg.norm(axis), growth])


def element(name, rng):
    """A random element."""
    return GROUPS[name].exp(jnp.asarray(velocity(name, rng.uniform(-3, 3), rng)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("name", GROUPS)
def test_exponential_and_logarithm_are_those_of_matrices(name, angle, dtype):
    """exp is scipy.linalg.expm, log takes it back, at every angle up to half a turn."""
    group, rng = GROUPS[name], np.random.default_rng(1)
    eps = np.finfo(dtype).eps
    v = velocity(name, angle, rng).astype(dtype)
    x = group.exp(jnp.asarray(v))
    assert x.dtype == dtype and np.isfinite(x).all()
    np.testing.assert_allclose(matrix(name, x), scipy.linalg.expm(wedge(name, v)), atol=20 * eps)
    np.testing.assert_allclose(group.log(x), v, atol=40 * eps, rtol=40 * eps)


@pytest.mark.parametrize("angle", ANGLES)
def test_quaternions_are_scipys(angle):
    """exp, log, product and rotation."""
    rng = np.random.default_rng(3)
    axis = rng.standard_normal(3)
    v = angle * axis / np.linalg.norm(axis)
    q, p = Rotation.from_rotvec(v), Rotation.random(random_state=4)
    np.testing.assert_allclose(quaternion_exp(jnp.asarray(v)), q.as_quat(), atol=4e-16)
    np.testing.assert_allclose(quaternion_log(jnp.asarray(-q.as_quat())), q.as_rotvec(), atol=4e-15)
    both = hamilton(jnp.asarray(p.as_quat()), jnp.asarray(q.as_quat()))
    np.testing.assert_allclose(Rotation.from_quat(both).as_matrix(), (p * q).as_matrix(), atol=1e-15)
    np.testing.assert_allclose(rotated(both, jnp.asarray(axis)), (p * q).apply(axis), atol=4e-15)
    np.testing.assert_allclose(hamilton(both, conjugate(both)), [0, 0, 0, 1], atol=1e-15)


@pytest.mark.parametrize("name", GROUPS)
@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_products_inverses_and_adjoint_are_those_of_matrices(name, seed):
    """x y, x^-1, x^-1 y, and x exp(v) = exp(Ad v) x."""
    group, rng = GROUPS[name], np.random.default_rng(seed)
    x, y = element(name, rng), element(name, rng)
    X, Y = matrix(name, x), matrix(name, y)
    np.testing.assert_allclose(matrix(name, group.compose(x, y)), X @ Y, atol=1e-14)
    np.testing.assert_allclose(matrix(name, group.inverse(x)), np.linalg.inv(X), atol=1e-14)
    if name != "SO2":
        np.testing.assert_allclose(matrix(name, group.between(x, y)), np.linalg.solve(X, Y), atol=1e-13)
    p = rng.standard_normal(len(X) - (name != "SO2"))
    np.testing.assert_allclose(group.act(x, jnp.asarray(p)), (X @ np.append(p, 1)[: len(X)])[: p.size], atol=1e-14)
    v = velocity(name, 0.3, rng)
    carried = X @ wedge(name, v) @ np.linalg.inv(X)
    np.testing.assert_allclose(wedge(name, group.adjoint(x) @ v), carried, atol=1e-13)


@pytest.mark.parametrize("angle", ANGLES[:-2])
@pytest.mark.parametrize("name", GROUPS)
def test_jacobians_of_the_exponential_are_its_series(name, angle):
    """J_left(v) = sum ad(v)^k / (k + 1)!, and J_right(v) = J_left(-v)."""
    group, rng = GROUPS[name], np.random.default_rng(5)
    v = velocity(name, angle, rng)
    eye = np.eye(len(v))
    bracket = lambda a, b: wedge(name, a) @ wedge(name, b) - wedge(name, b) @ wedge(name, a)
    basis = np.stack([wedge(name, e).ravel() for e in eye], 1)
    ad = np.stack([np.linalg.lstsq(basis, bracket(v, e).ravel())[0] for e in eye], 1)
    total, term = np.eye(len(v)), np.eye(len(v))
    for k in range(1, 40):
        term = term @ ad / (k + 1)
        total = total + term
    np.testing.assert_allclose(group.left_jacobian(jnp.asarray(v)), total, atol=1e-12)
    np.testing.assert_allclose(group.right_jacobian(-jnp.asarray(v)), total, atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-4, 0.99, 1.01, np.pi - 1e-8])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GROUPS)
def test_derivatives_are_finite_everywhere_up_to_half_a_turn(name, dtype, angle):
    """First and second ones of exp, log and of a step, and those of log(exp(v)) are the identity."""
    group, rng = GROUPS[name], np.random.default_rng(6)
    angle = min(angle, np.pi - 1e-3) if dtype == np.float32 else angle  # pi - 1e-8 is more than half a turn there
    v = jnp.asarray(velocity(name, angle, rng).astype(dtype))
    x = group.exp(v)
    back = jax.jacfwd(lambda v: group.log(group.exp(v)))(v)
    loose = 1e-12 if dtype == np.float64 else 2e-3
    np.testing.assert_allclose(back, np.eye(len(v)), atol=loose)
    for fun, at in ((group.exp, v), (group.log, x), (lambda s: group.retract(x, s), jnp.zeros_like(v))):
        assert np.isfinite(jax.jacfwd(fun)(at)).all() and np.isfinite(jax.jacrev(fun)(at)).all()
        assert np.isfinite(jax.jacfwd(jax.jacrev(fun))(at)).all()


def geodesic(name, x, s):
    """Where the geodesic of |dt|^2 + |dw|^2 leads: translation and rotation each by itself."""
    if name == "SO2":
        return x + s
    d = 2 if name == "SE2" else 3
    X = matrix("SE3", x[:7]) if d == 3 else matrix(name, x)
    moved = np.asarray(x[:d]) + X[:d, :d] @ s[:d]
    if d == 2:
        return np.concatenate([moved, x[2:] + s[2:]])
    turn = (Rotation.from_quat(x[3:7]) * Rotation.from_rotvec(s[3:6])).as_quat()
    return np.concatenate([moved, turn, x[7:] * np.exp(s[6:])])


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("name", GROUPS)
def test_steps_are_geodesics_to_second_order_and_can_be_taken_back(name, many):
    """The gap falls with the third power, or is none; the derivative by s at 0 is the identity; transport keeps
    lengths."""
    group, rng = GROUPS[name], np.random.default_rng(7)
    x = jnp.stack([element(name, rng) for _ in range(5)]) if many else element(name, rng)
    n = group.size(x)
    s = rng.standard_normal(n)
    assert group.zero(x).shape == group.magnitude(x).shape == group.unit(x, group.zero(x) + 1).shape == (n,)
    np.testing.assert_allclose(group.difference(group.retract(x, s), x), s, atol=1e-14 if name != "SO2" else 1e-13)
    np.testing.assert_allclose(group.retract(x, 0 * s), x, atol=4e-16)
    np.testing.assert_allclose(
        jax.jacfwd(lambda s: group.difference(group.retract(x, s), x))(0 * s), np.eye(n), atol=1e-14
    )
    assert group.misfit(x.shape) == "" and group.misfit((11,)) != ""
    rows = s.reshape(*x.shape[:-1], -1)
    flat = lambda x, s: (
        geodesic(name, x, s) if not many else np.stack([geodesic(name, a, b) for a, b in zip(x, s, strict=True)])
    )

    def gap(t):
        there, other = np.asarray(group.retract(x, t * s)), flat(x, t * rows)
        if name in ("SE3", "Sim3"):  # q and -q
            other[..., 3:7] *= np.sign(np.sum(other[..., 3:7] * there[..., 3:7], -1, keepdims=True))
            return np.abs(there - other).max()
        last = (there - other)[..., -1:]
        return max(np.abs((there - other)[..., :-1]).max(initial=0), np.abs((last + np.pi) % (2 * np.pi) - np.pi).max())

    if name in ("SE3", "Sim3"):
        assert np.log10(gap(1e-1) / gap(1e-2)) == pytest.approx(3, abs=0.1)
    else:
        assert gap(1.0) <= 1e-14
    v = rng.standard_normal(n)
    assert np.linalg.norm(group.transport(x, s, v)) == pytest.approx(np.linalg.norm(v), rel=1e-14)


@pytest.mark.parametrize("name", GROUPS)
def test_the_way_there_carried_in_parallel_is_the_way_on(name):
    """The velocity of a geodesic is parallel to itself: transport of s along s is the velocity at the end."""
    group, rng = GROUPS[name], np.random.default_rng(8)
    x, s = element(name, rng), 0.3 * rng.standard_normal(GROUPS[name].freedom)
    y = group.retract(x, s)
    there = jax.jvp(lambda t: group.difference(group.retract(x, t * s), y), (1.0,), (1.0,))[1]
    carried = group.transport(x, s, s)
    cosine = there @ carried / np.linalg.norm(there) / np.linalg.norm(carried)
    assert cosine == pytest.approx(1, abs=1e-3 if name in ("SE3", "Sim3") else 1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_of_any_length_stay_in_the_space(dtype):
    """A hundred steps leave quaternions at length 1; long ones do not overflow."""
    rng = np.random.default_rng(9)
    x = jnp.stack([element("SE3", rng) for _ in range(4)]).astype(dtype)
    s = rng.standard_normal(24).astype(dtype)
    y = x
    for _ in range(100):
        y = SE3().retract(y, s)
    for z in (y, SE3().retract(x, 1e30 * s), SE3().project(x * 1.001)):
        np.testing.assert_allclose(np.linalg.norm(np.asarray(z)[:, 3:], axis=1), 1, atol=4 * np.finfo(dtype).eps)
        assert np.isfinite(z).all() and z.dtype == dtype


def test_turns_are_carried_as_on_rotation_matrices():
    """The transport of the rotation's part of a step is that of `Rotation`."""
    rng = np.random.default_rng(10)
    x, s, v = element("SE3", rng), rng.standard_normal(6), rng.standard_normal(6)
    R = Rotation.from_quat(x[3:]).as_matrix()
    there = Rotations().transport(jnp.asarray(R), jnp.asarray(s[3:]), jnp.asarray(v[3:]))
    np.testing.assert_allclose(SE3().transport(x, jnp.asarray(s), jnp.asarray(v))[3:], there, atol=1e-14)
