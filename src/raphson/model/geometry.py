"""The geometry of a local quadratic: curvatures, axes, ellipses, the centre, and the angle that explains zig-zag."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np

from raphson.kernel.number import CURVATURE_NOISE, eps

KINDS = ("bowl", "saddle", "dome", "valley", "flat")


@dataclass(frozen=True, eq=False, repr=False)
class Geometry:
    """What m(s) = f + g's + 1/2 s'Hs looks like, as NumPy arrays.

    `eigenvalues` (n,) of H, ascending, in units of f / x^2; `axes` (n, n), their unit eigenvectors as
    columns, the largest entry of each positive; `inertia` how many are (negative, zero, positive);
    `gradient` (n,); `newton_step` (n,) from x to the centre; `center` the centre, a point in the
    structure of x; `kind`: "bowl" (all positive: an ellipse around a minimum), "saddle" (both signs),
    "dome" (negative, and perhaps zero), "valley" (zero and positive: a strip), "flat" (all zero).

    "Zero" means: not to be told from zero in the precision of x, |lambda| <= 32 n eps max |lambda|,
    where lambda are the eigenvalues of H in its natural units of length, which give it a diagonal of
    ones. By Sylvester's law the counts do not depend on units in exact arithmetic; in floating point
    they do, and a variable measured in nanometres must not look flat beside one measured in metres.
    """

    eigenvalues: np.ndarray
    axes: np.ndarray
    inertia: tuple[int, int, int]
    gradient: np.ndarray
    newton_step: np.ndarray
    center: Any

    @staticmethod
    def of(model: Any) -> "Geometry":
        """The geometry of a `Model`; its curvature is evaluated as a dense matrix. ValueError if H is not finite."""
        frame = Frame.of(model)
        g = np.asarray(model.gradient, float)
        s = frame.newton_step(g)
        x = jax.tree.map(np.asarray, model.x)
        center = model.space.retract(x, s.astype(np.asarray(model.gradient).dtype))
        w, V = frame.spectrum()
        return Geometry(w, V, frame.inertia, g, s, center)

    @property
    def kind(self) -> str:
        """One of "bowl", "saddle", "dome", "valley", "flat"."""
        return kind_of(self.inertia)

    @property
    def condition(self) -> float:
        """max |lambda| / min |lambda|; inf where H is singular to rounding."""
        size = np.abs(self.eigenvalues)
        return float("inf") if self.inertia[1] or size.min() == 0 else float(size.max() / size.min())

    @property
    def signs(self) -> np.ndarray:
        """-1, 0 or 1 for every eigenvalue (n,): its sign beyond rounding."""
        return np.repeat([-1, 0, 1], self.inertia)

    def semi_axes(self, rise: float = 1.0) -> np.ndarray:
        """Semi-axes (n,) of the contour {1/2 s'Hs = rise} around the centre: sqrt(2 rise / lambda), in units of x.

        inf along flat directions (the contour is a strip); NaN where lambda < 0: a hyperbola or a hill
        has no semi-axis there, and sqrt(2 rise / |lambda|) would be another curve.
        """
        rise, up = checked(rise), (self.signs > 0) & (self.eigenvalues > 0)
        out = np.where(self.signs == 0, np.inf if rise > 0 else np.nan, np.nan)
        return np.where(up, np.sqrt(2 * rise / np.where(up, self.eigenvalues, 1)), out)

    def dual_semi_axes(self, rise: float = 1.0) -> np.ndarray:
        """Semi-axes (n,) of the dual ellipse {1/2 g'H^-1 g = rise}: sqrt(2 rise lambda), in units of g.

        The gradients met on the contour of the same rise: long where the contour is short. 0 along
        flat directions; NaN where lambda < 0.
        """
        rise, up = checked(rise), self.signs > 0
        out = np.where(self.signs == 0, 0.0, np.nan)
        return np.where(up, np.sqrt(2 * rise * np.where(up, np.maximum(self.eigenvalues, 0), 1)), out)

    def stretch_semi_axes(self, length: float = 1.0) -> np.ndarray:
        """Semi-axes (n,) of the stretched circle, H^-1 applied to every gradient of this length: length / |lambda|.

        In units of x where `length` is one of gradients; with the length 1, of x per gradient. One step of the same
        slope in every direction becomes a step on {s : |Hs| = length}: short where f is steep, long where it is flat.
        Unlike a contour it is an ellipse for every H that has an inverse, so here the absolute value is right; but
        along an axis with lambda < 0 the step is reversed, u becoming -|1/lambda| u: it is no step to a minimum. inf
        along flat directions, where no finite step changes the gradient and H has no inverse. ValueError for a
        length that is negative or not finite.
        """
        if not (length >= 0 and np.isfinite(length)):
            raise ValueError(f"length = {length}: the length of a gradient is a finite number >= 0")
        w, signs = self.eigenvalues, self.signs
        live = signs * w > 0
        out = np.where(signs == 0, np.inf, np.nan)  # NaN: a sign that is known, of an eigenvalue lost to rounding
        return np.where(live, length / np.where(live, np.abs(w), 1), out)

    @cached_property
    def angle_deg(self) -> float:
        """Angle from -g to the Newton step, in degrees, 0 to 180; NaN where one of them is zero."""
        return angle(-self.gradient, self.newton_step)

    @property
    def max_angle_deg(self) -> float:
        """The largest angle any gradient could make with its Newton step here.

        arccos(2 sqrt(k) / (1 + k)) for condition number k where H > 0; 90 for a valley; 180 where an
        eigenvalue is negative (the Newton step may point uphill); NaN where H = 0.
        Source: Kantorovich (1948); Nocedal and Wright (2006), section 3.3.
        """
        if self.inertia[0]:
            return 180.0
        if not np.isfinite(self.condition):
            return 90.0 if self.inertia[2] else float("nan")
        return float(np.degrees(np.arctan2(self.condition - 1, 2 * np.sqrt(self.condition))))

    @property
    def newton_is_descent(self) -> bool:
        """Whether f falls along the Newton step: g's < 0."""
        return bool(self.gradient @ self.newton_step < 0)

    @property
    def rise(self) -> float:
        """1/2 g'H^-1 g, the height of x above the model's centre: the rise of the model's level through x.

        The decrease that the Newton step promises; negative where x lies below the centre (a saddle or dome).
        """
        return float(-0.5 * (self.gradient @ self.newton_step))

    @property
    def ray_distance(self) -> float:
        """How far the ray from x along -g passes by the centre, in units of x; 0 where it hits."""
        length, turn = float(np.linalg.norm(self.newton_step)), self.angle_deg
        if np.isnan(turn):
            return length
        return length * float(np.sin(np.radians(turn))) if turn < 90 else length

    @property
    def has_center(self) -> bool:
        """Whether the model has a stationary point: always, unless f falls along a flat direction."""
        flat = self.axes[:, self.signs == 0]
        return bool(np.linalg.norm(flat.T @ self.gradient) <= 1e-6 * np.linalg.norm(self.gradient))

    def whiten(self, s: Any) -> np.ndarray:
        """y = H^(1/2) s for steps s of shape (..., n), with the symmetric root: contours become circles.

        ValueError unless the model is a bowl: an indefinite or singular H has no such root.
        """
        return np.asarray(s, float) @ self.power(0.5)

    def unwhiten(self, y: Any) -> np.ndarray:
        """s = H^(-1/2) y for y of shape (..., n), the inverse of `whiten`. ValueError unless the model is a bowl."""
        return np.asarray(y, float) @ self.power(-0.5)

    def power(self, exponent: float) -> np.ndarray:
        """H^exponent (n, n) for a bowl; with exponent t/2, t from 0 to 1, it morphs the ellipse into the circle."""
        if self.kind != "bowl":
            raise ValueError(
                f"this model is a {self.kind} (eigenvalues {self.inertia[0]} negative, {self.inertia[1]} zero, "
                f"{self.inertia[2]} positive): H^(1/2) and its inverse exist only for a bowl"
            )
        return (self.axes * self.eigenvalues**exponent) @ self.axes.T

    def __str__(self) -> str:
        w = self.eigenvalues
        return (
            f"{self.kind}: eigenvalues {w[0]:.3g} .. {w[-1]:.3g}, condition {self.condition:.3g}; "
            f"-g is {self.angle_deg:.3g} deg off the Newton step (at most {self.max_angle_deg:.3g})"
        )

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Frame:
    """H on the host with its natural units of length d, in which its signs are decided.

    `w`, `V`: eigenpairs of H in these units, or None where Cholesky alone showed that H > 0.
    """

    H: np.ndarray
    d: np.ndarray
    inertia: tuple[int, int, int]
    w: np.ndarray | None = None
    V: np.ndarray | None = None

    @staticmethod
    def of(model: Any) -> "Frame":
        """Reads a model; ValueError if its Hessian is not finite."""
        return Frame.at(np.asarray(model.curvature.dense(), float), eps(model.gradient))

    @staticmethod
    def at(H: np.ndarray, noise: float) -> "Frame":
        """Of a matrix (n, n) whose entries are known to a relative `noise`; ValueError if it is not finite."""
        if not np.all(np.isfinite(H)):
            i, j = np.argwhere(~np.isfinite(H))[0]
            raise ValueError(f"the Hessian is not finite here (entry [{i}, {j}] is {H[i, j]}): it has no geometry")
        H = (H + H.T) / 2
        d, n = hessian_units(H), len(H)
        scaled = H / d[:, None] / d[None, :]
        try:
            pivots = np.diagonal(np.linalg.cholesky(scaled)) ** 2
        except np.linalg.LinAlgError:
            pivots = np.zeros(1)
        # A matrix of unit diagonal has pivots up to 1; clearly positive ones need no eigenvalues to be believed.
        if np.min(pivots) > noise**0.5:
            return Frame(H, d, (0, 0, n))
        w, V = np.linalg.eigh(scaled)
        level = CURVATURE_NOISE * n * noise * np.max(np.abs(w))
        negative, positive = int(np.sum(w < -level)), int(np.sum(w > level))
        return Frame(H, d, (negative, n - negative - positive, positive), w, V)

    def newton_step(self, g: np.ndarray) -> np.ndarray:
        """-H^-1 g (n,); -pinv(H) g, the shortest least-squares step, where H is singular to rounding."""
        if self.w is None or self.V is None:
            return -np.linalg.solve(self.H / self.d[:, None] / self.d[None, :], g / self.d) / self.d
        if self.inertia[1] == 0:
            return -(self.V @ ((self.V.T @ (g / self.d)) / self.w)) / self.d
        w, V = np.linalg.eigh(self.H)
        live = np.repeat([True, False, True], self.inertia) & (w != 0)
        return -V @ np.where(live, (V.T @ g) / np.where(live, w, 1), 0)

    def inverse(self) -> np.ndarray:
        """H^-1 (n, n); the pseudo-inverse in natural units, 0 along what is flat, where H is singular to rounding."""
        if self.w is None or self.V is None:
            inverse = np.linalg.inv(self.H / self.d[:, None] / self.d[None, :])
        else:
            live = np.repeat([True, False, True], self.inertia)
            inverse = (self.V[:, live] / self.w[live]) @ self.V[:, live].T
        inverse = inverse / self.d[:, None] / self.d[None, :]
        return (inverse + inverse.T) / 2

    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues of H ascending, and axes of settled sign.

        Where H > 0 and ill-conditioned they are the squared singular values of its Cholesky factor:
        small ones keep digits that an eigendecomposition of H loses (a relative error of eps sqrt(k)
        and not eps k). Source: Demmel and Veselic (1992), "Jacobi's method is more accurate than QR".
        """
        w, V = np.linalg.eigh(self.H)
        if self.inertia[2] < len(self.d) or w[0] > 1e-8 * w[-1]:
            return w, settled(V)
        steep = np.argsort(-self.d, kind="stable")  # rows in falling size: the factor is then graded
        d, back = self.d[steep], np.argsort(steep, kind="stable")
        L = np.linalg.cholesky(self.H[np.ix_(steep, steep)] / d[:, None] / d[None, :]) * d[:, None]
        _, root, axes = np.linalg.svd(L.T)
        return root[::-1] ** 2, settled(axes.T[back, ::-1])


def hessian_units(H: np.ndarray) -> np.ndarray:
    """Natural units of length (n,), sqrt |H_ii|; with H_ii = 0 max_j |H_ij| / sqrt |H_jj|, else the largest unit.

    H decides alone. The scale that a run carries along remembers curvatures from far away, beside
    which a direction that is curved here would look flat.
    """
    plain = np.sqrt(np.abs(np.diagonal(H)))
    row = np.max(np.abs(H) / np.where(plain > 0, plain, np.inf), axis=1, initial=0.0)
    own = np.where(plain > 0, plain, row)
    top = np.max(own, initial=0.0)
    return np.where(own > 0, own, top if top > 0 else 1.0)


def settled(V: np.ndarray) -> np.ndarray:
    """Columns in signs that do not depend on the library: the first of the (nearly) largest entries is positive."""
    size = np.abs(V)
    first = np.argmax(size > (1 - 1e-6) * size.max(axis=0), axis=0)
    return V * np.where(V[first, np.arange(V.shape[1])] < 0, -1.0, 1.0)


def kind_of(inertia: tuple[int, int, int]) -> str:
    """The shape that the signs of the eigenvalues make."""
    negative, zero, positive = inertia
    if negative:
        return "saddle" if positive else "dome"
    if not zero:
        return "bowl"
    return "valley" if positive else "flat"


def angle(u: np.ndarray, v: np.ndarray) -> float:
    """Degrees between two vectors, accurate near 0, 90 and 180 (arccos of the cosine is not); NaN if one is zero.

    Source: Kahan (2006), "How futile are mindless assessments of roundoff", section 12.
    """
    a, b = np.max(np.abs(u), initial=0.0), np.max(np.abs(v), initial=0.0)
    if not (0 < a < np.inf and 0 < b < np.inf):
        return float("nan")
    u, v = u / a, v / b
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))))


def checked(rise: float) -> float:
    """A rise that an ellipse can have."""
    if not (rise >= 0 and np.isfinite(rise)):
        raise ValueError(f"rise = {rise}: the height of a contour above the centre is a finite number >= 0")
    return float(rise)
