"""The README and the docs are true: their code runs as it stands on the page, and prints what the page says."""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from raphson.cli.main import invoke
from tests.house.pages import Block, Program, commands, pages, parts, program, read_page
from tests.house.source import ROOT

LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run_python(block: Block, page: Path, namespace: dict[str, object]) -> None:
    # Blank lines first, so that a traceback shows the page's own line.
    code = compile("\n" * (block.line - 1) + block.code, str(page), "exec", dont_inherit=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)
    if block.expected is not None:
        example = doctest.Example(block.code, block.expected)
        checker = doctest.OutputChecker()
        if not checker.check_output(block.expected, printed.getvalue(), LOOSE):
            difference = checker.output_difference(example, printed.getvalue(), LOOSE)
            pytest.fail(f"{page.name}:{block.line}\n{difference}", pytrace=False)


def in_shell(command: str, folder: Path) -> tuple[int, str]:
    """Exit code and output of a command as the reader types it, with this interpreter's `raphson` first on PATH."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def in_process(command: str, folder: Path) -> tuple[int, str]:
    """The same without the seconds that a process takes to start: a shell makes the arguments, `raphson` gets them."""
    code, told = in_shell(f"printf '%s\\n' {command}", folder)
    name, *arguments = told.splitlines()
    assert (code, name) == (0, "raphson"), told
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        return invoke(arguments), printed.getvalue()


def run_console(block: Block, page: Path, folder: Path, run: Callable[[str, Path], tuple[int, str]]) -> None:
    for command in commands(block):
        code, told = run(command, folder)
        if code != block.exit_code:
            ended = f"exit {code} instead of {block.exit_code}"
            pytest.fail(f"{page.name}:{block.line}: {command}\n{ended}\n{told}", pytrace=False)


def run_page(page: Path, folder: Path, part: int = 0) -> None:
    """Runs a page in `folder`, the working folder: its Python, and its commands, the first of them in a shell."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    run = in_shell
    for block in read_page(parts(page.read_text())[part]):
        if block.language == "python":
            run_python(block, page, namespace)
        else:
            run_console(block, page, folder, run)
            run = in_process


def programs(found: list[Path]) -> list[tuple[Path, int]]:
    """Pages and parts, the first of each program: what a translation has in common is run once."""
    first: dict[Program, tuple[Path, int]] = {}
    for page in found:
        for part, text in enumerate(parts(page.read_text())):
            first.setdefault(program(text), (page, part))
    return list(first.values())


PARTS = programs(pages(ROOT))


@pytest.mark.parametrize(
    ("page", "part"), PARTS, ids=[f"{p.relative_to(ROOT)}-{k}" if k else str(p.relative_to(ROOT)) for p, k in PARTS]
)
def test_page(page: Path, part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        run_page(page, tmp_path, part)
    finally:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: str(page.relative_to(ROOT)))
def test_pictures(page: Path) -> None:
    """Every picture of a page is there, and is made by code on that page, or shot from a report."""
    text = page.read_text()
    shots = (ROOT / "frontend/pages/shots.mjs").read_text()
    for picture in re.findall(r"!\[[^]]+\]\(([^)]+)\)", text):
        assert (page.parent / picture).is_file(), f"{page.name}: {picture} is missing; `make docs-pictures` draws it"
        name = Path(picture).name
        assert f'savefig("{name}"' in text or name in shots, f"{page.name} does not draw {picture}"


LINK = re.compile(r"(?<!!)\[(?P<text>[^]]+)\]\((?P<to>[^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """What a link to a heading of a page may be, as GitHub makes it: lower case, hyphens for blanks, no other signs."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ +(.+?) *$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def defines(text: str, name: str) -> bool:
    """Whether a Python file defines a name at its top level."""
    return re.search(rf"^(def|class) {name}\b|^{name}\b[^=\n]*=[^=]", text, re.MULTILINE) is not None


def broken(page: Path, text: str) -> list[str]:
    """Links that lead nowhere: no such file or heading, or a `name` that the Python file there does not define."""
    found = []
    for link in LINK.finditer(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)):
        path, _, anchor = link["to"].partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        name = re.fullmatch(r"`(\w+)`", link["text"])
        if not target.exists():
            found.append(f"{link['to']}: no such file")
        elif anchor and anchor not in anchors(text if target == page else target.read_text()):
            found.append(f"{link['to']}: no such heading")
        elif name and target.suffix == ".py" and not defines(target.read_text(), name[1]):
            found.append(f"{link['to']}: does not define {name[1]}")
    return found


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    assert broken(page, page.read_text()) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("def f(x):\n    return x\n\n\nLIMITS: tuple = (1, 2)\n")
    page = tmp_path / "page.md"
    good = "# One, two\n[`f`](code.py) [`LIMITS`](code.py) [x](#one-two) [y](https://example.org)\n"
    page.write_text(good)
    assert broken(page, good) == []
    for bad in ("[`g`](code.py)", "[`x`](code.py)", "[f](cod.py)", "[f](#two)", "[f](page.md#three)"):
        assert len(broken(page, good + bad)) == 1


GOOD = """
```python
a = [1, 2]
```
<!-- no-run -->
```python
raise RuntimeError
```
text
```python
print("a is", a, "at", 0.123456)
```

<!-- output -->
```text
a is [1, 2]
at 0.12...
```
"""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("", ""), None),
        (("[1, 2]\nat", "[1, 3]\nat"), pytest.fail.Exception),  # another output
        (("<!-- no-run -->", ""), RuntimeError),
        (("text\n```python", "text\n<!-- no-run -->\n```python"), ValueError),  # an output of nothing
        (("at 0.12...\n```", "at 0.12..."), ValueError),  # an open fence
    ],
)
def test_a_false_page_fails(change: tuple[str, str], complaint: type[BaseException] | None, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(GOOD.replace(*change))
    with pytest.raises(complaint) if complaint else contextlib.nullcontext():
        run_page(page, tmp_path)


def test_parts_share_the_beginning_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    block = "```python\n{}\n```\n"
    first, second, third = (block.format(code) for code in ("a = 1", "b = a + 1", "c = b"))
    page.write_text(first + "<!-- part -->\n" + second + "<!-- part -->\n" + third)
    assert len(parts(page.read_text())) == 2 and len(parts(first)) == 1
    run_page(page, tmp_path, 0)
    with pytest.raises(NameError) as failure:
        run_page(page, tmp_path, 1)
    assert failure.traceback[-1].lineno + 1 == 1 + page.read_text().splitlines().index("c = b")


def test_a_translation_runs_where_it_differs(tmp_path: Path) -> None:
    page, same, other = (tmp_path / name for name in ("page.md", "same.md", "other.md"))
    page.write_text(GOOD)
    for translation in (GOOD.replace("text\n", "文\n"), GOOD.replace("[1, 2]\n```\n<", "[1,2]  # 数\n```\n<")):
        same.write_text(translation)
        assert programs([page, same]) == [(page, 0)]
    for change in (("0.123456", "0.1234"), ("0.12...", "0.1..."), ("<!-- no-run -->", "")):
        other.write_text(GOOD.replace(*change))
        assert programs([page, same, other]) == [(page, 0), (other, 0)]


def test_a_console_block_is_judged_by_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `raphson` beside the interpreter is run: here one that always ends with 2 (and starts at once)."""
    command, page = tmp_path / "bin" / "raphson", tmp_path / "page.md"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho usage\nexit 2\n")
    command.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(command.with_name("python")))
    block = "```console\n$ raphson no-such-verb\nusage\n```\n"
    page.write_text("<!-- run -->\n" + block)
    with pytest.raises(pytest.fail.Exception, match="instead of 0"):
        run_page(page, tmp_path)
    page.write_text("<!-- run: exit 2 -->\n" + block)
    run_page(page, tmp_path)
    page.write_text(block)
    assert read_page(page.read_text()) == []
