"""J'J of a sparse J answers as that of the dense one does, and its steps solve what they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import csr_array

from raphson.linear.normal import (
    TooMany,
    jacobian_structure,
    products_of,
)
from raphson.operators.gram import Gram
from raphson.operators.sparse_gram import SparseGram


def pair(seed, m=40, n=23, full=True, scales=0):
    """A random J, sparse and dense, with an empty row, a long row and a long column; `full`: of full column rank."""
    rng = np.random.default_rng(seed)
    there = rng.random((m, n)) < 0.12
    there[:, 5], there[7], there[11] = True, True, False
    if full:
        there[:n] |= np.eye(n, dtype=bool)
    else:
        there[:, 3] = False
    J = there * rng.normal(size=(m, n)) * np.exp(scales * rng.normal(size=n))
    held = csr_array(there)
    held.sort_indices()
    p = jacobian_structure(held.indptr, held.indices, n)
    entries = jnp.asarray(J[np.repeat(np.arange(m), np.diff(held.indptr)), held.indices])
    r, zero = jnp.asarray(rng.normal(size=m)), jnp.zeros(n)
    return SparseGram(entries, r, jnp.ones(m), zero, zero, p), Gram(jnp.asarray(J), r, jnp.ones(m)), rng


SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_products_and_entries_are_those_of_the_dense_matrix(seed):
    S, D, rng = pair(seed)
    v, w, size = (jnp.asarray(rng.normal(size=k)) for k in (23, 40, 23))
    held = jnp.arange(23) % 4 == 1
    stiff, room = jnp.where(held, 1.3, 0), jnp.where(held, 0.7, 0)
    for a, b in (
        (S.structure.times(S.entries, v), D.J @ v),
        (S.structure.transposed(S.entries, w), w @ D.J),
        (S.structure.csr(S.entries).toarray(), D.J),
        (S.dense(), D.dense()),
        (S.csr().toarray(), D.dense()),
        (S.mv(v), D.mv(v)),
        (S.diagonal(), D.diagonal()),
        (S.quadratic(v), D.quadratic(v)),
        (S.noise(jnp.abs(size)), D.noise(jnp.abs(size))),
        (S.restrict(held, stiff, room).dense(), D.restrict(held, stiff, room).dense()),
        (S.restrict(held, stiff, room).slope(), D.restrict(held, stiff, room).r @ D.restrict(held, stiff, room).J),
    ):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("scales", [0, 8])
@pytest.mark.parametrize("shift", [1e-8, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize("seed", SEEDS)
def test_damped_steps_solve_their_equations(seed, shift, scales):
    """(J'J + shift D^2) s = -J'r to 1e-12 of what is summed there, whatever the units."""
    S, D, _ = pair(seed, scales=scales)
    d = jnp.sqrt(S.diagonal())
    g = D.r @ D.J
    plan = S.prepare(g, d)
    s = plan.lift(plan.solve(jnp.asarray(shift)))
    J = np.asarray(D.J / d)
    y = np.asarray(s * d)
    left = J.T @ (J @ y) + shift * y + np.asarray(g / d)
    size = np.abs(J).T @ (np.abs(J) @ np.abs(y)) + shift * np.abs(y) + np.abs(g / d)
    assert np.max(np.abs(left) / size) <= 1e-12
    dense = D.prepare(g, d)
    np.testing.assert_allclose(s * d, dense.solve(jnp.asarray(shift)), rtol=1e-9, atol=1e-9 * np.max(np.abs(y)))


@pytest.mark.parametrize("seed", SEEDS)
def test_full_steps_are_those_of_qr_also_without_full_rank(seed):
    """Without full rank the shortest one, in the units of the columns."""
    for full, near in ((True, 1e-10), (False, 1e-5)):
        S, D, _ = pair(seed, full=full)
        d = jnp.where(S.diagonal() > 0, jnp.sqrt(S.diagonal()), 1)
        g = D.r @ D.J
        s, t = S.newton(g, d).s, D.newton(g, d).s
        np.testing.assert_allclose(s, t, rtol=near, atol=near * float(jnp.max(jnp.abs(t))))


def test_the_product_is_foreseen():
    start, column = np.array([0, 4000, 4001]), np.append(np.arange(4000), 3)
    assert products_of(start) == 4000 * 4001 // 2 + 1
    refused = jacobian_structure(start, column, 4000, most=1000)
    assert isinstance(refused, TooMany) and refused.products == products_of(start)


def test_all_of_it_under_jit_and_vmap():
    S, D, _ = pair(0)
    d, g = jnp.sqrt(S.diagonal()), D.r @ D.J

    @jax.jit
    def step(S, shift):
        plan = S.prepare(g, d)
        return plan.lift(plan.solve(shift))

    shifts = jnp.array([0.1, 2.0])
    both = jax.vmap(step, in_axes=(None, 0))(S, shifts)
    np.testing.assert_allclose(both[1], step(S, shifts[1]), rtol=1e-12)


def test_single_precision_goes_through_double():
    S, D, _ = pair(1)
    low = jax.tree.map(lambda a: a.astype(jnp.float32) if a.dtype == jnp.float64 else a, S)
    d, g = jnp.sqrt(low.diagonal()), (D.r @ D.J).astype(jnp.float32)
    y = low.prepare(g, d).solve(jnp.float32(0.5))
    assert y.dtype == jnp.float32
    np.testing.assert_allclose(y, S.prepare(D.r @ D.J, d.astype(float)).solve(jnp.asarray(0.5)), rtol=1e-4, atol=1e-5)
