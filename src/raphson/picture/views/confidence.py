"""Confidence: which values of two parameters do the data allow? The error ellipse, others re-estimated."""

import numpy as np

from raphson.fit.profile import ConfidenceEllipse as Region
from raphson.picture.scene import Contours, Curve, Dots, Ellipse, Grid, Item, Scene, pair

QUESTION = "Which values do the data allow, and are they tied?"

WINDOW_REACH = 1.3
"""Half the window over half the ellipse."""


def confidence(
    region: Region, errors: np.ndarray, correlation: float, title: str = "", cost: Grid | None = None,
    level: float = np.nan,
) -> Scene:  # fmt: skip
    """The ellipse {s'C^-1 s = k^2} of two parameters, and the one of k = 1 that touches both standard errors.

    region: `Uncertainty.ellipse(i, j, probability)`; errors (2,) the standard errors; correlation of the
    two. cost: values of f around the answer (only where there are no other parameters), drawn at `level`, the
    cost that the ellipse stands for: where both agree the ellipse can be believed. The axes are not equal
    (the parameters have their own units), so nothing here is a right angle.
    """
    k, center = region.factor, region.center
    one = region.semi_axes / k
    angle = float(np.arctan2(region.axes[1, 0], region.axes[0, 0]))
    held, inner = 100 * region.probability, 100 * region.one_sigma
    (x, y), (a, b) = center, WINDOW_REACH * max(k, 1.0) * errors
    window = (float(x - a), float(x + a), float(y - b), float(y + b))
    items: list[Item] = [*bars(center, errors)]
    if cost is not None and np.isfinite(level):
        items.append(Contours("function-level", cost, np.array([level]), "cost at that level"))
    items += [
        Ellipse("confidence-inner", pair(center), pair(one), angle, label=f"1 standard error: {inner:.0f} %"),
        Ellipse("confidence", pair(center), pair(region.semi_axes), angle, label=f"{held:.4g} %"),
        Dots("center", center[None], np.array([True])),
    ]
    first, second = region.names
    return Scene(
        "confidence", QUESTION, window, tuple(items), first, second, False, "", title,
        caption(region, correlation, cost is not None and bool(np.isfinite(level))),
    )  # fmt: skip


def bars(center: np.ndarray, errors: np.ndarray) -> list[Item]:
    """The box of both standard errors: the inner ellipse touches each of its sides once."""
    (x, y), (a, b) = center, errors
    corners = np.array([[x - a, y - b], [x + a, y - b], [x + a, y + b], [x - a, y + b]])
    return [Curve("muted", corners, closed=True, label="± 1 standard error")]


def caption(region: Region, correlation: float, compared: bool) -> str:
    """What is seen, with numbers."""
    first, second = region.names
    held = f"{100 * region.probability:.4g} %"
    parts = [
        f"The outer ellipse holds {first} and {second} together with probability {held} "
        f"({region.factor:.3g} standard errors); the inner one, of 1 standard error, holds only "
        f"{100 * region.one_sigma:.0f} %, not 68 %.",
        f"Correlation {correlation:+.3f}" + (tied(correlation, first, second) + "."),
        "The other parameters are estimated again at every point (a shadow, not a slice)." if not compared else "",
    ]
    if compared:
        parts.append("Grey: where the exact cost has the height that the ellipse stands for.")
    return " ".join(part for part in parts if part)


def tied(correlation: float, first: str, second: str) -> str:
    """What a large correlation means."""
    if abs(correlation) < 0.9:
        return ""
    way = "more" if correlation > 0 else "less"
    return f": {way} {second} makes up for more {first}"
