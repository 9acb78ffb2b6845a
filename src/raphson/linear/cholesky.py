"""Cholesky factors of symmetric matrices, and the decision whether a matrix is positive definite."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import jax
import jax.numpy as jnp

from raphson.kernel.number import CURVATURE_NOISE, eps, tiny
from raphson.kernel.record import record
from raphson.linear.batched import cholesky, lower, upper

Array = jax.Array


@record
class Factor:
    """L with L L' = H + mu I, mu at the noise of H, and whether that succeeded: H >= 0 to its noise.

    Where it did not, L is the identity.
    """

    H: Array
    L: Array
    definite: Array

    def solve(self, b: Array) -> Array:
        """H^-1 b by two triangular solves, and two more to take out what mu put in."""
        y = upper(self.L, lower(self.L, b))
        return y + upper(self.L, lower(self.L, b - self.H @ y))


def nearly_singular(factor: Factor) -> Array:
    """Whether a direction of H may have no curvature beyond its noise, as the smallest pivot tells.

    It is at least the smallest eigenvalue, and hardly ever more than n times it (Higham 2002, section 10.3); where it
    tells too much only an eigendecomposition is spent.
    """
    n = factor.H.shape[0]
    pivot = jnp.min(jnp.abs(jnp.diagonal(factor.L)))
    return factor.definite & (pivot * pivot <= n * CURVATURE_NOISE / 4 * noise_shift(factor.H))


def noise_shift(H: Array) -> Array:
    """mu = 4 n eps max|H_ii|: eigenvalues of this size cannot be told from zero. 1 for a matrix without diagonal."""
    top = jnp.max(jnp.abs(jnp.diagonal(H)))
    return jnp.where(top > tiny(H), 4 * H.shape[0] * eps(H) * top, 1)


def factorize(H: Array) -> Factor:
    """Factorizes H, a matrix scaled to a diagonal of about one, and decides its definiteness.

    With mu on the diagonal a singular matrix passes and an indefinite one fails.
    Source: Higham (2002), "Accuracy and Stability of Numerical Algorithms", theorem 10.7: success
    is certain for a smallest eigenvalue above about n^2 eps, failure certain below about -n eps.
    """
    eye = jnp.eye(H.shape[0], dtype=H.dtype)
    L = cholesky(H + noise_shift(H) * eye)
    # H = 0 is semidefinite, but has no Newton step: its model is a slope.
    definite = succeeded(L) & (jnp.max(jnp.abs(jnp.diagonal(H))) > tiny(H))
    return Factor(H, jnp.where(definite, L, eye), definite)


def succeeded(L: Array) -> Array:
    """Whether a factorization went through: a failed one is NaN everywhere."""
    return jnp.isfinite(L[-1, -1])
