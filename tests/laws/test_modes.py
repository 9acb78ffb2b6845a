"""Laws of the derivative modes: a function that lacks one ends where its unrestricted twin does.

The family: y(x) solves y + y^3 = x, entry by entry, and r(x) = A y(x) - b. In y this is a linear fit, so the
minimizer x* = y* + y*^3, the Jacobian A D and the Hessian D A'A D at it, D = diag(dy/dx), are known in closed form.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.special
from jax import lax
from jax.experimental.ode import odeint

import raphson as rp
from raphson.operators.matrix_free import MatrixFree
from raphson.problems import allowed
from raphson.problems.allowed import modes_of
from raphson.problems.derivatives import hessian, jacobian
from raphson.problems.modes import DIFFERENCES, FORWARD, REVERSE
from raphson.solver.answer import answer, reverse_answer
from raphson.tracing import hoist as hoisting


def closed(z):
    """The root of y + y^3 = z, by hyperbolic sines (Viete)."""
    return 2 / 3**0.5 * jnp.sinh(jnp.arcsinh(1.5 * 3**0.5 * z) / 3)


def newton(y, z):
    """One step of Newton's method for the root."""
    return y - (y + y**3 - z) / (1 + 3 * y * y)


def looped(z):
    """The root by Newton's method, until nothing moves: no reverse mode."""
    far = lambda y: jnp.any(jnp.abs(newton(y, z) - y) > 8 * jnp.finfo(z.dtype).eps * jnp.abs(z))
    return newton(lax.while_loop(far, lambda y: newton(y, z), z), z)


def counted(z):
    """The root by a number of Newton steps that is not known when the function is traced."""
    return lax.fori_loop(0, 40 + jnp.int32(z.size > 99) * jnp.int32(jnp.sum(z) > 1e30), lambda i, y: newton(y, z), z)


def scanned(z):
    """The root by forty Newton steps."""
    return lax.scan(lambda y, _: (newton(y, z), None), z, None, length=40)[0]


def branched(z):
    """The root, by one of two branches."""
    return lax.cond(jnp.sum(z) > 1e9, scanned, closed, z)


def with_rule(inner, rate, again=True):
    """The root with a reverse rule of the user's own: no forward mode, nor over it where it calls itself `again`."""
    root = jax.custom_vjp(inner)
    root.defvjp(lambda z: ((root if again else inner)(z),) * 2, lambda y, c: (c * rate(y),))
    return root


def pushed(z):
    """The root with a forward rule of the user's own."""
    root = jax.custom_jvp(closed)
    root.defjvp(lambda p, t: (closed(p[0]), t[0] / (1 + 3 * closed(p[0]) ** 2)))
    return root(z)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def powered(z, power):
    """The root with a static argument beside the rule."""
    return closed(z) if power == 3 else z


powered.defvjp(lambda z, power: (powered(z, power),) * 2, lambda power, y, c: (c / (1 + power * y ** (power - 1)),))


def called(function):
    """A NumPy function of one array as part of a JAX program."""
    return lambda y: jax.pure_callback(function, jax.ShapeDtypeStruct(y.shape, y.dtype), y, vmap_method=None)


RATE = lambda y: 1 / (1 + 3 * y * y)
ROUND = lambda y: lax.while_loop(lambda c: c[0] < 1, lambda c: (c[0] + 1, 1 / (1 + 3 * y * y)), (0, y))[1]

# name: (the root, forward, reverse, second)
KINDS = {
    "while_loop": (looped, True, False, FORWARD),
    "fori_loop": (counted, True, False, FORWARD),
    "custom_vjp": (with_rule(closed, RATE), False, True, REVERSE),
    "custom_vjp of a loop": (with_rule(looped, ROUND, again=False), False, True, FORWARD),
    "custom_vjp with a callback": (with_rule(closed, called(lambda y: 1 / (1 + 3 * y * y))), False, True, DIFFERENCES),
    "nondiff_argnums": (lambda z: powered(z, 3), False, True, REVERSE),
    "vmap inside": (lambda z: jax.vmap(with_rule(closed, RATE))(z), False, True, REVERSE),
    "custom_jvp": (pushed, True, True, FORWARD),
    "scan": (scanned, True, True, FORWARD),
    "cond": (branched, True, True, FORWARD),
}
N = dict(zip(KINDS, (1, 2, 3, 12, 5, 8, 2, 4, 6, 1), strict=True))


def data(n, seed=0):
    """A (n + 3, n), b, and x*, r, J and H there."""
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((n + 3, n)), rng.standard_normal(n + 3)
    y = np.linalg.lstsq(A, b, rcond=None)[0]
    J = A / (1 + 3 * y * y)
    return A, b, y + y**3, A @ y - b, J, J.T @ J


def derivatives(A, b, x):
    """r, J, f, g and H of the family at any x: y' = D, y'' = -6 y D^3."""
    y = np.asarray(2 / 3**0.5 * np.sinh(np.arcsinh(1.5 * 3**0.5 * x) / 3))
    D, r = 1 / (1 + 3 * y * y), A @ y - b
    return r, A * D, 0.5 * r @ r, D * (r @ A), D[:, None] * (A.T @ A) * D - np.diag(6 * (r @ A) * y * D**3)


@jax.jit
def by_modes(problem, fit, x, v):
    """The same in the modes that the problems allow, and H v."""
    r, J = jacobian(modes_of(fit, x), fit, x)
    return r, J, *hessian(modes_of(problem, x), problem, x), MatrixFree(problem, x).mv(v)


def residuals(root):
    return lambda x, A, b: A @ root(x) - b


def objective(root):
    return lambda x, A, b: 0.5 * jnp.sum((A @ root(x) - b) ** 2)


@pytest.mark.parametrize("name", KINDS)
def test_the_modes_that_a_program_allows_are_found_and_give_the_same_derivatives(name):
    """Value, gradient, Hessian, products and Jacobian at a point with residuals, by whatever mode there is."""
    root, forward, reverse, second = KINDS[name]
    n = N[name]
    A, b, *_ = data(n)
    x = np.random.default_rng(1).standard_normal(n)
    problem, fit = rp.Minimize(objective(root), (A, b)), rp.LeastSquares(residuals(root), (A, b))
    for asked in (problem, fit):
        modes = modes_of(asked, x)
        assert (modes.forward, modes.reverse, modes.second) == (forward, reverse, second)
        assert (modes.note("fun") is None) == (forward and reverse and second == FORWARD)
    v = np.cos(np.arange(n) + 1.0)
    *want, H = derivatives(A, b, x)
    error = 1e-8 if second == DIFFERENCES else 1e-11
    for got, true in zip(by_modes(problem, fit, x, v), (*want, H, H @ v), strict=True):
        np.testing.assert_allclose(got, true, rtol=error, atol=error * np.max(np.abs(true)))


@pytest.mark.parametrize("name", ["while_loop", "custom_vjp", "custom_vjp with a callback"])
def test_an_objective_ends_where_its_twin_does(name):
    root = KINDS[name][0]
    A, b, x, r, _, H = data(N[name])
    result = rp.minimize(objective(root), np.zeros(N[name]), args=(A, b))
    assert result.success, result
    np.testing.assert_allclose(result.x, x, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.value, 0.5 * r @ r, rtol=1e-12)
    np.testing.assert_allclose(result.hessian, H, rtol=1e-6, atol=1e-7)
    assert result.nfev <= 30
    modes = modes_of(result.model.problem, x)
    assert [note for note in result.notes if "JAX has" in note] == [n for n in [modes.note("fun")] if n]


@pytest.mark.parametrize("name", ["while_loop", "custom_vjp", "custom_vjp with a callback"])
def test_residuals_end_where_their_twins_do(name):
    """Answer, Jacobian and error bars; the certificate asks for no more than can be had."""
    root = KINDS[name][0]
    A, b, x, r, J, H = data(N[name])
    fit = rp.least_squares(residuals(root), np.zeros(N[name]), args=(A, b))
    assert fit.success, fit
    np.testing.assert_allclose(fit.x, x, rtol=0, atol=1e-9)
    np.testing.assert_allclose(fit.jacobian, J, atol=1e-8)
    np.testing.assert_allclose(fit.residuals, r, atol=1e-9)
    np.testing.assert_allclose(fit.covariance, r @ r / 3 * np.linalg.inv(H), rtol=1e-6)
    assert fit.nfev <= 40


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("while_loop", "lbfgs"), ("while_loop", "newton-cg"), ("custom_vjp", "trust-cg"), ("custom_vjp", "cubic"),
        ("custom_vjp with a callback", "sr1"),
    ],
)  # fmt: skip
def test_a_method_that_is_asked_for_runs_in_the_modes_there_are(kind, method):
    A, b, x, *_ = data(3)
    result = rp.minimize(objective(KINDS[kind][0]), np.zeros(3), args=(A, b), method=method, tol=1e-10)
    assert result.success and result.method == method
    np.testing.assert_allclose(result.x, x, atol=1e-6)


def test_geodesic_acceleration_needs_no_second_push():
    A, b, x, *_ = data(2)
    fit = rp.least_squares(residuals(KINDS["custom_vjp"][0]), np.zeros(2), args=(A, b), method="lm-geodesic")
    assert fit.success
    np.testing.assert_allclose(fit.x, x, atol=1e-9)


@pytest.mark.parametrize("kind", [None, "custom_vjp"])
def test_geodesic_acceleration_respects_bounds(kind):
    """A minimum in a face of the box: the residuals' second derivative does not see the rows of held variables."""
    A, b, *_ = data(2)
    fun = (lambda x, A, b: A @ x - b) if kind is None else residuals(KINDS[kind][0])
    free = rp.least_squares(fun, np.zeros(2), args=(A, b), method="lm-geodesic").x
    upper = np.array([free[0] - 0.1 * (1 + abs(free[0])), np.inf])
    fit = rp.least_squares(fun, np.minimum(upper, 0), args=(A, b), bounds=(-np.inf, upper), method="lm-geodesic")
    assert fit.success and fit.x[0] == upper[0]
    other = rp.least_squares(fun, np.minimum(upper, 0), args=(A, b), bounds=(-np.inf, upper), method="lm")
    np.testing.assert_allclose(fit.x, other.x, atol=1e-8)


def test_single_precision_a_pytree_bounds_and_a_robust_loss():
    """The other things that a fit may have, at once, for a function without forward mode."""
    root = KINDS["custom_vjp"][0]
    A, b, *_ = (np.asarray(a, np.float32) for a in data(3))

    start = {"a": np.zeros(2, np.float32), "b": np.float32(0)}
    low = {"a": np.full(2, -0.05, np.float32), "b": np.float32(-9)}
    high = {"a": np.full(2, 0.05, np.float32), "b": np.float32(9)}
    model = lambda p: A @ root(jnp.concatenate([p["a"], p["b"][None]])) - b
    fit = rp.least_squares(model, start, bounds=(low, high), loss="soft_l1", f_scale=0.5)
    ends = np.array([0.05, 0.05, 9])
    twin = scipy.optimize.least_squares(
        lambda x: derivatives(A, b, x)[0], np.zeros(3), bounds=(-ends, ends), loss="soft_l1", f_scale=0.5, xtol=1e-14
    )
    assert fit.success and fit.x["a"].dtype == np.float32
    assert np.any(fit.active) and np.all((fit.active != 0) == (np.abs(twin.x) > ends - 1e-3))
    np.testing.assert_allclose(fit.x_flat, twin.x, atol=2e-4)


def test_differences_of_the_gradient_stay_within_the_bounds():
    """No reverse, no forward mode over this gradient, and it is NaN below 0: the box ends there, and at a point."""

    @jax.custom_vjp
    def rooted(x):
        return jnp.sum(x * jnp.sqrt(x)) - jnp.sum(x)

    slope = lambda x: np.asarray(np.where(x < 0, np.nan, 1.5 * np.sqrt(np.abs(x)) - 1), x.dtype)
    rooted.defvjp(lambda x: (rooted(x), x), lambda x, c: (c * called(slope)(x),))
    result = rp.minimize(rooted, [0.0, 2.0, 0.7], bounds=[(0, 9), (0, 9), (0.7, 0.7)])
    assert result.success
    np.testing.assert_allclose(result.x, [4 / 9, 4 / 9, 0.7], rtol=1e-6)
    np.testing.assert_allclose(np.diag(result.hessian), [9 / 8, 9 / 8, 0], rtol=1e-5)


def test_an_equation_of_motion_is_fitted_through_odeint():
    """y' = -k y through an adaptive solver whose derivative is an adjoint equation, against the solution itself."""
    t = np.linspace(0, 2, 6)
    z = 2.5 * np.exp(-1.3 * t) + 0.05 * np.cos(9 * t)
    solved = lambda t, a, k: odeint(lambda y, t, k: -k * y, a, t, k, rtol=1e-12, atol=1e-12)
    fit = rp.curve_fit(solved, t, z, [1.0, 1.0])
    form = lambda t, a, k: a * np.exp(-k * t)
    best, covariance = scipy.optimize.curve_fit(
        form, t, z, fit.x, jac=lambda t, a, k: np.c_[np.exp(-k * t), -t * form(t, a, k)], xtol=1e-15, ftol=1e-15
    )
    assert fit.success
    np.testing.assert_allclose(fit.x, best, rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-6)


def test_what_has_no_derivative_runs_on_the_host_with_a_reason():
    square = called(lambda x: np.asarray(x) ** 2)
    fun = lambda x: jnp.sum((square(x) - 2) ** 2)
    result = rp.minimize(fun, [1.0, 1.5])
    assert result.success
    np.testing.assert_allclose(result.x, 2**0.5, rtol=1e-6)
    assert any("no derivative of pure_callback" in note for note in result.notes)
    fit = rp.least_squares(lambda x: square(x) - 2, [1.0, 1.5], jac=lambda x: np.diag(2 * x))
    assert fit.success
    np.testing.assert_allclose(fit.x, 2**0.5, rtol=1e-9)
    with pytest.raises(TypeError, match="no derivative of pure_callback"):
        rp.solve(rp.Minimize(fun), "bfgs", jnp.ones(2))


def test_second_derivatives_that_jax_lacks_are_differences_of_the_first():
    """The shape parameter of a gamma distribution: JAX has the derivative of gammainc by it once."""
    fun = lambda a: jnp.sum((jax.scipy.special.gammainc(a, 2.0) - 0.5) ** 2)
    result = rp.minimize(fun, [1.2])
    assert result.success
    root = scipy.optimize.brentq(lambda a: scipy.special.gammainc(a, 2.0) - 0.5, 1, 4, xtol=1e-14)
    np.testing.assert_allclose(result.x, root, rtol=1e-9)
    assert any("no second derivatives" in note for note in result.notes)


def test_answers_are_differentiated_in_the_mode_there_is():
    """dx*/db by the implicit function theorem: backwards without forward mode, forwards without reverse mode."""
    A, b, x, *_ = data(2)
    y = np.linalg.lstsq(A, b, rcond=None)[0]
    want = (1 + 3 * y * y)[:, None] * np.linalg.pinv(A)
    c, d, b = np.array([1.0, -2.0]), np.cos(np.arange(5.0)), jnp.asarray(b)

    def both(finish):
        """u'dx*/db and dx*/db v, compiled; `finish` takes a problem to its answer."""
        at = lambda kind, b: finish(rp.Minimize(objective(KINDS[kind][0]), (A, b)))
        back = jax.jit(jax.grad(lambda b: c @ at("custom_vjp", b)))
        return back, jax.jit(lambda b: jax.jvp(partial(at, "while_loop"), (b,), (d,))[1])

    finish = lambda problem: (answer if modes_of(problem, x).forward else reverse_answer)(problem, jnp.asarray(x))
    back, push = both(finish)
    np.testing.assert_allclose(back(b), c @ want, atol=1e-8)
    np.testing.assert_allclose(push(b), want @ d, atol=1e-8)
    for whole in both(lambda problem: rp.solve(problem, "newton", x).x):
        whole.lower(b)  # the loop as well; compiling it would only cost time


def test_models_checks_and_given_jacobians_work_in_every_mode():
    A, b, *_ = data(2)
    for kind in ("while_loop", "custom_vjp"):
        fun = objective(KINDS[kind][0])
        at = np.array([0.3, -0.4])
        np.testing.assert_allclose(rp.local_model(fun, at, A, b).hessian, derivatives(A, b, at)[4], atol=1e-10)
        assert rp.check_derivatives(fun, at, A, b).ok
        with pytest.raises(ValueError, match="jac does not agree"):
            rp.minimize(fun, at, args=(A, b), jac=lambda x, A, b: np.ones(2))


ORDINARY = {
    "jax's own rules": lambda x: jnp.sum(jax.nn.softplus(x) + jax.scipy.special.xlogy(x, x)),
    "linear solve": lambda x: jnp.sum(jnp.linalg.solve(jnp.eye(2) + jnp.outer(x, x), x)),
    "cg": lambda x: jnp.sum(jax.scipy.sparse.linalg.cg(lambda v: v * (1 + x**2), x)[0]),
    "norms and sorts": lambda x: jnp.linalg.norm(jnp.sort(x)) + jnp.max(x) + jnp.any(x > 0),
    "static loop": lambda x: jnp.sum(lax.fori_loop(0, 3, lambda i, c: jnp.sin(c), x)),
    "integers": lambda x: jnp.sum(x * jnp.arange(2)[jnp.argsort(x)]),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_function_is_never_tried(name, monkeypatch):
    """Its program holds no construct that could lack a mode, so nothing is traced for the question."""
    monkeypatch.setattr(allowed, "tried", lambda *_: pytest.fail("an ordinary function was tried"))
    problem = rp.Minimize(hoisting.hoist(ORDINARY[name], jnp.ones(2)).program)
    assert modes_of(problem, jnp.ones(2)).note("fun") is None


def test_modes_are_found_once(monkeypatch):
    """Two runs of two lambdas with one structure: one search."""
    tried, count = allowed.tried, []
    monkeypatch.setattr(allowed, "tried", lambda *a: count.append(1) or tried(*a))
    for shift in (1.0, 2.0):
        assert rp.minimize(lambda x, s=shift: jnp.sum((looped(x) - s) ** 2 + 0.25), [1.0], method="newton").success
    assert len(count) == 1


def test_a_failure_of_hoisting_is_not_the_users(monkeypatch, caplog):
    """Our own failure costs speed and nothing else: exact derivatives, no word to the user, a line for debugging."""
    wide = jnp.arange(40.0)

    def fail(*_):
        raise TypeError("fun must be hoisted")

    fun = lambda x, a: jnp.sum((x - a) ** 2) + jnp.sum(wide)
    for name in ("Structure", "_Flat"):
        with monkeypatch.context() as patch, caplog.at_level("DEBUG", "raphson"):
            patch.setattr(hoisting, name, fail)
            found = hoisting.hoist(fun, jnp.ones(2), (3.0,))
            assert found.program(jnp.ones(2), *found.data) == 8 + jnp.sum(wide)
            assert any("hoisting failed" in record.message for record in caplog.records)
            caplog.clear()
            if name == "_Flat":
                result = rp.minimize(fun, [1.0, 2.0], args=(3.0,), method="newton")
                assert result.success and not result.notes and result.nfev <= 3
                np.testing.assert_allclose(result.x, 3)
