"""The tour's file: whole, the same bytes again, nothing from anywhere, readable without scripts, in both languages."""

import re
from html import unescape
from pathlib import Path

import pytest

import raphson as rp

LARGEST = 600_000
"""Bytes: with all its screens, methods and the laboratory."""

SVG = "http://www.w3.org/2000/svg"
"""A name, not an address: nobody asks it for anything."""


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The file by the language in which it opens."""
    folder = tmp_path_factory.mktemp("tour")
    return {code: rp.tour(folder / f"{code}.html", code).read_text("utf-8") for code in ("en", "zh")}


def screens(text: str) -> list[str]:
    """The titles that are read without scripts."""
    static = text[text.index('<div id="static">') : text.index('<script type="application/json"')]
    return [unescape(title) for title in re.findall(r"<h2[^>]*>(.*?)</h2>", static)]


def test_the_same_language_gives_the_same_bytes(texts: dict[str, str], tmp_path: Path) -> None:
    path = rp.tour(tmp_path / "again.html", "zh")
    assert path == tmp_path / "again.html" and [p.name for p in tmp_path.iterdir()] == ["again.html"]
    assert path.read_text("utf-8") == texts["zh"] != texts["en"]


@pytest.mark.parametrize("code", ["en", "zh"])
def test_it_is_small_and_asks_nobody(code: str, texts: dict[str, str]) -> None:
    text = texts[code]
    assert len(text.encode()) <= LARGEST
    assert "default-src 'none'" in text
    assert set(re.findall(r"\w+://[^\s\"'`<>)\\]*", text)) <= {SVG}
    assert not re.search(r"""(?:src|href)=["']?//""", text)


def test_without_scripts_it_is_a_lesson_in_its_language(texts: dict[str, str]) -> None:
    english, chinese = screens(texts["en"]), screens(texts["zh"])
    assert len(english) == len(chinese) == 11
    assert english[0] == "The parabola that fits best" and english[-1] == "Your own function"
    for title in chinese:
        assert re.search("[\u4e00-\u9fff]", title) and not re.search(r"[a-z]{4}", title), title
    assert '<html lang="en">' in texts["en"] and '<html lang="zh-CN">' in texts["zh"]


def test_with_scripts_either_language_can_be_chosen(texts: dict[str, str]) -> None:
    """The same script in both files, with the words of both."""
    script = {code: text[text.index('<script type="application/json" id="tour">') :] for code, text in texts.items()}
    assert script["en"] == script["zh"]
    for title in (*screens(texts["en"]), *screens(texts["zh"])):
        assert title in script["en"], title


def test_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="language = 'fr': the tour is given in 'en' or 'zh'"):
        rp.tour(tmp_path / "tour.html", "fr")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        rp.tour(tmp_path / "no" / "tour.html")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        rp.tour(tmp_path)
    assert list(tmp_path.iterdir()) == []
