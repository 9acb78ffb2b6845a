"""A curvature K as Laplace's approximation uses it: f(K) v for functions of its eigenvalues, and sums over these.

Three of them know eigenvalues (`KroneckerEigen` of Kronecker factors is a fourth): all (dense), or the outermost, the
others taken to be 0 (low rank). By products alone there are solves by conjugate gradients, sums with error bars, and
draws: a vector whose covariance is the matrix, solved with it, has the inverse as covariance (Papandreou and Yuille
2010, "Gaussian sampling by local perturbations").
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.ml.parameter_tree import ParameterTree
from raphson.ml.risk_products import RiskState
from raphson.ml.row_space import Halves
from raphson.ml.spectral_density import SpectralDensity
from raphson.ml.tree_operator import TreeOperator, flat_product

Array = jax.Array


@dataclass(frozen=True, eq=False)
class KnownSpectrum:
    """Eigenvalues (k,) and eigenvectors (k, P) in rows; orthogonal to these K is 0."""

    values: Array
    vectors: Array

    def spectral(self, v: Array, f: Callable[[Array], Array]) -> Array:
        """f(K) v of a vector (P,)."""
        inside = self.vectors @ v
        rest = f(jnp.zeros_like(self.values[:1]))[0]
        return rest * (v - inside @ self.vectors) + (f(self.values) * inside) @ self.vectors

    def eigenvalues(self) -> Array:
        """All of them (P,)."""
        left = self.vectors.shape[1] - self.values.size
        return jnp.concatenate([self.values, jnp.zeros(left, self.values.dtype)])


def dense_spectrum(K: TreeOperator) -> KnownSpectrum:
    """All eigenpairs, by P products and one decomposition."""
    H = K.dense()
    values, vectors = jnp.linalg.eigh((H + H.T) / 2)
    return KnownSpectrum(values, vectors.T)


CG_ACCURACY = 0.7
"""Conjugate gradients end at residuals of eps^0.7 of the right-hand side (1e-11 and 1e-5)."""


@dataclass(frozen=True, eq=False)
class ProductSpectrum:
    """K by its products; `density`: its spectrum by stochastic Lanczos quadrature. `half`: B, K = B'B, and its state
    (None: not known, and nothing is drawn)."""

    operator: TreeOperator
    density: Callable[[], SpectralDensity]
    half: tuple[Halves, RiskState] | None = None

    def solve(self, v: Array, scale: float, shift: float) -> Array:
        """(scale K + shift I)^-1 v of a vector (P,) or of rows (k, P). RuntimeError where conjugate gradients stall."""
        K = self.operator
        rows = jnp.atleast_2d(jnp.asarray(v, K.dtype))
        found, left = shifted_solves(K.multiply, K.parameters, K.state, rows, scale, shift)
        worst = float(jnp.max(left, initial=0))
        if not worst <= 1e3 * float(jnp.finfo(K.dtype).eps) ** CG_ACCURACY:
            raise RuntimeError(
                f"conjugate gradients ended with a residual of {worst:.1g} of the right-hand side: raise "
                'prior_precision, or take structure="low-rank"'
            )
        return found if np.ndim(v) == 2 else found[0]

    def draws(self, key: Any, count: int, scale: float, shift: float) -> Array:
        """Vectors (count, P) with mean 0 and covariance (scale K + shift I)^-1. Raises TypeError without `half`."""
        if self.half is None:
            raise TypeError(
                "products with a Hessian draw no samples, since its root is not known: take "
                'curvature="gauss-newton", or structure="dense" or "low-rank"'
            )
        rows = perturbations(self.half[0], self.operator.parameters, self.half[1], key, scale, shift, count)
        return self.solve(rows, scale, shift)


@partial(jax.jit, static_argnames=("multiply", "tree"))
def shifted_solves(multiply: Any, tree: Any, state: Any, rows: Array, scale: Any, shift: Any) -> tuple[Array, Array]:
    """Solutions (k, P) of the rows, one after another, and their residuals relative to these."""
    tol = float(jnp.finfo(rows.dtype).eps) ** CG_ACCURACY
    scale, shift = jnp.asarray(scale, rows.dtype), jnp.asarray(shift, rows.dtype)
    mv = lambda v: scale * flat_product(multiply, tree, state, v) + shift * v

    def one(v: Array) -> tuple[Array, Array]:
        x, _ = jax.scipy.sparse.linalg.cg(mv, v, tol=tol, maxiter=10 * tree.size)
        size = jnp.linalg.norm(v)
        return x, jnp.linalg.norm(v - mv(x)) / jnp.where(size > 0, size, 1)

    return lax.map(one, rows)


@partial(jax.jit, static_argnames=("halves", "tree", "count"))
def perturbations(
    halves: Halves, tree: ParameterTree, state: RiskState, key: Any, scale: Any, shift: Any, count: int
) -> Array:
    """sqrt(scale) B'z + sqrt(shift) w for normal z and w (count, P): the covariance is scale B'B + shift I."""
    rows = jax.eval_shape(halves.times, state, state.params).shape

    def one(key: Array) -> Array:
        outputs, prior = jax.random.split(key)
        seen = tree.flat(halves.transposed(state, jax.random.normal(outputs, rows, tree.dtype)))
        return jnp.sqrt(scale) * seen + jnp.sqrt(shift) * jax.random.normal(prior, (tree.size,), tree.dtype)

    return lax.map(one, jax.random.split(key, count)).astype(tree.dtype)
