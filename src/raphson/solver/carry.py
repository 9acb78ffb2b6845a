"""What travels in a loop's carry: numbers of the run, and never the user's data."""

from typing import Any

import jax

from raphson.kernel.record import record, static
from raphson.linear.blocks import BlockStructure
from raphson.linear.coarsen import Grids
from raphson.linear.elimination import Elimination
from raphson.linear.normal import JacobianStructure
from raphson.linear.structure import SparseStructure
from raphson.problems.least_squares import LeastSquares
from raphson.problems.minimize import Minimize
from raphson.solver.step import State

PROBLEMS = (Minimize, LeastSquares)

PLACES = {
    **dict.fromkeys(PROBLEMS, lambda problem: problem),
    SparseStructure: lambda problem: square_structure(problem),
    JacobianStructure: lambda problem: problem.jacobian_sparsity.structure,
    BlockStructure: lambda problem: problem.jacobian_sparsity.structure,
    Elimination: lambda problem: problem.jacobian_sparsity.elimination,
    Grids: lambda problem: problem.sparsity.grids,
}
"""What is taken out of a state, by its type, and where it is found again."""


def square_structure(problem: Any) -> SparseStructure:
    """That of the Hessian; of residuals that of J'J, whose places are the Hessian's, too."""
    rows = getattr(problem, "jacobian_sparsity", None)
    return problem.sparsity.structure if rows is None else rows.structure.normal


@record
class Given:
    """Stands for what is at hand wherever a carry is: the problem, or the structure of its sparse derivatives."""

    kind: type = static()


def lean[T](state: T) -> T:
    """The state, or anything else, without the problem that its operators hold and the pattern of its sparse matrices.

    XLA copies what a loop carries; 200 MB of data cost 490 MB and a third of the time (docs/design-notes.md).
    """
    known = lambda a: type(a) in PLACES
    return jax.tree.map(lambda a: Given(type(a)) if known(a) else a, state, is_leaf=known)


def whole[T](state: T, problem: Any) -> T:
    """The state with the problem back in its place: the same arrays, no copy."""
    missing = lambda a: isinstance(a, Given)
    return jax.tree.map(lambda a: PLACES[a.kind](problem) if missing(a) else a, state, is_leaf=missing)


def with_structure(state: State, structure: Any) -> State:
    """The same for host functions, which are in no state: the pattern alone, of H or of J."""
    missing = lambda a: isinstance(a, Given)
    square = structure.normal if isinstance(structure, JacobianStructure) else structure
    place = lambda a: square if a.kind is SparseStructure else structure
    return jax.tree.map(lambda a: place(a) if missing(a) else a, state, is_leaf=missing)
