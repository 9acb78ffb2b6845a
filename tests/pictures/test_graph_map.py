"""Maps of optimized graphs: errors against the referee of costs, words against numbers, the page, the figure."""

import base64
import json
import pickle
import re
from copy import copy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import chi2

import raphson as rp
from raphson.picture.chinese import chinese, chinese_scene
from raphson.picture.maps.graph_map import GraphMap, located_types, places_of, spread
from raphson.picture.maps.map_ellipses import (
    MOST,
    camera_types,
    ellipses_of,
    hide_nothing,
    moved_places,
    outlines,
    reaching,
    why_without,
)
from raphson.picture.maps.map_figure import draw_map, few_places
from raphson.picture.maps.map_page import map_page, still_page
from raphson.picture.maps.map_record import error_code, map_record
from raphson.picture.maps.map_words import map_words
from raphson.picture.maps.pixel_lengths import FLOOR, length_histogram, pixel_lengths
from raphson.picture.render.svg import svg
from raphson.slam.account import FACTOR_CLASSES
from raphson.slam.bundle import bundle_notes
from raphson.slam.bundle_file import seen_notes
from raphson.slam.gauge import SIMILARITY
from raphson.slam.graph import SPACES

DIAGONAL = "9 0 0 9 0 99"
SQUARE = [(0, 1, 1.5), (1, 2, 1.6), (2, 3, 1.6), (3, 0, 1.6), (3, 4, 0.1), (4, 1, -2.0)]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory):
    """Five poses that disagree, and a landmark seen from two of them."""
    lines = [f"EDGE_SE2 {i} {j} 1 0 {turn} {DIAGONAL}" for i, j, turn in SQUARE]
    lines += ["EDGE_SE2_XY 0 90 2 1 4 0 4", "EDGE_SE2_XY 1 90 1 -1 4 0 4"]
    path = tmp_path_factory.mktemp("plane") / "square.g2o"
    path.write_text("\n".join(lines) + "\n")
    return rp.slam.optimize(rp.slam.read_graph(path))


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory):
    """A loop of four poses in space."""
    unit = " ".join("1" if i == j else "0" for i in range(6) for j in range(i, 6))
    lines = [f"EDGE_SE3:QUAT {k} {(k + 1) % 4} 1 0.1 {0.2 * k} 0 0 0.68 0.733 {unit}" for k in range(4)]
    path = tmp_path_factory.mktemp("space") / "loop.g2o"
    path.write_text("\n".join(re.sub("0.68 0.733", "0.6802 0.73304", line) for line in lines) + "\n")
    return rp.slam.optimize(rp.slam.read_graph(path))


def test_errors_and_shares_are_those_of_the_referee(plane) -> None:
    shown = GraphMap.of(plane)
    costs = rp.slam.edge_costs(plane.graph.file, "g2o", plane.values)
    expected = np.concatenate([np.sqrt(costs[kind] / d) for kind, d in (("SE2", 3), ("SE2_XY", 2))])
    assert np.allclose(shown.end.error, expected, rtol=1e-9, atol=1e-12)
    assert shown.share.sum() == pytest.approx(1, rel=1e-12)
    assert np.allclose(shown.square.sum(), plane.chi2["g2o"], rtol=1e-10)
    # 0-1, 1-2, 2-3, 3-4 follow each other; 3-0 and 4-1 do not; the landmark is seen twice.
    assert [shown.count(name) for name in FACTOR_CLASSES] == [4, 2, 2, 0]
    assert list(np.flatnonzero(shown.held)) == [0] and shown.name(5) == "XY 90" and shown.name(4) == "SE2 4"


def test_moments_are_the_run(plane) -> None:
    shown = GraphMap.of(plane)
    taken = plane.trace.value[plane.trace.accepted]
    assert [m.step for m in shown.moments] == list(range(len(taken) + 1))
    assert [m.value for m in shown.moments[1:]] == pytest.approx(taken, rel=0)
    for moment in shown.moments:
        d = np.where(shown.classes == 2, 2, 3)
        assert np.sum(moment.error**2 * d) / 2 == pytest.approx(moment.value, rel=1e-6, abs=1e-12)
    assert np.allclose(shown.end.places[:5], plane.values["SE2"][:, :2], atol=1e-12)
    few = GraphMap.of(plane, most=1)
    assert [m.step for m in few.moments] == [0, len(taken)] and few.steps == len(taken)
    assert any("steps are kept" in note for note in map_words(plane, few, "", "en")["noteList"]) == (len(taken) > 1)
    assert spread(5, 3) == [0, 2, 4] and spread(1, 9) == [0] and spread(3, 9) == [0, 1, 2]


def test_half_of_the_edges_are_calm_and_bounds_grow(plane) -> None:
    shown = GraphMap.of(plane)
    assert len(shown.bounds) == 6 and np.all(np.diff(shown.bounds) > 0)
    assert shown.bins(shown.end.error).max() <= 6
    for error in ([0.0, 0.0], [1e-15, 2e-15], [0.3, 0.3], [0.1, 90.0], [1.0, np.inf], [5e-5, 4e8]):
        moment = type(shown.end)(0, 0.0, shown.end.places, np.array(error * 4))
        other = type(shown)(**{**vars_of(shown), "moments": (moment,)})
        assert len(other.bounds) == 6 and np.all(np.diff(other.bounds) > 0) and np.all(np.isfinite(other.bounds)), error


def vars_of(shown: GraphMap) -> dict:
    """Its fields."""
    return {name: getattr(shown, name) for name in shown.__dataclass_fields__}


def test_codes_of_errors_keep_three_digits() -> None:
    """The page's `errorOf`, in frontend/src/map/record.ts, is this inverse."""
    error = np.concatenate([[0.0, 1e-9], np.geomspace(1e-6, 1e6, 999)])
    code = error_code(error)
    back = np.where(code == 0, 0, 10 ** (-6 + (code - 1) / 65534 * 12))
    assert code.min() == 0 and code.max() == 65535 and np.all(code[:2] == 0)
    assert np.allclose(back[2:], error[2:], rtol=3e-4)
    assert np.all(error_code(np.array([np.nan, np.inf, 1e99])) == 65535)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sentences_are_the_numbers(plane, language: str) -> None:
    shown = GraphMap.of(plane)
    words = map_words(plane, shown, "", language)
    text = " ".join([words["facts"], words["headline"], *words["sentences"]])
    worst = int(np.argmax(shown.end.error))
    for number in (
        f"{plane.chi2['g2o']:.4g}",
        f"{shown.end.error[worst]:.3g}",
        f"{np.median(shown.end.error):.2g}",
        "8",
        "5",
    ):
        assert number in text, number
    assert all(shown.name(int(row)) in text for row in shown.ends[worst])
    assert f"{100 * shown.share.max():.0f} %" in text
    assert [row[0] for row in words["costRows"]] == ["f", "g2o", "gtsam", "se-sync"]
    assert len(words["worstRows"]) == 8 and words["worstRows"][0][3] == f"{shown.end.error[worst]:.3g}"
    if language == "zh":
        assert not re.search(r"[a-z]{4,}", " ".join([*words["sentences"], *words["noteList"], words["inside"]])), words


@pytest.mark.parametrize("model", ["bal", "libmv"])
def test_notes_on_bundles_exist_in_chinese(model: str) -> None:
    """What is open, what nobody sees, sees once or twice the same, and what lies behind a camera."""
    seen, lens = (np.array([0, 1, 1, 1]), np.array([0, 1, 1, 2])), np.eye(8)[0] if model == "libmv" else None
    cameras, points = np.zeros((3, 9 if model == "bal" else 6)), np.array([[0, 0, 1.0], [0, 0, -1], [1, 1, 1]])
    bundle = rp.slam.BundleFile("three", model, cameras, points, *seen, np.zeros((4, 2)), lens)
    notes = [*bundle_notes(bundle), *seen_notes(*seen, 3, 3)]
    assert len(notes) == 5 and all(chinese(note) is not None for note in notes), notes
    level = f"f is level along 7 directions ({SIMILARITY}): x is not determined that way"
    near = "max|g| = 0.1; x is within 1e-07 of the minimum, relative (<= 6e-06); every other direction curves upwards"
    assert re.sub("[^a-z]", "", chinese(f"{near}; {level}") or near) == "maxgxeefx"


def test_both_languages_have_the_same_words(plane) -> None:
    shown = GraphMap.of(plane)
    en, zh = (map_words(plane, shown, "", language) for language in ("en", "zh"))
    assert en.keys() == zh.keys() and all(type(en[key]) is type(zh[key]) for key in en)
    assert [len(en[key]) for key in ("worstColumns", "costColumns", "lines")] == [
        len(zh[key]) for key in ("worstColumns", "costColumns", "lines")
    ]


def test_the_page_is_one_file_that_reads_without_scripts(plane, space, tmp_path: Path) -> None:
    for fit, title in ((plane, 'a "b" </script><script>'), (space, "loop")):
        file = fit.report(tmp_path / "map.html", title, "zh" if fit is space else "en")
        text = file.read_text()
        assert "http:" not in text.replace("http://www.w3.org", "") and "https:" not in text
        assert (
            file.read_bytes() == fit.report(tmp_path / "again.html", title, "zh" if fit is space else "en").read_bytes()
        )
        body = text[text.index('<main id="static">') : text.index("</main>")]
        assert body.count("<svg") >= 2 and body.count("<table>") == 2 and "<script" not in body
        record = json.loads(re.search(r'id="graph-map">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
        assert record["words"]["en"]["title"] == title and record["dimension"] == (3 if fit is space else 2)
        assert file.stat().st_size < 120_000


def test_the_still_picture_fits_its_frame_and_is_bounded(plane, space) -> None:
    for fit in (plane, space):
        shown = GraphMap.of(fit)
        body = still_page(shown, map_record(fit, shown, "")["words"]["en"], True)
        for path in re.findall(r' d="([^"]+)" stroke="#(?!d3cdc4)', body):
            for x, y in re.findall(r"M(-?\d+) (-?\d+)", path):
                assert 0 <= int(x) <= 9000 and 0 <= int(y) <= 6000
    assert map_page(plane, "t", "en")[0] == "t"


def dense_covariances(fit) -> np.ndarray:
    """Of all places, in the axes of the map, by the dense inverse and rotations written out: (N, d, d)."""
    graph, d = fit.graph, GraphMap.of(fit, 1, False).dimension
    J = fit.jacobian.toarray()
    inverse, at, found = np.linalg.inv(J.T @ J), 0, {}
    for name in sorted(graph.variables):
        v, rows = graph.variables[name], []
        for value, held in zip(fit.values[name], v.frozen, strict=True):
            block = np.zeros((d, d)) if held else inverse[at : at + d, at : at + d]
            at += 0 if held else v.freedom
            if name == "SE2":
                c, s = np.cos(value[2]), np.sin(value[2])
                block = np.array([[c, -s], [s, c]]) @ block @ np.array([[c, s], [-s, c]])
            if name == "SE3":
                R = Rotation.from_quat(value[3:]).as_matrix()
                block = R @ block @ R.T
            rows.append(block)
        found[name] = rows
    return np.concatenate([found[name] for name in graph.variables])


def test_covariances_of_places_are_those_of_the_dense_inverse_in_the_axes_of_the_map(plane, space) -> None:
    for fit in (plane, space):
        C = GraphMap.of(fit, 1).covariances
        assert C is not None
        np.testing.assert_allclose(C, dense_covariances(fit), rtol=1e-7, atol=1e-12)
        assert np.count_nonzero(C.any(axis=(1, 2))) == len(C) - 1  # one pose is held


def test_ellipses_hold_95_percent(plane) -> None:
    """Every point of an outline is at the quantile of chi-square, and so are the ends of the semi-axes."""
    shown, C = GraphMap.of(plane, 1), dense_covariances(plane)
    free = ~shown.held
    assert shown.covariances is not None
    found = outlines(shown.end.places, shown.covariances)
    s = found - shown.end.places[free, None]
    square = np.einsum("kpi,kij,kpj->kp", s, np.linalg.inv(C[free]), s)
    np.testing.assert_allclose(square, chi2.ppf(0.95, 2), rtol=1e-7)
    large, small, angle = ellipses_of(C[free]).T
    assert np.all(large >= small) and np.all(small > 0)
    np.testing.assert_allclose(np.cos(angle) * large, s[:, 0, 0], rtol=1e-7, atol=1e-9)
    assert outlines(np.zeros((2, 2)), np.stack([np.zeros((2, 2)), np.full((2, 2), np.nan)])).shape == (0, 49, 2)


def test_why_there_are_no_ellipses_is_said(plane, space, monkeypatch) -> None:
    assert not why_without(plane, 10_000, 2) and why_without(plane, 10_001, 2) == why_without(space, 2501, 3) == "many"
    assert not any("ellipse" in note for note in map_words(plane, GraphMap.of(plane, 1), "", "en")["noteList"])
    shown = GraphMap.of(plane, 1, ellipses=False)
    assert shown.covariances is None and map_record(plane, shown, "")["ellipses"] is None
    assert few_places(plane)
    monkeypatch.setitem(MOST, 2, 5)
    for language, said in (("en", "no ellipses: they are made of at most 5 places"), ("zh", "至多对 5 个位置画出")):
        words = map_words(plane, GraphMap.of(plane, 1), "", language)
        assert any(said in note for note in words["noteList"]), words["noteList"]
    stopped = replace(plane.graph, gauge="free")
    assert why_without(SimpleNamespace(success=True, graph=stopped), 5, 2) == "open"
    assert not few_places(SimpleNamespace(success=True, graph=stopped))
    assert why_without(SimpleNamespace(success=False), 5, 2) == "unfinished"


def test_ellipses_that_would_hide_the_map_wait_until_they_are_asked_for() -> None:
    places, block = np.stack([np.arange(100.0), np.zeros(100)], axis=1), np.eye(2)[None]
    assert hide_nothing(places, np.repeat(block, 100, 0)) and not hide_nothing(places, np.repeat(900 * block, 100, 0))
    assert hide_nothing(places[:30], np.repeat(900 * block, 30, 0))
    assert not hide_nothing(np.repeat(places, 4, 0), np.repeat(block, 400, 0))


def test_ellipses_make_a_picture_larger_and_never_smaller() -> None:
    """Places without one stay in it, and large ones go out of the places by no more than their extent."""
    places, around = np.array([[0.0, 0], [4, 0], [9, 3]]), np.array([[[3.5, -0.5], [4.5, 0.5]], [[4.0, 1], [90, 2]]])
    np.testing.assert_array_equal(reaching(places, around), [[0, -0.5], [18, 3]])
    np.testing.assert_array_equal(reaching(places, around[:0]), [[0, 0], [9, 3]])


def test_a_camera_is_where_it_looks_from() -> None:
    """Its pose takes the world to its own axes: it stands at -R't."""
    rng = np.random.default_rng(0)
    pose = np.concatenate([rng.normal(size=(4, 3)), Rotation.random(4, rng=rng).as_quat()], axis=1)
    stands = np.stack([-Rotation.from_quat(p[3:]).as_matrix().T @ p[:3] for p in pose])
    np.testing.assert_allclose(places_of(pose, 3, camera=True), stands, atol=1e-13)
    graph = rp.slam.FactorGraph()
    graph.add_variables("camera", rp.slam.SE3(), pose)
    graph.add_variables("lens", rp.Euclidean(), [[500.0, 0, 0]])
    graph.add_variables("point", rp.Euclidean(), rng.normal(size=(3, 3)))
    graph.add_factors(rp.slam.errors.reprojection, ("camera", "lens", "point"), [(0, 0, 0)], [[1.0, 2.0]])
    assert camera_types(graph) == {"camera"}
    P = np.asarray(moved_places(rp.slam.SE3(), pose, 3, True))
    for k in range(3):  # a step along an axis of its own moves it by -R' of that
        step = jnp.tile(jnp.eye(6)[k] * 1e-6, 4)
        beside = np.asarray(rp.slam.SE3().retract(jnp.asarray(pose), step))
        moved = places_of(beside, 3, camera=True) - stands
        np.testing.assert_allclose(P[:, :, k], moved * 1e6, atol=1e-6)


def test_what_has_no_place_has_no_map() -> None:
    graph = rp.slam.FactorGraph()
    graph.add_variables("angle", rp.slam.SO2(), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="no map"):
        from raphson.picture.maps.graph_map import located_types

        located_types(graph)


def test_a_pickled_fit_says_what_it_lacks(plane) -> None:
    with pytest.raises(ValueError, match="pickled"):
        GraphMap.of(pickle.loads(pickle.dumps(plane)))


def test_a_graph_by_hand_has_a_map() -> None:
    """Points on a line of numbers of two: no file, no ids, no pose."""
    graph = rp.slam.FactorGraph()
    graph.add_variables("point", SPACES["XY"], np.array([[0.0, 0], [1, 1], [3, 0]]))
    graph.add_factors(lambda a, b, m: b - a - m, ("point", "point"), [[0, 1], [1, 2], [0, 2]],
                      np.array([[1.0, 0], [1, 0], [2.2, 0]]), sigmas=[0.1, 0.1])  # fmt: skip
    fit = rp.slam.optimize(graph)
    shown = GraphMap.of(fit)
    words = map_words(fit, shown, "", "en")
    assert shown.dimension == 2 and [row[0] for row in words["costRows"]] == ["f", "g2o", "ceres"]
    assert shown.end.error == pytest.approx([0.2 / 3 / 0.1 / np.sqrt(2)] * 3, rel=1e-6)


def test_figures(plane, space) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    for fit in (plane, space):
        ax = rp.plot.graph(fit)
        assert ax.get_aspect() == 1.0 and "units of the data" in ax.get_xlabel()
        assert "before" in [text.get_text() for text in ax.get_legend().get_texts()]
        drawn = {ellipses: len(rp.plot.graph(fit, ellipses=ellipses).collections) for ellipses in (None, True, False)}
        assert drawn[None] == drawn[True] == drawn[False] + 1 == len(ax.collections)
        labels = lambda ax: [text.get_text() for text in ax.get_legend().get_texts()]
        nowhere = replace(shown := GraphMap.of(fit, 1), covariances=np.full_like(shown.covariances, np.nan))
        assert "95 % ellipse of a place" in labels(ax) and "95 % ellipse of a place" not in labels(draw_map(nowhere))
        own = plt.figure().add_subplot()
        assert rp.plot.graph(fit, ax=own) is own
        own.figure.canvas.draw()
    plt.close("all")


def weighed(fit, weights, judged):
    """A fit whose edges count as little as this, the first kind of them alone."""
    found = copy(fit)
    found.weights = [jnp.asarray(weights), *(jnp.ones(len(f)) for f in fit.graph.factors[1:])]
    found.outliers = [np.asarray(w) == 0 for w in found.weights] if judged else []
    return found


def test_what_was_dropped_is_counted_named_and_dashed(plane):
    count = len(plane.graph.factors[0])
    fit = weighed(plane, np.where(np.arange(count) == 2, 0.0, 1.0), True)
    shown = GraphMap.of(fit)
    a, b = (shown.name(int(row)) for row in shown.ends[2])
    assert np.flatnonzero(shown.spared).tolist() == [2] and shown.judged
    assert shown.share[2] == 0 and shown.share.sum() == pytest.approx(1)
    assert shown.heard.size == shown.end.error.size - 1
    for language, said, named in (
        ("en", "dropped, weight 0: 1", "dropped edges: "),
        ("zh", "1 条（虚线）", "已剔除的边："),
    ):
        words = map_words(fit, shown, "", language)
        assert said in words["spared"] and len(words["worstColumns"]) == len(words["worstRows"][0]) == 6
        assert sorted(row[-1] for row in words["worstRows"]) == ["0", *["1"] * (len(shown.ends) - 1)]
        assert f"{named}{a} → {b}" in words["noteList"]
        assert "1" in words["sentences"][2]
        assert still_page(shown, words, True).count("stroke-dasharray") == 1
    weights = list(base64.b64decode(map_record(fit, shown, "")["weights"]))
    assert weights == [255, 255, 0, *[255] * (len(shown.ends) - 3)]
    labels = [text.get_text() for text in draw_map(shown).get_legend().get_texts()]
    assert "dropped: 1" in labels


def test_what_a_robust_loss_spares_is_not_called_dropped(plane):
    count = len(plane.graph.factors[0])
    fit = weighed(plane, np.linspace(0.2, 1, count), False)
    shown = GraphMap.of(fit)
    words = map_words(fit, shown, "", "en")
    many = int(np.sum(np.linspace(0.2, 1, count) < 0.5))
    assert words["spared"] == f"weight below 1/2: {many} (dashed)" and shown.share.min() > 0
    assert not any("dropped" in note for note in words["noteList"])
    assert "weight below 1/2" in words["sentences"][2]
    # shares are of the squares, not of the loss that was minimized
    assert "e' Ω e" in words["sentences"][1] and "share of the cost" not in words["worstColumns"]
    held = re.search(r"([0-9]+) %", map_words(fit, shown, "", "zh")["sentences"][1])
    assert held and int(held[1]) == round(100 * float(shown.share.max()))


def test_a_map_without_a_loss_says_nothing_of_weights(plane):
    shown = GraphMap.of(plane)
    words = map_words(plane, shown, "", "en")
    assert shown.weights is None and words["spared"] == "" and "weight" not in words["worstColumns"]
    assert map_record(plane, shown, "")["weights"] is None


def test_focal_lengths_are_no_places():
    graph = rp.slam.FactorGraph()
    graph.add_variables("pose", rp.slam.SE3(), [[0, 0, -8, 0, 0, 0, 1], [1, 0, -8, 0, 0, 0, 1]])
    graph.add_variables("lens", rp.Euclidean(), np.full((2, 3), [500, 0, 0]))
    graph.add_variables("point", rp.Euclidean(), np.eye(3))
    rows = [(c, c, p) for c in range(2) for p in range(3)]
    graph.add_factors(rp.slam.errors.reprojection, ("pose", "lens", "point"), rows, np.zeros((6, 2)), sigmas=[0.1, 0.2])
    assert list(located_types(graph)) == ["pose", "point"]
    # The picture of pixels is of pixels, whatever their weights: BAL's camera without distortion, written out.
    begun, values = ({n: np.array(v.values, float) for n, v in graph.variables.items()} for _ in range(2))
    values["lens"][:, 0] = 50
    before, after = pixel_lengths(SimpleNamespace(graph=graph, begun=begun, values=values))
    seen = np.eye(3)[None] + np.array([[0, 0, -8.0], [1, 0, -8]])[:, None]
    wanted = 500 * np.linalg.norm(seen[..., :2] / seen[..., 2:], axis=2).ravel()
    np.testing.assert_allclose([before, after], [wanted, wanted / 10], rtol=1e-12)


def test_every_observation_stands_in_one_bar():
    """Lengths on bounds, none, beyond both ends and not finite, in both languages."""
    before, after = np.array([1e9, np.inf, 0, 5.0, 5.0, 1.0]), np.array([0, 1e-7, 2.0, 3.0, 10.0, 100.0])
    scene = length_histogram(before, after)
    x = [float(a) for a in scene.of("muted")[0].points[::2, 0]]
    for role, lengths in (("muted", before), ("model-level", after)):
        steps = scene.of(role)[0].points
        counts = np.where(steps[1:-1:2, 1] == FLOOR, 0, steps[1:-1:2, 1])
        at = np.clip(lengths[np.isfinite(lengths)], x[0], x[-1] * (1 - 1e-12))
        np.testing.assert_array_equal(counts, np.histogram(at, x)[0])
    assert "(before: 5), the longest distance is 100 (before: inf)" in scene.caption
    assert [note.split()[0] for note in scene.notes] == ["1", "1", "1", "2"]
    told = chinese_scene(scene)
    assert not re.search("[a-z]{4}", "".join([told.question, told.caption, *told.notes, told.x_label, told.y_label]))
    assert "<svg" in svg(length_histogram(np.zeros(3), np.zeros(3)))
