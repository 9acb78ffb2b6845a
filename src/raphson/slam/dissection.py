"""Whether the variables of a graph are better eliminated by nested dissection than by minimum degree.

Both orders are of whole variables: what belongs to one is eliminated together, and its pattern is a block. Minimum
degree is good for graphs that are nearly chains; where loops make a surface, as on a torus, separators fill less.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from raphson.linear.cholmod_library import analyzed, dissected

Integers = NDArray[Any]

WORTH = 2e8
"""Multiplications of a factor from which nested dissection is tried. It takes 12 ms for sphere2500 (4e8, a factor
13 ms) and slambook2_sphere (1.1e9, 31), 35 for torus3D (1.3e9, 38), and 150 for city10000 (8e7, 9), which would win it
back in 150 factors."""

GAIN = 0.95
"""And the part of these multiplications that its order may take, to be taken."""


def dissected_order(columns: list[Integers], widths: Integers) -> Integers | None:
    """The order of elimination of the unknowns (n,) by nested dissection, where it pays; else None.

    `columns`, for each kind of factors (m, w), their unknowns, -1 for what is held; `widths`: how many unknowns each
    variable has, one after the other.
    """
    first = np.concatenate([[0], np.cumsum(widths)])
    if first[-1] ** 3.0 / 3 < WORTH:  # not even a full factor takes so many
        return None
    pointers, rows = variable_pattern(columns, np.repeat(np.arange(widths.size), widths))
    own = analyzed(pointers, rows)
    if own is None or work(*own, widths) < WORTH:
        return None
    parts = dissected(pointers, rows)
    best = None if parts is None else analyzed(pointers, rows, parts)
    if best is None or work(*best, widths) > GAIN * work(*own, widths):
        return None
    count = widths[best[0]]
    within = np.arange(first[-1]) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first[best[0]], count) + within


def work(order: Integers, counts: Integers, widths: Integers) -> float:
    """About how many multiplications a factor takes, from the blocks of each column of L."""
    return float(np.mean(widths) ** 2 * np.sum(counts.astype(float) ** 2 * widths[order]))


def variable_pattern(columns: list[Integers], of: Integers) -> tuple[Integers, Integers]:
    """Which variables share a factor, as a lower triangle by columns: pointers and rows. `of` (n,): the variable of
    each unknown."""
    count = int(of[-1]) + 1
    keys = [np.arange(count) * (count + 1)]
    for c in columns:
        named = np.append(of, -1)[c]
        heads = [named[:, 0], *(named[:, k] for k in range(1, c.shape[1]) if np.any(named[:, k] != named[:, k - 1]))]
        for k, a in enumerate(heads):
            for b in heads[k + 1 :]:
                both = (a >= 0) & (b >= 0)
                keys.append(np.minimum(a, b)[both] * count + np.maximum(a, b)[both])
    left, below = np.divmod(np.unique(np.concatenate(keys)), count)
    return np.searchsorted(left, np.arange(count + 1)), below
