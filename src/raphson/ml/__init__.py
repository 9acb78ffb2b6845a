"""Curvature of learning: the empirical risk of a model, its Hessian, Gauss-Newton and Fisher matrices as products,
their outermost eigenvalues, trace, diagonal and spectrum with error bars."""

from raphson.ml.batch_risk import BatchRisk, risk_of_batch
from raphson.ml.certified import RiskCertificate
from raphson.ml.checkpoints import Checkpoints
from raphson.ml.eigenpairs import Eigenpairs, eigenpairs
from raphson.ml.eigenvalue_signs import Condition, Inertia, condition_number, inertia
from raphson.ml.estimated import Estimated
from raphson.ml.kfac import kfac
from raphson.ml.kfac_factors import kronecker_factors
from raphson.ml.kronecker import KroneckerBlocks, KroneckerEigen
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

__all__ = [
    "BatchRisk",
    "Checkpoints",
    "Condition",
    "Eigenpairs",
    "EmpiricalRisk",
    "Estimated",
    "GradientTransformation",
    "Inertia",
    "KroneckerBlocks",
    "KroneckerEigen",
    "LayerCurvature",
    "Processes",
    "RiskCertificate",
    "RowSpace",
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
    "hessian_free",
    "inertia",
    "kfac",
    "kronecker_factors",
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
