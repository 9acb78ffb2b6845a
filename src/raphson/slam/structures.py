"""The structure of a graph's J, remembered: one graph is often solved again, with other weights and measurements."""

import numpy as np

from raphson.linear.blocks import BlockStructure, block_structure
from raphson.linear.symbolic import PatternMemory

REMEMBERED = 2**21
"""Products of entries up to which the structure of a graph is kept, for when it is solved again: eight take 130 MB at
most. Comparing takes 0.2 ms and making 40 (sphere2500)."""

STRUCTURES: PatternMemory[BlockStructure] = PatternMemory()


def structure_of(columns: list[np.ndarray], heights: list[int], n: int) -> BlockStructure:
    """`block_structure`, remembered for the last few graphs."""
    make = lambda: block_structure(columns, heights, n)
    if sum(c.size * c.shape[1] for c in columns) > REMEMBERED:
        return make()
    shapes = np.array([(*c.shape, d) for c, d in zip(columns, heights, strict=True)])
    return STRUCTURES.find(np.concatenate([c.ravel() for c in columns]), shapes, n, make)
