"""Minima at kinks in more than one variable: whether gradients around x balance each other."""

from collections.abc import Callable

import numpy as np

MANY = 20
"""Up to so many variables gradients are sampled: two for each, and some."""

BALANCED = 1e-4
"""The shortest convex combination of gradients, relative to the longest of them, that counts as none."""


def around(x: np.ndarray, size: np.ndarray, free: np.ndarray, radius: float) -> np.ndarray:
    """Displacements (m, n) of up to `radius` times the sizes of the free variables, m = 2 n + 8, each with its
    negative: the same at every call."""
    n = x.size
    rng = np.random.default_rng(0)
    half = rng.uniform(-1, 1, (n + 4, n)) * size * radius * free
    return np.concatenate([half, -half])


def imbalance(gradients: np.ndarray, size: np.ndarray) -> float:
    """Length of the shortest convex combination of gradients (m, n), in units of size, relative to the longest: near 0
    at a point where a function with kinks is stationary (Clarke), 1 where it is smooth and slopes.

    Source: Burke, Lewis and Overton (2005), "A robust gradient sampling algorithm for nonsmooth, nonconvex
    optimization", SIAM J. Optim. 15, section 2; the quadratic program as nonnegative least squares.
    """
    G = gradients * size
    longest = float(np.max(np.linalg.norm(G, axis=1), initial=0.0))
    if not (np.all(np.isfinite(G)) and longest > 0):
        return 1.0
    G = G / longest
    from scipy.optimize import nnls  # half a second to import, and rarely needed

    try:
        weights, _ = nnls(np.vstack([G.T, np.ones(len(G))]), np.append(np.zeros(G.shape[1]), 1.0))
    except RuntimeError:
        return 1.0
    return float(np.linalg.norm(weights @ G) / weights.sum()) if weights.sum() > 0 else 1.0


def sampled(
    gradient: Callable[[np.ndarray], np.ndarray], x: np.ndarray, size: np.ndarray, free: np.ndarray, radius: float
) -> float:
    """The imbalance of gradients in the free variables around x; `gradient(s)` at the displacement s."""
    if x.size > MANY:
        return 1.0
    rows = np.array([gradient(s) for s in around(x, size, free, radius)])
    return imbalance(rows[:, free], size[free])
