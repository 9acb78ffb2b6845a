"""Scenes in three dimensions as plain data, and their orthographic projection to a `Scene`."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from raphson.picture.contour import lines
from raphson.picture.scene import Arrow, Curve, Dots, Ellipse, Grid, Item, Scene, Text, pair


@dataclass(frozen=True, eq=False)
class Wire:
    """A polyline `points` (m, 3)."""

    role: str
    points: np.ndarray
    closed: bool = False
    label: str = ""


@dataclass(frozen=True, eq=False)
class Arrow3:
    """An arrow from `tail` (3,) to `head` (3,)."""

    role: str
    tail: np.ndarray
    head: np.ndarray
    label: str = ""


@dataclass(frozen=True, eq=False)
class Dots3:
    """Points (m, 3), each `filled` or hollow."""

    role: str
    points: np.ndarray
    filled: np.ndarray
    label: str = ""


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """{c + V diag(semi) u, |u| = 1}: `center` (3,), unit `axes` V (3, 3) in columns, `semi` (3,), `lam` (3,)."""

    role: str
    center: np.ndarray
    axes: np.ndarray
    semi: np.ndarray
    lam: np.ndarray
    label: str = ""

    @property
    def root(self) -> np.ndarray:
        """V diag(semi) (3, 3): it maps the unit sphere to the ellipsoid."""
        return self.axes * self.semi

    def circle(self, i: int, j: int, count: int = 145) -> np.ndarray:
        """The principal ellipse of axes i and j, points (count, 3)."""
        t = np.linspace(0, 2 * np.pi, count)
        return self.center + np.outer(np.cos(t), self.root[:, i]) + np.outer(np.sin(t), self.root[:, j])


@dataclass(frozen=True, eq=False)
class Sheet:
    """A surface z (ny, nx) over `x` (nx,) and `y` (ny,); NaN where there is none. Renderers cut it at the box."""

    role: str
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    label: str = ""

    def net(self, low: float, high: float) -> list[np.ndarray]:
        """Lines (m, 3) of the surface in both directions, cut at the heights low and high, and the rims there."""
        X, Y = np.meshgrid(self.x, self.y)
        points = np.stack([X, Y, self.z], axis=-1)
        parts = [part for line in [*points, *points.transpose(1, 0, 2)] for part in within(line, low, high)]
        grid = Grid(self.x, self.y, self.z)
        rims = [np.insert(rim, 2, level, axis=1) for level in (low, high) for rim in lines(grid, level)]
        return [*parts, *rims]


@dataclass(frozen=True, eq=False)
class Text3:
    """Words at a point (3,)."""

    role: str
    at: np.ndarray
    text: str


Item3 = Wire | Arrow3 | Dots3 | Ellipsoid | Sheet | Text3


@dataclass(frozen=True, eq=False)
class Scene3:
    """A picture in three dimensions: `box` (x0, x1, y0, y1, z0, z1), `shape` (3,) the lengths of its edges as drawn.

    Where `shape` is proportional to the box the axes are `equal`. The rest as in `Scene`.
    """

    view: str
    question: str
    box: tuple[float, float, float, float, float, float]
    shape: tuple[float, float, float]
    items: tuple[Item3, ...]
    labels: tuple[str, str, str]
    title: str = ""
    caption: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def scale(self) -> np.ndarray:
        """Drawn length of a unit along each axis (3,)."""
        low, high = np.reshape(self.box, (3, 2)).T
        return np.asarray(self.shape) / (high - low)

    @property
    def equal(self) -> bool:
        """Whether a unit is as long on all axes."""
        return bool(np.ptp(self.scale) <= 1e-9 * self.scale.max())


def camera(azimuth: float, elevation: float) -> np.ndarray:
    """Rows (3, 3): to the right, up, and towards the eye, for angles in degrees as matplotlib means them."""
    a, e = np.radians(azimuth), np.radians(elevation)
    right = [-np.sin(a), np.cos(a), 0.0]
    up = [-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)]
    eye = [np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)]
    return np.array([right, up, eye])


def shadow(root: np.ndarray, center: np.ndarray, role: str, label: str = "") -> Ellipse:
    """The ellipse {center + root u, |u| = 1} for root (2, k): what an ellipsoid, or an ellipse in space, casts."""
    axes, lengths, _ = np.linalg.svd(root)
    lengths = np.concatenate([lengths, np.zeros(2)])[:2]
    return Ellipse(role, pair(center), pair(lengths), float(np.arctan2(axes[1, 0], axes[0, 0])), label=label)


def project(scene: Scene3, azimuth: float = -60.0, elevation: float = 25.0) -> Scene:
    """The scene as seen from afar: parallel light, no perspective. An ellipsoid's silhouette is an exact ellipse.

    Its matrix is P A A'P' for the ellipsoid c + A u: the shadow of the ellipsoid, in the sense of the plane
    views. The principal ellipses have their near halves drawn full, the far halves dashed.
    """
    low, high = np.reshape(scene.box, (3, 2)).T
    middle, view = (low + high) / 2, camera(azimuth, elevation) * scene.scale
    items: list[Item] = []
    for item in scene.items:
        items.extend(flattened(item, view, middle, scene.box))
    edges = list(frame(scene, view, middle))
    half = np.abs(view[:2]) @ ((high - low) / 2) * np.array([1.3, 1.16])  # words at the sides are wide
    window = (float(-half[0]), float(half[0]), float(-half[1]), float(half[1]))
    return Scene(
        scene.view, scene.question, window, (*edges, *items), "", "", True, "", scene.title, scene.caption, scene.notes
    )


def flattened(item: Item3, view: np.ndarray, middle: np.ndarray, box: tuple[float, ...]) -> Iterator[Item]:
    """An item of three dimensions as items of two."""

    def flat(points: np.ndarray) -> np.ndarray:
        return (np.asarray(points) - middle) @ view[:2].T

    if isinstance(item, Wire):
        yield Curve(item.role, flat(item.points), item.closed, item.label)
    elif isinstance(item, Arrow3):
        yield Arrow(item.role, pair(flat(item.tail)), pair(flat(item.head)), item.label)
    elif isinstance(item, Dots3):
        yield Dots(item.role, flat(item.points), item.filled, item.label)
    elif isinstance(item, Text3):
        yield Text(item.role, pair(flat(item.at)), item.text, "middle")
    elif isinstance(item, Sheet):
        # The far lines first: nearer ones lie on them.
        net = sorted(item.net(box[4], box[5]), key=lambda line: float(np.mean((line - middle) @ view[2])))
        yield from (Curve(item.role, flat(line)) for line in net)
    else:
        yield from globe(item, view, middle)


def globe(item: Ellipsoid, view: np.ndarray, middle: np.ndarray) -> Iterator[Item]:
    """Silhouette and principal ellipses of an ellipsoid."""
    center, root = view[:2] @ (item.center - middle), view @ item.root
    # A point of the surface is in front where its outward normal, V diag(1/semi) u, looks at the eye.
    normal = view[2] @ (item.axes / item.semi)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        yield shadow(root[:2][:, [i, j]], center, "principal-far")
        t = np.arctan2(normal[j], normal[i]) + np.linspace(-np.pi / 2, np.pi / 2, 73)
        near = center + np.outer(np.cos(t), root[:2, i]) + np.outer(np.sin(t), root[:2, j])
        yield Curve("principal", near)
    yield shadow(root[:2], center, item.role, item.label)


def within(line: np.ndarray, low: float, high: float) -> list[np.ndarray]:
    """The stretches of a line (m, 3) whose heights lie between low and high, ending exactly there; NaN is a gap."""
    z = line[:, 2]
    inside = (z >= low) & (z <= high)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
    out = []
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        part = [line[a:b]]
        if a > 0 and np.isfinite(z[a - 1]):
            part.insert(0, crossing(line[a - 1], line[a], low, high))
        if b < len(z) and np.isfinite(z[b]):
            part.append(crossing(line[b], line[b - 1], low, high))
        points = np.concatenate(part)
        if len(points) > 1:
            out.append(points)
    return out


def crossing(outer: np.ndarray, inner: np.ndarray, low: float, high: float) -> np.ndarray:
    """The point (1, 3) between two where the height passes low or high."""
    level = high if outer[2] > high else low
    t = (level - inner[2]) / (outer[2] - inner[2])
    return (inner + t * (outer - inner))[None]


def frame(scene: Scene3, view: np.ndarray, middle: np.ndarray) -> Iterator[Item]:
    """Three edges of the box with the names of the axes; no ticks: a glance, not a table."""
    low, high = np.reshape(scene.box, (3, 2)).T
    near = np.where(view[2] > 0, high, low)
    far = np.where(view[2] > 0, low, high)
    for axis, start in enumerate(([0, near[1], low[2]], [near[0], 0, low[2]], [far[0], near[1], 0])):
        ends = np.array([start, start], float)
        ends[:, axis] = low[axis], high[axis]
        flat = (ends - middle) @ view[:2].T
        yield Curve("muted", flat)
        # Outwards from the box, a twentieth of its size.
        out = flat.mean(axis=0)
        length = float(np.linalg.norm(out))
        at = out * (1 + 0.07 * max(scene.shape) / length) if length > 0 else out
        yield Text("muted", pair(at), scene.labels[axis], "middle")
