"""What `train` is handed: lists of batches, one example, numbers of few digits."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from raphson.ml import Checkpoints, EmpiricalRisk, kfac, soap, tag_dense, train

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


@pytest.mark.parametrize(
    ("batches", "kind", "words"),
    [
        (X, TypeError, "one set of examples goes to data="),
        ({"x": X}, TypeError, "one set of examples goes to data="),
        ((X, X[:, 0]), ValueError, "Where \\(inputs, targets\\) were meant"),
        (3, TypeError, "batches is int, and an iterable"),
        (lambda: iter(BATCHES), TypeError, "call it"),
        ([X, X[:0]], ValueError, "batch 1 of the stream: data holds no example"),
        (iter([X, (X, X)]), ValueError, "batch 1 is no batch like batch 0"),
        ([], ValueError, "holds no batch"),
    ],
)
def test_what_is_no_stream_of_batches_is_named(batches: Any, kind: type, words: str) -> None:
    with pytest.raises(kind, match=f"(?i){words}"):
        train(loss, START, batches=batches, steps=3, method=optax.sgd(0.1))


def test_a_stream_that_fails_leaves_what_was_reached(tmp_path: Any) -> None:
    def failing() -> Any:
        yield from BATCHES
        raise OSError("no more to read")

    with pytest.raises(OSError, match="no more to read"):
        train(loss, START, batches=failing(), method=optax.sgd(0.1), checkpoint=tmp_path)
    assert Checkpoints(tmp_path).steps == [2]


@pytest.mark.parametrize(
    ("method", "words"),
    [("K-FAC", r"method=rp.ml.kfac\(risk\)"), ("adam", "optax.adam"), (soap, "the function soap: call it")],
)
def test_methods_with_settings_are_told_how_they_are_given(method: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        train(loss, START, X, steps=1, method=method)


def test_k_fac_takes_no_microbatches() -> None:
    predict = lambda p, x: tag_dense(x, p, jnp.zeros(1))
    risk = EmpiricalRisk("squared", (X, X[:, :1]), predict=predict, batch_size=4)
    with pytest.raises(ValueError, match=r"kfac takes a batch at once, and all data .6 examples. came in microbatches"):
        train(risk, jnp.ones((2, 1)), steps=1, method=kfac(risk))


def test_models_of_frameworks_handed_over_as_they_are_are_named() -> None:
    model: Any = type("Linen", (), {"init": None, "apply": None, "__call__": lambda self, p, x: x})()
    for call in (lambda: EmpiricalRisk("squared", (X, X), predict=model), lambda: train(model, START, X, steps=1)):
        with pytest.raises(TypeError, match="its apply is a function"):
            call()
    with pytest.raises(TypeError, match="the variables hold batch_stats beside params"):
        train(loss, {"params": START, "batch_stats": START}, X, steps=1)


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
