"""Laws of controls: what an accepted trial has earned, and how every awkward trial is judged."""

import math
from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from raphson.controls.armijo import Armijo
from raphson.controls.full import Full, Step
from raphson.controls.nielsen import Nielsen
from raphson.controls.quality import quality
from raphson.controls.radius import Radius
from raphson.controls.sigma import Sigma
from raphson.controls.wolfe import Wolfe, cubic_minimum
from raphson.kernel.number import value_noise
from raphson.kernel.trace import Trial
from raphson.model.curvature import Exact
from raphson.paths.dogleg import Dogleg
from raphson.paths.proposal import DAMPING, LENGTH, RADIUS, SIGMA
from raphson.paths.ray import Ray
from raphson.problems.zoo import zoo
from raphson.solver.step import Method
from tests.laws.random_models import model

NAN, INF = math.nan, math.inf
CONTROLS = {"full": Full(), "armijo": Armijo(), "radius": Radius(), "nielsen": Nielsen(), "sigma": Sigma()}
SLICES = (
    "rosenbrock",
    "beale",
    "himmelblau",
    "six-hump-camel",
    "log-barrier",
    "wood",
    "helical-valley",
    "brown-dennis",
)


def trial(value, predicted, actual, slope=-1.0, end_slope=NAN, tau=1.0, length=1.0, bound=True, noise=0.0):
    """A trial as `appraise` writes it, from its numbers."""
    ratio = actual / predicted if predicted > 0 else -INF
    numbers = (value, predicted, actual, ratio, slope, end_slope, noise, tau, length, 0, bound, False, NAN)
    return Trial(*(jnp.asarray(a) for a in numbers), step=jnp.zeros(1))


@cache
def slicer(name):
    """(t, multiple) -> f and its slope along a descent ray of a zoo problem at its start, compiled once."""
    problem = zoo[name]
    x = jnp.asarray(problem.x0)

    def along(t, multiple):
        g = jax.grad(problem.fun)(x)
        return problem.fun(x - t * multiple * g / jnp.linalg.norm(g))

    return jax.jit(jax.value_and_grad(along))


def sliced(name, multiple):
    """f and its slope along that ray, t -> (f, slope), and the values at t = 0."""
    look = lambda t: slicer(name)(t, multiple)
    return look, *(float(a) for a in look(0.0))


judge = jax.jit(lambda control, state, trial: control.judge(state, trial))


def search(control, look, f, slope, limit=80):
    """Runs a line search alone on a slice: the accepted tau, its value and its slope."""
    state = control.start(model(np.eye(1), np.ones(1), np.ones(1)))
    for _ in range(limit):
        tau = float(state.tau)
        value, here = (float(a) for a in look(tau))
        noise = float(value_noise(jnp.asarray(f)))
        actual = float(quality(jnp.asarray(f), jnp.asarray(value), jnp.asarray(1.0), jnp.asarray(noise))[0])
        seen = trial(value, -slope * tau / 2, actual, slope * tau, here * tau, tau, noise=noise)
        accept, state = judge(control, state, seen)
        if bool(accept):
            return tau, value, here, state
    raise AssertionError(f"nothing accepted in {limit} trials")


@pytest.mark.parametrize("multiple", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("name", SLICES)
def test_armijo_and_strong_wolfe_hold_where_a_trial_is_accepted(name, multiple):
    """Armijo: f(t) <= f(0) + c1 t f'(0). Strong Wolfe: that, and |f'(t)| <= c2 |f'(0)|; from any first length."""
    look, f, slope = sliced(name, multiple)
    tau, value, _, state = search(Armijo(), look, f, slope)
    assert value <= f + 1e-4 * tau * slope
    assert float(state.tau) == 1.0, "the next search starts at the full step"
    for c2 in (0.9, 0.1):
        tau, value, here, state = search(Wolfe(c2=c2), look, f, slope)
        assert value <= f + 1e-4 * tau * slope
        assert abs(here) <= c2 * abs(slope)
        assert float(state.tau) == 1.0 and math.isinf(float(state.high)), "the next search starts afresh"


def test_a_cubic_through_two_points_has_its_minimum_where_calculus_says():
    """cubic_minimum gives the local minimizer of the cubic with these values and slopes, NaN where it has none."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        p = np.polynomial.Polynomial(rng.standard_normal(4))
        a, b = sorted(rng.standard_normal(2))
        found = float(cubic_minimum(*(jnp.asarray(q) for q in (a, p(a), p.deriv()(a), b, p(b), p.deriv()(b)))))
        roots = p.deriv().roots()
        minima = [r.real for r in roots if abs(r.imag) < 1e-12 and p.deriv(2)(r.real) > 0]
        assert math.isnan(found) if not minima else found == pytest.approx(minima[0], rel=1e-6, abs=1e-6)


TABLE = [
    # f(x), f(trial), predicted -> actual, ratio
    (1.0, 0.5, 1.0, 0.5, 0.5),
    (1.0, 2.0, 1.0, -1.0, -1.0),
    (1.0, NAN, 1.0, -INF, -INF),
    (1.0, INF, 1.0, -INF, -INF),
    (1.0, -INF, 1.0, INF, INF),
    (1.0, 0.5, 0.0, 0.5, -INF),
    (1.0, 0.5, -1.0, 0.5, -INF),
    (1.0, NAN, -1.0, -INF, -INF),
    (1.0, NAN, 0.0, -INF, -INF),
    (1.0, 1.0 + 1e-15, 1e-15, -1.1102230246251565e-15, 1.0),
    (1.0, 1.0 + 1e-15, -1e-15, -1.1102230246251565e-15, 1.0),
    (1.0, 1.0, 0.0, 0.0, 1.0),
    (1.0, 1.0 + 1e-12, 1e-15, -1e-12, -1e3),
    (0.0, 0.0, 0.0, 0.0, 1.0),
    (0.0, 1e-300, 1e-300, -1e-300, -1.0),
]


@pytest.mark.parametrize(("f", "new", "predicted", "actual", "ratio"), TABLE)
def test_the_quality_of_every_trial_is_decided(f, new, predicted, actual, ratio):
    """actual and ratio for finite, NaN, +inf and -inf trials, for promises that are not positive, and within noise."""
    got = [
        float(a) for a in quality(jnp.asarray(f), jnp.asarray(new), jnp.asarray(predicted), value_noise(jnp.asarray(f)))
    ]
    assert got[0] == pytest.approx(actual, rel=1e-3, abs=0)
    assert got[1] == pytest.approx(ratio, rel=1e-3, abs=0)


@pytest.mark.parametrize("value", [NAN, INF])
@pytest.mark.parametrize("name", [*CONTROLS, "wolfe"])
def test_a_trial_that_is_not_finite_is_rejected_and_shortened(name, value):
    """NaN and +inf: not accepted, and the next tau is a finite, positive, smaller one."""
    control = CONTROLS.get(name, Wolfe())
    state = control.start(model(np.eye(1), np.ones(1), np.ones(1)))
    tau = float(state.tau)
    for _ in range(30):
        accept, state = control.judge(state, trial(value, 1.0, -INF, -1.0, NAN, float(state.tau), float(state.tau)))
        assert not bool(accept)
        assert 0 < float(state.tau) < tau
        tau = float(state.tau)


@pytest.mark.parametrize("name", CONTROLS)
def test_a_bottomless_trial_is_accepted(name):
    """f = -inf is the best there is: the run ends there as unbounded."""
    control = CONTROLS[name]
    state = control.start(model(np.eye(1), np.ones(1), np.ones(1)))
    accept, state = control.judge(state, trial(-INF, 1.0, INF))
    assert bool(accept) and np.isfinite(float(state.tau))


@pytest.mark.parametrize("name", ["radius", "nielsen", "sigma"])
@pytest.mark.parametrize("bound", [True, False])
def test_trust_grows_only_after_good_trials(name, bound):
    """tau shrinks after a bad ratio, whatever the length of the trial; it never shrinks after a perfect one."""
    control = CONTROLS[name]
    state = replace(control.start(model(np.eye(1), np.ones(1), np.ones(1))), tau=jnp.asarray(2.0))
    for ratio in (-INF, -1e6, -1.0, 0.0, 1e-5):
        for length in (0.01, 1.0, 2.0):
            actual = max(ratio, -1e300)
            accept, new = control.judge(state, trial(1.0, 1.0, actual, length=length, bound=bound))
            assert not bool(accept)
            assert 0 < float(new.tau) < 2.0
    accept, new = control.judge(state, trial(0.0, 1.0, 1.0, length=2.0, bound=bound))
    assert bool(accept)
    assert float(new.tau) >= 2.0


@pytest.mark.parametrize("length", [0.5, 2.0])
def test_a_radius_grows_only_where_it_held_the_step_back(length):
    """After a good trial inside the ball the radius stays; after one at its edge it is `growth` times the step."""
    for growth in (2.0, 3.0):
        control = Radius(growth=growth)
        good = trial(0.0, 1.0, 1.0, length=length, bound=False)
        assert float(control.judge(Step(jnp.asarray(2.0)), good)[1].tau) == 2.0
        held = replace(good, bound=jnp.asarray(True))
        assert float(control.judge(Step(jnp.asarray(2.0)), held)[1].tau) == max(2.0, growth * length)


def test_a_path_and_a_control_of_different_units_do_not_pair():
    """Method(...) refuses them at once and names both sides and both units."""
    with pytest.raises(ValueError, match=f"Dogleg.*{RADIUS}.*Armijo.*{LENGTH}"):
        Method(Exact(), Dogleg(), Armijo())
    with pytest.raises(ValueError, match=f"Ray.*{LENGTH}.*Sigma.*{SIGMA}"):
        Method(Exact(), Ray(), Sigma())
    assert len({LENGTH, RADIUS, DAMPING, SIGMA}) == 4
