"""Names of variables, for what is said and drawn about them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np


def names_of(thing: Any) -> Sequence[str]:
    """The names of a result's or a model's variables: its own, else those of its point's structure, else x1, x2, ..."""
    own = getattr(thing, "names", ())
    return own if len(own) else names_in(thing.x)


def names_in(x: Any) -> list[str]:
    """a, b[0], b[1], ... for the entries of a structure; x1, x2, ... for those of a single array."""
    leaves: list[tuple[Any, Any]] = jax.tree_util.tree_flatten_with_path(x)[0]
    if len(leaves) == 1 and not leaves[0][0]:
        return [f"x{i + 1}" for i in range(np.size(leaves[0][1]))]
    found: list[str] = []
    for path, leaf in leaves:
        base = ".".join(str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in path)
        base = base if not base.isdigit() else f"x[{base}]"
        if np.ndim(leaf) == 0:
            found.append(base)
        else:
            found += [f"{base}[{', '.join(map(str, index))}]" for index in np.ndindex(np.shape(leaf))]
    return found
