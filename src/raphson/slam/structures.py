"""The structure of a graph's J, remembered: one graph is often solved again, with other weights and measurements."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from raphson.linear.blocks import BlockStructure, block_structure
from raphson.linear.symbolic import PatternMemory
from raphson.slam.dissection import dissected_order

REMEMBERED = 2**21
"""Products of entries up to which the structure of a graph is kept, for when it is solved again: eight take 130 MB at
most. Comparing takes 0.2 ms and making 40 (sphere2500)."""

STRUCTURES: PatternMemory[BlockStructure] = PatternMemory()


def structure_of(
    columns: list[np.ndarray], heights: list[int], n: int, widths: np.ndarray | None = None
) -> BlockStructure:
    """`block_structure`, remembered for the last few graphs. `widths`, of each variable: with them the order of
    elimination is one of nested dissection, where that pays."""
    make = lambda: with_order(block_structure(columns, heights, n), columns, widths)
    if sum(c.size * c.shape[1] for c in columns) > REMEMBERED:
        return make()
    shapes = np.array([(*c.shape, d) for c, d in zip(columns, heights, strict=True)])
    return STRUCTURES.find(np.concatenate([c.ravel() for c in columns]), shapes, n, make)


def with_order(structure: BlockStructure, columns: list[np.ndarray], widths: np.ndarray | None) -> BlockStructure:
    """The structure, its J'J with an order of elimination where a better one than minimum degree is known."""
    order = None if widths is None else dissected_order(columns, widths)
    if order is None:
        return structure
    return replace(structure, normal=replace(structure.normal, order=jnp.asarray(order, jnp.int32)))
