"""The reference is whole: what the package makes public stands in docs/reference.md, and the names there exist."""

import inspect
import re

import pytest
import scipy.optimize

import raphson as rp
from raphson.calculus.check import DerivativeCheck
from raphson.certificate.verdict import Cause, Proof
from raphson.fit.profile import ConfidenceEllipse, Profile
from raphson.problems.loss import LOSSES
from raphson.solver.presets import PRESETS
from tests.house.source import ROOT

TEXT = re.sub(r"^```.*?^```", "", (ROOT / "docs/reference.md").read_text(), flags=re.DOTALL | re.MULTILINE)


def names(text: str) -> set[str]:
    """The identifiers in what is set as code."""
    return {name for code in re.findall(r"`([^`]+)`", text) for name in re.findall(r"[A-Za-z_][\w-]*", code)}


def section(title: str) -> str:
    """From the heading that begins with a name to the next one."""
    found = re.search(rf"^(#+) `?{re.escape(title)}\b.*?(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"no section {title}"
    return found[0]


@pytest.mark.parametrize("module", [rp, rp.plot, rp.parts, rp.slam, rp.ml], ids=lambda module: module.__name__)
def test_every_public_name_is_in_the_reference(module) -> None:
    assert sorted(set(module.__all__) - names(TEXT)) == []


INSIDE = {
    rp.Geometry: {"of"},
    rp.Result: {"code", "compute", "declares", "limited", "portable", "scipy_items", "settle"},
    rp.Fit: {"bars", "bend", "coordinates", "error", "reach", "refit", "roots", "tangent"},
    rp.Model: {"curvature", "floor", "forgets", "gradient_error", "noise", "problem", "scale"},
    rp.Comparison: {"cells"},
    rp.Uncertainty: {"place", "roots", "tied"},
}
"""What the package's own rooms use of a record, and nobody else."""


def members(record: type) -> set[str]:
    """Fields, properties and methods."""
    return {*dir(record), *(name for owner in record.__mro__ for name in inspect.get_annotations(owner))}


def public(record: type) -> set[str]:
    """What a record adds to what it inherits from SciPy and Python, for its users."""
    inside = {name for owner in record.__mro__ for name in INSIDE.get(owner, ())}
    added = members(record) - set(dir(scipy.optimize.OptimizeResult)) - inside
    return {name for name in added if not name.startswith("_")}


@pytest.mark.parametrize("record", INSIDE, ids=lambda record: record.__name__)
def test_what_is_left_out_exists(record: type) -> None:
    assert sorted(INSIDE[record] - members(record)) == []


RECORDS = {
    "Geometry": rp.Geometry,
    "Result": rp.Result,
    "Fit": rp.Fit,
    "Uncertainty": rp.Uncertainty,
    "Certificate": rp.Certificate,
    "local_model": rp.Model,
    "check_derivatives": DerivativeCheck,
    "compare": rp.Comparison,
    "Solution": rp.Solution,
}


@pytest.mark.parametrize("title", RECORDS)
def test_every_field_of_a_record_is_in_its_section(title: str) -> None:
    there = names(section(title)) | (names(section("Result")) if title == "Fit" else set())
    assert sorted(public(RECORDS[title]) - there) == []


@pytest.mark.parametrize("record", [rp.Trial, ConfidenceEllipse, Profile], ids=lambda record: record.__name__)
def test_every_field_of_a_smaller_record_is_in_the_reference(record: type) -> None:
    assert sorted(public(record) - names(TEXT)) == []


@pytest.mark.parametrize("title", ["Geometry", "Uncertainty", "Certificate", "Result", "Fit"])
def test_every_name_of_a_table_exists(title: str) -> None:
    """The names of the first column; those of SciPy are attributes of the records that are made."""
    rows = re.findall(r"^\| (`[^|]+) \|", section(title), re.MULTILINE)
    said = {name for row in rows for code in re.findall(r"`([^`(]+)", row) for name in re.findall(r"^\w+", code)}
    assert len(said) > 4
    assert sorted(said - members(RECORDS[title]) - {"success", "cost"}) == []


WORDS = {
    "the methods": (PRESETS, "Methods"),
    "the verdicts": (rp.Verdict, "Verdict"),
    "the losses": (LOSSES, "Losses"),
    "the proofs": (Proof, "Certificate"),
    "the causes": ([cause for cause in Cause if cause], "Certificate"),
}


@pytest.mark.parametrize("what", WORDS)
def test_every_choice_is_in_its_table(what: str) -> None:
    choices, title = WORDS[what]
    codes = set(re.findall(r"`([^`\n]+)`", section(title)))
    assert sorted(str(choice) for choice in choices if str(choice) not in codes) == []
