"""A run of Gauss-Newton that creeps is handed to Newton's method with the exact Hessian."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from raphson.controls.radius import Radius
from raphson.kernel.trace import SCALARS
from raphson.solver.drive import Run
from raphson.solver.presets import residual_preset
from raphson.solver.step import Method
from raphson.solver.stop import Stop

LOOK = 8
"""Trials between two looks; graphs from a good start are done by then."""

RATE, FALLS = 0.1, 3
"""Gauss-Newton leaves out what residuals bend, and converges linearly where they stay: so many steps in a row promise
more than this part of what the one before promised. Of the sets of `benchmarks slam`, after 7 trials: at most 0.02 from
their chordal starts, but 0.6 to 0.8 on robot_a and 0.7 to 1 on robot_b, which then took 35 to 227 and 161 to 308
trials to the end."""

REFUSED = 2
"""More refused trials among the last `LOOK`: the way is no valley, and the start is judged (`poor_start`)."""

WIDE = 20.0
"""The first radius, in units of the model's own minimum along the slope: so near, full steps are tried at once.
Milliseconds of processor of all steps, `log` from the file and chordal, with 2, 20, 1000: robot_a 9.0 and 8.5, 6.8 and
6.8, 6.1 and 6.4; robot_b 11.6 and 9.4, 11.5 and 10.9, 12.6 and 11.8 (g2o's function: the same order). A dogleg in place
of the exact trust region: robot_a 5.9 and 5.7, robot_b 13.5 and 11.6. A line search: robot_a 277 trials on g2o's
function; damping 266: H is indefinite on the way."""


@dataclass
class Creep:
    """Tells, between bursts, whether the last steps were taken and promised hardly less from one to the next, and less
    than all of f: more is far away, where second derivatives of residuals say nothing."""

    promises: list[float] = field(default_factory=lambda: [])
    refused: list[bool] = field(default_factory=lambda: [])

    def room(self) -> int:
        """Trials until this is to be asked."""
        return LOOK

    def worn(self, table: np.ndarray) -> bool:
        """Whether the run creeps, after some more trials; the look at the start promises nothing and is none."""
        column = lambda name: table[:, SCALARS.index(name)]
        with np.errstate(all="ignore"):
            promised = column("predicted") / np.abs(column("value"))
        made, taken = column("length") > 0, column("accepted") != 0
        self.promises += promised[made & taken].tolist()
        self.refused += (~taken[made]).tolist()
        last = np.array(self.promises[-FALLS - 1 :])
        if last.size <= FALLS or sum(self.refused[-LOOK:]) > REFUSED:
            return False
        return bool(np.all(last[1:] > RATE * last[:-1]) and last[-1] < 1)


def newton_method(problem: Any, stop: Stop) -> Method:
    """Newton's method with the exact sparse Hessian of a graph in a trust region, as it follows on Gauss-Newton."""
    return following(residual_preset("newton", problem), stop)


@lru_cache(maxsize=8)  # one object for one method, as `tuned` in optimize.py
def following(newton: Method, stop: Stop) -> Method:
    """The preset with another first radius and stopping rule."""
    return replace(newton, control=Radius(first=WIDE), stop=stop)


def handed_over(done: Run, after: Run) -> Run:
    """A run that crept, and the one that began at its end, as one."""
    return replace(after, start=done.start, trace=done.trace.onward(after.trace), seconds=done.seconds + after.seconds)
