"""The dual view: what does H^-1 look like? The gradients met on the contour, an ellipse in units of gradients."""

import numpy as np

from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Arc, Arrow, Dots, Ellipse, Item, Scene, Text, pair
from raphson.picture.views.pieces import MARKED, REACH, eigen_axes, right_angle, unit, window_room
from raphson.picture.views.window import Window, rectangle, shown_rise, side, too_near, window_of
from raphson.picture.words import SECTIONS, heading, number_text

QUESTION = "What does H⁻¹ look like?"


def dual(
    quad: Quadratic, section: str = "whole", axes: tuple[str, str] = ("x1", "x2"), window: Window | None = None
) -> Scene:
    """The ellipse {1/2 g'H^-1 g = rise} of the gradients on the contour through x, semi-axes sqrt(2 rise lambda).

    Its normal at g is the Newton direction: the Newton step is to it what -g is to the contour. `axes` and `window`
    are those of the plane (where x and the centre are one dot in the window, the rise is one that fits it). Where H
    is no bowl: a scene of words.
    """
    if quad.kind != "bowl":
        return without("dual", QUESTION, quad, section, "a dual ellipse {½ g′H⁻¹g = rise}")
    window = window_of(quad) if window is None else window
    near = too_near(quad, window)
    rise = shown_rise(quad, window)
    w, V = quad.eigen
    semi = np.sqrt(2 * rise * w)
    extent = np.sqrt(np.sum((V * semi) ** 2, axis=1))
    frame = rectangle(-1.25 * extent, 1.25 * extent)
    angle = float(np.arctan2(V[1, 0], V[0, 0]))
    label = f"rise {number_text(rise)}" if near else ""
    shape = Ellipse("dual", (0.0, 0.0), pair(semi), angle, pair(w), label=label)
    items: list[Item] = [*eigen_axes(np.zeros(2), V, semi, w, quad.signs, frame, "dual-axis"), shape]
    items += [] if near else arrows(quad, frame)
    items.append(Dots("center", np.zeros((1, 2)), np.array([True]), "g = 0"))
    if not near:
        items.append(Dots("point", quad.gradient[None], np.array([True])))
    return Scene(
        view="dual", question=QUESTION, window=frame, items=tuple(items), x_label=gradient_label(axes[0]),
        y_label=gradient_label(axes[1]), title=heading(quad, section), caption=caption(quad, semi, near, rise),
    )  # fmt: skip


def gradient_label(axis: str) -> str:
    """The label of a gradient's coordinate."""
    return f"∂f/∂{axis}" if axis.replace("_", "").isalnum() else f"∂f/∂({axis})"


def arrows(quad: Quadratic, frame: Window) -> list[Item]:
    """The gradient from the origin, the Newton direction normal to the ellipse at its end, and the angle to -g."""
    g, newton = quad.gradient, unit(quad.newton)
    length = min(REACH * side(frame), window_room(g, newton, frame))
    out: list[Item] = [
        Arrow("gradient", (0.0, 0.0), pair(g), "g at x"),
        Arrow("newton", pair(g), pair(g + length * newton), "Newton direction"),
        right_angle(g, newton, -g),
    ]
    if quad.angle_deg > MARKED:
        out.append(Arc("angle", pair(g), pair(-unit(g)), pair(newton), quad.angle_deg, f"{quad.angle_deg:.1f}°"))
    return out


def caption(quad: Quadratic, semi: np.ndarray, near: bool, rise: float) -> str:
    """The sentences under the picture."""
    shape = f"semi-axes sqrt(2 rise λ) = {number_text(semi[0])} and {number_text(semi[1])}, in units of gradients"
    if near:
        return f"x is the centre for the eye: the gradients of the contour of rise {number_text(rise)}, {shape}."
    return (
        f"The gradients met on the contour through x: long where it is short, {shape}. At g the normal is the Newton "
        f"direction; −g points at the origin, {quad.angle_deg:.1f}° off it. On the contour the two change places."
    )


def without(view: str, question: str, quad: Quadratic, section: str, what: str) -> Scene:
    """A scene of words: why there is no such picture here."""
    w = quad.eigen[0]
    shown = [number_text(v) if s else "0 to rounding" for v, s in zip(w, quad.signs, strict=True)]
    reason = f"λ = {shown[0]} and {shown[1]}: {what} needs both to be positive."
    word = {"saddle": "a saddle", "dome": "a dome", "valley": "a valley", "flat": "flat"}[quad.kind]
    items = (Text("muted", (0.0, 0.0), f"H is {word} here, so there is no {view} picture.", "middle"),)
    frame = (-1.6, 1.6, -1.0, 1.0)
    return Scene(view, question, frame, items, title=SECTIONS[section], caption=reason)
