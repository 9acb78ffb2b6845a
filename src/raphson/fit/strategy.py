"""Which methods a fit tries, in which order, and the last digits by full Newton steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.taylor import look
from raphson.kernel.look import GRAM, HESSIAN, Look
from raphson.kernel.number import limits
from raphson.kernel.record import record
from raphson.problems.callback import HOST
from raphson.problems.least_squares import LeastSquares
from raphson.solver.bounds import active_bounds
from raphson.solver.evidence import forms_hessian, sizes

ORDER = ("lm", "newton", "gauss-newton", "lm-radius")
"""What "auto" tries until one is shown to have reached a minimum. Measured on MGH and NIST (docs/design-notes.md):
each later one solves starts at which all earlier ones fail."""

POLISH = 1e-10
"""A full Newton step larger than this, relative to x, is worth taking at the end: Gauss-Newton was too slow there."""

NEAR = 1e-3
"""Farther away than this the quadratic is not trusted without a control."""


@record
class Survey:
    """Everything at one point: f, g and J, with the exact Hessian (None: too many variables)."""

    look: Look
    hessian: Any


def survey(problem: Any, x: Any) -> Survey:
    """Value, gradient, Jacobian and Hessian at x, in one program where JAX can trace it."""
    kind = both_looks if isinstance(problem, HOST) else surveyed
    return kind(problem, x, dense=forms_hessian(problem, x))


def both_looks(problem: Any, x: Any, dense: bool) -> Survey:
    """Residuals differentiated once for J, and once more for the Hessian if it is wanted."""
    seen = look(problem, x, GRAM)
    return Survey(seen, look(problem, x, HESSIAN).curvature.matrix if dense else None)


surveyed = jax.jit(both_looks, static_argnames="dense")


@dataclass(frozen=True)
class Polished:
    """Where the last Newton steps led, and how many there were."""

    x: Any
    seen: Survey
    steps: int


def polish(problem: Any, x: Any, free: Callable[[np.ndarray, Any], np.ndarray]) -> Polished:
    """Full Newton steps near a minimum, while each brings g'H^-1 g down fourfold and changes x by `POLISH` or more.

    Gauss-Newton leaves out sum r_i H_i and converges the more slowly the larger the residuals are;
    this is the switch to the full Hessian. `free` says which variables no bound holds.
    Source: Dennis and Schnabel (1983), section 10.2 and 10.3.
    """
    seen = survey(problem, x)
    for count in range(8):
        s = newton_step(seen, free(np.asarray(seen.look.gradient), x))
        if s is None or not worth_taking(x, s):
            return Polished(x, seen, count)
        there, _, cut = problem.space.move(x, jnp.asarray(s, seen.look.gradient.dtype))
        new = survey(problem, there)
        if bool(cut) or not left(seen, new, free(np.asarray(new.look.gradient), there)) <= 0.25 * left(
            seen, seen, free(np.asarray(seen.look.gradient), x)
        ):
            return Polished(x, seen, count)
        x, seen = there, new
    return Polished(x, seen, 8)


def worth_taking(x: Any, s: np.ndarray) -> bool:
    """Whether a step is neither too small to matter nor too large to be trusted."""
    size = sizes(x)
    relative = float(np.max(np.abs(s) / np.where(size > 0, size, np.inf), initial=0.0))
    return POLISH < relative < NEAR


def newton_step(seen: Survey, free: np.ndarray) -> np.ndarray | None:
    """-H^-1 g on the free variables, scaled to a unit diagonal; None where H is not known positive definite there."""
    if seen.hessian is None:
        return None
    H, g = np.asarray(seen.hessian, float), np.asarray(seen.look.gradient, float)
    rows = np.flatnonzero(free)
    if not rows.size or not np.all(np.isfinite(H)):
        return None
    H, g = H[np.ix_(rows, rows)], g[rows]
    d = np.sqrt(np.abs(np.diagonal(H)))
    d = np.where(d > 0, d, 1.0)
    try:
        L = np.linalg.cholesky(H / np.outer(d, d))
    except np.linalg.LinAlgError:
        return None
    s = np.zeros(free.size)
    s[rows] = -np.linalg.solve(L.T, np.linalg.solve(L, g / d)) / d
    return s


def left(seen: Survey, new: Survey, free: np.ndarray) -> float:
    """g'H^-1 g with the gradient of `new` and the Hessian of `seen`: what is still to be gained."""
    s = newton_step(replace(seen, look=new.look), free)
    return np.inf if s is None else float(-s @ np.asarray(new.look.gradient, float))


def rescued(problem: LeastSquares, x: Any, descend: Callable[[LeastSquares, Any, float], Any]) -> Any:
    """A better start where residuals are finite at x but their squares overflow: steps on scaled residuals.

    `descend(problem, x, enough)` runs until the scaled cost is below `enough`, where the true one has
    come down to the root of the largest number: the scaled problem itself knows no end.
    """
    r = np.asarray(problem.residuals(x), float)
    factor = 1 / np.max(np.abs(r))
    data = (jnp.asarray(factor, x_dtype(x)), *problem.data)
    enough = float(factor * float(limits(x_dtype(x)).max) ** 0.25) ** 2
    there = descend(LeastSquares(Shrunk(problem.residual), data, space=problem.space), x, enough)
    return there if np.isfinite(float(problem.value(there))) else x


def x_dtype(x: Any) -> Any:
    """The precision of a point."""
    return jnp.result_type(*jax.tree.leaves(x))


@dataclass(frozen=True)
class Shrunk:
    """Residuals times a number: squares that overflow no longer do, and the minimizer stays where it is."""

    residual: Any

    def __call__(self, x: Any, factor: Any, *data: Any) -> Any:
        return factor * self.residual(x, *data)


def free_variables(problem: Any, g: np.ndarray, x: Any) -> np.ndarray:
    """Which variables no bound holds at x (n,): all without bounds."""
    return active_bounds(problem.space, g, x) == 0
