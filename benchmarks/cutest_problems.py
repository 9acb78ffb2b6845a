"""The CUTEst problems of the package sif2jax (an optional peer, imported here alone): minimization without
constraints or with bounds, and nonlinear equations."""

import csv
import re
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

LIST = Path(__file__).with_name("cutest.csv")
"""Names, classes, sizes (n variables, m equations), and the lowest f of four SciPy methods from the standard start,
15 s each (empty: not measured); f is 1/2 |r|^2 for equations; seconds to compile f, g and H (90: more).

The best f of HATFLDFL and HATFLDFLNE is in closed form: three points, three parameters. That of LSC2 and LSC2LS is by
the circle's curvature, not its radius: from the start's side of the points circles grow to a line, and all solvers
end on the way there; the best circle (radius 27.35) lies on the other side."""

PARTS = ("_unconstrained_minimisation", "_bounded_minimisation", "_quadratic_problems", "_nonlinear_equations")

RENAMED = {"10FOLDTRLS": "TENFOLDTRLS", "10FOLDTR": "TENFOLDTR"}
"""Names of classes cannot begin with a digit."""


@dataclass(frozen=True)
class Problem:
    """A problem on flat vectors: `fun` of a vector (JAX), the start inside the bounds, the bounds (None: none).

    `residual`: the equations r of a vector, of which `fun` is 1/2 |r|^2 (None: f is given as such). `expected`: the
    point that the package gives as the answer (its values are often wrong: f there counts).
    """

    name: str
    fun: Callable
    x0: np.ndarray
    bounds: tuple[np.ndarray, np.ndarray] | None
    expected: np.ndarray | None
    residual: Callable | None = None

    @property
    def size(self) -> int:
        """n."""
        return self.x0.size


@cache
def listed() -> dict[str, dict[str, str]]:
    """The rows of the list by name, in ascending order of n."""
    with LIST.open(encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def available() -> bool:
    """Whether sif2jax is installed."""
    return find_spec("sif2jax") is not None


@cache
def places() -> dict[str, str]:
    """The module of each problem class.

    `import sif2jax` takes more than a minute, most of it for constrained problems, and starts JAX's threads (then a
    process cannot be forked): empty parents are put in its place, and a problem's own module is imported alone.
    """
    spec = find_spec("sif2jax")
    if spec is None or spec.submodule_search_locations is None:
        sys.exit("the benchmark cutest needs sif2jax: pip install sif2jax")
    root = Path(next(iter(spec.submodule_search_locations)))
    folders = {"sif2jax": root, "sif2jax.cutest": root / "cutest"}
    folders |= {f"sif2jax.cutest.{part}": root / "cutest" / part for part in PARTS}
    for name, folder in folders.items():
        module = types.ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module
    abstract = import_module("sif2jax._problem")
    vars(sys.modules["sif2jax"]).update({k: v for k, v in vars(abstract).items() if k.startswith("Abstract")})
    found = {}
    for part in PARTS:
        for file in sorted((root / "cutest" / part).glob("*.py")):
            for name in re.findall(r"^class (\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE):
                found[name] = f"sif2jax.cutest.{part}.{file.stem}"
    return found


def problem(name: str) -> Problem:
    """A problem by name, in double precision."""
    jax.config.update("jax_enable_x64", True)
    kind = RENAMED.get(name, name)
    case = getattr(import_module(places()[kind]), kind)()
    x0, restore = ravel_pytree(case.y0)
    x0 = np.asarray(x0, float)
    args = case.args
    bounds = None
    if getattr(case, "bounds", None) is not None:
        low, high = (np.broadcast_to(np.asarray(ravel_pytree(side)[0], float), x0.shape) for side in case.bounds)
        if np.any(np.isfinite(low)) or np.any(np.isfinite(high)):
            bounds = low, high
            x0 = np.clip(x0, low, high)
    expected = told = None
    with suppress(NotImplementedError):  # so says the package where it knows none (NCVXBQP1)
        told = case.expected_result
    if told is not None:
        point = np.asarray(ravel_pytree(told)[0], float)
        expected = point if point.shape == x0.shape and np.all(np.isfinite(point)) else None
    if listed()[name]["class"] != "nleq":
        return Problem(name, lambda v: case.objective(restore(v), args), x0, bounds, expected)

    def residual(v: Any) -> Any:
        return ravel_pytree(case.constraint(restore(v))[0])[0]

    def half(v: Any) -> Any:
        return 0.5 * jnp.sum(residual(v) ** 2)

    return Problem(name, half, x0, bounds, expected, residual)
