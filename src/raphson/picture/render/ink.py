"""Colors, widths and letters of a figure, by role."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

POINTS = 0.8
"""Points of a figure in one pixel of the page, the unit of the palette's widths."""

DARK, GREY = 0.18, 0.15
"""Luminance below which a background is dark; range of red, green and blue below which a color is a grey."""

TINT = 0.16
"""How much of its color an area has."""

LABEL = 0.84
"""Size of a label over that of an axis label."""


DOTTED = {"width": 1.2, "dash": [1, 3]}
"""max |g| of a run beside its gap of f."""


@cache
def palette() -> dict[str, dict[str, Any]]:
    """Color, width and dash by role: palette.json, the same as the page's; with a thin dotted twin of every series."""
    roles = json.loads((Path(__file__).parents[1] / "palette.json").read_text())
    twins = {f"{role}-gradient": {**roles[role], **DOTTED} for role in roles if role.startswith("series-")}
    return roles | twins


def ink(role: str, ax: Any, outside: bool = False) -> tuple[float, float, float]:
    """The role's color, as it can be read on the axes' background (on the figure's for what stands `outside`)."""
    ground = ax.get_figure(root=True).get_facecolor() if outside else ax.get_facecolor()
    return readable(palette().get(role, palette()["text"])["color"], ground)


def readable(color: Any, background: Any) -> tuple[float, float, float]:
    """The color itself on light ground; on dark ground greys change places with their opposites, others are lightened.

    Lightened: mixed with white until the contrast is 4.5.
    """
    from matplotlib.colors import to_rgb

    ground, shade = luminance(to_rgb(background[:3])), np.array(to_rgb(color))
    if ground < DARK and np.ptp(shade) < GREY:
        shade = 1 - shade
    elif ground < DARK:
        mixtures = (shade + share * (1 - shade) for share in np.linspace(0, 1, 11))
        shade = next((mixed for mixed in mixtures if (luminance(mixed) + 0.05) / (ground + 0.05) >= 4.5), shade)
    return float(shade[0]), float(shade[1]), float(shade[2])


def pale(color: str, share: float = 0.45) -> tuple[float, float, float]:
    """The color mixed with white."""
    from matplotlib.colors import to_rgb

    r, g, b = ((1 - share) * c + share for c in to_rgb(color))
    return r, g, b


def luminance(rgb: Any) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.1)."""
    c = np.asarray(rgb, float)
    return float(np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722))


def pen(role: str, ax: Any) -> dict[str, Any]:
    """Color, width and dash of a line."""
    style = palette().get(role, palette()["text"])
    width = style["width"] * POINTS
    dash = tuple(d * POINTS / width for d in style["dash"]) if "dash" in style else None
    return {"color": ink(role, ax), "linewidth": width, "linestyle": (0, dash) if dash else "solid"}


def open_head(role: str) -> bool:
    """Whether arrows of a role have a hollow head: two arrows must differ in more than their color."""
    return palette().get(role, {}).get("head") == "open"


def letters(ax: Any, role: str) -> dict[str, Any]:
    """Font of a label: small, in the color of its role, with a halo of the background's color."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.6, foreground=ax.get_facecolor())]
    size = LABEL * ax.xaxis.label.get_fontsize()
    return {"color": ink(role, ax), "fontsize": size, "path_effects": halo, "parse_math": False}
