"""The identities of the local quadratic: ellipses, duals, whitening, angles, kinds, units."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import raphson as rp
from raphson.model.geometry import Geometry, angle, hessian_units
from raphson.model.quadratic import Model
from raphson.operators.dense import Dense

SEEDS = st.integers(0, 10**6)
SIZES = st.integers(1, 6)


def model_of(H: np.ndarray, g: np.ndarray, x: object = None) -> Model:
    """A model on NumPy arrays: nothing is compiled."""
    x = np.zeros(len(g)) if x is None else x
    return Model(x, np.asarray(1.5), g, Dense(H), np.ones(len(g)))  # type: ignore[arg-type]


def matrix(eigenvalues: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """A symmetric matrix of chosen eigenvalues, its axes, and more random numbers."""
    random = np.random.default_rng(seed)
    Q = np.linalg.qr(random.standard_normal((len(eigenvalues),) * 2))[0]
    H = (Q * eigenvalues) @ Q.T
    return (H + H.T) / 2, Q, random


def bowl(n: int, seed: int, decades: float = 4.0) -> tuple[Geometry, np.ndarray, np.random.Generator]:
    """A random bowl with a random gradient."""
    w = 10.0 ** np.random.default_rng(seed + 1).uniform(-decades / 2, decades / 2, n)
    H, _, random = matrix(w, seed)
    return model_of(H, random.standard_normal(n)).geometry(), H, random


@given(SIZES, SEEDS)
def test_semi_axes_end_on_the_contour_and_its_gradients_on_the_dual(n: int, seed: int) -> None:
    g, H, _ = bowl(n, seed)
    rise = 0.7
    ends = g.axes * g.semi_axes(rise)
    np.testing.assert_allclose(0.5 * np.sum(ends * (H @ ends), axis=0), rise, rtol=1e-9)
    duals = H @ ends  # the gradients there
    np.testing.assert_allclose(np.linalg.norm(duals, axis=0), g.dual_semi_axes(rise), rtol=1e-8)
    np.testing.assert_allclose(0.5 * np.sum(duals * np.linalg.solve(H, duals), axis=0), rise, rtol=1e-8)
    np.testing.assert_allclose(g.semi_axes(rise) * g.dual_semi_axes(rise), 2 * rise, rtol=1e-12)


@given(SIZES, SEEDS, st.floats(0.01, 100))
def test_the_inverse_makes_the_stretched_circle_of_every_gradient_of_a_length(n: int, seed: int, length: float) -> None:
    random = np.random.default_rng(seed + 1)
    w = 10.0 ** random.uniform(-2, 2, n) * random.choice([-1, 1], n)  # of every signature, where there is an inverse
    H, _, random = matrix(w, seed)
    g = model_of(H, random.standard_normal(n)).geometry()
    semi, inverse = g.stretch_semi_axes(length), np.linalg.inv(H)
    # NumPy's own: what a matrix makes of a sphere has its singular values as semi-axes.
    np.testing.assert_allclose(np.sort(semi), length * np.linalg.svd(inverse, compute_uv=False)[::-1], rtol=1e-9)
    u = random.standard_normal((7, n))
    u *= length / np.linalg.norm(u, axis=1, keepdims=True)
    s = u @ inverse
    np.testing.assert_allclose(np.sum((s @ g.axes / semi) ** 2, axis=1), 1, rtol=1e-8)
    # Axis by axis, and turned round where the curvature is negative.
    np.testing.assert_allclose(inverse @ g.axes, g.axes * g.signs * semi / length, rtol=1e-8, atol=1e-9 * semi.max())
    # It is the contour of H^2, whose root is the absolute value of H.
    square = model_of(H @ H, g.gradient).geometry()
    np.testing.assert_allclose(np.sort(semi), np.sort(square.semi_axes(length**2 / 2)), rtol=1e-6)


@given(st.integers(2, 6), SEEDS)
def test_without_an_inverse_the_stretched_circle_has_no_end(n: int, seed: int) -> None:
    random = np.random.default_rng(seed + 1)
    w = 10.0 ** random.uniform(-2, 2, n) * random.choice([-1, 1], n)
    w[: random.integers(1, n + 1)] = 0
    H, _, random = matrix(w, seed)
    g = model_of(H, random.standard_normal(n)).geometry()
    semi = g.stretch_semi_axes(3.0)
    assert np.array_equal(np.isinf(semi), g.signs == 0) and not np.any(np.isnan(semi))
    kept = np.linalg.svd(np.linalg.pinv(H, rcond=1e-9), compute_uv=False)[: g.inertia[0] + g.inertia[2]]
    np.testing.assert_allclose(np.sort(semi[g.signs != 0]), 3 * np.sort(kept), rtol=1e-7)


@given(SIZES, SEEDS)
def test_whitening_makes_contours_circles_and_gradients_radial(n: int, seed: int) -> None:
    g, H, random = bowl(n, seed)
    s = random.standard_normal((5, n))
    y = g.whiten(s)
    np.testing.assert_allclose(np.sum(y**2, axis=1), np.einsum("ki,ij,kj->k", s, H, s), rtol=1e-8)
    np.testing.assert_allclose(g.unwhiten(y), s, rtol=1e-7, atol=1e-9)
    # In y the gradient of 1/2 s'Hs is H^(-1/2) H s = y, and the Newton step lies along minus the gradient.
    np.testing.assert_allclose(g.unwhiten(s @ H), y, rtol=1e-7, atol=1e-8)
    assert angle(-g.unwhiten(g.gradient), g.whiten(g.newton_step)) < 1e-5
    np.testing.assert_allclose(g.power(0.5) @ g.power(0.5), H, rtol=1e-7, atol=1e-10 * abs(H).max())


@given(SIZES, SEEDS)
def test_the_newton_step_ends_at_the_center(n: int, seed: int) -> None:
    g, H, random = bowl(n, seed)
    m = model_of(H, g.gradient, np.full(n, 3.0))
    assert np.linalg.norm(g.gradient + H @ g.newton_step) <= 1e-9 * np.linalg.norm(g.gradient) * g.condition
    np.testing.assert_allclose(m.newton_step(), g.newton_step, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(m.geometry().center, 3 + g.newton_step, rtol=1e-12)
    np.testing.assert_allclose(g.rise, float(m.decrease(g.newton_step)), rtol=1e-7)
    assert g.rise > 0 and g.newton_is_descent and g.has_center
    # x lies on the level of its own rise around the center, and -g is normal to it.
    c = -g.newton_step
    np.testing.assert_allclose(0.5 * c @ H @ c, g.rise, rtol=1e-7)
    tangent = random.standard_normal(n)
    tangent -= g.gradient * (g.gradient @ tangent) / (g.gradient @ g.gradient)
    assert abs(tangent @ (H @ c)) <= 1e-8 * np.linalg.norm(H) * np.linalg.norm(c)
    # The distance from the ray along -g, by brute force.
    t = np.concatenate([[0], np.geomspace(1e-6, 10, 4001)]) * np.linalg.norm(c)
    u = -g.gradient / np.linalg.norm(g.gradient)
    nearest = np.min(np.linalg.norm(g.newton_step - t[:, None] * u, axis=1))
    assert g.ray_distance <= nearest * (1 + 1e-9) + 1e-12
    assert nearest <= g.ray_distance + 0.005 * np.linalg.norm(c)


@given(st.integers(2, 6), SEEDS)
def test_the_angle_is_bounded_and_the_bound_is_reached(n: int, seed: int) -> None:
    g, H, random = bowl(n, seed)
    k = g.condition
    assert g.max_angle_deg == pytest.approx(np.degrees(np.arccos(2 * np.sqrt(k) / (1 + k))), abs=1e-5)
    for _ in range(20):
        assert model_of(H, random.standard_normal(n)).geometry().angle_deg <= g.max_angle_deg * (1 + 1e-9)
    # The worst gradient weighs the two extreme axes by the roots of their eigenvalues.
    w, V = g.eigenvalues, g.axes
    worst = model_of(H, np.sqrt(w[0]) * V[:, 0] + np.sqrt(w[-1]) * V[:, -1]).geometry()
    assert worst.angle_deg == pytest.approx(g.max_angle_deg, rel=1e-6)


@pytest.mark.parametrize(("k", "degrees"), [(10, 54.9), (100, 78.6), (1e4, 88.9), (1, 0)])
def test_the_angles_that_the_pages_quote(k: float, degrees: float) -> None:
    assert round(model_of(np.diag([1.0, k]), np.ones(2)).geometry().max_angle_deg, 1) == degrees


def test_angles_are_accurate_at_their_ends() -> None:
    for tilt in (1e-12, 1e-7, 1e-3):
        u, v = np.array([1.0, 0.0]), np.array([np.cos(tilt), np.sin(tilt)])
        assert angle(u, v) == pytest.approx(np.degrees(tilt), rel=1e-9)
        assert 90 - angle(np.array([0.0, 1.0]), v) == pytest.approx(np.degrees(tilt), abs=1e-13)
    assert angle(u * 1e-200, -u * 1e200) == 180
    assert np.isnan(angle(u, 0 * u))


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ([1, 2, 3], "bowl"),
        ([-1, 2, 3], "saddle"),
        ([-1, 0, 3], "saddle"),
        ([-3, -2, -1], "dome"),
        ([-3, -2, 0], "dome"),
        ([0, 2, 3], "valley"),
        ([0, 0, 3], "valley"),
        ([0, 0, 0], "flat"),
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_kinds(eigenvalues: list, kind: str, seed: int) -> None:
    w = np.array(eigenvalues, float)
    H, _, random = matrix(w, seed)
    gradient = random.standard_normal(3)
    g = model_of(H, gradient).geometry()
    assert g.kind == kind
    assert g.inertia == (int(np.sum(w < 0)), int(np.sum(w == 0)), int(np.sum(w > 0)))
    np.testing.assert_allclose(g.eigenvalues, w, atol=1e-14)
    np.testing.assert_allclose(g.axes.T @ g.axes, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(g.newton_step, -np.linalg.pinv(H, 1e-12, True) @ gradient, rtol=1e-9, atol=1e-12)
    assert np.isinf(g.condition) == (0 in eigenvalues)
    assert g.has_center == (0 not in eigenvalues)
    semi, dual = g.semi_axes(2.0), g.dual_semi_axes(2.0)
    np.testing.assert_array_equal(np.isnan(semi), w < 0)  # never sqrt(2 rise / |lambda|)
    np.testing.assert_array_equal(np.isinf(semi), w == 0)
    np.testing.assert_array_equal(np.isnan(dual), w < 0)
    np.testing.assert_allclose(semi[w > 0], 2 / np.sqrt(w[w > 0]), rtol=1e-12)
    if kind == "bowl":
        return
    assert g.max_angle_deg == (180 if min(eigenvalues) < 0 else 90) or kind == "flat"
    with pytest.raises(ValueError, match="only for a bowl"):
        g.whiten(gradient)


def test_a_dome_climbs_and_a_point_without_gradient_has_no_angle() -> None:
    dome = model_of(-np.eye(2), np.array([1.0, 0.0])).geometry()
    assert dome.angle_deg == 180 and not dome.newton_is_descent and dome.rise < 0
    still = model_of(np.eye(2), np.zeros(2)).geometry()
    assert np.isnan(still.angle_deg) and still.ray_distance == 0 and still.rise == 0
    np.testing.assert_array_equal(still.newton_step, 0)


@given(st.integers(2, 5), SEEDS)
def test_units_of_the_variables_change_no_kind_and_no_promise(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    signs = random.choice([-1.0, 1.0], n)
    H, _, _ = matrix(signs * 10.0 ** random.uniform(-1, 1, n), seed)
    gradient, unit = random.standard_normal(n), 10.0 ** random.integers(-9, 9, n)
    a, b = model_of(H, gradient).geometry(), model_of(H * np.outer(unit, unit), gradient * unit).geometry()
    assert a.inertia == b.inertia and a.kind == b.kind
    np.testing.assert_allclose(b.newton_step * unit, a.newton_step, rtol=1e-6)
    assert b.rise == pytest.approx(a.rise, rel=1e-6, abs=1e-9)


def test_small_eigenvalues_of_a_badly_scaled_bowl_keep_their_digits() -> None:
    unit = np.array([1.0, 1e-9])
    H = np.array([[2.0, 1.0], [1.0, 3.0]]) / np.outer(unit, unit)
    g = model_of(H, np.ones(2)).geometry()
    small = np.linalg.det(H * np.outer(unit, unit)) / (unit.prod() ** 2 * g.eigenvalues[1])
    assert g.kind == "bowl"
    assert g.eigenvalues[0] == pytest.approx(small, rel=1e-6)


def test_signs_of_axes_are_settled() -> None:
    H = np.array([[3.0, -1.0], [-1.0, 2.0]])
    axes = model_of(H, np.ones(2)).geometry().axes
    assert np.all(axes[np.argmax(np.abs(axes), axis=0), [0, 1]] > 0)


@given(st.integers(2, 5), SEEDS)
def test_natural_units_give_a_diagonal_of_ones_and_follow_the_units_of_x(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    H = random.standard_normal((n, n))
    H = H + H.T
    unit = 10.0 ** random.integers(-9, 9, n)
    np.testing.assert_allclose(np.abs(np.diagonal(H)) / hessian_units(H) ** 2, 1)
    H[0, 0] = 0.0  # a variable that is curved only together with others
    np.testing.assert_allclose(hessian_units(H * np.outer(unit, unit)), hessian_units(H) * unit)
    np.testing.assert_array_equal(hessian_units(np.diag([0.0, 4.0])), [2, 2])
    np.testing.assert_array_equal(hessian_units(np.zeros((2, 2))), [1, 1])


def test_precision_decides_what_is_zero() -> None:
    H = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-7]])
    assert model_of(H, np.ones(2)).geometry().kind == "bowl"
    assert model_of(H.astype(np.float32), np.ones(2, np.float32)).geometry().kind == "valley"


def test_wrong_questions_are_refused_in_words() -> None:
    g = model_of(np.eye(2), np.ones(2)).geometry()
    with pytest.raises(ValueError, match="rise = -1"):
        g.semi_axes(-1.0)
    for length in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"length = {length}"):
            g.stretch_semi_axes(length)
    with pytest.raises(ValueError, match="not finite"):
        model_of(np.array([[np.nan]]), np.ones(1)).geometry()


def test_local_model_of_a_pytree() -> None:
    m = rp.local_model(
        lambda p, a: a * jnp.sum(p["u"] ** 2) + p["v"] ** 4, {"u": np.array([1.0, 2.0]), "v": np.array(1.0)}, 3.0
    )
    g = m.geometry()
    np.testing.assert_allclose(m.gradient, [6, 12, 4])
    np.testing.assert_allclose(m.hessian, np.diag([6, 6, 12]))
    np.testing.assert_allclose(g.center["u"], 0, atol=1e-15)
    np.testing.assert_allclose(g.center["v"], 2 / 3)
    assert float(m(m.newton_step())) == pytest.approx(float(m.value) - g.rise)


def test_local_model_of_a_numpy_function() -> None:
    g = rp.local_model(lambda x: float(np.sum(np.asarray(x) ** 2)) + (1.0 if x[0] > 9 else 0.0), [1.0, 2.0]).geometry()
    assert g.kind == "bowl"
    np.testing.assert_allclose(g.eigenvalues, 2, rtol=1e-4)


def test_local_model_refuses_what_is_not_finite() -> None:
    with pytest.raises(ValueError, match="not finite"):
        rp.local_model(lambda x: jnp.log(x[0]), [-1.0])
    with pytest.raises(ValueError, match=r"derivative by x2"):
        rp.local_model(lambda x: x[0] ** 2 + jnp.sqrt(x[1]), [1.0, 0.0])
