"""Fields of a large run: means, ranges and images against the arrays themselves; the report stays small."""

import json
import re

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.picture import scenes
from raphson.picture.chinese import chinese
from raphson.picture.field import BINS, SIDE, SIDE_OF_TWO, block_means, envelope, fields_of
from raphson.picture.render.svg import svg
from raphson.picture.scene import Curve, Raster, Text
from raphson.picture.views.field import field
from raphson.picture.views.field import shaded as shades_of

ROWS, COLUMNS = 24, 40


def sheet(u):
    """Two wells at every point, coupled, and pulled to different sides."""
    pull = 0.2 * jnp.linspace(-1, 1, COLUMNS)
    bonds = jnp.sum((u[1:] - u[:-1]) ** 2) + jnp.sum((u[:, 1:] - u[:, :-1]) ** 2)
    return bonds + jnp.sum((u**2 - 1) ** 2) / 4 + jnp.sum(pull * u)


@pytest.fixture(scope="module")
def result():
    start = 0.5 * np.sin(np.arange(ROWS * COLUMNS)).reshape(ROWS, COLUMNS)
    return rp.minimize(sheet, start, method="trust-exact")


def test_an_image_has_the_cells_of_the_array_and_its_scale_the_range(result):
    scene = scenes.field(result)
    (image,) = scene.of("field")
    assert image.shades.shape == (ROWS, COLUMNS) and image.colors == "signed", "x has both signs"
    most = np.abs(result.x).max()
    np.testing.assert_allclose(image.shades, 127.5 * (result.x / most + 1), atol=0.51)
    words = [item.text for item in scene.items if isinstance(item, Text)]
    assert {"0", str(ROWS - 1), str(COLUMNS - 1)} <= set(words)
    assert f"{ROWS} × {COLUMNS} numbers" in scene.caption


def test_every_moment_is_there_and_the_last_step_leads_to_the_end(result):
    ((start, end, step, slope),) = fields_of(result)
    assert [f.what for f in (start, end, step, slope)] == ["start", "end", "step", "slope"]
    np.testing.assert_array_equal(start.values, result.start)
    np.testing.assert_array_equal(end.values, result.x)
    np.testing.assert_allclose(step.values, result.points()[-1] - result.points()[-2], rtol=1e-6, atol=1e-12)
    np.testing.assert_array_equal(slope.values.ravel(), result.gradient)
    assert "rounding" not in field(slope).caption, "a slope of 7e-13 is left in places"
    still = rp.minimize(lambda u: jnp.sum((u - 3) ** 2), np.ones((20, 20)))
    assert np.all(np.abs(still.gradient) <= still.model.gradient_error)
    assert "Nothing but rounding." in field(fields_of(still)[0][-1]).caption


@pytest.mark.parametrize("shape", [(7, 1000), (193, 192), (1000, 1000), (5000, 9)])
def test_means_over_blocks_keep_the_mean_of_all(shape):
    a = np.random.default_rng(0).standard_normal(shape)
    small = block_means(a, SIDE)
    assert max(small.shape) <= SIDE
    edges = [np.diff([*(np.arange(k) * n // k), n]) for k, n in zip(small.shape, shape, strict=True)]
    assert np.sum(small * np.outer(*edges)) == pytest.approx(a.sum(), rel=1e-9, abs=1e-9 * np.abs(a).sum())
    assert small[0, 0] == pytest.approx(a[: edges[0][0], : edges[1][0]].mean())


def test_a_long_line_keeps_its_peaks():
    a = np.zeros(100_000)
    a[31_415], a[27_182] = 5.0, -3.0
    low, mean, high = envelope(a)
    assert high.max() == 5 and low.min() == -3 and len(mean) == BINS
    run = rp.minimize(lambda x: jnp.sum((x - jnp.sin(jnp.arange(2000.0))) ** 2), np.zeros(2000))
    scene = scenes.field(run, "start")
    assert any(isinstance(item, Curve) and item.fill for item in scene.items) and "band" in scene.caption
    scene = scenes.field(run)
    assert scene.window[2] < -1 and scene.window[3] > 1


def test_blocks_tables_and_trees():
    def fun(p):
        return jnp.sum((p["block"] - 2) ** 2) + jnp.sum(p["plain"] ** 2) + jnp.sum((p["surface"] + 1) ** 2)

    x0 = {"block": np.ones((5, 16, 20)), "plain": np.ones((4, 3)), "surface": np.zeros((30, 30))}
    run = rp.minimize(fun, x0)
    block, surface = fields_of(run)
    assert block[1].name == "['block']" and block[1].slice == 2 and block[1].values.shape == (16, 20)
    np.testing.assert_allclose(block[1].values, 2)
    np.testing.assert_allclose(surface[1].values, -1)
    assert "Slice 2 of 5" in scenes.field(run).caption
    assert max(block[1].values.shape + surface[1].values.shape) <= SIDE_OF_TWO
    with pytest.raises(ValueError, match="there are 2"):
        scenes.field(run, array=2)
    with pytest.raises(ValueError, match="'start', 'end'"):
        scenes.field(run, "middle")
    small = rp.minimize(lambda x: jnp.sum(x**2), np.ones(3))
    with pytest.raises(ValueError, match="256 numbers"):
        scenes.field(small)
    assert fields_of(small) == []


def test_odd_numbers_have_colors():
    assert shades_of(np.full((2, 2), 3.0), 3.0, 3.0).tolist() == [[128, 128], [128, 128]]
    assert shades_of(np.array([[-1e308, 1e308, np.nan]]), -1e308, 1e308).tolist() == [[0, 255, 128]]


def test_every_sentence_exists_in_chinese(result):
    for f in fields_of(result)[0]:
        scene = field(f)
        for text in (scene.question, scene.title, scene.caption):
            assert chinese(text) is not None, text


def embedded(path):
    text = path.read_text("utf-8")
    (found,) = re.findall(r'<script type="application/json" id="recording">(.*?)</script>', text, re.DOTALL)
    return text, json.loads(found)


def test_a_report_holds_each_image_once_in_both_languages(result, tmp_path):
    text, recording = embedded(result.report(tmp_path / "run.html"))
    assert [panel["name"] for panel in recording["drawn"]] == ["fields", "sparsity", "spread"]
    images = re.findall(r'data-image="(\d+)" href="(data:image/png;base64,[^"]+)"', text)
    assert len(images) >= 6 and len({k for k, _ in images}) == len({data for _, data in images})
    assert "images" not in recording and "data:image" not in json.dumps(recording["drawn"])
    for panel in recording["drawn"]:
        for figure in panel["figures"]:
            asked = re.findall(r'href="#(\d+)"', figure["en"])
            assert asked == re.findall(r'href="#(\d+)"', figure["zh"]) and set(asked) <= {k for k, _ in images}
            assert "<title" in figure["en"] and 'role="img"' in figure["en"]
    lines = dict(recording["zh"]["lines"])
    assert "个元素" in lines["稀疏结构"] and "倍" in lines["因子"]


@pytest.mark.parametrize("seconds", [1e-2, 1e9])
def test_a_function_that_takes_long_is_not_drawn_and_the_report_says_so(result, tmp_path, monkeypatch, seconds):
    monkeypatch.setattr("raphson.picture.recording.sampler.seconds_per_value", lambda run: seconds)
    _, recording = embedded(result.report(tmp_path / "slow.html"))
    assert any("take" in note for note in recording["notes"])
    assert all(plane["grid"] is None for plane in recording["planes"])


def test_the_pictures_of_noise_stay_small():
    """Nothing is harder to compress; four of them, as of one array."""
    rng = np.random.default_rng(1)
    from raphson.picture.field import field as read

    texts = [
        svg(field(read(what, "x", rng.standard_normal((600, 700)), SIDE))) for what in ("start", "end", "step", "slope")
    ]
    assert sum(map(len, texts)) < 260_000
    image = field(read("end", "x", rng.standard_normal((600, 700)), SIDE)).of("field")[0]
    assert isinstance(image, Raster) and image.shades.shape == (SIDE, SIDE)


def test_with_matplotlib_too(result):
    plt = pytest.importorskip("matplotlib.pyplot")
    ax = rp.plot.field(result)
    assert len(ax.images) == 2 and ax.get_title("left") == "What did it come to?"
    plt.close("all")
