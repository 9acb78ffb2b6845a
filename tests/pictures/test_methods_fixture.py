"""What the methods of the page are held against (frontend/tests/fixtures/traces.json) is what Python does today."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

FIXTURES = Path(__file__).parents[2] / "frontend" / "tests" / "fixtures"


def script():
    """The script that writes the fixture."""
    spec = importlib.util.spec_from_file_location("traces", FIXTURES / "traces.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def recorded():
    return json.loads((FIXTURES / "traces.json").read_text())


def test_all_problems_and_methods_are_there(recorded):
    traces = script()
    assert list(recorded) == traces.problems()
    assert all(tuple(entry["methods"]) == traces.METHODS for entry in recorded.values())
    assert (FIXTURES / "traces.json").stat().st_size <= 150_000


@pytest.mark.parametrize(
    ("name", "method"),
    [("rosenbrock", "trust-exact"), ("himmelblau", "damped"), ("saddle", "newton"), ("booth", "bfgs")],
)
def test_trials_are_those_of_today(recorded, name, method):
    now, then = script().traced(name, method), recorded[name]["methods"][method]
    assert (now["accepted"], now["of"], now["status"]) == (then["accepted"], then["of"], then["status"])
    ends = np.array(then["ends"])
    np.testing.assert_allclose(np.array(now["ends"]), ends, rtol=1e-9, atol=1e-9 * np.max(np.abs(ends)))
    np.testing.assert_allclose(now["tau"], then["tau"], rtol=1e-6)
