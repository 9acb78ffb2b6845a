"""How objects are shown to people: rooms below `picture` call these, and `picture` registers what they do."""

from functools import singledispatch
from pathlib import Path
from typing import Any


@singledispatch
def html(thing: Any) -> str:
    """HTML for a notebook: a picture and the text of `thing`."""
    raise TypeError(f"nothing draws a {type(thing).__name__}")


@singledispatch
def report(thing: Any, path: str | Path, title: str = "", language: str = "en") -> Path:
    """Writes a self-contained HTML file about `thing` in a language; the path of the file."""
    raise TypeError(f"there is no report about a {type(thing).__name__}")


@singledispatch
def plot(thing: Any, ax: Any = None) -> Any:
    """Draws `thing` with matplotlib into `ax` (None: a new figure); the Axes."""
    raise TypeError(f"nothing plots a {type(thing).__name__}")


@singledispatch
def say(thing: Any) -> None:
    """Prints the text of `thing` on standard output, for callers who asked for it (SciPy's disp=True, verbose=1)."""
    raise TypeError(f"nothing prints a {type(thing).__name__}")
