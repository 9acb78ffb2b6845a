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
    """(G + U diag(c) U')^-1, G = diag(gamma), for U (n, k), applied in 4 n k operations.

    With G^-1/2 U = Q R and R diag(c) R' + I = W diag(m) W' it is G^-1/2 (I - Z Z' + Z diag(1/m) Z') G^-1/2,
    Z = Q W: no cancellation, however much gamma and m differ.
    """

    def __init__(self, root: np.ndarray, Z: np.ndarray, m: np.ndarray):
        super().__init__(float, (len(Z), len(Z)))
        self.root, self.Z, self.m = root, Z, m

    @staticmethod
    def of(B: LowRank) -> "Limited":
        """The inverse of a limited-memory approximation."""
        U, c = np.asarray(B.U, float), np.asarray(B.c, float)
        root = np.sqrt(np.broadcast_to(np.asarray(B.gamma, float), len(U)))
        Q, R = np.linalg.qr(U[:, c != 0] / root[:, None])
        m, W = np.linalg.eigh((R * c[c != 0]) @ R.T + np.eye(len(R)))
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
