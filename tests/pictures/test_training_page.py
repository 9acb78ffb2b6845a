"""The page of a training run: its numbers are those of the trace and of the loss, and its words exist in Chinese."""

import pickle
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import raphson as rp
from raphson.picture.chinese import chinese, chinese_scene
from raphson.picture.scene import Contours, Curve, Dots, Scene
from raphson.picture.training_page import refused, summary, training_scenes
from raphson.picture.training_plane import last_step
from raphson.picture.views.training import training as curves

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(60, 4)), RNG.integers(0, 3, 60)
PARAMS = {"hidden": jnp.asarray(RNG.normal(size=(4, 8)) / 2), "last": jnp.asarray(RNG.normal(size=(8, 3)))}


def net(p, x):
    return jnp.tanh(x @ p["hidden"]) @ p["last"]


RISK = rp.ml.EmpiricalRisk("cross-entropy", (X, Y), predict=net)


@pytest.fixture(scope="module")
def run():
    return rp.ml.train(RISK, PARAMS, epochs=3, batch_size=12, certify=True)


def words(scene: Scene) -> list[str]:
    """All that is to be read."""
    labels = [getattr(item, name, "") for item in scene.items for name in ("label", "text")]
    return [text for text in [scene.question, scene.title, scene.caption, *scene.notes, scene.x_label, scene.y_label,
                              *labels] if text]  # fmt: skip


def flat(tree):
    return RISK.hessian(PARAMS).parameters.flat(tree)


def test_the_plane_holds_the_step_and_the_loss_on_all_data(run):
    before, after = run.seen.before, run.params
    scene = last_step(RISK, before, after, points=5)
    (way,) = [item for item in scene.items if isinstance(item, Curve) and item.role == "path"]
    step, g = np.asarray(flat(after) - flat(before)), np.asarray(flat(RISK.gradient(before)))
    along = -g @ step / np.linalg.norm(g)
    assert way.points[1] == pytest.approx([along, np.sqrt(step @ step - along**2)], rel=1e-9)
    grid = next(item.grid for item in scene.items if isinstance(item, Contours))
    corner = np.array([grid.x[-1], grid.y[0]])
    first = -g / np.linalg.norm(g)
    second = step - along * first
    there = flat(before) + corner[0] * first + corner[1] * second / np.linalg.norm(second)
    tree = RISK.hessian(PARAMS).parameters.tree(there)
    assert grid.values[0, -1] == pytest.approx(float(RISK.value(tree)), rel=1e-9)
    H = np.asarray(RISK.hessian(before).dense())
    promised, got = g @ step + step @ H @ step / 2, float(RISK.value(after)) - float(RISK.value(before))
    told = re.search(r"foresaw a (\w+) of (\S+), and there was a (\w+) of (\S+)\.$", scene.notes[-1])
    assert told and [float(told[2]), float(told[4])] == pytest.approx([abs(promised), abs(got)], rel=6e-3)
    assert (told[1], told[3]) == tuple("rise" if a > 0 else "fall" for a in (promised, got))


@pytest.mark.parametrize(
    ("before", "why"),
    [(None, "No step was taken"), (PARAMS, "is zero"), ("along", "lay along"), ("near", "no more than its rounding")],
)
def test_where_the_step_shows_nothing_curvature_does(before, why):
    g = RISK.gradient(PARAMS)
    if before == "along":
        before, after = PARAMS, jax.tree.map(lambda p, slope: p - 0.1 * slope, PARAMS, g)
    elif before == "near":
        before, after = PARAMS, {**PARAMS, "last": PARAMS["last"].at[0, 0].add(1e-15)}
    else:
        after = PARAMS
    scene = last_step(RISK, before, after, points=5)
    assert why in scene.notes[-1] and scene.x_label.startswith("eigenvector")
    assert [text for text in words(scene) if chinese(text) is None] == []


def test_curves_are_the_columns_of_the_trace(run):
    loss, gradient, held, ratio = curves(run.trace, run.seen.unit)
    for scene, column in ((loss, "loss"), (gradient, "gradient_norm"), (held, "damping")):
        line = next(item for item in scene.items if isinstance(item, Curve))
        assert np.array_equal(line.points, np.stack([run.trace.epochs, getattr(run.trace, column)], 1))
    refused_dots = sum(len(item.points) for item in ratio.items if isinstance(item, Dots) and not item.filled.all())
    inside = (run.trace.ratio >= -1) & (run.trace.ratio <= 3)
    assert refused_dots == int(np.sum(inside & ~run.trace.accepted))
    mean = next(item.points for item in loss.items if isinstance(item, Curve) and item.label == "mean of an epoch")
    assert mean[0, 1] == pytest.approx(np.mean(run.trace.loss[run.trace.epochs <= 1]))


def test_refused_trials_are_named():
    broken = X.copy()
    broken[7, 0] = np.nan
    found = rp.ml.train(rp.ml.EmpiricalRisk("cross-entropy", (X, Y), predict=net), PARAMS, (broken, Y), epochs=2,
                        batch_size=12, method="lbfgs")  # fmt: skip
    lines = summary(found)
    assert any("not finite, and left out: batch" in line for line in lines)
    fine = np.isfinite(found.trace.loss) & ~found.trace.accepted
    assert bool(refused(found.trace)) == bool(fine.any())
    assert [line for line in lines if chinese(line) is None] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_one_file_without_scripts_and_network(run, tmp_path, language):
    path = run.report(tmp_path / "run.html", title="a <net>", language=language)
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text and "http" not in text.replace("http://www.w3.org", "")
    assert "a &lt;net&gt;" in text and f'lang="{language}"' in text and text.count("<svg") == 5
    scenes, missing = training_scenes(run)
    assert missing == [] and [word for scene in scenes for word in words(scene) if chinese(word) is None] == []
    assert [line for line in summary(run) if chinese(line) is None] == []
    assert ("只有英文" in text) is False and all(chinese_scene(scene) for scene in scenes)


def test_what_a_stream_and_a_transformation_leave_out(run, tmp_path):
    def loss(p, batch):
        return jnp.mean((batch @ p - 1) ** 2)

    batches = iter([X[:12], X[12:24]])
    adam = rp.ml.train(loss, jnp.ones(4), batches=batches, method=optax.adam(0.1))
    text = adam.report(tmp_path / "stream.html").read_text()
    assert "no landscape" in text and text.count("<svg") == 3
    read = pickle.loads(pickle.dumps(run))
    assert read.seen.risk is None and "no landscape" in read.report(tmp_path / "read.html").read_text()
    own = rp.ml.train(loss, jnp.ones(4), X, batch_size=12, method=optax.adam(0.1), steps=3)
    assert training_scenes(own)[1] == []
    none = rp.ml.train(loss, jnp.ones(4), X, batch_size=12, steps=0)
    assert "No step was taken" in none.report(tmp_path / "none.html").read_text()
    assert [word for scene in curves(own.trace, own.seen.unit) for word in words(scene) if chinese(word) is None] == []
    with pytest.raises(ValueError, match="no trial"):
        rp.plot.training(none)
    with pytest.raises(ValueError, match="'fr'"):
        run.report(tmp_path / "fr.html", language="fr")
    with pytest.raises(FileNotFoundError, match="no folder"):
        run.report(tmp_path / "nowhere" / "run.html")


def test_one_axes_gets_the_loss(run):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert rp.plot.training(run, ax) is ax
    assert ax.get_ylabel().startswith("loss")
    plt.close("all")


def test_a_run_of_a_named_loss_goes_on(run):
    assert len(rp.ml.train(RISK, PARAMS, epochs=4, batch_size=12, state=run.state).trace) > 0
