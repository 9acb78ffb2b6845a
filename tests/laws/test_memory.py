"""Memory is foreseen before anything is allocated; what does not fit is refused in words that say what does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.solver import memory
from raphson.solver.inputs import read_point
from raphson.solver.memory import amount, available_bytes, container_bytes, method_bytes, platform_of, system_bytes
from raphson.solver.presets import PRESETS, SPARSE_PRESETS

DENSE = ("newton", "damped-newton", "trust-exact", "dogleg", "damped", "cubic", "bfgs", "dfp", "sr1")
LEAN = ("trust-cg", "newton-cg", "lbfgs", "gradient-descent")


def full(x):
    """Every variable with every other."""
    return jnp.sum(x) ** 2 + jnp.sum((x - 1) ** 4)


def chain(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("method", DENSE)
def test_a_dense_matrix_that_does_not_fit_is_refused_before_it_is_made(method):
    """In far less time than 320 GB take, with the bytes and with the way out."""
    with pytest.raises(MemoryError, match=r"100000 x 100000.*GB.*GB are free.*'trust-cg'.*'lbfgs'"):
        rp.minimize(full, np.zeros(100_000), method=method)


@pytest.mark.parametrize("method", LEAN)
def test_methods_without_a_matrix_are_not_refused(method):
    assert method_bytes(PRESETS[method], 100_000, 8) < 1e9


def test_iterate_and_solve_refuse_as_well():
    with pytest.raises(MemoryError, match="100000 x 100000"):
        next(rp.iterate(full, np.zeros(100_000), method="newton"))
    with pytest.raises(MemoryError, match="100000 x 100000"):
        rp.solve(rp.Minimize(full), "bfgs", jnp.zeros(100_000))


def test_a_host_function_is_refused_as_well():
    def host(x):
        return float(np.sum(x**2)) if x[0] < 1e300 else 0.0

    with pytest.raises(MemoryError, match="100000 x 100000"):
        rp.minimize(host, np.zeros(100_000), jac=lambda x: 2 * x, method="bfgs")


def test_a_sparse_hessian_needs_no_matrix():
    """The same names, where the factorization is sparse."""
    result = rp.minimize(chain, np.full(50_000, 1.1), method="newton", max_steps=3)
    assert result.fun < chain(np.full(50_000, 1.1))
    assert method_bytes(SPARSE_PRESETS["newton"], 50_000, 8) < 1e9


def test_small_problems_are_never_refused():
    assert method_bytes(PRESETS["dogleg"], 10, 8) < 1e5


def test_single_precision_takes_half():
    double, single = (method_bytes(PRESETS["newton"], 5000, size) for size in (8, 4))
    assert single == double / 2


def test_what_the_system_says(tmp_path):
    told = tmp_path / "meminfo"
    told.write_text("MemTotal: 100 kB\nMemAvailable:  50 kB\n", encoding="ascii")
    assert system_bytes(told) == 51200
    told.write_text("MemTotal: 100 kB\n", encoding="ascii")
    assert system_bytes(told) > 0
    assert container_bytes(tmp_path) == float("inf")
    for name, text in (("max", "max"), ("current", "40"), ("stat", "anon 3\ninactive_file 10\n")):
        (tmp_path / f"memory.{name}").write_text(text + "\n", encoding="ascii")
    assert container_bytes(tmp_path) == float("inf")
    (tmp_path / "memory.max").write_text("100\n", encoding="ascii")
    assert container_bytes(tmp_path) == 70
    assert 0 < available_bytes(jnp.zeros(3)) < 1e16


def test_where_x_lies():
    assert platform_of(read_point([1.0, 2.0], [])) == jax.default_backend()
    assert platform_of(np.zeros(3)) == jax.default_backend()
    assert jax.jit(lambda x: x * (platform_of(x) == jax.default_backend()))(jnp.ones(2)).sum() == 2


def test_bytes_in_words():
    assert [amount(s) for s in (12, 3400, 5.6e7, 3.2e11, 8e12)] == ["12 bytes", "3.4 kB", "56 MB", "320 GB", "8 TB"]


def test_a_fit_that_does_not_fit_is_refused_before_it_is_begun(monkeypatch):
    """A dense J by its shape; a sparse one by what it, J'J and the factor take."""
    monkeypatch.setattr(memory, "available_bytes", lambda x: 1e8)
    mixed = lambda u: jnp.concatenate([u - 1, jnp.cumsum(u)])
    with pytest.raises(MemoryError, match=r"a dense J of 6000 x 3000 takes .* GB, and 100 MB are free .*trust-cg"):
        rp.least_squares(mixed, np.ones(3000))
    with pytest.raises(MemoryError, match=r"299998 entries in J, .* takes .* MB, and 100 MB are"):
        rp.least_squares(lambda u: jnp.concatenate([u - 1, jnp.diff(u)])[:199_999], np.zeros(100_000))
    assert rp.least_squares(lambda u: jnp.concatenate([u - 1, jnp.diff(u)]), np.zeros(3000)).success
