"""Whether conjugate gradients are preconditioned by multigrid: where they were seen to take many products."""

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from raphson.calculus.colored import MULTIPLIED
from raphson.linear.coarsen import Grids, grids_of
from raphson.linear.structure import SparseStructure
from raphson.problems.callback import HOST
from raphson.solver.memory import fits
from raphson.solver.price import PROBED, inquire
from raphson.solver.sparsity import FEW_COLORS
from raphson.solver.step import Method

MANY = 4096
"""Variables from which on grids are made: with fewer, a thousand products cost as much as compiling a cycle."""

PLACES = 140
"""Bytes that grids take for an entry of the whole matrix: 91 on a square with seven entries a row, 134 in a cube."""

_known: WeakKeyDictionary[SparseStructure, Grids | None] = WeakKeyDictionary()


def may_have_grids(problem: Any, x: Any) -> bool:
    """Whether H is sparse, of many variables and few colors, and there is room."""
    known = getattr(problem, "sparsity", None)
    if known is None or isinstance(problem, HOST) or known.structure.size < MANY or known.colors > FEW_COLORS:
        return False
    return fits(PLACES * 2 * known.structure.entries, x)


def slow_by_products(problem: Any, x: Any) -> bool:
    """Whether H may have grids, and conjugate gradients at x0 did not come to a hundredth of g by `PROBED` products in
    balanced units."""
    if not may_have_grids(problem, x):
        return False
    seen = inquire(problem, x)
    return not seen.negative and seen.products >= PROBED


def with_grids(problem: Any, x: Any, method: Method) -> Any:
    """The problem with grids, for a method that multiplies with a sparse H, where it is slow from x; made once for a
    pattern."""
    known = getattr(problem, "sparsity", None)
    if known is None or method.curvature.observation is not MULTIPLIED or not slow_by_products(problem, x):
        return problem
    structure = known.structure
    if structure not in _known:
        _known[structure] = grids_of(structure)
    return replace(problem, sparsity=replace(known, grids=_known[structure]))


def grids_in_words(problem: Any, x: Any, method: Method) -> tuple[str, ...]:
    """What is said of them, a sentence or none."""
    known = getattr(with_grids(problem, x, method), "sparsity", None)
    grids = getattr(known, "grids", None)
    if grids is None:
        return ()
    sizes = [*(one.structure.size for one in grids.rounds), grids.last.size]
    return (
        f"conjugate gradients were not at a hundredth of g after {PROBED} products at x0: they are preconditioned by "
        f"multigrid with {', '.join(map(str, sizes[:-1]))} and {sizes[-1]} variables",
    )
