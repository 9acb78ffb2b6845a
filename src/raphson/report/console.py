"""What is printed when asked for: the live line of a run, its lines one after another, and the text of a result."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from raphson.kernel import show

EVERY = 2.0
"""Seconds between lines where the output is not a terminal."""


def register(*classes: type) -> None:
    """Makes `show.say` print objects of these classes."""
    for cls in classes:
        show.say.register(cls, print)


def every_line() -> Callable[[Any], None]:
    """A function of the state that prints a line whenever the run reports, on standard output: SciPy's verbose=2."""
    begin = time.perf_counter()
    return lambda state: print(line_of("", state, begin))


@contextmanager
def live_line(title: str = "", file: Any = None) -> Iterator[Callable[[Any], None]]:
    """Gives a function of the state for `progress=`; on a terminal one line that is rewritten and then removed.

        with live_line("newton") as line:
            result = rp.minimize(fun, x0, progress=line)

    `file`: where to write (default: standard error).
    """
    file = sys.stderr if file is None else file
    begin = time.perf_counter()
    if not file.isatty():
        yield plain_lines(title, file, begin)
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(Text(title), console=Console(file=file), refresh_per_second=8, transient=True) as live:
        put = lambda text: live.update(Text(text))
        yield LiveLine(lambda state: put(line_of(title, state, begin)), lambda what: put(stage_of(title, what, begin)))


@dataclass(frozen=True)
class LiveLine:
    """What `progress=` is given: called with every state, and told the `stage` where there is none yet."""

    state: Callable[[Any], None]
    stage: Callable[[str], None]

    def __call__(self, state: Any) -> None:
        self.state(state)


def plain_lines(title: str, file: Any, begin: float) -> LiveLine:
    """Lines at most every `EVERY` seconds."""
    last = begin

    def write(state: Any) -> None:
        nonlocal last
        if time.perf_counter() - last >= EVERY:
            last = time.perf_counter()
            print(line_of(title, state, begin), file=file, flush=True)

    return LiveLine(write, lambda what: print(stage_of(title, what, begin), file=file, flush=True))


def stage_of(title: str, what: str, begin: float) -> str:
    """What is under way, and after how many seconds it began."""
    return f"{title}  {what}  {time.perf_counter() - begin:.1f} s".strip()


def line_of(title: str, state: Any, begin: float) -> str:
    """Trial, f, max|g|, seconds."""
    g = float(np.max(np.abs(np.asarray(state.model.gradient))))
    head = f"{title}  " if title else ""
    spent = time.perf_counter() - begin
    return f"{head}trial {int(state.k)}  f = {float(state.model.value):.9g}  max|g| = {g:.2e}  {spent:.1f} s"
