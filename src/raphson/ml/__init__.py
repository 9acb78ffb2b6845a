"""Curvature of learning: the empirical risk of a model, its Hessian, Gauss-Newton and Fisher matrices as products,
their outermost eigenvalues, trace, diagonal and spectrum with error bars."""

from raphson.ml.eigenpairs import Eigenpairs, eigenpairs
from raphson.ml.estimated import Estimated
from raphson.ml.kfac import kfac
from raphson.ml.kfac_factors import kronecker_factors
from raphson.ml.kronecker import KroneckerBlocks, KroneckerEigen
from raphson.ml.risk import EmpiricalRisk
from raphson.ml.shampoo import shampoo
from raphson.ml.soap import soap
from raphson.ml.sophia import sophia
from raphson.ml.spectral_density import SpectralDensity, spectral_density
from raphson.ml.stochastic import diagonal_estimate, trace_estimate
from raphson.ml.tags import tag_conv, tag_dense
from raphson.ml.transform import GradientTransformation
from raphson.ml.tree_operator import TreeOperator, operator_from

__all__ = [
    "Eigenpairs",
    "EmpiricalRisk",
    "Estimated",
    "GradientTransformation",
    "KroneckerBlocks",
    "KroneckerEigen",
    "SpectralDensity",
    "TreeOperator",
    "diagonal_estimate",
    "eigenpairs",
    "kfac",
    "kronecker_factors",
    "operator_from",
    "shampoo",
    "soap",
    "sophia",
    "spectral_density",
    "tag_conv",
    "tag_dense",
    "trace_estimate",
]
