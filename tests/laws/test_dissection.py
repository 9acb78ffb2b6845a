"""Laws of an order of elimination that is given: the same answers, and never more fill than by minimum degree."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.linear.cholmod_library import OrderedFactor, analysis_library, analyzed_order
from raphson.linear.sparse import BACKENDS, fill, sparse_definite, sparse_solve
from raphson.linear.structure import host_pattern
from raphson.linear.symbolic import fill_of_order
from raphson.slam import dissection, structures
from raphson.slam.prepare import prepare_graph
from tests.laws.random_sparse import dense_of, grid, random_structure, random_values
from tests.laws.test_sparse_linear import agree, compiled, expected, nothing

pytestmark = pytest.mark.skipif(
    not BACKENDS["cholmod"].usable() or analysis_library() is None, reason="no CHOLMOD to be asked for an order"
)


def ordered(structure, seed=0):
    """With any order, good or bad."""
    order = np.random.default_rng(seed).permutation(structure.size)
    return replace(structure, order=jnp.asarray(order, jnp.int32))


@pytest.mark.parametrize("n", [7, 60])
def test_answers_in_a_given_order_are_those_of_dense_matrices(n):
    rng = np.random.default_rng(n)
    structure = ordered(random_structure(rng, n))
    for _ in range(3):
        values, b = random_values(rng, structure, "definite"), rng.normal(size=n)
        condition = np.linalg.cond(dense_of(structure, values))
        found, wanted = compiled("cholmod")(structure, values, b), expected(structure, values, b)
        agree(found, wanted, 1e-12 * max(1, condition / 1e3))
        bad = values.copy()
        bad[np.asarray(structure.diagonal)[n // 2]] -= 30  # a factor L D L' would go through
        for worse in (bad, np.where(np.arange(values.size) == 0, np.nan, values)):
            agree(compiled("cholmod")(structure, worse, b), nothing(b, structure), 0)


def test_a_host_factor_in_a_given_order_says_what_it_lacks():
    rng, structure = np.random.default_rng(3), ordered(grid(6))
    values, b = random_values(rng, structure, "definite"), rng.normal(size=(36, 2))
    backend = BACKENDS["cholmod"]
    factor = backend.host_factor(structure, values)
    assert factor is not None
    assert np.allclose(factor.solve(b), np.linalg.solve(dense_of(structure, values), b), rtol=1e-9)
    other = backend.host_factor(structure, 2 * values)  # in its place
    assert other is not None
    assert np.allclose(2 * other.solve(b), factor.solve(b), rtol=1e-12)
    assert 0 < factor.defect == backend.foreseen_defect(structure, values) < 1e-10
    assert fill(structure).exact


def test_a_factor_keeps_nothing_that_it_was_given():
    """A callback hands over memory of a running program."""
    rng, structure = np.random.default_rng(6), grid(4)
    values, order = random_values(rng, structure, "definite"), np.arange(16)[::-1]
    given = [np.array(a, np.int32) for a in (*host_pattern(structure), order)]
    factor = OrderedFactor(*given)
    for a in given:
        a[:] = 0
    wanted = np.linalg.solve(dense_of(structure, values), np.ones(16))
    assert np.allclose(factor.solve(values, np.ones(16), 0), wanted, rtol=1e-10)


def test_lanes_of_a_batch_have_their_own_factors():
    rng, structure = np.random.default_rng(4), ordered(grid(5))
    values = np.stack([random_values(rng, structure, kind) for kind in ("definite", "indefinite", "definite")])
    b = rng.normal(size=(3, 25))

    def solved(values, b):
        ok = sparse_definite(structure, values, "cholmod")
        return ok, sparse_solve(structure, values, b, ok, backend="cholmod")

    ok, y = jax.jit(jax.vmap(solved))(values, b)
    for k in range(3):
        lowest = np.linalg.eigvalsh(dense_of(structure, values[k]))[0]
        assert bool(ok[k]) == (lowest > 0)
        wanted = np.linalg.solve(dense_of(structure, values[k]), b[k]) if ok[k] else 0
        assert np.allclose(y[k], wanted, rtol=1e-8, atol=1e-12)


def test_single_precision_goes_through_double():
    structure = ordered(grid(4))
    values = jnp.asarray(random_values(np.random.default_rng(5), structure, "definite"), jnp.float32)
    found = jax.jit(partial(BACKENDS["cholmod"].solve, structure))(values, jnp.ones((16, 2), jnp.float32))
    assert found.dtype == jnp.float32
    assert np.allclose(found, np.linalg.solve(dense_of(structure, values), np.ones((16, 2))), rtol=1e-4)


def torus(a, b, kinds=((0, 1), (1, 0)), width=3):
    """Pairs of poses on a torus, the first of them held: columns of J, and widths."""
    g = np.arange(a * b).reshape(a, b)
    pairs = np.concatenate([np.stack([g, np.roll(g, k, (0, 1))], -1).reshape(-1, 2) for k in kinds])
    held = pairs - 1
    columns = np.where(held[:, :, None] < 0, -1, held[:, :, None] * width + np.arange(width))
    return [columns.reshape(len(pairs), -1)], np.full(a * b - 1, width)


@pytest.mark.parametrize("shape", [(40, 40), (6, 200), (1, 300)])
def test_dissection_is_taken_where_it_fills_less_and_never_else(shape, monkeypatch):
    columns, widths = torus(*shape)
    assert dissection.dissected_order(columns, widths) is None  # so small a factor is not worth the search
    monkeypatch.setattr(dissection, "WORTH", 0.0)
    order = dissection.dissected_order(columns, widths)
    normal = structures.structure_of(columns, [3], int(widths.sum()), widths).normal
    rows, across = host_pattern(normal)
    by_degree = analyzed_order(np.append(np.asarray(normal.diagonal), rows.size), rows)
    assert by_degree is not None
    own = fill_of_order(rows, across, by_degree)
    if order is None:
        assert normal.order is None
        assert shape != (40, 40)
        return
    assert sorted(order) == list(range(widths.sum()))
    taken = fill(normal)
    assert taken.exact
    assert taken.nonzeros <= own.nonzeros
    assert taken.flops <= dissection.GAIN * own.flops * 1.02  # counted by blocks there, by entries here


def test_variables_of_several_widths_stay_together():
    rng = np.random.default_rng(0)
    widths = rng.integers(1, 4, 30)
    first = [0, *np.cumsum(widths).tolist()]
    pairs = rng.integers(0, 30, (80, 2))
    pairs = pairs[widths[pairs[:, 0]] + widths[pairs[:, 1]] == 4]
    spans = [np.concatenate([np.arange(first[v], first[v + 1]) for v in pair]) for pair in pairs.tolist()]
    pointers, rows = dissection.variable_pattern([np.array(spans)], np.repeat(np.arange(30), widths))
    found = {(int(r), c) for c in range(30) for r in rows[pointers[c] : pointers[c + 1]]}
    wanted = {(max(a, b), min(a, b)) for a, b in pairs.tolist()} | {(k, k) for k in range(30)}
    assert found == wanted


def test_a_graph_is_prepared_with_its_order(monkeypatch):
    monkeypatch.setattr(dissection, "WORTH", 0.0)
    g = rp.slam.FactorGraph()
    g.add_variables("pose", rp.slam.SE2(), np.zeros((1600, 3)))
    pairs = torus(40, 40)[0][0][:, [0, 3]] // 3 + 1
    g.add_factors(rp.slam.errors.between_se2, ("pose", "pose"), pairs, np.zeros((len(pairs), 3)))
    problem = prepare_graph(g).problem
    assert problem.jacobian_sparsity.structure.normal.order is not None
    assert problem.sparsity.structure.order is not None  # and the Hessian's
