"""Fits that run to infinity say so, whatever the loss; minima at kinks stay minima, wherever the run began."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.certificate.verdict import Verdict
from tests.drivers.test_through import arc, circle, growth, hyperbola, pole, relaxation

EDGE = {"huber": lambda z: np.where(z < 1, z, 2 * np.sqrt(z) - 1), "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1)}
"""rho(z) of the losses, z = r^2."""


@pytest.mark.parametrize("loss", EDGE)
@pytest.mark.parametrize(("model", "draw"), [(circle, arc), (pole, hyperbola), (relaxation, growth)])
def test_what_is_straight_only_far_away_is_no_kink(model, draw, loss):
    """Robust losses are straight a residual of f_scale away, which is nothing beside x at 5e7.

    Before: 8 of 8 arcs "minimum at a kink" at 1e8, at 1e4 times the true cost and more.
    """
    for seed in range(4):
        args, x0, true = draw(np.random.default_rng(seed))
        for scale in (1.0, 1e-2):
            fit = rp.least_squares(model, x0, args=args, loss=loss, f_scale=scale)
            there = 0.5 * scale**2 * np.sum(EDGE[loss]((np.asarray(model(true, *args)) / scale) ** 2))
            assert not fit.success or fit.value <= there * 1.000001, (seed, scale, fit.message)


NEAR_AND_FAR = [(place, unit) for place in (1.0, 1e4, 1e8) for unit in (1e-3, 1.0, 1e3)]


@pytest.mark.parametrize(("place", "unit"), NEAR_AND_FAR)
def test_true_kinks_are_shown_near_and_far_from_the_start(place, unit):
    """Sums of absolute values, with and without a smooth part: `place` is where the kink is, in steps of its own width
    from the start at 1, and `unit` what x is measured in. Two kinks at once are met from twice as far only: from 1e4
    times as far no method finds both, and says so."""
    at = place * unit
    folds = {
        "one": (lambda x: jnp.abs(x[0] - at) / unit, [unit], 0.0),
        "two": (lambda x: (jnp.abs(x[0] - at) + 2 * jnp.abs(x[1] + at)) / unit, [at / 2, -2 * at], 0.0),
        "curved": (lambda x: jnp.abs(x[0] - at) / unit + ((x[1] - at) / unit) ** 2, [unit, unit], 0.0),
        "edge of pieces": (lambda x: jnp.maximum(at - x[0], 3 * (x[0] - at)) / unit, [unit], 0.0),
    }
    for name, (fun, x0, lowest) in folds.items():
        result = rp.minimize(fun, x0)
        assert result.success and result.value - lowest < 1e-6 * place, (name, result.message)
        moved = abs(float(result.x[0]) - at)
        assert result.certificate.verdict == Verdict.KINK or moved <= 1e-6 * at, (name, result.message)


def powers(x, y):
    """y_i - x1 (1 - x2^i), as in Beale's function: x1 -> infinity with x1 (1 - x2) = c makes a straight line of it."""
    return y - x[0] * (1 - x[1] ** jnp.arange(1, y.size + 1))


@pytest.mark.parametrize("factor", [10.0, 100.0])
def test_along_a_bent_valley_to_infinity_nothing_is_a_minimum(factor):
    """f falls as 1/x1 to that of the best line through 0, whose limit no x reaches: beside it f is no minimum.

    Before: Beale's own data, from 10 x0 and 100 x0, "minimum (to the noise of f)" at -2.9e6; five points at -6.2e5, on
    machines that round a*b + c twice: beside the floor of the valley, where the slope across it makes a curvature.
    """
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y = np.array([1.5, 2.25, 2.625]) if seed == 0 else np.sort(rng.uniform(0.5, 4, int(rng.integers(3, 6))))
        i = np.arange(1, y.size + 1)
        limit = 0.5 * np.sum((y - i * (i @ y) / (i @ i)) ** 2)
        fit = rp.least_squares(powers, factor * np.ones(2), args=(y,))
        level = abs(fit.value - limit) <= 1e-4 * limit and abs(fit.x[0]) > 1e4
        assert not (fit.success and level), (seed, fit.x, fit.message)
