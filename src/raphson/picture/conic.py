"""The level {m = c} of a quadratic in the plane, as items of a scene: an ellipse only where there is one."""

import numpy as np

from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Curve, Ellipse, pair

Window = tuple[float, float, float, float]

DENSE = 161
"""Points of one branch."""


def level(quad: Quadratic, lift: float, window: Window, role: str = "model-level", label: str = "") -> list:
    """Items of the level {m(u) = m(x) + lift} inside a window (u0, u1, v0, v1): lift 0 is the level through x.

    Bowl: an `Ellipse`; dome: an `Ellipse` marked hill; saddle: two branches of a hyperbola, a vertex of the polyline
    at x itself; singular: two parallel lines, or a parabola where m falls along the flat direction. Nothing where
    the level is empty, where m is flat, or where no part of it lies in the window.
    """
    if not np.all(np.isfinite([*quad.hessian.ravel(), *quad.gradient])) or not np.isfinite(lift):
        return []
    if np.all(quad.signs == 0):
        return []
    if np.any(quad.signs == 0):
        curves = strip(quad, lift, window) if quad.has_center else parabola(quad, lift, window)
    elif quad.signs[0] == quad.signs[1]:
        return ellipse(quad, quad.rise + lift, role, label)
    else:
        curves = hyperbola(quad, quad.rise + lift, window, through_x=lift == 0)
    return [Curve(role, points, label=label if k == 0 else "") for k, points in enumerate(curves)]


def ellipse(quad: Quadratic, rise: float, role: str, label: str = "") -> list:
    """The ellipse {1/2 s'Hs = rise} around the centre, semi-axes sqrt(2 rise / lambda); none where the signs differ."""
    w, V = quad.eigen
    with np.errstate(all="ignore"):
        square = 2 * rise / w
    if not np.all(np.isfinite(square) & (square > 0)):
        return []
    hill = bool(w[0] < 0)
    angle = float(np.arctan2(V[1, 0], V[0, 0]))
    return [Ellipse(role, pair(quad.center), pair(np.sqrt(square)), angle, pair(w), hill, label)]


def frame(quad: Quadratic, origin: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """What the window spans in eigenvector coordinates around `origin`: lowest and highest (2,)."""
    corners = np.array([[x, y] for x in window[:2] for y in window[2:]])
    q = (corners - origin) @ quad.eigen[1]
    return q.min(axis=0), q.max(axis=0)


def hyperbola(quad: Quadratic, rise: float, window: Window, through_x: bool) -> list[np.ndarray]:
    """Both branches of {1/2 s'Hs = rise}, as far as the window shows them; at rise 0 the asymptotes themselves."""
    w, V = quad.eigen
    if rise == 0:
        return [c.points for c in asymptotes(quad, window)]
    # The branches open along the axis whose eigenvalue has the sign of the rise.
    k = 1 if rise > 0 else 0
    with np.errstate(over="ignore"):
        a, b = np.sqrt(2 * rise / w[k]), np.sqrt(-2 * rise / w[1 - k])
    if not (0 < a < np.inf and 0 < b < np.inf):
        return []
    low, high = frame(quad, quad.center, window)
    t = np.linspace(np.arcsinh(low[1 - k] / b), np.arcsinh(high[1 - k] / b), DENSE)
    here = -(V.T @ quad.newton)  # x in eigenvector coordinates
    out = []
    for side in (-1.0, 1.0):
        mine = through_x and side * here[k] > 0
        own = np.arcsinh(here[1 - k] / b)
        s = np.sort(np.append(t, own)) if mine else t
        q = np.empty((len(s), 2))
        q[:, k], q[:, 1 - k] = side * a * np.cosh(s), b * np.sinh(s)
        points = quad.center + q @ V.T
        if mine:
            points[int(np.searchsorted(s, own))] = quad.at
        out.extend(inside(points, window))
    return out


def asymptotes(quad: Quadratic, window: Window, role: str = "asymptote") -> list[Curve]:
    """The two lines {1/2 s'Hs = 0} through the centre of a saddle, as far as they cross the window."""
    if quad.kind != "saddle" or np.any(quad.signs == 0):
        return []
    w, V = quad.eigen
    steep = np.sqrt(-w[0] / w[1])
    chords = [chord(quad.center, V @ np.array([1.0, side * steep]), window) for side in (-1.0, 1.0)]
    return [Curve(role, points) for points in chords if points is not None]


def strip(quad: Quadratic, lift: float, window: Window) -> list[np.ndarray]:
    """Two parallel lines along the flat direction, at distances sqrt(2 rise / lambda) from the middle of the valley."""
    w, V = quad.eigen
    k = int(np.flatnonzero(quad.signs)[0])
    square = 2 * (quad.rise + lift) / w[k]
    if not (0 <= square < np.inf):
        return []
    sides = (-1.0, 1.0) if square > 0 else (1.0,)
    lines = [chord(quad.center + side * np.sqrt(square) * V[:, k], V[:, 1 - k], window) for side in sides]
    return [points for points in lines if points is not None]


def parabola(quad: Quadratic, lift: float, window: Window) -> list[np.ndarray]:
    """The parabola {g_p p + g_q q + 1/2 lambda q^2 = lift}, p along the flat direction and q across it, from x."""
    w, V = quad.eigen
    k = int(np.flatnonzero(quad.signs)[0])
    slope, across, bend = float(V[:, 1 - k] @ quad.gradient), float(V[:, k] @ quad.gradient), float(w[k])
    low, high = frame(quad, quad.at, window)
    # q = (-across + r) / bend, where r^2 is linear in p: r runs over what the window's p allows.
    squares = across**2 + 2 * bend * (lift - slope * np.array([low[1 - k], high[1 - k]]))
    far = float(np.max(squares))
    if not (0 < far < np.inf):
        return []
    near = np.sqrt(max(float(np.min(squares)), 0.0))
    spans = [(-np.sqrt(far), np.sqrt(far))] if near == 0 else [(-np.sqrt(far), -near), (near, np.sqrt(far))]
    out = []
    for first, last in spans:
        r = np.linspace(first, last, DENSE)
        mine = lift == 0 and first <= across <= last
        r = np.sort(np.append(r, across)) if mine else r
        q = np.empty((len(r), 2))
        q[:, k], q[:, 1 - k] = (r - across) / bend, (lift + (across**2 - r**2) / (2 * bend)) / slope
        points = quad.at + q @ V.T
        if mine:
            points[int(np.searchsorted(r, across))] = quad.at
        out.extend(inside(points, window))
    return out


def chord(point: np.ndarray, direction: np.ndarray, window: Window) -> np.ndarray | None:
    """The part (2, 2) of a line that lies in a window, or None. Source: Liang and Barsky (1984)."""
    low, high = np.array([window[0], window[2]]), np.array([window[1], window[3]])
    direction = direction / np.max(np.abs(direction))
    moving = np.abs(direction) > 1e-300
    if np.any((~moving) & ((point < low) | (point > high))):
        return None
    with np.errstate(over="ignore"):
        ends = np.stack([low - point, high - point])[:, moving] / direction[moving]
    first, last = float(np.max(np.min(ends, axis=0))), float(np.min(np.max(ends, axis=0)))
    if not (first < last and np.isfinite(first) and np.isfinite(last)):
        return None
    return point + np.array([[first], [last]]) * direction


def inside(points: np.ndarray, window: Window) -> list[np.ndarray]:
    """The parts of a polyline that lie in the window, each with one point beyond it where it leaves: renderers clip."""
    x, y = points.T
    x0, x1, y0, y1 = window
    side = np.stack([x < x0, x > x1, y < y0, y > y1])
    # A segment is out for certain when both its ends are beyond the same edge.
    keep = ~np.any(side[:, :-1] & side[:, 1:], axis=0)
    starts = np.flatnonzero(np.diff(np.concatenate([[False], keep])).astype(bool) & keep)
    stops = np.flatnonzero(np.diff(np.concatenate([keep, [False]])).astype(bool) & keep)
    return [points[a : b + 2] for a, b in zip(starts, stops, strict=True)]


def arcs(item: Ellipse, window: Window) -> list[np.ndarray]:
    """The parts of an ellipse in a window, as polylines: for one so large that a renderer's numbers would not do.

    In coordinates p = a sin t, q = +-b cos t of its own axes each half is sampled evenly in t between the
    window's sides, so the visible piece is dense however long the ellipse is.
    """
    V = np.array([[np.cos(item.angle), -np.sin(item.angle)], [np.sin(item.angle), np.cos(item.angle)]])
    corners = np.array([[x, y] for x in window[:2] for y in window[2:]])
    along = (corners - np.asarray(item.center)) @ V[:, 0] / item.semi[0]
    low, high = np.clip([along.min(), along.max()], -1, 1)
    if low == high:
        return []
    t = np.linspace(np.arcsin(low), np.arcsin(high), 2 * DENSE)
    halves = [np.stack([item.semi[0] * np.sin(t), side * item.semi[1] * np.cos(t)], axis=1) for side in (1.0, -1.0)]
    return [part for q in halves for part in inside(np.asarray(item.center) + q @ V.T, window)]
