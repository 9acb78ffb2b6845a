"""Eigendecompositions of models, and steps written in the eigenframe."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import jax
import jax.numpy as jnp

from raphson.kernel.number import CURVATURE_NOISE, eps, norm, tiny
from raphson.kernel.record import record

Array = jax.Array


@record
class Spectrum:
    """H = V diag(w) V' in scaled variables y = d s, with a = V'g: everything a regularized step needs."""

    w: Array
    V: Array
    a: Array
    d: Array

    @property
    def lowest(self) -> Array:
        """The smallest eigenvalue."""
        return self.w[0]

    @property
    def slope(self) -> Array:
        """The length of the scaled gradient."""
        return norm(self.a)

    def lift(self, y: Array) -> Array:
        """The step s (in the user's units) with the coefficients y in the eigenframe."""
        return (self.V @ y) / self.d

    def solve(self, shift: Array) -> Array:
        """-(w + shift)^-1 a, with exact zeros where a is zero (so that 0/0 does not appear)."""
        denominator = self.w + shift
        return jnp.where(self.a == 0, 0, -self.a / jnp.where(denominator == 0, tiny(self.w), denominator))


def all_eigenpairs(H: Array) -> tuple[Array, Array]:
    """Eigenvalues (n,) ascending and eigenvectors (n, n) in columns; reads the lower half."""
    return jnp.linalg.eigh(H, symmetrize_input=False)


def scaled_spectrum(H: Array, g: Array, d: Array, error: Array | None = None) -> Spectrum:
    """Eigendecomposition of D^-1 H D^-1 together with V' D^-1 g, which is zero where it is rounding (`in_doubt`)."""
    w, V = all_eigenpairs(H / (d[:, None] * d[None, :]))
    a = V.T @ (g / d)
    return Spectrum(w, V, a if error is None else jnp.where(in_doubt(w, V, a, error / d), 0, a), d)


def in_doubt(w: Array, V: Array, a: Array, error: Array) -> Array:
    """Which eigenvectors have neither curvature nor slope beyond rounding: `error` (n,) is that of the gradient.

    A step along them would be rounding over rounding: about as long as x, since the error of the slope is |H| |x| eps.
    Step after step x would grow by a factor, for ever (a quadratic of redundant variables ran to f = -1e41).
    """
    return (jnp.abs(w) <= noise_of(w)) & (jnp.abs(a) <= jnp.abs(V).T @ error)


def shortest_step(H: Array, g: Array, error: Array) -> Array:
    """-H^-1 g without the directions `in_doubt`: of all steps to the minimum of the quadratic the shortest.

    Other eigenvalues below the noise of H count as that noise.
    """
    w, V = all_eigenpairs(H)
    a, noise = V.T @ g, noise_of(w)
    size = jnp.maximum(jnp.abs(w), noise)
    return -V @ jnp.where(in_doubt(w, V, a, error), 0, a / jnp.where(size > 0, size, 1))


def noise_of(w: Array) -> Array:
    """Eigenvalues up to this size cannot be told from zero."""
    return CURVATURE_NOISE * w.shape[0] * eps(w) * jnp.max(jnp.abs(w))


def absolute_step(H: Array, g: Array) -> Array:
    """-|H|^-1 g: eigenvalues by their absolute values, zeros as if they were the largest.

    The last makes a slope without curvature count like the stiffest direction: followed, but not
    blown up where it is only noise. A descent direction for every symmetric H, and the Newton
    step where H is positive definite.
    Source: Nocedal and Wright (2006), section 3.4, "Eigenvalue modification".
    """
    w, V = all_eigenpairs(H)
    size = jnp.abs(w)
    top = jnp.max(size)
    size = jnp.where(size <= noise_of(w), jnp.where(top > 0, top, 1), size)
    return -V @ ((V.T @ g) / size)


def lowest_pair(H: Array) -> tuple[Array, Array]:
    """The smallest eigenvalue and its eigenvector, in a sign that does not depend on the library."""
    w, V = all_eigenpairs(H)
    v = V[:, 0]
    return w[0], v * jnp.where(v[jnp.argmax(jnp.abs(v))] < 0, -1, 1)
