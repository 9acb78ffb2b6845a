"""Inverses of Hessians as operators, for limited-memory methods: SciPy's class, or ours for many variables."""

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from raphson.kernel.number import eps
from raphson.model.geometry import Frame
from raphson.operators.low_rank import LowRank


def limited_inverse(model: Any, H: np.ndarray | None) -> LinearOperator | None:
    """The inverse of H (n, n), or of the method's own approximation where H is not known; None where it is not finite.

    SciPy's `LbfgsInvHessProduct` where H is known. Its pairs (s, y) are the eigenvectors of H in natural units
    and their images, conjugate to each other, so that the product is H^-1 and not an approximation of
    it. Directions flat to rounding get no pair: along them it is the identity, where L-BFGS begins.
    """
    if H is None:
        return Limited.of(model.curvature) if isinstance(model.curvature, LowRank) else None
    if not np.all(np.isfinite(H)):
        return None
    from scipy.optimize import LbfgsInvHessProduct

    frame = Frame.at(np.asarray(H, float), eps(model.gradient))
    w, V = np.linalg.eigh(frame.H / frame.d[:, None] / frame.d[None, :])
    live = np.repeat([True, False, True], frame.inertia)
    pairs = V[:, live] / frame.d[:, None], V[:, live] * w[live] * frame.d[:, None]
    return LbfgsInvHessProduct(*(np.ascontiguousarray(a.T) for a in pairs))


class Limited(LinearOperator):
    """(gamma I + U diag(c) U')^-1 for U (n, k), applied in 4 n k operations.

    With U = Q R and R diag(c) R' + gamma I = W diag(m) W' it is (I - Z Z') / gamma + Z diag(1/m) Z',
    Z = Q W: no cancellation, however much gamma and m differ.
    """

    def __init__(self, gamma: float, Z: np.ndarray, m: np.ndarray):
        super().__init__(float, (len(Z), len(Z)))
        self.gamma, self.Z, self.m = gamma, Z, m

    @staticmethod
    def of(B: LowRank) -> "Limited":
        """The inverse of a limited-memory approximation."""
        U, c, gamma = np.asarray(B.U, float), np.asarray(B.c, float), float(B.gamma)
        Q, R = np.linalg.qr(U[:, c != 0])
        m, W = np.linalg.eigh((R * c[c != 0]) @ R.T + gamma * np.eye(len(R)))
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
