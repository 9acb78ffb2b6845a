"""Laws of colorings: every entry can be read, as few colors as are known to do, the same ones every time."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from raphson.sparsity.coloring import (
    Coloring,
    Crowded,
    color_columns,
    color_graph,
    color_rows,
    color_symmetric,
    entry_rows,
    fewest,
)
from raphson.sparsity.compress import hessian_recovery
from raphson.sparsity.greedy import (
    dense_first,
    largest_first,
    neighbor_lists,
    ranked_colors,
    smallest_last,
    star_colors,
)
from raphson.sparsity.lattice import SAMPLE, lattice_colors
from raphson.sparsity.price import products_instead
from tests.laws import patterns as P


def readable(A, color) -> bool:
    """By the definition: every entry alone of its color in its row, or its mirror image in its own."""
    dense = A.toarray() != 0
    alone = lambda i, j: np.sum(dense[i] & (color == color[j])) == 1
    return all(alone(i, j) or alone(j, i) for i, j in zip(*np.nonzero(dense), strict=True))


def apart(A, color) -> bool:
    """No two columns of a color have a row in common."""
    seeds = color[:, None] == np.arange(color.max(initial=0) + 1)
    return bool(np.all((A.toarray() != 0).astype(int) @ seeds <= 1))


def proper(found, n: int) -> bool:
    return (
        isinstance(found, Coloring)
        and found.color.shape == (n,)
        and found.color.dtype == np.int32
        and set(found.color.tolist()) == set(range(found.count))
    )


@given(P.symmetric())
@settings(max_examples=150)
def test_every_entry_has_a_reading(A) -> None:
    n = A.shape[0]
    found = color_symmetric(A.indptr, A.indices)
    assert proper(found, n) and found.count <= n and readable(A, found.color)
    again = color_symmetric(A.indptr.astype(np.int64), A.indices.astype(np.int64))
    assert np.array_equal(found.color, again.color)


@given(P.symmetric(24), st.randoms(use_true_random=False))
def test_both_greedy_rules_color_in_any_order(A, random) -> None:
    near, n = neighbor_lists(A.indptr, A.indices), A.shape[0]
    degree = np.array([len(row) for row in near])
    shuffled = random.sample(range(n), n)
    for order in (shuffled, dense_first(degree), largest_first(degree), smallest_last(near)):
        assert sorted(order) == list(range(n))
        for rule in (star_colors, ranked_colors):
            color = rule(near, order, n)
            assert color is not None and readable(A, color)
            count = int(color.max()) + 1
            assert rule(near, order, count - 1) is None  # first fit does not depend on the limit
            assert np.array_equal(rule(near, order, count), color)


@given(P.symmetric())
def test_a_tiling_keeps_columns_apart(A) -> None:
    found = lattice_colors(entry_rows(A.indptr), A.indices, A.shape[0], A.shape[0])
    assert found is None or (apart(A, found[0]) and set(found[0].tolist()) == set(range(found[1])))


def test_what_a_sample_of_the_pattern_does_not_show() -> None:
    """Two entries at the ends of a long chain: no sample of its middle has them."""
    n = 80_000
    i = np.arange(n - 1)
    A = P.pattern(np.r_[i, 0, n - 4], np.r_[i + 1, 3, n - 1], n)
    assert A.nnz > SAMPLE
    found = color_symmetric(A.indptr, A.indices)
    hessian_recovery(A.indptr, A.indices, found)  # raises where an entry has no reading
    assert found.count <= 4


def optimum(A) -> int:
    """The smallest number of colors, by trying all."""
    n = A.shape[0]
    for count in range(1, n + 1):
        for color in itertools.product(range(count), repeat=n):
            if color[0] == 0 and readable(A, np.array(color)):
                return count
    return n


@given(P.symmetric(5))
@settings(max_examples=60)
def test_the_bound_from_below_is_one(A) -> None:
    row = entry_rows(A.indptr)
    degree = np.diff(A.indptr) - np.bincount(row[row == A.indices], minlength=A.shape[0])
    best = optimum(A)
    assert fewest(row, A.indices, degree) <= best <= color_symmetric(A.indptr, A.indices).count


@pytest.mark.parametrize(
    ("A", "count"),
    [
        (P.blocks(1), 1),
        (P.blocks(*[1] * 30), 1),
        (P.band(2, 1), 2),
        (P.band(3, 1), 2),  # a star: the middle is alone
        (P.band(50, 1), 3),  # Coleman and More (1984): direct methods need the width of a band
        (P.band(50, 2), 5),
        (P.band(50, 7), 15),
        (P.arrow(60), 2),
        (P.arrow(60, 3), 4),
        (P.blocks(*[4] * 12), 4),
        (P.blocks(1, 7, 2, 5), 7),
        (P.blocks(25), 25),
        (P.five(12, 31), 5),  # Fertin, Raspaud and Reed (2004): the star chromatic number of grids, 4 x 4 and beyond
        (P.five(30, 30), 5),
        (P.five(31, 32), 5),
        (P.seven(20, 23), 7),  # tilings of the plane by the stencil: Goldfarb and Toint (1984)
        (P.seven(21, 21), 7),
        (P.nine(20, 20), 9),
        (P.nine(16, 37), 9),
        (P.cube(7, 8, 9), 7),
        (P.fields(P.five(10, 11), 2), 10),
        (P.fields(P.five(10, 11), 2, stacked=True), 10),
        (P.dense_column_chain(60), 4),
    ],
)
def test_patterns_whose_number_is_known(A, count) -> None:
    found = color_symmetric(A.indptr, A.indices)
    assert proper(found, A.shape[0]) and readable(A, found.color) and found.count == count


# Colors of asdex 0.5.1 (star coloring, largest first, as in SparseMatrixColorings.jl), run on these patterns.
ASDEX = {
    "five": (P.five(30, 30), 5),
    "seven": (P.seven(30, 30), 9),
    "nine": (P.nine(30, 30), 11),
    "cube": (P.cube(10, 10, 10), 11),
    "few": (P.scattered(900, 3), 8),
    "some": (P.scattered(900, 6), 16),
    "more": (P.scattered(900, 12), 26),
    "hubs": (P.attached(900), 42),
    "poses": (P.closed_walk(300, 3), 21),
    "SPARSINE": (P.grouped(900), 67),
    "DIXMAAN": (P.thirds(900), 7),
    "NONDQUAR": (P.dense_column_chain(900), 4),
    "fields": (P.fields(P.five(20, 20), 2, stacked=True), 12),
}


@pytest.mark.parametrize("name", ASDEX)
def test_no_more_colors_than_another_program(name) -> None:
    A, others = ASDEX[name]
    assert color_symmetric(A.indptr, A.indices).count <= others


SMALL = {
    "chain": P.band(400, 1),
    "band": P.band(400, 4),
    "five": P.five(20, 20),
    "nine": P.nine(20, 20),
    "cube": P.cube(7, 7, 8),
    "random": P.scattered(400, 5),
    "blocks": P.blocks(*[3] * 130),
    "fields": P.fields(P.five(14, 14), 2),
    "SPARSINE": P.grouped(400),
    "poses": P.closed_walk(130, 3),
}


@pytest.mark.parametrize("part", [1.0, 0.6])
@pytest.mark.parametrize("k", [1, 3, 8])
@pytest.mark.parametrize("name", SMALL)
def test_dense_rows_cost_a_color_each(name, k, part) -> None:
    """H = [S B'; B D]: what S has, and one for each row of the border."""
    S, A = P.bordered(SMALL[name], k, part)
    found = color_symmetric(A.indptr, A.indices)
    assert proper(found, A.shape[0]) and readable(A, found.color)
    assert found.count <= color_symmetric(S.indptr, S.indices).count + k
    assert np.array_equal(color_symmetric(A.indptr, A.indices, found.count).color, found.color)


@pytest.mark.parametrize("part", [1.0, 0.6])
@pytest.mark.parametrize("k", [1, 8])
@pytest.mark.parametrize("name", SMALL)
def test_dense_columns_cost_a_color_each(name, k, part) -> None:
    """J = [S B]: parameters in all residuals, at the end or anywhere."""
    S, rng = SMALL[name], np.random.default_rng(0)
    n = S.shape[0]
    J = sp.csr_array(sp.hstack([S, rng.random((n, k)) < part]))
    place = np.sort(rng.permutation(n + k)[:n])
    order = np.empty(n + k, int)
    order[place], order[np.setdiff1d(np.arange(n + k), place)] = np.arange(n), np.arange(n, n + k)
    most = color_columns(S.indptr, S.indices, n).count + k
    for A in (P.ones(J), P.ones(J[:, order])):
        found = color_columns(A.indptr, A.indices, n + k)
        assert proper(found, n + k) and apart(A, found.color) and found.count <= most
        turned = P.ones(A.T)
        assert color_rows(turned.indptr, turned.indices, n).count == found.count


def test_a_crowded_pattern_says_so() -> None:
    A = P.scattered(300, 12)
    found = color_symmetric(A.indptr, A.indices, 8)
    assert isinstance(found, Crowded) and found.least <= 8 == found.most
    assert "more than 8 colors" in str(products_instead(found))
    full = P.blocks(300)
    found = color_symmetric(full.indptr, full.indices, 20)
    assert isinstance(found, Crowded) and found.least > 20
    assert f"at least {found.least} colors" in str(products_instead(found))
    assert products_instead(color_symmetric(A.indptr, A.indices)) is None
    assert "has 300 colors" in str(products_instead(color_symmetric(full.indptr, full.indices)))


def test_the_folded_coloring_is_no_worse() -> None:
    for A in (
        P.fields(P.five(9, 9), 3),
        P.closed_walk(60, 3),
        P.fields(P.scattered(50, 4), 2),
        P.blocks(3, 1, 4, 1, 5),
    ):
        assert color_symmetric(A.indptr, A.indices).count <= color_graph(A.indptr, A.indices, A.shape[0]).count


@given(P.rectangular())
@settings(max_examples=100)
def test_columns_and_rows_of_one_color_have_nothing_in_common(A) -> None:
    m, n = A.shape
    columns, rows = color_columns(A.indptr, A.indices, n), color_rows(A.indptr, A.indices, n)
    assert proper(columns, n) and apart(A, columns.color) and np.diff(A.indptr).max(initial=1) <= columns.count
    assert proper(rows, m) and apart(A.T, rows.color)


def test_known_jacobians() -> None:
    A = P.ones(sp.diags_array([np.ones(40), np.ones(40)], offsets=[0, 1], shape=(40, 41)))
    assert color_columns(A.indptr, A.indices, 41).count == 2 == color_rows(A.indptr, A.indices, 41).count
    tall = P.ones(sp.vstack([A, np.ones((1, 41))]))  # one residual holds everything
    assert color_columns(tall.indptr, tall.indices, 41).count == 41
    assert color_rows(tall.indptr, tall.indices, 41).count == 3
    grid = P.five(20, 20)
    assert color_columns(grid.indptr, grid.indices, 400).count == 5
    assert isinstance(color_columns(tall.indptr, tall.indices, 41, 10), Crowded)


def test_nothing_is_colored_by_nothing() -> None:
    none = np.zeros(1, np.int32), np.zeros(0, np.int32)
    assert color_symmetric(*none).count == 0
    assert color_columns(*none, 0).count == 0 == color_rows(*none, 0).count
    assert color_columns(*none, 3).count == 1
