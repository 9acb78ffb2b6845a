"""What a user says about the sparse Hessian of a host function: a pattern with a gradient, or the matrix itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from raphson.calculus.around import limits_of
from raphson.calculus.difference import given_gradient
from raphson.calculus.host_sparse import ColoredDifferences, GivenEntries, hessian_coordinates
from raphson.calculus.taylor import GRADIENT
from raphson.kernel.names import entry_name
from raphson.kernel.number import eps
from raphson.kernel.program import Program
from raphson.problems.callback import Callback
from raphson.problems.minimize import Minimize
from raphson.solver.choose import DENSE
from raphson.solver.host import FlatPoint, UserHessian, host_problem
from raphson.solver.inputs import NUMERICAL, contradicted
from raphson.solver.sparsity import SparsityFound, planned
from raphson.sparsity.given import Coordinates, given_pattern, is_sparse

LOOKS = 3
"""Differences of the gradient along random directions with which a sparse Hessian is compared at x0."""

ROUNDING = 100
"""So many roundings of a gradient may a difference of two be away: in single precision 1e-5 of it."""


def with_host_sparsity(
    problem: Callback, x: Any, given: Any, notes: list[str]
) -> tuple[Callback, SparsityFound | None]:
    """The problem with its sparse Hessian, where its user gave one or said where it is, and what was found of it.

    Up to `DENSE` variables a sparse matrix is taken as a dense one. Raises for what cannot be meant, before the loop.
    """
    start, n = np.asarray(x), np.size(x)
    pattern = None if given is None else given_pattern(given, n)
    matrix = None
    if isinstance(problem.hessian, UserHessian) and (pattern is not None or n > DENSE):
        matrix = problem.hessian.sparse(start)
        matrix = matrix if is_sparse(matrix) else None
    if matrix is not None:
        return with_given_matrix(problem, start, hessian_coordinates(matrix, n), given, notes)
    if pattern is None:
        return problem, None
    if problem.gradient is None:
        notes.append("hess_sparsity is not used: without jac the gradient is learned from differences of fun")
        return problem, None
    if problem.hessian is not None:
        notes.append("hess_sparsity is not used: hess or hessp gives a dense matrix")
        return problem, None
    found = planned(pattern, x, multiplied=False)
    if found.sparsity is None:
        notes.append(f"hess_sparsity is not used: {found.reason}")
        return problem, found
    plain = ColoredDifferences.of(found.sparsity.structure, found.sparsity.recovery)
    known, entries, _ = plain.measured(problem, start)
    problem = replace(problem, sparsity=known)
    compare_products(problem, start, entries, "hess_sparsity is not the pattern of the Hessian")
    count = 2 * found.sparsity.recovery.count
    why = f"{sentence(found, n)}, from {count} gradients at each point by the pattern that was given"
    return problem, replace(found, reason=why, given=True)


def with_given_matrix(
    problem: Callback, x: np.ndarray, held: Coordinates, given: Any, notes: list[str]
) -> tuple[Callback, SparsityFound]:
    """The problem with the sparse Hessian that its user computes."""
    from scipy.sparse import coo_array

    n = x.size
    refuse_one_sided(held)
    rows, columns = np.r_[held.rows, held.columns], np.r_[held.columns, held.rows]
    places = coo_array((np.ones(rows.size, np.int8), (rows, columns)), shape=(n, n))
    if given is not None:
        more = given_pattern(given, n)
        places = coo_array(places.tocsr() + more.matrix().astype(np.int8))
    found = planned(given_pattern(places, n, "hess"), x, colored=False)
    if found.structure is None:
        notes.append(f"hess is not factorized as a sparse matrix: {found.reason}")
        return problem, found
    known = GivenEntries.of(found.structure)
    problem = replace(problem, sparsity=known)
    if problem.gradient is not None:
        compare_products(problem, x, known.ordered(held), "hess does not agree with jac at x0")
    return problem, replace(found, reason=f"{sentence(found, n)}, as hess gives it", given=True)


def by_given_hessian(
    problem: Minimize, x: Any, args: tuple, hess: Callable, notes: list[str]
) -> tuple[Callback, FlatPoint] | None:
    """A JAX function whose H is too costly by products, as a host function with compiled value and gradient, where
    `hess` returns a sparse matrix; else None."""
    if not is_sparse(hess(jax.tree.map(np.asarray, x), *args)):
        return None
    value = lambda p: float(f_alone(problem, p))
    gradient = lambda p: g_alone(problem, p)
    own = lambda p: hess(p, *args)
    why = "f and its gradient are compiled; no sparse H was found in it, and hess gives one"
    return host_problem(value, x, (), gradient, own, None, notes, why, problem.space)


f_alone = Program(lambda problem, x: problem.value(x))
g_alone = Program(lambda problem, x: GRADIENT.evaluate(problem, x).gradient)


def sentence(found: SparsityFound, n: int) -> str:
    """What the factor costs."""
    cost = 0.0 if found.cost is None else found.cost.nonzeros
    return f"H has {found.entries / n:.3g} entries a row, and its factor has {cost / n:.3g} a row"


def refuse_one_sided(held: Coordinates) -> None:
    """ValueError where a matrix that must be symmetric is not: one triangle of it, perhaps."""
    from scipy.sparse import csr_array

    H = csr_array((held.values.astype(float), (held.rows, held.columns)), shape=held.shape)
    apart = abs(H - H.T).tocoo()
    size = max(float(np.max(np.abs(held.values), initial=0.0)), 0.0)
    if apart.nnz and float(apart.data.max()) > 1e-6 * size:
        k = int(np.argmax(apart.data))
        i, j = sorted((int(apart.row[k]), int(apart.col[k])))
        raise ValueError(
            f"hess must return a symmetric matrix: at x0 its entry ({i}, {j}) is {H[i, j]:.6g}, and ({j}, {i}) is "
            f"{H[j, i]:.6g}. Where it returns one triangle, return both"
        )


def compare_products(problem: Callback, x: np.ndarray, entries: np.ndarray, what: str) -> None:
    """ValueError where H v is not the difference of the gradient along v, for random v: an entry is wrong, or missing.

    v moves every variable by about eps^(1/3) of its size, to both sides where bounds let it.
    """
    known: Any = problem.sparsity
    found = disagreeing_row(problem, x, entries)
    if found is None:
        return
    row, product, true = found
    n = known.structure.size
    places = f"; a place that is missing from it may be in row {row}" if "pattern" in what else ""
    raise ValueError(
        f"{what}: row {row} (that of {entry_name(np.zeros(n), row)}) times a vector is {product:.6g}, and differences "
        f"of jac give {true:.6g}{places}"
    )


def disagreeing_row(problem: Callback, x: np.ndarray, entries: np.ndarray) -> tuple[int, float, float] | None:
    """The row in which products with a Hessian and differences of the gradient are farthest apart, and both numbers;
    None where they agree."""
    known: Any = problem.sparsity
    p = known.structure
    rows, columns = np.asarray(p.rows), np.asarray(p.columns)
    off, rng = rows != columns, np.random.default_rng(0)
    usual = float(np.max(np.abs(x), initial=0.0)) or 1.0
    for _ in range(LOOKS):
        v = rng.choice([-1.0, 1.0], x.size) * rng.uniform(0.5, 1.5, x.size) * np.where(x == 0, usual, np.abs(x))
        h = eps(x) ** (1 / 3)
        low, high, _ = limits_of(problem.space, x)
        ahead, behind = (np.clip(x + s * h * v, low, high) for s in (1, -1))
        moved = ahead - behind
        true = np.array(given_gradient(problem, ahead)) - np.array(given_gradient(problem, behind))
        product = np.bincount(rows, entries * moved[columns], x.size)
        product += np.bincount(columns[off], (entries * moved[rows])[off], x.size)
        size = np.bincount(rows, np.abs(entries * moved[columns]), x.size)
        size += np.bincount(columns[off], np.abs(entries * moved[rows])[off], x.size)
        gradient = np.abs(np.array(given_gradient(problem, x)))
        rounding = max(1.0, ROUNDING * eps(x) / NUMERICAL)
        found = contradicted(product, true, rounding * (size + np.maximum(gradient, np.max(gradient) * 1e-3)))
        if found is not None:
            return found[0], float(product[found[0]]), float(true[found[0]])
    return None
