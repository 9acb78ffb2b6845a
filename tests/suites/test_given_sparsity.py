"""A pattern of the Hessian that the user names: taken in any form, looked at, and not believed where it lies."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from jax.experimental import sparse

import raphson as rp
from raphson.certificate.verdict import Proof

N = 620
FORMATS = ("csr", "csc", "coo", "lil", "dok", "dia", "bsr")


def chain(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def tridiagonal(n=N, kind=float):
    return scipy.sparse.diags_array([np.ones(n - 1), np.ones(n), np.ones(n - 1)], offsets=[-1, 0, 1]).astype(kind)


def bcoo(S):
    """With an entry twice, explicit zeros, and padding beyond the end."""
    held = S.tocoo()
    places = np.stack([np.r_[held.row, 3, S.shape[0]], np.r_[held.col, 3, S.shape[0]]], 1)
    return sparse.BCOO((jnp.zeros(len(places)), jnp.asarray(places)), shape=S.shape)


GIVEN = {
    **{kind: lambda kind=kind: tridiagonal().asformat(kind) for kind in FORMATS},
    "matrix": lambda: scipy.sparse.csr_matrix(tridiagonal()),
    "bool": lambda: tridiagonal(kind=bool),
    "int8": lambda: tridiagonal(kind=np.int8),
    "array": lambda: tridiagonal(kind=bool).toarray(),
    "numbers": lambda: tridiagonal().toarray(),
    "jax": lambda: jnp.asarray(tridiagonal(kind=bool).toarray()),
    "bcoo": lambda: bcoo(tridiagonal()),
    "bcsr": lambda: sparse.BCSR.from_scipy_sparse(scipy.sparse.csr_array(tridiagonal())),
    "no diagonal": lambda: tridiagonal() - scipy.sparse.eye_array(N),
    "more": lambda: tridiagonal() @ tridiagonal(),
    "duplicates": lambda: scipy.sparse.coo_array(
        (np.zeros(4 * N), (np.r_[: 2 * N, : 2 * N] % N, np.r_[1 : 2 * N + 1, -1 : 2 * N - 1] % N)), shape=(N, N)
    ),
}


@pytest.mark.parametrize("form", GIVEN)
def test_a_pattern_is_taken_in_any_form(form):
    result = rp.minimize(chain, np.full(N, 1.2), hess_sparsity=GIVEN[form]())
    assert result.success and result.certificate.proof == Proof.BOUNDED
    assert "by the pattern that was given" in result.reasons[0]
    assert np.max(np.abs(result.x - 1)) < 1e-6


WRONG = {
    "shape": (lambda: tridiagonal(N - 1), ValueError, f"({N}, {N})"),
    "upper": (lambda: scipy.sparse.triu(tridiagonal()), ValueError, "S + S.T"),
    "lopsided": (lambda: scipy.sparse.csr_array(tridiagonal()) + unit(4, 9), ValueError, "(4, 9) is in it"),
    "text": (lambda: "tridiagonal", TypeError, "SciPy sparse"),
    "list": (lambda: [[1, 0], [0, 1]], TypeError, "list"),
    "object": (lambda: np.full((N, N), None), TypeError, "object"),
    "complex": (lambda: tridiagonal(kind=complex), TypeError, "complex"),
    "vector": (lambda: np.ones(N, bool), ValueError, "matrix"),
    "function": (lambda: lambda x: x, TypeError, "function"),
    "batch": (lambda: sparse.BCOO.fromdense(jnp.ones((2, N, N), bool), n_batch=1), TypeError, "batch"),
    "missing": (lambda: scipy.sparse.eye_array(N), ValueError, "is not zero and not in the pattern"),
    "one missing": (lambda: without(50, 51), ValueError, "(x[51], x[50])"),
}


def unit(i, j):
    return scipy.sparse.coo_array(([1.0], ([i], [j])), shape=(N, N))


def without(i, j):
    S = tridiagonal().tolil()
    S[i, j] = S[j, i] = 0
    return S.tocsr()


@pytest.mark.parametrize("kind", WRONG)
def test_what_cannot_be_meant_is_said_before_the_loop(kind):
    make, error, text = WRONG[kind]
    with pytest.raises(error) as caught:
        rp.minimize(chain, np.full(N, 1.2), hess_sparsity=make())
    assert (text in str(caught.value) and "hess_sparsity" in str(caught.value)) or "pattern" in str(caught.value)


def sleeping(x):
    """An entry (0, 7) that is zero at x0 = 0 and not at the minimum."""
    return jnp.sum((x[1:] - x[:-1]) ** 2) + jnp.sum((x - 1) ** 2) + (x[0] * x[7]) ** 2


def test_a_lie_that_shows_at_the_end_takes_the_proof_back():
    with pytest.warns(RuntimeWarning, match=r"\(x\[7\], x\[0\]\)"):
        result = rp.minimize(sleeping, np.zeros(N), hess_sparsity=tridiagonal())
    assert result.certificate.proof == Proof.LIKELY and result.method == "trust-cg"
    assert any("without hess_sparsity" in note for note in result.notes)
    truth = rp.minimize(sleeping, np.zeros(N))
    assert result.value == pytest.approx(truth.value, rel=1e-9)


def test_pytrees_single_precision_and_small_problems():
    tree = {"a": np.full(300, 1.2), "b": np.full((10, 32), 1.2)}
    flat = lambda t: chain(jnp.concatenate([t["a"], t["b"].ravel()]))
    result = rp.minimize(flat, tree, hess_sparsity=tridiagonal())
    assert result.success and result.certificate.proof == Proof.BOUNDED
    with pytest.raises(ValueError, match=r"a\[51\], a\[50\]"):
        rp.minimize(flat, tree, hess_sparsity=without(50, 51))
    single = rp.minimize(chain, np.full(N, 1.2, np.float32), hess_sparsity=tridiagonal())
    assert single.success and single.x.dtype == np.float32
    for n in (2, 5, 40):
        small = rp.minimize(chain, np.full(n, 1.2), hess_sparsity=tridiagonal(n))
        assert small.success and np.allclose(small.x, 1) and small.method == "trust-exact"
    with pytest.raises(ValueError, match="space"):
        rp.minimize(lambda x: x @ x, np.ones(3), space=rp.Sphere(), hess_sparsity=np.ones((3, 3), bool))
