"""The whitened view: why does Newton work? y = H^(t/2) (x - centre) morphs the ellipse into a circle."""

import numpy as np

from raphson.model.geometry import angle
from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Curve, Dots, Ellipse, Item, Scene, pair
from raphson.picture.views.dual import without
from raphson.picture.views.pieces import aim, eigen_axes
from raphson.picture.views.window import Window, shown_rise, too_near, window_of
from raphson.picture.words import heading, number_text

QUESTION = "Why does Newton work?"

ZIGZAGS = 24
"""Steps of steepest descent that are drawn."""


def whitened(quad: Quadratic, t: float = 1.0, section: str = "whole", window: Window | None = None) -> Scene:
    """The contour through x in y = H^(t/2) (x - centre), t from 0 (as it is) to 1 (a circle of radius sqrt(2 rise)).

    The symmetric root turns nothing: the axes stay, the semi-axes are sqrt(2 rise) lambda^((t-1)/2), the gradient
    is H^(-t/2) g. At t = 1 -gradient points at the centre: steepest descent has become Newton's method. `window` is
    the plane's, as in `dual`. Where H is no bowl there is no such root: a scene of words.
    """
    if not 0 <= t <= 1:
        raise ValueError(f"t = {t}: H^(t/2) morphs from t = 0 (the ellipse) to t = 1 (the circle)")
    if quad.kind != "bowl":
        return without("whitened", QUESTION, quad, section, "the root H^(1/2), which would make it round,")
    plane = window_of(quad) if window is None else window
    near = too_near(quad, plane)
    rise = shown_rise(quad, plane)
    w, V = quad.eigen
    lam = w ** (1 - t)
    at = -(V * w ** (t / 2)) @ (V.T @ quad.newton)
    gradient = (V * w ** (-t / 2)) @ (V.T @ quad.gradient)
    semi = np.sqrt(2 * rise) * w ** ((t - 1) / 2)
    frame = frame_of(Quadratic(0.0, gradient, (V * lam) @ V.T, at), V, semi, near)
    tilt = float(np.arctan2(V[1, 0], V[0, 0]))
    items: list[Item] = [
        *eigen_axes(np.zeros(2), V, semi, w, quad.signs, frame),
        Ellipse("whitened", (0.0, 0.0), pair(semi), tilt, pair(w)),
    ]
    turn = angle(-gradient, -at)
    if not near:
        way = zigzag(at, V, lam)
        items.append(Curve("path", way, label="steepest descent" if len(way) > 2 else ""))
        items += aim(at, gradient, -at, turn, frame, True)
    items.append(Dots("center", np.zeros((1, 2)), np.array([True]), "centre"))
    if not near:
        items.append(Dots("point", at[None], np.array([True]), "x"))
    power = "(x − centre)" if t == 0 else "H^½ (x − centre)" if t == 1 else f"H^{t / 2:.3g} (x − centre)"
    return Scene(
        view="whitened", question=QUESTION, window=frame, items=tuple(items), x_label=f"y1, y = {power}", y_label="y2",
        title=heading(quad, section), caption=caption(semi, turn, t, near, rise),
    )  # fmt: skip


def frame_of(morphed: Quadratic, V: np.ndarray, semi: np.ndarray, near: bool) -> Window:
    """The window around the morphed contour."""
    extent = float(np.max(semi))
    if near:
        return (-1.25 * extent, 1.25 * extent, -1.25 * extent, 1.25 * extent)
    return window_of(morphed)


def zigzag(at: np.ndarray, V: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """Steepest descent from `at` with the exact minimum along each line, on 1/2 y' V diag(lam) V' y."""
    out, q = [at], V.T @ at
    for _ in range(ZIGZAGS):
        g = lam * q
        bend = float(g @ (lam * g))
        if not bend > 0 or np.linalg.norm(q) <= 1e-3 * np.linalg.norm(at):
            break
        q = q - float(g @ g) / bend * g
        out.append(V @ q)
    return np.array(out)


def caption(semi: np.ndarray, turn: float, t: float, near: bool, rise: float) -> str:
    """The sentences under the picture."""
    round_ = f"a circle of radius sqrt(2 rise) = {number_text(semi[0])}"
    shape = round_ if t == 1 else f"semi-axes {number_text(semi[0])} and {number_text(semi[1])}"
    if near:
        return f"The contour of rise {number_text(rise)} at t = {t:g}: {shape}. x is the centre for the eye."
    if t == 1:
        return f"In y = H^½ (x − centre) the contour through x is {round_}, and −g points at the centre: Newton's step."
    return (
        f"At t = {t:g} the contour has {shape}, and −g is {turn:.1f}° off the centre. Nothing turns; the two axes "
        "become equally long as t grows to 1, and steepest descent straightens into Newton's step."
    )
