"""A map drawn with matplotlib, which is imported only when it is drawn."""

from itertools import pairwise
from typing import Any

import numpy as np

from raphson.picture.maps.graph_map import GraphMap, located_types
from raphson.picture.maps.map_ellipses import CROWD, ELLIPSE, outlines, reaching, shadows, why_without
from raphson.picture.maps.map_page import BEFORE, SPARED
from raphson.picture.maps.map_record import RAMP
from raphson.picture.maps.map_words import spread_of_errors
from raphson.picture.render.figure import pyplot
from raphson.slam.account import FACTOR_CLASSES, ODOMETRY

SIZE = (7.2, 5.6)
"""Inches of a new figure."""


def draw_map(shown: GraphMap, ax: Any = None, ellipses: bool = True) -> Any:
    """Draws a map; the Axes. Start thin and gray, edges by error, the largest last; odometry is broader."""
    from matplotlib.collections import LineCollection

    if ax is None:
        ax = pyplot().subplots(figsize=SIZE, layout="constrained")[1]
    frame, labels = paper_axes(shown)
    before, after = ((moment.places - frame[0]) @ frame[1] for moment in (shown.start, shown.end))
    chain = shown.ends[shown.classes == FACTOR_CLASSES.index(ODOMETRY)]
    ax.add_collection(LineCollection(list(before[chain]), colors=BEFORE, linewidths=0.6, label="before", zorder=1))
    bins, odometry = shown.bins(shown.end.error), shown.classes == FACTOR_CLASSES.index(ODOMETRY)
    dashed = shown.ends[shown.spared]
    if len(dashed):
        many = f"{'dropped' if shown.judged else 'weight below 1/2'}: {len(dashed)}"
        style = {"colors": SPARED, "linewidths": 0.7, "linestyles": "--"}
        ax.add_collection(LineCollection(list(after[dashed]), label=many, zorder=1.5, **style))
    for k, (color, name) in enumerate(zip(RAMP["light"], bin_names(shown), strict=True)):
        for chained, width in ((True, 1.5), (False, 0.8)):
            rows = shown.ends[(bins == k) & (odometry == chained) & ~shown.spared]
            if len(rows):
                lines = LineCollection(list(after[rows]), colors=color, linewidths=width + 0.12 * k, zorder=2 + k)
                ax.add_collection(lines)
        ax.plot([], [], color=color, linewidth=1.5 + 0.12 * k, label=name)
    around = np.zeros((0, 1, 2))
    if ellipses and shown.covariances is not None:
        around = outlines(after, shadows(shown.covariances, frame[1]))
        ax.add_collection(LineCollection(list(around), colors=ELLIPSE, linewidths=0.9, alpha=0.7, zorder=12))
        if len(around):
            ax.plot([], [], color=ELLIPSE, linewidth=0.9, label="95 % ellipse of a place")
    draw_places(ax, shown, after)
    low, high = reaching(after, around)
    margin = 0.04 * max(*(high - low), 1e-12)
    ax.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin))
    ax.set_aspect("equal")
    ax.set(xlabel=labels[0], ylabel=labels[1])
    ax.set_title(spread_of_errors(shown, zh=False), fontsize="small", loc="left", wrap=True)
    ax.legend(title="error of an edge, in sigmas\n(odometry broad, others thin)", fontsize="x-small",
              title_fontsize="x-small", loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)  # fmt: skip
    return ax


def draw_places(ax: Any, shown: GraphMap, after: np.ndarray) -> None:
    """Poses as dots and landmarks as crosses, where there are few; what is held as a square."""
    if len(after) <= CROWD:
        poses = np.repeat([pose for _, _, pose in shown.types], [count for _, count, _ in shown.types])
        for rows, mark, name in ((poses, ".", "pose"), (~poses, "+", "landmark")):
            if rows.any():
                ax.plot(*after[rows].T, mark, color="black", ms=5, mew=1.2, label=name, zorder=19)
    held = after[shown.held]
    if len(held):
        ax.plot(*held.T, "s", mfc="none", mec="black", ms=7, mew=1.4, label="held", zorder=20)


def few_places(fit: Any) -> bool:
    """Whether a figure may have ellipses where nobody said whether it should."""
    sizes = located_types(fit.graph)
    count = sum(len(fit.graph.variables[name]) for name in sizes)
    return count <= CROWD and not why_without(fit, count, max(sizes.values()))


def bin_names(shown: GraphMap) -> list[str]:
    """What each color stands for; empty names for colors that have no bounds."""
    edges = ["0", *(f"{bound:g}" for bound in shown.bounds)]
    names = [f"{low} to {high}" for low, high in pairwise(edges)]
    return [*names, f"{edges[-1]} and more"]


def paper_axes(shown: GraphMap) -> tuple[tuple[np.ndarray, np.ndarray], tuple[str, str]]:
    """Origin and two axes (columns) that the figure has, and their labels: x and y, or of a map in space the two
    principal axes along which its places spread most."""
    places = shown.end.places
    if places.shape[1] == 2:
        return (np.zeros(2), np.eye(2)), ("x [units of the data]", "y [units of the data]")
    middle = places.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((places - middle).T))
    chosen = axes[:, [2, 1]]
    chosen = chosen * np.sign(chosen[np.argmax(np.abs(chosen), axis=0), [0, 1]])
    share = 100 * values[1:].sum() / (values.sum() or 1.0)
    first = f"first principal axis [units of the data]; the two hold {share:.0f} % of the spread"
    return (middle, chosen), (first, "second principal axis [units of the data]")
