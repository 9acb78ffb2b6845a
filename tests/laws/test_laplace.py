"""Laplace's approximation: closed forms, one posterior whatever the structure, and none from an indefinite matrix."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

import raphson as rp

RNG = np.random.default_rng(2)
N = 40
X = RNG.normal(size=(N, 3))
PRIOR, NOISE = 0.7, 0.3


def line(p: Any, x: Any) -> Any:
    return x @ p["w"] + p["b"]


A = np.c_[np.ones(N), X]  # leaves are ordered by name: b, w
Y = A @ [0.5, 1.0, -2.0, 0.3] + np.sqrt(NOISE) * RNG.normal(size=N)
PRECISION = A.T @ A / NOISE + PRIOR * np.eye(4)
MODE = np.linalg.solve(PRECISION, A.T @ Y / NOISE)
PARAMS = {"w": jnp.asarray(MODE[1:]), "b": jnp.asarray(MODE[0])}
RISK = rp.ml.EmpiricalRisk("squared", (X, Y), predict=line, batch_size=16)


def gaussian(structure: str, **options: Any) -> rp.ml.Laplace:
    return rp.ml.laplace(RISK, PARAMS, structure, prior_precision=PRIOR, noise=NOISE, **options)


@pytest.mark.parametrize("structure", ["dense", "low-rank"])
def test_bayesian_linear_regression(structure: str) -> None:
    found = gaussian(structure)
    np.testing.assert_allclose(found.covariance(), np.linalg.inv(PRECISION), rtol=1e-10, atol=1e-13)
    evidence = multivariate_normal(np.zeros(N), NOISE * np.eye(N) + A @ A.T / PRIOR).logpdf(Y)
    np.testing.assert_allclose(found.log_marginal_likelihood().value, evidence, rtol=1e-10)
    new = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    mean, variance = found.predict(new)
    B = np.c_[np.ones(2), new]
    np.testing.assert_allclose(mean[:, 0], B @ MODE, rtol=1e-10)
    np.testing.assert_allclose(variance[:, 0], np.diag(B @ np.linalg.solve(PRECISION, B.T)) + NOISE, rtol=1e-10)
    assert found.off_mode < 1e-10 and found.log_marginal_likelihood().error == 0


def test_positions_are_observations() -> None:
    """Four examples of ten positions are forty observations: posterior, evidence and predictions are the same."""
    data = (X.reshape(4, 10, 3), Y.reshape(4, 10, 1))
    risk = rp.ml.EmpiricalRisk("squared", data, predict=lambda p, x: line(p, x)[..., None])
    found, flat = rp.ml.laplace(risk, PARAMS, prior_precision=PRIOR, noise=NOISE), gaussian("dense")
    np.testing.assert_allclose(found.covariance(), np.linalg.inv(PRECISION), rtol=1e-10, atol=1e-13)
    value = found.log_marginal_likelihood().value
    np.testing.assert_allclose(value, flat.log_marginal_likelihood().value, rtol=1e-12)
    np.testing.assert_allclose(found.predict(data[0])[1].ravel(), flat.predict(X)[1][:, 0], rtol=1e-10)
    assert found.off_mode < 1e-10


def test_conjugate_gradients_and_quadrature() -> None:
    found = gaussian("cg")
    v = RNG.normal(size=4)
    np.testing.assert_allclose(found.solve(v), np.linalg.solve(PRECISION, v), rtol=1e-8)
    tree = found.solve({"w": v[1:], "b": v[0]})
    np.testing.assert_allclose(tree["b"], np.linalg.solve(PRECISION, v)[0], rtol=1e-8)
    logdet = found.log_determinant()
    exact = np.linalg.slogdet(PRECISION)[1]
    assert abs(logdet.value - exact) <= 4 * logdet.error + 1e-9 * abs(exact)
    assert gaussian("dense").sample(3)["w"].shape == (1, 3)
    hessian = gaussian("cg", curvature="hessian")
    with pytest.raises(TypeError, match="draw no samples"):
        hessian.sample(jax.random.key(0))


@pytest.mark.parametrize("structure", ["dense", "cg"])
def test_samples_have_the_covariance(structure: str) -> None:
    draws = gaussian(structure).sample(jax.random.key(0), 4_000)
    flat = np.c_[draws["b"], draws["w"]]
    S = np.linalg.inv(PRECISION)
    error = np.sqrt((np.outer(np.diag(S), np.diag(S)) + S**2) / len(flat))
    assert (np.abs(np.cov(flat.T) - S) < 5 * error).all()
    assert (np.abs(flat.mean(0) - MODE) < 5 * np.sqrt(np.diag(S) / len(flat))).all()


def test_evidence_chooses_the_prior() -> None:
    tuned = gaussian("dense").tuned()
    d = tuned.prior_precision
    values = np.linalg.eigvalsh(A.T @ A / NOISE)
    gamma = np.sum(values / (values + d))  # MacKay: parameters that the data determine
    np.testing.assert_allclose(d, gamma / (MODE @ MODE), rtol=1e-5)
    assert tuned.log_marginal_likelihood().value >= gaussian("dense").log_marginal_likelihood().value
    by_products = gaussian("cg").tuned()
    np.testing.assert_allclose(by_products.prior_precision, d, rtol=1e-3)  # of 4 eigenvalues quadrature is exact


LABELS = (A @ [0.2, 1.0, -1.0, 0.0] + RNG.logistic(size=N) > 0) * 1


def test_logistic_regression_by_hand() -> None:
    fit = rp.ml.fit_glm(A, LABELS, l2=PRIOR, intercept=False)
    risk = rp.ml.EmpiricalRisk("bernoulli", (X, LABELS), predict=line)
    params = {"w": jnp.asarray(fit.coefficients[1:]), "b": jnp.asarray(fit.coefficients[0])}
    for curvature in ("gauss-newton", "hessian"):
        found = rp.ml.laplace(risk, params, prior_precision=PRIOR, curvature=curvature)
        np.testing.assert_allclose(found.covariance(), fit.covariance, rtol=1e-9)
        assert found.off_mode < 1e-6 and not found.note
    eta = A @ fit.coefficients
    p = 1 / (1 + np.exp(-eta))
    H = (A.T * (p * (1 - p))) @ A + PRIOR * np.eye(4)
    variance = np.einsum("ij,jk,ik->i", A, np.linalg.inv(H), A)
    averaged, plain = found.predict(X)
    np.testing.assert_allclose(plain[:, 0], p, rtol=1e-9)
    np.testing.assert_allclose(averaged[:, 0], 1 / (1 + np.exp(-eta / np.sqrt(1 + np.pi / 8 * variance))), rtol=1e-9)
    loss = np.sum(np.log1p(np.exp(-np.where(LABELS == 1, eta, -eta))))
    b2 = fit.coefficients @ fit.coefficients
    evidence = -loss - PRIOR * b2 / 2 + 2 * np.log(PRIOR) - np.linalg.slogdet(H)[1] / 2
    np.testing.assert_allclose(found.log_marginal_likelihood().value, evidence, rtol=1e-9)


def net(p: Any, x: Any) -> Any:
    return jnp.tanh(x @ p["in"]) @ p["out"]


WEIGHTS = {"in": jnp.asarray(RNG.normal(size=(3, 4))), "out": jnp.asarray(RNG.normal(size=(4, 2)))}
NET = rp.ml.EmpiricalRisk("squared", (X[:5], RNG.normal(size=(5, 2))), predict=net)


def test_low_rank_of_the_whole_rank_is_dense() -> None:
    """Ten residuals determine at most ten of twenty parameters."""
    dense, low = (rp.ml.laplace(NET, WEIGHTS, s, rank=10) for s in ("dense", "low-rank"))
    np.testing.assert_allclose(low.covariance(), dense.covariance(), atol=1e-9)
    few = rp.ml.laplace(NET, WEIGHTS, "low-rank", rank=3)
    gap = np.diag(few.covariance()) - np.diag(dense.covariance())
    assert (gap > -1e-10).all() and gap.max() > 1e-3  # upper bounds of the variances
    f, S = dense.outputs(X[:4])
    assert f.shape == (4, 2) and S.shape == (4, 2, 2)
    np.testing.assert_allclose(low.outputs(X[:4])[1], S, atol=1e-9)


def test_an_indefinite_hessian_is_no_posterior() -> None:
    H = np.asarray(NET.hessian(WEIGHTS).dense())
    values = np.linalg.eigvalsh(H)
    assert values[0] < -1e-2
    for structure in ("dense", "low-rank", "cg"):
        known = "has" if structure == "dense" else "at least one"
        with pytest.raises(ValueError, match=rf"{known}.*negative eigenvalue.*{values[0]:.3g}"):
            rp.ml.laplace(NET, WEIGHTS, structure, curvature="hessian", prior_precision=1e-3, rank=4)
    clipped = rp.ml.laplace(NET, WEIGHTS, curvature="hessian", prior_precision=1e-3, indefinite="clip")
    np.testing.assert_allclose(clipped.clipped, values[values < -1e-10], atol=1e-10)
    assert "taken to be 0" in repr(clipped) and np.linalg.eigvalsh(clipped.covariance())[0] > 0
    outweighed = rp.ml.laplace(NET, WEIGHTS, curvature="hessian", prior_precision=-20 * values[0])
    assert "the prior makes the posterior definite" in repr(outweighed)
    scale = 5.0
    np.testing.assert_allclose(
        outweighed.covariance(), np.linalg.inv(scale * H - 20 * values[0] * np.eye(20)), atol=1e-10
    )


def test_factors_of_blocks_are_taken() -> None:
    """Whatever has `eigen()` with `spectral` and `eigenvalues`, as Kronecker factors do."""

    class Factors:
        def eigen(self) -> Any:
            return gaussian("dense").spectrum

    found = gaussian("kronecker", factors=Factors())
    np.testing.assert_allclose(found.covariance(), np.linalg.inv(PRECISION), rtol=1e-10, atol=1e-13)


def test_kronecker_factors_of_one_layer_are_exact() -> None:
    pytest.importorskip("raphson.ml.kfac_factors")
    ml: Any = rp.ml
    layer = lambda p, x: ml.tag_dense(x, p["w"], p["b"])
    risk = rp.ml.EmpiricalRisk("squared", (X, X[:, :2]), predict=layer)
    params = {"w": jnp.zeros((3, 2)), "b": jnp.zeros(2)}
    blocks = rp.ml.laplace(risk, params, "kronecker", factors=ml.kronecker_factors(risk, params))
    dense = rp.ml.laplace(risk, params)
    np.testing.assert_allclose(blocks.covariance(), dense.covariance(), atol=1e-10)
    np.testing.assert_allclose(blocks.log_determinant().value, dense.log_determinant().value, rtol=1e-10)
    assert blocks.sample(jax.random.key(0), 3)["w"].shape == (3, 3, 2)


@pytest.mark.parametrize("stateful", [False, True])
def test_classes_at_each_position(stateful: bool) -> None:
    def plain(p: Any, x: Any) -> Any:
        return x[..., None] * p["w"] + p["b"]  # (B, 3 positions, 2 classes)

    def with_state(p: Any, state: Any, x: Any, key: Any) -> Any:
        return plain(p, state * x)

    params = {"w": jnp.asarray([1.0, -1.0]), "b": jnp.asarray([0.2, 0.0])}
    data = (X, (X > 0.3).astype(int))
    more: dict[str, Any] = {"predict": with_state, "state": jnp.asarray(1.0)} if stateful else {"predict": plain}
    found = rp.ml.laplace(rp.ml.EmpiricalRisk("cross-entropy", data, **more), params)
    for probabilities in found.predict(X[:4]):
        np.testing.assert_allclose(np.sum(probabilities.reshape(4, 3, 2), axis=2), 1, rtol=1e-12)
    np.testing.assert_allclose(found.predict(X[:4])[1].reshape(4, 3, 2), jax.nn.softmax(plain(params, X[:4])))


def test_counts_and_a_loss_of_ones_own() -> None:
    risk = rp.ml.EmpiricalRisk("poisson", (X, RNG.poisson(1.0, N)), predict=line)
    params = {"w": jnp.zeros(3), "b": jnp.zeros(())}
    mean, variance = rp.ml.laplace(risk, params).predict(X[:3])
    assert (mean > 1).all() and (variance > 0).all()
    own = rp.ml.EmpiricalRisk(lambda p, batch: jnp.mean((line(p, batch[0]) - batch[1]) ** 2) / 2, (X, Y))
    found = rp.ml.laplace(own, PARAMS, curvature="hessian", prior_precision=PRIOR)
    np.testing.assert_allclose(found.covariance(), np.linalg.inv(A.T @ A + PRIOR * np.eye(4)), rtol=1e-9, atol=1e-12)
    with pytest.raises(TypeError, match="outputs"):
        found.predict(X)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"structure": "diagonal"}, "structure is 'diagonal'"),
        ({"curvature": "fisher"}, "curvature is 'fisher'"),
        ({"prior_precision": 0.0}, "prior_precision"),
        ({"noise": np.nan}, "noise"),
        ({"indefinite": "ignore"}, "indefinite"),
        ({"structure": "kronecker"}, "factors="),
        ({"factors": object()}, "factors="),
    ],
)
def test_what_makes_no_posterior_raises(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rp.ml.laplace(RISK, PARAMS, **options)
