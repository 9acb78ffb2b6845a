"""Many small arrays as a few vectors: what goes into compiled code and comes back costs by the piece, not by its size.

A run's state is some 25 arrays, most of them single numbers. Handing each over and fetching each cost 0.3 ms and more
a call; one vector for each type of number costs 0.05 ms.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.kernel.record import record, static

SMALL = 4096
"""Entries up to which an array is packed; copying a larger one costs more than a piece of its own."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the leaves of a tree lie: `kinds` the type of every vector; for each leaf, in order, its vector (-1: a
    piece of its own), first and last entry there, shape and type. Equal layouts are the same object (`layout_of`):
    a layout belongs to the structure of what compiled code takes and returns.
    """

    tree: Any
    kinds: tuple[np.dtype[Any], ...]
    places: tuple[tuple[int, int, int, tuple[int, ...], Any], ...]


@record
class Packed:
    """A tree of arrays as one vector for each type of number, and the large arrays as they are."""

    vectors: tuple[Any, ...]
    loose: tuple[Any, ...]
    layout: Layout = static()

    def home(self) -> Any:
        """The tree on the host: views of the vectors as NumPy arrays; large arrays are left where they are."""
        return self.unpack(tuple(map(np.asarray, self.vectors)), lambda a, first, last: a[first:last])

    def tree(self) -> Any:
        """The tree inside compiled code."""
        return self.unpack(self.vectors, lambda a, first, last: lax.slice(a, (first,), (last,)))

    def unpack(self, vectors: tuple[Any, ...], cut: Callable[[Any, int, int], Any]) -> Any:
        """The tree from its vectors."""
        pieces = iter(self.loose)
        leaves: list[Any] = []
        for vector, first, last, shape, kind in self.layout.places:
            if vector < 0:
                leaves.append(next(pieces))
                continue
            part = cut(vectors[vector], first, last)
            part = part if len(shape) == 1 else part.reshape(shape)
            leaves.append(part if part.dtype == kind else part.astype(kind))
        return self.layout.tree.unflatten(leaves)


def pack(tree: Any) -> Packed:
    """A tree packed, in compiled code or on the host; booleans lie among the whole numbers."""
    layout = layout_of(tree)
    parts: list[list[Any]] = [[] for _ in layout.kinds]
    loose: list[Any] = []
    for leaf, (vector, *_) in zip(jax.tree.leaves(tree), layout.places, strict=True):
        if vector < 0:
            loose.append(leaf)
        else:
            parts[vector].append(jnp.ravel(leaf).astype(layout.kinds[vector]))
    return Packed(tuple(map(jnp.concatenate, parts)), tuple(loose), layout)


def small(leaf: Any) -> bool:
    """Whether an array is packed; random keys, whose types are their own, are not."""
    return isinstance(leaf.dtype, np.dtype) and int(np.prod(leaf.shape, dtype=int)) <= SMALL


class Known:
    """Layouts made so far, by what they say."""

    layouts: ClassVar[dict[Any, Layout]] = {}


def layout_of(tree: Any) -> Layout:
    """The layout of a tree of arrays, or of anything with shapes and types."""
    leaves, structure = jax.tree.flatten(tree)
    kinds: list[np.dtype[Any]] = []
    ends: list[int] = []
    places: list[tuple[int, int, int, tuple[int, ...], Any]] = []
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
