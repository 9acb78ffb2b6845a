"""As many equations as unknowns: Newton's own iteration, where methods that insist on descent show no minimum."""

from dataclasses import replace
from typing import Any

from raphson.controls.full import Full
from raphson.fit.attempt import FitCall, attempt, run_from
from raphson.fit.result import Fit
from raphson.problems.callback import HOST
from raphson.solver.attempts import ENDED, better
from raphson.solver.call import limited
from raphson.solver.choose import DENSE
from raphson.solver.presets import RESIDUAL_PRESETS

NEWTON_RAPHSON = "newton-raphson"

MOST = 200
"""Full steps: a root is found in tens of them or by chance. CUTEst: HATFLDFLNE 7, OSCIPANE 57."""

FULL_STEPS = replace(
    RESIDUAL_PRESETS["gauss-newton"],
    control=Full(),
    stop=replace(RESIDUAL_PRESETS["gauss-newton"].stop, max_steps=MOST),
)
"""x - J^-1 r, whatever |r| does on the way."""


def by_full_steps(call: FitCall, best: Fit) -> Fit:
    """`best`, or the root that full Newton steps lead to from the start, if there was no success and one is shown.

    Roots of curved equations may lie behind hills of |r|, or at the end of valleys through which every method that
    descends creeps for tens of thousands of trials; full steps do not see them. Only programs with as many residuals as
    variables (at most `DENSE`), the linear loss, and no limit of steps: there 200 steps cost milliseconds.
    """
    problem, limits = call.problem, call.limits
    if best.success or best.termination in ENDED or limits.max_steps is not None or limits.calls is not None:
        return best
    if not equations(problem, call.x):
        return best
    done = run_from(call, limited(FULL_STEPS, limits, call.x), call.x)
    if not float(done.state.best.value) < best.value:
        return best
    found = attempt(call, NEWTON_RAPHSON, FULL_STEPS, call.x, ("as many equations as unknowns: full Newton steps",))
    return better(best, replace(found, reasons=("", *found.reasons))) if found.success else best


def equations(problem: Any, x: Any) -> bool:
    """Whether a problem is a square system of moderate size, traced, on a straight space."""
    if isinstance(problem, HOST) or not problem.space.straight or not problem.loss.plain:
        return False
    n = problem.space.size(x)
    return problem.count(x) == n <= DENSE
