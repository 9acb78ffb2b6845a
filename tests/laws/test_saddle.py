"""The saddle examination on the host leaves out only what the examination itself would find to be no saddle."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import raphson as rp
from raphson.certificate.verdict import Proof
from raphson.kernel.status import Status
from raphson.linear.structure import host_pattern, sparse_structure
from raphson.operators.dense import Dense
from raphson.operators.sparse import Sparse
from raphson.solver import saddle
from raphson.solver.drive import start_state
from raphson.solver.inputs import jax_problem
from raphson.solver.presets import PRESETS, cast
from raphson.solver.saddle import may_rest_on_saddle

N = 4
examine = jax.jit(lambda H, d: Dense(H).negative_curvature(d)[0])
examine_sparse = jax.jit(lambda H, d: H.negative_curvature(d)[0])
STRUCTURE, _ = sparse_structure(*np.tril_indices(N), N)
PLACES = host_pattern(STRUCTURE)


X = np.zeros(N)
BOWL = jax_problem(lambda x: x @ x, X, (), [])


def resting(H, d, status=Status.CONVERGED):
    """A state that came to rest with this Hessian (a matrix, or an operator) and these units."""
    state = start_state(cast(PRESETS["dogleg"], X.dtype), BOWL, X)
    curvature = H if isinstance(H, Sparse) else Dense(H)
    model = replace(state.iterate.model, curvature=curvature, scale=d)
    stop_state = replace(state.iterate.stop_state, status=np.int32(status))
    return replace(state, iterate=replace(state.iterate, model=model, stop_state=stop_state))


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 0.0, -1e-14, -3e-15, -1e-16, -1e-6, -1.0]), st.integers(0, 12))
def test_no_saddle_is_overlooked(seed, lowest, spread):
    """Definite, singular, indefinite by rounding and plainly indefinite, in units up to 12 decades apart."""
    rng = np.random.default_rng(seed)
    V = np.linalg.qr(rng.normal(size=(N, N)))[0]
    M = (V * np.array([lowest, 0.3, 1, 2])) @ V.T
    d = 10 ** rng.uniform(-spread, 0, N)
    H = (M + M.T) / 2 * np.outer(d, d)
    scale = np.sqrt(np.abs(np.diagonal(H)))
    scale = np.where(scale > 0, scale, 1.0)
    sparse = Sparse(jnp.asarray(H[PLACES]), STRUCTURE)
    for curvature, look in ((H, examine), (sparse, examine_sparse)):
        suspected, found = may_rest_on_saddle(resting(curvature, scale), BOWL), bool(look(curvature, scale))
        assert suspected or not found
        if lowest == 1.0:
            assert not suspected
        if lowest == -1.0:
            assert suspected


def test_a_run_that_has_not_come_to_rest_is_not_examined():
    H = np.diag([-1.0, 1, 1, 1])
    assert not may_rest_on_saddle(resting(H, np.ones(N), Status.RUNNING), BOWL)
    assert may_rest_on_saddle(resting(H, np.ones(N), Status.NOISE), BOWL)


def bends(x):
    return jnp.sum((x[1:] - x[:-1] ** 2) ** 2) + jnp.sum((1 - x) ** 2)


@pytest.mark.parametrize("method", ["trust-exact", "trust-cg", "trust-krylov"])
def test_where_a_sparse_h_has_a_factor_nothing_is_compiled_to_leave(method, monkeypatch):
    def compiled(*_):
        raise AssertionError("the examination was compiled")

    monkeypatch.setattr(saddle, "departed", compiled)
    result = rp.minimize(bends, np.full(620, 0.3), method=method)
    assert result.success and result.certificate.proof == Proof.BOUNDED


@pytest.mark.parametrize("method", ["trust-exact", "trust-cg"])
def test_a_sparse_saddle_is_left_all_the_same(method):
    wells = lambda x: jnp.sum((x**2 - 1) ** 2) + 0.1 * jnp.sum((x[1:] - x[:-1]) ** 2)
    result = rp.minimize(wells, np.zeros(620), method=method)
    assert result.success and float(result.value) < 600
