"""Bundle adjustment against the costs in shared/data/bal/README.md: at the start, on the way, at the minimum."""

import re
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson import slam
from raphson.kernel.space import Euclidean
from raphson.slam.bundle import bundle_graph, bundle_variables
from raphson.slam.bundle_file import bal_pixels
from raphson.slam.prepare import prepare_graph

LADYBUG, TRAFALGAR = "problem-49-7776-pre.txt.gz", "problem-21-11315-pre.txt.gz"
START = {LADYBUG: 850912.460681, TRAFALGAR: 4413239.31443}
LIBMV = {"libmv_problem_01.bin": (4607.5945, 4607.5920), "libmv_problem_02.bin": (5219.6376, 5218.8987)}


def cost(graph: slam.FactorGraph) -> float:
    made = prepare_graph(graph, linear_solver="cholmod")
    return float(jax.jit(lambda p, x: p.loss.cost(p.residuals(x)))(made.problem, made.x))


@pytest.mark.parametrize("name", START)
def test_the_graph_of_a_file_costs_what_is_published(name: str, shared: Path) -> None:
    bundle = slam.read_bal(shared / "data/bal" / name)
    digits = len(str(START[name]).split(".")[1])
    assert abs(cost(bundle_graph(bundle)) - START[name]) <= 0.6 * 10**-digits
    assert cost(bundle_graph(bundle)) == pytest.approx(slam.bundle_cost(bundle), rel=1e-12)


def test_ladybug_gets_to_13389_in_six_trials(shared: Path) -> None:
    fit = slam.optimize(slam.read_bal(shared / "data/bal" / LADYBUG), max_steps=6)
    assert fit.value <= 13389
    assert "'point' is eliminated" in fit.reasons[1]


def test_trafalgar_ends_at_its_minimum_and_names_what_is_open(shared: Path) -> None:
    fit = slam.optimize(slam.read_bal(shared / "data/bal" / TRAFALGAR))
    assert fit.value == pytest.approx(30378.6358, rel=1e-8)
    assert fit.success and len(fit.trace) <= 20 and fit.trace.value[2] <= 30378.6358 * (1 + 1e-6)
    assert fit.certificate.inertia == (0, 7, 34127)
    assert any("seven directions" in note for note in fit.notes)
    assert fit.chi2["ceres"] == pytest.approx(fit.value, rel=1e-12)
    assert fit.values["point"].shape == (11315, 3) and fit.values["lens"].shape == (21, 3)


@pytest.mark.parametrize("name", LIBMV)
def test_with_many_cameras_and_few_points_cameras_are_eliminated(name: str, shared: Path) -> None:
    bundle, (start, end) = slam.read_libmv(shared / "data/bal" / name), LIBMV[name]
    assert cost(bundle_graph(bundle)) == pytest.approx(start, abs=6e-5)
    fit = slam.optimize(bundle, max_steps=12)
    assert fit.value == pytest.approx(end, abs=6e-5)
    assert "'pose' is eliminated" in fit.reasons[1]
    assert any("first camera is held" in note for note in fit.notes)


def radial(pose: jax.Array, lens: jax.Array, point: jax.Array, seen: tuple[jax.Array, jax.Array]) -> jax.Array:
    """libmv's camera with f, k1, k2 as unknowns; the rest of the lens comes with the pixel."""
    pixel, rest = seen
    whole = jnp.concatenate([lens[:1], rest[:2], lens[1:], rest[2:]])
    return slam.errors.reprojection_libmv(pose, whole, point, pixel)


def test_a_lens_that_all_cameras_share_is_a_dense_border(shared: Path) -> None:
    bundle = slam.read_libmv(shared / "data/bal/libmv_problem_01.bin")
    poses, lens, points = bundle_variables(bundle)
    graph = slam.FactorGraph(gauge="free")
    graph.add_variables("pose", slam.SE3(), poses, [0])
    graph.add_variables("lens", Euclidean(), lens[:, [0, 3, 4]])
    graph.add_variables("point", Euclidean(), points)
    rows = np.stack([bundle.camera, 0 * bundle.camera, bundle.point], 1)
    rest = np.tile(lens[0, [1, 2, 5, 6, 7]], (len(rows), 1))
    graph.add_factors(radial, ("pose", "lens", "point"), rows, (bundle.pixels, rest))
    fit = slam.optimize(graph)  # a valley: f from 6313 to 8107 in 90 trials
    assert fit.value == pytest.approx(4530.4650, abs=6e-5)
    assert "'pose' is eliminated" in fit.reasons[1]
    assert fit.values["lens"][0, 0] == pytest.approx(8107, abs=0.5)


def small(seed: int = 0) -> slam.BundleFile:
    """Four cameras and twenty points in front of them, with noise of half a pixel."""
    rng = np.random.default_rng(seed)
    cameras = np.tile([0.0, 0, 0, 0, 0, -8, 500, -0.05, 0.01], (4, 1))
    cameras[:, :6] += 0.3 * rng.standard_normal((4, 6))
    camera, point = (a.ravel() for a in np.meshgrid(np.arange(4), np.arange(20), indexing="ij"))
    bundle = slam.BundleFile("small", "bal", cameras, rng.standard_normal((20, 3)), camera, point, np.zeros((80, 2)))
    exact = bal_pixels(bundle, cameras, bundle.points)
    pixels = exact + 0.5 * rng.standard_normal(exact.shape)
    return replace(bundle, pixels=pixels, points=bundle.points + 0.1 * rng.standard_normal((20, 3)))


def test_a_camera_that_sees_nothing_and_an_unseen_point_are_held_and_named() -> None:
    bundle = small()
    seen = (bundle.camera != 2) & (bundle.point != 7)
    bundle = replace(bundle, camera=bundle.camera[seen], point=bundle.point[seen], pixels=bundle.pixels[seen])
    fit = slam.optimize(bundle, max_steps=5)
    said = " ".join(fit.notes)
    assert re.search(r"no factor touches 3 variables, which stay where they are: pose 2, lens 2, point 7", said)
    assert np.array_equal(fit.values["point"][7], bundle.points[7])


def test_a_point_behind_or_in_the_plane_of_a_camera_is_no_crash() -> None:
    bundle = small(1)
    points = bundle.points.copy()
    points[3] = [0.3, 0.2, 60.0]
    fit = slam.optimize(replace(bundle, points=points), max_steps=8)
    assert any("4 observations are of points behind their camera" in note for note in fit.notes)
    assert np.isfinite(fit.value) and fit.value < cost(bundle_graph(replace(bundle, points=points)))
    centre = replace(bundle, cameras=np.vstack([[0, 0, 0, 0, 0, 0, 500, 0, 0], bundle.cameras[1:]]))
    points[3] = [1.0, 1.0, 0.0]
    with pytest.raises(ValueError, match="camera 0 and point 3: the point has depth 0"):
        slam.optimize(replace(centre, points=points))


def test_an_outlier_counts_less_with_a_robust_loss() -> None:
    bundle = small(2)
    pixels = bundle.pixels.copy()
    pixels[5] += 100
    good = slam.optimize(bundle, max_steps=15)
    robust = slam.optimize(replace(bundle, pixels=pixels), loss="cauchy", max_steps=15)
    plain = slam.optimize(replace(bundle, pixels=pixels), max_steps=15)
    keep = np.arange(80) != 5
    rms = [np.sqrt(np.mean(np.asarray(fit.residuals).reshape(-1, 2)[keep] ** 2)) for fit in (good, robust, plain)]
    assert rms[1] < 1.2 * rms[0] < 2 * rms[0] < rms[2]


HELD = {"nothing": (), "a camera": [0], "two cameras": [0, 2]}


@pytest.mark.parametrize(("held", "count"), [("nothing", 7), ("a camera", 1), ("two cameras", 0)])
def test_the_certificate_counts_the_gauge_and_nothing_else(held: str, count: int) -> None:
    graph = bundle_graph(small(4))
    graph = replace(
        graph, variables={
            name: replace(v, frozen=np.isin(np.arange(len(v)), HELD[held])) if name == "pose" else v
            for name, v in graph.variables.items()
        },
    )  # fmt: skip
    fit = slam.optimize(graph)
    negative, zero, positive = fit.certificate.inertia
    n = fit.gradient.size
    assert (negative, zero, positive) == (0, count, n - count)
    H = fit.model.curvature.csr().toarray()
    d = np.sqrt(np.diagonal(H))
    w = np.linalg.eigvalsh(H / np.outer(d, d))
    assert np.sum(np.abs(w) < 1e-12) == count
    assert fit.success and ("all cameras and points together" in str(fit.certificate)) == (count > 0)
