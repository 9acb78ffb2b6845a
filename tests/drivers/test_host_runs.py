"""Functions on the host: every call is counted once, and nothing that they do after the loop is an exception."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import raphson as rp
from raphson.kernel.status import Status
from raphson.kernel.trace import SCALARS
from raphson.problems.callback import HostResiduals
from raphson.problems.least_squares import LeastSquares
from raphson.problems.loss import Loss, linear
from raphson.solver.call import limited
from raphson.solver.drive import run
from raphson.solver.options import Limits
from raphson.solver.patience import Patience
from raphson.solver.presets import RESIDUAL_PRESETS

T = np.linspace(0, 4, 12)
Y = 2.5 * np.exp(-1.3 * T) + 0.01 * np.sin(7 * T)


def decay(x):
    """An exponential through data, and its derivatives; float() keeps it on the host."""
    return float(x[0]) * np.exp(-float(x[1]) * T) - Y


def decay_jacobian(x):
    e = np.exp(-x[1] * T)
    return np.stack([e, -x[0] * T * e], axis=1)


def endless(x):
    """No minimum: it falls to all sides for ever, so every method is tried."""
    return 1 / (1 + x**2)


def endless_jacobian(x):
    return np.diag(-2 * x / (1 + x**2) ** 2)


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def rosenbrock_gradient(x):
    return np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)])


def rosenbrock_hessian(x):
    return np.array([[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200.0]])


class Counted:
    """A function of a NumPy array that counts its calls (with JAX's tracers there is none to count)."""

    def __init__(self, fun):
        self.fun, self.calls = fun, 0

    def __call__(self, x):
        x = np.asarray(x)
        self.calls += 1
        return self.fun(x)


FITS = {
    "one attempt": (decay, decay_jacobian, [1.0, 1.0], {"method": "lm"}),
    "one by auto": (decay, decay_jacobian, [1.0, 1.0], {}),
    "all of auto": (endless, endless_jacobian, [1.0, 2.0], {}),
    "robust": (decay, decay_jacobian, [1.0, 1.0], {"loss": "cauchy", "f_scale": 0.1}),
    "bounded": (decay, decay_jacobian, [1.0, 1.0], {"bounds": ([0, 0], [2, 2])}),
}


RUNS = [
    pytest.param(name, given, marks=pytest.mark.slow if name in ("one by auto", "bounded") else [])
    for name in FITS
    for given in (False, True)
    if given or name != "all of auto"
]


@pytest.mark.parametrize(("name", "given"), RUNS)
def test_a_fit_counts_every_call_once(name, given):
    """nfev is the number of calls of the residuals, njev of jac, over all attempts and with what follows them."""
    residual, jacobian, x0, more = FITS[name]
    fun, jac = Counted(residual), Counted(jacobian)
    fit = rp.least_squares(fun, x0, jac=jac if given else None, **more)
    assert (len(fit.reasons) > 1) == (name == "all of auto"), fit.reasons
    assert fit.nfev == fun.calls and (fit.njev == jac.calls if given else fit.njev > 0)


@pytest.mark.parametrize("method", ["auto", "bfgs"])
@pytest.mark.parametrize("given", [0, 1, 2], ids=["differences", "jac", "jac and hess"])
def test_minimize_counts_every_call_once(method, given):
    """The same for nfev, njev and nhev; gradients by differences are counted as such, as SciPy does."""
    fun, jac, hess = Counted(rosenbrock), Counted(rosenbrock_gradient), Counted(rosenbrock_hessian)
    more = {"jac": jac} if given == 1 else {"jac": jac, "hess": hess} if given else {}
    result = rp.minimize(fun, [-1.2, 1.0], method=method, **more)
    assert (result.nfev, result.nhev) == (fun.calls, hess.calls)
    assert result.njev == jac.calls if given else result.njev > 0


@pytest.mark.parametrize("loss", ["linear", "huber", "cauchy"])
def test_residuals_that_break_after_the_loop_are_a_verdict(loss):
    """Stopped by a callback, and NaN from then on: a result that says so, no exception."""
    broken = []

    def stop(x):
        broken.append(True)
        return True

    fit = rp.least_squares(lambda x: decay(x) * (np.nan if broken else 1), [1.0, 1.0], loss=loss, callback=stop)
    assert not fit.success and fit.certificate.verdict == "not finite"
    assert "NOT FINITE" in str(fit)  # residuals at x may be known from the run; derivatives are not


def test_a_model_of_a_host_function_passes_through_jit():
    """It knows its function, which is no array: structure to JAX."""
    model = rp.local_model(lambda x: float(rosenbrock(np.asarray(x))), [-1.2, 1.0])
    assert model.problem is not None
    inside = jax.jit(lambda model, s: model(s))(model, np.array([0.1, -0.2]))
    assert float(inside) == pytest.approx(float(model([0.1, -0.2])), rel=1e-14)


def on_host(fun):
    """The same function, which nobody can trace: it asks for a number."""
    return lambda x: (float(x[0]), fun(x))[1]


@pytest.mark.parametrize("limit", [1, 7, 20, 100])
@pytest.mark.parametrize("name", ["maxfun", "maxfev"])
def test_a_limit_of_calls_is_a_limit(name, limit):
    """maxfun calls and not one more, whatever runs; and no success before a minimum is shown."""
    fun = Counted(rosenbrock)
    result = rp.minimize(fun, [-1.2, 1.0], options={name: limit})
    assert result.nfev == fun.calls <= limit
    assert not result.success and "limit of evaluations" in result.message


@pytest.mark.parametrize("limit", [1, 2, 5, 20])
def test_max_nfev_is_no_stricter_than_it_says_and_no_looser_than_scipy(limit):
    """Evaluations by trials, the first included; all calls together at most what SciPy makes with that limit."""
    fun = Counted(lambda x: np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]]))
    fit = rp.least_squares(fun, [-1.2, 1.0], max_nfev=limit)
    assert fit.nit <= limit - 1 and fit.nfev == fun.calls <= limit * 3
    assert not fit.success and "limit" in fit.message


@pytest.mark.parametrize("steps", [0, 5])
def test_maxiter_counts_the_trials_of_all_attempts(steps):
    """A run that its limit ended is no success."""
    result = rp.minimize(on_host(rosenbrock), [-1.2, 1.0], options={"maxiter": steps})
    assert result.nit == steps and not result.success and "limit of steps" in result.message


def banana_parts(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


@pytest.mark.parametrize("where", [lambda fun: fun, on_host], ids=["traced", "host"])
@pytest.mark.parametrize("limit", [2, 4])
def test_a_limit_is_called_what_the_caller_set(where, limit):
    """Evaluations where he limited those, steps where he limited those; the one that is met first where he did both.

    At most so many evaluations: no second method begins with a fresh count.
    """
    fun, parts, x0 = where(rosenbrock), where(banana_parts), [-1.2, 1.0]
    counted = [rp.minimize(fun, x0, options={name: limit}) for name in ("maxfun", "maxfev")]
    counted += [rp.minimize(fun, x0, options={"maxfun": limit, "maxiter": 50})]
    counted += [rp.least_squares(parts, x0, options={"maxfev": limit})]
    fits = [rp.least_squares(parts, x0, max_nfev=limit), rp.least_squares(parts, x0, max_nfev=limit, max_steps=50)]
    for r in (*counted, *fits):
        assert r.termination == rp.Status.CALLS and "limit of evaluations" in r.message, r.message
        assert "limit of evaluations" in str(r)
    assert all(r.nfev <= max(limit, 3) for r in counted)  # two to read it on the host, and f at x0 in any case
    for r in (
        rp.minimize(fun, x0, options={"maxiter": limit, "maxfun": 400}),
        rp.least_squares(parts, x0, max_steps=limit, max_nfev=200),
    ):
        assert r.termination == rp.Status.STEPS and "limit of steps" in r.message, r.message


@pytest.mark.parametrize("start", [[-1.2, 1.0], [1.0, 1.0], [30.0, -7.0]])
def test_a_banana_on_the_host_ends_in_success(start):
    """By second differences alone: the errors of H are measured, a condition of 2500 is no flat valley."""
    result = rp.minimize(on_host(rosenbrock), start)
    assert result.success and np.allclose(result.x, 1, atol=1e-9), result


def test_bounds_hold_for_every_call():
    """At the start, in differences, comparisons, trials and the certificate; fixed variables are never moved."""
    low, high = np.array([0.0, 3.0]), np.array([np.inf, 3.0])

    def fun(x):
        assert np.all(x >= low) and np.all(x <= high), x
        return float(x[0]) * float(np.sqrt(x[0])) + float(x[1]) ** 2

    result = rp.minimize(fun, [0.0, 3.0], bounds=list(zip(low, high, strict=True)))
    assert list(result.x) == [0.0, 3.0]


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyError("mine")])
def test_the_users_exception_comes_through(error):
    """Untouched, from any call of the run."""
    fun = Counted(rosenbrock)

    def broken(x):
        if fun.calls == 60:
            raise error
        return fun(x)

    with pytest.raises(type(error)) as caught:
        rp.minimize(broken, [-1.2, 1.0])
    assert caught.value is error


def test_control_c_inside_the_function_gives_the_best_point_so_far():
    """And the function is not called again."""
    fun = Counted(rosenbrock)

    def interrupted(x):
        if fun.calls >= 100:
            fun.calls += 1
            raise KeyboardInterrupt
        return fun(x)

    result = rp.minimize(interrupted, [-1.2, 1.0])
    assert not result.success and result.value < 4.2 and fun.calls == 101


@pytest.mark.parametrize("out", [None, "2.0", 1j, [1.0, 2.0]], ids=str)
def test_what_is_no_number_is_named(out):
    """TypeError before the loop."""
    with pytest.raises(TypeError, match="fun"):
        rp.minimize(lambda x: (float(x[0]), out)[1], [1.0, 2.0])


def test_residuals_that_change_their_number_are_named():
    """Inside the loop: a clear exception."""
    with pytest.raises(ValueError, match="number of residuals changed"):
        rp.least_squares(lambda x: np.zeros(3 if float(x[0]) == 1.0 else 2), [1.0, 2.0])


@pytest.mark.slow
def test_a_staircase_is_no_minimum_where_a_step_down_is_near():
    """J = 0 is no evidence: f is looked at some way along."""
    t = np.arange(400.0)
    y = np.where(t < 120, 1.0, 3.0) + 0.1 * np.sin(t)
    fit = rp.least_squares(lambda p: np.where(t < float(p[0]), p[1], p[2]) - y, [200.0, 1.0, 2.0])
    assert not fit.success or fit.cost < 1.1 * np.sum((0.1 * np.sin(t)) ** 2) / 2


EDGES = {
    "entropy": (lambda x: sum(v * math.log(v) if v > 0 else 0.0 for v in (x[0], 1 - x[0])), 1.0, (0, 1)),
    "roots": (lambda x: -math.sqrt(x[0]) - math.sqrt(1 - x[0]), 1.0, (0, 1)),
    "a root": (lambda x: -math.sqrt(x[0] - 1) + (x[0] - 1), 1.0, (1, None)),
}


@pytest.mark.parametrize("name", EDGES)
def test_an_edge_of_infinite_slope_is_no_minimum(name):
    """Differences of any step are finite there, and their curvature grows faster: the Newton step says "arrived"."""
    fun, x0, bounds = EDGES[name]
    result = rp.minimize(fun, [x0], bounds=[bounds])
    assert not result.success or result.fun < fun([x0]) - 0.1, result.verdict


def test_many_host_residuals_need_few_calls():
    """Broyden's tridiagonal function of 100 variables: no Hessian by differences of sums."""

    def residual(x):
        float(x[0])
        h = (3 - 2 * x) * x + 1
        h[1:] -= x[:-1]
        h[:-1] -= 2 * x[1:]
        return h

    fit = rp.least_squares(residual, -np.ones(100))
    assert fit.success and fit.cost < 1e-20 and fit.nfev < 30 * 101


BENT = np.linspace(0, 4, 20)


def far_from_zero(x):
    """Residuals whose squares do not vanish: Gauss-Newton's steps converge slowly, and f hardly falls."""
    return jnp.concatenate([x[0] * jnp.exp(x[1] * BENT) - 3 * jnp.sin(2 * BENT), jnp.array([5.0])])


@pytest.mark.parametrize("host", [False, True], ids=["compiled", "host"])
def test_a_run_that_crawls_goes_on_as_if_it_had_never_been_laid_aside(host):
    """f falls to half within no three trials: laid aside, and the rest is the run without an interruption."""
    plain = lambda x: np.asarray(far_from_zero(x))
    problem = HostResiduals(plain, loss=Loss(linear)) if host else LeastSquares(far_from_zero)
    x0 = np.array([1.0, -0.5])
    method = limited(RESIDUAL_PRESETS["lm"], Limits(None, 40, None), x0)
    single = lambda state, trial: False  # a watcher: bursts of one step
    whole = run(method, problem, x0, watcher=single)
    problem = HostResiduals(plain, loss=Loss(linear)) if host else problem
    first = run(method, problem, x0, watcher=single, patience=Patience(3))
    assert first.onward is not None and first.status == Status.STEPS and len(first.trace) < len(whole.trace)
    rest = first.onward()
    assert rest.onward is None and rest.status == whole.status
    np.testing.assert_array_equal(rest.trace.step, whole.trace.step)
    np.testing.assert_array_equal(rest.state.x, whole.state.x)


def test_patience_ends_where_f_is_not_halved_and_only_there():
    """Tables of accepted trials, values one after another: four without half of the value where they began."""

    def table(values):
        rows = np.zeros((len(values), len(SCALARS)))
        rows[:, SCALARS.index("value")], rows[:, SCALARS.index("accepted")] = values, 1
        return rows

    falling = Patience(4)
    assert not any(falling.worn(table([v])) for v in 0.8 ** np.arange(100.0))
    crawling = Patience(4)
    assert [crawling.worn(table([v])) for v in 0.9 ** np.arange(5.0)] == [False] * 4 + [True]
    stuck = Patience(4)
    assert not stuck.worn(table([1.0] * 4)) and stuck.worn(np.zeros((4, len(SCALARS))))


def test_a_fit_on_the_host_makes_no_trials_below_the_error_of_its_differences():
    """As many trials as the compiled twin or fewer, the same answer, and no more calls than 2 n + 1 a trial and 80."""
    x, y = BENT, 2.5 * np.exp(-1.3 * BENT) + 0.5 + 0.02 * np.sin(7 * BENT)
    twin = rp.curve_fit(lambda x, a, b, c: a * jnp.exp(-b * x) + c, x, y, [1.0, 1.0, 0.0])
    fit = rp.curve_fit(lambda x, a, b, c: float(a) * np.exp(-float(b) * x) + float(c), x, y, [1.0, 1.0, 0.0])
    assert fit.success and twin.success and fit.nit <= twin.nit
    np.testing.assert_allclose(fit.x, twin.x, rtol=1e-9)
    assert fit.nfev <= 7 * (fit.nit + 1) + 80
