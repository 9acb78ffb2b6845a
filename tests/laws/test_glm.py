"""Generalized linear models: derivatives, invariances, separation named, and input that cannot be meant."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

import raphson as rp
from raphson.ml.glm import beginning, reached_compiled
from raphson.ml.glm_data import read_glm_data
from raphson.ml.glm_families import contrasts, softmax_terms
from raphson.ml.glm_newton import reached_on_host
from raphson.ml.glm_problem import glm_method, glm_problem

FAMILIES = ("bernoulli", "cross-entropy", "poisson", "squared", "gamma")
N, P = 60, 3  # one shape: with the intercept four columns, and 64 examples in every program


def sample(family: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A design and targets drawn from the family."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N, P))
    eta = 0.3 + X @ np.array([0.6, -0.4, 0.2])
    y = {
        "bernoulli": lambda: (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float),
        "cross-entropy": lambda: np.digitize(eta + rng.logistic(size=N), [-0.5, 0.8]),
        "poisson": lambda: rng.poisson(np.exp(eta)).astype(float),
        "squared": lambda: eta + rng.standard_normal(N),
        "gamma": lambda: np.exp(eta) * rng.gamma(2, 0.5, N),
    }[family]()
    return X, y


def both(fit: rp.ml.GlmFit) -> np.ndarray:
    """Coefficients and intercept together."""
    return np.append(fit.coefficients, np.asarray(fit.intercept)[..., None], axis=-1)


@pytest.mark.parametrize("family", FAMILIES)
def test_closed_form_is_the_derivative(family: str) -> None:
    X, y = sample(family)
    blocks = np.vstack([X.T, np.ones(N)]).reshape(4, 3, 20).transpose(1, 0, 2)
    w = np.linspace(0.5, 2, N).reshape(3, 20)
    data = tuple(map(jnp.asarray, (blocks, y.reshape(3, 20), w, 0.1 * blocks[:, 0], np.array([1.0, 0.0, 2.0, 0.0]))))
    problem = glm_problem(family, data)
    x = 0.3 * jax.random.normal(jax.random.key(1), (2, 4) if family == "cross-entropy" else (4,))
    seen = glm_method(family, x.dtype).curvature.observation.traced(problem, x)
    f = lambda v: problem.value(v.reshape(x.shape))
    np.testing.assert_allclose(seen.value, f(x.ravel()), rtol=1e-14)
    np.testing.assert_allclose(seen.gradient, jax.grad(f)(x.ravel()), atol=1e-12)
    slope = jax.grad(f)
    H = [jax.jvp(slope, (x.ravel(),), (e,))[1] for e in np.eye(x.size)[:2]]
    np.testing.assert_allclose(seen.curvature.dense()[:2], H, atol=1e-11)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fit_is_a_minimum_whatever_the_units(family: str) -> None:
    X, y = sample(family)
    fit = rp.ml.fit_glm(X, y, family)
    assert fit.success and fit.converged and fit.separation is None, fit
    units, middle = np.array([1e-9, 1.0, 1e7]), np.array([1e-8, 1e5, 0.0])
    other = rp.ml.fit_glm(X * units + middle, y, family)
    assert other.converged
    np.testing.assert_allclose(other.coefficients * units, fit.coefficients, rtol=2e-9)
    np.testing.assert_allclose(other.standard_errors[..., :P] * units, fit.standard_errors[..., :P], rtol=2e-9)
    np.testing.assert_allclose(other.predict(X * units + middle), fit.predict(X), rtol=1e-8)


@pytest.mark.parametrize("family", FAMILIES)
def test_on_the_host_as_compiled(family: str) -> None:
    """Where the default device is an accelerator, the same run is compiled."""
    X, y = sample(family)
    read = lambda X: read_glm_data(X, y, family, 0.0, None, None, True, None)
    for data in (read(X), read(X.astype(np.float32)))[: 1 + (family == "poisson")]:
        start = beginning(family, data)
        here, there = reached_on_host(family, data, start), reached_compiled(family, data, start)
        assert here.x.dtype == there.x.dtype == start.dtype and here.converged and there.converged
        np.testing.assert_allclose(here.x, there.x, rtol=1e-9 if start.dtype == float else 2e-4)
        assert abs(here.steps - there.steps) <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_nearly_dependent_columns_have_their_estimate(family: str) -> None:
    """Apart by 1e-6, of which H keeps no digit: the fit is that of the same model in its own columns."""
    X, y = sample(family)
    mixed = X @ np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1e-6]])
    fit, other = rp.ml.fit_glm(mixed, y, family), rp.ml.fit_glm(X, y, family)
    a, _, c = fit.coefficients.T
    np.testing.assert_allclose([a + c, 1e-6 * c], other.coefficients.T[[0, 2]], atol=1e-6)
    np.testing.assert_allclose(1e-6 * fit.standard_errors.T[2], other.standard_errors.T[2], rtol=1e-6)
    assert fit.converged and abs(fit.loss - other.loss) < 1e-8 and fit.steps < 10
    single = np.column_stack([X, X[:, 0] + X[:, 1]]).astype(np.float32)
    assert np.isnan(rp.ml.fit_glm(single, y, family).standard_errors).all()


def test_a_fit_does_not_change_with_the_arrays_of_the_caller() -> None:
    X, y = sample("poisson")
    w, o = np.linspace(0.5, 2, N), np.linspace(-1, 1, N)
    other = rp.ml.fit_glm(X.copy(), y.copy(), "poisson", weights=w.copy(), offset=o.copy())
    kept = rp.ml.fit_glm(X, y, "poisson", weights=w, offset=o)
    for a in (X, y, w, o):
        a[:] = 1
    np.testing.assert_array_equal(kept.standard_errors, other.standard_errors)
    assert kept.deviance == other.deviance


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_count_examples(family: str) -> None:
    X, y = sample(family)
    X, y = X[:30], y[:30]
    w = np.where(np.arange(30) % 3 == 0, 2.0, 1.0)
    w[5] = 0
    rows = np.repeat(np.arange(30), w.astype(int))
    weighted = rp.ml.fit_glm(X, y, family, weights=w, l2=0.5)
    repeated = rp.ml.fit_glm(X[rows], y[rows], family, l2=0.5)
    np.testing.assert_allclose(both(weighted), both(repeated), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-8, atol=1e-12)


def test_offset_of_counts_is_exposure() -> None:
    X, y = sample("poisson")
    exposure = np.linspace(1, 5, N)
    fit = rp.ml.fit_glm(0 * X, y, "poisson", offset=np.log(exposure), l2=1.0)
    np.testing.assert_allclose(fit.intercept, np.log(y.sum() / exposure.sum()), rtol=1e-12)
    np.testing.assert_allclose(fit.standard_errors[-1], 1 / np.sqrt(y.sum()), rtol=1e-10)


def test_softmax_of_two_classes_is_logistic() -> None:
    X, y = sample("bernoulli")
    one, two = rp.ml.fit_glm(X, y), rp.ml.fit_glm(X, np.where(y == 1, "yes", "no"), "cross-entropy")
    np.testing.assert_allclose(both(two)[1] - both(two)[0], both(one), rtol=1e-9)
    assert two.classes is not None and list(two.classes) == ["no", "yes"]
    np.testing.assert_allclose(two.coefficients.sum(0), 0, atol=1e-14)


def test_softmax_loss_keeps_its_digits() -> None:
    eta = jnp.array([[50.0, 800.0, -3.0], [0.0, 0.0, -3.0], [0.0, -800.0, -3.0]])
    np.testing.assert_allclose(
        softmax_terms(eta, jnp.array([0, 2, 1]))[0], [2 * np.exp(-50), 1600, np.log(3)], rtol=1e-14
    )
    Q = contrasts(5)
    np.testing.assert_allclose(Q.T @ Q, np.eye(4), atol=1e-15)
    np.testing.assert_allclose(Q.sum(0), 0, atol=1e-15)


def test_sparse_frames_and_float32() -> None:
    X, y = sample("poisson")
    X[np.abs(X) < 1] = 0
    plain = rp.ml.fit_glm(X, y, "poisson", l2=0.1)
    sparse = rp.ml.fit_glm(scipy.sparse.csr_array(X), y, "poisson", l2=0.1)
    np.testing.assert_array_equal(both(plain), both(sparse))
    single = rp.ml.fit_glm(X.astype(np.float32), y, "poisson", l2=0.1)
    assert single.coefficients.dtype == np.float32 and single.converged
    np.testing.assert_allclose(both(single), both(plain), rtol=1e-4, atol=1e-5)


def separated(kind: str) -> tuple[np.ndarray, np.ndarray, str, tuple[str, ...]]:
    """Examples that a direction separates: X, y, the family and the columns that do it (empty: many)."""
    X, y = sample("bernoulli")
    family, columns = "bernoulli", ()
    if kind == "complete":
        y = (X @ [1.0, 2.0, -1.0] > 0.3) * 1.0
    elif kind == "one class":
        y, columns = 0 * y, ("intercept",)
    elif kind == "quasi-complete":
        X[:, 1] = np.arange(N) % 7 == 0
        y, columns = np.where(X[:, 1] == 1, 1, y), ("b",)
    elif kind == "counts":
        _, y = sample("poisson")
        X[:, 1] = np.arange(N) % 7 == 0
        y, family, columns = np.where(X[:, 1] == 1, 0, y), "poisson", ("b",)
    elif kind == "a class":
        _, y = sample("cross-entropy")
        X[:, 1] = y == 2
        family, columns = "cross-entropy", ("b", "intercept")
    return X, y, family, columns


@pytest.mark.parametrize("kind", ["complete", "one class", "quasi-complete", "counts", "a class"])
def test_separation_is_named(kind: str) -> None:
    X, y, family, columns = separated(kind)
    fit = rp.ml.fit_glm(X, y, family, names=["a", "b", "c"])
    found = fit.separation
    assert found is not None and not fit.success and not fit.converged and fit.verdict == rp.Verdict.RECEDES
    assert found.kind == ("complete" if kind in ("complete", "one class") else "quasi-complete")
    if columns:
        assert found.columns == columns
    assert found.columns[0] in str(fit) and "does not exist" in str(fit)
    assert np.isnan(fit.standard_errors).all()
    # The direction itself: the loss of no example rises, and of the `apart` ones it falls.
    eta = np.c_[X, np.ones(N)] @ found.direction.T
    if family == "cross-entropy":
        gap = eta[np.arange(N), y.astype(int)][:, None] - eta
        assert (gap > -1e-6).all()
    else:
        signed = np.where(y == 0, -1, 1) * eta
        assert (signed > -1e-6).all() and np.sum(signed > 1e-6) == found.apart
        if family == "poisson":
            assert np.abs(eta[y > 0]).max() < 1e-6
    # A ridge on the columns ends it, but for the intercept of one class.
    ridged = rp.ml.fit_glm(X, y, family, l2=1e-3)
    assert (ridged.separation is None) == (kind != "one class")


def test_the_narrowest_margin_is_complete_all_the_same() -> None:
    X, _ = sample("bernoulli")
    eta = X @ [1.0, 2.0, -1.0]
    X[:2] = [[1e-7, 0.0, 0.0], [-1e-7, 0.0, 0.0]]
    eta[:2] = 1, -1
    found = rp.ml.fit_glm(X, eta > 0).separation
    assert found is not None and found.kind == "complete" and found.apart == N


@pytest.mark.parametrize("seed", range(8))
def test_overlap_is_not_separation(seed: int) -> None:
    """Steep, but not separated: one example on the wrong side of a cut that tells all others apart."""
    X, _ = sample("bernoulli", seed)
    eta = X @ [1.0, 2.0, -1.0]
    y = (eta > 0) * 1.0
    y[np.argmax(np.abs(eta))] = 1 - y[np.argmax(np.abs(eta))]
    fit = rp.ml.fit_glm(X, y)
    assert fit.separation is None and fit.success, fit


def test_extremes_do_not_overflow() -> None:
    X, y = sample("poisson")
    for family, targets, scale in (("poisson", y * 1e12, 1.0), ("poisson", y, 1e8), ("gamma", y + 1e-12, 1.0)):
        fit = rp.ml.fit_glm(scale * X, targets, family, l2=1e-3)
        assert np.isfinite(both(fit)).all() and fit.converged, fit
    tiny, huge = rp.ml.fit_glm(X, (y + 1) * 1e-300, "gamma"), rp.ml.fit_glm(X, y * 1e200, "squared")
    np.testing.assert_allclose(tiny.standard_errors, rp.ml.fit_glm(X, y + 1, "gamma").standard_errors, rtol=1e-9)
    assert huge.status == rp.Status.NOT_FINITE and not huge.converged and not np.isfinite(huge.standard_errors).any()
    exposed = rp.ml.fit_glm(X, y, "poisson", offset=np.linspace(-800, 800, N))  # a spread beyond all doubles
    assert exposed.status == rp.Status.CONVERGED
    exact = rp.ml.fit_glm(X, X @ [1.0, 2.0, 3.0] + 4, "squared")
    np.testing.assert_allclose(both(exact), [1, 2, 3, 4], rtol=1e-13)
    assert exact.converged and exact.steps < 4
    flat = rp.ml.fit_glm(1e6 * X, (X[:, 0] > 0) * 1.0, intercept=False, l2=1e-6)
    assert flat.converged and np.isfinite(flat.covariance).all()


def test_what_is_not_determined_is_said() -> None:
    X, y = sample("bernoulli")
    X[:, 1] = 7.1  # beside an intercept
    fit = rp.ml.fit_glm(X, y)
    assert fit.success and fit.coefficients[1] == 0 and "x2" in str(fit)
    X[:, 1] = 2 * X[:, 0] + 1
    fit = rp.ml.fit_glm(X, y)
    assert fit.separation is None and "not determined" in str(fit)
    alone = rp.ml.fit_glm(X[:, [0, 2]], y)
    np.testing.assert_allclose(fit.coefficients @ [1.0, 2.0, 0.0], alone.coefficients[0], rtol=1e-8)


def test_fewer_examples_than_columns() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((10, 40)), np.arange(10) % 2
    fit = rp.ml.fit_glm(X, y, l2=1.0)
    slope = X.T @ (fit.predict(X) - y) + fit.coefficients
    assert fit.success and np.abs(slope).max() < 1e-10


@pytest.mark.parametrize("third", ["constant", "dependent"])
def test_columns_that_say_nothing_are_no_degrees_of_freedom(third: str) -> None:
    X, y = sample("squared")
    X[:, 2] = 3.0 if third == "constant" else X[:, 0] - X[:, 1]
    A = np.c_[X[:, :2], np.ones(N)]
    noise = np.sum((y - A @ np.linalg.lstsq(A, y)[0]) ** 2) / (N - 3)
    fit = rp.ml.fit_glm(X, y, "squared")
    np.testing.assert_allclose(fit.dispersion, noise, rtol=1e-10)
    if third == "constant":
        errors = np.sqrt(noise * np.diag(np.linalg.inv(A.T @ A)))
        np.testing.assert_allclose(fit.standard_errors, [errors[0], errors[1], 0, errors[2]], rtol=1e-10)


def test_a_frame_is_predicted_as_its_numbers() -> None:
    X, y = sample("cross-entropy")
    fit = rp.ml.fit_glm(X, y, "cross-entropy")
    frame = pytest.importorskip("pandas").DataFrame(X, columns=list("abc"))
    np.testing.assert_array_equal(fit.predict(frame), fit.predict(X))
    with pytest.raises(ValueError, match="another order: a, b, c"):
        rp.ml.fit_glm(frame, y, "cross-entropy").predict(frame[["c", "a", "b"]])
    with pytest.raises(ValueError, match="3 columns"):
        fit.predict(X[:, :2])
    with pytest.raises(ValueError, match="a softmax has none"):
        fit.predict(X[:3], offset=np.arange(3.0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda X, y: {"X": np.where(np.arange(3) == 1, np.nan, X)}, r"X\[0, 1\] is nan"),
        (lambda X, y: {"X": X[:, 0]}, "matrix"),
        (lambda X, y: {"X": X[:0], "y": y[:0]}, "no examples"),
        (lambda X, y: {"X": X + 1j}, "complex"),
        (lambda X, y: {"y": y[:-1]}, "one target for each row"),
        (lambda X, y: {"y": y + np.inf}, r"y\[0\] is not finite"),
        (lambda X, y: {"y": 2 * y - 1}, "between 0 and 1"),
        (lambda X, y: {"y": -1 - y, "family": "poisson"}, "0 or larger"),
        (lambda X, y: {"y": 0 * y, "family": "gamma"}, "larger than 0"),
        (lambda X, y: {"y": 0 * y, "family": "cross-entropy"}, "one class"),
        (lambda X, y: {"y": np.array(["a"] * N)}, "must be numbers"),
        (lambda X, y: {"family": "binomial"}, "choose one of bernoulli"),
        (lambda X, y: {"y": y + 1, "family": "cross-entropy", "weights": 1 - y}, "class 2.0 has no"),
        (lambda X, y: {"weights": -np.ones(N)}, "weights"),
        (lambda X, y: {"weights": np.zeros(N)}, "nothing to fit"),
        (lambda X, y: {"offset": np.ones(3)}, "offset must have shape"),
        (lambda X, y: {"l2": -1.0}, "l2"),
        (lambda X, y: {"l2": [1.0, 2.0]}, "one for each of 3 columns"),
        (lambda X, y: {"names": ["a"]}, "names has 1"),
        (lambda X, y: {"X": X * [1, 1e-200, 1]}, "column x2 of X has numbers up to"),
        (lambda X, y: {"X": X.astype(np.float32) * np.float32(1e25)}, "squares float32 cannot hold"),
        (lambda X, y: {"X": X[:, :0], "intercept": False}, "nothing to fit"),
        (lambda X, y: {"X": X.astype(str) + np.array(["", "b", ""]), "names": "abc"}, r"column b of X .* X\[0, 1\]"),
        (lambda X, y: {"X": np.ma.masked_array(X, X > 1)}, "masked"),
        (lambda X, y: {"y": np.array([1, "a"] * 30, object), "family": "cross-entropy"}, "one kind"),
        (lambda X, y: {"intercept": "no"}, "True or False"),
        (lambda X, y: {"l2": "a"}, "l2 must be"),
        (lambda X, y: {"offset": "a"}, "offset must be numbers"),
        (lambda X, y: {"family": "cross-entropy", "offset": X[:, 0]}, "a softmax has no offset"),
    ],
)
def test_what_cannot_be_meant_raises(change, said: str) -> None:
    X, y = sample("bernoulli")
    with pytest.raises(ValueError, match=said):
        rp.ml.fit_glm(**{"X": X, "y": y, **change(X, y)})
