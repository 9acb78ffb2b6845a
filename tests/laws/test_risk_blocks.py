"""Diagonal blocks of curvature are those of the whole matrix, whichever way the product is had."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.ml import EmpiricalRisk, operator_from
from tests.laws.test_risk import PARAMS, TARGETS, WEIGHTS, X, close, predict

KINDS = ("hessian", "gauss_newton", "empirical_fisher")
PLACES = {"hidden": slice(0, 25), "hidden/1": slice(20, 25), "['out']": slice(25, 40)}


@pytest.mark.parametrize("size", [None, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_that_of_the_whole_matrix(kind: str, size: int | None) -> None:
    risk = EmpiricalRisk("cross-entropy", (X, TARGETS["cross-entropy"], WEIGHTS), predict=predict, batch_size=size)
    operator = getattr(risk, kind)(PARAMS)
    A = np.asarray(operator.dense())
    for name, place in PLACES.items():
        assert close(operator.block(name).dense(), A[place, place]), name
    blocks = operator.blocks()
    assert list(blocks) == ["hidden", "out"] and sum(block.size for block in blocks.values()) == operator.size
    assert close(blocks["hidden"].block("hidden/1").dense(), A[20:25, 20:25])
    assert close(operator.block("hidden", "out").dense(), A)
    assert [a.shape for a in operator.block_diagonal().values()] == [(25, 25), (15, 15)]


def test_a_block_of_a_product_of_ones_own() -> None:
    A = np.random.default_rng(1).normal(size=(5, 5))
    A = A + A.T

    def product(v: Any) -> Any:
        w = A @ jnp.concatenate([v["a"], v["b"]])
        return {"a": w[:2], "b": w[2:]}

    operator = operator_from(product, {"a": jnp.zeros(2), "b": jnp.zeros(3)})
    block = operator.block("b")
    assert close(block.dense(), A[2:, 2:], 1e-14) and "block b" in repr(block)
    tree = block @ {"a": None, "b": jnp.ones(3)}
    assert tree["a"] is None and close(tree["b"], A[2:, 2:].sum(axis=1), 1e-13)


def test_a_block_costs_less_than_the_whole() -> None:
    """The other layers are not differentiated by: the last layer's product is a small program."""
    params = {"deep": [jnp.eye(40) for _ in range(4)], "out": jnp.ones((40, 2))}
    x, y = jnp.ones((30, 40)), jnp.ones((30, 2))

    def net(p: Any, x: Any) -> Any:
        for w in p["deep"]:
            x = jnp.tanh(x @ w)
        return x @ p["out"]

    operator = EmpiricalRisk("squared", (x, y), predict=net).hessian(params)

    def flops(op: Any) -> float:
        cost = jax.jit(op.multiply).lower(op.state, op.parameters.tree(jnp.ones(op.size))).compile().cost_analysis()
        assert cost is not None
        return cost["flops"]

    assert flops(operator.block("out")) < 0.1 * flops(operator)


def test_a_name_that_is_none_is_told() -> None:
    operator = EmpiricalRisk("squared", (X, TARGETS["squared"]), predict=predict).hessian(PARAMS)
    with pytest.raises(ValueError, match=r"'hid'.*hidden/0, hidden/1, out"):
        operator.block("hid")
    with pytest.raises(ValueError, match="at least"):
        operator.block()


CURVES = {
    "squared": lambda f: np.ones_like(f),
    "bernoulli": lambda f: 1 / (2 + np.exp(f) + np.exp(-f)),
    "poisson": np.exp,
}


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("name", CURVES)
def test_linear_models_have_their_closed_forms(name: str, size: int | None) -> None:
    """X'WX: of the Hessian, of the Gauss-Newton matrix, of a block, and of the row space's eigenvalues."""
    w = {"a": jnp.asarray([0.3, -0.5]), "b": jnp.asarray([0.2, 0.1])}
    y = np.abs(TARGETS[name][:, 0]) if name != "squared" else TARGETS[name][:, 0]

    def linear(w: Any, x: Any) -> Any:
        return x[:, :2] @ w["a"] + x[:, 2:] @ w["b"]

    risk = EmpiricalRisk(name, (X, y, WEIGHTS), predict=linear, batch_size=size)
    curve = WEIGHTS * CURVES[name](np.asarray(linear(w, X))) / WEIGHTS.sum()
    expected = X.T @ (X * curve[:, None])
    assert close(risk.hessian(w).dense(), expected, 1e-12)
    assert close(risk.gauss_newton(w).dense(), expected, 1e-12)
    assert close(risk.gauss_newton(w).block("b").dense(), expected[2:, 2:], 1e-12)
    if size == 7:
        assert close(risk.row_space(w).values[-4:], np.linalg.eigvalsh(expected), 1e-12)


def test_blocks_and_row_spaces_in_float32() -> None:
    small = jax.tree.map(lambda a: a.astype(jnp.float32), PARAMS)
    data = (X[:5].astype(np.float32), TARGETS["cross-entropy"][:5])
    risk = EmpiricalRisk("cross-entropy", data, predict=predict)
    exact = EmpiricalRisk("cross-entropy", (X[:5], data[1]), predict=predict)
    G = np.asarray(exact.gauss_newton(PARAMS).dense())
    block = risk.gauss_newton(small).block("hidden")
    assert block.dtype == np.float32 and close(block.dense(), G[:25, :25], 1e-4)
    g = G @ np.cos(np.arange(40.0))
    x = risk.row_space(small).solve(jnp.asarray(g, jnp.float32), 1e-2)
    assert x.dtype == np.float32 and close(x, np.linalg.solve(G + 1e-2 * np.eye(40), g), 1e-4)
    with pytest.raises(TypeError, match="bfloat16"):
        risk.row_space(jax.tree.map(lambda a: a.astype(jnp.bfloat16), PARAMS))


def test_layers_of_one_array_and_of_none() -> None:
    one = EmpiricalRisk("squared", (X, X[:, 0]), predict=lambda w, x: x @ w).hessian(jnp.ones(4))
    assert list(one.blocks()) == ["params"] and one.block("params").size == 4
    odd = {"a": jnp.ones(4), "none": jnp.zeros((0, 3))}
    assert list(EmpiricalRisk("squared", (X, X[:, 0]), predict=lambda p, x: x @ p["a"]).hessian(odd).blocks()) == ["a"]
