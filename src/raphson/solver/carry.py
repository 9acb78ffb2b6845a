"""What travels in a loop's carry: numbers of the run, and never the user's data."""

from typing import Any

import jax

from raphson.kernel.record import record
from raphson.problems.least_squares import LeastSquares
from raphson.problems.minimize import Minimize
from raphson.solver.step import State

PROBLEMS = (Minimize, LeastSquares)


@record
class Given:
    """Stands for the problem, which is at hand wherever a carry is."""


def lean(state: State) -> State:
    """The state without the problem that its operators hold.

    XLA copies what a loop carries; 200 MB of data cost 490 MB and a third of the time (docs/design-notes.md).
    """
    known = lambda a: isinstance(a, PROBLEMS)
    return jax.tree.map(lambda a: Given() if known(a) else a, state, is_leaf=known)


def whole(state: State, problem: Any) -> State:
    """The state with the problem back in its place: the same arrays, no copy."""
    missing = lambda a: isinstance(a, Given)
    return jax.tree.map(lambda a: problem if missing(a) else a, state, is_leaf=missing)
