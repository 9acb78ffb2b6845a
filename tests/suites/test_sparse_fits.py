"""Fits with a sparse Jacobian: the same answer and the same error bars as by dense ones, and many parameters."""

import pickle
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import diags_array, eye_array, vstack

import raphson as rp

door = sys.modules["raphson.fit.given_rows"]
DENSE, SPARSE = 10**9, 0


def random_fit(seed, n, shared=False, noise=0.05):
    """Residuals of three random parameters each, nonlinear, with more data than parameters; `shared`: and one that is
    in all of them. Units of the parameters differ by powers of ten."""
    rng = np.random.default_rng(seed)
    m = 3 * n
    index = rng.integers(0, n, (m, 3))
    index[:n, 0] = np.arange(n)
    index[:, 2] = 0 if shared else index[:, 2]
    c = rng.normal(size=(m, 3)) + 2 * (np.arange(3) == 0)
    unit = 10.0 ** rng.integers(-3, 4, n)
    truth = rng.normal(size=n)

    def model(u, xp):
        v = (u / unit)[index]
        return xp.sum(c * (v + 0.1 * xp.sin(v * xp.roll(v, 1, axis=1))), axis=1)

    y = model(truth * unit, np) + noise * rng.normal(size=m)
    return (lambda u: model(u, jnp) - y), truth * unit * (1 + 0.3 * rng.normal(size=n)), y


def both(monkeypatch, residual, x0, **more):
    """The fit forced through the sparse and through the dense path."""
    fits = []
    for least in (SPARSE, DENSE):
        monkeypatch.setattr(door, "DENSE", least)
        fits.append(rp.least_squares(residual, x0, **more))
    assert hasattr(fits[0].jacobian, "tocsr") and not hasattr(fits[1].jacobian, "tocsr"), fits[0].reasons
    return fits


def alike(sparse, dense, near=1e-8):
    """x, cost and error bars, relative to their sizes."""
    assert sparse.success and dense.success, (sparse.verdict, dense.verdict)
    size = np.maximum(np.abs(dense.x), 1e-3 * np.nan_to_num(dense.standard_errors))
    assert np.all(np.abs(sparse.x - dense.x) <= near * size)
    assert abs(sparse.value - dense.value) <= near * dense.value
    np.testing.assert_allclose(sparse.standard_errors, dense.standard_errors, rtol=near)
    u, v = sparse.uncertainty, dense.uncertainty
    assert (u.degrees, u.at_bounds, u.not_determined) == (v.degrees, v.at_bounds, v.not_determined)
    np.testing.assert_allclose(u.residual_std, v.residual_std, rtol=near)
    np.testing.assert_allclose(u.condition, v.condition, rtol=0.1)
    size = np.max(np.abs(dense.jacobian), axis=0)
    np.testing.assert_allclose(sparse.jacobian.toarray() / size, dense.jacobian / size, atol=1e-8)


@pytest.mark.parametrize("seed, n, shared", [(0, 40, False), (1, 90, True), (2, 400, False)])
def test_the_answer_is_that_of_the_dense_fit(monkeypatch, seed, n, shared):
    residual, x0, _ = random_fit(seed, n, shared)
    sparse, dense = both(monkeypatch, residual, x0)
    alike(sparse, dense)
    which = [0, 3, n - 1]
    for a, b in ((sparse.uncertainty, dense.uncertainty),):
        np.testing.assert_allclose(a.covariances(which), b.covariances(which), rtol=1e-6, atol=0)
        np.testing.assert_allclose(a.correlations(which), b.correlations(which), rtol=1e-6)
        np.testing.assert_allclose(a.correlation, b.correlation, atol=1e-8)
    assert "MINIMUM" in str(sparse) and sparse.certificate.proof == "bounded"


@pytest.mark.parametrize("method", ["lm", "lm-radius", "lm-geodesic", "gauss-newton", "dogleg", "newton"])
def test_every_method_runs_on_sparse_factors(monkeypatch, method):
    residual, x0, _ = random_fit(5, 60)
    alike(*both(monkeypatch, residual, x0, method=method))


@pytest.mark.parametrize(
    "more",
    [{"absolute_sigma": True}, {"loss": "soft_l1", "f_scale": 0.1}, {"loss": "huber", "f_scale": 0.05}],
    ids=["absolute", "soft_l1", "huber"],
)
def test_known_sigmas_and_robust_losses(monkeypatch, more):
    residual, x0, _ = random_fit(6, 50)
    alike(*both(monkeypatch, residual, x0, **more))


def test_bounds_hold_the_same_variables(monkeypatch):
    residual, x0, _ = random_fit(7, 60)
    free = rp.least_squares(residual, x0)
    low, high = np.full(60, -np.inf), np.full(60, np.inf)
    low[5], high[9], low[20], high[20] = free.x[5] + abs(free.x[5]), free.x[9] - abs(free.x[9]), 0.0, 0.0
    start = np.clip(x0, low, high)
    sparse, dense = both(monkeypatch, residual, start, bounds=(low, high))
    alike(sparse, dense)
    assert list(np.flatnonzero(sparse.active)) == [5, 9, 20]


def test_what_the_data_do_not_see_is_named(monkeypatch):
    """A parameter without effect, and two that act through their sum alone."""
    residual, x0, _ = random_fit(8, 50)

    def tied(u):
        return residual(jnp.concatenate([u[:50].at[7].add(u[50])]))

    start = np.concatenate([x0, [0.5, 2.0]])
    sparse, dense = both(monkeypatch, tied, start)
    assert sparse.uncertainty.not_determined == dense.uncertainty.not_determined == ("x8", "x51", "x52")
    assert {d.text for d in sparse.uncertainty.undetermined} == {d.text for d in dense.uncertainty.undetermined}
    known = np.isfinite(dense.standard_errors)
    np.testing.assert_allclose(sparse.standard_errors[known], dense.standard_errors[known], rtol=1e-8)
    assert np.isinf(sparse.standard_errors[~known]).all()
    assert any(note.startswith("x52 has no effect on any residual: 1 of 52") for note in sparse.uncertainty.notes)


def line(n, weight=1.0, seed=0):
    """Whittaker's smoother: u near y, differences near 0; linear, so that everything is known in closed form."""
    y = np.sin(np.linspace(0, 6, n)) + 0.1 * np.random.default_rng(seed).normal(size=n)
    return (lambda u: jnp.concatenate([u - y, weight * jnp.diff(u)])), y


def test_twenty_thousand_parameters_have_standard_errors():
    """(J'J)^-1 of this one is a tridiagonal matrix's, whose diagonal is a product of two recurrences."""
    n = 20_000
    residual, _ = line(n)
    fit = rp.least_squares(residual, np.zeros(n))
    assert fit.success and fit.uncertainty.degrees == n - 1
    b = np.full(n, 3.0)
    b[[0, -1]] = 2.0
    up, down = b.copy(), b.copy()
    for i in range(1, n):
        up[i] -= 1 / up[i - 1]
        down[-1 - i] -= 1 / down[-i]
    variance = 1 / (up + down - b)
    s2 = 2 * fit.value / (n - 1)
    np.testing.assert_allclose(fit.standard_errors, np.sqrt(s2 * variance), rtol=1e-10)
    np.testing.assert_allclose(fit.gradient, 0, atol=1e-11)
    assert fit.evaluations.gradient <= 8, "it is linear"
    assert fit.reasons[0].count("forward products") == 1 and "2 forward products" in fit.reasons[0]


@pytest.mark.parametrize("where", ["row", "column"])
def test_one_dense_row_or_column_costs_no_more_colors_than_it_must(where):
    """A parameter in all residuals costs one color. Rows of 40 make reverse products the cheaper ones."""
    n = 800
    residual, y = line(n)

    def shared(u):
        return jnp.concatenate([residual(u[:-1]) - u[-1], 0.1 * u[-1:]])

    def rows(u):
        return jnp.concatenate([u - y, 1e-2 * u[:40].sum()[None]])

    fit = rp.least_squares(*((rows, np.zeros(n)) if where == "row" else (shared, np.zeros(n + 1))))
    assert fit.success
    assert ("2 reverse products" if where == "row" else "3 forward products") in fit.reasons[0]


def curves(n):
    """n decays with an amplitude each, and a rate and a background that all share."""
    t = np.linspace(0, 3, 8)
    truth = np.concatenate([1 + np.random.default_rng(0).random(n), [1.3, 0.2]])
    model = lambda u, xp: (u[:-2, None] * xp.exp(-u[-2] * t) + u[-1]).ravel()
    y = model(truth, np) + 0.02 * np.random.default_rng(1).normal(size=8 * n)
    return (lambda u: model(u, jnp) - y), np.concatenate([np.ones(n), [1.0, 0.0]]), t


def test_local_and_shared_parameters_of_a_small_twin(monkeypatch):
    residual, x0, _ = curves(60)
    alike(*both(monkeypatch, residual, x0))


def test_five_thousand_local_parameters_and_two_that_all_share():
    """Standard errors against the inverse of [D B; B' C], D diagonal, written out by hand."""
    n = 5000
    residual, x0, t = curves(n)
    fit = rp.least_squares(residual, x0)
    assert fit.success and "3 forward products give it" in fit.reasons[0]
    a, k = np.asarray(fit.x[:-2]), float(fit.x[-2])
    e = np.exp(-k * t)
    D, B = np.full(n, e @ e), np.stack([-a * (e @ (t * e)), np.full(n, e.sum())], axis=1)
    slope = -a.sum() * (t * e).sum()
    C = np.array([[a @ a * ((t * e) @ (t * e)), slope], [slope, n * t.size]])
    corner = np.linalg.inv(C - B.T @ (B / D[:, None]))
    local = 1 / D + np.einsum("ik,kl,il->i", B, corner, B) / D**2
    s2 = 2 * fit.value / (8 * n - n - 2)
    np.testing.assert_allclose(fit.standard_errors, np.sqrt(s2 * np.r_[local, np.diag(corner)]), rtol=1e-8)


def test_a_parameter_that_begins_near_zero_by_chance_does_not_run_away():
    """Of 2e5 noisy values one lay at 3e-7; that it came to 0.5 was taken for a way to infinity."""
    n = 2000
    y = np.sin(np.linspace(0, 20, n)) + 0.1 * np.random.default_rng(0).normal(size=n)
    rule = lambda u: 3 * (jnp.exp(u[1:]) - 2 * u[:-1] ** 2)
    x0 = y.copy()
    x0[700] = 2e-8
    fit = rp.least_squares(lambda u: jnp.concatenate([u - y, rule(u), 0.1 * jnp.diff(u, 2)]), x0, method="lm")
    assert fit.success and abs(fit.x[700]) > 0.1, fit.verdict


def test_what_is_refused_is_said():
    n = 520
    fit = rp.least_squares(lambda u: jnp.concatenate([u - 1, u.sum()[None]]), np.zeros(n))
    assert fit.success and "reverse" in fit.reasons[0]
    full = np.random.default_rng(0).normal(size=(n, n)) + 30 * np.eye(n)
    fit = rp.least_squares(lambda u, A: A @ u - 1, np.zeros(n), args=(full,))
    assert fit.success and "J stays dense: more than 100 products would give it either way" in fit.reasons[0]


def test_many_directions_that_are_not_seen():
    """Beyond those that inverse iteration tells apart, all singular values are taken where J is small."""
    n = 600
    fit = rp.least_squares(lambda u: jnp.concatenate([u[::2] + u[1::2] - 1, u[::2] + u[1::2] - 2]), np.ones(n))
    assert fit.success and fit.uncertainty.degrees == n - n // 2
    assert len(fit.uncertainty.undetermined) == n // 2 and np.isinf(fit.standard_errors).all()


def test_digits_that_the_normal_equations_lose_are_measured():
    """Second differences and weak data: condition 4e6. J mends the steps; error bars of many say what is left."""
    n = 1200
    y = np.random.default_rng(1).normal(size=n)
    fit = rp.least_squares(lambda u: jnp.concatenate([1e-6 * (u - y), jnp.diff(u, 2)]), np.zeros(n))
    J, r = fit.jacobian.toarray(), fit.residuals
    exact = np.linalg.lstsq(J, J @ fit.x - r, rcond=None)[0]
    assert np.max(np.abs(fit.x - exact)) <= 1e-9 * np.max(np.abs(exact))
    R = np.linalg.qr(J, mode="r")
    error = np.sqrt(np.sum(np.linalg.inv(R) ** 2, axis=1)) * fit.uncertainty.residual_std
    off = np.max(np.abs(fit.standard_errors / error - 1))
    note = next(note for note in fit.uncertainty.notes if note.startswith("condition of the scaled Jacobian"))
    said = float(note.partition("good to ")[2].removesuffix(" %")) / 100
    assert said / 10 <= off <= 10 * said <= 1e-2


def test_thousands_of_parameters_can_be_read():
    n = 3000
    fit = rp.least_squares(line(n)[0], np.zeros(n))
    text = str(fit)
    assert len(text.splitlines()) < 40 and f"and {n - 20} more parameters" in text
    assert len(fit._repr_html_()) < 100_000
    C, u = fit.covariance, fit.uncertainty
    block = u.covariances(["x4", 4])
    np.testing.assert_allclose([C[3, 4], C[3][4], (C @ np.eye(n)[4])[3]], block[0, 1], rtol=1e-12)
    np.testing.assert_allclose(C.diagonal(), fit.standard_errors**2)
    for ask in (lambda: np.asarray(C), lambda: u.correlation, lambda: u.root):
        with pytest.raises(MemoryError, match="GB"):
            ask()
    assert fit.as_dict()["covariance"] is None
    again = pickle.loads(pickle.dumps(fit))
    np.testing.assert_allclose(again.uncertainty.covariances(["x4", 4]), block)
    assert u.ellipse(3, 4).semi_axes.shape == (2,)


def test_a_given_jacobian_is_compared_without_forming_it():
    n = 12_000  # dense it would take 2.3 GB
    residual, _ = line(n)
    J = vstack([eye_array(n), diags_array([-np.ones(n - 1), np.ones(n - 1)], offsets=[0, 1], shape=(n - 1, n))])
    fit = rp.least_squares(residual, np.zeros(n), jac=lambda u: J.tocsr())
    assert fit.success and "jac agrees with the residuals" in " ".join(fit.notes)
    wrong = J.tolil()
    wrong[n + 6, 7] = -1.0
    with pytest.raises(ValueError, match=r"jac\[12006, 7\] = -1, but the exact derivative is 1"):
        rp.least_squares(residual, np.zeros(n), jac=lambda u: wrong.tocsr())
