"""Value, gradient and Hessian of a problem at a point: what the local quadratic is written from.

An `Observation` is what a method asks for at a point. It evaluates that, completes what is there already, and says what
shape it has; a curvature brings its own (`Curvature.observation`), so a new kind of curvature needs nothing here.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from raphson.calculus.difference import bent_residuals, host_derivatives, host_gradient, host_jacobian
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.program import Program
from raphson.operators.dense import Dense
from raphson.operators.gram import Folded, Gram, folded_gram
from raphson.operators.matrix_free import MatrixFree
from raphson.operators.sparse_gram import SparseGram
from raphson.problems.allowed import modes_of
from raphson.problems.callback import HOST, HostResiduals
from raphson.problems.derivatives import hessian, jacobian, slope


@dataclass(frozen=True)
class Observation:
    """f at a point, and nothing else; other observations add to it."""

    curved: ClassVar[bool] = False
    """Whether there is a curvature in it."""

    residual: ClassVar[bool] = False
    """Whether its curvature is J'J: no eigenvalue is negative, so that no saddle is seen."""

    square: ClassVar[bool] = False
    """Whether its curvature is a matrix of n x n."""

    together: ClassVar[bool] = False
    """Whether derivatives cost so little beside f that a trial has them, too: nearly all trials are taken."""

    def evaluate(self, problem: Any, x: Any) -> Evaluation:
        """What is asked for, at x: compiled code, or NumPy for functions on the host."""
        return self.on_host(problem, np.asarray(x)) if isinstance(problem, HOST) else self.traced(problem, x)

    def complete(self, problem: Any, seen: Evaluation) -> Evaluation:
        """The same where something is known: what was paid for at a trial is not paid for again."""
        return seen

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """`evaluate` in compiled code."""
        return Evaluation(x, problem.value(x))

    def on_host(self, problem: Any, x: np.ndarray, value: Any = None) -> Evaluation:
        """`evaluate` in NumPy. `value`: f at x where it was just evaluated."""
        if isinstance(problem, HostResiduals):
            cost: Any = problem.cost(problem.evaluate(x))
            return Evaluation(x, cost)
        return Evaluation(x, problem.evaluate(x) if value is None else value)

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes with zeros in it: nothing is evaluated."""
        zero = problem.space.zero(x)
        return Evaluation(x, zero.sum(), zero)

    def room(self, n: int, structure: Any = None) -> int:
        """How many numbers a curvature is on its way from the host into compiled code; `structure` of a sparse one."""
        return 0

    def packed(self, seen: Evaluation) -> tuple[np.ndarray, ...]:
        """These numbers."""
        return ()

    def unpacked(self, n: int, numbers: jax.Array, structure: Any = None) -> Any:
        """The curvature of these numbers, in compiled code."""
        return None


@dataclass(frozen=True)
class Gradient(Observation):
    """f and its gradient."""

    def complete(self, problem: Any, seen: Evaluation) -> Evaluation:
        """Adds what is missing."""
        if (seen.curvature if self.curved else seen.gradient) is not None:
            return seen
        if isinstance(problem, HOST):
            return self.on_host(problem, np.asarray(seen.x), float(seen.value))
        return self.traced(problem, seen.x)

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """In the mode of differentiation that the problem allows."""
        return Evaluation(x, *slope(modes_of(problem, x), problem, x)(problem.space.zero(x)))

    def on_host(self, problem: Any, x: np.ndarray, value: Any = None) -> Evaluation:
        """The user's own derivatives, or finite differences where there are none. No call more where f is not finite:
        differences with such a value are NaN."""
        if isinstance(problem, HostResiduals):
            r = problem.evaluate(x)
            with np.errstate(all="ignore"):
                return self.residuals(problem, x, problem.cost(r), r, bool(np.all(np.isfinite(r))))
        value = problem.evaluate(x) if value is None else value
        return self.callback(problem, x, value) if np.isfinite(value) else self.unknown(x, value)

    def callback(self, problem: Any, x: np.ndarray, value: Any) -> Evaluation:
        """Of a scalar function, where its value is finite."""
        return Evaluation(x, value, host_gradient(problem, x, value))

    def residuals(self, problem: HostResiduals, x: np.ndarray, value: Any, r: Any, finite: bool) -> Evaluation:
        """Of residuals r at x: cost, gradient and J."""
        if problem.jacobian_sparsity is not None:
            count = problem.jacobian_sparsity.structure.entries
            entries = host_jacobian(problem, x, r).data if finite else np.full(count, np.nan)
            return sparse_evaluation_on_host(problem, x, value, r, entries)
        J: Any = host_jacobian(problem, x, r) if finite else np.full((r.size, x.size), np.nan)
        if not problem.loss.plain:
            return weighted_evaluation(problem, x, value, r, J)
        return Evaluation(x, value, r @ J, Gram(J, r, np.ones_like(r)))  # type: ignore[arg-type]

    def unknown(self, x: np.ndarray, value: Any) -> Evaluation:
        """NaN in place of derivatives."""
        g: Any = np.full(np.size(x), np.nan)
        return Evaluation(x, value, g, Dense(np.outer(g, g)) if self.curved else None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class DenseHessian(Gradient):
    """f, gradient and the Hessian as a matrix."""

    curved: ClassVar[bool] = True
    square: ClassVar[bool] = True

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """In the modes of differentiation that the problem allows."""
        value, gradient, H = hessian(modes_of(problem, x), problem, x)
        return Evaluation(x, value, gradient, Dense(H))

    def callback(self, problem: Any, x: np.ndarray, value: Any) -> Evaluation:
        """Of a scalar function, where its value is finite."""
        gradient, H = host_derivatives(problem, x, value)
        return Evaluation(x, value, gradient, Dense(H))  # type: ignore[arg-type]

    def residuals(self, problem: HostResiduals, x: np.ndarray, value: Any, r: Any, finite: bool) -> Evaluation:
        """Of residuals r at x: with the second derivatives of the residuals."""
        if not finite:
            return self.unknown(x, value)
        found: Any = bent_residuals(problem, x, r)
        return Evaluation(x, value, found.gradient, Dense(found.hessian))

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes with zeros in it."""
        zero = problem.space.zero(x)
        return Evaluation(x, zero.sum(), zero, Dense(jnp.outer(zero, zero)))

    def room(self, n: int, structure: Any = None) -> int:
        """A matrix."""
        return n * n

    def packed(self, seen: Evaluation) -> tuple[np.ndarray, ...]:
        """The matrix, row by row."""
        return (np.ravel(np.asarray(seen.curvature.dense())),)

    def unpacked(self, n: int, numbers: jax.Array, structure: Any = None) -> Any:
        """The matrix."""
        return Dense(numbers.reshape(n, n))


@dataclass(frozen=True)
class HessianProduct(DenseHessian):
    """f, gradient and the Hessian as a product v -> H v; on the host as a matrix."""

    square: ClassVar[bool] = False

    def complete(self, problem: Any, seen: Evaluation) -> Evaluation:
        """A product costs nothing until it is asked for."""
        if isinstance(problem, HOST) or seen.gradient is None:
            return super().complete(problem, seen)
        return replace(seen, curvature=MatrixFree(problem, seen.x))

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """The gradient, and products later."""
        return self.complete(problem, GRADIENT.traced(problem, x))

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes."""
        return (
            super().blank(problem, x)
            if isinstance(problem, HOST)
            else self.complete(problem, GRADIENT.blank(problem, x))
        )


@dataclass(frozen=True)
class ResidualJacobian(Gradient):
    """Of residuals the cost, its gradient J'r, and J'J as J; `bends`: with second derivatives along a direction."""

    curved: ClassVar[bool] = True
    residual: ClassVar[bool] = True

    bends: bool = False

    def complete(self, problem: Any, seen: Evaluation) -> Evaluation:
        """Anew: nothing that others see of residuals tells J."""
        return self.evaluate(problem, seen.x)

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """In the modes of differentiation that the residuals allow."""
        r, J = jacobian(modes_of(problem, x), problem, x)
        return weighted_evaluation(problem, x, problem.loss.cost(r), r, J, self.bends)

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes; of host residuals what arrives in compiled code (`unpacked`)."""
        zero = problem.space.zero(x)
        if isinstance(problem, HOST):
            r = jnp.zeros(zero.shape[0] + 1, zero.dtype)
            return Evaluation(x, zero.sum(), zero, Folded(jnp.outer(r, zero), r, r, level=zero.sum()))
        r = jnp.zeros(problem.count(x), zero.dtype)
        return weighted_evaluation(problem, x, zero.sum(), r, jnp.outer(r, zero), self.bends)

    def room(self, n: int, structure: Any = None) -> int:
        """A triangle, and the noise of the cost."""
        return (n + 1) ** 2 + 1

    def packed(self, seen: Evaluation) -> tuple[np.ndarray, ...]:
        """[J r] by QR, whatever the number of residuals."""
        return folded_gram(seen.curvature, np.asarray(seen.x))

    def unpacked(self, n: int, numbers: jax.Array, structure: Any = None) -> Any:
        """J'J of n + 1 rows."""
        T = numbers[: (n + 1) ** 2].reshape(n + 1, n + 1)
        return Folded(T[:, :n], T[:, n], jnp.ones_like(T[:, n]), level=numbers[(n + 1) ** 2])


VALUE, GRADIENT, HESSIAN, PRODUCT = Observation(), Gradient(), DenseHessian(), HessianProduct()
GRAM, BEND = ResidualJacobian(), ResidualJacobian(bends=True)


def weighted_evaluation(
    problem: Any, x: Any, value: jax.Array, r: jax.Array, J: jax.Array, bends: bool = False
) -> Evaluation:
    """Value, gradient and Gram operator with the weights of a robust loss in J and r."""
    root: Any = np.ones_like(r) if isinstance(r, np.ndarray) else jnp.ones_like(r)
    if not problem.loss.plain:
        r, root = problem.loss.corrected(r)
        J = root[:, None] * J
    held = (problem, x) if bends else (None, None)
    return Evaluation(x, value, r @ J, Gram(J, r, root, *held))


def sparse_evaluation_on_host(problem: HostResiduals, x: np.ndarray, value: Any, r: Any, entries: Any) -> Evaluation:
    """Value, gradient and operator from the entries (nnz,) of a sparse J of host residuals, weighted as above."""
    p, zero, root = problem.jacobian_sparsity.structure, np.zeros_like(x), np.ones_like(r)
    rows, columns = np.asarray(p.rows), np.asarray(p.columns)
    if not problem.loss.plain:
        r, root = (np.asarray(a) for a in problem.loss.corrected(r))
        entries = entries * root[rows]
    gradient: Any = np.bincount(columns, entries * r[rows], x.size)
    gram: Any = SparseGram(entries, r, root, zero, zero, p)  # type: ignore[arg-type]
    return Evaluation(x, value, gradient, gram)


evaluate_compiled = Program(lambda problem, x, what=HESSIAN: what.evaluate(problem, x), static_argnames=("what",))
"""An observation by a program of its own."""
