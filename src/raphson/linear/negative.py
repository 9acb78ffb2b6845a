"""A direction of negative curvature of a sparse matrix, in compiled loops."""

# pyright: reportUnknownMemberType=false

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.number import all_finite, eps
from raphson.kernel.record import record
from raphson.linear.cg import lowest_ritz
from raphson.linear.sparse import inverse_iterate, positive
from raphson.linear.structure import (
    SparseStructure,
    diagonal_entries,
    quadratic_form,
    shifted_values,
    sparse_product,
)

Array = jax.Array

LANCZOS_LOOKS = 12
"""Products spent on a first guess, held as a basis of 12 n numbers."""

NEGATIVE_LIMIT = 16
"""Factorizations spent at most."""

GROWTH = 4.0
"""What a shift that failed is multiplied by, where a Ritz value has told the size of the lowest eigenvalue."""

BLIND_GROWTH = 64.0
"""And where none was negative: twelve decades in seven factorizations."""


@record
class NegativeCurvature:
    """Whether H has an eigenvalue below its noise (`found`), a unit vector z (n,) with `curvature` = z'Hz < 0 of at
    least half the lowest eigenvalue, `bound` <= that eigenvalue (to rounding), and the factorizations it took."""

    found: Array
    z: Array
    curvature: Array
    bound: Array
    factorizations: Array


@record
class NegativeSearch:
    """`mu` is tried next; shifts up to `low` failed, `high` succeeded (inf: none yet)."""

    mu: Array
    low: Array
    high: Array
    z: Array
    curvature: Array
    count: Array
    done: Array


def sparse_noise_shift(structure: SparseStructure, values: Array) -> Array:
    """4 n eps max|H_ii|, as `noise_shift` of a dense matrix: eigenvalues of this size cannot be told from zero."""
    top = jnp.max(jnp.abs(diagonal_entries(structure, values)))
    return jnp.where(top > 0, 4 * structure.size * eps(values) * top, 1)


def sparse_start(n: int, dtype: Any) -> Array:
    """A vector that no eigenvector of a usual matrix is orthogonal to."""
    return 1 + 0.5 * jnp.sin(1.0 + jnp.arange(n, dtype=dtype))


def negative_direction(structure: SparseStructure, values: Array, backend: str | None = None) -> NegativeCurvature:
    """A direction of negative curvature of H, for compiled loops: Lanczos, then inverse iteration at shifts mu that
    just make H + mu I positive definite, found by bisection. At most `NEGATIVE_LIMIT` factorizations, mostly one."""
    noise = sparse_noise_shift(structure, values)
    diagonal = diagonal_entries(structure, values)

    def product(v: Array) -> Array:
        return sparse_product(structure, values, v)

    ritz, v, _ = lowest_ritz(product, sparse_start(structure.size, values.dtype), min(structure.size, LANCZOS_LOOKS))
    least = jnp.argmin(diagonal)
    unit = jnp.zeros_like(v).at[least].set(1)
    better = diagonal[least] < ritz  # an entry of the diagonal is a Ritz value, too
    z, curvature = jnp.where(better, unit, v), jnp.minimum(ritz, diagonal[least])

    def body(c: NegativeSearch) -> NegativeSearch:
        shifted = shifted_values(structure, values, c.mu)
        ok = positive(structure, shifted, backend)
        w = inverse_iterate(structure, shifted, c.z, ok, backend)
        bent = quadratic_form(structure, values, w)
        lower = ok & (bent < c.curvature)
        z, curvature = jnp.where(lower, w, c.z), jnp.where(lower, bent, c.curvature)
        low, high = jnp.where(ok, c.low, c.mu), jnp.where(ok, c.mu, c.high)
        done = (c.count + 1 >= NEGATIVE_LIMIT) | ok & ((high <= noise) | (curvature <= -0.5 * high))
        between = jnp.sqrt(jnp.maximum(jnp.maximum(low, -curvature), noise) * high)
        grown = c.mu * jnp.where(curvature < -noise, GROWTH, BLIND_GROWTH)
        mu = jnp.where(jnp.isinf(high), grown, between)
        return NegativeSearch(mu, low, high, z, curvature, c.count + 1, done)

    zero = jnp.zeros((), values.dtype)
    first, none = jnp.maximum(-2 * curvature, noise), jnp.zeros((), jnp.int32)
    start = NegativeSearch(first, zero, zero + jnp.inf, z, curvature, none, ~all_finite(values))
    end = lax.while_loop(lambda c: ~c.done, body, start)
    return NegativeCurvature(end.curvature < -noise, end.z, end.curvature, -end.high, end.count)
