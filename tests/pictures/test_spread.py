"""The spectrum of a large H in a picture: what it says against what a dense one would say."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.picture import scenes
from raphson.picture.chinese import chinese
from raphson.picture.products import spread_of
from raphson.picture.scene import Stems

N = 1600


def chain(x):
    return jnp.sum((x[1:] - x[:-1]) ** 2) / 2 + 0.05 * jnp.sum(x**2) + 0.01 * jnp.sum(x**4)


@pytest.fixture(scope="module")
def result():
    return rp.minimize(chain, np.linspace(-1, 1, N))


def test_dots_are_the_sorted_eigenvalues(result):
    H = result.hess.toarray()
    w = np.linalg.eigvalsh(H)
    scene = scenes.spectrum(result)
    assert scene.view == "spread" and "estimate" in scene.title
    (stems,) = [item for item in scene.items if isinstance(item, Stems)]
    at = np.linspace(0, N - 1, len(stems.values)).round().astype(int)
    assert np.all(stems.signs == 1)
    assert np.max(np.abs(stems.values - w[at])) < 0.05 * (w[-1] - w[0])
    found = spread_of(result).estimate
    for value, error, true in ((found.lowest, found.low_error, w), (found.highest, found.high_error, w)):
        assert np.min(np.abs(true - value)) <= error + 1e-12
    assert "None is negative: a factor of H shows it." in scene.caption


def test_a_saddle_says_how_many_directions_fall():
    d = np.where(np.arange(N) % 10 == 0, -1.0, 1.0) * np.linspace(1, 2, N)
    model = rp.minimize(lambda x: jnp.sum(d * x**2) / 2, np.ones(N), max_steps=1)
    scene = scenes.spectrum(model.model)
    assert "about 1" in scene.caption and "% of the directions" in scene.caption, scene.caption


def test_it_works_without_entries_and_says_nothing_where_nothing_is_known(result):
    free = rp.minimize(chain, np.linspace(-1, 1, N), method="trust-cg")
    assert spread_of(free).estimate.highest == pytest.approx(spread_of(result).estimate.highest, rel=1e-6)
    learned = rp.minimize(lambda x: chain(np.asarray(x)), np.linspace(-1, 1, N), method="lbfgs", max_steps=3)
    assert spread_of(learned) is None or "estimate" in scenes.spectrum(learned).title


def test_its_words_exist_in_chinese(result):
    scene = scenes.spectrum(result)
    for text in (scene.question, scene.title, scene.caption, scene.x_label, scene.y_label):
        assert chinese(text) is not None, text
