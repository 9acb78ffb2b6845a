"""`raphson bench`: what there is, wrong words, no checkout; and the classes that answers are put into."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cutest_judge import BEST, BOTTOMLESS, FALSE_FAILURE, FALSE_SUCCESS, NO, OTHER, Judge
from benchmarks.cutest_pool import read
from benchmarks.cutest_profiles import spread
from raphson.cli import bench
from raphson.cli.main import invoke


def said(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = invoke(arguments)
    out, err = capfd.readouterr()
    return code, out, err


def test_words(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line on standard error for what cannot be meant, and the way out where there is no checkout."""
    code, out, err = said(capfd, "bench")
    assert (code, err) == (0, "") and "cutest" in out and "quick" in out
    code, out, err = said(capfd, "bench", "cutes")
    assert code == 2 and "there are cutest" in err and len(err.splitlines()) == 1
    code, out, err = said(capfd, "bench", "cutest", "--subset", "tiny")
    assert code == 2 and "quick, small, full" in err
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench.raphson, "__file__", str(tmp_path / "site-packages" / "raphson" / "__init__.py"))
    code, out, err = said(capfd, "bench", "cutest", "--show")
    assert code == 2 and "not part of the installed package" in err and "pip install -e ." in err


def row(value: float, success: bool, **more: Any) -> dict[str, Any]:
    return {"value": value, "f": value, "success": success, "verdict": "", "status": "", "spent": 1.0} | more


BESIDE_LOWER = {"restarts": {"0.1": -5.0}, "smallest": 0.0}


@pytest.mark.parametrize(
    "ours, near, kind",
    [
        (row(0.0, True), {}, BEST),
        (row(0.0, False), {}, FALSE_FAILURE),
        (row(0.0, False), {"restarts": {"0.001": -1.0}}, NO),  # f falls on from there
        (row(1.0, False), {}, NO),
        (row(1.0, True), {}, OTHER),
        (row(1.0, True), BESIDE_LOWER, FALSE_SUCCESS),
        (row(1.0, True), BESIDE_LOWER | {"smallest": 0.5}, OTHER),  # a strict minimum: another basin
        (row(math.nan, True), {}, NO),
        ({"error": "more than its processor seconds"}, {}, NO),
    ],
)
def test_classes_of_answers(ours: dict[str, Any], near: dict[str, Any], kind: str) -> None:
    """An answer is judged by f and by restarts beside it, whoever gave it; its own word is held against that."""
    for solver in ("raphson", "ipopt"):
        rows = {("BEALE", solver): {"name": "BEALE", "solver": solver} | ours}
        rows |= {("BEALE", f"beside {solver}"): near} if near else {}
        assert Judge(rows).kind("BEALE", solver) == kind


def test_who_is_alone_at_the_lowest_f_may_be_under_way() -> None:
    """No success at a value that nobody else reached is no false failure; at one that others reached it is."""
    rows = {("PALMER7E", "raphson"): row(6.4, False), ("PALMER7E", "ipopt"): row(6.6, False)}
    assert Judge(rows).kind("PALMER7E", "raphson") == NO
    assert Judge(rows | {("PALMER7E", "ipopt"): row(6.4, True)}).kind("PALMER7E", "raphson") == FALSE_FAILURE


def test_f_without_a_lower_bound() -> None:
    """Said so: right. Success: not at the best f, which is -inf."""
    said_so = {("INDEF", "raphson"): row(-1e20, False, verdict="unbounded")}
    assert Judge(said_so).kind("INDEF", "raphson") == BOTTOMLESS
    assert Judge({("INDEF", "raphson"): row(-1e20, False, verdict="saddle")}).kind("INDEF", "raphson") == NO


def test_an_infimum_at_infinity_that_f_shows() -> None:
    """At the best f, and f level to infinity one way: "no minimum" is right. Else it is a false failure."""
    said_so, trf = row(434.470238763, False, verdict="no minimum", largest=2.0), row(434.470238763, True)
    for level, kind in (([99], BOTTOMLESS), ([], FALSE_FAILURE)):
        rows = {("LUKSAN22", "raphson"): said_so | {"level": level}, ("LUKSAN22", "scipy trf"): trf}
        assert Judge(rows).kind("LUKSAN22", "raphson") == kind


def test_roots_are_judged_by_their_residuals() -> None:
    """1/2 |r|^2 = 1e-14 is not 1e-30, but no residual is above 1e-6; a least sum of squares is judged by its value."""
    root = {("BOOTH", "raphson"): row(1e-14, True, largest=1e-7), ("BOOTH", "scipy trf"): row(1e-30, True)}
    assert Judge(root).kind("BOOTH", "raphson") == BEST
    far = {("BOOTH", "raphson"): row(1e-8, False, largest=1e-4), ("BOOTH", "scipy trf"): row(1e-30, True)}
    assert Judge(far).kind("BOOTH", "raphson") == NO


def test_the_newest_line_of_a_run_counts(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    lines = [{"name": "BEALE", "solver": "raphson", "value": v} for v in (2.0, 1.0)]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n")
    assert read(file)["BEALE", "raphson"]["value"] == 1.0


def test_names_at_the_lines_ends_do_not_touch() -> None:
    places = spread([0.1, 0.1, 0.5, 1.0, 1.0, 1.0])
    assert all(b - a >= 0.05 for a, b in pairwise(places)) and places[-1] <= 1.02
