"""Sparsity: what is coupled? The pattern of H with its colors, and beside it the factor with what elimination adds."""

from string import ascii_lowercase
from typing import Any

import numpy as np

from raphson.kernel.amount import count_words
from raphson.picture.render.paper import SMALL, measure
from raphson.picture.scene import Curve, Item, Raster, Scene, Text

QUESTION = "What is coupled?"
FACTOR_QUESTION = "What does elimination add?"

LETTERED = 24
"""Variables up to which each entry is a cell with its letter: 16 pixels wide in a picture of 470."""

SQUARES = 200
"""Parts of a larger pattern in each direction: two pixels each."""

LIGHTEST = 0.35
"""Where the shade of a single entry begins, so that it is seen on white."""

PIXELS = 320.0
"""About how wide the matrix is, at least, for the distance of names."""


def sparsity(data: Any) -> tuple[Scene, Scene]:
    """The pattern of H, and that of its factor."""
    return pattern_scene(data), factor_scene(data)


def pattern_scene(data: Any) -> Scene:
    """Entries of H. Up to `LETTERED` variables each has the letter and the hue of the product that it is read from."""
    n, colors = data.n, data.coloring.count
    squares = min(n, SQUARES)
    counts = data.matrix(squares)
    items: list[Item] = []
    if n <= LETTERED:
        color = np.asarray(data.coloring.color)
        shades = np.where(counts > 0, color[None, :] + 1, 0).astype(np.uint8)
        items.append(Raster("entries", (0.0, float(n), 0.0, float(n)), shades, "classes", True))
        items += rules(n)
        rows, columns = np.nonzero(counts)
        letters = [letter(int(color[j])) for j in columns]
        items += [
            Text("cell", (j + 0.5, n - i - 0.5), a, "middle") for i, j, a in zip(rows, columns, letters, strict=True)
        ]
    else:
        items.append(Raster("entries", (0.0, float(n), 0.0, float(n)), shaded(counts, counts), "entries", True))
    items += [frame(n), *names(data, None)]
    products = "one product with H gives" if colors == 1 else f"{colors} products with H give"
    told = [f"H has {count_words(data.entries)} entries, {data.entries / n:.3g} a row; {products} all of them."]
    if n <= LETTERED:
        told.append("Columns with the same letter share a product.")
    told += scale_words(n, squares, int(counts.max()))
    if data.seen:
        told.append("Read off H at this point.")
    plural = "" if colors == 1 else "s"
    title = f"H: {count_words(data.entries)} entries, {colors} color{plural}"
    return square(data, "sparsity", QUESTION, title, items, " ".join(told))


def factor_scene(data: Any) -> Scene:
    """Entries of L with H = L L' in the order of elimination: those of H dark, what is added light and marked."""
    n, cost = data.n, data.cost
    squares = min(n, SQUARES)
    whole, own = data.factor(squares)
    items: list[Item] = [Raster("entries", (0.0, float(n), 0.0, float(n)), shaded(own, whole), "entries", True)]
    if n <= LETTERED:
        items += rules(n)
        added = np.argwhere((whole > 0) & (own == 0))
        items += [Text("cell", (j + 0.5, n - i - 0.5), "+", "middle") for i, j in added.tolist()]
    items += [frame(n), *names(data, np.asarray(cost.order))]
    more = cost.nonzeros - data.structure.entries
    times = f"{cost.nonzeros / data.structure.entries:.3g} times the lower half of H"
    told = [f"L has {count_words(cost.nonzeros)} entries, {times}."]
    told.append(key_words(n, squares) if more else "Elimination adds none.")
    told.append("Rows and columns stand in the order of elimination, chosen so that little is added.")
    told += scale_words(n, squares, int(whole.max()))
    title = f"L: {count_words(cost.nonzeros)} entries, {count_words(more)} of them fill"
    return square(data, "factor", FACTOR_QUESTION, title, items, " ".join(told))


def key_words(n: int, squares: int) -> str:
    """What blue and orange mean."""
    if squares < n:
        return "Blue: mostly entries of H; orange: mostly added."
    return "Blue: entries of H; orange, with +: added." if n <= LETTERED else "Blue: entries of H; orange: added."


def square(data: Any, view: str, question: str, title: str, items: list[Item], caption: str) -> Scene:
    """The scene around a matrix, with room for names."""
    n = data.n
    left, top = margin(data) * n, 0.06 * n
    window = (-left, 1.02 * n, -0.02 * n, n + top)
    return Scene(view, question, window, tuple(items), title=title, caption=caption, frameless=True)


def margin(data: Any) -> float:
    """Room for names of rows, as a share of the matrix."""
    return 0.03 + max(measure(word, SMALL) for word in spots(data, None)[1]) / PIXELS


def letter(color: int) -> str:
    """The mark of a color."""
    return ascii_lowercase[color % len(ascii_lowercase)]


def shaded(own: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Shades of squares by the logarithm of their counts: dark where at least half are entries of H."""
    most = max(int(whole.max()), 1)
    share = np.ones(whole.shape) if most == 1 else LIGHTEST + (1 - LIGHTEST) * np.log1p(whole) / np.log1p(most)
    dark, light = 128 + np.rint(127 * share), 1 + np.rint(126 * share)
    return np.where(2 * own >= np.maximum(whole, 1), dark, np.where(whole > 0, light, 0)).astype(np.uint8)


def scale_words(n: int, squares: int, most: int) -> list[str]:
    """What a square stands for."""
    if squares == n:
        return []
    side = count_words(round(n / squares))
    return [f"A square stands for {side} × {side} places: the stronger, the more entries (up to {count_words(most)})."]


def frame(n: int) -> Curve:
    """The edge of the matrix."""
    return Curve("cell-rule", np.array([[0.0, 0.0], [n, 0.0], [n, n], [0.0, n]]), closed=True)


def rules(n: int) -> list[Item]:
    """Lines between cells."""
    out: list[Item] = []
    for k in range(1, n):
        out.append(Curve("cell-rule", np.array([[k, 0.0], [k, n]])))
        out.append(Curve("cell-rule", np.array([[0.0, k], [n, k]])))
    return out


def names(data: Any, order: np.ndarray | None) -> list[Item]:
    """Names of rows on the left and of columns on top, as many as there is room for."""
    n = data.n
    at, words = spots(data, order)
    out: list[Item] = []
    wide = max(measure(word, SMALL) for word in words) + 6
    stride = max(1, int(np.ceil(wide / (PIXELS / n)))) if n <= LETTERED else 1
    for k, word in zip(at, words, strict=True):
        out.append(Text("muted", (-0.012 * n, n - k - 0.5), word, "end"))
        if k % stride == 0 or n > LETTERED:
            anchor = "middle" if n <= LETTERED else "start" if k == 0 else "end"
            x = k + 0.5 if n <= LETTERED else 0.0 if k == 0 else float(n)
            out.append(Text("muted", (x, 1.035 * n), word, anchor))
    return out


def spots(data: Any, order: np.ndarray | None) -> tuple[list[int], list[str]]:
    """Which rows are named, and how: all of few; the first and the last of many, by their place."""
    n = data.n
    if n > LETTERED:
        return [0, n - 1], ["1", count_words(n)]
    own = [str(data.names[i]) for i in range(n)]
    if max(len(word) for word in own) > 6:
        own = [str(i + 1) for i in range(n)]
    return list(range(n)), own if order is None else [own[i] for i in order.tolist()]
