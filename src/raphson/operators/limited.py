"""The inverse of a limited-memory approximation as SciPy's LinearOperator."""

# SciPy has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator


class Limited(LinearOperator):
    """(G + U diag(c) U')^-1, G = diag(gamma), for U (n, k), applied in 4 n k operations.

    With G^-1/2 U = Q R and R diag(c) R' + I = W diag(m) W' it is G^-1/2 (I - Z Z' + Z diag(1/m) Z') G^-1/2,
    Z = Q W: no cancellation, however much gamma and m differ.
    """

    def __init__(self, root: np.ndarray, Z: np.ndarray, m: np.ndarray):
        super().__init__(float, (len(Z), len(Z)))
        self.root, self.Z, self.m = root, Z, m

    @staticmethod
    def of(gamma: np.ndarray, U: np.ndarray, c: np.ndarray) -> "Limited":
        """The inverse for gamma (n,) and columns U that are alive (c not 0)."""
        root = np.sqrt(gamma)
        Q, R = np.linalg.qr(U / root[:, None])
        m, W = np.linalg.eigh((R * c) @ R.T + np.eye(len(R)))
        return Limited(root, Q @ W, m)

    def _matvec(self, x: Any) -> np.ndarray:
        v = np.ravel(x) / self.root
        along = self.Z.T @ v
        return (v - self.Z @ along + self.Z @ (along / self.m)) / self.root

    def _rmatvec(self, x: Any) -> np.ndarray:
        return self._matvec(x)

    def todense(self) -> np.ndarray:
        """The matrix (n, n)."""
        return self.matmat(np.eye(self.shape[0]))
