"""Sparse factorizations where XLA computes elsewhere than on the CPU: there sparsax has no code, and the host answers
in callbacks."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from raphson.linear.sparse import BACKENDS
from tests.laws.random_sparse import dense_of, grid, random_values
from tests.laws.test_sparse_linear import agree, answers, expected


def given():
    structure, rng = grid(5), np.random.default_rng(3)
    return structure, random_values(rng, structure, "definite"), rng.standard_normal(25)


@pytest.mark.parametrize("platform", ["cuda", "cpu"])
def test_only_the_cpu_s_program_calls_sparsax(platform, monkeypatch):
    def silent(_, shape, *given, **options):
        """Callbacks cannot be lowered for a platform that is not there."""
        return jnp.zeros(shape.shape, shape.dtype)

    monkeypatch.setattr(jax, "pure_callback", silent)
    program = jax.jit(partial(answers, "cholmod")).trace(*given()).lower(lowering_platforms=(platform,)).as_text()
    assert ("@sparsax" in program) == (platform == "cpu")


@pytest.fixture
def elsewhere(monkeypatch):
    """Programs of another platform, computed on this one."""

    def other(*arguments, cpu, default):
        return default(*arguments)

    monkeypatch.setattr(lax, "platform_dependent", other)


def test_the_host_answers_as_sparsax_does(elsewhere):
    structure, values, b = given()
    agree(jax.jit(partial(answers, "cholmod"))(structure, values, b), expected(structure, values, b), 1e-11)


def test_the_host_answers_in_batches_and_for_many_right_sides(elsewhere):
    structure, values, _ = given()
    right = np.random.default_rng(4).standard_normal((25, 3))
    dense = dense_of(structure, values)
    found = jax.jit(partial(BACKENDS["cholmod"].solve, structure))(values, right)
    np.testing.assert_allclose(found, np.linalg.solve(dense, right), rtol=1e-11, atol=1e-12)
    lanes = jax.jit(jax.vmap(partial(BACKENDS["cholmod"].solve, structure)))(
        np.stack([values, 2 * values]), right.T[:2]
    )
    np.testing.assert_allclose(lanes[1], np.linalg.solve(2 * dense, right[:, 1]), rtol=1e-11, atol=1e-12)


def test_the_host_answers_in_single_precision(elsewhere):
    structure, values, b = given()
    single = values.astype(np.float32), b.astype(np.float32)
    found = jax.jit(partial(answers, "cholmod"))(structure, *single)
    assert found["solution"].dtype == np.float32
    agree(found, expected(structure, values, b), 2e-5)
