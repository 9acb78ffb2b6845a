"""The search of a shift: trust region and cubic model against roots found by SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from raphson.linear.secular import Bracket

RADIUS, CUBIC = 0, 1


@jax.jit
def searched(w, a, tau, kind):
    """The shift, and how many steps y(shift) were computed to see ||y|| right to 1e-9."""
    size = jnp.linalg.norm(a)
    high = jnp.where(kind == RADIUS, size / tau, jnp.sqrt(size / tau))

    def body(c):
        bracket, k, _ = c
        x = bracket.shift
        y = a / (w + x)
        length = jnp.linalg.norm(y)
        wanted, growth = jnp.where(kind == RADIUS, tau, tau * x), jnp.where(kind == RADIUS, 0, 1 / x)
        done = jnp.abs(length - wanted) <= 1e-9 * wanted
        new = bracket.narrowed(jnp.asarray(True), length, jnp.sum(y**2 / (w + x)), wanted, growth)
        return Bracket(jnp.where(done, x, new.shift), new.low, new.high), k + 1, done

    start = (Bracket(0.5 * high, 0 * high, high), 0, False)
    found = jax.lax.while_loop(lambda c: ~c[2] & (c[1] < 60), body, start)
    return found[0].shift, found[1]


@pytest.mark.parametrize("spread", [1.0, 4.0, 8.0])
@pytest.mark.parametrize("kind", [RADIUS, CUBIC], ids=["radius", "cubic"])
def test_the_shift_is_the_root_in_few_steps(kind, spread):
    """Spectra over decades, singular ones too (an indefinite one is that, with the shift counted from its pole)."""
    rng = np.random.default_rng(int(spread))
    counts = []
    for _ in range(40):
        w = 10 ** rng.uniform(-spread, spread, 6) * rng.choice([0, 1], 6, p=[0.2, 0.8])
        a = rng.normal(size=6) * 10 ** rng.uniform(-spread, spread)
        tau = 10 ** rng.uniform(-2, 2)
        if kind == RADIUS and np.all(w > 0):
            tau = min(tau, 0.9 * np.linalg.norm(a / w))  # else the Newton step lies inside
        shift, count = searched(w, a, tau, kind)
        length = lambda x, w=w, a=a: np.linalg.norm(a / (w + x))
        miss = lambda x, tau=tau, length=length: (tau if kind == RADIUS else tau * x) / length(x) - 1
        root = brentq(miss, 1e-30, 1e30, xtol=1e-300, rtol=1e-13, maxiter=1000)
        np.testing.assert_allclose(length(shift), length(root), rtol=1e-8)
        counts.append(int(count))
    assert max(counts) <= 24 and np.median(counts) <= 8, counts


def test_a_failed_factorization_raises_the_shift():
    """Where H + shift is not definite, nothing else is known, and the next shift lies well inside the bracket."""
    bracket = Bracket(jnp.asarray(1.0), jnp.asarray(1.0), jnp.asarray(1e12))
    nan = jnp.asarray(jnp.nan)
    for _ in range(60):
        new = bracket.narrowed(jnp.asarray(False), nan, nan, jnp.asarray(1.0))
        assert bracket.shift < new.shift < new.high == 1e12
        bracket = new
        if bracket.shift > 0.9e12:
            break
    assert bracket.shift > 0.9e12


def test_what_is_known_of_the_lowest_eigenvalue_raises_the_bracket():
    """A step too short bounds the shift from above, and from below by the least shift that can be right."""
    two, yes = jnp.asarray(2.0), jnp.asarray(True)
    new = Bracket(two, jnp.asarray(0.5), jnp.asarray(8.0)).narrowed(yes, two, two, 2 * two, lowest=jnp.asarray(1.5))
    assert (new.low, new.high) == (1.5, 2.0) and 1.5 < new.shift < 2.0


def test_numbers_out_of_range_fall_back_to_the_middle():
    """In single precision, where products of lengths and shifts overflow or vanish."""
    for size in (1e30, 1e-30):
        low, here, high = np.float32([1e25, 1e26, 3e27])
        new = Bracket(here, low, high).narrowed(True, np.float32(size), np.float32(np.inf), np.float32(2 * size))
        assert low < new.shift < high
