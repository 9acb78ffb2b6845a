"""A quadratic in two variables: what every picture of the plane is drawn from. NumPy only."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raphson.kernel.number import CURVATURE_NOISE
from raphson.model.geometry import angle, hessian_units, kind_of, settled


@dataclass(frozen=True, eq=False)
class Quadratic:
    """m(u) = value + g'(u - at) + 1/2 (u - at)'H(u - at) in the plane, `at` (2,) the point x, `noise` relative of H."""

    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    at: np.ndarray
    noise: float = 2.2e-16

    def __call__(self, u: Any) -> np.ndarray:
        """m at points (..., 2)."""
        s = np.asarray(u, float) - self.at
        return self.value + s @ self.gradient + 0.5 * np.einsum("...i,ij,...j->...", s, self.hessian, s)

    def moved(self, u: Any) -> "Quadratic":
        """The same quadratic, written down at another point."""
        s = np.asarray(u, float) - self.at
        return Quadratic(float(self(u)), self.gradient + self.hessian @ s, self.hessian, self.at + s, self.noise)

    @cached_property
    def eigen(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (2,) ascending and axes (2, 2) in columns, of settled sign.

        Where none is zero the smaller one is det H / the larger one: it keeps digits beside a much larger one,
        where an eigendecomposition would leave rounding, perhaps of the wrong sign.
        """
        w, V = np.linalg.eigh(self.hessian)
        if np.all(self.signs != 0):
            big = int(np.argmax(np.abs(w)))
            share, size = self.parts
            w[1 - big] = share * (size / w[big]) * size
        return w, settled(V)

    @cached_property
    def determinant(self) -> float:
        """det H, from H in its natural units; infinite where it is too large for a number, though H is not."""
        share, size = self.parts
        return share * size * size

    @cached_property
    def parts(self) -> tuple[float, float]:
        """det H as share size^2: det of H in its natural units, and the product of these, as large as H."""
        d = hessian_units(self.hessian)
        (a, b), (_, c) = self.hessian / d[:, None] / d[None, :]
        return float(a * c - b * b), float(d[0] * d[1])

    @cached_property
    def signs(self) -> np.ndarray:
        """-1, 0, 1 for each eigenvalue: its sign beyond the rounding of H, in natural units (Sylvester's law)."""
        d = hessian_units(self.hessian)
        w = np.linalg.eigvalsh(self.hessian / d[:, None] / d[None, :])
        level = CURVATURE_NOISE * 2 * self.noise * np.max(np.abs(w))
        negative, positive = int(np.sum(w < -level)), int(np.sum(w > level))
        return np.repeat([-1, 0, 1], (negative, 2 - negative - positive, positive))

    @property
    def kind(self) -> str:
        """Bowl, saddle, dome, valley or flat."""
        s = self.signs
        return kind_of((int(np.sum(s < 0)), int(np.sum(s == 0)), int(np.sum(s > 0))))

    @cached_property
    def newton(self) -> np.ndarray:
        """The step (2,) to the stationary point; the shortest least-squares one where H is singular."""
        if np.all(self.signs != 0):
            d = hessian_units(self.hessian)
            return -np.linalg.solve(self.hessian / d[:, None] / d[None, :], self.gradient / d) / d
        w, V = self.eigen
        live = self.signs != 0
        return -V @ np.where(live, (V.T @ self.gradient) / np.where(live, w, 1), 0)

    @property
    def center(self) -> np.ndarray:
        """The stationary point (2,)."""
        return self.at + self.newton

    @property
    def has_center(self) -> bool:
        """Whether there is a stationary point: always, unless m falls along a flat direction."""
        flat = self.eigen[1][:, self.signs == 0]
        return bool(np.linalg.norm(flat.T @ self.gradient) <= 1e-6 * np.linalg.norm(self.gradient))

    @property
    def rise(self) -> float:
        """1/2 g'H^-1 g: the height of x above the centre (negative below it)."""
        return float(-0.5 * self.gradient @ self.newton)

    @property
    def condition(self) -> float:
        """max |lambda| / min |lambda|; inf where H is singular to rounding."""
        w = np.abs(self.eigen[0])
        return float(w.max() / w.min()) if np.all(self.signs != 0) else float("inf")

    @property
    def angle_deg(self) -> float:
        """From -g to the Newton step."""
        return angle(-self.gradient, self.newton)
