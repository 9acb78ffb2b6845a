"""The mean loss over examples as a function of parameters, and its curvature: Hessian, Gauss-Newton, Fisher.

R(p) = 1/N sum_n l(f(p, x_n), y_n), f the model's outputs (N, C). With J_n = df_n/dp and M_n (C, C):

    Hessian             1/N sum d2 l_n / dp2
    Gauss-Newton        1/N sum J_n' M_n J_n,  M_n = d2 l / df2
    Fisher              the same for these losses; sampled: M_n the mean of u u' over targets drawn from the model
    empirical Fisher    M_n = u u',  u = dl/df at the given target

Sources: Schraudolph (2002), "Fast curvature matrix-vector products"; Martens (2020), "New insights and perspectives on
the natural gradient method"; Kunstner, Balles and Hennig (2019), on what the empirical Fisher is not.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from raphson.ml.mesh import layout_of, on_host, on_mesh, same_everywhere
from raphson.ml.microbatches import distributed_microbatches, leading, microbatches
from raphson.ml.output_losses import CROSS_ENTROPY, OUTPUT_LOSSES
from raphson.ml.parameter_tree import ParameterTree, parameter_tree
from raphson.ml.risk_products import (
    HessianProduct,
    Information,
    LossTerm,
    OnceLinearized,
    OutputProduct,
    OutputTerm,
    RiskState,
    linearized,
    risk_gradient,
    risk_value,
)
from raphson.ml.tree_operator import TreeOperator

Array = jax.Array

REDUCTIONS = ("mean", "sum")


class EmpiricalRisk:
    """The mean loss over a data set, or its sum; `value`, `gradient`, and curvature as operators on parameters.

    `loss`: a function (params, batch) -> a number, the mean of the batch's losses (their sum with reduction="sum");
    or, with `predict` (params, inputs) -> outputs (B, C), (B,) or (B, positions, C), the name of one: "squared"
    (1/2 |f - y|^2), "cross-entropy" (logits; targets are class numbers or shares), "bernoulli" (logits), "poisson"
    (log of the rate). `data`: a pytree of arrays with the examples first; with a name (inputs, targets) or
    (inputs, targets, weights): the mean is sum(w l) / sum(w). `batch_size`: examples looked at together; it changes
    memory and rounding, nothing else. Several positions of an example have its weight together.

    `mesh`: a jax.sharding.Mesh over whose first axis the examples are distributed, in one process or several, with
    batch_size examples at a time on each device and one all-reduce for every product; it need not divide them. Data on
    the host are all examples, the same in every process. Arrays that are distributed already stay as they lie.
    Parameters that are distributed over the mesh stay so, and gradients and products are distributed as they are.

    Raises ValueError and TypeError for what does not fit together, and names it.
    """

    def __init__(
        self,
        loss: Callable[[Any, Any], Any] | str,
        data: Any,
        *,
        predict: Callable[[Any, Any], Any] | None = None,
        batch_size: int | None = None,
        reduction: str = "mean",
        mesh: Any = None,
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction is {reduction!r}: choose 'mean' or 'sum'")
        mean = reduction == "mean"
        over = layout_of(mesh, data)
        if over is not None:
            leading(data)
            data = on_host(data)
            same_everywhere(data)
        if isinstance(loss, str):
            if loss not in OUTPUT_LOSSES:
                raise ValueError(f"loss is {loss!r}: choose one of {', '.join(OUTPUT_LOSSES)}, or give a function")
            if predict is None:
                raise TypeError(f"loss={loss!r} is a loss of outputs: give predict=, a function (params, inputs)")
            self.term: LossTerm | OutputTerm = OutputTerm(predict, OUTPUT_LOSSES[loss])
            data = named_data(data, loss)
            total = float(np.sum(data[2]))
        else:
            if predict is not None:
                raise TypeError("predict= goes with a loss by name; a loss function takes (params, batch) itself")
            self.term = LossTerm(loss, mean)
            total = float(leading(data))
        if over is None:
            self.data = microbatches(data, batch_size)
        else:
            weights = len(jax.tree.leaves(data)) - 2 if isinstance(loss, str) else None  # before the numbers
            self.data = distributed_microbatches(data, batch_size, over, weights)
        self.factor = 1 / total if mean else 1.0

    def at(self, params: Any, key: Any = None) -> RiskState:
        """The risk at one point, as the compiled products take it."""
        params = on_mesh(params, self.data.over)
        return RiskState(jnp.asarray(self.factor, parameter_tree(params).dtype), self.data, params, key)

    def value(self, params: Any) -> Array:
        """R at parameters."""
        self.checked(params)
        return risk_value(self.term, self.at(params))

    def gradient(self, params: Any) -> Any:
        """Its gradient, a pytree as the parameters."""
        tree = self.checked(params)
        return tree.distributed(risk_gradient(self.term, self.at(params)))

    __call__ = value

    def hessian(self, params: Any) -> TreeOperator:
        """The exact Hessian. With all examples in one batch it is linearized once for all products, and the activations
        are kept in memory; with several every product begins anew."""
        tree = self.checked(params)
        if self.data.single:
            return TreeOperator(OnceLinearized(), linearized(self.term, self.at(params)), tree, "Hessian")
        return TreeOperator(HessianProduct(self.term), self.at(params), tree, "Hessian")

    def gauss_newton(self, params: Any) -> TreeOperator:
        """The generalized Gauss-Newton matrix: positive semidefinite, and for these losses the Fisher information."""
        return self.information(params, Information("gauss-newton"), "Gauss-Newton matrix")

    def fisher(self, params: Any, samples: int | None = None, seed: int = 0) -> TreeOperator:
        """The Fisher information: exact (equal to the Gauss-Newton matrix), or with the expectation over targets
        replaced by the mean over `samples` draws for each example."""
        if samples is None:
            return self.information(params, Information("gauss-newton"), "Fisher information")
        if isinstance(samples, bool) or samples != int(samples) or samples < 1:
            raise ValueError(f"samples is {samples!r}: it is a number of draws, at least 1")
        drawn = Information("sampled", int(samples))
        return self.information(params, drawn, f"Fisher information from {samples} draws", jax.random.key(seed))

    def empirical_fisher(self, params: Any) -> TreeOperator:
        """1/N sum of g_n g_n', g_n the gradient of one example's loss (of one position's, where there are several)."""
        return self.information(params, Information("empirical"), "empirical Fisher")

    def information(self, params: Any, kind: Information, name: str, key: Any = None) -> TreeOperator:
        """J'MJ. Raises TypeError where outputs and loss are not known apart."""
        if not isinstance(self.term, OutputTerm):
            raise TypeError(f"the {name} looks at outputs and loss apart: give predict= and the name of a loss")
        tree = self.checked(params)
        return TreeOperator(OutputProduct(self.term, kind), self.at(params, key), tree, name)

    def checked(self, params: Any) -> ParameterTree:
        """The structure of the parameters, after a look at shapes. Raises where they do not fit the data."""
        params = on_mesh(params, self.data.over)
        tree = parameter_tree(params)
        batch = jax.tree.map(lambda a: a[0], self.data.parts[0])
        if isinstance(self.term, OutputTerm):
            check_outputs(self.term, params, batch, self.data.parts)
            return tree
        value = jax.eval_shape(self.term.loss, params, batch)
        if getattr(value, "shape", None) != () or not jnp.issubdtype(value.dtype, jnp.floating):
            raise ValueError(f"the loss of a batch is {value}: one real number is expected, its mean or its sum")
        return tree


def check_outputs(term: OutputTerm, params: Any, batch: Any, parts: tuple[Any, ...]) -> None:
    """Raises ValueError where outputs and targets do not belong together: (B, 1) and (B,) would make a matrix."""
    f = jax.eval_shape(term.predict, params, batch[0])
    targets = batch[1]
    if not hasattr(f, "shape") or not jnp.issubdtype(f.dtype, jnp.floating):
        raise ValueError(f"predict gives {f}: one array of outputs, (examples, ...), is expected")
    if term.loss is CROSS_ENTROPY and f.shape[:-1] == targets.shape and len(f.shape) > 1:
        if not jnp.issubdtype(targets.dtype, jnp.integer):
            raise ValueError(
                f"targets {targets.shape} beside outputs {f.shape} are class numbers: integers, not {targets.dtype}"
            )
        top = max(int(jnp.max(part[1])) for part in parts)
        low = min(int(jnp.min(part[1])) for part in parts)
        if low < 0 or top >= f.shape[-1]:
            raise ValueError(f"class numbers go from {low} to {top}, and there are outputs for 0 to {f.shape[-1] - 1}")
    elif f.shape != targets.shape and (*f.shape, 1) != targets.shape and f.shape != (*targets.shape, 1):
        raise ValueError(f"outputs have shape {f.shape} and targets {targets.shape}, the examples first")


def named_data(data: Any, loss: str) -> tuple[Any, Any, Any, Any]:
    """Inputs, targets, weights (N,) and numbers of the examples (N,). Raises ValueError for what cannot be meant."""
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise ValueError("with a loss by name data is (inputs, targets) or (inputs, targets, weights)")
    xp = jnp if any(isinstance(part, jax.Array) for part in data[1:]) else np  # distributed ones stay where they are
    inputs, y = data[0], xp.asarray(data[1])
    count = leading((inputs, y))
    w = np.ones(count) if len(data) == 2 else xp.asarray(data[2], float)
    if w.shape != (count,) or not xp.all(xp.isfinite(w)) or xp.any(w < 0) or not xp.any(w > 0):
        raise ValueError(f"weights have shape {w.shape}: expected ({count},), finite, none negative, not all zero")
    if not xp.all(xp.isfinite(y)):
        raise ValueError(f"{int(xp.sum(~xp.isfinite(y)))} of the targets' {y.size} numbers are not finite")
    if loss == "poisson" and xp.any(y < 0):
        raise ValueError(f"a target of loss='poisson' is a count, and the least is {y.min()}")
    if loss == "bernoulli" and (xp.any(y < 0) or xp.any(y > 1)):
        raise ValueError(f"a target of loss='bernoulli' lies in 0 to 1; they go from {y.min()} to {y.max()}")
    return inputs, y, w, np.arange(count)
