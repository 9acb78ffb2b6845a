"""The spectrum of a large symmetric matrix from products alone: both ends, and how the eigenvalues are spread.

Lanczos runs from random vectors. The tridiagonal matrix of a run is a Gauss quadrature: its eigenvalues are nodes, the
squared first entries of its eigenvectors weights, and their means over runs estimate the share of the eigenvalues
below any level. Its outermost eigenvalues converge first, with a residual that says how near a true one is.
Source: Golub and Meurant (2010), "Matrices, Moments and Quadrature"; Lin, Saad and Yang (2016), "Approximating
spectral densities of large matrices"; Ghorbani, Krishnan and Xiao (2019), for Hessians.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Host = NDArray[np.float64]

STEPS = 80
"""Products of a run."""

RUNS = 2
"""Runs: above 1500 variables each alone knows every share to about a hundredth."""

HELD_BYTES = 2**25
"""Memory for the vectors of a run, against which each new one is made orthogonal. Where they do not fit, none is held:
eigenvalues then come several times, shares and ends stay right (Greenbaum 1989)."""

SEED = 20161103
"""The same matrix gives the same picture."""


@dataclass(frozen=True, eq=False)
class SpreadEstimate:
    """An estimate of the spectrum of an n by n matrix from `products` with it.

    `nodes` (m,) ascending with their `weights` (m,), which add up to 1: the share of the eigenvalues near each.
    `lowest`, `highest`: the outermost nodes; an eigenvalue lies within `low_error` and `high_error` of them, certainly.
    `exact`: the run came to its end, so that the nodes are eigenvalues.
    """

    n: int
    nodes: Host
    weights: Host
    lowest: float
    highest: float
    low_error: float
    high_error: float
    products: int
    exact: bool = False

    def below(self, level: float) -> float:
        """The estimated share of the eigenvalues below a level."""
        return float(self.weights[self.nodes < level].sum())

    def quantiles(self, shares: Host) -> Host:
        """The levels below which the given shares of the eigenvalues lie; between nodes along straight lines, half of
        a node's weight on either side of it."""
        middle = np.cumsum(self.weights) - self.weights / 2
        return np.interp(shares, np.concatenate([[0.0], middle, [1.0]]),
                         np.concatenate([[self.lowest], self.nodes, [self.highest]]))  # fmt: skip


def spread_estimate(product: Callable[[Host], Host], n: int, steps: int = STEPS, runs: int = RUNS) -> SpreadEstimate:
    """Estimates the spectrum of a symmetric matrix given by v (n,) -> its product (n,).

    At most steps * runs products and `HELD_BYTES` of memory beside a few vectors. Raises ValueError where a product is
    not finite.
    """
    rng, nodes, weights, products = np.random.default_rng(SEED), [], [], 0
    ends: list[tuple[float, float, float, float]] = []
    exact = False
    for _ in range(runs):
        alpha, beta, left = lanczos(product, rng.choice([-1.0, 1.0], n) + 1e-3 * rng.standard_normal(n), steps)
        products += alpha.size
        theta, first, last = ritz(alpha, beta)
        nodes.append(theta)
        weights.append(first**2)
        residual = abs(left) * np.abs(last) + 4 * np.finfo(float).eps * np.max(np.abs(theta))
        ends.append((theta[0], residual[0], theta[-1], residual[-1]))
        exact |= alpha.size >= n
    low, high = min(ends, key=lambda e: e[0]), max(ends, key=lambda e: e[2])
    all_nodes, all_weights = np.concatenate(nodes), np.concatenate(weights) / runs
    order = np.argsort(all_nodes, kind="stable")
    return SpreadEstimate(
        n, all_nodes[order], all_weights[order] / all_weights.sum(), float(low[0]), float(high[2]), float(low[1]),
        float(high[3]), products, exact,
    )  # fmt: skip


def ritz(alpha: Host, beta: Host) -> tuple[Host, Host, Host]:
    """Eigenvalues (m,) of the tridiagonal matrix, first and last entries of its eigenvectors."""
    T = np.diag(alpha) + np.diag(beta, 1) + np.diag(beta, -1)
    theta, S = np.linalg.eigh(T)
    return theta, S[0], S[-1]


def length(v: Host) -> float:
    """|v|, whatever its size."""
    top = float(np.max(np.abs(v)))
    return top * float(np.linalg.norm(v / top)) if top > 0 else 0.0


def lanczos(product: Callable[[Host], Host], start: Host, steps: int) -> tuple[Host, Host, float]:
    """The diagonal (m,) and off-diagonal (m - 1,) of the tridiagonal matrix after m <= steps products, and the length
    that is left. Ends early where nothing is left. Source: Golub and Van Loan (2013), section 10.1."""
    n = start.size
    steps = min(steps, n)
    held = np.empty((steps, n)) if n * steps * 8 <= HELD_BYTES else None
    v, before, b = start / length(start), np.zeros(n), 0.0
    alpha, beta, size = [], [], 0.0
    for k in range(steps):
        w = np.asarray(product(v), float)
        if not np.all(np.isfinite(w)):
            raise ValueError("a product with the matrix is not finite: no spectrum can be estimated")
        a = float(v @ w)
        w = w - a * v - b * before
        if held is not None:
            held[k] = v
            for _ in range(2):  # twice is enough (Kahan, in Parlett 1980)
                w = w - (held[: k + 1] @ w) @ held[: k + 1]
        alpha.append(a)
        before, b = v, length(w)
        size = max(size, abs(a), b)
        if not b > 10 * np.finfo(float).eps * size * np.sqrt(n):
            b = 0.0
            break
        beta.append(b)
        v = w / b
    return np.array(alpha), np.array(beta[: len(alpha) - 1]), b
