"""Levels of quadratics: an ellipse only where there is one, and every point of every curve on its level."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raphson.model.geometry import angle
from raphson.picture.conic import arcs, asymptotes, chord, level
from raphson.picture.quadratic import Quadratic
from raphson.picture.scene import Curve, Ellipse
from raphson.picture.views.window import window_of
from tests.pictures.quadratics import bowl, quadratic, saddle

SEEDS = st.integers(0, 10**6)


def around(item: Ellipse, t: np.ndarray) -> np.ndarray:
    """Points of an ellipse at angles t of its own."""
    V = np.array([[np.cos(item.angle), -np.sin(item.angle)], [np.sin(item.angle), np.cos(item.angle)]])
    return np.asarray(item.center) + (np.stack([np.cos(t), np.sin(t)], axis=1) * np.asarray(item.semi)) @ V.T


@given(SEEDS, st.floats(-0.9, 5.0))
def test_the_level_of_a_bowl_is_an_ellipse_around_its_center(seed: int, more: float) -> None:
    q = bowl(seed)
    (item,) = level(q, more * q.rise, window_of(q))
    assert isinstance(item, Ellipse) and not item.hill
    np.testing.assert_allclose(item.center, q.center, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(item.semi, np.sqrt(2 * (1 + more) * q.rise / q.eigen[0]), rtol=1e-9)
    np.testing.assert_allclose(item.lam, q.eigen[0])
    points = around(item, np.linspace(0, 6, 9))
    np.testing.assert_allclose(q(points) - q.value, more * q.rise, rtol=1e-6, atol=1e-6 * q.rise)


@given(SEEDS)
def test_the_level_through_x_goes_through_x_and_g_is_its_normal(seed: int) -> None:
    q = bowl(seed)
    (item,) = level(q, 0.0, window_of(q))
    V = q.eigen[1]
    own = (V.T @ -q.newton) / np.asarray(item.semi)
    assert np.hypot(*own) == pytest.approx(1, rel=1e-9)
    assert angle(V @ (own / np.asarray(item.semi)), q.gradient) < 1e-6


def test_no_ellipse_where_the_signs_differ() -> None:
    for q in map(saddle, range(1000)):
        window = window_of(q)
        for lift in (0.0, q.rise, -3 * q.rise, 1.0):
            assert not any(isinstance(item, Ellipse) for item in level(q, lift, window))


@given(SEEDS, st.sampled_from([0.0, -2.0, 3.0]))
def test_branches_of_a_hyperbola_lie_on_the_level_and_one_has_x_as_a_vertex(seed: int, factor: float) -> None:
    q = saddle(seed)
    window = window_of(q)
    curves = level(q, factor * q.rise, window)
    assert all(isinstance(item, Curve) for item in curves)
    for item in curves:
        inside = np.all((item.points > np.array(window)[[0, 2]]) & (item.points < np.array(window)[[1, 3]]), axis=1)
        off = q(item.points[inside]) - q.value - factor * q.rise
        slope = np.linalg.norm(q.gradient + (item.points[inside] - q.at) @ q.hessian, axis=1)
        wide = window[1] - window[0]
        rounding = 1e-13 * np.linalg.norm(q.hessian) * (wide**2 + wide * np.abs(window).max())
        assert np.all(np.abs(off) <= 1e-9 * slope * wide + rounding)
    if factor == 0:
        assert any(np.any(np.all(item.points == q.at, axis=1)) for item in curves)


@given(SEEDS)
def test_asymptotes_are_where_the_quadratic_form_vanishes(seed: int) -> None:
    q = saddle(seed)
    for item in asymptotes(q, window_of(q)):
        s = item.points - q.center
        form = 0.5 * np.einsum("ki,ij,kj->k", s, q.hessian, s)
        assert np.all(np.abs(form) <= 1e-9 * np.abs(q.eigen[0]).max() * np.sum(s**2, axis=1))
    assert asymptotes(bowl(seed), window_of(bowl(seed))) == []


def test_at_the_saddle_point_the_level_is_its_asymptotes() -> None:
    q = quadratic((-1, 2), 0.3, (0.0, 0.0))
    window = window_of(q)
    lines = level(q, 0.0, window)
    assert len(lines) == 2
    np.testing.assert_allclose([c.points for c in lines], [c.points for c in asymptotes(q, window)])


@given(SEEDS)
def test_a_dome_has_an_ellipse_that_says_hill(seed: int) -> None:
    up = bowl(seed)
    q = Quadratic(up.value, up.gradient, -up.hessian, up.at)
    (item,) = level(q, 0.0, window_of(q))
    assert isinstance(item, Ellipse) and item.hill and item.lam is not None and max(item.lam) < 0
    np.testing.assert_allclose(np.sort(item.semi), np.sort(level(up, 0.0, window_of(up))[0].semi), rtol=1e-9)
    assert level(q, 1.5 * abs(q.rise), window_of(q)) == []  # above the top there is nothing


@pytest.mark.parametrize("turn", [0.0, 0.7, 1.9])
def test_a_valley_has_a_strip(turn: float) -> None:
    V = np.array([np.cos(turn + np.pi / 2), np.sin(turn + np.pi / 2)])
    q = quadratic((0, 3), turn, 2 * V)
    items = level(q, 0.0, window_of(q))
    assert len(items) == 2 and all(len(item.points) == 2 for item in items)
    for item in items:
        np.testing.assert_allclose(q(item.points), q.value, rtol=1e-9)
        tangent = np.diff(item.points, axis=0)[0]
        assert abs(tangent @ V) <= 1e-9 * np.linalg.norm(tangent)
    assert level(q, -2 * q.rise, window_of(q)) == []


@given(SEEDS)
def test_a_valley_that_falls_has_a_parabola(seed: int) -> None:
    random = np.random.default_rng(seed)
    q = quadratic((0, float(random.choice([-2.0, 3.0]))), random.uniform(0, 3), random.standard_normal(2))
    window = window_of(q)
    items = level(q, 0.0, window)
    assert items and not q.has_center
    assert any(np.any(np.all(item.points == q.at, axis=1)) for item in items)
    for item in items:
        size = np.abs(item.points - q.at).max() ** 2 * 3 + 1
        np.testing.assert_allclose(q(item.points), q.value, atol=1e-9 * size * (1 + np.linalg.norm(q.gradient)))


def test_flat_models_and_broken_ones_have_no_level() -> None:
    window = (-1.0, 1.0, -1.0, 1.0)
    assert level(quadratic((0, 0), 0.0, (1.0, 2.0)), 0.0, window) == []
    assert level(Quadratic(0.0, np.array([np.nan, 1]), np.eye(2), np.zeros(2)), 0.0, window) == []
    assert level(quadratic((1, 2), 0.0, (0.0, 0.0)), 0.0, window) == []  # x is the bottom


@pytest.mark.parametrize("condition", [1e8, 1e12, 1e16])
def test_thin_ellipses_stay(condition: float) -> None:
    q = Quadratic(0.0, np.array([1.0, 1.0]), np.diag([1.0, condition]), np.zeros(2))
    (item,) = level(q, 0.0, window_of(q))
    assert min(item.semi) > 0 and np.all(np.isfinite(item.semi))
    assert max(item.semi) / min(item.semi) == pytest.approx(np.sqrt(condition), rel=1e-9)


@given(SEEDS, st.floats(0.5, 8.0))
def test_the_visible_part_of_a_huge_ellipse_is_dense_and_on_it(seed: int, decades: float) -> None:
    random = np.random.default_rng(seed)
    semi = (10.0**decades, 10.0 ** (decades * random.uniform(0, 1)))
    turn = random.uniform(0, np.pi)
    V = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    t = random.uniform(0, 2 * np.pi)
    middle = V @ (np.array([np.cos(t), np.sin(t)]) * semi)  # a point of it at the origin, the middle of the window
    item = Ellipse("x", (-float(middle[0]), -float(middle[1])), semi, turn)
    parts = arcs(item, (-1.0, 1.0, -1.0, 1.0))
    points = np.concatenate(parts)
    assert np.min(np.hypot(*points.T)) < 0.05
    p = (points - np.asarray(item.center)) @ V / np.asarray(semi)
    np.testing.assert_allclose(np.hypot(*p.T), 1, atol=1e-6)
    for part in parts:
        near = part[np.all(np.abs(part) <= 1, axis=1)]
        if len(near) > 1:
            assert np.max(np.hypot(*np.diff(near, axis=0).T)) < 0.1


def test_chords() -> None:
    window = (0.0, 2.0, 0.0, 1.0)
    found = chord(np.array([1.0, 0.5]), np.array([1.0, 0.0]), window)
    np.testing.assert_allclose(found, [[0, 0.5], [2, 0.5]])
    assert chord(np.array([1.0, 1.5]), np.array([1.0, 0.0]), window) is None
    assert chord(np.array([9.0, 9.0]), np.array([1.0, -1.0]), window) is None
