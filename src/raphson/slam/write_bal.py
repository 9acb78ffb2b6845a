"""Bundle adjustment problems back to BAL's text."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from raphson.slam.bundle_file import BundleFile
from raphson.slam.rigid import quaternion_rotations, rotation_vectors

UNWRITTEN = "is written for BAL's camera alone, with f, k1 and k2 of its own: the file holds {model}'s"


def refuse_other_cameras(bundle: BundleFile) -> None:
    """ValueError for a problem that BAL's text cannot say."""
    if bundle.model != "bal":
        raise ValueError(f"{bundle.name}: BAL's text {UNWRITTEN.format(model=bundle.model)}")


def write_bal(path: str | os.PathLike[str], bundle: BundleFile, values: Mapping[str, Any] | None = None) -> None:
    """Writes a problem of "Bundle Adjustment in the Large" as text, every number with all its digits.

    `values`: poses (c, 7), lenses (c, 3) and points (p, 3) by type, as in `fit.values`; without them those of the file.
    A rotation by pi has two vectors: either may come back. ValueError for another camera than BAL's.
    """
    refuse_other_cameras(bundle)
    cameras, points = bundle.cameras, bundle.points
    if values is not None:
        poses, points = np.asarray(values["pose"]), np.asarray(values["point"])
        turns = rotation_vectors(quaternion_rotations(poses[:, 3:]))
        cameras = np.concatenate([turns, poses[:, :3], np.asarray(values["lens"])], 1)
    seen = zip(bundle.camera.tolist(), bundle.point.tolist(), bundle.pixels.tolist(), strict=True)
    lines = [f"{len(cameras)} {len(points)} {len(bundle.pixels)}"]
    lines += [f"{camera} {point} {x!r} {y!r}" for camera, point, (x, y) in seen]
    lines += [repr(a) for a in cameras.ravel().tolist()] + [repr(a) for a in points.ravel().tolist()]
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(lines) + "\n")
