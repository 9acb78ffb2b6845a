"""Sparse Hessians whose factor would cost too much: conjugate gradients with H on its pattern."""

from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import raphson as rp
from raphson.certificate.verdict import Proof
from raphson.operators.sparse_products import SparseProducts
from raphson.solver import grids, sparsity
from raphson.solver.drive import run
from raphson.solver.presets import MULTIPLYING

M = 9
N = M**3


def cube(x, stiff):
    """A nonlinear Poisson energy on a cube, stiff in places."""
    z = jnp.pad(x.reshape(M, M, M), 1)
    bonds = sum(jnp.sum(jnp.diff(z, axis=axis) ** 2) for axis in range(3))
    return 0.5 * bonds + jnp.sum(stiff * (jnp.cosh(x) - 1)) - jnp.sum(x)


STIFF = 10 ** np.random.default_rng(0).normal(size=N)


@pytest.fixture
def dear(monkeypatch):
    """Every factor costs too much."""
    monkeypatch.setattr(sparsity, "FACTOR_WORK", 1.0)


@pytest.mark.parametrize("method", ["auto", "trust-krylov"])
@pytest.mark.parametrize("bounds", [None, [(None, 0.05)] * N], ids=["free", "bounded"])
def test_h_is_multiplied_with_where_its_factor_costs_too_much(dear, method, bounds):
    """The minimum of L-BFGS-B, with the reason, and shown by products: nothing is factorized."""
    energy = lambda x: cube(x, STIFF)  # of its own: what is known of a program is kept
    result = rp.minimize(energy, np.zeros(N), method=method, bounds=bounds)
    assert result.success, result.verdict
    assert result.certificate.proof == Proof.LIKELY
    if method == "auto":
        assert result.method == "trust-cg"
        said = "; ".join(result.reasons)
        assert "multiplied with" in said and "7 products" in said
    slope = jax.jit(jax.grad(energy))
    peer = scipy.optimize.minimize(
        lambda x: float(energy(x)), np.zeros(N), method="L-BFGS-B", bounds=bounds,
        jac=lambda x: np.asarray(slope(x)), options={"ftol": 1e-15, "gtol": 1e-10, "maxfun": 5000},
    )  # fmt: skip
    assert result.fun <= peer.fun + 1e-10 * abs(peer.fun)
    np.testing.assert_allclose(result.x, peer.x, atol=1e-5)


def test_products_are_those_of_the_function(dear):
    """Trials as with products by differentiation, in the same units, to the same minimum; H by entries is H."""
    energy = lambda x: cube(x, STIFF)
    x = jnp.full(N, 0.3)
    problem, _ = sparsity.with_sparsity(rp.Minimize(energy), x, 1)
    assert not problem.sparsity.direct
    done = run(jax.tree.map(jnp.asarray, MULTIPLYING["trust-cg"]), problem, x)
    B = done.state.model.curvature
    assert isinstance(B, SparseProducts)
    v = jnp.asarray(np.random.default_rng(1).normal(size=N))
    true = jax.jvp(jax.grad(energy), (done.state.x,), (v,))[1]
    np.testing.assert_allclose(B.mv(v), true, rtol=1e-10, atol=1e-10)
    direction = B.newton(v, jnp.ones(N)).s
    assert np.linalg.norm(B.mv(direction) + v) < 0.1 * np.linalg.norm(v)
    found, _ = B.negative_curvature(jnp.ones(N))
    assert not found


@pytest.mark.parametrize("method", ["trust-cg", "trust-krylov", "newton-cg"])
@pytest.mark.parametrize("bounds", [None, [(None, 0.05)] * N], ids=["free", "bounded"])
def test_multigrid_leads_to_the_minimum_of_the_factors(monkeypatch, method, bounds):
    """Where conjugate gradients are slow at x0 their preconditioner has grids: the same minimum, few products."""
    monkeypatch.setattr(grids, "MANY", 1)
    monkeypatch.setattr(grids, "PROBED", 1)
    made, plain = [], grids.grids_of
    monkeypatch.setattr(grids, "grids_of", lambda structure: made.append(plain(structure)) or made[-1])
    monkeypatch.setattr(grids, "_known", WeakKeyDictionary())
    energy = lambda x: 3 * cube(x, STIFF)  # not the one above: what is known of a program is kept
    result = rp.minimize(energy, np.zeros(N), method=method, bounds=bounds)
    assert result.success, result.verdict
    assert len(made) == 1 and made[0] is not None
    assert any("preconditioned by multigrid with 729 and " in reason for reason in result.reasons)
    peer = rp.minimize(energy, np.zeros(N), method="trust-exact", bounds=bounds)
    assert abs(result.fun - peer.fun) <= 1e-12 * abs(peer.fun)
    np.testing.assert_allclose(result.x, peer.x, atol=1e-6)
    assert np.sum(result.trace.inner) <= 40 * result.steps


def test_where_conjugate_gradients_are_quick_there_are_no_grids(monkeypatch):
    """Products by differentiation, as for any function."""
    monkeypatch.setattr(grids, "MANY", 1)
    monkeypatch.setattr(grids, "grids_of", lambda structure: pytest.fail("grids were made"))
    easy = lambda x: jnp.sum(jnp.cosh(x)) + jnp.sum((x[1:] - x[:-1]) ** 2) - jnp.sum(x)
    assert rp.minimize(easy, np.zeros(N), method="trust-cg").success
