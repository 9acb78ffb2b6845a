"""Laws of conjugate gradients kept as a path: what a radius that was cut costs, and what the model says on the way."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.linear.cg import FORCING, LEGS, conjugate_path, newton_cg_direction
from raphson.model.curvature import FORMED, ExactProduct
from raphson.operators.matrix_free import MatrixFree
from raphson.solver.drive import run
from raphson.solver.presets import PRESETS
from tests.laws.random_models import decrease, quadratics

N = 12
KINDS = ("definite", "ill-conditioned", "indefinite", "negative", "singular")
RADII = np.logspace(-3, 1, 9)


@cache
def walker(rows):
    """A compiled function (H, g, prepared, radii) -> points of the path, y'Hy there, and products."""

    def one(H, g, prepared, radii):
        w = conjugate_path(lambda v: H @ v, g, prepared, 2 * N, rows)
        found = jax.vmap(w.at)(radii)
        return found.y, found.bend, found.bound, w.inner

    return jax.jit(jax.vmap(one, (0, 0, None, None)))


def examples(dtype=float):
    """Models of every kind."""
    parts = [quadratics(np.random.default_rng(k), N, kind, 6) for k, kind in enumerate(KINDS)]
    return tuple(np.concatenate(a).astype(dtype) for a in zip(*parts, strict=True))


# With three rows and a*b + c rounded twice, y'Hy is off by 1.6 times what is allowed here.
@pytest.mark.parametrize("rows", [2, pytest.param(3, marks=pytest.mark.bitwise), 2 * N])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_path_falls_and_grows_however_few_points_are_kept(rows, dtype):
    """||y|| <= radius with equality where the path is held back, never shorter for a larger radius; the model never
    higher, by at least Cauchy's decrease; y'Hy as it is."""
    H, g = examples(dtype)
    y, bend, bound, _ = (np.asarray(a, float) for a in walker(rows)(H, g, dtype(np.inf), RADII.astype(dtype)))
    H, g = H.astype(float), g.astype(float)
    noise = 100 * np.finfo(dtype).eps
    size = np.linalg.norm(g, axis=1)[:, None]
    top = np.linalg.norm(H, 2, axis=(1, 2))[:, None]
    length = np.linalg.norm(y, axis=-1)
    assert np.all(length <= RADII * (1 + noise))
    np.testing.assert_allclose(length[bound > 0], np.broadcast_to(RADII, length.shape)[bound > 0], rtol=noise)
    assert np.all(np.diff(length, axis=1) >= -noise * length[:, 1:])
    lower = decrease(H[:, None], g[:, None], y)
    assert np.all(np.diff(lower, axis=1) >= -noise * (1 + np.abs(lower[:, 1:])) * (1 + size**2))
    assert np.all(lower >= (1 - 1e-4) * 0.5 * size * np.minimum(RADII, size / top) - noise * size**2)
    true = np.einsum("kti,kij,ktj->kt", y, H, y)
    np.testing.assert_allclose(bend, true, atol=1e4 * noise * np.max(top * length**2 + size * length))


def test_a_shorter_radius_gives_the_step_that_it_would_have_given_itself():
    """The path prepared for a radius, asked at smaller ones, is the path prepared for those, to rounding."""
    H, g = examples()
    whole = walker(2 * N)
    radii = np.array([1.0, 0.5, 0.1, 0.01])
    found = np.asarray(whole(H, g, 1.0, radii)[0])
    for k, radius in enumerate(radii):
        own = np.asarray(whole(H, g, radius, radii)[0])[:, k]
        np.testing.assert_allclose(found[:, k], own, atol=1e-12 * radius)


def test_a_first_direction_of_negative_curvature_has_the_unit_of_a_step():
    """-g ||g|| / ||H g||: the same for H, g times c, and c times as long for H / c^2, g / c."""
    free = jax.jit(lambda H, g: newton_cg_direction(lambda v: H @ v, g, 2 * N).s)
    H, g = -np.diag(np.arange(1.0, N + 1)), np.ones(N)
    s = np.asarray(free(H, g))
    np.testing.assert_allclose(s, -g * np.linalg.norm(g) / np.linalg.norm(H @ g), rtol=1e-12)
    np.testing.assert_array_equal(free(2.0**60 * H, 2.0**60 * g), s)
    np.testing.assert_array_equal(free(2.0**-40 * H, 2.0**-20 * g), 2.0**20 * s)
    H = np.diag(np.arange(1.0, N + 1))
    assert np.linalg.norm(H @ free(H, g) + g) <= FORCING * np.linalg.norm(g)


def valley(x):
    """Chained Rosenbrock: from (-1.2, 1, ...) every second radius is too long."""
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("method", ["trust-cg", "newton-cg", "trust-krylov"])
@pytest.mark.parametrize("n", [6, FORMED + 8])
def test_rejected_trials_cost_no_product_and_counts_are_exact(method, n, monkeypatch):
    """Every product that is made is counted, once: by a callback inside of it."""
    made = []
    plain = MatrixFree.mv

    def counted(self, v):
        jax.debug.callback(lambda a: made.append(a), v[0])
        return plain(self, v)

    monkeypatch.setattr(MatrixFree, "mv", counted)
    x0 = np.tile([-1.2, 1.0], n // 2)
    still = lambda x: valley(x)  # of its own: programs of other tests do not count
    found = run(stopped(method), rp.Minimize(still), jnp.asarray(x0))
    jax.effects_barrier()
    taken, inner = found.trace.accepted, found.trace.inner
    assert 2 <= np.sum(~taken) < len(taken)
    again = np.concatenate([[False], ~taken[:-1]])
    assert np.all(inner[again] == 0) and np.all(inner[~again] > 0)
    iterate = found.state.iterate
    # The path prepared at the last point, which no trial followed, is made as well.
    last = int(iterate.plan.inner) * bool(found.state.fresh)
    asked = inner.sum() + last + method.startswith("trust") + int(iterate.stop_state.asked)
    assert len(made) == ExactProduct().hessians(n, taken.sum() + 1, asked)
    assert int(iterate.stop_state.asked) < taken.sum() / 2, "rounding is asked for at the start and at the end"


def stopped(method):
    """The preset with few trials, which end in the middle of the run."""
    from dataclasses import replace

    preset = PRESETS[method]
    return jax.tree.map(jnp.asarray, replace(preset, stop=replace(preset.stop, max_steps=25)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_path_goes_on_where_rounding_takes_conjugacy_away(dtype):
    """Condition 1e6 takes more than 4 n products, where exact arithmetic takes n: they are made, and the step is as
    good as asked for. Ended at 2 n, runs crawled."""
    n = 60
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0]
    H, g = (Q.T * np.geomspace(1e-6, 1, n)) @ Q, np.sum(Q, axis=0)
    path = jax.jit(lambda H, g: conjugate_path(lambda v: H @ v, g, jnp.inf, LEGS * n, 2))
    found = path(H.astype(dtype), g.astype(dtype))
    y = np.asarray(found.unit * found.point(found.legs - 1), float)
    assert 4 * n < found.inner < LEGS * n and not np.any(found.beyond)
    assert np.linalg.norm(H @ y + g) <= 2 * FORCING * np.linalg.norm(g)
