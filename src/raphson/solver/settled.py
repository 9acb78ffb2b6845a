"""Whether a run ended as runs do at a minimum, from its trace alone."""

import numpy as np

from raphson.kernel.trace import Trace

FAITHFUL = 0.05
"""How far the ratio of actual to predicted decrease may be from 1 for the quadratic to be believed. On the tail of an
exponential it is 1.26, on x^3 1.17, on x^4 1.2, at every step."""

CONTRACTION = 0.25
"""Three steps, each shorter than this part of the one before: faster than linear convergence."""

LAST = 8
"""Steps at the end that are looked at together: in two halves, for lengths alternate where every fourth is refused."""

ONE_WAY = 0.9
"""Part of the length of the last steps that is left in their sum: a run down a valley, not one across it."""

UNDIMINISHED = 0.8
"""The later half of the last steps is at least so long as the earlier one: to a minimum at the rate of 0.95 a step, it
would be 0.81."""


def ended_well(trace: Trace) -> bool:
    """Whether the last steps whose decrease can be told from noise were as good as the quadratic promised, or the last
    steps shrank as they do at a minimum.

    It only spares a look: g that rounds to 0 on a slope without end (a separable logistic regression) looks like
    a minimum at x.
    """
    taken = np.asarray(trace.accepted, bool)
    clear = taken & (np.asarray(trace.predicted) > 100 * np.asarray(trace.noise))
    ratios = np.asarray(trace.ratio)[clear][-3:]  # one alone may be so where rounding of f makes it
    if ratios.size and np.all(np.abs(ratios - 1) <= FAITHFUL):
        return True
    return contracted(trace)


def contracted(trace: Trace) -> bool:
    """Whether the last steps shrank as they do at a minimum."""
    last = np.asarray(trace.length)[np.asarray(trace.accepted, bool)][-3:]
    return last.size == 3 and bool(np.all(last[1:] <= CONTRACTION * last[:-1]))


def travelling(trace: Trace, size: np.ndarray) -> bool:
    """Whether the last steps, in units of `size` (n,), all went one way and did not become shorter: the run was
    stopped on its way, whatever the Newton step says of what is left."""
    moves = np.asarray(trace.moves, float)[-LAST:]
    if moves.shape != (LAST, size.size):
        return False
    with np.errstate(all="ignore"):
        moves = moves / size
        lengths, sums = np.linalg.norm(moves, axis=1), np.sum(moves, axis=0)
        half = LAST // 2
        one_way = np.linalg.norm(sums) >= ONE_WAY * np.sum(lengths) > 0
        return bool(one_way and np.sum(lengths[half:]) >= UNDIMINISHED * np.sum(lengths[:half]))
