"""Bundle adjustment problems as factor graphs: poses, lenses and points, and what a camera sees of a point."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.motion import SE3
from raphson.kernel.space import Euclidean
from raphson.slam.bundle_file import BundleFile, vector_rotations
from raphson.slam.graph import FactorGraph
from raphson.slam.graph_file import Floats
from raphson.slam.rigid import rotation_quaternions

Array = jax.Array
SPACE = SE3()


def reprojection(pose: Array, lens: Array, point: Array, pixel: Array) -> Array:
    """Where a camera of "Bundle Adjustment in the Large" sees a point (3,), less where it was seen: (2,), in pixels.

    `pose` (7,) takes the world's axes to the camera's, which looks along -z: P = R X + t, p = -P_xy / P_z, pixel
    f (1 + k1 |p|^2 + k2 |p|^4) p. `lens` (3,) is f, k1, k2. Source: Agarwal, Snavely, Seitz and Szeliski (2010).
    """
    P = SPACE.act(pose, point)
    p = -P[:2] / P[2]
    square = p @ p
    return lens[0] * (1 + square * (lens[1] + square * lens[2])) * p - pixel


def reprojection_pinhole(pose: Array, lens: Array, point: Array, pixel: Array) -> Array:
    """The same of a camera without distortion that looks along +z; `lens` (4,) is fx, fy, cx, cy."""
    P = SPACE.act(pose, point)
    return lens[:2] * P[:2] / P[2] + lens[2:] - pixel


def reprojection_libmv(pose: Array, lens: Array, point: Array, pixel: Array) -> Array:
    """The same of libmv's camera, which looks along +z; `lens` (8,) is f, cx, cy, k1, k2, k3, p1, p2: Brown's model of
    radial and tangential distortion."""
    f, cx, cy, k1, k2, k3, p1, p2 = lens
    P = SPACE.act(pose, point)
    x, y = P[0] / P[2], P[1] / P[2]
    square = x * x + y * y
    c = 1 + square * (k1 + square * (k2 + square * k3))
    u = f * (x * c + 2 * p1 * x * y + p2 * (square + 2 * x * x)) + cx
    v = f * (y * c + 2 * p2 * x * y + p1 * (square + 2 * y * y)) + cy
    return jnp.stack([u, v]) - pixel


REPROJECTIONS: dict[str, Callable[..., Any]] = {
    "bal": reprojection, "pinhole": reprojection_pinhole, "libmv": reprojection_libmv,
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
    scale stay open (`gauge` "free"): seven directions in which the cost is level.
    """
    poses, lenses, points = bundle_variables(bundle)
    shared = bundle.intrinsics is not None
    graph = FactorGraph(gauge="free")
    graph.add_variables("pose", SPACE, poses, [0] if bundle.model == "libmv" else None)
    graph.add_variables("lens", Euclidean(), lenses, np.ones(len(lenses), bool) if shared else None)
    graph.add_variables("point", Euclidean(), points)
    lens = np.zeros_like(bundle.camera) if shared else bundle.camera
    rows = np.stack([bundle.camera, lens, bundle.point], 1)
    graph.add_factors(REPROJECTIONS[bundle.model], ("pose", "lens", "point"), rows, bundle.pixels)
    return graph


def open_directions(bundle: BundleFile) -> tuple[str, ...]:
    """What no observation says, as a note."""
    if bundle.model == "libmv":
        return ("the first camera is held; nothing fixes the scale: the cost is level in one direction",)
    what = "rotation, translation and scale of all cameras and points together"
    return (f"nothing fixes the frame and the scale: the cost is level in seven directions, {what}",)
