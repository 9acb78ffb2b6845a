"""Curvature of learning: the empirical risk of a model, its Hessian, Gauss-Newton and Fisher matrices as products,
their outermost eigenvalues, trace, diagonal and spectrum with error bars."""

from raphson.ml.checkpoints import Checkpoints
from raphson.ml.eigenpairs import Eigenpairs, eigenpairs
from raphson.ml.estimated import Estimated
from raphson.ml.processes import Processes, distributed
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.row_space import RowSpace
from raphson.ml.spectral_density import SpectralDensity, spectral_density
from raphson.ml.stochastic import diagonal_estimate, trace_estimate
from raphson.ml.tree_operator import TreeOperator, operator_from

__all__ = [
    "Checkpoints",
    "Eigenpairs",
    "EmpiricalRisk",
    "Estimated",
    "Processes",
    "RowSpace",
    "SpectralDensity",
    "TreeOperator",
    "diagonal_estimate",
    "distributed",
    "eigenpairs",
    "operator_from",
    "spectral_density",
    "trace_estimate",
]
