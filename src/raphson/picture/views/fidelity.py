"""Fidelity: how far may I trust the model? Where f and its quadratic part, in units of the model's own terms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Arrow, Contours, Curve, Dots, Grid, Heat, Item, Scene, pair
from raphson.picture.views.curve import pieces
from raphson.picture.views.window import INVISIBLE, too_near

QUESTION = "How far may I trust the model?"

TRUSTED = 0.1
"""An error up to this share of the model's terms counts as right."""

FULL = 0.5
"""The error that has the full color."""

ROUNDING = 64.0
"""Differences of so many units in the last place of f say nothing."""

RAYS = 24
"""Directions in which the end of trust is looked for, to choose the window."""

REACHES = np.geomspace(1e-4, 1e3, 57)
"""Distances along them, in units of a first guess."""

SIZES = (221, 81, 41)
"""Points of the grid in each direction; fewer where f is slow."""

Evaluate = Callable[[np.ndarray], np.ndarray | None]
"""f (m,) at points (m, 2) of the plane, NaN where it is not finite; None where that would take too long."""

Window = tuple[float, float, float, float]


def terms(quad: Quadratic, u: Any) -> np.ndarray:
    """|g's| + 1/2 sum |lambda_i| (v_i's)^2 at points u (..., 2), s = u - x: the size of what the model is made of.

    Never zero away from x, as the model's change of f itself is on its level through x.
    """
    s = np.asarray(u, float) - quad.at
    w, V = quad.eigen
    return np.abs(s @ quad.gradient) + 0.5 * (s @ V) ** 2 @ np.abs(w)


def errors(quad: Quadratic, f: np.ndarray, u: Any) -> np.ndarray:
    """(f - model) / terms; 0 where the difference is rounding, as at x itself; NaN where f is not finite."""
    size, model = terms(quad, u), quad(u)
    with np.errstate(all="ignore"):
        ratio = (f - model) / np.where(size > 0, size, 1)
        rounding = np.abs(f - model) <= ROUNDING * quad.noise * np.maximum(abs(quad.value), np.abs(f))
    return np.where(rounding | (size == 0), 0.0, ratio)


@dataclass(frozen=True, eq=False)
class Trust:
    """How far the model is right along rays from x: `directions` (k, 2), `reach` (k,), inf where it never ended."""

    directions: np.ndarray
    reach: np.ndarray
    guess: float


def trust(quad: Quadratic, evaluate: Evaluate, directions: np.ndarray) -> Trust | None:
    """The first distance along each ray at which the error exceeds `TRUSTED`, or f is not finite; None: too slow."""
    guess = first_guess(quad)
    reaches = guess * REACHES
    points = quad.at + (reaches[None, :, None] * directions[:, None, :]).reshape(-1, 2)
    f = evaluate(points)
    if f is None:
        return None
    wrong = ~(np.abs(errors(quad, f, points)) <= TRUSTED).reshape(len(directions), -1)
    first = np.argmax(wrong, axis=1)
    reach = np.where(wrong.any(axis=1), np.sqrt(reaches[first] * reaches[np.maximum(first - 1, 0)]), np.inf)
    return Trust(directions, reach, guess)


def first_guess(quad: Quadratic) -> float:
    """A length that has to do with the model: the Newton step, else |g| over the curvature, else the size of x."""
    w = float(np.max(np.abs(quad.eigen[0])))
    slope = float(np.linalg.norm(quad.gradient))
    for length in (float(np.linalg.norm(quad.newton)), slope / w if w > 0 else 0.0, float(np.linalg.norm(quad.at))):
        if np.isfinite(length) and length > 1e-9 * max(1.0, float(np.linalg.norm(quad.at))):
            return length
    return 1.0


def around(n: int) -> np.ndarray:
    """n unit vectors (n, 2), evenly around."""
    t = np.arange(n) * 2 * np.pi / n
    return np.stack([np.cos(t), np.sin(t)], axis=1)


def window_of(quad: Quadratic, seen: Trust) -> Window:
    """Twice as wide as the model is right in most directions (not far beyond where it is wrong first), and with the
    Newton point where that is not far off."""
    ends = seen.reach[np.isfinite(seen.reach)]
    half = 1.9 * min(float(np.quantile(ends, 0.75)), 6 * float(ends.min())) if ends.size else 3 * seen.guess
    step = float(np.max(np.abs(quad.newton)))
    if half < 1.15 * step < 4 * half:
        half = 1.15 * step
    (x, y) = quad.at
    return float(x - half), float(x + half), float(y - half), float(y + half)


def fidelity(
    quad: Quadratic, evaluate: Evaluate, axes: tuple[str, str] = ("x1", "x2"), window: Window | None = None,
    title: str = "",
) -> Scene:  # fmt: skip
    """Heat map of (f - model) / (|g's| + 1/2 sum |lambda_i| (v_i's)^2) with the ring of 10 %, -g and the Newton step.

    evaluate: f (m,) at points (m, 2) of the plane. Hatched where f is not finite. ValueError where f is too
    slow for a map.
    """
    rays = np.concatenate([aims(quad), around(RAYS)])
    seen = trust(quad, evaluate, rays)
    window = window if window is not None or seen is None else window_of(quad, seen)
    error = None if seen is None or window is None else error_map(quad, evaluate, window)
    if seen is None or window is None or error is None:
        raise ValueError("f takes too long for a map of the model's fidelity: it needs thousands of values")
    label = "(f − model) / absolute size of the model's terms"
    items: list[Item] = [
        Heat("fidelity", error, -FULL, FULL, label),
        Contours("ten-percent", error, np.array([-TRUSTED, TRUSTED]), f"{100 * TRUSTED:.0f} % off"),
        *([] if too_near(quad, window) else arrows(quad, window)),
        Dots("point", quad.at[None], np.array([True]), "x"),
    ]
    return Scene(
        "fidelity", QUESTION, window, tuple(items), *axes, True, "", title,
        caption(quad, seen, evaluate, too_near(quad, window)),
    )  # fmt: skip


def error_map(quad: Quadratic, evaluate: Evaluate, window: Window) -> Grid | None:
    """The errors on a grid as fine as f is fast; None where it is too slow for any."""
    for size in SIZES:
        x, y = np.linspace(window[0], window[1], size), np.linspace(window[2], window[3], size)
        points = np.stack(np.meshgrid(x, y), axis=-1)
        f = evaluate(points.reshape(-1, 2))
        if f is not None:
            return Grid(x, y, errors(quad, f.reshape(size, size), points))
    return None


def fidelity_line(quad: Quadratic, evaluate: Evaluate, name: str = "x1") -> Scene:
    """The same for one variable, the first of the plane: the error as a curve, between lines at 10 %."""
    seen = trust(quad, evaluate, np.array([[1.0, 0.0], [-1.0, 0.0]]))
    if seen is None:
        raise ValueError("f takes too long to see the model's fidelity: it needs hundreds of values")
    window = window_of(quad, seen)[:2]
    u = np.linspace(*window, 401)
    points = np.stack([u, np.full_like(u, quad.at[1])], axis=1)
    f = evaluate(points)
    error = errors(quad, np.full_like(u, np.nan) if f is None else f, points)
    items: list[Item] = [
        Curve("ten-percent", np.array([[window[0], side * TRUSTED], [window[1], side * TRUSTED]]), label=label)
        for side, label in ((1, "10 % off"), (-1, ""))
    ]
    items += pieces("function-level", u, error, "(f − model) / its terms")
    items.append(Dots("point", np.array([[quad.at[0], 0.0]]), np.array([True]), "x"))
    near = abs(quad.newton[0]) <= INVISIBLE * (window[1] - window[0])
    if not near:
        items.append(Arrow("newton", (float(quad.at[0]), 0.0), (float(quad.center[0]), 0.0), "Newton step"))
    label = "(f − model) / absolute size of its terms"
    return Scene(
        "fidelity", QUESTION, (*window, -FULL, FULL), tuple(items), name, label, False, "", "one variable",
        caption(quad, seen, evaluate, near).replace("Inside the black ring", "Between the black lines"),
    )  # fmt: skip


def aims(quad: Quadratic) -> np.ndarray:
    """The unit vectors of -g and of the Newton step, as far as there are such (k, 2)."""
    found = [v / np.linalg.norm(v) for v in (-quad.gradient, quad.newton) if np.linalg.norm(v) > 0]
    return np.array(found).reshape(-1, 2)


def arrows(quad: Quadratic, window: Window) -> list[Item]:
    """-g as a direction, the Newton step in full."""
    out: list[Item] = []
    if np.linalg.norm(quad.gradient) > 0:
        down = -quad.gradient / np.linalg.norm(quad.gradient)
        reach = 0.28 * (window[1] - window[0])
        out.append(Arrow("minus-gradient", pair(quad.at), pair(quad.at + reach * down), "−g"))
    if np.linalg.norm(quad.newton) > 0:
        out.append(Arrow("newton", pair(quad.at), pair(quad.center), "Newton step"))
    return out


def caption(quad: Quadratic, seen: Trust, evaluate: Evaluate, near: bool) -> str:
    """What is seen, with numbers; `near`: x is the centre for the eye."""
    limit = f"{100 * TRUSTED:.0f} %"
    parts = [f"Inside the black ring f and its quadratic differ by less than {limit} of the model's terms."]
    if not np.isfinite(seen.reach).any():
        parts = ["f and its quadratic agree in every direction: f is quadratic as far as was looked."]
    if near:
        ends = seen.reach[np.isfinite(seen.reach)]
        return " ".join([*parts, f"The nearest end of it is {ends.min():.2g} from x."] if ends.size else parts)
    f = evaluate(quad.center[None]) if np.any(quad.newton) else None
    if f is not None:
        off = abs(float(errors(quad, f, quad.center[None])[0]))
        words = f"they differ by {share(off)}" if np.isfinite(off) else "f is not finite"
        parts.append(f"At the Newton point {words}.")
    if np.isfinite(seen.reach[0]):
        parts.append(f"Along −g they agree up to a distance of {seen.reach[0]:.2g}.")
    return " ".join(parts)


def share(a: float) -> str:
    """A ratio as percent or, where large, as a multiple."""
    return f"{100 * a:.2g} %" if a < 1 else f"{a:.2g} times their size"
