"""H is asked to keep its promise: f rises along its stiffest direction as it says."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.operators.dense import Dense, Measured
from raphson.problems.callback import OutOfCalls
from raphson.solver import promise
from raphson.solver.promise import promised_rise

FREE = np.zeros(3, bool)


def bowl(x):
    """Stiff along x2, flat along x3."""
    return jnp.sum(jnp.array([1.0, 30.0, 0.0]) * (x - 1) ** 2) + (x[0] - 1) ** 4 + 2


def asked(factor, x=(1.0, 1.0, 5.0), dtype=np.float64, held=FREE, noise=1e-15, doubt=None):
    """What H times a factor promises of the bowl at x."""
    model = rp.local_model(bowl, np.array(x, dtype))
    H = factor * np.asarray(model.curvature.dense(), float)
    model = replace(model, curvature=Dense(H) if doubt is None else Measured(H, doubt))
    return promised_rise(rp.Minimize(bowl), model, H, np.abs(np.array(x)), held, noise)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_hessian_of_f_keeps_its_promise_and_another_does_not(dtype):
    noise = 4 * float(np.finfo(dtype).eps)
    assert asked(1.0, dtype=dtype, noise=noise).kept and asked(0.1, dtype=dtype, noise=noise).kept
    other = asked(1e4, dtype=dtype, noise=noise)
    assert not other.kept and other.seen <= 0.01 * other.promised
    assert abs(other.step[1]) == np.max(np.abs(other.step))


def test_variables_at_bounds_do_not_move():
    found = asked(1.0, held=np.array([False, True, False]))
    assert found.kept and found.step[1] == 0 and found.step[0] != 0


def test_nothing_is_promised_within_the_error_of_h_or_of_f():
    H = np.diag([2.0, 60.0, 0.0])
    assert asked(1e4, doubt=1e4 * H * 1.01) is None
    assert not asked(1e4, doubt=1e4 * H * 0.5).kept
    assert asked(1e4, noise=1e6) is None
    assert asked(0.0) is None


def test_a_call_too_many_leaves_it_open(monkeypatch):
    def ended(*_):
        raise OutOfCalls

    monkeypatch.setattr(promise, "evaluate", ended)
    assert asked(1e4) is None
