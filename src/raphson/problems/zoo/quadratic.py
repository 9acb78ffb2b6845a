"""Quadratics of chosen spectrum, rotated away from the coordinate axes."""

from functools import partial

import jax.numpy as jnp
import numpy as np

from .record import Minimum, ZooProblem, constant


def quadratic(eigenvalues, seed: int = 0, center=None, name: str = "quadratic", traits: str = "") -> ZooProblem:
    """f(x) = sum_i lambda_i (q_i . (x - center))^2 / 2, with q_i the columns of a random rotation made from `seed`.

    The start lies at distance one from the center along every axis q_i, so that every eigenvalue matters and
    f(x0) = sum_i lambda_i / 2. Without a negative eigenvalue the minimum is 0 at the center (one point of a plane
    of minimizers where eigenvalues are zero); with one f is unbounded below and `minima` is empty. `data` is
    (eigenvalues, axes as columns, center).
    """
    eigenvalues = np.asarray(eigenvalues, dtype=np.float64)
    n = eigenvalues.size
    axes = _rotation(n, seed)
    center = np.arange(1, n + 1) / n if center is None else np.asarray(center, dtype=np.float64)
    return ZooProblem(
        name=name,
        title=f"Quadratic in {n} variables, eigenvalues {eigenvalues.min():.3g} to {eigenvalues.max():.3g}",
        fun=partial(_value, eigenvalues=eigenvalues, axes=axes, center=center),
        x0=center + axes @ np.ones(n),
        minima=() if eigenvalues.min() < 0 else (Minimum(0.0, tuple(center.tolist())),),
        traits=frozenset(("quadratic", *(("2d",) if n == 2 else ()), *traits.split())),
        source="textbook; eigenvalues chosen, axes from a QR factorization of random numbers",
        data=(eigenvalues, axes, center),
        start_value=float(eigenvalues.sum() / 2),
    )


def _value(x, eigenvalues, axes, center):
    """f(x) = sum_i lambda_i u_i^2 / 2 with u = axes^T (x - center)."""
    # In this form, and not through the matrix Q L Q^T, small eigenvalues keep their digits beside large ones.
    u = constant(axes, x).T @ (x - constant(center, x))
    return jnp.sum(constant(eigenvalues, x) * u**2) / 2


def _rotation(n: int, seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))
    return q * np.sign(np.diag(r))


def _conditioned(name: str, condition: float, traits: str, n: int = 10) -> ZooProblem:
    """Eigenvalues from 1 to `condition`, evenly spaced in their logarithm."""
    name = name if n == 10 else f"{name}-n{n}"
    return quadratic(np.geomspace(1, condition, n), name=name, traits=f"variable-size {traits}")


def _indefinite(n: int = 6) -> ZooProblem:
    name, negative = "quadratic-indefinite" + ("" if n == 6 else f"-n{n}"), max(1, n // 3)
    eigenvalues = np.concatenate([-np.geomspace(0.1, 1, negative), np.geomspace(1, 10, n - negative)])
    return quadratic(eigenvalues, name=name, traits="variable-size unbounded")


def _singular(n: int = 6) -> ZooProblem:
    name, flat = "quadratic-singular" + ("" if n == 6 else f"-n{n}"), max(1, n // 3)
    eigenvalues = np.concatenate([np.zeros(flat), np.geomspace(1, 100, n - flat)])
    return quadratic(eigenvalues, name=name, traits="variable-size singular-hessian")


ENTRIES = {
    "quadratic-10": partial(_conditioned, "quadratic-10", 10.0, ""),
    "quadratic-1e4": partial(_conditioned, "quadratic-1e4", 1e4, "ill-conditioned"),
    "quadratic-1e8": partial(_conditioned, "quadratic-1e8", 1e8, "ill-conditioned"),
    "quadratic-indefinite": _indefinite,
    "quadratic-singular": _singular,
}
