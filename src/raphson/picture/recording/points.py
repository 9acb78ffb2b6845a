"""A point of a run as a record holds it: its spectrum, and its quadratic in every plane with f around it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from raphson.kernel.number import CURVATURE_NOISE, GRADIENT_NOISE, eps
from raphson.model.geometry import Geometry, hessian_units
from raphson.picture.feasible import held_names, polygon
from raphson.picture.plane import EPS, Plane
from raphson.picture.quadratic import Quadratic
from raphson.picture.recording.encode import close, column, number
from raphson.picture.recording.planes import model_of
from raphson.picture.recording.replay import Moment, Replay
from raphson.picture.recording.sampler import Sampler, through
from raphson.picture.recording.windows import SPARE, Window, interval, local_window, widened
from raphson.picture.views.spectrum import direction
from raphson.problems.allowed import hessian_error

SHOWN = 60
"""Eigenvalues that are recorded: half of them the lowest, half the highest."""

COORDINATES = 12
"""Coordinates of x that are written out."""

SHADOWS = 60
"""Up to so many variables the others are minimized again: each shadow costs an eigendecomposition."""

THIN = 10.0
"""From this condition on the first plane has a finer grid: a coarse one would break thin contours."""

TRUSTED = 2 * CURVATURE_NOISE
"""A relative error of a Hessian by differences over this is its noise: signs are then told down to the error itself."""


def noise_of(run: Replay, moment: Moment) -> float:
    """The relative noise of the Hessian: rounding, or that of differences."""
    rounding = float(np.finfo(moment.dtype).eps)
    return rounding if run.problem is None else max(rounding, hessian_error(run.problem, moment.x, rounding) / TRUSTED)


def recorded_point(
    run: Replay, moment: Moment, planes: Sequence[Plane], names: Sequence[str], windows: Sequence[Window],
    ends: Sequence[np.ndarray], sampler: Sampler, radius: bool,
) -> dict[str, Any]:  # fmt: skip
    """The record of a moment. `ends`: where its trials ended (k, 2), by plane; `radius`: a trust region is meant."""
    out: dict[str, Any] = {
        "trial": moment.trial,
        "x": column(moment.flat[:COORDINATES]),
        "value": number(moment.value),
        "gradientNorm": number(np.max(np.abs(moment.gradient), initial=0.0), 9),
        "eigenvalues": [], "energy": [], "components": [], "directions": [], "inertia": None, "views": {},
        "gradientError": None, "angle": None, "held": [],
    }  # fmt: skip
    if not moment.finite:
        return out
    if run.problem is not None:
        out["held"] = held_names(run.problem, moment.x, moment.gradient, names)
    axes = np.zeros((len(moment.flat), 0))
    if moment.hessian is not None:
        axes = add_spectrum(out, moment, names, noise_of(run, moment))
    bases = np.concatenate([plane.basis for plane in planes], axis=1) if planes else axes[:, :0]
    products = run.products(moment, bases) if planes else None
    if products is None:
        return out
    for k, plane in enumerate(planes):
        seen = view(run, moment, plane, products[:, 2 * k : 2 * k + 2], axes, radius)
        quad, base = seen.pop("quad"), windows[k]
        frame = local_window(quad, base, ends[k])
        side = sampler.detail.side(k == 0, thin(quad))
        seen["window"] = list(frame)
        seen["grid"] = sampler.grid(moment, plane, widened(frame, SPARE), side)
        seen |= between(run, through(plane, moment.flat), frame)
        out["views"][plane.id] = seen
    return out


def add_spectrum(out: dict[str, Any], moment: Moment, names: Sequence[str], noise: float) -> np.ndarray:
    """Adds eigenvalues, the gradient's part of each, and their signs; the recorded axes (n, k)."""
    g = Geometry.of(model_of(moment))
    n = len(g.eigenvalues)
    half = SHOWN // 2
    picked = np.arange(n) if n <= SHOWN else np.r_[0:half, n - half : n]
    axes = g.axes[:, picked]
    parts = axes.T @ moment.gradient
    size = float(np.linalg.norm(moment.gradient))
    out["eigenvalues"] = column(g.eigenvalues[picked])
    out["components"] = column(parts)
    out["energy"] = column((parts / size) ** 2 if size > 0 else 0 * parts, 9)
    out["directions"] = [direction(v, names) for v in axes.T]
    error = gradient_error(moment)
    out["gradientError"] = number(error, 3)
    if size > error and np.any(g.newton_step):
        out["angle"] = number(g.angle_deg, 9)
    exact = noise <= eps(np.zeros(0, moment.dtype))
    out["inertia"] = list(g.inertia if exact else signs_of(np.asarray(moment.hessian), noise))
    return axes


def gradient_error(moment: Moment) -> float:
    """By how much |g| may be off by rounding: that of x, through H, and that of g itself. As `Model.gradient_error`."""
    rounding = np.abs(np.asarray(moment.hessian)) @ np.abs(moment.flat) + np.abs(moment.gradient)
    return float(GRADIENT_NOISE * np.finfo(moment.dtype).eps * np.linalg.norm(rounding))


def between(run: Replay, plane: Plane, window: Window) -> dict[str, Any]:
    """{"feasible": corners} of the ground between the bounds, where one of them is in sight of the window; else {}."""
    corners = None if run.problem is None else polygon(run.problem.space, plane, window)
    return {} if corners is None else {"feasible": [column(corners[:, 0]), column(corners[:, 1])]}


def signs_of(H: np.ndarray, noise: float) -> tuple[int, int, int]:
    """How many eigenvalues are negative, zero, positive beyond the noise of H, in natural units."""
    d, n = hessian_units(H), len(H)
    w = np.linalg.eigvalsh(H / d[:, None] / d[None, :])
    level = CURVATURE_NOISE * n * noise * np.max(np.abs(w))
    negative, positive = int(np.sum(w < -level)), int(np.sum(w > level))
    return negative, n - negative - positive, positive


def view(
    run: Replay, moment: Moment, plane: Plane, products: np.ndarray, axes: np.ndarray, radius: bool
) -> dict[str, Any]:
    """A moment in a plane, without f around it; the slice itself as "quad"."""
    noise, H = noise_of(run, moment), moment.hessian
    known = (moment.value, moment.gradient)
    if H is None:
        sliced = plane.section(*known, products, moment.flat, noise)
    else:
        sliced = plane.slice(*known, H, moment.flat, noise)
    shadow = None
    if H is not None and not plane.whole and len(H) <= SHADOWS:
        shadow = plane.shadow(*known, H, moment.flat, noise)
    scale = moment.own.scale if radius else None
    M = None if scale is None else plane.basis.T @ (scale[:, None] ** 2 * plane.basis)
    curve = moment.own.curve
    if curve is not None:
        curve = sliced.at + curve @ plane.project.T
    return {
        "quad": sliced,
        "at": [float(a) for a in sliced.at],
        "slice": quad_of(sliced),
        "shadow": None if shadow is None else quad_of(shadow),
        "grid": None,
        "turn": [[number(a, 9) for a in row] for row in axes.T @ plane.basis],
        "curve": None if curve is None else [close(a, float(np.max(np.ptp(curve, axis=0)))) for a in curve.T],
        "metric": None if M is None or not np.all(np.isfinite(M)) else [float(M[0, 0]), float(M[0, 1]), float(M[1, 1])],
    }


def quad_of(quad: Quadratic) -> dict[str, Any]:
    """A quadratic, in full precision."""
    g, H = quad.gradient, quad.hessian
    out = {
        "value": float(quad.value),
        "gradient": [float(g[0]), float(g[1])],
        "hessian": [float(H[0, 0]), float(H[0, 1]), float(H[1, 1])],
    }
    # The page knows the rounding of double precision.
    return out if quad.noise <= 1.01 * EPS else {**out, "noise": float(f"{quad.noise:.3g}")}


def thin(quad: Quadratic) -> bool:
    """Whether the contours are too thin for a coarse grid."""
    size = np.abs(quad.eigen[0])
    return bool(np.max(size) > THIN * np.min(size))


def cube(moment: Moment, d: np.ndarray) -> dict[str, Any] | None:
    """For three variables: gradient and Hessian in x / d."""
    if moment.hessian is None or not moment.finite:
        return None
    H, g = moment.hessian * d[:, None] * d[None, :], moment.gradient * d
    return {"gradient": [float(a) for a in g], "hessian": [float(H[i, j]) for i in range(3) for j in range(i, 3)]}


def line_point(moment: Moment, ends: np.ndarray, reach: float, sampler: Sampler) -> dict[str, Any] | None:
    """For one variable: f around the point, and its two derivatives."""
    if moment.hessian is None or not moment.finite:
        return None
    x, g, h = float(moment.flat[0]), float(moment.gradient[0]), float(moment.hessian[0, 0])
    center = [x - g / h] if h != 0 and abs(g) <= 20 * reach * abs(h) else []
    near = [float(a) for a in ends if np.isfinite(a) and abs(a - x) <= 4 * reach]
    low, high = interval([x, *center, *near], 0.1 * reach)
    return sampler.line(moment, low, high) | {"at": x, "gradient": g, "hessian": h}
