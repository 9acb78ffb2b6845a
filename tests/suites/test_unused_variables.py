"""Variables that f does not depend on: named, counted exactly, and no claim is made about them."""

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp

N = 640
UNUSED = np.array([3, 17, 20, 21, 22, 23, 600])
USED = np.setdiff1d(np.arange(N), UNUSED)


def bowl(y):
    return jnp.sum((y[1:] - y[:-1]) ** 2) + jnp.sum((y - 1) ** 2 * (1 + y**2))


def flat(x):
    return bowl(x[USED])


def tree(t):
    return flat(jnp.concatenate([t["a"], t["b"].ravel()]))


CASES = {
    "vector": (flat, np.linspace(0, 2, N), "x[3], x[17], x[20] and 4 more", {}),
    "single": (flat, np.linspace(0, 2, N).astype(np.float32), "x[3], x[17], x[20] and 4 more", {}),
    "tree": (tree, {"a": np.zeros(20), "b": np.ones((62, 10))}, "a[3], a[17], b[0, 0] and 4 more", {}),
    "bounds": (flat, np.zeros(N), "x[3], x[17], x[20] and 4 more", {"bounds": [(-1, 0.5)] * N}),
}


@pytest.mark.parametrize("name", CASES)
def test_unused_variables_are_named_and_counted(name):
    fun, x0, text, keywords = CASES[name]
    result = rp.minimize(fun, x0, **keywords)
    assert result.success, result
    assert f"f does not depend on {text}" in result.reasons
    held = int(np.count_nonzero(result.active))
    assert result.certificate.inertia == (0, 7, N - 7 - held)
    assert "f is level along" in result.certificate.criterion
    if name == "vector":
        assert np.array_equal(np.asarray(result.x)[UNUSED], x0[UNUSED]), "what f says nothing about stays"


def test_a_place_where_f_is_flat_is_not_taken_for_independence():
    """x^4 at 0 has neither slope nor curvature, but f depends on x."""
    result = rp.minimize(lambda x: jnp.sum(x[1:] ** 2) + x[0] ** 4, np.zeros(N))
    assert not any("does not depend" in reason for reason in result.reasons)
    assert result.certificate.inertia == (0, 1, N - 1)
    small = rp.minimize(lambda x: x[0] ** 2 + x[2] ** 2, np.ones(4))
    assert "f does not depend on x[1] and x[3]" in small.reasons
    one = rp.minimize(lambda x: x[0] ** 2 + x[2] ** 2, np.ones(3))
    assert "f does not depend on x[1]" in one.reasons
