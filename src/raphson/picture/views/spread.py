"""Spread: the spectrum of a large H, estimated from products with it. Read as the spectrum of a small one is."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.amount import count_words
from raphson.kernel.number import sum_rounding
from raphson.picture.scene import Curve, Item, Scene, Stems
from raphson.picture.views.spectrum import QUESTION, numbered_stems, stem_range
from raphson.report.table import significant

DOTS = 61
"""Levels that are drawn: the two ends, and between them every sixtieth of the eigenvalues."""

TOP = 1.06
"""Where the window ends, over the decades of the dots."""


@dataclass(frozen=True)
class SpreadData:
    """A `SpreadEstimate`, and what a factorization showed: how many eigenvalues are negative (None: nothing)."""

    estimate: Any
    negative: int | None = None


def spread(data: SpreadData) -> Scene:
    """Dots of |lambda| by the number of the eigenvalue, their shape the sign; bars where an end is not sharp yet."""
    e = data.estimate
    levels = e.quantiles(np.linspace(0, 1, DOTS))
    levels[0], levels[-1] = e.lowest, e.highest
    zero = sum_rounding(e.n) * max(abs(e.lowest), abs(e.highest))
    signs = np.where(np.abs(levels) <= zero, 0, np.sign(levels)).astype(int)
    size = np.abs(levels)
    low, high = stem_range(size, signs)
    x = np.arange(1.0, DOTS + 1)
    number = np.rint(1 + (e.n - 1) * np.linspace(0, 1, DOTS)).astype(int)
    labels = tuple(count_words(int(k)) if i in numbered_stems(DOTS) else "" for i, k in enumerate(number))
    items: list[Item] = [Stems("", x, np.clip(size, low * 1.05, high), signs, labels, True)]
    for at, level, error in ((x[0], e.lowest, e.low_error), (x[-1], e.highest, e.high_error)):
        ends = np.clip([abs(level) - error, abs(level) + error], low, high * 2)
        if ends[1] > 1.02 * ends[0]:
            items.append(Curve("energy", np.array([[at, ends[0]], [at, ends[1]]])))
    top = high * (high / low) ** (TOP - 1)
    return Scene(
        "spread", QUESTION, (0.2, DOTS + 0.8, low, float(top)), tuple(items), "number of the eigenvalue, about",
        "absolute value of λ" + (", by sign" if len(set(signs.tolist())) > 1 else ""), False, "y", title(data),
        caption(data, float(zero)),
    )  # fmt: skip


def title(data: SpreadData) -> str:
    """What the picture is."""
    products = data.estimate.products
    return f"an estimate from {products} products with H (Lanczos), not a list of eigenvalues"


def caption(data: SpreadData, zero: float) -> str:
    """Both ends with their errors, the middle, the signs."""
    e = data.estimate
    middle = float(e.quantiles(np.array([0.5]))[0])
    ends = f"λ from {bounded(e.lowest, e.low_error)} to {bounded(e.highest, e.high_error)}"
    parts = [f"{ends}; about half of the eigenvalues lie below {significant(middle)}."]
    if data.negative == 0:
        parts.append("None is negative: a factor of H shows it.")
    elif data.negative:
        parts.append(f"At least {count_words(data.negative)} negative: factors of H show it.")
    elif e.lowest + e.low_error < -zero:
        share = 100 * e.below(-zero)
        parts.append(f"Curved downwards along about {significant(share, 2)} % of the directions, one at least.")
    elif e.lowest - e.low_error > zero:
        parts.append("No negative one was met: likely there is none.")
    if e.lowest - e.low_error > zero:
        parts.append(f"Condition about {significant(e.highest / e.lowest)}.")
    return " ".join(parts)


def bounded(value: float, error: float) -> str:
    """A number with its error bar."""
    return f"{significant(value, 4)} ± {error:.1g}"
