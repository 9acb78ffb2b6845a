"""Level lines of grids: on the level, joined, decided at saddles, and nowhere near a value that is not there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raphson.picture.contour import gaps, levels, lines
from raphson.picture.scene import Grid


def grid_of(f, nx: int = 41, ny: int = 33, window: tuple = (-2, 2, -1.5, 1.5)) -> Grid:
    """A function of two arrays on a grid."""
    x, y = np.linspace(window[0], window[1], nx), np.linspace(window[2], window[3], ny)
    X, Y = np.meshgrid(x, y)
    with np.errstate(all="ignore"):
        return Grid(x, y, f(X, Y) + 0 * X)


def test_a_circle_is_one_closed_line() -> None:
    (line,) = lines(grid_of(lambda x, y: x**2 + y**2), 1.0)
    np.testing.assert_array_equal(line[0], line[-1])
    np.testing.assert_allclose(np.hypot(*line.T), 1, atol=2e-3)
    # Every edge is crossed once: no point is visited twice.
    assert len(np.unique(line[:-1].round(12), axis=0)) == len(line) - 1
    assert abs(0.5 * np.sum(line[:-1, 0] * line[1:, 1] - line[1:, 0] * line[:-1, 1])) == pytest.approx(np.pi, rel=5e-3)


def test_a_line_that_leaves_the_grid_is_open_and_whole() -> None:
    (line,) = lines(grid_of(lambda x, y: x - y), 0.3)
    np.testing.assert_allclose(line[:, 0] - line[:, 1], 0.3, atol=1e-12)
    ends = np.sort(line[[0, -1], 1])
    np.testing.assert_allclose(ends, [-1.5, 1.5])


@pytest.mark.parametrize(("level", "along"), [(0.05, 0), (-0.05, 1)])
def test_a_saddle_is_two_branches_on_the_right_sides(level: float, along: int) -> None:
    """x^2 - y^2 above zero has a branch to the left and one to the right."""
    found = lines(grid_of(lambda x, y: x**2 - y**2, 40, 40, (-1, 1, -1, 1)), level)
    assert len(found) == 2
    sides = sorted(float(np.sign(line[:, along].mean())) for line in found)
    assert sides == [-1, 1]
    for line in found:
        assert np.all(line[:, along] * np.sign(line[:, along].mean()) > 0)


def test_the_ambiguous_cell_is_decided_by_its_mean() -> None:
    x = y = np.array([0.0, 1.0])
    joined = lines(Grid(x, y, np.array([[1.3, 0.0], [0.0, 1.0]])), 0.5)
    apart = lines(Grid(x, y, np.array([[0.7, 0.0], [0.0, 1.0]])), 0.5)
    # Mean above the level: the high corners (0, 0) and (1, 1) are connected, the lines cut off the low ones.
    assert len(joined) == len(apart) == 2
    assert all(min(np.hypot(*(line.mean(axis=0) - c)) for c in ([1, 0], [0, 1])) < 0.5 for line in joined)
    assert all(min(np.hypot(*(line.mean(axis=0) - c)) for c in ([0, 0], [1, 1])) < 0.5 for line in apart)


@given(st.integers(0, 10**6))
def test_every_point_lies_on_the_level_by_linear_interpolation(seed: int) -> None:
    random = np.random.default_rng(seed)
    grid = Grid(np.arange(9.0), np.arange(7.0), random.standard_normal((7, 9)))
    for line in lines(grid, 0.2):
        for x, y in line:
            i, j = int(min(np.floor(y), 5)), int(min(np.floor(x), 7))
            s, t = x - j, y - i
            v = grid.values
            on_x_edge, on_y_edge = abs(y - round(y)) < 1e-12, abs(x - round(x)) < 1e-12
            assert on_x_edge or on_y_edge
            row = (1 - s) * v[i, j] + s * v[i, j + 1], (1 - s) * v[i + 1, j] + s * v[i + 1, j + 1]
            assert (1 - t) * row[0] + t * row[1] == pytest.approx(0.2, abs=1e-9)
        # Consecutive points share a cell.
        assert np.all(np.abs(np.diff(line, axis=0)) <= 1 + 1e-12)


def test_nothing_is_drawn_into_a_cell_that_is_not_finite() -> None:
    grid = grid_of(lambda x, y: np.where(x > 0.5, np.nan, x + y))
    found = lines(grid, 0.0)
    assert found and max(float(line[:, 0].max()) for line in found) <= 0.5
    holes = gaps(grid)
    assert holes and min(float(hole[:, 0].min()) for hole in holes) <= 0.5
    # What is hatched and what can have lines share no cell, and together they are the whole grid.
    hatched = sum(float(np.ptp(h[:, 0]) * np.ptp(h[:, 1])) for h in holes)
    finite = np.isfinite(grid.values)
    whole = finite[:-1, :-1] & finite[1:, :-1] & finite[:-1, 1:] & finite[1:, 1:]
    cell = (grid.x[1] - grid.x[0]) * (grid.y[1] - grid.y[0])
    assert hatched == pytest.approx(float((~whole).sum() * cell), rel=1e-9)


def test_infinities_are_gaps_too_and_a_finite_grid_has_none() -> None:
    assert len(gaps(grid_of(lambda x, y: np.where(x**2 + y**2 < 0.2, np.inf, 0.0)))) > 0
    assert gaps(grid_of(lambda x, y: x * y)) == []
    assert len(gaps(grid_of(lambda x, y: np.nan * x))) == 1  # one rectangle, not one a cell


def test_levels_show_a_narrow_valley() -> None:
    grid = grid_of(lambda x, y: 100 * (y - x**2) ** 2 + (1 - x) ** 2, 81, 81, (-2, 2, -1, 3))
    found = levels(grid.values, 10)
    assert len(found) == 10 and np.all(np.diff(found) > 0)
    assert grid.values.min() < found[0] < 1.5 and found[-1] > 500
    steps = np.diff(np.log(found - grid.values.min()))
    np.testing.assert_allclose(steps, steps[0])


def test_levels_of_awkward_values() -> None:
    assert levels(np.ones((3, 3))).size == 0
    assert levels(np.full((3, 3), np.nan)).size == 0
    assert levels(np.array([[0.0, np.inf], [1.0, np.nan]])).size > 0
    assert np.all(np.isfinite(levels(np.array([[0.0, 1e308], [-1e308, 5.0]]))))
    shifted = levels(np.linspace(0, 1, 50) - 1e6, 5)
    assert len(shifted) == 5


def test_a_grid_of_one_row_has_no_lines() -> None:
    assert lines(Grid(np.arange(3.0), np.arange(1.0), np.arange(3.0)[None]), 1.5) == []
