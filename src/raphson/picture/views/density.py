"""Density: how are the eigenvalues spread? Their number per decade on logarithmic axes, the negative ones apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.amount import count_words
from raphson.picture.scene import Curve, Dots, Item, Scene, Text
from raphson.picture.words import number_text

QUESTION = "How are the eigenvalues spread?"

WIDTH = 0.12
"""Decades of the normal curve that an eigenvalue is drawn as: one alone is 3.3 high."""

DECADES = 8
"""Decades below the largest that are drawn, at most: down to the resolution of the products. What is smaller is counted
in words: there the nodes are not eigenvalues, and their signs are not theirs."""

POINTS = 240
"""Points of the curve."""

LEAST = 0.2
"""Eigenvalues per decade at the bottom of the picture: far less than one."""

NAMED = {1: 5, -1: 2}
"""Outliers that are named with their values, by sign: each has a row of its own, where no other name can lie."""

ROW = {1: 0.055, -1: 0.15}
"""Height of a row over that of the panel; the lower panel is lower."""

AGREED = 1e-3
"""Runs that have a node within that relative distance of each other have found an eigenvalue: nodes between
eigenvalues differ from run to run."""

BETWEEN = 0.03
"""Decades between outliers that are named: their dots would lie on each other."""


@dataclass(frozen=True, eq=False)
class DensityPart:
    """One sign: levels `u` (m,) of log10 |lambda|, eigenvalues per decade with standard errors, and outliers."""

    u: np.ndarray
    number: np.ndarray
    error: np.ndarray
    outliers: np.ndarray


def density(d: Any, pairs: Any = None) -> Scene:
    """The spread of a `SpectralDensity`; `pairs`, `Eigenpairs` of the same matrix, name the outliers (None: those
    that all runs agree on)."""
    size = float(np.max(np.abs(d.nodes[d.weights > 0])))
    if size == 0:
        return nothing(d)
    high = np.log10(size)
    low = min(max(high - DECADES, np.log10(d.resolution)), high - 0.5)
    low = max(low, smallest(d, low) - 4 * WIDTH)
    zero = d.near_zero(10.0**low)
    known = agreed(d) if pairs is None else np.asarray(pairs.values, float)
    ends = (low, high + 4 * WIDTH)
    parts = [half(d, sign, ends, known) for sign in (1, -1)]
    shown = [part for part in parts if np.max(part.number) > LEAST]
    window = (10.0 ** ends[0], 10.0 ** ends[1])
    scenes = [
        panel(part, sign, window)
        for part, sign in zip(parts, (1, -1), strict=True)
        if any(part is one for one in shown)
    ]
    main = scenes[0]
    return Scene(
        "density", QUESTION, main.window, main.items, "absolute value of λ", main.y_label, False, "xy", title(d),
        caption(d, parts, zero, 10.0**low), below=scenes[1] if len(scenes) > 1 else None,
    )  # fmt: skip


def nothing(d: Any) -> Scene:
    """A matrix of zeros."""
    words = (Text("muted", (0.5, 0.5), "every eigenvalue is 0", "middle"),)
    return Scene("density", QUESTION, (0, 1, 0, 1), words, equal=False, title=title(d))


def smallest(d: Any, low: float) -> float:
    """log10 of the smallest |eigenvalue| above the lower end that has more than a tenth of an eigenvalue's weight."""
    heavy = (d.weights * d.size > 0.1) & (np.abs(d.nodes) > 10.0**low)
    return float(np.log10(np.min(np.abs(d.nodes[heavy])))) if np.any(heavy) else low


def half(d: Any, sign: int, ends: tuple[float, float], known: np.ndarray) -> DensityPart:
    """The eigenvalues of one sign."""
    u = np.linspace(*ends, POINTS)
    mine = (sign * d.nodes > 0) & (d.weights > 0)
    at = np.log10(np.where(mine, np.abs(d.nodes), 1))
    each = np.zeros((len(d.nodes), POINTS))
    for run, (nodes, weights) in enumerate(zip(at, np.where(mine, d.weights, 0), strict=True)):
        bell = np.exp(-0.5 * ((u[:, None] - nodes) / WIDTH) ** 2) / (WIDTH * np.sqrt(2 * np.pi))
        each[run] = d.size * (bell @ weights)
    error = np.std(each, axis=0, ddof=1) / np.sqrt(len(each))
    return DensityPart(u, np.mean(each, axis=0), error, outliers(sign * known, ends, NAMED[sign]))


def outliers(values: np.ndarray, ends: tuple[float, float], most: int) -> np.ndarray:
    """The largest few that can be told apart in the picture, descending."""
    found: list[float] = []
    for value in np.sort(values[values > 0])[::-1]:
        if len(found) == most or np.log10(value) < ends[0]:
            break
        if not found or np.log10(found[-1] / value) > BETWEEN:
            found.append(float(value))
    return np.array(found)


def agreed(d: Any) -> np.ndarray:
    """The outermost nodes that all runs have, of each sign: eigenvalues."""
    found = []
    for sign in (1, -1):
        runs = [
            np.sort(sign * row[(w > 0) & (sign * row > 0)])[::-1] for row, w in zip(d.nodes, d.weights, strict=True)
        ]
        for value in runs[0]:
            if not all(np.any(np.abs(run - value) <= AGREED * value) for run in runs[1:]):
                break
            found.append(sign * value)
    return np.array(found)


def panel(part: DensityPart, sign: int, window: tuple[float, float]) -> Scene:
    """One sign's curve with its band of one standard error, and its outliers."""
    role = "positive" if sign > 0 else "negative"
    x = 10.0**part.u
    top = float(np.max(part.number + part.error))
    upper = np.maximum(part.number + part.error, LEAST)
    lower = np.maximum(part.number - part.error, LEAST)
    band = np.concatenate([np.stack([x, upper], 1), np.stack([x, lower], 1)[::-1]])
    items: list[Item] = [
        Curve("region-bowl" if sign > 0 else "region-dome", band, closed=True, fill=True),
        Curve(role, np.stack([x, np.maximum(part.number, LEAST)], 1)),
    ]
    rows = ROW[sign] * (len(part.outliers) + 0.6)
    ceiling = LEAST * (top / LEAST) ** (1 / (0.94 - rows))
    for k, value in enumerate(part.outliers):
        height = max(float(np.interp(np.log10(value), part.u, part.number)), LEAST)
        row = LEAST * (ceiling / LEAST) ** (1 - ROW[sign] * (k + 1))
        under = row * (ceiling / LEAST) ** (-0.2 * ROW[sign])
        items += [
            Curve("spoke", np.array([[value, height], [value, under]])),
            Dots(role, np.array([[value, height]]), np.ones(1, bool)),
            Text(role, (float(value), row), number_text(sign * float(value)), "middle"),
        ]
    words = "λ > 0, number per decade" if sign > 0 else "λ < 0, number per decade"
    return Scene(
        "density", QUESTION, (*window, LEAST, ceiling), tuple(items), "absolute value of λ", words, False, "xy"
    )


def title(d: Any) -> str:
    """What the picture is."""
    return f"{count_words(d.size)} eigenvalues, estimated from {d.products} products (Lanczos, {len(d.nodes)} runs)"


def caption(d: Any, parts: list[DensityPart], zero: Any, low: float) -> str:
    """The numbers of each sign, the ends, the outliers."""
    negative = d.below(-low)
    said = [f"About {amount(zero)} lie within ± {number_text(low)}, not told apart." if zero.value >= 0.5 else ""]
    if negative.value > negative.error or len(parts[1].outliers):
        said.append(f"About {amount(negative)} are negative beyond it.")
    else:
        said.append("No negative one was met.")
    named = [number_text(v) for v in parts[0].outliers] + [number_text(-v) for v in parts[1].outliers]
    if named:
        said.append(f"Named by their values: {', '.join(named)}.")
    said.append("The band is one standard error.")
    return " ".join(part for part in said if part)


def amount(one: Any) -> str:
    """A number of eigenvalues with its error."""
    return f"{count_words(round(one.value))} ± {number_text(one.error, 1)}"
