"""Where the labels of a picture stand: beside what they name, on no line and on no other label. In pixels."""

from dataclasses import dataclass, field

import numpy as np

from raphson.picture.contour import lines
from raphson.picture.render.paper import SMALL, Paper, measure
from raphson.picture.scene import Arc, Arrow, Contours, Curve, Dots, Ellipse, Item, RightAngle, Text

APART = 4.0
"""Distance of the points that stand for a line."""

QUIET = ("function", "model", "spoke")
"""Roles of lines that a label may cover: they are everywhere."""

ORDER = ("angle", "newton", "minus-gradient", "gradient", "point", "start", "center", "model-level", "dual", "whitened")
"""Whose labels are placed first; the others follow as they come."""

SIDES = np.array([(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)], float)
"""To which sides of its anchor a label may stand."""

REACH = np.array([5.0, 11.0, 19.0])
"""How far from it, in pixels."""

HOPELESS = 150.0
"""A label whose best place costs more is left out."""

CORNER = 11.0
"""Pixels: the side of a right-angle mark."""

ARC_RADIUS = 30.0
"""Pixels: the radius of an angle's arc."""


@dataclass(frozen=True)
class Label:
    """A placed label: `at` the middle of its text."""

    role: str
    text: str
    at: np.ndarray


@dataclass
class Placer:
    """What is on the paper: the axes' `frame`, `points` (m, 2) of lines, boxes (x0, y0, x1, y1) of labels."""

    frame: tuple[float, float, float, float]
    points: np.ndarray
    taken: list[np.ndarray] = field(default_factory=list)

    def place(self, text: str, anchors: np.ndarray, middle: np.ndarray, lean: float) -> np.ndarray | None:
        """The middle of the best place for a text beside one of its anchors; None if there is no tolerable one.

        `lean` is how much it counts that the text lies away from `middle`.
        """
        if not len(anchors):
            return None
        half = np.array([measure(text, SMALL), SMALL * 1.05]) / 2
        outward = anchors - middle
        outward = outward / (np.linalg.norm(outward, axis=1, keepdims=True) + 1e-9)
        unit = SIDES / np.linalg.norm(SIDES, axis=1, keepdims=True)
        # Axes of the arrays: anchor, side, reach.
        at = anchors[:, None, None] + (unit[:, None] * REACH[:, None] + (SIDES * half)[:, None])
        price = lean * (1 - outward @ unit.T)[:, :, None] + 0.6 * np.arange(len(anchors))[:, None, None] + 0.25 * REACH
        at, price = at.reshape(-1, 2), price.reshape(-1)
        price = price + self.cost(at, half)
        best = int(np.argmin(price))
        if not price[best] < HOPELESS:
            return None
        self.taken.append(np.concatenate([at[best] - half, at[best] + half]))
        return at[best]

    def cost(self, at: np.ndarray, half: np.ndarray) -> np.ndarray:
        """How bad boxes around `at` (k, 2) are (k,): out of the frame, on a line, on a label."""
        low, high = at - half, at + half
        outside = np.maximum(np.array(self.frame[:2]) + 3 - low, 0).sum(axis=1)
        outside += np.maximum(high - np.array(self.frame[2:]) + 3, 0).sum(axis=1)
        x, y = self.points.T
        covered = np.abs(x - at[:, :1]) < half[0] + 1.5
        covered &= np.abs(y - at[:, 1:]) < half[1] + 1.5
        total = 12.0 * outside + 5.0 * covered.sum(axis=1)
        for box in self.taken:
            overlap = (np.minimum(high, box[2:]) - np.maximum(low, box[:2]) + 2).min(axis=1)
            total += np.where(overlap > 0, 60.0 + 2.0 * overlap, 0.0)
        return total


def letter(items: tuple[Item, ...], paper: Paper) -> list[Label]:
    """The labels of the items of a scene, each where it disturbs least."""
    traces = [trace(item, paper) for item in items]
    obstacles = [t for item, t in zip(items, traces, strict=True) if item.role not in QUIET]
    obstacles = [visible(t, paper) for t in obstacles]
    points = np.concatenate([np.empty((0, 2)), *obstacles])
    centers = [item.points[0] for item in items if isinstance(item, Dots) and item.role == "center"]
    box = np.array(paper.box)
    middle = paper.pixels(centers[0]) if centers else (box[:2] + box[2:]) / 2
    placer = Placer(paper.box, points)
    placer.taken.extend(fixed_boxes(items, paper))
    named = [(item, t) for item, t in zip(items, traces, strict=True) if getattr(item, "label", "")]
    named.sort(key=lambda one: ORDER.index(one[0].role) if one[0].role in ORDER else len(ORDER))
    out = []
    for item, points in named:
        arc = isinstance(item, Arc)  # whose label stands before its middle, or it would name another angle
        away, lean = (paper.pixels(item.at), 14.0) if arc else (middle, 3.0)
        at = placer.place(item.label, anchors(item, visible(points, paper)), away, lean)  # type: ignore[union-attr]
        if at is not None:
            out.append(Label(item.role, item.label, at))  # type: ignore[union-attr]
    return out


def visible(points: np.ndarray, paper: Paper) -> np.ndarray:
    """The points inside the axes."""
    x0, y0, x1, y1 = paper.box
    x, y = points.T
    return points[(x >= x0 - 1) & (x <= x1 + 1) & (y >= y0 - 1) & (y <= y1 + 1)]


def fixed_boxes(items: tuple[Item, ...], paper: Paper) -> list[np.ndarray]:
    """Boxes of words whose place is given."""
    out = []
    for item in items:
        if isinstance(item, Text):
            at, wide = paper.pixels(item.at), measure(item.text, SMALL)
            x0 = at[0] - {"start": 0.0, "middle": 0.5, "end": 1.0}[item.anchor] * wide
            out.append(np.array([x0, at[1] - SMALL / 2, x0 + wide, at[1] + SMALL / 2]))
    return out


def trace(item: Item, paper: Paper) -> np.ndarray:
    """Points (m, 2) in pixels that stand for an item, about `APART` from each other."""
    if isinstance(item, Ellipse):
        t = np.linspace(0, 2 * np.pi, 257)
        turn = np.array([[np.cos(item.angle), np.sin(item.angle)], [-np.sin(item.angle), np.cos(item.angle)]])
        circle = np.stack([np.cos(t), np.sin(t)], axis=1) * np.asarray(item.semi)
        return paper.pixels(np.asarray(item.center) + circle @ turn)
    if isinstance(item, Arrow):
        return spread(paper.pixels(np.array([item.tail, item.head])))
    if isinstance(item, Curve):
        return spread(paper.pixels(item.points)) if len(item.points) else np.empty((0, 2))
    if isinstance(item, Dots):
        return paper.pixels(np.asarray(item.points, float).reshape(-1, 2))
    if isinstance(item, Arc):
        return arc_points(item, paper)
    if isinstance(item, RightAngle):
        sides = np.array([[v[0], -v[1]] for v in (item.along, item.across)])
        return paper.pixels(item.at) + CORNER * np.array([[1, 0], [1, 0.5], [1, 1], [0.5, 1], [0, 1]]) @ sides
    if isinstance(item, Contours) and item.label:
        parts = [spread(paper.pixels(line)) for level in item.levels for line in lines(item.grid, float(level))]
        return np.concatenate([np.empty((0, 2)), *parts])
    return np.empty((0, 2))


def spread(points: np.ndarray) -> np.ndarray:
    """A polyline in pixels with points about `APART` from each other."""
    points = points[np.all(np.isfinite(points), axis=1)]
    if len(points) < 2:
        return points
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    t = np.linspace(0, length[-1], int(np.clip(length[-1] / APART, 2, 2000)))
    return np.stack([np.interp(t, length, points[:, k]) for k in (0, 1)], axis=1)


def arc_points(item: Arc, paper: Paper) -> np.ndarray:
    """The arc in pixels, from its start to its end the short way."""
    (ux, uy), (vx, vy) = item.start, item.end
    first = np.arctan2(-uy, ux)
    turn = (np.arctan2(-vy, vx) - first + np.pi) % (2 * np.pi) - np.pi
    t = first + np.linspace(0, turn, 33)
    return paper.pixels(item.at) + ARC_RADIUS * np.stack([np.cos(t), np.sin(t)], axis=1)


def anchors(item: Item, points: np.ndarray) -> np.ndarray:
    """Where a label may begin, the best first."""
    if not len(points):
        return points
    if isinstance(item, Arc):
        return points[[len(points) // 2]]
    if isinstance(item, Arrow):
        return points[[-1, len(points) // 2, (3 * len(points)) // 4]]
    if isinstance(item, Dots):
        return points[:1]
    if item.role == "ray":
        return points[[len(points) // 2, len(points) // 4, (3 * len(points)) // 4]]
    if item.role in ("axis", "dual-axis", "asymptote") and isinstance(item, Curve):
        last = len(points) - 1
        return points[[last, 0, last - last // 6, last // 6, last - last // 3, last // 3]]
    return points[np.linspace(0, len(points) - 1, min(24, len(points))).astype(int)]
