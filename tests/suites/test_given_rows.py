"""`jac_sparsity`, and a sparse `jac`: few calls of host functions, sparse factors, and patterns that lie."""

import warnings

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp
from jax.experimental.sparse import BCOO

import raphson as rp
from tests.laws import patterns as P

LARGE = 700


def broyden(x):
    """The example of SciPy's `least_squares`, on the host: it asks for the value of a variable."""
    f = (3 - x) * x + 1
    f[1:] -= x[:-1]
    f[:-1] -= 2 * x[1:]
    return f if float(x[0]) < 1e30 else f * np.nan


def places(n):
    return P.band(n, 1)


def decays(n):
    """n amplitudes, one rate and one background that all share, with noise; on the host where `np` is used."""
    t = np.linspace(0, 2, 6)
    model = lambda u, xp: (u[:-2, None] * xp.exp(-u[-2] * t) + u[-1]).ravel()
    rng = np.random.default_rng(0)
    y = model(np.r_[1 + rng.random(n), 1.3, 0.2], np) + 0.02 * rng.normal(size=6 * n)
    own = sp.kron(sp.eye_array(n), np.ones((6, 1)))
    pattern = sp.csr_array(sp.hstack([own, np.ones((6 * n, 2))]))

    def host(u):
        return model(u, np) - y if float(u[-2]) > -9 else np.full(y.size, np.nan)

    return host, (lambda u: model(u, jnp) - y), np.r_[np.ones(n), 1.0, 0.0], pattern


@pytest.mark.parametrize("n", [30, LARGE])
def test_columns_without_a_row_in_common_are_moved_together(n):
    """SciPy's example: 6 calls a Jacobian instead of 2 n, and its answer."""
    calls = []
    counted = lambda x: (calls.append(1), broyden(x))[1]
    fit = rp.least_squares(counted, -np.ones(n), jac_sparsity=places(n))
    peer = scipy.optimize.least_squares(broyden, -np.ones(n), jac_sparsity=places(n))
    assert fit.success and fit.cost < 1e-25
    np.testing.assert_allclose(fit.x, peer.x, atol=1e-9)
    assert len(calls) <= 6 * fit.njev + fit.nit + 60
    assert hasattr(fit.jacobian, "tocsr") == (n == LARGE)
    assert any("J takes 6 calls of the residuals" in note for note in fit.notes)
    if n == LARGE:
        assert "6 residuals give" in fit.reasons[0] and fit.certificate.proof == "bounded"


@pytest.mark.parametrize("n", [20, LARGE])
@pytest.mark.parametrize("more", [{}, {"loss": "soft_l1", "f_scale": 0.05}, {"bounds": (0.0, 1.6)}], ids=str)
def test_the_same_answer_as_with_exact_derivatives(n, more):
    host, traced, x0, pattern = decays(n)
    x0 = np.clip(x0, 0.01, 1.5)
    fit = rp.least_squares(host, x0, jac_sparsity=pattern, **more)
    exact = rp.least_squares(traced, x0, **more)
    assert fit.success and exact.success, fit.verdict
    np.testing.assert_allclose(fit.x, exact.x, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.cost, exact.cost, rtol=1e-10)
    np.testing.assert_allclose(fit.standard_errors, exact.standard_errors, rtol=1e-6)
    np.testing.assert_array_equal(fit.active, exact.active)


@pytest.mark.parametrize("form", ["list", "lil", "bcoo", "bool", "coo"])
def test_forms_of_a_pattern(form):
    S = places(20)
    given = {
        "list": S.toarray().tolist(), "lil": sp.lil_array(S), "bcoo": BCOO.fromdense(jnp.asarray(S.toarray())),
        "bool": S.toarray() != 0, "coo": S.tocoo(),
    }[form]  # fmt: skip
    fit = rp.least_squares(broyden, -np.ones(20), jac_sparsity=given)
    assert fit.success and any("6 calls" in note for note in fit.notes)


@pytest.mark.parametrize(
    ("given", "error"),
    [(np.ones((3, 2)), ValueError), ("dense", TypeError), (np.ones(4), ValueError), (np.ones((4, 4)) * 1j, TypeError)],
    ids=["shape", "text", "vector", "complex"],
)
def test_what_cannot_be_meant(given, error):
    with pytest.raises(error, match="jac_sparsity"):
        rp.least_squares(broyden, -np.ones(4), jac_sparsity=given)


@pytest.mark.parametrize("n", [30, LARGE])
@pytest.mark.parametrize("way", ["host", "traced"])
def test_a_pattern_that_lies_is_an_error_with_the_place(n, way):
    host, traced, x0, pattern = decays(n)
    lie = sp.lil_array(pattern)
    lie[13, n] = 0
    if way == "traced" and n == 30:  # so few parameters: J is formed whole, whatever is said of it
        fit = rp.least_squares(traced, x0, jac_sparsity=sp.csr_array(lie))
        assert fit.success and any("jac_sparsity is not needed" in note for note in fit.notes)
        return
    with pytest.raises(ValueError, match=rf"residual\[13\] depends on x{n + 1}, and \(13, {n}\) is not in jac_spars"):
        rp.least_squares(host if way == "host" else traced, x0, jac_sparsity=sp.csr_array(lie))


@pytest.mark.parametrize("n", [30, LARGE])
def test_a_lie_that_shows_at_the_end_alone(n):
    """At x0 a branch is not taken; there the fit is made again without the pattern, and says so."""

    def hidden(x):
        f = broyden(x)
        f[3] += 0.1 * max(0.0, x[n - 1] - x[0] - 0.1)
        return f

    with pytest.warns(RuntimeWarning, match=r"residual\[3\] depends on x1, .* \(3, 0\) is not in jac_sparsity"):
        fit = rp.least_squares(hidden, -np.ones(n), jac_sparsity=places(n), max_steps=40)
    assert np.max(np.abs(hidden(np.array(fit.x)))) < 1e-8


def test_traced_residuals_take_a_given_pattern_for_the_found_one():
    _, traced, x0, pattern = decays(LARGE)
    fit = rp.least_squares(traced, x0, jac_sparsity=pattern)
    assert fit.success and "by the pattern that was given" in fit.reasons[0]
    found = rp.least_squares(traced, x0)
    np.testing.assert_allclose(fit.x, found.x, rtol=1e-10)


def test_few_calls_are_heeded():
    calls = []
    counted = lambda x: (calls.append(1), broyden(x))[1]
    fit = rp.least_squares(counted, -np.ones(LARGE), jac_sparsity=places(LARGE), options={"maxfev": 20})
    assert len(calls) <= 20 and fit.cost < 1e-3 * 0.5 * np.sum(broyden(-np.ones(LARGE)) ** 2)


def test_a_pattern_that_saves_nothing_is_not_used():
    fit = rp.least_squares(broyden, -np.ones(6), jac_sparsity=np.ones((6, 6)))
    assert fit.success and any("no two parameters can be moved together" in note for note in fit.notes)


def slopes(x):
    """The Jacobian of `broyden` as SciPy's matrix."""
    i = np.arange(x.size)
    rows, columns = np.r_[i, i[1:], i[:-1]], np.r_[i, i[:-1], i[1:]]
    return sp.csr_array((np.r_[3 - 2 * x, 0 * i[1:] - 1, 0 * i[1:] - 2], (rows, columns)), shape=(x.size, x.size))


def test_a_sparse_jacobian_is_factorized_as_it_is():
    fit = rp.least_squares(broyden, -np.ones(LARGE), slopes)
    assert fit.success and "as jac gives it" in fit.reasons[0] and hasattr(fit.jacobian, "tocsr")
    assert fit.cost < 1e-25 and fit.nfev < 30
    small = rp.least_squares(broyden, -np.ones(30), slopes)
    assert small.success and not hasattr(small.jacobian, "tocsr")


def test_a_sparse_jacobian_that_is_wrong():
    wrong = lambda x: slopes(x) + sp.csr_array(([0.1], ([17], [17])), shape=(x.size, x.size))
    with pytest.raises(ValueError, match=r"jac does not agree with the residuals: row 17 .* Correct jac"):
        rp.least_squares(broyden, -np.ones(LARGE), wrong)

    def growing(x):
        more = [] if x[0] == -1 else [1.0]
        return slopes(x) + sp.csr_array((more, ([5] * len(more), [9] * len(more))), shape=(x.size, x.size))

    with pytest.raises(ValueError, match=r"jac returned an entry \(5, 9\) that it did not have at x0"):
        rp.least_squares(broyden, -np.ones(LARGE), growing)
    with pytest.raises(ValueError, match="jac must return a matrix of shape"):
        rp.least_squares(broyden, -np.ones(LARGE), lambda x: sp.csr_array((x.size - 1, x.size)))


@pytest.mark.parametrize("method", ["lm", "lm-radius", "lm-geodesic", "gauss-newton", "dogleg"])
def test_every_method_takes_a_sparse_jacobian_of_the_host(method):
    fit = rp.least_squares(broyden, -np.ones(LARGE), jac_sparsity=places(LARGE), method=method)
    assert fit.success and fit.cost < 1e-20


def test_residuals_that_are_not_finite_somewhere():
    """Differences to one side at an edge of the domain; a start beyond it is refused as always."""
    edge = lambda x: np.where(x < 0, np.nan, np.sqrt(np.maximum(x, 0)) + x - 2) if float(x[0]) < 1e9 else x
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = rp.least_squares(edge, np.full(40, 1e-9), jac_sparsity=sp.eye_array(40))
        np.testing.assert_allclose(fit.x, np.ones(40), rtol=1e-9)
        with pytest.raises(ValueError, match="at x0"):
            rp.least_squares(edge, -np.ones(40), jac_sparsity=sp.eye_array(40))
