"""The README and the docs are true: their code runs as it stands on the page, and prints what the page says."""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.pages import Block, commands, pages, read_page
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


def run_console(block: Block, page: Path, folder: Path) -> None:
    # In a shell, as the reader types it, with this interpreter's `raphson` first on PATH.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in commands(block):
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
        if done.returncode != block.exit_code:
            ended = f"exit {done.returncode} instead of {block.exit_code}"
            pytest.fail(f"{page.name}:{block.line}: {command}\n{ended}\n{done.stdout}", pytrace=False)


def run_page(page: Path, folder: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in read_page(page.read_text()):
        if block.language == "python":
            run_python(block, page, namespace)
        else:
            run_console(block, page, folder)


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        run_page(page, tmp_path)
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
