"""What `train` is handed: lists of batches, one example, numbers of few digits."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from raphson.ml import EmpiricalRisk, train

X = np.random.default_rng(3).normal(size=(6, 2))
BATCHES = [X[:3], X[3:]]
START = jnp.zeros(2)


def loss(p: Any, x: Any) -> Any:
    return jnp.mean(jnp.sum((x - p) ** 2, axis=1))


def test_a_list_of_batches_has_epochs_and_no_end() -> None:
    for epochs in (1, 2):
        assert len(train(loss, START, batches=BATCHES, epochs=epochs, method=optax.sgd(0.1)).trace) == 2 * epochs
    with pytest.raises(ValueError, match="without an end"):
        train(loss, START, batches=BATCHES, method=optax.sgd(0.1))
    assert len(train(loss, START, batches=iter(BATCHES), method=optax.sgd(0.1)).trace) == 2


def test_a_mean_is_one_whatever_its_own_data() -> None:
    """A risk of one example, or of weights that are 1 together, has the factor 1, as a sum has."""
    one = EmpiricalRisk(loss, X[:1])
    result = train(one, START, batches=iter(BATCHES), method=optax.sgd(0.1))
    assert np.isclose(result.trace.loss[0], loss(START, X[:3]))


def test_few_digits_are_for_transformations() -> None:
    few = START.astype(jnp.bfloat16)
    with pytest.raises(TypeError, match="the parameters are bfloat16"):
        train(loss, few, X, steps=1)
    assert train(loss, few, X, steps=1, method=optax.sgd(0.1)).params.dtype == jnp.bfloat16
