"""Layers: where does the curvature lie? The trace of every layer's block, and its share of the top eigenvector."""

from typing import Any

import numpy as np

from raphson.picture.scene import Curve, Item, Scene, Stems, Text
from raphson.picture.views.spectrum import BAND, bar, percent, stem_range
from raphson.picture.words import number_text

QUESTION = "Which layers hold the curvature?"

MOST = 24
"""Layers in one picture: of more the ones with the largest traces are drawn, and the rest as one."""

WRITTEN = 12
"""Up to so many, shares are written as numbers."""


def layers(c: Any) -> Scene:
    """Stems of |trace| by layer, colored by sign, with bars of one standard error; above, shares of the eigenvector."""
    names, traces, errors, shares, left = thinned_layers(c)
    size = np.abs(traces)
    signs = np.where(size <= errors, 0, np.sign(traces)).astype(int)
    low, high = stem_range(size, np.ones(len(size), int))
    first, last = (float(low * (high / low) ** share) for share in BAND)
    x = np.arange(1.0, len(size) + 1)
    items: list[Item] = [Stems("", x, np.clip(size, low * 1.05, high), signs, tuple(names), False)]
    for at, value, error in zip(x, size, errors, strict=True):
        ends = np.clip([value - error, value + error], low, first)
        if ends[1] > 1.02 * ends[0]:
            items.append(Curve("energy", np.array([[at, ends[0]], [at, ends[1]]])))
    items += shares_band(x, shares, first, last, c.top)
    window = (0.2, len(x) + 0.8, low, float(low * (high / low) ** (BAND[1] + 0.16)))
    return Scene(
        "layers", QUESTION, window, tuple(items), "array of parameters", "trace of its block of H, absolute value",
        False, "y", f"estimated from {c.products} products" if np.any(c.errors > 0) else "", caption(c),
        (left,) if left else (), first,
    )  # fmt: skip


def shares_band(x: np.ndarray, shares: np.ndarray, first: float, last: float, top: float) -> list[Item]:
    """A bar for each layer above the stems: its share of the squared eigenvector."""
    ends = (0.2, len(x) + 0.8)
    words = f"share of the eigenvector of λ = {number_text(top)}, 0 to 100 %"
    items: list[Item] = [
        Curve("muted", np.array([[ends[0], first], [ends[1], first]])),
        Text("muted", (ends[0] + 0.012 * len(x), last * (last / first) ** 0.3), words),
    ]
    for at, share in zip(x, shares, strict=True):
        height = float(first * (last / first) ** share)
        items.append(bar(at, first, height, 0.14))
        if len(x) <= WRITTEN:
            place = (float(at), height * (last / first) ** 0.13)
            items.append(Text("energy", place, percent(float(share)), "middle"))
    return items


def thinned_layers(c: Any) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, str]:
    """Names, traces, errors and shares of the layers that are drawn, and what is said of the others."""
    names = [layer_name(name) for name in c.names]
    if len(names) <= MOST:
        return names, c.traces, c.errors, c.shares, ""
    kept = np.sort(np.argsort(-np.abs(c.traces), kind="stable")[:MOST])
    share = float(np.sum(np.abs(c.traces[kept])) / np.sum(np.abs(c.traces)))
    words = f"{MOST} of {len(names)} arrays are shown, with {percent(share)} of the traces' absolute values."
    return [names[i] for i in kept], c.traces[kept], c.errors[kept], c.shares[kept], words


def layer_name(path: str) -> str:
    """["conv"]["w"] as conv.w, [0] as 0."""
    return path.replace("']['", ".").replace("['", ".").replace("']", "").replace("][", ".").strip(".[]") or path


def caption(c: Any) -> str:
    """The largest of both kinds, in words."""
    most, main = int(np.argmax(c.traces)), int(np.argmax(c.shares))
    total = float(np.sum(c.traces))
    words = [f"Trace in all {number_text(total, 4)}."]
    if total > 0 and c.traces[most] > 0:
        words.append(f"{layer_name(c.names[most])} has the largest part, {number_text(float(c.traces[most]))}.")
    words.append(
        f"{percent(float(c.shares[main]))} of the eigenvector of the largest λ is in {layer_name(c.names[main])}."
    )
    return " ".join(words)
