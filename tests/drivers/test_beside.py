"""Runs begun beside a point whose Hessian is singular: what they find, what they cost, and what is said of them."""

from dataclasses import dataclass, field

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.certificate.verdict import Verdict
from raphson.fit import attempt
from raphson.kernel.status import Status
from raphson.solver import call
from raphson.solver.attempts import best_of
from raphson.solver.result import Evaluations


def peano(x):
    """Rises along every straight line through 0, and falls between two parabolas."""
    return jnp.stack([1 + (x[1] - x[0] ** 2) * (x[1] - 3 * x[0] ** 2)])


def sixth(x):
    """Falls with the sixth power of x0: no derivative up to the fifth sees it."""
    return jnp.stack([1 - x[0] ** 6 + x[0] ** 8, x[1] - 1])


def quartic(x):
    """Has its minimum, (1, 0), where H is singular, and no root there."""
    return jnp.stack([(x[0] - 1) ** 2, x[1], 1 + 0 * x[1]])


LOWER = {"peano": (peano, 0.0), "sixth": (sixth, 0.40009307861328125)}


@pytest.fixture
def runs(monkeypatch):
    """All runs that are made, as they are made."""
    made = []

    def seen(run):
        def kept(*arguments, **keywords):
            made.append(run(*arguments, **keywords))
            return made[-1]

        return kept

    for module in (call, attempt):
        monkeypatch.setattr(module, "run", seen(module.run))
    return made


def solved(door, residual, x0):
    """By the door for residuals, or as half the sum of their squares."""
    if door == "least_squares":
        return rp.least_squares(residual, x0, method="lm")
    return rp.minimize(lambda x: 0.5 * jnp.sum(residual(x) ** 2), x0, method="trust-exact")


def test_nothing_is_sought_below_a_root(runs):
    """A sum of squares that is 0 is nowhere lower: no runs from beside."""
    r = rp.least_squares(lambda x: jnp.stack([(x[0] - 1) ** 2, x[1]]), [1.0, 0.0])
    assert r.success and r.value == 0 and len(runs) == 1


def polished(door, r):
    """Newton steps at the end of fits: one H each, beside the one of every run that became a result."""
    results = 1 + sum("begun again" in reason for reason in r.reasons)
    return r.nhev - results if door == "least_squares" else 0


@pytest.mark.parametrize("name", LOWER)
@pytest.mark.parametrize("door", ["least_squares", "minimize"])
def test_a_fall_that_straight_lines_do_not_show_is_found_and_told_as_one_run(door, name, runs):
    """A point where f is level to the fourth order is no minimum; the trace leads from x0 to the answer."""
    residual, least = LOWER[name]
    x0 = np.array([0.0, 0.0])
    r = solved(door, residual, x0)
    assert r.success and r.value == pytest.approx(least, abs=1e-12), r.verdict
    assert any("begun again beside" in reason for reason in r.reasons)
    np.testing.assert_array_equal(r.start, x0)
    points = r.points()
    np.testing.assert_array_equal(points[0], x0)
    np.testing.assert_allclose(points[-1], r.x, atol=1e-7)
    values = [0.5 * float(jnp.sum(residual(x) ** 2)) for x in points]
    np.testing.assert_allclose([r.trace.start_value, *r.trace.value[r.trace.accepted]], values, atol=1e-12)
    assert r.nfev - polished(door, r) == sum(len(run.trace) + 1 for run in runs)


@pytest.mark.parametrize("door", ["least_squares", "minimize"])
def test_runs_from_beside_that_find_nothing_are_counted_and_named(door, runs):
    """Every evaluation that was spent is one of the result's."""
    r = solved(door, quartic, np.array([1.0, 0.0]))
    assert r.success and len(runs) == 7, r.verdict
    assert any("6 runs from beside" in reason and "nothing lower" in reason for reason in r.reasons)
    assert r.nfev - polished(door, r) == sum(len(run.trace) + 1 for run in runs) > len(r.trace) + 1


@dataclass
class Certified:
    """A certificate that knows its verdict alone."""

    verdict: Verdict
    slopes: None = None
    noise: float = 0.0


@dataclass
class Ended:
    """An attempt's result, as `best_of` looks at it."""

    value: float
    success: bool
    reasons: tuple
    certificate: Certified
    termination: Status = Status.CONVERGED
    evaluations: Evaluations = field(default_factory=lambda: Evaluations(1, 1, 1))


def test_all_reasons_are_kept_in_their_order():
    """Why the first method, what its run from beside found, how it ended, and the same of the next one."""

    def attempt(name, method, reasons):
        verdict = Verdict.MINIMUM if name == "second" else Verdict.SADDLE
        return Ended(0.0, name == "second", (*reasons, f"{name} looked beside"), Certified(verdict))

    methods = [("first", None, "why first"), ("second", None, "why second")]
    best = best_of(methods, attempt, False)
    assert best.reasons == (
        "why first", "first looked beside", "first from x0 ended: saddle", "second looked beside",
    )  # fmt: skip
    assert best_of(methods[1:], attempt, False).reasons == ("why second", "second looked beside")
