"""Bounds: Gay's variants of More, Garbow and Hillstrom, all presets, quadratics against SciPy, and nothing outside."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import raphson as rp

GAY = {
    "powell-badly-scaled": ((0, 1), (1, 9), 1.5125900e-10, (0, 1)),
    "brown-badly-scaled": ((0, 3e-5), (1e6, 100), 784.00000, (0, -1)),
    "beale": ((0.6, 0.5), (10, 100), 0.0, (0, 0)),
    "helical-valley": ((-100, -1, -1), (0.8, 1, 1), 0.99042212, (1, 0, 0)),
    "gaussian": ((0.398, 1, -0.5), (4.2, 2, 0.1), 1.1279300e-8, (0, 0, 0)),
    "gulf": ((1e-16, 0, 0), (10, 10, 10), 5.1216857, (1, 1, 0)),
    "box-3d": ((0, 5, 0), (2, 9.5, 20), 3.0998153e-6, (0, 1, 0)),
    "wood": ((-100, -100, -100, -100), (0, 10, 100, 100), 1.5567008, (1, 0, 0, 0)),
    "brown-dennis": ((-10, 0, -100, -20), (100, 15, 0, 0.2), 88860.479, (-1, 0, 0, 1)),
    "biggs-exp6": ((0, 0, 0, 1, 0, 0), (2, 8, 1, 7, 5, 5), 5.3209865e-4, (0, 1, 0, 0, 0, 1)),
}
"""Lower and upper bounds, the least sum of squares, and which bounds hold it up (-1 lower, 1 upper).

Bounds and minima: Gay (1984), from Neumaier's page; all found again by SciPy, but for Gulf, whose printed minimum
belongs to a misprinted formula (5.1216857 at m = 99), and for Box, which is meant with m = 3.
"""

CAGES = tuple(tuple(name for name in GAY if len(GAY[name][0]) == n) for n in (2, 3, 4, 6))


def problem(name):
    """The entry of the zoo, at the size of the table."""
    return rp.zoo.build(name, m=3) if name == "box-3d" else rp.zoo[name]


@cache
def residuals(names):
    """r(x, which, lower, upper): the residuals of one of these problems, padded to one length, and a trap outside.

    Outside of the bounds all residuals are zero: a single point looked at there would be taken for the minimum.
    """
    count = max(problem(name).residual(jnp.asarray(problem(name).x0)).size for name in names)
    padded = lambda r, x: jnp.pad(r(x), (0, count - jax.eval_shape(r, x).size))
    funs = [partial(padded, problem(name).residual) for name in names]

    def r(x, which, lower, upper):
        inside = jnp.all((x >= lower) & (x <= upper))
        return jnp.where(inside, jax.lax.switch(which, funs, x), 0)

    return r


@cache
def squares(names):
    """The sum of squares (the zoo's, without a half), -1 outside."""
    inner = residuals(names)

    def f(x, which, lower, upper):
        r = inner(x, which, lower, upper)
        return jnp.where(jnp.all((x >= lower) & (x <= upper)), r @ r, -1)

    return f


def data(names, name):
    """args of a caged problem."""
    lower, upper, *_ = GAY[name]
    return jnp.int32(names.index(name)), jnp.asarray(lower, float), jnp.asarray(upper, float)


def complaints(name, result, total):
    """What is wrong with a result, as a list of sentences."""
    lower, upper, best, active = GAY[name]
    said = f"{name} by {result.method}: {result.verdict}, sum {total:.9g} (listed {best:.9g}), active {result.active}"
    out = []
    if not result.success:
        out.append(f"no success: {said}")
    if abs(total - best) > 1e-5 * best + 1e-15:
        out.append(f"another value: {said}")
    if not np.all((result.x >= lower) & (result.x <= upper)):
        out.append(f"outside: {result.x}: {said}")
    if tuple(result.active) != active or len(result.certificate.active) != np.count_nonzero(active):
        out.append(f"active bounds should be {active}, named {result.certificate.active}: {said}")
    for i in np.flatnonzero(active):
        bound = (lower, upper)[active[i] > 0][i]
        if result.x[i] != bound or not any(text.startswith(f"x{i + 1} at its ") for text in result.certificate.active):
            out.append(f"x{i + 1} is not exactly at its bound {bound}: {said}")
    return out


@pytest.mark.parametrize("names", CAGES, ids=lambda names: f"n={len(GAY[names[0]][0])}")
def test_minimize_reaches_gays_minima(names):
    """The sum of squares by `minimize(bounds=pairs)` at its defaults: value, success, exact bounds, active ones."""
    wrong = []
    for name in names:
        lower, upper, *_ = GAY[name]
        pairs = list(zip(lower, upper, strict=True))
        result = rp.minimize(squares(names), problem(name).x0, args=data(names, name), bounds=pairs)
        wrong += complaints(name, result, result.value)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("names", CAGES, ids=lambda names: f"n={len(GAY[names[0]][0])}")
def test_least_squares_reaches_gays_minima(names):
    """The residuals by `least_squares(bounds=(lower, upper))`: the same, and the bounds that SciPy finds active."""
    wrong = []
    for name in names:
        lower, upper, *_ = GAY[name]
        args = data(names, name)
        result = rp.least_squares(residuals(names), problem(name).x0, args=args, bounds=(lower, upper))
        wrong += complaints(name, result, 2 * result.cost)
        mask = scipys_active(names, name, result)
        if mask != tuple(result.active) and name != "beale":  # its minimum lies on a bound that holds nothing up
            wrong.append(f"{name}: SciPy calls {mask} active, we {result.active}")
    assert not wrong, "\n".join(wrong)


@cache
def jacobian(names):
    """The residuals and their Jacobian, compiled: for SciPy."""
    r = residuals(names)
    return jax.jit(lambda x, *args: (r(x, *args), jax.jacfwd(r)(x, *args)))


def scipys_active(names, name, ours):
    """The active bounds by SciPy's projection of the gradient at its own solution, from near ours."""
    lower, upper, *_ = GAY[name]
    both, args = jacobian(names), data(names, name)
    found = scipy.optimize.least_squares(
        lambda x: np.asarray(both(x, *args)[0]), np.clip(ours.x * 1.001, lower, upper),
        lambda x: np.asarray(both(x, *args)[1]), (lower, upper), method="dogbox", x_scale="jac",
        xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=300,
    )  # fmt: skip
    assert found.cost >= ours.cost * (1 - 1e-8) - 1e-20, f"{name}: SciPy found {found.cost}, we {ours.cost}"
    return tuple(map(int, found.active_mask))


def corner(x, which, lower, upper):
    """Rosenbrock's or a quartic's bowl, with minima cut off by bounds; a trap outside."""
    inside = jnp.all((x >= lower) & (x <= upper))
    bowl = lambda x: jnp.sum(jnp.cosh(x - jnp.array([2.0, 0.5]))) + 0.3 * x[0] * x[1]
    f = jax.lax.switch(which, [rp.zoo["rosenbrock"].fun, bowl], x)
    return jnp.where(inside, f, -1e3)


CORNERS = {
    "rosenbrock": (0, (-2, -2), (0.5, 2), (1, 0)),
    "rosenbrock, both": (0, (0, 0.3), (0.5, 2), (1, -1)),
    "bowl": (1, (-1, -1), (1, 1), (1, 0)),
}


FAST = ("trust-exact", "damped-newton", "newton-cg", "bfgs", "lbfgs")
"""Presets tried in every run of the tests: one for each kind of curvature and of path."""


MARKS = {name: [pytest.mark.slow] for name in rp.presets if name not in FAST}


@pytest.mark.parametrize("method", [pytest.param(name, marks=MARKS.get(name, [])) for name in rp.presets])
def test_every_preset_keeps_to_the_bounds_and_finds_the_minimum(method):
    """Rosenbrock's valley cut off on one and on two sides, and a bowl with its minimum outside."""
    for name, (which, lower, upper, active) in CORNERS.items():
        args = (jnp.int32(which), jnp.asarray(lower, float), jnp.asarray(upper, float))
        pairs = list(zip(lower, upper, strict=True))
        result = rp.minimize(corner, np.array([-1.0, 1.0]), args=args, method=method, bounds=pairs)
        assert np.all((result.x >= lower) & (result.x <= upper)), (name, result.x)
        assert result.success, (name, result.verdict)
        np.testing.assert_allclose(result.x, corner_minimum(name), rtol=1e-5, err_msg=name)
        assert tuple(result.active) == active, (name, result.active)


@cache
def corner_minimum(name):
    """By SciPy."""
    which, lower, upper, _ = CORNERS[name]
    inner = jax.jit(jax.value_and_grad(corner))
    args = (jnp.int32(which), jnp.asarray(lower, float), jnp.asarray(upper, float))
    both = lambda x: tuple(np.asarray(a, float) for a in inner(x, *args))
    found = scipy.optimize.minimize(
        both, [0.0, 0.5], jac=True, bounds=list(zip(lower, upper, strict=True)), method="L-BFGS-B",
        options={"ftol": 0, "gtol": 1e-12, "maxiter": 2000},
    )  # fmt: skip
    return found.x


SPACE = 20
SIZES = (5, 8, 13, 20, 20, 20)


def linear_problem(seed, size):
    """A, b, bounds and start of a random bounded linear problem of `size` variables, the other 20 - size held at 0."""
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((2 * SPACE, SPACE)), 3 * rng.standard_normal(2 * SPACE)
    A *= np.logspace(0, 3, SPACE)[rng.permutation(SPACE)]
    center, width = rng.standard_normal((2, SPACE)) / np.linalg.norm(A, axis=0)
    lower, upper = center - np.abs(width), center + np.abs(width)
    lower[rng.random(SPACE) < 0.2] = -np.inf
    upper[rng.random(SPACE) < 0.2] = np.inf
    lower[size:] = upper[size:] = 0
    return A, b, lower, upper, np.where(np.arange(SPACE) < size, rng.standard_normal(SPACE), 0.0)


@pytest.mark.parametrize("door", ["minimize", "least_squares"])
def test_quadratics_with_bounds_agree_with_bvls(door):
    """Random convex quadratics of 5 to 20 variables in badly scaled units: x and active set of SciPy's lsq_linear."""
    for seed, size in enumerate(SIZES):
        A, b, lower, upper, x0 = linear_problem(seed, size)
        args = (jnp.asarray(A), jnp.asarray(b))
        bounds = scipy.optimize.Bounds(lower, upper)
        if door == "minimize":
            result = rp.minimize(lambda x, A, b: jnp.sum((A @ x - b) ** 2), x0, args=args, bounds=bounds)
        else:
            result = rp.least_squares(lambda x, A, b: A @ x - b, x0, args=args, bounds=bounds)
        free = np.arange(size)
        theirs = scipy.optimize.lsq_linear(A[:, free], b, (lower[free], upper[free]), method="bvls", tol=1e-14)
        unit = np.linalg.norm(A, axis=0)[free]
        assert result.success, (seed, result.verdict)
        np.testing.assert_allclose(result.x[free] * unit, theirs.x * unit, rtol=1e-7, atol=1e-7, err_msg=str(seed))
        np.testing.assert_array_equal(result.active[free], theirs.active_mask, err_msg=str(seed))
        np.testing.assert_array_equal(result.x[size:], 0)


gap = lambda x, t: x - t
cut = lambda x, t: jnp.sum(gap(x, t) ** 2)


@pytest.mark.parametrize("method", ["auto", "lm"])
def test_a_bound_is_reached_exactly_from_wherever_one_comes(method):
    """Random starts, bounds and minima of all sizes: x1 is its bound to the last bit, and that is a success.

    A step of the whole way there misses it by a rounding of x + s as often as not.
    """
    rng = np.random.default_rng(0)
    wrong = []
    for _ in range(150):
        t, start = rng.standard_normal((2, 2)) * 10.0 ** rng.integers(-3, 4, (2, 2))
        upper = np.array([t[0] - rng.random() * abs(t[0]), np.inf])
        bounds = scipy.optimize.Bounds([-np.inf] * 2, upper)
        start = np.minimum(start, upper)
        if method in rp.presets or method == "auto":
            result = rp.minimize(cut, start, args=(t,), method=method, bounds=bounds)
        else:
            result = rp.least_squares(gap, start, args=(t,), method=method, bounds=bounds)
        if not result.success or result.x[0] != upper[0]:
            wrong.append(
                f"x0 = {start}, minimum {t}, bound {upper[0]}, missed by {result.x[0] - upper[0]}: {result.verdict}"
            )
    assert not wrong, f"{len(wrong)} of 150, as {wrong[0]}"


def bowl(x):
    """Its minimum is (2, -3)."""
    return (x[0] - 2) ** 2 + 10 * (x[1] + 3) ** 2 + (x[0] - 2) * (x[1] + 3)


def bowl_residuals(x):
    """The same minimum as residuals."""
    return jnp.stack([x[0] - 2, 3 * (x[1] + 3), jnp.sin(x[0] - 2)])


def test_infinite_bounds_change_nothing():
    """None and infinities: the same trials to the last bit, the same result."""
    plain = rp.minimize(bowl, np.zeros(2))
    for bounds in ([(None, None)] * 2, [(-np.inf, np.inf), (None, np.inf)]):
        result = rp.minimize(bowl, np.zeros(2), bounds=bounds)
        np.testing.assert_array_equal(result.trace.step, plain.trace.step)
        assert result.verdict == plain.verdict and not result.active.any()


def test_a_start_outside_is_moved_in_with_a_note():
    """The note says which variable, from where and where to."""
    result = rp.minimize(bowl, np.array([5.0, 0.0]), bounds=[(0, 4), (-1, 1)])
    assert any("x1 = 5 to 4" in note for note in result.notes)
    assert result.success and result.x[1] == -1 and tuple(result.active) == (0, -1)
    fit = rp.least_squares(bowl_residuals, [5.0, 0.0], bounds=([0, -1], [4, 1]))
    assert any("x1 = 5 to 4" in note for note in fit.notes)
    assert fit.success and fit.x[1] == -1 and tuple(fit.active) == (0, -1)
    named = rp.least_squares(
        lambda p: bowl_residuals((p["u"], p["v"])), {"u": 5.0, "v": 0.0}, bounds=({"u": 0, "v": -1}, {"u": 4, "v": 1})
    )
    assert any("u = 5 to 4" in note for note in named.notes)
    assert named.certificate.active == ("v at its lower bound -1",), "the names of the note are the certificate's"


@pytest.mark.parametrize("bounds, pattern", [
    ([(0, 1), (2, 1)], r"bounds of x2 are crossed: lower 2 > upper 1"),
    ([(0, 1)], r"2 pairs"),
    ([(0, 1, 2), (0, 1, 2)], r"2 pairs"),
    ([(0, np.nan), (0, 1)], r"upper bound of x1 is NaN"),
    (scipy.optimize.Bounds([0, np.nan], [1, 1]), r"lower bound of x2 is NaN"),
    (scipy.optimize.Bounds([0, 0, 0], [1, 1, 1]), r"3 lower bounds for 2 variables"),
])  # fmt: skip
def test_bounds_that_cannot_be_meant_are_refused(bounds, pattern):
    """Crossed, NaN, too many or too few: ValueError before the loop, with the variable's name."""
    with pytest.raises(ValueError, match=pattern) as caught:
        rp.minimize(bowl, np.zeros(2), bounds=bounds)
    assert len(str(caught.value).splitlines()) <= 6


def test_equal_bounds_hold_a_variable():
    """lower = upper: x stays there exactly, the others reach their minimum, the fit reports no error bar for it."""
    result = rp.minimize(bowl, np.zeros(2), bounds=[(0.25, 0.25), (None, None)])
    assert result.success and result.x[0] == 0.25
    assert result.x[1] == pytest.approx(-3 + 1.75 / 20, rel=1e-9)
    fit = rp.least_squares(bowl_residuals, np.zeros(2), bounds=([0.25, -np.inf], [0.25, np.inf]))
    assert fit.success and fit.x[0] == 0.25 and fit.x[1] == pytest.approx(-3, rel=1e-9)
    assert fit.active[0] != 0 and not fit.standard_errors[0] > 0


def test_equal_bounds_hold_a_variable_that_f_does_not_depend_on():
    """No flat direction, no standard error: it is held, whatever the slope."""
    result = rp.minimize(lambda x: (x[0] - 2) ** 2 + 0 * x[1], np.zeros(2), bounds=[(None, None), (0.5, 0.5)])
    assert result.success and result.active[1] != 0 and not result.certificate.flat


def test_single_precision_stays_inside():
    """float32: bounds that single precision cannot hold (0.1, 1/3): x lies within the rounded ones, dtype kept."""
    lower, upper = np.array([0.1, -1 / 3]), np.array([1 / 3, 0.1])
    for result in (
        rp.minimize(bowl, np.zeros(2, np.float32), bounds=list(zip(lower, upper, strict=True))),
        rp.least_squares(bowl_residuals, np.zeros(2, np.float32), bounds=(lower, upper)),
    ):
        assert result.x.dtype == np.float32 and result.success, result.verdict
        assert np.all((result.x >= lower.astype(np.float32)) & (result.x <= upper.astype(np.float32)))
        assert tuple(result.active) == (1, -1)


@pytest.mark.parametrize("door", ["minimize", "least_squares"])
def test_a_host_function_is_never_called_outside(door):
    """NumPy code that is NaN outside: differences, probes and trials all stay between the bounds."""
    lower, upper, seen = np.array([0.5, -2.0]), np.array([1.5, 4.0]), []

    def residual(x):
        seen.append(np.array(x))
        inside = np.all((x >= lower) & (x <= upper))
        return np.array([x[0] - 2, x[1] - x[0], 0.1 * np.sinh(float(x[0] * x[1]))]) if inside else np.full(3, np.nan)

    if door == "minimize":
        pairs = list(zip(lower, upper, strict=True))
        result = rp.minimize(lambda x: np.sum(residual(x) ** 2), [1.0, 1.0], bounds=pairs)
    else:
        result = rp.least_squares(residual, [1.0, 1.0], bounds=(lower, upper))
    assert result.success and result.x[0] == 1.5, result.verdict
    outside = [x for x in seen if not np.all((x >= lower) & (x <= upper))]
    assert not outside, f"{len(outside)} of {len(seen)} points, as {outside[0]}"
