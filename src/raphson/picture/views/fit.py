"""Fit: do curve and data agree, and how well is the curve known? Data, curve with its band, and residuals below."""

from collections.abc import Iterator

import numpy as np

from raphson.fit.report import with_error
from raphson.picture.observations import LEVEL, Observations
from raphson.picture.scene import Curve, Dots, Item, Scene
from raphson.picture.views.curve import pieces
from raphson.picture.words import number_text

QUESTION = "Do curve and data agree? How sure is the curve?"

NAMED = 6
"""Parameters that the caption names."""

MANY = 150
"""Points from which on they are a cloud, grey and behind the curve."""

MARGIN = 0.05
"""Of the window, on every side."""

TWO = 2.0
"""Standard deviations at which lines lie beside residuals: about one of twenty is expected beyond."""


def fit(seen: Observations) -> Scene:
    """Points, curve, band and residuals of a fit; the residuals alone where nothing else is known."""
    lower = residuals(seen)
    words = {"question": QUESTION, "title": title(seen), "caption": caption(seen), "notes": tuple(notes(seen))}
    if seen.y is None:
        return Scene(**{**vars(lower), **words, "question": "How are the residuals spread?"})
    dots = Dots("data" if len(seen.x) <= MANY else "data-many", points(seen.x, seen.y), full(seen.y))
    many = len(seen.x) > MANY  # a cloud would hide the curve
    items = [*band(seen), *bars(seen), *([dots, *line(seen)] if many else [*line(seen), dots])]
    heights = [seen.y, *(item.points[:, 1] for item in items if isinstance(item, Curve))]
    x0, x1 = lower.window[:2]
    window = (x0, x1, *padded(np.concatenate(heights)))
    return Scene("fit", window=window, items=tuple(items), x_label=lower.x_label, y_label=seen.names[1],
                 equal=False, log=lower.log, below=lower, **words)  # fmt: skip


def residuals(seen: Observations) -> Scene:
    """The residuals over the same x, with lines at two standard deviations."""
    log = "x" if seen.curve is not None and seen.curve.log else ""
    x0, x1 = padded(np.log10(seen.x)) if log else padded(seen.x)
    x0, x1 = (10.0**x0, 10.0**x1) if log else (x0, x1)
    at = spread(seen)
    cloud = len(seen.x) > MANY
    dots = Dots("data-many" if cloud else "residual", points(seen.x, seen.residual), full(seen.residual))
    lines: list[Item] = [Curve("muted", np.array([[x0, 0.0], [x1, 0.0]]))]
    for side in (-at, at) if at is not None else ():
        lines.append(Curve("rejected", np.array([[x0, side], [x1, side]])))
    items = [*([] if seen.scaled else band(seen, flat=True)), *([dots, *lines] if cloud else [*lines, dots])]
    heights = [seen.residual, [0.0], [] if at is None else [-at, at]]
    x_labels = {"curve": seen.names[0], "fitted": f"{seen.names[1]} by the model", "index": "number of the residual"}
    return Scene(
        "residuals", "", (x0, x1, *padded(np.concatenate(heights))), tuple(items), x_labels[seen.kind],
        {"index": "residual"}.get(seen.kind, "(data − model) / σ" if seen.scaled else "data − model"), False, log,
    )  # fmt: skip


def spread(seen: Observations) -> float | None:
    """Where lines of two standard deviations lie among the residuals; None where they mean nothing there."""
    if seen.fit.loss != "linear" or (
        seen.fit.data is not None and seen.fit.data.weight is not None and not seen.scaled
    ):
        return None
    s = 1.0 if seen.fit.absolute else seen.fit.uncertainty.residual_std
    return TWO * s if np.isfinite(s) and s > 0 else None


def band(seen: Observations, flat: bool = False) -> Iterator[Item]:
    """The area between the curve less and plus the band's half height, in as many parts as it is known.

    `flat`: around zero, as among residuals.
    """
    half = seen.band
    if half is None or seen.curve is None:
        return
    c = seen.curve
    good, middle = np.isfinite(c.y) & np.isfinite(half), 0 * c.y if flat else c.y
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    for a, b in edges.reshape(-1, 2):
        if b - a > 1:
            up, down = points(c.x[a:b], (middle + half)[a:b]), points(c.x[a:b], (middle - half)[a:b])
            yield Curve("band", np.concatenate([up, down[::-1]]), closed=True, fill=True)


def line(seen: Observations) -> list[Item]:
    """The curve; over the model's own values the line where data and model agree."""
    if seen.curve is not None:
        return pieces("fit-curve", seen.curve.x, seen.curve.y, "")
    ends = np.array([np.nanmin(seen.x), np.nanmax(seen.x)])
    return [Curve("fit-curve", points(ends, ends))]


def bars(seen: Observations) -> Iterator[Item]:
    """Standard deviations of the data, where they are known and few enough to be told apart."""
    if seen.sigma is None or seen.y is None:
        return
    for x, y, s in zip(seen.x, seen.y, seen.sigma, strict=True):
        yield Curve("data", np.array([[x, y - s], [x, y + s]]))


def points(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Points (k, 2)."""
    return np.stack([x, y], axis=1)


def full(a: np.ndarray) -> np.ndarray:
    """All of them filled."""
    return np.ones(len(a), bool)


def padded(values: np.ndarray) -> tuple[float, float]:
    """From the smallest to the largest, and a margin."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    edge = MARGIN * (high - low) or 0.5 * (abs(low) or 1.0)
    return low - edge, high + edge


def title(seen: Observations) -> str:
    """How many points, and what the others are."""
    count = f"{seen.total} {'residuals' if seen.y is None else 'points'}, {len(seen.fit.names)} parameters"
    return count.replace("1 parameters", "1 parameter") if len(seen.fit.names) == 1 else count


def caption(seen: Observations) -> str:
    """The parameters with their standard errors, and what is shaded."""
    u = seen.fit.uncertainty
    rows = list(zip(u.names, u.x, u.standard_errors, strict=True))
    shown = [f"{name} = {with_error(float(x), float(error))}" for name, x, error in rows[:NAMED]]
    if len(rows) > NAMED:
        shown.append(f"and {len(rows) - NAMED} more")
    parts = [", ".join(shown) + " (± one standard error)."]
    if seen.band is not None:
        where = "" if seen.scaled else ", around the curve and among the residuals"
        parts.append(
            f"Shaded{where}: {100 * LEVEL:.0f} % confidence band of the curve at each {seen.names[0]} for itself, "
            f"{number_text(seen.factor)} sqrt(j C j′), j the derivative of the curve by the parameters."
        )
    if spread(seen) is not None:
        parts.append("Dotted among the residuals: two standard deviations.")
    if seen.kind == "index":
        parts.append("Residuals in their order: nothing is known of an x.")
    if seen.kind == "fitted":
        parts.append("Over the model's own value, for there is not one predictor: on the line data and model agree.")
    return " ".join(parts)


def notes(seen: Observations) -> Iterator[str]:
    """What the picture leaves out."""
    u, data, c = seen.fit.uncertainty, seen.fit.data, seen.curve
    if not seen.fit.success:
        yield "No minimum was shown here: band and errors belong to a point that may be none."
    if c is not None and seen.band is None:
        yield "No band: no degree of freedom is left to tell the noise."
    if seen.band is not None and u.undetermined:
        free = "; ".join(d.text for d in u.undetermined[:3])
        yield f"The band leaves out what the data do not determine ({free}): between the points the curve may differ."
    if seen.band is not None and u.at_bounds:
        yield f"The band holds {', '.join(u.at_bounds)} at the bound."
    if c is not None and c.joined:
        yield "The curve joins the model's values at the points: between them it was not evaluated."
    if seen.thinned:
        yield f"{len(seen.x)} of {seen.total} points are drawn, evenly and with the largest residuals; all were fitted."
    if data is not None and data.omitted:
        yield f"{data.omitted} points with gaps were left out."
    if data is not None and data.unmeasured:
        yield f"{data.unmeasured} points with infinite sigma were left out."
