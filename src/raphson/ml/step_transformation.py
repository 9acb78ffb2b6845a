"""Methods of the solver as optax-like transformations: `init(params)` and `update(gradient, state, params, ...)`."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp

from raphson.kernel.evaluation import Evaluation
from raphson.ml.batch_risk import BatchRisk, batch_problem
from raphson.ml.hessian_free import asks_for_outputs
from raphson.ml.microbatches import Microbatches
from raphson.ml.output_losses import SQUARED
from raphson.ml.parameter_tree import parameter_tree
from raphson.ml.risk_products import OutputTerm
from raphson.ml.training_methods import training_method
from raphson.ml.transform import optax_pair
from raphson.solver.carry import lean, whole
from raphson.solver.refresh import damped_further, refresh
from raphson.solver.step import Method, State, init, select, step

Array = jax.Array


def flat_outputs(params: Any, inputs: Array) -> Array:
    """The parameters as outputs of every example: what shapes are read from before there is a batch."""
    return inputs + parameter_tree(params).flat(params)[None]


NOTHING = OutputTerm(flat_outputs, SQUARED)


def nothing_yet(params: Any) -> BatchRisk:
    """A risk that stands for those to come: a state holds no data, so its shapes are theirs."""
    tree = parameter_tree(params)
    zero, one = jnp.zeros((1, tree.size), tree.dtype), jnp.ones((1,), tree.dtype)
    data = Microbatches((jax.tree.map(lambda a: a[None], (zero, zero, one, jnp.arange(1))),), (1,), 1)
    return BatchRisk(jnp.ones((), tree.dtype), data, term=NOTHING)


@dataclass(frozen=True)
class StepTransformation:
    """A method as `init` and `update`."""

    method: Any

    def chosen(self, params: Any) -> Method:
        """The method in the precision of the parameters."""
        found = training_method(self.method, True, parameter_tree(params).dtype, False)
        assert isinstance(found, Method)  # `as_transformation` takes nothing else
        return found

    def init(self, params: Any) -> State:
        """Nothing seen yet: arrays alone."""
        params = jax.tree.map(jnp.asarray, params)
        return lean(init(self.chosen(params), batch_problem(nothing_yet(params)), params))

    def update(
        self, updates: Any, state: State, params: Any = None, *, risk: Any = None, value: Any = None, **others: Any
    ) -> tuple[Any, State]:
        """The step of one trial, zero where it is refused, and the state after it."""
        if params is None or risk is None:
            raise ValueError(
                "this update looks at the loss itself: call it with params and risk=rp.ml.risk_of_batch(loss, batch)"
            )
        tree, method = parameter_tree(params), self.chosen(params)
        if asks_for_outputs(method.curvature.observation) and not risk.layered:
            raise TypeError('the Gauss-Newton matrix needs outputs and loss apart: take hessian_free("hessian")')
        problem = batch_problem(risk)
        before = whole(state, problem)
        moved = replace(before, iterate=replace(before.iterate, model=replace(before.model, x=params)))
        value = risk.value(params) if value is None else value
        seen = Evaluation(params, jnp.asarray(value, tree.dtype), tree.flat(updates))
        current, fine = refresh(method, problem, moved, seen)
        after, trial = step(method, problem, current)
        kept = select(fine, lean(after), lean(damped_further(before)))
        return tree.tree(jnp.where(fine & trial.accepted, trial.step, 0)), kept


def as_transformation(method: Any = "newton-cg") -> Any:
    """A method of training, by name or by its parts, as an optax-like transformation: the first in a chain.

    `update(gradient, state, params, value=..., risk=rp.ml.risk_of_batch(loss, batch))` gives one trial's step, zeros
    where it was refused. Where optax is loaded the answer is its GradientTransformationExtraArgs, so that chains
    hand on `risk`; else a `GradientTransformation`. Raises TypeError and ValueError for what is no method.
    """
    training_method(method, True, jnp.float32, False)
    if hasattr(method, "update"):
        raise TypeError("method is a transformation already")
    made = StepTransformation(method)
    return optax_pair(made.init, made.update)
