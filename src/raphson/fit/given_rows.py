"""What a user says about the sparse Jacobian of residuals: `jac_sparsity`, or a sparse matrix that `jac` returns."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.around import limits_of
from raphson.calculus.colored import SPARSE_GRAM, JacobianSparsity
from raphson.calculus.difference import host_jacobian
from raphson.calculus.host_rows import GivenRows, GroupedDifferences, Places, jacobian_coordinates
from raphson.calculus.taylor import evaluate_compiled
from raphson.fit.strategy import x_dtype
from raphson.kernel.number import eps
from raphson.kernel.program import Program
from raphson.kernel.warning import warn
from raphson.linear.sparse import fill
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HostResiduals
from raphson.problems.loss import Loss, linear
from raphson.solver.choose import DENSE
from raphson.solver.host_sparsity import LOOKS
from raphson.solver.inputs import contradicted
from raphson.solver.memory import PRODUCT_BYTES, fits, require_room_for_rows, rows_bytes
from raphson.solver.residual_sparsity import normal_structure, planned_rows, with_jacobian_sparsity
from raphson.solver.sparsity import FACTOR_BYTES
from raphson.sparsity.coloring import Coloring, color_columns, entry_rows
from raphson.sparsity.given import given_rows, is_sparse
from raphson.sparsity.pattern import Pattern, pattern_of
from raphson.sparsity.probe import Probe, probe_jacobian

Names = tuple[str, ...]


def with_rows(problem: Any, x: Any, given: Any, names: Names, notes: list[str]) -> tuple[Any, str]:
    """The problem with its sparse Jacobian, as it was found, or as its user says; and the reason.

    Raises TypeError or ValueError for a `given` that cannot be meant, and where an entry outside of it shows at x.
    """
    m, n = problem.count(x), problem.space.size(x)
    pattern = None if given is None else given_rows(given, m, n)
    if isinstance(problem, HostResiduals):
        return with_host_rows(problem, np.asarray(x), pattern, names, notes)
    if pattern is None or not problem.space.straight:
        return with_jacobian_sparsity(problem, x, DENSE + 1)
    if n <= DENSE:
        notes.append(f"jac_sparsity is not needed: with {n} parameters the Jacobian is formed whole")
        return problem, ""
    if not modes_of(problem, x).batched:
        notes.append("jac_sparsity is not used: fun allows no derivatives many at a time")
        return problem, ""
    found = planned_rows(pattern, modes_of(problem, x))
    if found.jacobian is None:
        notes.append(f"jac_sparsity is not used: {found.reason}")
        return problem, found.reason
    problem = replace(problem, jacobian_sparsity=found.jacobian, sparsity=found.hessian)
    said = contradiction(problem, x, names)
    if said is not None:
        raise ValueError(f"{said}. Add it to jac_sparsity, or leave that out")
    return problem, f"{found.reason}, by the pattern that was given"


def with_host_rows(
    problem: HostResiduals, x: np.ndarray, pattern: Pattern | None, names: Names, notes: list[str]
) -> tuple[HostResiduals, str]:
    """The same of residuals on the host: J by differences of groups of columns, or as `jac` gives it."""
    user: Any = problem.jacobian
    if user is not None:
        J = user.raw(x.copy()) if x.size > DENSE else None
        if not is_sparse(J):
            if pattern is not None:
                notes.append("jac_sparsity is not needed: jac gives the Jacobian")
            return problem, ""
        pattern = joined(J, pattern, (problem.size, x.size))
    if pattern is None or not np.all(np.isfinite(problem.evaluate(x))):  # what is not finite is said before the loop
        return problem, ""
    structure, cost = normal_structure(pattern) if x.size > DENSE else ("", None)
    whole = isinstance(structure, str)
    start, column = np.asarray(pattern.start), np.asarray(pattern.column)
    places = Places(start, column, entry_rows(start), (pattern.m, pattern.n))
    why = "" if isinstance(structure, str) else f"J has {pattern.nnz / x.size:.3g} entries a parameter"
    if user is not None:
        rows: Any = replace(GivenRows.of(places), whole=whole)
        why += ", as jac gives it" if why else ""
    else:
        found = color_columns(start, column, x.size)
        if not isinstance(found, Coloring) or found.count >= x.size > 1:
            notes.append("jac_sparsity is not used: no two parameters can be moved together")
            return problem, ""
        rows = GroupedDifferences(places, found.color, found.count, whole)
        rows = rows.measured(problem, x, problem.evaluate(x))
        calls = found.count if problem.frugal else 2 * found.count
        notes.append(f"J takes {calls} calls of the residuals at each point, by jac_sparsity")
        why += f", which {calls} residuals give" if why else ""
    if isinstance(structure, str):
        if structure:
            notes.append(structure)
    else:
        problem = replace(problem, jacobian_sparsity=JacobianSparsity(structure))
        why += f", and the factor of J'J has {0 if cost is None else cost.nonzeros / x.size:.3g}"
    problem = replace(problem, rows=rows)
    said = None if problem.frugal else contradiction(problem, x, names)
    if said is not None:
        raise ValueError(f"{said}. {'Correct jac' if user else 'Add it to jac_sparsity'}, or leave that out")
    return problem, why


def require_fit(problem: Any, x: Any, why: str) -> None:
    """MemoryError, before anything is allocated, where J, J'J and their factors do not fit into the free memory."""
    m, n, known = problem.count(x), problem.space.size(x), problem.jacobian_sparsity
    if known is None:
        require_room_for_rows(m, n, x, why)
        return
    p, itemsize = known.structure, x_dtype(x).itemsize
    products = p.products.left.size
    # No factor takes more than FACTOR_BYTES: where that is free, its own size need not be worked out again.
    if not fits(rows_bytes(m, n, itemsize, p.entries, products) + FACTOR_BYTES, x):
        require_room_for_rows(m, n, x, "", p.entries, fill(p.normal).bytes + PRODUCT_BYTES * products)


def joined(J: Any, pattern: Pattern | None, shape: tuple[int, int]) -> Pattern:
    """The places of a matrix that `jac` returned, and those that were named."""
    from scipy.sparse import coo_array, csr_array

    held = jacobian_coordinates(J, shape)
    own = csr_array(coo_array((np.ones(held.rows.size, bool), (held.rows, held.columns)), shape=shape))
    return pattern_of(own if pattern is None else csr_array(own + pattern.matrix()))


def contradiction(problem: Any, x: Any, names: Names) -> str | None:
    """What shows at x that J is not what the residuals' own changes are, in words; None where nothing does."""
    if isinstance(problem, HostResiduals):
        return contradiction_on_host(problem, np.asarray(x), names)
    seen = probed_rows(problem, x)
    if seen.agrees is not False:
        return None
    i, j = seen.missing[0]
    return f"residual[{i}] depends on {names[j]}, and ({i}, {j}) is not in jac_sparsity"


plain_product = Program(lambda problem, x, v: problem_linear(problem, x)[0](v))
plain_back = Program(lambda problem, x, w: problem_linear(problem, x)[1](w))


def problem_linear(problem: Any, x: Any) -> tuple[Callable, Callable]:
    """v -> J v and w -> J'w of a problem at x."""
    residuals, zero = lambda s: problem.residuals(problem.space.retract(x, s)), problem.space.zero(x)
    modes = modes_of(problem, x)
    if not modes.reverse:
        return (lambda v: jax.jvp(residuals, (zero,), (v,))[1]), lambda w: jax.jacfwd(residuals)(zero).T @ w
    pull = jax.vjp(residuals, zero)[1]
    if not modes.forward:
        turn = jax.vjp(lambda w: pull(w)[0], jnp.zeros(problem.count(x), zero.dtype))[1]
        return (lambda v: turn(v)[0]), lambda w: pull(w)[0]
    return (lambda v: jax.jvp(residuals, (zero,), (v,))[1]), lambda w: pull(w)[0]


def probed_rows(problem: Any, x: Any) -> Probe:
    """Whether the Jacobian by colors is the true one at x."""
    bare = replace(problem, loss=Loss(linear))
    J = evaluate_compiled(bare, x, SPARSE_GRAM).curvature.matrix()
    bare = replace(bare, jacobian_sparsity=None, sparsity=None)
    product = lambda v: np.asarray(plain_product(bare, x, jnp.asarray(v)))
    back = lambda w: np.asarray(plain_back(bare, x, jnp.asarray(w)))
    return probe_jacobian(product, back, J.indptr, J.indices, J.data, J.shape[1])


def contradiction_on_host(problem: HostResiduals, x: np.ndarray, names: Names) -> str | None:
    """The same by differences along random vectors, which move every parameter by about eps^(1/3) of its size."""
    r = np.asarray(problem.evaluate(x), float)
    J = host_jacobian(problem, x, r)
    rng, usual, h = np.random.default_rng(0), float(np.max(np.abs(x), initial=0.0)) or 1.0, eps(x) ** (1 / 3)
    low, high, _ = limits_of(problem.space, x)
    for _ in range(LOOKS):
        v = rng.choice([-1.0, 1.0], x.size) * rng.uniform(0.5, 1.5, x.size) * np.where(x == 0, usual, np.abs(x))
        ahead, behind = (np.clip(x + s * h * v, low, high).astype(x.dtype) for s in (1, -1))
        change = np.asarray(problem.residuals(ahead), float) - np.asarray(problem.residuals(behind), float)
        product, size = J @ (ahead - behind), abs(J) @ np.abs(ahead - behind)
        found = contradicted(product, change, size + np.abs(r) + 1e-3 * np.max(np.abs(r), initial=0.0))
        if found is not None:
            i = found[0]
            if problem.jacobian is None and (j := outside(problem, x, i, ahead)) is not None:
                return f"residual[{i}] depends on {names[j]}, and ({i}, {j}) is not in jac_sparsity"
            whose = "jac" if problem.jacobian is not None else "J by jac_sparsity"
            return (
                f"{whose} does not agree with the residuals: row {i} times a vector is {product[i]:.6g}, and "
                f"residual[{i}] changes by {change[i]:.6g} along it"
            )
    return None


def outside(problem: HostResiduals, x: np.ndarray, i: int, ahead: np.ndarray) -> int | None:
    """A parameter outside the places of row i with which residual i changes, by halving; None where none is found."""
    places = problem.rows.places
    mine = places.column[places.start[i] : places.start[i + 1]]
    left = np.setdiff1d(np.arange(x.size), mine)
    moved = lambda which: float(problem.residuals(np.where(np.isin(np.arange(x.size), which), ahead, x))[i])
    rest = float(problem.evaluate(x)[i])
    if left.size == 0 or moved(left) == rest:
        return None
    while left.size > 1:
        half = left[: left.size // 2]
        left = half if moved(half) != rest else left[left.size // 2 :]
    return int(left[0])


def belied_rows(problem: Any, x: Any, names: Names) -> str | None:
    """What shows at the end of a fit that a given pattern lies; None where nothing does, or no call may be made."""
    host = isinstance(problem, HostResiduals)
    if (problem.rows is None or problem.evaluations.limit is not None) if host else problem.jacobian_sparsity is None:
        return None
    return contradiction(problem, x, names)


def without_rows(problem: Any, x: Any, said: str, notes: list[str]) -> tuple[Any, str]:
    """The problem without what its user said of J, with a warning and a note of what was seen."""
    text = f"{said}, which shows where the fit ended; it was made again without jac_sparsity"
    warn(text, RuntimeWarning)
    notes.append(text)
    if isinstance(problem, HostResiduals):
        return replace(problem, rows=None, jacobian_sparsity=None), ""
    return with_jacobian_sparsity(replace(problem, jacobian_sparsity=None, sparsity=None), x, DENSE + 1)
