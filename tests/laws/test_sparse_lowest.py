"""Laws of the lowest eigenvalue of a sparse matrix: what is called proven is true."""

from fractions import Fraction

import numpy as np
import pytest

from raphson.linear.lowest import HostMatrix, lowest_eigenpair
from raphson.linear.sparse import BACKENDS
from raphson.linear.structure import host_pattern
from tests.laws.random_sparse import KINDS, arrow, both, chain, dense_of, grid, random_structure, random_values


def exactly_definite(matrix, level):
    """Whether H - level I is positive semidefinite, in rational numbers: no rounding at all."""
    n = len(matrix)
    a = [[Fraction(float(x)) for x in row] for row in matrix]
    for i in range(n):
        a[i][i] -= Fraction(float(level))
    for k in range(n):
        if a[k][k] < 0 or (a[k][k] == 0 and any(a[i][k] != 0 for i in range(k + 1, n))):
            return False
        for i in range(k + 1, n):
            if a[i][k] != 0:
                factor = a[i][k] / a[k][k]
                for j in range(k + 1, i + 1):
                    a[i][j] -= factor * a[j][k]
                    a[j][i] = a[i][j]
    return True


@both
def test_the_proven_bound_is_below_the_true_one_exactly(backend):
    """300 random matrices, checked in rational arithmetic: no eigenvalue is below `low`, one is within the error."""
    rng = np.random.default_rng(0)
    for trial in range(300):
        n = int(rng.integers(1, 9))
        structure = random_structure(rng, n)
        values = random_values(rng, structure, KINDS[trial % 4]) * 10.0 ** rng.integers(-8, 9)
        found = lowest_eigenpair(structure, values, backend=backend)
        dense = dense_of(structure, values)
        assert exactly_definite(dense, found.low), (trial, found)
        assert not exactly_definite(dense, np.nextafter(found.value + found.error, np.inf)), (trial, found)
        assert found.proven, (trial, found)


@both
def test_the_pair_is_that_of_eigvalsh(backend):
    rng = np.random.default_rng(1)
    spent = []
    for trial in range(120):
        structure = random_structure(rng, int(rng.integers(1, 61)))
        values = random_values(rng, structure, KINDS[trial % 4])
        dense = dense_of(structure, values)
        w = np.linalg.eigvalsh(dense)
        size = np.max(np.abs(w)) or 1.0
        found = lowest_eigenpair(structure, values, backend=backend)
        assert abs(found.value - w[0]) <= 2e-6 * abs(w[0]) + 1e-13 * size, (trial, found.value, w[0])
        assert found.low <= w[0] + 1e-14 * size and found.value - found.low <= 1e-6 * abs(w[0]) + 1e-10 * size
        residual = np.linalg.norm(dense @ found.vector - found.value * found.vector)
        assert np.linalg.norm(found.vector) == pytest.approx(1) and residual <= found.error
        spent.append(found.factorizations)
    assert np.mean(spent) < 6


@both
def test_large_and_regular_ones(backend):
    """Closed forms; the spectrum of the chain is as dense as 1e-7 at its end."""
    n, width = 2000, 60
    for structure, lowest in (
        (chain(n), 2 - 2 * np.cos(np.pi / (n + 1))),
        (grid(width), 4 - 4 * np.cos(np.pi / (width + 1))),
    ):
        diagonal = 2.0 if structure.size == n else 4.0
        for shift in (0.0, 0.1, -0.5):
            values = np.where(np.equal(*host_pattern(structure)), diagonal + shift, -1.0)
            found = lowest_eigenpair(structure, values, backend=backend)
            assert found.low <= lowest + shift + 1e-15
            assert found.value == pytest.approx(lowest + shift, rel=2e-6, abs=1e-13)
            assert found.proven and found.factorizations <= 12


@both
def test_ends_of_the_range(backend):
    identity = np.where(np.equal(*host_pattern(grid(4))), 1.0, 0.0)
    for structure, values, lowest in (
        (chain(1), np.array([-3.0]), -3.0),
        (chain(1), np.array([0.0]), 0.0),
        (grid(4), identity, 1.0),
        (grid(4), 0 * identity, 0.0),
        (grid(4), 1e300 * identity, 1e300),
        (grid(4), 1e-300 * identity, 1e-300),
        (arrow(30), np.where(np.equal(*host_pattern(arrow(30))), 1.0, 1.0), 1 - np.sqrt(29)),
    ):
        found = lowest_eigenpair(structure, values, backend=backend)
        assert found.value == pytest.approx(lowest, rel=1e-6, abs=0) and found.low <= lowest
        assert found.proven


@both
def test_a_start_that_is_another_eigenvector(backend):
    """In one of two blocks, while the lowest eigenvalue is the other's: inverse iteration alone would stay there."""
    structure = chain(4)
    rows, columns = host_pattern(structure)
    dense = np.zeros((4, 4))
    dense[:2, :2], dense[2:, 2:] = [[1, -0.5], [-0.5, 1]], [[1.1, -1], [-1, 1.1]]
    start = np.array([1.0, 1, 0, 0])
    found = lowest_eigenpair(structure, dense[rows, columns], start, backend=backend)
    assert found.value == pytest.approx(0.1, rel=1e-6) and found.proven


@both
def test_a_factorization_that_went_through_by_luck_proves_no_more(backend):
    """The highest level at which H - level I is factorized, by bisection: what its rounding may hide, exactly."""
    rng = np.random.default_rng(2)
    lucky = 0
    for trial in range(40):
        structure = random_structure(rng, int(rng.integers(3, 13)), 4.0)
        values = random_values(rng, structure, KINDS[trial % 4])
        matrix = HostMatrix(structure, values)
        w = np.linalg.eigvalsh(dense_of(structure, values))
        good, bad = w[0] - 1e-13 * np.max(np.abs(w)), w[0] + 1e-13 * np.max(np.abs(w))
        while good < (middle := (good + bad) / 2) < bad:
            factor = BACKENDS[backend].host_factor(structure, matrix.shifted(middle))
            good, bad = (middle, bad) if factor else (good, middle)
        shifted = dense_of(structure, matrix.shifted(good))
        assert exactly_definite(shifted, -BACKENDS[backend].host_factor(structure, matrix.shifted(good)).defect), trial
        lucky += not exactly_definite(shifted, 0.0)
    assert lucky > 0  # the law has something to tell


@both
def test_nan_proves_nothing(backend):
    structure = grid(3)
    before = BACKENDS[backend].asked
    found = lowest_eigenpair(structure, np.full(structure.entries, np.nan), backend=backend)
    assert np.isnan(found.value) and found.low == -np.inf and not found.proven
    assert BACKENDS[backend].asked == before
