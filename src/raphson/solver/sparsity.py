"""Whether the Hessian of a problem is sparse, found once for a program: pattern, colors, and what a factor costs."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.colored import Sparsity
from raphson.linear.sparse import fill
from raphson.linear.structure import sparse_structure
from raphson.linear.symbolic import Fill
from raphson.problems.allowed import innermost, modes_of
from raphson.problems.minimize import Minimize
from raphson.problems.modes import FORWARD
from raphson.solver.memory import amount, available_bytes, fits
from raphson.sparsity.coloring import Crowded, color_symmetric
from raphson.sparsity.compress import hessian_recovery
from raphson.sparsity.find import hessian_pattern
from raphson.sparsity.pattern import Refused
from raphson.sparsity.price import MOST_COLORS, coloring_bytes, products_instead

FACTOR_BYTES = 2**31
"""A factor may take up so much memory: CHOLMOD holds up to four."""

FACTOR_WORK = 1e11
"""And so many operations: about 10 s each on two cores."""


@dataclass(frozen=True)
class SparsityFound:
    """What was found: the `sparsity` (None: products have to do), the pattern's `entries`, how many `colors` it has,
    what its factor costs, and the reason in one sentence. `passing`: it is so for lack of memory, which may end."""

    sparsity: Sparsity | None
    reason: str
    entries: int = 0
    cost: Fill | None = None
    colors: int = 0
    passing: bool = False


_known: WeakKeyDictionary[Any, dict[Any, SparsityFound]] = WeakKeyDictionary()


def sparse_of(problem: Any, x: Any) -> SparsityFound | None:
    """What is known of the sparsity of a problem's Hessian; found once for a program and its shapes. None where it is
    not asked: on the host, on curved spaces, without forward mode over a gradient in reverse."""
    if not isinstance(problem, Minimize) or not problem.space.straight:
        return None
    modes = modes_of(problem, x)
    if not (modes.second == FORWARD and modes.reverse and modes.batched):
        return None
    function = innermost(problem)
    key = outline_of((x, problem.data)), indices_in(problem.data)
    try:
        known = _known.setdefault(function, {})
    except TypeError:  # a callable that takes no weak reference
        return look_for(problem, x)
    found = known.get(key)
    if found is None:
        found = look_for(problem, x)
        if not found.passing:
            known[key] = found
    return found


def outline_of(arrays: Any) -> Any:
    """Structure, shapes and types."""
    leaves, tree = jax.tree.flatten(arrays)
    return tree, tuple((np.shape(a), str(jnp.result_type(a))) for a in leaves)


def indices_in(data: Any) -> str:
    """Whole numbers among the data, as a digest: where they are indices the pattern depends on them."""
    found = hashlib.sha256()
    for leaf in jax.tree.leaves(data):
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.inexact):
            found.update(np.ascontiguousarray(leaf).tobytes())
    return found.hexdigest()


def look_for(problem: Any, x: Any) -> SparsityFound:
    """The pattern, its coloring, and what a factorization will cost."""
    n = problem.space.size(x)
    pattern = hessian_pattern(problem.fun, x, *problem.data)
    if isinstance(pattern, Refused):
        return SparsityFound(None, f"H is not sparse ({pattern.reason})")
    start, column = np.asarray(pattern.start), np.asarray(pattern.column)
    needed = float(coloring_bytes(n, pattern.nnz))
    if not fits(needed, x):
        why = f"coloring it takes {amount(needed)}, and {amount(available_bytes(x))} are free"
        return SparsityFound(None, f"H has {pattern.nnz} entries: {why}", pattern.nnz, passing=True)
    coloring = color_symmetric(start, column, MOST_COLORS)
    refusal = products_instead(coloring)
    if refusal is not None or isinstance(coloring, Crowded):
        return SparsityFound(None, f"H has {pattern.nnz} entries: {refusal}", pattern.nnz)
    structure, _ = sparse_structure(pattern.row, column, n)
    cost = fill(structure)
    if cost.bytes > FACTOR_BYTES or cost.flops > FACTOR_WORK:
        return SparsityFound(None, f"the factor of H would have {cost.nonzeros:.2g} entries", pattern.nnz, cost)
    known = Sparsity(structure, hessian_recovery(start, column, coloring))
    why = (
        f"H has {pattern.nnz / n:.3g} entries a row, {coloring.count} products give it, and its factor has "
        f"{cost.nonzeros / n:.3g} a row"
    )
    return SparsityFound(known, why, pattern.nnz, cost, coloring.count)


def with_sparsity(problem: Any, x: Any, least: int) -> tuple[Any, SparsityFound | None]:
    """The problem with its sparsity, if it has at least `least` variables and a sparse Hessian whose factor fits into
    the memory that there is, and what was found."""
    if problem.space.size(x) < least:
        return problem, None
    found = sparse_of(problem, x)
    if found is None or found.sparsity is None:
        return problem, found
    needed = 0.0 if found.cost is None else found.cost.bytes
    if not fits(needed, x):
        why = f"its factor would take {amount(needed)}, and {amount(available_bytes(x))} are free"
        return problem, replace(found, sparsity=None, reason=f"H has {found.entries} entries: {why}", passing=True)
    return replace(problem, sparsity=found.sparsity), found
