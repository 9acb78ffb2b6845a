"""What a large run says of its Hessian: entries, colors, the fill of a factor; printed, as JSON, on a narrow screen."""

import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.cli.main import invoke
from raphson.kernel.amount import count_words, size_words
from raphson.linear.sparse import fill
from raphson.report.json import text

M = 24


def sheet(u):
    """A spring net with a nonlinear foundation: five entries a row."""
    a = u.reshape(M, M)
    bonds = jnp.sum((a[1:] - a[:-1]) ** 2) + jnp.sum((a[:, 1:] - a[:, :-1]) ** 2)
    return bonds + jnp.sum((a - 1) ** 4 + a**2)


@pytest.fixture(scope="module")
def result():
    return rp.minimize(sheet, np.zeros(M * M), method="trust-exact")


def test_the_counts_are_those_of_the_dense_matrix_and_of_its_dense_factor(result):
    facts, n = result.sparsity, M * M
    H = np.asarray(jax.hessian(sheet)(jnp.linspace(0.1, 0.9, n)))
    assert facts.n == n and facts.entries == np.count_nonzero(H) == 5 * n - 4 * M
    order = np.asarray(fill(result.model.curvature.structure).order)
    L = np.linalg.cholesky(H[np.ix_(order, order)])
    assert facts.factor_entries == np.count_nonzero(L), "sums of nothing but zeros are zero"
    assert facts.fill == pytest.approx(facts.factor_entries / ((facts.entries + n) / 2))
    assert 5 <= facts.colors <= 9, "the largest row has five entries"
    assert facts.colors == result.model.problem.sparsity.recovery.count


def test_they_are_printed_and_written(result):
    lines = str(result).splitlines()
    (pattern,) = [line for line in lines if line.startswith("pattern ")]
    (factor,) = [line for line in lines if line.startswith("factor ")]
    assert (
        f"{count_words(result.sparsity.entries)} entries" in pattern and f"{result.sparsity.colors} colors" in pattern
    )
    assert f"{count_words(result.sparsity.factor_entries)} entries" in factor and "times" in factor
    written = json.loads(text(result))["sparsity"]
    assert written["n"] == M * M and written["entries"] == result.sparsity.entries
    assert set(written) == {
        "n", "entries", "colors", "factor_entries", "fill", "bytes", "operations", "exact"
    }  # fmt: skip


def test_small_problems_have_none():
    small = rp.minimize(lambda x: jnp.sum(x**2), np.ones(3))
    assert small.sparsity is None and "pattern" not in str(small)
    assert json.loads(text(small))["sparsity"] is None


def test_a_result_keeps_them_through_pickling(result):
    assert pickle.loads(pickle.dumps(result)).sparsity == result.sparsity


@pytest.mark.parametrize(
    ("a", "words"),
    [(0, "0"), (999, "999"), (12_345, "12 345"), (9_876_543, "9.88 million"), (4_995_000_000, "5 billion")],
)
def test_counts_as_a_person_writes_them(a, words):
    assert count_words(a) == words


@pytest.mark.parametrize(
    ("a", "words"), [(0, "0 B"), (960, "960 B"), (16_384, "16 kB"), (6.29e6, "6.3 MB"), (2.5e9, "2.5 GB")]
)
def test_sizes_of_memory(a, words):
    assert size_words(a) == words


@pytest.mark.parametrize("columns", [50, 80])
def test_a_narrow_screen_keeps_the_labels_in_one_column(columns, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    (tmp_path / "sheet.py").write_text(
        "import jax.numpy as jnp\n"
        "def f(u):\n    a = u.reshape(24, 24)\n"
        "    return jnp.sum((a[1:] - a[:-1])**2) + jnp.sum((a[:, 1:] - a[:, :-1])**2) + jnp.sum((a - 1)**4)\n"
        "x0 = jnp.zeros(576)\n"
    )
    assert invoke(["minimize", f"{tmp_path}/sheet.py:f"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= columns for line in lines), lines
    labels = [line[:10].strip() for line in lines[1:] if line[:10].strip()]
    assert labels[:1] == ["why"] or "why" in labels
    assert {"pattern", "factor", "method"} <= set(labels)
