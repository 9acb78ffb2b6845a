"""Ipopt on a large function, with the exact sparse Hessian that `minimize` finds (cyipopt: see cutest_peers.py)."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import jax
import numpy as np

from raphson.sparsity.coloring import color_symmetric
from raphson.sparsity.compress import compressed_hessian, hessian_recovery, lower_triangle
from raphson.sparsity.find import hessian_pattern


class SparseObjective:
    """What Ipopt asks: f, g, and the entries of H in its lower triangle, all compiled."""

    def __init__(self, fun: Callable[[Any], Any], x0: np.ndarray) -> None:
        pattern: Any = hessian_pattern(fun, x0)
        start, column = np.asarray(pattern.start), np.asarray(pattern.column)
        coloring: Any = color_symmetric(start, column)
        recovery = hessian_recovery(start, column, coloring)
        pointers, rows = lower_triangle(start, column)
        self.places = rows, np.repeat(np.arange(x0.size), np.diff(pointers))
        self.value, self.slope = jax.jit(fun), jax.jit(jax.grad(fun))
        both = jax.value_and_grad(fun)
        self.entries = jax.jit(
            lambda x: compressed_hessian(lambda s: both(x + s), jax.numpy.zeros_like(x), recovery)[2]
        )
        self.iterations = 0

    def objective(self, x: np.ndarray) -> float:
        """f."""
        return float(self.value(x))

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """g."""
        return np.asarray(self.slope(x))

    def constraints(self, x: np.ndarray) -> np.ndarray:
        """There are none."""
        return np.zeros(0)

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Nor their derivatives."""
        return np.zeros(0)

    def hessianstructure(self) -> tuple[np.ndarray, np.ndarray]:
        """The places of the lower triangle."""
        return self.places

    def hessian(self, x: np.ndarray, multipliers: np.ndarray, factor: float) -> np.ndarray:
        """Its entries."""
        return factor * np.asarray(self.entries(x))

    def intermediate(self, mode: int, iteration: int, *_: Any) -> bool:
        """Counts."""
        self.iterations = iteration
        return True


def ipopts(fun: Callable[[Any], Any], x0: np.ndarray, bounds: Any, seconds: float) -> Callable[[], tuple]:
    """A call that gives x, how many iterations, and what Ipopt says. Its defaults but for the tolerance, which the
    others have, too."""
    cyipopt: Any = import_module("cyipopt")

    problem = SparseObjective(fun, x0)
    low = np.full(x0.size, -np.inf) if bounds is None else np.array([b[0] for b in bounds])

    def solve() -> tuple:
        made = cyipopt.Problem(n=x0.size, m=0, problem_obj=problem, lb=low, ub=np.full(x0.size, np.inf), cl=[], cu=[])
        for option, value in {"tol": 1e-10, "print_level": 0, "sb": "yes", "max_iter": 10_000}.items():
            made.add_option(option, value)
        made.add_option("max_cpu_time", seconds)
        x, info = made.solve(x0)
        return x, problem.iterations, info["status_msg"].decode().split(",")[0].lower()

    return solve
