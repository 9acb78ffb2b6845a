"""Results as SciPy's scripts use them, and on their way through pickles, copies and other processes.

The referee is `scipy.optimize.OptimizeResult`: what a script may do with SciPy's result it may do with ours.
"""

import copy
import dataclasses
import functools
import io
import pickle
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

import raphson as rp
from raphson.kernel.number import eps
from raphson.model.geometry import Frame
from raphson.operators.low_rank import LowRank
from raphson.operators.matrix_free import MatrixFree

X0 = np.array([-1.2, 1.0])
T = np.linspace(0, 3, 30)
Y = 2.5 * np.exp(-1.3 * T) + 0.01 * np.cos(9 * T)


def rosenbrock(x):
    """The banana, for NumPy and JAX."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def on_host(x):
    """The same on the host: float() cannot be traced."""
    return float(rosenbrock(np.asarray(x)))


def decay(t, a, b):
    """A model of two parameters."""
    return a * jnp.exp(-b * t)


def residuals(p):
    """Its misfit on the host: float() cannot be traced."""
    return float(p[0]) * np.exp(-float(p[1]) * T) - Y


def closure(scale):
    """A function of a function: no pickle finds it by name."""
    return lambda x: scale * rosenbrock(x)


KINDS = {
    "traced": lambda: rp.minimize(rosenbrock, X0),
    "host": lambda: rp.minimize(on_host, X0),
    "bounds": lambda: rp.minimize(closure(3.0), X0, bounds=[(-2, 0.5), (-2, 2)]),
    "tree": lambda: rp.minimize(lambda p: jnp.sum(p["a"] ** 2) + (p["b"][0] - 1) ** 2, {"a": X0, "b": (np.ones(()),)}),
    "bfgs": lambda: rp.minimize(rosenbrock, X0, method="BFGS"),
    "limited": lambda: rp.minimize(rosenbrock, X0, method="L-BFGS-B"),
    "stopped": lambda: rp.minimize(rosenbrock, X0, max_steps=3),
    "robust": lambda: rp.least_squares(
        lambda p: decay(T, *p) - Y, [1.0, 1.0], bounds=([0, 0], [2.4, 9]), loss="soft_l1", f_scale=0.01
    ),
    "residuals": lambda: rp.least_squares(residuals, [1.0, 1.0]),
    "curve": lambda: rp.curve_fit(lambda t, a, b: decay(t, a, b), T, Y, [1.0, 1.0]),
    "named": lambda: rp.curve_fit(decay, T, Y, {"a": 1.0, "b": 1.0}, sigma=np.full(30, 0.1), absolute_sigma=True),
}
FITS = ("residuals", "robust", "curve", "named")


@functools.cache
def made(kind):
    """A result of each kind: made once, left as it is."""
    return KINDS[kind]()


def fresh(kind):
    """A copy to be changed."""
    return copy.deepcopy(made(kind))


def same(a, b):
    """Equal in every number and text, bit by bit: the meaning of `equal` for what a pickle brings back."""
    if isinstance(a, (np.ndarray, jax.Array)):
        a, b = np.asarray(a), np.asarray(b)
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        own = same(vars(a), vars(b)) if hasattr(a, "__dict__") else True
        return own and set(a.keys()) == set(b.keys()) and all(same(a[k], b[k]) for k in set(a.keys()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if dataclasses.is_dataclass(a) or hasattr(a, "rows") or isinstance(a, scipy.sparse.linalg.LinearOperator):
        return same(vars(a), vars(b))
    return a is b or a == b or (a != a and b != b)


def without_functions(result):
    """A copy that lacks what a pickle leaves behind."""
    new = copy.copy(result)
    new.model = dataclasses.replace(new.model, problem=None)
    if hasattr(new, "refit"):
        new.refit = None
        new.data = None if new.data is None else dataclasses.replace(new.data, model=None)
    return new


# ------------------------------------------------------------------------------------- SciPy's container


def theirs(fit):
    """SciPy's result of the same problem."""
    if fit:
        return scipy.optimize.least_squares(residuals, [1.0, 1.0])
    return scipy.optimize.minimize(rosenbrock, X0, method="BFGS")


DEEDS = {
    "items are attributes": lambda r: r["x"] is r.x and r["fun"] is r.fun and r.get("x") is r.x,
    "a default": lambda r: (r.get("nonsense"), r.get("nonsense", 3)),
    "an item that is not there": lambda r: r["nonsense"],
    "an attribute that is not there": lambda r: r.nonsense,
    "hasattr": lambda r: (hasattr(r, "x"), hasattr(r, "nonsense"), "x" in r, "nonsense" in r, len(r) == len(list(r))),
    "an attribute is an item": lambda r: (setattr(r, "foo", 1), r["foo"], "foo" in r),
    "an item is an attribute": lambda r: (r.__setitem__("foo", 1), r.foo, "foo" in dir(r)),
    "set": lambda r: (setattr(r, "success", "maybe"), r["success"]),
    "deleted": lambda r: (delattr(r, "jac"), "jac" in r, r.__delitem__("fun"), hasattr(r, "fun")),
    "deleted, but not there": lambda r: delattr(r, "nonsense"),
    "popped": lambda r: (r.pop("nfev") > 0, r.pop("nfev", None), "nfev" in r),
    "updated": lambda r: (r.update(a=1, x=2), r.a, r.x),
    "as a dict": lambda r: (type(dict(r)), dict(r).keys() == r.keys(), {**r}.keys() == r.keys(), type(r.copy())),
    "joined": lambda r: (r | {"foo": 1})["foo"],
    "as keywords": lambda r: (lambda x, fun, **rest: type(x))(**r),
    "x is writable": lambda r: (r.__setitem__("x", r.x.copy()), r.x.__iadd__(1).shape, r.x.flags.owndata),
    "arrays are writable": lambda r: (r.x.flags.writeable, r.jac.flags.writeable),
    "not hashable": lambda r: hash(r),
    "made into another": lambda r: scipy.optimize.OptimizeResult(r).keys() == r.keys(),
    "an instance": lambda r: (isinstance(r, scipy.optimize.OptimizeResult), isinstance(r, dict), bool(r)),
    "types": lambda r: (type(r.success), type(r.message), type(r.nfev), type(r.njev), isinstance(r.fun, float)),
    "true or false": lambda r: bool(r.success) == (r.status > 0 if "cost" in r else r.status == 0),
    "saved": lambda r: sorted(np.load(saved(x=r.x, jac=r.jac)).files),
}


def saved(**arrays):
    """An npz file in memory."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    return file


def outcome(deed, result):
    """What a deed returns, or the kind of its exception."""
    try:
        return deed(result)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("deed", DEEDS)
def test_what_scipys_result_does_ours_does(deed):
    """Every deed has the same outcome on SciPy's result and on ours, for a minimization and for a fit."""
    assert outcome(DEEDS[deed], fresh("bfgs")) == outcome(DEEDS[deed], theirs(False))
    assert outcome(DEEDS[deed], fresh("residuals")) == outcome(DEEDS[deed], theirs(True))


def test_the_items_have_scipys_names():
    """Fits have exactly the items of SciPy's least_squares; minimizations all that one of its methods has."""
    for kind in FITS:
        assert set(made(kind).keys()) == set(theirs(True).keys())
    names = set(made("traced").keys())
    for method in ("BFGS", "L-BFGS-B", "trust-exact"):
        more = {"hess": scipy.optimize.rosen_hess} if method == "trust-exact" else {}
        seen = scipy.optimize.minimize(rosenbrock, X0, jac=scipy.optimize.rosen_der, method=method, **more)
        assert set(seen.keys()) <= names


def test_our_names_are_attributes_and_the_text_is_ours():
    """Our own fields are no items, stay what they are when items change, and print as before."""
    r = fresh("traced")
    text = str(r)
    assert text.startswith("MINIMUM") and repr(r) == text
    for name in [f.name for f in dataclasses.fields(r) if f.name != "x"] + ["verdict", "steps"]:
        assert hasattr(r, name) and name in dir(r) and name not in r, name
    with pytest.raises(AttributeError):
        r.verdict = "good"
    for name in list(r.keys()):
        del r[name]
    assert str(r) == text and r.model.value == r.value


def test_own_arrays():
    """x and jac belong to the result: changing them changes neither the model nor what the caller gave."""
    x0 = np.ones(2)
    r = rp.minimize(rosenbrock, x0)
    r.x += 5
    r.jac *= 2
    np.testing.assert_array_equal(x0, 1)
    np.testing.assert_allclose(r.model.x, 1)


def test_a_curve_fit_is_also_a_pair():
    """len, indices, slices, unpacking and iteration see (popt, pcov); names and dict() see SciPy's items."""
    fit = made("curve")
    popt, pcov = fit
    theirs = scipy.optimize.curve_fit(lambda t, a, b: a * np.exp(-b * t), T, Y, [1.0, 1.0])
    np.testing.assert_allclose(popt, theirs[0], rtol=1e-6)
    np.testing.assert_allclose(pcov, theirs[1], rtol=1e-4)
    assert len(fit) == 2 and len(fit[:2]) == 2 and len(fit[1:]) == 1
    assert fit[0] is not None and np.array_equal(fit[0], popt) and np.array_equal(fit[-1], pcov)
    assert fit[np.int64(0)].shape == (2,) and fit["x"].shape == (2,) and list(dict(fit)) == list(fit.keys())
    with pytest.raises(IndexError):
        fit[2]
    assert list(dict(made("residuals"))) == list(made("residuals")), "a least_squares result iterates over its names"


# ------------------------------------------------------------------------------------------ SciPy's numbers


def stop(*args, **keywords):
    """A callback that stops at once."""
    raise StopIteration


def test_status_is_scipys_number_and_termination_ours():
    """minimize: 0 exactly on success, 1 at a limit, 99 from a callback. Fits: positive on success, 0, -2."""
    limited, called = made("stopped"), rp.minimize(on_host, X0, callback=stop)
    assert [made("traced").status, limited.status, called.status] == [0, 1, 99]
    assert (limited.termination, called.termination) == (rp.Status.STEPS, rp.Status.USER)
    fit = lambda **more: rp.least_squares(residuals, [1.0, 1.0], **more)
    assert all(made(kind).success and made(kind).status in (1, 2, 3, 4) for kind in FITS)
    assert (fit(max_nfev=2).status, fit(callback=stop).status) == (0, -2)
    for kind in KINDS:
        assert type(made(kind).status) is int and isinstance(made(kind).termination, rp.Status)


@pytest.mark.parametrize("kind", ["traced", "host", "bounds", "tree", "bfgs", "limited"])
def test_hess_inv_is_the_inverse_of_the_hessian_that_is_there(kind):
    """An array for all methods, an operator with todense() for limited memory as in SciPy."""
    r = made(kind)
    inverse = r.hess_inv.todense() if kind == "limited" else r.hess_inv
    np.testing.assert_allclose(inverse @ r.hess, np.eye(len(r.jac)), atol=1e-9)
    if kind == "limited":
        np.testing.assert_allclose(r.hess_inv @ np.array([1.0, 2.0]), inverse @ np.array([1.0, 2.0]))
        assert isinstance(r.hess_inv, scipy.optimize.LbfgsInvHessProduct)


@given(st.integers(1, 6), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_the_inverse_has_the_laws_of_a_generalized_inverse(n, flat, seed):
    """X H X = X, H X H = H and X = X' in any units: the inverse, or what replaces it for a singular H."""
    random = np.random.default_rng(seed)
    w = np.where(np.arange(n) < flat, 0, random.choice([-1, 1], n) * 10.0 ** random.uniform(-3, 3, n))
    V = np.linalg.qr(random.normal(size=(n, n)))[0]
    d = 10.0 ** random.uniform(-8, 8, n)
    H = (V * w) @ V.T * d[:, None] * d
    H = (H + H.T) / 2
    X = Frame.at(H, eps(H)).inverse()
    np.testing.assert_array_equal(X, X.T)
    size = lambda A, unit: np.max(np.abs(A) / unit[:, None] / unit)
    if flat < n:
        assert size(H @ X @ H - H, d) < 1e-6 * size(H, d)
        assert size(X @ H @ X - X, 1 / d) < 1e-6 * size(X, 1 / d)


@given(st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_a_limited_inverse_is_an_inverse(pairs, seed):
    """(gamma I + U diag(c) U')^-1 as an operator: against the dense inverse, with dead columns, through a pickle."""
    random = np.random.default_rng(seed)
    U, c = random.normal(size=(7, 2 * pairs)), np.where(random.random(2 * pairs) < 0.3, 0, random.random(2 * pairs))
    gamma: Any = 10.0 ** random.uniform(-6, 6)
    inverse = pickle.loads(pickle.dumps(LowRank(gamma, U, c).known_inverse()))  # type: ignore[arg-type]
    np.testing.assert_allclose(inverse.todense() @ (gamma * np.eye(7) + (U * c) @ U.T), np.eye(7), atol=1e-8)
    v = random.normal(size=7)
    np.testing.assert_allclose(inverse @ v, inverse.todense() @ v, rtol=1e-10, atol=1e-300)


def test_allvecs_on_request():
    """options={"return_all": True}: x0 and every point taken, in the structure of x, the last one the answer."""
    r = rp.minimize(rosenbrock, X0, options={"return_all": True})
    np.testing.assert_array_equal(r.allvecs[0], X0)
    np.testing.assert_allclose(r.allvecs[-1], r.x, rtol=1e-14)
    assert len(r.allvecs) == 1 + r.trace.accepted.sum() and "allvecs" not in made("traced")
    values = [rosenbrock(x) for x in r.allvecs[1:]]
    np.testing.assert_allclose(values, r.trace.value[r.trace.accepted], rtol=1e-9, atol=1e-20)
    tree = made("tree")
    assert jax.tree.structure(tree.points()[-1]) == jax.tree.structure(tree.x)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-14), tree.points()[-1], tree.x)


def test_full_output_is_scipys():
    """popt, pcov, infodict, mesg, ier: the keys of SciPy's lm, its residuals, a factor that gives the covariance."""
    model = lambda t, a, b: a * np.exp(-b * t)
    popt, pcov, info, message, flag = made("curve").full_output()
    seen = scipy.optimize.curve_fit(model, T, Y, [1.0, 1.0], full_output=True)
    np.testing.assert_allclose(popt, seen[0], rtol=1e-6)
    assert set(info) == set(seen[2]) and {k: np.shape(v) for k, v in info.items()} == {
        k: np.shape(v) for k, v in seen[2].items()
    }
    np.testing.assert_allclose(info["fvec"], seen[2]["fvec"], atol=1e-7)
    assert isinstance(message, str) and flag in (1, 2, 3, 4)
    for infodict in (info, seen[2]):  # what `leastsq` documents: P (R'R)^-1 P'
        R = np.triu(infodict["fjac"].T[:2])
        J = np.empty((2, 2))
        J[:, infodict["ipvt"]] = R
        np.testing.assert_allclose(np.linalg.inv(J.T @ J) * np.sum((model(T, *popt) - Y) ** 2) / 28, pcov, rtol=1e-5)


def test_the_jacobian_of_a_robust_fit_is_scipys():
    """jac, fun, cost, grad and optimality of a robust fit with a bound, against SciPy's."""
    ours = made("robust")
    theirs = scipy.optimize.least_squares(
        lambda p: p[0] * np.exp(-p[1] * T) - Y, [1.0, 1.0], bounds=([0, 0], [2.4, 9]), loss="soft_l1", f_scale=0.01,
        xtol=1e-14, ftol=1e-14, gtol=1e-14,
    )  # fmt: skip
    for name in ("x", "cost", "fun", "jac", "grad"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-5, err_msg=name)
    np.testing.assert_array_equal(ours.active_mask, theirs.active_mask)
    assert not np.allclose(ours.jac, ours.jacobian, rtol=1e-2), "only the rows of jac are weighted"


# ------------------------------------------------------------------------------------------------- pickles


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_brings_everything_back_but_the_function(kind):
    """Pickled here and loaded here: the same items, fields, numbers bit by bit, and the same text."""
    result = made(kind)
    back = pickle.loads(pickle.dumps(result))
    assert same(back, without_functions(result))
    assert str(back) == str(result) and isinstance(back, scipy.optimize.OptimizeResult)
    assert back.model.problem is None and result.model.problem is not None
    assert same(pickle.loads(pickle.dumps(back)), back)


@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_equal_keep_the_function_and_share_nothing(kind):
    """copy.copy and copy.deepcopy: equal, with the function; a deep copy's arrays are its own."""
    result = made(kind)
    for duplicate in (copy.copy(result), copy.deepcopy(result)):
        assert same(without_functions(duplicate), without_functions(result))
        assert duplicate.model.problem is result.model.problem
        assert getattr(duplicate, "refit", None) is getattr(result, "refit", None)
    deep = copy.deepcopy(result)
    for leaf in jax.tree.leaves(deep.x):
        leaf += 1
    assert same(result.x, made(kind).x) and not same(deep.x, result.x)


@pytest.mark.parametrize("kind", ["residuals", "curve"])
def test_what_needs_the_function_says_so_after_a_pickle(kind):
    """A profile fits again: a copy can, a pickled fit says what to do. Error bars need no function."""
    back = pickle.loads(pickle.dumps(made(kind)))
    with pytest.raises(RuntimeError, match="pickle leaves the function behind"):
        back.profile(0)
    np.testing.assert_array_equal(back.standard_errors, made(kind).standard_errors)


def test_products_with_a_matrix_free_hessian_say_so_after_a_pickle():
    """H v needs the function: RuntimeError with the way out; the point is still there."""
    H = MatrixFree(rp.Minimize(rosenbrock), jnp.asarray(X0))
    back = pickle.loads(pickle.dumps(H))
    np.testing.assert_array_equal(back.x, X0)
    with pytest.raises(RuntimeError, match="minimize again"):
        back.mv(jnp.ones(2))


def test_records_can_be_pickled():
    """Model, Geometry, Trace, Certificate, Uncertainty, Comparison, Profile, ConfidenceEllipse, Method: equal."""
    model = rp.local_model(lambda x: rosenbrock(x), X0)
    back = pickle.loads(pickle.dumps(model))
    assert same(back, dataclasses.replace(model, problem=None)) and float(back(np.ones(2))) == float(model(np.ones(2)))
    assert copy.deepcopy(model).problem is model.problem
    np.testing.assert_array_equal(back.newton_step(), model.newton_step())
    r, fit = made("traced"), made("curve")
    both = rp.Comparison({"a": r}, {"a": 0.0})
    parts = [r.trace, r.certificate, fit.uncertainty, fit.uncertainty.ellipse(0, 1), model.geometry(), r.recipe]
    for part in parts:
        assert same(pickle.loads(pickle.dumps(part)), part), type(part)
    assert pickle.loads(pickle.dumps(both)).table() == both.table()


def test_a_recipe_of_parts_without_a_name_stays_behind():
    """A method made of a class that pickle cannot find costs the recipe, not the result."""
    newton = rp.presets["newton"]

    class Local(type(newton.path)):
        """A path defined in a function."""

    r = fresh("traced")
    r.recipe = Local()
    assert pickle.loads(pickle.dumps(r)).recipe is None


THERE = """
import pickle, sys
import raphson as rp, numpy as np, jax.numpy as jnp
assert "scipy.optimize" not in sys.modules
with open(sys.argv[1], "rb") as file:
    results = pickle.load(file)
for kind, (result, text) in results.items():
    assert str(result) == text, kind
mine = rp.minimize(lambda x: (x[0] - 3)**2 + x[1]**2, np.ones(2))
from scipy.optimize import OptimizeResult
assert isinstance(mine, OptimizeResult) and isinstance(results["curve"][0], OptimizeResult)
assert mine == mine and mine.hess_inv.shape == (2, 2) and OptimizeResult(mine).x is mine.x
with open(sys.argv[2], "wb") as file:
    pickle.dump(({kind: result for kind, (result, _) in results.items()}, mine), file)
"""


def test_a_new_process_reads_what_was_written_here_and_the_reverse(tmp_path):
    """Pickled here, loaded in a new process with the same text, pickled there, and equal when it is back here.

    The new process imports scipy.optimize only after its own result was made: that result becomes SciPy's, too.
    """
    there, back = tmp_path / "there.pickle", tmp_path / "back.pickle"
    there.write_bytes(pickle.dumps({kind: (made(kind), str(made(kind))) for kind in KINDS}))
    subprocess.run([sys.executable, "-c", THERE, str(there), str(back)], check=True, timeout=300)
    results, other = pickle.loads(back.read_bytes())
    for kind in KINDS:
        assert same(results[kind], without_functions(made(kind))), kind
    np.testing.assert_allclose(other.x, [3, 0], atol=1e-9)
    assert other.success and str(other).startswith("MINIMUM")
