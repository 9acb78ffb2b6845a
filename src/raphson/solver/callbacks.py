"""What the caller sees of a run: SciPy's callback, the line of progress, and what disp=True prints at the end."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.kernel import show
from raphson.kernel.items import Items
from raphson.kernel.status import Status
from raphson.kernel.trace import Trial
from raphson.kernel.warning import warn
from raphson.solver.step import State


def watcher(callback: Callable, restore: Callable) -> Callable[[State, Trial], bool]:
    """SciPy's callback as a watcher: called with a result if its only parameter is `intermediate_result`, else with x.

    It gets copies: what it keeps or changes is its own. StopIteration, or True in return, ends the run.
    """
    try:
        wants_result = set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):
        wants_result = False

    def watch(state: State, trial: Trial) -> bool:
        x = jax.tree.map(np.array, restore(state.x))
        try:
            if wants_result:
                seen = Items(x=x, fun=float(state.model.value), nit=int(state.k), trial=trial)
                return callback(intermediate_result=seen) is True
            return callback(x) is True
        except StopIteration:
            return True

    return watch


def reporter(progress: bool | Callable) -> Callable[[State], None] | None:
    """A function of the state for a live line; True logs to the logger named raphson."""
    if progress is False or progress is None:
        return None
    if callable(progress):
        return progress
    import logging

    log = logging.getLogger("raphson")

    def line(state: State) -> None:
        g = float(jnp.max(jnp.abs(state.model.gradient)))
        log.info("trial %d  f = %.9g  max|g| = %.2e", int(state.k), float(state.model.value), g)

    setattr(line, "stage", log.info)  # noqa: B010 (a function's attribute, unknown to type checkers)
    return line


def say_stage(progress: Any, what: str) -> None:
    """Tells a live line, or the logger, what is under way where no state is there yet; others are not asked."""
    said = getattr(progress, "stage", None)
    if callable(said):
        said(what)


LINE_SEARCHES = ("bfgs", "dfp", "lbfgs", "newton-cg", "damped-newton", "newton", "gradient-descent")
"""Methods whose failures SciPy warns of as OptimizeWarning; those of trust regions are RuntimeWarnings there."""


EXCEEDED = {
    Status.STEPS: "Maximum number of iterations has been exceeded.",
    Status.CALLS: "Maximum number of function evaluations has been exceeded.",
}
"""SciPy's words for a run that a limit ended."""


def announce(result: Any) -> None:
    """SciPy's disp=True: the result is printed, and a failure is warned of."""
    show.say(result)
    if result.success:
        return
    from scipy.optimize import OptimizeWarning

    kind = OptimizeWarning if result.method in LINE_SEARCHES else RuntimeWarning
    warn(str(EXCEEDED.get(result.termination, result.message)), kind)
