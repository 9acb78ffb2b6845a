"""What a picture of a quadratic shows, in words with numbers."""

import numpy as np

from raphson.picture.quadratic import Quadratic

SECTIONS = {
    "whole": "",
    "slice": "slice: the other variables fixed",
    "shadow": "shadow: the other variables minimized again",
}

SHAPES = {
    "bowl": "bowl",
    "saddle": "saddle: contours are hyperbolas",
    "dome": "dome: the contour of a hill",
    "valley": "valley: no curvature along one direction",
    "flat": "flat: no curvature beyond rounding",
}


def number_text(a: float, digits: int = 3) -> str:
    """A number with few digits and a true minus sign, without an exponent where it can be read without."""
    text = f"{float(f'{a:.{digits}g}'):g}" if 1e-3 <= abs(a) < 1e5 else "0" if a == 0 else f"{a:.{digits}g}"
    return "−" + text[1:] if text.startswith("-") else text


def center_word(quad: Quadratic) -> str:
    """What the stationary point is."""
    if quad.kind == "dome":
        return "top of the hill"
    return {"bowl": "centre", "saddle": "saddle point", "valley": "nearest bottom"}[quad.kind]


def heading(quad: Quadratic, section: str) -> str:
    """The shape and the section, in a line."""
    shape = SHAPES[quad.kind]
    if quad.kind == "bowl":
        shape = f"bowl, condition {number_text(quad.condition)}"
    return "; ".join(part for part in (shape, SECTIONS[section]) if part)


def steepest(quad: Quadratic) -> float:
    """The largest angle that -g could make with the Newton step on a bowl: arccos(2 sqrt(k) / (1 + k))."""
    k = quad.condition
    return float(np.degrees(np.arctan2(k - 1, 2 * np.sqrt(k))))


def caption(quad: Quadratic, near: bool, rise: float) -> str:
    """The sentences under the local picture."""
    if quad.kind == "flat":
        if not np.any(quad.gradient):
            return "Gradient and curvature are zero: the model is constant, and no direction is better than another."
        return "The model is a plane: it has no contour ellipse, no centre and no Newton step, only −g."
    if near:
        return at_rest(quad, rise)
    if not quad.has_center:
        return (
            f"λ = {number_text(curved(quad))} across, none along: the level is a parabola. The model falls for ever "
            "along the flat direction, so there is no centre; the arrow is the shortest least-squares Newton step."
        )
    lines = {"bowl": bowl, "saddle": saddle, "dome": dome, "valley": valley}[quad.kind](quad)
    return " ".join(lines)


def at_rest(quad: Quadratic, rise: float) -> str:
    """Where x is the centre for the eye."""
    size = float(np.hypot(*quad.newton))
    where = "The gradient is zero: x is" if size == 0 else f"x is within {number_text(size, 2)} of"
    end = {
        "bowl": f"the contour drawn has rise {number_text(rise)} above it",
        "dome": f"the contour drawn lies {number_text(-rise)} below it",
        "saddle": f"the hyperbolas drawn lie {number_text(abs(rise))} above and below it",
        "valley": f"the strip drawn has rise {number_text(rise)} above it",
    }[quad.kind]
    return f"{where} the {center_word(quad)} itself; {end}."


def curved(quad: Quadratic) -> float:
    """The eigenvalue that is not zero, of a singular H."""
    return float(quad.eigen[0][int(np.flatnonzero(quad.signs)[0])])


def miss(quad: Quadratic) -> str:
    """How far the ray along -g passes by the centre."""
    turn = quad.angle_deg
    length = float(np.hypot(*quad.newton))
    if not turn < 90:
        return "it leads away from the centre"
    return f"its ray passes the centre at a distance of {number_text(length * np.sin(np.radians(turn)))}"


def bowl(quad: Quadratic) -> list[str]:
    """An ellipse."""
    semi = np.sqrt(2 * max(quad.rise, 0.0) / np.maximum(quad.eigen[0], 1e-300))
    return [
        f"−g is perpendicular to the level of x and {quad.angle_deg:.1f}° off the Newton step "
        f"(at most {steepest(quad):.1f}° at condition {number_text(quad.condition)}): {miss(quad)}.",
        f"The ellipse has semi-axes sqrt(2 rise/λ) = {number_text(semi[0])} and {number_text(semi[1])}; its rise "
        f"{number_text(quad.rise)} is what the Newton step promises to gain.",
    ]


def saddle(quad: Quadratic) -> list[str]:
    """Hyperbolas."""
    w = quad.eigen[0]
    climbs = quad.gradient @ quad.newton >= 0
    return [
        f"λ = {number_text(w[0])} and {number_text(w[1])}: no ellipse, the levels are hyperbolas with two asymptotes.",
        f"The Newton step leads to the saddle point, {quad.angle_deg:.1f}° off −g"
        + (": here it climbs." if climbs else ", not to a minimum."),
    ]


def dome(quad: Quadratic) -> list[str]:
    """A hill."""
    if np.any(quad.signs == 0):
        return [f"λ = {number_text(curved(quad))} and 0: a ridge. The Newton step climbs to its top."]
    w = quad.eigen[0]
    return [
        f"λ = {number_text(w[0])} and {number_text(w[1])}, both negative: the dashed ellipse is the contour of a hill.",
        f"The Newton step climbs to the top, {quad.angle_deg:.1f}° off −g.",
    ]


def valley(quad: Quadratic) -> list[str]:
    """A strip."""
    return [
        f"λ = 0 and {number_text(curved(quad))}: the level is a strip, two parallel lines; a whole line of points is "
        "stationary, and the arrow is the shortest step to it.",
        f"−g is {quad.angle_deg:.1f}° off it." if quad.angle_deg > 0.05 else "−g points along it.",
    ]
