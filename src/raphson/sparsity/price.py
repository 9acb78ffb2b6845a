"""What a compressed derivative costs, before anything is allocated, and when it costs too much."""

from raphson.sparsity.coloring import Coloring, Crowded
from raphson.sparsity.compress import TOGETHER

MOST_COLORS = 100
"""Colors beyond which H is left alone. A colored H costs a product a color, at every point; conjugate gradients took
100 products a step on a minimal surface with n = 1e4 (2288 in 23 trials), and they need no factorization. Fewer
colors pay because a factorization also solves what products do not: with n = 9e4 no 836 products led to the
minimum, 31 trials of 9 colors did."""

LIST_BYTES = 160
"""Bytes a variable that coloring takes in Python lists: its list, its number and four sets of colors. Measured for all
of a random graph with n = 1e6 and 7e6 entries: 416 MB; `coloring_bytes` foresees 496."""


def coloring_bytes(n: int, entries: int) -> int:
    """Memory that `color_symmetric` takes on its way, for `entries` in the whole pattern: int64 keys, sorted, and
    lists."""
    return LIST_BYTES * n + 48 * entries


def compressed_bytes(n: int, colors: int, entries: int, itemsize: int = 8) -> int:
    """Memory that a compressed Hessian takes, but for what the user's function remembers of its point.

    `entries`: of the lower triangle. Its readings stay, entries and products (with seeds and one intermediate result)
    come and go.
    """
    indices = 4 * n + (4 if colors * n < 2**31 else 8) * entries
    together = min(colors * n * itemsize, max(TOGETHER, n * itemsize))
    return indices + 2 * entries * itemsize + 3 * together


def products_instead(found: Coloring | Crowded, most: int = MOST_COLORS) -> str | None:
    """Why H should be used by its products and not be formed, in one sentence; None where forming it is worth its
    price."""
    if isinstance(found, Crowded):
        least = f"at least {found.least}" if found.least > found.most else f"more than {found.most}"
        return f"products instead of entries: the Hessian has {least} colors, a product each at every point"
    if found.count > most:
        return f"products instead of entries: the Hessian has {found.count} colors, a product each at every point"
    return None


def giving(count: int, kind: str = "") -> str:
    """The subject and the verb of what so many products give."""
    product = f"{kind} product" if kind else "product"
    return f"1 {product} gives" if count == 1 else f"{count} {product}s give"
