"""`raphson launch`: one script in several processes that compute together, ended together."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from raphson.cli.crew import Crew, Ended, gpus_of
from raphson.cli.target import TargetError

MOST = 4096
"""Processes on one machine, far above what a machine starts."""


def launch(
    script: Annotated[str, typer.Argument(metavar="SCRIPT.py", help="The script, followed by its own arguments.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="ARGUMENTS", help="Of the script.")] = None,
    processes: Annotated[int, typer.Option("-n", metavar="N", help="Processes.")] = 2,
    logs: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write FOLDER/0.log, 1.log and so on, instead of marked lines."),
    ] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="Where they meet (default: a free one).")] = None,
    time_limit: Annotated[float | None, typer.Option(metavar="SECONDS", help="End all after so long.")] = None,
) -> int:
    """Run a script in several processes that JAX joins; the first failure ends all, and its exit code is that of the
    command.

    The script calls `rp.ml.distributed()` first. On several hosts, `srun` or `mpirun` start it instead of this.
    """
    checked(script, processes, time_limit)
    crew = Crew([script, *(arguments or [])], processes, logs, gpus_of(os.environ, processes))
    before = signal.signal(signal.SIGTERM, stopped)
    begin = time.monotonic()
    try:
        crew.start(port)
        ended = crew.first_failure(None if time_limit is None else begin + time_limit)
    except KeyboardInterrupt:
        crew.interrupt()
        raise
    finally:
        crew.end()
        signal.signal(signal.SIGTERM, before)
    if ended is None:
        return 0
    print("\n".join(words(ended, crew, time_limit)), file=sys.stderr)
    return ended.exit_code


def stopped(number: int, frame: object) -> None:
    """SIGTERM ends as Ctrl-C does."""
    raise KeyboardInterrupt


def checked(script: str, processes: int, time_limit: float | None) -> None:
    """TargetError for what cannot be meant."""
    if not 1 <= processes <= MOST:
        raise TargetError(f"-n {processes}: a number of processes, 1 to {MOST}")
    if time_limit is not None and not time_limit > 0:
        raise TargetError(f"--time-limit {time_limit:g}: a number of seconds above 0")
    file = Path(script)
    if not file.is_file():
        what = "a folder" if file.is_dir() else "not there"
        raise TargetError(f"{script} is {what}: name a Python script, with the options of `launch` before it")


def words(ended: Ended, crew: Crew, time_limit: float | None) -> list[str]:
    """What went wrong, with the last lines of the process it went wrong in."""
    if ended.index is None:
        running = ", ".join(map(str, ended.running))
        return [f"raphson: the time limit of {time_limit:g} s is over, and these processes were running: {running}"]
    last = crew.last_lines(ended.index)
    others = "" if crew.count == 1 else "; the others were ended"
    head = f"raphson: process {ended.index} of {crew.count} {ended.how}{others}"
    return [head, *(f"  {line}" for line in last)] if last else [head]
