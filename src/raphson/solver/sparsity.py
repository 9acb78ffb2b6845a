"""Whether the Hessian of a problem is sparse, found once for a program: pattern, colors, and what a factor costs."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.colored import Sparsity
from raphson.kernel.names import entry_name
from raphson.linear.sparse import fill
from raphson.linear.structure import SparseStructure, sparse_structure
from raphson.linear.symbolic import Fill
from raphson.problems.allowed import innermost, modes_of
from raphson.problems.minimize import Minimize
from raphson.problems.modes import FORWARD
from raphson.solver.memory import amount, available_bytes, fits
from raphson.sparsity.coloring import Crowded, color_symmetric
from raphson.sparsity.compress import hessian_recovery
from raphson.sparsity.find import hessian_pattern
from raphson.sparsity.pattern import Pattern, Refused
from raphson.sparsity.places import places_in
from raphson.sparsity.price import MOST_COLORS, coloring_bytes, giving, products_instead

FACTOR_BYTES = 2**31
"""A factor may take up so much memory: CHOLMOD holds up to four."""

FACTOR_WORK = 1e11
"""And so many operations: about 10 s each on two cores."""

FEW_COLORS = 12
"""Up to so many colors, a product each at every point, H is formed on its pattern to be multiplied with: a step of
conjugate gradients takes 10 products and more."""


@dataclass(frozen=True)
class SparsityFound:
    """What was found: the `sparsity` (None: products have to do), the pattern's `entries`, what its factor costs, its
    `structure`, how many `colors` it has, and the reason in one sentence. `passing`: it is so for lack of memory, which
    may end. `given`: its user named the pattern, or computes the entries."""

    sparsity: Sparsity | None
    reason: str
    entries: int = 0
    cost: Fill | None = None
    structure: SparseStructure | None = None
    colors: int = 0
    passing: bool = False
    given: bool = False


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
    """Whole numbers among the data, which may be indices, and the zeros of matrices, as a digest: on both the pattern
    depends."""
    found = hashlib.sha256()
    for leaf in jax.tree.leaves(data):
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.inexact):
            found.update(np.ascontiguousarray(leaf).tobytes())
    for k, held in places_in(data).items():
        found.update(f"{k} {held.shape}".encode() + np.packbits(held).tobytes())
    return found.hexdigest()


def look_for(problem: Any, x: Any) -> SparsityFound:
    """The pattern, its coloring, and what a factorization will cost."""
    pattern = hessian_pattern(problem.fun, x, *problem.data, zeros=True)
    if isinstance(pattern, Refused):
        return SparsityFound(None, f"H is not sparse ({pattern.reason})")
    found = planned(pattern, x)
    return replace(found, reason=found.reason + long_rows(pattern, x))


LONG = 0.25
"""A row of H counts as dense with this part of all places."""

NAMED = 3
"""So many variables of dense rows are named."""


def long_rows(pattern: Pattern, x: Any) -> str:
    """Which variables are coupled with most others, in words; "" where none is. A few of them cost a color each, and a
    border of the factor."""
    length = np.diff(np.asarray(pattern.start))
    dense = np.flatnonzero(length > LONG * pattern.n)
    if dense.size == 0:
        return ""
    if dense.size == pattern.n:
        return "; every variable is coupled with most others"
    names = ", ".join(entry_name(x, int(i)) for i in dense[:NAMED])
    more = f" and {dense.size - NAMED} more are" if dense.size > NAMED else " are" if dense.size > 1 else " is"
    return f"; {names}{more} coupled with up to {length.max() - 1} others"


def planned(pattern: Pattern, x: Any, colored: bool = True, multiplied: bool = True) -> SparsityFound:
    """A pattern's coloring, and what a factorization will cost. `colored`: entries come from products by colors; where
    they do not, there is a `structure` alone. `multiplied`: H may serve for products where its factor is too large."""
    start, column, n = np.asarray(pattern.start), np.asarray(pattern.column), pattern.n
    needed = float(coloring_bytes(n, pattern.nnz)) if colored else 0.0
    if not fits(needed, x):
        why = f"coloring it takes {amount(needed)}, and {amount(available_bytes(x))} are free"
        return SparsityFound(None, f"H has {pattern.nnz} entries: {why}", pattern.nnz, passing=True)
    coloring = color_symmetric(start, column, MOST_COLORS) if colored else None
    refusal = None if coloring is None else products_instead(coloring)
    if refusal is not None or isinstance(coloring, Crowded):
        return SparsityFound(None, f"H has {pattern.nnz} entries: {refusal}", pattern.nnz)
    structure, _ = sparse_structure(pattern.row, column, n)
    cost = fill(structure)
    large = cost.bytes > FACTOR_BYTES or cost.flops > FACTOR_WORK
    much = f"the factor of H would have {cost.nonzeros:.2g} entries"
    if coloring is None:
        return SparsityFound(None, much if large else "", pattern.nnz, cost, None if large else structure)
    known = Sparsity(structure, hessian_recovery(start, column, coloring))
    if large:
        if coloring.count > FEW_COLORS or not multiplied:
            return SparsityFound(None, much, pattern.nnz, cost)
        row = pattern.nnz / n
        why = f"{much}, so it is multiplied with: {row:.3g} entries a row, which {giving(coloring.count)}"
        return SparsityFound(replace(known, direct=False), why, pattern.nnz, cost, colors=coloring.count)
    why = (
        f"H has {pattern.nnz / n:.3g} entries a row, {giving(coloring.count)} it, and its factor has "
        f"{cost.nonzeros / n:.3g} a row"
    )
    return SparsityFound(known, why, pattern.nnz, cost, structure, coloring.count)


def with_sparsity(problem: Any, x: Any, least: int) -> tuple[Any, SparsityFound | None]:
    """The problem with its sparsity, if it has at least `least` variables and a sparse Hessian whose factor fits into
    the memory that there is, and what was found."""
    if problem.space.size(x) < least:
        return problem, None
    found = sparse_of(problem, x)
    if found is None or found.sparsity is None:
        return problem, found
    needed = found.cost.bytes if found.cost is not None and found.sparsity.direct else 0.0
    if not fits(needed, x):
        why = f"its factor would take {amount(needed)}, and {amount(available_bytes(x))} are free"
        return problem, replace(found, sparsity=None, reason=f"H has {found.entries} entries: {why}", passing=True)
    return replace(problem, sparsity=found.sparsity), found


def cost_of(problem: Any) -> Fill:
    """What a factor of a sparse Hessian costs, as it was foreseen when the pattern was found; foreseen now for a
    pattern that was given."""
    found = _known.get(innermost(problem), {}) if isinstance(problem, Minimize) else {}
    kept = (known.cost for known in found.values() if known.sparsity is problem.sparsity)
    return next((cost for cost in kept if cost is not None), None) or fill(problem.sparsity.structure)
