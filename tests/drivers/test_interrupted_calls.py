"""A call whose later runs are ended from outside, or laid aside and resumed: nothing that was found is lost."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.kernel.status import Status
from raphson.solver import call as calls
from raphson.solver import drive
from raphson.solver.allowance import Allowance, Budget
from raphson.solver.result import Evaluations


def test_an_interrupt_while_a_later_method_compiles_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, first = drive.advance, []

    def advance(method: Any, *given: Any, **options: Any) -> Any:
        first.append(type(method.path))
        if type(method.path) is not first[0]:
            raise KeyboardInterrupt
        return real(method, *given, **options)

    monkeypatch.setattr(drive, "advance", advance)
    result = rp.minimize(lambda x: jnp.exp(-x[0]) + x[1] ** 2 + jnp.exp(-x[0] * x[1]), [3.0, 2.0])
    assert not result.success and np.isfinite(result.value)
    assert any("ended" in reason for reason in result.reasons), result.reasons


@dataclass
class FakeResult:
    name: str
    value: float
    success: bool
    termination: Status
    reasons: tuple[str, ...]
    evaluations: Evaluations = Evaluations(1, 1, 1)
    certificate: Any = field(default_factory=lambda: SimpleNamespace(verdict="stopped", noise=0.0, slopes=None))
    steps: int = 5
    gradient: Any = field(default_factory=lambda: np.zeros(3))


@dataclass
class FakeRun:
    name: str
    status: Status
    value: float
    onward: Any = None
    trace: tuple[int, ...] = (1,) * 5


class ScriptedCall(calls.Call):
    """The real `Call`, of runs that are written down: by name of the preset what its runs end in, one after another."""

    script: dict[str, FakeRun]
    made: list[str]

    def __post_init__(self) -> None:
        self.made = []

    def run_from(self, method: Any, start: Any, problem: Any = None, **seen: Any) -> Any:
        self.made.append(method)
        return self.script[method]

    def finish(self, done: Any, own: Any, name: str, method: Any, reasons: tuple[str, ...]) -> Any:
        return FakeResult(done.name, done.value, False, done.status, tuple(reasons))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(calls, "limited", lambda method, own, x: method)
    monkeypatch.setattr(calls, "counts", lambda *_: Evaluations(1, 1, 1))
    monkeypatch.setattr(Budget, "words", lambda self, *_: "left")

    def make(script: dict[str, FakeRun], allowed: dict[str, str]) -> tuple[Any, ScriptedCall]:
        limits = SimpleNamespace(max_steps=None, time_limit=None, calls=None)
        limits.after = lambda *_: limits
        space = SimpleNamespace(straight=True)
        one = ScriptedCall(SimpleNamespace(space=space), 0, None, limits, [], 0.0, 0.0, None, None)  # type: ignore[arg-type]
        one.script = script
        candidates: Any = [(name, name, "why") for name in script]
        told: Any = {name: (Allowance(then), (then, then, "why")) for name, then in allowed.items()}
        return one.best(candidates, (), told), one

    return make


def test_a_run_that_was_left_lower_survives_the_end_of_another(scripted: Any) -> None:
    """lbfgs is left at 3 and products at 1; the factor ends at 5, lbfgs goes on, and time is over at 2."""
    result, one = scripted(
        {
            "lbfgs": FakeRun("lbfgs", Status.STEPS, 3.0, lambda: FakeRun("lbfgs", Status.TIME, 2.0)),
            "trust-cg": FakeRun("products", Status.STEPS, 1.0, lambda: FakeRun("products", Status.NOISE, 0.5)),
            "trust-exact": FakeRun("factor", Status.NOISE, 5.0),
        },
        {"lbfgs": "trust-cg", "trust-cg": "trust-exact"},
    )
    assert result.value == 1.0 and one.over == Status.TIME


def test_a_run_that_came_to_its_end_is_not_made_again(scripted: Any) -> None:
    result, one = scripted(
        {
            "trust-exact": FakeRun("factor", Status.NOISE, 5.0),
            "trust-cg": FakeRun("products", Status.STEPS, 6.0, lambda: FakeRun("products", Status.NOISE, 4.0)),
        },
        {"trust-exact": "trust-cg", "trust-cg": "trust-exact"},
    )
    assert one.made == ["trust-exact", "trust-cg"] and result.value == 4.0


def test_a_resumed_run_that_is_interrupted_ends_the_call(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    after: list[str] = []
    monkeypatch.setattr(calls, "through_infinity", lambda best, again: after.append("infinity") or best)
    monkeypatch.setattr(calls, "by_squares", lambda best, run, again: after.append("squares") or best)
    script = {name: FakeRun(name, Status.NOISE, 1.0) for name in calls.SURE}
    script[calls.SURE[0]] = FakeRun("first", Status.STEPS, 3.0, lambda: FakeRun("first", Status.USER, 2.0))
    result, one = scripted(script, {})
    assert one.over == Status.USER and not after and result.value == 1.0
