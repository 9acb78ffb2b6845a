"""Surface: f and its quadratic as two surfaces over a plane, touching at x."""

import numpy as np

from raphson.picture.plane import Plane
from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Grid
from raphson.picture.scene3 import Arrow3, Dots3, Item3, Scene3, Sheet, Wire
from raphson.picture.views.window import Window, shown_rise, too_near, window_of
from raphson.report.table import significant

QUESTION = "How do f and its quadratic touch?"

HIGH, NARROW = 0.72, 0.6
"""Height of the box over its width, and the least depth: heights have another unit, so nothing here is equal."""

THIN = 12.0
"""Condition from which the surfaces are drawn in the eigenframe: a narrow valley falls between the lines of a net."""

LINES, SURFACE_POINTS = 25, 49
"""Lines of the quadratic in each direction, and of f: every second line of f lies on one of the quadratic."""

WORDS = {
    "bowl": "The quadratic is a bowl; the Newton step ends at its lowest point.",
    "saddle": "The quadratic is a saddle: it has no lowest point, and the Newton step ends at its pass.",
    "dome": "The quadratic is a dome: the Newton step climbs to its top.",
    "valley": "The quadratic is a valley: it has no curvature along one direction.",
    "flat": "The quadratic is a plane: there is no curvature beyond rounding.",
}


def surface(quad: Quadratic, grid: Grid | None, axes: tuple[str, str], window: Window, title: str = "") -> Scene3:
    """f (where `grid` has it) and the paraboloid m over a window of the plane, with the way of -g and of Newton on m.

    Heights beyond what both have near x are cut off: a steep wall would press everything else flat.
    """
    x, y = np.linspace(window[0], window[1], LINES), np.linspace(window[2], window[3], LINES)
    model = quad(np.stack(np.meshgrid(x, y), axis=-1))
    known = grid is not None and bool(np.isfinite(grid.values).any())
    low, high = heights(quad, window, grid.values if grid is not None and known else model)
    items: list[Item3] = []
    if grid is not None and known:
        items.append(Sheet("function", grid.x, grid.y, grid.values, "f"))
    items.append(Sheet("model-surface", x, y, model, "quadratic"))
    box = (float(window[0]), float(window[1]), float(window[2]), float(window[3]), low, high)
    items += ways(quad, box)
    here = np.array([[*quad.at, quad.value]])
    items.append(Dots3("point", here, np.array([True]), "x"))
    width = np.array([window[1] - window[0], window[3] - window[2]])
    edge = np.maximum(width / width.max(), NARROW)
    return Scene3(
        "surface", QUESTION, box, (float(edge[0]), float(edge[1]), HIGH), tuple(items), (*axes, "f"), title,
        f"At x both have the same height, slope and curvature. {WORDS[quad.kind]}",
        () if known else ("f itself could not be evaluated here; only its quadratic is drawn.",),
    )  # fmt: skip


def eigenframe(plane: Plane, quad: Quadratic) -> tuple[Plane, Quadratic, Window]:
    """The same plane along the eigenvectors of a narrow bowl, and a window that holds the level through x."""
    w, V = quad.eigen
    names = tuple(
        f"{word}, λ = {significant(lam)}" for word, lam in zip(("along the valley", "across"), w, strict=True)
    )
    basis, project = plane.basis @ V, V.T @ plane.project
    origin = plane.point(quad.center)
    turned = Plane("eigen", "extreme", names, plane.label, origin, basis, project, np.ones(2), plane.whole)  # type: ignore[arg-type]
    own = Quadratic(quad.value, V.T @ quad.gradient, np.diag(w), V.T @ (quad.at - quad.center), quad.noise)
    first = window_of(quad)
    rise = shown_rise(quad, first)
    a, b = 1.5 * np.sqrt(2 * rise / w)
    return turned, own, (-float(a), float(a), -float(b), float(b))


def heights(quad: Quadratic, window: Window, f: np.ndarray) -> tuple[float, float]:
    """The range of heights: x and the centre, twice their distance above them and as far below as f goes there."""
    marks = quad.value, float(quad(quad.center))
    if too_near(quad, window):
        (x, y), (a, b) = quad.center, ((window[1] - window[0]) / 2, (window[3] - window[2]) / 2)
        edges = quad(np.array([[x - a, y], [x + a, y], [x, y - b], [x, y + b]]))
        size = 0.5 * float(np.min(np.abs(edges - marks[1])))
    else:
        # On the asymptote of a saddle x and its centre are equally high.
        size = max(abs(quad.rise), 0.25 * float(np.linalg.norm(quad.gradient) * np.linalg.norm(quad.newton)))
    size = size or 0.4 * float(np.linalg.norm(quad.gradient)) * (window[1] - window[0]) or 1.0
    high = max(marks) + 2 * size
    low = max(min(float(np.min(f, where=np.isfinite(f), initial=np.inf)), *marks), min(marks) - 2 * size)
    return low - 0.05 * (high - low), high


def ways(quad: Quadratic, box: tuple[float, ...]) -> list[Item3]:
    """Along -g and along the Newton step, both on the paraboloid."""
    if too_near(quad, box[:4]) or not np.any(quad.gradient):  # type: ignore[arg-type]
        return []
    items: list[Item3] = []
    down = -quad.gradient / np.linalg.norm(quad.gradient)
    # As far as the quadratic falls along -g, but not out of the window.
    bend = float(down @ quad.hessian @ down)
    slope = float(np.linalg.norm(quad.gradient))
    reach = 0.4 * min(box[1] - box[0], box[3] - box[2])
    if bend > 0:
        reach = min(reach, slope / bend)
    items += lifted(quad, reach * down, "minus-gradient", "along −g", box)
    if np.any(quad.newton):
        items += lifted(quad, quad.newton, "newton", "Newton step", box)
        items.append(Dots3("center", np.array([[*quad.center, float(quad(quad.center))]]), np.array([True])))
    return items


def lifted(quad: Quadratic, step: np.ndarray, role: str, label: str, box: tuple[float, ...]) -> list[Item3]:
    """A step as a curve on the paraboloid with an arrow at its end."""
    t = np.linspace(0, 1, 41)
    flat = quad.at + t[:, None] * step
    points = np.column_stack([flat, quad(flat)])
    low, high = np.reshape(box, (3, 2)).T
    inside = np.all((points >= low - 1e-9 * (high - low)) & (points <= high + 1e-9 * (high - low)), axis=1)
    last = len(points) if inside.all() else int(np.argmin(inside))
    points = points[:last]
    if len(points) < 3:
        return []
    return [Wire(role, points[:-1]), Arrow3(role, points[-2], points[-1], label)]
