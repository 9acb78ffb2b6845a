"""What the views put into their scenes, at every signature of H."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import raphson as rp
from raphson.model.geometry import angle
from raphson.picture import notebook
from raphson.picture.plane import path_plane, whole_plane
from raphson.picture.quadratic import Quadratic
from raphson.picture.render.svg import svg
from raphson.picture.scene import Arrow, Contours, Ellipse, Grid, RightAngle, Scene
from raphson.picture.views.curve import curve, curve_run, curve_span
from raphson.picture.views.dual import dual
from raphson.picture.views.local import PlaneTrial, local
from raphson.picture.views.run import journey, journey_window, run
from raphson.picture.views.whitened import whitened
from raphson.picture.views.window import fitting_rise, window_of
from tests.pictures.quadratics import bowl, quadratic, saddle

SEEDS = st.integers(0, 10**6)


def one(scene: Scene, role: str):
    """The only item of a role."""
    (item,) = scene.of(role)
    return item


def vector(arrow: Arrow) -> np.ndarray:
    """From tail to head."""
    return np.subtract(arrow.head, arrow.tail)


@given(SEEDS)
def test_local_shows_what_the_identities_say(seed: int) -> None:
    q = bowl(seed)
    scene = local(q)
    level, newton, down = one(scene, "model-level"), one(scene, "newton"), one(scene, "minus-gradient")
    np.testing.assert_allclose(newton.head, level.center, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(newton.tail, q.at)
    np.testing.assert_allclose(level.semi, np.sqrt(2 * q.rise / q.eigen[0]), rtol=1e-9)
    assert angle(vector(down), -q.gradient) < 1e-6
    mark = one(scene, "right-angle")
    assert abs(np.dot(mark.along, mark.across)) < 1e-12 and angle(np.array(mark.along), -q.gradient) < 1e-6
    for arc in scene.of("angle"):
        assert arc.degrees == pytest.approx(angle(vector(down), vector(newton)), abs=1e-4)
    for axis, lam in zip(scene.of("axis"), q.eigen[0], strict=True):
        assert axis.lam == lam
        assert np.linalg.norm(np.diff(axis.points, axis=0)) == pytest.approx(2 * np.sqrt(2 * q.rise / lam), rel=1e-8)
    (cauchy,) = scene.of("cauchy")
    slope = q.gradient @ (q.gradient + q.hessian @ (cauchy.points[0] - q.at))
    assert abs(slope) <= 1e-8 * (q.gradient @ q.gradient)


@given(SEEDS)
def test_the_window_holds_x_and_the_center(seed: int) -> None:
    q = bowl(seed) if seed % 2 else saddle(seed)
    x0, x1, y0, y1 = window_of(q)
    for p in (q.at, q.center):
        assert x0 < p[0] < x1 and y0 < p[1] < y1
    assert 0.6 <= (y1 - y0) / (x1 - x0) <= 1 + 1e-9
    # And they are no single dot in it.
    assert np.hypot(*q.newton) > 0.05 * (y1 - y0)


@given(SEEDS)
def test_the_ray_ends_where_it_passes_nearest(seed: int) -> None:
    q = bowl(seed)
    for item in local(q).of("ray"):
        if item.label:
            foot, center = item.points
            np.testing.assert_allclose(center, q.center, rtol=1e-9, atol=1e-9)
            assert abs((center - foot) @ q.gradient) <= 1e-6 * np.linalg.norm(center - foot) * np.linalg.norm(
                q.gradient
            )


@given(SEEDS)
def test_a_saddle_has_no_ellipse_and_no_semi_axis(seed: int) -> None:
    scene = local(saddle(seed))
    assert not [item for item in scene.items if isinstance(item, Ellipse)]
    assert all("semi-axis" not in item.label for item in scene.of("axis"))
    assert "hyperbolas" in scene.caption
    for view in (dual(saddle(seed)), whitened(saddle(seed))):
        assert view.roles() == {"muted"} and "positive" in view.caption


@pytest.mark.parametrize(
    ("eigenvalues", "gradient", "words"),
    [
        ((-3, -1), (1, 1), "hill"),
        ((0, 2), (0, 1), "strip"),
        ((0, 2), (1, 1), "parabola"),
        ((-2, 0), (1, 0), "ridge"),
        ((0, 0), (1, 1), "plane"),
        ((0, 0), (0, 0), "constant"),
        ((1, 2), (0, 0), "rise"),
        ((-1, 2), (0, 0), "above and below"),
        ((-1, -2), (0, 0), "below"),
        ((0, 2), (0, 0), "strip"),
    ],
)
def test_every_signature_has_its_words_and_can_be_drawn(eigenvalues: tuple, gradient: tuple, words: str) -> None:
    q = quadratic(eigenvalues, 0.0, gradient)
    scene = local(q)
    assert words in scene.caption
    assert "nan" not in svg(scene) and "nan" not in scene.caption
    if q.kind != "bowl":
        assert all(item.hill for item in scene.items if isinstance(item, Ellipse))
        assert not dual(q).of("dual") and not whitened(q).of("whitened")


def test_at_the_bottom_a_round_rise_is_drawn_and_named() -> None:
    q = quadratic((1, 4), 0.3, (0.0, 0.0), (2.0, 1.0))
    scene = local(q)
    level = one(scene, "model-level")
    rise = 0.5 * 1 * level.semi[0] ** 2
    assert level.label == f"rise {rise:.3g}" and f"{rise:.3g}" in scene.caption
    assert f"{rise:e}"[0] in "125"
    assert not scene.of("minus-gradient") and not scene.of("newton")
    assert dual(q).of("dual")[0].semi[1] == pytest.approx(np.sqrt(2 * rise * 4))
    assert whitened(q, 1.0).of("whitened")[0].semi[0] == pytest.approx(np.sqrt(2 * rise))
    assert fitting_rise(q, (0, 1, 0, 1)) > 0 > fitting_rise(quadratic((-4, -1), 0.0, (0, 0)), (0, 1, 0, 1))


def test_a_center_a_hair_away_is_not_zoomed_in_on() -> None:
    q = quadratic((1, 4), 0.3, (1e-9, 0.0), (2.0, 1.0))
    scene = local(q)
    assert scene.window[1] - scene.window[0] > 0.5 and "within 9.6e-10" in scene.caption


@given(SEEDS)
def test_the_normal_of_the_dual_is_the_newton_direction(seed: int) -> None:
    q = bowl(seed)
    scene = dual(q)
    ring, g, normal = one(scene, "dual"), one(scene, "gradient"), one(scene, "newton")
    np.testing.assert_allclose(g.head, q.gradient)
    np.testing.assert_allclose(ring.semi, np.sqrt(2 * q.rise * q.eigen[0]), rtol=1e-9)
    assert angle(vector(normal), q.newton) < 1e-6
    # On the ellipse at g, its normal by its own equation.
    own = q.eigen[1].T @ q.gradient / np.asarray(ring.semi)
    assert np.hypot(*own) == pytest.approx(1, rel=1e-7)
    assert angle(-(q.eigen[1] @ (own / np.asarray(ring.semi))), vector(normal)) < 1e-3
    mark = one(scene, "right-angle")
    assert abs(np.dot(mark.across, vector(normal))) < 1e-9 * np.linalg.norm(vector(normal))


@given(SEEDS, st.floats(0, 1))
def test_the_morph_ends_round_with_minus_g_at_the_center(seed: int, t: float) -> None:
    q = bowl(seed)
    scene = whitened(q, t)
    ring, down = one(scene, "whitened"), one(scene, "minus-gradient")
    np.testing.assert_allclose(ring.semi, np.sqrt(2 * q.rise) * q.eigen[0] ** ((t - 1) / 2), rtol=1e-9)
    at = np.asarray(down.tail)
    np.testing.assert_allclose(one(scene, "newton").head, 0, atol=1e-9 * np.linalg.norm(at))
    own = q.eigen[1].T @ at / np.asarray(ring.semi)
    assert np.hypot(*own) == pytest.approx(1, rel=1e-6)
    round_ = whitened(q, 1.0)
    ring, down = one(round_, "whitened"), one(round_, "minus-gradient")
    assert abs(ring.semi[0] / ring.semi[1] - 1) < 1e-3
    assert angle(vector(down), -np.asarray(down.tail)) < 0.1
    assert len(one(round_, "path").points) == 2  # one step of steepest descent


def test_the_morph_begins_as_the_local_picture() -> None:
    q = bowl(5)
    np.testing.assert_allclose(one(whitened(q, 0.0), "whitened").semi, one(local(q), "model-level").semi)
    with pytest.raises(ValueError, match="t = 2"):
        whitened(q, 2.0)


def test_right_angles_only_where_axes_are_equal() -> None:
    for seed in range(10):
        q = bowl(seed)
        for scene in (local(q), dual(q), whitened(q, 0.3)):
            assert scene.equal
            assert any(isinstance(item, RightAngle) for item in scene.items)
    flat = curve(1.0, 2.0, 3.0, 4.0)
    assert not flat.equal and not any(isinstance(item, RightAngle) for item in flat.items)


def test_f_is_drawn_in_slices_and_not_in_shadows() -> None:
    q = bowl(3)
    x = y = np.linspace(-1, 1, 9)
    grid = Grid(x, y, x[None] ** 2 + y[:, None] ** 2)
    cut, cast = local(q, grid, section="slice"), local(q, grid, section="shadow")
    assert cut.of("function-level")[0].levels == [q.value] and cut.window == (-1, 1, -1, 1)
    assert not cast.of("function") and cast.notes
    assert "slice" in cut.title and "shadow" in cast.title


def test_a_trial_with_its_region_and_curve() -> None:
    q = bowl(4)
    curve_ = q.at + np.linspace(0, 1, 9)[:, None] * q.newton
    trial = PlaneTrial(q.at + 0.5 * q.newton, False, 2.0, np.diag([4.0, 1.0]), curve_)
    scene = local(q, trial=trial)
    region = one(scene, "trust-region")
    np.testing.assert_allclose(np.sort(region.semi), [1.0, 2.0])
    np.testing.assert_allclose(region.center, q.at)
    assert not one(scene, "trial").filled[0] and len(one(scene, "path").points) == 9


def test_a_run_is_replayed_in_its_plane() -> None:
    start, steps = np.array([-1.0, 1.0]), np.array([[1.0, 0.5], [3.0, 0.0], [0.5, -0.5]])
    accepted = np.array([True, False, True])
    plane = whole_plane(start, [1, 1], ["a", "b"])
    path = journey(plane, start, steps, accepted, np.array([0.5, 1.0]))
    np.testing.assert_allclose(path.ends, [[0, 1.5], [3, 1.5], [0.5, 1.0]])
    np.testing.assert_allclose(path.base, [[-1, 1], [0, 1.5], [0, 1.5]])
    scene = run(path)
    np.testing.assert_array_equal(one(scene, "trial").filled, accepted)
    np.testing.assert_allclose(one(scene, "run").points, [[-1, 1], [0, 1.5], [0.5, 1], [0.5, 1]])
    np.testing.assert_allclose(one(scene, "rejected").points, [[0, 1.5], [3, 1.5]])
    assert "1 rejected" in scene.caption and "outside" in " ".join(scene.notes)


def test_long_and_empty_runs() -> None:
    random = np.random.default_rng(0)
    steps = random.standard_normal((3000, 4))
    accepted = random.random(3000) < 0.7
    start = np.zeros(4)
    points = np.cumsum(np.where(accepted[:, None], steps, 0), axis=0)
    plane = path_plane(np.concatenate([start[None], points[:: len(points) // 50], points[-1:]]), np.ones(4))
    path = journey(plane, start, steps, accepted, points[-1])
    np.testing.assert_allclose(path.ends[accepted], plane.at(points[accepted]), atol=1e-9)
    np.testing.assert_allclose(path.base, plane.at(np.concatenate([start[None], points])[:-1]), atol=1e-9)
    scene = run(path, section="slice", share=plane.share)
    assert len(one(scene, "trial").filled) == 400 and "3000" in scene.notes[0] and "%" in scene.title
    still = journey(plane, start, np.zeros((0, 4)), np.zeros(0, bool), start)
    assert "No step" in run(still).caption and np.ptp(journey_window(still)) > 0
    assert "nan" not in svg(run(still))


def test_one_variable() -> None:
    scene = curve(1.5, 2.0, 3.0, 4.0, name="b")
    assert one(scene, "newton").head[0] == pytest.approx(1.5 - 0.75)
    assert one(scene, "center").points[0, 1] == pytest.approx(2.0 - 9 / 8)
    parabola = one(scene, "model-level").points
    np.testing.assert_allclose(parabola[:, 1], 2 + 3 * (parabola[:, 0] - 1.5) + 2 * (parabola[:, 0] - 1.5) ** 2)
    assert "climbs" in curve(1.5, 2.0, 3.0, -4.0).caption and "line" in curve(1.5, 2.0, 3.0, 0.0).caption
    assert "bottom" in curve(1.5, 2.0, 0.0, 4.0).caption
    u = np.linspace(*curve_span(1.5, 3.0, 4.0), 50)
    broken = curve(1.5, 2.0, 3.0, 4.0, u, np.where(u < 1, np.nan, u))
    assert len(broken.of("function")) == 1 and "not-finite" in svg(broken)
    trip = curve_run(np.array([0.0, 2.0, 1.0]), np.array([4.0, np.inf, 1.0]), np.array([False, True]), u, u**2)
    assert one(trip, "run").points.tolist() == [[0, 4], [1, 1]] and "1 rejected" in trip.caption


def test_extreme_numbers_do_not_break_pictures() -> None:
    for size in (1e-150, 1e150):
        q = Quadratic(
            size, size * np.array([1.0, 2.0]), size * np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, 1.0])
        )
        for scene in (local(q), whitened(q, 0.5)):
            assert "nan" not in svg(scene) and "inf" not in svg(scene)
    far = Quadratic(0.0, np.array([1e-3, 2e-3]), np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1e5, -1e5]))
    assert "nan" not in svg(local(far))
    thin = Quadratic(0.0, np.array([1.0, 1.0]), np.diag([1.0, 1e16]), np.zeros(2))
    assert one(local(thin), "model-level").semi[1] > 0 and "nan" not in svg(local(thin))


def test_notebooks_see_a_picture_and_the_text() -> None:
    notebook.register(rp.Result)
    fun = lambda x: (x[0] - 1) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2
    model = rp.local_model(fun, [-1.0, 0.5])
    html = model._repr_html_()
    assert html.count("<svg") == 1 and "bowl: eigenvalues" in html
    result = rp.minimize(fun, [-1.0, 0.5])
    html = result._repr_html_()
    assert html.count("<svg") == 1 and "MINIMUM" in html and "<script" not in html
    assert html == result._repr_html_()


def test_a_notebook_is_never_left_without_text() -> None:
    model = rp.local_model(lambda x: jnp.sum(x**2), np.ones(2))
    broken = model.__class__(**{**vars(model), "curvature": None})
    with pytest.raises(AttributeError):
        broken.geometry()
    large = rp.local_model(lambda x: jnp.sum(x**2), np.ones(400))
    html = large._repr_html_()
    assert "<svg" not in html and "400 variables" in html


def test_contours_of_f_pass_through_x() -> None:
    model = rp.local_model(lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [-1.2, 1.0])
    from raphson.picture import scenes
    from raphson.picture.contour import lines

    (level,) = [item for item in scenes.local(model).of("function-level") if isinstance(item, Contours)]
    points = np.concatenate(lines(level.grid, float(level.levels[0])))
    cell = level.grid.x[1] - level.grid.x[0]
    assert np.min(np.hypot(*(points - [-1.2, 1.0]).T)) < cell
