"""Which unknowns are eliminated from normal equations in blocks, and where everything goes. On the host, array code.

Functions of which each touches at most one of many small groups of unknowns (points seen by cameras) leave J'J with a
block for each group on its diagonal, and none between groups. These are eliminated first: what is left is the Schur
complement on the kept unknowns. `raphson.linear.schur` does the numbers.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.record import record, static
from raphson.linear.kept_blocks import KeptBlocks, kept_blocks
from raphson.linear.structure import SparseStructure, sparse_structure
from raphson.linear.sums import SumPlan, gather_plan

CHUNKS = (1, 2, 4, 8, 16, 32, 64)
"""Pairs of functions with one point and the same two cameras are multiplied in chunks of so many."""

BATCH = 512
"""Chunks that are multiplied at a time, so that what they gather stays in the cache. Measured on Ladybug-49, 4383
chunks of 32: 12 ms at 256 and 512, 16 at 64, 21 at 32, 42 all at once."""

CHUNK_COST = 4
"""A chunk costs as much as so many pairs on top of those in it (a call of the product, and the sums behind it)."""

ACCURACY = 1e-2
"""Conjugate gradients end with a residual of this part of the first, in the norm of the inverse blocks. A plaza of 1000
cameras and 1e5 points (benchmarks/bundle_scenes.py), cost after one to four trials: 93888, 86072, 85996.64, 85995.705
with 0.1, 86712, 85996.56, 85995.704, 85995.702 with 0.01, six of them in 8.3 and 9.6 s."""


@record
class Elimination:
    """Groups of e unknowns, columns `gone` (P, e), that are eliminated, and the `kept` ones (K,).

    Function k of those with a group, all kinds one after the other (M, and one of zeros behind them), has the group
    `group[k]` (P: it is held) and `columns[k]` (w,) of the kept unknowns, K for none. `left` and `right` (a, q, c):
    pairs of functions with one group, `own` (a, q, c): functions with the same kept unknowns; M for none. The plans sum
    blocks of J'J to those of groups (`cells`) and to the values on the pattern `reduced` of the kept unknowns (`base`),
    products of pairs and of own ones to the same (`pairs`, `owned`), and what functions say of the kept unknowns
    (`down`, by chunks of `own`) and of groups (`back`). `spans`, by kind: where the group's unknowns are in a block;
    `way`: how the kept ones are solved, "dense", "sparse" or "cg"; for the last there are `blocks` and no pairs, and
    `accuracy` is asked of it.
    """

    kept: Any
    gone: Any
    group: Any
    columns: Any
    left: Any
    right: Any
    own: Any
    cells: SumPlan
    base: SumPlan
    pairs: SumPlan
    owned: SumPlan
    down: SumPlan
    back: SumPlan
    reduced: SparseStructure
    blocks: KeptBlocks | None
    accuracy: Any
    spans: tuple[tuple[int, int] | None, ...] = static()
    way: str = static(default="dense")

    @property
    def groups(self) -> tuple[int, int]:
        """How many, and how many unknowns each has."""
        return self.gone.shape


def eliminated(
    columns: Sequence[np.ndarray], spans: Sequence[tuple[int, int] | None], gone: np.ndarray, n: int, way: str = "dense"
) -> Elimination:
    """The plan for blocks with these columns (m, w) by kind, -1 for what is held, and groups `gone` (P, e)."""
    groups, e = gone.shape
    is_gone = np.zeros(n + 1, bool)
    is_gone[gone.ravel()] = True
    kept = np.flatnonzero(~is_gone[:n])
    small = np.full(n + 1, kept.size)
    small[kept] = np.arange(kept.size)
    group_of = np.full(n + 1, groups)
    group_of[gone.ravel()] = np.repeat(np.arange(groups), e)
    width = max([c.shape[1] - span[1] + span[0] for c, span in zip(columns, spans, strict=True) if span], default=1)
    group, own = [np.zeros(0, np.int64)], [np.zeros((0, width), np.int64)]
    for c, span in zip(columns, spans, strict=True):
        if span:
            rest = small[np.delete(c, range(*span), axis=1)]
            group.append(group_of[c[:, span[0]]])
            own.append(np.pad(rest, ((0, 0), (0, width - rest.shape[1])), constant_values=kept.size))
    group, own = (
        np.append(np.concatenate(group), groups),
        np.pad(np.concatenate(own), ((0, 1), (0, 0)), constant_values=kept.size),
    )
    known = np.flatnonzero(group < groups)
    each = np.arange(e)
    a, b = pairs_of(group if way != "cg" else np.full(1, groups), groups)
    left, right, pairs = chunked(a, b, own, kept.size)
    every = np.arange(group.size - 1)
    alone, _, owned = chunked(every, every, own, kept.size)
    says = own[alone[:, :, 0]].ravel()  # what a chunk says of kept unknowns: all of it says so of the same
    inside = np.flatnonzero(says < kept.size)
    cells, base = own_blocks(columns, spans, group_of, small, kept.size, groups, e)
    parts = (base, pairs, owned)
    reduced, slot = sparse_structure(
        np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), max(kept.size, 1)
    )
    slots = np.split(slot, np.cumsum([p[0].size for p in parts])[:-1])
    sums = [gather_plan(to, p[2], reduced.entries) for to, p in zip(slots, parts, strict=True)]
    found = Elimination(
        kept, gone, group, own, left, right, alone, gather_plan(cells[0], cells[1], groups * e * e),
        base=sums[0], pairs=sums[1], owned=sums[2], down=gather_plan(says[inside], inside, kept.size),
        back=gather_plan((group[known][:, None] * e + each).ravel(), (known[:, None] * e + each).ravel(), groups * e),
        reduced=reduced, blocks=kept_blocks(own[:-1], kept.size, reduced) if way == "cg" else None, accuracy=None,
        spans=tuple(spans), way=way,
    )  # fmt: skip
    found = jax.tree.map(partial(jnp.asarray, dtype=jnp.int32), found)
    return replace(found, accuracy=jnp.asarray(ACCURACY)) if way == "cg" else found


def own_blocks(
    columns: Sequence[np.ndarray], spans: Sequence[tuple[int, int] | None], group_of: np.ndarray, small: np.ndarray,
    kept: int, groups: int, e: int,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:  # fmt: skip
    """Where products of blocks with themselves go: those of groups (m, e, e), all kinds that have some one after the
    other (place, source); and those (m, w, w) of the other kinds (row, column, source)."""
    none = np.zeros(0, np.int64)
    to, at, rows, across, source, start, first = [none], [none], [none], [none], [none], 0, 0
    for c, span in zip(columns, spans, strict=True):
        m, w = c.shape
        if span:
            free = np.flatnonzero(group_of[c[:, span[0]]] < groups)
            inner = np.arange(e * e)
            to.append((group_of[c[free, span[0]]][:, None] * e * e + inner).ravel())
            at.append((first + free[:, None] * e * e + inner).ravel())
            first += m * e * e
            continue
        own, place = small[c], start + np.arange(m * w * w).reshape(m, w, w)
        i, j = np.broadcast_to(own[:, :, None], place.shape), np.broadcast_to(own[:, None, :], place.shape)
        lower = (i >= j) & (i < kept)
        rows, across, source = [*rows, i[lower]], [*across, j[lower]], [*source, place[lower]]
        start += m * w * w
    return (np.concatenate(to), np.concatenate(at)), tuple(np.concatenate(p) for p in (rows, across, source))  # type: ignore[return-value]


def pairs_of(group: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of functions with one group: each unordered pair once, and each function with itself."""
    order = np.argsort(group, kind="stable")
    order = order[group[order] < groups]
    size = np.bincount(group[order], minlength=groups)
    after = np.repeat(np.cumsum(size), size) - np.arange(order.size)  # functions of the group from this one on
    a = np.repeat(np.arange(order.size), after)
    b = a + np.arange(a.size) - np.repeat(np.cumsum(after) - after, after)
    return order[a], order[b]


def chunked(
    a: np.ndarray, b: np.ndarray, own: np.ndarray, kept: int
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs of functions in batches of chunks (a, q, c), each chunk of the same columns on both sides, and where the
    products (a, q, w, w) go: row, column, source. The last function is that of zeros."""
    count, width = own.shape[0] - 1, own.shape[1]
    key = np.unique(own, axis=0, return_inverse=True)[1].ravel()
    a, b = np.where(key[a] <= key[b], a, b), np.where(key[a] <= key[b], b, a)
    most = int(key.max(initial=0)) + 1
    block = (key[a] * most + key[b]) * 2 + (a == b)
    order = np.argsort(block, kind="stable")
    a, b, block = a[order], b[order], block[order]
    first = np.flatnonzero(np.diff(block, prepend=-1))
    length = np.diff(np.append(first, block.size))
    c = min(CHUNKS, key=lambda c: int(np.sum(-(-length // c))) * (c + CHUNK_COST))
    chunks = -(-length // c)
    number = np.arange(block.size) - np.repeat(first, length)
    at = np.repeat(np.cumsum(chunks) - chunks, length) + number // c, number % c
    total = int(chunks.sum())
    batch = min(BATCH, max(total, 1))
    left, right = (np.full((-(-total // batch) * batch, c), count) for _ in range(2))
    left[at], right[at] = a, b
    shape = (left.shape[0], width, width)
    i, j = np.broadcast_to(own[left[:, 0], :, None], shape), np.broadcast_to(own[right[:, 0], None, :], shape)
    same = (left[:, 0] == right[:, 0])[:, None, None]
    there = (i < kept) & (j < kept) & (~same | (i >= j))
    twice = there & ~same & (i == j)  # the other order of the pair, which is not listed, adds the same
    place = np.concatenate([np.flatnonzero(there.ravel()), np.flatnonzero(twice.ravel())])
    left, right = (a.reshape(-1, batch, c) for a in (left, right))
    return left, right, (i.ravel()[place], j.ravel()[place], place)
