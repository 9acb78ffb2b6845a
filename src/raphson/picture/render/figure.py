"""Scenes drawn with matplotlib, which is imported only when something is drawn."""

import textwrap
from typing import Any

import numpy as np

from raphson.picture.render.artists import DRAW
from raphson.picture.render.ink import LABEL, ink, letters
from raphson.picture.render.lettering import letter
from raphson.picture.render.paper import SMALL
from raphson.picture.scene import Heat, Scene
from raphson.picture.scene3 import Scene3

ASPECTS = (0.6, 1.65)
"""Height over width that a window with equal axes may have; a flatter one is widened, never cropped."""

INNER = 4.9
"""Inches of width that the axes of a new figure have, about."""

BESIDE = 4.4
"""The same where pictures stand beside each other."""

CHARACTER = 0.56
"""Width of a character over its height, on average."""

SUBTITLE, CAPTION = 0.9, 0.78
"""Sizes of letters over that of an axis label."""

LOWER, APART = 0.4, 0.06
"""Height of a lower picture, and its distance from the upper one, over the height of that."""

WIDER = 1.1
"""Letters of figures are so much wider than those of pages."""


def pyplot() -> Any:
    """matplotlib.pyplot, or an ImportError that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as missing:
        raise ImportError("figures need matplotlib, which is not installed: pip install matplotlib") from missing
    return plt


def draw(scene: Scene, ax: Any = None) -> Any:
    """Draws a scene with matplotlib; the Axes.

    ax: the Axes to draw into; None makes a figure of a fitting size. Colors, widths and dashes are those of
    the roles; the rest (fonts, ticks, background) is left to the user's style. Nothing is shown, and no
    setting of matplotlib is changed. Raises ImportError where matplotlib is missing.
    """
    if ax is not None:
        return compose((scene,), (ax,), False)[0]
    window = framed(scene)
    ratio = (window[3] - window[2]) / (window[1] - window[0]) if scene.equal else 0.68
    room = 0.0 if scene.below is None else (APART + LOWER) * ratio
    return compose((scene,), (new_axes(ratio, room),), True)[0]


def draw_beside(scenes: tuple[Scene, ...], ax: Any = None) -> Any:
    """Draws scenes beside each other as `draw` does one; the tuple of Axes.

    ax: as many Axes as there are scenes, or a single one, which gets the last scene and is returned alone; None
    makes a figure. ValueError for another number of Axes.
    """
    if ax is None:
        size = (len(scenes) * (BESIDE + 1.0), BESIDE + 2.0)
        figure, axes = pyplot().subplots(1, len(scenes), figsize=size, layout="constrained", squeeze=False)
        figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1, wspace=0.04)
        return compose(scenes, tuple(axes[0]), True)
    axes = tuple(np.ravel(ax))
    if len(axes) == 1:
        return draw(scenes[-1], axes[0])
    if len(axes) != len(scenes):
        raise ValueError(f"{len(axes)} axes for {len(scenes)} pictures: give one, or one for each")
    return compose(scenes, axes, False)


def compose(scenes: tuple[Scene, ...], axes: tuple[Any, ...], own: bool) -> tuple[Any, ...]:
    """Draws scenes into the Axes of one figure, `own` if it is ours; the Axes.

    Items first; then the words around the axes, twice, as they change the room that they are wrapped to; last the
    labels, whose places are counted in pixels.
    """
    lowest = []
    for scene, ax in zip(scenes, axes, strict=True):
        if any(isinstance(item, Heat) for item in scene.items):
            ax.set_facecolor("white")  # the middle of its colors, whatever the style
        scale_axes(scene, framed(scene), ax)
        for order, item in enumerate(scene.items):
            DRAW[type(item)](ax, item, 2 + 0.01 * order)
        name_axes(scene, ax, own)
        lowest.append(ax if scene.below is None else draw_below(scene.below, ax, own))
    for last in (False, True):
        for ax in axes:
            settle(ax)
        for scene, ax, low in zip(scenes, axes, lowest, strict=True):
            write(scene, ax, low)
        if own and not last:
            trim(axes[0])
    for scene, ax in zip(scenes, axes, strict=True):
        label(scene, ax)
    return axes


def draw_below(scene: Scene, ax: Any, own: bool) -> Any:
    """Draws a scene under the axes, over the same x; the Axes, which belong to the upper ones (`ax.child_axes`)."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    settle(ax)
    figure = ax.get_figure(root=True)
    tall = ax.get_window_extent().height / figure.dpi / (1 + APART + LOWER)
    if figure.get_layout_engine() is None:  # nothing makes room below, so the axes themselves do
        x, y, width, height = ax.get_position().bounds
        part = height / (1 + APART + LOWER)
        ax.set_position((x, y + height - part, width, part))
    # In inches from the bottom of the axes: a layout that makes room below does not change how much is needed.
    inches = figure.dpi_scale_trans + ScaledTranslation(0, 0, ax.transAxes)
    lower = ax.inset_axes(
        (0, -(APART + LOWER) * tall, 1, LOWER * tall),
        transform=blended_transform_factory(ax.transAxes, inches),
        sharex=ax,
    )
    lower.set_facecolor(ax.get_facecolor())
    scale_axes(scene, scene.window, lower)
    for order, item in enumerate(scene.items):
        DRAW[type(item)](lower, item, 2 + 0.01 * order)
    name_axes(scene, lower, own)
    ax.set_xlabel("")
    ax.tick_params(axis="x", which="both", labelbottom=False)
    return lower


def new_axes(ratio: float, room: float = 0.0, **keywords: Any) -> Any:
    """Axes in a figure of their own, `ratio` times as high as wide, with `room` as high as that under them."""
    size = (INNER + 1.1, INNER * (ratio + room) + 1.7)
    figure, ax = pyplot().subplots(figsize=size, layout="constrained", subplot_kw=keywords)
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)
    return ax


def trim(ax: Any) -> None:
    """Takes the empty space off a figure of our own: where equal axes leave some, above and below or at the sides."""
    figure = ax.figure
    for _ in range(2):
        figure.draw_without_rendering()
        used = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        figure.set_size_inches(min(width, used.width + 0.24), min(height, used.height + 0.3))


def framed(scene: Scene) -> tuple[float, float, float, float]:
    """The window; with equal axes never so flat or narrow that a figure becomes a strip."""
    x0, x1, y0, y1 = scene.window
    if not scene.equal:
        return scene.window
    width, height = x1 - x0, y1 - y0
    tall = np.clip(height, ASPECTS[0] * width, None)
    wide = np.clip(width, tall / ASPECTS[1], None)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - wide / 2, x + wide / 2, y - tall / 2, y + tall / 2


def scale_axes(scene: Scene, window: tuple[float, ...], ax: Any) -> None:
    """Scales, limits and aspect."""
    if "x" in scene.log:
        ax.set_xscale("log")
    if "y" in scene.log:
        ax.set_yscale("log")
    ax.set_xlim(window[0], window[1])
    ax.set_ylim(window[2], window[3])
    ax.set_aspect("equal" if scene.equal else "auto", adjustable="box")


def settle(ax: Any) -> None:
    """Lets the figure's layout decide where the axes are, so that pixels can be counted."""
    figure = ax.get_figure(root=True)
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
    ax.apply_aspect()


def name_axes(scene: Scene, ax: Any, own: bool) -> None:
    """Axis labels; in a figure of our own quiet lines around the axes."""
    plain = {"parse_math": False}  # a variable may be called "$x"
    ax.set_xlabel(scene.x_label, **plain)
    ax.set_ylabel(scene.y_label, **plain)
    if scene.ruled is not None:
        rule(ax, scene.ruled)
    ax.yaxis.get_offset_text().set_ha("right")  # "1e7" above the ticks, not in the line under the title
    bare = not (scene.x_label or scene.y_label)
    if bare:
        # A projection of three dimensions, or words: the numbers of the page mean nothing.
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    if own:
        ax.spines[["top", "right"]].set_visible(scene.equal and not bare)
        for spine in ax.spines.values():
            spine.set_color(ink("muted", ax, outside=True))
            spine.set_linewidth(0.6)
        ax.tick_params(color=ink("muted", ax, outside=True), width=0.6)


def rule(ax: Any, end: float) -> None:
    """Ticks of the y-axis up to `end` only."""
    low, high = ax.get_ylim()
    for minor in (False, True):
        ax.set_yticks([y for y in ax.get_yticks(minor=minor) if low <= y <= end], minor=minor)
    ax.yaxis.set_minor_formatter("")
    ax.set_ylim(low, high)


def write(scene: Scene | Scene3, ax: Any, lowest: Any = None) -> None:
    """The question as the title, what it is asked about in small letters, the caption and notes at the bottom.

    `lowest`: the axes under whose name they stand (None: right under `ax`). All is wrapped to the axes' width as it is
    now: called again where that has changed.
    """
    owner, below = (ax, "axes fraction") if lowest is None else (lowest, lowest.xaxis.label)
    for text in [*ax.texts, *(owner.texts if owner is not ax else [])]:
        if text.get_gid() in ("subtitle", "caption"):
            text.remove()
    size, plain = ax.xaxis.label.get_fontsize(), {"parse_math": False}
    quiet = {"color": ink("muted", ax, outside=True), "ha": "left", "linespacing": 1.35, **plain}
    title = wrapped(scene.title, characters(ax, SUBTITLE * size))
    lift = (title.count("\n") + 1) * 1.5 * SUBTITLE * size if title else 0.0
    ax.set_title(wrapped(scene.question, characters(ax, ax.title.get_fontsize())), loc="left", pad=6 + lift, **plain)
    for gid, words, at, origin, shift, height, va in (
        ("subtitle", title, (0, 1), "axes fraction", 5, SUBTITLE, "bottom"),
        ("caption", foot(scene, ax, size), (0, 0), ("axes fraction", below), -5, CAPTION, "top"),
    ):
        if words:
            more = {"xytext": (0, shift), "textcoords": "offset points", "va": va, "fontsize": height * size}
            # The upper of two axes would not know yet where the lower one's label is.
            (ax if gid == "subtitle" else owner).annotate(words, at, xycoords=origin, gid=gid, **more, **quiet)


def foot(scene: Scene | Scene3, ax: Any, size: float) -> str:
    """The caption and the notes."""
    words = " ".join(part for part in (scene.caption, *scene.notes) if part)
    return wrapped(words, characters(ax, CAPTION * size)) if words else ""


def characters(ax: Any, size: float) -> int:
    """Characters of a font size in points that fit into the axes' width."""
    box = ax.get_window_extent()
    return max(int(box.width * 72 / ax.figure.dpi / (CHARACTER * size)), 24)


def wrapped(words: str, width: int) -> str:
    """Lines of at most so many characters."""
    return "\n".join(textwrap.wrap(words, width))


def label(scene: Scene, ax: Any) -> None:
    """The labels of items, each beside what it names and none on another: placed as in the SVG pictures."""
    page = Page(ax)
    for found in letter(scene.items, page):  # type: ignore[arg-type]
        at = ax.transData.inverted().transform(page.back(found.at))
        text = ax.text(*at, found.text, ha="center", va="center", zorder=6, **letters(ax, found.role))
        text.set_gid(f"label-{found.role}")


class Page:
    """The axes as `lettering` sees paper: pixels of the page from the figure's upper left corner downwards.

    `unit` is the size of such a pixel in those of the canvas: labels here are as large as `SMALL` of them there.
    """

    def __init__(self, ax: Any):
        self.ax = ax
        figure = ax.get_figure(root=True)
        self.unit = WIDER * LABEL * ax.xaxis.label.get_fontsize() * figure.dpi / 72 / SMALL
        self.height = figure.bbox.height
        frame = ax.get_window_extent()
        (x0, y1), (x1, y0) = self.down(np.array([[frame.x0, frame.y0], [frame.x1, frame.y1]]))
        self.box = (x0, y0, x1, y1)

    def pixels(self, points: Any) -> np.ndarray:
        """Data points (..., 2) on the page."""
        points = np.asarray(points, float)
        with np.errstate(all="ignore"):
            return self.down(self.ax.transData.transform(points.reshape(-1, 2))).reshape(points.shape)

    def down(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels of the canvas on the page."""
        return np.stack([pixels[..., 0], self.height - pixels[..., 1]], axis=-1) / self.unit

    def back(self, at: np.ndarray) -> np.ndarray:
        """A place on the page in pixels of the canvas."""
        return np.array([at[0] * self.unit, self.height - at[1] * self.unit])
