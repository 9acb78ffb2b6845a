"""Random quadratics of the plane for the laws of pictures. NumPy only: nothing is compiled."""

import numpy as np

from raphson.picture.quadratic import Quadratic


def quadratic(eigenvalues: tuple[float, float], turn: float, gradient: object, at: object = (0.3, -0.7)) -> Quadratic:
    """A quadratic of chosen eigenvalues, its first axis turned by `turn` radians."""
    V = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    H = (V * np.asarray(eigenvalues)) @ V.T
    return Quadratic(1.5, np.asarray(gradient, float), (H + H.T) / 2, np.asarray(at, float))


def bowl(seed: int, decades: float = 4.0) -> Quadratic:
    """A random bowl, condition up to 10^decades."""
    random = np.random.default_rng(seed)
    w = 10.0 ** random.uniform(-decades / 2, decades / 2, 2)
    return quadratic((w[0], w[1]), random.uniform(0, 2 * np.pi), random.standard_normal(2), random.standard_normal(2))


def saddle(seed: int) -> Quadratic:
    """A random indefinite one, of any scale."""
    random = np.random.default_rng(seed)
    w = 10.0 ** random.uniform(-4, 4, 2) * (-1, 1)
    g = 10.0 ** random.uniform(-3, 3) * random.standard_normal(2)
    return quadratic((w[0], w[1]), random.uniform(0, 2 * np.pi), g, random.standard_normal(2))
