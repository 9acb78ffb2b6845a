"""The choice of a method: from counts alone, for reasons that hold its numbers, and monotone in them."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raphson as rp
from raphson.solver import choose as choosing
from raphson.solver.choose import DENSE, NAMES, SURER, about_seconds, after, cheapest
from raphson.solver.inputs import jax_problem, read_point
from raphson.solver.presets import PRESETS, SPARSE_PRESETS
from raphson.solver.price import PROBED, Counts, Way, deciding, inquire, prices, program_work
from raphson.solver.sparsity import SparsityFound, sparse_of, with_sparsity

N = 600
FOUND = SparsityFound(None, "H has 5 entries a row, 7 products give it, and its factor has 31 a row")

counts = st.builds(
    Counts,
    n=st.integers(DENSE + 1, 10**7),
    work=st.floats(1e2, 1e9),
    asked=st.floats(1, PROBED),
    colors=st.integers(1, 100),
    entries=st.integers(1, 10**8),
    factor=st.integers(1, 10**9),
    flops=st.floats(1, 1e14),
    held=st.floats(0, 1e11),
)


def full(x):
    """Every variable with every other."""
    return jnp.sum(x) ** 2 / x.size + jnp.sum((x - 1) ** 4 + (x - 1) ** 2)


def chain(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def beam(x):
    """A condition of n^4."""
    z = jnp.pad(x, 2)
    return 0.5 * jnp.sum((z[2:] - 2 * z[1:-1] + z[:-2]) ** 2) - jnp.sum(x) / x.size**3


def way_of(c, free=np.inf):
    """Which way is taken for these counts."""
    choice = cheapest(c, np.zeros(1), FOUND, None, free)
    return next(way for way, names in NAMES.items() if names[0] == choice.names[0])


def posed(fun, x0):
    """The problem as `minimize` reads it, with what is known of its sparsity."""
    x = read_point(x0, [], finite=False)
    problem, found = with_sparsity(jax_problem(fun, x, (), []), x, DENSE + 1)
    return problem, x, found


@settings(deadline=None, max_examples=200)
@given(c=counts, more=st.floats(1, 1e4))
def test_more_fill_never_leads_to_a_factorization(c, more):
    """Nor do more colors; and more products a step never lead away from it to products."""
    fuller = replace(c, factor=int(c.factor * more), flops=c.flops * more, held=c.held * more)
    if way_of(c) != Way.SPARSE:
        assert way_of(fuller) != Way.SPARSE
        assert way_of(replace(c, colors=c.colors + 50)) != Way.SPARSE
    else:
        assert way_of(replace(c, asked=min(PROBED, c.asked * more))) == Way.SPARSE


@settings(deadline=None, max_examples=200)
@given(c=counts, share=st.floats(0.01, 1))
def test_what_does_not_fit_is_not_taken(c, share):
    free = share * max(price.bytes for price in prices(c).values())
    if free < min(price.bytes for price in prices(c).values()):
        with pytest.raises(MemoryError, match=f"{c.n} variables"):
            way_of(c, free)
    else:
        way = way_of(c, free)
        assert prices(c)[way].bytes <= free


@settings(deadline=None, max_examples=100)
@given(c=counts)
def test_reasons_hold_the_numbers_that_were_compared(c):
    """All ways by their times, a surer one before others as quick; what does not fit with its bytes."""
    priced = prices(c)
    free = sorted(price.bytes for price in priced.values())[-1] - 1
    choice = cheapest(c, np.zeros(1), FOUND, None, free)
    held = {way: price for way, price in priced.items() if price.bytes <= free}
    order = sorted(held, key=lambda way: held[way].seconds)
    surest = next(way for way in NAMES if way in held and held[way].seconds <= SURER * held[order[0]].seconds)
    last = after(surest, held)
    assert choice.names == NAMES[surest] + last
    assert choice.more[0] == "foreseen: " + ", ".join(f"{way} {about_seconds(held[way].seconds)}" for way in order)
    assert str(c.n) in choice.reason
    for way in priced.keys() - held.keys():
        assert any(way in said and "are free" in said for said in choice.more[1:])


def test_all_presets_are_there():
    assert all(name in PRESETS for names in NAMES.values() for name in names)
    assert all(name in SPARSE_PRESETS for name in NAMES[Way.SPARSE])


def test_a_full_hessian_is_left_to_products_or_gradients():
    problem, x, found = posed(full, np.zeros(2000))
    choice = choosing.choose(problem, x, found=found)
    assert choice.names[0] in ("trust-cg", "lbfgs") and "2000" in choice.reason
    assert any("4000000 entries" in said for said in choice.more)


def test_products_that_never_end_are_left_to_a_factorization():
    """A beam asks for hundreds of products a step, and its factor has three entries a row."""
    problem, x, found = posed(beam, np.zeros(2000))
    seen = inquire(problem, x)
    assert seen.products == PROBED and not seen.negative
    choice = choosing.choose(problem, x, found=found)
    assert choice.names[0] == "trust-exact" and "were not at a hundredth of g after" in choice.more[0]
    larger, x, found = posed(beam, np.zeros(6200))
    assert deciding(choosing.counted(larger, x, found, None)) < 30, "no more products are taken than may decide"


@settings(deadline=None, max_examples=200)
@given(c=counts)
def test_what_is_not_looked_for_would_not_have_changed_the_choice(c):
    """From `deciding` products a step on the factor is taken, however many more there are; below it is not."""
    most = deciding(c)
    for k in range(1, PROBED + 1):
        taken = way_of(replace(c, asked=k)) == Way.SPARSE
        if c.colors and most < PROBED:
            assert taken == (k >= most)
        elif k < PROBED:
            assert not taken


def test_where_one_product_a_step_is_too_many_nothing_is_looked_at(monkeypatch):
    monkeypatch.setattr(choosing, "inquire", None)
    problem, x, found = posed(lambda x: jnp.sum((x[1:] - x[:-1]) ** 2) + jnp.sum(x**4 - x), np.zeros(100_000))
    assert choosing.choose(problem, x, found=found).names[0] == "trust-exact"


def test_fill_is_left_to_products():
    """Springs between places drawn at random: five entries a row, a hundred in the factor's, and a good condition."""
    n, draw = 3000, np.random.default_rng(0)
    partner = jnp.asarray(draw.integers(0, n, (2, n)))
    problem, x, found = posed(lambda x: jnp.sum((x[partner] - x) ** 2) + 0.05 * jnp.sum(x**2) - jnp.sum(x), np.zeros(n))
    assert found is not None and found.cost is not None and found.cost.nonzeros > 50 * n
    choice = choosing.choose(problem, x, found=found)
    # The factor is there where products show no minimum.
    assert choice.names == ("trust-cg", "trust-exact")
    assert "products with H instead of a factor of the sparse H" in choice.reason


def test_negative_curvature_at_the_start_is_said():
    problem, x, found = posed(lambda x: jnp.sum((x**2 - 1) ** 2) + jnp.sum(x[1:] * x[:-1]) / 4, np.full(N, 0.1))
    assert inquire(problem, x).negative
    assert "H is not positive definite at x0" in choosing.choose(problem, x, found=found).more[0]


def test_the_same_problem_is_chosen_for_alike():
    """Twice, and after another one of the same program."""
    first = rp.minimize(chain, np.full(N, 1.2))
    rp.minimize(chain, np.full(N, -0.7))
    again = rp.minimize(chain, np.full(N, 1.2))
    assert first.method == again.method and first.reasons == again.reasons and len(first.reasons) >= 2


def test_small_problems_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(choosing, "inquire", None)
    assert rp.minimize(chain, np.full(20, 1.2)).reasons[0] == "n = 20 and H is available"


def test_what_lies_on_a_device_says_where_factors_are_made(monkeypatch):
    monkeypatch.setattr(choosing, "platform_of", lambda x: "gpu")
    problem, x, found = posed(beam, np.zeros(2000))
    choice = choosing.choose(problem, x, found=found)
    assert choice.names[0] != "trust-exact" and any("on the processor" in said for said in choice.more)


def test_auto_takes_what_fits(monkeypatch):
    """With less room: another way, and at last none."""
    monkeypatch.setattr(choosing, "available_bytes", lambda x: 3e6)
    some = rp.minimize(full, np.zeros(N))
    assert some.success and any("3 MB are free" in said for said in some.reasons)
    monkeypatch.setattr(choosing, "available_bytes", lambda x: 1000.0)
    with pytest.raises(MemoryError, match=r"600 variables.*1 kB are free"):
        rp.minimize(full, np.zeros(N))


@pytest.mark.parametrize("start", [1.0, np.nan, 1e200])
def test_bad_starts_choose_something(start):
    """A gradient of zero, and one that is not finite, say nothing of H."""
    problem, x, found = posed(chain, np.full(N, start))
    choice = choosing.choose(problem, x, found=found)
    assert choice.names and "at x0 the gradient says nothing" in choice.more[0]


def test_functions_without_forward_mode_are_not_asked():
    """A `custom_vjp` has no products by forward over reverse mode."""

    @jax.custom_vjp
    def square(x):
        return jnp.sum(x**2)

    square.defvjp(lambda x: (square(x), x), lambda x, g: (2 * g * x,))
    result = rp.minimize(square, np.ones(N))
    assert result.success and "foreseen" in result.reasons[1] and "x0" not in result.reasons[1]


def test_work_is_counted_alike_everywhere():
    """In proportion to n, through loops and branches and calls."""
    work = lambda fun, n: program_work(posed(fun, np.ones(n))[0], jnp.ones(n))
    assert work(chain, 2000) == pytest.approx(2 * work(chain, 1000), rel=0.01)
    looped = lambda x: jax.lax.scan(lambda c, _: (c + jnp.sum(jnp.sin(x)), None), 0.0, None, length=10)[0]
    assert work(looped, 1000) == pytest.approx(10 * work(lambda x: jnp.sum(jnp.sin(x)), 1000), rel=0.01)
    branched = lambda x: jax.lax.cond(x[0] > 0, lambda: jnp.sum(jnp.sin(x)), lambda: 0.0)
    assert work(branched, 1000) == pytest.approx(work(lambda x: jnp.sum(jnp.sin(x)), 1000), rel=0.01)
    A = jnp.ones((3000, 1000))
    assert work(lambda x: jnp.sum((A @ x) ** 2), 1000) > 100 * work(lambda x: jnp.sum(x**2), 1000)


def test_colors_are_counted():
    problem, x, _ = posed(chain, np.ones(N))
    found = sparse_of(problem, x)
    assert found is not None and found.colors == 3


@pytest.mark.parametrize(("seconds", "words"), [(0.0123, "12 ms"), (0.996, "1 s"), (123.0, "120 s"), (1e-4, "0.1 ms")])
def test_times_in_words(seconds, words):
    assert about_seconds(seconds) == words


def test_every_way_has_presets():
    assert set(NAMES) == set(Way)


def test_a_dense_hessian_of_a_large_host_function_is_not_said_to_be_missing():
    n = 600
    fun = lambda x: float(np.sum((x - 1) ** 2))
    result = rp.minimize(fun, np.zeros(n), jac=lambda x: 2 * (x - 1), hess=lambda x: 2 * np.eye(n))
    assert result.method == "lbfgs" and "hess gives a dense H" in result.reasons[0]


def test_one_product_is_said_in_the_singular():
    result = rp.minimize(lambda x: jnp.sum((x - 1) ** 4 + x**2), np.zeros(600), method="trust-exact")
    assert "1 color: a single product gives it" in str(result)
    alone = rp.least_squares(lambda x: x**3 - 1, np.full(600, 0.5))
    assert "1 forward product gives it" in alone.reasons[-1]
