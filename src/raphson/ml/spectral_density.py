"""How the eigenvalues of a large symmetric matrix are spread: stochastic Lanczos quadrature, with error bars.

Each run of Lanczos from a random vector is a Gauss quadrature of the spectral measure; the mean over runs estimates
sums over eigenvalues, and its error follows from the spectrum itself, since the starts are uniform on the sphere. What
a run of m steps itself leaves out falls exponentially with m for smooth functions; the change by its last quarter is
added to the error.
Sources: Golub and Meurant (2010); Ubaru, Chen and Saad (2017), "Fast estimation of tr(f(A)) via stochastic Lanczos
quadrature"; Ghorbani, Krishnan and Xiao (2019), for Hessians of networks.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from raphson.linear.quadrature import ritz
from raphson.ml.eigenpairs import against
from raphson.ml.estimated import Estimated, from_the_sphere
from raphson.ml.stochastic import spherical
from raphson.ml.tree_operator import TreeOperator, flat_product

Array = jax.Array
Host = NDArray[np.float64]


LIGHT = 1.0
"""Eigenvalues that a node stands for at least, where it is looked at for itself: Lanczos also leaves nodes of next to
no weight."""


@dataclass(frozen=True, eq=False)
class SpectralDensity:
    """The spread of P eigenvalues: for each run nodes (runs, m) with weights that add up to 1.

    `residuals` (runs, m): an eigenvalue lies within that of each node, certainly. `early_nodes`, `early_weights` (runs,
    3 m / 4): what the same runs knew after three quarters of their steps. `eps`: of the products.
    """

    size: int
    nodes: Host
    weights: Host
    residuals: Host
    early_nodes: Host
    early_weights: Host
    products: int
    eps: float = float(np.finfo(float).eps)

    @property
    def rounding(self) -> float:
        """Nodes nearer to 0 than this are not told from 0."""
        return 10 * self.eps * float(np.max(np.abs(self.nodes[self.weights > 0])))

    @property
    def resolution(self) -> float:
        """Eigenvalues nearer to 0 than this are not told apart, nor their signs: the largest residual of nodes that it
        does not part from 0. It falls like one over the steps; a node there stands for many eigenvalues."""
        crossing = (np.abs(self.nodes) <= self.residuals) & (self.weights * self.size > LIGHT)
        return max(float(np.max(self.residuals[crossing], initial=0.0)), self.rounding)

    def sum_of(self, f: Callable[[Host], Host]) -> Estimated:
        """The sum of f over the eigenvalues, tr f(A), with its standard error; f takes and gives arrays.

        The error holds the variance of random starts, and the change of the mean in the last quarter of the steps.
        """
        values = f(lit(self.nodes, self.weights))
        found = from_the_sphere(self.size, values, self.weights, self.products)
        return replace(found, error=float(np.hypot(found.error, self.unfinished(f))))

    def unfinished(self, f: Callable[[Host], Host]) -> float:
        """What the last quarter of the steps changed of a sum."""
        late = weighted_sums(self.size, self.nodes, self.weights, f)
        return float(abs(np.mean(late - weighted_sums(self.size, self.early_nodes, self.early_weights, f))))

    def below(self, level: float) -> Estimated:
        """The number of eigenvalues below a level. A node next to the level, and no farther from it than its residual,
        may stand for eigenvalues on the other side: by Chebyshev, Markov and Stieltjes at most for as many as its
        weight. Half of these weights is added to the error."""
        return self.counted(level, self.sum_of(lambda a: (a < level).astype(float)))

    def near_zero(self, level: float) -> Estimated:
        """The number of eigenvalues of size at most `level`; errors as in `below`, of both ends."""
        found = self.sum_of(lambda a: (np.abs(a) <= level).astype(float))
        return self.counted(level, self.counted(-level, found))

    def counted(self, level: float, found: Estimated) -> Estimated:
        """The estimate with the weight of nodes that straddle a level added to its error."""
        gap = np.where(self.weights > 0, self.nodes - level, np.inf)
        doubtful = 0.0
        for side in (gap, -gap):
            side = np.where((side >= 0) & np.isfinite(side), side, np.inf)
            nearest = np.argmin(side, axis=1)[:, None]
            near = np.take_along_axis(side <= self.residuals, nearest, 1)
            doubtful += self.size * float(np.mean(near * np.take_along_axis(self.weights, nearest, 1)))
        return replace(found, error=float(np.hypot(found.error, doubtful / 2)))

    def logdet(self, shift: float = 0.0) -> Estimated:
        """log det(A + shift I). Raises ValueError where an eigenvalue of it is not positive, beyond rounding."""
        least = float(np.min(self.nodes[self.weights > 0])) + shift
        check_positive(least, self.rounding, shift)
        return self.sum_of(log_above(shift))

    def smoothed(self, levels: Host, width: float) -> Estimated:
        """The density of eigenvalues at levels (k,), a share per unit, each eigenvalue a normal curve of this width."""
        z = (np.asarray(levels)[:, None, None] - self.nodes) / width
        curves = np.exp(-z * z / 2) / (width * np.sqrt(2 * np.pi) * self.size)
        return from_the_sphere(self.size, curves, self.weights, self.products)


def weighted_sums(size: int, nodes: Host, weights: Host, f: Callable[[Host], Host]) -> Host:
    """The sum of f over the eigenvalues from each run (runs,)."""
    return size * np.sum(weights * f(lit(nodes, weights)), axis=1)


def lit(nodes: Host, weights: Host) -> Host:
    """The nodes, those without weight in the place of one that has some: a logarithm is not asked for at 0."""
    return np.where(weights > 0, nodes, np.max(nodes[weights > 0]))


def log_above(shift: float) -> Callable[[Host], Host]:
    """log(a + shift); 0 where that is not positive, as in a run's early nodes and in those without weight."""
    return lambda a: np.log(np.where(a + shift > 0, a + shift, 1))


def check_positive(least: float, rounding: float, shift: float) -> None:
    """Raises ValueError where the least eigenvalue of A + shift I shows that it is not positive definite."""
    if least < -rounding:
        raise ValueError(
            f"the matrix has an eigenvalue of about {least - shift:.3g}, {least:.3g} with the shift {shift:.3g}: the "
            "logarithm of a determinant needs a positive definite one. Take a larger shift, or the Gauss-Newton matrix"
        )
    if least <= rounding:
        raise ValueError(
            f"the least eigenvalue, {least:.3g} with the shift {shift:.3g}, is not told from 0 by products that round "
            f"by {rounding:.1g}: there is no logarithm, and the matrix need not be positive definite. Take a larger "
            "shift, or double precision"
        )


def merged(first: SpectralDensity, second: SpectralDensity) -> SpectralDensity:
    """The runs of both, of as many steps each."""
    both = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("nodes", "weights", "residuals", "early_nodes", "early_weights")
    }
    return replace(first, products=first.products + second.products, **both)


@partial(jax.jit, static_argnames=("multiply", "tree", "steps"))
def tridiagonals(multiply: Any, tree: Any, state: Any, starts: Array, steps: int) -> tuple[Array, Array]:
    """Diagonals and off-diagonals of Lanczos (runs, steps) from each start (runs, P), one run after another; each
    vector is made orthogonal to all before. The last off-diagonal is what was left. After a run's end entries are 0."""
    tiny = 10 * jnp.finfo(starts.dtype).eps * np.sqrt(starts.shape[1])

    def run(start: Array) -> tuple[Array, Array]:
        basis = jnp.zeros((steps, start.size), start.dtype).at[0].set(start / jnp.linalg.norm(start))

        def one(j: Array, carry: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
            basis, alpha, beta, size = carry
            w, h = against(basis, flat_product(multiply, tree, state, basis[j]))
            left = jnp.linalg.norm(w)
            size = jnp.maximum(size, jnp.maximum(jnp.abs(h[j]), left))
            over = left <= tiny * size
            w = jnp.where(over, jnp.zeros_like(w), w / jnp.where(over, 1, left))
            basis = basis.at[j + 1].set(w, mode="drop")
            return basis, alpha.at[j].set(h[j]), beta.at[j].set(jnp.where(over, 0, left)), size

        zero = jnp.zeros(steps, start.dtype)
        _, alpha, beta, _ = lax.fori_loop(0, steps, one, (basis, zero, zero, jnp.zeros((), start.dtype)))
        return alpha, beta

    return lax.map(run, starts)


def spectral_density(operator: TreeOperator, runs: int = 10, steps: int = 80, seed: int = 0) -> SpectralDensity:
    """The spread of the eigenvalues from runs x steps products, and memory for `steps` vectors of P numbers.

    Raises ValueError for fewer than 2 runs or steps, and where a product is not finite.
    """
    for name, number in (("runs", runs), ("steps", steps)):
        if isinstance(number, bool) or number != int(number) or number < 2:
            raise ValueError(f"{name} is {number!r}: it is a whole number, at least 2")
    steps = min(steps, operator.size)
    starts = spherical(jax.random.key(seed), operator.size, runs, operator.dtype).T
    alpha, beta = tridiagonals(operator.multiply, operator.parameters, operator.state, starts, steps)
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        raise ValueError(f"a product with the {operator!r} is not finite: it has no spectrum")
    early = max(3 * steps // 4, 1)
    late, before = quadrature_rules(a, b), quadrature_rules(a[:, :early], b[:, :early])
    return SpectralDensity(operator.size, *late, *before[:2], runs * steps, float(jnp.finfo(operator.dtype).eps))


def quadrature_rules(a: Host, b: Host) -> tuple[Host, Host, Host]:
    """Nodes (runs, m), weights and residuals of tridiagonal matrices, b (runs, m) with what is left last."""
    found = [(*ritz(x, y[:-1]), y[-1]) for x, y in zip(a, b, strict=True)]
    nodes, first, last = (np.stack([one[i] for one in found]) for i in range(3))
    return nodes, first**2, np.abs(last * np.array([one[3] for one in found])[:, None])
