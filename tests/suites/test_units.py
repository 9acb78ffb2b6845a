"""Every method in any units: f times 2^+-60, single variables times 2^+-20, turned coordinates, both precisions.

One program for a method and a precision: scale, units and rotation are data.

Gradient descent is left out: the identity is its definition. The other methods measure variables by their curvature,
so that powers of two change no bit of a step: the trials are the same trials. What a factor allows for: turned
coordinates (another diagonal, another rounding), and single precision, where f and its products lose bits at 2^+-60.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.solver.presets import PRESETS

NAMES = ("rosenbrock", "beale", "himmelblau")
FUNS = [rp.zoo[name].fun for name in NAMES]
METHODS = tuple(name for name in PRESETS if name != "gradient-descent")
ONCE = {"newton": ("rosenbrock", "himmelblau")}
"""Full steps diverge from Beale's start."""

RARELY = ("newton", "damped-newton", "trust-exact", "damped")
"""In single precision only in test-slow: they never were in doubt."""

TURN = 3.0
"""By how much trials may grow where coordinates are turned by 30 degrees, beside ten. DFP may take what it needs: too
large an eigenvalue of its first matrix, which in turned units is there, it corrects slowly (Beale 25 to 274)."""


def scaled(x, which, c, u, Q):
    """c f(Q (u x)): the `which`-th function in other units."""
    return c * jax.lax.switch(which, FUNS, Q @ (u * x))


def run(name, method, dtype, f=0, units=(0, 0), angle=0.0):
    """`minimize` with f times 2^f, x_i in units of 2^units_i, coordinates turned by `angle`."""
    u = 2.0 ** np.array(units)
    Q = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    x0 = ((Q.T @ rp.zoo[name].x0) / u).astype(dtype)
    data = jnp.int32(NAMES.index(name)), dtype(2.0**f), u.astype(dtype), Q.astype(dtype)
    return rp.minimize(scaled, x0, args=data, method=method)


CASES = [
    pytest.param(method, dtype, marks=[pytest.mark.slow] if dtype is np.float32 and method in RARELY else [])
    for method in METHODS
    for dtype in (np.float64, np.float32)
]


@pytest.mark.parametrize(("method", "dtype"), CASES)
def test_units_change_no_trial(method, dtype):
    """Success with the same number of trials in units of f and of single variables, and a few more in turned ones."""
    power = 20 if dtype is np.float64 else 8
    slack = 0 if dtype is np.float64 else 0.25
    wrong = []
    for name in ONCE.get(method, NAMES):
        plain = run(name, method, dtype)
        assert plain.success, (name, plain.verdict)
        others = {f"f 2^{k}": run(name, method, dtype, f=k) for k in (-66, -60, 60, 70)}
        several = ((power, -power), (-power, power), (power, power))
        others |= {f"x 2^{units}": run(name, method, dtype, units=units) for units in several}
        for what, other in others.items():
            if not other.success or abs(other.nfev - plain.nfev) > slack * plain.nfev:
                wrong.append(f"{name}, {what}: {other.verdict} after {other.nfev}, not {plain.nfev}")
        turned = run(name, method, dtype, angle=np.pi / 6)
        if not turned.success or (turned.nfev > TURN * plain.nfev + 10 and method != "dfp"):
            wrong.append(f"{name}, turned: {turned.verdict} after {turned.nfev}, not {plain.nfev}")
    assert not wrong, "\n".join(wrong)
