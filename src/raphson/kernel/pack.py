"""Many small arrays as a few vectors: what goes into compiled code and comes back costs by the piece, not by its size.

A run's state is some 25 arrays, most of them single numbers. Handing each over and fetching each cost 0.3 ms and more
a call; one vector for each type of number costs 0.05 ms.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

SMALL = 4096
"""Entries up to which an array is packed; copying a larger one costs more than a piece of its own."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the leaves of a tree lie: `kinds` the type of every vector; for each leaf, in order, its vector (-1: a
    piece of its own), first and last entry there, shape and type. Equal layouts are the same object (`layout_of`),
    so that one can be a static argument of compiled code.
    """

    tree: Any
    kinds: tuple[np.dtype, ...]
    places: tuple[tuple[int, int, int, tuple[int, ...], Any], ...]

    def pack(self, tree: Any) -> tuple[tuple, tuple]:
        """(vectors, loose pieces) of a tree of this layout; NumPy where every packed leaf is NumPy's."""
        leaves = self.tree.flatten_up_to(tree)
        parts: list[list] = [[] for _ in self.kinds]
        loose = []
        for leaf, (vector, *_) in zip(leaves, self.places, strict=True):
            (loose if vector < 0 else parts[vector]).append(leaf)
        host = all(isinstance(leaf, (np.ndarray, np.generic)) for part in parts for leaf in part)
        make: Any = np if host else jnp
        flat = [[make.ravel(leaf).astype(kind) for leaf in part] for part, kind in zip(parts, self.kinds, strict=True)]
        return tuple(map(make.concatenate, flat)), tuple(loose)

    def unpack(self, packed: tuple[tuple, tuple]) -> Any:
        """The tree again: views of NumPy vectors, slices of traced ones."""
        vectors, loose = packed
        pieces = iter(loose)
        host = all(isinstance(vector, np.ndarray) for vector in vectors)
        leaves = []
        for vector, first, last, shape, kind in self.places:
            if vector < 0:
                leaves.append(next(pieces))
                continue
            part = vectors[vector]
            part = part[first:last] if host else lax.slice(part, (first,), (last,))
            part = part if len(shape) == 1 else part.reshape(shape)
            leaves.append(part if part.dtype == kind else part.astype(kind))
        return self.tree.unflatten(leaves)

    def home(self, packed: tuple[tuple, tuple]) -> tuple[tuple, tuple]:
        """The same on the host: vectors as NumPy arrays, loose pieces left where they are."""
        return tuple(np.asarray(vector) for vector in packed[0]), packed[1]


def small(leaf: Any) -> bool:
    """Whether an array is packed; random keys, whose types are their own, are not."""
    return isinstance(leaf.dtype, np.dtype) and int(np.prod(leaf.shape, dtype=int)) <= SMALL


class Known:
    """Layouts made so far, by what they say."""

    layouts: ClassVar[dict[Any, Layout]] = {}


def layout_of(tree: Any) -> Layout:
    """The layout of a tree of arrays, or of anything with shapes and types: booleans lie among the whole numbers."""
    leaves, structure = jax.tree.flatten(tree)
    kinds: list[np.dtype] = []
    ends: list[int] = []
    places = []
    for leaf in leaves:
        shape, kind = tuple(leaf.shape), np.dtype(np.int32) if leaf.dtype == bool else leaf.dtype
        if not small(leaf):
            places.append((-1, 0, 0, shape, leaf.dtype))
            continue
        if kind not in kinds:
            kinds.append(kind)
            ends.append(0)
        vector = kinds.index(kind)
        first, ends[vector] = ends[vector], ends[vector] + int(np.prod(shape, dtype=int))
        places.append((vector, first, ends[vector], shape, leaf.dtype))
    key = (structure, tuple(kinds), tuple(places))
    return Known.layouts.setdefault(key, Layout(*key))
