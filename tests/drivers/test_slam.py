"""The door for factor graphs: what it takes, what it says, and what comes back."""

import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.kernel.status import Status
from raphson.report.console import live_line
from raphson.slam.account import FACTOR_CLASSES, factor_class, ids_of

errors = rp.slam.errors
SE2 = rp.slam.SE2()


def row_of_poses(n=6, seed=0, noise=0.0):
    """Poses in a row with exact or noisy odometry, started beside the truth."""
    rng = np.random.default_rng(seed)
    truth = np.cumsum(rng.uniform(0, 1, (n, 3)), 0)
    pairs = np.stack([np.arange(n - 1), np.arange(1, n)], 1)
    z = np.array(SE2.between(jnp.asarray(truth[:-1]), jnp.asarray(truth[1:])))
    graph = rp.slam.FactorGraph()
    graph.add_variables("pose", SE2, truth + 0.01)
    graph.add_factors(errors.between_se2, ("pose", "pose"), pairs, z + noise * rng.standard_normal(z.shape))
    return graph


def gps(pose, z):
    """A factor as its user writes it with NumPy."""
    return np.array([np.hypot(pose[0], pose[1]) - z[0], np.sin(pose[2]) - z[1]])


def gps_in_jax(pose, z):
    """The same for JAX."""
    return jnp.stack([jnp.hypot(pose[0], pose[1]) - z[0], jnp.sin(pose[2]) - z[1]])


def test_a_factor_written_with_numpy_is_one_written_for_jax():
    """The same minimum; one pose with a measurement of its own fixes nothing that is held."""
    found = []
    for factor in (gps, gps_in_jax):
        graph = row_of_poses()
        graph.add_factors(factor, "pose", [3, 4], [[1.0, 0.5], [2.0, 0.1]], sigmas=[0.1, 0.1])
        result = rp.slam.optimize(graph)
        assert "gps" in repr(graph) and not any("held" in note for note in result.notes)
        found.append(result)
    assert found[0].value == pytest.approx(found[1].value, rel=1e-12)
    np.testing.assert_allclose(found[0].poses, found[1].poses, atol=1e-9)


def test_factors_may_return_one_number_and_need_no_measurement():
    """A number counts as an array of one."""
    graph = row_of_poses()
    graph.add_factors(lambda x: x[0] - 1, "pose", [3])
    result = rp.slam.optimize(graph)
    assert result.success and abs(result.poses[3, 0] - 1) < 1e-9


def test_a_factor_that_returns_no_numbers_is_refused():
    """With what it returned."""
    for factor, word in ((lambda x, z: (x, z), "tuple"), (lambda x, z: x > z, "bool")):
        with pytest.raises(TypeError, match=word):
            row_of_poses().add_factors(factor, "pose", [0], [[1.0]])
    with pytest.raises(ValueError, match="not finite, the first is that of factor 1"):
        row_of_poses().add_factors(errors.prior_se2, "pose", [0, 1], [[0, 0, 0], [np.nan, 0, 0]])


def test_a_direction_that_nothing_determines_is_named():
    """A landmark of which one direction was seen once: no minimum is claimed, and the verdict says which landmark."""
    graph = row_of_poses()
    graph.add_variables("mark", rp.Euclidean(), [[5.0, 5.0]])
    bearing = lambda a, p, z: jnp.arctan2(*rp.slam.SE2().act(rp.slam.SE2().inverse(a), p)[::-1]) - z
    graph.add_factors(bearing, ("pose", "mark"), [(0, 0)], [[0.1]])
    result = rp.slam.optimize(graph)
    assert not result.success and "mark[0]" in result.verdict


def test_results_are_printed_and_pickled_without_their_functions():
    """A lambda as a factor stays behind."""
    graph = row_of_poses(noise=0.1)
    graph.add_factors(lambda x: x[:1] - 1, "pose", [3])
    result = rp.slam.optimize(graph)
    back = pickle.loads(pickle.dumps(result))
    assert back.chi2 == result.chi2 and back.verdict == result.verdict
    np.testing.assert_array_equal(back.poses, result.poses)
    text = str(result)
    assert "MINIMUM" in text and "(g2o)" in text and "certificate" in text
    assert list(result.names[:2]) == ["pose[0].1", "pose[0].2"] and len(result.names) == 18


def test_error_bars_are_those_of_the_dense_inverse():
    """Marginal covariances, of all and of pairs, to 1e-8."""
    graph = row_of_poses(n=20, noise=0.1)
    graph.add_factors(errors.between_se2, ("pose", "pose"), [(0, 9), (3, 17)], [[1, 2, 3], [2, 1, 0]])
    result = rp.slam.optimize(graph)
    J = result.jacobian.toarray()
    inverse = np.linalg.inv(J.T @ J)
    np.testing.assert_allclose(result.standard_errors**2, np.diag(inverse), rtol=1e-8)
    block = result.uncertainty.covariances(["pose[7].1", "pose[12].3"])
    i, j = result.names.index("pose[7].1"), result.names.index("pose[12].3")
    np.testing.assert_allclose(block, inverse[np.ix_([i, j], [i, j])], rtol=1e-8)


def apart(pose, p, z):
    """A position, in which x and y are not coupled."""
    return (p - z) * jnp.array([1.0, 0.2])


@pytest.mark.parametrize(("positions", "few"), [(False, 16), (True, 16), (True, 0)])
def test_marginals_are_blocks_of_the_dense_inverse(positions, few, monkeypatch):
    """Of all types, to 1e-8, also where no factor couples the numbers of a variable; zero for what is held."""
    monkeypatch.setattr("raphson.slam.marginals.FEW", few)
    graph = row_of_poses(n=20, noise=0.1)
    graph.add_factors(errors.prior_se2, "pose", [7], [[0.0, 0.0, 0.0]])
    graph.add_variables("mark", rp.Euclidean(), [[5.0, 5.0], [4.0, 2.0]], frozen=[1])
    seen = errors.point_se2 if not positions else apart
    graph.add_factors(seen, ("pose", "mark"), [(3, 0), (5, 0), (6, 1)], [[1.0, 0.0], [2.0, 1.0], [1.0, 1.0]])
    result = rp.slam.optimize(graph)
    J = result.jacobian.toarray()
    inverse = np.linalg.inv(J.T @ J)
    marks, poses = result.marginals["mark"], result.marginals["pose"]
    assert marks.shape == (2, 2, 2) and poses.shape == (20, 3, 3) and not marks[1].any()
    np.testing.assert_allclose(marks[0], inverse[:2, :2], rtol=1e-8, atol=1e-14)  # types stand by their names
    first = np.flatnonzero([name.endswith(".1") and name.startswith("pose") for name in result.names])
    for block, k in zip(poses, first, strict=True):
        np.testing.assert_allclose(block, inverse[k : k + 3, k : k + 3], rtol=1e-8, atol=1e-14)


def test_what_nothing_determines_has_no_marginal():
    """Seen at a distance alone: inf and NaN, and the poses have theirs; of a large noise the inverse is as exact."""
    graph = row_of_poses(n=6, noise=0.1)
    graph.add_variables("mark", rp.Euclidean(), [[5.0, 5.0]])
    graph.add_factors(errors.range_bearing, ("pose", "mark"), [(0, 0)], [[7.0, 0.1]], information=np.diag([1.0, 0.0]))
    result = rp.slam.optimize(graph)
    assert np.isinf(np.diagonal(result.marginals["mark"][0])).all() and np.isnan(result.marginals["mark"][0, 0, 1])
    assert np.isfinite(result.marginals["pose"]).all() and not result.marginals["pose"][0].any()


def test_limits_are_kept():
    """Steps and their verdict."""
    result = rp.slam.optimize(row_of_poses(noise=0.3), max_steps=1)
    assert not result.success and len(result.trace) == 1


def test_a_limit_of_time_is_kept_as_far_as_it_can_be_and_what_is_under_way_is_said(capsys, caplog):
    """Of a time that is over before the loop one trial is made at most; who waits is told for what."""
    with live_line("row") as line, caplog.at_level("INFO", "raphson"):
        result = rp.slam.optimize(row_of_poses(noise=0.3), time_limit=1e-9, progress=line)
        rp.slam.optimize(row_of_poses(noise=0.3), progress=True)
    assert Status(result.termination) == Status.TIME and not result.success and len(result.trace) <= 1
    assert "the time limit was reached: the certificate was not made" in result.verdict
    told = capsys.readouterr().err
    stages = ("start", "structure of the graph", "compilation", "certificate")
    assert "certificate" not in told and "certificate" in caplog.text
    for said, parts in ((told, stages[:-1]), (caplog.text, stages)):
        places = [said.index(what) for what in parts]
        assert places == sorted(places)
    if result.seconds > 1:
        assert any("compilation" in note for note in result.notes)


def test_who_interrupts_the_certificate_has_the_answer_so_far(monkeypatch, tmp_path):
    """Ctrl-C where nothing is left but the certificate: the minimum is there, and that nobody looked at it is said."""
    graph = row_of_poses(noise=0.3)
    whole = rp.slam.optimize(graph)
    for name in ("certificate_of", "polish"):
        with monkeypatch.context() as patched:
            patched.setattr(f"raphson.fit.attempt.{name}", stopped)
            cut = rp.slam.optimize(graph)
        assert Status(cut.termination) == Status.USER and not cut.success and cut.certificate.inertia is None
        assert cut.evaluations.hessian == 0 and "try       1. continue from here: init=result.values\n" in str(cut)
        assert "stopped by the user: the certificate was not made" in cut.verdict
        np.testing.assert_allclose(cut.poses, whole.poses, atol=1e-6)
        np.testing.assert_allclose(cut.residuals, whole.residuals, atol=1e-5)
        np.testing.assert_allclose(cut.jacobian.toarray(), whole.jacobian.toarray(), atol=1e-5)
        assert cut.chi2["g2o"] == pytest.approx(whole.chi2["g2o"], rel=1e-9) and "chi2" in str(cut)
        text = cut.report(tmp_path / "cut.html", language="zh").read_text()
        assert "没有作出证书" in text


def stopped(*_, **__):
    """What Ctrl-C makes of a function."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("loss", ["geman-mcclure", "dcs"])
def test_wrong_loop_closures_are_forgotten_by_robust_losses(loss):
    """Two of eight loop closures are far off: the trajectory stays within noise of the truth, and is off without."""
    rng = np.random.default_rng(4)
    turn = np.linspace(0, 4 * np.pi, 60)
    truth = np.stack([5 * np.cos(turn), 5 * np.sin(turn), turn + np.pi / 2], 1)
    chain = np.stack([np.arange(59), np.arange(1, 60)], 1)
    loops = np.array([(k, k + 30) for k in (1, 5, 9, 13, 17, 21)] + [(2, 15), (8, 50)])
    pairs = np.concatenate([chain, loops])
    z = np.array(SE2.between(jnp.asarray(truth[pairs[:, 0]]), jnp.asarray(truth[pairs[:, 1]])))
    z += 0.005 * rng.standard_normal(z.shape)
    z[-2:] = [[0, 0, 0], [0, 0, 1]]
    graph = rp.slam.FactorGraph()
    start = [jnp.asarray(truth[0])]  # by odometry: a robust loss forgets whatever is far off at the start
    for step in z[:59]:
        start.append(SE2.compose(start[-1], jnp.asarray(step)))
    graph.add_variables("pose", SE2, np.array(start))
    graph.add_factors(errors.between_se2, ("pose", "pose"), pairs, z, sigmas=[0.005] * 3)
    off = lambda result: np.abs((result.poses - truth)[:, :2]).max()
    robust, plain = rp.slam.optimize(graph, loss=loss, scale=5.0), rp.slam.optimize(graph)
    assert robust.success and off(robust) < 0.2 < 1 < off(plain)


def test_where_it_begins_is_said(tmp_path):
    """The file's vertices or the edges alone, whichever costs less; the caller's own."""
    edges = ["EDGE_SE2 0 1 1 0 1.5 100 0 0 100 0 400", "EDGE_SE2 1 2 1.1 0 1.6 100 0 0 100 0 400"]
    edges += ["EDGE_SE2 2 0 1.4 0.1 2.4 100 0 0 100 0 400"]
    path = tmp_path / "three.g2o"
    path.write_text("\n".join(["VERTEX_SE2 0 0 0 0", "VERTEX_SE2 1 9 0 0", "VERTEX_SE2 2 0 7 2", *edges]))
    file = rp.slam.read_g2o(path)
    chosen, given = rp.slam.optimize(file), rp.slam.optimize(file, init="file")
    assert "chordal" in chosen.reasons[0] and "values of the graph" in given.reasons[0]
    assert chosen.value == pytest.approx(given.value, rel=1e-9)
    own = rp.slam.optimize(file, init=chosen.values)
    assert "caller" in own.reasons[0] and own.value == pytest.approx(chosen.value, rel=1e-12)
    assert set(chosen.chi2) == {"g2o", "gtsam", "se-sync"} and set(chosen.stages) >= {"steps", "certificate"}
    with pytest.raises(ValueError, match="comes from a file"):
        rp.slam.optimize(row_of_poses(), init="chordal")
    with pytest.raises(TypeError, match="not str"):
        rp.slam.optimize("three.g2o")
    assert chosen.certify_global().certified
    path.write_text("VERTEX_SE2 0 0 0 0")
    with pytest.raises(ValueError, match=r"three.g2o has no edges"):
        rp.slam.optimize(rp.slam.read_g2o(path))
    with pytest.raises(ValueError, match="from a file of poses"):
        rp.slam.optimize(row_of_poses()).certify_global()


def test_poses_are_a_space_at_every_door():
    """`minimize` on SE(3): points brought onto each other."""
    rng = np.random.default_rng(5)
    p = rng.standard_normal((8, 3))
    truth = rp.slam.SE3().exp(jnp.asarray(rng.standard_normal(6)))
    q = np.array(rp.slam.SE3().act(truth, jnp.asarray(p)))
    fun = lambda x, p, q: jnp.sum((rp.slam.SE3().act(x, p) - q) ** 2)
    result = rp.minimize(fun, np.array([0, 0, 0, 0, 0, 0, 1.0]), args=(p, q), space=rp.slam.SE3())
    assert result.success and result.gradient.shape == (6,)
    np.testing.assert_allclose(rp.slam.SE3().log(rp.slam.SE3().between(truth, jnp.asarray(result.x))), 0, atol=1e-7)


def test_a_factor_beyond_those_of_the_file_counts_in_the_cost(tmp_path):
    """What is added to the graph of a file is in `chi2`; the file's own conventions are those of the file alone."""
    (tmp_path / "two.g2o").write_text("EDGE_SE2 0 1 1 0 0 1 0 0 1 0 1\n")
    graph = rp.slam.FactorGraph.of(rp.slam.read_g2o(tmp_path / "two.g2o"))
    graph.add_factors(gps, "SE2", [1, 1], [[3.0, 0.0], [4.0, 0.0]], sigmas=[1.0, 1.0])
    result = rp.slam.optimize(graph)
    assert result.success and result.chi2["g2o"] == pytest.approx(2 * result.value, rel=1e-9) and result.value > 0.1


def test_ids_of_a_file_stay_when_its_graph_grows(tmp_path):
    """What follows what is by id, whatever is added; new variables get the ids behind the largest."""
    lines = ["VERTEX_SE2 7 0 0 0", "VERTEX_SE2 5 1 0 0", "VERTEX_SE2 6 2 0 0", "EDGE_SE2 5 6 1 0 0 1 0 0 1 0 1"]
    (tmp_path / "three.g2o").write_text("\n".join([*lines, "EDGE_SE2 7 5 -1 0 0 1 0 0 1 0 1\n"]))
    graph = rp.slam.FactorGraph.of(rp.slam.read_g2o(tmp_path / "three.g2o"))
    classes = lambda: [FACTOR_CLASSES[k] for k in factor_class(graph, graph.factors[0])]
    ids = ids_of(graph, "SE2").tolist()
    assert sorted(ids) == [5, 6, 7] and classes() == ["odometry", "loop closure"]
    graph.add_factors(gps, "SE2", [0], [[3.0, 0.0]])
    assert ids_of(graph, "SE2").tolist() == ids and classes() == ["odometry", "loop closure"]
    assert graph.extend("SE2", [[0, 0, 0], [1, 0, 0]]).tolist() == [3, 4]
    assert ids_of(graph, "SE2").tolist() == [*ids, 8, 9] and graph.file is None
    assert ids_of(graph.with_values({}), "SE2").tolist() == [*ids, 8, 9]
    assert ids_of(row_of_poses(), "pose").tolist() == list(range(6))


def test_restarting_from_the_optimum_of_a_file_stays_there(tmp_path):
    """`init="auto"` weighs the values that the graph has, not those of its file."""
    edges = ["EDGE_SE2 0 1 1 0 1.5 100 0 0 100 0 400", "EDGE_SE2 1 2 1.1 0 1.6 100 0 0 100 0 400"]
    (tmp_path / "three.g2o").write_text("\n".join([*edges, "EDGE_SE2 2 0 1.4 0.1 2.4 100 0 0 100 0 400"]))
    first = rp.slam.optimize(rp.slam.read_g2o(tmp_path / "three.g2o"))
    again = rp.slam.optimize(first.graph)
    assert again.reasons[0].startswith(f"from the values of the graph: cost {first.value:.6g}"), again.reasons
    np.testing.assert_allclose(again.poses, first.poses, atol=1e-9)
