"""What the passes ask of a primitive: who is needed, who depends on whom, and which variables meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Dependence, Sets
from raphson.sparsity.tape import Equation

if TYPE_CHECKING:
    from raphson.sparsity.hessian import Meetings

Mask = np.ndarray
Masks = Sequence["Mask | None"]
Deps = list["Dependence | None"]


class Rule:
    """One kind of primitive."""

    def live(self, eq: Equation, live: Masks, known: Constants) -> Masks:
        """Which elements of each operand the live elements of the results have a derivative by (None: none)."""
        raise NotImplementedError

    def sets(self, eq: Equation, deps: Deps, sets: Sets, known: Constants) -> Deps:
        """The sets of each result, from those of the operands (None: no dependence)."""
        raise NotImplementedError

    def formed(self, eq: Equation) -> int:
        """How many places are formed beyond one for each element: known before they are."""
        return 0

    def met(self, eq: Equation, active: Sequence[bool]) -> Sequence[int]:
        """The operands whose sets `couple` reads, where the `active` ones move; none: nothing meets."""
        return ()

    def couple(self, eq: Equation, deps: Deps, live: Masks, found: Meetings, known: Constants) -> None:
        """Notes which sets meet in second derivatives of the live elements of the results."""


def any_live(live: Masks) -> bool:
    """Whether any element of any result is needed."""
    return any(mask is not None and bool(mask.any()) for mask in live)


def whole_mask(live: Mask | None, eq: Equation, k: int = 0) -> Mask:
    """The mask of result k as an array, whatever it was."""
    return np.zeros(eq.made[k].shape, bool) if live is None else np.broadcast_to(live, eq.made[k].shape)
