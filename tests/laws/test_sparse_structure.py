"""Laws of patterns and products of sparse symmetric matrices, against dense ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raphson.linear.structure import (
    absolute_product,
    absolute_row_sums,
    diagonal_entries,
    host_pattern,
    identity_values,
    quadratic_form,
    reduced_values,
    scaled_values,
    shifted_values,
    sparse_product,
    sparse_structure,
)
from raphson.linear.sums import padded_width
from raphson.linear.symbolic import fill_of_order
from tests.laws.random_sparse import arrow, chain, dense_of, grid, random_structure

places = st.integers(1, 12).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40))
)


@settings(max_examples=200, deadline=None)
@given(places)
def test_places_in_any_order_become_a_lower_triangle(drawn):
    n, pairs = drawn
    rows, columns = np.array(pairs, int).reshape(-1, 2).T
    structure, where = sparse_structure(rows, columns, n)
    low_rows, low_columns = host_pattern(structure)
    wanted = {(max(i, j), min(i, j)) for i, j in pairs} | {(i, i) for i in range(n)}
    found = list(zip(low_rows.tolist(), low_columns.tolist(), strict=True))
    assert set(found) == wanted and len(found) == len(wanted)
    assert found == sorted(found, key=lambda place: place[::-1])
    assert [found[k] for k in where] == [(max(i, j), min(i, j)) for i, j in pairs]
    assert [found[k] for k in structure.diagonal] == [(i, i) for i in range(n)]
    assert structure.size == n and structure.entries == len(wanted)


@settings(max_examples=200, deadline=None)
@given(places, st.integers(0, 2**32 - 1))
def test_fill_is_that_of_elimination(drawn, seed):
    """Entries of L in columns and rows, for any order, against a dense symbolic elimination."""
    n, pairs = drawn
    structure, _ = sparse_structure(*np.array(pairs, int).reshape(-1, 2).T, n)
    order = np.random.default_rng(seed).permutation(n)
    full = dense_of(structure, np.ones(structure.entries))[order][:, order] != 0
    for k in range(n):
        below = k + 1 + np.flatnonzero(full[k + 1 :, k])
        full[np.ix_(below, below)] = True
    found = fill_of_order(*host_pattern(structure), order)
    np.testing.assert_array_equal(found.column_counts, np.tril(full).sum(0))
    np.testing.assert_array_equal(found.row_counts, np.tril(full).sum(1))
    assert found.reach >= full.sum(1).max() and found.flops == np.sum(np.tril(full).sum(0) ** 2)


@pytest.mark.parametrize(
    "structure",
    [chain(1), chain(9), grid(5), arrow(40), random_structure(np.random.default_rng(0), 30), arrow(6)],
    ids=["one", "chain", "grid", "arrow", "random", "small arrow"],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_products_are_dense(structure, dtype):
    rng = np.random.default_rng(1)
    n = structure.size
    values, v = rng.normal(size=structure.entries).astype(dtype), rng.normal(size=n).astype(dtype)
    d, shift = np.exp(rng.normal(size=n)).astype(dtype), rng.normal(size=n).astype(dtype)
    H = dense_of(structure, values)
    close = {"rtol": 8 * n * np.finfo(dtype).eps, "atol": 8 * n * np.finfo(dtype).eps}
    values = jnp.asarray(values)

    def of(a):
        assert a.dtype == dtype
        return dense_of(structure, a)

    product = jax.jit(sparse_product)(structure, values, v)
    assert product.dtype == dtype
    np.testing.assert_allclose(product, H @ v, **close)
    np.testing.assert_allclose(absolute_product(structure, values, v), abs(H) @ abs(v), **close)
    np.testing.assert_allclose(absolute_row_sums(structure, values), abs(H).sum(1), **close)
    np.testing.assert_allclose(quadratic_form(structure, values, v), v @ H @ v, **close)
    np.testing.assert_array_equal(diagonal_entries(structure, values), np.diag(H))
    np.testing.assert_allclose(of(shifted_values(structure, values, 0.5)), H + 0.5 * np.eye(n), **close)
    np.testing.assert_allclose(of(shifted_values(structure, values, shift)), H + np.diag(shift), **close)
    np.testing.assert_allclose(of(scaled_values(structure, values, d)), H / d[:, None] / d, **close)
    np.testing.assert_array_equal(of(identity_values(structure, values)), np.eye(n))
    lanes = jax.vmap(sparse_product, (None, 0, 0))(structure, jnp.stack([values, 2 * values]), np.stack([v, v]))
    np.testing.assert_allclose(lanes, np.stack([H @ v, 2 * H @ v]), **close)


def test_a_wide_matrix_is_summed_in_pieces():
    n = 60
    structure, _ = sparse_structure(*np.tril_indices(n), n)
    rng = np.random.default_rng(2)
    values, v = rng.normal(size=structure.entries), rng.normal(size=n)
    assert structure.slots.shape == (n, n)
    np.testing.assert_allclose(sparse_product(structure, values, v), dense_of(structure, values) @ v, atol=1e-13)


def test_nan_stays_in_its_rows():
    structure = grid(4)
    rows, columns = host_pattern(structure)
    for k in range(structure.entries):
        values = np.ones(structure.entries)
        values[k] = np.nan
        lost = np.isnan(sparse_product(structure, values, np.ones(16)))
        assert set(np.flatnonzero(lost)) == {rows[k], columns[k]}


def test_what_is_held_may_be_nan():
    """Rows and columns of a variable at its bound become those of the identity, whatever stood there."""
    structure = grid(3)
    rng = np.random.default_rng(3)
    values = rng.normal(size=structure.entries)
    free = rng.random(9) < 0.6
    rows, columns = host_pattern(structure)
    clean = dense_of(structure, values)
    values[~(free[rows] & free[columns])] = np.nan
    wanted = np.where(free[:, None] & free, clean, np.eye(9))
    np.testing.assert_array_equal(dense_of(structure, reduced_values(structure, values, free)), wanted)


def test_a_full_row_does_not_pad_the_others():
    n = 5000
    structure = arrow(n)
    assert structure.slots.shape[0] == 2 and structure.spill_rows.shape == (n - 2,)
    assert padded_width(np.full(100, 7)) == 7 and padded_width(np.array([1])) == 1


@pytest.mark.parametrize(
    "given, words",
    [
        (([0], [3], 3), "outside the 3 by 3"),
        (([-1], [0], 3), "outside"),
        (([0, 1], [0], 3), "2 rows, 1 columns"),
        (([], [], 0), "n >= 1"),
    ],
)
def test_wrong_places_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        sparse_structure(*given)
