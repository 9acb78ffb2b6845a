"""Pose graphs to the best known cost, judged by a referee that knows no solver."""

from dataclasses import replace

import numpy as np
import pytest

import raphson as rp
from benchmarks.outlier_runs import places, trajectory_error, with_outliers
from raphson.slam.prepare import prepare_graph
from raphson.solver.drive import advance, start_state
from raphson.solver.presets import cast, residual_preset

BEST = {
    "tinyGrid3D": 6.72788162, "smallGrid3D": 458.153784299, "intel": 45.0046958106, "ring": 11.1631008319,
    "M3500": 137.912950936, "sphere2500": 727.149667248, "MITb": 41.1632688352, "M3500a": 912.115012171,
    "CSAIL": 40.5551288478, "robot_b": 9.90264683, "manhattan": 3549.03679633, "input_INTEL": 215.830234946,
    "FRH": 1.9313684e-4, "kitti_05": 157.104365077, "kitti_00": 98.3066721703, "robot_a": 32.2900481,
    "parking-garage": 1.23869057975, "city10000": 511.985163635,
    "torus3D": 14574.7464383, "ais2klinik": 172.815579307, "slambook2_sphere": 44360.6215038,
    "sphere_bignoise_vertex3": 743862.720909,
}  # fmt: skip
"""Sum of e' Omega e in g2o's convention: shared/data/pose-graphs/README.md. That of robot_a is no minimum: 1.2e-5 lower
is better."""

QUICK = 18
"""So many of them take a few seconds, most of which is compilation: every graph has shapes of its own."""


def read(shared, name):
    """The graph of a file, gzipped or not."""
    folder = shared / "data" / "pose-graphs"
    plain = folder / f"{name}.g2o"
    return rp.slam.read_g2o(plain if plain.exists() else folder / f"{name}.g2o.gz")


@pytest.mark.parametrize(
    "name", [*list(BEST)[:QUICK], *(pytest.param(n, marks=pytest.mark.slow) for n in list(BEST)[QUICK:])]
)
def test_the_best_known_cost_is_reached_and_shown_to_be_a_minimum(shared, name):
    """To 1e-6 relative, from what the file gives."""
    result = rp.slam.optimize(read(shared, name))
    assert result.chi2["g2o"] <= BEST[name] * (1 + 1e-6)
    if name != "robot_a":
        assert result.chi2["g2o"] == pytest.approx(BEST[name], rel=1e-6)
    assert result.success, result.verdict
    assert 2 * result.value == pytest.approx(result.chi2["g2o"], rel=1e-9)
    assert len(result.notes) and "held" in " ".join(result.notes)


@pytest.mark.parametrize("name", ["smallGrid3D", "M3500", "sphere2500"])
def test_the_vertices_of_the_file_lead_there_as_well(shared, name):
    """Without chordal initialization, where they are good enough."""
    result = rp.slam.optimize(read(shared, name), init="file")
    assert result.success and result.chi2["g2o"] == pytest.approx(BEST[name], rel=1e-6)


@pytest.mark.parametrize(("name", "most"), [("robot_a", 24), ("robot_b", 30)])
def test_valleys_are_left_to_newton_s_method(shared, name, most):
    """Gauss-Newton alone takes 227 and 161 trials."""
    result = rp.slam.optimize(read(shared, name))
    assert result.success and result.chi2["g2o"] <= BEST[name] * (1 + 1e-6)
    assert len(result.trace) <= most and result.trace.whole and "exact Hessian went on" in result.description
    alone = rp.slam.optimize(read(shared, name), "gauss-newton", max_steps=20)  # who asks for it gets it
    assert len(alone.trace) == 20 and "exact Hessian" not in alone.description


def test_vertices_that_the_file_fixes_stay_where_they_are(shared):
    """FIX in the file: another frame, and the same cost."""
    graph = read(shared, "intel")
    graph = replace(graph, fixed=np.array([7], np.int64))
    result = rp.slam.optimize(graph)
    row = graph.fixed_rows()["SE2"]
    np.testing.assert_array_equal(result.poses[row], graph.vertices["SE2"].values[row])
    assert result.chi2["g2o"] == pytest.approx(BEST["intel"], rel=1e-6) and not any("held" in a for a in result.notes)


def test_a_program_is_made_for_a_kind_of_factor_and_not_for_a_factor(shared):
    """The program of the loop is nearly as long for 100 poses as for 3500 (sums over places are unrolled up to a
    width, which depends on how many factors meet in a variable)."""
    graph = read(shared, "M3500")
    edge, lengths = graph.edges["SE2"], []
    for count in (100, 3500):
        keep = (edge.i < count) & (edge.j < count)
        small = rp.slam.FactorGraph()
        small.add_variables("pose", rp.slam.SE2(), graph.vertices["SE2"].values[:count])
        small.add_factors(
            rp.slam.errors.between_se2, ("pose", "pose"), np.stack([edge.i, edge.j], 1)[keep], edge.measurement[keep],
            information=edge.information[keep],
        )  # fmt: skip
        p = prepare_graph(small)
        method = cast(residual_preset("lm", p.problem), float)
        state = start_state(method, p.problem, p.x)
        lowered = advance.jitted.lower(method, p.problem, state, 8, history=8)
        lengths.append(lowered.as_text().count("\n"))
    assert lengths[1] <= 1.25 * lengths[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["M3500", "sphere2500"])
def test_with_wrong_loop_closures_the_map_is_that_without_them(shared, name):
    """30 % of all loop closures, by a fixed seed: the distance to the map of the right ones is a thousandth of that of
    the odometry, and none is judged wrongly."""
    right, kind = read(shared, name), "SE2" if name == "M3500" else "SE3"
    file, wrong = with_outliers(right, kind, 0.3)
    found = rp.slam.optimize(file, loss="gnc")
    assert found.success
    np.testing.assert_array_equal(found.outliers[0], wrong)
    clean, start = rp.slam.optimize(right), rp.slam.odometry_start(file)[kind]
    near, far = (trajectory_error(places(at, kind), places(clean.poses, kind)) for at in (found.poses, start))
    assert near < 1e-3 * far
