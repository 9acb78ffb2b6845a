"""Every preset on a dozen and more zoo problems, within budgets of evaluations, and with verdicts that are true."""

import csv
from pathlib import Path

import numpy as np
import pytest

import raphson as rp
from raphson.solver.choose import SURE
from raphson.solver.presets import DESCRIPTIONS, PRESETS
from tests.suites.cages import CAGES, cage, honest, own_evaluations, solve_caged
from tests.suites.families import NEWTON_TYPE

with Path(__file__).with_name("budgets.csv").open() as file:
    BUDGETS = {row.pop("problem"): row for row in csv.DictReader(file)}


def test_the_table_is_complete():
    """A budget for every preset on every problem; every preset has a description."""
    assert set(BUDGETS) == {name for names in CAGES.values() for name in names}
    for row in BUDGETS.values():
        assert list(row) == list(PRESETS)
    assert set(DESCRIPTIONS) == set(PRESETS)


def test_a_wall_of_nan_stops_no_preset():
    """TARGETS A3, f = x - 0.01 log(x - 1) from 1.5: solved by every preset."""
    assert all(cell.isdigit() for cell in BUDGETS["log-barrier"].values())


def test_newton_type_presets_fail_nowhere_but_where_full_steps_do():
    """Of the second-order presets only `newton` (full steps, no safeguard) may fail, and none ends on a saddle."""
    for name, row in BUDGETS.items():
        for method in NEWTON_TYPE:
            assert row[method].isdigit() or (method, name) == ("newton", "beale"), (method, name)


# Two sizes for every preset in each run of the tests, the others for what "auto" begins with or in test-slow.
OFTEN = {2, 4}
RUNS = [
    pytest.param(method, n, marks=[] if n in OFTEN or method in SURE[:2] else pytest.mark.slow)
    for method in PRESETS
    for n in CAGES
]


@pytest.mark.parametrize(("method", "n"), RUNS)
def test_a_preset_keeps_its_budget_and_its_word(method, n):
    """Success within the budget where the table has one, the listed verdict elsewhere; never a false success."""
    wrong = []
    for name in CAGES[n]:
        problem, expected = rp.zoo[name], BUDGETS[name][method]
        result = solve_caged(name, method)
        said = f"{name}: {result.verdict} after {own_evaluations(result)} evaluations"
        if not honest(problem, result):
            wrong.append(f"FALSE SUCCESS {said}, f = {result.value:.8g}")
        if expected == "saddle" and (result.certificate.verdict != "saddle" or result.success):
            wrong.append(f"not called a saddle: {said}")
        if expected.isdigit() and not (result.success and own_evaluations(result) <= int(expected)):
            wrong.append(f"allowed {expected} evaluations: {said}")
    assert not wrong, "\n".join(wrong)


def test_a_cage_changes_nothing():
    """The caged problem is the problem: the same trials as by the plain function, to rounding."""
    for name in ("beale", "wood"):
        plain = rp.minimize(rp.zoo[name].fun, rp.zoo[name].x0)
        caged = solve_caged(name, "auto")
        assert plain.nfev == caged.nfev
        assert plain.value == pytest.approx(caged.value, abs=1e-20)
    assert cage(CAGES[2]) is cage(CAGES[2])


def test_a_long_way_is_gone_to_its_end():
    """Methods of products have the steps that a long curved valley takes (1300 here; the limit was 1000)."""

    def chained(x):
        return 1 + (100 * (x[1:] - x[:-1] ** 2) ** 2 + (x[1:] - 1) ** 2).sum()

    n = 700
    result = rp.minimize(chained, np.arange(1, n + 1) / (n + 1), method="newton-cg")
    assert result.success and result.value == pytest.approx(1) and result.nit > 1000
