"""The inverse of a known Hessian as limited-memory methods give it: SciPy's class."""

import numpy as np
from scipy.sparse.linalg import LinearOperator

from raphson.model.geometry import Frame


def limited_inverse(H: np.ndarray, precision: float) -> LinearOperator:
    """The inverse of H (n, n), a finite matrix with rounding `precision`, as SciPy's `LbfgsInvHessProduct`.

    Its pairs (s, y) are the eigenvectors of H in natural units and their images, conjugate to each other, so that
    the product is H^-1 and not an approximation of it. Directions flat to rounding get no pair: along them it is the
    identity, where L-BFGS begins.
    """
    from scipy.optimize import LbfgsInvHessProduct

    frame = Frame.at(H, precision)
    w, V = np.linalg.eigh(frame.H / frame.d[:, None] / frame.d[None, :])
    live = np.repeat([True, False, True], frame.inertia)
    pairs = V[:, live] / frame.d[:, None], V[:, live] * w[live] * frame.d[:, None]
    return LbfgsInvHessProduct(*(np.ascontiguousarray(a.T) for a in pairs))
