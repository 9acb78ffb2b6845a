"""What conjugate gradients leave behind for those of the next point: a preconditioner that costs no product."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import CURVATURE_NOISE, eps, norm, safe
from raphson.kernel.record import record

Array = jax.Array

KEPT = 8
"""Pairs kept of a walk, an even number, so that every second one can go. 20 save 3 to 8 % more products, but where f is
a few operations a variable, a run takes 1.7 times as long, not 1.2 times (docs/design-notes.md)."""

SHARE = 2**23
"""Bytes for them, a quarter of what a path may take: 65536 variables in double precision. Of more, none are kept."""


@record
class ConjugatePairs:
    """Directions d of conjugate gradients, of length 1 in scaled variables, and B d: rows of `S` and `Y` (m, n).

    Row k holds direction number `index[k]` of its walk (-1: none), the walk being sampled evenly, one in `stride`.
    `definite`: no direction had a negative curvature.
    """

    S: Array
    Y: Array
    index: Array
    stride: Array
    definite: Array

    @staticmethod
    def none(rows: int, g: Array) -> "ConjugatePairs":
        """Before the first direction."""
        empty = jnp.zeros((rows, g.size), g.dtype)
        return ConjugatePairs(
            empty, empty, jnp.full((rows,), -1, jnp.int32), jnp.ones((), jnp.int32), jnp.ones((), bool)
        )

    def begun(self) -> "ConjugatePairs":
        """As many rows for the next walk."""
        return ConjugatePairs.none(self.index.size, self.S[0])

    def scaled(self, d: Array) -> "ConjugatePairs":
        """The pairs in variables D x."""
        return replace(self, S=self.S * d, Y=self.Y / d)

    def joined(self, count: Array, d: Array, Bd: Array, negative: Array) -> "ConjugatePairs":
        """With direction number `count` of the walk, where it falls on the stride; when all rows are taken the stride
        doubles, and new pairs take the places of those that no longer fall on it."""

        def astray(stride: Array) -> Array:
            return (self.index < 0) | (self.index % stride != 0)

        due = count % self.stride == 0
        stride = jnp.where(due & ~jnp.any(astray(self.stride)), 2 * self.stride, self.stride)
        due, at = count % stride == 0, jnp.argmax(astray(stride))
        size = norm(d)
        size = safe(size, size > 0)

        def put(rows: Array, new: Array) -> Array:
            old = lax.dynamic_index_in_dim(rows, at, 0, keepdims=False)
            return lax.dynamic_update_index_in_dim(rows, jnp.where(due, new, old), at, 0)

        S, Y, index = put(self.S, d / size), put(self.Y, Bd / size), put(self.index, count)
        return ConjugatePairs(S, Y, index, stride, self.definite & ~negative)

    def preconditioner(self, g: Array) -> Callable[[Array], Array]:
        """v -> P v, P an approximate inverse of B that is exact on the span of the pairs: with D = diag(s'y) > 0

            P = gamma (I - S' D^-1 Y) (I - Y' D^-1 S) + S' D^-1 S,

        gamma = s'y / y'y of the last pair: the inverse of L-BFGS, for conjugate directions. Positive definite in any
        case; the identity where negative curvature was met, and where P g would be no direction of descent.
        Sources: Morales and Nocedal (2000), "Automatic preconditioning by limited memory quasi-Newton updating";
        Gratton, Sartenaer and Tshimanga (2011), "On a class of limited memory preconditioners", section 3.
        """
        bend, length = jnp.sum(self.S * self.Y, axis=1), jnp.sum(self.Y**2, axis=1)
        # Neither an angle nor, beside the largest, a curvature that is rounding.
        whole = jnp.where(jnp.isfinite(length), length, 0)
        least = jnp.maximum(eps(bend) * whole, (CURVATURE_NOISE * eps(bend)) ** 2 * jnp.max(whole))
        bound = jnp.sqrt(jnp.sum(self.S**2, axis=1) * least)
        live = self.definite & (self.index >= 0) & (bend > bound) & jnp.isfinite(length)
        S, Y = jnp.where(live[:, None], self.S, 0), jnp.where(live[:, None], self.Y, 0)
        weight = jnp.where(live, 1 / safe(bend, live), 0)
        last = jnp.argmax(jnp.where(live, self.index, -1))
        gamma = jnp.where(live[last], bend[last] / safe(length[last], live[last]), 1)

        def inverse(weight: Array, gamma: Array, v: Array) -> Array:
            along = weight * (S @ v)
            rest = v - along @ Y
            return gamma * rest + (along - gamma * (weight * (Y @ rest))) @ S

        found = inverse(weight, gamma, g)
        fine = g @ found > eps(g) ** 0.5 * norm(g) * norm(found)
        return partial(inverse, jnp.where(fine, weight, 0), jnp.where(fine, gamma, 1))


def pairs_rows(g: Array) -> int:
    """How many pairs are kept beside a gradient of this size: none where memory is short."""
    return KEPT if 2 * KEPT * g.size * g.dtype.itemsize <= SHARE else 0


def pairs_for(g: Array) -> ConjugatePairs | None:
    """Room for them; None where it is short."""
    rows = pairs_rows(g)
    return ConjugatePairs.none(rows, g) if rows else None
