"""The tutorials of maps: their numbers are GTSAM's, and they are as short as they say."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from tests.house.pages import parts, read_page
from tests.house.source import ROOT

PAGE = (ROOT / "docs/slam.md").read_text()

POSES = [
    [[0.09, 0, 0], [0, 0.09, 0], [0, 0, 0.01]],
    [[0.13, 0, 0], [0, 0.17, 0.02], [0, 0.02, 0.02]],
    [[0.362, 0, 0.062], [0, 0.162, -0.002], [0.062, -0.002, 0.0265]],
    [[0.268, -0.128, 0.048], [-0.128, 0.378, -0.068], [0.048, -0.068, 0.028]],
    [[0.202, 0.036, -0.018], [0.036, 0.26, -0.051], [-0.018, -0.051, 0.0265]],
]
"""Marginal covariances of Pose2SLAMExample.py as GTSAM 4.3.0 prints them, to 1e-15."""

LANDMARKS = [
    [[0.16870968121869842, -0.047741937073653776], [-0.047741937073653776, 0.16354838695166474]],
    [[0.2938709682488906, -0.10451612801341105], [-0.10451612801341105, 0.39193548222998464]],
]
"""Of the landmarks of PlanarSLAMExample.py: GTSAM stops 1.5e-8 from the minimum."""

GRID = 8242.073530890731
"""Twice GTSAM's error of the robot on a grid, minimized by its Levenberg-Marquardt method with `sight` as a custom
factor: it takes the logarithm of odometry's error."""


def blocks(part: int) -> list[str]:
    """The Python blocks of a part, without those that every part begins with."""
    return [block.code for block in read_page(parts(PAGE)[part])][1:]


def run(part: int, count: int | None = None) -> dict:
    """What the first blocks of a part leave behind, without their pictures."""
    namespace: dict = {"np": np, "rp": rp, "SE2": rp.slam.SE2(), "errors": rp.slam.errors, "quarter": np.pi / 2}
    exec("import jax\n" + re.sub(r"^rp\.plot.*$", "", "\n".join(blocks(part)[:count]), flags=re.MULTILINE), namespace)
    return namespace


def test_the_pose_graph_is_gtsams() -> None:
    result = run(0)["result"]
    np.testing.assert_allclose(result.marginals["pose"], POSES, atol=1e-13)
    expected = [[0, 0, 0], [2, 0, 0], [4, 0, np.pi / 2], [4, 2, np.pi], [2, 2, -np.pi / 2]]
    apart = np.asarray(rp.slam.SE2().between(jnp.asarray(expected), jnp.asarray(result.poses)))
    np.testing.assert_allclose(apart, 0, atol=1e-12)


def test_the_landmarks_are_gtsams() -> None:
    result = run(1)["result"]
    np.testing.assert_allclose(result.marginals["landmark"], LANDMARKS, atol=1e-7)
    np.testing.assert_allclose(result.values["landmark"], [[2, 2], [4, 2]], atol=1e-12)


def test_the_grid_is_gtsams() -> None:
    """With the logarithm in odometry, as GTSAM has it."""
    lines = [block.replace("errors.between_se2", "logarithm") for block in blocks(2)[:2]]
    namespace: dict = {"np": np, "rp": rp, "SE2": rp.slam.SE2(), "errors": rp.slam.errors, "quarter": np.pi / 2}
    namespace["logarithm"] = lambda a, b, z: rp.slam.SE2().log(rp.slam.errors.between_se2(a, b, z))
    exec("import jax\n" + "\n".join(lines), namespace)
    assert namespace["result"].chi2["g2o"] == pytest.approx(GRID, rel=1e-9)


@pytest.mark.parametrize(("part", "block"), [(0, 0), (1, 0), (2, 1)])
def test_half_the_lines(part: int, block: int) -> None:
    """Lines without blank ones, comments and imports, at most half of what the original has; none is wider than its."""
    lines = [line for line in blocks(part)[block].splitlines() if line.strip() and not line.lstrip().startswith("#")]
    text = re.sub(r"\s+", " ", parts(PAGE)[part].rsplit("<!-- part -->")[-1])
    ours, theirs = map(int, re.findall(r"(\d+) lines here, (\d+)", text)[0])
    assert len(lines) == ours and 2 * ours <= theirs
    assert max(map(len, lines)) <= 110
