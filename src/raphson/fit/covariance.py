"""The covariance of many parameters as what it does: products, single entries, the diagonal; never the matrix."""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false, reportUntypedBaseClass=false

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

BLOCK = 64
"""Columns that are solved for at a time where all are asked for."""


class SolvedCovariance(LinearOperator):
    """C (n, n) of a `SparseUncertainty`: `C @ v` by one solve, `C[i, j]` and `C[i]` too, `C.diagonal()` at no cost.

    Rows and columns of parameters without a standard error are NaN; so is all of a product with them.
    """

    def __init__(self, of: Any):
        n = len(of.names)
        super().__init__(float, (n, n))
        self.of = of

    def diagonal(self) -> np.ndarray:
        """The variances (n,)."""
        return self.of.standard_errors**2

    def whole(self) -> np.ndarray:
        """The matrix (n, n)."""
        n = self.shape[0]
        C = np.column_stack([self.of.columns(range(i, min(i + BLOCK, n))) for i in range(0, n, BLOCK)])
        C = (C + C.T) / 2
        np.fill_diagonal(C, self.diagonal())
        return C

    def __getitem__(self, at: Any) -> Any:
        """One entry C[i, j], or a row C[i] (n,)."""
        if isinstance(at, (int, np.integer)):
            return self.of.columns([range(self.shape[0])[at]])[:, 0]
        if isinstance(at, tuple) and len(at) == 2 and all(isinstance(a, (int, np.integer)) for a in at):
            i, j = (range(self.shape[0])[a] for a in at)
            return float(self.diagonal()[i]) if i == j else float(self.of.columns([j])[i, 0])
        raise IndexError(f"{self.text()}; it takes C[i] and C[i, j] with whole numbers")

    def text(self) -> str:
        """Why there is no matrix, and what there is."""
        n = self.shape[0]
        return (
            f"the covariance of {n} parameters would take {8e-9 * n * n:.2g} GB and is not formed: "
            "fit.standard_errors has the roots of its diagonal, fit.uncertainty.covariances([...]) a block of a few "
            "parameters, C[i] a row, C @ v a product"
        )

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise MemoryError(self.text())

    def _matvec(self, v: np.ndarray) -> np.ndarray:
        p, known = self.of.normal, np.isfinite(self.of.standard_errors)
        v = np.ravel(v)
        inner = p.solve(np.where(known, v, 0) / p.lengths)
        return np.where(known & ~np.any(v[~known] != 0), self.of.s**2 * inner / p.lengths, np.nan)

    def _adjoint(self) -> "SolvedCovariance":
        return self
