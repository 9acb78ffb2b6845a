"""The marks of methods that race: shapes differ, so that nothing depends on color alone. As scene/shapes.ts."""

import numpy as np

SHAPES = (
    (0, 0, 1.0), (4, 45, 1.2), (3, 90, 1.35), (4, 90, 1.35), (3, -90, 1.35), (5, 90, 1.6), (4, 90, 1.75), (4, 45, 1.75),
)  # fmt: skip
"""Corners (0: a circle), degrees of the first, radius over that of the circle: circle, square, triangle, diamond,
triangle upside down, and from `STARS` on stars of five and of four points, upright and turned."""

STARS = 5

INNER = 0.42
"""Radius of a star between its points, over that at its points."""


def outline(mark: int, x: float, y: float, radius: float) -> str:
    """The path data of a mark."""
    corners, first, size = SHAPES[mark % len(SHAPES)]
    r = radius * size
    if not corners:
        return f"M{x - r:.1f} {y:.1f}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0Z"
    star = mark % len(SHAPES) >= STARS
    count = 2 * corners if star else corners
    angle = np.radians(first) + 2 * np.pi * np.arange(count) / count
    reach = r * np.where(np.arange(count) % 2 == 1, INNER, 1.0) if star else np.full(count, r)
    points = zip((x + reach * np.cos(angle)).tolist(), (y - reach * np.sin(angle)).tolist(), strict=True)
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points) + "Z"
