"""NIST's certified data and the problems of More, Garbow and Hillstrom by `least_squares` at its default settings."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import erfc
from scipy.optimize import least_squares as scipy_least_squares
from scipy.special import erfcx

import raphson as rp
from tests.suites.residual_cages import fit_caged, residual_cages

DIGITS = 9.5
"""Digits that every run on certified data reaches; the data themselves end at 10.3 to 11."""


def digits(x, certified):
    """The log relative error of the worst parameter, at most 11 (so many are certified)."""
    with np.errstate(divide="ignore"):
        return float(np.min(np.minimum(11, -np.log10(np.abs(np.asarray(x) - certified) / np.abs(certified)))))


def of_kind(n, trait):
    """The names of one cage with a trait."""
    return [name for name in residual_cages()[n] if trait in rp.zoo[name].traits]


@pytest.mark.parametrize("n", [n for n in residual_cages() if of_kind(n, "nist")])
def test_certified_digits_from_both_starts(n):
    """Success and certified digits of every parameter and of the residual standard deviation."""
    wrong = []
    for name in of_kind(n, "nist"):
        problem = rp.zoo[name]
        for start, x0 in enumerate(problem.xs, 1):
            fit = fit_caged(name, x0)
            reached = digits(fit.x, problem.certified)
            if not (fit.success and reached >= DIGITS):
                wrong.append(f"{name} start {start}: {reached:.2f} digits; {fit.verdict}")
            spread = np.sqrt(2 * fit.cost / (problem.observations - n))
            if name != "nist-lanczos1" and not np.isclose(spread, problem.residual_std, rtol=1e-9):
                wrong.append(f"{name} start {start}: residual standard deviation {spread}, not {problem.residual_std}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("n", [n for n in residual_cages() if of_kind(n, "mgh")])
def test_entries_end_at_a_listed_minimum(n):
    """From the standard start: success at a listed minimum of the sum of squares."""
    wrong = []
    for name in of_kind(n, "mgh"):
        fit = fit_caged(name, rp.zoo[name].x0)
        if not fit.success or rp.zoo[name].matches(2 * fit.cost) is None:
            wrong.append(f"{name}: sum {2 * fit.cost:.8g}; {fit.verdict}")
    assert not wrong, "\n".join(wrong)


HONEST = {("gulf", 100), ("jennrich-sampson", 100), ("biggs-exp6", 100)}
"""Far starts that end elsewhere and say so: flat to the last bit there, squares that overflow, and on the way to an
infimum at infinity that no list has."""


@pytest.mark.slow
@pytest.mark.parametrize("n", [n for n in residual_cages() if of_kind(n, "mgh")])
def test_far_starts_end_at_a_listed_minimum_or_say_that_they_do_not(n):
    """From 10 x0 and 100 x0: a listed value, and success only at a listed minimum or below all that are listed."""
    wrong = []
    for name in of_kind(n, "mgh"):
        problem = rp.zoo[name]
        for factor in (10, 100) if np.any(problem.x0) else ():
            fit = fit_caged(name, factor * problem.x0)
            found = problem.matches(2 * fit.cost)
            below = problem.minima and 2 * fit.cost < problem.minima[0].value
            if found is None and not below and (name, factor) not in HONEST:
                wrong.append(f"{name} from {factor} x0: sum {2 * fit.cost:.8g}; {fit.verdict}")
            if fit.success and not below and (found is None or found.kind not in ("global", "local")):
                wrong.append(f"FALSE SUCCESS {name} from {factor} x0: sum {2 * fit.cost:.8g}; {fit.verdict}")
    assert not wrong, "\n".join(wrong)


def relaxation(p, t, y):
    """exp(z^2) erfc(z), by its asymptotic series where exp overflows: the branch that is not taken is inf 0 there."""
    z = p[1] * t
    z2 = z * z
    series = (1 - 1 / (2 * z2) + 3 / (4 * z2**2) - 15 / (8 * z2**3)) / (np.sqrt(np.pi) * z)
    return p[0] * jnp.where(z > 6, series, jnp.exp(z2) * erfc(z)) + p[2] - y


@pytest.mark.parametrize("loss", ["linear", "huber"])
@pytest.mark.parametrize("seed", range(3))
def test_a_branch_that_is_not_taken_counts_nothing(seed, loss):
    """Reverse mode makes NaN of it in every derivative of the cost, forward mode does not (CUTEst's CERI651C).

    Before: "not finite" at the minimum. The reference is SciPy's fit of its own erfcx.
    """
    rng = np.random.default_rng(seed)
    t = np.linspace(0.1, 40, 60)
    true = rng.uniform(0.5, 2, 3)
    y = true[0] * erfcx(true[1] * t) + true[2] + 0.01 * rng.normal(size=t.size)
    fit = rp.least_squares(relaxation, [1.0, 1.0, 0.0], args=(t, y), loss=loss, f_scale=0.03)
    assert fit.success and np.all(np.isfinite(fit.hessian)) and np.all(np.isfinite(fit.standard_errors)), fit.message
    peer = scipy_least_squares(
        lambda p: p[0] * erfcx(p[1] * t) + p[2] - y, fit.x, loss=loss, f_scale=0.03, xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    assert np.allclose(fit.x, peer.x, rtol=1e-4) and np.isclose(fit.value, peer.cost, rtol=1e-5)
