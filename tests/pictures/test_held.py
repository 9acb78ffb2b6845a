"""Where the page has no program it gets values of f to interpolate, and a few more to judge them by: what they cost."""

import json
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.picture.recording import sampler
from raphson.picture.recording.held import HELD, middles
from raphson.picture.recording.record import make_recording
from raphson.picture.report import page
from tests.pictures.test_record import decoded


class Counted:
    """A function of two numbers that no array went through, and how often it was called, where."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []

    def __call__(self, x: Any) -> float:
        a, b = float(x[0]), float(x[1])
        self.seen.append((a, b))
        return math.sin(a + b) + (a - b) ** 2 - 1.5 * a + 2.5 * b + 1

    def during(self, work: Any) -> tuple[Any, int]:
        before = len(self.seen)
        return work(), len(self.seen) - before


def grids_of(recording: dict[str, Any]) -> list[dict[str, Any]]:
    views = [view for point in recording["points"] for view in point["views"].values()]
    return [owner["grid"] for owner in [*recording["planes"], *views] if owner["grid"]]


def test_a_host_function_is_asked_for_its_contours_and_sixteen_values_a_grid(monkeypatch) -> None:
    f = Counted()
    result = rp.minimize(f, [2.0, 1.0])
    seen, calls = f.during(lambda: make_recording(result))
    grids = grids_of(seen)
    # By number: 81 x 81 over the run, 65 x 65 around points with thin contours and 33 x 33 around the others, 16 more
    # of each, and what looking at the points again costs.
    assert seen["program"] is None and len(grids) == 1 + len(seen["points"])
    asked = sum(grid["nu"] * grid["nv"] for grid in grids)
    monkeypatch.setattr(sampler, "middles", lambda u, v: (np.zeros((0, 2), int), np.zeros((0, 2))))
    bare, before = f.during(lambda: make_recording(result))
    assert calls - before == HELD * len(grids)
    assert HELD * len(grids) <= 0.015 * asked < asked <= before <= 1.02 * asked
    assert not any(grid["held"]["cells"] for grid in grids_of(bare))
    # In bytes.
    assert len(json.dumps(seen)) - len(json.dumps(bare)) <= 0.05 * len(json.dumps(bare))


def test_the_values_held_out_are_those_of_f_at_the_middles_of_cells() -> None:
    f = Counted()
    for grid in grids_of(make_recording(rp.minimize(f, [2.0, 1.0]))):
        u, v, _ = decoded(grid)
        assert len(grid["held"]["cells"]) == HELD == len({tuple(cell) for cell in grid["held"]["cells"]})
        for (i, j), height in zip(grid["held"]["cells"], grid["held"]["values"], strict=True):
            exact = f([(u[i] + u[i + 1]) / 2, (v[j] + v[j + 1]) / 2])
            assert grid["base"] + grid["unit"] * height == pytest.approx(exact, abs=2e-8 * grid["unit"] + 1e-14)


@pytest.mark.parametrize("count", [33, 65, 81])
def test_the_cells_are_spread_over_the_grid(count: int) -> None:
    cells, between = middles(np.linspace(0, 1, count), np.linspace(-2, 2, count))
    assert cells.min() >= 0 and cells.max() < count - 1 and cells.shape == between.shape == (HELD, 2)
    # Of the 16 squares of a 4 x 4 partition at most three are without one.
    assert len({tuple(square) for square in (4 * cells // (count - 1)).tolist()}) >= 13


def loop(x: Any) -> Any:
    """A loop without a known end."""
    end = jnp.abs(x[1]) + 3
    y, _ = jax.lax.while_loop(lambda s: s[1] < end, lambda s: (s[0] + 0.1 * s[0] ** 2, s[1] + 1), (x[0], 0.0))
    return (y - 1) ** 2 + x[1] ** 2


def large(x: Any) -> Any:
    """More variables than the page gets a program for."""
    return jnp.sum((x - 1) ** 2) + 0.1 * jnp.sum(x**4) + x[0] * x[1]


THINGS = {
    "loop": lambda: rp.local_model(loop, np.array([0.4, 0.3])),
    "large": lambda: rp.local_model(large, np.zeros(70)),
    "four on the host": lambda: rp.local_model(
        lambda x: sum((float(a) - 1) ** 2 for a in x) + float(x[0]) * float(x[2]), np.zeros(4)
    ),
}


@pytest.mark.parametrize("name", THINGS)
def test_so_do_loops_many_variables_and_planes_of_more_than_two(name: str) -> None:
    seen = make_recording(THINGS[name]())
    assert seen["program"] is None and seen["frozen"]
    assert grids_of(seen) and all(grid["held"]["cells"] for grid in grids_of(seen))
    assert all(("basis" in plane) == plane["whole"] for plane in seen["planes"])


def test_where_the_page_has_the_program_nothing_more_is_asked() -> None:
    seen = make_recording(rp.minimize(rp.zoo["rosenbrock"].fun, [-1.2, 1.0]))
    assert seen["program"] and not any("held" in grid for grid in grids_of(seen))


def test_beyond_bounds_and_beside_holes_nothing_is_held_out() -> None:
    f = Counted()
    bounded = rp.minimize(f, [-0.5, -1.0], bounds=[(-1.0, 3.0), (-1.5, None)])
    seen = make_recording(bounded)
    assert min(a for a, _ in f.seen) >= -1 and min(b for _, b in f.seen) >= -1.5
    assert all(len(grid["held"]["cells"]) == HELD for grid in grids_of(seen))

    def holed(x: Any) -> float:
        return math.sqrt(float(x[0])) * float(x[0]) + float(x[1]) ** 2 - float(x[0])

    for grid in grids_of(make_recording(rp.local_model(holed, np.array([0.3, 0.5])))):
        _, _, values = decoded(grid)
        cells = grid["held"]["cells"]
        assert all(np.isfinite(values[j : j + 2, i : i + 2]).all() for i, j in cells)
        assert np.isnan(values).any() == (len(cells) < HELD)


def test_one_variable_has_them_too() -> None:
    seen = make_recording(rp.minimize(lambda x: math.cosh(float(x[0]) - 1) + 0.1 * float(x[0]) ** 2, [4.0]))
    for line in [seen["line"], *(point["line"] for point in seen["points"])]:
        x, held = line["x"], line["held"]
        assert len(held["cells"]) == len(held["values"]) == HELD and all(j == 0 for _, j in held["cells"])
        for (i, _), height in zip(held["cells"], held["values"], strict=True):
            a = (x[i] + x[i + 1]) / 2
            assert height == pytest.approx(math.cosh(a - 1) + 0.1 * a**2, rel=1e-6)


def test_a_report_of_a_host_function_stays_below_its_size() -> None:
    """450 kB beside the data, as every report."""
    f = Counted()
    result = rp.minimize(f, [2.0, 1.0])
    assert len(page(result)) - len(json.dumps(make_recording(result), separators=(",", ":"))) <= 450_000
