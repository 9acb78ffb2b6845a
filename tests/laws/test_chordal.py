"""The chordal start: exact without noise, held where it is held, near the optimum on real graphs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raphson import slam
from raphson.slam.chordal_form import POINT_KIND, chordal_form
from raphson.slam.graph_file import GraphFile
from raphson.slam.read_g2o import g2o_graph
from raphson.slam.rigid import poses_of
from tests.laws.graph_samples import sample_graph, with_fixed


def read(text: str) -> GraphFile:
    return g2o_graph("text", text.encode())


GRAPHS = {
    "kind": st.sampled_from(["SE2", "SE3"]),
    "points": st.sampled_from([0, 6]),
    "priors": st.sampled_from([0, 2]),
    "parts": st.sampled_from([1, 3]),
}


@given(st.integers(0, 2**32), st.fixed_dictionaries(GRAPHS))
@settings(max_examples=40)
def test_without_noise_the_start_is_a_solution(seed: int, shape: dict) -> None:
    if shape["points"] and shape["parts"] > 1:
        # Landmarks join the parts: four or more that two of them see leave no affine freedom.
        shape = {**shape, "points": 30}
    graph, _ = sample_graph(seed, **shape)
    start = slam.chordal_start(graph)
    assert max(slam.graph_costs(graph, start).values()) < 1e-18 * max(slam.graph_costs(graph).values())


@given(st.integers(0, 2**32), st.sampled_from(["SE2", "SE3"]), st.booleans())
@settings(max_examples=20)
def test_what_is_held_stays_and_the_rest_follows(seed: int, kind: str, landmarks: bool) -> None:
    graph, truth = sample_graph(seed, kind, points=5 if landmarks else 0)
    graph = with_fixed(graph, [3, 11], truth)
    start = slam.chordal_start(graph)
    assert (start[kind][[3, 11]] == truth[kind][[3, 11]]).all()
    for name in start:
        if name == kind:
            found, exact = poses_of(kind, start[kind]), poses_of(kind, truth[kind])
            np.testing.assert_allclose(found.R, exact.R, atol=1e-9)
            np.testing.assert_allclose(found.t, exact.t, atol=1e-9)
        else:
            np.testing.assert_allclose(start[name], truth[name], atol=1e-9)


@given(st.integers(0, 2**32), st.fixed_dictionaries(GRAPHS))
@settings(max_examples=20)
def test_the_form_is_the_cost(seed: int, shape: dict) -> None:
    graph, _ = sample_graph(seed, noise=0.1, **shape)
    form = chordal_form(graph, shape["kind"])
    values = {kind: v.values for kind, v in graph.vertices.items()}
    point, cost = form.lifted(values), pytest.approx(slam.graph_costs(graph)["se-sync"], rel=1e-11)
    assert form.cost(point) == cost
    assert np.sum(point * (form.matrix() @ point)) == cost
    assert np.sum(point * form.gradient(point)) == cost
    np.testing.assert_array_equal(form.poses(point).R, poses_of(form.kind, values[form.kind]).R)
    if form.p:
        np.testing.assert_array_equal(form.values(point)[POINT_KIND[form.kind]], values[POINT_KIND[form.kind]])


def test_edges_that_say_nothing_of_rotations_leave_them() -> None:
    text = "VERTEX_SE2 0 0 0 0.3\nVERTEX_SE2 1 5 5 0.7\nVERTEX_SE2 2 9 9 9\nEDGE_SE2 0 1 1 0 0.1 4 0 0 4 0 0\n"
    graph = read(text)
    start = slam.chordal_start(graph)["SE2"]
    np.testing.assert_allclose(start[:, 2], [0.3, 0.7, 9], atol=1e-14)
    np.testing.assert_allclose(start[:, :2], [[0, 0], [np.cos(0.3), np.sin(0.3)], [9, 9]], atol=1e-12)


@pytest.mark.parametrize("edge", ["1e160 0 0 1 0 0 1 0 1", "1 0 0 1e308 0 0 1e308 0 1"])
def test_numbers_whose_squares_overflow_are_refused(edge: str) -> None:
    with pytest.raises(ValueError, match="too large to compute with"):
        slam.chordal_start(read(f"EDGE_SE2 0 1 {edge}\n"))


def test_weights_of_many_sizes_do_not_end_it() -> None:
    lines = [f"EDGE_SE2 {k} {k + 1} 1 0 {0.1 * k} {w} 0 0 {w} 0 {w}" for k, w in enumerate([1e-12, 1e12, 1e-6, 1e9, 1])]
    start = slam.chordal_start(read("\n".join(lines)))["SE2"]
    graph = read("\n".join(lines))
    assert np.isfinite(start).all() and slam.graph_costs(graph, {"SE2": start})["g2o"] < 1e-6


# cost at the start / best known cost: SE-Sync's, and g2o's; measured 27 Nov 2026, with a twentieth of room
RATIOS = {
    "smallGrid3D.g2o": (1.523, 2.585),
    "parking-garage.g2o.gz": (1.121, 1.143),
    "sphere2500.g2o.gz": (1.169, 1.697),
    "sphere_bignoise_vertex3.g2o.gz": (1.035, 1.060),
    "torus3D.g2o.gz": (1.019, 1.062),
    "robot_a.g2o": (1.001, 1.440),
    "MITb.g2o": (1.567, 1.739),
    "CSAIL.g2o": (1.676, 1.013),
    "input_INTEL.g2o": (1.042, 1.023),
    "FRH.g2o": (1.061, 1.092),
    "intel.g2o": (1.028, 1.054),
    "kitti_05.g2o": (1.016, 1.036),
    "kitti_00.g2o": (1.346, 1.445),
    "manhattan.g2o": (1.026, 1.011),
    "M3500.g2o": (1.149, 1.276),
    "M3500a.g2o": (1.552, 2.046),
    "city10000.g2o.gz": (1.121, 1.186),
    "ais2klinik.g2o.gz": (1.746, 1.882),
}


@pytest.mark.parametrize("name", RATIOS)
def test_on_real_graphs_the_start_is_near_the_optimum(name: str, shared: Path) -> None:
    folder = shared / "data/pose-graphs"
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in (folder / "README.md").open()]
    row = next(row for row in rows if row and row[0] == name and len(row) > 9)
    graph = slam.read_g2o(folder / name)
    costs = slam.graph_costs(graph, slam.chordal_start(graph))
    found = costs["se-sync"] / float(row[5].split()[0]), costs["g2o"] / float(row[7])
    assert found[0] < 1.05 * RATIOS[name][0] and found[1] < 1.05 * RATIOS[name][1]
    assert min(found) > 1 - 1e-4
