"""What a way may cost before another one is begun: counts decide, and nothing that was found is lost."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raphson as rp
from raphson.kernel.trace import SCALARS
from raphson.solver import choose as choosing
from raphson.solver.allowance import FIRST_LOOK, Allowance, Budget, allowances
from raphson.solver.price import PROBED, Counts, Way, deciding, prices

N = 600


def chain(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def asking(inner):
    """Rows of a trace whose trials asked for so many products."""
    table = np.zeros((len(inner), len(SCALARS)))
    table[:, SCALARS.index("inner")] = inner
    return table


def left_after(allowed, inner, sizes):
    """After how many trials a run is left whose bursts have these sizes at most; None: it is not."""
    budget, at = Budget(allowed), 0
    while at < len(inner):
        size = min(sizes[at % len(sizes)], budget.room(), len(inner) - at)
        if budget.worn(asking(inner[at : at + size])):
            return at + size - 1
        at += size
    return None


@settings(deadline=None, max_examples=100)
@given(
    inner=st.lists(st.integers(0, 200), min_size=1, max_size=150),
    sizes=st.lists(st.integers(1, 128), min_size=1, max_size=7),
    limit=st.one_of(
        st.builds(Allowance, st.just("other"), trials=st.integers(1, 160)),
        st.builds(Allowance, st.just("other"), products=st.floats(1, 5000), each=st.floats(1, 150)),
    ),
)
def test_a_run_is_left_at_the_same_trial_however_its_bursts_are_cut(inner, sizes, limit):
    """A slow machine makes shorter bursts."""
    found = left_after(limit, inner, sizes)
    assert found == left_after(limit, inner, [1])
    if np.isfinite(limit.trials):
        assert found == (limit.trials if len(inner) > limit.trials else None)
    else:
        dear = lambda k: sum(inner[: k + 1]) > max(limit.products, limit.each * k)
        looks = [FIRST_LOOK * 2**k for k in range(5)]
        assert found == next((k for k in looks if k < len(inner) and dear(k)), None)


LIMITS = {
    "factors": ({"trust-exact": Allowance("trust-cg", trials=4, foreseen=1)}, "trust-cg"),
    "both": (
        {
            "trust-exact": Allowance("trust-cg", trials=4, foreseen=1),
            "trust-cg": Allowance("trust-exact", trials=3, foreseen=1),
        },
        "trust-exact",
    ),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_way_that_costs_more_is_left_and_counted_and_named(case, monkeypatch):
    """What comes after it ends where it does alone, with a trace that leads from x0; and so does the next call."""
    limits, last = LIMITS[case]
    monkeypatch.setattr(choosing, "allowances", lambda way, priced, counts: limits)
    monkeypatch.setitem(choosing.NAMES, Way.PRODUCTS, ("trust-exact",))  # whatever is foreseen
    x0 = np.full(N, 1.2)
    result, alone = rp.minimize(chain, x0), rp.minimize(chain, x0, method=last)
    assert result.success and result.method == last and len(result.trace) == len(alone.trace)
    np.testing.assert_array_equal(result.x, alone.x)
    np.testing.assert_array_equal(result.points()[0], x0)
    left = [said for said in result.reasons if " was left after " in said]
    assert [said.split()[0] for said in left] == list(limits)
    assert left[0] == "trust-exact was left after 4 trials, where about 1 were foreseen: trust-cg begins from x0"
    if case == "both":
        assert left[1].endswith("trust-exact goes on")
    assert result.nfev - alone.nfev == {"factors": 5, "both": 4}[case], "what was left is counted, once"
    again = rp.minimize(chain, x0)
    assert again.reasons == result.reasons and again.nfev == result.nfev


def test_steps_that_the_caller_counts_are_not_spent_on_two_ways(monkeypatch):
    monkeypatch.setattr(choosing, "allowances", lambda way, priced, counts: LIMITS["factors"][0])
    monkeypatch.setitem(choosing.NAMES, Way.PRODUCTS, ("trust-exact",))
    result = rp.minimize(chain, np.full(N, 1.2), max_steps=300)
    assert result.method == "trust-exact" and not any("was left" in said for said in result.reasons)


def test_a_factor_is_not_left_for_products_that_were_seen_to_be_slow():
    slow = Counts(5000, 1e4, asked=PROBED, colors=5, entries=15_000, factor=15_000, flops=1e5)
    assert allowances(Way.SPARSE, prices(slow), slow) == {}
    easy = Counts(5000, 1e4, asked=3, colors=5, entries=15_000, factor=15_000, flops=1e5)
    found = allowances(Way.SPARSE, prices(easy), easy)
    assert found["trust-exact"].then == "trust-cg" and found["trust-cg"].then == "trust-exact"
    assert allowances(Way.DENSE, prices(easy), easy) == {}


def test_multigrid_is_priced_where_products_were_seen_to_be_slow():
    """A surface of 300 x 300: 13.5 s by factors, 2.2 s by products with multigrid."""
    c = Counts(90_000, 3e6, asked=PROBED, colors=7, entries=360_000, factor=4_000_000, flops=6e8, grids=True)
    without, found = prices(replace(c, grids=False)), prices(c)
    assert found[Way.PRODUCTS].seconds < found[Way.SPARSE].seconds < without[Way.PRODUCTS].seconds
    assert deciding(c) == PROBED, "where more products lead to multigrid, they are looked for"
    assert deciding(replace(c, grids=False)) < PROBED
    assert prices(replace(c, asked=59))[Way.PRODUCTS] == prices(replace(c, asked=59, grids=False))[Way.PRODUCTS]
