"""Variables that do not occur in f: named, so that a singular Hessian is understood."""

from typing import Any

import numpy as np

from raphson.kernel.names import entry_name
from raphson.problems.minimize import Minimize
from raphson.sparsity.find import jacobian_pattern
from raphson.sparsity.pattern import Pattern

NAMED = 3
"""So many variables are named, the others counted."""


def unused_words(problem: Any, model: Any) -> str | None:
    """On which variables f does not depend, whatever x is: "f does not depend on x[3], x[17] and 4 more"; None where
    it depends on all. Looked for in the program, and only where slope and curvature of a variable are zero at x."""
    if not isinstance(problem, Minimize) or not problem.space.straight or not still(model).any():
        return None
    found = jacobian_pattern(problem.fun, model.x, *problem.data)
    if not isinstance(found, Pattern) or found.m != 1:
        return None
    unused = np.setdiff1d(np.arange(found.n), np.asarray(found.column))
    if unused.size == 0:
        return None
    return f"f does not depend on {listed([entry_name(model.x, int(i)) for i in unused[:NAMED]], unused.size)}"


def listed(first: list[str], count: int) -> str:
    """Names in a row, and how many more there are."""
    more = count - len(first)
    if more:
        return f"{', '.join(first)} and {more} more"
    return " and ".join([", ".join(first[:-1]), first[-1]]) if count > 1 else first[0]


def still(model: Any) -> np.ndarray:
    """Which variables (n,) have neither slope nor curvature at x; none where the Hessian is not at hand."""
    quiet = np.asarray(model.gradient) == 0
    if model.curvature.compact:
        p, values = model.curvature.structure, np.asarray(model.curvature.values)
        there = values != 0
        quiet[np.asarray(p.rows)[there]] = quiet[np.asarray(p.columns)[there]] = False
        return quiet
    H = model.curvature.stored()
    return np.zeros_like(quiet) if H is None else quiet & ~np.any(np.asarray(H) != 0, axis=0)
