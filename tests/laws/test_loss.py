"""Laws of robust losses: they begin like least squares, their derivatives are theirs, and SciPy means the same."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import raphson as rp
from raphson.calculus.taylor import GRAM, HESSIAN
from raphson.fit.residuals import read_loss
from raphson.problems.loss import LEAST_BEND, LOSSES, Loss

SCIPY = ("linear", "huber", "soft_l1", "cauchy", "arctan")
KNEES = {"huber": 1.0, "tukey": 1.0, "dcs": 1.0}
"""Where a loss is made of two pieces: the z at which they meet."""

Z = np.concatenate([[0.0], np.logspace(-6, 6, 61) * 1.07])


def loss_of(name, scale=1.0, dtype=float):
    """The loss as the door makes it."""
    return read_loss(name, scale, np.dtype(dtype))


@jax.jit
def tables(z):
    """rho, rho' and rho'' of every loss, and the derivatives of rho and rho' by JAX."""

    def of(rho):
        slope = lambda k: jax.vmap(jax.grad(lambda t: rho(t)[k]))(z)
        return jnp.stack([*rho(z), slope(0), slope(1)])

    return {name: of(rho) for name, rho in LOSSES.items()}


@cache
def at_z():
    """The tables on the grid `Z`."""
    return jax.tree.map(np.asarray, tables(jnp.asarray(Z)))


@jax.jit
def outcomes(r, scale):
    """Cost, weights, corrected residuals and roots of every loss at residuals r."""

    def of(rho, name):
        loss = Loss(rho, scale, name)
        return loss.cost(r), loss.weights(r), loss.corrected(r)

    return {name: of(rho, name) for name, rho in LOSSES.items()}


@pytest.mark.parametrize("name", LOSSES)
def test_small_residuals_count_as_in_least_squares(name):
    """rho(0) = 0 and rho'(0) = 1; rho(z) = z + O(z^2)."""
    rho, first, second = at_z()[name][:3]
    assert rho[0] == 0 and first[0] == 1
    small = Z < 1e-3
    assert np.all(np.abs(rho - Z)[small] <= 1.01 * Z[small] ** 2)
    assert np.all(np.isfinite(second))


@pytest.mark.parametrize("name", LOSSES)
def test_the_second_and_third_numbers_are_the_derivatives_of_the_first(name):
    """rho' and rho'' agree with jax.grad; rho grows, rho' falls to zero."""
    rho, first, second, slope, bend = at_z()[name]
    np.testing.assert_allclose(first, slope, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(second, bend, rtol=1e-10, atol=1e-13)
    assert np.all(np.diff(rho) >= 0), "a larger residual never costs less"
    assert np.all(np.diff(first) <= 0) and np.all(first >= 0), "and counts less and less for its size"
    assert np.all(second <= 0)


@pytest.mark.parametrize("name", LOSSES)
def test_differences_of_rho_show_its_derivatives(name):
    """Central differences, without JAX's differentiation."""
    z = Z[(Z > 1e-2) & (np.abs(Z - 1) > 1e-2) & (Z < 1e3)]
    h = 1e-5 * z
    above, below = (jax.tree.map(np.asarray, tables(jnp.asarray(np.resize(z + s * h, Z.size)))) for s in (1, -1))
    here = jax.tree.map(np.asarray, tables(jnp.asarray(np.resize(z, Z.size))))[name][:, : z.size]
    for k in (0, 1):
        slope = (above[name][k, : z.size] - below[name][k, : z.size]) / (2 * h)
        np.testing.assert_allclose(here[k + 1], slope, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("name", KNEES)
def test_pieces_meet_smoothly(name):
    """rho and rho' are continuous where the formula changes, and rho'' is finite on both sides."""
    knee = KNEES[name]
    z = np.resize([np.nextafter(knee, 0), knee, np.nextafter(knee, 2)], Z.size)
    table = np.asarray(tables(jnp.asarray(z))[name])[:, :3]
    assert np.ptp(table[0]) <= 1e-15 and np.ptp(table[1]) <= 1e-15
    assert np.all(np.isfinite(table))


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.0])
@pytest.mark.parametrize("name", SCIPY)
def test_scipy_means_the_same_cost_and_gradient(name, scale):
    """1/2 c^2 sum rho((r/c)^2) and rho' r, at residuals from far inside to far outside of c."""
    r = np.array([0.0, 1e-8, -0.1, 0.29, 0.3, -1.0, 1.01, 6.9, 7.0, -50.0, 1e4])
    theirs = scipy.optimize.least_squares(lambda x: x, r, loss=name, f_scale=scale, max_nfev=1)
    cost, (first, _), (q, root) = jax.tree.map(np.asarray, outcomes(jnp.asarray(r), scale))[name]
    np.testing.assert_allclose(cost, theirs.cost, rtol=1e-13)
    np.testing.assert_allclose(first * r, theirs.grad, rtol=1e-13)
    np.testing.assert_allclose(root * q, theirs.grad, rtol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_the_cost_is_the_sum_of_rho(name):
    """1/2 c^2 sum rho((r_i / c)^2), with rho as the loss itself tells it."""
    r, scale = np.linspace(-5, 5, 11), 1.7
    rho = np.asarray(LOSSES[name](jnp.asarray((r / scale) ** 2))[0])
    cost = float(outcomes(jnp.asarray(r), scale)[name][0])
    assert cost == pytest.approx(0.5 * scale**2 * rho.sum(), rel=1e-14)
    assert float(loss_of(name, scale).cost(jnp.asarray(r))) == pytest.approx(cost, rel=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_weights_stay_positive_and_change_no_gradient(name):
    """q root = rho' r exactly; root^2 = max(rho' + 2 z rho'', LEAST_BEND rho'), or next to nothing."""
    r, scale = np.linspace(-5, 5, 11), 1.7
    _, (first, bend), (q, root) = jax.tree.map(np.asarray, outcomes(jnp.asarray(r), scale))[name]
    np.testing.assert_allclose(q * root, first * r, rtol=1e-14, atol=1e-300)
    np.testing.assert_allclose(root**2, np.maximum(bend, LEAST_BEND * first), rtol=1e-14, atol=1e-150)


SIZES = (12, 3)


def straight(x, A, b):
    """Linear residuals."""
    return A @ x - b


def curved(x, A, b):
    """Residuals that are not linear in x."""
    return jnp.sinh(A @ x) + jnp.sin(x).sum() - b


@jax.jit
def looks(x, A, b, scale):
    """For every loss and both residuals: the Gram look, the exact look, r and the gradient of the cost by JAX."""

    def of(rho, name, residual):
        problem = rp.LeastSquares(residual, (A, b), Loss(rho, scale, name))
        value, gradient = jax.value_and_grad(problem.value)(x)
        H = HESSIAN.evaluate(problem, x).curvature.matrix if residual is straight else None
        return GRAM.evaluate(problem, x), value, H, gradient, problem.residuals(x)

    return {
        (name, residual.__name__): of(rho, name, residual)
        for name, rho in LOSSES.items()
        for residual in (straight, curved)
    }


@cache
def example(size):
    """Looks at a fixed random point; `size` multiplies b, so that residuals lie inside c or beyond it."""
    rng = np.random.default_rng(7)
    A, x, b = rng.standard_normal(SIZES), 0.3 * rng.standard_normal(3), size * rng.standard_normal(SIZES[0])
    return A, jax.tree.map(np.asarray, looks(jnp.asarray(x), jnp.asarray(A), jnp.asarray(b), 1.3))


@pytest.mark.parametrize("size", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("name", LOSSES)
def test_the_weighted_gradient_is_the_gradient_of_the_cost(name, size):
    """(wJ)'q = grad cost, and the value is the cost, for linear and for curved residuals."""
    for kind in ("straight", "curved"):
        gram, value, _, gradient, _ = example(size)[1][name, kind]
        np.testing.assert_allclose(gram.gradient, gradient, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(gram.curvature.J.T @ gram.curvature.r, gradient, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(gram.value, value, rtol=1e-14)


@pytest.mark.parametrize("size", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("name", LOSSES)
def test_the_weighted_curvature_is_positive_and_exact_where_it_can_be(name, size):
    """B = (wJ)'(wJ) >= 0; for linear residuals B is the Hessian, plus what was added where weights were kept up."""
    for kind in ("straight", "curved"):
        B = np.asarray(example(size)[1][name, kind][0].curvature.dense())
        assert np.linalg.eigvalsh(B)[0] >= -1e-13 * np.abs(B).max()
    A, seen = example(size)
    gram, _, H, _, r = seen[name, "straight"]
    first, bend = (np.asarray(a) for a in loss_of(name, 1.3).weights(jnp.asarray(r))) if name != "linear" else (1, 1)
    added = np.maximum(LEAST_BEND * first - bend, 0) * np.ones(SIZES[0])
    np.testing.assert_allclose(gram.curvature.dense(), H + A.T @ (added[:, None] * A), rtol=1e-10, atol=1e-12)
    if size == 0.01:
        assert not added.any(), "small residuals: nothing was kept up"


EXTREME = [0.0, 1e-200, 1e-160, 1e100, -1e153, 1e160, -1e200, 1e308]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("name", [name for name in LOSSES if name != "linear"])
def test_no_residual_is_so_large_that_it_makes_nan(name, scale):
    """From 0 to 1e308: cost, weights and roots are numbers or (the cost) infinite, never NaN; rho' stays in [0, 1]."""
    cost, (first, bend), (q, root) = jax.tree.map(
        np.asarray, jax.vmap(outcomes, (0, None))(jnp.asarray(EXTREME)[:, None], scale)
    )[name]
    assert not np.any(np.isnan(cost)), cost
    assert np.all((first >= 0) & (first <= 1)), first
    for what, a in (("bend", bend), ("q", q), ("root", root)):
        assert not np.any(np.isnan(a)), (what, a.ravel())
    assert np.all(np.isfinite(root))


def test_the_same_in_single_precision():
    """z overflows from residuals of 1e20 on: no NaN either."""
    r = jnp.asarray([0.0, 1e-30, 1e18, 1e20, -1e30], np.float32)[:, None]
    for name, (cost, *rest) in jax.vmap(outcomes, (0, None))(r, jnp.float32(1)).items():
        if name == "linear":
            continue
        assert cost.dtype == np.float32
        assert not any(np.any(np.isnan(a)) for a in jax.tree.leaves((cost, rest))), name


def test_a_robust_fit_survives_an_absurd_point():
    """One residual of 1e200 among nine good ones: losses that grow slowly enough still find the line."""
    t = np.linspace(0, 1, 10)
    y = 2 + 3 * t
    y[4] = 1e200
    for name, method in (("cauchy", "lm"), ("cauchy", "auto"), ("geman-mcclure", "lm")):
        fit = rp.curve_fit(lambda t, a, b: a + b * t, t, y, loss=name, method=method)
        np.testing.assert_allclose(fit.x, [2, 3], rtol=1e-6, err_msg=f"{name}, {method}")


def test_a_loss_in_scipys_form_is_understood():
    """A function of z that returns rows rho, rho', rho'': the same cost and weights as the loss by its name."""
    rows = lambda z: jnp.stack([jnp.log1p(z), 1 / (1 + z), -1 / (1 + z) ** 2])
    r = jnp.linspace(-3.0, 3.0, 7)
    own, named = read_loss(rows, 0.7, np.dtype(float)), loss_of("cauchy", 0.7)
    assert own.name == "custom" and not own.plain
    np.testing.assert_allclose(own.cost(r), named.cost(r), rtol=1e-14)
    np.testing.assert_allclose(own.corrected(r), named.corrected(r), rtol=1e-14)
