"""What travels in a loop's carry: numbers of the run, and never the user's data."""

from typing import Any

import jax

from raphson.kernel.record import record, static
from raphson.linear.structure import SparseStructure
from raphson.problems.least_squares import LeastSquares
from raphson.problems.minimize import Minimize
from raphson.solver.step import State

PROBLEMS = (Minimize, LeastSquares)


@record
class Given:
    """Stands for the problem, which is at hand wherever a carry is, or for the `structure` of its sparse Hessian."""

    structure: bool = static(default=False)


def lean(state: State) -> State:
    """The state without the problem that its operators hold, and without the pattern of its sparse matrices.

    XLA copies what a loop carries; 200 MB of data cost 490 MB and a third of the time (docs/design-notes.md).
    """
    known = lambda a: isinstance(a, (*PROBLEMS, SparseStructure))
    stand_in = lambda a: Given(isinstance(a, SparseStructure)) if known(a) else a
    return jax.tree.map(stand_in, state, is_leaf=known)


def whole(state: State, problem: Any) -> State:
    """The state with the problem back in its place: the same arrays, no copy."""
    sparsity = getattr(problem, "sparsity", None)
    return with_structure(state, None if sparsity is None else sparsity.structure, problem)


def with_structure(state: State, structure: Any, problem: Any = None) -> State:
    """The same with the pattern alone: host functions are in no state."""
    missing = lambda a: isinstance(a, Given)
    found = lambda a: (structure if a.structure else problem) if missing(a) else a
    return jax.tree.map(found, state, is_leaf=missing)
