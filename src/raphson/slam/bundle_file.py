"""What a file of a bundle adjustment problem holds, and what it costs: cameras, points and where they were seen."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from raphson.slam.graph_file import Floats, Integers
from raphson.slam.rigid import quaternion_rotations, turned
from raphson.slam.tagged_lines import first_few

FEWEST = 2
"""Observations that hold a point: one leaves its depth open."""


@dataclass(frozen=True)
class BundleFile:
    """Observation k saw point `point[k]` with camera `camera[k]` (rows) at `pixels[k]`.

    `model` says how, and what `cameras` (c, k) and `intrinsics` hold:

    - "bal": rotation vector, translation, f, k1, k2 for each camera; no `intrinsics`. P = R X + t, p = -P_xy / P_z,
      pixel f (1 + k1 p^2 + k2 p^4) p;
    - "pinhole": the six values of a key frame as the file has them; `intrinsics` fx, fy, cx, cy;
    - "libmv": rotation vector and translation; `intrinsics` f, cx, cy, k1, k2, k3, p1, p2 shared by all cameras;
      pixels are those of a camera that looks along +z.
    """

    name: str
    model: str
    cameras: Floats
    points: Floats
    camera: Integers
    point: Integers
    pixels: Floats
    intrinsics: Floats | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        counts = f"{len(self.cameras)} cameras, {len(self.points)} points, {len(self.pixels)} observations"
        return f"BundleFile({self.name}: {counts}, model {self.model})"


def seen_notes(camera: Integers, point: Integers, cameras: int, points: int) -> tuple[str, ...]:
    """What a person should know of who saw what."""
    notes = []
    blind = np.flatnonzero(np.bincount(camera, minlength=cameras) == 0)
    if blind.size:
        notes.append(f"{blind.size} cameras have no observation: {first_few(blind)}")
    rare = np.flatnonzero(np.bincount(point, minlength=points) < FEWEST)
    if rare.size:
        notes.append(
            f"{rare.size} points are seen fewer than {FEWEST} times, which leaves them open: {first_few(rare)}"
        )
    pairs = camera * max(points, 1) + point
    again = len(pairs) - len(np.unique(pairs))
    if again:
        notes.append(f"{again} observations repeat a camera and a point")
    return tuple(notes)


def vector_rotations(w: Floats) -> Floats:
    """Rotations about axes w by angles abs(w), in radians."""
    angle = np.linalg.norm(w, axis=-1, keepdims=True)
    # sin(angle / 2) / angle, through NumPy's sinc, which knows 0
    return quaternion_rotations(np.concatenate([w * np.sinc(angle / (2 * np.pi)) / 2, np.cos(angle / 2)], -1))


def bal_pixels(bundle: BundleFile, cameras: Floats, points: Floats) -> Floats:
    own = cameras[bundle.camera]
    P = turned(vector_rotations(own[:, :3]), points[bundle.point]) + own[:, 3:6]
    p = -P[:, :2] / P[:, 2:]
    square = np.sum(p * p, axis=1)
    return (own[:, 6] * (1 + own[:, 7] * square + own[:, 8] * square**2))[:, None] * p


def libmv_pixels(bundle: BundleFile, cameras: Floats, points: Floats) -> Floats:
    assert bundle.intrinsics is not None
    f, cx, cy, k1, k2, k3, p1, p2 = bundle.intrinsics
    own = cameras[bundle.camera]
    P = turned(vector_rotations(own[:, :3]), points[bundle.point]) + own[:, 3:6]
    x, y = P[:, 0] / P[:, 2], P[:, 1] / P[:, 2]
    square = x * x + y * y
    c = 1 + square * (k1 + square * (k2 + square * k3))
    u = f * (x * c + 2 * p1 * x * y + p2 * (square + 2 * x * x)) + cx
    v = f * (y * c + 2 * p2 * x * y + p1 * (square + 2 * y * y)) + cy
    return np.stack([u, v], 1)


PIXELS: dict[str, Callable[[BundleFile, Floats, Floats], Floats]] = {"bal": bal_pixels, "libmv": libmv_pixels}


def bundle_cost(bundle: BundleFile, cameras: Floats | None = None, points: Floats | None = None) -> float:
    """Ceres's cost: half the sum of squared residuals, in pixels, at the file's values or at others.

    ValueError for the model "pinhole", whose files do not say what the values of a key frame are.
    """
    if bundle.model not in PIXELS:
        raise ValueError(f"the model {bundle.model!r} has no projection here; known are {', '.join(PIXELS)}")
    cameras = bundle.cameras if cameras is None else cameras
    predicted = PIXELS[bundle.model](bundle, cameras, bundle.points if points is None else points)
    return float(np.sum((predicted - bundle.pixels) ** 2) / 2)
