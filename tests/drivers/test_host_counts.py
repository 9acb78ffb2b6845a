"""nfev of a function on the host: every call that it got, those by which it was read included."""

import numpy as np
import pytest

import raphson as rp


class Bell:
    """Counts in a way that nobody reads off the code of the function that rings it."""

    def __init__(self):
        self.rings = 0

    def ring(self):
        self.rings += 1


@pytest.mark.parametrize("limit", [None, 1, 2, 40])
@pytest.mark.parametrize("door", [rp.minimize, rp.least_squares], ids=lambda door: door.__name__)
def test_calls_that_read_a_function_are_counted(door, limit):
    """Traces that end at float(), comparisons: nfev is what the function got, also where the number is limited.

    A second call knows the function and does not read it again.
    """
    bell = Bell()
    parts = lambda x: np.array([10 * (float(x[1]) - float(x[0]) ** 2), 1 - float(x[0])])

    def fun(x):
        bell.ring()
        return parts(x) if door is rp.least_squares else float(np.sum(parts(x) ** 2))

    more = {} if limit is None else {"max_nfev": limit} if door is rp.least_squares else {"options": {"maxfun": limit}}
    for _ in range(2):
        bell.rings = 0
        assert door(fun, [-1.2, 1.0], **more).nfev == bell.rings > 0


@pytest.mark.parametrize("limit", [1, 3, 30])
def test_a_limit_ends_no_run_with_an_exception_where_jac_is_given(limit):
    """jac is compared with differences where there are calls for that; the limit alone ends a run."""
    bell = Bell()
    fun = lambda x: (bell.ring(), np.array([10 * (float(x[1]) - float(x[0]) ** 2), 1 - float(x[0])]))[1]
    jac = lambda x: np.array([[-20 * x[0], 10], [-1, 0.0]])
    fit = rp.least_squares(fun, [3.8, 6.6], jac=jac, max_nfev=limit)
    assert fit.nfev == bell.rings and (fit.success or "limit" in fit.message)
    bell.rings = 0
    result = rp.minimize(
        lambda x: float(np.sum(fun(x) ** 2)), [3.8, 6.6], jac=lambda x: 2 * jac(x).T @ fun(x), options={"maxfun": limit}
    )
    assert result.success or "limit" in result.message


def test_calls_before_a_program_was_given_up_are_counted():
    """sqrt(x @ x)**2 is traced, compared, and then called as it stands: its program has no derivative at 0."""
    bell = Bell()

    def fun(x):
        bell.ring()
        return np.sqrt(x @ x) ** 2 + (x[0] - 1) ** 2

    result = rp.minimize(fun, [0.0, 0.0])
    assert result.success and result.nfev == bell.rings
