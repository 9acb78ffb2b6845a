"""When a run crawls: it is laid aside then for another method, and goes on from where it was if that does no better."""

from dataclasses import dataclass, field

import numpy as np

from raphson.kernel.trace import SCALARS

HISTORY = 128
"""Trials recorded in one compiled burst, at most; fewer where their steps are long (`drive.history_of`)."""


@dataclass
class Patience:
    """Tells when a run crawls: f did not fall to half within so many `trials`; or, where it is `signed`, not by a
    hundredth of all that it fell, nor of what it is. `tail`: also when it converges linearly and is so near that full
    Newton steps may do the rest (`near`)."""

    trials: int
    signed: bool = False
    tail: bool = False
    last: list[float] = field(default_factory=lambda: [])
    near: bool = False
    made: int = 0
    highest: float = -np.inf
    lowest: float = np.inf
    before: float = np.inf

    def room(self) -> int:
        """How many trials there are until this is to be asked: of signed ones, so that no clock decides."""
        return max(self.trials - self.made, 1) if self.signed else HISTORY

    def worn(self, table: np.ndarray) -> bool:
        """Whether it is at an end, after some more trials."""
        values = table[table[:, SCALARS.index("accepted")] != 0, SCALARS.index("value")]
        self.lowest = float(np.fmin.reduce(values, initial=self.lowest))
        self.highest = float(np.fmax.reduce(values, initial=self.highest))
        self.made += len(table)
        self.last = [*self.last, *values.tolist()][-TAIL:]
        if self.tail and linear_tail(self.last):
            self.near = True
            return True
        halved = not self.signed and self.lowest < 0.5 * self.before
        if self.made < self.trials and not halved:
            return False
        gained = self.before - self.lowest > 0.01 * min(self.highest - self.lowest, abs(self.lowest))
        crawls = not (gained if self.signed else halved)
        self.made, self.before = 0, self.lowest
        return crawls


TAIL = 10
"""Values in a row whose differences tell a linear convergence from the last steps of a quadratic one."""

LEFT = 1e-8
"""This part of f, at most, is then still to be gained: where a step moves x by 1e-4 of its size and Newton's method has
long been at home (f rises by the square)."""


def linear_tail(values: list[float]) -> bool:
    """Whether f fell by a part of its last fall, over half of it, ten times, and little is left by that rate."""
    falls = -np.diff(values)
    if len(values) < TAIL or not np.all(falls > 0):
        return False
    rates = falls[1:] / falls[:-1]
    rate = float(np.exp(np.mean(np.log(rates))))
    return bool(np.all(rates > 0.25)) and 0.5 < rate < 1 and falls[-1] * rate / (1 - rate) <= LEFT * abs(values[-1])
