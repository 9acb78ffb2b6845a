"""Field: what did it come to? Arrays of x in space as images with a scale of colors, long ones as lines."""

from typing import Any

import numpy as np

from raphson.kernel.amount import count_words
from raphson.picture.scene import Curve, Item, Raster, Scene, Text
from raphson.picture.words import number_text

QUESTION = {
    "start": "Where did it start?", "end": "What did it come to?", "step": "What did the last step change?",
    "slope": "Where is a slope left?",
}  # fmt: skip
QUANTITY = {"start": "at the start", "end": "at the end", "step": "the last step", "slope": "the gradient at the end"}

BAR, GAP = 0.05, 0.07
"""Height of the scale of colors, and its distance, over the width of the image."""

WORDS = 0.1
"""Room for its numbers."""

CRISP = 64
"""Up to so many cells in each direction they have edges."""

FLATTEST = 0.25
"""Height over width of the flattest image that is drawn in its own proportions; thinner ones are drawn as if so."""


def field(f: Any) -> Scene:
    """One array at one moment, as an image or as a line."""
    return line(f) if f.line else image(f)


def image(f: Any) -> Scene:
    """Cells with the row that comes first on top, numbers of the rows and columns at the corners, a scale below."""
    ny, nx = f.values.shape
    rows, columns = f.shape[-2:]
    wide, high = proportions(columns, rows)
    signed, low, top = scale_of(f)
    box = (0.0, wide, 0.0, high)
    items: list[Item] = [
        Raster("field", box, shaded(f.values, low, top), "signed" if signed else "field", max(nx, ny) <= CRISP),
        Curve("cell-rule", corners(box), closed=True),
        Text("muted", (0.0, high + 0.035), "0", "start"), Text("muted", (wide, high + 0.035), str(columns - 1), "end"),
        Text("muted", (-0.015, high - 0.02), "0", "end"), Text("muted", (-0.015, 0.02), str(rows - 1), "end"),
        *legend(low, top, signed, wide),
    ]  # fmt: skip
    if not np.all(np.isfinite(f.values)):
        items.append(Text("text", (wide / 2, high / 2), "not finite in places", "middle"))
    window = (-0.11, wide + 0.02, -GAP - BAR - WORDS, high + 0.07)
    return Scene("field", QUESTION[f.what], window, tuple(items), title=title(f), caption=caption(f), frameless=True)


def proportions(columns: int, rows: int) -> tuple[float, float]:
    """Width and height of an image, the longer side 1."""
    if columns >= rows:
        return 1.0, max(rows / columns, FLATTEST)
    return max(columns / rows, FLATTEST), 1.0


def scale_of(f: Any) -> tuple[bool, float, float]:
    """Whether colors tell signs apart, and what the first and the last of them mean."""
    if f.what in ("step", "slope") or f.low < 0 < f.high:
        most = max(abs(f.low), abs(f.high))
        return True, -most, most
    return False, f.low, f.high


def shaded(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Numbers of colors; the middle one where all is one number, and where nothing is known."""
    with np.errstate(invalid="ignore"):
        share = (values / 2 - low / 2) / (high / 2 - low / 2) if high > low else np.full(values.shape, 0.5)
    return np.rint(255 * np.clip(np.nan_to_num(share, nan=0.5), 0, 1)).astype(np.uint8)


def legend(low: float, high: float, signed: bool, wide: float) -> list[Item]:
    """The scale of colors with its numbers."""
    top = -GAP
    box = (0.0, wide, top - BAR, top)
    strip = np.arange(256, dtype=np.uint8)[None, :]
    out: list[Item] = [
        Raster("scale", box, strip, "signed" if signed else "field"), Curve("cell-rule", corners(box), closed=True)
    ]  # fmt: skip
    if not high > low:
        return [Text("muted", (wide / 2, top - BAR / 2), f"{number_text(low, 4)} everywhere", "middle")]
    y = top - BAR - 0.04
    out += [
        Text("muted", (0.0, y), number_text(low, 3), "start"),
        Text("muted", (wide, y), number_text(high, 3), "end"),
    ]
    middle = 0.0 if signed else (low + high) / 2
    return [*out, Text("muted", (wide / 2, y), number_text(middle, 3), "middle")]


def corners(box: tuple[float, float, float, float]) -> np.ndarray:
    """Of a rectangle."""
    x0, x1, y0, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def title(f: Any) -> str:
    """Which array, and at which moment."""
    return f"{f.name}, {QUANTITY[f.what]}"


def caption(f: Any) -> str:
    """Its shape and its range; what was left out."""
    shape = " × ".join(count_words(k) for k in f.shape)
    parts = [f"{shape} numbers from {number_text(f.low, 4)} to {number_text(f.high, 4)}."]
    if f.noise:
        parts.append("Nothing but rounding.")
    if f.slice is not None:
        parts.append(f"Slice {f.slice} of {f.shape[0]} along the first axis.")
    ny, nx = f.values.shape
    if not f.line and (ny, nx) != f.shape[-2:]:
        parts.append(f"Means over blocks: {nx} × {ny} are drawn.")
    if f.line and f.shape[0] > nx:
        parts.append("Line: means; band: least to greatest.")
    return " ".join(parts)


def line(f: Any) -> Scene:
    """A long vector: means as a line, least and greatest as a band."""
    n, bins = f.shape[0], f.values.shape[1]
    x = (np.arange(bins) + 0.5) * n / bins - 0.5
    low, mean, high = f.values
    edge = np.concatenate([np.stack([x, low], axis=1), np.stack([x, high], axis=1)[::-1]])
    items: list[Item] = []
    if n > bins:
        items.append(Curve("band", edge[np.all(np.isfinite(edge), axis=1)], closed=True, fill=True))
    items.append(Curve("fit-curve", np.stack([x, mean], axis=1)))
    room = 0.06 * (f.high - f.low) or 0.5 * (abs(f.high) or 1.0)
    window = (-0.5, n - 0.5, f.low - room, f.high + room)
    y_label: str = {"step": "change", "slope": "gradient"}.get(f.what, str(f.name))
    return Scene(
        "field", QUESTION[f.what], window, tuple(items), "number of the variable", y_label, False, title=title(f),
        caption=caption(f),
    )  # fmt: skip
