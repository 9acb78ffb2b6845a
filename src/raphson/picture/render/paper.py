"""The sheet that a scene is drawn on: where the axes are in pixels, their ticks, and how wide words are."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.picture.scene import Scene, Text

Window = tuple[float, float, float, float]

HEAD, SMALL = 14.0, 12.0
"""Pixels: the question; everything else."""

LINE = 1.32
"""Height of a line of text over its size."""

ASPECT = (0.6, 1.0)
"""Height over width that the axes of a picture with equal axes may have."""

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

NARROW, WIDE = set("iljtfI.,:;'|!()[] "), set("mwMW@%—")


@dataclass(frozen=True)
class Ticks:
    """Tick positions in data, their words, and what the axis label must add for the words to be true."""

    at: np.ndarray
    words: tuple[str, ...]
    suffix: str = ""


@dataclass(frozen=True)
class Paper:
    """The layout: the picture's size, the axes' box (left, top, width, height) and its `window` in data."""

    width: float
    height: float
    left: float
    top: float
    inner: tuple[float, float]
    window: Window
    log: str
    x_ticks: Ticks
    y_ticks: Ticks
    head: tuple[str, ...]
    title: tuple[str, ...]
    foot: tuple[str, ...]
    foot_top: float
    bare: bool

    def pixels(self, points: Any) -> np.ndarray:
        """Points (..., 2) of the scene in pixels, y downwards."""
        p = np.asarray(points, float)
        x0, x1, y0, y1 = self.window
        x, y = p[..., 0], p[..., 1]
        with np.errstate(all="ignore"):
            if "x" in self.log:
                x, x0, x1 = np.log10(x), np.log10(x0), np.log10(x1)
            if "y" in self.log:
                y, y0, y1 = np.log10(y), np.log10(y0), np.log10(y1)
        u = self.left + (x - x0) / (x1 - x0) * self.inner[0]
        v = self.top + (y1 - y) / (y1 - y0) * self.inner[1]
        return np.stack([u, v], axis=-1)

    @property
    def scale(self) -> np.ndarray:
        """Pixels per unit of x and y, on axes that are not logarithmic."""
        x0, x1, y0, y1 = self.window
        return np.array([self.inner[0] / (x1 - x0), self.inner[1] / (y1 - y0)])

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The axes' box: left, top, right, bottom."""
        return self.left, self.top, self.left + self.inner[0], self.top + self.inner[1]


def lay_out(scene: Scene, width: float, height: float | None, below: float = 0.0, left: float | None = None) -> Paper:
    """The layout of a scene; `below` is room for slanted labels under the axes, in pixels; `left` the margin there
    (None: as wide as the numbers need)."""
    bare = scene.frameless or all(isinstance(item, Text) for item in scene.items)
    text_width = width - 24
    head = wrap(scene.question, text_width, HEAD)
    title = wrap(scene.title, text_width, SMALL)
    foot = wrap(" ".join(part for part in (scene.caption, *scene.notes) if part), text_width, SMALL)
    top = 8 + (HEAD * len(head) + SMALL * len(title)) * LINE + 8
    first = ticks(scene.window[2], scene.window[3], 300, 44, "y" in scene.log)
    if left is None:
        left = 14.0 if bare else 22 + SMALL + max((measure(w, SMALL - 1) for w in first.words), default=0) + 8
    under = 8.0 if bare else 22 + SMALL * LINE + 6 + below
    room = width - left - 14
    tall = under + SMALL * LINE * len(foot) + (10 if foot else 2)
    inner = room * shape(scene, room) if height is None else max(height - top - tall, 40.0)
    window = widened(scene.window, room / inner) if scene.equal else scene.window
    x0, x1, y0, y1 = window
    return Paper(
        width=width, height=top + inner + tall if height is None else height, left=left, top=top,
        inner=(room, inner), window=window, log=scene.log, x_ticks=ticks(x0, x1, room, 70, "x" in scene.log),
        y_ticks=ticks(y0, y1, inner, 44, "y" in scene.log), head=head, title=title, foot=foot,
        foot_top=top + inner + under, bare=bare,
    )  # fmt: skip


def shape(scene: Scene, room: float) -> float:
    """Height over width of the axes."""
    x0, x1, y0, y1 = scene.window
    if all(isinstance(item, Text) for item in scene.items):  # a sentence needs no room for a picture
        return 0.12
    return float(np.clip((y1 - y0) / (x1 - x0), *ASPECT)) if scene.equal else 0.66


def widened(window: Window, ratio: float) -> Window:
    """The window with width / height = `ratio`: larger in one direction, so that nothing is cropped."""
    x0, x1, y0, y1 = window
    wide, tall = max(x1 - x0, (y1 - y0) * ratio), max(y1 - y0, (x1 - x0) / ratio)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - wide / 2, x + wide / 2, y - tall / 2, y + tall / 2


def ticks(low: float, high: float, room: float, gap: float, log: bool) -> Ticks:
    """Ticks at round numbers, about `gap` pixels apart on `room` pixels."""
    if log:
        return decades(low, high, max(int(room / gap), 2))
    step = round_step((high - low) / max(room / gap, 2))
    at = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return name_ticks(at, step, low, high)


def round_step(raw: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is at least `raw`."""
    decade = 10.0 ** np.floor(np.log10(raw))
    return float(next(m for m in (1, 2, 5, 10) if m * decade >= raw * (1 - 1e-9)) * decade)


def name_ticks(at: np.ndarray, step: float, low: float, high: float) -> Ticks:
    """Words with as many decimals as the step has; powers of ten and what all ticks share move to the axis label."""
    largest = max(abs(low), abs(high))
    offset = 0.0
    if largest > 1e5 * step:  # a narrow window far from zero: the digits that differ are named, the others once
        offset = float(at[len(at) // 2]) if len(at) else 0.0
        at_named, largest = at - offset, (high - low) / 2
    else:
        at_named = at
    power = 0
    if largest >= 1e5 or largest < 1e-2:
        power = int(np.floor(np.log10(largest)))
    unit = 10.0**power
    decimals = max(-int(np.floor(np.log10(step / unit) + 1e-9)), 0)
    words = tuple(minus(f"{round(v / unit, decimals) + 0.0:.{decimals}f}") for v in at_named)
    digits = max(int(np.ceil(np.log10(abs(offset) / step))), 1) + 1 if offset else 1
    suffix = f" − {offset:.{digits}g}" if offset > 0 else f" + {-offset:.{digits}g}" if offset < 0 else ""
    return Ticks(at, words, suffix + (f" / 1e{power}" if power else ""))


def minus(text: str) -> str:
    """A number with a minus sign instead of a hyphen; no "-0"."""
    return text.lstrip("-") if text.strip("-0.") == "" else text.replace("-", "−")


def decades(low: float, high: float, most: int) -> Ticks:
    """Ticks at powers of ten; where fewer than two are seen at 1, 2 and 5 of them, all with decimals or all without."""
    first, last = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
    stride = max(1, -(-(last - first + 1) // most))
    powers = [p for p in range(first, last + 1) if p % stride == 0]
    if len(powers) >= 2:
        return Ticks(10.0 ** np.array(powers, float), tuple(f"10{str(p).translate(SUPERSCRIPT)}" for p in powers))
    fine = [m * 10.0**p for p in range(first - 1, last + 1) for m in (1, 2, 5)]
    at = np.array([v for v in fine if low <= v <= high] or [low, high])
    plain = all(1e-3 <= v < 1e6 for v in at)
    parts = [f"{v:.2e}".split("e") for v in at]
    words = [
        f"{float(m) * 10.0 ** int(p):.15g}" if plain else f"{float(m):g}e{int(p)}".replace("-", "−") for m, p in parts
    ]
    return Ticks(at, tuple(words))


def measure(text: str, size: float) -> float:
    """About how wide a text is in a wide font, in pixels: none is asked, so the bytes are the same everywhere."""
    return size * sum(0.35 if c in NARROW else 0.95 if c in WIDE else 0.7 if c.isupper() else 0.61 for c in text)


def wrap(text: str, width: float, size: float) -> tuple[str, ...]:
    """Lines that are not wider than `width` pixels (a longer word stays whole)."""
    lines: list[str] = []
    for word in text.split():
        if lines and measure(f"{lines[-1]} {word}", size) <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return tuple(lines)
