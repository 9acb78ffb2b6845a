"""`raphson bench`: the benchmarks of a checkout, which are not part of the installed package."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

import raphson
from raphson.cli.target import TargetError

NAMES = {"cutest": "490 CUTEst problems through sif2jax, beside SciPy, Ipopt and optimistix"}
"""What there is to run."""

SUBSETS = {"quick": "20 problems, in minutes", "small": "at most 200 variables, in hours", "full": "all of them"}


def bench(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Which one; none: they are listed.")] = None,
    subset: Annotated[str, typer.Option(metavar="WORD", help="quick, small or full.")] = "quick",
    show: Annotated[bool, typer.Option("--show", help="Run nothing; show what is kept in the checkout.")] = False,
    workers: Annotated[int, typer.Option(metavar="N", help="Processes at a time.")] = 1,
) -> int:
    """Measure raphson beside its peers. What was run already is not run again."""
    if name is None:
        sizes = "; ".join(f"{word}: {words}" for word, words in SUBSETS.items())
        print("\n".join([*(f"{key}  {words}" for key, words in NAMES.items()), f"--subset {sizes}"]))
        return 0
    if name not in NAMES:
        raise TargetError(f"no benchmark named {name!r}; there are {', '.join(NAMES)}")
    if subset not in SUBSETS:
        raise TargetError(f"no subset named {subset!r}; there are {', '.join(SUBSETS)}")
    root = checkout(name)
    if not show and find_spec("sif2jax") is None:
        raise TargetError(f"the benchmark {name} needs the problems of sif2jax: pip install sif2jax")
    command = [sys.executable, "-m", f"benchmarks.{name}", "--subset", subset, "--workers", str(workers)]
    return subprocess.run([*command, *(["--show"] if show else [])], cwd=root, check=False).returncode


def checkout(name: str) -> Path:
    """The folder that holds benchmarks/: this one, or that of an editable installation."""
    for folder in (Path.cwd(), Path(raphson.__file__).parents[2]):
        if (folder / "benchmarks" / f"{name}.py").exists():
            return folder
    raise TargetError(
        f"the benchmark {name} is not part of the installed package: get raphson's source (a clone of its repository), "
        f"install it there with `pip install -e .`, and call `raphson bench {name}` again"
    )
