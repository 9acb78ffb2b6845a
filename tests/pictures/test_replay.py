"""A run again without the solver: the same points, the same values, and curves that go through the trials."""

from itertools import pairwise

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.picture.recording.replay import MOST, looked_at, replay
from raphson.picture.thinning import thinned

ROSENBROCK = rp.zoo["rosenbrock"]


def decay(t, height, rate):
    return height * jnp.exp(-rate * t)


T = np.linspace(0, 3, 30)
Y = 2 * np.exp(-0.8 * T) + 0.3 * np.sin(9 * T)


def runs():
    yield from ((name, lambda name=name: rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method=name, max_steps=300))
                for name in rp.presets)  # fmt: skip
    yield "bounds", lambda: rp.minimize(ROSENBROCK.fun, [-1.0, 0.5], bounds=[(-2, 0.5), (-2, 2)])
    yield "float32", lambda: rp.minimize(ROSENBROCK.fun, np.array(ROSENBROCK.x0, np.float32))
    yield (
        "host",
        lambda: rp.minimize(lambda x: float((np.array(x[0]) - 1) ** 2 + (x[0] * x[1]) ** 2 + x[1] ** 2), [3.0, 2.0]),
    )
    yield (
        "tree",
        lambda: rp.minimize(lambda p: jnp.sum(p["a"] ** 4) + (p["b"] - 2) ** 2, {"a": np.ones(2), "b": np.array(1.0)}),
    )
    yield from ((f"fit-{name}", lambda name=name: rp.curve_fit(decay, T, Y, [1.0, 3.0], method=name))
                for name in ("auto", "lm-geodesic", "gauss-newton", "dogleg"))  # fmt: skip


RUNS = dict(runs())


OFTEN = {"dogleg", "trust-exact", "bfgs", "lbfgs", "newton-cg", "bounds", "float32", "host", "tree", "fit-auto"}
"""Every kind of memory and of problem; the other presets in test-slow."""


@pytest.mark.parametrize("name", [pytest.param(a, marks=[] if a in OFTEN else pytest.mark.slow) for a in RUNS])
def test_the_replay_meets_the_values_of_the_trace(name: str) -> None:
    result = RUNS[name]()
    again = replay(result)
    start, *others, end = again.moments
    assert start.trial == -1 and start.value == pytest.approx(result.trace.start_value, rel=1e-6)
    for moment in others:
        assert result.trace.accepted[moment.trial]
        value = float(result.trace.value[moment.trial])
        # Rounding of x, which compiled loops may do in another order, moves f by its slope.
        noise = 1e3 * np.finfo(moment.dtype).eps
        slack = noise * (np.abs(moment.gradient) @ np.abs(moment.flat) + abs(value) + np.abs(moment.flat).max() ** 2)
        assert moment.value == pytest.approx(value, abs=slack)
    assert np.array_equal(end.flat, np.concatenate([np.ravel(a) for a in flat(result.x)]))
    assert end.value == result.value


def flat(x):
    return [x[key] for key in sorted(x)] if isinstance(x, dict) else [x]


@pytest.mark.parametrize("name", ["trust-exact", "dogleg", "damped", "bounds", "fit-auto"])
def test_the_curve_goes_through_the_trials_that_were_made_on_it(name: str) -> None:
    result = RUNS[name]()
    trace = result.trace
    number = np.cumsum(trace.accepted) - trace.accepted
    seen = 0
    for moment in replay(result).moments[:-1]:
        curve = moment.own.curve
        if curve is None:
            continue
        assert not np.any(curve[0])
        for step in trace.step[number == moment.taken]:
            away = [distance(step, a, b) for a, b in pairwise(curve)]
            # Pieces of a bent curve cut its corners a little; and a curve ends somewhat beyond the farthest trial.
            assert min(away) <= 0.05 * np.linalg.norm(curve[-1])
            seen += 1
    assert seen > 3


def stiff(x):
    """Every point's conjugate gradients are preconditioned by those of the point before."""
    return jnp.sum(jnp.linspace(1, 300, x.size) * jnp.cosh(x - 1)) + (jnp.sum(x) - 2) ** 2


@pytest.mark.parametrize("most", [MOST, 6])
def test_what_conjugate_gradients_left_behind_is_learned_again(most: int) -> None:
    """Of more than 32 variables a matrix is not formed, and runs remember; also past points that are not recorded."""
    result = rp.minimize(stiff, np.zeros(40), method="trust-cg")
    trace, moments = result.trace, replay(result, most).moments
    number = np.cumsum(trace.accepted) - trace.accepted
    assert len(moments) == min(most, len(trace.kept) + 1) > 5
    for moment in moments[:-1]:
        curve = moment.own.curve
        assert curve is not None and len(curve) > 2
        for step in trace.step[number == moment.taken]:
            assert min(distance(step, a, b) for a, b in pairwise(curve)) <= 0.05 * np.linalg.norm(curve[-1])


def distance(p: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """From a point to a piece of a curve."""
    d = b - a
    t = np.clip((p - a) @ d / max(d @ d, 1e-300), 0, 1)
    return float(np.linalg.norm(p - a - t * d))


def test_the_hessians_are_those_of_f() -> None:
    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0)
    for moment in replay(result).moments:
        exact = rp.local_model(ROSENBROCK.fun, moment.flat)
        assert moment.hessian == pytest.approx(np.asarray(exact.hessian), rel=1e-9)
        assert moment.gradient == pytest.approx(np.asarray(exact.gradient), rel=1e-9, abs=1e-9)


def test_a_long_run_is_thinned_and_its_memory_learned_on_the_way() -> None:
    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="gradient-descent", max_steps=3000)
    again = replay(result)
    taken = int(result.trace.accepted.sum())
    assert len(again.moments) == MOST and again.moments[-1].taken == taken
    assert any("60 of" in note for note in again.notes)
    assert all(moment.own.curve is not None for moment in again.moments[:-1])


def test_the_answer_is_last_where_the_run_went_on_or_came_back() -> None:
    # Full Newton steps may climb: a run that is stopped returns its best point, not its last.
    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0, method="newton", max_steps=1)
    moments = replay(result).moments
    assert moments[-1].value == result.value == min(moment.value for moment in moments)
    assert moments[-1].trial == len(result.trace) - 1


def test_host_counts_are_left_alone() -> None:
    result = RUNS["host"]()
    before = result.model.problem.evaluations.value
    replay(result)
    assert result.model.problem.evaluations.value == before


def test_what_is_not_known_is_not_replayed() -> None:
    from dataclasses import replace

    result = rp.minimize(ROSENBROCK.fun, ROSENBROCK.x0)
    assert len(replay(replace(result, start=None)).moments) == 1
    assert len(replay(replace(result, model=replace(result.model, problem=None))).moments) == 1
    assert replay(replace(result, model=None)).moments == ()
    bare = replay(replace(result, recipe=None))
    assert len(bare.moments) > 10 and all(moment.own.curve is None for moment in bare.moments)


def test_a_model_is_one_moment() -> None:
    model = rp.local_model(ROSENBROCK.fun, ROSENBROCK.x0)
    (moment,) = looked_at(model).moments
    assert moment.value == float(model.value) and moment.hessian == pytest.approx(np.asarray(model.hessian))


@pytest.mark.parametrize(("count", "most"), [(5, 60), (60, 60), (61, 60), (10_000, 60), (100, 7), (100, 2), (3, 2)])
def test_thinning_keeps_both_ends(count: int, most: int) -> None:
    picked = thinned(count, most, first=10, last=20)
    assert len(picked) == min(count, most) and picked[0] == 0 and picked[-1] == count - 1
    assert np.all(np.diff(picked) > 0)
