"""Curvature of an empirical risk: the matrices of the definition, whatever the microbatches; wrong data are named."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from raphson.ml import EmpiricalRisk, TreeOperator, operator_from

RNG = np.random.default_rng(3)
N, INPUTS, HIDDEN, CLASSES = 23, 4, 5, 3
X = RNG.normal(size=(N, INPUTS))
TARGETS = {
    "squared": RNG.normal(size=(N, CLASSES)),
    "cross-entropy": RNG.integers(0, CLASSES, N),
    "bernoulli": RNG.integers(0, 2, (N, CLASSES)),
    "poisson": RNG.poisson(2.0, (N, CLASSES)),
}
WEIGHTS = RNG.uniform(0, 2, N)
PARAMS = {
    "hidden": (jnp.asarray(RNG.normal(size=(INPUTS, HIDDEN))), jnp.asarray(RNG.normal(size=HIDDEN))),
    "out": jnp.asarray(RNG.normal(size=(HIDDEN, CLASSES))),
}


def predict(params: Any, x: Any) -> Any:
    w, b = params["hidden"]
    return jnp.tanh(x @ w + b) @ params["out"]


def each(name: str, f: Any, y: Any) -> Any:
    """The loss of one example, written down once more."""
    if name == "squared":
        return 0.5 * jnp.sum((f - y) ** 2)
    if name == "cross-entropy":
        return jnp.log(jnp.sum(jnp.exp(f))) - f[y]
    if name == "bernoulli":
        return -jnp.sum(y * jnp.log(jax.nn.sigmoid(f)) + (1 - y) * jnp.log(1 - jax.nn.sigmoid(f)))
    return jnp.sum(jnp.exp(f) - y * f)


FLAT, UNRAVEL = ravel_pytree(PARAMS)


def definition(name: str, weights: Any) -> dict[str, Any]:
    """Value, gradient and all matrices by jax.hessian and sums over examples."""
    y, w = jnp.asarray(TARGETS[name]), jnp.asarray(weights) / np.sum(weights)

    def loss(v: Any, x: Any, y: Any) -> Any:
        return each(name, predict(UNRAVEL(v), x[None])[0], y)

    def total(v: Any) -> Any:
        return jnp.sum(w * jax.vmap(loss, (None, 0, 0))(v, jnp.asarray(X), y))

    f = predict(PARAMS, X)
    J = jax.jacfwd(lambda v: predict(UNRAVEL(v), X))(FLAT)
    M = jax.vmap(jax.hessian(lambda f, y: each(name, f, y)), (0, 0))(f, y)
    g = jax.vmap(jax.grad(loss), (None, 0, 0))(FLAT, jnp.asarray(X), y)
    return {
        "value": total(FLAT),
        "gradient": jax.grad(total)(FLAT),
        "hessian": jax.hessian(total)(FLAT),
        "gauss_newton": jnp.einsum("n,nci,ncd,ndj->ij", w, J, M, J),
        "empirical_fisher": jnp.einsum("n,ni,nj->ij", w, g, g),
    }


def close(a: Any, b: Any, accuracy: float = 1e-10) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return bool(np.max(np.abs(a - b)) <= accuracy * max(np.max(np.abs(b)), 1e-300))


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("size", [None, 1, 7])
def test_matrices_are_those_of_the_definition(name: str, size: int | None) -> None:
    risk = EmpiricalRisk(name, (X, TARGETS[name], WEIGHTS), predict=predict, batch_size=size)
    expected = definition(name, WEIGHTS)
    assert close(risk.value(PARAMS), expected["value"])
    assert close(ravel_pytree(risk.gradient(PARAMS))[0], expected["gradient"])
    for kind in ("hessian", "gauss_newton", "empirical_fisher"):
        assert close(getattr(risk, kind)(PARAMS).dense(), expected[kind]), kind
    assert close(risk.fisher(PARAMS).dense(), expected["gauss_newton"])


@pytest.mark.parametrize("size", [None, 7])
def test_a_loss_of_ones_own_and_a_sum(size: int | None) -> None:
    y = TARGETS["squared"]

    def loss(params: Any, batch: Any) -> Any:
        x, y = batch
        return jnp.mean(0.5 * jnp.sum((predict(params, x) - y) ** 2, axis=1))

    expected = definition("squared", np.ones(N))
    risk = EmpiricalRisk(loss, (X, y), batch_size=size)
    assert close(risk(PARAMS), expected["value"])
    assert close(risk.hessian(PARAMS).dense(), expected["hessian"])
    summed = EmpiricalRisk(lambda p, b: loss(p, b) * b[0].shape[0], (X, y), batch_size=size, reduction="sum")
    assert close(summed.hessian(PARAMS).dense(), N * expected["hessian"])
    with pytest.raises(TypeError, match="predict="):
        risk.gauss_newton(PARAMS)


def test_float32_to_one_in_ten_thousand() -> None:
    small = jax.tree.map(lambda a: a.astype(jnp.float32), PARAMS)
    risk = EmpiricalRisk(
        "cross-entropy", (X.astype(np.float32), TARGETS["cross-entropy"]), predict=predict, batch_size=7
    )
    expected = definition("cross-entropy", np.ones(N))
    for kind in ("hessian", "gauss_newton", "empirical_fisher"):
        operator = getattr(risk, kind)(small)
        assert operator.dtype == np.float32
        assert close(operator.dense(), expected[kind], 1e-4), kind


@pytest.mark.parametrize("name", TARGETS)
def test_a_sampled_fisher_is_near_and_the_same_in_microbatches(name: str) -> None:
    y = TARGETS[name]
    whole, cut = (EmpiricalRisk(name, (X, y), predict=predict, batch_size=size) for size in (None, 7))
    drawn = whole.fisher(PARAMS, samples=400).dense()
    exact = whole.gauss_newton(PARAMS).dense()
    assert np.linalg.norm(drawn - exact) <= 0.1 * np.linalg.norm(
        exact
    )  # 1/sqrt(400 N) a draw of each entry, times a few
    assert close(cut.fisher(PARAMS, samples=400).dense(), drawn)
    assert not close(whole.fisher(PARAMS, samples=400, seed=1).dense(), drawn, 1e-4)


def test_positions_share_the_weight_of_their_example() -> None:
    x, y = RNG.normal(size=(6, 2, INPUTS)), RNG.integers(0, CLASSES, (6, 2))
    pairs = EmpiricalRisk("cross-entropy", (x, y), predict=predict)
    alone = EmpiricalRisk("cross-entropy", (x.reshape(12, INPUTS), y.reshape(12)), predict=predict)
    assert close(pairs.value(PARAMS), alone.value(PARAMS))
    assert close(pairs.gauss_newton(PARAMS).dense(), alone.gauss_newton(PARAMS).dense())


def test_outputs_of_one_number() -> None:
    w = jnp.asarray(RNG.normal(size=INPUTS))
    y = RNG.integers(0, 2, N)
    p = jax.nn.sigmoid(X @ w)
    expected = (X * (p * (1 - p))[:, None]).T @ X / N
    for f, t in ((lambda w, x: x @ w, y), (lambda w, x: (x @ w)[:, None], y), (lambda w, x: x @ w, y[:, None])):
        assert close(EmpiricalRisk("bernoulli", (X, t), predict=f).hessian(w).dense(), expected, 1e-12)


def test_a_product_takes_and_gives_trees_vectors_and_matrices() -> None:
    operator = EmpiricalRisk("squared", (X, TARGETS["squared"]), predict=predict).gauss_newton(PARAMS)
    A = np.asarray(operator.dense())
    v = RNG.normal(size=(operator.size, 3))
    assert close(operator @ v, A @ v) and close(operator @ v[:, 0], A @ v[:, 0])
    tree = operator @ UNRAVEL(jnp.asarray(v[:, 0]))
    assert jax.tree.structure(tree) == jax.tree.structure(PARAMS) and close(ravel_pytree(tree)[0], A @ v[:, 0])
    assert close(operator.to_scipy() @ v, A @ v) and close(operator.quadratic(v[:, 0]), v[:, 0] @ A @ v[:, 0])
    assert "Gauss-Newton" in repr(operator) and str(operator.size) in repr(operator)


def test_a_new_point_compiles_nothing() -> None:
    risk = EmpiricalRisk("squared", (X, TARGETS["squared"]), predict=predict)
    v = risk.gradient(PARAMS)
    first = [kind(PARAMS) for kind in (risk.hessian, risk.gauss_newton)]
    _ = [a @ v for a in first]
    other = jax.tree.map(lambda a: a + 1, PARAMS)
    with jax.log_compiles(False), jax.check_tracer_leaks(False):
        from jax._src import dispatch

        count: list[str] = []
        jax.monitoring.register_event_duration_secs_listener(
            lambda event, *_, **__: count.append(event) if event == dispatch.BACKEND_COMPILE_EVENT else None
        )
        _ = [kind(other) @ v for kind in (risk.hessian, risk.gauss_newton)]
        assert not count


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"data": (X, TARGETS["squared"][:-1])}, ValueError, "equally many"),
        ({"data": (X[:0], TARGETS["squared"][:0])}, ValueError, "no example"),
        ({"data": X}, ValueError, "inputs, targets"),
        ({"data": (X, TARGETS["squared"], -WEIGHTS)}, ValueError, "negative"),
        ({"data": (X, np.where(TARGETS["squared"] > 1, np.nan, 0))}, ValueError, "not finite"),
        ({"loss": "hinge"}, ValueError, "hinge"),
        ({"loss": "poisson"}, ValueError, "count"),
        ({"predict": None}, TypeError, "predict"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"reduction": "median"}, ValueError, "median"),
        ({"loss": "cross-entropy", "data": (X, TARGETS["cross-entropy"] + 1)}, ValueError, "class numbers"),
        ({"loss": "cross-entropy", "data": (X, TARGETS["cross-entropy"] * 1.0)}, ValueError, "integers"),
        ({"data": (X, TARGETS["squared"][:, 0])}, ValueError, "outputs have shape"),
        ({"params": {**PARAMS, "steps": jnp.arange(3)}}, TypeError, "steps"),
        ({"params": {}}, ValueError, "no number"),
        ({"loss": lambda p, b: predict(p, b[0]), "predict": None}, ValueError, "one real number"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_named(change: dict[str, Any], error: type[Exception], words: str) -> None:
    call: dict[str, Any] = {"loss": "squared", "data": (X, TARGETS["squared"]), "predict": predict, **change}
    params = call.pop("params", PARAMS)
    with pytest.raises(error, match=words):
        EmpiricalRisk(**call).hessian(params)


@pytest.mark.parametrize("name", TARGETS)
def test_a_value_inside_jit(name: str) -> None:
    """Data that are known and data that are arguments of the compiled function."""
    y, f = jnp.asarray(TARGETS[name]), predict(PARAMS, X)
    losses = jax.vmap(lambda f, y: each(name, f, y))(f, y)
    known = jax.jit(EmpiricalRisk(name, (X, y, WEIGHTS), predict=predict).value)
    assert np.allclose(known(PARAMS), np.average(losses, weights=WEIGHTS), rtol=1e-12, atol=0)
    anew = jax.jit(lambda params, *data: EmpiricalRisk(name, data, predict=predict).value(params))
    assert np.allclose(anew(PARAMS, X, y, WEIGHTS), known(PARAMS), rtol=1e-12, atol=0)
    assert np.allclose(anew(PARAMS, X, y), np.mean(losses), rtol=1e-12, atol=0)


def test_a_product_that_is_not_symmetric_is_refused() -> None:
    A = jnp.asarray(RNG.normal(size=(5, 5)))
    with pytest.raises(ValueError, match="not symmetric"):
        operator_from(lambda v: A @ v, jnp.zeros(5))
    assert isinstance(operator_from(lambda v: (A + A.T) @ v, jnp.zeros(5)), TreeOperator)
    operator = operator_from(lambda v: (A + A.T) @ v, jnp.zeros(5))
    with pytest.raises(ValueError, match="multiplied with"):
        operator.times(np.ones(4))
