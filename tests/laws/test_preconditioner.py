"""Laws of the preconditioner that conjugate gradients leave behind: what it is, and what it may never do."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import LbfgsInvHessProduct

from raphson.linear.cg import FORCING, ROOM, ROWS, conjugate_path, newton_cg_direction, rows_for
from raphson.linear.preconditioner import KEPT, ConjugatePairs, pairs_rows
from tests.laws.random_models import decrease, quadratics

N = 12
RADII = np.logspace(-2, 1.5, 12)


@cache
def matrices():
    """A compiled function (pairs, g) -> P as a matrix, in a batch."""
    return jax.jit(jax.vmap(lambda pairs, g: jax.vmap(pairs.preconditioner(g))(jnp.eye(N, dtype=g.dtype)).T))


@cache
def walks():
    """A compiled function (H, g, pairs) -> step, products and the pairs left behind, in a batch."""

    def one(H, g, pairs):
        found = newton_cg_direction(lambda v: H @ v, g, 20 * N, 1e-6, pairs)
        return found.s, found.inner, found.pairs

    return jax.jit(jax.vmap(one))


def unlearned(count, dtype=float):
    """No pairs yet, for a batch."""
    blank = ConjugatePairs.none(KEPT, np.zeros(N, dtype))
    return jax.tree.map(lambda a: jnp.stack([a] * count), blank)


def drawn(rng, count, dtype=float):
    """Pairs that belong to no matrix at all."""
    S, Y = rng.standard_normal((2, count, KEPT, N)).astype(dtype)
    index = np.stack([rng.permutation(KEPT) - 2 for _ in range(count)]).astype(np.int32)
    blank = unlearned(count, dtype)
    return ConjugatePairs(jnp.asarray(S), jnp.asarray(Y), jnp.asarray(index), blank.stride, blank.definite)


def test_it_is_the_inverse_of_lbfgs_from_the_same_pairs():
    """SciPy's, whose first matrix is I: with gamma I it is gamma times that of the pairs (s / gamma, y)."""
    H, g = quadratics(np.random.default_rng(0), N, "definite", 6)
    _, products, pairs = walks()(H, g, unlearned(6))
    P = np.asarray(matrices()(pairs, g))
    for k, (S, Y, index) in enumerate(zip(pairs.S, pairs.Y, pairs.index, strict=True)):
        order = [row for row in np.argsort(index) if index[row] >= 0]
        assert len(order) == min(KEPT, products[k])
        S, Y = np.asarray(S)[order], np.asarray(Y)[order]
        gamma = (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1])
        true = gamma * LbfgsInvHessProduct(S / gamma, Y).todense()
        np.testing.assert_allclose(P[k], true, atol=1e-4 * np.max(np.abs(true)))
        np.testing.assert_allclose(Y, S @ H[k], atol=1e-12)
        np.testing.assert_allclose(Y @ P[k], S, atol=1e-4)


def test_directions_without_curvature_are_left_out():
    """Where g has a part in the null space, conjugate gradients end in a direction whose curvature is rounding."""
    H, g = quadratics(np.random.default_rng(0), N, "singular", 6)
    _, _, pairs = walks()(H, g, unlearned(6))
    bend = np.asarray(pairs.S * pairs.Y).sum(-1)
    assert np.all(np.min(np.where(pairs.index < 0, np.inf, np.abs(bend)), axis=1) < 1e-14)
    assert np.max(np.abs(matrices()(pairs, g))) < 1e13


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_it_is_positive_definite_whatever_the_pairs(dtype):
    """Pairs with s'y < 0 or NaN in them are left out; with none left it is the identity, to the last bit."""
    rng = np.random.default_rng(1)
    pairs, g = drawn(rng, 30, dtype), rng.standard_normal((30, N)).astype(dtype)
    P = np.asarray(matrices()(pairs, g), float)
    size = np.linalg.norm(P, 2, axis=(1, 2))
    assert np.all(np.abs(P - P.transpose(0, 2, 1)).max((1, 2)) <= 1e3 * np.finfo(dtype).eps * size)
    assert np.all(np.linalg.eigvalsh((P + P.transpose(0, 2, 1)) / 2)[:, 0] > -1e2 * np.finfo(dtype).eps * size)
    assert np.any(np.abs(P - np.eye(N)) > 0.1)
    lost = (
        jax.tree.map(jnp.zeros_like, pairs),
        ConjugatePairs(pairs.S, -pairs.S, pairs.index, pairs.stride, pairs.definite),
        ConjugatePairs(pairs.S, jnp.full_like(pairs.Y, jnp.nan), pairs.index, pairs.stride, pairs.definite),
        ConjugatePairs(pairs.S, pairs.Y, pairs.index, pairs.stride, ~pairs.definite),
    )
    for nothing in lost:
        np.testing.assert_array_equal(matrices()(nothing, g), np.broadcast_to(np.eye(N), P.shape))


@pytest.mark.parametrize("kind", ["definite", "ill-conditioned"])
def test_a_second_walk_ends_where_the_first_did_and_takes_fewer_products(kind):
    """In all units of f and of x that are powers of 2 with the same digits."""
    H, g = quadratics(np.random.default_rng(2), N, kind, 8)
    s, first, pairs = walks()(H, g, unlearned(8))
    again, second, _ = walks()(H, g, pairs)
    assert np.sum(second) < 0.8 * np.sum(first) and np.all(second <= first)
    for k in range(8):
        assert np.linalg.norm(H[k] @ again[k] + g[k]) <= 1e-5 * np.linalg.norm(g[k])
    assert np.all(np.isfinite(s))
    units = np.array([2.0**40] * 8), np.array([2.0**-20] * 8)
    f, d = units[0][:, None], units[1][:, None]
    other, products, left = walks()(f[..., None] * H / d[..., None] ** 2, f * g / d, unlearned(8))
    np.testing.assert_array_equal(other, d * s)
    np.testing.assert_array_equal(products, first)
    other, products, _ = walks()(f[..., None] * H / d[..., None] ** 2, f * g / d, left)
    np.testing.assert_array_equal(other, d * again)
    np.testing.assert_array_equal(products, second)


def test_where_negative_curvature_was_met_the_next_walk_is_plain():
    """The pairs say so themselves, and the step is that without them."""
    H, g = quadratics(np.random.default_rng(3), N, "negative", 6)
    _, _, pairs = walks()(H, g, unlearned(6))
    assert not np.any(pairs.definite)
    near, slope = quadratics(np.random.default_rng(4), N, "definite", 6)
    for a, b in zip(walks()(near, slope, pairs)[:2], walks()(near, slope, unlearned(6))[:2], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rows", [2, 2 * N])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_preconditioned_path_stays_in_the_ball_and_falls(rows, dtype):
    """||y|| <= radius with equality where the path is held back, the model never higher for a larger radius, y'Hy as
    it is: with pairs of a definite model beside, whatever the model is."""

    def one(H, g, pairs):
        w = conjugate_path(lambda v: H @ v, g, jnp.inf, 20 * N, rows, FORCING, pairs=pairs)
        return jax.vmap(w.at)(jnp.asarray(RADII, g.dtype))

    parts = [quadratics(np.random.default_rng(k), N, kind, 6) for k, kind in enumerate(("definite", "indefinite"))]
    H, g = (np.concatenate(a).astype(dtype) for a in zip(*parts, strict=True))
    beside, slope = quadratics(np.random.default_rng(5), N, "definite", 12)
    pairs = walks()(beside.astype(dtype), slope.astype(dtype), unlearned(12, dtype))[2]
    found = jax.jit(jax.vmap(one))(H, g, pairs)
    y, bend, held = (np.asarray(a, float) for a in (found.y, found.bend, found.bound))
    H, g, noise = H.astype(float), g.astype(float), 1e3 * np.finfo(dtype).eps
    length = np.linalg.norm(y, axis=-1)
    assert np.all(length <= RADII * (1 + noise))
    np.testing.assert_allclose(length[held > 0], np.broadcast_to(RADII, length.shape)[held > 0], rtol=noise)
    assert np.any(held > 0) and np.any(held == 0)
    lower = decrease(H[:, None], g[:, None], y)
    assert np.all(lower > 0) and np.all(np.diff(lower, axis=1) >= -noise * (1 + np.abs(lower[:, 1:])))
    true = np.einsum("kti,kij,ktj->kt", y, H, y)
    np.testing.assert_allclose(bend, true, atol=10 * noise * np.max(length**2 + length))


def test_pairs_are_sampled_evenly_along_the_walk():
    """Of c + 1 directions no two neighbors among those kept are further apart than c / 4."""
    direction = lambda c: jnp.zeros(N).at[0].set(c + 1.0)
    joined = jax.jit(lambda pairs, c: pairs.joined(c, direction(c), jnp.ones(N) * c, jnp.array(False)))
    pairs = ConjugatePairs.none(KEPT, np.zeros(N))
    for c in range(150):
        pairs = joined(pairs, c)
        index = np.sort(pairs.index)
        if c >= KEPT:
            assert len(set(index)) == KEPT and index[0] == 0
            assert np.max(np.diff([*index, c])) <= c / 4
    np.testing.assert_allclose(pairs.Y[:, 0], pairs.index / (pairs.index + 1.0))
    np.testing.assert_array_equal(pairs.S[:, 0], 1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pairs_and_points_have_one_room(dtype):
    """Together they take no more than a path did; a million variables leave none for pairs."""
    for n in (40, 10_000, 65_536, 131_072, 131_073, 300_000, 1_000_000):
        g = jax.ShapeDtypeStruct((n,), dtype)
        numbers = (2 * pairs_rows(g) + rows_for(g)) * n
        assert numbers * g.dtype.itemsize <= ROOM and rows_for(g) <= ROWS
    assert pairs_rows(g) == 0 and rows_for(g) == ROOM // (n * g.dtype.itemsize)
