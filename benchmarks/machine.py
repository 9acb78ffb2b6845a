"""What the numbers were measured on, and with what."""

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache
def commit() -> str:
    """The commit of the working tree, with a plus where src/ differs from it."""
    here = Path(__file__).parent.parent

    def git(*words: str) -> str:
        done = subprocess.run(["git", "--no-optional-locks", *words], cwd=here, capture_output=True, text=True)
        return done.stdout.strip()

    name = git("rev-parse", "--short", "HEAD") or "no commit"
    return name + ("+" if git("status", "--porcelain", "--", "src") else "")


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def describe(rows: list[dict], words: str) -> list[str]:
    """The head of the tables; words: what follows `python -m benchmarks` on the command line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    peers = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy", "optimistix"))
    averages = [load for row in rows for load in row["load"]] or [float("nan")]
    return [
        f"Made by `python -m benchmarks {words}`; a row at a time, and what is there already is not measured again "
        "(`--fresh`: all).",
        "",
        f"{cores} cores of {processor()}, {platform.system()}; Python {sys.version.split()[0]}, {peers}; "
        f"JAX on the CPU in double precision, BLAS threads {os.environ['OPENBLAS_NUM_THREADS']}. "
        f"Load average while measuring {min(averages):.1f} to {max(averages):.1f} (above {cores}: others were "
        "computing, and single numbers are too large; ratios hold better, because what is compared was measured in "
        "turns, in one process). Times are medians.",
        "",
    ]
