"""Made scenes for bundle adjustment, larger than the files: a plaza that all cameras see, and a street.

In a plaza every pair of cameras shares points, and without the points nearly nothing of J'J is zero; along a street
only neighbors do. Both are BAL's: cameras that look along -z, each with a lens of its own.
"""

from dataclasses import dataclass, replace

import numpy as np

from raphson.slam.bundle_file import BundleFile, bal_pixels, vector_rotations
from raphson.slam.rigid import rotation_vectors

SIGHTS = 5
"""Cameras that see a point."""


@dataclass(frozen=True)
class Scene:
    """How many cameras and points, and whether they stand along a street."""

    cameras: int
    points: int
    street: bool


SCENES = {
    "plaza-1000": Scene(1000, 100_000, False),
    "street-1000": Scene(1000, 100_000, True),
}


def scene_bundle(about: Scene, seed: int = 0) -> BundleFile:
    """The scene with pixels of 0.5 noise, cameras 0.005 rad and 0.02 m off, and points 0.05 m off."""
    rng = np.random.default_rng(seed)
    c, p = about.cameras, about.points
    if about.street:
        centres = np.stack([np.arange(c, dtype=float), rng.normal(0, 0.2, c), rng.normal(0, 0.2, c)], 1)
        aims = centres + np.array([0.0, 10, 0]) + rng.normal(0, 0.5, (c, 3))
        points = np.stack([rng.uniform(2, c - 3, p), rng.uniform(7, 13, p), rng.uniform(-3, 3, p)], 1)
        camera = np.round(points[:, 0]).astype(np.int64)[:, None] + np.arange(SIGHTS) - SIGHTS // 2
        camera = np.clip(camera, 0, c - 1)
    else:
        angle = rng.uniform(0, 2 * np.pi, c)
        centres = np.stack([12 * np.cos(angle), 12 * np.sin(angle), rng.uniform(-1, 3, c)], 1)
        aims, points = rng.normal(0, 0.5, (c, 3)), rng.normal(0, 1.3, (p, 3))
        camera = np.argpartition(rng.random((p, c), dtype=np.float32), SIGHTS, axis=1)[:, :SIGHTS]
    back = centres - aims
    z = back / np.linalg.norm(back, axis=1, keepdims=True)
    x = np.cross([0.0, 0, 1], z)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    R = np.stack([x, np.cross(z, x), z], 1)
    lens = np.tile([800.0, -0.05, 0.01], (c, 1)) * (1 + 0.02 * rng.standard_normal((c, 3)))
    cameras = stood(R, centres, lens)
    point = np.repeat(np.arange(p), SIGHTS)
    made = BundleFile("scene", "bal", cameras, points, camera.ravel(), point, np.zeros((point.size, 2)))
    pixels = bal_pixels(made, cameras, points)
    turns = vector_rotations(0.005 * rng.standard_normal((c, 3)))
    near = centres + 0.02 * rng.standard_normal((c, 3))
    lens = lens + np.array([10, 0.01, 0.01]) * rng.standard_normal((c, 3))
    return replace(
        made, pixels=pixels + 0.5 * rng.standard_normal(pixels.shape),
        points=points + 0.05 * rng.standard_normal((p, 3)), cameras=stood(turns @ R, near, lens),
    )  # fmt: skip


def stood(R: np.ndarray, centres: np.ndarray, lens: np.ndarray) -> np.ndarray:
    """Cameras (c, 9) of BAL from where they stand and how they are turned."""
    return np.concatenate([rotation_vectors(R), -np.einsum("cij,cj->ci", R, centres), lens], 1)
