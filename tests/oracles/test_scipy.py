"""Against SciPy: where both succeed on a well-behaved problem they find the same minimum."""

import jax
import numpy as np
import pytest
import scipy.optimize

import raphson as rp
from tests.suites.cages import solve_caged

PAIRS = {"trust-exact": "trust-exact", "bfgs": "BFGS"}
NAMES = ("rosenbrock", "himmelblau", "wood", "brown-dennis", "broyden-tridiagonal", "logistic-regression")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_minimum_as_scipy(name):
    """minimize(method="trust-exact") and SciPy's, BFGS and SciPy's: f* to 1e-6 (or the lower value is ours)."""
    problem = rp.zoo[name]
    derive = jax.jit(lambda x: (problem.fun(x), jax.grad(problem.fun)(x), jax.hessian(problem.fun)(x)))
    fun, jac, hess = (lambda x, k=k: np.asarray(derive(x)[k]) for k in range(3))
    for ours, theirs in PAIRS.items():
        second = {"hess": hess} if theirs == "trust-exact" else {}
        options = {"gtol": 1e-10, "maxiter": 5000}
        expected = scipy.optimize.minimize(
            lambda x: float(fun(x)), problem.x0, jac=jac, method=theirs, options=options, **second
        )
        result = solve_caged(name, ours)
        assert result.success, result.verdict
        assert result.value <= expected.fun + 1e-6 * max(1, abs(expected.fun))


def test_scipys_script_runs_with_its_import_changed():
    """The example of SciPy's tutorial: Rosenbrock in five variables, its own functions, by several methods."""
    x0 = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    rosen, rosen_der, rosen_hess = scipy.optimize.rosen, scipy.optimize.rosen_der, scipy.optimize.rosen_hess
    for minimize in (scipy.optimize.minimize, rp.minimize):
        for method, derivatives in (
            ("BFGS", {"jac": rosen_der}),
            ("Newton-CG", {"jac": rosen_der, "hess": rosen_hess}),
            ("trust-exact", {"jac": rosen_der, "hess": rosen_hess, "options": {"gtol": 1e-8}}),
        ):
            r = minimize(rosen, x0, method=method, **derivatives)
            assert r.success
            np.testing.assert_allclose(r.x, np.ones(5), atol=1e-3 if minimize is scipy.optimize.minimize else 1e-7)
            assert r["fun"] == r.fun and r.nit > 0 and r.nfev > 0
