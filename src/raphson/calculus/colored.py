"""The sparse Hessian and the sparse Jacobian of a problem from few products: one for each color."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from raphson.calculus.difference import host_gradient
from raphson.calculus.taylor import DenseHessian, ResidualJacobian
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.record import record, static
from raphson.linear.coarsen import Grids
from raphson.linear.normal import JacobianStructure
from raphson.linear.structure import SparseStructure
from raphson.operators.sparse import Sparse
from raphson.operators.sparse_gram import SparseGram
from raphson.operators.sparse_products import SparseProducts
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HOST
from raphson.problems.derivatives import slope
from raphson.sparsity.compress import Recovery, compressed_hessian, compressed_jacobian


@record
class Sparsity:
    """Where the Hessian of a problem can be nonzero (`structure`), and how it is read off few products (`recovery`).

    `direct`: its factor costs little enough. Where it does not, products with H are taken on its pattern, and
    conjugate gradients may be preconditioned by multigrid on `grids` (None: they are not).
    """

    structure: SparseStructure
    recovery: Recovery
    direct: bool = static(default=True)
    grids: Grids | None = None

    @property
    def colors(self) -> int:
        """Products that give all entries."""
        return self.recovery.count

    def hessian(self, problem: Any, x: Any) -> tuple[Any, Any, Any]:
        """f, gradient and the entries of H: one linearization of the gradient, and a product with it for each color."""
        both = slope(modes_of(problem, x), problem, x)
        return compressed_hessian(both, problem.space.zero(x), self.recovery)


@dataclass(frozen=True)
class SparseHessian(DenseHessian):
    """f, gradient and the Hessian as a sparse matrix, for problems that know their `sparsity`."""

    square: ClassVar[bool] = False

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """Value, gradient and entries as the problem's sparsity has them."""
        value, gradient, entries = problem.sparsity.hessian(problem, x)
        return Evaluation(x, value, gradient, self.held(problem, entries))

    def on_host(self, problem: Any, x: np.ndarray, value: Any = None) -> Evaluation:
        """Of host functions: entries as `problem.sparsity` has them; NaN where f is not finite."""
        value = problem.evaluate(x) if value is None else value
        known: Any = problem.sparsity
        if not np.isfinite(value):
            nothing: Any = np.full(known.structure.entries, np.nan)
            return Evaluation(x, value, self.unknown(x, value).gradient, Sparse(nothing, known.structure))
        g: Any = host_gradient(problem, x, value)
        return Evaluation(x, value, g, Sparse(known.entries(problem, x), known.structure))

    def unknown(self, x: np.ndarray, value: Any) -> Evaluation:
        """NaN in place of the gradient."""
        nothing: Any = np.full(np.size(x), np.nan)
        return Evaluation(x, value, nothing)

    def room(self, n: int, structure: Any = None) -> int:
        """The entries."""
        return structure.entries

    def packed(self, seen: Evaluation) -> tuple[np.ndarray, ...]:
        """The entries."""
        curvature: Any = seen.curvature
        return (np.asarray(curvature.values),)

    def unpacked(self, n: int, numbers: Any, structure: Any = None) -> Any:
        """The entries on their structure."""
        return Sparse(numbers, structure)

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes with zeros in it."""
        zero, structure = problem.space.zero(x), problem.sparsity.structure
        return Evaluation(x, zero.sum(), zero, self.held(problem, jnp.zeros(structure.entries, zero.dtype)))

    def held(self, problem: Any, entries: Any) -> Sparse:
        """The entries as an operator."""
        return Sparse(entries, problem.sparsity.structure)


@dataclass(frozen=True)
class MultipliedHessian(SparseHessian):
    """The same, to be multiplied with."""

    def held(self, problem: Any, entries: Any) -> Sparse:
        """The entries as an operator that is only multiplied, with what preconditions it."""
        return SparseProducts(entries, problem.sparsity.structure, problem.sparsity.grids)


@record
class JacobianSparsity:
    """The same of the Jacobian of residuals, with the pattern of J'J. No `recovery`: residuals run on the host."""

    structure: JacobianStructure
    recovery: Recovery | None = None

    def jacobian(self, problem: Any, x: Any) -> tuple[Any, Any]:
        """Residuals (m,) and the entries of J: one linearization, and a product with it for each color."""
        space = problem.space
        residuals = lambda s: problem.residuals(space.retract(x, s))
        assert self.recovery is not None
        return compressed_jacobian(residuals, space.zero(x), self.recovery)

    def operator(self, *parts: Any) -> SparseGram:
        """J'J of these parts."""
        return SparseGram(*parts)


@dataclass(frozen=True)
class SparseJacobian(ResidualJacobian):
    """Of residuals the cost, its gradient J'r, and J'J as a sparse J, for problems that know their
    `jacobian_sparsity`."""

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """Residuals and entries as the problem's sparsity has them."""
        r, entries = problem.jacobian_sparsity.jacobian(problem, x)
        return sparse_evaluation(problem, x, problem.loss.cost(r), r, entries, self.bends)

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes with zeros in it."""
        zero = problem.space.zero(x)
        r = jnp.zeros(problem.count(x), zero.dtype)
        entries = problem.jacobian_sparsity.structure.blank(zero.dtype)
        return sparse_evaluation(problem, x, zero.sum(), r, entries, self.bends and not isinstance(problem, HOST))

    def room(self, n: int, structure: Any = None) -> int:
        """The entries of J, the residuals, and the roots of their weights."""
        return structure.entries + 2 * structure.shape[0]

    def packed(self, seen: Evaluation) -> tuple[np.ndarray, ...]:
        """The same."""
        gram: Any = seen.curvature
        return tuple(np.asarray(a) for a in (gram.entries, gram.r, gram.root))

    def unpacked(self, n: int, numbers: Any, structure: Any = None) -> Any:
        """J'J on its structure."""
        k, m = structure.entries, structure.shape[0]
        zero = jnp.zeros(n, numbers.dtype)
        return SparseGram(numbers[:k], numbers[k : k + m], numbers[k + m :], zero, zero, structure)


def sparse_evaluation(problem: Any, x: Any, value: Any, r: Any, entries: Any, bends: bool) -> Evaluation:
    """Value, gradient and operator with the weights of a robust loss in J and r."""
    p, zero, root = problem.jacobian_sparsity.structure, problem.space.zero(x), jnp.ones_like(r)
    if not problem.loss.plain:
        r, root = problem.loss.corrected(r)
        entries = p.over_rows(entries, root)
    held = (problem, x) if bends else (None, None)
    gram = problem.jacobian_sparsity.operator(entries, r, root, zero, zero, p, *held)
    return Evaluation(x, value, gram.slope(), gram)


SPARSE, MULTIPLIED = SparseHessian(), MultipliedHessian()
SPARSE_GRAM, SPARSE_BEND = SparseJacobian(), SparseJacobian(bends=True)
