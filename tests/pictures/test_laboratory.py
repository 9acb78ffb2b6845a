"""The laboratory's file: whole, the same bytes again, nothing from anywhere, and what stands in it is data."""

import json
import re
from pathlib import Path

import pytest

import raphson as rp

HOSTILE = [
    "</script><script>attacked=1</script>",
    "<!--<script>",
    "x\u2028y",
    '"><img src=x onerror=attacked=1>',
    "\\",
    "{}",
]


def given(path: Path) -> dict:
    """What the page finds in its file."""
    found = re.findall(r'<script type="application/json" id="laboratory">(.*?)</script>', path.read_text("utf-8"), re.S)
    assert len(found) == 1
    return json.loads(found[0])


def test_the_file_holds_formula_and_start_and_asks_no_network(tmp_path: Path) -> None:
    path = rp.lab("x^4 - 3*x*y + y^2", tmp_path / "lab.html", [1, 2.5])
    assert path == tmp_path / "lab.html" and [p.name for p in tmp_path.iterdir()] == ["lab.html"]
    assert given(path) == {"formula": "x^4 - 3*x*y + y^2", "start": [1.0, 2.5]}
    text = path.read_text("utf-8")
    assert "default-src 'none'" in text and not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    again = rp.lab("x^4 - 3*x*y + y^2", tmp_path / "again.html", (1, 2.5))
    assert again.read_bytes() == path.read_bytes()


def test_without_a_formula_the_page_begins_with_an_example(tmp_path: Path) -> None:
    assert given(rp.lab(path=tmp_path / "lab.html")) == {"start": None}


def test_readers_without_scripts_are_told(tmp_path: Path) -> None:
    text = rp.lab(path=tmp_path / "lab.html").read_text("utf-8")
    static = text[text.index('<div id="static">') :]
    assert "scripts" in static[:400] and "脚本" in static[:400]


@pytest.mark.parametrize("formula", HOSTILE)
def test_what_is_typed_stays_data(tmp_path: Path, formula: str) -> None:
    plain = rp.lab("x", tmp_path / "plain.html").read_text("utf-8")
    path = rp.lab(formula, tmp_path / "lab.html")
    assert given(path)["formula"] == formula
    text = path.read_text("utf-8")
    for tag in ("<script", "</script", "<img", "<!--"):
        assert text.count(tag) == plain.count(tag), tag


def test_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        rp.lab("x", tmp_path / "no" / "lab.html")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        rp.lab("x", tmp_path)
    with pytest.raises(ValueError, match="not finite"):
        rp.lab("x", tmp_path / "lab.html", [float("nan")])
    with pytest.raises(ValueError, match="convert"):
        rp.lab("x", tmp_path / "lab.html", ["one"])  # type: ignore[list-item]
    assert list(tmp_path.iterdir()) == []
