"""The identities of the quadratic that every picture is drawn from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raphson.picture.quadratic import Quadratic
from tests.pictures.quadratics import bowl, quadratic, saddle

SEEDS = st.integers(0, 10**6)


@given(SEEDS, SEEDS)
def test_moving_the_point_changes_nothing_but_the_point(seed: int, other: int) -> None:
    q = bowl(seed)
    random = np.random.default_rng(other)
    u, v = random.standard_normal(2), random.standard_normal((7, 2))
    moved = q.moved(u)
    np.testing.assert_allclose(moved(v), q(v), rtol=1e-9, atol=1e-9 * float(np.max(np.abs(q(v)))))
    np.testing.assert_allclose(moved.at, u, rtol=1e-12, atol=1e-14)
    # Both write down the same centre; how well each knows it is a matter of its gradient's rounding.
    sizes = np.linalg.norm(q.newton) + np.linalg.norm(moved.newton) + 1
    np.testing.assert_allclose(moved.center, q.center, atol=1e-12 * q.condition * sizes)


@given(SEEDS)
def test_the_gradient_is_the_normal_of_the_contour(seed: int) -> None:
    q = bowl(seed)
    tangent = np.array([-q.gradient[1], q.gradient[0]]) / np.linalg.norm(q.gradient)
    step = 1e-6 * np.linalg.norm(q.gradient) / np.linalg.norm(q.hessian)
    ahead, behind = q(q.at + step * tangent), q(q.at - step * tangent)
    assert abs(ahead - behind) <= 1e-4 * abs(q(q.at + step * q.gradient / np.linalg.norm(q.gradient)) - q.value) + 1e-15


@given(SEEDS)
def test_the_newton_step_ends_where_the_gradient_is_zero(seed: int) -> None:
    q = bowl(seed) if seed % 2 else saddle(seed)
    left = q.gradient + q.hessian @ q.newton
    assert np.linalg.norm(left) <= 1e-14 * np.linalg.norm(q.hessian) * np.linalg.norm(q.newton)
    assert q.rise == pytest.approx(0.5 * q.gradient @ np.linalg.solve(q.hessian, q.gradient), rel=1e-8)
    assert q.value - q.rise == pytest.approx(float(q(q.center)), rel=1e-7, abs=1e-9 * abs(q.rise))


@given(SEEDS)
def test_eigenvalues_multiply_to_the_determinant_and_keep_their_digits(seed: int) -> None:
    q = saddle(seed) if seed % 2 else bowl(seed, 8)
    w, V = q.eigen
    assert w[0] <= w[1]
    np.testing.assert_allclose((V * w) @ V.T, q.hessian, atol=1e-14 * np.abs(w).max())
    np.testing.assert_allclose(V.T @ V, np.eye(2), atol=1e-14)
    assert w[0] * w[1] == pytest.approx(q.determinant, rel=1e-12)


def test_small_eigenvalues_beside_huge_ones() -> None:
    """Badly scaled variables are no flat directions: signs are decided in natural units."""
    H = np.array([[1e12, 3e5], [3e5, 1.0]])
    q = Quadratic(0.0, np.array([1.0, 1.0]), H, np.zeros(2))
    assert q.kind == "bowl"
    assert q.eigen[0][0] == pytest.approx(0.91, rel=1e-9)
    np.testing.assert_allclose(H @ q.newton, -q.gradient, rtol=1e-10)


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ((1, 2), "bowl"),
        ((-1, 2), "saddle"),
        ((-2, -1), "dome"),
        ((0, 2), "valley"),
        ((-2, 0), "dome"),
        ((0, 0), "flat"),
    ],
)
def test_kinds(eigenvalues: tuple[float, float], kind: str) -> None:
    for turn in (0.0, 0.4, 2.0):
        q = quadratic(eigenvalues, turn, (1.0, 0.3))
        assert q.kind == kind
        assert q.has_center == (0 not in eigenvalues)
        assert np.isinf(q.condition) == (0 in eigenvalues)
        at_bottom = Quadratic(1.0, np.zeros(2), q.hessian, q.at)
        assert at_bottom.has_center and not np.any(at_bottom.newton)


def test_noise_decides_what_is_zero() -> None:
    H = np.array([[1.0, 0.0], [0.0, 1.0]]) @ np.diag([1.0, 1.0])
    H[0, 1] = H[1, 0] = 1 - 1e-8
    assert Quadratic(0.0, np.ones(2), H, np.zeros(2)).kind == "bowl"
    assert Quadratic(0.0, np.ones(2), H, np.zeros(2), noise=1.2e-7).kind == "valley"


@pytest.mark.parametrize("size", [1e-250, 1e250])
@pytest.mark.parametrize("H", [[[1348.0, 480.0], [480.0, 200.0]], [[1.0, 3.0], [3.0, 2.0]]])
def test_eigenvalues_keep_their_digits_in_any_units_of_f(size: float, H: list[list[float]]) -> None:
    g = np.array([1.0, 2.0])
    plain, scaled = Quadratic(1.0, g, np.array(H), g), Quadratic(size, size * g, size * np.array(H), g)
    np.testing.assert_allclose(scaled.eigen[0] / size, plain.eigen[0], rtol=1e-13)
    np.testing.assert_allclose(scaled.newton, plain.newton, rtol=1e-13)
