"""A sparse matrix answers as the dense one with the same entries does."""

import jax.numpy as jnp
import numpy as np
import pytest

from raphson.linear.structure import sparse_structure
from raphson.operators.dense import Dense
from raphson.operators.sparse import Sparse


def pair(seed, n=17, definite=False):
    """A random symmetric matrix, sparse and dense, a gradient and a scale."""
    rng = np.random.default_rng(seed)
    A = (rng.random((n, n)) < 0.12) * rng.normal(size=(n, n))
    A = A + A.T + np.diag(rng.normal(size=n))
    if definite:
        A += np.diag(np.abs(A).sum(axis=1) + 0.1)
    structure, places = sparse_structure(*np.nonzero(A), n)
    values = jnp.zeros(structure.entries).at[places].set(A[np.nonzero(A)])
    return (
        Sparse(values, structure),
        Dense(jnp.asarray(A)),
        jnp.asarray(rng.normal(size=n)),
        jnp.asarray(0.5 + rng.random(n)),
    )


SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_entries_products_and_bounds_are_those_of_the_dense_matrix(seed):
    S, D, g, _ = pair(seed)
    own = jnp.sqrt(jnp.abs(D.diagonal())).at[0].set(0)
    held = jnp.arange(g.size) % 3 == 0
    stiff = jnp.where(held, 1.5, 0)
    for a, b in (
        (S.dense(), D.dense()),
        (S.csr().toarray(), D.dense()),
        (S.mv(g), D.mv(g)),
        (S.quadratic(g), D.quadratic(g)),
        (S.diagonal(), D.diagonal()),
        (S.beside(own), D.beside(own)),
        (S.beside(own, others=True), D.beside(own, others=True)),
        (S.rounding(jnp.abs(g)), D.rounding(jnp.abs(g))),
        (S.restrict(held, stiff, g).dense(), D.restrict(held, stiff, g).dense()),
    ):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)
    assert bool(S.finite()) and not bool(Sparse(S.values.at[3].set(jnp.nan), S.structure).finite())


@pytest.mark.parametrize("definite", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_subproblem_is_that_of_the_dense_matrix(seed, definite):
    """Newton step, solves for shifts that make it definite, and those that do not."""
    S, D, g, d = pair(seed, definite=definite)
    ours, theirs = S.subproblem(g, d), D.subproblem(g, d)
    assert bool(ours.definite) == bool(theirs.definite) == definite
    if definite:
        np.testing.assert_allclose(ours.newton, theirs.newton, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(ours.bend(), theirs.bend(), rtol=1e-8)
    lowest = np.linalg.eigvalsh(np.asarray(D.dense()) / np.outer(d, d))[0]
    for above in (1e-3, 1.0, 1e3):
        a, b = ours.solve(jnp.asarray(-lowest + above)), theirs.solve(jnp.asarray(-lowest + above))
        assert bool(a.ok) and bool(b.ok)
        np.testing.assert_allclose([a.fall, a.bend], [b.fall, b.bend], rtol=1e-7)
        np.testing.assert_allclose(a.y, b.y, rtol=1e-7, atol=1e-9)
    z, curvature = ours.weakest(ours.solve(jnp.asarray(-lowest + 1e-9)), jnp.ones_like(g))
    assert abs(float(curvature)) < 1e-6 and abs(float(z @ z) - 1) < 1e-12
    assert not bool(ours.solve(jnp.asarray(-lowest - 1e-6)).ok)


@pytest.mark.parametrize("seed", SEEDS)
def test_negative_curvature_is_found_and_none_is_invented(seed):
    for definite in (False, True):
        S, D, _, d = pair(seed, definite=definite)
        found, z = S.negative_curvature(d)
        assert bool(found) == (not definite)
        if not definite:
            M = np.asarray(D.dense()) / np.outer(d, d)
            assert z @ M @ z < 0.4 * np.linalg.eigvalsh(M)[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_newton_directions_descend(seed):
    """-B^-1 g for a definite matrix, a descent direction for every other one."""
    for definite in (False, True):
        S, D, g, d = pair(seed, definite=definite)
        s = S.newton(g, d).s
        assert float(g @ s) < 0
        if definite:
            np.testing.assert_allclose(s, np.linalg.solve(D.dense(), -g), rtol=1e-9, atol=1e-12)
        shifts = S.prepare(g, d)
        y = shifts.lift(shifts.solve(jnp.asarray(1e-2) + jnp.maximum(0, -shifts.lowest)))
        assert float(g @ y) < 0


def test_variables_without_any_curvature_and_a_single_one():
    S = Sparse(jnp.zeros(3), sparse_structure([], [], 3)[0])
    plan = S.subproblem(jnp.ones(3), jnp.ones(3))
    assert not bool(plan.definite)
    np.testing.assert_allclose(plan.solve(jnp.asarray(2.0)).y, -0.5)
    one = Sparse(jnp.asarray([4.0]), sparse_structure([0], [0], 1)[0])
    np.testing.assert_allclose(one.newton(jnp.ones(1), jnp.ones(1)).s, -0.25)
