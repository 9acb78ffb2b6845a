"""Figures: what matplotlib is told to draw, in data and in pixels."""

import subprocess
import sys

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse as EllipsePatch
from matplotlib.patches import FancyArrowPatch, PathPatch

import raphson as rp
from raphson.kernel import show
from raphson.model.geometry import angle
from raphson.picture import scenes
from raphson.picture.quadratic import Quadratic
from raphson.picture.render.figure import draw
from raphson.picture.render.ink import palette, readable
from raphson.picture.scene import Contours, Grid, Scene, Text
from raphson.picture.views.local import local

POINTS = [(-1.2, 1.0), (0.3, 0.6), (1.3, 1.2), (-0.5, -0.4), (2.0, 4.5), (0.0, -1.0)]


@pytest.fixture(autouse=True)
def closed():
    before = dict(plt.rcParams)
    yield
    assert dict(plt.rcParams) == before
    plt.close("all")


@pytest.fixture(scope="module")
def model() -> rp.Model:
    return rp.local_model(rp.zoo["rosenbrock"].fun, [-1.2, 1.0])


@pytest.fixture(scope="module")
def result() -> rp.Result:
    return rp.minimize(rp.zoo["rosenbrock"].fun, rp.zoo["rosenbrock"].x0)


def of(ax: Axes, role: str, kind: type = object) -> list:
    return [artist for artist in ax.get_children() if artist.get_gid() == role and isinstance(artist, kind)]


def pixels(ax: Axes, points: object) -> np.ndarray:
    return ax.transData.transform(np.asarray(points, float))


def vertices(arrow: FancyArrowPatch) -> np.ndarray:
    """Corners of an arrow and its head, in pixels."""
    return arrow.get_transform().transform_path(arrow.get_path()).vertices


def tangent(patch: EllipsePatch, at: np.ndarray) -> np.ndarray:
    """The direction (data) in which the drawn ellipse runs where it passes the point `at` on it."""
    turn = np.radians(patch.angle)
    V = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    half = np.array([patch.width, patch.height]) / 2
    u = V.T @ (at - np.asarray(patch.center)) / half
    np.testing.assert_allclose(np.linalg.norm(u), 1, rtol=1e-6)
    return V @ (half * np.array([-u[1], u[0]]))


@pytest.mark.parametrize("at", POINTS)
def test_the_local_picture_is_right_in_pixels(at: tuple[float, float]) -> None:
    model = rp.local_model(rp.zoo["rosenbrock"].fun, at)
    g = model.geometry()
    ax = rp.plot.local(model)
    ax.figure.canvas.draw()
    x = np.asarray(at)
    (point,) = pixels(ax, [at])
    ellipses = of(ax, "model-level", EllipsePatch)
    assert bool(ellipses) == (g.kind == "bowl")
    (down,), (newton,) = of(ax, "minus-gradient", FancyArrowPatch), of(ax, "newton", FancyArrowPatch)
    heading = pixels(ax, np.asarray(down._posA_posB))
    np.testing.assert_allclose(heading[0], point, atol=1e-6)
    assert angle(heading[1] - point, pixels(ax, [x - 1e-3 * g.gradient])[0] - point) < 1e-3
    (corner,) = of(ax, "right-angle")
    a, b, c = corner.get_transform().transform(corner.get_xydata())
    assert abs(angle(a - point, c - point) - 90) < 0.1 and abs(angle(a - b, c - b) - 90) < 0.1
    for patch in ellipses:
        (center,) = pixels(ax, [patch.center])
        assert np.linalg.norm(vertices(newton) - center, axis=1).min() < 4.0  # the head is stroked: its tip is the join
        assert np.linalg.norm(pixels(ax, [newton._posA_posB[1]])[0] - center) < 0.5
        assert np.linalg.norm(pixels(ax, [g.center])[0] - center) < 0.5
        run = pixels(ax, [x + tangent(patch, x)])[0] - point
        assert abs(angle(heading[1] - point, run) - 90) < 0.1
        scale = np.ptp(pixels(ax, [[0, 0], [1, 0]])[:, 0])
        drawn = np.sort([patch.width, patch.height]) / 2 * scale
        np.testing.assert_allclose(drawn, np.sort(g.semi_axes(g.rise)) * scale, atol=0.5)


def test_the_tip_of_an_arrow_is_its_head() -> None:
    """On the raster: no ink beyond the head, and ink right before it."""
    fig, ax = plt.subplots(figsize=(3, 3), dpi=200)
    quad = Quadratic(1.0, np.array([-1.0, 0.0]), np.eye(2), np.zeros(2))
    scene = local(quad, window=(-0.5, 1.5, -1.0, 1.0))
    draw(Scene("", "", scene.window, tuple(item for item in scene.items if item.role == "newton")), ax)
    for text in list(ax.texts):
        text.remove()
    ax.set_axis_off()
    fig.canvas.draw()
    image = np.asarray(fig.canvas.buffer_rgba())[:, :, :3].astype(int)  # type: ignore[attr-defined]
    ink = np.abs(image - 255).max(axis=2) > 60
    (head,) = pixels(ax, [[1.0, 0.0]])
    right = np.flatnonzero(ink.any(axis=0)).max() + 1
    assert abs(right - head[0]) <= 1.0


def test_the_dual_and_the_whitened_picture_are_right_in_pixels(model: rp.Model) -> None:
    ax = rp.plot.dual(model)
    ax.figure.canvas.draw()
    (patch,), (arrow,), (newton,) = of(ax, "dual"), of(ax, "gradient"), of(ax, "newton", FancyArrowPatch)
    g = model.geometry()
    np.testing.assert_allclose(arrow._posA_posB[1], g.gradient)
    np.testing.assert_allclose(np.sort([patch.width, patch.height]) / 2, np.sort(g.dual_semi_axes(g.rise)))
    ends = pixels(ax, newton._posA_posB)
    run = np.diff(pixels(ax, [g.gradient, g.gradient + tangent(patch, g.gradient)]), axis=0)[0]
    assert abs(angle(ends[1] - ends[0], run) - 90) < 0.1
    ax = rp.plot.whitened(model)
    ax.figure.canvas.draw()
    (circle,), (down,) = of(ax, "whitened"), of(ax, "minus-gradient", FancyArrowPatch)
    assert abs(circle.width / circle.height - 1) < 1e-3
    ends, (center,) = pixels(ax, down._posA_posB), pixels(ax, [circle.center])
    assert angle(ends[1] - ends[0], center - ends[0]) < 0.1


def test_no_ellipse_is_drawn_of_a_saddle() -> None:
    random = np.random.default_rng(0)
    _, ax = plt.subplots()
    for _ in range(12):
        t = random.uniform(0, np.pi)
        V = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
        H = (V * [-(10 ** random.uniform(-2, 2)), 10 ** random.uniform(-2, 2)]) @ V.T
        ax.clear()
        draw(local(Quadratic(0.0, random.normal(size=2), (H + H.T) / 2, random.normal(size=2))), ax)
        assert not [artist for artist in ax.get_children() if isinstance(artist, EllipsePatch)]
        assert of(ax, "asymptote") and of(ax, "model-level")


def overlap(one: object, other: object) -> float:
    a, b = (artist.get_window_extent() for artist in (one, other))  # type: ignore[attr-defined]
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(width, 0) * max(height, 0)


@pytest.mark.parametrize("at", POINTS[:3])
def test_labels_do_not_lie_on_each_other_nor_outside(at: tuple[float, float]) -> None:
    ax = rp.plot.local(rp.local_model(rp.zoo["rosenbrock"].fun, at))
    ax.figure.canvas.draw()
    words = [text for text in ax.texts if str(text.get_gid()).startswith("label-")]
    assert {"label-newton", "label-minus-gradient", "label-model-level"} <= {text.get_gid() for text in words}
    frame = ax.get_window_extent()
    for k, text in enumerate(words):
        box = text.get_window_extent()
        assert frame.x0 - 2 <= box.x0 and box.x1 <= frame.x1 + 2, text.get_text()
        assert not [other.get_text() for other in words[:k] if overlap(text, other) > 4]


def test_every_plot_fits_into_its_own_figure(model: rp.Model, result: rp.Result) -> None:
    comparison = rp.Comparison({"a": result, "b": result}, {"a": 0.0, "b": 0.0})
    for ax in (
        rp.plot.local(model), rp.plot.dual(model), rp.plot.whitened(model, t=0.5), rp.plot.spectrum(model),
        rp.plot.run(result), rp.plot.convergence(result), comparison.plot(), rp.plot.fidelity(model),
        rp.plot.surface(model), *rp.plot.stretch(model),
    ):  # fmt: skip
        assert isinstance(ax, Axes)
        figure = ax.figure
        figure.canvas.draw()
        for text in [ax.title, ax._left_title, *ax.texts, ax.xaxis.label, ax.yaxis.label]:
            box = text.get_window_extent()
            inside = (
                box.x0 >= -1 and box.x1 <= figure.bbox.width + 1 and box.y0 >= -1 and box.y1 <= figure.bbox.height + 1
            )
            assert inside or not text.get_text(), text.get_text()
        assert ax.get_title(loc="left").endswith("?")


def test_the_users_axes_are_used_and_no_figure_is_opened(model: rp.Model, result: rp.Result) -> None:
    fig, axes = plt.subplots(2, 2, layout="constrained")
    drawn = [
        rp.plot.local(model, axes[0, 0]), rp.plot.run(result, ax=axes[0, 1]), rp.plot.convergence([result], axes[1, 0]),
        rp.plot.surface(model, ax=axes[1, 1]),
    ]  # fmt: skip
    assert drawn == list(axes.ravel()) and plt.get_fignums() == [fig.number]
    fig.canvas.draw()


def test_any_style_can_be_used(model: rp.Model) -> None:
    for style in ("dark_background", "ggplot"):
        with plt.style.context(style):
            ax = rp.plot.local(model)
            ax.figure.canvas.draw()
            for text in ax.texts:
                if str(text.get_gid()).startswith("label-"):
                    assert contrast(text.get_color(), ax.get_facecolor()) >= 2.8
    assert readable("#222222", (1, 1, 1)) == pytest.approx([0x22 / 255] * 3)


def contrast(color: object, ground: object) -> float:
    from matplotlib.colors import to_rgb

    from raphson.picture.render.ink import luminance

    a, b = sorted(luminance(to_rgb(c)) for c in (color, ground))  # type: ignore[arg-type]
    return (b + 0.05) / (a + 0.05)


def test_regions_without_values_are_hatched_and_no_line_enters_them() -> None:
    ax = rp.plot.local(rp.local_model(lambda x: -jnp.sqrt(x[0]) + x[0] ** 2 + x[1] ** 2, [0.3, 0.8]))
    (gap,) = of(ax, "not-finite", PathPatch)[:1]
    assert gap.get_hatch() and gap.get_path().vertices[:, 0].max() > 0 > gap.get_path().vertices[:, 0].min()
    edge = gap.get_path().vertices[:, 0].max()
    for lines in of(ax, "function"):
        for path in lines.get_paths():
            assert not len(path.vertices) or path.vertices[:, 0].min() >= edge - 1e-9


def test_empty_and_constant_grids_draw_nothing() -> None:
    for value in (np.nan, 1.0):
        grid = Grid(np.linspace(0, 1, 4), np.linspace(0, 1, 3), np.full((3, 4), value))
        draw(Scene("", "why?", (0, 1, 0, 1), (Contours("function", grid, np.array([1.0, 2.0])),), "x", "y"))


def test_names_with_signs_of_mathematics_are_taken_literally() -> None:
    ax = draw(Scene("", "why $x?", (0, 1, 0, 1), (Text("text", (0.5, 0.5), "$a_"),), "$x", "y^{", caption="$100 _ ^"))
    ax.figure.canvas.draw()
    assert ax.get_xlabel() == "$x"


def test_axes_are_logarithmic_where_the_scene_says_so(model: rp.Model, result: rp.Result) -> None:
    assert rp.plot.spectrum(model).get_yscale() == "log"
    ax = rp.plot.convergence(result)
    assert ax.get_yscale() == "log" and ax.get_xscale() == "linear" and of(ax, "series-1")
    assert rp.plot.local(model).get_aspect() == 1


def test_three_dimensions_turn_or_are_flat(model: rp.Model) -> None:
    three = rp.local_model(lambda x: x[0] ** 2 + 2 * x[1] ** 2 + x[2] ** 4 + x[0] * x[2], [1.0, 1.0, 1.0])
    ax = rp.plot.ellipsoid(three)
    assert ax.name == "3d" and of(ax, "model-level") and of(ax, "newton") and len(of(ax, "principal")) == 3
    before = {text.get_text(): np.array(text.xy) for text in of(ax, "label-newton")}
    ax.view_init(elev=60, azim=10)
    ax.figure.canvas.draw()
    assert all(np.any(text.xy != before[text.get_text()]) for text in of(ax, "label-newton"))
    fig, plain = plt.subplots()
    rp.plot.ellipsoid(three, plain)
    (patch,) = of(plain, "model-level", EllipsePatch)
    (newton,) = of(plain, "newton", FancyArrowPatch)
    assert np.linalg.norm(pixels(plain, [newton._posA_posB[1]]) - pixels(plain, [patch.center])) < 0.5
    fig = plt.figure()
    assert rp.plot.surface(model, ax=fig.add_subplot(projection="3d")).name == "3d"
    saddle = rp.local_model(lambda x: x[0] ** 2 - x[1] ** 2 + x[2] ** 2, [1.0, 1.0, 1.0])
    assert not of(rp.plot.ellipsoid(saddle), "model-level")


def test_an_error_ellipse_is_a_patch_in_the_users_units() -> None:
    x = np.linspace(0, 1, 12)
    fit = rp.curve_fit(lambda x, a, b: a + b * x, x, 2 + 3 * x + 0.1 * np.cos(17 * x), p0=[1.0, 1.0])
    ax = rp.plot.ellipse(fit, "a", "b", probability=0.9)
    (patch,) = of(ax, "confidence", EllipsePatch)
    region = fit.uncertainty.ellipse("a", "b", 0.9)
    np.testing.assert_allclose(np.sort([patch.width, patch.height]) / 2, np.sort(region.semi_axes))
    assert ax.get_aspect() == "auto" and (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    (caption,) = of(ax, "caption")
    assert "90 %" in caption.get_text()


def test_every_role_has_a_color() -> None:
    model = rp.local_model(rp.zoo["rosenbrock"].fun, [-1.2, 1.0])
    roles = set().union(*(view(model).roles() for view in (scenes.local, scenes.spectrum, scenes.fidelity)))
    assert roles - {""} <= palette().keys()


def test_plots_go_through_the_one_dispatcher(result: rp.Result) -> None:
    comparison = rp.Comparison({"dogleg": result}, {"dogleg": 0.0})
    _, ax = plt.subplots()
    assert comparison.plot(ax) is ax and show.plot(comparison, ax) is ax
    with pytest.raises(TypeError, match="nothing plots a float"):
        show.plot(1.0)


def test_without_matplotlib_the_error_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['matplotlib.pyplot'] = None; sys.modules['matplotlib'] = None\n"
        "import raphson as rp\n"
        "try:\n    rp.plot.local(rp.local_model(lambda x: x @ x, [1.0, 2.0]))\n"
        "except ImportError as e:\n    assert 'pip install matplotlib' in str(e), e\n"
        "else:\n    raise SystemExit('no error')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
