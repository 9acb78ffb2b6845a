"""Runs that ended on a kink, begun again on both sides of it.

A line search finds the kink to the last bit, and there a program has the derivative of neither side: that of |x| is 0.
What H and g say then is that of the pieces that do not meet there, and every step climbs. Beside the kink the gradient
is that of one side, and a quasi-Newton method learns the other in a few steps. Which of two sides it comes back from
the same way depends on rounding: both are tried.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from raphson.certificate.kinks import MANY, around
from raphson.kernel.number import eps
from raphson.problems.callback import HOST
from raphson.solver.attempts import ENDED
from raphson.solver.beside import as_one_run
from raphson.solver.final import flat

ASIDE = 1 / 4
"""Power of eps: so far beside the kink, in parts of x, slopes are those of one side beyond all rounding."""


TIMES = 4
"""Directions that are tried, each with its opposite: of 30 ridges from whole numbers 23 ended at their minimum without,
26 with one direction, 27 with two and 29 with four."""


def off_the_kink(best: Any, begin: Callable[[Any], Any]) -> Any:
    """The result, or a lower minimum that a run from beside its kink ends in; all evaluations are counted.

    `begin` makes a result from a point. Only programs on straight spaces of up to `MANY` variables, as many as a
    minimum at a kink is shown for.
    """
    model, spent = best.model, best.evaluations
    kinked = not best.success and best.certificate.slopes is not None and best.termination not in ENDED
    if not kinked or isinstance(model.problem, HOST) or not model.space.straight:
        return best
    x = flat(model.x).astype(float)
    if not 1 < x.size <= MANY or not np.all(np.isfinite(x)):
        return best
    precision = eps(np.asarray(model.gradient))
    worth = max(best.certificate.noise, precision ** (2 / 3) * abs(best.value))
    size = np.maximum(np.abs(x), np.abs(flat(best.start)))
    size = np.where(size > 0, size, float(np.max(size)) or 1.0)
    steps = around(x, size, np.ones(x.size, bool), precision**ASIDE)[:TIMES]
    why = "the run ended on a kink: begun again on both sides of it"
    for side in [turn * step for step in steps for turn in (1, -1)]:
        there = model.space.move(model.x, jnp.asarray(side, np.asarray(model.gradient).dtype))[0]
        found = begin(there)
        spent = spent + found.evaluations
        if found.success and found.value < best.value - worth:
            return as_one_run(best, there, replace(found, evaluations=spent, reasons=(*best.reasons, why)))
    return replace(best, evaluations=spent, reasons=(*best.reasons, f"{why}, which showed no minimum"))
