"""The examples of SciPy's tutorial on minimization, least squares and curve fitting, in our own words.

Each script takes the library as `so` and uses nothing but SciPy's interface. With `import raphson as so` it
must give the numbers that it gives with `import scipy.optimize as so`.
"""

import numpy as np
import pytest
import scipy.optimize

import raphson

START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


def valley(x):
    """Rosenbrock's function of n variables, by slices."""
    ahead, here = x[1:], x[:-1]
    return np.sum(100.0 * (ahead - here**2) ** 2 + (1 - here) ** 2)


def slope(x):
    """Its gradient, filled in place."""
    g = np.zeros_like(x)
    inner = x[1:-1]
    g[1:-1] = 200 * (inner - x[:-2] ** 2) - 400 * (x[2:] - inner**2) * inner - 2 * (1 - inner)
    g[0] = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
    g[-1] = 200 * (x[-1] - x[-2] ** 2)
    return g


def bend(x):
    """Its Hessian, from diagonals."""
    x = np.asarray(x)
    H = np.diag(-400 * x[:-1], 1) - np.diag(400 * x[:-1], -1)
    d = np.zeros_like(x)
    d[0] = 1200 * x[0] ** 2 - 400 * x[1] + 2
    d[-1] = 200
    d[1:-1] = 202 + 1200 * x[1:-1] ** 2 - 400 * x[2:]
    return H + np.diag(d)


def quasi_newton(so):
    """BFGS with a gradient, and what it says of itself."""
    res = so.minimize(valley, START, method="BFGS", jac=slope, options={"disp": False})
    assert res.success
    return res.x, 1e-4


def quasi_newton_without_a_gradient(so):
    """The default method, nothing given."""
    return so.minimize(valley, START).x, 1e-4


def extra_arguments(so):
    """Parameters of the function through args."""

    def shifted(x, a, b):
        return np.sum(a * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2) + b

    res = so.minimize(shifted, START, args=(0.5, 1.0), method="BFGS")
    return np.append(res.x, res.fun), 1e-3


def value_and_gradient_at_once(so):
    """jac=True."""
    res = so.minimize(lambda x: (valley(x), slope(x)), START, jac=True, method="BFGS")
    return res.x, 1e-4


def newton_with_a_hessian(so):
    """Newton-CG with H."""
    return so.minimize(valley, START, method="Newton-CG", jac=slope, hess=bend, options={"xtol": 1e-8}).x, 1e-5


def newton_with_products(so):
    """Newton-CG with H p alone."""
    product = lambda x, p: bend(x) @ p
    return so.minimize(valley, START, method="Newton-CG", jac=slope, hessp=product, options={"xtol": 1e-8}).x, 1e-5


def trust_regions(so):
    """Three trust-region methods, with H and with products."""
    ends = [
        so.minimize(valley, START, method=method, jac=slope, hess=bend, options={"gtol": 1e-8}).x
        for method in ("trust-ncg", "trust-krylov", "trust-exact")
    ]
    ends.append(so.minimize(valley, START, method="trust-ncg", jac=slope, hessp=lambda x, p: bend(x) @ p).x)
    return np.array(ends), 1e-3


def a_box(so):
    """Bounds of both kinds: the minimum lies on one."""
    for bounds in (scipy.optimize.Bounds([0, -0.5], [1.0, 2.0]), [(0, 0.7), (-0.5, 2.0)]):
        res = so.minimize(valley, np.array([0.5, 0]), method="L-BFGS-B", jac=slope, bounds=bounds)
    return np.append(res.x, res.fun), 1e-4


U = np.array([4.0, 2.0, 1.0, 5.0e-1, 2.5e-1, 1.67e-1, 1.25e-1, 1.0e-1, 8.33e-2, 7.14e-2, 6.25e-2])
RATES = np.array([1.957e-1, 1.947e-1, 1.735e-1, 1.6e-1, 8.44e-2, 6.27e-2, 4.56e-2, 3.42e-2, 3.23e-2, 2.35e-2, 2.46e-2])


def rate(x, u):
    """Kowalik and Osborne's model of an enzyme reaction."""
    return x[0] * (u**2 + x[1] * u) / (u**2 + x[2] * u + x[3])


def misses(x, u, y):
    """Residuals."""
    return rate(x, u) - y


def misses_by_x(x, u, y):
    """Their Jacobian, column by column."""
    J = np.empty((u.size, x.size))
    below = u**2 + x[2] * u + x[3]
    above = u**2 + x[1] * u
    J[:, 0] = above / below
    J[:, 1] = x[0] * u / below
    J[:, 2] = -x[0] * above * u / below**2
    J[:, 3] = -x[0] * above / below**2
    return J


def enzyme_kinetics(so):
    """Bounded least squares with a Jacobian and data in args."""
    x0 = np.array([2.5, 3.9, 4.15, 3.9])
    res = so.least_squares(misses, x0, jac=misses_by_x, bounds=(0, 100), args=(U, RATES), verbose=0)
    # The valley is flat: SciPy stops 1.1e-4 before its end.
    np.testing.assert_allclose(res.x, [0.19280596, 0.19130423, 0.12306063, 0.13607247], rtol=2e-4)
    return np.append(res.x, res.cost), 2e-4


def two_residuals(so):
    """Rosenbrock as residuals: alone, then kept out of its minimum by bounds, in SciPy's positions."""
    pair = lambda x: np.array([10 * (x[1] - x[0] ** 2), (1 - x[0])])
    pair_by_x = lambda x: np.array([[-20 * x[0], 10], [-1, 0]])
    free = so.least_squares(pair, np.array([2, 2]))
    held = so.least_squares(pair, np.array([2, 2]), pair_by_x, bounds=([-np.inf, 1.5], np.inf))
    assert held.success and list(held.active_mask) == [0, -1]
    return np.append(free.x, held.x), 1e-6


def robust_losses(so):
    """A decay with outliers: plain, soft l1 and Cauchy."""
    rng = np.random.default_rng(7)
    t = np.linspace(0, 5, 25)
    y = 0.5 + 2.0 * np.exp(-t) + 0.1 * rng.normal(size=25)
    y[[2, 9, 20]] += [0.8, -0.6, 0.5]
    miss = lambda x, t, y: x[0] + x[1] * np.exp(x[2] * t) - y
    x0 = np.array([1.0, 1.0, -0.5])
    return np.array(
        [
            so.least_squares(miss, x0, args=(t, y)).x,
            so.least_squares(miss, x0, loss="soft_l1", f_scale=0.1, args=(t, y)).x,
            so.least_squares(miss, x0, loss="cauchy", f_scale=0.1, args=(t, y)).x,
        ]
    ), 1e-4


def a_curve(so):
    """curve_fit, free and within bounds, unpacked."""
    x = np.linspace(0, 4, 50)
    model = lambda x, a, b, c: a * np.exp(-b * x) + c
    y = model(x, 2.5, 1.3, 0.5) + 0.2 * np.random.default_rng(1).normal(size=x.size)
    popt, pcov = so.curve_fit(model, x, y)
    held, _ = so.curve_fit(model, x, y, bounds=(0, [3.0, 1.0, 0.5]))
    return np.concatenate([popt, np.sqrt(np.diag(pcov)), held]), 1e-4


SCRIPTS = (
    quasi_newton, quasi_newton_without_a_gradient, extra_arguments, value_and_gradient_at_once, newton_with_a_hessian,
    newton_with_products, trust_regions, a_box, enzyme_kinetics, two_residuals, robust_losses, a_curve,
)  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_script_gives_scipys_numbers_with_only_its_import_changed(script):
    """As far as SciPy's own tolerances go; no script warns."""
    theirs, accuracy = script(scipy.optimize)
    ours, _ = script(raphson)
    np.testing.assert_allclose(ours, theirs, rtol=accuracy, atol=accuracy)
