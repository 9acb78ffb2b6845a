"""Sums of squares that `minimize` gets as one number: where H sees no minimum, the Jacobian of the residuals does.

The curvature of a sum of squares is the square of that of its residuals: along a direction 1e-8 as stiff as another one
rounding leaves nothing of H, and Newton's method takes no part in it, where J still has half of its digits.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from raphson.kernel.number import eps
from raphson.kernel.status import Status
from raphson.problems.least_squares import LeastSquares
from raphson.problems.minimize import Minimize
from raphson.solver.attempts import ENDED
from raphson.solver.beside import as_one_run
from raphson.solver.choose import DENSE
from raphson.solver.drive import Run
from raphson.solver.memory import fits, rows_bytes
from raphson.solver.presets import RESIDUAL_PRESETS
from raphson.solver.step import Method
from raphson.tracing.squares import residual_program

GAUSS = RESIDUAL_PRESETS["gauss-newton"]
MOST = 200
"""Trials by residuals, which go along the directions that H does not see in a few. Damping takes them for those
that have no curvature: Levenberg's and Marquardt's method, begun where H sees nothing, ends at once."""

SAME = 1e-6
"""The cost of the residuals is f, but for rounding: a sum of squares of other numbers is no form of it."""

ONWARD = replace(GAUSS, stop=replace(GAUSS.stop, max_steps=MOST))


def room_for(residual: Any, problem: Any, x: Any) -> bool:
    """Whether a dense Jacobian of the residuals can be held, which may be many more than variables."""
    m = sum(a.size for a in jax.tree.leaves(jax.eval_shape(residual, x, *problem.data)))
    return fits(rows_bytes(m, problem.space.size(x), jax.tree.leaves(x)[0].dtype.itemsize), x)


def by_squares(best: Any, run: Callable[[Any, Method, Any], Run], begin: Callable[[Any], Any]) -> Any:
    """The result, or a lower minimum that is shown from where Gauss and Newton's method came from it; all evaluations
    are counted.

    `run(problem, method, x)` runs, `begin(x)` makes a result. Only programs that are written as sums of squares, of at
    most `DENSE` variables on straight spaces.
    """
    problem, model = best.model.problem, best.model
    if best.success or best.termination in ENDED or not isinstance(problem, Minimize) or not problem.space.straight:
        return best
    if problem.space.size(model.x) > DENSE:
        return best
    residual = residual_program(problem.fun, model.x, problem.data)
    if residual is None or not room_for(residual, problem, model.x):
        return best
    done = run(LeastSquares(residual, problem.data, space=problem.space), ONWARD, model.x)
    there, lower = done.state.best.x, float(done.state.best.value)
    worth = max(best.certificate.noise, eps(np.asarray(model.gradient)) ** (2 / 3) * abs(best.value))
    trials, taken = len(done.trace) + 1, int(done.trace.accepted.sum()) + 1
    spent = replace(best.evaluations, value=best.evaluations.value + trials, gradient=best.evaluations.gradient + taken)
    begun = done.trace.start_value
    if done.status in (Status.TIME, Status.USER) or not abs(begun - best.value) <= SAME * abs(best.value) + worth:
        return replace(best, evaluations=spent)  # ended from outside, or no sum of squares (a weight below 0)
    why = "f is a sum of squares: Gauss-Newton by its residuals went on"
    if not lower < best.value - worth:
        return replace(best, evaluations=spent, reasons=(*best.reasons, f"{why}, and found nothing lower"))
    found = begin(there)
    spent = spent + found.evaluations
    if not (found.success and found.value < best.value - worth):  # on a way to infinity they only go farther
        return replace(best, evaluations=spent, reasons=(*best.reasons, f"{why}, and showed no minimum"))
    return as_one_run(best, there, replace(found, evaluations=spent, reasons=(*best.reasons, why)))
