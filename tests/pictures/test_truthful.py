"""Pictures and reports say no more than is known: failed runs, spectra in part, rounding, bounds; and in Chinese."""

import json
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.certificate.verdict import Verdict
from raphson.cli.main import invoke
from raphson.kernel.space import Box
from raphson.kernel.status import Status
from raphson.picture import scenes
from raphson.picture.chinese import chinese, chinese_scene
from raphson.picture.feasible import inside, polygon
from raphson.picture.plane import Plane
from raphson.picture.quadratic import Quadratic
from raphson.picture.recording.record import make_recording
from raphson.picture.render.ink import palette
from raphson.picture.render.svg import svg
from raphson.picture.report import page
from raphson.picture.scene import Dots, Outside, Scene, Stems, Text
from raphson.picture.views.curve import curve
from raphson.picture.views.dual import dual
from raphson.picture.views.local import local
from raphson.picture.views.stretch import stretch
from raphson.picture.views.whitened import whitened
from raphson.solver.wording import CAUSES, HEADLINES

ROSENBROCK = rp.zoo["rosenbrock"]
NAMES = re.compile(
    r"\b(raphson|float64|max|method|auto|result|sqrt|rise|dogleg|newton|v_min|v_max)\b|[a-z_]+\.[a-z_.()\[\]:, 0]+"
)


def quartet(x):
    return jnp.sum((x - jnp.arange(1.0, 5.0)) ** 2) + 3 * (x[0] * x[1] - x[2]) ** 2 + 0.1 * jnp.sum(x**4)


def hill(x):
    return 0.5 * jnp.sum(jnp.linspace(-1.0, 50.0, 100) * (x - 1) ** 2)


@pytest.fixture(scope="module")
def bounded() -> rp.Result:
    return rp.minimize(ROSENBROCK.fun, [-1.0, 0.5], bounds=[(-2, 0.5), (-2, 2)])


@pytest.fixture(scope="module")
def stopped() -> rp.Result:
    return rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, max_steps=3)


@pytest.fixture(scope="module")
def four() -> rp.Result:
    return rp.minimize(quartet, np.zeros(4), bounds=[(-1, 0.5)] * 2 + [(None, None)] * 2)


@pytest.fixture(scope="module")
def many() -> rp.Model:
    return rp.local_model(hill, np.zeros(100))


def static_words(text: str) -> list[str]:
    """Every text of the part that is read without scripts."""
    part = text[text.index('<main id="static">') : text.index("</main>")]
    return [word for word in re.split(r"<[^>]*>", part) if word.strip()]


def english(words: list[str]) -> list[str]:
    """Texts with English words that are no names."""
    return [word for word in words if re.search(r"[A-Za-z]{3,}", NAMES.sub("", word))]


# ---------------------------------------------------------------------------------------------- runs that failed


def test_a_failed_runs_end_is_called_no_answer(stopped: rp.Result, bounded: rp.Result) -> None:
    failed, good = (" ".join(static_words(page(result))) for result in (stopped, bounded))
    assert "The point returned" in failed and "answer" not in failed
    assert "The answer" in good and "point returned" not in good
    assert "No minimum was shown" in failed and "No minimum was shown" not in good
    for result, word in ((stopped, "point returned"), (bounded, "answer")):
        (mark,) = scenes.run(result).of("center")
        assert mark.label == word and bool(mark.filled[0]) == result.success


def test_the_record_says_why_and_counts_every_rejected_trial(stopped: rp.Result, bounded: rp.Result) -> None:
    for result in (stopped, bounded):
        record = make_recording(result)
        assert record["verdict"]["cause"] == str(result.certificate.cause)
        assert record["trials"]["rejected"] == int(np.sum(~result.trace.accepted))
    assert make_recording(bounded)["verdict"]["held"] == ["x1"]


# ---------------------------------------------------------------------------------------------- spectrum


def test_of_a_long_spectrum_all_signs_are_counted_and_what_is_left_out_is_said(many: rp.Model) -> None:
    told = " ".join(static_words(page(many)))
    assert "60 of 100 eigenvalues are shown: the 30 lowest, the 30 highest." in told
    assert "98 up, 2 down" in told
    direct = scenes.spectrum(many)
    assert direct.notes == ("60 of 100 eigenvalues are shown: the 21 lowest, the 21 highest, 18 between.",)


@pytest.mark.parametrize(("n", "bare"), [(12, False), (13, True)])
def test_above_twelve_eigenvalues_are_dots(n: int, bare: bool) -> None:
    H = np.diag(np.geomspace(1, 1e3, n) * np.where(np.arange(n) == 3, -1, 1))
    model = rp.local_model(lambda x: 0.5 * x @ H @ x, np.ones(n))
    scene = scenes.spectrum(model)
    (stems,) = [item for item in scene.items if isinstance(item, Stems)]
    assert stems.bare == bare
    assert all(isinstance(item, Dots) for item in scene.of("energy")) == bare
    text = svg(scene)
    # A stem has two parts, a line and its end; a dot's shape is its sign.
    shapes = re.findall(r'<g data-role="(?:positive|negative)" data-sign="(-?1)">(.*?)</g>', text)
    assert len(shapes) == n and all(("<circle" in body) != bare for _, body in shapes)
    points = {sign: [float(y) for y in re.findall(r"[ML]-?[\d.]+ (-?[\d.]+)", body)] for sign, body in shapes if bare}
    if bare:  # upright: the tip above the two corners; inverted: below
        assert points["1"][2] < min(points["1"][:2]) and points["-1"][2] > max(points["-1"][:2])


def test_where_the_gradient_is_rounding_it_has_no_shares() -> None:
    result = rp.minimize(quartet, np.zeros(4))
    assert 0 < np.max(np.abs(result.gradient)) < 1e-8
    last = make_recording(result)["points"][-1]
    assert np.linalg.norm(last["components"]) <= last["gradientError"] and last["angle"] is None
    scene = scenes.spectrum(result)
    assert not scene.of("energy") and "|g|²" not in scene.caption
    assert any("zero to rounding" in item.text for item in scene.items if isinstance(item, Text))
    start = make_recording(result)["points"][0]
    assert np.linalg.norm(start["components"]) > start["gradientError"]


def test_the_angle_is_that_of_the_whole_space_and_its_plane_comes_first(four: rp.Result) -> None:
    record = make_recording(four)
    assert record["planes"][0]["kind"] == "newton"
    for point in record["points"]:
        if point["angle"] is None:
            continue
        w, c = np.array(point["eigenvalues"]), np.array(point["components"])
        cosine = np.sum(c**2 / w) / np.linalg.norm(c) / np.linalg.norm(c / w)
        np.testing.assert_allclose(point["angle"], np.degrees(np.arccos(cosine)), rtol=1e-6)
    first = record["points"][0]
    quad = first["views"]["newton"]["slice"]
    (a, b, d), g = quad["hessian"], np.array(quad["gradient"])
    step = np.linalg.solve([[a, b], [b, d]], g)
    # In this plane alone the angle is the true one.
    np.testing.assert_allclose(
        np.degrees(np.arccos(g @ step / np.linalg.norm(g) / np.linalg.norm(step))), first["angle"], rtol=1e-6
    )


@pytest.mark.parametrize("plane", [None, "extreme", (0, 2)])
def test_pictures_of_a_plane_say_the_angle_of_the_whole_space_first(plane: object) -> None:
    model = rp.local_model(quartet, np.array([1.2, 1.3, 1.9, 2.4]))
    g, H = np.asarray(model.gradient), np.asarray(model.hessian)
    step = -np.linalg.solve(H, g)
    angle = np.degrees(np.arccos(-g @ step / np.linalg.norm(g) / np.linalg.norm(step)))
    scene = scenes.local(model, plane)
    assert scene.caption.startswith(f"In all 4 dimensions −g is {angle:.1f}° off the Newton step. In this plane: ")
    (arrow,) = scene.of("newton")
    assert arrow.label == "Newton step in this plane"
    assert not scenes.local(rp.minimize(quartet, np.zeros(4))).caption.startswith("In all")
    assert scenes.local(model, plane, "shadow").of("newton")[0].label == "Newton step"


# ---------------------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize("seed", range(6))
def test_feasible_ground_is_the_polygon_between_the_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 5
    low, high = -rng.uniform(0.1, 1.5, n), rng.uniform(0.1, 1.5, n)
    low[seed % n], high[(seed + 2) % n] = -np.inf, np.inf
    Q = np.linalg.qr(rng.normal(size=(n, 2)))[0]
    plane = Plane("p", "path", ("u", "v"), "p", rng.uniform(-0.1, 0.1, n), Q, Q.T, np.ones(2))
    corners = polygon(Box(jnp.asarray(low), jnp.asarray(high)), plane, (-1, 1, -1, 1))
    assert corners is not None and len(corners) >= 3
    p = rng.uniform(-3, 3, (4000, 2))
    x = plane.point(p)
    np.testing.assert_array_equal(inside(corners, p), np.all((x >= low) & (x <= high), axis=1))


def test_far_bounds_are_not_seen_and_an_empty_box_is_all_hatched() -> None:
    plane = Plane("p", "parameters", ("a", "b"), "p", np.zeros(2), np.eye(2), np.eye(2), np.ones(2), whole=True)
    window = (-1.0, 1.0, -1.0, 1.0)
    assert polygon(Box(jnp.full(2, -50.0), jnp.full(2, 50.0)), plane, window) is None
    assert len(polygon(Box(jnp.full(2, 1.2), jnp.full(2, 1.1)), plane, window)) == 0  # type: ignore[arg-type]
    text = svg(Scene("local", "?", window, (Outside("bounds", np.zeros((0, 2))),)))
    assert text.count('data-role="outside"') == 1 and 'data-role="bounds"' not in text


def test_hatching_ends_at_the_bound_and_covers_no_feasible_ground(bounded: rp.Result) -> None:
    text = svg(scenes.local(bounded))
    assert "not-finite" not in text and "left out by the method: x1" in text
    edge = re.search(r'data-role="outside"[^>]* d="M[^Z]*Z(M[^"]*Z)"', text)
    assert edge is not None
    right = max(float(x) for x in re.findall(r"[ML](-?[\d.]+) ", edge[1]))
    # The answer lies on the bound.
    point = re.search(r'<g data-role="point"[^>]*><circle cx="([\d.]+)"', text)
    assert point is not None and abs(float(point[1]) - right) < 0.02
    record = make_recording(bounded)
    assert record["points"][-1]["held"] == ["x1"] and record["points"][0]["held"] == []
    u, v = record["planes"][0]["feasible"]
    assert max(u) == 0.5 and max(v) == 2 and min(v) == -2


def test_matplotlib_hatches_the_same(bounded: rp.Result) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    ax = rp.plot.local(bounded)
    (patch,) = [patch for patch in ax.patches if patch.get_gid() == "outside"]
    to = patch.get_path()
    assert np.isclose(to.vertices[5:, 0].max(), 0.5)
    assert not [p for p in ax.patches if p.get_gid() == "not-finite"]
    matplotlib.pyplot.close(ax.figure)


# ---------------------------------------------------------------------------------------------- nothing to draw, colors


@pytest.mark.parametrize("hessian", [[[1.0, 0], [0, -2]], [[-1.0, 0], [0, -2]], [[0.0, 0], [0, 2]], [[0.0, 0], [0, 0]]])
def test_what_does_not_exist_is_a_sentence_without_a_frame(hessian: list[list[float]]) -> None:
    quad = Quadratic(0.0, np.array([1.0, 2.0]), np.array(hessian), np.ones(2))
    for scene in (dual(quad), whitened(quad)):
        assert all(isinstance(item, Text) for item in scene.items)
        assert 'data-role="axes"' not in svg(scene)


def test_in_a_report_it_is_a_sentence_and_no_picture() -> None:
    text = page(rp.local_model(rp.zoo["himmelblau"].fun, np.array([0.5, 2.0])))
    for view in ("dual", "whitened"):
        assert (
            f'<figcaption data-view="{view}">' in text
            and f'class="raphson-scene" role="img"  data-view="{view}"' not in text
        )
    assert not re.search(r'<svg[^>]*data-view="(dual|whitened)"', text)


def test_roles_differ_in_line_or_mark_in_both_renderers() -> None:
    pytest.importorskip("matplotlib").use("agg")
    from matplotlib import pyplot
    from matplotlib.patches import FancyArrowPatch

    from raphson.picture.render.ink import pen
    from raphson.picture.scene import Arrow

    lines = ("function-level", "model-level", "trust-region", "path")
    arrows = ("minus-gradient", "newton")
    drawn = {role: str(palette()[role].get("dash", "solid")) for role in lines}
    assert len(set(drawn.values())) == len(lines)
    figure, ax = pyplot.subplots()
    assert len({str(pen(role, ax)["linestyle"]) for role in lines}) == len(lines)
    text = svg(Scene("local", "?", (0, 1, 0, 1), tuple(Arrow(role, (0.1, 0.1), (0.8, 0.8)) for role in arrows)))
    assert text.count('data-head="open"') == 1
    from raphson.picture.render.figure import draw

    draw(Scene("local", "?", (0, 1, 0, 1), tuple(Arrow(role, (0.1, 0.1), (0.8, 0.8)) for role in arrows)), ax)
    faces = {p.get_gid(): p.get_facecolor() for p in ax.patches if isinstance(p, FancyArrowPatch)}
    assert faces["newton"] == ax.get_facecolor() and faces["minus-gradient"] != ax.get_facecolor()
    assert len({str(palette()[f"series-{k}"].get("dash", "solid")) for k in range(1, 7)}) == 6
    pyplot.close(figure)


# ---------------------------------------------------------------------------------------------- Chinese


@pytest.mark.parametrize("name", ["bounded", "stopped", "four", "many"])
def test_a_chinese_report_holds_no_english(name: str, request: pytest.FixtureRequest) -> None:
    thing = request.getfixturevalue(name)
    text = page(thing, language="zh")
    assert '<html lang="zh-CN">' in text
    assert english(static_words(text)) == []
    title = re.search(r"<title>(.*?)</title>", text)
    assert title is not None and not re.search("[A-Za-z]", title[1])
    record = make_recording(thing)
    lost = [line for line in (*record["zh"]["lines"], *record["zh"]["notes"]) if "只有英文" in str(line)]
    assert lost == [] and len(record["zh"]["lines"]) == len(record["lines"])
    # A title that was asked for is the reader's own.
    assert "<title>My run</title>" in page(thing, "My run", "zh")


def quadratics() -> list[Quadratic]:
    g, at = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    shapes = [[2, 1, 5], [2, 0, -3], [-2, 0, -3], [0, 0, 2], [0, 0, -2], [0, 0, 0], [1, 0, 1]]
    made = [Quadratic(1.0, g, np.array([[a, b], [b, c]], float), at) for a, b, c in shapes]
    return [
        *made,
        *(
            Quadratic(1.0, 1e-9 * g * np.array([q.hessian[0, 0] != 0, q.hessian[1, 1] != 0]), q.hessian, at)
            for q in made
        ),
    ]


def test_every_picture_has_chinese_words() -> None:
    window, found = (-3.0, 3.0, -3.0, 3.0), []
    for quad in quadratics():
        for section in ("whole", "slice", "shadow"):
            found += [local(quad, section=section, window=window), dual(quad, section, window=window)]
            found += [whitened(quad, t, section, window) for t in (0.0, 0.5, 1.0)]
            found += [s for t in (0.0, 0.5, 1.0) for s in stretch(quad, t, section, ("x1", "x2"), window)]
    found += [curve(1.0, 2.0, slope, bend) for slope in (0.0, 1.0) for bend in (-2.0, 0.0, 2.0)]
    for scene in found:
        told = chinese_scene(scene)
        words = [told.question, told.title, told.caption, *told.notes, told.x_label, told.y_label]
        words += [getattr(item, name) for item in told.items for name in ("label", "text") if hasattr(item, name)]
        assert english(words) == [], scene.view
        # Numbers are the same.
        assert re.findall(r"[\d.]+°", told.caption) == re.findall(r"[\d.]+°", scene.caption)


def test_every_end_of_a_run_has_chinese_words() -> None:
    assert [status for status in Status if chinese(status.sentence) is None and status != Status.RUNNING] == []
    assert [cause for cause, words in CAUSES.items() if chinese(words) is None] == []
    assert [v for v in Verdict if chinese(f"{HEADLINES[v]}   f = 1.5 at x = (1, 2)") is None] == []
    for line in (
        "max|g| = 4e-11; x is within 1e-9 of the minimum, relative (<= 6e-06); smallest curvature 0.399 > 0",
        "max|g| = 0; x is within 2e-16 of the minimum, relative (<= 6e-06); no negative curvature, and f nowhere "
        "lower; f is level along x1 - x2: x is not determined that way; held by bounds: x1 at its lower bound 0, "
        "x4 at its upper bound 1",
        "max|g| = 2e-10; x is within 2e-16 of the minimum, relative (<= 6e-06); no negative curvature, and f nowhere "
        "lower; f is level along x1 - x2; x3; x4 + x5: x is not determined that way",
        "max|g| = 2.6e-199; no curvature beyond the error of H along x1; x2, but a slope",
        "max|g| = 1; no curvature beyond the error of H along x1; x2, and no calls were left to look there",
        "max|g| = 1; the noise of f (1e-15) leaves the curvature in doubt along x1; x2: what is left to gain is hidden",
        "max|g| = 3.1, and curvature -2 < 0 in 3 directions",
        "max|g| = 3.1, curvature -2 < 0 in one direction: f can still be made smaller",
        "max|g| = 2; f is lower by 0.3 along x1, falling from 1e-05 times x on; the Newton step still changes x by "
        "0.1, relative (> 6e-06), and promises 3 (noise of f: 1e-15)",
        "the limit of steps was reached; max|g| = 5.2, the Newton step would change x by 2, relative",
        "decrease left 1e-18 <= noise of f 2e-15; x is determined to 3e-08, relative",
        "f has a kink along x1: slope -1 on one side, 1 on the other; derivatives do not show whether f falls in "
        "other directions",
        "max|g| = 1e-05; f is lower by 3, and still falling, 1e+08 times x away along x2",
    ):
        told = chinese(line)
        assert told is not None and english([told]) == [], line


def test_what_is_not_in_the_table_is_counted_and_not_shown_in_english() -> None:
    assert chinese("a sentence that nobody translated") is None
    assert chinese("max|g| = 1; a sentence that nobody translated") is None
    assert chinese("0.5") == "0.5" and chinese("inf") == "∞"


def test_languages_that_there_are_not(tmp_path: Path, many: rp.Model, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="'fr': a report is written in 'en' or 'zh'"):
        many.report(tmp_path / "a.html", language="fr")
    assert not (tmp_path / "a.html").exists()
    assert invoke(["look", "rosenbrock", "--report", str(tmp_path / "b.html"), "--language", "fr"]) != 0
    assert "en or zh" in capsys.readouterr().err


def test_the_command_line_writes_chinese_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "look.html"
    assert invoke(["look", "rosenbrock", "--report", str(file), "--language", "zh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["report"] == str(file)
    assert '<html lang="zh-CN">' in file.read_text(encoding="utf-8")
