"""The view of one variable: the curve of f, the parabola of its model, and where both directions lead."""

import numpy as np

from raphson.picture.scene import Arrow, Contours, Curve, Dots, Grid, Item, Scene
from raphson.picture.views.run import end_word
from raphson.picture.views.window import NEAR, Window
from raphson.picture.words import number_text

QUESTION = "Where is the bottom of the parabola?"

CURVE_POINTS = 201
"""Points of a curve."""


def curve_span(x: float, slope: float, bend: float) -> tuple[float, float]:
    """From where to where a picture around x shows the line: x and the vertex of the parabola, and as much around."""
    reach = abs(x) if x != 0 and np.isfinite(x) else 1.0
    step = -slope / bend if bend != 0 else 0.0
    if not (np.isfinite(step) and abs(step) > NEAR * reach):
        return x - 0.5 * reach, x + 0.5 * reach
    return min(x, x + step) - 0.8 * abs(step), max(x, x + step) + 0.8 * abs(step)


def curve(
    x: float, value: float, slope: float, bend: float, u: np.ndarray | None = None, values: np.ndarray | None = None,
    name: str = "x1",
) -> Scene:  # fmt: skip
    """f at points `u` with `values`, and m(s) = value + slope s + 1/2 bend s^2 around x, for n = 1."""
    u = np.linspace(*curve_span(x, slope, bend), CURVE_POINTS) if u is None else np.asarray(u, float)
    span = (float(u[0]), float(u[-1]))
    model = np.linspace(*span, CURVE_POINTS)
    parabola = np.stack([model, value + slope * (model - x) + 0.5 * bend * (model - x) ** 2], axis=1)
    items: list[Item] = [] if values is None else pieces("function-level", u, np.asarray(values, float), "f")
    missing = values is not None and not np.all(np.isfinite(values))
    items.append(Curve("model-level", parabola, label="model" if bend else "model, a line"))
    near = bend != 0 and abs(slope / bend) <= 0.004 * (span[1] - span[0])
    if bend != 0 and not near:
        vertex, bottom = x - slope / bend, value - 0.5 * slope**2 / bend
        items.append(Curve("ray", np.array([[vertex, value], [vertex, bottom]])))
        items.append(Arrow("newton", (x, value), (vertex, value), "Newton step"))
        word = "bottom of the parabola" if bend > 0 else "top of the parabola"
        items.append(Dots("center", np.array([[vertex, bottom]]), np.array([bend > 0]), word))
    items.append(Dots("point", np.array([[x, value]]), np.array([True]), "x"))
    window = curve_window(items, span, value)
    items = [*(hatching(u, np.asarray(values, float), window) if missing else []), *items]
    return Scene(
        view="local", question=QUESTION, window=window, items=tuple(items), x_label=name,
        y_label="f", equal=False, title=f"one variable, curvature {number_text(bend)}",
        caption=caption(slope, bend, near),
    )  # fmt: skip


def curve_run(
    points: np.ndarray, values: np.ndarray, accepted: np.ndarray, u: np.ndarray, f: np.ndarray, name: str = "x1",
    found: bool = True,
) -> Scene:  # fmt: skip
    """The trials of a run in one variable, `points` (m + 1,) with their `values`, the start first, on f at `u`.

    `found`: the run ended at a minimum that was shown.
    """
    items: list[Item] = [*pieces("function-level", u, f, "f")]
    good = np.isfinite(values)
    taken = np.concatenate([[True], np.asarray(accepted, bool)])
    spots = np.stack([points, values], axis=1)
    items.append(Curve("run", spots[taken & good]))
    items.append(Dots("trial", spots[good], taken[good]))
    items.append(Dots("start", spots[:1], np.array([True]), "start"))
    items.append(Dots("center", spots[taken & good][-1:], np.array([found]), end_word(found)))
    count, kept = len(points) - 1, int(np.sum(taken)) - 1
    window = curve_window(items, (float(u[0]), float(u[-1])), values[0])
    items = [*([] if np.all(np.isfinite(f)) else hatching(u, f, window)), *items]
    return Scene(
        view="run", question="How did it go?", window=window, items=tuple(items), x_label=name, y_label="f",
        equal=False, title="one variable",
        caption=f"{count} trials, {kept} taken (filled), {count - kept} rejected (hollow).",
    )  # fmt: skip


def pieces(role: str, u: np.ndarray, values: np.ndarray, label: str) -> list[Item]:
    """The curve of f where it is finite: interrupted, not bridged, where it is not."""
    good = np.isfinite(values)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    spans = [(a, b) for a, b in edges.reshape(-1, 2) if b - a > 1]
    return [
        Curve(role, np.stack([u[a:b], values[a:b]], axis=1), label=label if k == 0 else "")
        for k, (a, b) in enumerate(spans)
    ]


def hatching(u: np.ndarray, values: np.ndarray, window: Window) -> list[Item]:
    """Where f is not finite, as a grid of two rows without levels: renderers hatch it."""
    grid = Grid(np.asarray(u, float), np.array(window[2:]), np.stack([values, values]))
    return [Contours("function", grid, np.zeros(0))]


def curve_window(items: list[Item], span: tuple[float, float], value: float) -> Window:
    """Heights from the marked points, and as much of the curves around them as leaves the points apart."""
    spots = [float(v) for item in items if isinstance(item, Dots) for v in item.points[:, 1]]
    curves = np.concatenate([item.points[:, 1] for item in items if isinstance(item, Curve)])
    curves = curves[np.isfinite(curves)]
    low, high = min(spots), max(spots)
    size = high - low
    if size > 0:
        low, high = max(curves.min(), low - size), min(curves.max(), high + 1.5 * size)
        low, high = min(low, *spots), max(high, *spots)
    else:
        low, high = curves.min(), curves.max()
    edge = 0.1 * (high - low) or 0.5 * (abs(value) or 1.0)
    return span[0], span[1], float(low - edge), float(high + edge)


def caption(slope: float, bend: float, near: bool) -> str:
    """The sentences under the picture."""
    if bend == 0:
        return "No curvature: the model is a line, and there is no Newton step."
    if near:
        end = "bottom" if bend > 0 else "top"
        return f"x is the {end} of its parabola; curvature f″ = {number_text(bend)}."
    step = number_text(-slope / bend)
    if bend > 0:
        return f"f′ = {number_text(slope)}, f″ = {number_text(bend)}: the step −f′/f″ = {step} leads to the bottom."
    return f"f″ = {number_text(bend)} is negative: the Newton step −f′/f″ = {step} climbs to the top of the parabola."
