"""Laws of the multigrid preconditioner: what it is made of, that it is positive definite, and that grids may grow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.linear import coarsen
from raphson.linear.cg import conjugate_path
from raphson.linear.coarsen import WholeRows, aggregates, coarsening, grids_of
from raphson.linear.multigrid import Cycle
from raphson.linear.structure import sparse_product, sparse_structure
from raphson.linear.sums import summed_products
from raphson.operators.sparse_products import SparseProducts
from tests.laws.random_sparse import KINDS, arrow, chain, dense_of, grid, random_structure, random_values

N = 90


@pytest.fixture
def small(monkeypatch):
    """Grids for matrices that a test can form."""
    monkeypatch.setattr(coarsen, "COARSEST", 8)
    monkeypatch.setattr(coarsen, "MOST_TERMS", 10**6)


def as_matrix(cycle, n, dtype=float):
    """M (n, n)."""
    return np.asarray(jax.jit(lambda c: jax.vmap(c)(jnp.eye(n, dtype=dtype)))(cycle), float)


def laplacian(structure, weights):
    """The values of the weighted Laplacian of the pattern's graph."""
    rows, columns = np.asarray(structure.rows), np.asarray(structure.columns)
    off = rows != columns
    values = np.where(off, -weights, 0.0)
    for end in (rows, columns):
        np.add.at(values, np.asarray(structure.diagonal)[end[off]], weights[off])
    return values


def natural(structure, values):
    """Units of every variable."""
    return np.sqrt(np.maximum(np.abs(values[np.asarray(structure.diagonal)]), 1e-3))


def require_definite(cycle, n, dtype=float):
    """Symmetric to rounding, and no eigenvalue that is not positive."""
    M, rounding = as_matrix(cycle, n, dtype), n * float(jnp.finfo(dtype).eps)
    assert np.all(np.isfinite(M))
    size = np.max(np.abs(M))
    assert np.max(np.abs(M - M.T)) <= 100 * rounding * size
    assert np.linalg.eigvalsh((M + M.T) / 2)[0] > -rounding * size


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_symmetric_and_positive_definite_whatever_h_is(small, kind, dtype):
    """Random patterns and entries of any sign, indefinite ones, too."""
    rng, made = np.random.default_rng(1), 0
    for _ in range(4):
        structure = random_structure(rng, N, 3.0)
        values = random_values(rng, structure, kind)
        grids = grids_of(structure)
        if grids is None:
            continue
        made += 1
        d = natural(structure, values)
        require_definite(Cycle.of(grids, jnp.asarray(values, dtype), jnp.asarray(d, dtype)), N, dtype)
    assert made


@pytest.mark.parametrize("make", [lambda: grid(9), lambda: chain(81), lambda: arrow(81)], ids=["grid", "chain", "row"])
@pytest.mark.parametrize("sign", [1, -1])
def test_laplacians_and_what_is_left_of_them_by_bounds(small, make, sign):
    """Singular ones, their negatives, rough weights, held variables, rows without an entry."""
    structure, rng = make(), np.random.default_rng(2)
    values = sign * laplacian(structure, 10 ** rng.normal(size=structure.entries))
    grids = grids_of(structure)
    assert grids is not None
    n = structure.size
    held = rng.random(n) < 0.3
    B = SparseProducts(jnp.asarray(values), structure, grids)
    for operator in (B, B.restrict(jnp.asarray(held), jnp.where(held, 2.0, 0.0), jnp.zeros(n))):
        values = np.asarray(operator.values)
        require_definite(operator.preconditioner(jnp.asarray(natural(structure, values))), n)
    require_definite(Cycle.of(grids, 0 * jnp.asarray(values), jnp.ones(n)), n)


def test_it_is_far_from_none_where_h_is_definite(small):
    """Eigenvalues of M H of a Laplacian lie together: condition 400 becomes less than 4."""
    structure = grid(20)
    values = laplacian(structure, np.ones(structure.entries))
    values[np.asarray(structure.diagonal)] += 0.01
    d = natural(structure, values)
    H = dense_of(structure, values) / d[:, None] / d
    grids = grids_of(structure)
    assert grids is not None
    M = as_matrix(Cycle.of(grids, jnp.asarray(values), jnp.asarray(d)), 400)
    L = np.linalg.cholesky(H)
    w = np.linalg.eigvalsh(L.T @ M @ L)
    assert np.linalg.cond(H) > 150 and w[-1] / w[0] < 4


def test_aggregates_are_a_partition_by_roots_three_couplings_apart():
    """Every variable belongs to one aggregate, within two couplings of its root; none is empty."""
    rng = np.random.default_rng(3)
    for structure in (grid(11), chain(50), arrow(40), random_structure(rng, 70, 2.0), sparse_structure([], [], 5)[0]):
        found, n = aggregates(WholeRows.of(structure)), structure.size
        assert np.array_equal(np.unique(found), np.arange(found.max() + 1))
        near = dense_of(structure, np.ones(structure.entries)) != 0
        two = (near.astype(int) @ near) > 0
        for k in range(found.max() + 1):
            members = np.flatnonzero(found == k)
            assert any(two[i, members].all() for i in members)
        assert len(found) == n


def test_the_smaller_matrix_is_that_of_galerkin():
    """P'AP of dense matrices, P = (I - 4/3 L^-1 A) T."""
    rng, structure = np.random.default_rng(4), grid(8)
    values = random_values(rng, structure)
    p, n = WholeRows.of(structure), structure.size
    found = aggregates(p)
    made = coarsening(structure, p, found)
    assert made is not None
    one, smaller = made
    A = dense_of(structure, values)
    T = np.eye(found.max() + 1)[found]
    P = T - 4 / 3 * (A @ T) / np.abs(A).sum(axis=1)[:, None]
    weights = jnp.asarray(P[np.asarray(one.rows), columns_of(one)])
    half = summed_products(one.halfway, jnp.asarray(values), weights)
    coarse = summed_products(one.coarse, weights, half)
    np.testing.assert_allclose(dense_of(smaller, np.asarray(coarse)), P.T @ A @ P, atol=1e-12)
    e, r = rng.normal(size=T.shape[1]), rng.normal(size=n)
    np.testing.assert_allclose(summed_products(one.up, weights, jnp.asarray(e)), P @ e, atol=1e-12)
    np.testing.assert_allclose(summed_products(one.down, weights, jnp.asarray(r)), P.T @ r, atol=1e-12)


def columns_of(one):
    """The column of every entry of P."""
    columns = np.zeros(one.rows.shape[0], int)
    plan = one.up
    there = np.asarray(plan.right) >= 0
    columns[np.asarray(plan.left)[there]] = np.asarray(plan.right)[there]
    columns[np.asarray(plan.spill_left)] = np.asarray(plan.spill_right)
    return columns


def test_patterns_that_do_not_shrink_have_none(small, monkeypatch):
    """A diagonal; and rounds that would take too many products of entries."""
    assert grids_of(sparse_structure([], [], 100)[0]) is None
    monkeypatch.setattr(coarsen, "MOST_TERMS", 10)
    assert grids_of(grid(20)) is None


@pytest.mark.parametrize(("rough", "growth", "most"), [(0.0, 1.5, 25), (1.0, 2.2, 100)])
def test_products_hardly_grow_with_the_grid(rough, growth, most):
    """Conjugate gradients to 1e-8 of g on squares of 32, 64 and 128. Where coefficients are rough, grids that do not
    know them pay for it; without a preconditioner products grow fourfold."""
    taken = []
    for width in (32, 64, 128):
        structure, rng = grid(width), np.random.default_rng(5)
        values = laplacian(structure, 10 ** (rough * rng.normal(size=structure.entries)))
        edge = np.zeros((width, width))
        edge[[0, -1]], edge[:, [0, -1]] = 1, 1
        values[np.asarray(structure.diagonal)] += edge.ravel()
        values, d = jnp.asarray(values), jnp.asarray(natural(structure, values))
        grids = grids_of(structure)
        g = jnp.asarray(rng.normal(size=width * width))

        def walk(values, d, g, grids, structure=structure):
            cycle = Cycle.of(grids, values, d)
            mv = lambda v: sparse_product(structure, values, v / d) / d
            return conjugate_path(mv, g, jnp.inf, 1000, 2, 1e-8, inverse=cycle).inner

        taken.append(int(jax.jit(walk)(values, d, g, grids)))
    assert taken[-1] <= growth * taken[0], taken
    assert taken[-1] <= most, taken
