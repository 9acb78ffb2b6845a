"""Cholesky factors and triangular solves of small matrices, written out, alone and over a batch.

A small factorization by LAPACK is mostly a call: alone about 3 microseconds for n = 2, with as much again for what XLA
cannot fuse across it, and ten thousand of them under `vmap` are ten thousand calls. Here the same arithmetic is written
out over columns and rows, with a batch as the last, contiguous axis; larger matrices go to LAPACK one by one.
"""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap

Array = jax.Array

UNROLLED = 12
"""Largest n written out under `vmap`: compile time grows with n^2, and LAPACK's call overhead matters less."""

ALONE = 3
"""Largest n written out for a single matrix. Measured on whole loops, dogleg n = 2: 325 to 272 us, compilation + 4 %;
trust-exact n = 4: 548 to 432 us, compilation + 25 %; n = 6: no gain. (QR so: + 50 % compilation, no gain at all.)"""


def entry(a: Array, i: int) -> Array:
    """a[i]; indexing arrays while JAX traces takes far longer."""
    return lax.index_in_dim(a, i, 0, keepdims=False)


def written_cholesky(A: Array) -> Array:
    """Lower triangular factors of A (n, n, ...), a column at a time; a failed pivot makes all after it NaN."""
    n = A.shape[0]
    columns: list[Array] = []
    for j in range(n):
        c = lax.index_in_dim(lax.slice_in_dim(A, j, n), j, 1, keepdims=False)
        for k, known in enumerate(columns):
            c = c - lax.slice_in_dim(known, j - k, n - k) * entry(known, j - k)
        columns.append(c * lax.rsqrt(entry(c, 0)))
    zero = jnp.zeros((), A.dtype)
    rest = [(0, 0, 0)] * (A.ndim - 2)
    padded = [lax.pad(c, zero, [(j, 0, 0), *rest]) for j, c in enumerate(columns)]
    return jnp.stack(padded, 1)


def written_solve(T: Array, b: Array, order: list[int], transposed: bool) -> Array:
    """Substitution in T (n, n, ...) for b (n, ...), one unknown after another in the given order."""
    found: dict[int, Array] = {}
    for i in order:
        rest = entry(b, i)
        for j, x in found.items():
            rest = rest - (entry(entry(T, j), i) if transposed else entry(entry(T, i), j)) * x
        found[i] = rest / entry(entry(T, i), i)
    return jnp.stack([found[i] for i in range(len(found))])


def solve_batch(
    size: int,
    batched: list[bool],
    T: Array,
    b: Array,
    one: Callable[[Array, Array], Array],
    backwards: bool,
    transposed: bool,
) -> tuple[Array, bool]:
    """A triangular solve for all lanes at once, or by LAPACK one by one."""
    all_T = T if batched[0] else jnp.broadcast_to(T, (size, *T.shape))
    all_b = b if batched[1] else jnp.broadcast_to(b, (size, *b.shape))
    n = all_T.shape[-1]
    if n > UNROLLED:
        return jax.vmap(one)(all_T, all_b), True
    order = list(range(n))[::-1] if backwards else list(range(n))
    x = written_solve(jnp.moveaxis(all_T, 0, -1), jnp.moveaxis(all_b, 0, -1), order, transposed)
    return jnp.moveaxis(x, -1, 0), True


@custom_vmap
def cholesky(A: Array) -> Array:
    """Lower triangular L with L L' = A; NaN where A is not positive definite. Reads the lower half."""
    return written_cholesky(A) if A.shape[0] <= ALONE else cholesky_plain(A)


@cholesky.def_vmap
def cholesky_batch(size: int, batched: list[bool], A: Array) -> tuple[Array, bool]:
    """All matrices at once."""
    if A.shape[-1] > UNROLLED:
        return jax.vmap(cholesky_plain)(A), True
    return jnp.moveaxis(written_cholesky(jnp.moveaxis(A, 0, -1)), -1, 0), True


@custom_vmap
def lower(L: Array, b: Array) -> Array:
    """Solves L x = b."""
    n = b.shape[0]
    return written_solve(L, b, list(range(n)), False) if n <= ALONE else lower_plain(L, b)


@custom_vmap
def upper(L: Array, b: Array) -> Array:
    """Solves L' x = b."""
    n = b.shape[0]
    return written_solve(L, b, list(range(n))[::-1], True) if n <= ALONE else upper_plain(L, b)


@custom_vmap
def back(R: Array, b: Array) -> Array:
    """Solves R y = b for an upper triangular R."""
    n = b.shape[0]
    return written_solve(R, b, list(range(n))[::-1], False) if n <= ALONE else back_plain(R, b)


@lower.def_vmap
def lower_batch(size: int, batched: list[bool], L: Array, b: Array) -> tuple[Array, bool]:
    """`lower` for a batch."""
    return solve_batch(size, batched, L, b, lower_plain, backwards=False, transposed=False)


@upper.def_vmap
def upper_batch(size: int, batched: list[bool], L: Array, b: Array) -> tuple[Array, bool]:
    """`upper` for a batch."""
    return solve_batch(size, batched, L, b, upper_plain, backwards=True, transposed=True)


@back.def_vmap
def back_batch(size: int, batched: list[bool], R: Array, b: Array) -> tuple[Array, bool]:
    """`back` for a batch."""
    return solve_batch(size, batched, R, b, back_plain, backwards=True, transposed=False)


def cholesky_plain(A: Array) -> Array:
    """L with L L' = A by LAPACK."""
    return lax.linalg.cholesky(A, symmetrize_input=False)


def lower_plain(L: Array, b: Array) -> Array:
    """Solves L x = b by LAPACK."""
    return lax.linalg.triangular_solve(L, b[:, None], left_side=True, lower=True)[:, 0]


def upper_plain(L: Array, b: Array) -> Array:
    """Solves L' x = b by LAPACK."""
    return lax.linalg.triangular_solve(L, b[:, None], left_side=True, lower=True, transpose_a=True)[:, 0]


def back_plain(R: Array, b: Array) -> Array:
    """Solves R y = b by LAPACK."""
    return upper_plain(R.T, b)
