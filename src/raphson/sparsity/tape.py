"""A traced function as one straight line of equations between numbered arrays: what the passes over it read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Kind:
    """Shape and type of an array."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def smooth(self) -> bool:
        """Whether derivatives can pass: whole numbers, booleans and random keys have none."""
        return isinstance(self.dtype, np.dtype) and jnp.issubdtype(self.dtype, jnp.inexact)


@dataclass(frozen=True, eq=False)
class Equation:
    """`outs` = name(`ins`), arrays by number. `run` computes it; `quiet`: its own second derivatives do not count
    (straighten.py).
    """

    name: str
    params: dict[str, Any]
    ins: tuple[int, ...]
    outs: tuple[int, ...]
    given: tuple[Kind, ...]
    made: tuple[Kind, ...]
    run: Callable[..., Any] | None = None
    quiet: bool = False


@dataclass(eq=False)
class Straight:
    """The whole function: `ins` and `outs` are numbers of arrays; `active[v]`: whether v can have a derivative by x.

    `values` are the arrays that are known without computing; `unknown` names the primitives that were taken as full,
    `lender` looks up inputs of a loop's body that are constants outside. `places[v]`: where an array of data, whose
    value may change, can be nonzero; `lean`: there are such, here or outside.
    """

    kinds: list[Kind] = field(default_factory=list)
    active: list[bool] = field(default_factory=list)
    values: dict[int, Any] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    ins: tuple[int, ...] = ()
    outs: tuple[int, ...] = ()
    unknown: list[str] = field(default_factory=list)
    lender: Any = None
    places: dict[int, np.ndarray] = field(default_factory=dict)
    lean: bool = False

    def array(self, kind: Kind, active: bool) -> int:
        """A new array's number."""
        self.kinds.append(kind)
        self.active.append(active and kind.smooth and kind.size > 0)
        return len(self.kinds) - 1


class TooDense(Exception):
    """Index sets or products that would not fit: `what`, how many entries it would have, and how many it may have."""

    def __init__(self, what: str, count: Any, limit: int):
        super().__init__(what)
        self.what, self.count, self.limit = what, int(count), limit


class Unreadable(Exception):
    """A program whose derivatives cannot be followed, such as one that writes to mutable arrays."""
