"""Bundle adjustment problems back to BAL's text."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from raphson.slam.bundle_file import BundleFile
from raphson.slam.graph_file import Floats
from raphson.slam.rigid import quaternion_rotations, rotation_vectors

UNWRITTEN = "is written for BAL's camera alone, with f, k1 and k2 of its own: the file holds {model}'s"


def refuse_other_cameras(bundle: BundleFile) -> None:
    """ValueError for a problem that BAL's text cannot say."""
    if bundle.model != "bal":
        raise ValueError(f"{bundle.name}: BAL's text {UNWRITTEN.format(model=bundle.model)}")


def write_bal(path: str | os.PathLike[str], bundle: BundleFile, values: Mapping[str, Any] | None = None) -> None:
    """Writes a problem of "Bundle Adjustment in the Large" as text, every number with all its digits.

    `values`: poses (c, 7), lenses (c, 3) and points (p, 3) by type, as in `fit.values`; without them those of the file.
    A rotation by pi has two vectors: either may come back. ValueError for another camera than BAL's, and for values
    that do not match the problem or are not finite: no file is written that could not be read.
    """
    refuse_other_cameras(bundle)
    cameras, points = bundle.cameras, bundle.points
    if values is not None:
        c, p = len(cameras), len(points)
        poses, lenses, points = (matching(values, *kind) for kind in (("pose", c, 7), ("lens", c, 3), ("point", p, 3)))
        turns = rotation_vectors(quaternion_rotations(poses[:, 3:]))
        cameras = np.concatenate([turns, poses[:, :3], lenses], 1)
    seen = zip(bundle.camera.tolist(), bundle.point.tolist(), bundle.pixels.tolist(), strict=True)
    lines = [f"{len(cameras)} {len(points)} {len(bundle.pixels)}"]
    lines += [f"{camera} {point} {x!r} {y!r}" for camera, point, (x, y) in seen]
    lines += [repr(a) for a in cameras.ravel().tolist()] + [repr(a) for a in points.ravel().tolist()]
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


def matching(values: Mapping[str, Any], name: str, count: int, width: int) -> Floats:
    """The values (count, width) of a type; ValueError where they are missing, not so many, or not finite."""
    if name not in values:
        raise ValueError(f"values of {name} are missing: there are {', '.join(values) or 'none'}")
    table = np.asarray(values[name], float)
    if table.shape != (count, width):
        raise ValueError(f"values of {name} have shape {table.shape}, {(count, width)} is expected")
    if not np.isfinite(table).all():
        raise ValueError(f"the values of {name} {int(np.argmin(np.isfinite(table).all(1)))} are not finite")
    return table
