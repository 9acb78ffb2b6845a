"""Training is the solver's own step on batches: its path on all data, cut and resumed bit by bit, nothing hidden."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import raphson as rp
from raphson.ml import (
    EmpiricalRisk,
    as_transformation,
    hessian_free,
    multibatch_lbfgs,
    risk_of_batch,
    train,
    training,
)
from raphson.ml.batch_risk import batch_problem
from raphson.ml.batches import ShuffledBatches
from raphson.ml.training_methods import key_data
from raphson.ml.training_record import COLUMNS
from raphson.ml.training_run import batch_trial, prepared, transformed
from raphson.solver.drive import run as driven_run
from raphson.solver.stop import Stop

RNG = np.random.default_rng(5)
N, INPUTS, HIDDEN, CLASSES = 120, 4, 5, 3
X = RNG.normal(size=(N, INPUTS))
Y = np.argmax(X @ RNG.normal(size=(INPUTS, CLASSES)) + 0.5 * RNG.normal(size=(N, CLASSES)), axis=1)
PARAMS = {
    "in": jnp.asarray(0.5 * RNG.normal(size=(INPUTS, HIDDEN))),
    "out": jnp.asarray(0.5 * RNG.normal(size=(HIDDEN, CLASSES))),
}


def predict(params: Any, x: Any) -> Any:
    return jnp.tanh(x @ params["in"]) @ params["out"]


RISK = EmpiricalRisk("cross-entropy", (X, Y), predict=predict)


def ridge(params: Any, batch: Any) -> Any:
    """The same as a function, with a ridge."""
    x, y = batch
    logits = predict(params, x)
    own = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)
    return -jnp.mean(own) + 5e-3 * sum(jnp.sum(a**2) for a in jax.tree.leaves(params))


def whole_ridge(params: Any) -> Any:
    return ridge(params, (jnp.asarray(X), jnp.asarray(Y)))


def same(a: Any, b: Any) -> None:
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for one, other in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.parametrize("name", ["newton-cg", "trust-cg"])
def test_on_all_data_the_path_is_that_of_minimize(name) -> None:
    """And its end; between, products by the dozen carry the rounding of two programs apart (1e-4 in f at trial 24)."""
    known = rp.minimize(whole_ridge, PARAMS, method=name)
    found = train(ridge, PARAMS, (X, Y), method=rp.presets[name])
    first, second = found.trace, known.trace
    np.testing.assert_array_equal(first.accepted[:12], second.accepted[:12])
    np.testing.assert_allclose(first.value[:12], second.value[:12], rtol=1e-9)
    np.testing.assert_array_equal(first.inner[:12], second.inner[:12])
    np.testing.assert_allclose(first.value[-1], second.value[-1], rtol=1e-12)
    assert found.status in (rp.Status.CONVERGED, rp.Status.NOISE)


# Few products: many would carry the rounding of two programs apart.
SHORT = {"hessian-free": hessian_free("hessian", most=8), "lbfgs": multibatch_lbfgs()}


@pytest.mark.parametrize("name", SHORT)
def test_on_all_data_the_path_is_that_of_the_solver(name) -> None:
    found = train(ridge, PARAMS, (X, Y), method=SHORT[name], steps=20)
    made = prepared(ridge, PARAMS, (X, Y), None, SHORT[name], None, None, 0, False)
    problem = batch_problem(made.batch(0, key_data(0))[0])
    assert isinstance(made.method, rp.Method)
    known = driven_run(replace(made.method, stop=Stop(max_steps=jnp.int32(20))), problem, PARAMS)
    assert len(known.trace) == len(found.trace) == 20
    np.testing.assert_array_equal(found.trace.accepted, known.trace.accepted)
    np.testing.assert_allclose(found.trace.value, known.trace.value, rtol=1e-8)


@pytest.mark.parametrize("kind", ["gauss-newton", "hessian"])
def test_a_quadratic_is_solved_in_one_step(kind) -> None:
    A, b = RNG.normal(size=(40, 6)), RNG.normal(size=(40, 2))
    linear = EmpiricalRisk("squared", (A, b), predict=lambda w, x: x @ w)
    method = hessian_free(kind, damping=0.0, progress=0.0, preconditioned=kind == "hessian")
    found = train(linear, jnp.zeros((6, 2)), method=method, steps=1)
    np.testing.assert_allclose(found.params, np.linalg.lstsq(A, b)[0], rtol=1e-9)
    assert found.trace.ratio[0] == pytest.approx(1, abs=1e-9)


GIVEN: dict[str, Any] = {"batch_size": 60, "curvature_batch": 30}
"""One shape for all tests: a program is compiled once."""

METHODS = {
    "newton-cg": "newton-cg",
    "lbfgs": "lbfgs",
    "armijo": rp.Method(rp.parts.LBFGS(), rp.parts.Ray(), rp.parts.Armijo()),
    "adam": optax.adam(1e-2),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_run_that_was_cut_goes_on_bit_by_bit(name) -> None:
    given: dict[str, Any] = {"method": METHODS[name], **GIVEN}
    whole = train(RISK, PARAMS, steps=9, **given)
    assert np.sum(whole.trace.accepted) >= 5
    for cut in (1, 4):
        first = train(RISK, PARAMS, steps=cut, **given)
        state = jax.tree.map(lambda a: jnp.asarray(np.array(a)), first.state)  # as a checkpoint brings it back
        rest = train(RISK, PARAMS, steps=9 - cut, state=state, **given)
        same(rest.state, whole.state)
        np.testing.assert_array_equal(rest.trace.rows[:, :-1], whole.trace.rows[cut:, :-1])


@pytest.mark.parametrize("name", METHODS)
def test_batches_of_one_shape_compile_once(name) -> None:
    program = transformed if name == "adam" else batch_trial
    given: dict[str, Any] = {"method": METHODS[name], **GIVEN}
    train(RISK, PARAMS, steps=1, **given)
    before = program.jitted._cache_size()
    train(RISK, PARAMS, steps=12, seed=3, **given)
    assert program.jitted._cache_size() == before


@pytest.mark.parametrize("name", METHODS)
def test_a_batch_that_is_not_finite_is_left_out_and_named(name) -> None:
    bad = X.copy()
    order = ShuffledBatches((X, Y), 60, 0).batch(3)[0].parts[0][0][0]
    at = int(np.flatnonzero(np.all(np.asarray(order[7]) == X, axis=1))[0])
    bad[at, 0] = np.nan
    risk = EmpiricalRisk("cross-entropy", (bad, Y), predict=predict)
    seen = list(zip(range(12), training(risk, PARAMS, method=METHODS[name], **GIVEN), strict=False))
    rows = [progress.row for _, progress in seen]
    lost = [k for k, row in enumerate(rows) if not np.isfinite(row["loss"])]
    assert lost and all(not rows[k]["accepted"] for k in lost)
    for k in lost:
        if k:
            same(seen[k][1].params, seen[k - 1][1].params)
        if k + 1 < len(rows):
            assert rows[k + 1]["batch"] == rows[k]["batch"] + 1
    assert all(np.all(np.isfinite(a)) for a in jax.tree.leaves(seen[-1][1].params))
    ended = train(risk, PARAMS, method=METHODS[name], steps=12, **GIVEN)
    assert any("not finite" in note for note in ended.notes)


def test_pairs_belong_to_one_batch() -> None:
    made = prepared(RISK, PARAMS, None, None, "lbfgs", 60, 30, 0, False)
    before = None
    for state, numbers, _ in zip_first(made.trials(made.start(PARAMS, 0)), 6):
        row = dict(zip(COLUMNS, numbers, strict=False))
        memory = state.inner.iterate.memory.inner
        if before is not None and row["accepted"]:
            batch = made.batch(int(state.position), key_data(0))[0]
            flat = lambda tree: jnp.concatenate([jnp.ravel(a) for a in jax.tree.leaves(tree)])
            s = flat(state.params) - flat(before)
            y = flat(jax.grad(batch.value)(state.params)) - flat(jax.grad(batch.value)(before))
            np.testing.assert_allclose(memory.S[:, -1], s / jnp.linalg.norm(s), atol=1e-9)
            np.testing.assert_allclose(memory.Y[:, -1], y / jnp.linalg.norm(s), atol=1e-9)
        before = state.params


def zip_first(trials: Any, count: int) -> Any:
    return (trial for _, trial in zip(range(count), trials, strict=False))


def test_as_an_optax_transformation_it_makes_the_same_steps() -> None:
    method = hessian_free(most=8)  # of many products the rounding grows
    known = train(RISK, PARAMS, method=method, steps=3, **GIVEN)
    assert np.all(known.trace.accepted)
    found = train(RISK, PARAMS, method=as_transformation(method), steps=3, **GIVEN)
    np.testing.assert_allclose(found.trace.loss, known.trace.loss, rtol=1e-6)


@pytest.mark.parametrize("name", ["newton-cg", "lbfgs"])
def test_in_a_chain_of_optax_the_loss_falls(name) -> None:
    chain = optax.chain(as_transformation(name), optax.scale(0.9))
    loss = RISK if name == "newton-cg" else ridge
    value_of = lambda params, batch: risk_of_batch(loss, batch).value(params)

    @jax.jit
    def advance(params: Any, state: Any, batch: Any) -> Any:
        value, slope = jax.value_and_grad(value_of)(params, batch)
        updates, state = chain.update(slope, state, params, value=value, risk=risk_of_batch(loss, batch))
        return optax.apply_updates(params, updates), state, value

    params, state, values = PARAMS, chain.init(PARAMS), []
    for k in range(12):
        at = slice(60 * (k % 2), 60 * (k % 2) + 60)
        params, state, value = advance(params, state, (jnp.asarray(X[at]), jnp.asarray(Y[at])))
        values.append(float(value))
    assert values[-1] < 0.7 * values[0]
    with pytest.raises(ValueError, match="risk_of_batch"):
        chain.update(PARAMS, state, params)


WRONG: dict[str, Any] = {
    "no end": (RISK, PARAMS, {"batch_size": 60}, "without an end"),
    "no data": (ridge, PARAMS, {"steps": 1}, "nothing to train on"),
    "two sources": (RISK, PARAMS, {"batches": [], "batch_size": 2}, "alone"),
    "no batch": (RISK, PARAMS, {"batches": [], "steps": 1}, "holds no batch"),
    "large batch": (RISK, PARAMS, {"batch_size": 500, "steps": 1}, "1 to 120"),
    "curvature of nothing": (RISK, PARAMS, {"curvature_batch": 0, "batch_size": 60, "steps": 1}, "at least 1"),
    "no outputs": (ridge, PARAMS, {"data": (X, Y), "method": hessian_free(), "steps": 1}, "outputs and loss apart"),
    "unknown": (RISK, PARAMS, {"method": "newton-cq", "steps": 1}, "did you mean 'newton-cg'"),
    "preset": (RISK, PARAMS, {"method": "bfgs", "steps": 1}, "rp.presets"),
    "no method": (RISK, PARAMS, {"method": 3, "steps": 1}, "optax"),
    "vector": (lambda p, b: predict(p, b[0])[:, 0], PARAMS, {"data": (X, Y), "steps": 1}, "one real number"),
    "two types": (
        ridge, {**PARAMS, "in": PARAMS["in"].astype(jnp.float32)}, {"data": (X, Y), "steps": 1}, "float32 and float64",
    ),
    "certified": (ridge, PARAMS, {"data": (X, Y), "steps": 1, "certify": True}, "give an EmpiricalRisk"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_named_before_anything_runs(name) -> None:
    loss, params, given, message = WRONG[name]
    with pytest.raises((TypeError, ValueError), match=message):
        train(loss, params, **given)


def test_a_state_of_another_method_is_refused() -> None:
    state = train(RISK, PARAMS, steps=1, method=METHODS["adam"], **GIVEN).state
    with pytest.raises(ValueError, match="another method"):
        train(RISK, PARAMS, steps=1, method="lbfgs", state=state, **GIVEN)


def test_nothing_is_lost_on_ctrl_c_and_where_a_stream_ends() -> None:
    batches = [(X[:60], Y[:60]), (X[60:], Y[60:])]

    def interrupted() -> Any:
        yield from batches
        raise KeyboardInterrupt

    given: dict[str, Any] = {"method": METHODS["adam"]}
    known = train(RISK, PARAMS, batches=iter(batches), **given)
    stopped = train(RISK, PARAMS, batches=interrupted(), **given)
    assert stopped.status == rp.Status.USER
    same(stopped.state, known.state)
    assert len(stopped.trace) == len(known.trace) == 2
    assert "came to its end" in known.message and "minimum" in known.message
    again = train(RISK, PARAMS, batches=batches, epochs=2, **given)
    assert again.epochs == 2 and len(again.trace) == 4


def test_the_certificate_is_that_of_all_data() -> None:
    found = train(RISK, PARAMS, steps=3, method=METHODS["adam"], certify=True, **GIVEN)
    known = np.linalg.eigvalsh(RISK.hessian(found.params).dense())
    assert found.certificate.lowest == pytest.approx(known[0], abs=1e-8)
    assert found.certificate.value == pytest.approx(float(RISK.value(found.params)))
    assert ("negative curvature" in found.certificate.sentence) == (known[0] < 0)
