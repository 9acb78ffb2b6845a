"""Generalized linear models as estimators of scikit-learn; the fits are `fit_glm`'s. Imported when first asked for."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import warnings
from numbers import Real
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import d2_tweedie_score
    from sklearn.utils.class_weight import compute_class_weight
    from sklearn.utils.extmath import safe_sparse_dot
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as missing:
    raise ImportError("raphson's estimators need scikit-learn: pip install raphson[sklearn]") from missing

from raphson.ml.glm import GlmFit, fit_glm
from raphson.ml.glm_families import SOFTMAX, plain_softmax

FLOATS = (np.float64, np.float32)
SPARSE = ("csr", "csc")


class GlmEstimator(BaseEstimator):
    """What the estimators have in common: reading, the linear predictor, and the warning that names a separation."""

    coef_: Any
    intercept_: Any

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def linear_predictor(self, X: Any) -> np.ndarray:
        """X b + b_0."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=SPARSE, dtype=FLOATS, reset=False)
        return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_

    def keep_fit(self, fit: GlmFit) -> None:
        """What stays of a fit; the training data do not."""
        self.n_iter_, self.separation_ = fit.steps, fit.separation
        if fit.separation is not None:
            warnings.warn(str(fit.separation), ConvergenceWarning, stacklevel=3)
        elif not fit.converged:
            warnings.warn(str(fit), ConvergenceWarning, stacklevel=3)


class LogisticRegression(ClassifierMixin, GlmEstimator):
    """Logistic regression of two classes, softmax regression of more, by Newton's method.

    Minimizes C sum_i w_i l_i + 1/2 |b|^2 as scikit-learn's estimator of this name; penalty=None: without the ridge.
    class_weight: None, "balanced", or a dictionary. After `fit`: `coef_` (1, p) or (K, p) with sum 0 over the classes,
    `intercept_`, `classes_`, `n_iter_`, and `separation_` (None, or why there is no estimate; warned of, too).
    """

    def __init__(
        self, C: float = 1.0, *, penalty: str | None = "l2", fit_intercept: bool = True, class_weight: Any = None
    ):
        self.C = C
        self.penalty = penalty
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LogisticRegression":
        """Fits to X (n, p) and the classes y (n,)."""
        if not (isinstance(self.C, Real) and self.C > 0):
            raise ValueError(f"C must be a number larger than 0; it is {self.C!r}")
        if self.penalty not in ("l2", None):
            raise ValueError(f'penalty must be "l2" or None; it is {self.penalty!r}')
        X, y = validate_data(self, X, y, accept_sparse=SPARSE, dtype=FLOATS)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        K = len(self.classes_)
        if K < 2:
            raise ValueError(f"y has one class only ({self.classes_.tolist()[0]!r}); a classifier needs two at least")
        w = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        if self.class_weight is not None:
            w = w * compute_class_weight(self.class_weight, classes=self.classes_, y=y, sample_weight=w)[numbers]
        if np.any(w < 0):
            raise ValueError("class_weight must be 0 or larger for every class")
        met = np.unique(numbers[w > 0])
        if len(met) < 2:
            raise ValueError("all examples with a weight are of one class; a classifier needs two at least")
        if len(met) < K:
            absent = self.classes_.tolist()[np.setdiff1d(np.arange(K), met)[0]]
            raise ValueError(f"class {absent!r} has no example with a weight")
        l2 = 0.0 if self.penalty is None else 1 / self.C
        family = "bernoulli" if K == 2 else SOFTMAX
        names = getattr(self, "feature_names_in_", None)
        fit = fit_glm(X, numbers, family, l2=l2, weights=w, intercept=self.fit_intercept, names=names)
        self.coef_ = np.atleast_2d(fit.coefficients)
        self.intercept_ = np.atleast_1d(fit.intercept)
        self.keep_fit(fit)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """The predictors: (m,) of two classes, (m, K) of more."""
        eta = self.linear_predictor(X)
        return eta[:, 0] if len(self.classes_) == 2 else eta

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class (m,)."""
        eta = self.decision_function(X)
        return self.classes_[(eta > 0).astype(int) if eta.ndim == 1 else np.argmax(eta, axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (m, K)."""
        eta = self.decision_function(X)
        return plain_softmax(np.stack([0 * eta, eta], axis=1) if eta.ndim == 1 else eta)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Their logarithms (m, K)."""
        eta = self.decision_function(X)
        eta = np.stack([0 * eta, eta], axis=1) if eta.ndim == 1 else eta
        eta = eta - np.max(eta, axis=1, keepdims=True)
        return eta - np.log(np.sum(np.exp(eta), axis=1, keepdims=True))


class PoissonRegressor(RegressorMixin, GlmEstimator):
    """Poisson regression with a logarithmic link, by Newton's method.

    Minimizes sum_i w_i l_i / sum(w) + alpha/2 |b|^2 as scikit-learn's estimator of this name. After `fit`: `coef_`
    (p,), `intercept_`, `n_iter_`, `separation_` (None, or why there is no estimate; warned of, too).
    """

    family, power = "poisson", 1

    def __init__(self, alpha: float = 1.0, *, fit_intercept: bool = True):
        self.alpha = alpha
        self.fit_intercept = fit_intercept

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        tags.regressor_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "PoissonRegressor":
        """Fits to X (n, p) and counts y (n,)."""
        if not (isinstance(self.alpha, Real) and 0 <= self.alpha < np.inf):
            raise ValueError(f"alpha must be a number, 0 or larger; it is {self.alpha!r}")
        X, y = validate_data(self, X, y, accept_sparse=SPARSE, dtype=FLOATS, y_numeric=True)
        w = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        l2 = self.alpha * float(np.sum(w))
        names = getattr(self, "feature_names_in_", None)
        fit = fit_glm(X, y, self.family, l2=l2, weights=w, intercept=self.fit_intercept, names=names)
        self.coef_, self.intercept_ = fit.coefficients, float(fit.intercept)
        self.keep_fit(fit)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The mean (m,)."""
        return np.exp(self.linear_predictor(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """D^2: the share of the deviance of a constant that is explained."""
        return d2_tweedie_score(y, self.predict(X), sample_weight=sample_weight, power=self.power)


class GammaRegressor(PoissonRegressor):
    """Gamma regression with a logarithmic link: as `PoissonRegressor`, of targets larger than 0."""

    family, power = "gamma", 2
