"""Host functions with a sparse Hessian: the user's own matrix, or his gradient with a pattern."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from jax.experimental import sparse

import raphson as rp
from raphson.certificate.verdict import Proof

N = 620
START = 1.2 + 0.1 * np.sin(np.arange(N))


def chain(x):
    return float(scipy.optimize.rosen(np.asarray(x))) if x[0] < 1e9 else 0.0  # a branch: it stays on the host


def jac(x):
    return scipy.optimize.rosen_der(np.asarray(x))


def bands(x):
    x = np.asarray(x)
    d = 1200 * x**2 - 400 * np.r_[x[1:], 0] + 202
    d[0], d[-1] = 1200 * x[0] ** 2 - 400 * x[1] + 2, 200
    return d, -400 * x[:-1]


def hess(x):
    d, e = bands(x)
    return scipy.sparse.diags_array([e, d, e], offsets=[-1, 0, 1])


def tridiagonal(n=N):
    return scipy.sparse.diags_array([np.ones(n - 1), np.ones(n), np.ones(n - 1)], offsets=[-1, 0, 1])


def bcoo(x):
    held = hess(x).tocoo()
    return sparse.BCOO((jnp.asarray(held.data), jnp.asarray(np.stack([held.row, held.col], 1))), shape=held.shape)


def coo_twice(x):
    """Every entry in two halves, and a zero outside the band."""
    held = hess(x).tocoo()
    rows, columns = np.r_[held.row, held.row, 0], np.r_[held.col, held.col, 9]
    return scipy.sparse.coo_array((np.r_[held.data / 2, held.data / 2, 0.0], (rows, columns)), shape=held.shape)


def proven(result):
    assert result.success and result.method == "trust-exact", result
    assert result.certificate.proof == Proof.BOUNDED and result.certificate.inertia == (0, 0, N)
    assert np.max(np.abs(result.x - 1)) < 1e-5
    return result


@pytest.mark.parametrize("given", [hess, lambda x: hess(x).tocsr(), bcoo, coo_twice], ids=["dia", "csr", "bcoo", "coo"])
def test_a_sparse_hessian_is_factorized_as_it_is(given):
    result = proven(rp.minimize(chain, START, jac=jac, hess=given))
    assert "as hess gives it" in result.reasons[0]
    assert result.evaluations.hessian < 100


def test_gradients_by_colors_stand_for_a_hessian():
    """A pattern and a gradient: six gradients at a point, not 1240."""
    result = proven(rp.minimize(chain, START, jac=jac, hess_sparsity=tridiagonal()))
    assert "6 gradients" in result.reasons[0]
    assert result.evaluations.gradient < 8 * len(result.trace) + 2 * 5 * 6 + 20
    small = rp.minimize(chain, START[:30], jac=jac, hess_sparsity=tridiagonal(30))
    assert small.success and small.method == "trust-exact"
    held = rp.minimize(chain, np.zeros(N), jac=jac, hess_sparsity=tridiagonal(), bounds=[(-1, 0.5)] * N)
    assert held.success and np.all(held.x <= 0.5) and np.count_nonzero(held.active)


def lower(x):
    d, e = bands(x)
    return scipy.sparse.diags_array([e, d], offsets=[-1, 0])


WRONG = {
    "one triangle": ({"hess": lower}, ValueError, "symmetric"),
    "another shape": ({"hess": lambda x: tridiagonal(N - 1)}, ValueError, f"({N}, {N})"),
    "twice": ({"hess": lambda x: 2 * hess(x)}, ValueError, "hess does not agree with jac"),
    "batch": ({"hess": lambda x: sparse.BCOO.fromdense(jnp.ones((2, N, N)), n_batch=1)}, TypeError, "batch"),
    "complex": ({"hess": lambda x: hess(x) * 1j}, TypeError, "complex"),
    "a lie": ({"hess_sparsity": scipy.sparse.eye_array(N)}, ValueError, "hess_sparsity is not the pattern"),
    "pattern's shape": ({"hess_sparsity": tridiagonal(N + 1)}, ValueError, "hess_sparsity"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_said_at_the_start(kind):
    keywords, error, text = WRONG[kind]
    with pytest.raises(error) as caught:
        rp.minimize(chain, START, jac=jac, **keywords)
    assert text in str(caught.value)


def test_places_that_come_later_are_named():
    def sly(x):
        H = hess(x).tolil()
        if abs(x[0] - START[0]) > 1e-8:
            H[0, 9] = H[9, 0] = 1e-3
        return H

    with pytest.raises(ValueError, match=r"\(0, 9\)"):
        rp.minimize(chain, START, jac=jac, hess=sly)


def test_without_a_gradient_a_pattern_says_nothing():
    result = rp.minimize(chain, START[:40], hess_sparsity=tridiagonal(40))
    assert any("hess_sparsity is not used" in note for note in result.notes)


def test_a_given_matrix_serves_where_products_are_too_many():
    """f is traced, but its pattern by the program is full: a difference of squares of a sum, which cancels."""

    def full(x):
        total = jnp.sum(x)
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2) + total**2 - total * jnp.sum(x)

    tree = lambda t: full(t["x"])
    for fun, x0, own in ((full, START, hess), (tree, {"x": START}, lambda t: hess(t["x"]))):
        result = rp.minimize(fun, x0, hess=own)
        assert result.success and result.method == "trust-exact" and result.certificate.proof == Proof.BOUNDED
        x = result.x["x"] if isinstance(x0, dict) else result.x
        assert np.max(np.abs(x - 1)) < 1e-5
    plain = rp.minimize(full, START)
    assert plain.certificate.proof == Proof.LIKELY and "every variable is coupled" in "; ".join(plain.reasons)


def test_dense_rows_are_named():
    rows = lambda x: sum(jnp.sum((x[i] * x[8:] - 1) ** 2) for i in range(8)) + jnp.sum((x - 1) ** 2)
    result = rp.minimize(rows, np.full(N, 0.1))
    assert result.success and "x[0], x[1], x[2] and 5 more are coupled with up to" in "; ".join(result.reasons)
    arrow = rp.minimize(lambda x: jnp.sum((x[0] * x[1:] - 1) ** 2) + jnp.sum(x**2), np.ones(N))
    assert f"x[0] is coupled with up to {N - 1} others" in "; ".join(arrow.reasons)


def test_single_precision_is_no_contradiction():
    small = lambda x: scipy.sparse.csr_array(hess(x), dtype=np.float32)
    for keywords in ({"hess": small}, {"hess_sparsity": tridiagonal()}):
        result = rp.minimize(chain, START.astype(np.float32), jac=jac, **keywords)
        assert result.method == "trust-exact" and np.max(np.abs(result.x - 1)) < 1e-2


def test_a_sparse_hessian_of_a_traced_function_is_compared():
    traced = lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    result = rp.minimize(traced, START, hess=hess)
    assert result.success and any("hess agrees with fun" in note for note in result.notes)
    with pytest.raises(ValueError, match=r"hess does not agree with fun at x0: hess\[.*\] = "):
        rp.minimize(traced, START, hess=lambda x: 2 * hess(x))
    with pytest.raises(ValueError, match="symmetric"):
        rp.minimize(traced, START, hess=lower)
    with pytest.raises(ValueError, match=r"\(0, 9\) where no second derivative"):
        corner = scipy.sparse.coo_array(([1.0, 1.0], ([0, 9], [9, 0])), shape=(N, N))
        rp.minimize(traced, START, hess=lambda x: hess(x) + corner)
    assert rp.check_derivatives(chain, START[:30], jac=jac, hess=bcoo).ok
    assert not rp.check_derivatives(chain, START[:30], jac=jac, hess=lambda x: 2 * hess(x)).ok


def test_a_lie_that_shows_at_the_end_is_not_believed():
    """(x0 x7)^2 has no mixed derivative at 0, and one at the minimum."""
    bowl = lambda x: float(np.sum(np.diff(x) ** 2) + np.sum((x - 1) ** 2) + (x[0] * x[7]) ** 2)

    def slope(x):
        d = np.diff(x)
        g = 2 * (np.r_[0, d] - np.r_[d, 0]) + 2 * (x - 1)
        g[0] += 2 * x[0] * x[7] ** 2
        g[7] += 2 * x[7] * x[0] ** 2
        return g

    with pytest.warns(RuntimeWarning, match="without hess_sparsity"):
        result = rp.minimize(bowl, np.zeros(N), jac=slope, hess_sparsity=tridiagonal())
    assert result.method == "lbfgs"
    assert not hasattr(result.hess, "tocsr"), "H is looked at anew, without the pattern that lied"
    assert np.max(np.abs(slope(result.x))) < 1e-5
