"""Planes through the space of x: where pictures of more than two variables are drawn, and what is drawn there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.number import CURVATURE_NOISE
from raphson.model.geometry import hessian_units
from raphson.picture.quadratic import Quadratic

SPREAD = 1e3
"""Variables whose natural lengths differ by more than this are drawn in powers of ten of their own."""

EPS = 2.2e-16
"""Relative rounding of a Hessian in double precision."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane x = `origin` + `basis` @ p, with p = `project` @ (x - origin), and project @ basis = I.

    `kind` is "parameters", "newton", "extreme" or "path"; `axes` the labels of both coordinates, `label` words
    for a chooser; `unit` (2,) what one unit of p is in x, for the label's sake (ones but for parameters);
    `whole` where it is all of the space (n = 2); `share` of the path's variance that lies in it, 0..1.

    All geometry in a plane is that of the plane's own function F(p) = f(origin + basis p).
    """

    id: str
    kind: str
    axes: tuple[str, str]
    label: str
    origin: np.ndarray
    basis: np.ndarray
    project: np.ndarray
    unit: np.ndarray
    whole: bool = False
    share: float | None = None

    def point(self, p: Any) -> np.ndarray:
        """The points x (..., n) with coordinates p (..., 2)."""
        return self.origin + np.asarray(p, float) @ self.basis.T

    def at(self, x: Any) -> np.ndarray:
        """The coordinates p (..., 2) of x (..., n), projected where x lies outside the plane."""
        return (np.asarray(x, float) - self.origin) @ self.project.T

    def slice(self, value: float, g: Any, H: Any, x: Any, noise: float = EPS) -> Quadratic:
        """The model of f at x with everything outside the plane fixed: gradient E'g, Hessian E'HE at p = at(x)."""
        E, H = self.basis, np.asarray(H, float)
        return self.section(
            value, g, H @ E, x, noise * cancellation(np.abs(E).T @ (np.abs(H) @ np.abs(E)), E.T @ H @ E)
        )

    def section(self, value: float, g: Any, HE: Any, x: Any, noise: float = EPS) -> Quadratic:
        """`slice` from the products H @ basis (n, 2) alone, for n too large for a matrix."""
        E = self.basis
        hessian = E.T @ np.asarray(HE, float)
        return Quadratic(float(value), E.T @ np.asarray(g, float), (hessian + hessian.T) / 2, self.at(x), noise)

    def shadow(self, value: float, g: Any, H: Any, x: Any, noise: float = EPS) -> Quadratic | None:
        """The model of f at x with everything else minimized again: S(p) = min of m over P(x - origin) = p.

        Its Hessian is C^-1 with C = P H^-1 P' (the sub-block of H^-1), its stationary point P(x + Newton step),
        its smallest value that of m. None unless H is positive definite beyond rounding.
        """
        g, H = np.asarray(g, float), np.asarray(H, float)
        if self.whole:
            quad = self.slice(value, g, H, x, noise)
            return quad if quad.kind == "bowl" else None
        d = hessian_units(H)
        w, V = np.linalg.eigh(H / d[:, None] / d[None, :])
        if not w[0] > CURVATURE_NOISE * len(d) * noise * w[-1]:
            return None
        # Roots of H^-1, so that C is a Gram matrix and stays positive definite.
        root = (V.T / d[None, :]) / np.sqrt(w)[:, None]
        newton = -root.T @ (root @ g)
        _, triangle = np.linalg.qr(root @ self.project.T)
        inverse = np.linalg.inv(triangle)
        hessian = inverse @ inverse.T
        away = -self.project @ newton
        low = float(value) + 0.5 * float(g @ newton)
        return Quadratic(low + 0.5 * float(away @ hessian @ away), hessian @ away, hessian, self.at(x), noise)


def cancellation(size: np.ndarray, left: np.ndarray) -> float:
    """How many times larger the terms (2, 2) were than the diagonal that is left of them: lost relative precision."""
    left, size = np.abs(np.diagonal(left)), np.diagonal(size)
    ratio = np.where(left > 0, size / np.where(left > 0, left, 1), 1)
    return float(np.clip(np.max(ratio), 1, 1e15))


def scales(x: Any, unit: Any) -> np.ndarray:
    """Powers of ten d (n,) in which variables are drawn: all 1 unless their natural lengths differ by more than 1e3.

    `unit` (n,) are the natural units of H, sqrt |H_ii| (`model.geometry.units`, `Model.scale`): 1/unit is a
    length. The variable whose own size |x_i| is nearest to 1 keeps its unit, so multiplying f changes nothing.
    """
    x, unit = np.abs(np.asarray(x, float)), np.asarray(unit, float)
    good = np.isfinite(unit) & (unit > 0)
    decades = -np.log10(np.where(good, unit, 1))
    if not good.any() or np.ptp(decades[good]) <= np.log10(SPREAD):
        return np.ones(len(x))
    size = np.abs(np.log10(np.where((x > 0) & np.isfinite(x), x, 1)))
    reference = int(np.argmin(np.where(good, size, np.inf)))
    return np.where(good, 10.0 ** np.clip(np.round(decades - decades[reference]), -300, 300), 1.0)


def parameter_plane(i: int, j: int, x: Any, d: Any, names: Sequence[str]) -> Plane:
    """The plane of variables i and j in absolute coordinates p = x_i / d_i; the others as in x (n,)."""
    x, d = np.asarray(x, float), np.asarray(d, float)
    n, unit = len(x), np.array([d[i], d[j]], float)
    origin, basis, project = x.copy(), np.zeros((n, 2)), np.zeros((2, n))
    for k, index in enumerate((i, j)):
        origin[index] = 0
        basis[index, k] = unit[k]
        project[k, index] = 1 / unit[k]
    axes = (with_unit(names[i], unit[0]), with_unit(names[j], unit[1]))
    label = f"{names[i]}, {names[j]}"
    return Plane(f"{names[i]},{names[j]}", "parameters", axes, label, origin, basis, project, unit, whole=n == 2)


def with_unit(name: str, unit: float) -> str:
    """A label that says its unit: "b2 / 1e-6"."""
    return name if unit == 1 else f"{name} / 1e{round(float(np.log10(unit)))}"


def whole_plane(x: Any, d: Any, names: Sequence[str]) -> Plane:
    """The plane that is all of the space, for n = 2."""
    return parameter_plane(0, 1, x, d, names)


def newton_plane(x: Any, g: Any, step: Any, d: Any) -> Plane:
    """The plane through x of -g and the Newton step, orthonormal in z = x/d; the first axis points along -g."""
    d = np.asarray(d, float)
    pair = np.stack([-d * np.asarray(g, float), np.asarray(step, float) / d], axis=1)
    # The side of the Newton point is up: signs are as the vectors point, not as a factorization leaves them.
    return spanned(
        "newton", "newton", ("along −g", "across −g, towards the Newton point"), "−g, Newton step", x, pair, d
    )


def extreme_plane(x: Any, V: Any, d: Any) -> Plane:
    """The plane through x of the smallest and the largest curvature, orthonormal in z = x/d.

    `V` (n, k): eigenvectors in columns, eigenvalues ascending, of the Hessian in z, D H D (of H itself where d = 1).
    """
    V = np.asarray(V, float)
    axes = ("flattest or most downward, v_min", "steepest, v_max")
    return spanned("extreme", "extreme", axes, "v_min, v_max", x, V[:, [0, -1]], np.asarray(d, float))


def path_plane(points: Any, d: Any) -> Plane:
    """The main plane of the path through `points` (m, n) (the last is the origin), in z = x/d; `share` its variance."""
    points, d = np.asarray(points, float), np.asarray(d, float)
    z = (points - points[-1]) / d
    size = np.max(np.abs(z), initial=0.0)
    spread = (z - z.mean(axis=0)) / (size if size > 0 else 1)
    _, values, axes = np.linalg.svd(spread, full_matrices=False)
    variance = np.concatenate([values, [0.0, 0.0]]) ** 2
    total = float(variance.sum())
    pair = np.zeros((len(d), 2))
    for k in range(2):
        if k < len(axes) and variance[k] > 1e-24 * total:
            # The path comes from the upper left, so that it runs as one reads, and down to the origin.
            sign = np.sign(z[0] @ axes[k]) or 1.0
            pair[:, k] = (-sign if k == 0 else sign) * axes[k]
    share = float(variance[:2].sum() / total) if total > 0 else None
    labels = ("path, first main axis", "path, second main axis")
    return spanned("path", "path", labels, "main plane of the path", points[-1], pair, d, share)


def spanned(
    id: str,
    kind: str,
    axes: tuple[str, str],
    label: str,
    x: Any,
    pair: np.ndarray,
    d: np.ndarray,
    share: float | None = None,
) -> Plane:
    """The plane through x spanned by two vectors (n, 2) of z = x/d; one that adds nothing becomes a unit vector."""
    x, n = np.asarray(x, float), len(d)
    first = direction(pair[:, 0], [])
    second = direction(pair[:, 1], [] if first is None else [first])
    for _ in range(2):
        first = free_axis(n, second) if first is None else first
        second = free_axis(n, first) if second is None else second
    Q = np.stack([first, second], axis=1)  # type: ignore[list-item]
    if np.any(d != 1):
        axes, label = (f"{axes[0]} (scaled)", f"{axes[1]} (scaled)"), f"{label}, variables scaled by powers of ten"
    return Plane(id, kind, axes, label, x, d[:, None] * Q, Q.T / d[None, :], np.ones(2), n == 2, share)


def direction(v: np.ndarray, others: list[np.ndarray]) -> np.ndarray | None:
    """v as a unit vector orthogonal to the others; None where nothing certain is left of it."""
    top = np.max(np.abs(v), initial=0.0)
    if not (0 < top < np.inf):
        return None
    u = v / top
    u = u / np.linalg.norm(u)
    for _ in range(2):  # twice is enough (Kahan, in Parlett 1980, section 6.9)
        for other in others:
            u = u - other * (other @ u)
    size = np.linalg.norm(u)
    return u / size if size > 1e-10 else None


def free_axis(n: int, other: np.ndarray | None) -> np.ndarray:
    """The unit vector of the coordinate that has least to do with `other`, made orthogonal to it."""
    e = np.zeros(n)
    e[0 if other is None else int(np.argmin(np.abs(other)))] = 1
    found = e if other is None else direction(e, [other])
    assert found is not None
    return found
