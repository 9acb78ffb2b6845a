"""The user's data never travel: neither in the carry of a loop nor in what comes out of compiled code."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend import core

import raphson as rp
from raphson.solver import drive
from raphson.solver.presets import PRESETS, RESIDUAL_PRESETS
from raphson.solver.step import init

ROWS = 77
"""With a column that f does not use: J has another shape than the data."""
DATA = (jnp.asarray(np.random.default_rng(0).normal(size=(ROWS, 41))), jnp.ones(ROWS))


def logistic(x, A, y):
    """A likelihood of more variables than H is formed for."""
    return jnp.sum(jnp.logaddexp(0, -y * (A[:, 1:] @ x))) + 0.01 * x @ x


def residual(x, A, y):
    """As many residuals as rows."""
    return jnp.tanh(A[:, 1:] @ x) - y


CASES = {
    "trust-cg": (rp.Minimize(logistic, DATA), PRESETS["trust-cg"]),
    "trust-krylov": (rp.Minimize(logistic, DATA), PRESETS["trust-krylov"]),
    "newton-cg": (rp.Minimize(logistic, DATA), PRESETS["newton-cg"]),
    "lm-geodesic": (rp.LeastSquares(residual, DATA), RESIDUAL_PRESETS["lm-geodesic"]),
}


def carries(jaxpr):
    """The shapes in the carries of all loops, those in branches and in other loops, too."""
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "while":
            inputs = eqn.invars[eqn.params["cond_nconsts"] + eqn.params["body_nconsts"] :]
            yield from (a.aval.shape for a in inputs)
        for part in jax.tree.leaves(tuple(eqn.params.values()), is_leaf=lambda a: isinstance(a, core.ClosedJaxpr)):
            if isinstance(part, core.ClosedJaxpr):
                yield from carries(part.jaxpr)


@pytest.mark.parametrize("name", CASES)
def test_data_stay_where_they_are(name):
    """No loop carries them, no program of a run returns them, and every state on the host holds the user's arrays."""
    problem, method = CASES[name]
    method = jax.tree.map(jnp.asarray, method)
    x, size = jnp.zeros(40), DATA[0].shape
    state = init(method, problem, x)
    assert size in [leaf.shape for leaf in jax.tree.leaves(state)], "operators hold the problem"
    found = jax.make_jaxpr(lambda p, s: drive.loop(method, p, s, 9, 9))(problem, state)
    seen = list(carries(found.jaxpr))
    assert (40,) in seen and size not in seen
    assert size not in [a.shape for a in found.out_avals]
    first = jax.eval_shape(drive.attempt.jitted, method, problem, state)
    evaluated, control, trial, _ = first
    second = jax.eval_shape(drive.finish_step.jitted, method, problem, state, evaluated, control, trial)
    begun = jax.eval_shape(drive.initialized.jitted, method, problem, x)
    assert size not in [a.shape for a in jax.tree.leaves((first, second, begun))]
    whole = jax.make_jaxpr(lambda p: rp.solve(p, method, x).x)(problem)
    assert size not in list(carries(whole.jaxpr))


def test_a_state_on_the_host_holds_the_arrays_of_the_caller():
    """The same object, not a copy, and its operator still multiplies."""
    problem, method = CASES["trust-cg"]
    states = drive.iterate_trials(jax.tree.map(jnp.asarray, method), problem, jnp.zeros(40))
    state, _ = next(states)
    assert state.model.curvature.problem is problem
    v = jnp.ones(40)
    true = jax.hessian(problem.value)(state.x) @ v
    np.testing.assert_allclose(state.model.curvature.mv(v), true, rtol=1e-9)
