"""Tables of 256 colors for images of cells: numbers without sign, numbers with sign, entries of a matrix.

Lightness rises evenly, so that equal differences look equal, and every table can be read without red and green.
"""

from functools import cache

import numpy as np

FIELD = (
    "#440154", "#481668", "#482878", "#443983", "#3e4a89", "#375a8c", "#31688e", "#2b758e", "#26828e", "#21908d",
    "#1f9e89", "#27ad81", "#35b779", "#4fc46a", "#6ece58", "#8fd744", "#b5de2b", "#dbe319", "#fde725",
)  # fmt: skip
"""Viridis, at equal distances. Source: van der Walt and Smith (2015), matplotlib; given to the public domain (CC0)."""

SIGNED = ("#a33f00", "#d9742a", "#f0b488", "#f7f5f2", "#93c1e0", "#3a86bd", "#004f86")
"""Below zero the orange of what goes down, above the blue of what goes up, as everywhere; zero nearly white."""

ENTRY = ("#ffffff", "#cfe3f1", "#0072b2", "#00304d")
"""Nothing, few and many entries."""

FILL = ("#fff1e6", "#e8a06b")
"""Entries that elimination adds: few, many."""

CLASSES = ("#0072b2", "#c44e00", "#007a59", "#6a3d9a", "#8a5a00", "#a8327d", "#4b5563", "#2f4b9b")
"""Colors of the variables, in order; the ninth is like the first, and letters tell them apart."""

PALE = 0.55
"""How much white these are mixed with: dark letters stand on them."""


@cache
def shade_table(name: str) -> np.ndarray:
    """The colors (256, 3) uint8 of a table: "field", "signed", "entries" (0 nothing, 1 .. 127 fill, 128 .. 255 of H),
    "classes" (0 nothing, k the k-th color)."""
    if name == "field":
        return blended(FIELD, 256)
    if name == "signed":
        return blended(SIGNED, 256)
    if name == "entries":
        return np.concatenate([blended(ENTRY[:1], 1), blended(FILL, 127), blended(ENTRY[1:], 128)])
    if name == "classes":
        return np.concatenate([blended(ENTRY[:1], 1), np.resize(pale_classes(), (255, 3))])
    raise ValueError(f"no table of colors is called {name!r}")


def pale_classes() -> np.ndarray:
    """The colors of the classes (8, 3), as they are drawn."""
    return (255 - (1 - PALE) * (255 - np.array([rgb(c) for c in CLASSES]))).round().astype(np.uint8)


def rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue of "#rrggbb"."""
    r, g, b = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return r, g, b


def blended(stops: tuple[str, ...], count: int) -> np.ndarray:
    """`count` colors (count, 3) at equal distances over stops at equal distances."""
    known = np.array([rgb(c) for c in stops], float)
    at = np.linspace(0, len(stops) - 1, count)
    mixed = [np.interp(at, np.arange(len(stops)), known[:, k]) for k in range(3)]
    return np.stack(mixed, axis=1).round().astype(np.uint8)
