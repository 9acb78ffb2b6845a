"""Training: how did it go? Loss, gradient, what held the steps back, and the gain ratio, by epoch."""

from typing import Any

import numpy as np

from raphson.picture.scene import Curve, Dots, Item, Scene
from raphson.picture.views.convergence import gap_line

QUESTIONS = {
    "loss": "How does the loss fall?",
    "gradient": "How long is the gradient?",
    "held": "How far are steps held back?",
    "length": "How long are the steps?",
    "ratio": "Does the loss fall as the model says?",
}

HELD = {"1/lambda": "damping λ", "radius": "radius of the trust region", "1/sigma": "σ of the cubic model",
        "multiple of the direction": "multiple of the direction"}  # fmt: skip
"""What the column `damping` is, by the unit of the path."""

RATIOS = (-1.0, 3.0)
"""Ratios drawn; a model that is good has 1, and beyond these it is of no use."""

MOST_DOTS = 150
"""Trials drawn as dots; of more, some that lie evenly."""

MEANT = ("loss", "gradient")
"""What differs from batch to batch by chance, and has a mean that says something."""

FEW = 4
"""From so many trials an epoch on, their mean is drawn beside them."""


def training(trace: Any, unit: str) -> tuple[Scene, ...]:
    """The pictures of a `TrainingTrace`: four, or three of a transformation (unit ""), which promises nothing.

    Raises ValueError where there is no trial.
    """
    if not len(trace):
        raise ValueError("no trial was made: there is nothing to draw")
    x, over = axis(trace)
    out = [
        strip("loss", over, x, trace.loss, trace.accepted, "loss of the batch, before the step"),
        strip("gradient", over, x, trace.gradient_norm, trace.accepted, "|g| of the batch"),
    ]
    if unit:
        out.append(strip("held", over, x, trace.damping, trace.accepted, HELD[unit]))
        return (*out, gains(over, x, trace.ratio, trace.accepted))
    return (*out, strip("length", over, x, trace.length, trace.accepted, "length of the step"))


def axis(trace: Any) -> tuple[np.ndarray, str]:
    """Where trials stand: between the epochs that are over, or, where a stream does not tell them, by number."""
    epochs = trace.epochs
    if not np.all(np.isfinite(epochs)):
        return np.arange(1.0, len(trace) + 1), "trial"
    return epochs, "epochs"


def strip(view: str, over: str, x: np.ndarray, y: np.ndarray, taken: np.ndarray, label: str) -> Scene:
    """One column: a line, the mean of each epoch where that has many trials, refused trials hollow."""
    seen = np.isfinite(y)
    log = "y" if np.any(seen) and np.all(y[seen] > 0) else ""
    points = np.stack([x, y], 1)
    mean = epoch_means(x, y) if over == "epochs" and view in MEANT else np.zeros((0, 2))
    role = "edge" if len(mean) else "series-1"
    items: list[Item] = [Curve(role, gap_line(x, y, "")[::-1], label="" if len(mean) else label)]
    if len(mean):
        items.append(Curve("series-1", mean, label="mean of an epoch"))
    refused = points[seen & ~taken]
    if len(refused):
        items.append(Dots("trial", evenly(refused), np.zeros(len(evenly(refused)), bool)))
    return Scene(view, QUESTIONS[view], room(x, y[seen], log), tuple(items), over, label, False, log,
                 "", words(taken, y), notes(len(refused)))  # fmt: skip


def gains(over: str, x: np.ndarray, ratio: np.ndarray, taken: np.ndarray) -> Scene:
    """Actual by predicted decrease: 1 is a model that is right."""
    seen = np.isfinite(ratio)
    inside = seen & (ratio >= RATIOS[0]) & (ratio <= RATIOS[1])
    span = room(x, np.array(RATIOS), "")
    items: list[Item] = [
        Curve("muted", np.array([[span[0], height], [span[1], height]])) for height in (0.0, 1.0)
    ]  # fmt: skip
    for kind in (True, False):
        points = evenly(np.stack([x, ratio], 1)[inside & (taken == kind)])
        if len(points):
            items.append(Dots("trial", points, np.full(len(points), kind)))
    outside = int(np.sum(seen & ~inside))
    left = (f"{outside} ratios lie beyond {RATIOS[0]:.0f} and {RATIOS[1]:.0f} and are not drawn.".replace("-", "−"),)
    middle = float(np.median(ratio[seen])) if np.any(seen) else np.nan
    caption = f"At 1 the loss falls as the model says. Median {middle:.2g}. Filled taken, hollow refused."
    caption = caption if np.any(seen) else "No value is finite."
    shown = left if outside else ()
    many = notes(int(np.sum(inside)))
    return Scene("ratio", QUESTIONS["ratio"], span, tuple(items), over, "actual by predicted decrease", False, "", "",
                 caption.replace("-", "−"), (*shown, *many))  # fmt: skip


def epoch_means(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Points (m, 2): the mean of the finite values of each whole epoch, at its middle; none where epochs hold few."""
    number = np.ceil(x - 1e-9)
    epochs = [k for k in np.unique(number) if np.sum((number == k) & np.isfinite(y)) >= FEW]
    if len(epochs) < 2:
        return np.zeros((0, 2))
    return np.array([[k - 0.5, np.mean(y[(number == k) & np.isfinite(y)])] for k in epochs])


def evenly(points: np.ndarray) -> np.ndarray:
    """Some of many points."""
    if len(points) <= MOST_DOTS:
        return points
    return points[np.unique(np.linspace(0, len(points) - 1, MOST_DOTS).round().astype(int))]


def room(x: np.ndarray, y: np.ndarray, log: str) -> tuple[float, float, float, float]:
    """The window."""
    end = max(float(np.max(x)), 1e-9)
    low, high = (float(np.min(y)), float(np.max(y))) if len(y) else (0.0, 1.0)
    if log:
        down, up = np.log10(low), np.log10(high)
        more = 0.08 * max(up - down, 0.5)
        low, high = 10 ** max(down - more, -305), 10 ** min(up + more, 305)
    else:
        more = 0.08 * (high - low or max(abs(high), 1.0))
        low, high = low - more, high + more
    return -0.02 * end, 1.04 * end, low, high


def words(taken: np.ndarray, y: np.ndarray) -> str:
    """From where to where."""
    known = y[np.isfinite(y)]
    if not len(known):
        return "No value is finite."
    span = f"From {known[0]:.4g} to {known[-1]:.4g}.".replace("-", "−")
    return span if np.all(taken) else f"{span} Hollow: refused."


def notes(dots: int) -> tuple[str, ...]:
    """What was left out."""
    return (f"{MOST_DOTS} of {dots} dots are drawn.",) if dots > MOST_DOTS else ()
