"""Roots of equations where derivatives vanish: fits converge to them; nothing is divided by what underflows there."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp


def powers(x, A, root, p, w):
    """w (A (x - root))^p, row by row, p from 1 to 4."""
    u = A @ (x - root)
    return w * jnp.select([p == 1, p == 2, p == 3], [u, u**2, u**3], u**4)


def products(x, A, root, p, w):
    """A straight equation, a square, and a quotient whose numerator tends to 0 (CUTEst's RECIPE)."""
    u = A @ (x - root)
    return w * jnp.stack([u[0] - p[0], u[1] ** 2, u[2] / (u[1] - u[0])])


@pytest.mark.parametrize("residual", [powers, products])
def test_degenerate_roots_are_reached_with_success(residual):
    """Whatever the powers, units of r and start; roots at 0, where x has no size, and elsewhere.

    Crashed before: 0/0 in what the last full Newton steps bring, and a Hessian that Cholesky takes and LU does not.
    """
    rng, wrong = np.random.default_rng(0), []
    for draw in range(60):
        A = rng.normal(size=(3, 3)) if draw % 2 else np.diag(rng.uniform(0.5, 2, 3))
        root = rng.normal(size=3) * (draw % 4 > 1)
        p, w = rng.integers(1, 5, 3).astype(float), 2.0 ** rng.integers(-10, 10, 3)
        x0 = root + rng.normal(size=3) * 3
        fit = rp.least_squares(residual, x0, args=(A, root, p, w))
        if not (fit.success and np.max(np.abs(fit.residuals / w)) <= 1e-8):
            wrong.append(f"draw {draw}: p = {p}, {fit.verdict}, |r| = {np.max(np.abs(fit.residuals / w)):.1g}")
    assert not wrong, "\n".join(wrong)
