"""The inverse of a limited-memory approximation as SciPy's LinearOperator."""

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator


class Limited(LinearOperator):
    """(gamma I + U diag(c) U')^-1 for U (n, k), applied in 4 n k operations.

    With U = Q R and R diag(c) R' + gamma I = W diag(m) W' it is (I - Z Z') / gamma + Z diag(1/m) Z',
    Z = Q W: no cancellation, however much gamma and m differ.
    """

    def __init__(self, gamma: float, Z: np.ndarray, m: np.ndarray):
        super().__init__(float, (len(Z), len(Z)))
        self.gamma, self.Z, self.m = gamma, Z, m

    @staticmethod
    def of(gamma: float, U: np.ndarray, c: np.ndarray) -> "Limited":
        """The inverse for columns U that are alive (c not 0)."""
        Q, R = np.linalg.qr(U)
        m, W = np.linalg.eigh((R * c) @ R.T + gamma * np.eye(len(R)))
        return Limited(gamma, Q @ W, m)

    def _matvec(self, x: Any) -> np.ndarray:
        v = np.ravel(x)
        along = self.Z.T @ v
        return (v - self.Z @ along) / self.gamma + self.Z @ (along / self.m)

    def _rmatvec(self, x: Any) -> np.ndarray:
        return self._matvec(x)

    def todense(self) -> np.ndarray:
        """The matrix (n, n)."""
        return self.matmat(np.eye(self.shape[0]))
