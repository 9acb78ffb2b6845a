"""What a run keeps of its trials stays within its budget, and what was left out is said."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.kernel.recorder import ACCEPTED, BUDGET, Recorder
from raphson.kernel.trace import SCALARS
from raphson.picture import scenes
from raphson.picture.recording.record import make_recording
from raphson.picture.recording.replay import replay
from raphson.solver import drive

N = 4


def rows_of(trials: int) -> np.ndarray:
    """A run's rows, the look at x0 first."""
    draw = np.random.default_rng(trials)
    table = draw.normal(size=(trials + 1, len(SCALARS) + N))
    table[:, ACCEPTED] = draw.random(trials + 1) < 0.7
    table[0, ACCEPTED], table[0, len(SCALARS) :] = 1, 0
    return table


def recorded(table: np.ndarray, budget: int, piece: int):
    """The trace from pieces of so many rows."""
    recorder = Recorder(budget)
    for k in range(0, len(table), piece):
        recorder.add(table[k : k + piece])
    return recorder.trace()


@pytest.mark.parametrize("trials", [0, 1, 9, 60, 1000])
@pytest.mark.parametrize("vectors", [1, 4, 11, 2000])
def test_what_is_kept_is_within_the_budget_and_on_the_way(trials: int, vectors: int) -> None:
    table, budget = rows_of(trials), vectors * 8 * N
    steps = table[1:, len(SCALARS) :]
    way = np.cumsum(steps[table[1:, ACCEPTED] != 0], axis=0)
    traces = [recorded(table, budget, piece) for piece in (1, 7, 2000)]
    for trace in traces:
        np.testing.assert_array_equal(trace.rows, table[1:, : len(SCALARS)])
        np.testing.assert_allclose(np.cumsum(trace.moves, axis=0), way[trace.kept - 1], atol=1e-12)
        np.testing.assert_array_equal(trace.moves, traces[0].moves)
        # Three points are kept whatever they cost: without them there is no way at all.
        assert trace.moves.nbytes <= max(budget, 3 * 8 * N)
        assert trace.whole == (table[:, len(SCALARS) :].nbytes <= budget) == (trace.note == "")
        if trace.whole:
            np.testing.assert_array_equal(trace.step, steps)
        elif len(way):
            assert trace.kept[-1] == len(way) and len(trace.kept) >= min(len(way), vectors // 2 - 1)
            assert str(len(way) + 1) in trace.note and str(len(trace.kept) + 1) in trace.note
            with pytest.raises(AttributeError, match="of the"):
                _ = trace.step


def banana(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def test_a_thinned_run_is_the_same_run_with_fewer_points(monkeypatch: pytest.MonkeyPatch) -> None:
    find = lambda: rp.minimize(banana, [-1.2, 1.0], method="gradient-descent", max_steps=400)
    whole = find()
    monkeypatch.setattr(drive, "Recorder", partial(Recorder, 40 * 2 * 8))
    thin = find()
    np.testing.assert_array_equal(thin.x, whole.x)
    np.testing.assert_array_equal(thin.trace.rows, whole.trace.rows)
    all_points, points = np.array(whole.points()), np.array(thin.points())
    assert 10 <= len(points) <= 41 < len(all_points) and f"{len(points)} points kept" in repr(thin.trace)
    np.testing.assert_allclose(points, all_points[np.append(0, thin.trace.kept)], rtol=1e-13)

    again = replay(thin)
    assert again.notes[0] == thin.trace.note
    for moment in again.moments:
        np.testing.assert_allclose(moment.flat, all_points[moment.taken], rtol=1e-13)
        assert moment.trial == (np.flatnonzero(whole.trace.accepted)[moment.taken - 1] if moment.taken else -1)
    picture = scenes.run(thin)
    assert thin.trace.note in picture.notes[0] and f"{len(whole.trace)} trials" in picture.caption
    assert thin.trace.note in make_recording(thin)["notes"]


def test_a_run_of_many_variables_keeps_no_more_than_the_budget() -> None:
    n = 100_000
    a = jnp.linspace(1, 50, n)
    run = rp.minimize(lambda x: 0.5 * jnp.sum(a * x**2), np.ones(n), method="gradient-descent", max_steps=90)
    assert len(run.trace) == 90 and not run.trace.whole
    assert run.trace.moves.nbytes + run.trace.rows.nbytes <= BUDGET
    assert len(run.points()) == len(run.trace.kept) + 1 >= 40
