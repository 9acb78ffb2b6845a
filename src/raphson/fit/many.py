"""Error bars of thousands of parameters: from a sparse factor of J'J, without any matrix of n x n numbers."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raphson.fit.covariance import SolvedCovariance
from raphson.fit.error_bars import HESSIAN_NOT_FINITE, ErrorBars, Undetermined, few_of
from raphson.fit.normal_equations import NormalEquations, entries_of_inverse, normal_equations
from raphson.fit.uncertainty import CURVED, NOT_FINITE, JacobianSpectrum, at_bounds, directions, doubts
from raphson.linear.sparse import sparse_backend
from raphson.linear.structure import host_pattern

DENSE = 2000
"""Up to so many parameters the whole covariance is formed where it is asked for: 32 MB."""

NAMED = 64
"""Undetermined directions that are written out, each with a vector (n,)."""

UNSURE = 1e-6
"""Relative error of standard errors, as it was measured, from which it is said."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SparseUncertainty(ErrorBars):
    """Error bars with covariances that are solved for where they are asked for: `ErrorBars`, and

    `normal`: the normal equations with columns at length 1; `s` what their inverse is multiplied by, squared;
    `involved` (n,): parameters that take part in an undetermined direction; `lost` the relative error that forming J'J
    made of the largest standard errors, as it was measured.
    """

    normal: NormalEquations
    s: float
    involved: np.ndarray
    lost: float

    @property
    def sure(self) -> bool:
        """Whether J'J told everything, and standard errors to `UNSURE`: else singular values of J have more to say."""
        return self.normal.solved and self.lost <= UNSURE

    @property
    def not_determined(self) -> tuple[str, ...]:
        """Names of the parameters that take part in an undetermined direction."""
        return tuple(self.names[i] for i in np.flatnonzero(self.involved))

    @property
    def covariance(self) -> Any:
        """(n, n) up to `DENSE` parameters; of more what solves for its columns: `C @ v`, `C[i, j]`, `C.diagonal()`."""
        lazy = SolvedCovariance(self)
        return lazy.whole() if len(self.names) <= DENSE else lazy

    @property
    def correlation(self) -> np.ndarray:
        """(n, n); MemoryError beyond `DENSE` parameters."""
        self.refuse_beyond("correlation matrix", "correlations([...]) has those of a few parameters")
        return self.correlations(range(len(self.names)))

    @property
    def root(self) -> np.ndarray:
        """(n, n), covariance = root root'; MemoryError beyond `DENSE` parameters."""
        self.refuse_beyond("root of the covariance", "covariances([...]) has those of a few parameters")
        return self.roots(range(len(self.names)))

    def refuse_beyond(self, what: str, instead: str) -> None:
        """MemoryError where a matrix of all parameters would be too large."""
        n = len(self.names)
        if n > DENSE:
            raise MemoryError(f"the {what} of {n} parameters would take {8e-9 * n * n:.2g} GB: {instead}")

    def columns(self, which: Sequence[int]) -> np.ndarray:
        """Columns (n, k) of the covariance, by a solve each; NaN where there is no standard error."""
        p, n = self.normal, len(self.names)
        known = np.isfinite(self.standard_errors)
        found = np.full((n, len(which)), np.nan)
        for k, i in enumerate(which):
            if known[i]:
                column = self.s**2 * p.solve(np.eye(1, n, i)[0]) / p.lengths / p.lengths[i]
                found[:, k] = np.where(known, column, np.nan)
        return found

    def covariances(self, which: Sequence[int | str]) -> np.ndarray:
        """A block of the covariance, by a solve for each parameter."""
        at = [self.place(a) for a in which]
        block = self.columns(at)[at]
        block = (block + block.T) / 2
        np.fill_diagonal(block, self.standard_errors[at] ** 2)
        return block

    def roots(self, which: Sequence[int]) -> np.ndarray:
        """By the eigenvectors of the block."""
        C = self.covariances(which)
        known = np.isfinite(np.diag(C))
        root = np.full(C.shape, np.nan)
        if known.any():
            d = np.sqrt(np.diag(C)[known])
            w, V = np.linalg.eigh(C[np.ix_(known, known)] / d[:, None] / d)
            root[np.ix_(known, known)] = d[:, None] * V * np.sqrt(np.maximum(w, 0))
        return root

    def of_rows(self, J: Any) -> np.ndarray:
        """The standard errors (m,) of the functions whose derivatives are the rows of J (m, n), a SciPy CSR array:
        s |L^-1 j| without a solve, by the entries of the inverse that the pattern of J'J has, which holds every pair of
        places of a row. What the data do not see stands still, and so do parameters at bounds. NaN without standard
        errors, and for a row that has other pairs.
        """
        p, n = self.normal, len(self.names)
        if not (p.solved and np.isfinite(self.s)):
            return np.full(J.shape[0], np.nan)
        value = np.asarray(J.data, float) / p.lengths[J.indices] * ~p.pinned[J.indices]
        rows, columns = host_pattern(p.structure)
        places = np.asarray(columns, np.int64) * n + rows  # ascending: by columns, and by rows in each
        row, last = np.repeat(np.arange(J.shape[0]), np.diff(J.indptr)), np.repeat(J.indptr[1:], np.diff(J.indptr))
        total = np.zeros(J.shape[0])
        for ahead in range(int(np.diff(J.indptr).max(initial=0))):
            i = np.flatnonzero(np.arange(value.size) + ahead < last)
            a, b = J.indices[i].astype(np.int64), J.indices[i + ahead].astype(np.int64)
            key = np.minimum(a, b) * n + np.maximum(a, b)
            at = np.minimum(np.searchsorted(places, key), places.size - 1)
            product = (2 if ahead else 1) * value[i] * value[i + ahead]
            known = np.where(places[at] == key, p.inverse[at], np.where(product == 0, 0, np.nan))
            total += np.bincount(row[i], product * known, total.size)
        return self.s * np.sqrt(np.maximum(total, 0))

    def tied(self, above: float) -> tuple[np.ndarray, np.ndarray]:
        """Pairs that meet in a residual, or next to one another in J'J; others are not looked at."""
        p = self.normal
        if not p.solved:
            return np.zeros((0, 2), int), np.zeros(0)
        rows, columns = host_pattern(p.structure)
        d = np.sqrt(p.diagonal)
        known = np.isfinite(self.standard_errors)
        size = np.clip(p.inverse / d[rows] / d[columns], -1, 1)
        far = (rows != columns) & known[rows] & known[columns] & (np.abs(size) > above)
        return np.stack([columns[far], rows[far]], axis=1), size[far]


def sparse_uncertainty(
    J: Any, residuals: Any, x: Any, *, names: Sequence[str], absolute: bool = False, active: Any = None,
    hessian: Any = None, loss_linear: bool = True, steps: tuple[str, ...] = (),
) -> SparseUncertainty:  # fmt: skip
    """Standard errors and undetermined directions of a fit with a sparse J, as `uncertainty` of a dense one.

    The diagonal of (J'J)^-1 is read off the factor of J'J (its columns at length 1), which loses half the digits of J:
    directions whose singular value is below about 1e-7 of the largest count as undetermined. J (m, n): a SciPy CSR
    array; hessian: a `Sparse` operator of the cost's H, or None. Everything else as there.
    Source: Takahashi, Fagan and Chen (1973), for the diagonal of an inverse.
    """
    error = float(np.finfo(J.dtype).eps)
    J, r, x = J.astype(float), np.asarray(residuals, float), np.asarray(x, float)
    names, n = tuple(map(str, names)), x.size
    mask = np.zeros(n, int) if active is None else np.asarray(active)
    with np.errstate(over="ignore", invalid="ignore"):
        chi_square = float(r @ r)
    finite = bool(np.isfinite(J.data).all() and np.isfinite(chi_square))
    p = normal_equations(J if finite else 0 * J.astype(bool), mask != 0, error)
    rank = n - int(np.sum(p.pinned)) if finite else int(np.sum(mask == 0))
    degrees = int(r.size - rank)
    reduced = chi_square / degrees if degrees > 0 else np.nan
    s = np.nan if not finite else 1.0 if absolute else np.sqrt(reduced) if degrees > 0 else np.inf
    involved = p.empty | (np.linalg.norm(p.null, axis=1) > SHARE) | (not p.solved)
    errors = np.full(n, np.nan)
    if p.solved and finite:
        with np.errstate(over="ignore"):
            errors = s / p.lengths * np.sqrt(p.diagonal)
    errors = np.where(mask != 0, np.nan, np.where(involved & finite, np.inf, errors))
    answer = SparseUncertainty(
        names=names, x=x, absolute=absolute, standard_errors=errors, residual_std=float(np.sqrt(reduced)),
        degrees=degrees, chi_square=chi_square, reduced=reduced, undetermined=undetermined_in(p, J, names),
        **at_bounds(names, mask), notes=(), condition=np.inf if involved.any() else p.condition, normal=p, s=float(s),
        involved=involved, lost=digits_lost(p),
    )  # fmt: skip
    if not finite:
        return replace(answer, undetermined=(), involved=involved & False, notes=(NOT_FINITE,))
    bends = bent_sparse(answer, hessian) if hessian is not None and p.solved else ()
    notes = [*without_effect(answer), *doubts(answer, J, rank, bends, blurred(answer), loss_linear)]
    return replace(answer, notes=tuple(notes))


SHARE = 1e-6
"""A parameter takes part in an undetermined direction with at least this share: inverse iteration knows it to 1e-8."""


def undetermined_in(p: NormalEquations, J: Any, names: tuple[str, ...]) -> tuple[Undetermined, ...]:
    """The directions, those of single parameters without any effect first; at most `NAMED` of each."""
    n = len(names)
    alone = [Undetermined(f"{names[i]} is free", 0.0, np.eye(1, n, i)[0]) for i in np.flatnonzero(p.empty)[:NAMED]]
    share = np.linalg.norm(p.null, axis=1)
    nothing = np.zeros(0)
    spectrum = JacobianSpectrum(np.arange(n), p.lengths, nothing, p.null, 0, p.level, nothing, SHARE, share > SHARE)
    return *alone, *directions(spectrum, J, names)[:NAMED]


def without_effect(u: SparseUncertainty) -> Iterator[str]:
    """Parameters on which no residual depends, and what was not found out."""
    empty = [u.names[i] for i in np.flatnonzero(u.normal.empty)]
    if empty:
        verb = "has" if len(empty) == 1 else "have"
        yield f"{few_of(empty, 6)} {verb} no effect on any residual: {len(empty)} of {len(u.names)} parameters are free"
    if not u.normal.solved:
        count = u.normal.null.shape[1]
        yield f"J'J is singular in more than {count} directions: no standard errors; hold parameters, or add data"


def digits_lost(p: NormalEquations) -> float:
    """The error that forming J'J made of the largest standard errors, relative, by solves that J itself mends."""
    if not p.solved:
        return 0.0
    worst, lost = p.diagonal * ~p.pinned, 0.0
    for i in np.argsort(-worst)[:LOOKED_AT]:
        exact = p.solve(np.eye(1, worst.size, i)[0])[i] if worst[i] else 0.0
        lost = max(lost, abs(worst[i] / exact - 1) / 2 if exact > 0 else 0.0)
    return float(lost)


LOOKED_AT = 3
"""Standard errors that are looked at so: those along the weakest direction lose most, and lose alike."""


def blurred(u: SparseUncertainty) -> Iterator[str]:
    """That digits were lost."""
    if u.lost > UNSURE:
        yield f"condition of the scaled Jacobian {u.condition:.1g}: standard errors are good to {100 * u.lost:.1g} %"


def bent_sparse(u: SparseUncertainty, H: Any) -> Iterator[str]:
    """Whether the exact Hessian would give other standard errors than J'J."""
    p, backend = u.normal, sparse_backend()
    rows, columns = host_pattern(H.structure)
    free = ~p.pinned
    values = np.asarray(H.values, float) / p.lengths[rows] / p.lengths[columns]
    values = np.where(free[rows] & free[columns], values, rows == columns)
    if not np.isfinite(values).all():
        yield HESSIAN_NOT_FINITE
        return
    if backend.host_factor(H.structure, values) is None:
        yield "the exact Hessian is not positive definite: J'J gives error bars where no minimum is shown"
        return
    exact = entries_of_inverse(H.structure, values)[np.asarray(H.structure.diagonal)]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(free & ~u.involved, np.sqrt(exact / p.diagonal), 1)
    if max(ratio.max(), 1 / ratio.min()) <= CURVED:
        return
    worst = int(np.argmax(np.abs(np.log(ratio))))
    change = f"the standard error of {u.names[worst]} would be {ratio[worst]:.2g} times as large"
    yield f"strong curvature: by the exact Hessian {change}; intervals are rough, profile likelihood is better"
