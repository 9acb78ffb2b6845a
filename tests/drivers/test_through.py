"""Minima beyond infinity: models whose natural variable passes through 0 where theirs passes through infinity."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp


def circle(p, X):
    """Distances of points from a circle of centre p0, p1 and radius p2: from outside it grows to a line first."""
    return jnp.hypot(X[:, 0] - p[0], X[:, 1] - p[1]) - p[2]


def arc(rng):
    """Points of an arc, and a start on its outer side."""
    c, r, m = rng.normal(size=2) * 5, rng.uniform(5, 30), int(rng.integers(5, 12))
    t = rng.uniform(0, 6.28) + np.linspace(0, rng.uniform(0.3, 1.2), m)
    way = np.r_[np.cos(t.mean()), np.sin(t.mean())]
    X = c + r * np.c_[np.cos(t), np.sin(t)] + 6e-4 * r * rng.normal(size=(m, 2))
    d = rng.uniform(2, 8) * r
    return (X,), np.r_[X.mean(axis=0) + d * way, d], np.r_[c, r]


def pole(p, t, y):
    """A hyperbola, started with its pole on the other side of the data: between lies the constant."""
    return p[0] / (1 + t / p[1]) - y


def hyperbola(rng):
    """Data that rise, and a start that falls."""
    t, true = np.linspace(0, 1, 8), np.r_[rng.uniform(0.5, 2), -rng.uniform(1.5, 5)]
    return (t, pole(true, t, 0.005 * rng.normal(size=8))), np.r_[1.0, rng.uniform(0.5, 5)], true


def relaxation(p, t, y):
    """a + b exp(-t / tau), started with a tau of the wrong sign: between lies the straight line."""
    return p[0] + p[1] * jnp.exp(-t / p[2]) - y


def growth(rng):
    """Data that grow faster and faster."""
    t = np.linspace(0, 1, 8)
    true = np.r_[rng.normal(), rng.uniform(0.5, 2) * rng.choice([-1, 1]), -rng.uniform(0.3, 1.5)]
    y = np.asarray(relaxation(true, t, 0.01 * rng.normal(size=8)))
    return (t, y), np.r_[true[0] + rng.normal(), true[1] * rng.uniform(0.3, 3), rng.uniform(0.3, 3)], true


@pytest.mark.parametrize("door", ["least_squares", "minimize"])
@pytest.mark.parametrize(
    ("model", "draw", "least"), [(circle, arc, 11), (pole, hyperbola, 12), (relaxation, growth, 10)]
)
def test_the_minimum_beyond_infinity_is_found(model, draw, least, door):
    """Before: 1 circle of 24, no hyperbola, 8 relaxations; all others ended at infinity, and said so."""
    found = 0
    for seed in range(12):
        args, x0, true = draw(np.random.default_rng(seed))
        if door == "minimize":
            fit = rp.minimize(lambda p, model=model, args=args: 0.5 * jnp.sum(model(p, *args) ** 2), x0)
        else:
            fit = rp.least_squares(model, x0, args=args)
        assert not fit.success or fit.value <= 0.5 * np.sum(np.asarray(model(true, *args)) ** 2) * 1.000001
        found += fit.success
        if "ran away" in " ".join(fit.reasons):
            assert "beyond infinity" in " ".join(fit.reasons)
            assert np.isclose(fit.trace.value[-1], fit.value, rtol=1e-6)  # the trace ends where the answer is
    assert found >= least


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: jnp.exp(-x[0]), lambda x: 1 / (1 + x[0] ** 2), lambda x: -jnp.arctan(x[0]), lambda x: -jnp.tanh(x[0]),
        lambda x: jnp.arctan(x[0]) ** 2 * jnp.exp(-jnp.abs(x[0]) / 5), lambda x: 1 / (2 + x[0] + x[1] ** 2) ** 2,
    ],
)  # fmt: skip
def test_infima_at_both_ends_stay_what_they_are(fun):
    """No success where f has no minimum, or a higher one."""
    for start in ([3.0, 1.0], [20.0, -1.0], [1e3, 0.5]):
        result = rp.minimize(fun, start)
        assert not result.success or result.value <= min(0.0, float(fun(jnp.asarray(start)))), result.message


def test_a_straight_line_is_no_circle():
    """Points of a line: the radius is infinite, from either side."""
    X = np.c_[np.linspace(0, 1, 9), 2 - np.linspace(0, 1, 9)]
    for start in ([5.0, 5.0, 4.0], [-5.0, -5.0, 8.0]):
        fit = rp.least_squares(circle, start, args=(X,))
        assert not fit.success or fit.value < 1e-15
