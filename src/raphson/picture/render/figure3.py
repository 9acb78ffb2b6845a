"""Scenes of three dimensions drawn with matplotlib's own 3-D axes, which the mouse can turn; or flat, on plain axes."""

from functools import cache
from typing import Any

import numpy as np

from raphson.picture.render.figure import Page, draw, new_axes, settle, trim, write
from raphson.picture.render.ink import ink, letters, pen
from raphson.picture.render.lettering import letter
from raphson.picture.scene import Arrow, Curve, Dots, Item, pair
from raphson.picture.scene3 import Arrow3, Dots3, Ellipsoid, Item3, Scene3, Sheet, Text3, Wire, camera, project

AZIMUTH, ELEVATION = -58.0, 24.0
"""Where the eye stands at first, in degrees."""

MESH = 24
"""Lines of an ellipsoid's mesh."""

ROOM = np.array([1.3, 0.7])
"""Inches of width and height that the box leaves to ticks and names."""


def draw3(scene: Scene3, ax: Any = None) -> Any:
    """Draws a scene in three dimensions; the Axes.

    ax: None makes a figure with 3-D axes; 3-D axes are drawn into (and can be turned with the mouse); on plain
    axes the scene is drawn as seen from afar, with the exact silhouette. Otherwise as `figure.draw`.
    """
    if ax is not None and not hasattr(ax, "get_zlim"):
        return draw(project(scene, AZIMUTH, ELEVATION), ax)
    own = ax is None
    extent = np.abs(camera(AZIMUTH, ELEVATION)[:2]) @ np.asarray(scene.shape)
    ratio = float(np.clip(0.92 * extent[1] / extent[0], 0.65, 1.05))
    ax = new_axes(ratio, projection="3d") if own else ax
    low, high = np.reshape(scene.box, (3, 2)).T
    ax.set_proj_type("ortho")
    # Surfaces, then their lines, then arrows and points: what is meant must not hide behind what is translucent.
    ax.computed_zorder = False
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    ax.view_init(elev=ELEVATION, azim=AZIMUTH)
    ax.set_box_aspect(scene.shape)
    for item in scene.items:
        draw_item(ax, item, scene.box)
    clothe(scene, ax)
    for last in (False, True):
        settle(ax)
        write(scene, ax)
        zoom(scene, ax)
        if own and not last:
            trim(ax)
    settle(ax)
    label(scene, ax)
    return ax


def zoom(scene: Scene3, ax: Any) -> None:
    """Lets the box fill the axes but for its ticks and names, whatever its shape."""
    low, high = np.reshape(scene.box, (3, 2)).T
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    ax.set_box_aspect(scene.shape)
    box, used = ax.get_window_extent(), np.ptp(ax.transData.transform(flat(ax, corners)), axis=0)
    factor = float(np.min(np.maximum([box.width, box.height] - ROOM * ax.figure.dpi, 20) / used))
    page = ax.get_figure(root=True).bbox
    for _ in range(3):
        ax.set_box_aspect(scene.shape, zoom=factor)
        # Names find their places only when drawn.
        ax.get_figure(root=True).draw_without_rendering()
        names = [axis.label.get_window_extent() for axis in (ax.xaxis, ax.yaxis, ax.zaxis)]
        beyond = max(max(name.x1 - page.x1, page.x0 - name.x0) for name in names) + 3
        if beyond <= 0:
            break
        factor *= max(1 - 2 * beyond / (used[0] * factor), 0.5)


def flat(ax: Any, points: np.ndarray) -> np.ndarray:
    """Where points (m, 3) lie in the two data coordinates of the page (m, 2)."""
    from mpl_toolkits.mplot3d import proj3d

    u, v, w = np.asarray(points, float).T
    x, y, _ = proj3d.proj_transform(u, v, w, ax.get_proj())
    return np.stack([np.asarray(x), np.asarray(y)], axis=1)


def clothe(scene: Scene3, ax: Any) -> None:
    """Names of the axes, few ticks, quiet panes."""
    plain: dict[str, Any] = {"parse_math": False}
    for axis, name in zip((ax.xaxis, ax.yaxis, ax.zaxis), scene.labels, strict=True):
        axis.set_label_text(name, **plain)
        axis.set_pane_color((*ink("muted", ax), 0.04))
        axis.get_major_locator().set_params(nbins=5)
        axis.set_tick_params(labelsize=0.8 * axis.label.get_fontsize())
    ax.grid(False)


# ---------------------------------------------------------------------------------------------- items


def draw_item(ax: Any, item: Item3, box: tuple[float, ...]) -> None:
    """One item."""
    if isinstance(item, Wire):
        points = np.concatenate([item.points, item.points[:1]]) if item.closed else item.points
        ax.plot(*points.T, marker="", gid=item.role, zorder=5, **pen(item.role, ax))
    elif isinstance(item, Dots3):
        color = ink(item.role, ax)
        faces = [color if filled else ax.get_facecolor() for filled in item.filled]
        ax.scatter(*item.points.T, s=30, c=faces, edgecolors=[color], depthshade=False, gid=item.role, zorder=8)
    elif isinstance(item, Arrow3):
        style = pen(item.role, ax)
        arrow = arrow_class()(item.tail, item.head, color=style["color"], linewidth=style["linewidth"])
        arrow.set(gid=item.role, zorder=7)
        ax.add_artist(arrow)
    elif isinstance(item, Ellipsoid):
        draw_ellipsoid(ax, item)
    elif isinstance(item, Sheet):
        draw_sheet(ax, item, box)
    elif isinstance(item, Text3):
        ax.text(*item.at, item.text, ha="center", gid="text", **letters(ax, item.role))


def draw_ellipsoid(ax: Any, item: Ellipsoid) -> None:
    """A faint mesh, and the three principal ellipses in full."""
    u, v = np.linspace(0, 2 * np.pi, 2 * MESH + 1), np.linspace(0, np.pi, MESH + 1)
    height, around = np.meshgrid(v, u, indexing="ij")
    sphere = np.stack([np.sin(height) * np.cos(around), np.sin(height) * np.sin(around), np.cos(height)])
    x, y, z = np.einsum("ij,jkl->ikl", item.root, sphere) + item.center[:, None, None]
    color = ink(item.role, ax)
    ax.plot_surface(x, y, z, color=(*color, 0.07), linewidth=0, shade=False, rstride=1, cstride=1)
    mesh = ax.plot_wireframe(x, y, z, color=color, alpha=0.22, linewidth=0.5, rcount=13, ccount=17)
    mesh.set_gid(item.role)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        ax.plot(*item.circle(i, j).T, marker="", gid="principal", color=color, linewidth=1.3, zorder=4)


def draw_sheet(ax: Any, item: Sheet, box: tuple[float, ...]) -> None:
    """A surface as a net, cut at the box; f's is filled too, so that one sees which is which."""
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    color = ink(item.role, ax)
    if item.role == "function":
        x, y = np.meshgrid(item.x, item.y)
        with np.errstate(invalid="ignore"):
            z = np.where((item.z >= box[4]) & (item.z <= box[5]), item.z, np.nan)
        ax.plot_surface(x, y, z, color=(*color, 0.28), linewidth=0, shade=False, rstride=1, cstride=1)
    net = Line3DCollection(item.net(box[4], box[5]), colors=[color], linewidths=0.6 * pen(item.role, ax)["linewidth"])
    net.set_gid(item.role)
    ax.add_collection3d(net)


# ---------------------------------------------------------------------------------------------- labels


def label(scene: Scene3, ax: Any) -> None:
    """The labels of items, each beside what it names from where the eye stands at first; they turn with it."""
    page = Page(ax)
    named = [item for item in scene.items if len(places_of(item, scene.box))]
    for found in letter(tuple(seen(item, ax, scene.box) for item in named), page):  # type: ignore[arg-type]
        item = next(item for item in named if (item.role, getattr(item, "label", "")) == (found.role, found.text))
        places = places_of(item, scene.box)
        pixels, at = ax.transData.transform(flat(ax, places)), page.back(found.at)
        nearest = int(np.argmin(np.hypot(*(pixels - at).T)))
        shift = (at - pixels[nearest]) * 72 / ax.figure.dpi
        text = label_class()(found.text, places[nearest], shift, zorder=9, **letters(ax, found.role))
        text.set_gid(f"label-{found.role}")
        ax.add_artist(text)


def seen(item: Item3, ax: Any, box: tuple[float, ...]) -> Item:
    """An item as it lies on the page, in the axes' two data coordinates; of a surface the ends of its lines."""
    points, words = flat(ax, outline(item, box)), getattr(item, "label", "")
    if isinstance(item, Dots3):
        return Dots(item.role, points, item.filled, words)
    if isinstance(item, Arrow3):
        return Arrow(item.role, pair(points[0]), pair(points[-1]), words)
    return Curve(item.role, points, label=words)


def places_of(item: Item3, box: tuple[float, ...]) -> np.ndarray:
    """Points (k, 3) that a label can stand beside, the best first."""
    if isinstance(item, Arrow3):
        return np.stack([item.head, 0.4 * item.tail + 0.6 * item.head])
    if isinstance(item, Wire):
        return item.points[[-1, 0]]
    if isinstance(item, Dots3):
        return item.points[-1:]
    if isinstance(item, Ellipsoid):
        return np.concatenate([item.circle(i, j, 9)[:-1] for i, j in ((0, 1), (0, 2), (1, 2))])
    if isinstance(item, Sheet):
        ends = [line[-1] for line in item.net(box[4], box[5])]
        return np.array(ends[:: max(len(ends) // 8, 1)]).reshape(-1, 3)
    return np.empty((0, 3))


def outline(item: Item3, box: tuple[float, ...]) -> np.ndarray:
    """Points (m, 3) that stand for an item."""
    if isinstance(item, Ellipsoid):
        return np.concatenate([item.circle(i, j, 90) for i, j in ((0, 1), (0, 2), (1, 2))])
    if isinstance(item, Wire | Dots3):
        return item.points
    if isinstance(item, Arrow3):
        return np.stack([item.tail, item.head])
    return places_of(item, box)


# ---------------------------------------------------------------------------------------------- artists


@cache
def arrow_class() -> Any:
    """An arrow between two points in space whose tip is the second; defined late, for it needs matplotlib."""
    from matplotlib.patches import FancyArrowPatch
    from mpl_toolkits.mplot3d import proj3d

    class SpaceArrow(FancyArrowPatch):
        """A flat arrow between the projections of its ends."""

        def __init__(self, tail: np.ndarray, head: np.ndarray, **style: Any):
            shape = "-|>,head_length=0.42,head_width=0.19"
            size = 5.5 * style["linewidth"] + 7
            super().__init__((0, 0), (1, 1), arrowstyle=shape, shrinkA=0, shrinkB=0, mutation_scale=size, **style)
            self.ends = np.stack([tail, head])

        def do_3d_projection(self, renderer: Any = None) -> float:
            """Where the arrow lies on the page, and how near it is."""
            u, v, w = self.ends.T
            x, y, z = proj3d.proj_transform(u, v, w, self.axes.M)  # type: ignore[union-attr]
            self.set_positions((x[0], y[0]), (x[1], y[1]))
            return float(np.min(z))

    return SpaceArrow


@cache
def label_class() -> Any:
    """Words beside a point in space; defined late, for it needs matplotlib."""
    from matplotlib.text import Annotation

    class SpaceLabel(Annotation):
        """An annotation whose point is projected anew whenever it is drawn."""

        def __init__(self, words: str, at: np.ndarray, shift: np.ndarray, **style: Any):
            style |= {"textcoords": "offset points", "ha": "center", "va": "center", "annotation_clip": False}
            super().__init__(words, (0, 0), xytext=tuple(shift), **style)
            self.at = at

        def draw(self, renderer: Any) -> None:
            """Projects, then draws."""
            self.xy = tuple(flat(self.axes, np.asarray(self.at)[None])[0])
            super().draw(renderer)

    return SpaceLabel
