"""The local view: which way, and why not -g? The levels of f and of its model through x, with both directions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from raphson.picture.conic import asymptotes, level
from raphson.picture.contour import levels
from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Contours, Curve, Dots, Ellipse, Grid, Item, Outside, Scene, pair
from raphson.picture.views.pieces import aim, eigen_axes, unit
from raphson.picture.views.window import Window, shown_rise, too_near, window_of
from raphson.picture.words import caption, center_word, heading, number_text

QUESTION = "Which way, and why not −g?"

BEYOND_BOUNDS = "Hatched: beyond the bounds."


@dataclass(frozen=True, eq=False)
class PlaneTrial:
    """A trial in the plane: where it ended (2,), whether it was taken, and what it was allowed.

    `radius` and `metric` M (2, 2) of the trust region {s'Ms <= radius^2} around x; `curve` (m, 2), s(tau).
    """

    end: np.ndarray
    accepted: bool
    radius: float | None = None
    metric: np.ndarray | None = None
    curve: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a plane does not show by itself: what lies beyond the `bounds`, the variables `held` at theirs, beyond which
    f falls, and the number `n` of all variables with the `angle` from -g to the Newton step in all dimensions (degrees;
    None: two variables, or a gradient that is rounding)."""

    bounds: Outside | None = None
    held: Sequence[str] = ()
    n: int = 2
    angle: float | None = None

    def first(self) -> str:
        """What is said before the plane is."""
        if self.angle is None or self.n < 3:
            return ""
        return f"In all {self.n} dimensions −g is {self.angle:.1f}° off the Newton step. In this plane: "

    def notes(self) -> list[str]:
        """What is said of bounds."""
        out = [] if self.bounds is None else [BEYOND_BOUNDS]
        if self.held:
            left = f"At a bound, and left out by the method: {', '.join(self.held)}."
            out.append(f"{left} What is drawn is the model without bounds.")
        return out


def local(
    quad: Quadratic, grid: Grid | None = None, trial: PlaneTrial | None = None, section: str = "whole",
    axes: tuple[str, str] = ("x1", "x2"), window: Window | None = None, around: Surroundings = Surroundings(),
) -> Scene:  # fmt: skip
    """The quadratic at x with everything that steps are made of, honest at every signature.

    `grid`: f in the plane with the others fixed (left out of a shadow, which it cannot be compared with);
    `section` "whole", "slice" or "shadow"; `axes` the labels of the plane's axes; `window` (u0, u1, v0, v1), by default
    the grid's, else `window_of`; `around`: what is known beyond the plane.
    """
    if window is None:
        window = window_of(quad) if grid is None else extent(grid)
    notes = []
    if section == "shadow" and grid is not None:
        grid, notes = None, ["f itself is not drawn: its section holds the others fixed, a shadow minimizes over them."]
    notes += around.notes()
    near = too_near(quad, window)
    rise = shown_rise(quad, window)
    lift = rise - quad.rise if near else 0.0
    through = level(quad, lift, window, "model-level", "" if near else "model, level of x")
    if near and through:
        through[0] = replace(through[0], label=height(quad, rise))
    items: list[Item] = [
        *([] if around.bounds is None else [around.bounds]),
        *function(quad, grid, near),
        *faint(quad, rise, lift, window),
        *asymptotes(quad, window),
    ]
    items += [*through, *frame_axes(quad, through, window), *region(quad, trial)]
    items += [] if near or not np.any(quad.gradient) else directions(quad, window, bool(through), section)
    items += [*points(quad, window, near), *tried(trial)]
    return Scene(
        view="local", question=QUESTION, window=window, items=tuple(items), x_label=axes[0], y_label=axes[1],
        title=heading(quad, section), caption=around.first() + caption(quad, near, rise), notes=tuple(notes),
    )  # fmt: skip


def height(quad: Quadratic, rise: float) -> str:
    """The label of the level that is drawn in place of the one through x."""
    if quad.kind in ("bowl", "valley"):
        return f"rise {number_text(rise)}"
    return f"{number_text(abs(rise))} {'above' if rise > 0 else 'below'} x"


def extent(grid: Grid) -> Window:
    """The window of a grid."""
    return float(grid.x[0]), float(grid.x[-1]), float(grid.y[0]), float(grid.y[-1])


def function(quad: Quadratic, grid: Grid | None, near: bool) -> list[Item]:
    """Contours of f, and its level through x (not where x is too near to the bottom to have a visible one)."""
    if grid is None:
        return []
    out: list[Item] = [Contours("function", grid, levels(grid.values, 7))]
    if not near:
        out.append(Contours("function-level", grid, np.array([quad.value]), "f, level of x"))
    return out


def faint(quad: Quadratic, rise: float, lift: float, window: Window) -> list[Item]:
    """Two more levels of the model: half and one and a half times as large, or to both sides where m has no centre."""
    if quad.has_center and rise:
        around = (0.25, 2.25) if quad.kind != "saddle" else (-1.0, 3.0)
        lifts = [lift + (factor - 1) * rise for factor in around]
    else:
        size = float(np.linalg.norm(quad.gradient)) * 0.2 * (window[1] - window[0])
        lifts = [lift - size, lift + size]
    return [item for one in lifts for item in level(quad, one, window, "model")]


def frame_axes(quad: Quadratic, through: list, window: Window) -> list[Item]:
    """The eigenvector axes: of the ellipse where there is one, else of the directions alone; none without a centre."""
    w, V = quad.eigen
    if quad.kind == "flat" or not quad.has_center:
        return []
    exact = [item for item in through if isinstance(item, Ellipse)]
    semi = np.asarray(exact[0].semi) if exact else None
    return eigen_axes(quad.center, V, semi, w, quad.signs, window)


def directions(quad: Quadratic, window: Window, marked: bool, section: str) -> list[Item]:
    """-g and the Newton step, and where the model is least along -g."""
    word = "Newton step" if np.all(quad.signs != 0) else "shortest Newton step"
    word += " in this plane" if section == "slice" else ""
    g = quad.gradient
    step = quad.newton if quad.kind != "flat" else np.zeros(2)
    out = aim(quad.at, g, step, quad.angle_deg, window, marked, word) if np.any(step) else falling(quad, window)
    u = unit(g)
    bend = float(u @ quad.hessian @ u)
    if quad.kind != "flat" and bend > 1e-12 * float(np.abs(u) @ np.abs(quad.hessian) @ np.abs(u)):
        cauchy = quad.at - float(u @ g) / bend * u
        out.append(Dots("cauchy", cauchy[None], np.array([False]), "Cauchy point"))
    return out


def falling(quad: Quadratic, window: Window) -> list[Item]:
    """-g alone, where there is no curvature to make a Newton step of."""
    both = aim(quad.at, quad.gradient, -quad.gradient, 0.0, window, False)
    return [item for item in both if item.role == "minus-gradient"]


def points(quad: Quadratic, window: Window, near: bool) -> list[Item]:
    """x, and the centre if there is one."""
    if near:
        return [Dots("point", quad.at[None], np.array([True]), f"x, the {center_word(quad)}")]
    out: list[Item] = []
    if quad.has_center and quad.kind != "flat":
        out.append(Dots("center", quad.center[None], np.array([quad.kind == "bowl"]), center_word(quad)))
    return [*out, Dots("point", quad.at[None], np.array([True]), "x")]


def region(quad: Quadratic, trial: PlaneTrial | None) -> list[Item]:
    """The trust region and the curve of steps s(tau) that the method chose from."""
    out: list[Item] = []
    if trial is None:
        return out
    if trial.radius is not None and trial.metric is not None:
        w, V = np.linalg.eigh(trial.metric)
        if w[0] > 0 and np.isfinite(trial.radius):
            angle = float(np.arctan2(V[1, 0], V[0, 0]))
            semi = pair(trial.radius / np.sqrt(w))
            out.append(Ellipse("trust-region", pair(quad.at), semi, angle, label="trust region"))
    if trial.curve is not None and len(trial.curve) > 1:
        out.append(Curve("path", np.asarray(trial.curve, float), label="s(τ)"))
    return out


def tried(trial: PlaneTrial | None) -> list[Item]:
    """Where the trial ended: filled if it was taken."""
    if trial is None:
        return []
    word = "trial, taken" if trial.accepted else "trial, rejected"
    return [Dots("trial", np.asarray(trial.end, float)[None], np.array([trial.accepted]), word)]
