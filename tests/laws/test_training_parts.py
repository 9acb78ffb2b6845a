"""What training is made of: batches that know their place, damping by the ratio, conjugate gradients walked back."""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from raphson.controls.full import Step
from raphson.controls.ratio_damping import RatioDamping
from raphson.ml.backtracked import kept_after, relative_progress, walked_back
from raphson.ml.batch_risk import chunk_of
from raphson.ml.batches import BatchStream, ShuffledBatches, StreamEnded
from raphson.solver.refresh import still

DATA = np.arange(23.0)


def numbers(batches: Any, k: int) -> list[float]:
    return np.ravel(batches.batch(k)[0].parts[0]).tolist()


def test_an_epoch_sees_every_example_once_and_the_next_one_in_another_order() -> None:
    source = ShuffledBatches(DATA, 5, seed=1, keep_last=True)
    epochs = [[x for k in range(5) for x in numbers(source, 5 * e + k)] for e in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == DATA.tolist()
    assert epochs[0] != epochs[1]
    assert source.batch(4)[1] == 1 and source.batch(4)[0].count == 3
    assert "3 examples" in source.notes[0]


def test_any_batch_can_be_had_first() -> None:
    forward = [numbers(ShuffledBatches(DATA, 4, seed=7), k) for k in range(12)]
    source = ShuffledBatches(DATA, 4, seed=7)
    assert [numbers(source, k) for k in reversed(range(12))] == forward[::-1]
    assert numbers(ShuffledBatches(DATA, 4, seed=8), 0) != forward[0]
    assert "leaves out 3 examples of 23" in source.notes[0]


@pytest.mark.parametrize("size", [0, 24, 2.5, True])
def test_a_batch_size_that_cannot_be_meant_is_named(size) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        ShuffledBatches(DATA, size)


def test_a_list_of_batches_begins_again_and_an_iterator_ends() -> None:
    parts = [DATA[:5], DATA[5:10], DATA[10:15]]
    again, once = BatchStream(parts), BatchStream(iter(parts))
    assert [numbers(again, k)[0] for k in range(7)] == [0, 5, 10, 0, 5, 10, 0]
    assert again.batch(6)[1] == pytest.approx(7 / 3)
    assert numbers(BatchStream(parts), 4) == numbers(again, 4)
    assert numbers(once, 2)[0] == 10
    with pytest.raises(StreamEnded):
        once.batch(3)
    with pytest.raises(ValueError, match="anew"):
        once.batch(0)


@pytest.mark.parametrize(
    "ratio, noise, factor", [(1.0, 0, 2 / 3), (0.5, 0, 1), (0.1, 0, 1.5), (-1, 0, 4), (1.0, 2.0, 1), (-np.inf, 2.0, 4)]
)
def test_damping_follows_the_ratio_and_stays_where_a_batch_says_nothing(ratio, noise, factor) -> None:
    control, zero = RatioDamping(), jnp.zeros(2)
    trial = replace(
        still(zero[0], zero),
        ratio=jnp.asarray(float(ratio)),
        predicted=jnp.asarray(1.0),
        noise=jnp.asarray(float(noise)),
    )
    good, after = control.judge(Step(jnp.asarray(0.5)), trial)
    assert bool(good) == (ratio > 0)
    assert 0.5 / float(after.tau) == pytest.approx(factor)


RNG = np.random.default_rng(0)
Q = RNG.normal(size=(12, 12))
A, G = jnp.asarray(Q @ Q.T + 0.1 * np.eye(12)), jnp.asarray(RNG.normal(size=12))


def solved(A: Any, start: Any, progress: float = 0.0) -> Any:
    return relative_progress(lambda v: A @ v, G, start, lambda r: r, 60, jnp.asarray(progress))


def test_conjugate_gradients_end_at_the_solution_and_a_near_start_is_cheaper() -> None:
    exact = jnp.linalg.solve(A, -G)
    far = solved(A, 0 * G)
    y = far.points[far.count - 1]
    np.testing.assert_allclose(y, exact, rtol=1e-6)
    np.testing.assert_allclose(far.bends[: far.count], [p @ A @ p for p in far.points[: far.count]], rtol=1e-6)
    assert solved(A, exact, 5e-4).inner < solved(A, 0 * G, 5e-4).inner


def test_a_direction_of_negative_curvature_is_gone_along_once_and_downhill() -> None:
    found = solved(-A, 0 * G)
    y = found.points[found.count - 1]
    assert int(found.count) == 1 and G @ y < 0 and jnp.all(jnp.isfinite(y))


def test_points_are_walked_back_to_where_the_value_no_longer_falls() -> None:
    found = solved(A, 0 * G)
    best = int(found.count) - 3
    value = lambda y: jnp.sum((y - found.points[best]) ** 2)
    assert int(walked_back(value, found)) == best
    assert int(walked_back(lambda y: -value(y) * 0, found)) == int(found.count) - 1
    assert int(walked_back(lambda y: jnp.where(value(y) == 0, 1.0, jnp.nan), found)) == best


def test_few_points_are_kept_and_chunks_divide_a_batch() -> None:
    marks = kept_after(250, 1000, 8)
    assert marks[0] == 2 and marks[-1] >= 250 and len(marks) < 22
    assert len(kept_after(250, 10**9, 8)) == 2
    assert [chunk_of(size) for size in (250, 128, 7, 1, 17, 479)] == [10, 16, 7, 1, 16, 16]
