"""Many small graphs by one vmap: the answers of single solves, and what does not fit side by side is named."""

from dataclasses import replace

import numpy as np
import pytest

import raphson as rp
from raphson.slam import errors
from tests.laws.graph_world import SE2, World

SIZE = 12


def small(seed):
    """A graph of twelve poses and two landmarks, with its own noise and start; odd ones count marks backwards."""
    graph = World(seed).start(SIZE)
    seen, marks = graph.factors[1], graph.variables["mark"]
    if seed % 2:
        graph.factors[1] = replace(seen, rows=np.stack([seen.rows[:, 0], len(marks) - 1 - seen.rows[:, 1]], 1))
        graph.variables["mark"] = replace(marks, values=marks.values[::-1].copy())
    return graph


def chain(n):
    """n poses in a row."""
    graph = rp.slam.FactorGraph()
    graph.add_variables("pose", SE2, np.zeros((n, 3)))
    rows = np.stack([np.arange(n - 1), np.arange(1, n)], 1)
    graph.add_factors(errors.between_se2, ("pose", "pose"), rows, np.zeros((n - 1, 3)))
    return graph


def test_sixty_four_graphs_are_solved_as_single_ones():
    """Cost to 1e-10 and values to 1e-9, with other noise, starts and landmarks in each."""
    graphs = [small(seed) for seed in range(64)]
    many = rp.slam.optimize_many(graphs)
    assert many.converged.all() and many.costs.shape == (64,) and many.values["pose"].shape == (64, SIZE, 3)
    for k in (0, 31, 63):
        one = rp.slam.optimize(graphs[k], tol=1e-10)  # the batch goes to rounding
        assert many.costs[k] == pytest.approx(one.value, rel=1e-10)
        for name, values in one.values.items():
            np.testing.assert_allclose(many.values[name][k], values, rtol=0, atol=1e-9)


def test_side_by_side_a_loss_is_that_of_whole_factors():
    """The minimum that SciPy finds."""
    many = rp.slam.optimize_many([World(seed).start(SIZE) for seed in range(3)], loss="huber", scale=0.5)
    for k in range(3):
        values = {name: a[k] for name, a in many.values.items()}
        assert many.costs[k] == pytest.approx(World(k).least(values, huber=0.5), rel=1e-8)


def test_what_does_not_fit_side_by_side_is_named():
    """Which graph, and what is other."""
    more = small(1)
    more.extend("mark", [[0.0, 0.0]])
    held = rp.slam.FactorGraph()
    held.add_variables("pose", SE2, small(1).variables["pose"].values, [0, 3])
    held.add_variables("mark", rp.Euclidean(), small(1).variables["mark"].values)
    for f in small(1).factors:
        held.include(f)
    kinds, longer = small(1), small(1)
    kinds.factors.reverse()
    longer.add_factors(errors.between_se2, ("pose", "pose"), [(0, 5)], [[0, 0, 0]])
    for other, word in (
        (more, "graph 1 differs .* variables 'mark'"),
        (held, "2 of its variables 'pose' are held, not 1"),
        (kinds, "factors .* point_se2"),
        (longer, f"factors {SIZE} between_se2"),
        (rp.slam.FactorGraph(dict(small(0).variables)), "graph 1 has no factors"),
    ):
        with pytest.raises(ValueError, match=word):
            rp.slam.optimize_many([small(0), other])
    with pytest.raises(ValueError, match="faster one by one"):
        rp.slam.optimize_many([chain(80)] * 2)
    with pytest.raises(ValueError, match="no graphs"):
        rp.slam.optimize_many([])
