"""The More-Garbow-Hillstrom fits from 10 x0 with residuals in NumPy that stay on the host, beside their JAX twins.

`python -m benchmarks.host_fits` prints one line a problem; `--twin` adds what the JAX function ends with; `--traced`
leaves out the `float()` that keeps the residuals on the host.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import raphson as rp
from raphson.problems.zoo import mgh_large, mgh_small

FACTOR = 10
"""Starts are so many times the standard ones."""


def in_numpy(module: ModuleType) -> dict[str, Any]:
    """The functions of a module of the zoo with NumPy in the place of jax.numpy."""
    text = Path(str(module.__file__)).read_text().replace("import jax.numpy as jnp", "import numpy as jnp")
    space: dict[str, Any] = {"__name__": module.__name__, "__package__": module.__package__}
    exec(compile(text, str(module.__file__), "exec"), space)  # the project's own source
    space["constant"] = lambda values, x: np.asarray(values, float)
    return space


def host_residual(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The residuals of a problem in NumPy; a `float()` keeps them on the host."""
    original: Any = rp.zoo[name].residual
    own = original.func if isinstance(original, partial) else original
    twin = in_numpy(mgh_small if own.__module__ == mgh_small.__name__ else mgh_large)[own.__name__]
    fixed = partial(twin, *original.args, **original.keywords) if isinstance(original, partial) else twin

    def residual(x: np.ndarray) -> np.ndarray:
        if "--traced" not in sys.argv:
            float(x[0])
        return np.asarray(fixed(x), float)

    return residual


def names() -> list[str]:
    """The 39 problems whose start is not zero."""
    return [name for name in rp.zoo.names(trait="mgh") if np.any(rp.zoo[name].x0)]


def ended(fit: rp.Fit, name: str) -> str:
    """What a fit ended with, in a few words, and whether a success is one."""
    problem = rp.zoo[name]
    found = problem.matches(2 * fit.cost)
    below = bool(problem.minima) and 2 * fit.cost < problem.minima[0].value
    true = below or (found is not None and found.kind in ("global", "local"))
    what = "at a listed minimum" if true else "elsewhere"
    return f"{2 * fit.cost:.8g} {what}, success {fit.success}" + (" FALSE" if fit.success and not true else "")


def main(twins: bool, only: list[str]) -> None:
    """One line a problem, and the sum."""
    total = 0.0
    for name in only or names():
        residual, x0 = host_residual(name), FACTOR * rp.zoo[name].x0
        begin = time.perf_counter()
        with np.errstate(all="ignore"):
            fit = rp.least_squares(residual, x0)
        total += time.perf_counter() - begin
        spent = f"{time.perf_counter() - begin:.2f} s, {fit.nfev} calls"
        print(f"{name:28s} {ended(fit, name)}  ({spent}; {fit.method}; {fit.certificate.verdict})", flush=True)
        if twins:
            fit = rp.least_squares(rp.zoo[name].residual, x0)
            print(f"{'  JAX':28s} {ended(fit, name)}  ({fit.nit} trials; {fit.method}; {fit.certificate.verdict})")
    print(f"{total:.1f} s for the fits")


if __name__ == "__main__":
    main("--twin" in sys.argv, [a for a in sys.argv[1:] if not a.startswith("--")])
