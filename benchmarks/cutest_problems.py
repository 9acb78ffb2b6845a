"""CUTEst problems of at most 60 variables, from the package sif2jax (an optional peer, imported here alone)."""

import csv
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

LIST = Path(__file__).with_name("cutest.csv")
"""Names, classes, sizes, and the lowest f of four SciPy methods from the standard start, 15 s each; HATFLDFL's, which
nobody reached, in closed form: three points, three parameters."""

PARTS = ("_unconstrained_minimisation", "_bounded_minimisation", "_quadratic_problems")


@dataclass(frozen=True)
class Problem:
    """A problem on flat vectors: `fun` of a vector (JAX), the start inside the bounds, the bounds (None: none).

    `expected`: the point that the package gives as the answer (its values are often wrong: f there counts).
    """

    fun: Callable
    x0: np.ndarray
    bounds: tuple[np.ndarray, np.ndarray] | None
    expected: np.ndarray | None


@cache
def listed() -> dict[str, dict[str, str]]:
    """The rows of the list by name, in ascending order of n."""
    with LIST.open(encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


@cache
def library() -> dict[str, Any]:
    """The problem classes by name.

    `import sif2jax` takes more than a minute, most of it for constrained problems: empty parents are put in its place.
    """
    spec = find_spec("sif2jax")
    if spec is None or spec.submodule_search_locations is None:
        sys.exit("the benchmark cutest needs sif2jax: pip install sif2jax")
    root = Path(next(iter(spec.submodule_search_locations)))
    for name, folder in (("sif2jax", root), ("sif2jax.cutest", root / "cutest")):
        module = types.ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module
    abstract = __import__("sif2jax._problem", fromlist=["*"])
    vars(sys.modules["sif2jax"]).update({k: v for k, v in vars(abstract).items() if k.startswith("Abstract")})
    found: dict[str, Any] = {}
    for part in PARTS:
        module = __import__(f"sif2jax.cutest.{part}", fromlist=["*"])
        found |= {k: v for k, v in vars(module).items() if isinstance(v, type)}
    return found


def problem(name: str) -> Problem:
    """A problem by name, in double precision."""
    jax.config.update("jax_enable_x64", True)
    case = library()[name]()
    x0, restore = ravel_pytree(case.y0)
    x0 = np.asarray(x0, float)
    args = case.args
    bounds = None
    if getattr(case, "bounds", None) is not None:
        low, high = (np.broadcast_to(np.asarray(ravel_pytree(side)[0], float), x0.shape) for side in case.bounds)
        bounds = low, high
        x0 = np.clip(x0, low, high)
    expected = None
    if case.expected_result is not None:
        point = np.asarray(ravel_pytree(case.expected_result)[0], float)
        expected = point if point.shape == x0.shape and np.all(np.isfinite(point)) else None
    return Problem(lambda v: case.objective(restore(v), args), x0, bounds, expected)
