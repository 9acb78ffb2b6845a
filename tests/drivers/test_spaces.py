"""Runs on curved spaces: eigenvectors, Wahba's problem and averages of rotations against linear algebra; refusals."""

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
        gaps = 2 * (values[1:] - values[0])
        np.testing.assert_allclose(np.linalg.eigvalsh(r.hessian), gaps, rtol=1e-8, atol=1e-7 * np.abs(values).max())


@pytest.mark.parametrize("method", ["trust-exact", "newton", "trust-cg", "cubic", "gradient-descent"])
def test_every_method_without_memory_of_gradients_runs_on_the_sphere(method):
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


def test_what_cannot_be_done_on_a_curved_space_is_refused_before_the_run():
    """Bounds, host functions, methods that compare gradients, wrong shapes, no space at all; pictures."""
    A, x0 = np.diag([1.0, 2.0, 3.0]), np.ones(3)
    call = lambda fun=form, x0=x0, space=SPHERE, **more: rp.minimize(fun, x0, args=(A,), space=space, **more)
    for error, match, arguments in (
        (ValueError, "bounds together with space=Sphere", {"bounds": [(0, 1)] * 3}),
        (ValueError, "bfgs compares gradients", {"method": "bfgs"}),
        (ValueError, "x0 = 0 has no nearest point", {"x0": np.zeros(3)}),
        (ValueError, r"shape \(\.\.\., 3, 3\), not \(3,\)", {"space": ROTATION}),
        (ValueError, "x0 has 2 arrays", {"x0": {"a": x0, "b": x0}}),
        (ValueError, "x0 must be finite", {"x0": np.array([1.0, np.nan, 0.0])}),
        (ValueError, "one that JAX can trace", {"fun": lambda x, A: float(x[0])}),
        (TypeError, r"write Sphere\(\)", {"space": rp.Sphere}),
        (TypeError, "space must be", {"space": "sphere"}),
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
