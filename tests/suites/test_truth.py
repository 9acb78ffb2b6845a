"""Success means a minimum: random functions of known minima, and of none, in both precisions."""

from typing import Any

import numpy as np
import pytest

import raphson as rp
from tests.suites.random_functions import FAMILIES, Drawn, Family

DRAWS = {np.float64: 24, np.float32: 8}
"""Functions drawn of each family in each precision: 13 families make 416."""

SHOWN = 0.97
"""The part of the minima that must be shown."""

COARSE = {np.float64: 1.0, np.float32: 1e9}
"""How much more f may miss its lowest value in single precision (eps is 5e8 times larger)."""


def answer(family: Family, drawn: Drawn, dtype: Any) -> Any:
    """What the door says of one function."""
    data = tuple(np.asarray(a, dtype) for a in drawn.data)
    start = np.asarray(drawn.start, dtype)
    door = rp.least_squares if family.residuals else rp.minimize
    return door(family.fun, start, data, **({} if drawn.bounds is None else {"bounds": drawn.bounds}))


def complaint(drawn: Drawn, result: Any, dtype: Any) -> tuple[str, bool]:
    """What is false about a success ("": nothing), and whether a minimum that should be was not shown."""
    if drawn.lowest is None:
        return (f"FALSE SUCCESS, there is no minimum: {result.message}" if result.success else ""), False
    slack = drawn.slack * COARSE[dtype]
    above = result.value - drawn.lowest
    if result.success and not above <= slack + 1e3 * np.finfo(dtype).eps * abs(drawn.lowest):
        return f"FALSE SUCCESS, f is {above:.3g} above its minimum: {result.message}", False
    return "", drawn.sure and (drawn.single or dtype != np.float32) and not result.success


@pytest.mark.parametrize("name", FAMILIES)
def test_success_means_a_minimum_and_minima_are_shown(name: str) -> None:
    """No false success among all draws; all but 3 % of the minima shown, all families together (here: two a family)."""
    family = FAMILIES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    wrong, missed = [], []
    for dtype, draws in DRAWS.items():
        for k in range(draws):
            drawn = family.draw(rng)
            result = answer(family, drawn, dtype)
            false, unseen = complaint(drawn, result, dtype)
            wrong += [f"{dtype.__name__} {k}: {false}"] if false else []
            missed += [f"{dtype.__name__} {k}: f = {result.value:.6g}, {result.message}"] if unseen else []
    assert not wrong, "\n".join(wrong)
    assert len(missed) <= 1, "\n".join(missed)
