"""What training is made of: batches that know their place, damping by the ratio, conjugate gradients walked back."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.controls.full import Step
from raphson.controls.ratio_damping import RatioDamping
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.number import value_noise
from raphson.kernel.space import Euclidean
from raphson.ml.backtracked import kept_after, relative_progress, walked_back
from raphson.ml.batch_risk import chunk_of
from raphson.ml.batches import BatchStream, ShuffledBatches, StreamEnded
from raphson.ml.sampled import Sampled, SampledMemory
from raphson.ml.training_methods import multibatch_lbfgs
from raphson.model.curvature import Identity
from raphson.problems.minimize import Minimize
from raphson.solver.presets import cast
from raphson.solver.refresh import refresh, still
from raphson.solver.step import init, step

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


def test_points_of_conjugate_gradients_are_those_of_exact_arithmetic() -> None:
    """Sums are formed in another order on more devices: what is rounded otherwise is not to grow from step to step."""
    turned = np.linalg.qr(RNG.normal(size=(40, 40)))[0]
    B, g = (turned * np.geomspace(1, 1e3, 40)) @ turned.T, RNG.normal(size=40)
    run = jax.jit(lambda B, g, w: relative_progress(lambda v: B @ v, g, 0 * g, lambda r: w * r, 30, jnp.asarray(0.0)))
    for weight in (np.ones(40), np.geomspace(1, 3, 40)):
        found, moved = (run(B * (1 + k * 4e-16 * RNG.normal(size=B.shape)), g, weight) for k in (0, 1))
        assert int(found.count) == int(moved.count) > 5
        np.testing.assert_allclose(found.points, moved.points, rtol=0, atol=1e-11)
        # Krylov's space from vectors of one length, orthogonal: of the points of this space that is the lowest.
        k = int(np.unique(kept_after(30, 40, 8))[4])
        half, basis = np.sqrt(weight), [np.sqrt(weight) * g]
        for _ in range(k - 1):
            v = half * (B @ (half * basis[-1]))
            basis.append(v / np.linalg.norm(v))
            basis[-1] = np.linalg.qr(np.array(basis).T)[0][:, -1]
        V = half[:, None] * np.linalg.qr(np.array(basis).T)[0]
        np.testing.assert_allclose(found.points[4], -V @ np.linalg.solve(V.T @ B @ V, V.T @ g), rtol=0, atol=1e-11)


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


def test_the_noise_of_a_batch_is_that_part_of_the_last_promise_which_is_error() -> None:
    curvature, space, x = Sampled(Identity()), Euclidean(), jnp.zeros(3)
    g, h, s = jnp.asarray([3.0, 0.0, 4.0]), jnp.asarray([3.0, 2.0, 4.0]), jnp.asarray([-1.0, 0.0, -0.5])
    one = jnp.asarray(1.0)
    start = SampledMemory(one, g, 0 * one, 0 * one)
    _, moved = curvature.model(space, Evaluation(x, one, g), s, start)
    assert float(moved.promise) == 0.5 * 5
    again, _ = curvature.model(space, Evaluation(x, one, g), 0 * s, moved)
    assert float(again.floor) == value_noise(1.0)
    other, memory = curvature.model(space, Evaluation(x, one, h), 0 * s, moved)
    assert float(other.floor) == pytest.approx(0.5 * 4 / 29 * 2.5)
    opposite, _ = curvature.model(space, Evaluation(x, one, -h), 0 * s, memory)
    assert float(opposite.floor) == pytest.approx(2.5)  # all of it, and no more


def test_refreshed_is_the_same_point_seen_by_the_other_problem() -> None:
    def bent(x: Any, a: Any) -> Any:
        return jnp.sum(a * (x - 1) ** 2) + 0.1 * jnp.sum(x**4)

    one, other = (Minimize(bent, (jnp.asarray(a),)) for a in ([1.0, 20.0], [3.0, 2.0]))
    method = cast(multibatch_lbfgs(3), jnp.float64)
    advance, again = jax.jit(step), jax.jit(refresh)
    blank = jax.jit(init)(method, one, jnp.asarray([-1.0, 2.0]))
    begun, fine = again(method, one, blank)
    for a, b in zip(jax.tree.leaves(begun), jax.tree.leaves(advance(method, one, blank)[0]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)  # a run begins as the first step does it
    after = advance(method, one, advance(method, one, begun)[0])[0]
    seen, fine = again(method, other, after)
    assert bool(fine) and np.array_equal(seen.x, after.x) and np.array_equal(seen.control.tau, after.control.tau)
    np.testing.assert_allclose(seen.model.value, bent(after.x, other.data[0]), rtol=1e-14)
    np.testing.assert_allclose(seen.model.gradient, jax.grad(bent)(after.x, other.data[0]), rtol=1e-12)
    np.testing.assert_array_equal(seen.iterate.memory.S, after.iterate.memory.S)  # no pair of two problems
    assert int(seen.k) == int(after.k) == 2 and int(seen.status) == 0
