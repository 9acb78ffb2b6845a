"""Curvature of learning: the empirical risk of a model, its Hessian, Gauss-Newton and Fisher matrices as products,
their outermost eigenvalues, trace, diagonal and spectrum with error bars; generalized linear models."""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from raphson.ml.eigenpairs import Eigenpairs, eigenpairs
from raphson.ml.estimated import Estimated
from raphson.ml.glm import GlmFit, fit_glm
from raphson.ml.glm_separation import Separation
from raphson.ml.laplace_posterior import Laplace, laplace
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.spectral_density import SpectralDensity, spectral_density
from raphson.ml.stochastic import diagonal_estimate, trace_estimate
from raphson.ml.tree_operator import TreeOperator, operator_from

if _TYPE_CHECKING:
    from raphson.ml.sklearn_glm import GammaRegressor, LogisticRegression, PoissonRegressor

__all__ = [
    "Eigenpairs",
    "EmpiricalRisk",
    "Estimated",
    "GammaRegressor",
    "GlmFit",
    "Laplace",
    "LogisticRegression",
    "PoissonRegressor",
    "Separation",
    "SpectralDensity",
    "TreeOperator",
    "diagonal_estimate",
    "eigenpairs",
    "fit_glm",
    "laplace",
    "operator_from",
    "spectral_density",
    "trace_estimate",
]

_ESTIMATORS = ("GammaRegressor", "LogisticRegression", "PoissonRegressor")


def __getattr__(name: str) -> _Any:
    """The estimators are loaded when they are first asked for: they need scikit-learn."""
    if name not in _ESTIMATORS:
        raise AttributeError(f"module 'raphson.ml' has no attribute {name!r}")
    from raphson.ml import sklearn_glm

    return getattr(sklearn_glm, name)
