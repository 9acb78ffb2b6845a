"""Whether a derivative that was recovered by colors is the true one: a pattern may lie, and then entries are in wrong
places.

H v by a true product and by the recovered entries must agree for random v: an entry that the pattern does not have is
lost in one of them, or was added to another entry, whose v is another number. Where they differ, rows are looked at by
themselves, by products with unit vectors: only an entry outside the pattern accuses it, and never rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel.number import eps, tiny
from raphson.sparsity.coloring import entry_rows

VECTORS = 3
"""Random vectors. One misses an entry h of a row of size 1 where two of its numbers differ by less than sqrt(eps) / h:
in single precision 3 % of entries h = 0.01, three vectors one of 3e4."""

UNITS = 100
"""Units in the last place of the largest row below which what another row gives is rounding."""

SUSPECTS = 6
"""Rows that are looked at by themselves: a missing entry spoils four at most, its own two and those of the entries
that it was added to."""

ABOVE = 10
"""By so many times its rounding, as it shows where a unit vector is multiplied, a number must differ from zero."""

BALANCING = 8
"""Rounds of scaling rows to the size 1; each takes the root of what is left, 8 decades end at 7 %."""

Map = Callable[[Any], Any]


@dataclass(frozen=True)
class Probe:
    """agrees: whether products and entries do; None where a number is not finite, so that nothing can be said.

    row: the worst row; miss: what it misses by, relative to its size; where they agree no more than sqrt(eps), or what
    rounding inside of the function makes. missing: entries (row, column) that are not zero and not in the pattern, the
    largest first; those of a Hessian with row >= column.
    """

    agrees: bool | None
    row: int = -1
    miss: float = 0.0
    missing: tuple[tuple[int, int], ...] = ()

    def message(self, name: Callable[[int], str] = lambda i: f"x[{i}]", what: str = "Hessian") -> str:
        """What is wrong, with the names of rows (variables; of a Jacobian residuals)."""
        text = f"the sparsity pattern is not that of the {what}"
        if self.missing and what == "Hessian":
            i, j = self.missing[0]
            return f"{text}: its entry ({name(i)}, {name(j)}) is not zero and not in the pattern"
        return f"{text}: the row of {name(self.row)} is wrong by {self.miss:.2g} of its size"


@dataclass(frozen=True)
class Entries:
    """Numbers (nnz,) at (rows, columns) of a matrix of this shape."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]


def probe_hessian(product: Map, start: np.ndarray, row: np.ndarray, entries: Any, seed: int = 0) -> Probe:
    """Compares H v with the lower triangle in compressed columns. `product`: v (n,) -> H v, in the precision of the
    entries.

    Costs `VECTORS` products, and up to `SUSPECTS` more where they do not agree. On the host. v is drawn in units in
    which the rows of H have about the same size.
    """
    start, i, values = np.asarray(start), np.asarray(row), np.asarray(entries)
    j, n = entry_rows(start), start.size - 1
    off = i != j
    matrix = Entries(np.r_[i, j[off]], np.r_[j, i[off]], np.r_[values, values[off]], (n, n))
    unit = balance(matrix)
    over, relative = misses(product, matrix, unit, np.abs, seed)
    found = accused(product, matrix, unit, over, relative)
    pairs = dict.fromkeys((max(pair), min(pair)) for pair in found.missing)
    return Probe(found.agrees, found.row, found.miss, tuple(pairs))


def probe_jacobian(
    product: Map, back: Map, start: np.ndarray, column: np.ndarray, entries: Any, n: int, seed: int = 0
) -> Probe:
    """Compares J v with entries in compressed rows. `product`: v (n,) -> J v (m,); `back`: w (m,) -> J'w (n,).

    The residuals are taken to have one unit, as their squares are added.
    """
    start, values = np.asarray(start), np.asarray(entries)
    m = start.size - 1
    matrix = Entries(entry_rows(start), np.asarray(column), values, (m, n))
    unit = with_usual(largest_in(matrix.columns, np.abs(values), n))
    over, relative = misses(product, matrix, unit, lambda v: np.ones(m), seed)
    return accused(back, matrix, unit, over, relative)


def misses(
    product: Map, matrix: Entries, unit: np.ndarray, weight: Callable[[np.ndarray], np.ndarray], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """By what products and entries differ in every row, in units of what they may, and of the row's size.

    A row may miss sqrt(eps) of its size: an entry below that changes no step. And `UNITS` eps of the largest row, in
    units of `weight`(v): where a row has no entry its products may be the rounding of terms that cancel.
    """
    rng, height = np.random.default_rng(seed), matrix.shape[0]
    error, dtype, values = eps(matrix.values), matrix.values.dtype, matrix.values.astype(np.float64)
    over, relative = np.zeros(height), np.zeros(height)
    for _ in range(VECTORS):
        v = (rng.choice([-1.0, 1.0], unit.size) * rng.uniform(0.5, 1.5, unit.size) / unit).astype(dtype)
        y, w = np.asarray(product(v), np.float64), v.astype(np.float64)
        terms = values * w[matrix.columns]
        full = np.bincount(matrix.rows, np.abs(terms), height) + np.abs(y)
        miss = np.abs(y - np.bincount(matrix.rows, terms, height))
        allowed = error**0.5 * full + UNITS * error * np.max(full * weight(w), initial=0) / weight(w)
        over = np.maximum(over, miss / np.where(allowed > 0, allowed, 1))
        relative = np.maximum(relative, miss / np.where(full > 0, full, 1))
    return over, relative


def accused(true_row: Map, matrix: Entries, unit: np.ndarray, over: np.ndarray, relative: np.ndarray) -> Probe:
    """The verdict, by products with unit vectors: whether the rows that miss most have entries outside the pattern."""
    if not np.all(np.isfinite(over)):
        return Probe(None)
    if over.size == 0:
        return Probe(True)
    worst = np.argsort(-over, kind="stable")[:SUSPECTS]
    found: dict[tuple[int, int], float] = {}
    for k in worst[over[worst] > 1].tolist():
        outside = outside_row(true_row, matrix, unit, k)
        found |= {
            (k, i): float(outside[i]) for i in np.argsort(-outside, kind="stable")[:SUSPECTS].tolist() if outside[i]
        }
    pairs = sorted(found, key=lambda pair: -found[pair])
    row = next((k for k in worst.tolist() if any(pair[0] == k for pair in pairs)), int(worst[0]))
    return Probe(not pairs, row, float(relative[row]), tuple(pairs))


def outside_row(true_row: Map, matrix: Entries, unit: np.ndarray, k: int) -> np.ndarray:
    """The true numbers of row k outside the pattern, relative to the largest of the row; zero where they are rounding:
    below `UNITS` eps, or `ABOVE` times what multiples of the unit vector disagree by.

    In a column without entries the unit is not known: there any number that is no rounding counts as a whole one.
    """
    seed = np.zeros(matrix.shape[0], matrix.values.dtype)
    true: list[np.ndarray] = []
    for factor in (1.0, 3.0, 0.7):
        seed[k] = factor
        true.append(np.asarray(true_row(seed), np.float64) / float(seed[k]))
    first, noise = true[0], np.maximum(np.abs(true[1] - true[0]), np.abs(true[2] - true[0]))
    size = np.abs(first) / unit
    size = size / max(np.max(size), tiny(unit))
    real = (np.abs(first) > ABOVE * noise) & (size > UNITS * eps(matrix.values))
    strange = np.isin(np.arange(first.size), matrix.columns, invert=True) & (np.abs(first) > ABOVE * noise)
    size = np.where(strange, 1.0, np.where(real, size, 0.0))
    size[matrix.columns[matrix.rows == k]] = 0
    return size


def balance(matrix: Entries) -> np.ndarray:
    """Units d (n,) with which all rows of D^-1 H D^-1 have a largest entry of about 1.

    Source: Ruiz (2001), "A scaling algorithm to equilibrate both rows and columns norms in matrices".
    """
    n, size = matrix.shape[0], np.abs(matrix.values.astype(np.float64))
    on = matrix.rows == matrix.columns
    d = np.zeros(n)
    d[matrix.rows[on]] = np.sqrt(size[on])
    d = np.where(d > 0, d, np.sqrt(largest_in(matrix.rows, size, n)))
    for _ in range(BALANCING):
        d = with_usual(d)
        left = largest_in(matrix.rows, size / (d[matrix.rows] * d[matrix.columns]), n)
        d = d * np.sqrt(np.where(left > 0, left, 1))
    return with_usual(d)


def largest_in(place: np.ndarray, size: np.ndarray, count: int) -> np.ndarray:
    """The largest number (count,) at each place; zero where there is none."""
    largest = np.zeros(count)
    np.maximum.at(largest, place, size)
    return largest


def with_usual(size: np.ndarray) -> np.ndarray:
    """The same with the median of all in place of those that are zero or not finite."""
    fine = (size > 0) & np.isfinite(size)
    return np.where(fine, size, np.median(size[fine]) if np.any(fine) else 1.0)
