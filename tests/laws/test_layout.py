"""Squares of a matrix and its factor against a dense elimination."""

import numpy as np
import pytest

from raphson.linear.layout import factor_squares, matrix_squares
from raphson.linear.symbolic import fill_of_order


def dense_fill(rows, columns, order):
    """The pattern of L by elimination, one variable after another; nothing cancels."""
    n = order.size
    A = np.zeros((n, n), bool)
    A[rows, columns] = A[columns, rows] = True
    A = A[np.ix_(order, order)] | np.eye(n, dtype=bool)
    for k in range(n):
        below = np.flatnonzero(A[k + 1 :, k]) + k + 1
        A[np.ix_(below, below)] = True
    return np.tril(A)


def parts(A, squares):
    n = len(A)
    of = np.arange(n) * squares // n
    out = np.zeros((squares, squares), int)
    np.add.at(out, (of[:, None].repeat(n, 1)[A], of[None].repeat(n, 0)[A]), 1)
    return out


@pytest.mark.parametrize("seed", range(12))
def test_the_squares_of_a_factor_are_those_of_a_dense_elimination(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 70))
    m = int(rng.integers(0, 3 * n))
    i, j = rng.integers(0, n, (2, m))
    if seed % 4 == 3:  # one variable in every term
        i, j = np.concatenate([i, np.arange(n)]), np.concatenate([j, np.zeros(n, int)])
    rows = np.concatenate([np.maximum(i, j), np.arange(n)])
    columns = np.concatenate([np.minimum(i, j), np.arange(n)])
    order = rng.permutation(n) if seed % 2 else np.arange(n)
    L = dense_fill(rows, columns, order)
    for squares in sorted({1, min(n, 7), n}):
        found, own = factor_squares(rows, columns, order, squares)
        np.testing.assert_array_equal(found, parts(L, squares))
        A = np.zeros((n, n), bool)
        place = np.argsort(order)
        A[np.maximum(place[rows], place[columns]), np.minimum(place[rows], place[columns])] = True
        np.testing.assert_array_equal(own, parts(A, squares))
    assert found.sum() == fill_of_order(rows, columns, order).nonzeros


def test_every_entry_is_in_one_square():
    rows, columns = np.array([0, 3, 9, 9]), np.array([9, 3, 0, 9])
    np.testing.assert_array_equal(matrix_squares(rows, columns, 10, 2), [[1, 1], [1, 1]])
