"""What lies in a folder of states beside whole ones: steps that hold nothing, and what killed writers left."""

import re
import shutil
from pathlib import Path
from typing import Any

import jax

UNFINISHED = re.compile(r"(\d+)\.orbax-checkpoint-tmp")
"""How orbax names the folder of a step that is being written."""


def is_empty(folder: Path) -> bool:
    """Whether no file lies in a folder, or in one of its folders."""
    return not any(path.is_file() for path in folder.rglob("*"))


def is_state(folder: Path) -> bool:
    """Whether orbax wrote a folder: it says so in a file of this name."""
    return (folder / "_CHECKPOINT_METADATA").exists()


def alone_then_all(work: Any) -> None:
    """Lets process 0 do something to the files, while the others wait."""
    if jax.process_index() == 0:
        work()
    if jax.process_count() > 1:
        from jax.experimental.multihost_utils import sync_global_devices

        sync_global_devices("files")


def put_aside(folder: Path, steps: list[int]) -> None:
    """Gives steps another name, under which nobody takes them for states. What they hold stays; empty ones go."""
    for step in steps:
        if is_empty(folder / str(step)):
            shutil.rmtree(folder / str(step))
            continue
        place, number = folder / f"{step}.unreadable", 1
        while place.exists():
            place, number = folder / f"{step}.unreadable-{number}", number + 1
        (folder / str(step)).rename(place)


def swept(folder: Path, step: int) -> None:
    """Removes what writers left that were killed within a step up to this one: who still writes is at a later one."""
    for path in folder.iterdir():
        found = UNFINISHED.match(path.name)
        if found and int(found[1]) <= step:
            shutil.rmtree(path, ignore_errors=True)


def first_words(error: BaseException) -> str:
    """The first line of what an error says, shortened."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line if len(line) <= 300 else f"{line[:140]} ... {line[-140:]}"
