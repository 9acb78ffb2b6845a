"""Bundle adjustment problems as factor graphs: poses, lenses and points."""

from collections.abc import Callable
from typing import Any

import numpy as np

from raphson.kernel.motion import SE3
from raphson.kernel.space import Euclidean
from raphson.slam import errors
from raphson.slam.bundle_file import BundleFile, vector_rotations
from raphson.slam.gauge import SIMILARITY, similarity_directions
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import Floats
from raphson.slam.rigid import rotation_quaternions, turned

SPACE = SE3()

REPROJECTIONS: dict[str, Callable[..., Any]] = {
    "bal": errors.reprojection, "pinhole": errors.reprojection_pinhole, "libmv": errors.reprojection_libmv,
}  # fmt: skip


def bundle_variables(bundle: BundleFile) -> tuple[Floats, Floats, Floats]:
    """Poses (c, 7), lenses (c, 3) or one for all (1, k), and points (p, 3)."""
    quaternions = rotation_quaternions(vector_rotations(bundle.cameras[:, :3]))
    poses = np.concatenate([bundle.cameras[:, 3:6], quaternions], 1)
    lenses = bundle.cameras[:, 6:] if bundle.intrinsics is None else bundle.intrinsics[None]
    return poses, lenses, bundle.points


def bundle_graph(bundle: BundleFile) -> FactorGraph:
    """The factor graph of a bundle adjustment problem: variables "pose", "lens" and "point", and what was seen.

    Pixels count in units of 1, so half the sum of squares is Ceres's cost. BAL's lenses are unknowns, one for each
    camera; those shared by all cameras are held. libmv's first camera is held; where nothing is, the frame and the
    scale stay open (`gauge` "free"): seven directions in which the cost is level. ValueError for an observation of a
    point in the plane of its camera, which has no image.
    """
    refuse_no_image(bundle)
    poses, lenses, points = bundle_variables(bundle)
    shared = bundle.intrinsics is not None
    graph = FactorGraph(gauge="free", symmetry=(similarity_directions, SIMILARITY))
    graph.add_variables("pose", SPACE, poses, [0] if bundle.model == "libmv" else None)
    graph.add_variables("lens", Euclidean(), lenses, np.ones(len(lenses), bool) if shared else None)
    graph.add_variables("point", Euclidean(), points)
    lens = np.zeros_like(bundle.camera) if shared else bundle.camera
    rows = np.stack([bundle.camera, lens, bundle.point], 1)
    graph.add_factors(REPROJECTIONS[bundle.model], ("pose", "lens", "point"), rows, bundle.pixels)
    return graph


def depths(bundle: BundleFile) -> Floats:
    """How far in front of its camera the point of each observation lies (m,)."""
    own = bundle.cameras[bundle.camera]
    far = turned(vector_rotations(own[:, :3]), bundle.points[bundle.point])[:, 2] + own[:, 5]
    return -far if bundle.model == "bal" else far


def refuse_no_image(bundle: BundleFile) -> None:
    """ValueError where a point lies in the plane of its camera."""
    bad = np.flatnonzero(depths(bundle) == 0)
    if bad.size:
        which = f"camera {bundle.camera[bad[0]]} and point {bundle.point[bad[0]]}"
        raise ValueError(
            f"{bundle.name}: {which}: the point has depth 0, in the plane of the camera, and no image "
            f"({bad.size} observations). Move the point, or leave the observation out"
        )


def bundle_notes(bundle: BundleFile) -> tuple[str, ...]:
    """What a person should know: what no observation says, and what lies behind a camera at the start."""
    if bundle.model == "libmv":
        open_ones = "the first camera is held; nothing fixes the scale: the cost is level in one direction"
    else:
        open_ones = f"nothing fixes the frame and the scale: the cost is level in seven directions, {SIMILARITY}"
    behind = np.flatnonzero(depths(bundle) < 0)
    if not behind.size:
        return (open_ones,)
    first = f"camera {bundle.camera[behind[0]]}, point {bundle.point[behind[0]]}"
    return open_ones, f"{behind.size} observations are of points behind their camera at the start, as {first}"
