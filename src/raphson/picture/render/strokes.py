"""The items of a scene as SVG elements, each with its `data-role` and its geometry in pixels."""

from collections.abc import Callable
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from raphson.picture.conic import arcs
from raphson.picture.contour import gaps, lines
from raphson.picture.render.ink import TINT, open_head, palette
from raphson.picture.render.lettering import CORNER, arc_points
from raphson.picture.render.marks import outline
from raphson.picture.render.paper import SMALL, Paper
from raphson.picture.render.png import data_address
from raphson.picture.render.shades import shade_table
from raphson.picture.scene import (
    RING,
    Arc,
    Arrow,
    Contours,
    Curve,
    Dots,
    Ellipse,
    Grid,
    Heat,
    Item,
    Outside,
    Raster,
    RightAngle,
    Stems,
    Text,
)  # fmt: skip

MARK = "\ue000"
"""Stands for the picture's own id until its text is known."""

LARGEST = 4000.0
"""Pixels: a longer semi-axis is drawn as the part that shows, because renderers count in single precision."""

MANY = 40
"""From so many points on the dots are small."""

CLOUD = 120
"""From so many filled dots on they are one path: a tenth of the bytes."""

MARK_RADIUS = 3.2
"""Pixels, of a circle; other marks cover about as much."""

SHADES = 21
"""Colors of a heat map."""


def color(role: str) -> str:
    """The color of a role; that of text where a role has none."""
    return palette().get(role, palette()["text"])["color"]


def pen(role: str, dash: tuple[int, ...] = ()) -> str:
    """The stroke of a role, as attributes."""
    style = palette().get(role, palette()["text"])
    dashes = style.get("dash", dash)
    broken = f' stroke-dasharray="{" ".join(map(str, dashes))}"' if dashes else ""
    return f'stroke="{style["color"]}" stroke-width="{style["width"]:g}"{broken}'


def legible(text: str) -> str:
    """Text for XML: escaped, and without the control characters that XML has no way to write."""
    return escape("".join(c for c in text if c >= " " or c in "\t\n"))


def words(at: Any, text: str, role: str = "text", anchor: str = "start", extra: str = "") -> str:
    """A text element."""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" fill="{color(role)}"{side}{extra}>{legible(text)}</text>'


def path(points: np.ndarray, closed: bool = False, digits: int = 2) -> str:
    """A polyline as path data; interrupted where a point is not finite or too far away to be a number of a renderer."""
    good = np.all(np.isfinite(points) & (np.abs(points) < 1e6), axis=1)
    out, pen_down = [], False
    for (x, y), ok in zip(points.tolist(), good.tolist(), strict=True):
        if ok:
            out.append(f"{'L' if pen_down else 'M'}{x:.{digits}f} {y:.{digits}f}")
        pen_down = ok
    return "".join(out) + ("Z" if closed and out else "")


def draw_ellipse(item: Ellipse, paper: Paper) -> list[str]:
    """An ellipse as an ellipse, whatever its shape; the part that shows where it is huge."""
    turn = np.array([[np.cos(item.angle), -np.sin(item.angle)], [np.sin(item.angle), np.cos(item.angle)]])
    size = paper.scale
    if np.ptp(size) <= 1e-9 * size[0]:
        semi, degrees = np.asarray(item.semi) * size[0], -float(np.degrees(item.angle))
    else:  # axes of another unit make another ellipse of it
        U, semi, _ = np.linalg.svd(size[:, None] * turn * np.asarray(item.semi))
        degrees = -float(np.degrees(np.arctan2(U[1, 0], U[0, 0])))
    dash = (7, 4) if item.hill else ()
    lam = "" if item.lam is None else f' data-lambda="{item.lam[0]:.9g} {item.lam[1]:.9g}"'
    told = f'data-role="{item.role}"{lam}{' data-hill="true"' if item.hill else ""} {pen(item.role, dash)}'
    if max(semi) > LARGEST:
        parts = "".join(path(paper.pixels(part)) for part in arcs(item, paper.window))
        return [f'<path {told} data-shape="ellipse" d="{parts}"/>']
    x, y = paper.pixels(item.center)
    # Six decimals: on an ellipse a few pixels thin a thousandth of a pixel turns the normal by a degree.
    a, b = (f"{v:.6f}" if v >= 1e-3 else f"{v:.4g}" for v in semi)
    place = f'cx="{x:.6f}" cy="{y:.6f}" rx="{a}" ry="{b}" transform="rotate({degrees:.8f} {x:.6f} {y:.6f})"'
    return [f"<ellipse {told} {place}/>"]


def draw_curve(item: Curve, paper: Paper) -> list[str]:
    """A polyline, or an area with its edge."""
    lam = "" if item.lam is None else f' data-lambda="{item.lam:.9g}"'
    data = path(paper.pixels(item.points), item.closed)
    area = f' fill="{color(item.role)}" fill-opacity="{TINT}"' if item.fill else ""
    return [f'<path data-role="{item.role}"{lam}{area} {pen(item.role)} d="{data}"/>'] if data else []


def draw_arrow(item: Arrow, paper: Paper) -> list[str]:
    """An arrow whose very tip is the head; its point is a path of its own, no marker."""
    tail, head = paper.pixels(item.tail), paper.pixels(item.head)
    shaft = head - tail
    length = float(np.hypot(*shaft))
    told = f'data-role="{item.role}" data-tail="{tail[0]:.6f} {tail[1]:.6f}" data-head="{head[0]:.6f} {head[1]:.6f}"'
    if not (np.isfinite(length) and length > 0.05):
        return [f"<g {told}/>"]
    along = shaft / length
    across = np.array([-along[1], along[0]])
    tip = min(11.0, 0.6 * length)
    neck = head - 0.8 * tip * along
    wings = [head - tip * along + side * 0.4 * tip * across for side in (1, -1)]
    shape = path(np.stack([head, wings[0], neck, wings[1]]), closed=True)
    return [
        f"<g {told}>"
        f'<path {pen(item.role)} d="M{tail[0]:.2f} {tail[1]:.2f}L{neck[0]:.2f} {neck[1]:.2f}"/>'
        f'<path {head_of(item.role)} d="{shape}"/></g>'
    ]


def head_of(role: str) -> str:
    """How the head of an arrow is filled: hollow heads differ from filled ones whatever their colors."""
    if open_head(role):
        return f'data-head="open" fill="#ffffff" stroke="{color(role)}" stroke-width="1.4"'
    return f'fill="{color(role)}"'


def draw_right_angle(item: RightAngle, paper: Paper) -> list[str]:
    """The corner of a square."""
    along, across = (CORNER * np.array([v[0], -v[1]]) for v in (item.along, item.across))
    corner = paper.pixels(item.at) + np.stack([along, along + across, across])
    return [f'<path data-role="{item.role}" {pen(item.role)} d="{path(corner, digits=3)}"/>']


def draw_arc(item: Arc, paper: Paper) -> list[str]:
    """The arc of an angle."""
    told = f'data-role="{item.role}" data-degrees="{item.degrees:.6g}"'
    return [f'<path {told} {pen(item.role)} d="{path(arc_points(item, paper))}"/>']


def draw_dots(item: Dots, paper: Paper) -> list[str]:
    """Points, filled where taken and hollow where rejected."""
    spots = paper.pixels(np.asarray(item.points, float).reshape(-1, 2))
    filled, cloud = np.asarray(item.filled, bool), ""
    if item.mark is not None:
        return draw_marks(item, spots, filled)
    if len(spots) > CLOUD:
        seen = np.all(np.isfinite(spots) & (np.abs(spots) < 1e5), axis=1)
        data = "".join(f"M{x:.1f} {y:.1f}h.01" for x, y in spots[seen & filled].tolist())
        width = 3.2 if np.all(filled) else 4.8
        cloud = f'<path data-role="{item.role}" stroke="{color(item.role)}" stroke-width="{width}" d="{data}"/>'
        spots, filled = spots[~filled], filled[~filled]
        if not len(spots):
            return [cloud]
    radius, ring = (4.5, 1.5) if len(spots) <= MANY and not cloud else (2.4, 0.9)
    out = [cloud, f'<g data-role="{item.role}" stroke-width="{ring}">']
    for (x, y), full in zip(spots.tolist(), filled.tolist(), strict=True):
        if np.isfinite(x + y) and abs(x) < 1e5 and abs(y) < 1e5:
            fill, stroke = (color(item.role), "#ffffff") if full else ("#ffffff", color(item.role))
            out.append(f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{radius}" fill="{fill}" stroke="{stroke}"/>')
    return ["".join(out) + "</g>"]


def draw_marks(item: Dots, spots: np.ndarray, filled: np.ndarray) -> list[str]:
    """Points of a method that races, in its shape."""
    out = [f'<g data-role="{item.role}" data-mark="{item.mark}" stroke="{color(item.role)}">']
    seen = np.all(np.isfinite(spots) & (np.abs(spots) < 1e5), axis=1)
    for full in (True, False):
        there = spots[seen & (filled == full)].tolist()
        if item.mark == RING:
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7"/>' for x, y in there]
        elif there:
            shapes = "".join(outline(item.mark or 0, x, y, MARK_RADIUS) for x, y in there)
            out.append(f'<path fill="{color(item.role) if full else "#ffffff"}" d="{shapes}"/>')
    return ["".join(out) + "</g>"]


def swatch(role: str, mark: int) -> str:
    """The line and the mark of a method, to stand beside its name."""
    shape = outline(mark, 18, 6, MARK_RADIUS)
    return (
        f'<svg width="36" height="12" viewBox="0 0 36 12" aria-hidden="true"><path fill="none" {pen(role)} '
        f'd="M1 6H35"/><path fill="{color(role)}" d="{shape}"/></svg>'
    )


def hatched(grid: Grid, paper: Paper) -> list[str]:
    """Where a grid is not finite."""
    holes = "".join(path(paper.pixels(hole[:-1]), closed=True) for hole in gaps(grid))
    return [f'<path data-role="not-finite" fill="url(#{MARK}-h)" d="{holes}"/>'] if holes else []


def draw_contours(item: Contours, paper: Paper) -> list[str]:
    """Level lines, and hatching where there can be none."""
    out = hatched(item.grid, paper) if item.role == "function" else []
    for level in np.asarray(item.levels, float).tolist():
        data = ""
        for line in lines(item.grid, level):
            closed = len(line) > 2 and bool(np.all(line[0] == line[-1]))
            data += path(paper.pixels(line[:-1] if closed else line), closed, 1 if item.role == "function" else 2)
        if data:
            out.append(f'<path data-role="{item.role}" data-level="{level:.9g}" {pen(item.role)} d="{data}"/>')
    return out


def draw_heat(item: Heat, paper: Paper) -> list[str]:
    """A grid as colors, a path of runs for each; the numbers of both ends beside the axes' corner."""
    x, y = (edges(np.asarray(a, float)) for a in (item.grid.x, item.grid.y))
    share = (np.asarray(item.grid.values, float) - item.low) / ((item.high - item.low) or 1)
    shade = np.where(np.isfinite(share), np.round(np.clip(np.nan_to_num(share), 0, 1) * (SHADES - 1)), -1).astype(int)
    runs: dict[int, list[str]] = {}
    for i, row in enumerate(shade):
        cuts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        for a, b in pairwise(cuts):
            (u0, v0), (u1, v1) = paper.pixels(np.array([[x[a], y[i]], [x[b], y[i + 1]]])).round(1).tolist()
            wide, high = u1 - u0, v1 - v0
            runs.setdefault(int(row[a]), []).append(f"M{u0:g} {v0:g}h{wide:.1f}v{high:.1f}h{-wide:.1f}z")
    out = [
        f'<path fill="{blend(k, item.low, item.high)}" shape-rendering="crispEdges" d="{"".join(data)}"/>'
        for k, data in sorted(runs.items()) if k >= 0
    ]  # fmt: skip
    told = f'data-role="{item.role}" data-low="{item.low:.6g}" data-high="{item.high:.6g}"'
    return [f"<g {told}>", *out, "</g>", *hatched(item.grid, paper)]


def edges(a: np.ndarray) -> np.ndarray:
    """The borders between grid points."""
    middle = (a[1:] + a[:-1]) / 2
    return np.concatenate([[a[0] - (middle[0] - a[0])], middle, [a[-1] + (a[-1] - middle[-1])]])


def blend(k: int, low: float, high: float) -> str:
    """The k-th shade: white at zero, or at the low end where nothing is negative."""
    value, zero = low + (high - low) * k / (SHADES - 1), 0.0 if low < 0 < high else low
    far = max(abs(high - zero), abs(low - zero)) or 1.0
    share = 0.85 * abs(value - zero) / far
    end = color("positive" if value >= zero else "negative")
    rgb = [int(end[j : j + 2], 16) for j in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + share * (c - 255)):02x}" for c in rgb)


def draw_outside(item: Outside, paper: Paper) -> list[str]:
    """Hatching exactly up to the polygon's edge, and the edge."""
    x0, y0, x1, y1 = paper.box
    edge = path(paper.pixels(item.points), closed=True) if len(item.points) else ""
    frame = f"M{x0:.2f} {y0:.2f}H{x1:.2f}V{y1:.2f}H{x0:.2f}Z"
    out = [f'<path data-role="outside" fill="url(#{MARK}-h)" fill-rule="evenodd" d="{frame}{edge}"/>']
    return [*out, f'<path data-role="{item.role}" {pen(item.role)} d="{edge}"/>'] if edge else out


def bare_dot(x: float, y: float, sign: int, role: str) -> str:
    """A dot of many stems: an upright triangle curves upwards, an inverted one downwards, a circle is zero."""
    if not sign:
        return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="2.6" fill="#ffffff" stroke="{color(role)}"/>'
    corners = "L".join(f"{x + 3.2 * a:.2f} {y + 3.2 * sign * b:.2f}" for a, b in ((-0.87, 0.5), (0.87, 0.5), (0, -1)))
    return f'<path fill="{color(role)}" d="M{corners}Z"/>'


def draw_stems(item: Stems, paper: Paper) -> list[str]:
    """Stems from the bottom of the axes, colored by sign; hollow where it is zero. Dots alone where they are bare."""
    bottom, out = paper.box[3], []
    spots = paper.pixels(np.stack([item.positions, item.values], axis=1))
    for (x, y), sign in zip(spots.tolist(), np.asarray(item.signs).tolist(), strict=True):
        role = {1: "positive", 0: "zero", -1: "negative"}[int(np.sign(sign))]
        y = y if np.isfinite(y) else bottom
        fill = color(role) if sign else "#ffffff"
        if item.bare:
            out.append(f'<g data-role="{role}" data-sign="{int(sign)}">{bare_dot(x, y, int(sign), role)}</g>')
            continue
        out.append(
            f'<g data-role="{role}" data-sign="{int(sign)}"><path {pen(role)} d="M{x:.2f} {bottom:.2f}V{y:.2f}"/>'
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{4 if len(spots) <= MANY else 2.2}" fill="{fill}" '
            f'stroke="{color(role)}"/></g>'
        )
    return [f'<g data-role="{item.role}">', *out, "</g>"]


def draw_raster(item: Raster, paper: Paper) -> list[str]:
    """An image, its table of colors inside."""
    x0, x1, y0, y1 = item.window
    (left, top), (right, bottom) = paper.pixels(np.array([[x0, y1], [x1, y0]])).tolist()
    told = f'data-role="{item.role}" data-cells="{item.shades.shape[1]} {item.shades.shape[0]}"'
    crisp = ' image-rendering="pixelated"' if item.crisp else ""
    return [
        f'<image {told} x="{left:.2f}" y="{top:.2f}" width="{right - left:.2f}" height="{bottom - top:.2f}" '
        f'preserveAspectRatio="none"{crisp} href="{data_address(item.shades, shade_table(item.colors))}"/>'
    ]


def draw_text(item: Text, paper: Paper) -> list[str]:
    """Words at a point."""
    at = paper.pixels(item.at) + np.array([0, 0.36 * SMALL])
    return [words(at, item.text, item.role, item.anchor, f' data-role="{item.role}"')]


DRAW: dict[type[Item], Callable[[Any, Paper], list[str]]] = {
    Ellipse: draw_ellipse, Curve: draw_curve, Arrow: draw_arrow, RightAngle: draw_right_angle, Arc: draw_arc,
    Dots: draw_dots, Contours: draw_contours, Heat: draw_heat, Stems: draw_stems,
    Outside: draw_outside, Raster: draw_raster, Text: draw_text,
}  # fmt: skip
