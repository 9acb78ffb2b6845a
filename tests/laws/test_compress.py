"""Laws of recovery: what is read from the products is the derivative, entry for entry, in the promised order."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from jax import lax

import raphson  # noqa: F401  (double precision)
from raphson.sparsity.coloring import Coloring, color_columns, color_rows, color_symmetric
from raphson.sparsity.compress import (
    compressed_hessian,
    compressed_jacobian,
    hessian_recovery,
    jacobian_recovery,
    lower_triangle,
    recover,
)
from raphson.sparsity.price import compressed_bytes
from tests.laws import patterns as P


def whole_numbers(A: sp.csr_array, symmetric: bool = True) -> sp.csr_array:
    """The pattern with integers, none of them zero: sums of products are exact."""
    rng = np.random.default_rng(A.nnz)
    B = A.toarray() * rng.integers(1, 1000, A.shape) * rng.choice([-1, 1], A.shape)
    B = np.tril(B) + np.tril(B, -1).T if symmetric else B
    return sp.csr_array((B[A.nonzero()], A.indices, A.indptr), shape=A.shape)


def read(H, recovery) -> np.ndarray:
    """The gather, in NumPy."""
    seeds = np.asarray(recovery.color)[:, None] == np.arange(recovery.count)
    products = (H if recovery.forward else H.T) @ seeds.astype(float)
    return products.T.reshape(-1)[np.asarray(recovery.pick)]


@given(P.symmetric())
@settings(max_examples=150)
def test_a_symmetric_matrix_comes_back_exactly(A) -> None:
    H = whole_numbers(A)
    recovery = hessian_recovery(A.indptr, A.indices, color_symmetric(A.indptr, A.indices))
    start, row = lower_triangle(A.indptr, A.indices)
    lower = sp.csc_array(sp.tril(H))
    lower.sort_indices()
    assert np.array_equal(start, lower.indptr) and np.array_equal(row, lower.indices)
    assert np.array_equal(read(H, recovery), lower.data)


@given(P.rectangular())
@settings(max_examples=100)
def test_a_jacobian_comes_back_exactly(A) -> None:
    J, n = whole_numbers(A, symmetric=False), A.shape[1]
    for forward, color in ((True, color_columns), (False, color_rows)):
        recovery = jacobian_recovery(A.indptr, A.indices, n, color(A.indptr, A.indices, n), forward)
        assert np.array_equal(read(J, recovery), J.data)


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("together", [None, 1, 2, 3, 5])
def test_rounds_change_nothing(together, batched) -> None:
    A = P.nine(5, 6)
    H = whole_numbers(A)
    recovery = hessian_recovery(A.indptr, A.indices, color_symmetric(A.indptr, A.indices))
    dense = jnp.asarray(H.toarray())
    entries = jax.jit(
        lambda dense, recovery: recover(lambda v: dense @ v, recovery, jnp.float64, batched=batched, together=together)
    )(dense, recovery)
    assert np.array_equal(entries, read(H, recovery))


def rosenbrock(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def surface(x):
    """The area over a square, with a wavy frame."""
    p = round(x.size**0.5)
    t = jnp.linspace(0, 1, p + 2)
    frame = jnp.zeros((p + 2, p + 2)).at[0].set(jnp.sin(2 * jnp.pi * t)).at[:, 0].set(0.5 * jnp.sin(3 * jnp.pi * t))
    u = frame.at[1:-1, 1:-1].set(x.reshape(p, p)).astype(x.dtype) * (p + 1)
    a, b, c, d = u[:-1, :-1], u[1:, :-1], u[:-1, 1:], u[1:, 1:]
    return jnp.sum(jnp.sqrt(1 + (b - a) ** 2 + (c - a) ** 2) + jnp.sqrt(1 + (d - b) ** 2 + (d - c) ** 2))


def ginzburg_landau(x):
    """Two fields on a grid, each point with its neighbors, and |psi|^4."""
    a, b = x.reshape(2, 6, 6)
    gap = sum(jnp.sum(jnp.diff(f, axis=k) ** 2) for f in (a, b) for k in (0, 1))
    size = a**2 + b**2
    turn = jnp.sum(a[1:] * b[:-1] - a[:-1] * b[1:]) + jnp.sum(jnp.sin(a[:, 1:] * b[:, :-1]))
    return gap + 0.3 * turn + jnp.sum(0.5 * size**2 - size)


def broyden(x):
    """CUTEst's BROYDN7D: powers of sums of three, and of x_i + x_(i + n / 2)."""
    y = jnp.pad(x, 1)
    return jnp.sum(jnp.abs(y[:-2] - (3 - 2 * x) * x + 2 * y[2:] - 1) ** (7 / 3)) + jnp.sum(
        jnp.abs(x[: x.size // 2] + x[x.size // 2 :]) ** (7 / 3)
    )


def powell(x):
    a, b, c, d = x.reshape(-1, 4).T
    return jnp.sum((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


def nondquar(x):
    return jnp.sum((x[:-2] + x[1:-1] + x[-1]) ** 4) + (x[0] - x[1]) ** 2 + (x[-2] + x[-1]) ** 2


def arwhead(x):
    return jnp.sum((x[:-1] ** 2 + x[-1] ** 2) ** 2 - 4 * x[:-1] + 3)


def shared(x):
    """A chain that two parameters see whole, and a third one every other of."""
    a, b, c, u = x[0], x[20], x[-1], jnp.delete(x[:-1], np.array([0, 20]), assume_unique_indices=True)
    return jnp.sum((u[1:] - a * u[:-1] ** 2) ** 2) + jnp.sum(jnp.cosh(u - b)) + jnp.sum(jnp.sin(c * u[::2])) + a * b * c


def membrane(x):
    """Five points, by a convolution."""
    u = jnp.pad(x.reshape(1, 1, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)))
    kernel = jnp.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], x.dtype)[None, None]
    return 0.5 * x @ lax.conv(u, kernel, (1, 1), "VALID").reshape(-1) + jnp.sum(jnp.exp(x))


def springs(x):
    """Points in the plane, each held by its two neighbors: poses of two numbers."""
    p = x.reshape(-1, 2)
    length = jnp.sqrt(jnp.sum((p[1:] - p[:-1]) ** 2, axis=1))
    return jnp.sum((length - 0.3) ** 2) + 0.1 * jnp.sum(p[:, 1]) + jnp.sum((p[0] - 1) ** 2)


def scan_chain(x):
    """A recurrence that forgets: a loop of JAX."""
    return lax.scan(lambda c, u: (u, jnp.sin(c * u) + u**4), 0.5 + 0 * x[0], x)[1].sum()


FUNCTIONS = {
    rosenbrock: (P.band(60, 1), 3),
    surface: (P.seven(8, 8), 7),
    ginzburg_landau: (P.fields(P.five(6, 6), 2, stacked=True), 10),
    broyden: (None, None),
    powell: (None, 3),
    nondquar: (P.dense_column_chain(60), 4),
    arwhead: (P.arrow(60), 2),
    shared: (None, 6),
    membrane: (P.five(8, 8), 5),
    springs: (P.fields(P.band(30, 1), 2), 6),
    scan_chain: (P.band(60, 1), 3),
}
SIZES = {surface: 64, ginzburg_landau: 72, membrane: 64}


@pytest.mark.parametrize("fun", FUNCTIONS, ids=lambda fun: fun.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_hessians_of_functions(fun, dtype) -> None:
    A, colors = FUNCTIONS[fun]
    x = jnp.asarray(np.random.default_rng(1).uniform(-1, 1, SIZES.get(fun, 60)), dtype)
    f, g, H = map(np.asarray, jax.jit(lambda x: (fun(x), jax.grad(fun)(x), jax.hessian(fun)(x)))(x))
    if A is None:
        A = P.ones(sp.csr_array(H != 0).astype(float))
    found = color_symmetric(A.indptr, A.indices)
    assert colors is None or found.count == colors
    recovery = hessian_recovery(A.indptr, A.indices, found)
    both = lambda x, recovery: compressed_hessian(jax.value_and_grad(fun), x, recovery)
    value, gradient, entries = jax.jit(both)(x, recovery)
    start, row = lower_triangle(A.indptr, A.indices)
    found_H = sp.csc_array((np.asarray(entries), row, start), shape=H.shape).toarray()
    close = partial(np.testing.assert_allclose, rtol=1e-13 if dtype == np.float64 else 3e-5)
    assert entries.dtype == dtype
    close(value, f)
    close(gradient, g, atol=1e-14 * np.abs(gradient).max() if dtype == np.float64 else 1e-5)
    scale = np.abs(H).max()
    np.testing.assert_allclose(found_H / scale, np.tril(H) / scale, rtol=0, atol=20 * np.finfo(dtype).eps)
    if dtype == np.float64:
        assert np.linalg.norm(found_H - np.tril(H)) <= 1e-13 * np.linalg.norm(H)


@pytest.mark.parametrize("forward", [True, False])
def test_jacobians_of_functions(forward) -> None:
    residuals = lambda x: jnp.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1], jnp.sin(x[2:] * x[:-2])])
    x = jnp.linspace(-1, 1, 40) ** 3 + 0.1
    plain, J = map(np.asarray, jax.jit(lambda x: (residuals(x), jax.jacobian(residuals)(x)))(x))
    A = P.ones(sp.csr_array((J != 0).astype(float)))
    found = (color_columns if forward else color_rows)(A.indptr, A.indices, 40)
    recovery = jacobian_recovery(A.indptr, A.indices, 40, found, forward)
    r, entries = jax.jit(lambda x, recovery: compressed_jacobian(residuals, x, recovery))(x, recovery)
    np.testing.assert_allclose(r, plain, rtol=1e-14)
    np.testing.assert_allclose(sp.csr_array((entries, A.indices, A.indptr)).toarray(), J, rtol=1e-14)


def test_a_recovery_is_an_argument_and_never_a_constant() -> None:
    A = P.band(500, 1)
    recovery = hessian_recovery(A.indptr, A.indices, color_symmetric(A.indptr, A.indices))
    both = lambda x, recovery: compressed_hessian(jax.value_and_grad(rosenbrock), x, recovery)
    program = jax.make_jaxpr(both)(jnp.zeros(500), recovery)
    assert all(np.size(c) <= 1 for c in program.consts)
    assert len(jax.tree.leaves(recovery)) == 2
    assert len(jax.jit(both).lower(jnp.zeros(500), recovery).as_text()) < 30_000


def test_a_derivative_without_entries_takes_no_product() -> None:
    start, column = jnp.zeros(4, jnp.int32), jnp.zeros(0, jnp.int32)  # arrays of JAX will do
    recovery = hessian_recovery(start, column, color_symmetric(start, column))
    assert recover(lambda v: 1 / 0, recovery, np.float64).shape == (0,)
    recovery = jacobian_recovery(start, column, 5, color_rows(start, column, 5), forward=False)
    assert recover(lambda v: 1 / 0, recovery, np.float64).shape == (0,)


def test_memory_is_foreseen() -> None:
    n = 200_000
    A = P.band(n, 4)
    found = color_symmetric(A.indptr, A.indices)
    recovery = hessian_recovery(A.indptr, A.indices, found)

    def chain(x):
        return jnp.sum(jnp.sin(sum(x[k : n - 4 + k] for k in range(5))) ** 2)

    both = lambda x, recovery: compressed_hessian(jax.value_and_grad(chain), x, recovery)
    used = jax.jit(both).lower(jnp.zeros(n), recovery).compile().memory_analysis()
    used = used.temp_size_in_bytes + used.argument_size_in_bytes + used.output_size_in_bytes
    foreseen = compressed_bytes(n, found.count, recovery.pick.size)
    assert used / 3 <= foreseen <= 3 * used


def test_what_cannot_be_read_raises() -> None:
    A = P.band(6, 1)
    with pytest.raises(ValueError, match=r"no reading for the entry \(0, 0\)"):
        hessian_recovery(A.indptr, A.indices, Coloring(np.zeros(6, np.int32), 1))
    lopsided = P.ones(sp.csr_array(np.triu(np.ones((3, 3)))))
    with pytest.raises(ValueError, match="must be symmetric"):
        hessian_recovery(lopsided.indptr, lopsided.indices, Coloring(np.arange(3, dtype=np.int32), 3))
    with pytest.raises(ValueError, match="two entries at one place"):
        jacobian_recovery(A.indptr, A.indices, 6, Coloring(np.zeros(6, np.int32), 1))
