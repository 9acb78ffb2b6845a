"""What is known of each variable of an optimized graph: its block of the covariance, by selected inversion."""

from typing import Any

import numpy as np

from raphson.fit.many import SparseUncertainty
from raphson.fit.normal_equations import entries_of_inverse
from raphson.linear.structure import host_pattern, sparse_structure
from raphson.slam.graph import FactorGraph


def marginal_covariances(graph: FactorGraph, uncertainty: Any) -> dict[str, np.ndarray]:
    """By type the covariance (N, d, d) of each variable's step, with all others free: blocks of (J'J)^-1.

    Steps are in the axes of the variable itself, as `space.retract` takes them. Zero where a variable is held; inf on
    the diagonal and NaN beside it where the factors do not determine a number. Source: Takahashi, Fagan and Chen
    (1973).
    """
    found, end = {}, 0
    for name in sorted(graph.variables):  # the order of the unknowns: JAX flattens a dict by its keys
        v = graph.variables[name]
        d, free = v.freedom, np.flatnonzero(~v.frozen)
        columns = end + np.arange(free.size * d).reshape(-1, d)
        end += columns.size
        found[name] = np.zeros((len(v), d, d))
        if free.size:
            found[name][free] = covariance_blocks(uncertainty, columns)
    return {name: found[name] for name in graph.variables}


def covariance_blocks(uncertainty: Any, columns: np.ndarray) -> np.ndarray:
    """The covariances (k, d, d) among the parameters in each row of `columns` (k, d)."""
    i, j = columns[:, :, None], columns[:, None, :]
    if not isinstance(uncertainty, SparseUncertainty):
        blocks = uncertainty.covariance[i, j]
    else:
        p, s = uncertainty.normal, uncertainty.s
        blocks = s**2 * inverse_at(p, i, j) / (p.lengths[i] * p.lengths[j])
    errors = uncertainty.standard_errors
    with np.errstate(over="ignore"):
        on = errors[columns][:, :, None] ** 2
    known = np.isfinite(errors)
    blocks = np.where(known[i] & known[j], blocks, np.nan)
    return np.where(i == j, on, blocks)


FEW = 16
"""So many columns of an inverse are solved for; of more the pattern is inverted again: as dear as 15 solves for M3500,
as 100 for sphere2500."""


def inverse_at(p: Any, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Entries (i, j) of the inverse of normal equations, also where J'J has none: no factor may couple two numbers of a
    variable, as a measured position does not couple x and y. These are solved for, or the pattern is widened by them.
    """
    n = p.pinned.size
    i, j = np.broadcast_arrays(i, j)
    rows, columns = (a.astype(np.int64) for a in host_pattern(p.structure))
    places = columns * n + rows  # ascending: by columns, and by rows in each
    wanted = np.minimum(i, j).astype(np.int64) * n + np.maximum(i, j)
    at = np.minimum(np.searchsorted(places, wanted), places.size - 1)
    found, absent = p.inverse[at], places[at] != wanted
    lacking = np.unique(i[absent])
    if lacking.size > FEW:
        wide, place = sparse_structure(np.concatenate([rows, i.ravel()]), np.concatenate([columns, j.ravel()]), n)
        values = np.zeros(wide.entries)
        values[place[: rows.size]] = p.values
        return entries_of_inverse(wide, values)[place[rows.size :]].reshape(i.shape)
    for column in lacking[~p.pinned[lacking]]:
        here = absent & (i == column)
        found[here] = p.solve(np.eye(1, n, column)[0])[j[here]]
    return found
