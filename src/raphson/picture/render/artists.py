"""The items of a scene as artists of matplotlib."""

from collections.abc import Callable
from typing import Any

import numpy as np

from raphson.picture.contour import gaps
from raphson.picture.feasible import area
from raphson.picture.render.ink import TINT, ink, letters, open_head, pale, palette, pen
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

CORNER, RADIUS = 0.11, 0.3
"""Inches: the side of a right-angle mark, the radius of an angle's arc."""

MARKERS: tuple[Any, ...] = ("o", "s", "^", "D", "v", "*", (4, 1, 0), (4, 1, 45))
"""The shapes of render/marks.py, in matplotlib's words."""


def draw_ellipse(ax: Any, item: Ellipse, order: float) -> None:
    """An ellipse as Bezier arcs, whatever its size."""
    from matplotlib.patches import Ellipse as Patch

    style = pen(item.role, ax)
    if item.hill:
        style["linestyle"] = (0, (5, 2))
    patch = Patch(
        item.center, 2 * item.semi[0], 2 * item.semi[1], angle=float(np.degrees(item.angle)),
        fill=False, edgecolor=style.pop("color"), zorder=order, **style,
    )  # fmt: skip
    patch.set_gid(item.role)
    ax.add_patch(patch)


def draw_curve(ax: Any, item: Curve, order: float) -> None:
    """A polyline, or an area with its edge."""
    points = np.concatenate([item.points, item.points[:1]]) if item.closed else item.points
    if item.fill:
        ax.fill(*points.T, facecolor=ink(item.role, ax), alpha=TINT, linewidth=0, zorder=order, gid=f"{item.role}-area")
    ax.plot(
        points[:, 0], points[:, 1], zorder=order, gid=item.role, marker="", solid_capstyle="round", **pen(item.role, ax)
    )


def draw_arrow(ax: Any, item: Arrow, order: float) -> None:
    """An arrow whose very tip is the head."""
    from matplotlib.patches import FancyArrowPatch

    if not np.all(np.isfinite([*item.tail, *item.head])) or item.tail == item.head:
        return
    style = pen(item.role, ax)
    # On a short arrow the head may not be longer than the arrow: that would turn it round.
    length = float(np.linalg.norm(np.subtract(*ax.transData.transform([item.head, item.tail])))) * 72 / ax.figure.dpi
    arrow = FancyArrowPatch(
        item.tail, item.head, arrowstyle="-|>,head_length=0.42,head_width=0.19", shrinkA=0, shrinkB=0,
        mutation_scale=min(5.5 * style["linewidth"] + 7, max(1.6 * length, 2)), joinstyle="miter", capstyle="butt",
        facecolor=ax.get_facecolor() if open_head(item.role) else style["color"], edgecolor=style["color"],
        linewidth=style["linewidth"], zorder=order + 0.5,
    )  # fmt: skip
    arrow.set_gid(item.role)
    ax.add_patch(arrow)


def inches(ax: Any, at: tuple[float, float]) -> Any:
    """The transform of a drawing in inches around a data point."""
    from matplotlib.transforms import ScaledTranslation

    return ax.figure.dpi_scale_trans + ScaledTranslation(at[0], at[1], ax.transData)


def draw_right_angle(ax: Any, item: RightAngle, order: float) -> None:
    """The corner of a square."""
    along, across = CORNER * np.asarray(item.along), CORNER * np.asarray(item.across)
    corner = np.array([along, along + across, across])
    ax.plot(
        corner[:, 0], corner[:, 1], transform=inches(ax, item.at), zorder=order, gid=item.role, marker="",
        solid_joinstyle="miter", clip_on=True, **pen(item.role, ax),
    )  # fmt: skip


def draw_arc(ax: Any, item: Arc, order: float) -> None:
    """An arc between two directions."""
    first = np.arctan2(item.start[1], item.start[0])
    turn = (np.arctan2(item.end[1], item.end[0]) - first + np.pi) % (2 * np.pi) - np.pi
    t = first + np.linspace(0, turn, 40)
    ax.plot(
        RADIUS * np.cos(t), RADIUS * np.sin(t), transform=inches(ax, item.at), zorder=order, gid=item.role, marker="",
        clip_on=True, **pen(item.role, ax),
    )  # fmt: skip


def draw_dots(ax: Any, item: Dots, order: float) -> None:
    """Points, filled where taken and hollow where rejected."""
    points, filled = np.asarray(item.points, float).reshape(-1, 2), np.asarray(item.filled, bool)
    color, size = ink(item.role, ax), 26 if len(points) <= 60 else 12
    marker = "o" if item.mark in (None, RING) else MARKERS[item.mark % len(MARKERS)]
    for which, face in ((filled, color), (~filled, ax.get_facecolor())):
        if which.any():
            ax.scatter(
                points[which, 0], points[which, 1], s=size, facecolors=[face], edgecolors=[color], linewidths=1.1,
                zorder=order + 0.5, gid=item.role, marker=marker,
            )  # fmt: skip


def draw_contours(ax: Any, item: Contours, order: float) -> None:
    """Level lines; where the grid is not finite it is hatched and no line is drawn."""
    values = np.ma.masked_invalid(item.grid.values)
    hatch(ax, item.grid, order)
    levels = np.unique(item.levels[np.isfinite(item.levels)])
    levels = levels[(levels > values.min()) & (levels < values.max())] if values.count() else levels[:0]
    if len(levels):
        style = pen(item.role, ax)
        lines = ax.contour(
            item.grid.x, item.grid.y, values, levels=levels, colors=[style["color"]], linewidths=style["linewidth"],
            linestyles="solid", zorder=order,
        )  # fmt: skip
        lines.set_linestyle(style["linestyle"])
        lines.set_gid(item.role)


def draw_heat(ax: Any, item: Heat, order: float) -> None:
    """A grid as colors, with its scale beside it."""
    from matplotlib.colors import LinearSegmentedColormap

    # Half way to white at the ends: lines and labels in full colors must stay readable on them.
    ends = [pale(palette()[role]["color"]) for role in ("negative", "positive")]
    colors = [ends[0], (1, 1, 1), ends[1]] if item.low < 0 < item.high else [(1, 1, 1), ends[1]]
    mesh = ax.pcolormesh(
        item.grid.x, item.grid.y, np.ma.masked_invalid(item.grid.values), shading="nearest", zorder=order,
        cmap=LinearSegmentedColormap.from_list("raphson", colors), vmin=item.low, vmax=item.high, rasterized=True,
    )  # fmt: skip
    mesh.set_gid(item.role)
    hatch(ax, item.grid, order)
    bar = ax.figure.colorbar(mesh, cax=ax.inset_axes((1.03, 0, 0.035, 1)), extend="both")
    bar.set_label(item.label, parse_math=False)
    bar.outline.set_linewidth(0.5)


def hatch(ax: Any, grid: Grid, order: float) -> None:
    """Hatching where a grid is not finite: nothing is known there, and nothing is interpolated."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    polygons = gaps(grid)
    if len(polygons):
        whole = Outline.make_compound_path(*(Outline(np.asarray(p), closed=False) for p in polygons))
        color = (*ink("function", ax), 0.6)
        patch = PathPatch(whole, facecolor="none", edgecolor=color, hatch="///", linewidth=0, zorder=order)
        patch.set_gid("not-finite")
        ax.add_patch(patch)


def draw_outside(ax: Any, item: Outside, order: float) -> None:
    """Hatching exactly up to the polygon's edge, and the edge."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    frame = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
    corners, style = np.asarray(item.points, float), pen(item.role, ax)
    rings = [Outline(frame, closed=True)]
    if len(corners):
        # The other way round than the frame: a hole in it.
        corners = corners[::-1] if area(corners) > 0 else corners
        corners = np.concatenate([corners, corners[:1]])
        rings.append(Outline(corners, closed=True))
        ax.plot(corners[:, 0], corners[:, 1], zorder=order, gid=item.role, marker="", **style)
    whole = Outline.make_compound_path(*rings)
    patch = PathPatch(
        whole, facecolor="none", edgecolor=(*ink("function", ax), 0.6), hatch="///", linewidth=0, zorder=order
    )
    patch.set_gid("outside")
    ax.add_patch(patch)
    ax.set(xlim=(x0, x1), ylim=(y0, y1))


MARKS = {1: "^", 0: "o", -1: "v"}
"""The shape of a dot of many stems, by sign."""


def draw_stems(ax: Any, item: Stems, order: float) -> None:
    """Stems from the bottom of the axes, colored by sign; the labels are those of the ticks."""
    base, many = ax.get_ylim()[0], len(item.values) > 24
    for sign, role in ((1, "positive"), (0, "zero"), (-1, "negative")):
        which = np.asarray(item.signs) == sign
        if which.any():
            style = pen(role, ax)
            x, y = np.asarray(item.positions)[which], np.asarray(item.values)[which]
            if not item.bare:
                ax.vlines(x, base, y, colors=[style["color"]], linewidths=style["linewidth"], gid=role)
            face = style["color"] if sign else ax.get_facecolor()
            ax.scatter(
                x, y, s=14 if many else 34, marker=MARKS[sign] if item.bare else "o", facecolors=[face],
                edgecolors=[style["color"]], zorder=order, gid=role,
            )  # fmt: skip
    if item.labels:
        name_ticks(ax, item)


def name_ticks(ax: Any, item: Stems) -> None:
    """The labels of stems as those of the x-axis, slanted where they would touch."""
    shown = [k for k, words in enumerate(item.labels) if words]
    slanted = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
    long = max((len(item.labels[k]) for k in shown), default=0) * len(shown) > 60
    ax.set_xticks(
        [item.positions[k] for k in shown], [item.labels[k] for k in shown], parse_math=False,
        fontsize=0.8 * ax.xaxis.label.get_fontsize(), **(slanted if long else {}),
    )  # fmt: skip


def draw_raster(ax: Any, item: Raster, order: float) -> None:
    """An image; the limits of the axes stay what they were."""
    limits = ax.axis()
    image = ax.imshow(
        shade_table(item.colors)[item.shades], extent=item.window, zorder=order, aspect=ax.get_aspect(),
        interpolation="nearest" if item.crisp else "antialiased",
    )  # fmt: skip
    image.set_gid(item.role)
    ax.axis(limits)


def draw_text(ax: Any, item: Text, order: float) -> None:
    """Words at a point."""
    side = {"start": "left", "middle": "center", "end": "right"}[item.anchor]
    style = letters(ax, item.role)
    if item.role == "cell":  # on a pale cell, whatever the style: dark, and without a halo
        style = {**style, "color": palette()["text"]["color"], "path_effects": []}
    text = ax.text(*item.at, item.text, ha=side, va="center", zorder=5, clip_on=True, **style)
    text.set_gid("text")


DRAW: dict[type[Item], Callable[[Any, Any, float], None]] = {
    Ellipse: draw_ellipse,
    Curve: draw_curve,
    Arrow: draw_arrow,
    RightAngle: draw_right_angle,
    Arc: draw_arc,
    Dots: draw_dots,
    Contours: draw_contours,
    Heat: draw_heat,
    Stems: draw_stems,
    Outside: draw_outside,
    Raster: draw_raster,
    Text: draw_text,
}
