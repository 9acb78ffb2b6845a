"""The Schur complement: groups of unknowns are eliminated, each by a small Cholesky factor, and the kept ones solved.

With C the blocks of the groups, E what couples them to the kept unknowns, B what is left, and L L' = C:
V = L^-1 E, S = B - V'V, S y_k = b_k - V'L^-1 b_c, y_c = L^-T (L^-1 b_c - V y_k).
Source: Triggs, McLauchlan, Hartley and Fitzgibbon (2000), "Bundle adjustment", section 6; Agarwal, Snavely, Seitz and
Szeliski (2010), "Bundle adjustment in the large".
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.record import record
from raphson.linear.blocks import BlockEntries, one_vector
from raphson.linear.elimination import Elimination
from raphson.linear.kept_blocks import by_blocks, inverses
from raphson.linear.sparse import sparse_definite, sparse_solve
from raphson.linear.structure import identity_values, shifted_values, sparse_product
from raphson.linear.sums import gathered_sums, taken

Array = jax.Array

CG_STEPS = 500
"""Conjugate gradients end after so many steps."""


@record
class ArrowBlocks:
    """J'J in parts: `base` (nnz,) on the kept unknowns, `cells` (P, e, e) of the groups, `cross` (M, e, w) between."""

    base: Array
    cells: Array
    cross: Array


@record
class Eliminated:
    """Factors of J'J + diag: `low` (P, e, e) of the groups, `cross` = V (M, e, w), and of S its `values` (nnz,) with a
    Cholesky factor (K, K), or the inverses of its blocks. `ok`: J'J + diag is positive definite."""

    low: Array
    cross: Array
    values: Array
    factor: Array
    ok: Array


def arrow_of(plan: Elimination, entries: BlockEntries) -> ArrowBlocks:
    """The parts of J'J from the blocks (m, d, w) of J."""
    kinds = list(zip(entries, plan.spans, strict=True))
    seeing = [(J, span) for J, span in kinds if span]
    tall, width = max(J.shape[1] for J, _ in seeing), plan.columns.shape[1]
    inner = [J[:, :, a:b] for J, (a, b) in seeing]
    outer = [jnp.concatenate([J[:, :, :a], J[:, :, b:]], 2) for J, (a, b) in seeing]
    outer = [jnp.pad(J, ((0, 0), (0, tall - J.shape[1]), (0, width - J.shape[2]))) for J in outer]
    cross = [jnp.einsum("mde,mdw->mew", I, O[:, : I.shape[1]]) for I, O in zip(inner, outer, strict=True)]
    cells = gathered_sums(plan.cells, one_vector([jnp.einsum("mda,mdb->mab", I, I) for I in inner]))
    base = gathered_sums(plan.owned, chunk_products(with_zeros(outer), plan.own, plan.own))
    others = [jnp.einsum("mda,mdb->mab", J, J) for J, span in kinds if not span]
    if others:
        base = base + gathered_sums(plan.base, one_vector(others))
    return ArrowBlocks(base, cells.reshape(*plan.groups, -1), with_zeros(cross))


def chunk_products(A: Array, left: Array, right: Array) -> Array:
    """The sums over chunks (a, q, c) of A_l' A_r, in one vector, for A (M, e, w)."""

    def batch(at: tuple[Array, Array]) -> Array:
        return jnp.einsum("qcek,qcel->qkl", taken(A, at[0]), taken(A, at[1]))

    return jnp.ravel(lax.map(batch, (left, right)))


def with_zeros(blocks: list[Array]) -> Array:
    """All blocks (m, ., .), and one of zeros."""
    return jnp.concatenate([*blocks, jnp.zeros((1, *blocks[0].shape[1:]), blocks[0].dtype)])


def cholesky_each(C: Array) -> Array:
    """Cholesky factors of many small matrices (P, e, e), e written out: NaN or zero on a diagonal where one fails."""
    e = C.shape[-1]
    L = [[jnp.zeros_like(C[:, 0, 0])] * e for _ in range(e)]
    for j in range(e):
        L[j][j] = jnp.sqrt(C[:, j, j] - sum(L[j][k] ** 2 for k in range(j)))
        for i in range(j + 1, e):
            L[i][j] = (C[:, i, j] - sum(L[i][k] * L[j][k] for k in range(j))) / L[j][j]
    return jnp.stack([jnp.stack(row, -1) for row in L], -2)


def forward_each(L: Array, b: Array) -> Array:
    """L^-1 b for many small triangles (M, e, e) and right sides (M, e, w)."""
    y: list[Array] = []
    for i in range(L.shape[-1]):
        y.append((b[:, i] - sum(L[:, i, k, None] * y[k] for k in range(i))) / L[:, i, i, None])
    return jnp.stack(y, 1)


def backward_each(L: Array, b: Array) -> Array:
    """L^-T b (P, e) of right sides (P, e)."""
    e = L.shape[-1]
    y: list[Any] = [None] * e
    for i in reversed(range(e)):
        y[i] = (b[:, i] - sum(L[:, k, i] * y[k] for k in range(i + 1, e))) / L[:, i, i]
    return jnp.stack(y, 1)


def of_groups(plan: Elimination, cells: Array, otherwise: float) -> Array:
    """What groups (P, ...) have, for each function (M, ...); something else where its group is held."""
    last = jnp.full((1, *cells.shape[1:]), otherwise, cells.dtype)
    return taken(jnp.concatenate([cells, last]), plan.group)


def eliminate(plan: Elimination, arrow: ArrowBlocks, diagonal: Array) -> Eliminated:
    """The factors of J'J + diag(`diagonal`), (n,) of all unknowns."""
    low = cholesky_each(arrow.cells + jnp.eye(plan.groups[1]) * taken(diagonal, plan.gone)[:, :, None])
    pivots = jnp.diagonal(low, axis1=1, axis2=2)
    fine = jnp.all(pivots > 0)
    low = jnp.where(fine, low, jnp.eye(plan.groups[1]))
    free = (plan.group < plan.groups[0])[:, None, None]
    V = jnp.where(free, forward_each(of_groups(plan, low, 1.0), arrow.cross), 0)
    base = shifted_values(plan.reduced, arrow.base, taken(diagonal, plan.kept))
    if plan.way == "cg":
        alone = base - gathered_sums(plan.owned, chunk_products(V, plan.own, plan.own))
        return Eliminated(low, V, base, inverses(plan.blocks, alone), fine)  # type: ignore[arg-type]
    values = base - gathered_sums(plan.pairs, chunk_products(V, plan.left, plan.right))
    values = jnp.where(fine, values, identity_values(plan.reduced, values))
    if plan.way == "sparse":
        return Eliminated(low, V, values, jnp.zeros(0), fine & sparse_definite(plan.reduced, values))
    K = plan.kept.shape[0]
    S = jnp.zeros((K, K), values.dtype).at[plan.reduced.rows, plan.reduced.columns].set(values)
    factor = lax.linalg.cholesky(S, symmetrize_input=False)
    return Eliminated(low, V, values, factor, fine & jnp.all(jnp.isfinite(jnp.diagonal(factor))))


def eliminated_solve(plan: Elimination, found: Eliminated, b: Array) -> Array:
    """(J'J + diag)^-1 b (n,); zero where it is not positive definite."""
    own = forward_each(found.low, taken(b, plan.gone)[:, :, None])[:, :, 0]
    y_kept = reduced_solve(plan, found, taken(b, plan.kept) - times_cross(plan, found.cross, own))
    y_own = backward_each(found.low, own - cross_times(plan, found.cross, y_kept))
    y = jnp.zeros_like(b).at[plan.kept].set(y_kept).at[jnp.ravel(plan.gone)].set(jnp.ravel(y_own))
    return jnp.where(found.ok, y, 0)


def times_cross(plan: Elimination, V: Array, own: Array) -> Array:
    """V'u (K,) of what groups have (P, e)."""
    return of_chunks(plan, jnp.sum(V * of_groups(plan, own, 0.0)[:, :, None], 1))


def of_chunks(plan: Elimination, each: Array) -> Array:
    """The sums (K,) of what functions say of their kept unknowns (M, w)."""
    return gathered_sums(plan.down, jnp.ravel(jnp.sum(taken(each, plan.own), 2)))


def cross_times(plan: Elimination, V: Array, y: Array) -> Array:
    """V y (P, e) of the kept unknowns (K,)."""
    own = taken(jnp.append(y, jnp.zeros(1, y.dtype)), plan.columns)
    return gathered_sums(plan.back, jnp.ravel(jnp.sum(V * own[:, None, :], 2))).reshape(plan.groups)


def reduced_solve(plan: Elimination, found: Eliminated, b: Array) -> Array:
    """S^-1 b (K,)."""
    if plan.way == "cg":
        return reduced_cg(plan, found, b)
    if plan.way == "sparse":
        return sparse_solve(plan.reduced, found.values, b, found.ok)
    half = lax.linalg.triangular_solve(found.factor, b[:, None], left_side=True, lower=True)
    return lax.linalg.triangular_solve(found.factor, half, left_side=True, lower=True, transpose_a=True)[:, 0]


def reduced_cg(plan: Elimination, found: Eliminated, b: Array) -> Array:
    """S^-1 b by preconditioned conjugate gradients; S is never formed."""
    return cg_steps(plan, found, b)[0]


def cg_steps(plan: Elimination, found: Eliminated, b: Array) -> tuple[Array, Array]:
    """The same, and how many products with S it took."""

    def product(y: Array) -> Array:
        back = times_cross(plan, found.cross, cross_times(plan, found.cross, y))
        return sparse_product(plan.reduced, found.values, y) - back

    def going(c: tuple[Array, ...]) -> Array:
        return (c[4] < CG_STEPS) & (c[3] > plan.accuracy**2 * (b @ z))

    def body(c: tuple[Array, ...]) -> tuple[Array, ...]:
        y, r, p, rz, k = c
        Sp = product(p)
        t = rz / (p @ Sp)
        r = r - t * Sp
        z = by_blocks(blocks, found.factor, r)
        new = r @ z
        return y + t * p, r, z + new / rz * p, new, k + 1

    blocks: Any = plan.blocks
    z = by_blocks(blocks, found.factor, b)
    y, _, _, _, steps = lax.while_loop(going, body, (jnp.zeros_like(b), b, z, b @ z, jnp.zeros((), jnp.int32)))
    return y, steps


def lifted_solve(plan: Elimination, arrow: ArrowBlocks, diagonal: Array, lift: Array, b: Array) -> Array:
    """(J'J + diag)^-1 b (n,) with this diagonal; where it fails, with `lift` (n,) on top; else zero.

    A loop, so that it is compiled once; it carries solutions and no factors, which are a hundred times as large.
    """

    def going(c: tuple[Array, Array, Array]) -> Array:
        return (c[2] < 2) & ~c[1]

    def body(c: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        found = eliminate(plan, arrow, diagonal + c[2] * lift)
        return eliminated_solve(plan, found, b), found.ok, c[2] + 1

    start = jnp.zeros_like(b), jnp.zeros((), bool), jnp.zeros((), b.dtype)
    return lax.while_loop(going, body, start)[0]
