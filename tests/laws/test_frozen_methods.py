"""K-FAC, Sophia and steps as transformations with a state and a key: those of the pure function that has both bound."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.ml import (
    EmpiricalRisk,
    as_transformation,
    hessian_free,
    kfac,
    kronecker_factors,
    risk_of_batch,
    sophia,
    tag_dense,
    train,
)
from tests.laws.test_kronecker import HIDDEN, PARAMS, TARGETS, WEIGHTS, N, X, net

Y = TARGETS["squared"]
KEY = jax.random.key(5)
STATE = {"mean": jnp.full(HIDDEN, 0.3), "count": jnp.asarray(4)}
MASKS = np.concatenate(
    [jax.random.bernoulli(jax.random.fold_in(KEY, n), 0.5, (1, HIDDEN)) for n in range(N)]
)  # every example's own


def hidden(p: Any, x: Any) -> Any:
    return jnp.tanh(tag_dense(x, p["a"]["w"], p["a"]["b"], name="a")) * p["scale"]


def dropped(p: Any, state: Any, x: Any, key: Any) -> Any:
    h = hidden(p, x)
    return tag_dense(jnp.where(jax.random.bernoulli(key, 0.5, h.shape), 2 * h, 0), p["z"]["w"], name="z")


def centered(p: Any, state: Any, x: Any, key: Any) -> Any:
    return tag_dense(hidden(p, x) - state["mean"], p["z"]["w"], name="z"), {**state, "count": state["count"] + 1}


def masked(p: Any, x: Any) -> Any:
    """`dropped` with the key bound: the mask of an example is data."""
    x, mask = x
    return tag_dense(jnp.where(mask, 2 * hidden(p, x), 0), p["z"]["w"], name="z")


def shifted(p: Any, x: Any) -> Any:
    """`centered` with the state bound."""
    return centered(p, STATE, x[0], None)[0]


BOUND = (X, MASKS)
CASES: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "key": (dropped, {"key": KEY}, masked),
    "state": (centered, {"state": STATE}, shifted),
}


def alike(a: Any, b: Any) -> None:
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12)


def pair(name: str, size: int | None = None) -> tuple[EmpiricalRisk, EmpiricalRisk]:
    """The risk with a state or a key, and that of the pure function."""
    model, more, pure = CASES[name]
    return (
        EmpiricalRisk("squared", (X, Y, WEIGHTS), predict=model, batch_size=size, **more),
        EmpiricalRisk("squared", (BOUND, Y, WEIGHTS), predict=pure, batch_size=size),
    )


@pytest.mark.parametrize("name, targets", [("key", "exact"), ("key", "sampled"), ("state", "empirical")])
def test_factors_are_those_of_the_pure_function(name: str, targets: str) -> None:
    got, want = (kronecker_factors(risk, PARAMS, targets=targets) for risk in pair(name, 4))
    alike((got.left, got.right, got.rest), (want.left, want.right, want.rest))


@pytest.mark.parametrize(
    "name, method", [("key", "kfac"), ("state", "kfac"), ("key", "sophia"), ("state", "hutchinson")]
)
def test_updates_are_those_of_the_pure_function(name: str, method: str) -> None:
    """Masks follow the numbers of the examples, in any order."""
    ends = []
    for risk, x in zip(pair(name), (X, BOUND), strict=True):
        made = {
            "kfac": lambda risk: kfac(risk, untagged="diagonal", adapt=1),
            "sophia": lambda risk: sophia(risk, every=1),
            "hutchinson": lambda risk: sophia(risk, estimator="hutchinson"),
        }[method](risk)
        state, params, update = made.init(PARAMS), PARAMS, jax.jit(made.update)
        for order in (np.arange(N), np.arange(N)[::-1].copy()):
            batch = jax.tree.map(lambda a, order=order: a[order], (x, Y, WEIGHTS, np.arange(N)))
            new, state = update(risk.gradient(params), state, params, batch=batch)
            params = jax.tree.map(jnp.add, params, new)
        assert int(state.skipped) == 0
        ends.append((params, jax.tree.map(jnp.asarray, state)))
    alike(*ends)


@pytest.mark.parametrize("how", ["loss", "predict"])
def test_a_loss_of_ones_own_with_a_key(how: str) -> None:
    """Sophia-H and a step as a transformation, in a loop of one's own and in `train`."""

    def loss(p: Any, state: Any, batch: Any, key: Any) -> Any:
        x, y = batch
        return 0.5 * jnp.mean(jnp.sum((dropped(p, state, x, key) - y) ** 2, axis=1))

    pure = EmpiricalRisk("squared", (BOUND, Y), predict=masked)
    risk = (
        EmpiricalRisk(loss, (X, Y), key=KEY)
        if how == "loss"
        else EmpiricalRisk("squared", (X, Y), predict=dropped, key=KEY)
    )
    steps, made = [], as_transformation(hessian_free("hessian"))
    for each, batch in ((risk, (X, Y)), (pure, (BOUND, Y))):
        method = sophia(each, 0.01, estimator="hutchinson")
        gradient = each.gradient(PARAMS)
        new, _ = jax.jit(method.update)(gradient, method.init(PARAMS), PARAMS, batch=batch)
        step, _ = jax.jit(made.update)(gradient, made.init(PARAMS), PARAMS, risk=risk_of_batch(each, batch))
        steps.append((new, step, risk_of_batch(each, batch).value(PARAMS)))
    alike(*steps)
    done = train(risk, PARAMS, method=sophia(risk, 0.01, estimator="hutchinson"), batch_size=3, steps=4)
    assert np.isfinite(done.trace.loss).all() and done.trace.accepted.all()


def test_in_training_the_masks_are_those_of_the_gradient() -> None:
    """A least-squares problem in the last layer: with the same masks one step of K-FAC arrives, with others not."""

    def last(p: Any, state: Any, x: Any, key: Any) -> Any:
        return tag_dense(jnp.where(jax.random.bernoulli(key, 0.5, x.shape), 2 * x, 0), p["w"], name="z")

    start = {"w": jnp.zeros((X.shape[1], Y.shape[1]))}
    risk = EmpiricalRisk("squared", (X, Y), predict=last, key=KEY)
    method = kfac(risk, damping=1e-12, least_damping=0.0, adapt=None, targets="exact")
    done = train(risk, start, method=method, batch_size=6, steps=1)
    rows = np.random.default_rng([0, 0]).permutation(N)[:6]  # the first batch
    keys = [jax.random.fold_in(jax.random.fold_in(KEY, 0), n) for n in rows]
    masks = np.concatenate([jax.random.bernoulli(key, 0.5, (1, X.shape[1])) for key in keys])
    z = np.where(masks, 2 * X[rows], 0)
    slope = z.T @ (z @ np.asarray(done.params["w"]) - Y[rows])
    assert np.max(np.abs(slope)) < 1e-4 * np.max(np.abs(z.T @ Y[rows]))


def test_coupled_examples_have_no_factors() -> None:
    risk = EmpiricalRisk("squared", (X, Y), predict=lambda p, x: net(p, x - jnp.mean(x, axis=0)), coupled=True)
    for ask in (lambda: kfac(risk), lambda: kronecker_factors(risk, PARAMS)):
        with pytest.raises(ValueError, match="coupled=True these depend on each other"):
            ask()


def test_a_sum_is_scaled_as_its_gradient() -> None:
    """K-FAC in training: a sum is the mean times the examples, in values, factors and curvature alike."""
    mean, total = (EmpiricalRisk("squared", (X, Y), predict=net, reduction=word) for word in ("mean", "sum"))
    ends = []
    for risk, unit in ((mean, 1), (total, N)):
        method = kfac(risk, damping=0.1 * unit, least_damping=0.0, adapt=1, untagged="diagonal")
        ends.append(train(risk, PARAMS, method=method, steps=3))
    alike(ends[0].params, ends[1].params)
    alike(ends[0].state.inner.inner.ratio, ends[1].state.inner.inner.ratio)
    for method in (kfac(total, untagged="diagonal"), sophia(total)):
        with pytest.raises(ValueError, match="a batch's risk is its mean"):
            method.update(total.gradient(PARAMS), method.init(PARAMS), PARAMS, batch=(X, Y))
