"""Curvature of learning: the empirical risk of a model, its Hessian, Gauss-Newton and Fisher matrices as products,
their outermost eigenvalues, trace, diagonal and spectrum with error bars; training, on one device or several;
generalized linear models and Laplace's approximation."""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from raphson.ml.batch_risk import BatchRisk, risk_of_batch
from raphson.ml.certified import RiskCertificate
from raphson.ml.checkpoints import Checkpoints
from raphson.ml.eigenpairs import Eigenpairs, eigenpairs
from raphson.ml.eigenvalue_signs import Condition, Inertia, condition_number, inertia
from raphson.ml.estimated import Estimated
from raphson.ml.glm import GlmFit, fit_glm
from raphson.ml.glm_separation import Separation
from raphson.ml.kfac import kfac
from raphson.ml.kfac_factors import kronecker_factors
from raphson.ml.kronecker import KroneckerBlocks, KroneckerEigen
from raphson.ml.laplace_posterior import Laplace, laplace
from raphson.ml.layers import LayerCurvature, layer_curvature
from raphson.ml.log_determinant import log_determinant
from raphson.ml.processes import Processes, distributed
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.row_space import RowSpace
from raphson.ml.shampoo import shampoo
from raphson.ml.soap import soap
from raphson.ml.sophia import sophia
from raphson.ml.spectral_density import SpectralDensity, spectral_density
from raphson.ml.step_transformation import as_transformation
from raphson.ml.stochastic import diagonal_estimate, trace_estimate
from raphson.ml.tags import tag_conv, tag_dense
from raphson.ml.training import train, training
from raphson.ml.training_methods import hessian_free, multibatch_lbfgs
from raphson.ml.training_record import TrainingProgress, TrainingResult, TrainingState, TrainingTrace
from raphson.ml.transform import GradientTransformation
from raphson.ml.tree_operator import TreeOperator, operator_from

if _TYPE_CHECKING:
    from raphson.ml.sklearn_glm import GammaRegressor, LogisticRegression, PoissonRegressor

__all__ = [
    "BatchRisk",
    "Checkpoints",
    "Condition",
    "Eigenpairs",
    "EmpiricalRisk",
    "Estimated",
    "GammaRegressor",
    "GlmFit",
    "GradientTransformation",
    "Inertia",
    "KroneckerBlocks",
    "KroneckerEigen",
    "Laplace",
    "LayerCurvature",
    "LogisticRegression",
    "PoissonRegressor",
    "Processes",
    "RiskCertificate",
    "RowSpace",
    "Separation",
    "SpectralDensity",
    "TrainingProgress",
    "TrainingResult",
    "TrainingState",
    "TrainingTrace",
    "TreeOperator",
    "as_transformation",
    "condition_number",
    "diagonal_estimate",
    "distributed",
    "eigenpairs",
    "fit_glm",
    "hessian_free",
    "inertia",
    "kfac",
    "kronecker_factors",
    "laplace",
    "layer_curvature",
    "log_determinant",
    "multibatch_lbfgs",
    "operator_from",
    "risk_of_batch",
    "shampoo",
    "soap",
    "sophia",
    "spectral_density",
    "tag_conv",
    "tag_dense",
    "trace_estimate",
    "train",
    "training",
]

_ESTIMATORS = ("GammaRegressor", "LogisticRegression", "PoissonRegressor")


def __getattr__(name: str) -> _Any:
    """The estimators are loaded when they are first asked for: they need scikit-learn."""
    if name not in _ESTIMATORS:
        raise AttributeError(f"module 'raphson.ml' has no attribute {name!r}")
    from raphson.ml import sklearn_glm

    return getattr(sklearn_glm, name)
