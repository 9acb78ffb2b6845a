"""Names of variables, for what is said and drawn about them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import sys
from collections.abc import Sequence
from typing import Any, overload

import jax
import numpy as np

from raphson.kernel.product import Product, is_space


class Numbered(Sequence[str]):
    """The names of so many variables that have none: x1, x2, ..., made when they are asked for. A million at once take
    0.2 s and 60 MB."""

    def __init__(self, size: int = sys.maxsize):
        self.size = size

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: Any) -> Any:
        chosen = range(1, self.size + 1)[index]
        return [f"x{k}" for k in chosen] if isinstance(index, slice) else f"x{chosen}"


def names_of(thing: Any) -> Sequence[str]:
    """The names of a result's or a model's variables: its own, else those of its point's structure, else x1, x2, ..."""
    own = getattr(thing, "names", ())
    return own if len(own) else names_in(thing.x)


def names_in(x: Any) -> Sequence[str]:
    """a, b[0], b[1], ... for the entries of a structure; x1, x2, ... for those of a single array."""
    leaves: list[tuple[Any, Any]] = jax.tree_util.tree_flatten_with_path(x)[0]
    if len(leaves) == 1 and not leaves[0][0]:
        return Numbered(int(np.size(leaves[0][1])))
    found: list[str] = []
    for path, leaf in leaves:
        base = path_name(path)
        if np.ndim(leaf) == 0:
            found.append(base)
        else:
            found += [f"{base}[{', '.join(map(str, index))}]" for index in np.ndindex(np.shape(leaf))]
    return found


def entry_name(x: Any, i: int) -> str:
    """The entry i of a raveled structure as its owner's code writes it: x[3], x[0, 2], a[3]."""
    leaves: list[tuple[Any, Any]] = jax.tree_util.tree_flatten_with_path(x)[0]
    for path, leaf in leaves:
        size = int(np.size(leaf))
        if i < size:
            base = path_name(path) if path else "x"
            index = ", ".join(str(int(k)) for k in np.unravel_index(i, np.shape(leaf)))
            return f"{base}[{index}]" if index else base
        i -= size
    raise IndexError(f"there is no entry {i} beyond the last one")


def path_name(path: Any) -> str:
    """Where a leaf stands in a structure, as people write it: a, a.b, x[0]."""
    base = ".".join(str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in path)
    return base if not base.isdigit() else f"x[{base}]"


def step_names(space: Any, x: Any) -> Sequence[str]:
    """Names of the numbers of a step: those of x where a space is straight, s1, s2, ... in a tangent space, with the
    names of the parts before them in a product."""
    if space.straight:
        return names_in(x)
    if not isinstance(space, Product):
        return [f"s{i + 1}" for i in range(space.size(x))]
    found: list[str] = []
    paths: list[Any] = jax.tree_util.tree_flatten_with_path(space.parts, is_leaf=is_space)[0]
    for (path, _), (part, at) in zip(paths, space.split(x), strict=True):
        base = path_name(path)
        if part.straight:
            plain = isinstance(at, (np.ndarray, jax.Array))
            found += [name if plain else f"{base}.{name}" for name in names_in({base: at} if plain else at)]
        else:
            found += [f"{base}.{name}" for name in step_names(part, at)]
    return found
