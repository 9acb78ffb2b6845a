"""Terms of f that cancel to 0 to the last bit hide the rest: what f cannot show near x is no gain."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp


def arrowhead(x):
    """1 - 4 + 3 at the minimum (1, ..., 1, 0), where x_n^2 < eps is lost: CUTEst's ARWHEAD."""
    return jnp.sum((x[:-1] ** 2 + x[-1] ** 2) ** 2 - 4 * x[:-1] + 3)


@pytest.mark.parametrize("method", ["auto", "trust-exact", "newton-cg"])
def test_a_minimum_below_what_cancels_is_shown(method):
    """Before: 0 of 10 starts, with every method ("the Newton step promises 1e-25, noise of f: 0")."""
    for start in np.linspace(0.8, 1.7, 6):
        result = rp.minimize(arrowhead, start * np.ones(100), method=method)
        assert result.success and abs(result.x[-1]) < 1e-7, (start, result.message)


def test_a_gain_that_f_shows_is_no_noise():
    """The same stopped on the way: f changes there, and success is not said."""
    for steps in (1, 2, 3):
        result = rp.minimize(arrowhead, 1.3 * np.ones(100), method="trust-exact", max_steps=steps)
        assert not result.success, (steps, result.message)
