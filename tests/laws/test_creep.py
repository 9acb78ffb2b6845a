"""When Gauss-Newton on a graph is handed to Newton's method, and the trace of both."""

import numpy as np
import pytest

from raphson.kernel.trace import FLAGS, SCALARS, Trace
from raphson.slam.creep import LOOK, Creep


def table(promises, refused=()):
    """Rows of a run at f = 1: the look at the start, and trials."""
    rows = np.ones((len(promises) + 1, len(SCALARS) + 2))
    rows[1:, SCALARS.index("predicted")] = promises
    rows[0, SCALARS.index("length")] = 0
    rows[0, SCALARS.index("predicted")] = np.nan
    rows[[k + 1 for k in refused], SCALARS.index("accepted")] = 0
    return rows


@pytest.mark.parametrize(
    ("promises", "refused", "creeps"),
    [
        ([0.5 * 0.7**k for k in range(7)], (), True),  # robot_a
        ([0.5 * 0.05**k for k in range(7)], (), False),  # a graph that is nearly linear
        ([5.0 * 0.9**k for k in range(7)], (), False),  # still far away
        ([0.5 * 0.7**k for k in range(7)], (1, 3, 5), False),  # no valley
        ([0.1, 0.1, 0.1], (), False),  # too few to tell
        ([1.2, 0.9, 0.8, 0.7, 0.5, 0.4, 1e-2], (), False),  # it has just begun to fall
        ([np.nan] * 7, (), False),
    ],
)
def test_a_run_creeps_where_promises_hardly_fall(promises, refused, creeps):
    assert Creep().worn(table(promises, refused)) is creeps


def test_a_run_may_begin_to_creep_later():
    creep = Creep()
    assert not creep.worn(table([0.1**k for k in range(7)]))
    assert creep.worn(table([1e-6 * 0.9**k for k in range(8)])[1:])
    assert creep.room() == LOOK


def test_the_trace_of_two_runs_in_a_row_is_that_of_one():
    rng = np.random.default_rng(0)
    rows, steps = rng.random((7, len(SCALARS))), rng.random((7, 2))
    rows[:, [SCALARS.index(name) for name in FLAGS]] = 1
    whole, first, second = Trace(rows, steps), Trace(rows[:4], steps[:4]), Trace(rows[3:], steps[3:])
    both = first.onward(second)
    assert len(both) == 6 and both.start_value == whole.start_value
    np.testing.assert_array_equal(both.rows, whole.rows)
    np.testing.assert_array_equal(both.moves, whole.moves)
