"""The saddle examination on the host leaves out only what the examination itself would find to be no saddle."""

from dataclasses import replace

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from raphson.kernel.status import Status
from raphson.operators.dense import Dense
from raphson.solver.drive import start_state
from raphson.solver.inputs import jax_problem
from raphson.solver.presets import PRESETS, cast
from raphson.solver.saddle import may_rest_on_saddle

N = 4
examine = jax.jit(lambda H, d: Dense(H).negative_curvature(d)[0])


def resting(H, d, status=Status.CONVERGED):
    """A state that came to rest with this Hessian and these units."""
    x = np.zeros(N)
    state = start_state(cast(PRESETS["dogleg"], x.dtype), jax_problem(lambda x: x @ x, x, (), []), x)
    model = replace(state.iterate.model, curvature=Dense(H), scale=d)
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
    suspected, found = may_rest_on_saddle(resting(H, scale)), bool(examine(H, scale))
    assert suspected or not found
    if lowest == 1.0:
        assert not suspected
    if lowest == -1.0:
        assert suspected


def test_a_run_that_has_not_come_to_rest_is_not_examined():
    H = np.diag([-1.0, 1, 1, 1])
    assert not may_rest_on_saddle(resting(H, np.ones(N), Status.RUNNING))
    assert may_rest_on_saddle(resting(H, np.ones(N), Status.NOISE))
