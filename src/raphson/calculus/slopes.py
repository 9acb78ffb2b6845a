"""The Hessian of a host function of many variables at the end of a run: two calls of the given gradient a variable."""

import numpy as np

from raphson.calculus.around import limits_of
from raphson.calculus.difference import Final, given_gradient
from raphson.kernel.number import eps
from raphson.problems.callback import Callback

NEAR_ZERO = 1e-3
"""Steps are in units of |x_i|, at least this part of the largest: smaller ones are rounding in a variable near 0."""


def slope_differences(problem: Callback, x: np.ndarray) -> Final:
    """Gradient and Hessian by central differences of the gradient, steps of eps^(1/3) |x_i| within the bounds.

    Every entry off the diagonal is had twice, by steps of i and of j; the mean counts, and by how much they differ is
    its error; that of a diagonal entry the largest in its column. No length of the function is measured, which takes
    ten calls a variable and more (calculus/lengths.py): where its course changes within such a step, the two differ.
    """
    low, high, _ = limits_of(problem.space, x)
    size = np.maximum(np.abs(x), NEAR_ZERO * (np.max(np.abs(x), initial=0.0) or 1.0))
    ahead, behind = (np.clip(x + side * eps(x) ** (1 / 3) * size, low, high) for side in (1, -1))
    M = np.zeros((x.size, x.size))
    for j in np.flatnonzero(ahead > behind):
        at = np.array(x)
        at[j] = ahead[j]
        M[:, j] = given_gradient(problem, at)
        at[j] = behind[j]
        M[:, j] = (M[:, j] - given_gradient(problem, at)) / (ahead[j] - behind[j])
    apart = np.abs(M - M.T)
    np.fill_diagonal(apart, np.max(apart, axis=0, initial=0.0))
    H = (M + M.T) / 2
    return Final(given_gradient(problem, x), H, apart + eps(x) * np.abs(H))
