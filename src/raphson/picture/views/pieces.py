"""What several views draw alike: eigenvector axes, -g with its ray, the Newton arrow, the angle between them."""

import numpy as np

from raphson.picture.conic import chord
from raphson.picture.scene import Arc, Arrow, Curve, Item, RightAngle, pair
from raphson.picture.views.window import Window, side
from raphson.picture.words import number_text

REACH = 0.3
"""Length of a direction arrow as a share of the window's shorter side."""

MARKED = 2.5
"""Degrees from which an angle has room for an arc."""


def unit(v: np.ndarray) -> np.ndarray:
    """v at length 1; whatever its size."""
    v = v / np.max(np.abs(v))
    return v / np.linalg.norm(v)


def eigen_axes(
    center: np.ndarray, V: np.ndarray, semi: np.ndarray | None, lam: np.ndarray, signs: np.ndarray, window: Window,
    role: str = "axis",
) -> list[Item]:  # fmt: skip
    """The eigenvector axes through the centre, named by lambda and semi-axis; without one across part of the window."""
    out: list[Item] = []
    for k in range(2):
        if semi is not None:
            ends, words = center + np.array([[-1.0], [1.0]]) * semi[k] * V[:, k], f", semi-axis {number_text(semi[k])}"
        else:
            ends = chord(center, V[:, k], window)
            words = {-1: ", downhill", 0: " to rounding", 1: ", uphill"}[int(signs[k])]
            if ends is None:
                continue
            length = 0.36 * side(window)
            steps = np.clip((ends - center) @ V[:, k], -length, length)
            ends = center + steps[:, None] * V[:, k]
        shown = "0" if semi is None and signs[k] == 0 else number_text(lam[k])
        out.append(Curve(role, ends, label=f"λ = {shown}{words}", lam=float(lam[k])))
    return out


def aim(
    at: np.ndarray, gradient: np.ndarray, step: np.ndarray, degrees: float, window: Window, marked: bool,
    newton: str = "Newton step",
) -> list[Item]:  # fmt: skip
    """-g and the Newton step at x: arrows, the ray to the nearest pass of the centre, the angle, the right angle.

    The arrow of -g is a direction: as long as a fixed share of the window. `marked`: a level through x is drawn,
    so that the right angle between it and -g can be marked.
    """
    down = -unit(gradient)
    length = min(REACH * side(window), window_room(at, down, window))
    out = ray(at, down, step, degrees, length, window)
    out.append(Arrow("newton", pair(at), pair(at + step), newton))
    out.append(Arrow("minus-gradient", pair(at), pair(at + length * down), "−g"))
    if marked:
        out.append(right_angle(at, down, step))
    if degrees > MARKED:
        label = f"{degrees:.1f}°" if degrees < 179.95 else "180°"
        out.append(Arc("angle", pair(at), pair(down), pair(unit(step)), float(degrees), label))
    return out


def right_angle(at: np.ndarray, normal: np.ndarray, away_from: np.ndarray) -> RightAngle:
    """The mark between a normal and its tangent, on the side where `away_from` does not lie."""
    tangent = np.array([-normal[1], normal[0]])
    tangent = -tangent if tangent @ away_from > 0 else tangent
    return RightAngle("right-angle", pair(at), pair(normal), pair(tangent))


def ray(
    at: np.ndarray, down: np.ndarray, step: np.ndarray, degrees: float, length: float, window: Window
) -> list[Item]:
    """The ray along -g: to where it passes nearest by the centre, and from there to it; or out of the window."""
    foot = float(down @ step)
    if not (degrees < 90 and foot > 0):
        return []
    out: list[Item] = []
    if foot > length:
        out.append(Curve("ray", np.stack([at, at + foot * down])))
    miss = float(np.linalg.norm(step - foot * down))
    if degrees > MARKED and miss > 0.04 * side(window):
        out.append(Curve("ray", np.stack([at + foot * down, at + step]), label=f"misses by {number_text(miss)}"))
    return out


def window_room(at: np.ndarray, direction: np.ndarray, window: Window) -> float:
    """How far one can go from x before the window ends, less a margin; never so little that an arrow vanishes."""
    ends = chord(at, direction, window)
    free = 0.0 if ends is None else float((ends[1] - at) @ direction)
    return max(0.92 * free, 0.12 * side(window))
