"""What no observation of a bundle says: directions in which the cost is level whatever was seen, in closed form."""

from typing import Any

import numpy as np

from raphson.slam.rigid import quaternion_rotations

SIMILARITY = "rotation, translation and scale of all cameras and points together"
"""What these directions are, in words."""


def similarity_directions(x: dict[str, Any]) -> np.ndarray:
    """Steps (n, 7) of the unknowns "pose" (N, 7) and "point" (N, 3), of others zero, along which all cameras and points
    turn about the three axes, move along them, and grow together.

    X' = X + a + w x X + c X leaves every picture as it is with R' = R exp(-w), t' = (1 + c) t - R a: a step of a pose
    with the parts c R't - a and -w. Variables are in the order of their sorted names, as JAX flattens them.
    """
    parts = []
    for name in sorted(x):
        values = np.asarray(x[name], float)
        if name == "pose":
            part = np.zeros((len(values), 6, 7))
            part[:, 3:, :3] = part[:, :3, 3:6] = -np.eye(3)
            part[:, :3, 6] = np.einsum("nji,nj->ni", quaternion_rotations(values[:, 3:]), values[:, :3])
        elif name == "point":
            part = np.zeros((len(values), 3, 7))
            part[:, :, :3] = np.moveaxis(np.cross(np.eye(3)[:, None], values), 0, 2)
            part[:, :, 3:6] = np.eye(3)
            part[:, :, 6] = values
        else:
            part = np.zeros((values[..., 0].size, values.shape[-1], 7))
        parts.append(part.reshape(-1, 7))
    return np.concatenate(parts)
