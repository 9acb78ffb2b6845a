"""The stretch view: what does H^-1 make of every direction? Gradients of one length, and the steps that they become."""

import numpy as np

from raphson.model.geometry import angle
from raphson.picture.conic import chord
from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Arrow, Curve, Dots, Ellipse, Item, Scene, Text, pair
from raphson.picture.views.dual import gradient_label, without
from raphson.picture.views.pieces import MARKED, eigen_axes, unit
from raphson.picture.views.window import Window, side, too_near, window_of
from raphson.picture.words import center_word, heading, number_text

QUESTION = "Which −g are equally steep?"

SPOKES = 8
"""Lines through x that are drawn: evenly spread before, crowded around the flat axis after."""

SPAN = (-0.5, 1.0)
"""The powers t that H^(-t) is drawn for, from the dual's shape to the stretched circle."""

SEEN = 0.06
"""A part of -g shorter than this share of it has no room for a label."""


def stretch(
    quad: Quadratic, t: float = 1.0, section: str = "whole", axes: tuple[str, str] = ("x1", "x2"),
    window: Window | None = None,
) -> tuple[Scene, Scene]:  # fmt: skip
    """Left every -g as long as the one at x, a circle in units of gradients; right H^(-t) of it.

    For a bowl an ellipse of semi-axes |g| lambda^(-t): t = -1/2 has the dual's shape, 0 is the circle, 1/2 has the
    contour's shape, 1 is the stretched circle. The parts of -g along the axes, each divided by its lambda^t, add up
    to the image of -g: at t = 1 the Newton step. H^-1 of the circle is an ellipse for every H that has an inverse,
    with the absolute value of 1/lambda, and steps reversed where lambda < 0; a flat direction leaves two parallel
    lines. A power between is there for a bowl alone, else: a scene of words. Where x is the centre to the eye the
    circle has the length 1. `axes` and `window` are the plane's, as in `dual`. ValueError for t outside [-1/2, 1].
    """
    if not SPAN[0] <= t <= SPAN[1]:
        raise ValueError(f"t = {t}: H^(-t) goes from t = -1/2 (the dual's shape) to t = 1 (the stretched circle)")
    still = too_near(quad, window_of(quad) if window is None else window) or not np.any(quad.gradient)
    length = 1.0 if still else float(np.hypot(*quad.gradient))
    return before(quad, length, still, section, axes), after(quad, t, length, still, section, axes)


def before(quad: Quadratic, length: float, still: bool, section: str, axes: tuple[str, str]) -> Scene:
    """The circle of gradients, with the parts of -g along the eigenvectors."""
    w, V = quad.eigen
    frame = square(length)
    lines = [Curve("axis", np.outer([-length, length], V[:, k]), label=named(quad, k), lam=float(w[k])) for k in (0, 1)]
    ring = Ellipse("slopes", (0.0, 0.0), (length, length), 0.0, label=f"length {number_text(length)}")
    items: list[Item] = [*spokes(V, length, np.ones(2)), *lines, ring]
    parts = -(V.T @ quad.gradient)
    if not still:
        words = [number_text(abs(p)) if abs(p) > SEEN * length else "" for p in parts]
        items += [*sum_of(V, parts, "slope-part", words), Arrow("minus-gradient", (0.0, 0.0), pair(V @ parts), "−g")]
    told = f"Every −g of length {number_text(length)}: equally steep, in all directions"
    if not still:
        told += f"; the one at x has the parts {number_text(parts[0])} and {number_text(parts[1])} along the axes of H"
    return Scene(
        view="slopes", question=QUESTION, window=frame, items=(*items, origin()), x_label=f"−{gradient_label(axes[0])}",
        y_label=f"−{gradient_label(axes[1])}", title=heading(quad, section), caption=f"{told}.",
    )  # fmt: skip


def after(quad: Quadratic, t: float, length: float, still: bool, section: str, axes: tuple[str, str]) -> Scene:
    """H^(-t) of the circle and of -g, part by part."""
    w, V = quad.eigen
    if t not in (0, 1) and quad.kind != "bowl":
        return without("stretch", made(t), quad, section, f"H^(−t) with t = {t:g}")
    if t == 1 and np.any(quad.signs == 0):
        return unbounded(quad, length, still, section, axes)
    with np.errstate(all="ignore"):
        factors = np.ones(2) if t == 0 else 1 / w if t == 1 else w**-t
        semi = length * np.abs(factors)
    if not (np.all(np.isfinite(semi)) and np.min(semi) > 0):
        why = f"1/λ for λ = {number_text(w[0])} and {number_text(w[1])} leaves the numbers of this machine."
        return said(quad, section, "Too long or too thin", why)
    frame = square(float(np.max(semi)))
    tilt = float(np.arctan2(V[1, 0], V[0, 0]))
    ring = Ellipse("stretched", (0.0, 0.0), pair(semi), tilt, pair(w), label=shape_word(t))
    items: list[Item] = [
        *spokes(V, length, factors), *eigen_axes(np.zeros(2), V, semi, w, quad.signs, frame), ring,
    ]  # fmt: skip
    if not still:
        parts = -(V.T @ quad.gradient)
        ends = parts * factors
        seen = (np.abs(parts) > SEEN * length) & (np.abs(ends) > SEEN * np.max(semi))
        words = [division(p, w[k], t) if seen[k] else "" for k, p in enumerate(parts)]
        items += [*turned(quad, V @ ends, frame), *sum_of(V, ends, "step-part", words), image(quad, V @ ends, t)]
    power = {0.0: "−g", 1.0: "s = −H⁻¹g"}.get(t, f"−H^({number_text(-t)}) g")
    return Scene(
        view="stretch", question=made(t), window=frame, items=(*items, origin()), x_label=f"{power}, along {axes[0]}",
        y_label=f"{power}, along {axes[1]}", title=heading(quad, section), caption=caption(quad, semi, t, still),
    )  # fmt: skip


def unbounded(quad: Quadratic, length: float, still: bool, section: str, axes: tuple[str, str]) -> Scene:
    """Where H is singular: {s: |Hs| = length} is two parallel lines, or nothing at all."""
    if quad.kind == "flat":
        why = "There is nothing to divide by: no step changes the gradient."
        return said(quad, section, "H is zero to rounding", why)
    w, V = quad.eigen
    k = int(np.flatnonzero(quad.signs)[0])
    semi = length / abs(float(w[k]))
    frame = square(2 * semi)
    edges = [chord(side * semi * V[:, k], V[:, 1 - k], frame) for side in (-1.0, 1.0)]
    items: list[Item] = [
        *eigen_axes(np.zeros(2), V, None, w, quad.signs, frame),
        *(Curve("stretched", line, label="" if n else "no end") for n, line in enumerate(edges) if line is not None),
    ]
    if not still and np.any(quad.newton):
        items.append(Arrow("newton", (0.0, 0.0), pair(quad.newton), "shortest Newton step"))
    told = (
        f"λ = 0 to rounding along one axis: H has no inverse, and the stretched circle has no end. Across, "
        f"λ = {number_text(w[k])} leaves two lines at {number_text(semi)} from x."
        + (" Every step is reversed: the Newton step climbs." if w[k] < 0 else "")
    )
    return Scene(
        view="stretch", question=made(1), window=frame, items=(*items, origin()), x_label=f"s, along {axes[0]}",
        y_label=f"s, along {axes[1]}", title=heading(quad, section), caption=told,
    )  # fmt: skip


def said(quad: Quadratic, section: str, what: str, why: str) -> Scene:
    """A scene of words."""
    text = Text("muted", (0.0, 0.0), what, "middle")
    return Scene("stretch", made(1), (-1.6, 1.6, -1.0, 1.0), (text,), title=heading(quad, section), caption=why)


def square(reach: float) -> Window:
    """A window around zero with room for labels beyond `reach`: as wide as high, whatever the ellipse becomes."""
    half = 1.3 * reach
    return -half, half, -half, half


def origin() -> Dots:
    """Where all arrows begin."""
    return Dots("point", np.zeros((1, 2)), np.array([True]))


def spokes(V: np.ndarray, length: float, factors: np.ndarray) -> list[Item]:
    """What becomes of lines that were evenly spread, counted from the first axis."""
    turn = np.pi * np.arange(SPOKES) / SPOKES
    tips = (length * np.stack([np.cos(turn), np.sin(turn)], axis=1) * factors) @ V.T
    return [Curve("spoke", np.stack([-tip, tip])) for tip in tips]


def sum_of(V: np.ndarray, parts: np.ndarray, role: str, words: list[str]) -> list[Item]:
    """Parts along both axes as arrows, and the sides that close the rectangle of which their sum is the diagonal."""
    tips = [parts[k] * V[:, k] for k in (0, 1)]
    closing: list[Item] = [Curve("closing", np.stack([tip, tips[0] + tips[1]])) for tip in tips]
    return [*closing, *(Arrow(role, (0.0, 0.0), pair(tip), word) for tip, word in zip(tips, words, strict=True))]


def turned(quad: Quadratic, head: np.ndarray, window: Window) -> list[Item]:
    """The direction of -g beside what became of it, where they differ visibly."""
    if not angle(-quad.gradient, head) > MARKED:
        return []
    way = 0.42 * side(window) * -unit(quad.gradient)
    return [Curve("ray", np.stack([np.zeros(2), way]), label="direction of −g")]


def image(quad: Quadratic, head: np.ndarray, t: float) -> Arrow:
    """What H^(-t) makes of -g."""
    if t == 1:
        return Arrow("newton", (0.0, 0.0), pair(quad.newton), "Newton step")
    role, word = ("minus-gradient", "−g") if t == 0 else ("stretched", f"−H^({number_text(-t)}) g")
    return Arrow(role, (0.0, 0.0), pair(head), word)


def named(quad: Quadratic, k: int) -> str:
    """An axis by its eigenvalue."""
    return f"λ = {number_text(quad.eigen[0][k]) if quad.signs[k] else '0 to rounding'}"


def division(part: float, lam: float, t: float) -> str:
    """A part along an axis divided by its lambda^t, in numbers."""
    if t == 0:
        return number_text(abs(part))
    by = number_text(lam) if lam > 0 else f"({number_text(lam)})"
    size = number_text(abs(part))
    if lam < 0:
        return f"{size} / {by}: reversed"
    by += "" if t == 1 else f"^{number_text(abs(t))}"
    return f"{size} {'/' if t > 0 else '·'} {by} = {number_text(abs(part) * lam**-t)}"


def made(t: float) -> str:
    """The question of the right picture."""
    return f"What does {'H⁻¹' if t == 1 else 'H⁰' if t == 0 else f'H^({number_text(-t)})'} make of them?"


def shape_word(t: float) -> str:
    """What this member of the family is called."""
    known = {-0.5: "the dual's shape", 0.0: "the circle", 0.5: "the contour's shape", 1.0: "stretched circle"}
    return known.get(t, f"H^({number_text(-t)}) of the circle")


def caption(quad: Quadratic, semi: np.ndarray, t: float, still: bool) -> str:
    """The sentences under the right picture."""
    w, one = quad.eigen[0], "1" if still else "|g|"
    sizes = f"{number_text(semi[0])} and {number_text(semi[1])}"
    if t == 0:
        return "At t = 0 nothing is divided: the circle itself."
    if t != 1:
        like = {0.5: ": the shape of the contour", -0.5: ": the shape of the dual"}.get(t, "")
        return f"At t = {number_text(t)} the semi-axes are {one} λ^({number_text(-t)}) = {sizes}{like}."
    if quad.kind == "bowl":
        what = f"Each part is divided by its λ: semi-axes {one}/λ = {sizes}, short where f is steep, long where flat."
        return what if still else f"{what} The parts add up to the Newton step, {quad.angle_deg:.1f}° from −g."
    turned = "along both axes" if np.all(w < 0) else f"along the axis of λ = {number_text(w[0])}"
    end = "" if still else f" The Newton step ends in the {center_word(quad)}, {quad.angle_deg:.1f}° from −g."
    return (
        f"Semi-axes {one}/|λ| = {sizes}, with the absolute value of λ; but {turned} λ is negative, and every step is "
        f"reversed.{end}"
    )
