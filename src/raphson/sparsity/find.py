"""The sparsity patterns of a Hessian and of a Jacobian, found in the traced function without a derivative of it.

What is found holds at every x: a place is left out only where the program shows that the derivative is zero there. It
may hold more than a matrix at a point, where terms cancel or a branch is not taken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.sparsity.constants import Constants
from raphson.sparsity.dependence import Dependence, Sets
from raphson.sparsity.hessian import Meetings
from raphson.sparsity.pattern import Pattern, Refused, pattern_of
from raphson.sparsity.places import places_in
from raphson.sparsity.remember import pattern_key, remembered_pattern
from raphson.sparsity.straighten import straightened
from raphson.sparsity.sweep import Sweep
from raphson.sparsity.tape import Straight, TooDense, Unreadable

log = logging.getLogger("raphson")
Find = Callable[[Straight, int], Any]

MOST = 50_000_000
"""Entries that a pattern, or the index sets of one array on the way, may have: 0.25 GB in compressed rows."""


def hessian_pattern(
    fun: Callable[..., Any], x: Any, *data: Any, fixed: bool = False, zeros: bool = False, most: int = MOST,
    keep: bool = True,
) -> Pattern | Refused:  # fmt: skip
    """Where the Hessian of `fun(x, *data)`, a scalar, can be nonzero in x.

    x is a pytree of real arrays, whose values do not matter; its leaves are raveled one after the other. Data of whole
    numbers and booleans are taken as they are (they are indices and masks), and those of real numbers only where they
    are `fixed`: then their zeros are places that stay empty. `zeros`: of matrices of real numbers that are mostly zero
    the zeros stay, whatever the other numbers are (`places_in`). Beyond `most` entries, of the pattern or of the index
    sets of one array on the way, the answer is `Refused`. `keep`: patterns found before are not found again.

    Raises TypeError where x is complex or the function does not return one real number, and what the function raises.
    """
    jaxpr, active, values = traced(fun, x, data, fixed)
    count = len(active) - len(jax.tree.leaves(data))
    places = {count + k: held for k, held in places_in(data).items()} if zeros else {}
    out = jaxpr.out_avals
    if len(out) != 1 or out[0].shape != () or jnp.issubdtype(out[0].dtype, jnp.complexfloating):
        shapes = ", ".join(str(a) for a in out)
        raise TypeError(f"the function must return one real number; it returns {shapes or 'nothing'}")
    return found_in(jaxpr, active, values, hessian_of_tape, most, keep, places)


def jacobian_pattern(
    fun: Callable[..., Any], x: Any, *data: Any, fixed: bool = False, most: int = MOST, keep: bool = True
) -> Pattern | Refused:
    """Where the Jacobian (m, n) of `fun(x, *data)`, any pytree of real arrays, can be nonzero; both sides raveled.

    As `hessian_pattern` in all else.
    """
    return found_in(*traced(fun, x, data, fixed), jacobian_of_tape, most, keep)


def found_in(
    jaxpr: Any, active: list[bool], values: dict[int, Any], find: Find, most: int, keep: bool,
    places: dict[int, np.ndarray] | None = None,
) -> Pattern | Refused:  # fmt: skip
    """A pattern, or the sentence that says why there is none. Never an exception: the caller has other ways."""
    try:
        tape = straightened(jaxpr, active, values, places)
        key = pattern_key(tape, find.__name__, most) if keep else None
        return remembered_pattern(key, lambda: judged(tape, find, most))
    except Unreadable as error:
        return Refused(str(error))
    except Exception as error:  # an operation that newer versions of JAX write in another way, or no memory
        log.debug("no pattern", exc_info=True)
        return Refused(f"the pattern could not be found ({type(error).__name__}: {error})")


def judged(tape: Straight, find: Find, most: int) -> Pattern | Refused:
    """A pattern unless it is too dense."""
    try:
        return pattern_of(find(tape, most))
    except TooDense as error:
        reason = f"too dense: {error.what} would have {error.count:.3g} entries, more than {error.limit:.3g}"
        if tape.unknown:
            reason += f"; taken as full, because nothing is known about them: {', '.join(tape.unknown)}"
        return Refused(reason, error.count)


def traced(fun: Callable[..., Any], x: Any, data: tuple, fixed: bool) -> tuple[Any, list[bool], dict[int, Any]]:
    """The function's jaxpr, which of its inputs move, and the values of those that are taken as they are."""
    moving = jax.tree.map(lambda a: jax.ShapeDtypeStruct(jnp.shape(a), moving_type(a)), x)
    resting = jax.tree.map(lambda a: jax.ShapeDtypeStruct(jnp.shape(a), type_of(a)), data)
    jaxpr = jax.make_jaxpr(fun)(moving, *resting)
    count, leaves = len(jax.tree.leaves(moving)), jax.tree.leaves(data)
    whole = [not jnp.issubdtype(type_of(a), jnp.inexact) for a in leaves]
    values = {
        count + k: a
        for k, (a, taken) in enumerate(zip(leaves, whole, strict=True))
        if (fixed or taken) and not isinstance(a, jax.ShapeDtypeStruct)
    }
    return jaxpr, [True] * count + [False] * len(leaves), values


def type_of(a: Any) -> Any:
    """The type of an array, random keys included, or of a number."""
    return a.dtype if hasattr(a, "dtype") else jnp.result_type(a)


def moving_type(a: Any) -> Any:
    """The type that a variable is given: whole numbers are moved as real ones."""
    kind = type_of(a)
    if jnp.issubdtype(kind, jnp.complexfloating):
        raise TypeError(f"x holds complex numbers ({kind}); give real and imaginary parts as variables of their own")
    return kind if jnp.issubdtype(kind, jnp.floating) else jnp.result_type(float)


def hessian_of_tape(tape: Straight, most: int) -> Any:
    """The Hessian's places (n, n) as a SciPy matrix."""
    deps, n = variables(tape)
    sets = Sets(n, most)
    found = Meetings(sets)
    Sweep(tape, Constants(tape), sets, found).run(
        deps, [np.ones(tape.kinds[v].shape, bool) for v in tape.outs], [False]
    )
    return found.matrix()


def jacobian_of_tape(tape: Straight, most: int) -> Any:
    """The Jacobian's places (m, n) as a SciPy matrix."""
    from scipy.sparse import vstack

    deps, n = variables(tape)
    sets = Sets(n, most)
    masks = [np.ones(tape.kinds[v].shape, bool) for v in tape.outs]
    out = Sweep(tape, Constants(tape), sets).run(deps, masks, [True] * len(masks))
    empty = [np.zeros(tape.kinds[v].size + 1, np.int32) for v in tape.outs]
    rows = [
        sets.csr(e, np.zeros(0, np.int32)) if d is None else sets.explicit(d) for d, e in zip(out, empty, strict=True)
    ]
    sets.check(sum(r.nnz for r in rows))
    return rows[0] if len(rows) == 1 else vstack(rows, "csr") if rows else sets.csr(np.zeros(1, int), np.zeros(0, int))


def variables(tape: Straight) -> tuple[list[Dependence | None], int]:
    """The inputs that move, each element a variable of its own, and how many there are."""
    deps: list[Dependence | None] = []
    n = 0
    for v in tape.ins:
        kind = tape.kinds[v]
        if not tape.active[v]:
            deps.append(None)
            continue
        deps.append(Dependence(np.arange(n, n + kind.size, dtype=np.int32).reshape(kind.shape)))
        n += kind.size
    return deps, n
