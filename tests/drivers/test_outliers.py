"""Outliers: robust losses of whole factors, graduated non-convexity, and the start along odometry."""

import json
from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.cli.main import invoke
from raphson.kernel.space import Euclidean
from raphson.linear.blocks import one_vector
from raphson.picture.maps.graph_map import GraphMap
from raphson.picture.maps.map_words import map_words
from raphson.problems.loss import LOSSES, Loss
from raphson.slam.graduated_loss import FORMS, GraduatedLoss
from raphson.slam.graph_file import EDGE_KINDS, VERTEX_KINDS, Edges, GraphFile, Vertices
from raphson.slam.rigid import Poses, nearest_rotations, poses_of, rows_of
from raphson.slam.robust import FactorLoss
from raphson.solver.drive import advance
from tests.laws.graph_samples import sample_graph

HEIGHTS = ((7, 3), (4, 2))
GRADUATED = [
    ("truncated", 0.0),
    ("truncated", 0.3),
    ("truncated", 50.0),
    ("geman-mcclure", 1.0),
    ("geman-mcclure", 40.0),
]


def factor_losses(dtype):
    """Every loss of whole factors, scale 1.7; of graduated ones a third of the factors is trusted."""
    found = {name: FactorLoss(Loss(rho, np.asarray(1.7, dtype), name), HEIGHTS) for name, rho in LOSSES.items()}
    limits = tuple(jnp.asarray(np.where(np.arange(m) % 3 == 1, np.inf, 1.7), dtype) for m, _ in HEIGHTS)
    for form, softness in GRADUATED:
        loss = GraduatedLoss(Loss(FORMS[form], None, "gnc"), HEIGHTS, jnp.asarray(softness, dtype), limits, form)
        found[f"{form} {softness}"] = loss
    return found


@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0, 1e4, 1e15])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_gradient_curvature_and_model_agree_under_every_loss(dtype, size):
    """At no error, small, middle and absurd ones. The gradient that JAX has of the cost is w r; the second derivatives
    are those of JAX in float64; the model of reweighted least squares, cost + w (q' - q) / 2 over the squares q, lies
    nowhere below the cost, and is never concave."""
    rng = np.random.default_rng(1)
    errors = [rng.standard_normal(shape) for shape in HEIGHTS]
    r = one_vector([jnp.asarray(size * e * np.geomspace(0.2, 3, len(e))[:, None], dtype) for e in errors])
    other = one_vector([jnp.asarray(size * rng.standard_normal(shape), dtype) for shape in HEIGHTS])
    eps = float(jnp.finfo(dtype).eps)
    losses = factor_losses(dtype)
    both = jax.jit(
        lambda r, o: [
            (f.cost(r), jax.grad(f.cost)(r), f.weights(r), f.second(r), f.corrected(r), f.cost(o))
            for f in losses.values()
        ]
    )
    for name, (cost, slope, (w, _), W, (q, root), there) in zip(losses, both(r, other), strict=True):
        assert all(np.isfinite(a).all() for a in jax.tree.leaves((cost, slope, w, W, q, root))), name
        np.testing.assert_allclose(slope, w * r, rtol=200 * eps, atol=200 * eps * size, err_msg=name)
        np.testing.assert_allclose(q * root, w * r, rtol=20 * eps, atol=1e-15 * size, err_msg=name)
        assert (np.asarray(w) >= 0).all(), name
        bound = float(cost) + 0.5 * float(w @ (other**2 - r**2))
        assert float(there) <= bound + 1e3 * eps * (abs(bound) + float(cost) + size**2), name
        if dtype is np.float64 and 0 < size < 1e5:
            H, start = np.asarray(jax.hessian(losses[name].cost)(r)), 0
            for block in W:
                for part in np.asarray(block):
                    end = start + len(part)
                    exact = H[start:end, start:end]
                    np.testing.assert_allclose(part, exact, rtol=1e-9, atol=1e-9, err_msg=name)
                    start = end


def test_soft_costs_become_the_costs_that_are_claimed():
    """Without softness z up to 1; with much of it z itself, in scale; between, one piece goes over into the next."""
    z = jnp.asarray(np.geomspace(1e-6, 1e6, 400))
    soft = FORMS["truncated"]
    np.testing.assert_allclose(soft(z, 0.0)[0], np.minimum(z, 1), rtol=1e-14)
    for s in (1e-2, 1.0, 30.0):
        for knee in (1 / (1 + s), 1 + s):
            a, b = (np.array(soft(jnp.asarray(knee * (1 + d)), s)[:2]) for d in (-1e-9, 1e-9))
            np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(FORMS["geman-mcclure"](z, 1.0)[0], z / (1 + z), rtol=1e-14)
    np.testing.assert_allclose(FORMS["geman-mcclure"](z, 1e12)[0], z, rtol=1e-5)


NOISE = 0.05
LOOPS = 24
"""Loop closures of every graph, right or wrong: all of a kind have one shape, and so one program."""


def walk(kind, bad, seed=0, told=NOISE, agree=0):
    """(file, which edges are wrong): 30 poses in a row and loop closures, the last `bad` of them anywhere; the last
    `agree` of these agree with each other on a place 5 m away. `told`: the noise that the information promises."""
    rng, d, n = np.random.default_rng(seed), VERTEX_KINDS[kind].dimension, 30
    steps = Poses(nearest_rotations(np.eye(d) + 0.5 * rng.normal(size=(n, d, d))), rng.uniform(0, 1, (n, d)))
    truth = [steps[:1]]
    for k in range(1, n):
        truth.append(truth[-1].compose(steps[k : k + 1]))
    truth = Poses(np.concatenate([pose.R for pose in truth]), np.concatenate([pose.t for pose in truth]))
    pairs = np.random.default_rng(5)  # the same in all graphs, so that one program serves them
    i = np.concatenate([np.arange(n - 1), pairs.integers(0, 14, LOOPS)])
    j = np.concatenate([np.arange(1, n), pairs.integers(16, n, LOOPS)])
    turn = NOISE / np.sqrt(2) * rng.normal(size=(len(i), d, d))
    turns = nearest_rotations(np.eye(d) + turn - np.swapaxes(turn, 1, 2))
    measured = truth[i].inverse().compose(truth[j]).compose(Poses(turns, NOISE * rng.normal(size=(len(i), d))))
    wrong = np.arange(len(i)) >= len(i) - bad
    k = int(wrong.sum())
    measured.R[wrong], measured.t[wrong] = nearest_rotations(rng.normal(size=(k, d, d))), rng.uniform(-8, 8, (k, d))
    if agree:
        same = np.arange(len(i)) >= len(i) - agree
        moved = truth[i[same]].inverse().compose(Poses(truth.R[j[same]], truth.t[j[same]] + 5))
        measured.R[same], measured.t[same] = moved.R, moved.t
    rows = EDGE_KINDS[kind].rows
    weights = np.broadcast_to(np.eye(rows) / told**2, (len(i), rows, rows)).copy()
    if kind == "SE3":
        weights[:, 3:] *= 4  # half the angle
    none = np.zeros(len(i), np.int64)
    edges = {kind: Edges(kind, i, j, rows_of(kind, measured), weights, none)}
    anywhere = rows_of(kind, Poses(nearest_rotations(rng.normal(size=(n, d, d))), 9 * rng.normal(size=(n, d))))
    vertices = {kind: Vertices(kind, np.arange(n) * 3, anywhere, none[:n])}
    return GraphFile("walk", vertices, edges), wrong


def without(file, kind, wrong):
    """The same file, its wrong edges with next to no information."""
    e = file.edges[kind]
    return replace(file, edges={kind: replace(e, information=np.where(wrong[:, None, None], 1e-14, 1) * e.information)})


@pytest.mark.parametrize("kind", ["SE2", "SE3"])
def test_outliers_are_told_and_the_map_is_that_without_them(kind):
    """None, a tenth, half, all of the loop closures, and some that agree with each other: those that are judged are
    those that are wrong, and the minimum is that of the graph without them. All of it with one program."""
    programs = []
    for bad, agree in ((12, 0), (0, 0), (2, 0), (LOOPS, 0), (8, 6)):
        file, wrong = walk(kind, bad, seed=bad, agree=agree)
        found = rp.slam.optimize(file, loss="gnc", init="odometry")
        programs.append(advance.jitted._cache_size())
        np.testing.assert_array_equal(found.outliers[0], wrong, err_msg=f"{bad}")
        np.testing.assert_array_equal(found.weights[0], ~wrong)
        clean = rp.slam.optimize(without(file, kind, wrong), init=found.values)
        np.testing.assert_allclose(found.poses, clean.poses, atol=1e-7)
        assert found.success, found
        spared = 0.5 * found.model.problem.loss.limits[0][-1] ** 2  # c^2 / 2
        assert found.value == pytest.approx(clean.value + bad * float(spared), rel=1e-9)
        assert any(f"{bad} of the {LOOPS} factors" in note for note in found.notes)
        assert any("where that cannot be" in note for note in found.notes) == (2 * bad > LOOPS)
    assert programs[1:] == [programs[1]] * 4  # the second call has met the plain loss as well


@pytest.mark.parametrize(
    ("told", "more", "judged"),
    [
        (NOISE * 10, {}, "narrowed to"),  # the information says ten times the noise
        (NOISE / 10, {"scale": 10.0}, ""),
        (NOISE / 10, {}, "where that cannot be"),  # a tenth of it: right loop closures are far beyond their threshold
        (NOISE, {"trusted": "none"}, ""),
        (NOISE, {"trusted": [np.arange(29 + LOOPS) < 35]}, ""),
        (NOISE, {"form": "geman-mcclure"}, ""),
    ],
)
def test_information_of_another_scale_trust_and_the_other_form(told, more, judged):
    """Thresholds follow what is kept where that errs less than it says, and `scale` where it errs more; without that,
    it is said. Trusted factors are any that one likes."""
    file, wrong = walk("SE2", 6, seed=2, told=told)
    found = rp.slam.optimize(file, loss=rp.slam.GraduatedNonConvexity(**more))
    assert found.success and "odometry" in found.reasons[0], found
    assert any(judged in said for said in (*found.notes, *found.reasons))
    rounds, words = found.rounds, map_words(found, GraphMap.of(found, ellipses=False), "", "zh")
    count, trials = (sum(getattr(one, name) for one in rounds) for name in ("stages", "trials"))
    assert any(f"{count} stages, {trials} trials before" in said for said in found.reasons)
    assert [one.again for one in rounds] == [False] * (len(rounds) - 1) + [True]
    last = next(one for one in reversed(rounds) if one.kept)  # the final run may go on
    assert last.dropped == found.outliers[0].sum() or "form" in more
    assert (rounds[-1].size < 1) == (judged == "narrowed to") and all(a.size > b.size for a, b in pairwise(rounds[:-1]))
    text = dict(words["lines"])["各轮"]
    assert text.count("剔除") == len(rounds) and text.startswith("第 1 轮：软度 ")
    assert f" 至 {rounds[0].last:.2g}，{rounds[0].stages} 个阶段，剔除 {rounds[0].dropped} 个" in text
    if told < NOISE and not more:
        assert found.outliers[0].sum() > LOOPS / 2
    elif "form" in more:  # a cost that is never flat: one more is beyond its threshold
        assert found.outliers[0][wrong].all() and found.outliers[0].sum() <= wrong.sum() + 1
        assert (found.weights[0][wrong] < 1e-2).all()
    else:
        np.testing.assert_array_equal(found.outliers[0], wrong)


def test_observations_of_landmarks_are_judged_and_limits_are_kept():
    """As loop closures are; where all is trusted there is nothing to judge; so many trials are made and no more."""
    rng = np.random.default_rng(3)
    graph = rp.slam.FactorGraph()
    places = np.stack([np.arange(8.0), np.zeros(8), np.zeros(8)], 1)
    noise = 0.1 * rng.standard_normal((8, 3)) * (np.arange(8) > 0)[:, None]
    graph.add_variables("pose", rp.slam.SE2(), places + noise, frozen=[0])
    rows = np.stack([np.arange(7), np.arange(1, 8)], 1)
    graph.add_factors(rp.slam.errors.between_se2, ("pose", "pose"), rows, [[1, 0, 0]] * 7, sigmas=[0.1, 0.1, 0.1])
    marks = np.array([[2.0, 3.0], [5.0, -2.0]])
    graph.add_variables("mark", Euclidean(), marks + 0.3)
    seen = np.stack([np.tile(np.arange(8), 2), np.repeat([0, 1], 8)], 1)
    z = marks[seen[:, 1]] - places[seen[:, 0], :2] + 0.05 * rng.standard_normal((16, 2))
    z[[3, 9, 14]] += [[4, 1], [-3, 2], [2, 5]]
    graph.add_factors(rp.slam.errors.point_se2, ("pose", "mark"), seen, z, sigmas=[0.05, 0.05])
    found = rp.slam.optimize(graph, loss="gnc")
    assert found.success and [list(np.flatnonzero(mask)) for mask in found.outliers] == [[], [3, 9, 14]], found
    np.testing.assert_allclose(found.values["mark"], marks, atol=0.15)
    trusting = rp.slam.GraduatedNonConvexity(trusted=[np.ones(7, bool), np.ones(16, bool)])
    alone = rp.slam.optimize(graph, loss=trusting)
    assert alone.success and not alone.outliers[1].any() and any("nothing to judge" in note for note in alone.notes)
    short = rp.slam.optimize(graph, loss="gnc", max_steps=6)
    assert not short.success and short.termination.name == "STEPS"
    assert rp.slam.optimize(graph, loss="gnc", time_limit=1e-9).termination.name == "TIME"


def stop_at_third(*_):
    """A `progress` that is Ctrl-C when it is told the third time."""
    stop_at_third.calls += 1
    if stop_at_third.calls == 3:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("how", "name"),
    [({"time_limit": 1e-9}, "TIME"), ({"progress": stop_at_third}, "USER"), ({"max_steps": 8}, "STEPS")],
)
def test_stages_that_were_cut_are_no_success(how, name):
    """The minimum of a cost that was never narrowed down to says nothing on outliers: it is said, and is no success."""
    stop_at_third.calls = 0
    file, _ = walk("SE2", 6, seed=2)
    found = rp.slam.optimize(file, loss="gnc", **how)
    assert not found.success and found.termination.name == name, found
    assert any("before its stages were over" in note for note in found.notes) and "stages" in found.verdict


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"form": "x"}, "form"),
        ({"probability": 1.0}, "probability"),
        ({"trusted": "all"}, "trusted"),
        ({"scale": 0}, "scale"),
    ],
)
def test_what_cannot_be_meant_is_refused(more, word):
    """With the name of what is wrong."""
    with pytest.raises(ValueError, match=word):
        rp.slam.GraduatedNonConvexity(**more)


def test_masks_that_fit_no_factors_are_refused():
    """With the shapes that are wanted."""
    file, _ = walk("SE2", 1)
    with pytest.raises(ValueError, match=rf"\({29 + LOOPS},\)"):
        rp.slam.optimize(file, loss=rp.slam.GraduatedNonConvexity(trusted=[np.ones(3, bool)]))


@pytest.mark.parametrize("kind", ["SE2", "SE3"])
def test_the_start_along_odometry_follows_it_and_nothing_else(kind):
    """From the first vertex, from a fixed one, from a prior; over a gap by another edge; edges both ways."""
    file, _ = walk(kind, LOOPS, seed=4)
    edge, first = file.edges[kind], file.vertices[kind].values[0]
    start = rp.slam.odometry_start(file)[kind]
    poses = poses_of(kind, start)
    relative = poses[edge.i[:29]].inverse().compose(poses[edge.j[:29]])
    measured = poses_of(kind, edge.measurement[:29])
    np.testing.assert_allclose(relative.R, measured.R, atol=1e-12)
    np.testing.assert_allclose(relative.t, measured.t, atol=1e-12)
    np.testing.assert_allclose(poses[:1].R, poses_of(kind, first[None]).R, atol=1e-12)
    held = rp.slam.odometry_start(replace(file, fixed=np.array([21])))[kind]  # ids are thrice the rows
    np.testing.assert_array_equal(held[7], file.vertices[kind].values[7])
    same = poses_of(kind, held)
    np.testing.assert_allclose(same[6:7].inverse().compose(same[9:10]).t, poses[6:7].inverse().compose(poses[9:10]).t)
    keep = np.arange(len(edge)) != 10  # of odometry: the pose 11 hangs on a loop closure now
    fields = {name: getattr(edge, name)[keep] for name in ("i", "j", "measurement", "information", "lines")}
    broken = rp.slam.odometry_start(replace(file, edges={kind: replace(edge, **fields)}))[kind]
    jumped = poses_of(kind, broken)
    loops = poses_of(kind, edge.measurement[29:])
    errors = jumped[edge.i[29:]].inverse().compose(jumped[edge.j[29:]]).t - loops.t
    assert (np.linalg.norm(errors, axis=1) < 1e-9).sum() == 1


def test_the_start_along_odometry_begins_at_a_prior_and_sees_by_the_sensor():
    """Z S^-1 is where the robot was; landmarks are where their first edge saw them."""
    file, _ = sample_graph(3, "SE3", points=4, priors=1)
    start = rp.slam.odometry_start(file)
    costs = rp.slam.edge_costs(file, "g2o", start)
    assert costs["SE3_PRIOR"].max() < 1e-18
    assert (costs["SE3_XYZ"] < 1e-18).sum() >= 4


def test_the_command_line_names_them(capsys, tmp_path, monkeypatch):
    """By the ids of their poses, and in a sentence."""
    monkeypatch.setenv("RAPHSON_CACHE", "0")
    file, wrong = walk("SE2", 2, seed=2)
    rp.slam.write_g2o(tmp_path / "walk.g2o", file)
    assert invoke(("slam", str(tmp_path / "walk.g2o"), "--robust", "gnc", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    edge = file.edges["SE2"]
    assert found["outliers"] == [[3 * int(i), 3 * int(j)] for i, j in zip(edge.i[wrong], edge.j[wrong], strict=True)]
    assert invoke(("slam", str(tmp_path / "walk.g2o"), "--robust", "gnc", "--init", "odometry")) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"2 of the {LOOPS} factors" in said and "rounds 1: softness " in said and ", 2 dropped held" in said
