"""Curvature by products for training: of the batch's Gauss-Newton matrix or Hessian, with the last step at hand."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportIncompatibleVariableOverride=false

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from raphson.calculus.taylor import GRADIENT, Gradient
from raphson.kernel.evaluation import Evaluation
from raphson.kernel.record import record, static
from raphson.kernel.typing import Problem, Space
from raphson.ml.parameter_tree import parameter_tree
from raphson.model.curvature import Curvature
from raphson.model.quadratic import Model
from raphson.operators.matrix_free import MatrixFree

Array = jax.Array

GGN, HESSIAN_KIND = "gauss-newton", "hessian"
KINDS = (GGN, HESSIAN_KIND)


@record
class BatchCurvature(MatrixFree):
    """v -> B v of a batch's risk at x, B its Gauss-Newton matrix or Hessian, of that part of the batch which curvature
    is taken from. `last` (n,) is the step that led here: where conjugate gradients begin."""

    last: Any = None
    kind: str = static(default=GGN)

    @property
    def batch(self) -> Any:
        """The risk of the batch."""
        return self.known.data[0]

    def mv(self, v: Array) -> Array:
        """B v."""
        tree, batch = parameter_tree(self.x), self.batch
        product = batch.gauss_newton_product if self.kind == GGN else batch.hessian_product
        return tree.flat(product(self.x, tree.tree(v)))

    def remembered(self, g: Array) -> Any:
        """None: the last step is all that is handed on."""
        return None

    def rounding(self, size: Array, wanted: Array | bool = True) -> Array:
        """Zero: a product for it would be compiled twice more, and of a batch it decides nothing."""
        return jnp.zeros_like(size)

    def value_after(self, s: Array) -> Array:
        """The risk of the whole batch after a step s."""
        return self.known.value(self.known.space.retract(self.x, s))

    def squared_gradients(self) -> Array:
        """The diagonal (n,) of the empirical Fisher information."""
        return parameter_tree(self.x).flat(self.batch.squared_gradients(self.x))


@dataclass(frozen=True)
class BatchProduct(Gradient):
    """f and gradient of a batch, and products with its curvature later."""

    curved: ClassVar[bool] = True

    kind: str = GGN

    def complete(self, problem: Any, seen: Evaluation) -> Evaluation:
        """A product costs nothing until it is asked for."""
        seen = seen if seen.gradient is not None else GRADIENT.traced(problem, seen.x)
        nothing = problem.space.zero(seen.x)
        curvature = BatchCurvature(problem, seen.x, None, nothing, self.kind)
        return Evaluation(seen.x, seen.value, seen.gradient, curvature)

    def traced(self, problem: Any, x: Any) -> Evaluation:
        """The gradient, and products later."""
        return self.complete(problem, GRADIENT.traced(problem, x))

    def blank(self, problem: Any, x: Any) -> Evaluation:
        """An evaluation of the right shapes."""
        return self.complete(problem, GRADIENT.blank(problem, x))


def asks_for_outputs(observation: Any) -> bool:
    """Whether a method looks at outputs and loss apart."""
    return isinstance(observation, BatchProduct) and observation.kind == GGN


@record
class HessianFree(Curvature):
    """Products of the batch's curvature. Variables are measured as they are: the damping is lambda times the identity.

    `decay`: what of the last step the next solve begins with.
    Source: Martens (2010), sections 4.3 and 4.5; Martens and Sutskever (2012), "Training deep and recurrent networks
    with Hessian-free optimization", for the decay.
    """

    decay: Any = 0.95
    observation: BatchProduct = static(default=BatchProduct())

    def start(self, problem: Problem, x: Any) -> Array:
        """The last step (n,): none."""
        return problem.space.zero(x)

    def model(self, space: Space, seen: Evaluation, s: Array, memory: Array) -> tuple[Model, Array]:
        """The model of the batch; a step of zero leaves the last one in memory."""
        last = jnp.where(jnp.any(s != 0), s, memory)
        kind = self.observation.kind
        B = BatchCurvature(seen.curvature.problem, seen.x, None, self.decay * last, kind)
        return Model(seen.x, seen.value, seen.gradient, B, jnp.ones_like(s), space), last
