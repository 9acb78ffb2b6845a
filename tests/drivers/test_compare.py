"""`compare`, tables and JSON."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.problems.zoo import zoo
from raphson.report.json import plain, text
from raphson.report.table import LEFT, POINT, RIGHT, duration, table


@pytest.fixture(scope="module")
def seen() -> rp.Comparison:
    return rp.compare(zoo["rosenbrock"].fun, zoo["rosenbrock"].x0, methods=("newton", "bfgs"))


def test_a_comparison_holds_results_and_prints_one_table(seen: rp.Comparison) -> None:
    assert list(seen.results) == ["newton", "bfgs"]
    assert all(result.success for result in seen.results.values())
    lines = str(seen).splitlines()
    assert lines == seen.table().splitlines() and len(lines) == 3
    assert lines[0].split()[:2] == ["method", "trials"] and max(map(len, lines)) <= 100
    assert lines[1].split()[:2] == ["newton", str(seen.results["newton"].steps)]
    assert all(line.endswith("MINIMUM") for line in lines[1:])
    assert seen.results["newton"].compile_seconds == 0  # the second run
    assert seen.plot().get_yscale() == "log"


def test_wrong_methods_are_refused() -> None:
    with pytest.raises(ValueError, match="methods is empty"):
        rp.compare(jnp.sum, [1.0], methods=())
    with pytest.raises(ValueError, match="newtonn"):
        rp.compare(lambda x: jnp.sum(x**2), [1.0], methods="newtonn")


def test_json_of_everything_is_valid(seen: rp.Comparison) -> None:
    result = seen.results["newton"]
    for a in (seen, result, result.model, result.model.geometry(), result.trace):
        json.loads(text(a), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    out = json.loads(text(result))
    assert out["success"] is True and out["method"] == "newton" and out["status"] == 0
    assert out["termination"] == "converged"
    np.testing.assert_allclose(out["x"], [1, 1])
    assert len(out["trace"]["value"]) == out["steps"] == result.steps
    assert set(json.loads(text(seen))["results"]) == {"newton", "bfgs"}


def test_json_of_what_json_has_not() -> None:
    assert plain([float("nan"), float("inf"), -float("inf")]) == [None, "inf", "-inf"]
    assert plain({"a": np.float32(1.5), 2: (np.int64(3), True, None)}) == {"a": 1.5, "2": [3, True, None]}
    assert plain({"p": jnp.ones(2), "q": np.eye(1)}) == {"p": [1.0, 1.0], "q": [[1.0]]}


def test_tables_align() -> None:
    rows = [("a", "10", "1.5"), ("long", "7", "22.25"), ("c", "-", "-")]
    assert table(("name", "k", "value"), rows, (LEFT, RIGHT, POINT)).splitlines() == [
        "name   k  value",
        "a     10   1.5",
        "long   7  22.25",
        "c      -      -",
    ]
    assert [duration(s) for s in (2e-5, 0.0123, 4.567)] == ["20 us", "12.3 ms", "4.57 s"]
