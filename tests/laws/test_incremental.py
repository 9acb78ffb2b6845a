"""A graph that grows is kept solved: after each addition the cost is the minimum's, without compiling again."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.slam import errors
from raphson.solver.clock import CompileClock
from tests.laws.graph_world import PLANE, POSES, SE2, World, onward


def test_after_each_addition_the_cost_is_the_minimum_and_nothing_compiles():
    """Poses and landmarks in small pieces, loops closed: SciPy's minimum of what is there, to 1e-6; programs are those
    of the first updates."""
    world = World()
    graph = world.start(5)
    robot = rp.slam.Incremental(graph)
    whole, counts = [], []
    ends = np.minimum(np.cumsum([6, *[1, 3, 2] * 9]), POSES)
    for b in ends:
        before = CompileClock.count
        world.grow(graph, b)
        update = robot.update()
        counts.append(CompileClock.count - before)
        whole.append(update.whole)
        assert update.converged
        if b in (12, 36, 48, POSES):
            least = world.least(robot.values)
            assert update.cost <= least * (1 + 1e-6) and update.cost == pytest.approx(robot.cost)
    assert not any(counts[4:])
    assert 5 <= sum(whole) <= len(whole) - 5


def test_a_piece_that_was_apart_is_joined():
    """Two pieces of which each has a pose held: when a factor joins them, the second one moves to its place."""
    world = World(noise=0.01)
    graph = rp.slam.FactorGraph()
    graph.add_variables("pose", SE2, world.guess(np.zeros(3), 0, 5))
    chain = world.pairs[:4]
    graph.add_factors(errors.between_se2, ("pose", "pose"), chain, world.z[:4])
    robot = rp.slam.Incremental(graph)
    graph.extend("pose", world.guess(np.array([30.0, 30, 0]), 0, 5))
    graph.add_factors(errors.between_se2, ("pose", "pose"), chain + 5, world.z[:4])
    assert robot.update().cost < 1e-20 and robot.values["pose"][5, 0] == 30
    graph.add_factors(errors.between_se2, ("pose", "pose"), [(4, 5)], world.z[4:5])
    update = robot.update()
    assert update.converged and update.whole and update.cost < 1e-12
    np.testing.assert_allclose(robot.values["pose"][5], onward(robot.values["pose"][4], world.z[4]), atol=1e-6)


def test_what_the_caller_changes_or_adds_later_is_seen():
    """Values set by hand, and a type of variables that was not there at first, lead to the same minimum."""
    world = World()
    graph = world.start(36)
    robot = rp.slam.Incremental(graph)
    least = robot.cost
    graph.variables["pose"].values[4] += [1, 2, 0.3]
    graph.add_variables("bias", PLANE, [[3.0]])
    graph.add_factors(lambda b: b - 1, "bias", [0])
    update = robot.update()
    assert update.evaluated >= 2 and update.cost == pytest.approx(least, rel=1e-6)
    assert robot.values["bias"][0, 0] == pytest.approx(1)


def test_a_wrong_loop_closure_counts_as_its_loss_says():
    """Huber's loss of whole factors, with a closure that is far off: SciPy's minimum of the same."""
    world = World()
    world.pairs, world.z = np.append(world.pairs, [(3, 38)], 0), np.append(world.z, [(0, 0, 0)], 0)
    graph = world.start(36)
    robot = rp.slam.Incremental(graph, loss="huber", scale=2.0)
    world.grow(graph, 40)
    update = robot.update()
    assert update.converged and update.cost == pytest.approx(world.least(robot.values, huber=2.0), rel=1e-6)


@pytest.mark.parametrize("loss", ["linear", "huber"])
def test_the_cost_is_that_of_the_batch(loss):
    """Of whole factors, c^2 counted once: SciPy's minimum of the same, to 1e-7, where many factors are beyond c."""
    world = World(noise=0.1)
    world.sigma = 0.02
    graph = world.start(10)
    robot = rp.slam.Incremental(graph, loss=loss, scale=1.5, tol=1e-10)
    world.grow(graph, 13)
    least = world.least(robot.values, huber=1.5 if loss == "huber" else 1e9)
    assert robot.update().converged and robot.cost == pytest.approx(least, rel=1e-7)


def seen_at(place):
    """A graph of a pose seen from the first, and another that is known by its place alone."""
    graph = rp.slam.FactorGraph()
    graph.add_variables("pose", SE2, [[0, 0, 0], [1.3, 0, 0.2]], frozen=[0])
    graph.add_factors(errors.between_se2, ("pose", "pose"), [(0, 1)], [[1, 0, 0]], sigmas=[0.1, 0.1, 0.02])
    graph.extend("pose", [[5.0, 5, 0.7]])
    graph.add_factors(errors.position_se2, "pose", [2], [place], sigmas=[0.1, 0.1])
    return graph


def test_an_unknown_that_nothing_measures_stays_and_the_others_do_not():
    """The angle of a pose known by its place: kept, until a factor measures it."""
    graph = seen_at([4.0, 4.0])
    robot = rp.slam.Incremental(graph)
    assert robot.last.converged and robot.cost < 1e-12
    np.testing.assert_allclose(robot.values["pose"], [[0, 0, 0], [1, 0, 0], [4, 4, 0.7]], atol=1e-6)
    graph.extend("pose", [[2.0, 0.1, 0]])
    graph.add_factors(errors.between_se2, ("pose", "pose"), [(1, 3), (3, 2)], [[1, 0, 0], [2, 4, 0.5]])
    assert robot.update().converged and robot.cost < 1e-12
    np.testing.assert_allclose(robot.values["pose"][2:], [[4, 4, 0.5], [2, 0, 0]], atol=1e-6)


def test_a_variable_whose_factors_count_nothing_stops_nothing():
    """By Tukey's loss, of which the factor that is far off has neither slope nor curvature: c^2/6 and no step."""
    graph = seen_at([40.0, 40.0])
    robot = rp.slam.Incremental(graph, loss="tukey", scale=20.0)
    assert robot.last.converged and robot.cost == pytest.approx(20.0**2 / 6)
    np.testing.assert_allclose(robot.values["pose"], [[0, 0, 0], [1, 0, 0], [5, 5, 0.7]], atol=1e-6)


def over(pose, z):
    """Not finite at x = 0."""
    return (1 / pose[0] - z)[None]


def range_of(pose, mark, z):
    """A distance, whose slope is not finite where it is 0."""
    return jnp.sqrt(jnp.sum((mark - pose[:2]) ** 2))[None] - z


@pytest.mark.parametrize(
    ("fun", "types", "rows"), [(over, "pose", [2]), (range_of, ("pose", "mark"), [(2, 0)])], ids=["value", "slope"]
)
def test_a_factor_that_is_not_finite_is_named_and_taken_once_it_is(fun, types, rows):
    """In the cost or in the slope alone. After the caller has moved its variable, the update is that of a new graph."""
    graph = seen_at([4.0, 4.0])
    graph.add_variables("mark", PLANE, [[0.0, 5]], frozen=[0])
    robot = rp.slam.Incremental(graph, loss="huber")
    pose = graph.variables["pose"]
    pose.values[2] = [0, 5, 0.3]
    graph.add_factors(fun, types, rows, [0.5])
    for _ in range(2):
        with pytest.raises(ValueError, match=rf"factor 0 of {fun.__name__}\(.*not finite"):
            robot.update()
    graph.variables["pose"].values[2] = [3.0, 4, 0.3]
    update = robot.update()
    anew = rp.slam.Incremental(graph, loss="huber")
    assert update.converged and update.cost == pytest.approx(anew.cost, rel=1e-9) and not anew.last.moved


def test_among_outliers_an_update_converges_and_says_how_far_it_is():
    """Huber's loss with a wrong closure at each pose, where reweighted steps are 50 times too short: SciPy's minimum
    within twice the tolerance."""
    world = World()
    wrong = [(k, k + 4) for k in range(8, 20)]
    world.pairs = np.append(world.pairs, wrong, 0)
    world.z = np.append(world.z, np.tile([2.5, 1, 0.9], (len(wrong), 1)), 0)
    graph = world.start(10)
    robot = rp.slam.Incremental(graph, loss="huber", scale=1.0)
    for b in range(11, 21):
        world.grow(graph, b)
        update = robot.update()
        assert update.converged, b
        if b in (14, 20):
            assert update.cost == pytest.approx(world.least(robot.values, huber=1.0), rel=2e-7)


def test_what_cannot_be_meant_is_refused():
    """Each with what is wrong; nothing is changed by it."""
    world = World()
    graph = world.start(10)
    robot = rp.slam.Incremental(graph)
    before = graph.variables["pose"].values.copy()
    for call, word in (
        (lambda: graph.extend("pole", [[0, 0, 0]]), "'pole' to extend: there are 'pose', 'mark'"),
        (lambda: graph.extend("pose", [[0, 0]]), r"shape \(k, 3\), not \(1, 2\)"),
        (lambda: graph.extend("pose", [0, 0, 0]), r"shape \(k, 3\), not \(3,\)"),
        (lambda: graph.extend("pose", np.zeros((0, 3))), "rows"),
        (lambda: graph.extend("pose", [[0, 0, np.nan]]), "not finite, the first is row 0"),
        (lambda: graph.add_variables("pose", SE2, [[0, 0, 0]]), "extend"),
        (lambda: rp.slam.Incremental(rp.slam.FactorGraph()), "no factors"),
        (lambda: rp.slam.Incremental(graph, tol=0), "between 0 and 1"),
        (lambda: rp.slam.Incremental(rp.slam.FactorGraph(gauge="free")), "open"),
        (lambda: rp.slam.Incremental(graph, loss="GNC"), "optimize"),
        (lambda: rp.slam.Incremental(graph, loss=rp.slam.GraduatedNonConvexity("geman-mcclure")), "optimize"),
    ):
        with pytest.raises(ValueError, match=word):
            call()
    with pytest.raises(TypeError, match=r"FactorGraph\.of"):
        rp.slam.Incremental("graph.g2o")  # type: ignore[arg-type]
    np.testing.assert_array_equal(graph.variables["pose"].values, before)
    assert not robot.update().moved
    graph.factors.pop()
    with pytest.raises(ValueError, match="gone"):
        robot.update()
