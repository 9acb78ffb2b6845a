"""The noise of f, from values a few units in the last place apart and from changes that do not show."""

import numpy as np

NOISE_POINTS = 7
"""Values, some units in the last place apart, from which the noise of f is measured in one direction."""


APART = 16.0
"""Their distance, in units in the last place of x."""


SMOOTH = 1e-3
"""Up to this part of x the quadratic is taken to hold roughly."""


def noise_lines(size: np.ndarray, precision: float) -> tuple[np.ndarray, np.ndarray]:
    """Two directions that change every variable, and the lengths, in units in the last place, for the noise of f."""
    shape = 1.0 + np.arange(size.size)
    rows = np.stack([np.sin(shape), np.cos(1.7 * shape)])
    return rows * size, APART * precision * np.arange(1.0, NOISE_POINTS)


def table_noise(values: np.ndarray) -> float:
    """The noise of values (7,) or vectors (7, m) at equal distances, in norm: the spread of their differences of third
    to fifth order.

    Source: More and Wild (2011), "Estimating Computational Noise", SIAM J. Sci. Comput. 33, section 3 (ECnoise).
    """
    size = np.max(np.abs(values))
    if not (np.all(np.isfinite(values)) and size > 0):
        return 0.0
    values = values.reshape(len(values), -1) / size
    spreads, differences = [], values
    for order in range(1, len(values) - 1):
        differences = np.diff(differences, axis=0)
        gamma = 1.0
        for j in range(1, order + 1):  # (order!)^2 / (2 order)!
            gamma *= j / (order + j)
        spreads.append(float(np.sqrt(gamma * np.mean(np.sum(differences**2, axis=1)))))
    return float(size) * min(spreads[2:5])


def unseen_rise(f: float, values: np.ndarray, lengths: np.ndarray, model: tuple[float, float]) -> float:
    """The largest change that slope and curvature promise near x where f does not change by a bit: noise that
    rounding to a grid makes (a large constant added and taken away), which no spread of neighbors shows.

    `model`: g'v and v'Hv.
    """
    near = np.abs(lengths) <= SMOOTH
    promised = np.abs(model[0] * lengths[near] + 0.5 * model[1] * lengths[near] ** 2)
    return float(np.max(promised[values[near] == f], initial=0.0))
