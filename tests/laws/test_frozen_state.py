"""Losses with a state and a key: one function whatever the microbatches; what cannot be one is refused by its name."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from raphson.ml import EmpiricalRisk
from tests.laws.test_risk import PARAMS, TARGETS, UNRAVEL, N, X, close, each, predict

Y = TARGETS["squared"]
FLAT = ravel_pytree(PARAMS)[0]
STATE = {"mean": jnp.full(5, 0.3), "count": jnp.asarray(4)}


def dropped(params: Any, state: Any, x: Any, key: Any) -> Any:
    """A net with dropout, as one writes it: one mask for the whole batch."""
    w, b = params["hidden"]
    hidden = jnp.tanh(x @ w + b)
    keep = jax.random.bernoulli(key, 0.5, hidden.shape)
    return jnp.where(keep, 2 * hidden, 0) @ params["out"]


def centered(params: Any, state: Any, x: Any, key: Any, train: bool = False) -> Any:
    """A net whose hidden layer is centered: by the state, or by the batch, which the state then learns."""
    w, b = params["hidden"]
    hidden = jnp.tanh(x @ w + b)
    mean = jnp.mean(hidden, axis=0) if train else state["mean"]
    new = {"mean": 0.9 * state["mean"] + 0.1 * mean, "count": state["count"] + 1}
    return (hidden - mean) @ params["out"], (new if train else state)


def in_training(params: Any, state: Any, x: Any, key: Any) -> Any:
    return centered(params, state, x, key, train=True)


def masked(v: Any) -> Any:
    """The outputs of `dropped`, every example with its own mask, written down once more."""
    w, b = UNRAVEL(v)["hidden"]
    keys = [jax.random.fold_in(jax.random.key(5), n) for n in range(N)]
    masks = np.concatenate([jax.random.bernoulli(key, 0.5, (1, 5)) for key in keys])
    return jnp.where(masks, 2 * jnp.tanh(X @ w + b), 0) @ UNRAVEL(v)["out"]


@cache
def masked_matrices() -> tuple[Any, Any]:
    """The Hessian and the Gauss-Newton matrix of its mean squares."""
    J = jax.jacfwd(masked)(FLAT)
    hessian = jax.hessian(lambda v: 0.5 * jnp.sum((masked(v) - Y) ** 2) / N)(FLAT)
    return hessian, jnp.einsum("nci,ncj->ij", J, J) / N


@pytest.mark.parametrize("size", [None, 7, 1])
def test_a_mask_belongs_to_its_example(size: int | None) -> None:
    expected, gauss_newton = masked_matrices()
    risk = EmpiricalRisk("squared", (X, Y), predict=dropped, key=5, batch_size=size)
    assert close(risk.hessian(PARAMS).dense(), expected)
    if size == 1:
        assert close(risk.gauss_newton(PARAMS).dense(), gauss_newton)
        other = EmpiricalRisk("squared", (X, Y), predict=dropped, key=6, batch_size=size)
        assert abs(other.value(PARAMS) - risk.value(PARAMS)) > 1e-3


def test_a_loss_of_ones_own_takes_a_key() -> None:
    def loss(params: Any, state: Any, batch: Any, key: Any) -> Any:
        x, y = batch
        return jnp.mean(jax.vmap(lambda f, y: each("squared", f, y))(dropped(params, state, x, key), y))

    risk = EmpiricalRisk(loss, (X, Y), key=jax.random.key(5), batch_size=7)
    assert close(risk.hessian(PARAMS).block("out").dense(), masked_matrices()[0][25:, 25:])


@pytest.mark.parametrize("size", [None, 7])
def test_a_state_is_frozen(size: int | None) -> None:
    risk = EmpiricalRisk("cross-entropy", (X, TARGETS["cross-entropy"]), predict=centered, state=STATE, batch_size=size)
    plain = EmpiricalRisk(
        "cross-entropy", (X, TARGETS["cross-entropy"]), predict=lambda p, x: centered(p, STATE, x, None)[0]
    )
    for kind in ("hessian", "gauss_newton"):
        assert close(getattr(risk, kind)(PARAMS).dense(), getattr(plain, kind)(PARAMS).dense()), kind


def test_what_is_coupled_is_so_by_name() -> None:
    risk = EmpiricalRisk("squared", (X, Y), predict=in_training, state=STATE, coupled=True)

    def outputs(v: Any) -> Any:
        return in_training(UNRAVEL(v), STATE, X, None)[0]

    J = jax.jacfwd(outputs)(FLAT)
    expected = jax.hessian(lambda v: 0.5 * jnp.sum((outputs(v) - Y) ** 2) / N)(FLAT)
    assert close(risk.hessian(PARAMS).dense(), expected)
    assert close(risk.gauss_newton(PARAMS).dense(), jnp.einsum("nci,ncj->ij", J, J) / N)
    pairs = EmpiricalRisk(lambda p, x: jnp.var(predict(p, x)), X, coupled=True)
    assert close(pairs.hessian(PARAMS).dense(), jax.hessian(lambda v: jnp.var(predict(UNRAVEL(v), X)))(FLAT))
    with pytest.raises(ValueError, match="all 23 examples are one batch"):
        EmpiricalRisk("squared", (X, Y), predict=in_training, state=STATE, coupled=True, batch_size=7)


def mean_square(f: Any, batch: Any) -> Any:
    return 0.5 * jnp.mean(jnp.sum((f - batch[1]) ** 2, axis=1))


def drawn_by_numpy(params: Any, batch: Any) -> Any:
    noise = np.random.normal(size=INPUTS)
    return mean_square(predict(params, batch[0] + noise), batch)


INPUTS = X.shape[1]
REFUSED = {
    "a state that the batch changes": (
        {"loss": "squared", "predict": in_training, "state": STATE},
        r"depends on the others of its batch and changes its state \(\['count'\], \['mean'\]\).*training mode",
    ),
    "the same with dropout": (
        {
            "loss": lambda p, s, b, k: mean_square(in_training(p, s, b[0], k)[0] + dropped(p, s, b[0], k), b),
            "state": STATE,
            "key": 0,
        },
        "depends on the others",
    ),
    "a loss of pairs": ({"loss": lambda p, b: jnp.var(predict(p, b[0]))}, "depends on the others.*loss of pairs"),
    "a key of its own": (
        {"loss": lambda p, b: mean_square(dropped(p, None, b[0], jax.random.key(1)), b)},
        r"places of the examples.*dropout.*give key=",
    ),
    "draws of numpy": ({"loss": drawn_by_numpy}, "draws random numbers while it is traced"),
    "a sum": ({"loss": lambda p, b: b[0].shape[0] * mean_square(predict(p, b[0]), b)}, "reduction='sum'"),
    "a mean": ({"loss": lambda p, b: mean_square(predict(p, b[0]), b), "reduction": "sum"}, "leave it out"),
    "weight decay in a sum": (
        {"loss": lambda p, b: jnp.sum((predict(p, b[0]) - b[1]) ** 2) + jnp.sum(p["out"] ** 2), "reduction": "sum"},
        "is not the sum of their losses.*parameters alone",
    ),
    "weights of its own": (
        {"loss": lambda p, b: jnp.sum(jnp.abs(b[0]) @ jnp.abs(b[0]).T @ predict(p, b[0])) / jnp.sum(jnp.abs(b[0]))},
        "depends on the others",
    ),
    "a key that is none": ({"loss": "squared", "predict": dropped, "key": "5"}, "one key of jax.random"),
    "shares that are none": (
        {"loss": "cross-entropy", "predict": predict, "data": (X, np.ones((N, 3)))},
        "shares of classes.*some are 3",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_sum_over_examples_is_refused(what: str) -> None:
    change, words = REFUSED[what]
    call = {"data": (X, Y), "batch_size": 7, **change}
    with pytest.raises((ValueError, TypeError), match=words):
        EmpiricalRisk(**call).hessian(PARAMS)


def test_a_layer_that_begins_with_zeros_hides_nothing() -> None:
    zero = {**PARAMS, "out": jnp.zeros_like(PARAMS["out"])}
    with pytest.raises(ValueError, match="depends on the others"):
        EmpiricalRisk("squared", (X, Y), predict=in_training, state=STATE).gradient(zero)


def test_examples_and_parameters_that_are_not_finite_are_named() -> None:
    x = X.copy()
    x[[4, 19]] = np.nan
    for size in (None, 7):
        risk = EmpiricalRisk("squared", (x, Y), predict=predict, batch_size=size)
        assert np.isnan(risk.value(PARAMS))  # a value is told as it is: steps are judged by it
        for kind in (risk.hessian, risk.gauss_newton, risk.row_space):
            with pytest.raises(ValueError, match=r"loss of 2 of 23 examples is not finite \(nan\): numbers 4, 19"):
                kind(PARAMS)
    risk = EmpiricalRisk("squared", (X, Y), predict=predict)
    with pytest.raises(ValueError, match=r"parameter \['out'\] is not finite in 15 of its 15"):
        risk.hessian({**PARAMS, "out": jnp.full((5, 3), jnp.inf)})


def test_parameters_used_twice_count_twice() -> None:
    """One leaf in two places of the function, and one array in two leaves: one variable, or two."""
    w = jnp.asarray(np.random.default_rng(0).normal(size=(4, 4)))
    y = np.zeros((N, 4))

    def tied(p: Any, x: Any) -> Any:
        return jnp.tanh(x @ p["w"]) @ p["w"].T

    def loose(p: Any, x: Any) -> Any:
        return jnp.tanh(x @ p["w"]) @ p["v"].T

    one = EmpiricalRisk("squared", (X, y), predict=tied).hessian({"w": w}).dense()
    two = EmpiricalRisk("squared", (X, y), predict=loose).hessian({"w": w, "v": w}).dense()
    assert close(one, two[:16, :16] + two[:16, 16:] + two[16:, :16] + two[16:, 16:])


def test_leaves_that_are_no_numbers_are_named_with_the_way_out() -> None:
    with pytest.raises(TypeError, match=r"\['act'\].*eqx.partition.*nnx.split"):
        EmpiricalRisk("squared", (X, Y), predict=predict).gradient({**PARAMS, "act": jnp.tanh})


def test_a_function_of_a_fixed_batch_size_is_taken() -> None:
    def fixed(p: Any, batch: Any) -> Any:
        x, y = batch
        return mean_square(predict(p, x.reshape(N, INPUTS)), (x, y))

    value = EmpiricalRisk(fixed, (X, Y)).value(PARAMS)
    assert close(value, EmpiricalRisk("squared", (X, Y), predict=predict).value(PARAMS))


def test_traced_parameters_are_taken_and_probed_later() -> None:
    """Inside jit there is nothing to look at; what it would have found is found by the first numbers."""
    risk = EmpiricalRisk("cross-entropy", (X, TARGETS["cross-entropy"]), predict=predict)
    assert close(jax.jit(risk.value)(PARAMS), risk.value(PARAMS), 1e-14)
    coupled = EmpiricalRisk("squared", (X, Y), predict=in_training, state=STATE)
    assert np.isfinite(jax.jit(coupled.value)(PARAMS))
    with pytest.raises(ValueError, match="depends on the others"):
        coupled.value(PARAMS)
