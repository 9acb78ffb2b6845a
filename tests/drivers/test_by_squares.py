"""Sums of squares that `minimize` gets as one number, whose H is too stiff to show what their Jacobian shows."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp


def stiff(seed):
    """A (12, 4) with singular values down to 1e-8.5 of the largest and columns in units of their own; b."""
    rng = np.random.default_rng(seed)
    U, V = np.linalg.qr(rng.normal(size=(12, 4)))[0], np.linalg.qr(rng.normal(size=(4, 4)))[0]
    A = U * np.geomspace(1, 10 ** rng.uniform(-9, -8), 4) @ V.T * 10 ** rng.uniform(-1, 1, 4)
    return A, rng.normal(size=12)


def straight(x, A, b):
    return jnp.sum((A @ x - b) ** 2)


def bent(x, A, b):
    return 0.5 * jnp.sum((jnp.sinh(0.1 * (A @ x)) - b) ** 2)


@pytest.mark.parametrize("seed", range(8))
def test_what_a_squared_condition_hides_is_found_by_residuals(seed):
    """The condition of H is 1e16 to 1e18. Before: 3 of 20 straight and 4 of 20 bent ones at the least f, the others an
    honest "f is lower along ...", by up to a quarter of f; as CUTEst's VANDANMSLS."""
    A, b = stiff(seed)
    linear = rp.minimize(straight, np.zeros(4), (A, b))
    least = float(np.sum((A @ np.linalg.lstsq(A, b, rcond=None)[0] - b) ** 2))
    assert linear.value - least <= 1e-4 * least and linear.success, (linear.message, linear.reasons)
    curved = rp.minimize(bent, np.zeros(4), (A, b))
    fit = rp.least_squares(lambda x, A, b: jnp.sinh(0.1 * (A @ x)) - b, np.zeros(4), args=(A, b))
    assert curved.value - fit.value <= 1e-4 * fit.value, (curved.message, curved.reasons)


def test_residuals_bring_no_minimum_where_there_is_none():
    """A sum of squares whose infimum is at infinity; before and now an honest no."""
    assert not rp.minimize(lambda x: jnp.sum(jnp.exp(-x) ** 2), [1.0, 2.0]).success
