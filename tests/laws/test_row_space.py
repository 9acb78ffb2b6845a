"""Solves in the row space are those with the dense matrix, whatever the shift, also where M is singular."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from raphson.ml import EmpiricalRisk
from raphson.ml.output_losses import OUTPUT_LOSSES
from tests.laws.test_risk import PARAMS, TARGETS, WEIGHTS, X, close, predict

FEW = 5
SHIFTS = (1e-8, 1e-5, 1e-2, 1.0, 1e2)


def long_solve(A: Any, b: Any) -> Any:
    """Gaussian elimination with 64 bits of mantissa: a dense solve in float64 is not exact enough to judge by."""
    A, b = np.array(A, np.longdouble), np.array(b, np.longdouble)
    for i in range(len(b)):
        p = i + int(np.argmax(np.abs(A[i:, i])))
        A[[i, p]], b[[i, p]] = A[[p, i]], b[[p, i]]
        for j in range(i + 1, len(b)):
            factor = A[j, i] / A[i, i]
            A[j, i:] -= factor * A[i, i:]
            b[j] -= factor * b[i]
    for i in range(len(b) - 1, -1, -1):
        b[i] = (b[i] - A[i, i + 1 :] @ b[i + 1 :]) / A[i, i]
    return b


def rows(name: str, kind: str) -> Any:
    """B (R, P) in long numbers from J and the definition of M."""
    flat, unravel = ravel_pytree(PARAMS)
    J = np.asarray(jax.jacfwd(lambda v: predict(unravel(v), X[:FEW]))(flat), np.longdouble)
    f, w = predict(PARAMS, X[:FEW]), np.asarray(WEIGHTS[:FEW], np.longdouble)
    unit = jnp.eye(f.shape[1])
    S = jax.vmap(lambda f: jax.vmap(lambda u: OUTPUT_LOSSES[name].root(f, u))(unit))(f)  # S[n, c] = S' e_c
    if kind == "empirical":
        y = jax.nn.one_hot(TARGETS[name][:FEW], 3) if name == "cross-entropy" else TARGETS[name][:FEW]
        S = OUTPUT_LOSSES[name].slope(f, y)[:, :, None]
    B = np.einsum("nca,ncp->nap", np.asarray(S, np.longdouble), J) * np.sqrt(w / w.sum())[:, None, None]
    return B.reshape(-1, flat.size)


@pytest.mark.bitwise  # beside a shift of 1e-8 roundings of J grow: 1.8e-10 where products and sums are rounded apart
@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("squared", "gauss-newton", None),
        ("cross-entropy", "gauss-newton", None),
        ("cross-entropy", "gauss-newton", 2),
        ("bernoulli", "gauss-newton", 1),
        ("poisson", "gauss-newton", None),
        ("bernoulli", "empirical", 2),
    ],
)
def test_a_solve_is_that_of_the_dense_matrix(name: str, kind: str, size: int | None) -> None:
    data = (X[:FEW], TARGETS[name][:FEW], WEIGHTS[:FEW])
    risk = EmpiricalRisk(name, data, predict=predict, batch_size=size)
    space = risk.row_space(PARAMS, kind)
    B = rows(name, kind)
    assert close(jnp.sort(space.values), np.linalg.eigvalsh((B @ B.T).astype(float)), 1e-13)
    within = B.T @ np.cos(np.arange(len(B)))  # a gradient lies in the row space but for the rounding of its numbers
    for shift in SHIFTS:
        A = B.T @ B + np.longdouble(shift) * np.eye(B.shape[1])
        for g in (np.random.default_rng(0).normal(size=B.shape[1]), within):
            x, exact = space.solve(np.asarray(g, float), shift), long_solve(A, g).astype(float)
            assert close(x, exact), (shift, np.max(np.abs(x - exact)) / np.max(np.abs(exact)))
        sign, value = np.linalg.slogdet(A.astype(float))
        assert sign == 1 and abs(space.logdet(shift) - value) <= 1e-8 * abs(value)
    tree = space.solve(risk.gradient(PARAMS), 0.1)
    assert jax.tree.structure(tree) == jax.tree.structure(PARAMS)
    assert close(ravel_pytree(tree)[0], space.solve(ravel_pytree(risk.gradient(PARAMS))[0], 0.1), 1e-14)


@pytest.mark.parametrize("logits", [[0.0, 1.0, -2.0], [40.0, 0.0, -30.0], [-600.0, 0.0, 80.0]])
def test_roots_of_matrices_that_are_nearly_zero(logits: list[float]) -> None:
    """diag(p) - p p' where 1 - p cancels: its entries, and S S', to all digits."""
    unit, f = jnp.eye(3), jnp.asarray(logits)
    for loss in OUTPUT_LOSSES.values():
        S, M = (jax.vmap(lambda u, g=g: g(f, u))(unit) for g in (loss.root, loss.curve))
        assert close(S @ S.T, M, 1e-14) and np.all(np.isfinite(S)), loss.name
    p = np.asarray(jax.nn.softmax(f))
    P = np.diag([p[i] * np.delete(p, i).sum() for i in range(3)]) - (1 - np.eye(3)) * np.outer(p, p)
    assert close(OUTPUT_LOSSES["cross-entropy"].curve(f[None], unit), P, 1e-14)


def test_what_has_no_row_space_is_named() -> None:
    risk = EmpiricalRisk("squared", (X[:FEW], TARGETS["squared"][:FEW]), predict=predict)
    with pytest.raises(ValueError, match="above zero"):
        risk.row_space(PARAMS).solve(risk.gradient(PARAMS), 0.0)
    with pytest.raises(ValueError, match="'hessian'"):
        risk.row_space(PARAMS, "hessian")
    with pytest.raises(TypeError, match="predict="):
        EmpiricalRisk(lambda p, b: jnp.mean(predict(p, b)), X).row_space(PARAMS)
