"""The picture of a pattern against its dense matrix: cells, letters, fill, numbers in words, size of large ones."""

import re
import struct
import zlib
from base64 import b64decode
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.linear.structure import sparse_structure
from raphson.picture import scenes
from raphson.picture.chinese import chinese
from raphson.picture.pattern import PatternData, colored, pattern_data
from raphson.picture.render.png import png
from raphson.picture.render.shades import shade_table
from raphson.picture.render.svg import svg
from raphson.picture.scene import Raster, Text
from raphson.picture.views.sparsity import LETTERED, SQUARES, sparsity


def six(x):
    return jnp.sum((x[1:] - x[:-1] ** 2) ** 2) + (x[0] * x[3] - 1) ** 2 + jnp.sum(x**4)


def ring(x):
    return jnp.sum((x - jnp.roll(x, 1)) ** 4) + jnp.sum((x - jnp.roll(x, 5)) ** 4)


def cells(scene):
    (found,) = [item for item in scene.items if isinstance(item, Raster)]
    return found.shades


@pytest.mark.parametrize(("fun", "n"), [(six, 6), (ring, LETTERED), (ring, 50)])
def test_each_cell_of_a_small_pattern_is_an_entry_of_h(fun, n):
    model = rp.local_model(fun, np.linspace(0.3, 1.7, n))
    H = np.asarray(jax.hessian(fun)(jnp.linspace(0.3, 1.7, n)))
    pattern, factor = scenes.sparsity(model)
    np.testing.assert_array_equal(cells(pattern) > 0, H != 0)
    assert f"{np.count_nonzero(H)} entries" in pattern.title
    order = np.asarray(pattern_data(model).cost.order)
    filled = np.linalg.cholesky(H[np.ix_(order, order)] + 1e3 * np.eye(n)) != 0
    own = np.tril(H[np.ix_(order, order)] != 0)
    np.testing.assert_array_equal(cells(factor) > 0, filled)
    np.testing.assert_array_equal(cells(factor) >= 128, own)
    assert f"L: {filled.sum()} entries, {(filled & ~own).sum()} of them fill" == factor.title


def test_letters_say_what_hues_say_and_no_product_mixes_what_it_must_tell_apart():
    model = rp.local_model(ring, np.linspace(0.3, 1.7, 20))
    pattern, _ = scenes.sparsity(model)
    shades, letters = cells(pattern), {}
    for item in pattern.items:
        if isinstance(item, Text) and item.role == "cell":
            letters[19 - int(item.at[1]), int(item.at[0])] = item.text
    assert set(letters) == set(zip(*np.nonzero(shades), strict=True))
    assert len({(a, shades[at]) for at, a in letters.items()}) == len(set(letters.values()))
    assert f"{len(set(letters.values()))} colors" in pattern.title
    for i, j in letters:  # each entry, or its mirror image, is alone in its row
        alone = [sum(letters.get((a, k)) == letters[a, b] for k in range(20)) == 1 for a, b in ((i, j), (j, i))]
        assert any(alone)


@pytest.mark.parametrize("n", [2, 61, 1000, 100_000])
def test_larger_ones_are_counted_in_squares(n):
    i = np.arange(n - 1)
    structure, _ = sparse_structure(i + 1, i, n)
    whole = np.concatenate([np.arange(n), i, i + 1]), np.concatenate([np.arange(n), i + 1, i])
    order = np.lexsort(whole[::-1])
    data = PatternData(structure, colored(whole[0][order], whole[1][order], n), tuple(f"x{k}" for k in range(n)))
    assert data.entries == 3 * n - 2
    pattern, factor = sparsity(data)
    for scene in (pattern, factor):
        assert max(cells(scene).shape) == min(n, SQUARES)
        text = svg(scene)
        assert len(text) < 40_000 and ("stands for" in scene.caption) == (n > SQUARES)
    assert "Elimination adds none." in factor.caption
    assert data.matrix(min(n, 7)).sum() == data.entries


def test_every_sentence_exists_in_chinese():
    for n in (6, 20, 50, 500):
        model = rp.local_model(ring, np.linspace(0.3, 1.7, n))
        for scene in scenes.sparsity(model):
            for text in (scene.question, scene.title, scene.caption):
                assert chinese(text) is not None, text


def test_without_its_function_h_at_the_point_is_read_and_the_picture_says_so():
    model = replace(rp.local_model(six, np.ones(6)), problem=None)
    pattern, _ = scenes.sparsity(model)
    assert "Read off H at this point." in pattern.caption
    with pytest.raises(TypeError, match="expected a model"):
        rp.plot.sparsity(3)


def test_with_matplotlib_too():
    plt = pytest.importorskip("matplotlib.pyplot")
    model = rp.local_model(six, np.ones(6))
    left, right = rp.plot.sparsity(model)
    assert left.images and right.images and left.get_title("left") == "What is coupled?"
    _, one = plt.subplots()
    assert rp.plot.sparsity(model, one) is one
    assert one.get_title("left") == "What is coupled?"
    plt.close("all")


def test_a_png_says_what_was_written():
    shades = np.arange(12, dtype=np.uint8).reshape(3, 4)
    data = png(shades, shade_table("field"))
    assert struct.unpack(">II", data[16:24]) == (4, 3)
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    rows = np.frombuffer(zlib.decompress(data[at + 4 : at + 4 + length]), np.uint8).reshape(3, 5)
    np.testing.assert_array_equal(rows[:, 1:], shades)
    np.testing.assert_array_equal(
        np.frombuffer(data[data.index(b"PLTE") + 4 :][:768], np.uint8).reshape(256, 3), shade_table("field")
    )
    model = rp.local_model(six, np.ones(6))
    (image,) = re.findall(r'href="data:image/png;base64,([^"]+)"', svg(scenes.sparsity(model)[0]))
    assert b64decode(image).startswith(b"\x89PNG")


def lightness(rgb):
    """L* of CIELAB, 0 to 100."""
    c = np.asarray(rgb, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    y = linear @ (0.2126, 0.7152, 0.0722)
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


GREEN_BLIND = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
"""Machado, Oliveira and Fernandes (2009), deuteranopia of severity 1, for linear RGB."""


def as_green_blind(rgb):
    c = np.asarray(rgb, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ GREEN_BLIND.T
    linear = np.clip(linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("see", [np.asarray, as_green_blind])
def test_tables_rise_evenly_in_lightness_also_without_green(see):
    field = lightness(see(shade_table("field")))
    assert np.all(np.diff(field) > -0.15) and field[-1] - field[0] > 60
    assert np.max(np.diff(field)) < 1.2, "no step stands out"
    signed = lightness(see(shade_table("signed")))
    assert np.all(np.diff(signed[:128]) > -0.15) and np.all(np.diff(signed[129:]) < 0.15)
    assert abs(signed[0] - signed[-1]) < 14 and signed[128] > 92
    ends = see(shade_table("signed"))[[0, 255]]
    assert ends[0][0] - ends[0][2] > 60 and ends[1][2] - ends[1][0] > 60, "warm and cold stay apart"


def test_choice_proof_and_picture_share_one_analysis(monkeypatch):
    pytest.importorskip("sparsax")
    from raphson.linear import cholmod

    made, analyze = [], cholmod.fill_of_order
    monkeypatch.setattr(cholmod, "fill_of_order", lambda *given: made.append(1) or analyze(*given))
    result = rp.minimize(
        lambda x: ring(x) + jnp.sum(x**2) + jnp.sum((x - jnp.roll(x, 17)) ** 2), np.ones(733) / 3, method="trust-exact"
    )
    assert made == [1]
    assert sparsity(pattern_data(result))[1].title.startswith("L:")
    assert made == [1]


def test_names_without_end_are_made_when_asked_for():
    from raphson.kernel.names import Numbered, names_in

    names = names_in(np.zeros(10**8))
    assert len(names) == 10**8 and names[10**8 - 1] == names[-1] == "x100000000"
    assert names[:2] == ["x1", "x2"] and list(names_in(np.zeros(3))) == ["x1", "x2", "x3"]
    with pytest.raises(IndexError):
        names[10**8]
    assert Numbered()[10**12] == "x1000000000001"
