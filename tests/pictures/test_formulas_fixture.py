"""What the page's tests take for Python's answers (frontend/tests/fixtures/formulas.json) is what Python says today."""

import json

import numpy as np
import pytest

from raphson.cli.expression import ExpressionError, parse
from tests.house.source import ROOT

FILE = json.loads((ROOT / "frontend/tests/fixtures/formulas.json").read_text("utf-8"))
VALUES = 50
"""Formulas that are evaluated: the others are read."""


def test_right_formulas_have_the_names_and_values_that_the_page_must_find() -> None:
    assert len(FILE["right"]) == 500
    for k, row in enumerate(FILE["right"]):
        formula = parse(row["text"])
        assert list(formula.names) == row["names"], row["text"]
        if k < VALUES:
            value = float(formula(dict(zip(row["names"], row["x"], strict=True))))
            assert np.isclose(value, row["f"], rtol=1e-13, atol=1e-15), row["text"]


@pytest.mark.parametrize("row", FILE["wrong"], ids=lambda row: row["text"][:20].encode("unicode_escape").decode())
def test_wrong_formulas_are_refused_at_the_same_place_in_the_same_words(row: dict) -> None:
    if row["column"] < 0:
        parse(row["text"])
        return
    with pytest.raises(ExpressionError) as caught:
        parse(row["text"])
    assert caught.value.column == row["column"]
    assert str(caught.value).startswith(f"column {row['column'] + 1}: {row['what']}\n")
