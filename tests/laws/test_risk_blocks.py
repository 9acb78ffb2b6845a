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
