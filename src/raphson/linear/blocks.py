"""Jacobians in dense blocks: many small functions, each of a few of the unknowns, and their normal equations.

Functions of one kind lie together: a block of J for each, (m, d, w), d residuals by w unknowns. J is never assembled.
The products of each block with itself go straight to their places in the lower triangle of J'J; which they are depends
on the pattern alone, and is worked out once, on the host. The same places take blocks of second derivatives.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from collections.abc import Sequence
from functools import reduce
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.record import record, static
from raphson.linear.structure import SparseStructure, sparse_structure
from raphson.linear.sums import SumPlan, gather_plan, gathered_sums, taken

Array = jax.Array
BlockEntries = tuple[Array, ...]


@record
class BlockStructure:
    """Where the blocks of J (m, n) lie: `columns`, for each kind (m, w), n for what is held; `heights` the number of
    residuals d of each kind. `down` sums J'w, `products` the values of J'J on the structure `normal` (None: unwanted).
    """

    mends: ClassVar[bool] = False
    """As for `JacobianStructure`: no. Graphs end their loop early, and the exact Hessian has the last word: without it
    as many trials to the same digits (sphere2500, city10000, parking-garage, ais2klinik), in 8 to 15 % less time."""

    columns: tuple[Any, ...]
    down: SumPlan
    products: SumPlan
    normal: SparseStructure
    heights: tuple[int, ...] = static()

    @property
    def shape(self) -> tuple[int, int]:
        """m and n."""
        return sum(c.shape[0] * d for c, d in zip(self.columns, self.heights, strict=True)), self.down.sums

    def blank(self, dtype: Any) -> BlockEntries:
        """BlockEntries of zeros."""
        kinds = zip(self.columns, self.heights, strict=True)
        return tuple(jnp.zeros((c.shape[0], d, c.shape[1]), dtype) for c, d in kinds)

    def of_columns(self, v: Array, otherwise: float) -> BlockEntries:
        """The numbers v (n,) of the columns of each block (m, w), something else for what is held."""
        padded = jnp.concatenate([v, jnp.full(1, otherwise, v.dtype)])
        return tuple(taken(padded, c) for c in self.columns)

    def of_rows(self, w: Array) -> BlockEntries:
        """The numbers w (m,) of the rows of each block (m, d)."""
        found, start = [], 0
        for c, d in zip(self.columns, self.heights, strict=True):
            end = start + c.shape[0] * d
            found.append(w[start:end].reshape(-1, d))
            start = end
        return tuple(found)

    def times(self, entries: BlockEntries, v: Array) -> Array:
        """J v (m,)."""
        parts = zip(entries, self.of_columns(v, 0), strict=True)
        return jnp.concatenate([jnp.ravel(jnp.sum(J * a[:, None, :], 2)) for J, a in parts])

    def transposed(self, entries: BlockEntries, w: Array) -> Array:
        """J'w (n,)."""
        parts = zip(entries, self.of_rows(w), strict=True)
        return gathered_sums(self.down, one_vector([over_heights(J, a[:, :, None]) for J, a in parts]))

    def gram(self, entries: BlockEntries) -> Array:
        """The values of J'J on `normal`."""
        return self.placed(tuple(over_heights(J[:, :, :, None], J[:, :, None, :]) for J in entries))

    def placed(self, blocks: BlockEntries) -> Array:
        """The values on `normal` of symmetric blocks (m, w, w)."""
        return gathered_sums(self.products, one_vector(blocks))

    def over_columns(self, entries: BlockEntries, d: Array) -> BlockEntries:
        """The blocks of J D^-1, D = diag(d)."""
        return tuple(J / a[:, None, :] for J, a in zip(entries, self.of_columns(d, 1), strict=True))

    def over_rows(self, entries: BlockEntries, w: Array) -> BlockEntries:
        """The blocks of diag(w) J."""
        return tuple(J * a[:, :, None] for J, a in zip(entries, self.of_rows(w), strict=True))

    def without(self, entries: BlockEntries, held: Array) -> BlockEntries:
        """The blocks, those of their columns that are `held` (n,) zeroed."""
        away = self.of_columns(jnp.asarray(held), False)
        return tuple(jnp.where(a[:, None, :], 0, J) for J, a in zip(entries, away, strict=True))

    def csr(self, entries: Any) -> Any:
        """J as a SciPy CSR array (m, n). Host."""
        from scipy.sparse import coo_array  # here: `import raphson` does without scipy.sparse

        values, rows, columns, start = [], [], [], 0
        for block, of in zip(entries, self.columns, strict=True):
            block = np.asarray(block)
            column = np.broadcast_to(np.asarray(of)[:, None, :], block.shape)
            row = start + np.broadcast_to(np.arange(block[..., 0].size).reshape(*block.shape[:2], 1), block.shape)
            free = column < self.shape[1]
            values, rows, columns = [*values, block[free]], [*rows, row[free]], [*columns, column[free]]
            start += block[..., 0].size
        places = np.concatenate(rows), np.concatenate(columns)
        return coo_array((np.concatenate(values), places), shape=self.shape).tocsr()


WRITTEN = 8
"""Heights up to which sums over the residuals of a block are written out, which XLA fuses into one pass. All J'J of
sphere2500 (4949 blocks 6 x 12): 0.29 ms in place of 1.54, of city10000 (20687 blocks 3 x 6) 0.41 in place of 1.02."""


def over_heights(A: Array, B: Array) -> Array:
    """The sum over the second axis of A B, whose numbers are those of one residual of each block after another."""
    if A.shape[1] > WRITTEN:
        return jnp.sum(A * B, 1)
    return reduce(jnp.add, [A[:, k] * B[:, k] for k in range(A.shape[1])])


def one_vector(blocks: Sequence[Array]) -> Array:
    """All numbers, block after block."""
    return jnp.concatenate([jnp.ravel(a) for a in blocks])


def block_structure(columns: Sequence[Any], heights: Sequence[int], n: int, whole: bool = True) -> BlockStructure:
    """The structure from the columns (m, w) of each kind's blocks, -1 for what is held. On the host, by array code.

    No column comes twice in a block. Without the `whole` of J'J, which is most of the work, `normal` and `products` are
    None.
    """
    rows, across, place, single, alone, start, first = [], [], [], [], [], 0, 0
    for c in columns:
        m, w = c.shape
        if whole:
            i, j = np.broadcast_to(c[:, :, None], (m, w, w)), np.broadcast_to(c[:, None, :], (m, w, w))
            lower = (i >= j) & (j >= 0)
            rows, across = [*rows, i[lower]], [*across, j[lower]]
            place.append(start + np.flatnonzero(lower.ravel()))
        free = np.flatnonzero(c.ravel() >= 0)
        single, alone = [*single, c.ravel()[free]], [*alone, first + free]
        start, first = start + m * w * w, first + m * w
    normal: Any = None
    products: Any = None
    if whole:
        normal, slot = sparse_structure(np.concatenate(rows), np.concatenate(across), n)
        products = gather_plan(slot, np.concatenate(place), normal.entries)
    held = tuple(np.where(c < 0, n, c).astype(np.int32) for c in columns)
    down = gather_plan(np.concatenate(single), np.concatenate(alone), n)
    found = BlockStructure(held, down, products, normal, tuple(heights))
    return jax.tree.map(jnp.asarray, found)
