"""The option `--report FILE`: checked before anything is computed, written at the end."""

import os
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from raphson.kernel import show
from raphson.report.json import text

LANGUAGES = ("en", "zh")

WRITABLE = 0o222
"""A file that nobody may write to was protected by somebody, also from root and from being replaced in its folder."""

Option = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE.html", help="Write a page with pictures that can be dragged, in one file."),
]


Language = Annotated[str, typer.Option("--language", metavar="en|zh", help="The language in which the report opens.")]


def check(path: Path | None, language: str = "en", option: str = "--report") -> None:
    """ValueError where no file can be written, or in another language: said before a long run, not after it."""
    if language not in LANGUAGES:
        raise ValueError(f"--language {language}: a report is written in {' or '.join(LANGUAGES)}")
    if path is None:
        return
    if not path.parent.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise ValueError(f"{option} {path}: this is a folder; name a file in it")
    if path.exists() and not path.stat().st_mode & WRITABLE:
        raise ValueError(f"{option} {path}: this file is read-only; name another one")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"{option} {path}: the folder {path.parent.resolve()} cannot be written to")


def keep(source: Path, written: dict[str, Path | None]) -> None:
    """ValueError where a file would be written over the one that is read, or over another; `written` by option."""
    taken = {source.resolve(): "this is the file that is read"}
    for option, path in written.items():
        if path is None:
            continue
        if path.resolve() in taken:
            raise ValueError(f"{option} {path}: {taken[path.resolve()]}; name another file")
        taken[path.resolve()] = f"{option} is written there"


def write_report(thing: Any, path: Path | None, title: str, language: str = "en") -> dict[str, str]:
    """Writes the report, if one was asked for: {"report": where it is} for JSON, else {}."""
    if path is None:
        return {}
    return {"report": str(saved(lambda: show.report(thing, path, title, language), f"--report {path}"))}


def saved(write: Callable[[], Path], what: str) -> Path:
    """Writes a file; ValueError with what the disk says where it cannot be written."""
    try:
        return write()
    except OSError as error:
        raise ValueError(f"{what}: {error.strerror or error}") from error


def hand_over(name: str, page: Path, opened: bool, json: bool) -> int:
    """Says where a page was written, and opens it in the browser where that was asked for."""
    shown = webbrowser.open(page.resolve().as_uri()) if opened else False
    print(text({name: str(page), "opened": shown}) if json else f"{name:<12}  {page}")
    if opened and not shown:
        print("raphson: no browser could be opened here: open the file by hand", file=sys.stderr)
    return 0


def line(written: dict[str, str]) -> str:
    """The line that says where it is; empty where none was written."""
    return f"\nreport    {written['report']}" if written else ""


def spot(name: str) -> Path:
    """A file of this name in the current folder, or in that for temporary files where it cannot be written to."""
    here = Path(name)
    return here if os.access(".", os.W_OK) and not here.is_dir() else Path(tempfile.gettempdir()) / name


def short(name: str) -> str:
    """The title for a target: its file without the folders that it lies in."""
    return Path(name).name
