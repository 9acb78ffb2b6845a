"""What a command is about: a problem of the zoo by name, or a function in a file, FILE.py:FUN."""

import difflib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import numpy as np
import typer

from raphson import zoo

Argument = Annotated[
    str, typer.Argument(metavar="NAME|FILE.py:FUN", help="A problem of the zoo, or a function in a file.")
]


class TargetError(Exception):
    """A target that cannot be meant."""


class Loaded:
    """Files of the user that were executed: an exception that passed through one is his own."""

    files: set[str] = set()  # noqa: RUF012


@dataclass(frozen=True)
class Target:
    """A function, its default start (None: it has none), and where it comes from."""

    name: str
    fun: Callable
    x0: Any = None
    module: ModuleType | None = None

    def start(self, at: str | None, option: str) -> Any:
        """The start: the text given as `option`, else the target's own."""
        if at is None and self.x0 is None:
            raise TargetError(f"{self.name} has no start: give one as {option} 1,2 (or define x0 in its file)")
        if at is None:
            return self.x0
        x = vector(at, option)
        if self.module is None and len(x) != len(self.x0):
            raise TargetError(f"{self.name} has {len(self.x0)} variables; {option} gives {len(x)}")
        return x

    def other(self, name: str | None, option: str) -> Callable | None:
        """Another function of the same file, named by an option."""
        if name is None:
            return None
        if self.module is None:
            raise TargetError(f"{option} names a function of the file; {self.name} is a problem of the zoo")
        return function(self.module, name)


def resolve(text: str) -> Target:
    """The target that a command-line argument means; TargetError with a hint if it means none."""
    path, colon, name = text.rpartition(":")
    if not colon and not text.endswith(".py"):
        return from_zoo(text)
    module = load(Path(path if colon else text))
    fun = function(module, name if colon else "")
    x0 = getattr(fun, "x0", getattr(module, "x0", None))
    return Target(text, fun, None if callable(x0) else x0, module)


def from_zoo(name: str) -> Target:
    """A problem of the zoo."""
    try:
        problem = zoo[name]
    except KeyError as unknown:
        raise TargetError(f"{unknown.args[0]} (`raphson zoo` lists all; a file is named FILE.py:FUN)") from None
    return Target(name, problem.fun, problem.x0)


def load(path: Path) -> ModuleType:
    """Executes a file of the user as a module; his own exceptions come through."""
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path()
        near = difflib.get_close_matches(path.name, [p.name for p in folder.glob("*.py")], n=2)
        hint = f"; did you mean {' or '.join(str(path.with_name(n)) for n in near)}?" if near else ""
        raise TargetError(f"there is no file {path}{hint}")
    full = path.resolve()
    spec = importlib.util.spec_from_file_location(full.stem, full)
    if spec is None or spec.loader is None:
        raise TargetError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    Loaded.files.add(str(full))
    sys.path.insert(0, str(full.parent))
    spec.loader.exec_module(module)
    return module


def function(module: ModuleType, name: str) -> Callable:
    """A function of a module, by name."""
    own = [key for key, a in vars(module).items() if callable(a) and getattr(a, "__module__", "") == module.__name__]
    found = getattr(module, name, None) if name else None
    if callable(found):
        return found
    file = Path(str(module.__file__)).name
    near = difflib.get_close_matches(name, own, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"it defines {', '.join(own[:8]) or 'no function'}"
    if not name:
        raise TargetError(f"name the function after a colon, {file}:FUN; {hint}")
    raise TargetError(f"{file} has no function {name!r}; {hint}")


def vector(text: str, option: str) -> np.ndarray:
    """Numbers separated by commas or spaces, as a vector."""
    words = text.strip().strip("()[]").replace(",", " ").split()
    try:
        return np.array([float(word) for word in words]) if words else reject(text, option)
    except ValueError:
        return reject(text, option)


def reject(text: str, option: str) -> np.ndarray:
    """Says how a vector is written."""
    raise TargetError(f"{option} takes numbers separated by commas, as in {option} 1,-2.5; not {text!r}")


def is_users(error: BaseException) -> bool:
    """Whether an exception passed through a file of the user (or is a syntax error in one)."""
    if isinstance(error, SyntaxError) and error.filename in Loaded.files:
        return True
    return any(frame.filename in Loaded.files for frame in traceback.extract_tb(error.__traceback__))


def short_traceback(error: BaseException) -> str:
    """The exception with only the frames of the user's own files."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in Loaded.files]
    lines = traceback.format_list(frames) + traceback.format_exception_only(error)
    return "".join(["Traceback (in your file):\n", *lines]).rstrip()
