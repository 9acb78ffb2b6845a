"""The sparse Hessian of a problem from few products: one for each color of its variables."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp

from raphson.calculus.taylor import DenseHessian
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.record import record
from raphson.linear.structure import SparseStructure
from raphson.operators.sparse import Sparse
from raphson.problems.allowed import modes_of
from raphson.problems.derivatives import slope
from raphson.sparsity.compress import Recovery, compressed_hessian


@record
class Sparsity:
    """Where the Hessian of a problem can be nonzero (`structure`), and how it is read off few products (`recovery`)."""

    structure: SparseStructure
    recovery: Recovery


@dataclass(frozen=True)
class SparseHessian(DenseHessian):
    """f, gradient and the Hessian as a sparse matrix, for problems that know their `sparsity`."""

    square: ClassVar[bool] = False

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """One linearization of the gradient, and a product with it for each color."""
        zero, both = problem.space.zero(x), slope(modes_of(problem, x), problem, x)
        value, gradient, entries = compressed_hessian(both, zero, problem.sparsity.recovery)
        return Evaluation(x, value, gradient, Sparse(entries, problem.sparsity.structure))

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes with zeros in it."""
        zero, structure = problem.space.zero(x), problem.sparsity.structure
        return Evaluation(x, zero.sum(), zero, Sparse(jnp.zeros(structure.entries, zero.dtype), structure))


SPARSE = SparseHessian()
