"""The documentation as a site, as far as that shows without Sphinx: contents, languages, the check of a built one."""

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.house.pages import pages
from tests.house.source import ROOT

DOCS = ROOT / "docs"
sys.path.append(str(DOCS / "_ext"))

import check_site  # noqa: E402
import contents  # noqa: E402
import versions  # noqa: E402


@pytest.mark.parametrize("folder", [DOCS, DOCS / "zh"], ids=["English", "Chinese"])
def test_every_page_is_in_the_contents_once(folder: Path) -> None:
    there = {page.stem for page in folder.glob("*.md")} - {"index"}
    listed = contents.listed((folder / "index.md").read_text())
    assert sorted(listed) == sorted(there)


def test_contents_are_in_the_order_of_the_tables(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "index.md").write_text("| [B](b.md) | see [A](a.md) |\n| [A](a.md) | x |\n[C](c.md)\n")
    (tmp_path / "zh/index.md").write_text("| [丙](c.md) | |\n")
    first, second = contents.toctrees(tmp_path).split("```\n\n")
    assert first.split()[-2:] == ["b", "a"] and second.split()[-3:] == ["zh/index", "zh/c", "```"]


TWINS = [(DOCS / page.name, page) for page in sorted((DOCS / "zh").glob("*.md"))]
TWINS.append((ROOT / "README.md", ROOT / "README.zh-CN.md"))


@pytest.mark.parametrize(("english", "chinese"), TWINS, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_and_its_translation_begin_with_a_link_to_each_other(english: Path, chinese: Path) -> None:
    for page, other in ((english, chinese), (chinese, english)):
        first = re.search(r"\[[^]]+\]\(([^)]+)\)", page.read_text())
        assert first and (page.parent / first[1]).resolve() == other


def constant(name: str) -> dict[str, Any]:
    """A dictionary of docs/_ext/live.py, which needs Sphinx to be imported."""
    tree = ast.parse((DOCS / "_ext/live.py").read_text())
    (found,) = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name]
    return ast.literal_eval(found.value)


def test_make_docs_writes_every_page_to_drag() -> None:
    live = constant("LIVE")
    assert list(live) == ["tour.html", "lab.html", "run.html", "race.html"]
    written = re.findall(r"docs/_build/live/(\S+\.html)", (ROOT / "Makefile").read_text())
    assert sorted(written) == sorted(live)
    for english, chinese in live.values():
        assert not re.search("[\u4e00-\u9fff]", english) and re.search("[\u4e00-\u9fff]", chinese)


def test_the_pages_that_hold_the_tour_name_its_command() -> None:
    for page, file in constant("TOLD").items():
        language = " --language zh" if page.startswith("zh/") else ""
        assert f"`raphson {Path(file).stem}{language}`" in (DOCS / f"{page}.md").read_text()


OTHER_WORDS = {"等高线": "等值线", "黑塞": "海森", "置信域": "信赖域", "谱图": "特征值谱", "下方无界": "无下界"}


def test_one_word_for_one_thing_in_chinese() -> None:
    for page in pages(ROOT):
        for word, ours in OTHER_WORDS.items():
            assert word not in page.read_text(), f"{page.relative_to(ROOT)}: {ours} is the word, not {word}"


SENTENCE = re.compile(r"(?:\b[a-z']+[ ,]+){3,}[a-z]+")


def prose(text: str) -> str:
    """A page without code, links and the names of things."""
    text = re.sub(r"^```.*?^```|`[^`]*`|^ {4}.*?$|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"\]\([^)]*\)", "]", text)


@pytest.mark.parametrize("chinese", [page for _, page in TWINS], ids=lambda page: str(page.relative_to(ROOT)))
def test_a_chinese_page_holds_no_english_sentence(chinese: Path) -> None:
    assert SENTENCE.findall(prose(chinese.read_text())) == []


def test_an_english_sentence_is_found() -> None:
    page = (
        "`a code of five words`\n\n```text\nall of this is code\n```\n[图](a.md) 用 SciPy 的 Levenberg-Marquardt，{}。"
    )
    assert SENTENCE.findall(prose(page.format("步"))) == []
    assert SENTENCE.findall(prose(page.format("the steps that were taken")))


def test_the_version_of_the_site() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f'version = "{project["version"]}"' in (DOCS / "conf.py").read_text()


GOOD = """
<img src="a.png"><a href="b.html#here">b</a><a href="https://example.org">c</a><a id="here"></a>
<a href="b.html#lang=zh">d</a><svg><use href="#here"/></svg>
"""


@pytest.mark.parametrize(
    "bad",
    [
        '<img src="b.png">',
        '<script src="https://example.org/a.js"></script>',
        '<link rel="stylesheet" href="//example.org/a.css">',
        "<style>@import 'https://example.org/a.css';</style>",
        "<style>p { background: url(https://example.org/a.png) }</style>",
        '<p style="background: url(c.png)">',
        '<a href="c.html">',
        '<a href="b.html#there">',
        '<a href="#there">',
        '<iframe src="http://example.org"></iframe>',
        '<img srcset="a.png 1x, https://example.org/a.png 2x">',
    ],
)
def test_a_fault_of_a_built_site_is_found(bad: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "a.css").write_text("p { background: url(data:image/png;base64,AA) } q { background: url('a.png') }")
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text(GOOD)
    assert check_site.faults(tmp_path) == []
    (tmp_path / "a.html").write_text(GOOD + bad)
    assert len(check_site.faults(tmp_path)) == 1


def test_a_fault_of_a_style_sheet_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@font-face { src: url(https://example.org/a.woff) }")
    assert check_site.faults(tmp_path) == ["a.css: loads https://example.org/a.woff"]


def test_sites_beside_each_other_are_listed_the_latest_first(tmp_path: Path) -> None:
    for folder, version in {"0.9": "0.9.0", "0.10": "0.10.1", "0.10rc": "0.10.1rc1", "latest": "0.10.1"}.items():
        (tmp_path / folder).mkdir()
        head = f"# Sphinx inventory version 2\n# Project: raphson\n# Version: {version}\n".encode()
        (tmp_path / folder / "objects.inv").write_bytes(head + b"# rest\nx\x9c\xff")
    (tmp_path / "doctrees").mkdir()
    found = versions.sites(tmp_path)
    assert [site["folder"] for site in found] == ["latest", "0.10", "0.10rc", "0.9"]
    assert [site["version"] for site in found] == ["0.10.1", "0.10.1", "0.10.1rc1", "0.9.0"]


def test_make_docs_lists_the_site_and_the_switch_asks_no_other_host() -> None:
    assert "docs/_ext/versions.py docs/_build\n" in (ROOT / "Makefile").read_text()
    script = (DOCS / "_static/versions.js").read_text()
    assert "//" not in re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL).replace("); // no list", "")
    assert script.count("fetch(") == 2 and 'new URL("../versions.json", root)' in script
