"""Compiled calls over tables that grow: always over tiles of two sizes, so that each kind of call compiles twice.

A call over m rows is a few calls over whole tiles, the last one filled up. Nothing depends on how many rows there are.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.slam.graph import Factors, Variables
from raphson.slam.problem import linearized_factors
from raphson.slam.robust import FactorLoss

Array = jax.Array

SMALL, LARGE = 64, 1024
"""Rows of a tile: what an update adds, and what a whole map has."""


def tiles(m: int) -> Iterator[tuple[int, int]]:
    """The first row and the size of tiles that cover m rows: large ones while these are mostly full."""
    start = 0
    while start < m:
        size = LARGE if m - start > LARGE // 4 else SMALL
        yield start, size
        start += size


def in_tiles(call: Callable[..., Any], m: int, *tables: Any) -> list[np.ndarray]:
    """The arrays that `call` returns for the rows of all tables (m, ...), as NumPy's. All tiles are under way before
    the first is waited for."""
    leaves, tree = jax.tree.flatten(tables)
    outs = [
        (min(size, m - start), jax.tree.leaves(call(*tree.unflatten([filled(a, start, size) for a in leaves]))))
        for start, size in tiles(m)
    ]
    columns = zip(*[[np.asarray(a)[:keep] for a in out] for keep, out in outs], strict=True)
    return [np.concatenate(parts) for parts in columns]


def filled(a: np.ndarray, start: int, size: int) -> np.ndarray:
    """Rows from `start` on, filled up to the size of a tile by the last one."""
    part = a[start : start + size]
    lack = size - len(part)
    return np.concatenate([part, np.repeat(part[-1:], lack, 0)]) if lack else part


@partial(jax.jit, static_argnames="residual")
def normal_parts(
    residual: Callable[..., Any], spaces: tuple[Any, ...], loss: FactorLoss, points: tuple[Array, ...],
    measurements: Any, roots: Array,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Of factors of a kind: the cost (m,), its gradient g (m, w), J'J weighed by the loss (m, w, w), and how much gg'
    the loss takes from that (m,), since the weight falls along g: 0 where more than all would be taken."""
    r, J = linearized_factors(residual, spaces, points, measurements, roots)
    cost, slope, bend = loss.of_factors(0, r)  # of any kind: what differs from kind to kind is refused
    g = jnp.einsum("mdw,md->mw", J, r) * slope[:, None]
    along = slope + 2 * bend * jnp.sum(r * r, 1)  # the loss's own curvature along r, 0 by Huber's beyond the corner
    eased = (bend < 0) & (along >= -1e-9 * slope)
    less = jnp.where(eased, -2 * bend / jnp.where(eased, slope, 1) ** 2, 0)
    return cost / 2, g, jnp.einsum("mdv,mdw->mvw", J, J) * slope[:, None, None], less


def factor_parts(variables: dict[str, Variables], f: Factors, which: np.ndarray, loss: FactorLoss) -> list[np.ndarray]:
    """`normal_parts` of the factors `which` of a kind, at the variables as they are."""
    spaces = tuple(variables[name].space for name in f.types)
    points = tuple(variables[name].values[f.rows[which, k]] for k, name in enumerate(f.types))
    measured = jax.tree.map(lambda a: a[which], f.measurements)
    return in_tiles(partial(normal_parts, f.residual, spaces, loss), len(which), points, measured, f.roots[which])


@jax.jit
def retracted(space: Any, points: Array, steps: Array) -> Array:
    """Points (m, ...) after steps (m, k) of each."""
    return jax.vmap(space.retract)(points, steps)


def moved_points(v: Variables, which: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The values of the variables `which` after steps (k, freedom)."""
    return in_tiles(partial(retracted, v.space), len(which), v.values[which], steps)[0]
