"""Matrices that users bring: dense ones that are mostly zeros, and those of jax.experimental.sparse."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from jax.experimental import sparse

import raphson as rp
from raphson.certificate.verdict import Proof

N = 640


def stiffness(seed, offset=1):
    """A positive definite matrix with three diagonals."""
    rng = np.random.default_rng(seed)
    a = -rng.uniform(0.5, 1.5, N - offset)
    A = scipy.sparse.diags_array([a, np.full(N, 4.0), a], offsets=[-offset, 0, offset])
    return A.toarray()


def bowl(x, A):
    return 0.5 * x @ (A @ x) + jnp.sum(x**4) - jnp.sum(x)


def proven(result, A):
    assert result.success and result.sparsity is not None, result.reasons
    assert result.certificate.proof == Proof.BOUNDED
    x = result.x
    assert np.max(np.abs(A @ x + 4 * x**3 - 1)) < 1e-7
    H = A + np.diag(12 * x**2)
    assert result.sparsity.entries == np.count_nonzero(H)
    assert np.allclose(result.model.curvature.csr().toarray(), H)


@pytest.mark.parametrize("way", ["args", "closed", "bcoo", "bcoo closed", "bcsr", "duplicates"])
def test_a_matrix_that_is_mostly_zeros_makes_a_sparse_hessian(way):
    A = stiffness(1)
    coo = sparse.BCOO.fromdense(A)
    if way == "duplicates":  # entries that count together, in any order, and explicit zeros
        halves = jnp.concatenate([coo.data / 2, coo.data / 2, jnp.zeros(3)])
        places = jnp.concatenate([coo.indices, coo.indices, jnp.array([[0, 1], [5, 6], [9, 9]])])
        coo = sparse.BCOO((halves, places), shape=A.shape)
    csr = sparse.BCSR.fromdense(A)
    calls = {
        "args": lambda: rp.minimize(bowl, np.zeros(N), (A,), method="trust-exact"),
        "closed": lambda: rp.minimize(lambda x: bowl(x, A), np.zeros(N), method="trust-exact"),
        "bcoo": lambda: rp.minimize(bowl, np.zeros(N), (coo,), method="trust-exact"),
        "bcoo closed": lambda: rp.minimize(lambda x: bowl(x, coo), np.zeros(N), method="trust-exact"),
        "duplicates": lambda: rp.minimize(bowl, np.zeros(N), (coo,), method="trust-exact"),
        "bcsr": lambda: rp.minimize(bowl, np.zeros(N), (csr,), method="trust-exact"),
    }
    proven(calls[way](), A)


def test_other_data_have_a_pattern_of_their_own():
    """Zeros that move between two calls of one function must not be taken from the first."""
    for A in (stiffness(1), stiffness(2), stiffness(1, 7), stiffness(3)):
        proven(rp.minimize(bowl, np.zeros(N), (A,), method="trust-exact"), A)
