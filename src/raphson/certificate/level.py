"""Directions in which f is level whatever its numbers are: they are taken out, and the rest of H decides.

Where H N = 0 for steps N (n, k), every v is N c + w with w zero in k variables, if N has full rank in these. So
v'Hv = w'Hw, and with these k variables pinned H has the inertia of the whole but for k zeros.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raphson.certificate.shape import Shape
from raphson.kernel.number import CURVATURE_NOISE
from raphson.linear.lowest import HostMatrix

THIN = 1e-8
"""Steps are dependent where what is left of one is this part of the longest: sqrt(eps), half of the digits."""


@dataclass(frozen=True)
class Level:
    """Steps (n, k) along which f is level, and what they are, in words."""

    steps: np.ndarray
    words: str


@dataclass(frozen=True)
class Pinned:
    """Level directions that H confirms, orthonormal in units d (n, k), and the variables (n,) that pin them."""

    along: np.ndarray
    d: np.ndarray
    pins: np.ndarray
    words: str

    def across(self, step: np.ndarray) -> np.ndarray:
        """The step (n,) without its parts along them: the shortest, in units d, of those that do the same."""
        y = self.d * step
        return (y - self.along @ (self.along.T @ y)) / self.d

    def with_level(self, shape: Shape) -> Shape:
        """The shape of all variables from that with the pins held."""
        k = self.along.shape[1]
        return replace(
            shape, smallest=float(np.fmin(shape.smallest, 0.0)), zero=shape.zero + k, newton=self.across(shape.newton),
            weak=tuple(self.across(v) for v in shape.weak), level=k, gauge=self.words,
        )  # fmt: skip


def pinned(
    known: Level, H: HostMatrix, g: np.ndarray, scale: np.ndarray, error: float, held: np.ndarray
) -> Pinned | None:
    """Those of the known directions that lie in the free variables and whose product with H is rounding, or what the
    slope g makes of it; None where there is none.

    Away from a stationary point a level curve bends: H v = -(dv)'g. Steps are those of a unit (a radian, a factor
    of e), so a curve whose steps are long, in units d, bends as little: |g| over their length bounds it.
    """
    from scipy import linalg  # here: `import raphson` does without scipy.linalg

    qr: Any = linalg.qr
    d = np.where(~held & (scale > 0), scale, 1.0)
    N = known.steps * d[:, None]
    if not np.all(np.isfinite(N)):
        return None
    Q, R, _ = qr(N, mode="economic", pivoting=True)
    sizes = np.abs(np.diagonal(R))
    thick = sizes > THIN * np.max(sizes, initial=0.0)
    Q, length = Q[:, thick], max(1.0, float(np.min(sizes[thick], initial=np.inf)))
    if not Q.shape[1]:
        return None
    product = np.column_stack([H.product(v) for v in (Q / d[:, None]).T]) / d[:, None]
    off = np.vstack([product * ~held[:, None], Q * np.where(held, H.norm, 0)[:, None]])
    _, sizes, V = np.linalg.svd(off, full_matrices=False)
    free = ~held
    sums = H.absolute(np.where(free, 1 / d, 0)) / d
    bound = CURVATURE_NOISE * H.width * error * max(float(np.max(sums[free], initial=0.0)), 1.0)
    along = Q @ V[sizes <= bound + np.linalg.norm((g / d)[free]) / length].T
    if not along.shape[1]:
        return None
    along = np.where(held[:, None], 0, along)
    first = qr(along.T, mode="r", pivoting=True)[1][: along.shape[1]]
    pins = np.zeros(held.size, bool)
    pins[first] = True
    return Pinned(along, d, pins, known.words)
