"""Poses as arrays: rotations R (..., d, d) and translations t (..., d) of many poses at once. NumPy alone.

Reading, writing, starting and judging a graph happen on the host, before and after the compiled program.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raphson.slam.graph_file import Floats

Index = NDArray[np.integer] | slice


@dataclass(frozen=True)
class Poses:
    """Many poses x -> R x + t: `R` (n, d, d) and `t` (n, d)."""

    R: Floats
    t: Floats

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, rows: Index) -> "Poses":
        return Poses(self.R[rows], self.t[rows])

    def compose(self, other: "Poses") -> "Poses":
        """self * other: first the other, then this one."""
        return Poses(self.R @ other.R, self.apply(other.t))

    def inverse(self) -> "Poses":
        back = np.swapaxes(self.R, -1, -2)
        return Poses(back, -turned(back, self.t))

    def apply(self, points: Floats) -> Floats:
        return turned(self.R, points) + self.t


def turned(R: Floats, points: Floats) -> Floats:
    """R x for each pair."""
    return np.einsum("...ij,...j->...i", R, points)


def identity_poses(n: int, d: int) -> Poses:
    return Poses(np.broadcast_to(np.eye(d), (n, d, d)).copy(), np.zeros((n, d)))


def plane_rotations(angles: Floats) -> Floats:
    c, s = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)


def plane_angles(R: Floats) -> Floats:
    return np.arctan2(R[..., 1, 0], R[..., 0, 0])


def wrapped(angles: Floats) -> Floats:
    """The same angle in [-pi, pi]."""
    return np.arctan2(np.sin(angles), np.cos(angles))


def quaternion_rotations(q: Floats) -> Floats:
    """Rotations of unit quaternions (..., 4) in the order x, y, z, w."""
    x, y, z, w = np.moveaxis(q, -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def rotation_quaternions(R: Floats) -> Floats:
    """Unit quaternions x, y, z, w with w >= 0.

    4 q q' is linear in R; its column with the largest diagonal entry is divided by nothing small.
    """
    a, b, c = R[..., 0, 0], R[..., 1, 1], R[..., 2, 2]
    diagonal = np.stack([1 + a - b - c, 1 - a + b - c, 1 - a - b + c, 1 + a + b + c], -1)
    products = np.zeros((*R.shape[:-2], 4, 4))
    for k in range(4):
        products[..., k, k] = diagonal[..., k]
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        products[..., i, j] = products[..., j, i] = R[..., i, j] + R[..., j, i]
        products[..., k, 3] = products[..., 3, k] = R[..., j, i] - R[..., i, j]
    largest = np.argmax(diagonal, -1)
    q = np.take_along_axis(products, largest[..., None, None], -2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    return np.where(q[..., 3:] < 0, -q, q)


def roll_pitch_yaw_rotations(angles: Floats) -> Floats:
    """Rz(yaw) Ry(pitch) Rx(roll) of angles (..., 3): roll, pitch, yaw."""
    (cr, cp, cy), (sr, sp, sy) = np.moveaxis(np.cos(angles), -1, 0), np.moveaxis(np.sin(angles), -1, 0)
    rows = (
        (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
        (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
        (-sp, cp * sr, cp * cr),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def rotation_vectors(R: Floats) -> Floats:
    """Log of rotations of space: axis times angle, the angle in [0, pi]."""
    q = rotation_quaternions(R)
    sine = np.linalg.norm(q[..., :3], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., 3:])
    with np.errstate(invalid="ignore", divide="ignore"):
        # angle / sine is 2 + O(sine^2) at no rotation
        return q[..., :3] * np.where(sine > 0, angle / np.where(sine > 0, sine, 1), 2.0)


def nearest_rotations(M: Floats) -> Floats:
    """The rotations nearest to matrices (..., d, d), in the Frobenius norm."""
    if M.shape[-1] == 2:
        return plane_rotations(np.arctan2(M[..., 1, 0] - M[..., 0, 1], M[..., 0, 0] + M[..., 1, 1]))
    U, _, V = np.linalg.svd(M)
    U[..., :, -1] *= np.where(np.linalg.det(U @ V) < 0, -1.0, 1.0)[..., None]
    return U @ V


def poses_of(kind: str, values: Floats) -> Poses:
    """Poses of the rows of a table of kind `SE2` or `SE3`."""
    if kind == "SE2":
        return Poses(plane_rotations(values[:, 2]), values[:, :2])
    return Poses(quaternion_rotations(values[:, 3:]), values[:, :3])


def rows_of(kind: str, poses: Poses) -> Floats:
    """The rows of a table of kind `SE2` or `SE3`."""
    turn = plane_angles(poses.R)[:, None] if kind == "SE2" else rotation_quaternions(poses.R)
    return np.concatenate([poses.t, turn], 1)
