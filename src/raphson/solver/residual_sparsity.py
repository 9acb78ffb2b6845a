"""Whether the Jacobian of residuals is sparse, found once for a program: pattern, colors, J'J and its factor's cost."""

from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from raphson.calculus.colored import JacobianSparsity, Sparsity
from raphson.linear.normal import JacobianStructure, TooMany, jacobian_structure
from raphson.linear.sparse import fill
from raphson.linear.symbolic import Fill
from raphson.problems.allowed import innermost, modes_of
from raphson.problems.least_squares import LeastSquares
from raphson.problems.modes import FORWARD, Modes
from raphson.solver.sparsity import FACTOR_BYTES, FACTOR_WORK, indices_in, outline_of
from raphson.sparsity.coloring import Coloring, Crowded, color_columns, color_rows, color_symmetric
from raphson.sparsity.compress import hessian_recovery, jacobian_recovery
from raphson.sparsity.find import jacobian_pattern
from raphson.sparsity.pattern import Pattern, Refused, pattern_of
from raphson.sparsity.price import MOST_COLORS, giving


@dataclass(frozen=True)
class ResidualSparsity:
    """What was found: `jacobian` (None: J stays dense), the Hessian's `hessian` (None: products have to do), what the
    factor of J'J costs, and the reason in one sentence."""

    jacobian: JacobianSparsity | None
    hessian: Sparsity | None
    reason: str
    entries: int = 0
    cost: Fill | None = None


_known: WeakKeyDictionary[Any, dict[Any, ResidualSparsity]] = WeakKeyDictionary()


def residual_sparsity(problem: Any, x: Any) -> ResidualSparsity | None:
    """What is known of the sparsity of a problem's Jacobian; found once for a program and its shapes. None where it is
    not asked: on the host, on curved spaces, where derivatives cannot be taken many at a time."""
    if not isinstance(problem, LeastSquares) or not problem.space.straight or not modes_of(problem, x).batched:
        return None
    key = outline_of((x, problem.data)), indices_in(problem.data)
    try:
        known = _known.setdefault(innermost(problem), {})
    except TypeError:  # a callable that takes no weak reference
        return look_at_residuals(problem, x)
    if key not in known:
        known[key] = look_at_residuals(problem, x)
    return known[key]


def look_at_residuals(problem: Any, x: Any) -> ResidualSparsity:
    """The pattern, and what is made of it."""
    pattern = jacobian_pattern(lambda x, *data: replace(problem, data=data).residuals(x), x, *problem.data)
    if isinstance(pattern, Refused):
        return ResidualSparsity(None, None, f"J is not sparse ({pattern.reason})")
    return planned_rows(pattern, modes_of(problem, x))


def planned_rows(pattern: Pattern, modes: Modes) -> ResidualSparsity:
    """The direction with fewer colors, J'J, and what its factorization will cost."""
    n = pattern.n
    start, column = np.asarray(pattern.start), np.asarray(pattern.column)
    coloring, forward = fewest_products(start, column, n, modes)
    if isinstance(coloring, Crowded):
        longest, highest = np.diff(start).max(initial=0), np.bincount(column, minlength=n).max(initial=0)
        why = f"more than {MOST_COLORS} products would give it either way (rows of up to {longest} entries, columns of"
        return ResidualSparsity(None, None, f"J stays dense: {why} {highest})", pattern.nnz)
    structure, cost = normal_structure(pattern)
    if isinstance(structure, str):
        return ResidualSparsity(None, None, structure, pattern.nnz, cost)
    known = JacobianSparsity(structure, jacobian_recovery(start, column, n, coloring, forward))
    way = "forward" if forward else "reverse"
    why = (
        f"J has {pattern.nnz / n:.3g} entries a parameter, {giving(coloring.count, way)} it, and the factor of "
        f"J'J has {0 if cost is None else cost.nonzeros / n:.3g}"
    )
    return ResidualSparsity(known, hessian_sparsity(structure, modes), why, pattern.nnz, cost)


def normal_structure(pattern: Pattern) -> tuple[JacobianStructure | str, Fill | None]:
    """That of J and J'J, or why there is none, in words; and what a factor of J'J costs."""
    structure = jacobian_structure(pattern.start, pattern.column, pattern.n)
    if isinstance(structure, TooMany):
        return f"J stays dense: J'J would take {structure.products:.2g} products of its entries", None
    cost = fill(structure.normal)
    if cost.bytes > FACTOR_BYTES or cost.flops > FACTOR_WORK:
        return f"J stays dense: the factor of J'J would have {cost.nonzeros:.2g} entries", cost
    return structure, cost


def fewest_products(start: np.ndarray, column: np.ndarray, n: int, modes: Modes) -> tuple[Coloring | Crowded, bool]:
    """A coloring of columns (forward products) or rows (reverse ones), whichever has fewer colors, and which it is."""
    best, forward = Crowded(0, MOST_COLORS), True
    if modes.forward:
        best = color_columns(start, column, n, MOST_COLORS)
    most = best.count - 1 if isinstance(best, Coloring) else MOST_COLORS
    if modes.reverse and most > 0:
        other = color_rows(start, column, n, most)
        if isinstance(other, Coloring):
            best, forward = other, False
    return best, forward


def hessian_sparsity(structure: JacobianStructure, modes: Modes) -> Sparsity | None:
    """Of the cost's Hessian, whose places are those of J'J: two variables meet only where a residual has both."""
    if not (modes.second == FORWARD and modes.reverse):
        return None
    from scipy.sparse import coo_array  # here: `import raphson` does without scipy.sparse

    p, n = structure.normal, structure.shape[1]
    rows, columns = np.asarray(p.rows), np.asarray(p.columns)
    places = np.concatenate([rows, columns]), np.concatenate([columns, rows])
    whole = pattern_of(coo_array((np.ones(places[0].size, bool), places), shape=(n, n)).tocsr())
    coloring = color_symmetric(whole.start, whole.column, MOST_COLORS)
    if isinstance(coloring, Crowded):
        return None
    return Sparsity(p, hessian_recovery(whole.start, whole.column, coloring))


def with_jacobian_sparsity(problem: Any, x: Any, least: int) -> tuple[Any, str]:
    """The problem with its sparsity, if it has at least `least` variables and a sparse Jacobian, and the reason."""
    if problem.space.size(x) < least:
        return problem, ""
    found = residual_sparsity(problem, x)
    if found is None:
        return problem, ""
    if found.jacobian is None:
        return problem, found.reason
    return replace(problem, jacobian_sparsity=found.jacobian, sparsity=found.hessian), found.reason
