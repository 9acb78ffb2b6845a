"""Scenes: pictures as plain data. Views build them, renderers (SVG, matplotlib, the page) only read them.

Coordinates are those of the scene's own axes. Every item has a `role`, which is what it means and decides
its color; the same roles are used by the page (frontend/src/scene/types.ts).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

Pair = tuple[float, float]

RING = -1
"""The mark around a minimum that a method showed: a ring."""


@dataclass(frozen=True)
class Ellipse:
    """An ellipse, exact at any resolution: `center`, `semi` axes (a, b), `angle` of the first from the x-axis, radians.

    `lam` the eigenvalues that belong to the axes; `hill` marks the contour of a dome.
    """

    role: str
    center: Pair
    semi: Pair
    angle: float
    lam: Pair | None = None
    hill: bool = False
    label: str = ""


@dataclass(frozen=True)
class Curve:
    """A polyline `points` (m, 2): a branch of a hyperbola, an edge of a strip, an asymptote, a path s(tau).

    `lam` the eigenvalue of an axis; `fill`: the area within is covered with a tint of the role's color.
    """

    role: str
    points: np.ndarray
    closed: bool = False
    label: str = ""
    lam: float | None = None
    fill: bool = False


@dataclass(frozen=True)
class Arrow:
    """An arrow from `tail` to `head`."""

    role: str
    tail: Pair
    head: Pair
    label: str = ""


@dataclass(frozen=True)
class RightAngle:
    """A right-angle mark at `at` between unit vectors `along` and `across`. Only in scenes with equal axes."""

    role: str
    at: Pair
    along: Pair
    across: Pair


@dataclass(frozen=True)
class Arc:
    """The angle `degrees` between directions `start` and `end` at `at`."""

    role: str
    at: Pair
    start: Pair
    end: Pair
    degrees: float
    label: str = ""


@dataclass(frozen=True)
class Dots:
    """Points (m, 2), each `filled` (taken) or hollow (rejected); `mark`: their shape in a race (render/marks.py)."""

    role: str
    points: np.ndarray
    filled: np.ndarray
    label: str = ""
    mark: int | None = None


@dataclass(frozen=True)
class Grid:
    """Values (ny, nx) at `x` (nx,) and `y` (ny,); not finite where the function is not: renderers hatch it.

    `beyond` (ny, nx): points at which f was not to be asked, beyond its bounds: that alone is not hatched here, an
    `Outside` says exactly where that is (None: no such point).
    """

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    beyond: np.ndarray | None = None


@dataclass(frozen=True)
class Contours:
    """Level lines of a grid."""

    role: str
    grid: Grid
    levels: np.ndarray
    label: str = ""


@dataclass(frozen=True)
class Heat:
    """A grid as colors between `low` and `high`."""

    role: str
    grid: Grid
    low: float
    high: float
    label: str = ""


@dataclass(frozen=True)
class Stems:
    """One stem for each value, from the base of the axis: `values` >= 0, `signs` -1, 0, 1, `labels`.

    `bare`: dots without stems, whose shape says the sign: of many values the stems would be a fence.
    """

    role: str
    positions: np.ndarray
    values: np.ndarray
    signs: np.ndarray
    labels: tuple[str, ...] = ()
    bare: bool = False


@dataclass(frozen=True)
class Text:
    """Words at a point; `anchor` start, middle or end."""

    role: str
    at: Pair
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Outside:
    """All that lies outside a convex polygon, `points` (k, 2) its corners: hatched; everything where it has none."""

    role: str
    points: np.ndarray


@dataclass(frozen=True)
class Raster:
    """Cells of one color each over `window` (x0, x1, y0, y1): `shades` (ny, nx) uint8, the top row first, numbers of
    colors in the table that `colors` names (render/shades.py); `crisp`: cells have edges, else they blend."""

    role: str
    window: tuple[float, float, float, float]
    shades: np.ndarray
    colors: str
    crisp: bool = False


Item = Ellipse | Curve | Arrow | RightAngle | Arc | Dots | Contours | Heat | Stems | Outside | Raster | Text


@dataclass(frozen=True)
class Scene:
    """A picture: `view` its name, the `question` it answers, axes, `window` (x0, x1, y0, y1), items back to front.

    `equal`: a unit is as long on both axes, so that right angles are right; `log` the axes with a
    logarithmic scale ("", "x", "y", "xy"); `caption` what is seen, in words with numbers; `notes` what was left out;
    `ruled` where the ticks of the y-axis end, if the height means something else above (None: nowhere); `below` a lower
    picture over the same x, with no words of its own but the names of its axes; `frameless`: no axes are drawn.
    """

    view: str
    question: str
    window: tuple[float, float, float, float]
    items: tuple[Item, ...]
    x_label: str = ""
    y_label: str = ""
    equal: bool = True
    log: str = ""
    title: str = ""
    caption: str = ""
    notes: tuple[str, ...] = field(default=())
    ruled: float | None = None
    below: "Scene | None" = None
    frameless: bool = False

    def of(self, role: str) -> list[Any]:
        """The items of a role, those of the picture below too."""
        own = [item for item in self.items if item.role == role]
        return own + (self.below.of(role) if self.below else [])

    def roles(self) -> set[str]:
        """Every role that occurs."""
        return {item.role for item in self.items} | (self.below.roles() if self.below else set())

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and numbers (for JSON and for golden tests); every item names its `kind`."""
        return plain(self)


def plain(a: Any) -> Any:
    """Records as dicts, arrays and tuples as lists."""
    if isinstance(a, np.ndarray):
        return a.tolist()
    if isinstance(a, np.generic):
        return a.item()
    if isinstance(a, (tuple, list)):
        return [plain(item) for item in a]
    if hasattr(a, "__dataclass_fields__"):
        out = {f.name: plain(getattr(a, f.name)) for f in fields(a) if f.name not in ("beyond", "frameless")}
        return out if isinstance(a, (Scene, Grid)) else {"kind": type(a).__name__.lower(), **out}
    return a


def pair(a: Iterable[float]) -> Pair:
    """Two numbers as plain floats."""
    x, y = a
    return float(x), float(y)
