"""Planes through many variables: slices, shadows, and f sampled in them."""

import time
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raphson.kernel.space import Box
from raphson.picture import sample as sampling
from raphson.picture.plane import (
    Plane,
    extreme_plane,
    newton_plane,
    parameter_plane,
    path_plane,
    scales,
    whole_plane,
)
from raphson.picture.sample import along, sample
from raphson.problems.callback import Callback
from raphson.problems.minimize import Minimize

SEEDS = st.integers(0, 10**6)
SIZES = st.integers(3, 7)


def problem(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.random.Generator]:
    """A positive definite H, a gradient, a point, powers of ten, and more random numbers."""
    random = np.random.default_rng(seed)
    A = random.standard_normal((n, n))
    d = 10.0 ** random.integers(-3, 4, n) if seed % 2 else np.ones(n)
    H = (A @ A.T + 0.1 * np.eye(n)) / d[:, None] / d[None, :]
    return H, random.standard_normal(n) / d, random.standard_normal(n) * d, d, random


def planes(H: np.ndarray, g: np.ndarray, x: np.ndarray, d: np.ndarray, random: np.random.Generator) -> list[Plane]:
    """One of every kind through x."""
    names = [f"x{i + 1}" for i in range(len(x))]
    V = np.linalg.eigh(H * d[:, None] * d[None, :])[1]
    path = x + d * np.cumsum(random.standard_normal((6, len(x))), axis=0)[::-1]
    return [
        parameter_plane(0, 2, x, d, names),
        newton_plane(x, g, -np.linalg.solve(H, g), d),
        extreme_plane(x, V, d),
        path_plane(np.concatenate([path, x[None]]), d),
    ]


@given(SIZES, SEEDS)
def test_points_and_coordinates_belong_together(n: int, seed: int) -> None:
    H, g, x, d, random = problem(n, seed)
    for plane in planes(H, g, x, d, random):
        np.testing.assert_allclose(plane.project @ plane.basis, np.eye(2), atol=1e-12)
        p = random.standard_normal((5, 2))
        np.testing.assert_allclose(plane.at(plane.point(p)), p, rtol=1e-9, atol=1e-9)
        # x lies in its own plane.
        np.testing.assert_allclose(plane.point(plane.at(x)) / d, x / d, rtol=1e-9, atol=1e-9)
        if plane.kind != "parameters":
            z = plane.basis / d[:, None]
            np.testing.assert_allclose(z.T @ z, np.eye(2), atol=1e-12)
            np.testing.assert_allclose(plane.at(x), 0, atol=1e-12)


@given(SIZES, SEEDS)
def test_a_slice_is_the_function_of_the_plane(n: int, seed: int) -> None:
    H, g, x, d, random = problem(n, seed)
    for plane in planes(H, g, x, d, random):
        quad = plane.slice(2.0, g, H, x)
        p = quad.at + random.standard_normal((6, 2))
        s = plane.point(p) - x
        exact = 2.0 + s @ g + 0.5 * np.einsum("ki,ij,kj->k", s, H, s)
        np.testing.assert_allclose(quad(p), exact, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(
        parameter_plane(0, 2, x, d, list("abcdefg")).slice(2.0, g, H, x).hessian,
        H[np.ix_([0, 2], [0, 2])] * np.outer(d[[0, 2]], d[[0, 2]]), rtol=1e-12,
    )  # fmt: skip


@given(SIZES, SEEDS)
def test_a_shadow_is_the_least_over_the_others(n: int, seed: int) -> None:
    H, g, x, d, random = problem(n, seed)
    for plane in planes(H, g, x, d, random):
        quad = plane.shadow(2.0, g, H, x)
        assert quad is not None
        covariance = plane.project @ np.linalg.inv(H) @ plane.project.T
        np.testing.assert_allclose(np.linalg.inv(quad.hessian), covariance, rtol=1e-6, atol=1e-9)
        newton = -np.linalg.solve(H, g)
        np.testing.assert_allclose(quad.center, plane.at(x + newton), rtol=1e-6, atol=1e-6)
        # By hand: minimize over the complement, in z = x/d where both are orthogonal.
        p = quad.at + random.standard_normal(2)
        Q = np.linalg.qr(np.concatenate([plane.project.T * d[:, None], np.eye(n)], axis=1))[0][:, 2:n]
        E, Z = plane.basis, d[:, None] * Q
        s = E @ (p - quad.at)
        s = s - Z @ np.linalg.solve(Z.T @ H @ Z, Z.T @ (g + H @ s))
        assert float(quad(p)) == pytest.approx(2.0 + g @ s + 0.5 * s @ H @ s, rel=1e-6, abs=1e-6)


@given(SIZES, SEEDS)
def test_the_shadow_contains_the_slice(n: int, seed: int) -> None:
    H, g, x, d, random = problem(n, seed)
    for plane in planes(H, g, x, d, random):
        cut, cast = plane.slice(2.0, g, H, x), plane.shadow(2.0, g, H, x)
        assert cast is not None
        # Everywhere at most the slice: what is minimized over more can only be lower.
        p = cut.at + random.standard_normal((20, 2))
        assert np.all(cast(p) <= cut(p) + 1e-7 * (1 + np.abs(cut(p))))
        assert np.linalg.eigvalsh(cut.hessian - cast.hessian).min() >= -1e-8 * np.abs(cut.hessian).max()


def test_no_shadow_where_the_others_have_no_minimum() -> None:
    H = np.diag([1.0, 2.0, -1.0])
    plane = parameter_plane(0, 1, np.zeros(3), np.ones(3), "abc")
    assert plane.shadow(0.0, np.ones(3), H, np.zeros(3)) is None
    assert plane.slice(0.0, np.ones(3), H, np.zeros(3)).kind == "bowl"
    assert plane.shadow(0.0, np.ones(3), np.diag([1.0, 2.0, 0.0]), np.zeros(3)) is None


def test_a_slice_knows_what_it_lost() -> None:
    """A flat direction cut out of a stiff matrix is flat to the rounding of that matrix, not of what is left."""
    v = np.array([1.0, 1.0, 1.0]) / np.sqrt(3)
    H = 1e6 * np.outer(v, v)
    Q = np.linalg.qr(np.stack([v, [1, 0, 0], [0, 1, 0]], axis=1))[0][:, 1:]
    plane = extreme_plane(np.zeros(3), Q, np.ones(3))
    assert plane.slice(0.0, np.zeros(3), H, np.zeros(3)).kind == "flat"


@given(SIZES, SEEDS)
def test_the_newton_plane_holds_minus_g_and_the_center(n: int, seed: int) -> None:
    H, g, x, d, _ = problem(n, seed)
    newton = -np.linalg.solve(H, g)
    plane = newton_plane(x, g, newton, d)
    p = plane.at(x + newton)
    np.testing.assert_allclose(plane.point(p) / d, (x + newton) / d, rtol=1e-7, atol=1e-7)
    down = -plane.slice(0.0, g, H, x).gradient
    assert down[0] > 0 and abs(down[1]) <= 1e-9 * down[0]  # -g is the first axis, in the plane's own gradient
    assert p[1] >= 0


def test_planes_of_degenerate_directions_are_still_planes() -> None:
    x, d = np.array([1.0, 2.0, 3.0]), np.ones(3)
    for g, step in [
        (np.array([1.0, 0, 0]), np.array([-2.0, 0, 0])),
        (np.zeros(3), np.zeros(3)),
        (np.zeros(3), np.array([0.0, 1, 0])),
        (np.array([0.0, 0, 1]), np.array([np.nan, 0, 0])),
    ]:
        plane = newton_plane(x, g, step, d)
        np.testing.assert_allclose(plane.basis.T @ plane.basis, np.eye(2), atol=1e-12)
    still = path_plane(np.tile(x, (4, 1)), d)
    assert still.share is None
    np.testing.assert_allclose(still.basis.T @ still.basis, np.eye(2), atol=1e-12)
    straight = path_plane(x + np.outer([3.0, 1.0, 0.0], [1.0, 1.0, 0.0]), d)
    assert straight.share == pytest.approx(1)
    assert straight.at(x + np.array([3.0, 3.0, 0]))[0] < 0  # the path comes from the left


@given(SEEDS)
def test_the_main_plane_of_the_path_holds_most_of_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.standard_normal((12, 5)) * np.array([5, 3, 1, 0.3, 0.1])
    plane = path_plane(points, np.ones(5))
    assert plane.share is not None
    centered = points - points.mean(axis=0)
    held = centered @ plane.basis
    assert plane.share == pytest.approx(float(np.sum(held**2) / np.sum(centered**2)), rel=1e-9)
    other = np.linalg.qr(random.standard_normal((5, 2)))[0]
    assert np.sum((centered @ other) ** 2) <= np.sum(held**2) * (1 + 1e-9)


def test_units_are_powers_of_ten_and_only_where_they_are_needed() -> None:
    np.testing.assert_array_equal(scales([3.0, 4.0], [1.0, 900.0]), 1)
    np.testing.assert_array_equal(scales([240.0, 5.5e-4], [1.0, 4e5]), [1, 1e-6])
    # The variable nearest to 1 keeps its unit, and multiplying f changes nothing.
    np.testing.assert_array_equal(scales([1e8, 2.0], [1e-8, 1.0]), [1e8, 1])
    np.testing.assert_array_equal(scales([1e8, 2.0], [1e-3, 1e5]), [1e8, 1])
    assert whole_plane([240.0, 5.5e-4], [1, 1e-6], ["b1", "b2"]).axes == ("b1", "b2 / 1e-6")
    assert whole_plane([1.0, 2.0], [1, 1e10], ["a", "b"]).axes == ("a", "b / 1e10")
    assert not parameter_plane(0, 1, np.zeros(3), np.ones(3), "abc").whole


def rosen(x: jnp.ndarray, scale: float) -> jnp.ndarray:
    """Rosenbrock's function with a scale as data."""
    return scale * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def test_samples_are_values_of_f() -> None:
    p = Minimize(rosen, (100.0,))
    x = jnp.array([0.5, 0.5])
    plane = whole_plane(np.asarray(x), [1, 1], ["a", "b"])
    grid = sample(p, x, plane, (-2, 2, -1, 3), 17, 9)
    assert grid is not None and grid.values.shape == (9, 17)
    for i, j in [(0, 0), (4, 8), (8, 16), (3, 11)]:
        assert grid.values[i, j] == pytest.approx(float(p.value(jnp.array([grid.x[j], grid.y[i]]))), rel=1e-12)


def test_one_compilation_serves_every_grid_of_a_problem() -> None:
    p, x = Minimize(lambda x, a: a * jnp.sum(x**2), (3.0,)), jnp.zeros(2)
    plane = whole_plane(np.zeros(2), [1, 1], ["a", "b"])
    sample(p, x, plane, (-1, 1, -1, 1), 5, 5)
    before = sampling.values.jitted._cache_size()
    sample(replace(p, data=(4.0,)), x + 1, plane, (-2, 1, -1, 1), 60, 70)
    assert sampling.values.jitted._cache_size() == before


def test_a_structure_and_a_plane_of_it() -> None:
    p = Minimize(lambda t: jnp.sum(t["a"] ** 2) + t["b"] ** 4)
    x = {"a": jnp.array([1.0, 2.0]), "b": jnp.array(0.5)}
    plane = parameter_plane(0, 2, np.array([1.0, 2.0, 0.5]), np.ones(3), ["a0", "a1", "b"])
    values = along(p, x, plane, np.array([[3.0, 1.0], [0.0, 0.0]]))
    np.testing.assert_allclose(values, [9 + 4 + 1, 4])


def test_where_f_is_not_finite_there_is_nan() -> None:
    p = Minimize(lambda x: jnp.log(x[0]) + 1 / x[1])
    plane = whole_plane(np.ones(2), [1, 1], ["a", "b"])
    values = along(p, jnp.ones(2), plane, np.array([[-1.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))
    np.testing.assert_array_equal(np.isnan(values), [True, True, False, True])


def test_nothing_is_evaluated_beyond_the_bounds() -> None:
    seen: list[np.ndarray] = []
    space = Box(jnp.array([0.0, -jnp.inf]), jnp.array([1.0, 2.0]))
    p = Callback(lambda x: float(seen.append(x) or 1.0), space=space)
    plane = whole_plane(np.zeros(2), [1, 1], ["a", "b"])
    grid = sample(p, None, plane, (-1, 2, 0, 3), 7, 7)
    assert grid is not None
    at = np.array(seen)
    assert at[:, 0].min() >= -1e-8 and at[:, 0].max() <= 1 + 1e-8 and at[:, 1].max() <= 2 + 1e-8
    # Bounds along the axes are where the grid ends: f is known up to them, and nothing is asked twice or left out.
    assert np.isfinite(grid.values).sum() == len(seen) == 3 * 5
    np.testing.assert_allclose([grid.x[0], grid.x[-1], grid.y[0], grid.y[-1]], [0, 1, 0, 2])


def test_host_functions_keep_their_counts_and_their_budget() -> None:
    p = Callback(lambda x: float(x @ x))
    p.value(np.ones(2))
    plane = whole_plane(np.zeros(2), [1, 1], ["a", "b"])
    grid = sample(p, None, plane, (-1, 1, -1, 1), 9, 9)
    assert grid is not None and grid.values[4, 4] == 0 and p.evaluations.value == 1

    calls: list[int] = []

    def slow(x: np.ndarray) -> float:
        time.sleep(0.02)
        calls.append(1)
        return 1.0

    assert sample(Callback(slow), None, plane, (-1, 1, -1, 1), 40, 40, budget=0.5) is None
    assert len(calls) <= 4, "1600 calls of 0.02 s are 32 s"


def test_a_host_function_that_raises_leaves_a_hole() -> None:
    def picky(x: np.ndarray) -> float:
        if x[0] < 0:
            raise ValueError("not there")
        return float(x @ x)

    plane = whole_plane(np.zeros(2), [1, 1], ["a", "b"])
    values = along(Callback(picky), None, plane, np.array([[-1.0, 0.0], [2.0, 0.0]]))
    np.testing.assert_array_equal(values, [np.nan, 4.0])
