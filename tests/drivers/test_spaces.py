"""Runs on curved spaces and products: eigenvectors, Wahba's problem, registration and averages against linear algebra;
fits there, and refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from scipy.spatial.transform import Rotation as Turn

import raphson as rp

SPHERE, ROTATION = rp.Sphere(), rp.Rotation()
RANDOM = np.random.default_rng(4)


def form(x, A):
    """x'Ax."""
    return x @ A @ x


def with_eigenvalues(*values):
    """A symmetric matrix with these eigenvalues."""
    Q = scipy.linalg.qr(RANDOM.standard_normal((len(values), len(values))))[0]
    return (Q * values) @ Q.T


SPECTRA = {
    "well apart": (-3.0, -1.0, 0.5, 4.0),
    "close": (1.0, 1.0 + 1e-6, 2.0, 3.0),
    "double": (-1.0, -1.0, 0.5, 1.0),
    "tiny": (1e-14, 3e-14, 5e-14, 9e-14),
    "huge": (-1e60, 3e60, 5e60, 9e60),
}


@pytest.mark.parametrize("name", SPECTRA)
def test_the_least_value_on_the_sphere_is_the_smallest_eigenvalue(name):
    """Shown as a minimum from a random start and from every other eigenvector, a saddle or the maximum."""
    A = with_eigenvalues(*SPECTRA[name])
    values, vectors = np.linalg.eigh(A)
    for x0 in (RANDOM.standard_normal(4), *vectors.T):
        r = rp.minimize(form, x0, args=(A,), space=SPHERE)
        assert r.success and abs(np.linalg.norm(r.x) - 1) < 1e-15, r.verdict
        assert abs(r.value - values[0]) <= 1e-14 * np.abs(values).max()
        assert r.steps <= 20, "a radius of rounding grew from the saddle"
        gaps = 2 * (values[1:] - values[0])
        np.testing.assert_allclose(np.linalg.eigvalsh(r.hessian), gaps, rtol=1e-8, atol=1e-7 * np.abs(values).max())


@pytest.mark.parametrize(
    "method",
    ["trust-exact", "newton", "trust-cg", "trust-krylov", "cubic", "gradient-descent", "bfgs", "dfp", "sr1", "lbfgs"],
)
def test_every_method_runs_on_the_sphere(method):
    """In single precision; all points of the run are unit vectors, and the last one is the answer."""
    A = with_eigenvalues(-3.0, -1.0, 0.5, 4.0).astype(np.float32)
    r = rp.minimize(form, np.ones(4, np.float32), args=(A,), method=method, space=SPHERE)
    assert r.success and r.value == pytest.approx(-3, rel=1e-5)
    points = np.array(r.points())
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(points[-1], r.x, atol=1e-5)


def wahba(R, a, b):
    """How far a rotation is from taking the vectors b to a. Source: Wahba (1965)."""
    return 0.5 * jnp.sum((a - b @ R.T) ** 2)


@pytest.mark.parametrize("turn", [0.0, 1.0, 3.1])
def test_wahbas_problem_has_the_answer_of_the_singular_value_decomposition(turn):
    """From the identity, however far the answer is turned away; a start that is no rotation is taken to one."""
    true = Turn.from_rotvec(turn * np.array([0.6, 0.0, 0.8]))
    b = RANDOM.standard_normal((8, 3))
    a = true.apply(b) + 0.01 * RANDOM.standard_normal((8, 3))
    expected = Turn.align_vectors(a, b)[0].as_matrix()
    for x0 in (np.eye(3), np.diag([2.0, -1.0, -1.0]), np.array([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]])):
        r = rp.minimize(wahba, x0, args=(a, b), space=ROTATION)
        assert r.success, r.verdict
        np.testing.assert_allclose(r.x, expected, atol=1e-14)
    assert any("nearest" in note for note in r.notes)


def test_an_average_of_rotations_and_its_derivative():
    """The chordal mean is the projected mean matrix; and so is its derivative by the data, through `solve`."""
    Rs = Turn.from_rotvec(0.3 * RANDOM.standard_normal((5, 3))).as_matrix()
    misfit = lambda R, Rs: R - Rs
    average = lambda Rs: rp.solve(rp.LeastSquares(misfit, (Rs,), space=ROTATION), "lm", jnp.eye(3)).x
    project = lambda Rs: ROTATION.project(jnp.mean(Rs, 0))
    np.testing.assert_allclose(jax.jit(average)(Rs), project(Rs), atol=1e-14)
    direction = (RANDOM.standard_normal(Rs.shape),)
    ours, theirs = (jax.jit(lambda Rs, f=f: jax.jvp(f, (Rs,), direction)[1])(Rs) for f in (average, project))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


class Unconnected:
    """A user's own space, which does not say how its tangent spaces are connected."""

    straight = False
    size, zero, retract, move, magnitude, project, misfit = (
        getattr(SPHERE, name) for name in ("size", "zero", "retract", "move", "magnitude", "project", "misfit")
    )


def test_what_cannot_be_done_on_a_curved_space_is_refused_before_the_run():
    """Bounds, host functions, wrong shapes and structures, no space at all; pictures."""
    A, x0 = np.diag([1.0, 2.0, 3.0]), np.ones(3)
    call = lambda fun=form, x0=x0, space=SPHERE, **more: rp.minimize(fun, x0, args=(A,), space=space, **more)
    for error, match, arguments in (
        (ValueError, "bounds together with space=Sphere", {"bounds": [(0, 1)] * 3}),
        (ValueError, "bfgs compares gradients .* no transport", {"method": "bfgs", "space": Unconnected()}),
        (ValueError, "x0 = 0 has no nearest point", {"x0": np.zeros(3)}),
        (ValueError, r"shape \(\.\.\., 3, 3\), not \(3,\)", {"space": ROTATION}),
        (ValueError, "x0 has 2 arrays", {"x0": {"a": x0, "b": x0}}),
        (ValueError, "x0 must be finite", {"x0": np.array([1.0, np.nan, 0.0])}),
        (ValueError, "one that JAX can trace", {"fun": lambda x, A: float(x[0])}),
        (TypeError, r"write Sphere\(\)", {"space": rp.Sphere}),
        (TypeError, "space must be", {"space": "sphere"}),
        (ValueError, r"x0 is {'a': \(3,\)}, space is {'b': Sphere}", {"x0": {"a": x0}, "space": {"b": SPHERE}}),
        (ValueError, r"x0\['a'\] is no point of Sphere", {"x0": {"a": np.array(1.0)}, "space": {"a": SPHERE}}),
        (TypeError, r"write Sphere\(\)", {"x0": {"a": x0}, "space": {"a": rp.Sphere}}),
        (ValueError, "2 lower bounds for 3", {"space": rp.Box(np.zeros(2), np.ones(2))}),
    ):
        with pytest.raises(error, match=match):
            call(**arguments)
    with pytest.raises(ValueError, match="no picture of a function on Sphere"):
        rp.plot.local(rp.local_model(form, x0, A, space=SPHERE))


def test_a_box_as_a_space_means_its_bounds():
    """space=Box(l, u) is bounds=(l, u)."""
    r = rp.minimize(lambda x: jnp.sum((x - 2) ** 2), np.zeros(2), space=rp.Box(np.zeros(2), np.array([1.0, 3.0])))
    np.testing.assert_allclose(r.x, [1, 2])
    np.testing.assert_array_equal(r.active, [1, 0])


POSE = {"R": ROTATION, "t": None, "size": None}
START = {"R": np.eye(3), "t": np.zeros(3), "size": np.zeros(())}


def unmatched(pose, a, b):
    """What is left of the points a when b was turned, scaled by exp(size) and moved onto them."""
    return a - jnp.exp(pose["size"]) * b @ pose["R"].T - pose["t"]


def mismatch(pose, a, b):
    """Half the sum of its squares."""
    return 0.5 * jnp.sum(unmatched(pose, a, b) ** 2)


def registered(a, b):
    """The closed form. Source: Umeyama (1991), equations 40 to 42."""
    middle_a, middle_b = jnp.mean(a, 0), jnp.mean(b, 0)
    A, B = a - middle_a, b - middle_b
    R = ROTATION.project(A.T @ B)
    c = jnp.sum(A * (B @ R.T)) / jnp.sum(B * B)
    return {"R": R, "t": middle_a - c * R @ middle_b, "size": jnp.log(c)}


def cloud(angle, noise=0.01):
    """Points, and where they are after a turn, a scale and a translation, with noise."""
    b = RANDOM.standard_normal((8, 3))
    true = Turn.from_rotvec(angle * np.array([0.6, 0.0, 0.8]))
    return 0.7 * true.apply(b) + [1.0, -20.0, 3.0] + noise * RANDOM.standard_normal((8, 3)), b


def close(pose, expected, tolerance):
    """Whether two poses agree."""
    for name, value in expected.items():
        np.testing.assert_allclose(pose[name], value, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("angle", [0.0, 1.0, 3.1])
def test_registration_is_the_closed_form(angle):
    """A rotation, a translation and a scale together, as residuals and as a sum of squares."""
    a, b = cloud(angle)
    fit = rp.least_squares(unmatched, START, args=(a, b), space=POSE)
    assert fit.success, fit.verdict
    close(fit.x, registered(a, b), 1e-12)
    assert fit.names == ("R.s1", "R.s2", "R.s3", "size", "t[0]", "t[1]", "t[2]")
    r = rp.minimize(mismatch, START, args=(a, b), space=POSE, method="bfgs")
    assert r.success, r.verdict
    close(r.x, registered(a, b), 1e-7)
    np.testing.assert_allclose(r.points()[-1]["R"], r.x["R"], atol=1e-12)


def test_parts_of_a_product_keep_their_bounds():
    """A translation between bounds beside a free rotation: the active bound is named, the rest is optimal for it."""
    a, b = cloud(1.0)
    box = rp.Box(np.full(3, -np.inf), np.array([np.inf, -30.0, np.inf]))
    fit = rp.least_squares(unmatched, START, args=(a, b), space={**POSE, "t": box})
    assert fit.success and fit.x["t"][1] == -30 and "t[1] at its upper bound -30" in fit.verdict, fit.verdict
    assert [fit.names[i] for i in np.flatnonzero(fit.active)] == ["t[1]"]
    # The best translation is the mean of what is left without it.
    free = np.asarray(unmatched({**fit.x, "t": np.zeros(3)}, a, b)).mean(0)
    np.testing.assert_allclose(fit.x["t"][[0, 2]], free[[0, 2]], rtol=1e-12)


def test_derivatives_of_a_registration_are_those_of_its_closed_form():
    """Through `solve`, with a structure of spaces in the problem."""
    a, b = cloud(0.5)
    answer = lambda a: rp.solve(rp.LeastSquares(unmatched, (a, b), space=POSE), "lm", START).x
    moved = RANDOM.standard_normal(a.shape)
    ours, theirs = (jax.jit(lambda a, f=f: jax.jvp(f, (a,), (moved,)))(a) for f in (answer, lambda a: registered(a, b)))
    for one, other in zip(ours, theirs, strict=True):
        close(one, other, 1e-10)


def misaligned(R, a, b):
    """Residuals of Wahba's problem."""
    return a - b @ R.T


@pytest.mark.parametrize("turn", [0.0, 1.0, np.pi])
def test_error_bars_of_a_rotation_belong_to_its_tangent_space(turn):
    """J = R [b]x, the derivative by a rotation vector in the body's axes, and s^2 (J'J)^-1; no profile."""
    b = RANDOM.standard_normal((20, 3))
    a = Turn.from_rotvec([turn, 0, 0]).apply(b) + 0.01 * RANDOM.standard_normal(b.shape)
    fit = rp.least_squares(misaligned, np.eye(3), args=(a, b), space=ROTATION, names=("roll", "pitch", "yaw"))
    np.testing.assert_allclose(fit.x, Turn.align_vectors(a, b)[0].as_matrix(), atol=1e-13)
    J = np.reshape(fit.x @ np.array([[[0, -c, b], [c, 0, -a], [-b, a, 0]] for a, b, c in b]), (60, 3))
    np.testing.assert_allclose(fit.jacobian, J, atol=1e-13)
    s2 = np.sum(fit.residuals**2) / 57
    np.testing.assert_allclose(fit.covariance, s2 * np.linalg.inv(J.T @ J), rtol=1e-9)
    assert any("tangent space" in note and "roll" in note for note in fit.uncertainty.notes)
    assert not any("larger than the value" in note for note in fit.uncertainty.notes) and "roll" in str(fit)
    with pytest.raises(NotImplementedError, match=r"profile holds one coordinate.*use fit\.uncertainty"):
        fit.profile("roll")


def test_a_fit_on_a_curved_space_takes_what_fits_take():
    """jac by the entries of x is compared there; names, bounds and functions of the host are refused with a way out."""
    b = RANDOM.standard_normal((20, 3))
    call = lambda fun=misaligned, **more: rp.least_squares(fun, np.eye(3), args=(b, b), space=ROTATION, **more)
    right = lambda R, a, b: -np.einsum("ij,mk->mijk", np.eye(3), b).reshape(60, 9)
    assert any("jac agrees" in note for note in call(jac=right).notes)
    for error, match, arguments in (
        (ValueError, "jac does not agree", {"jac": lambda R, a, b: 2 * right(R, a, b)}),
        (ValueError, r"names has 1 entries for 3 numbers of a step on Rotation \(s1, s2, s3\)", {"names": ["a"]}),
        (ValueError, "spaces of their own", {"bounds": (0, 1)}),
        (ValueError, "one that JAX can trace", {"fun": lambda R, a, b: np.array([float(R[0, 0]), 1.0, 2.0])}),
    ):
        with pytest.raises(error, match=match):
            call(**arguments)


def apart(x, Rs):
    """The rotation vectors from x to other rotations."""
    turns = jnp.swapaxes(x, -1, -2) @ Rs
    axes = jnp.stack([turns[..., i, j] - turns[..., j, i] for i, j in ((2, 1), (0, 2), (1, 0))], -1) / 2
    sine = jnp.sqrt(jnp.sum(axes**2, -1, keepdims=True))
    angle = jnp.arctan2(sine, (jnp.trace(turns, axis1=-2, axis2=-1)[..., None] - 1) / 2)
    return axes * angle / sine


def test_karchers_mean_is_where_the_rotation_vectors_cancel():
    """The sum of squared angles is least where the vectors to the rotations sum to 0; and so on the sphere."""
    Rs = Turn.from_rotvec(RANDOM.standard_normal((6, 3))).as_matrix()
    fit = rp.least_squares(apart, Rs[0] @ Turn.from_rotvec([0.1, 0, 0]).as_matrix(), args=(Rs,), space=ROTATION)
    vectors = (Turn.from_matrix(fit.x).inv() * Turn.from_matrix(Rs)).as_rotvec()
    assert fit.success and np.abs(vectors.sum(0)).max() < 1e-13, fit.verdict
    points = SPHERE.project(np.array([0.0, 0.0, 1.0]) + 0.4 * RANDOM.standard_normal((6, 3)))
    r = rp.minimize(lambda x, P: jnp.sum(jnp.arccos(P @ x) ** 2), np.ones(3), args=(points,), space=SPHERE)
    cosines = points @ r.x
    tangent = (points - cosines[:, None] * r.x) * (np.arccos(cosines) / np.sqrt(1 - cosines**2))[:, None]
    assert r.success and np.abs(tangent.sum(0)).max() < 1e-9, r.verdict


def test_methods_are_compared_on_a_space():
    """`compare` hands the space on."""
    A = np.diag([1.0, 2.0, 4.0])
    runs = rp.compare(form, np.ones(3), ("newton", "lbfgs"), args=(A,), space=SPHERE).results
    assert all(r.success and r.value == pytest.approx(1, abs=1e-12) for r in runs.values())


def test_an_infimum_at_infinity_beside_a_rotation_is_no_minimum():
    """exp(-t) falls for ever along the straight part of a product."""
    f = lambda x: jnp.exp(-x["t"][0]) + jnp.sum((x["R"] - jnp.eye(3)) ** 2)
    x0 = {"R": Turn.from_rotvec([1, 0, 0]).as_matrix(), "t": np.zeros(1)}
    r = rp.minimize(f, x0, space={"R": ROTATION, "t": None}, method="trust-exact")
    assert not r.success, r.verdict
