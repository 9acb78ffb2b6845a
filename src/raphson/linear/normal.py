"""Sparse matrices J (m, n) and the normal equations J'J on fixed patterns: what is said once about them, and products.

The values (nnz,) of J are those of its entries row after row, columns ascending. J'J lies on the pattern of a
`SparseStructure`; which products of entries make each of its values is worked out once.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from raphson.kernel.record import record
from raphson.linear.structure import SparseStructure, sparse_structure
from raphson.linear.sums import SumPlan, sum_plan, summed_products, taken

Array = jax.Array

MOST_PRODUCTS = 50_000_000
"""Products of entries that J'J may take: 0.4 GB of places, and about 0.1 s each time."""


@record
class JacobianStructure:
    """Where the entries of J (m, n) lie: `rows`, `columns` (nnz,). `across` sums J v, `down` J'w, and `products` the
    values of J'J on the structure `normal`."""

    mends: ClassVar[bool] = True
    """Whether a step is worth a second solve for the digits that J'J has lost: a fit goes on to the noise of its
    residuals."""

    rows: Any
    columns: Any
    across: SumPlan
    down: SumPlan
    products: SumPlan
    normal: SparseStructure

    @property
    def shape(self) -> tuple[int, int]:
        """m and n."""
        return self.across.sums, self.down.sums

    @property
    def entries(self) -> int:
        """Entries of J."""
        return self.rows.shape[0]

    def blank(self, dtype: Any) -> Array:
        """Entries of zeros."""
        return jnp.zeros(self.entries, dtype)

    def times(self, entries: Array, v: Array) -> Array:
        """J v (m,)."""
        return summed_products(self.across, entries, v)

    def transposed(self, entries: Array, w: Array) -> Array:
        """J'w (n,)."""
        return summed_products(self.down, entries, w)

    def gram(self, entries: Array) -> Array:
        """The values of J'J on `normal`."""
        return summed_products(self.products, entries, entries)

    def over_columns(self, entries: Array, d: Array) -> Array:
        """The entries of J D^-1, D = diag(d)."""
        return entries / taken(d, self.columns)

    def over_rows(self, entries: Array, w: Array) -> Array:
        """The entries of diag(w) J."""
        return entries * taken(w, self.rows)

    def without(self, entries: Array, held: Array) -> Array:
        """The entries, those in columns that are `held` (n,) zeroed."""
        return jnp.where(jnp.asarray(held)[self.columns], 0, entries)

    def csr(self, entries: Any) -> Any:
        """J as a SciPy CSR array (m, n); every place of the pattern is stored. Host."""
        from scipy.sparse import csr_array  # here: `import raphson` does without scipy.sparse

        rows = np.asarray(self.rows)
        start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=self.shape[0]))]).astype(rows.dtype)
        return csr_array((np.array(entries), np.array(self.columns), start), shape=self.shape)


@dataclass(frozen=True)
class TooMany:
    """No structure: J'J would take so many products of entries."""

    products: int


def products_of(start: NDArray[Any]) -> int:
    """How many products of two entries J'J takes: k (k + 1) / 2 for a row with k entries."""
    k = np.diff(np.asarray(start, np.int64))
    return int(np.sum(k * (k + 1) // 2))


def jacobian_structure(start: Any, column: Any, n: int, most: int = MOST_PRODUCTS) -> JacobianStructure | TooMany:
    """The structure of J (m, n) from its pattern in compressed rows with ascending columns; on the host.

    `TooMany` beyond `most` products, before anything is allocated: a row with k entries makes k^2 / 2 of J'J.
    """
    start, column = np.asarray(start, np.int64), np.asarray(column, np.int32)
    if products_of(start) > most:
        return TooMany(products_of(start))
    m, count = start.size - 1, np.diff(start)
    entry = np.arange(column.size, dtype=np.int32)
    row = np.repeat(np.arange(m, dtype=np.int32), count)
    after = np.repeat(start[1:], count) - entry  # entries of the row from this one on
    left = np.repeat(entry, after)
    right = left + (np.arange(left.size) - np.repeat(np.cumsum(after) - after, after)).astype(np.int32)
    keys, place = np.unique(column[left].astype(np.int64) * n + column[right], return_inverse=True)
    above, below = np.divmod(keys, n)
    normal, slot = sparse_structure(below, above, n)
    structure = JacobianStructure(
        row, column, sum_plan(row, entry, column, m), sum_plan(column, entry, row, n),
        sum_plan(slot[place], left, right, normal.entries), normal,
    )  # fmt: skip
    return jax.tree.map(jnp.asarray, structure)
