"""Spectrum: which directions are stiff, flat, downhill? Curvatures as stems, the gradient's share of each above."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.picture.scene import Curve, Dots, Item, Scene, Stems, Text
from raphson.report.table import significant

QUESTION = "Which directions are stiff, flat, downhill?"

MOST = 60
"""Stems in one picture; of more eigenvalues the lowest, the highest and some between are shown."""

ENDS = 20
"""Of each end, then."""

NAMED = 12
"""Up to so many directions are named under their stems, and their share is written as a number."""

BAND = (1.16, 1.5)
"""Where the band of shares begins and ends, the stems' own part of the axis (in decades) being 1."""


@dataclass(frozen=True, eq=False)
class SpectrumData:
    """Curvatures of a point: `eigenvalues` (k,) ascending, their `signs`, v_i'g in `components`, `directions` in words.

    `index` (k,) counts from 1 in the whole spectrum of `total`; `inertia` how many of all are negative, zero, positive;
    `size` is |g|, and `error` by how much that may be off: a gradient below it is rounding, and has no shares.
    """

    eigenvalues: np.ndarray
    signs: np.ndarray
    components: np.ndarray
    directions: tuple[str, ...]
    index: np.ndarray
    total: int
    inertia: tuple[int, int, int]
    size: float
    error: float = 0.0

    @property
    def told(self) -> bool:
        """Whether the gradient is more than rounding."""
        return self.size > self.error

    @property
    def lowest(self) -> float:
        """The smallest eigenvalue."""
        return float(self.eigenvalues[0])

    @property
    def highest(self) -> float:
        """The largest eigenvalue."""
        return float(self.eigenvalues[-1])

    @property
    def energy(self) -> np.ndarray:
        """The gradient's share (v_i'g)^2 / |g|^2 of each direction (k,); 0 where g is zero to rounding."""
        return (self.components / self.size) ** 2 if self.told else np.zeros_like(self.components)


def of_geometry(g: Any, names: Sequence[str], error: float = 0.0) -> SpectrumData:
    """The spectrum of a `Geometry`, thinned to at most `MOST` eigenvalues; `names` of the variables, `error` of |g|."""
    n = len(g.eigenvalues)
    picked = np.arange(n)
    if n > MOST:
        middle = np.linspace(ENDS, n - 1 - ENDS, MOST - 2 * ENDS).round().astype(int)
        picked = np.concatenate([np.arange(ENDS), middle, np.arange(n - ENDS, n)])
    V, size = g.axes[:, picked], float(np.linalg.norm(g.gradient))
    words = tuple(direction(v, names) for v in V.T)
    return SpectrumData(
        g.eigenvalues[picked], g.signs[picked], V.T @ g.gradient, words, picked + 1, n, g.inertia, size, error
    )


def direction(v: np.ndarray, names: Sequence[str], terms: int = 2) -> str:
    """A unit vector in words by its leading entries, "0.89 x1 - 0.45 x2"; "..." where more than 2 % is left out."""
    order = np.argsort(-np.abs(v), kind="stable")[:terms]
    order = [i for i in order if abs(v[i]) >= 0.005]
    parts = [f"{'-' if v[i] < 0 else '+'} {abs(v[i]):.2f} {names[i]}".replace("1.00 ", "") for i in order]
    rest = " ..." if 1 - float(np.sum(v[order] ** 2)) > 0.02 else ""
    return " ".join(parts).removeprefix("+ ") + rest


def spectrum(s: SpectrumData, title: str = "") -> Scene:
    """Stems of the absolute value of lambda on a logarithmic axis, colored by sign; above, shares of |g|^2.

    Of more than `NAMED` eigenvalues dots, whose shape is the sign.
    A curvature that rounding hides is a hollow stem: its height is what the arithmetic left, not a measurement.
    """
    size = np.abs(s.eigenvalues)
    low, high = stem_range(size, s.signs)
    decades = np.log10(high / low)
    first, last = (float(low * 10.0 ** (decades * share)) for share in BAND)
    x = np.arange(1.0, len(size) + 1)
    few = len(x) <= NAMED
    labels = (
        s.directions if few else tuple(f"{i}" if k in numbered_stems(len(x)) else "" for k, i in enumerate(s.index))
    )
    items: list[Item] = [Stems("", x, np.clip(size, low * 1.05, high), s.signs, labels, not few)]
    items += energy(s, x, first, last, few)
    window = (0.2, len(x) + 0.8, low, float(low * 10.0 ** (decades * (BAND[1] + 0.16))))
    return Scene(
        "spectrum", QUESTION, window, tuple(items), "eigenvector" if few else "number of the eigenvalue",
        "absolute value of λ" + (", by sign" if len(set(s.signs.tolist())) > 1 else ""), False, "y", title,
        caption(s), (thinned(s),) if s.total > len(x) else (), first,
    )  # fmt: skip


def stem_range(size: np.ndarray, signs: np.ndarray) -> tuple[float, float]:
    """The stems' own part of the axis: half a decade beyond what is seen, at least a decade and a half."""
    seen = size[(size > 0) & np.isfinite(size)]
    if not seen.size:
        return 1e-2, 1.0
    top = float(seen.max())
    # What rounding left of a zero may lie anywhere below; two decades under the smallest real curvature are enough.
    real = size[(signs != 0) & (size > 0)]
    bottom = max(float(seen.min()), float(real.min()) / 1e2) if real.size else float(seen.min())
    return min(bottom, top / 1e1) / 3, top


def energy(s: SpectrumData, x: np.ndarray, first: float, last: float, few: bool) -> list[Item]:
    """The band above the stems: a bar for each direction, whose height is its share of |g|^2."""
    ends = (0.2, len(x) + 0.8)
    words = "share of |g|² along each, 0 to 100 %" if s.told else "the gradient is zero to rounding: no share to show"
    items: list[Item] = [
        Curve("muted", np.array([[ends[0], first], [ends[1], first]])),
        Text("muted", (ends[0] + 0.012 * len(x), last * (last / first) ** 0.3), words),
    ]
    if not s.told:
        return items
    tops = first * (last / first) ** s.energy
    if not few:
        return [*items, Dots("energy", np.stack([x, tops], axis=1), np.ones(len(x), bool))]
    for at, top, share in zip(x, tops, s.energy, strict=True):
        items.append(bar(at, first, float(top), 0.14))
        place = (at, float(top) * (last / first) ** 0.13)
        items.append(Text("energy", place, percent(float(share)), "middle"))
    return items


def bar(at: float, bottom: float, top: float, half: float) -> Curve:
    """An outlined bar."""
    corners = [[at - half, bottom], [at - half, top], [at + half, top], [at + half, bottom]]
    return Curve("energy", np.array(corners))


def percent(share: float) -> str:
    """A share in few characters, never rounded to nothing."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else "<1 %"


def numbered_stems(count: int) -> set[int]:
    """Which of many stems are numbered."""
    return set(np.linspace(0, count - 1, 7).round().astype(int).tolist())


def caption(s: SpectrumData) -> str:
    """What is seen, with numbers."""
    down, flat, up = s.inertia
    counts = [f"{k} {word}" for k, word in ((up, "up"), (flat, "not at all (hollow)"), (down, "down")) if k]
    parts = [f"λ from {significant(s.lowest)} to {significant(s.highest)}: curved {', '.join(counts)}."]
    if not down and not flat:
        parts = [f"λ from {significant(s.lowest)} to {significant(s.highest)}: curved up everywhere."]
        parts.append(f"Condition {significant(s.highest / s.lowest)}.")
    if s.told and s.total <= NAMED:
        k = int(np.argmax(s.energy))
        parts.append(f"{percent(float(s.energy[k]))} of |g|² lies along {s.directions[k]}.")
    elif s.told:
        steep = int(np.argmax(s.energy))
        parts.append(
            f"The largest share of |g|² here, {percent(float(s.energy[steep]))}, is number {s.index[steep]}'s."
        )
    return " ".join(parts)


def thinned(s: SpectrumData) -> str:
    """What was left out."""
    count, gaps = len(s.eigenvalues), np.flatnonzero(np.diff(s.index) > 1)
    low, high = int(gaps[0]) + 1, count - int(gaps[-1]) - 1
    between = f", {count - low - high} between" if count > low + high else ""
    return f"{count} of {s.total} eigenvalues are shown: the {low} lowest, the {high} highest{between}."
