"""What the tour's numbers are held against (frontend/tests/fixtures/tour.json) is what Python does today."""

import importlib.util
import json
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parents[2] / "frontend" / "tests" / "fixtures"


def script():
    """The script that writes the fixture."""
    spec = importlib.util.spec_from_file_location("tour", FIXTURES / "tour.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_functions_and_numbers_are_todays():
    tour, recorded = script(), json.loads((FIXTURES / "tour.json").read_text())
    assert {row["name"]: row["text"] for row in recorded} == tour.FUNCTIONS
    for row in recorded:
        today = tour.row(row["name"], row["text"])
        assert len(today["places"]) == tour.PLACES == len(row["places"])
        for now, then in zip(today["places"], row["places"], strict=True):
            for key in ("x", "f", "g", "H", "u", "error"):
                assert np.allclose(now[key], then[key], rtol=1e-12, atol=1e-12), (row["name"], key)
