"""Sparse symmetric matrices as values on a fixed pattern: what is said once about the pattern, and products.

The values (nnz,) are those of the lower triangle, column after column, the diagonal entry first in each. The pattern's
arrays are leaves of a record that is an argument of the program: as constants of it they cost 860 MB and twice the
compile time at n = 1e6. No size is static beyond the shapes.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from raphson.kernel.record import record
from raphson.linear.sums import SumPlan, sum_plan, summed_products, taken

Array = jax.Array


@record
class SparseStructure:
    """Where the entries of a symmetric matrix (n, n) lie.

    `rows`, `columns` (nnz,): of the lower triangle, sorted by column, then row; `diagonal` (n,): the place of each
    diagonal entry in the values, which every column has and begins with. The other fields serve products: row i of the
    whole matrix has its entries at `slots[:, i]` of the values and their columns in `neighbors[:, i]`, -1 where nothing
    is (width, n); what a long row has beyond the width lies in `spill_*` (m,), sorted by row. `order` (n,): of
    elimination, where one is known that fills less than the library's own; None: the library decides.
    """

    rows: Any
    columns: Any
    diagonal: Any
    slots: Any
    neighbors: Any
    spill_rows: Any
    spill_slots: Any
    spill_columns: Any
    order: Any = None

    @property
    def size(self) -> int:
        """n."""
        return self.diagonal.shape[0]

    @property
    def entries(self) -> int:
        """Entries of the lower triangle."""
        return self.rows.shape[0]


def sparse_structure(rows: Any, columns: Any, n: int) -> tuple[SparseStructure, NDArray[Any]]:
    """The structure of a symmetric n by n matrix from the places of its entries, and where each of them went.

    Entries of either triangle, in any order, also several of one place; (i, j) and (j, i) are one place. The diagonal
    is added where it lacks. The second array (as long as `rows`) says which of the structure's values belongs to each
    given place: `values = jnp.zeros(structure.entries).at[places].set(given)`. On the host, O(nnz log nnz).
    Raises ValueError for a place outside the matrix and for n < 1.
    """
    i, j = (np.asarray(a, np.int64).reshape(-1) for a in (rows, columns))
    if n < 1 or i.shape != j.shape:
        raise ValueError(
            f"a pattern needs n >= 1 and as many rows as columns: n = {n}, {i.size} rows, {j.size} columns"
        )
    if i.size and (min(i.min(), j.min()) < 0 or max(i.max(), j.max()) >= n):
        raise ValueError(f"an entry lies outside the {n} by {n} matrix: rows and columns go from 0 to {n - 1}")
    below, left = np.maximum(i, j), np.minimum(i, j)
    everyone = np.arange(n, dtype=np.int64)
    keys, places = np.unique(np.concatenate([left * n + below, everyone * (n + 1)]), return_inverse=True)
    if keys.size > np.iinfo(np.int32).max:
        raise ValueError(f"{keys.size} entries are more than 32-bit indices can name")
    low_columns, low_rows = (a.astype(np.int32) for a in divmod(keys, n))
    structure = SparseStructure(
        low_rows, low_columns, places[i.size :].astype(np.int32), *whole_rows(low_rows, low_columns, n)
    )
    return jax.tree.map(jnp.asarray, structure), places[: i.size].astype(np.int32)


def host_pattern(structure: SparseStructure) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows and columns of the lower triangle as NumPy's."""
    return np.asarray(structure.rows), np.asarray(structure.columns)


def whole_rows(rows: NDArray[Any], columns: NDArray[Any], n: int) -> tuple[NDArray[Any], ...]:
    """The rows of the whole matrix, padded to a width, and what long rows have beyond it: fields of a structure."""
    slot = np.arange(rows.size, dtype=np.int32)
    off = rows != columns
    of, other = np.concatenate([columns, rows[off]]), np.concatenate([rows, columns[off]])
    slot = np.concatenate([slot, slot[off]])
    order = np.argsort(other, kind="stable")
    plan = sum_plan(of[order], slot[order], other[order], n)
    return plan.left, plan.right, plan.spill_sums, plan.spill_left, plan.spill_right


def sparse_product(structure: SparseStructure, values: Array, v: Array) -> Array:
    """H v (n,)."""
    p = structure
    plan = SumPlan(p.slots, p.neighbors, p.spill_rows, p.spill_slots, p.spill_columns)
    return summed_products(plan, values, v)


def absolute_product(structure: SparseStructure, values: Array, v: Array) -> Array:
    """|H| |v| (n,), entry by entry: what rounding in H v is measured by."""
    return sparse_product(structure, jnp.abs(values), jnp.abs(v))


def absolute_row_sums(structure: SparseStructure, values: Array) -> Array:
    """The sums of |H| along each row (n,): the largest is at least every |eigenvalue|."""
    return sparse_product(structure, jnp.abs(values), jnp.ones(structure.size, values.dtype))


def quadratic_form(structure: SparseStructure, values: Array, v: Array) -> Array:
    """v'Hv."""
    return v @ sparse_product(structure, values, v)


def diagonal_entries(structure: SparseStructure, values: Array) -> Array:
    """The diagonal of H (n,)."""
    return taken(values, structure.diagonal)


def is_diagonal(structure: SparseStructure) -> Array:
    """Which of the values lie on the diagonal (nnz,)."""
    return structure.rows == structure.columns


def shifted_values(structure: SparseStructure, values: Array, shift: Array | float) -> Array:
    """The values of H + shift I, or H + diag(shift) for a vector (n,)."""
    shift = jnp.asarray(shift, values.dtype)
    along = taken(shift, structure.rows) if shift.ndim else shift
    return values + jnp.where(is_diagonal(structure), along, jnp.zeros_like(along))


def scaled_values(structure: SparseStructure, values: Array, d: Array) -> Array:
    """The values of D^-1 H D^-1, D = diag(d)."""
    return values / (taken(d, structure.rows) * taken(d, structure.columns))


def reduced_values(structure: SparseStructure, values: Array, free: Array) -> Array:
    """The values of H with rows and columns of what is not free (n,) bool replaced by those of the identity.

    Also where these hold NaN: a variable at its bound may lie where f has no second derivative.
    """
    both = taken(free, structure.rows) & taken(free, structure.columns)
    return jnp.where(both, values, jnp.where(is_diagonal(structure), 1, 0).astype(values.dtype))


def identity_values(structure: SparseStructure, like: Array) -> Array:
    """The values of the identity, of the type of `like`."""
    return is_diagonal(structure).astype(like.dtype)
