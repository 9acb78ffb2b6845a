"""Curvature of learning: the empirical risk of a model, its Hessian, Gauss-Newton and Fisher matrices as products,
their outermost eigenvalues, trace, diagonal and spectrum with error bars."""

from raphson.ml.batch_risk import BatchRisk, risk_of_batch
from raphson.ml.certified import RiskCertificate
from raphson.ml.checkpoints import Checkpoints
from raphson.ml.eigenpairs import Eigenpairs, eigenpairs
from raphson.ml.estimated import Estimated
from raphson.ml.processes import Processes, distributed
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.row_space import RowSpace
from raphson.ml.spectral_density import SpectralDensity, spectral_density
from raphson.ml.step_transformation import as_transformation
from raphson.ml.stochastic import diagonal_estimate, trace_estimate
from raphson.ml.training import train, training
from raphson.ml.training_methods import hessian_free, multibatch_lbfgs
from raphson.ml.training_record import TrainingProgress, TrainingResult, TrainingState, TrainingTrace
from raphson.ml.tree_operator import TreeOperator, operator_from

__all__ = [
    "Checkpoints",
    "Eigenpairs",
    "EmpiricalRisk",
    "Estimated",
    "Processes",
    "RowSpace",
    "BatchRisk",
    "RiskCertificate",
    "SpectralDensity",
    "TrainingProgress",
    "TrainingResult",
    "TrainingState",
    "TrainingTrace",
    "TreeOperator",
    "as_transformation",
    "diagonal_estimate",
    "distributed",
    "eigenpairs",
    "hessian_free",
    "multibatch_lbfgs",
    "operator_from",
    "risk_of_batch",
    "spectral_density",
    "trace_estimate",
    "train",
    "training",
]
