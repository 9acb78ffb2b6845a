"""A geometry in words and numbers: what `look` prints."""

import numpy as np

from raphson.model.geometry import Geometry
from raphson.report.table import LEFT, RIGHT, significant, table

KIND = {
    "bowl": "bowl: curved upwards in every direction; the model's contours are ellipses around its minimum",
    "saddle": "saddle: curved upwards and downwards; the model's contours are hyperbolas, its centre is no minimum",
    "dome": "dome: curved downwards; the model's centre is its maximum, and the Newton step climbs",
    "valley": "valley: no curvature along some direction; the model's contours are strips, not ellipses",
    "flat": "flat: no curvature beyond rounding in any direction",
}

LONGEST = 12
"""Eigenvalues shown of a large problem: half of them the smallest, half the largest."""


def point(v: np.ndarray, digits: int = 6, limit: int = 6) -> str:
    """A vector with few entries and few digits."""
    shown = ", ".join(significant(a, digits) for a in v[:limit])
    return f"({shown}{', ...' if len(v) > limit else ''})"


def point_lines(value: float, g: Geometry, center: np.ndarray) -> list[tuple[str, str]]:
    """What is to be known at a point, as (label, text); `center` (n,) the model's centre."""
    lines = [
        ("value", significant(value, 8)),
        ("gradient", f"{point(g.gradient)}   length {significant(float(np.linalg.norm(g.gradient)), 4)}"),
        ("kind", KIND[g.kind]),
        ("inertia", f"{g.inertia[0]} negative, {g.inertia[1]} zero, {g.inertia[2]} positive eigenvalues"),
        ("condition", significant(g.condition, 4)),
        ("Newton", f"step {point(g.newton_step)} to {point(center)}"),
    ]
    return lines + [("" if i else "aim", line) for i, line in enumerate(aim_lines(g))]


def axes_table(g: Geometry, rise: float) -> str:
    """Eigenvalues with the semi-axes of contour, dual ellipse and stretched unit circle, and the eigenvectors."""
    w, n = g.eigenvalues, len(g.eigenvalues)
    lengths = (g.semi_axes(rise), g.dual_semi_axes(rise), g.stretch_semi_axes())
    picked = range(n) if n <= LONGEST else [*range(LONGEST // 2), *range(n - LONGEST // 2, n)]
    rows = [(significant(w[i], 4), *(length(a[i]) for a in lengths), point(g.axes[:, i], 3, 4)) for i in picked]
    heads = ("eigenvalue", "semi-axis", "dual semi-axis", "stretched", "axis")
    text = table(heads, rows, (RIGHT, RIGHT, RIGHT, RIGHT, LEFT))
    if n > LONGEST:
        lines = text.splitlines()
        lines.insert(1 + LONGEST // 2, f"    ... {n - LONGEST} more")
        text = "\n".join(lines)
    return text


def length(a: float) -> str:
    """A semi-axis: "-" where there is none."""
    return "-" if np.isnan(a) else significant(a, 4)


def aim_lines(g: Geometry) -> list[str]:
    """Where -g points and where the Newton step points."""
    size = float(np.linalg.norm(g.newton_step))
    if not np.any(g.gradient):
        return ["the gradient is zero: x is the centre of its own model"]
    if not g.has_center:
        return ["the model has no centre: it falls for ever along a flat direction; the shortest least-squares",
                f"Newton step is {point(g.newton_step)}"]  # fmt: skip
    lines = [
        f"-g is {significant(g.angle_deg, 3)} deg off the Newton step (at most {bound(g)});",
        f"the centre is {significant(size, 3)} away, and the ray along -g misses it by "
        f"{significant(g.ray_distance, 3)}, {100 * g.ray_distance / size:.0f} % of that distance",
    ]
    if not g.newton_is_descent:
        lines.append("here the Newton step climbs: a method must not take it as it is")
    return lines


def bound(g: Geometry) -> str:
    """The largest angle, and where it comes from."""
    if g.kind == "bowl":
        return f"{g.max_angle_deg:.1f} for condition {significant(g.condition, 3)}"
    return f"{g.max_angle_deg:.0f} for a {g.kind}"
