"""Laws of structural rank: what is left over by a matching is what too few residuals hold."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from scipy.sparse.csgraph import structural_rank

import raphson as rp
from raphson.fit.structural import structural_words, underdetermined
from tests.laws import patterns as P


@given(P.rectangular())
@settings(max_examples=200)
def test_the_columns_left_over_are_those_that_lack_rows(A) -> None:
    columns, count = underdetermined(A)
    n = A.shape[1]
    assert columns.size - count == n - structural_rank(A)
    rows = np.unique(sp.csc_array(A)[:, columns].indices)
    assert rows.size == count, "they stand in no other row"
    if columns.size:
        block = sp.csr_array(A)[rows][:, columns]
        assert structural_rank(block) == count if count else block.nnz == 0
        for k in range(columns.size):  # without any one of them the others are matched as well as before
            assert structural_rank(sp.csr_array(A)[:, np.delete(np.arange(n), columns[k])]) == structural_rank(A)


def test_sentences() -> None:
    names = [f"p{i}" for i in range(9)]
    none = np.zeros(9, bool)
    A = sp.csr_array(np.eye(9))
    assert structural_words(A, names, none) is None
    A = sp.csr_array(np.diag([1.0, 0, 1, 1, 1, 1, 1, 1, 1]))
    assert structural_words(A, names, none) == "p1 stands in no residual: 1 of 9 parameters are free, whatever the data"
    assert structural_words(A, names, np.arange(9) == 1) is None, "a bound holds it"
    text = structural_words(sp.csr_array(np.ones((2, 9))), names, none)
    assert text == (
        "p0, p1, p2, p3, p4, p5 and 3 more stand in 2 residuals alone, which determine 2 of these 9 parameters at "
        "most, whatever the data"
    )


@pytest.mark.parametrize("count", [1, 300])
def test_a_sparse_fit_names_what_no_data_determine(count) -> None:
    """Sums of pairs: `count` pairs have one residual each. Null vectors are told apart up to 248 of them."""
    n = 700
    y = np.random.default_rng(0).normal(size=n)
    pairs = np.arange(2 * count).reshape(count, 2)

    def residuals(u):
        alone = u[2 * count :] - y[2 * count :]
        return jnp.concatenate([jnp.sinh(u[pairs[:, 0]] + 2 * u[pairs[:, 1]]) - 1, alone, 0.1 * alone**2])

    fit = rp.least_squares(residuals, np.full(n, 0.3))
    said = fit.reasons[-1]
    assert said in fit.notes and said.startswith("x1, x2")
    assert f"determine{'s' if count == 1 else ''} {count} of these {2 * count} parameters at most" in said
