"""What a user says about the Hessian of a JAX function: its pattern, looked at before it is believed and at the end."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.colored import SPARSE
from raphson.calculus.host_sparse import GivenEntries, hessian_coordinates
from raphson.kernel.names import entry_name
from raphson.kernel.program import Program
from raphson.kernel.warning import warn
from raphson.problems.allowed import modes_of
from raphson.problems.callback import Callback
from raphson.problems.derivatives import product
from raphson.problems.minimize import Minimize
from raphson.problems.modes import FORWARD
from raphson.solver.final import evaluate
from raphson.solver.host_sparsity import disagreeing_row, refuse_one_sided
from raphson.solver.inputs import contradicted
from raphson.solver.sparsity import SparsityFound, planned
from raphson.sparsity.given import given_pattern, is_sparse
from raphson.sparsity.probe import Probe, probe_hessian

hessian_times = Program(lambda modes, problem, x, v: product(modes, problem, x, v), static_argnames=("modes",))


def with_given_sparsity(problem: Any, x: Any, given: Any, notes: list[str]) -> tuple[Any, SparsityFound | None]:
    """The problem with the sparsity that its user names, and what was found of it. Raises for what cannot be meant, and
    where a product with the Hessian at x shows an entry outside the pattern."""
    if not problem.space.straight:
        raise ValueError(
            f"hess_sparsity together with space={type(problem.space).__name__}: the Hessian in a tangent space has "
            "another pattern. Leave hess_sparsity out"
        )
    pattern = given_pattern(given, problem.space.size(x))
    modes = modes_of(problem, x)
    if not (modes.second == FORWARD and modes.reverse and modes.batched):
        notes.append("hess_sparsity is not used: fun allows no products with H by forward over reverse mode")
        return problem, None
    found = planned(pattern, x)
    if found.sparsity is None:
        notes.append(f"hess_sparsity is not used: {found.reason}")
        return problem, found
    problem = replace(problem, sparsity=found.sparsity)
    seen = probed(problem, x)
    if seen.agrees is False:
        raise ValueError(f"{seen.message(partial(entry_name, x))}. Add it to hess_sparsity, or leave that out")
    return problem, replace(found, reason=f"{found.reason}, by the pattern that was given", given=True)


def probed(problem: Minimize, x: Any) -> Probe:
    """Whether the Hessian by colors is the true one at x."""
    p = problem.sparsity.structure
    columns = np.asarray(p.columns)
    start = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=p.size))])
    entries = np.asarray(evaluate(problem, x, SPARSE).curvature.values)
    bare, modes = replace(problem, sparsity=None), modes_of(problem, x)
    times = lambda v: np.asarray(hessian_times(modes, bare, x, jnp.asarray(v)))
    return probe_hessian(times, start, np.asarray(p.rows), entries)


def compare_hess(problem: Minimize, x: Any, args: tuple, hess: Callable, notes: list[str]) -> None:
    """A given sparse Hessian of a JAX function is compared with the exact one, which is then used."""
    given = hess(jax.tree.map(np.asarray, x), *args)
    if not is_sparse(given):
        return
    structure = problem.sparsity.structure
    held = hessian_coordinates(given, structure.size)
    refuse_one_sided(held)
    exact = np.asarray(evaluate(problem, x, SPARSE).curvature.values, float)
    own = GivenEntries.of(structure).ordered(
        held, "where no second derivative of fun is. Correct hess, or leave it out"
    )
    found = contradicted(own, exact, np.max(np.abs(exact), initial=0.0)) if np.all(np.isfinite(exact)) else None
    if found is not None:
        k = found[0]
        raise ValueError(
            f"hess does not agree with fun at x0: hess[{int(structure.rows[k])}, {int(structure.columns[k])}] = "
            f"{own[k]:.6g}, but the exact derivative is {exact[k]:.6g}. Correct hess, or leave it out"
        )
    notes.append("hess agrees with fun; JAX differentiates fun itself, so hess is not needed")


def belied(problem: Any, result: Any) -> str | None:
    """What shows at the end of a run that the pattern lies, in words; None where nothing does."""
    if getattr(problem, "sparsity", None) is None or not np.isfinite(result.value):
        return None
    if isinstance(problem, Callback):
        return belied_on_host(problem, result)
    seen = probed(problem, result.model.x)
    return seen.message(partial(entry_name, result.model.x)) if seen.agrees is False else None


def belied_on_host(problem: Callback, result: Any) -> str | None:
    """The same by differences of the user's gradient."""
    curvature = result.model.curvature
    if problem.gradient is None or not curvature.compact:
        return None
    found = disagreeing_row(problem, np.asarray(result.model.x), np.asarray(curvature.values))
    if found is None:
        return None
    what = "hess" if problem.hessian is not None else "the Hessian by hess_sparsity"
    return f"{what} times a vector is {found[1]:.6g} in row {found[0]}, where differences of jac give {found[2]:.6g}"


def distrusted(problem: Any, said: str, notes: list[str]) -> Any:
    """The problem without its sparsity, with a warning and a note of what was seen."""
    other = "by gradients alone" if isinstance(problem, Callback) else "by products"
    text = f"{said} where the run ended; it was run again {other}, without hess_sparsity"
    warn(text, RuntimeWarning)
    notes.append(text)
    return replace(problem, sparsity=None)
