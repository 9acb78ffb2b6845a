"""Functions on the host: every call is counted once, and nothing that they do after the loop is an exception."""

import jax
import numpy as np
import pytest

import raphson as rp

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
    assert (fit.nfev, fit.njev) == (fun.calls, jac.calls if given else 0)


@pytest.mark.parametrize("method", ["auto", "bfgs"])
@pytest.mark.parametrize("given", [0, 1, 2], ids=["differences", "jac", "jac and hess"])
def test_minimize_counts_every_call_once(method, given):
    """The same for nfev, njev and nhev."""
    fun, jac, hess = Counted(rosenbrock), Counted(rosenbrock_gradient), Counted(rosenbrock_hessian)
    more = {"jac": jac} if given == 1 else {"jac": jac, "hess": hess} if given else {}
    result = rp.minimize(fun, [-1.2, 1.0], method=method, **more)
    assert (result.nfev, result.njev, result.nhev) == (fun.calls, jac.calls, hess.calls)


@pytest.mark.parametrize("loss", ["linear", "huber", "cauchy"])
def test_residuals_that_break_after_the_loop_are_a_verdict(loss):
    """Stopped by a callback, and NaN from then on: a result that says so, no exception."""
    broken = []

    def stop(x):
        broken.append(True)
        return True

    fit = rp.least_squares(lambda x: decay(x) * (np.nan if broken else 1), [1.0, 1.0], loss=loss, callback=stop)
    assert not fit.success and fit.certificate.verdict == "not finite"
    assert np.isnan(fit.residuals).all() and "NOT FINITE" in str(fit)


def test_a_model_of_a_host_function_passes_through_jit():
    """It knows its function, which is no array: structure to JAX."""
    model = rp.local_model(lambda x: float(rosenbrock(np.asarray(x))), [-1.2, 1.0])
    assert model.problem is not None
    inside = jax.jit(lambda model, s: model(s))(model, np.array([0.1, -0.2]))
    assert float(inside) == pytest.approx(float(model([0.1, -0.2])), rel=1e-14)
