"""Pictures of a training loss: what they draw is what a dense Hessian says, and their words exist in Chinese."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.picture import learning, scenes
from raphson.picture.chinese import chinese, chinese_scene
from raphson.picture.render.svg import svg
from raphson.picture.scene import Curve, Scene, Stems, Text
from raphson.picture.views.density import LEAST, WIDTH

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(60, 4)), RNG.integers(0, 3, 60)
PARAMS = {"hidden": jnp.asarray(RNG.normal(size=(4, 8)) / 2), "last": jnp.asarray(RNG.normal(size=(8, 3)))}


def net(p, x):
    return jnp.tanh(x @ p["hidden"]) @ p["last"]


@pytest.fixture(scope="module")
def risk():
    return rp.ml.EmpiricalRisk("cross-entropy", (X, Y), predict=net)


@pytest.fixture(scope="module")
def density(risk):
    return rp.ml.spectral_density(risk.hessian(PARAMS), runs=6, steps=30)


@pytest.fixture(scope="module")
def curvature(risk):
    return rp.ml.layer_curvature(risk.hessian(PARAMS), 20)


@pytest.fixture(scope="module")
def planes(risk):
    return {plane: learning.landscape(risk, PARAMS, plane, reach=0.3, points=9) for plane in ("newton", "eigenvectors")}


def words(scene: Scene) -> list[str]:
    """All that is to be read, but numbers and the names of parameters."""
    items = [item.text for item in scene.items if isinstance(item, Text)]
    own = [scene.question, scene.title, scene.caption, *scene.notes, scene.x_label, scene.y_label, *items]
    return [text for text in own if text] + ([] if scene.below is None else words(scene.below))


def test_the_density_counts_the_eigenvalues(risk, density):
    values = np.linalg.eigvalsh(risk.hessian(PARAMS).dense())
    scene = scenes.spectrum(density)
    for part, sign, role in ((scene, 1, "positive"), (scene.below, -1, "negative")):
        (curve,) = [item for item in part.items if isinstance(item, Curve) and item.role == role]
        x, y = np.log10(curve.points[:, 0]), np.where(curve.points[:, 1] > LEAST, curve.points[:, 1], 0)
        count = np.sum(sign * values > 10 ** x[0])
        assert np.trapezoid(y, x) == pytest.approx(count, rel=0.3)
    named = [float(t.text.replace("−", "-")) for p in (scene, scene.below) for t in p.items if isinstance(t, Text)]
    assert named[0] == pytest.approx(values[-1], rel=1e-2) and min(named) == pytest.approx(values[0], rel=1e-2)
    assert scene.log == "xy" and "are negative" in scene.caption and WIDTH > 0


def test_outliers_by_their_pairs(risk, density):
    pairs = rp.ml.eigenpairs(risk.hessian(PARAMS), 2, "magnitude")
    named = [item.text for item in scenes.spectrum(density, pairs).items if isinstance(item, Text)]
    assert [float(word) for word in named] == pytest.approx(pairs.values, rel=1e-2)
    with pytest.raises(TypeError, match="SpectralDensity"):
        scenes.spectrum(rp.local_model(lambda x: x @ x, np.ones(2)), pairs)


def test_layers_have_their_traces(risk):
    H = np.asarray(risk.hessian(PARAMS).dense())
    found = rp.ml.layer_curvature(risk.hessian(PARAMS), 56)
    scene = scenes.layers(found)
    (stems,) = [item for item in scene.items if isinstance(item, Stems)]
    assert stems.labels == ("hidden", "last")
    assert stems.values == pytest.approx([np.trace(H[:32, :32]), np.trace(H[32:, 32:])])
    with pytest.raises(TypeError, match="layer_curvature"):
        scenes.layers(risk)


def test_the_plane_holds_the_loss_and_its_quadratic(risk, planes):
    H, g = (
        np.asarray(risk.hessian(PARAMS).dense()),
        np.asarray(risk.hessian(PARAMS).parameters.flat(risk.gradient(PARAMS))),
    )
    for plane, scene in planes.items():
        grid = next(item.grid for item in scene.items if hasattr(item, "grid"))
        assert grid.values[4, 4] == pytest.approx(float(risk.value(PARAMS)), rel=1e-12)
        if plane == "newton":
            flat = risk.hessian(PARAMS).parameters
            first = -g / np.linalg.norm(g)
            there = flat.tree(flat.flat(PARAMS) + 0.3 * first)
            assert grid.values[4, -1] == pytest.approx(float(risk.value(there)), rel=1e-10)
            step = -np.linalg.pinv(H, 1e-10) @ g  # the same number added to all logits changes nothing
            off = np.degrees(np.arccos(-g @ step / np.linalg.norm(g) / np.linalg.norm(step)))
            assert f"{off:.1f}°" in scene.caption
        else:
            top = np.sort(np.abs(np.linalg.eigvalsh(H)))[-2:]
            assert any(f"{top[1]:.3g}" in str(getattr(item, "label", "")) for item in scene.items), top


def test_words_exist_in_chinese(density, curvature, planes):
    for scene in (scenes.spectrum(density), scenes.layers(curvature), *planes.values()):
        assert [text for text in words(scene) if chinese(text) is None] == []
        assert "decade" not in svg(chinese_scene(scene))


def test_what_has_no_picture_is_named(risk):
    for plane, message in (
        ("middle", "'middle'"),
        ((PARAMS,), "choose one"),
        ((np.ones(3), np.ones(3)), "two directions"),
    ):
        with pytest.raises(ValueError, match=message):
            learning.landscape(risk, PARAMS, plane)
    with pytest.raises(ValueError, match="one parameter"):
        learning.landscape(rp.ml.EmpiricalRisk(lambda p, batch: jnp.mean((batch - p) ** 2), X[:, 0]), jnp.ones(()))
    with pytest.raises(ValueError, match="above 0"):
        learning.landscape(risk, PARAMS, reach=-1.0)
    with pytest.raises(ValueError, match="not finite"):
        learning.landscape(risk, jax.tree.map(lambda a: a * np.nan, PARAMS))
    zero = rp.ml.EmpiricalRisk(lambda p, batch: 0.0 * jnp.sum(p), (X,))
    flat = learning.landscape(zero, jnp.ones(5), "eigenvectors", points=5)
    assert svg(flat) and svg(scenes.spectrum(rp.ml.spectral_density(zero.hessian(jnp.ones(5)), runs=2, steps=3)))
    with pytest.raises(ValueError, match="gradient is zero"):
        learning.landscape(zero, jnp.ones(5))
