"""The entries of a sparse derivative from as many products as there are colors: where each is read, and the reading.

Seed c is the sum of the unit vectors of color c; the product with it holds the entries of all columns of that color.
Which entry stands where depends on the pattern alone, so it is worked out once, and afterwards all entries are one
gather.
Source: Curtis, Powell and Reid (1974); Coleman and More (1984), "Estimation of sparse Hessian matrices and graph
coloring problems": direct methods, which neither divide nor subtract, so entries have the digits of the products.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.record import record, static
from raphson.sparsity.coloring import Coloring, entry_rows

Array = jax.Array

TOGETHER = 64 * 2**20
"""Bytes of products that are computed together: eight with n = 1e6. Of 31 products with n = 1e5, all together take
0.66 of the time that one after another takes, 16 together 0.67, eight 0.79: beyond, only memory grows."""

BLOCK_COUNTS = 2**24
"""Counts that are held together while readings are looked for: 128 MB."""


@record
class Recovery:
    """Where the entries of a derivative are read. Leaves, so that programs take them as arguments and not as constants.

    color (n,): the seed of each variable (each residual where rows share products). pick (nnz,): the reading of each
    entry, color * length + position in that product, whose length is `length`. count: the number of products.
    forward: whether products are J v (of a Hessian H v), else J'w.
    """

    color: Array
    pick: Array
    count: int = static()
    length: int = static()
    forward: bool = static(default=True)


def lower_triangle(start: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(start, row) of the lower triangle with the diagonal in compressed columns, rows ascending, from a symmetric
    pattern in compressed rows: the form that CHOLMOD takes."""
    start, column = np.asarray(start), np.asarray(column)
    low = column >= entry_rows(start)
    return np.concatenate([[0], np.cumsum(low)])[start].astype(start.dtype), column[low]


def hessian_recovery(start: np.ndarray, column: np.ndarray, coloring: Coloring) -> Recovery:
    """The reading of every entry of `lower_triangle`.

    ValueError where the pattern is not symmetric, or the coloring leaves an entry without a reading.
    """
    start, column = np.asarray(start), np.asarray(column)
    n, row, color = start.size - 1, entry_rows(start), coloring.color
    alone = alone_in_row(start, column, coloring)
    back = alone[mirrored(start, column)]
    low = column >= row
    i, j, here, there = column[low], row[low], alone[low], back[low]
    if not np.all(here | there):
        at = int(np.argmin(here | there))
        raise ValueError(f"this coloring has no reading for the entry ({i[at]}, {j[at]})")
    # Row j runs with the columns: the products are read from front to back.
    pick = np.where(here, color[i].astype(np.int64) * n + j, color[j].astype(np.int64) * n + i)
    return on_device(coloring, pick, n)


def jacobian_recovery(
    start: np.ndarray, column: np.ndarray, n: int, coloring: Coloring, forward: bool = True
) -> Recovery:
    """The reading of every entry of a pattern (m, n) in compressed rows, in their order. `forward`: a coloring of
    columns."""
    start, column = np.asarray(start), np.asarray(column)
    m, row = start.size - 1, entry_rows(start)
    length = m if forward else n
    key = coloring.color[column if forward else row].astype(np.int64) * length + (row if forward else column)
    if np.unique(key).size < key.size:
        raise ValueError("this coloring has two entries at one place of a product")
    return on_device(coloring, key, length, forward)


def on_device(coloring: Coloring, pick: np.ndarray, length: int, forward: bool = True) -> Recovery:
    """The record, its arrays on the device. (`jnp.asarray` compiles a program for every new length, 9 ms each.)"""
    small = np.int32 if coloring.count * length < 2**31 else np.int64
    color, place = jax.device_put((np.asarray(coloring.color), pick.astype(small)))
    return Recovery(color, place, coloring.count, length, forward)


def alone_in_row(start: np.ndarray, column: np.ndarray, coloring: Coloring) -> np.ndarray:
    """Whether an entry (nnz,) is the only one of its color in its row."""
    n, count = start.size - 1, max(coloring.count, 1)
    alone, height = np.empty(column.size, bool), max(1, BLOCK_COUNTS // count)
    for first in range(0, n, height):
        piece = slice(start[first], start[min(n, first + height)])
        row = entry_rows(start[first : first + height + 1] - start[first]).astype(np.int64)
        key = row * count + coloring.color[column[piece]]
        alone[piece] = np.bincount(key)[key] == 1
    return alone


def mirrored(start: np.ndarray, column: np.ndarray) -> np.ndarray:
    """For every entry (i, j) of a symmetric pattern the position of (j, i); ValueError where one is missing."""
    from scipy.sparse import csr_array

    n = start.size - 1
    turned = csr_array((np.arange(column.size), column, start), shape=(n, n)).tocsc()
    if not (np.array_equal(turned.indptr, start) and np.array_equal(turned.indices, column)):
        raise ValueError("the pattern of a Hessian must be symmetric, with ascending columns in every row")
    return turned.data


def recover(
    product: Callable[[Array], Any],
    recovery: Recovery,
    dtype: Any,
    part: Callable[[Any], Array] = lambda y: y,
    batched: bool = True,
    together: int | None = None,
) -> Array:
    """The entries (nnz,) of a derivative from its products.

    `product`: a linear function of one vector, best as `jax.linearize` and `jax.vjp` return it; `part` of what it
    gives is the product. `together`: how many are computed at a time (default: `TOGETHER` bytes of them), so that
    memory does not grow with the colors; batched=False: one after another, without vmap.
    """
    if recovery.pick.shape[0] == 0:
        return jnp.zeros(0, dtype)
    product = computed_once(product)
    one = lambda c: part(product((recovery.color == c).astype(dtype)))
    some = jax.vmap(one) if batched else lambda colors: lax.map(one, colors)
    rounds, width = rounds_of(recovery, jnp.dtype(dtype).itemsize, together)
    if rounds == 1:
        return some(jnp.arange(width)).reshape(-1).at[recovery.pick].get(mode="clip")

    def take(k: Array, entries: Array) -> Array:
        products = some(k * width + jnp.arange(width)).reshape(-1)
        place = recovery.pick - (k * (width * recovery.length)).astype(recovery.pick.dtype)
        here = (place >= 0) & (place < products.size)
        return jnp.where(here, products.at[place].get(mode="clip"), entries)

    return lax.fori_loop(0, rounds, take, jnp.zeros(recovery.pick.shape, dtype))


def rounds_of(recovery: Recovery, itemsize: int, together: int | None = None) -> tuple[int, int]:
    """In how many rounds all products are computed, and how many in each."""
    n = max(recovery.color.shape[0], recovery.length, 1)
    most = together or max(1, TOGETHER // (n * itemsize))
    rounds = max(1, -(-recovery.count // most))
    return rounds, max(1, -(-recovery.count // rounds))


def computed_once(product: Callable[[Array], Any]) -> Callable[[Array], Any]:
    """The product, what it remembers of its point computed before.

    Else XLA computes that anew inside every product where it is elementwise: 31 products of a sum of 16 sines took
    6 times as long.
    """
    leaves, tree = jax.tree.flatten(product)
    if not leaves or not all(isinstance(leaf, jax.Array | np.ndarray) for leaf in leaves):
        return product
    return tree.unflatten(lax.optimization_barrier(leaves))


def compressed_hessian(
    both: Callable[[Array], tuple[Array, Array]], zero: Array, recovery: Recovery, batched: bool = True
) -> tuple[Array, Array, Array]:
    """f, gradient (n,) and the entries (nnz,) of the Hessian's lower triangle, by one linearization of the gradient.

    `both`: s -> (f, gradient), `slope` of problems/derivatives.py.
    """
    (value, gradient), push = jax.linearize(both, zero)
    return value, gradient, recover(push, recovery, zero.dtype, lambda y: y[1], batched)


def compressed_jacobian(
    residuals: Callable[[Array], Array], zero: Array, recovery: Recovery, batched: bool = True
) -> tuple[Array, Array]:
    """Residuals (m,) and the entries (nnz,) of their Jacobian in compressed rows, in the mode of the recovery."""
    if recovery.forward:
        r, push = jax.linearize(residuals, zero)
        return r, recover(push, recovery, zero.dtype, batched=batched)
    r, pull = jax.vjp(residuals, zero)
    return r, recover(pull, recovery, r.dtype, lambda y: y[0], batched)
