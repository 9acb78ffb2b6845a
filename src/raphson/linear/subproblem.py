"""The trust-region subproblem in one factorization per shift: what a search for the shift asks of H.

min g'y + 1/2 y'H y + shift/2 |y|^2  in scaled variables y = D s, H the scaled curvature
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false

from typing import Any, Protocol

import jax
import jax.numpy as jnp

from raphson.kernel.number import norm
from raphson.kernel.record import record
from raphson.linear.batched import cholesky, lower, upper
from raphson.linear.cholesky import Factor, succeeded

Array = jax.Array


@record
class Solved:
    """y = -(H + shift)^-1 g, with what the secular equation asks of it: `bend` y'(H + shift)^-1 y, `fall` -g'y, and
    `ok`, whether H + shift is positive definite (else y means nothing). `factor` is the subproblem's own."""

    y: Array
    bend: Array
    fall: Array
    ok: Array
    factor: Any


class Subproblem(Protocol):
    """H and g in scaled variables, factorized anew for every shift; prepared once at a point.

    `definite`: H has no negative eigenvalue beyond its noise, and `newton` is -H^-1 g then; `solved`: it leaves less
    than half of g, which it does not where g points along directions without curvature. `least` is at least the
    smallest eigenvalue of H, `most` at least the largest of all |eigenvalues|.
    """

    @property
    def g(self) -> Array: ...
    @property
    def definite(self) -> Array: ...
    @property
    def newton(self) -> Array: ...
    @property
    def solved(self) -> Array: ...
    @property
    def least(self) -> Array: ...
    @property
    def most(self) -> Array: ...
    def bend(self) -> Array:
        """newton' H^-1 newton, where H is definite."""
        ...

    def solve(self, shift: Array) -> Solved:
        """One factorization of H + shift."""
        ...

    def weakest(self, solved: Solved, z: Array) -> tuple[Array, Array]:
        """A unit vector near the weakest direction of the H + shift that was just solved with, from the guess z (n,),
        and the curvature z'(H + shift) z."""
        ...

    def lift(self, y: Array) -> Array:
        """The step s (n,) of y."""
        ...


@record
class DenseSubproblem:
    """A matrix H (n, n), by Cholesky factors."""

    g: Array
    scale: Array
    factor: Factor
    newton: Array
    most: Array

    @property
    def definite(self) -> Array:
        """Whether H >= 0 to its noise."""
        return self.factor.definite

    @property
    def solved(self) -> Array:
        """Shifts of a dense factor are so small that a step along such directions leaves every ball."""
        return jnp.ones((), bool)

    @property
    def least(self) -> Array:
        """The smallest diagonal entry."""
        return jnp.min(jnp.diagonal(self.factor.H))

    def bend(self) -> Array:
        """newton' H^-1 newton."""
        return inverse_bend(self.factor.L, self.newton)

    def solve(self, shift: Array) -> Solved:
        """By the factor of H + shift; by the identity where there is none."""
        eye = jnp.eye(self.g.shape[0], dtype=self.g.dtype)
        L = cholesky(self.factor.H + shift * eye)
        ok = succeeded(L)
        L = jnp.where(ok, L, eye)
        w = lower(L, self.g)
        y = -upper(L, w)
        return Solved(y, inverse_bend(L, y), w @ w, ok, L)

    def weakest(self, solved: Solved, z: Array) -> tuple[Array, Array]:
        """Two steps of inverse iteration."""
        L = solved.factor
        z = upper(L, lower(L, z))
        z = upper(L, lower(L, z / norm(z)))
        z = z / norm(z)
        Lz = L.T @ z
        return z, Lz @ Lz

    def lift(self, y: Array) -> Array:
        """D^-1 y."""
        return y / self.scale


def inverse_bend(L: Array, y: Array) -> Array:
    """y'(L L')^-1 y."""
    w = lower(L, y)
    return w @ w
