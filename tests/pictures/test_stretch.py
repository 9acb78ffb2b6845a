"""The stretched circle as a picture: what H^(-t) makes of every gradient of one length, at every signature of H."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import raphson as rp
from raphson.model.geometry import Geometry, angle
from raphson.picture import scenes
from raphson.picture.quadratic import Quadratic
from raphson.picture.render.svg import svg
from raphson.picture.scene import Arrow, Curve, Ellipse, Scene
from raphson.picture.views.dual import dual
from raphson.picture.views.local import local
from raphson.picture.views.stretch import SPOKES, stretch
from tests.pictures.quadratics import bowl, quadratic, saddle

SEEDS = st.integers(0, 10**6)
SIGNS = st.sampled_from([(1, 1), (-1, 1), (-1, -1)])
MEMBERS = st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.8, 1.0])


def ring(scene: Scene, role: str) -> Ellipse:
    """The only ellipse."""
    (found,) = [item for item in scene.items if isinstance(item, Ellipse)]
    assert found.role == role
    return found


def arrows(scene: Scene, role: str) -> list[np.ndarray]:
    """The heads of arrows, all from the origin."""
    found = [item for item in scene.of(role) if isinstance(item, Arrow)]
    assert all(item.tail == (0, 0) for item in found)
    return [np.array(item.head) for item in found]


def of_signs(seed: int, signs: tuple[int, int]) -> Quadratic:
    """A random quadratic of any scale and of these signs."""
    random = np.random.default_rng(seed)
    w = np.sort(10.0 ** random.uniform(-3, 3, 2) * signs)
    return quadratic((w[0], w[1]), random.uniform(0, 2 * np.pi), 10 ** random.uniform(-3, 3) * random.normal(size=2))


def on(item: Ellipse, points: np.ndarray) -> np.ndarray:
    """1 for points (m, 2) on an ellipse around the origin."""
    c, s = np.cos(item.angle), np.sin(item.angle)
    return np.sum((points @ np.array([[c, -s], [s, c]]) / item.semi) ** 2, axis=1)


@given(SEEDS, SIGNS)
def test_the_inverse_takes_the_left_picture_to_the_right_one(seed: int, signs: tuple[int, int]) -> None:
    q = of_signs(seed, signs)
    left, right = stretch(q)
    inverse, size = np.linalg.inv(q.hessian), np.linalg.norm(q.gradient)
    np.testing.assert_allclose(ring(left, "slopes").semi, size, rtol=1e-12)
    # NumPy's own: a matrix makes of a circle an ellipse of its singular values.
    near = 1e-13 * q.condition + 1e-9
    values = np.linalg.svd(inverse, compute_uv=False)
    np.testing.assert_allclose(np.sort(ring(right, "stretched").semi), size * values[::-1], rtol=near)
    before, after = (np.array([item.points[1] for item in s.of("spoke")]) for s in (left, right))
    assert len(before) == SPOKES
    np.testing.assert_allclose(np.linalg.norm(before, axis=1), size)
    np.testing.assert_allclose(after, before @ inverse, rtol=1e-6, atol=near * np.abs(after).max())
    np.testing.assert_allclose(on(ring(right, "stretched"), after), 1, rtol=1e-6)
    (down,), (newton,) = arrows(left, "minus-gradient"), arrows(right, "newton")
    np.testing.assert_allclose(down, -q.gradient, rtol=1e-9, atol=1e-12 * size)
    np.testing.assert_allclose(newton, -inverse @ q.gradient, rtol=1e-6, atol=near * np.linalg.norm(newton))


@given(SEEDS, SIGNS)
def test_each_part_is_divided_by_its_own_curvature(seed: int, signs: tuple[int, int]) -> None:
    q = of_signs(seed, signs)
    left, right = stretch(q)
    w, V = q.eigen
    parts, steps = np.array(arrows(left, "slope-part")), np.array(arrows(right, "step-part"))
    wanted = [-(V[:, k] @ q.gradient) * V[:, k] for k in (0, 1)]
    np.testing.assert_allclose(parts, wanted, atol=1e-12 * np.abs(parts).max())
    np.testing.assert_allclose(steps * w[:, None], parts, rtol=1e-9, atol=1e-12 * np.abs(parts).max())
    np.testing.assert_allclose(np.sum(parts, axis=0), arrows(left, "minus-gradient")[0], atol=1e-9 * abs(parts).max())
    np.testing.assert_allclose(np.sum(steps, axis=0), arrows(right, "newton")[0], atol=1e-9 * abs(steps).max())
    for k in (0, 1):  # where lambda < 0 the step is against the slope, and it is said
        assert np.sign(parts[k] @ steps[k]) == signs[k] * (w[k] != 0)
        (label,) = [item.label for item in right.of("step-part") if np.array_equal(item.head, steps[k])]
        assert not label or ("reversed" in label) == (signs[k] < 0)


@given(SEEDS, MEMBERS)
def test_the_family_holds_circle_contour_dual_and_stretched_circle(seed: int, t: float) -> None:
    q = bowl(seed)
    w, V = q.eigen
    found = ring(stretch(q, t)[1], "stretched")
    size = np.linalg.norm(q.gradient)
    np.testing.assert_allclose(found.semi, size * w**-t, rtol=1e-12)
    ratio = found.semi[0] / found.semi[1]
    like = {0.0: (1, 1), 0.5: local(q).of("model-level")[0].semi, -0.5: dual(q).of("dual")[0].semi}.get(t)
    if like is not None:
        assert ratio == pytest.approx(like[0] / like[1], rel=1e-3)
    heads = arrows(stretch(q, t)[1], {0.0: "minus-gradient", 1.0: "newton"}.get(t, "stretched"))
    power = Geometry(w, V, (0, 0, 2), q.gradient, q.newton, None).power(-t)
    np.testing.assert_allclose(heads[0], -power @ q.gradient, rtol=1e-6, atol=1e-9 * np.linalg.norm(heads[0]))


@given(SEEDS, SIGNS)
def test_the_semi_axes_are_those_of_the_geometry(seed: int, signs: tuple[int, int]) -> None:
    q = of_signs(seed, signs)
    inertia = (sum(s < 0 for s in signs), 0, sum(s > 0 for s in signs))
    g = Geometry(q.eigen[0], q.eigen[1], inertia, q.gradient, q.newton, None)
    np.testing.assert_allclose(ring(stretch(q)[1], "stretched").semi, g.stretch_semi_axes(np.linalg.norm(q.gradient)))


@given(SEEDS)
def test_a_saddle_is_stretched_with_its_steps_reversed_and_has_no_powers_between(seed: int) -> None:
    q = saddle(seed)
    left, right = stretch(q)
    assert "absolute value" in right.caption and "reversed" in right.caption
    for t in (-0.5, 0.3, 0.5):
        scene = stretch(q, t)[1]
        assert scene.roles() == {"muted"} and "needs both to be positive" in scene.caption
    assert ring(stretch(q, 0.0)[1], "stretched").semi == ring(left, "slopes").semi


@pytest.mark.parametrize("w", [(0.0, 2.0), (-2.0, 0.0)])
@pytest.mark.parametrize("along", [0.0, 1.0])
def test_a_flat_direction_leaves_two_lines_without_an_end(w: tuple[float, float], along: float) -> None:
    curved = int(np.flatnonzero(w)[0])
    own = np.array([along, along])
    own[curved] = 1.0
    q = quadratic(w, 0.3, np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]) @ own)
    right = stretch(q)[1]
    lines = [item.points for item in right.of("stretched") if isinstance(item, Curve)]
    assert len(lines) == 2 and "no end" in right.caption and not [i for i in right.items if isinstance(i, Ellipse)]
    for points in lines:  # every step on them changes the gradient by a vector of that length
        np.testing.assert_allclose(np.linalg.norm(points @ q.hessian, axis=1), np.linalg.norm(q.gradient), rtol=1e-9)
    (newton,) = arrows(right, "newton")
    np.testing.assert_allclose(newton, -np.linalg.pinv(q.hessian, rcond=1e-9) @ q.gradient, atol=1e-12)
    assert ("climbs" in right.caption) == (min(w) < 0)


def test_at_the_bottom_the_circle_has_the_length_one_and_no_arrow() -> None:
    left, right = stretch(quadratic((1, 4), 0.3, (0.0, 0.0), (2.0, 1.0)))
    assert ring(left, "slopes").semi == (1, 1)
    np.testing.assert_allclose(ring(right, "stretched").semi, [1, 0.25])
    for scene in (left, right):
        assert not [item for item in scene.items if isinstance(item, Arrow)]


@pytest.mark.parametrize(
    "w", [(0.0, 0.0), (1e-310, 1.0), (1.0, 1e6), (-1.0, 1.0), (0.0, 1.0), (-1.0, 0.0), (-2.0, -1.0)]
)
@pytest.mark.parametrize("gradient", [(1.0, 1.0), (0.0, 0.0), (1e-300, 1e300)])
def test_everything_can_be_drawn(w: tuple[float, float], gradient: tuple[float, float]) -> None:
    for t in (0.0, 1.0, 0.4):
        for scene in stretch(quadratic(w, 0.0, gradient), t):
            assert "nan" not in (svg(scene) + scene.caption).lower()


def test_other_powers_and_numbers_of_axes_are_refused() -> None:
    for t in (-0.6, 1.5, np.nan):
        with pytest.raises(ValueError, match="t = "):
            stretch(bowl(1), t)
    with pytest.raises(ValueError, match="two variables or more"):
        scenes.stretch(rp.local_model(lambda v: v[0] ** 4 - v[0], [1.5]))


def test_a_figure_has_two_axes_and_the_ellipse_in_the_right_place() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    rosenbrock = rp.zoo["rosenbrock"]
    model = rp.local_model(rosenbrock.fun, rosenbrock.x0)
    left, right = rp.plot.stretch(model)
    (patch,) = [artist for artist in right.patches if artist.get_gid() == "stretched"]
    size = np.linalg.norm(model.geometry().gradient)
    np.testing.assert_allclose([patch.width, patch.height], 2 * model.geometry().stretch_semi_axes(size))
    (arrow,) = [artist for artist in right.patches if artist.get_gid() == "newton"]
    np.testing.assert_allclose(arrow._posA_posB[1], model.geometry().newton_step)
    assert left.figure is right.figure and left.get_aspect() == right.get_aspect() == 1
    _, axes = plt.subplots(1, 3)
    assert rp.plot.stretch(model, axes[0], t=0.5) is axes[0]
    assert rp.plot.stretch(model, axes[1:]) == (axes[1], axes[2])
    with pytest.raises(ValueError, match="3 axes for 2 pictures"):
        rp.plot.stretch(model, axes)
    plt.close("all")


@given(SEEDS)
def test_in_pixels_of_svg_the_newton_arrow_ends_on_the_stretched_circle(seed: int) -> None:
    q = bowl(seed, 3.0)
    right = stretch(q)[1]
    found = ring(right, "stretched")
    np.testing.assert_allclose(on(found, np.array(arrows(right, "newton"))), 1, rtol=1e-6)
    assert angle(arrows(right, "newton")[0], q.newton) < 1e-6
    assert 'data-role="stretched"' in svg(right) and svg(right) == svg(stretch(q)[1])
