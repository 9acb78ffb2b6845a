"""Separation: a direction of the coefficients along which the loss of some examples falls for ever and no other rises.

Then there is no maximum likelihood estimate. With rows z of signs times x (the loss of an example falls as z'd grows),
d separates if z'd >= 0 for all and > 0 for some; completely, if > 0 for all. At the end of a run the examples that any
such d gains from have lost all their weight, so d lies in the null space of the others: what is left is a linear
program in few unknowns. Sources: Albert and Anderson (1984), "On the existence of maximum likelihood estimates in
logistic regression models"; Konis (2007), "Linear programming algorithms for detecting separated data"; Correia,
Guimarães and Zylkin (2019), "Verifying the existence of maximum likelihood estimates for generalized linear models",
for counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy.optimize import linprog

LOST = 1e2
"""An example counts as without weight where its share of f is below `LOST` times what ends a run: by far more than a
separating direction leaves it, and of fits that have a minimum hardly ever met."""

LEVEL = 1e-6
"""A product z'd below this part of |z||d| is 0: d comes from the null space of a Gram matrix, right to sqrt(eps)."""

MOST_ROWS = 2**26
"""Numbers that the rows of a softmax may take (0.5 GB); beyond, separation is not looked for."""


@dataclass(frozen=True)
class Separation:
    """Why there is no estimate: `kind` ("complete": the classes, or zeros and counts, are told apart without error;
    "quasi-complete": but for examples on the boundary), the `direction` of the coefficients like (coefficients,
    intercept), the `columns` in it, and how many of the `examples` it tells apart."""

    kind: str
    direction: np.ndarray
    columns: tuple[str, ...]
    apart: int
    examples: int

    def __str__(self) -> str:
        columns = ", ".join(self.columns[:6]) + (", ..." if len(self.columns) > 6 else "")
        told = f"{self.apart} of {self.examples} examples"
        return f"{self.kind} separation by {columns} ({told}): the maximum likelihood estimate does not exist"


def signs_of(family: str, y: np.ndarray) -> np.ndarray:
    """In which direction of eta an example's loss falls for ever (n,): 1, -1, or 0 where it has a minimum."""
    if family == "bernoulli":
        return np.where(y == 1, 1.0, np.where(y == 0, -1.0, 0.0))
    return np.where(y == 0, -1.0, 0.0)


def separating(rows: np.ndarray, light: np.ndarray) -> np.ndarray | None:
    """A direction d (P,) with rows @ d >= 0 and not 0 in all: rows (m, P), `light` (m,) those that it may gain from.

    None where there is none. A linear program in the null space of the rows that are not light (`widest`); then the
    direction that gains from the same rows with the fewest columns (`sparsest`).
    """
    unit = np.sqrt(np.einsum("ij,ij->j", rows, rows))
    unit = np.where(unit > 0, unit, 1)
    heavy = rows[~light] / unit
    values, vectors = np.linalg.eigh(heavy.T @ heavy)
    null = vectors[:, values <= LEVEL**2 * 64 * max(values[-1], 0)] if len(heavy) else np.eye(rows.shape[1])
    if not null.shape[1]:
        return None
    told = rows[light] / unit
    d = widest(told @ null)
    return None if d is None else sparsest(told, null, null @ d) / unit


SMALL_PROGRAM = 2**21
"""Numbers in a program up to which the direction that gains from most rows, and the one with fewest columns, are looked
for: about a second each."""


def widest(told: np.ndarray) -> np.ndarray | None:
    """z with told @ z >= 0 and larger in as many rows as any, or None where it is 0 for all such z; told (m, k).

    The largest sum of t with t <= told @ z and 0 <= t <= 1 has t = 1 in every row that can gain. Beyond
    `SMALL_PROGRAM` by Konis' smaller program, the largest sum of told @ z over |z| <= 1, which may leave some out.
    """
    length = np.linalg.norm(told, axis=1)
    told = told[length > LEVEL * np.max(length, initial=0)]
    told = told / np.linalg.norm(told, axis=1, keepdims=True)
    m, k = told.shape
    if not m:
        return None
    if m * (m + k) <= 8 * SMALL_PROGRAM:
        A = scipy.sparse.hstack([-scipy.sparse.csr_array(told), scipy.sparse.eye_array(m)])
        bounds = [(None, None)] * k + [(0, 1)] * m
        found = linprog(np.repeat([0.0, -1.0], [k, m]), A_ub=A, b_ub=np.zeros(m), bounds=bounds, method="highs")
    else:
        found = linprog(-told.sum(0), A_ub=-told, b_ub=np.full(m, LEVEL / 10), bounds=(-1, 1), method="highs")
    if found.x is None:
        return None
    z = found.x[:k]
    return z if np.max(told @ z) > LEVEL * np.linalg.norm(z) else None


def sparsest(told: np.ndarray, null: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The direction of least sum |d_j| that gains 1 at least from the rows that d gains from; d where that is too much.

    Any direction in a cone separates; that of least such sum has few columns, which are then named."""
    P, m = null.shape
    if told.size > SMALL_PROGRAM:
        return d
    eye, gained = np.eye(P), told @ d > LEVEL * (np.abs(told) @ np.abs(d))
    # In units in which the gains are as large as the columns: those of d itself are.
    size = np.median((told @ d)[gained]) / np.max(np.abs(d))
    rows = np.block([[-told @ null, np.zeros((len(told), P))], [null, -eye], [-null, -eye]])
    limits = np.concatenate([-size * gained, np.zeros(2 * P)])
    bounds = [(None, None)] * m + [(0, None)] * P
    found = linprog(np.repeat([0.0, 1.0], [m, P]), A_ub=rows, b_ub=limits, bounds=bounds, method="highs")
    if found.x is None or not np.any(found.x[:m]):
        return d
    sparse = null @ found.x[:m]
    return np.where(np.abs(sparse) > LEVEL * np.max(np.abs(sparse)), sparse, 0)


def columns_in(direction: np.ndarray, size: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns that a direction (P,) or (K, P) moves eta by; `size` (P,): a column's spread."""
    moved = np.max(np.abs(np.atleast_2d(direction)), axis=0) * size
    return tuple(name for name, m in zip(names, moved, strict=True) if m > LEVEL * np.max(moved))
