"""Scenes of spectrum, convergence, fidelity, confidence, ellipsoid and surface: the numbers they are made of."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import raphson as rp
from raphson.picture import scenes
from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Arrow, Contours, Curve, Ellipse, Heat, Stems
from raphson.picture.scene3 import Arrow3, Dots3, Ellipsoid, Scene3, Sheet, project
from raphson.picture.views import convergence, fidelity, surface
from raphson.picture.views.ellipsoid import Block, ellipsoid


@pytest.fixture(scope="module")
def rosenbrock() -> rp.Result:
    return rp.minimize(rp.zoo["rosenbrock"].fun, rp.zoo["rosenbrock"].x0)


def quadratic_model(H: np.ndarray, g: np.ndarray, x: np.ndarray) -> rp.Model:
    return rp.local_model(lambda p: 0.5 * (p - x) @ jnp.asarray(H) @ (p - x) + jnp.asarray(g) @ (p - x), x)


# ---------------------------------------------------------------------------------------------- spectrum


def test_spectrum_has_every_curvature_with_its_sign_and_the_gradients_shares() -> None:
    H = np.diag([-3.0, 0.0, 2.0, 50.0])
    model = quadratic_model(H, np.array([1.0, 0.0, 1.0, 1.0]), np.ones(4))
    scene = scenes.spectrum(model)
    (stems,) = [item for item in scene.items if isinstance(item, Stems)]
    np.testing.assert_allclose(stems.values[[0, 2, 3]], [3, 2, 50])
    assert stems.signs.tolist() == [-1, 0, 1, 1]
    assert stems.labels == ("x1", "x2", "x3", "x4")
    assert scene.log == "y" and not scene.equal and "absolute value" in scene.y_label
    shares = [item.text for item in scene.of("energy") if not isinstance(item, Curve)]
    assert shares == ["33 %", "0 %", "33 %", "33 %"]
    assert "1 down" in scene.caption and "Condition" not in scene.caption
    # The band of shares lies above every stem, where the ticks of the axis have ended.
    assert scene.ruled is not None and stems.values.max() < scene.ruled
    assert min(item.points[:, 1].min() for item in scene.of("energy") if isinstance(item, Curve)) >= scene.ruled


def test_spectrum_of_many_variables_is_thinned_with_a_note() -> None:
    model = quadratic_model(np.diag(np.geomspace(1e-3, 1e3, 200)), np.ones(200), np.zeros(200))
    scene = scenes.spectrum(model)
    (stems,) = [item for item in scene.items if isinstance(item, Stems)]
    assert len(stems.values) == 60 and "60 of 200" in scene.notes[0]
    np.testing.assert_allclose(stems.values[[0, -1]], [1e-3, 1e3])


def test_spectrum_at_a_minimum_says_that_the_gradient_is_zero() -> None:
    scene = scenes.spectrum(quadratic_model(np.eye(2), np.zeros(2), np.ones(2)))
    assert any("gradient is zero" in getattr(item, "text", "") for item in scene.items)


# ---------------------------------------------------------------------------------------------- convergence


def test_convergence_draws_the_gap_and_every_trial(rosenbrock: rp.Result) -> None:
    scene = scenes.convergence(rosenbrock)
    trace = rosenbrock.trace
    (gap,), (gradient,), (dots,) = scene.of("series-1"), scene.of("series-1-gradient"), scene.of("trial")
    values = np.concatenate([[trace.start_value], trace.value])
    taken = np.concatenate([[True], trace.accepted])
    np.testing.assert_allclose(gap.points[-1], [0, trace.start_value - rosenbrock.value])
    last = int(np.flatnonzero(trace.gradient_norm > 0)[-1])  # a logarithm has no place for the 0 at the end
    np.testing.assert_allclose(gradient.points[0], [last + 1, trace.gradient_norm[last]])
    # After a rejected trial the line stays where the run stood.
    for trial in np.flatnonzero(~taken):
        (here,) = gap.points[gap.points[:, 0] == trial, 1]
        np.testing.assert_allclose(here, values[:trial][taken[:trial]][-1] - rosenbrock.value)
    assert (~dots.filled).sum() == (~trace.accepted).sum()
    assert scene.log == "y" and f"{len(trace)} trials" in scene.caption


def test_convergence_of_long_runs_is_logarithmic_and_thinned(rosenbrock: rp.Result) -> None:
    class Trace:
        start_value, start_gradient_norm = 1.0, 1.0
        accepted = np.ones(10_000, bool)
        value = np.geomspace(1, 1e-9, 10_000)
        gradient_norm = np.sqrt(value)

    class Run:
        trace, value, method = Trace(), 0.0, "slow"

    scene = scenes.convergence([Run(), rosenbrock, rosenbrock])
    assert scene.log == "xy" and "thinned" in scene.notes[0]
    curves = [item for item in scene.items if isinstance(item, Curve)]
    assert max(len(curve.points) for curve in curves) <= convergence.POINTS
    assert [c.label for c in curves if c.label] == ["slow", f"2: {rosenbrock.method}", f"3: {rosenbrock.method}"]
    assert min(curve.points[:, 0].min() for curve in curves if len(curve.points)) == 1


def test_convergence_refuses_what_has_no_trace() -> None:
    with pytest.raises(ValueError, match="no run"):
        scenes.convergence([])
    with pytest.raises(TypeError, match="trace"):
        scenes.convergence({"a": 3.0})


# ---------------------------------------------------------------------------------------------- fidelity


def test_a_quadratic_is_right_everywhere() -> None:
    H, g = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])
    scene = scenes.fidelity(quadratic_model(H, g, np.array([0.3, 0.7])))
    (heat,) = [item for item in scene.items if isinstance(item, Heat)]
    np.testing.assert_allclose(heat.grid.values, 0, atol=1e-9)
    assert "agree in every direction" in scene.caption


def test_the_ring_of_a_cubic_lies_where_it_should() -> None:
    # f = x + x^3 + y^2/2 at 0: along x the error is x^3 over |x|, 10 % at sqrt(0.1).
    quad = Quadratic(0.0, np.array([1.0, 0.0]), np.diag([0.0, 1.0]), np.zeros(2))

    def f(u: np.ndarray) -> np.ndarray:
        return u[:, 0] + u[:, 0] ** 3 + 0.5 * u[:, 1] ** 2

    seen = fidelity.trust(quad, f, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert seen is not None and seen.reach[1] == np.inf
    # The end is known to one step of the ladder of distances.
    assert abs(np.log(seen.reach[0] / np.sqrt(0.1))) < np.log(fidelity.REACHES[1] / fidelity.REACHES[0])
    scene = fidelity.fidelity(quad, f)
    (ring,) = [item for item in scene.items if isinstance(item, Contours)]
    np.testing.assert_allclose(ring.levels, [-0.1, 0.1])
    row = np.argmin(np.abs(ring.grid.y))
    inside = np.abs(ring.grid.values[row]) < 0.1
    spacing = ring.grid.x[1] - ring.grid.x[0]
    assert abs(ring.grid.x[inside].max() - np.sqrt(0.1)) <= spacing


def test_what_is_not_finite_is_left_out_of_the_map() -> None:
    model = rp.local_model(lambda x: jnp.log(x[0]) * x[1] ** 2 + x[0] ** 2, [0.5, 1.0])
    (heat,) = [item for item in scenes.fidelity(model).items if isinstance(item, Heat)]
    assert np.all(np.isnan(heat.grid.values[:, heat.grid.x < 0]))
    assert np.all(np.isfinite(heat.grid.values[:, heat.grid.x > 0.01]))


def test_at_a_minimum_no_arrow_is_drawn_from_rounding(rosenbrock: rp.Result) -> None:
    scene = scenes.fidelity(rosenbrock)
    assert not [item for item in scene.items if isinstance(item, Arrow)]
    assert "nearest end" in scene.caption


def test_fidelity_of_one_variable_is_a_curve() -> None:
    scene = scenes.fidelity(rp.local_model(lambda v: v[0] ** 4 + v[0], [1.0]))
    assert not scene.equal and len(scene.of("ten-percent")) == 2
    (curve,) = scene.of("function-level")
    x, error = curve.points.T
    s = x - 1
    f, m = x**4 + x, 2 + 5 * s + 6 * s**2
    expected = (f - m) / np.where(s == 0, 1, np.abs(5 * s) + 6 * s**2)
    np.testing.assert_allclose(error, expected, atol=1e-9)


# ---------------------------------------------------------------------------------------------- confidence


@pytest.fixture(scope="module")
def line() -> rp.Fit:
    x = np.linspace(0, 1, 12)
    y = 2 + 3 * x + 0.1 * np.cos(17 * x)
    return rp.curve_fit(lambda x, a, b: a + b * x, x, y, p0=[1.0, 1.0])


def test_the_ellipse_of_one_standard_error_touches_both_bars(line: rp.Fit) -> None:
    scene = scenes.ellipse(line, "a", "b")
    (inner,), (outer,) = scene.of("confidence-inner"), scene.of("confidence")
    assert not scene.equal and not scene.of("right-angle")
    for item, factor in ((inner, 1.0), (outer, line.uncertainty.ellipse("a", "b", 0.95).factor)):
        V = np.array([[np.cos(item.angle), -np.sin(item.angle)], [np.sin(item.angle), np.cos(item.angle)]])
        np.testing.assert_allclose(np.linalg.norm(V * item.semi, axis=1), factor * line.standard_errors, rtol=1e-9)
    assert "not 68 %" in scene.caption and "95 %" in scene.caption and outer.label == "95 %"


def test_of_a_linear_fit_the_cost_and_the_ellipse_agree(line: rp.Fit) -> None:
    scene = scenes.ellipse(line, 1, 0, probability=0.68)
    (cost,), (item,) = scene.of("function-level"), scene.of("confidence")
    V = np.array([[np.cos(item.angle), -np.sin(item.angle)], [np.sin(item.angle), np.cos(item.angle)]])
    assert line.model.problem is not None
    for t in np.linspace(0, 6, 7):
        b, a = np.asarray(item.center) + V @ (np.asarray(item.semi) * [np.cos(t), np.sin(t)])
        np.testing.assert_allclose(float(line.model.problem.value(jnp.array([a, b]))), cost.levels[0], rtol=1e-9)


def test_no_ellipse_is_made_up(line: rp.Fit) -> None:
    x = np.linspace(0, 1, 12)
    held = rp.curve_fit(
        lambda x, a, b: a + b * x, x, 2 + 3 * x + 0.1 * np.cos(17 * x), p0=[1, 1], bounds=([0, 0], [9, 2])
    )
    with pytest.raises(ValueError, match="b has no ellipse: it sits at a bound"):
        scenes.ellipse(held, "a", "b")
    tied = rp.curve_fit(lambda x, a, b, c: (a + b) * x + c, x, x + 0.1 * np.cos(17 * x), p0=[1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="the data do not determine it"):
        scenes.ellipse(tied, "a", "c")
    with pytest.raises(ValueError, match="no parameter 'd': there are a, b"):
        scenes.ellipse(line, "a", "d")
    with pytest.raises(ValueError, match=r"0\.95"):
        scenes.ellipse(line, "a", "b", probability=95)
    with pytest.raises(TypeError, match="needs a fit"):
        scenes.ellipse(3.0)


# ---------------------------------------------------------------------------------------------- three dimensions


def bowl(seed: int, power: float = 1.0) -> Block:
    random = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(random.normal(size=(3, 3)))
    lam = 10.0 ** random.uniform(-power, power, 3)
    return Block(random.normal(size=3), (Q * lam) @ Q.T, random.normal(size=3), ("x1", "x2", "x3"))


def only(scene: Scene3, kind: type) -> list:
    return [item for item in scene.items if isinstance(item, kind)]


@given(st.integers(0, 10_000))
def test_the_ellipsoid_is_the_level_through_x(seed: int) -> None:
    block = bowl(seed)
    scene = ellipsoid(block)
    (solid,) = only(scene, Ellipsoid)
    newton = next(item for item in only(scene, Arrow3) if item.role == "newton")
    np.testing.assert_allclose(newton.head, solid.center)
    np.testing.assert_allclose(solid.semi, np.sqrt(2 * block.rise / solid.lam))
    np.testing.assert_allclose(block.hessian @ (solid.center - block.at), -block.gradient, rtol=1e-8, atol=1e-8)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        s = solid.circle(i, j, 9) - solid.center
        np.testing.assert_allclose(0.5 * np.einsum("ki,ij,kj->k", s, block.hessian, s), block.rise, rtol=1e-8)
    low, high = np.reshape(scene.box, (3, 2)).T
    assert scene.equal and np.all(solid.circle(0, 1) >= low) and np.all(solid.circle(0, 1) <= high)


@given(st.integers(0, 10_000), st.floats(-180, 180), st.floats(-80, 80))
def test_the_silhouette_is_the_shadow(seed: int, azimuth: float, elevation: float) -> None:
    """The points of an ellipsoid fill its silhouette and nothing else; near halves of its own ellipses end on it."""
    scene3 = ellipsoid(bowl(seed))
    scene = project(scene3, azimuth, elevation)
    (solid,) = only(scene3, Ellipsoid)
    (outline,) = scene.of("model-level")
    dense = solid.center + SPHERE @ solid.root.T
    flat = project(Scene3("", "", scene3.box, scene3.shape, (dots(dense),), ("", "", "")), azimuth, elevation)
    V = np.array([[np.cos(outline.angle), -np.sin(outline.angle)], [np.sin(outline.angle), np.cos(outline.angle)]])

    def own(points: np.ndarray) -> np.ndarray:
        return (points - np.asarray(outline.center)) @ V / outline.semi

    inside = own(flat.of("point")[0].points)
    assert np.linalg.norm(inside, axis=1).max() <= 1 + 1e-9
    assert np.abs(inside).max(axis=0).min() > 0.9
    for half in scene.of("principal"):
        radius = np.linalg.norm(own(half.points), axis=1)
        np.testing.assert_allclose(radius[[0, -1]], 1, rtol=1e-9)
        assert radius.max() <= 1 + 1e-9


SPHERE = np.random.default_rng(0).normal(size=(2000, 3))
SPHERE /= np.linalg.norm(SPHERE, axis=1, keepdims=True)


def dots(points: np.ndarray) -> Dots3:
    return Dots3("point", points, np.ones(len(points), bool))


@given(st.integers(0, 10_000), st.sampled_from([(1, 1, -1), (1, -1, -1), (1, 1, 0), (1, 0, 0), (1, 0, -1)]))
def test_no_ellipsoid_without_one_sign(seed: int, signs: tuple[int, int, int]) -> None:
    random = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(random.normal(size=(3, 3)))
    H = (Q * (np.array(signs) * 10.0 ** random.uniform(-1, 1, 3))) @ Q.T
    scene = ellipsoid(Block(random.normal(size=3), (H + H.T) / 2, random.normal(size=3), ("a", "b", "c")))
    assert not only(scene, Ellipsoid)
    assert ("hyperboloid" in scene.caption) == (min(signs) < 0)
    assert not [item for item in project(scene).items if isinstance(item, Ellipse)]


def test_a_dome_is_called_a_hill() -> None:
    block = bowl(3)
    (solid,) = only(ellipsoid(Block(block.gradient, -block.hessian, block.at, block.labels)), Ellipsoid)
    assert "hill" in solid.label


def test_the_shadow_in_three_variables_keeps_the_newton_step() -> None:
    random = np.random.default_rng(1)
    A = random.normal(size=(5, 5))
    model = quadratic_model(A @ A.T + np.eye(5), random.normal(size=5), random.normal(size=5))
    whole = model.newton_step()
    for section in ("slice", "shadow"):
        scene = scenes.ellipsoid(model, ("x1", 2, 4), section)
        (solid,) = only(scene, Ellipsoid)
        assert section in scene.title
        if section == "shadow":
            np.testing.assert_allclose(solid.center, (np.asarray(model.x) + whole)[[0, 2, 4]], rtol=1e-8)
    with pytest.raises(ValueError, match="choose three"):
        scenes.ellipsoid(model)


def test_f_and_its_quadratic_touch_at_x(rosenbrock: rp.Result) -> None:
    model = rp.local_model(rp.zoo["rosenbrock"].fun, [0.5, 0.4])
    scene = scenes.surface(model)
    sheets = only(scene, Sheet)
    assert [sheet.role for sheet in sheets] == ["function", "model-surface"]
    low, high = scene.box[4], scene.box[5]
    for sheet in sheets:
        for line in sheet.net(low, high):
            assert np.all(np.isfinite(line)) and low - 1e-9 <= line[:, 2].min() and line[:, 2].max() <= high + 1e-9
    (x,) = [item for item in scene.items if item.role == "point"]
    np.testing.assert_allclose(x.points[0, 2], float(model.value))
    assert not scene.equal


def test_a_surface_without_f_says_so() -> None:
    quad = Quadratic(1.0, np.array([1.0, 0.0]), np.diag([1.0, -1.0]), np.zeros(2))
    scene = surface.surface(quad, None, ("a", "b"), (-1, 1, -1, 1))
    assert len(only(scene, Sheet)) == 1 and "could not be evaluated" in scene.notes[0] and "saddle" in scene.caption


# ---------------------------------------------------------------------------------------------- choices


def test_more_variables_are_always_called_a_slice_or_a_shadow() -> None:
    problem = rp.zoo.build("extended-rosenbrock", n=4)
    result = rp.minimize(problem.fun, problem.x0)
    for scene in (
        *(scenes.local(result, plane) for plane in (None, "extreme", "path", (0, 1), ("x1", "x4"))),
        *scenes.stretch(result),
        *(view(result) for view in (scenes.dual, scenes.whitened, scenes.fidelity, scenes.run, scenes.surface)),
    ):
        assert "slice" in scene.title
    assert "shadow" in scenes.local(result, section="shadow").title
    assert "% of its variance" in scenes.run(result).title


def test_wrong_choices_are_named(rosenbrock: rp.Result) -> None:
    saddle = rp.local_model(lambda x: x[0] ** 2 - x[1] ** 2 + x[2] ** 2, [1.0, 1.0, 1.0])
    for call, words in (
        (lambda: scenes.local(saddle, "diagonal"), "choose 'newton', 'extreme', 'path' or a pair"),
        (lambda: scenes.local(saddle, ("x1", "y")), "no variable is named 'y': there are x1, x2, x3"),
        (lambda: scenes.local(saddle, (0, 0)), "two variables"),
        (lambda: scenes.local(saddle, (0, 7)), "from 0 to 2"),
        (lambda: scenes.local(saddle, "path"), "result that knows its path"),
        (lambda: scenes.local(saddle, section="shadow"), "not positive definite"),
        (lambda: scenes.local(saddle, section="cut"), '"slice" holds the other variables fixed'),
        (lambda: scenes.ellipsoid(rosenbrock), "the model has 2"),
        (lambda: scenes.whitened(rosenbrock, t=2.0), "t = 2.0"),
        (lambda: scenes.run(saddle), "as minimize returns"),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert words in str(caught.value)
    with pytest.raises(TypeError, match="expected a model"):
        scenes.local(3.0)


def test_one_variable_has_a_parabola_and_no_ellipse() -> None:
    model = rp.local_model(lambda v: v[0] ** 4 - v[0], [1.5])
    scene = scenes.local(model)
    assert not scene.equal and scene.of("model-level") and scene.of("function-level")
    for view in (scenes.dual, scenes.whitened, scenes.surface):
        with pytest.raises(ValueError, match="two variables or more"):
            view(model)
    result = rp.minimize(lambda v: v[0] ** 4 - v[0], [1.5])
    assert scenes.run(result).of("trial")


def test_a_model_inside_a_run_draws_without_f() -> None:
    (state, _), *_ = rp.iterate(rp.zoo["rosenbrock"].fun, rp.zoo["rosenbrock"].x0, method="newton", max_steps=1)
    assert not scenes.local(state.model).of("function")
    with pytest.raises(ValueError, match="does not know its function"):
        scenes.fidelity(state.model)


def test_bounds_are_hatched_not_crossed() -> None:
    asked = []

    def f(x):
        asked.append(np.array(x))
        return float((x[0] - 2) ** 2 + (x[1] - x[0]) ** 2)

    result = rp.minimize(f, np.array([0.5, 0.5]), bounds=[(0.0, 1.0), (None, None)])
    count = result.nfev
    scene = scenes.local(result)
    (contours,) = scene.of("function")
    outside = (contours.grid.x > 1 + 1e-6) | (contours.grid.x < -1e-6)
    assert np.all(np.isnan(contours.grid.values[:, outside])) and result.nfev == count
    assert all(-1e-5 <= x[0] <= 1 + 1e-5 for x in asked)
