"""The SVG says what the scene says: geometry is read back from the text."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raphson.picture.render.lettering import letter
from raphson.picture.render.paper import SMALL, lay_out, measure, ticks, wrap
from raphson.picture.render.svg import svg
from raphson.picture.scene import Contours, Curve, Dots, Ellipse, Grid, Heat, Scene, Stems, Text
from raphson.picture.views.dual import dual
from raphson.picture.views.local import local
from raphson.picture.views.whitened import whitened
from tests.pictures.quadratics import bowl, quadratic, saddle

SEEDS = st.integers(0, 10**6)
NAMESPACE = "{http://www.w3.org/2000/svg}"


def read(text: str) -> ET.Element:
    """The parsed picture."""
    return ET.fromstring(text)


def roles(tree: ET.Element, role: str) -> list[ET.Element]:
    """The elements of a role."""
    return [e for e in tree.iter() if e.get("data-role") == role]


def pair(text: str | None) -> np.ndarray:
    """Two numbers of an attribute."""
    assert text is not None
    return np.array([float(v) for v in text.split()])


def arrow(tree: ET.Element, role: str) -> tuple[np.ndarray, np.ndarray]:
    """Tail and head of the only arrow of a role, in pixels."""
    (found,) = roles(tree, role)
    return pair(found.get("data-tail")), pair(found.get("data-head"))


def shape(e: ET.Element) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Center, semi-axes and axis directions (in columns) of an ellipse, in pixels."""
    center = np.array([float(e.get("cx", "")), float(e.get("cy", ""))])
    semi = np.array([float(e.get("rx", "")), float(e.get("ry", ""))])
    turned = re.fullmatch(r"rotate\(([-\d.]+) ([-\d.]+) ([-\d.]+)\)", e.get("transform", ""))
    assert turned is not None
    np.testing.assert_allclose([float(turned[2]), float(turned[3])], center, atol=1e-9)
    t = np.radians(float(turned[1]))
    return center, semi, np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])


def path_points(e: ET.Element) -> np.ndarray:
    """The points of a path of straight lines."""
    return np.array([[float(a), float(b)] for a, b in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", e.get("d", ""))])


def degrees_between(u: np.ndarray, v: np.ndarray) -> float:
    """The angle of two vectors."""
    return float(np.degrees(np.arccos(np.clip(u @ v / np.linalg.norm(u) / np.linalg.norm(v), -1, 1))))


def axis_scale(tree: ET.Element, axis: str) -> float:
    """Pixels per unit, read off the words of the ticks as a person would."""
    (group,) = roles(tree, "axes")
    found = []
    for e in group.iter(f"{NAMESPACE}text"):
        if e.get("font-size") == "11" and e.get("text-anchor") == ("middle" if axis == "x" else "end"):
            found.append((float((e.text or "").replace("−", "-")), float(e.get(axis, ""))))
    value, place = np.array(found).T
    return float(abs(np.polyfit(value, place, 1)[0]))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("width", [360, 480, 900])
def test_the_local_picture_of_a_bowl_is_exact(seed: int, width: int) -> None:
    q = bowl(seed, 4.0)
    tree = read(svg(local(q), width))
    (level,) = roles(tree, "model-level")
    center, semi, axes = shape(level)
    x, tip = arrow(tree, "minus-gradient")
    start, end = arrow(tree, "newton")
    # The Newton arrow starts at x and ends at the ellipse's centre.
    assert np.hypot(*(start - x)) < 0.01 and np.hypot(*(end - center)) < 0.5
    # Semi-axes are sqrt(2 rise / lambda), on the axes' own scale.
    lam = pair(level.get("data-lambda"))
    np.testing.assert_allclose(lam, q.eigen[0], rtol=1e-8)
    paper = lay_out(local(q), width, None)
    np.testing.assert_allclose(semi, np.sqrt(2 * q.rise / lam) * paper.scale[0], atol=0.5)
    # x lies on the contour, and -g is perpendicular to its tangent there.
    own = axes.T @ (x - center)
    assert np.hypot(*(own / semi)) == pytest.approx(1, abs=0.5 / min(semi))
    normal = axes @ (own / semi**2)
    assert degrees_between(tip - x, -normal) < 0.1
    tangent = np.array([-normal[1], normal[0]])
    assert degrees_between(tip - x, tangent) == pytest.approx(90, abs=0.1)
    # So is the mark.
    (mark,) = roles(tree, "right-angle")
    a, corner, b = path_points(mark)
    assert degrees_between(a - corner, b - corner) == pytest.approx(90, abs=0.1)
    assert degrees_between(corner - b, tip - x) < 0.1
    # The angle that is written is the angle that is drawn.
    for arc in roles(tree, "angle"):
        assert degrees_between(tip - x, end - start) == pytest.approx(float(arc.get("data-degrees", "")), abs=0.1)
        assert float(arc.get("data-degrees", "")) == pytest.approx(q.angle_deg, rel=1e-5)


@given(SEEDS)
def test_a_unit_is_as_long_on_both_axes(seed: int) -> None:
    scene = local(bowl(seed) if seed % 2 else saddle(seed))
    paper = lay_out(scene, 480, None)
    assert paper.scale[0] == pytest.approx(paper.scale[1], rel=1e-9)
    wide = lay_out(scene, 700, 300)
    assert wide.scale[0] == pytest.approx(wide.scale[1], rel=1e-9)
    x0, x1, y0, y1 = scene.window
    for p in (paper, wide):  # nothing is cropped
        assert (
            p.window[0] <= x0 + 1e-9
            and p.window[1] >= x1 - 1e-9
            and p.window[2] <= y0 + 1e-9
            and p.window[3] >= y1 - 1e-9
        )


def test_the_words_of_the_ticks_are_true() -> None:
    q = quadratic((1.0, 9.0), 0.5, (2.0, 1.0))
    tree = read(svg(local(q)))
    scale = lay_out(local(q), 480, None).scale
    assert axis_scale(tree, "x") == pytest.approx(scale[0], rel=2e-3)
    assert axis_scale(tree, "y") == pytest.approx(scale[1], rel=2e-3)


@given(SEEDS)
def test_the_dual_and_the_whitened_picture_are_exact(seed: int) -> None:
    q = bowl(seed, 3.0)
    tree = read(svg(dual(q)))
    (ring,) = roles(tree, "dual")
    center, semi, axes = shape(ring)
    origin, g = arrow(tree, "gradient")
    at, normal_end = arrow(tree, "newton")
    assert np.hypot(*(origin - center)) < 0.5 and np.hypot(*(at - g)) < 0.01
    own = axes.T @ (g - center)
    # Its normal is the Newton direction: in pixels as in mathematics.
    assert degrees_between(normal_end - at, -(axes @ (own / semi**2))) < 0.2
    tree = read(svg(whitened(q, 1.0)))
    (ring,) = roles(tree, "whitened")
    center, semi, _ = shape(ring)
    x, tip = arrow(tree, "minus-gradient")
    assert abs(semi[0] / semi[1] - 1) < 1e-3
    assert degrees_between(tip - x, center - x) < 0.1


@given(SEEDS)
def test_the_same_scene_gives_the_same_bytes(seed: int) -> None:
    q = saddle(seed) if seed % 2 else bowl(seed)
    assert svg(local(q)) == svg(local(replace(q)))
    other = svg(local(q.moved(q.at + 0.1)))
    ids = [set(re.findall(r'id="([^"]+)"', text)) for text in (svg(local(q)), other)]
    assert not ids[0] & ids[1] and len(ids[0]) == 4


def hole(x: np.ndarray, y: np.ndarray) -> Grid:
    """x^2 + y^2 with a hole to the right."""
    X, Y = np.meshgrid(x, y)
    return Grid(x, y, np.where(X > 0.42, np.nan, X**2 + Y**2))


def test_what_is_not_finite_is_hatched_and_has_no_lines() -> None:
    grid = hole(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41))
    scene = Scene("t", "?", (-1, 1, -1, 1), (Contours("function", grid, np.array([0.1, 0.5, 1.0])),))
    tree, paper = read(svg(scene)), lay_out(scene, 480, None)
    (hatch,) = roles(tree, "not-finite")
    assert hatch.get("fill", "").startswith("url(#rp")
    edge = float(paper.pixels((0.4, 0))[0])
    assert path_points(hatch)[:, 0].min() == pytest.approx(edge, abs=0.5)
    found = roles(tree, "function")
    assert len(found) == 3
    assert max(path_points(e)[:, 0].max() for e in found) <= edge + 0.5


def test_a_picture_can_be_read_without_being_seen() -> None:
    q = quadratic((1.0, 9.0), 0.5, (2.0, 1.0))
    tree = read(svg(local(q)))
    assert tree.get("role") == "img"
    named = tree.get("aria-labelledby", "").split()
    texts = {e.get("id"): e.text for e in tree.iter() if e.get("id")}
    assert "why not" in (texts[named[0]] or "") and "perpendicular" in (texts[named[1]] or "")


def test_hostile_words_stay_words() -> None:
    evil = '</text><script>alert(1)</script>&"'
    assert read(svg(Scene("t", "a\x00b\x08c", (0, 1, 0, 1), ())))[0].text == "abc"
    scene = Scene(
        "t", evil, (0, 1, 0, 1), (Text("text", (0.5, 0.5), evil), Dots("point", np.zeros((1, 2)), np.ones(1), evil)),
        x_label=evil, y_label=evil, title=evil, caption=evil, notes=(evil,),
    )  # fmt: skip
    tree = read(svg(scene))
    assert not list(tree.iter(f"{NAMESPACE}script"))
    assert sum(evil in (e.text or "") for e in tree.iter()) >= 5


def test_numbers_that_are_none_are_left_out() -> None:
    bad = np.array([[0.1, 0.1], [np.nan, 0.5], [0.5, np.inf], [0.9, 0.2], [1e30, 0.3]])
    items = (
        Curve("run", bad, label="run"),
        Dots("trial", bad, np.ones(5, bool)),
        Ellipse("dual", (0, 0), (0.0, 0.1), 0),
    )
    text = svg(Scene("t", "?", (0, 1, 0, 1), items))
    assert "nan" not in text and "inf" not in text
    assert len(list(read(text).iter(f"{NAMESPACE}circle"))) == 2


def test_a_huge_ellipse_is_drawn_as_the_part_that_shows() -> None:
    q = quadratic((1e-6, 1.0), 0.4, np.array([0.3, 1.0]))
    tree = read(svg(local(q, window=(-2, 2, -2, 2))))
    (level,) = roles(tree, "model-level")
    points = path_points(level)
    assert level.tag.endswith("path") and level.get("data-shape") == "ellipse" and len(points) > 100
    assert np.all(np.abs(points) < 2000)
    x, _ = arrow(tree, "minus-gradient")
    assert np.min(np.hypot(*(points - x).T)) < 5


def test_axes_of_other_units_make_another_ellipse() -> None:
    item = Ellipse("confidence", (0.0, 0.0), (2.0, 1.0), 0.5)
    scene = Scene("t", "?", (-3, 3, -30, 30), (item,), equal=False)
    _, semi, axes = shape(roles(read(svg(scene)), "confidence")[0])
    size = lay_out(scene, 480, None).scale
    t = np.linspace(0, 6, 12)
    V = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    points = (np.stack([2 * np.cos(t), np.sin(t)], axis=1) @ V.T) * size * [1, -1]
    np.testing.assert_allclose(np.hypot(*(points @ axes / semi).T), 1, atol=1e-3)


def test_logarithmic_axes() -> None:
    points = np.stack([np.arange(6.0), 10.0 ** -np.arange(0, 12, 2)], axis=1)
    scene = Scene("convergence", "?", (0, 5, 1e-11, 2), (Curve("run", points),), log="y", equal=False)
    tree = read(svg(scene))
    line = path_points(roles(tree, "run")[0])
    np.testing.assert_allclose(np.diff(line, axis=0), np.diff(line, axis=0)[:1].repeat(5, axis=0), atol=0.02)
    assert {"10⁰", "10⁻³", "10⁻⁶", "10⁻⁹"} <= {e.text for e in tree.iter(f"{NAMESPACE}text")}


def test_stems_and_heat() -> None:
    stems = Stems("spectrum", np.arange(3.0), np.array([0.1, 5.0, 80.0]), np.array([-1, 0, 1]), ("a", "b", "c"))
    tree = read(svg(Scene("spectrum", "?", (-0.5, 2.5, 0.01, 100), (stems,), log="y", equal=False)))
    assert [e.get("data-sign") for e in tree.iter() if e.get("data-sign")] == ["-1", "0", "1"]
    assert {"a", "b", "c"} <= {e.text for e in tree.iter(f"{NAMESPACE}text")}
    grid = hole(np.linspace(-1, 1, 30), np.linspace(-1, 1, 30))
    tree = read(svg(Scene("fidelity", "?", (-1, 1, -1, 1), (Heat("fidelity", grid, -1.0, 2.0),))))
    (heat,) = roles(tree, "fidelity")
    assert len(list(heat)) > 5 and len(roles(tree, "not-finite")) == 1


@pytest.mark.parametrize("seed", range(12))
def test_labels_do_not_collide_and_stay_in_the_frame(seed: int) -> None:
    q = bowl(seed, 3.0) if seed % 3 else saddle(seed)
    for scene in (local(q), dual(q), whitened(q, 0.5)):
        paper = lay_out(scene, 480, None)
        boxes = [(label.at, np.array([measure(label.text, SMALL), SMALL]) / 2) for label in letter(scene.items, paper)]
        for k, (at, half) in enumerate(boxes):
            assert at[0] - half[0] >= paper.box[0] - 4 and at[0] + half[0] <= paper.box[2] + 4
            for other, wide in boxes[:k]:
                assert np.any(np.abs(at - other) > half + wide - 2.5), scene.view


@given(st.floats(-1e6, 1e6), st.floats(-9, 6))
def test_ticks_are_round_and_their_words_true(low: float, decade: float) -> None:
    high = low + 10.0**decade
    if not high - low > 1e-9 * abs(low):
        return
    found = ticks(low, high, 400, 70, False)
    assert 2 <= len(found.at) <= 12
    assert np.all(found.at >= low - 1e-6 * (high - low)) and np.all(found.at <= high + 1e-6 * (high - low))
    power = re.search(r"/ 1e(-?\d+)$", found.suffix)
    unit = 10.0 ** int(power[1]) if power else 1.0
    shift = re.match(r" ([−+]) (\S+)", found.suffix)
    offset = (1 if shift[1] == "−" else -1) * float(shift[2]) if shift else 0.0
    read_off = np.array([float(word.replace("−", "-")) for word in found.words]) * unit + offset
    np.testing.assert_allclose(read_off, found.at, atol=2e-2 * (high - low) + 1e-12 * abs(low))
    assert max(map(len, found.words)) <= 9 and len(set(found.words)) == len(found.words)


def test_wrapping_loses_no_word() -> None:
    text = "the quick brown fox jumps over the lazy dog " * 5
    lines = wrap(text, 200, 12)
    assert " ".join(lines) == text.strip() and all(measure(line, 12) <= 200 for line in lines)


def test_a_scene_is_json() -> None:
    scene = local(quadratic((1.0, 9.0), 0.5, (1.0, 2.0)))
    found = json.loads(json.dumps(scene.as_dict()))
    assert {item["kind"] for item in found["items"]} >= {"ellipse", "arrow", "rightangle", "arc", "curve", "dots"}


@given(st.floats(-9, 9), st.floats(0.01, 1.99))
def test_the_words_of_one_axis_are_of_one_kind(low: float, decades: float) -> None:
    """All with decimals, or all with powers of ten: also where a logarithmic axis sees too few of these."""
    found = ticks(10.0**low, 10.0 ** (low + decades), 400, 70, True)
    superscript = {"10" in word and any(c in "⁰¹²³⁴⁵⁶⁷⁸⁹" for c in word) for word in found.words}
    assert len({"e" in word for word in found.words}) == len(superscript) == 1
    if superscript == {False}:
        np.testing.assert_allclose([float(word.replace("−", "-")) for word in found.words], found.at, rtol=5e-3)
