"""Laws of the units that quasi-Newton methods read at the start."""

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel.space import Box
from raphson.model.curvature import rounded_away
from raphson.model.units import PREFIX, units, units_at
from raphson.operators.dense import Inverted
from raphson.problems.minimize import Minimize

A = np.array([[3.0, 1, 0.5], [1, 2, -0.3], [0.5, -0.3, 0.2]])
F = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0], [1, 0, 0.0]])


def bowl(x, u):
    """A quartic of u x."""
    return 0.5 * (u * x) @ A @ (u * x) + jnp.sum((u * x) ** 4) + 0.1 * jnp.sum(u * x)


def flat(x):
    """Convex, and flat along x1: its second derivative is a rounded 1 - 1."""
    return jnp.log(jnp.sum(jnp.exp(F @ x))) - x[0]


read = jax.jit(lambda x, u: units(Minimize(bowl, (u,)), x))


def test_units_are_read_to_a_prefix():
    """u x in place of x multiplies units by u, to the last bit, where u holds powers of 2^10; all are alike at u = 1.

    `solve` (traced) and `minimize` (from the host) read the same ones.
    """
    x = np.array([0.3, -0.2, 0.5])
    plain = read(x, np.ones(3))
    assert np.ptp(plain.scale) == 0
    assert plain.least == 2.0**-PREFIX
    for powers in [(20, -20, 0), (-10, 0, 10), (30, 30, 30), (0, 0, -20)]:
        u = 2.0 ** np.array(powers)
        np.testing.assert_array_equal(read(x / u, u).scale, plain.scale * u)
        np.testing.assert_array_equal(
            units_at(Minimize(bowl, (jnp.asarray(u),)), jnp.asarray(x / u)).scale, plain.scale * u
        )


def test_a_rounded_curvature_is_no_unit():
    """The flat variable is measured like the stiffest one, wherever x is; its own unit would be 2^-20 of it or less."""
    problem, met = Minimize(flat), 0
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = jnp.asarray(rng.standard_normal(3))
        met += abs(float(jax.hessian(flat)(x)[0, 0])) > 0
        assert np.ptp(units_at(problem, x).scale) == 0
    assert met > 5, "the draws must meet what they are about"


def test_units_are_asked_about_inside_the_bounds():
    """Where a bound is near, the gradient beyond it is not needed, and NaN there denies nothing."""
    u = 2.0 ** np.array([0, -20, 0])
    x, lower = np.array([0.3, 0.5, 0.5]) / u, np.array([0, 0.5, 0]) / u
    guarded = lambda x: jnp.where(jnp.all(x >= lower), bowl(x, u), jnp.nan)
    box = Box(jnp.asarray(lower), jnp.full(3, jnp.inf))
    found = units_at(Minimize(guarded, (), box), jnp.asarray(x)).scale
    np.testing.assert_array_equal(found / u, np.full(3, found[0]))


def test_nothing_is_known_without_curvature():
    """A slope has no units: ones, and no least curvature."""
    found = units_at(Minimize(lambda x: jnp.sum(x)), jnp.ones(3))
    np.testing.assert_array_equal(found.scale, np.ones(3))
    assert found.least == 0


curved = jax.jit(lambda inverse, g, s: Inverted.of(inverse, g).quadratic(s))


def test_an_inverse_knows_the_curvature_of_its_steps():
    """s'B s along B^-1 g and across it, against NumPy, in units over forty powers of two."""
    rng = np.random.default_rng(3)
    for powers in [(0, 0, 0), (20, -20, 0), (-20, 0, 10)]:
        d = 2.0 ** np.array(powers)
        B, g = A * d[:, None] * d + 0.3 * np.diag(d**2), rng.standard_normal(3) * d
        inverse = np.linalg.inv(B / d[:, None] / d) / d[:, None] / d
        for s in (-0.3 * inverse @ g, rng.standard_normal(3) / d, np.zeros(3)):
            np.testing.assert_allclose(curved(inverse, g, s), s @ B @ s, rtol=1e-12)


def test_what_is_rounding_is_asked_in_any_unit():
    """x -> u x takes g, the scale and sizes along: the same variables are lost, in single precision, too.

    Those are variables whose slope and curvature are rounding, or rounding of that, and none that passes through 0 with
    a slope of its own, or starts there and is tied to no other (Wood's function in single precision, of value 1.6 in
    the middle of its valley; Himmelblau's from 0).
    """
    value = np.float32(1.6)
    g = np.array([3e-8, 1e-7, -2.0, 1e-6, -14.0], np.float32)
    own, tie = np.array([2e-4, 1e-8, 0.36, 40.0, 6.5], np.float32), np.array([0.5, np.inf, 0.01, 0.1, 0.0], np.float32)
    size = np.array([1.0, 2.0, 1.6e-4, 2.0, 0.0], np.float32)
    for powers in [(0, 0, 0, 0, 0), (20, 0, -20, 7, -13), (-20, 9, 20, -20, 20), (13, -20, 0, -20, -3)]:
        u = np.exp2(powers).astype(np.float32)
        lost = rounded_away(value, g * u, own * u, size / u, tie)
        np.testing.assert_array_equal(lost, [True, True, False, False, False])


def test_a_variable_at_0_without_slope_is_lost_where_its_curvature_is():
    """Of nothing but a rounded curvature (a scale of 1e-17) beside 0.5 no unit is made, also where the slope is
    rounding and H_ii the rounding of that; of a small curvature it is."""
    size = np.zeros(2)
    for slope, own, lost in [(0, 6e-17, True), (1e-17, 6e-17, True), (1e-17, 6e-9, True), (0, 1e-3, False)]:
        found = rounded_away(1.6, np.array([slope, 0.1]), np.array([own, 0.5]), size)
        np.testing.assert_array_equal(found, [lost, False])
