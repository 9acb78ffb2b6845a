"""Blocks on the diagonal of a Schur complement: what conjugate gradients for the kept unknowns are preconditioned with.

A block is what always comes together: the pose and the lens of one camera, where no other camera shares the lens.
Source: Agarwal, Snavely, Seitz and Szeliski (2010), "Bundle adjustment in the large", section 3 (block Jacobi).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from raphson.kernel.record import record
from raphson.linear.structure import SparseStructure
from raphson.linear.sums import taken

Array = jax.Array

WIDEST = 16
"""Unknowns that a block has at most: more that always come together stand alone each."""


@record
class KeptBlocks:
    """Blocks of kept unknowns: `members` (B, s), K for none; `spots` (B, s, s), where their entries lie among the
    values of the reduced structure, one behind the last for none; `seats` (K,), where each unknown is in `members`."""

    members: Any
    spots: Any
    seats: Any


def kept_blocks(own: NDArray[Any], kept: int, reduced: SparseStructure) -> KeptBlocks:
    """The blocks for functions with these columns (M, w) of the `kept` unknowns, `kept` for none. Host."""
    rows = np.unique(own, axis=0)
    mark = np.random.default_rng(0).integers(1, 2**63, len(rows), dtype=np.uint64)
    seen = np.zeros(
        kept + 1, np.uint64
    )  # the sum of the marks of all rows that an unknown is in: equal, always together
    np.add.at(seen, rows, mark[:, None])
    seen = seen[:kept]
    _, block, size = np.unique(seen, return_inverse=True, return_counts=True)
    alone = (seen == 0) | (size[block] > WIDEST)
    block = np.where(alone, size.size + np.arange(kept), block)
    _, block, size = np.unique(block, return_inverse=True, return_counts=True)
    order = np.argsort(block, kind="stable")
    place = np.arange(kept) - np.repeat(np.cumsum(size) - size, size)
    members = np.full((size.size, int(size.max(initial=1))), kept)
    members[block[order], place] = order
    seats = np.empty(kept, np.int64)
    seats[order] = block[order] * members.shape[1] + place
    i, j = np.broadcast_arrays(members[:, :, None], members[:, None, :])
    keys = np.asarray(reduced.columns, np.int64) * (kept + 1) + np.asarray(reduced.rows)
    wanted = np.minimum(i, j) * np.int64(kept + 1) + np.maximum(i, j)
    spots = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return KeptBlocks(members, np.where(keys[spots] == wanted, spots, keys.size), seats)


def inverses(blocks: KeptBlocks, values: Array) -> Array:
    """The inverse of each block (B, s, s), of a matrix with these values; of its diagonal where that has no factor."""
    each = taken(jnp.append(values, jnp.zeros(1, values.dtype)), blocks.spots)
    none = (blocks.members == blocks.seats.shape[0])[:, :, None]
    one = jnp.eye(each.shape[1], dtype=values.dtype)
    each = jnp.where(none, one, each)
    L = lax.linalg.cholesky(each, symmetrize_input=False)
    fine = jnp.all(jnp.isfinite(L), axis=(1, 2))[:, None, None]
    diagonal = jnp.diagonal(each, axis1=1, axis2=2)[:, :, None]
    otherwise = one / jnp.where(diagonal > 0, diagonal, 1)
    half = lax.linalg.triangular_solve(
        jnp.where(fine, L, one), jnp.broadcast_to(one, L.shape), left_side=True, lower=True
    )
    return jnp.where(fine, jnp.swapaxes(half, 1, 2) @ half, otherwise)


def by_blocks(blocks: KeptBlocks, each: Array, v: Array) -> Array:
    """The product (K,) of these blocks with v (K,)."""
    own = taken(jnp.append(v, jnp.zeros(1, v.dtype)), blocks.members)
    return taken(jnp.ravel(jnp.einsum("bij,bj->bi", each, own)), blocks.seats)
