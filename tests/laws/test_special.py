"""Our formulas for functions of scipy.special: SciPy's values over a grid, slopes that differences confirm."""

import jax
import numpy as np
import pytest
import scipy.special

import raphson as rp
from raphson.tracing.special import SPECIAL

REAL = np.concatenate([-np.logspace(-6, 0.7, 25), [0.0], np.logspace(-6, 2, 40)])
POSITIVE = np.logspace(-6, 2.5, 60)
POWERS = np.array([-2.0, -0.5, -1e-3, -1e-9, 0.0, 1e-9, 1e-3, 0.3, 1.0, 2.5])
GRIDS = {
    "exp10": (REAL,),
    "cosm1": (REAL,),
    "erfcx": (REAL,),
    "boxcox": (np.logspace(-3, 3, 30), POWERS),
    "boxcox1p": (np.concatenate([-np.linspace(0.1, 0.9, 5), np.logspace(-6, 3, 30)]), POWERS),
    "huber": (np.array([0.1, 1.0, 2.0]), np.linspace(-5, 5, 42)),
    "pseudo_huber": (np.array([0.1, 1.0, 2.0]), np.linspace(-5, 5, 42)),
    "loggamma": (POSITIVE,),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_values_and_derivatives_are_scipys(name):
    """1e-12 relative (beside 1 where a value crosses zero); slopes against differences of SciPy's own values."""
    theirs, ours = getattr(scipy.special, name), SPECIAL[name]
    points = [a.ravel() for a in np.meshgrid(*GRIDS[name], indexing="ij")]
    np.testing.assert_allclose(jax.jit(ours)(*points), theirs(*points), rtol=1e-12, atol=1e-14)
    slopes = jax.jit(jax.vmap(jax.grad(ours, argnums=tuple(range(len(points))))))(*points)
    for i, slope in enumerate(slopes):
        h = 1e-5 * np.maximum(np.abs(points[i]), 1e-2 if name == "boxcox" else 1e-7)
        up, down = ([a + s * h if j == i else a for j, a in enumerate(points)] for s in (1, -1))
        high, low = theirs(*up), theirs(*down)
        error = 1e-14 * np.maximum(np.abs(high), np.abs(low)) / h + 1e-5 * np.maximum(np.abs(slope), 1)
        fine = np.isfinite(high) & np.isfinite(low)
        assert np.all(np.isfinite(slope[fine]))
        assert np.all(np.abs(slope - (high - low) / (2 * h))[fine] <= 10 * error[fine])


def test_outside_their_domain_they_say_what_scipy_says():
    for name, args in (
        ("loggamma", (-1.5,)),
        ("huber", (-1.0, 2.0)),
        ("pseudo_huber", (-1.0, 2.0)),
        ("erfcx", (-30.0,)),
    ):
        np.testing.assert_equal(float(SPECIAL[name](*map(np.float64, args))), getattr(scipy.special, name)(*args))


@pytest.mark.parametrize("name", ["erfcx", "loggamma"])
def test_a_function_that_uses_them_is_traced(name):
    special = getattr(scipy.special, name)
    result = rp.minimize(lambda x: np.sum(special(x) + x**2), [1.3, 2.0])
    assert result.success and not any("on the host" in note for note in result.notes), result.notes


@pytest.mark.parametrize("name", ["exp1", "betaln", "hyp1f1"])
def test_what_has_no_reliable_counterpart_stays_on_the_host_by_name(name):
    special = getattr(scipy.special, name)
    rest = (2.0,) * (special.nin - 1)
    result = rp.minimize(lambda x: (special(*rest, x[0]) - special(*rest, 1.5)) ** 2, [1.2], max_steps=2)
    assert any("on the host" in note and name in note for note in result.notes), result.notes
