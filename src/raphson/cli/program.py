"""How the reader calls this command again from where he stands, so that what is printed can be typed."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def program() -> str:
    """`raphson` where the shell finds it, else the path or the `python -m raphson` by which it was started."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == "raphson":
        return f"{typed(Path(sys.executable))} -m raphson"
    return typed(called) if called.stem == "raphson" and called.exists() else "raphson"


def typed(file: Path) -> str:
    """The shortest way to name a program: its name where PATH leads to it, else a path, relative below this folder."""
    found = shutil.which(file.stem)
    if found is not None and Path(found).samefile(file):
        return file.stem
    full, here = file.absolute(), Path.cwd()
    path = os.path.relpath(full, here) if full.is_relative_to(here) else str(full)
    return shlex.quote(path if os.sep in path else os.path.join(os.curdir, path))
