"""Laws of the probe: a pattern that lies is caught and the entry named, one that does not never is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson  # noqa: F401  (double precision)
from raphson.sparsity.coloring import color_columns, color_symmetric
from raphson.sparsity.compress import compressed_hessian, hessian_recovery, jacobian_recovery, lower_triangle
from raphson.sparsity.probe import probe_hessian, probe_jacobian
from tests.laws import patterns as P

CASES = 200


def random_hessian(rng, dtype):
    """A pattern of some kind and a matrix on it, rows of very different size."""
    n = int(rng.integers(2, 40))
    A = [
        lambda: P.band(n, min(n - 1, int(rng.integers(1, 4)))),
        lambda: P.scattered(n, 4, int(rng.integers(1000))),
        lambda: P.arrow(n),
        lambda: P.five(4, n),
        lambda: P.blocks(n, 3),
        lambda: P.fields(P.band(n, 1), 2),
    ][rng.integers(6)]()
    n = A.shape[0]
    H = np.where(A.toarray() != 0, rng.uniform(0.05, 1, (n, n)) * rng.choice([-1, 1], (n, n)), 0)
    unit = 10.0 ** rng.uniform(-4, 4, n)
    return A, ((np.tril(H) + np.tril(H, -1).T) * unit[:, None] * unit).astype(dtype)


def gathered(H, recovery):
    """The entries, as they are read from products."""
    seeds = (np.asarray(recovery.color)[:, None] == np.arange(recovery.count)).astype(H.dtype)
    return (H @ seeds).T.reshape(-1)[np.asarray(recovery.pick)]


def probed(H, A, seed=0):
    """What the probe says of H as recovered with the pattern A."""
    recovery = hessian_recovery(A.indptr, A.indices, color_symmetric(A.indptr, A.indices))
    return probe_hessian(lambda v: H @ v, *lower_triangle(A.indptr, A.indices), gathered(H, recovery), seed)


def probed_jacobian(J, A, seed=0):
    """The same of a Jacobian."""
    recovery = jacobian_recovery(A.indptr, A.indices, A.shape[1], color_columns(A.indptr, A.indices, A.shape[1]))
    entries = gathered(J, recovery)
    return probe_jacobian(lambda v: J @ v, lambda w: J.T @ w, A.indptr, A.indices, entries, A.shape[1], seed)


def without(A, i, j):
    B = A.toarray()
    B[i, j] = B[j, i] = 0
    return P.ones(B)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_true_pattern_is_never_accused(dtype) -> None:
    rng = np.random.default_rng(1)
    for case in range(CASES):
        A, H = random_hessian(rng, dtype)
        probe = probed(H, A, case)
        assert probe.agrees and probe.miss <= 50 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_missing_entry_is_always_found_and_named(dtype) -> None:
    rng = np.random.default_rng(2)
    for case in range(CASES):
        A, H = random_hessian(rng, dtype)
        places = np.argwhere(np.tril(A.toarray()))
        i, j = places[rng.integers(len(places))]
        probe = probed(H, without(A, i, j), case)
        assert probe.agrees is False
        assert probe.missing[0] == (i, j)
        assert f"(x[{i}], x[{j}]) is not zero" in probe.message()


def test_functions_with_rounding_of_their_own_are_not_accused() -> None:
    """Terms that cancel by a million, so that H itself is known to two digits in single precision; products
    x_i x_(i + 2) that cancel but for the rounding of a thousand thirds; and a last variable that cancels altogether."""

    def fun(x):
        y = (x[:-1] + 1e3) ** 2 - 1e6 - 2e3 * x[:-1]  # x^2
        a, b = x[2:-1], x[:-3]
        nothing = 1e3 * ((a / 3**0.5 + b / 3**0.5) ** 2 - (a**2 + b**2 + 2 * a * b) / 3)
        return jnp.sum(jnp.cos(y[1:] - y[:-1])) + jnp.sum(nothing) + (3 * (x[-1] / 3**0.5) ** 2 - x[-1] ** 2)

    A = without(P.pattern(np.arange(29), np.r_[np.arange(1, 29), 28], 30), 29, 29)
    start, row = lower_triangle(A.indptr, A.indices)
    recovery = hessian_recovery(A.indptr, A.indices, color_symmetric(A.indptr, A.indices))
    for dtype in (np.float32, np.float64):
        x = jnp.asarray(np.random.default_rng(0).standard_normal(30), dtype)
        _, _, entries = jax.jit(lambda x, r: compressed_hessian(jax.value_and_grad(fun), x, r))(x, recovery)
        product = jax.jit(lambda v, x=x: jax.jvp(jax.grad(fun), (x,), (v,))[1])
        assert probe_hessian(product, start, row, entries).agrees


def test_a_pattern_from_the_function_and_a_liar() -> None:
    fun = lambda x: jnp.sum((x[1:] - x[:-1] ** 2) ** 2) + 0.3 * x[4] * x[17]
    product = jax.jit(lambda v: jax.jvp(jax.grad(fun), (jnp.linspace(-1, 1, 20),), (v,))[1])
    A = P.band(20, 1)
    start, row = lower_triangle(A.indptr, A.indices)
    recovery = hessian_recovery(A.indptr, A.indices, color_symmetric(A.indptr, A.indices))
    both = lambda x, r: compressed_hessian(jax.value_and_grad(fun), x, r)
    _, _, entries = jax.jit(both)(jnp.linspace(-1, 1, 20), recovery)
    probe = probe_hessian(product, start, row, entries)
    assert probe.agrees is False and probe.missing == ((17, 4),)
    assert "its entry (b[7], a[4]) is not zero" in probe.message(lambda i: f"{'ab'[i // 10]}[{i % 10}]")


def test_an_empty_pattern_and_numbers_that_are_none() -> None:
    start, row = np.zeros(6, np.int32), np.zeros(0, np.int32)
    probe = probe_hessian(lambda v: np.diag([0, 0, 3e-30, 0, 0]) @ v, start, row, np.zeros(0))
    assert probe.agrees is False and probe.missing == ((2, 2),)
    assert probe_hessian(lambda v: 0 * v, start, row, np.zeros(0)).agrees
    assert probe_hessian(lambda v: np.nan * v, start, row, np.zeros(0)).agrees is None
    assert probe_hessian(lambda v: v, np.zeros(1, np.int32), row, np.zeros(0)).agrees


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jacobians(dtype) -> None:
    rng = np.random.default_rng(3)
    for case in range(CASES):
        m, n = rng.integers(2, 30, 2)
        dense = (rng.random((m, n)) < 0.2) | (rng.random((m, n)) < 1 / m)
        dense[0, 0] = True
        J = np.where(dense, rng.uniform(0.05, 1, (m, n)), 0)
        J = (J * 10.0 ** rng.uniform(-1, 1, (m, 1)) * 10.0 ** rng.uniform(-4, 4, n)).astype(dtype)
        places = np.argwhere(dense)
        assert probed_jacobian(J, P.ones(dense.astype(float)), case).agrees
        i, j = places[rng.integers(len(places))]
        dense[i, j] = False
        probe = probed_jacobian(J, P.ones(dense.astype(float)), case)
        assert probe.agrees is False and probe.row == i and probe.missing[0] == (i, j)
        assert f"the row of x[{i}] is wrong" in probe.message(what="Jacobian")
