"""What an optimized graph holds, in numbers: places of its variables, errors of its factors, before and after."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.slam.costs import graph_costs
from raphson.slam.graph import FactorGraph, Factors, Variables
from raphson.slam.solution import GraphFit

ODOMETRY, LOOP, OBSERVATION, PRIOR = "odometry", "loop closure", "landmark observation", "prior"
FACTOR_CLASSES = (ODOMETRY, LOOP, OBSERVATION, PRIOR)
"""What a factor says: of poses that follow each other, of other poses, of anything else, of one variable alone."""


def values_at(fit: GraphFit, x: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """All variables by type, the unknowns at x and the others where they are held."""
    found = {}
    for name, variables in fit.graph.variables.items():
        found[name] = np.array(variables.values)
        if name in x:
            found[name][~variables.frozen] = np.asarray(x[name])
    return found


def costs_at_start(fit: GraphFit) -> dict[str, float]:
    """As `fit.chi2`, at the values that the run began with."""
    values = fit.begun or values_at(fit, fit.start)
    if fit.graph.file is not None:
        return graph_costs(fit.graph.file, values)
    total = float(sum(np.sum(part) for part in squares_of_factors(fit.graph, values)))
    return {"g2o": total, "ceres": total / 2}


def squares_of_factors(graph: FactorGraph, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """e' Omega e of every factor (m,), by kind."""
    found = []
    for f in graph.factors:
        points = tuple(jnp.asarray(values[name][f.rows[:, k]]) for k, name in enumerate(f.types))
        given = () if f.measurements is None else (f.measurements,)
        errors = np.asarray(many_errors(f.residual)(*points, *given)).reshape(len(f), -1)
        found.append(np.sum(np.einsum("mij,mj->mi", f.roots, errors) ** 2, axis=1))
    return found


@cache
def many_errors(residual: Callable[..., Any]) -> Callable[..., Any]:
    """The errors of all factors of a kind; compiled once for each function."""
    return jax.jit(jax.vmap(residual))


def factor_class(graph: FactorGraph, f: Factors) -> np.ndarray:
    """Which of `FACTOR_CLASSES` each factor is (m,)."""
    if f.rows.shape[1] == 1:
        return np.full(len(f), FACTOR_CLASSES.index(PRIOR))
    if len(set(f.types)) > 1 or f.rows.shape[1] > 2 or not is_pose(graph.variables[f.types[0]]):
        return np.full(len(f), FACTOR_CLASSES.index(OBSERVATION))
    rank = np.argsort(np.argsort(ids_of(graph, f.types[0]), kind="stable"), kind="stable")
    beside = np.abs(rank[f.rows[:, 0]] - rank[f.rows[:, 1]]) == 1
    return np.where(beside, FACTOR_CLASSES.index(ODOMETRY), FACTOR_CLASSES.index(LOOP))


def is_pose(variables: Variables) -> bool:
    """Whether they are more than points: a curved space, as those of poses are."""
    return not variables.space.straight


def ids_of(graph: FactorGraph, name: str) -> np.ndarray:
    """The numbers by which the variables of a type are called: the file's ids, else their rows."""
    return graph.ids[name] if name in graph.ids else np.arange(len(graph.variables[name]))


def count_classes(graph: FactorGraph) -> dict[str, int]:
    """How many factors there are of each class, those that occur."""
    classes = np.concatenate([factor_class(graph, f) for f in graph.factors])
    counts = np.bincount(classes, minlength=len(FACTOR_CLASSES))
    return {name: int(k) for name, k in zip(FACTOR_CLASSES, counts, strict=True) if k}


def count_components(graph: FactorGraph) -> int:
    """Into how many parts, joined by no factor, the graph falls (a variable without any factor is none)."""
    from scipy.sparse import coo_array  # here: `import raphson` does without scipy.sparse
    from scipy.sparse.csgraph import connected_components

    first, total = {}, 0
    for name, variables in graph.variables.items():
        first[name], total = total, total + len(variables)
    at = [f.rows + np.array([first[name] for name in f.types]) for f in graph.factors]
    i = np.concatenate([np.repeat(a[:, 0], a.shape[1]) for a in at])
    j = np.concatenate([a.ravel() for a in at])
    label = connected_components(coo_array((np.ones(i.size), (i, j)), (total, total)), directed=False)[1]
    return len(np.unique(label[j]))


def held_variables(graph: FactorGraph) -> list[str]:
    """The variables that are held where they are, as "pose 0"."""
    return [
        f"{name} {ids_of(graph, name)[row]}" for name, v in graph.variables.items() for row in np.flatnonzero(v.frozen)
    ]
