"""Generalized linear models beside scikit-learn (newton-cholesky) and statsmodels, on real data."""

import json
from pathlib import Path

import numpy as np
import pytest

import raphson as rp

datasets = pytest.importorskip("sklearn.datasets")
REFERENCE = json.loads((Path(__file__).parent / "glm_reference.json").read_text())
"""By statsmodels 0.15.0 (Logit, MNLogit, Poisson, GLM, OLS; newton, tol 1e-14): constants last; MNLogit: beside
class 0. The errors of Logit, Poisson and a gamma GLM by the observed information; `expected_errors` of the gamma GLM as
`GLM.fit()` has them by default (IRLS). Of the other families GLM's are the same to 2e-12."""


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The data set of a reference."""
    load = {"breast-cancer": "load_breast_cancer", "wine": "load_wine"}.get(name, "load_diabetes")
    X, y = getattr(datasets, load)(return_X_y=True)
    return {"breast-cancer": X[:, :4], "wine": X[:, [1, 2, 7]]}.get(name, X), y


def against_first(fit: rp.ml.GlmFit) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors of a softmax beside class 0, the constants last."""
    b = np.column_stack([fit.coefficients, fit.intercept])
    K, P = b.shape
    T = np.kron(np.column_stack([-np.ones(K - 1), np.eye(K - 1)]), np.eye(P))
    return (b - b[0])[1:], np.sqrt(np.diag(T @ fit.covariance @ T.T)).reshape(K - 1, P)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("breast-cancer", "bernoulli"),
        ("wine", "cross-entropy"),
        ("diabetes-poisson", "poisson"),
        ("diabetes-gamma", "gamma"),
        ("diabetes-squared", "squared"),
    ],
)
def test_statsmodels_coefficients_and_errors(name: str, family: str) -> None:
    fit = rp.ml.fit_glm(*data(name), family)
    b, errors = np.append(fit.coefficients, fit.intercept), fit.standard_errors
    if family == "cross-entropy":
        b, errors = against_first(fit)
    np.testing.assert_allclose(b, REFERENCE[name]["coefficients"], rtol=1e-8)
    expected = REFERENCE[name].get("expected_errors", REFERENCE[name]["errors"])
    np.testing.assert_allclose(errors, expected, rtol=1e-8)
    if family != "cross-entropy":
        observed = np.sqrt(np.diag(fit.observed_covariance))
        np.testing.assert_allclose(observed, REFERENCE[name]["errors"], rtol=1e-8)


@pytest.mark.parametrize("name", ["randhie", "anes96"])
def test_statsmodels_own_data(name: str) -> None:
    sm = pytest.importorskip("statsmodels.api")
    loaded = getattr(sm.datasets, name).load()
    X, y = np.asarray(loaded.exog, float), np.asarray(loaded.endog)
    model = {"randhie": sm.Poisson, "anes96": sm.MNLogit}[name]
    other = model(y, sm.add_constant(X, prepend=False)).fit(method="newton", maxiter=100, tol=1e-14, disp=0)
    fit = rp.ml.fit_glm(X, y, {"randhie": "poisson", "anes96": "cross-entropy"}[name])
    b = np.append(fit.coefficients, fit.intercept) if name == "randhie" else against_first(fit)[0]
    np.testing.assert_allclose(b, np.asarray(other.params).T, rtol=1e-8)


@pytest.mark.parametrize("C", [1.0, 1e4])
@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine", "digits"])
def test_scikit_learn_classifiers(name: str, C: float) -> None:
    from sklearn.linear_model import LogisticRegression

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = (X - X.mean(0)) / np.where(X.std(0) > 0, X.std(0), 1)
    if name == "digits":  # 64 columns and 10 classes: the other one takes minutes for 1e4
        X, y = X[:300, 10:30], y[:300]
    other = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-13, max_iter=1000).fit(X, y)
    ours = rp.ml.LogisticRegression(C=C).fit(X, y)
    size = np.abs(other.coef_).max()
    np.testing.assert_allclose(ours.coef_, other.coef_, atol=1e-8 * size)
    np.testing.assert_allclose(ours.intercept_, other.intercept_, atol=1e-8 * size)
    np.testing.assert_allclose(ours.predict_proba(X[:20]), other.predict_proba(X[:20]), atol=1e-8)
    assert (ours.predict(X) == other.predict(X)).all()


@pytest.mark.parametrize("alpha", [1e-3, 1.0])
def test_scikit_learn_counts(alpha: float) -> None:
    from sklearn.linear_model import GammaRegressor, PoissonRegressor

    X, y = datasets.load_diabetes(return_X_y=True)
    w = np.linspace(0.5, 2, len(y))
    for theirs, ours in (
        (PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-13), rp.ml.PoissonRegressor(alpha=alpha)),
        (GammaRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-13), rp.ml.GammaRegressor(alpha=alpha)),
    ):
        theirs.fit(X, y, sample_weight=w)
        ours.fit(X, y, sample_weight=w)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-8 * np.abs(theirs.coef_).max())
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-8)
        np.testing.assert_allclose(ours.score(X, y), theirs.score(X, y), atol=1e-8)
