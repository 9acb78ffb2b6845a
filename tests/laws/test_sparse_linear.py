"""Laws of sparse factorizations inside compiled programs, for both backends, against dense NumPy."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import jaxprs_in_params

from raphson.linear import superlu
from raphson.linear.negative import negative_direction
from raphson.linear.sparse import (
    BACKENDS,
    fill,
    inverse_iterate,
    selected_inverse,
    solve_with_bend,
    sparse_backend,
    sparse_definite,
    sparse_solve,
)
from raphson.linear.structure import diagonal_entries, host_pattern, shifted_values
from tests.laws.random_sparse import KINDS, arrow, chain, dense_of, grid, random_structure, random_values

both = pytest.mark.parametrize("backend", ["cholmod", "superlu"])


@cache
def structures():
    """Few, since each shape is compiled for itself: of one variable, with empty rows, an arrow, a larger one."""
    rng = np.random.default_rng(0)
    return {1: chain(1), 7: random_structure(rng, 7, 1.0), 12: arrow(12), 60: random_structure(rng, 60)}


def answers(backend, structure, values, b):
    """Everything that one matrix is asked in a loop."""
    ok = sparse_definite(structure, values, backend)
    bent = solve_with_bend(structure, values, b, ok, backend)
    return {
        "ok": ok,
        "solution": sparse_solve(structure, values, b, ok, backend=backend),
        "refined": sparse_solve(structure, values, b, ok, refine=1, backend=backend),
        "newton": bent.y,
        "bend": bent.bend,
        "weak": inverse_iterate(structure, values, b, ok, backend),
        "inverse": selected_inverse(structure, values, ok, backend),
    }


@cache
def compiled(backend):
    return jax.jit(partial(answers, backend))


@cache
def batched(backend):
    return jax.jit(jax.vmap(partial(answers, backend), (None, 0, 0)))


def expected(structure, values, b):
    """The same by dense NumPy, for a positive definite matrix."""
    inverse = np.linalg.inv(dense_of(structure, values))
    y = inverse @ b
    twice = inverse @ y
    rows, columns = host_pattern(structure)
    return {
        "ok": True,
        "solution": y,
        "refined": y,
        "newton": -y,
        "bend": y @ inverse @ y,
        "weak": twice / np.linalg.norm(twice),
        "inverse": inverse[rows, columns],
    }


def nothing(b, structure):
    """What a matrix answers that is not positive definite."""
    return {
        "ok": False,
        "solution": 0 * b,
        "refined": 0 * b,
        "newton": 0 * b,
        "bend": 0.0,
        "weak": b,
        "inverse": np.zeros(structure.entries),
    }


def agree(found, wanted, tolerance):
    for name, value in wanted.items():
        scale = np.max(np.abs(value)) or 1.0
        assert np.max(np.abs(np.asarray(found[name], float) - value)) <= tolerance * scale, name


@both
@pytest.mark.parametrize("n", [1, 7, 12, 60])
def test_answers_are_those_of_dense_matrices(backend, n):
    structure, rng = structures()[n], np.random.default_rng(n)
    for _ in range(5):
        values, b = random_values(rng, structure, "definite"), rng.normal(size=n)
        condition = np.linalg.cond(dense_of(structure, values))
        agree(compiled(backend)(structure, values, b), expected(structure, values, b), 1e-12 * max(1, condition / 1e3))


@both
@pytest.mark.parametrize("n", [1, 7, 60])
def test_a_matrix_that_is_not_positive_gives_nothing_and_no_exception(backend, n):
    structure, rng = structures()[n], np.random.default_rng(n)
    values = random_values(rng, structure)
    values[np.asarray(structure.diagonal)[n // 2]] -= 30
    b = rng.normal(size=n)
    holed, endless, zero = values.copy(), values.copy(), 0 * values
    holed[-1], endless[0] = np.nan, np.inf
    for bad in (values, holed, endless, zero):
        agree(compiled(backend)(structure, bad, b), nothing(b, structure), 0)


@both
def test_one_bad_lane_does_not_touch_the_others(backend):
    structure, rng = structures()[60], np.random.default_rng(5)
    values = np.stack([random_values(rng, structure, "definite") for _ in range(6)])
    values[1, np.asarray(structure.diagonal)[3]] = -1.0
    values[4] = np.nan
    b = rng.normal(size=(6, 60))
    found = batched(backend)(structure, values, b)
    assert found["ok"].tolist() == [True, False, True, True, False, True]
    for k in range(6):
        lane = {name: value[k] for name, value in found.items()}
        wanted = expected(structure, values[k], b[k]) if found["ok"][k] else nothing(b[k], structure)
        agree(lane, wanted, 1e-11)


@both
def test_batches_of_batches(backend):
    structure, rng = structures()[7], np.random.default_rng(11)
    values = np.stack([random_values(rng, structure, "definite") for _ in range(6)])
    values[4] = -values[4]
    lanes = jax.vmap(jax.vmap(partial(answers, backend), (None, 0, None)), (None, 0, None))
    found = jax.jit(lanes)(structure, values.reshape(2, 3, -1), np.ones(7))
    for k in range(6):
        lane = {name: value[k // 3, k % 3] for name, value in found.items()}
        b = np.ones(7)
        agree(lane, nothing(b, structure) if k == 4 else expected(structure, values[k], b), 1e-11)


@both
def test_definiteness_is_that_of_the_eigenvalues(backend):
    """300 matrices of each kind and pattern; between the errors of both, either answer is right."""
    rng = np.random.default_rng(1)
    for trial in range(300):
        n = int(rng.integers(1, 61))
        structure = random_structure(rng, n)
        values = random_values(rng, structure, KINDS[trial % 4])
        w = np.linalg.eigvalsh(dense_of(structure, values))
        noise = 4 * n * np.finfo(float).eps * np.max(np.abs(w))
        found = BACKENDS[backend].host_factor(structure, values) is not None
        assert found == (w[0] > 0) or abs(w[0]) <= noise, (trial, n, w[0])


@both
def test_pivots_that_leave_the_diagonal_are_no_proof(backend):
    """LU of a symmetric matrix with a zero on the diagonal may have positive pivots alone, by an interchange."""
    structure = chain(3)
    for diagonal, off in (
        ([0.0, 0, 1], [1.0, 0]),
        ([1.0, 1, 1], [1.0, 1]),
        ([0.0, 0, 0], [1.0, 1]),
        ([1.0, 0, 1], [0.0, 0]),
    ):
        values = np.array([diagonal[0], off[0], diagonal[1], off[1], diagonal[2]])
        assert np.linalg.eigvalsh(dense_of(structure, values))[0] < 1e-12
        assert not sparse_definite(structure, values, backend)


def damped(backend, structure, values, b):
    """Doubles the shift until H + shift I is positive definite; solves; all in a loop."""

    def body(c):
        shift, _, _, k = c
        a = shifted_values(structure, values, shift)
        ok = sparse_definite(structure, a, backend)
        return 2 * shift, sparse_solve(structure, a, b, ok, backend=backend), ok, k + 1

    start = (jnp.asarray(0.5, b.dtype), jnp.zeros_like(b), jnp.asarray(False), 0)
    return lax.while_loop(lambda c: ~c[2] & (c[3] < 20), body, start)


@both
def test_a_loop_goes_on_after_a_failure(backend):
    structure, rng = structures()[60], np.random.default_rng(2)
    values, b = random_values(rng, structure), rng.normal(size=60)
    dense = dense_of(structure, values)
    shift, y, ok, k = jax.jit(partial(damped, backend))(structure, values, b)
    used = float(shift) / 2
    assert ok and int(k) > 1 and used > -np.linalg.eigvalsh(dense)[0] > used / 2
    np.testing.assert_allclose(y, np.linalg.solve(dense + used * np.eye(60), b), rtol=1e-9)


def whiles(jaxpr):
    for equation in jaxpr.eqns:
        if equation.primitive.name == "while":
            yield equation
        for inner in jaxprs_in_params(equation.params):
            yield from whiles(inner)


@both
def test_a_loop_carries_no_pattern(backend):
    """The pattern's arrays are arguments of the program and constants of its loops; none of them is carried."""
    structure = structures()[60]
    given = structure, np.ones(structure.entries), np.ones(60)
    traced = jax.make_jaxpr(partial(damped, backend))(*given)
    carried = [(v.aval.shape, v.aval.dtype.kind) for v in next(whiles(traced.jaxpr)).outvars]
    assert sorted(carried) == [((), "b"), ((), "f"), ((), "i"), ((60,), "f")]
    assert not [c for c in traced.consts if np.ndim(c)]


def work(backend):
    chosen = sparse_backend(backend)
    return chosen.asked, chosen.failed


@both
def test_nan_costs_no_factorization(backend):
    structure = structures()[60]
    values = np.full(structure.entries, np.nan)
    before = work(backend)
    assert not compiled(backend)(structure, values, np.ones(60))["ok"]
    assert BACKENDS[backend].host_factor(structure, values) is None
    assert work(backend) == before
    assert not batched(backend)(structure, values[None].repeat(6, 0), np.ones((6, 60)))["ok"].any()
    asked, failed = work(backend)
    assert asked <= before[0] + 1 and failed == before[1]  # in a batch, once that of the identity


@both
def test_solves_use_the_factor_of_the_test(backend):
    structure, rng = structures()[60], np.random.default_rng(3)
    values = random_values(rng, structure, "definite")
    before = work(backend)
    compiled(backend)(structure, values, rng.normal(size=60))
    assert work(backend) == (before[0] + 1, before[1])
    if backend == "cholmod":  # sparsax counts by itself, its solves included
        import sparsax

        count = sparsax.factorization_count()
        compiled(backend)(structure, values, rng.normal(size=60))
        assert sparsax.factorization_count() == count


@both
def test_single_precision_goes_through_double(backend):
    structure, rng = structures()[60], np.random.default_rng(4)
    values, b = random_values(rng, structure, "definite").astype(np.float32), rng.normal(size=60).astype(np.float32)
    found = compiled(backend)(structure, values, b)
    wanted = expected(structure, values.astype(float), b.astype(float))
    assert {a.dtype for name, a in found.items() if name != "ok"} == {np.dtype(np.float32)}
    agree(found, wanted, 1e-6)


@both
def test_refinement_takes_out_what_a_shift_put_in(backend):
    """Each step multiplies the error by mu / (lambda + mu)."""
    structure, rng = structures()[60], np.random.default_rng(10)
    values, b = random_values(rng, structure, "definite"), rng.normal(size=60)
    dense = dense_of(structure, values)
    lowest, wanted = np.linalg.eigvalsh(dense)[0], np.linalg.solve(dense, b)
    mu = 1e-3 * lowest
    shifted, ok = shifted_values(structure, values, mu), jnp.asarray(True)
    for steps in (0, 1, 2, 3):
        y = sparse_solve(structure, shifted, b, ok, steps, jnp.asarray(values), backend)
        assert np.linalg.norm(y - wanted) <= (mu / lowest) ** (steps + 1) * np.linalg.norm(wanted) + 1e-12


@both
def test_many_right_sides_at_once(backend):
    structure, rng = structures()[7], np.random.default_rng(6)
    values, b = random_values(rng, structure, "definite"), rng.normal(size=(7, 3))
    wanted = np.linalg.solve(dense_of(structure, values), b)
    ok = jnp.asarray(True)
    np.testing.assert_allclose(sparse_solve(structure, values, b, ok, backend=backend), wanted, rtol=1e-10, atol=1e-12)
    lanes = jax.vmap(lambda c: sparse_solve(structure, values, c, ok, backend=backend), 1, 1)(b)
    np.testing.assert_allclose(lanes, wanted, rtol=1e-10, atol=1e-12)


@both
def test_variances_of_many_parameters(backend):
    """The diagonal of H^-1 for a chain, whose inverse is known: min(i, j) (n + 1 - max(i, j)) / (n + 1)."""
    n = 500
    structure = chain(n)
    values = np.where(np.equal(*host_pattern(structure)), 2.0, -1.0)
    found = selected_inverse(structure, values, jnp.asarray(True), backend)
    i = np.arange(1, n + 1)
    np.testing.assert_allclose(diagonal_entries(structure, found), i * (n + 1 - i) / (n + 1), rtol=1e-11)


@cache
def searching(backend):
    return jax.jit(partial(negative_direction, backend=backend))


@both
@pytest.mark.parametrize("n", [1, 60])
def test_a_direction_of_negative_curvature_is_found(backend, n):
    structure, rng = structures()[n], np.random.default_rng(7)
    for trial in range(40):
        values = random_values(rng, structure, KINDS[trial % 4])
        dense = dense_of(structure, values)
        lowest = np.linalg.eigvalsh(dense)[0]
        noise = 4 * n * np.finfo(float).eps * (np.max(np.abs(np.diag(dense))) or 1 / (4 * n * np.finfo(float).eps))
        found = searching(backend)(structure, values)
        z = np.asarray(found.z)
        assert bool(found.found) == (lowest < -noise) or abs(lowest + noise) < 0.1 * noise
        assert np.linalg.norm(z) == pytest.approx(1)
        assert z @ dense @ z == pytest.approx(float(found.curvature), abs=1e-13)
        if found.found:
            assert found.bound - 1e-13 <= lowest and float(found.curvature) <= 0.5 * lowest


@both
def test_a_hidden_negative_eigenvalue_is_found(backend):
    """Its eigenvector is orthogonal to what Lanczos begins with, and no entry of the diagonal tells."""
    structure = structures()[60]
    values = np.zeros(structure.entries)
    values[np.asarray(structure.diagonal)] = 1.0
    rows, columns = host_pattern(structure)
    off = int(np.flatnonzero(rows != columns)[0])
    values[off] = 1 + 1e-7  # a block [[1, 1 + 1e-7], [., 1]] among ones
    found = searching(backend)(structure, values)
    assert found.found and float(found.curvature) == pytest.approx(-1e-7, rel=1e-6)
    nan = searching(backend)(structure, np.full(structure.entries, np.nan))
    assert not nan.found and nan.factorizations == 0


@both
@pytest.mark.parametrize("structure", [chain(50), grid(9), arrow(400)], ids=["chain", "grid", "arrow"])
def test_fill_is_that_of_the_order(backend, structure):
    """The counts of a dense symbolic elimination in the same order."""
    found = fill(structure, backend)
    n = structure.size
    full = dense_of(structure, np.ones(structure.entries))[found.order][:, found.order] != 0
    for k in range(n):
        below = k + 1 + np.flatnonzero(full[k + 1 :, k])
        full[np.ix_(below, below)] = True
    np.testing.assert_array_equal(found.column_counts, np.tril(full).sum(0))
    np.testing.assert_array_equal(found.row_counts, np.tril(full).sum(1))
    assert found.nonzeros == np.tril(full).sum() and found.bytes > 8 * found.nonzeros
    assert found.exact and sorted(found.order) == list(range(n))


def test_the_foreseen_order_is_that_of_the_factor():
    """CHOLMOD asked for an analysis alone, and the permutation inside sparsax's factor."""
    import sparsax

    for structure in (chain(300), grid(40), arrow(1000), random_structure(np.random.default_rng(8), 200)):
        rows, columns = host_pattern(structure)
        ones = np.where(rows == columns, 1e4, 1.0)
        n = structure.size
        (order,) = sparsax.factor_solve(columns, rows, ones, [(np.arange(n, dtype=float), sparsax.MODE_P)])
        np.testing.assert_array_equal(fill(structure, "cholmod").order, np.asarray(order))


@both
def test_an_arrow_stays_sparse(backend):
    n = 20_000
    structure = arrow(n)
    assert fill(structure, backend).nonzeros == 2 * n - 1
    values = np.where(np.equal(*host_pattern(structure)), 1.0, 1e-3)
    factor = BACKENDS[backend].host_factor(structure, values)
    b = np.sin(np.arange(n))
    y = factor.solve(b)
    hub = n // 2
    residual = y + 1e-3 * np.eye(1, n, hub)[0] * (y.sum() - y[hub]) + 1e-3 * y[hub] * (np.arange(n) != hub) - b
    assert np.max(np.abs(residual)) < 1e-11


def test_superlu_works_in_one_thread(monkeypatch):
    """SciPy never frees what another thread made: memory grew by a factor with each factorization."""
    import threading

    threads = set()
    kept = superlu.SuperFactor.__init__

    def watched(self, *given):
        threads.add(threading.current_thread().name)
        kept(self, *given)

    monkeypatch.setattr(superlu.SuperFactor, "__init__", watched)
    structure, rng = structures()[60], np.random.default_rng(9)
    for _ in range(4):
        values = random_values(rng, structure, "definite")
        compiled("superlu")(structure, values, rng.normal(size=60))
        BACKENDS["superlu"].host_factor(structure, 2 * values).solve(np.ones(60))
    assert len(threads) == 1


def test_the_backend_is_chosen(monkeypatch):
    monkeypatch.delenv("RAPHSON_SPARSE", raising=False)
    assert sparse_backend().name == "cholmod" and sparse_backend("superlu").name == "superlu"
    monkeypatch.setenv("RAPHSON_SPARSE", "superlu")
    assert sparse_backend().name == "superlu" and sparse_backend("cholmod").name == "cholmod"
    with pytest.raises(ValueError, match="there are cholmod and superlu"):
        sparse_backend("umfpack")
    monkeypatch.delenv("RAPHSON_SPARSE")
    monkeypatch.setattr(BACKENDS["cholmod"], "usable", lambda: False)
    assert sparse_backend().name == "superlu"
    with pytest.raises(ImportError, match="pip install"):
        sparse_backend("cholmod")
