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
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from raphson.ml.finite_losses import check_finite
from raphson.ml.framework_models import checked_function
from raphson.ml.frozen_state import EACH, ONE_BATCH, PLAIN, FrozenState, as_key, model_value
from raphson.ml.independence import check_independence
from raphson.ml.mesh import layout_of, on_host, on_mesh, same_everywhere
from raphson.ml.microbatches import distributed_microbatches, leading, microbatches
from raphson.ml.output_losses import CROSS_ENTROPY, OUTPUT_LOSSES
from raphson.ml.parameter_tree import Chosen, ParameterTree, chosen_leaves, parameter_tree
from raphson.ml.risk_products import (
    HessianProduct,
    Information,
    LossTerm,
    OnceLinearized,
    OncePulled,
    OutputProduct,
    OutputTerm,
    RiskState,
    linear_outputs,
    linearized,
    risk_gradient,
    risk_value,
)
from raphson.ml.row_space import Halves, RowSpace, row_space_of
from raphson.ml.tree_operator import TreeOperator

Array = jax.Array

REDUCTIONS = ("mean", "sum")

ALONE = 5000
"""Parameters above which a CPU multiplies vectors with a Hessian one by one: 4 together cost 0.9 (a perceptron), 1.45
(attention) and 1.8 (convolutions) of single ones a vector; below it the calls count, not the arithmetic."""

SHARES = 1e-3
"""How far shares of classes may be from 1 together: float16 has three digits."""


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

    With `state` (a pytree: running statistics) or `key` (of jax.random, or a seed) the function is called as
    loss(params, state, batch, key), predict(params, state, inputs, key), and may give (value, new state); state and key
    are frozen. With a key it sees one example at a time, and the key folded with the example's number: a mask of
    dropout does not depend on batches. `coupled`: examples may depend on each other, as in batch normalization in
    training mode; all are one batch then, with the key as it is.

    What is not a sum over examples, and random numbers of a function's own, are found by a probe at the first
    parameters. Raises ValueError and TypeError for what does not fit together, and names it.
    """

    def __init__(
        self,
        loss: Callable[..., Any] | str,
        data: Any,
        *,
        predict: Callable[..., Any] | None = None,
        state: Any = None,
        key: Any = None,
        coupled: bool = False,
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
        stateful = state is not None or key is not None
        how = (EACH if key is not None and not coupled else ONE_BATCH) if stateful else PLAIN
        self.frozen = FrozenState(on_mesh(state, over), as_key(key)) if stateful else None
        if isinstance(loss, str):
            if loss not in OUTPUT_LOSSES:
                raise ValueError(f"loss is {loss!r}: choose one of {', '.join(OUTPUT_LOSSES)}, or give a function")
            if predict is None:
                raise TypeError(f"loss={loss!r} is a loss of outputs: give predict=, a function (params, inputs)")
            checked_function(predict, "predict")
            self.term: LossTerm | OutputTerm = OutputTerm(predict, OUTPUT_LOSSES[loss], how)
            data = named_data(data, loss)
            total = jnp.sum(data[2]) if isinstance(data[2], Tracer) else float(np.sum(data[2]))
        else:
            if predict is not None:
                raise TypeError("predict= goes with a loss by name; a loss function takes (params, batch) itself")
            self.term = LossTerm(loss, mean, how)
            total = float(leading(data))
            data = (data, np.arange(leading(data))) if how == EACH else data
        if over is None:
            self.data = microbatches(data, batch_size)
        else:
            weights = len(jax.tree.leaves(data)) - 2 if isinstance(loss, str) else None  # before the numbers
            self.data = distributed_microbatches(data, batch_size, over, weights)
        self.coupled, self.mean = coupled, mean
        if coupled and (over is not None or not self.data.single):
            raise ValueError(
                f"with coupled=True all {self.data.count} examples are one batch: leave "
                f"{'batch_size' if over is None else 'mesh'} out"
            )
        self.looked_at: set[ParameterTree] = set()
        self.factor = 1 / total if mean else 1.0

    def at(self, params: Any, key: Any = None) -> RiskState:
        """The risk at one point, as the compiled products take it."""
        params = on_mesh(params, self.data.over)
        return RiskState(jnp.asarray(self.factor, parameter_tree(params).dtype), self.data, params, key, self.frozen)

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
        self.checked(params, finite=True)
        state = self.at(params)

        def made(chosen: Chosen | None) -> TreeOperator:
            tree = parameter_tree(state.params if chosen is None else chosen_leaves(state.params, chosen))
            few = 1 if tree.size > ALONE and jax.default_backend() == "cpu" else None
            if self.data.single:
                return TreeOperator(OnceLinearized(), linearized(self.term, state, chosen), tree, "Hessian", made, few)
            return TreeOperator(HessianProduct(self.term, chosen), state, tree, "Hessian", made, few)

        return made(None)

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

    def row_space(self, params: Any, kind: str = "gauss-newton") -> RowSpace:
        """J'MJ in the space of its rows, for solves where the outputs of all examples are fewer than the parameters:
        `solve(g, shift)` and `logdet(shift)` for any number of shifts. `kind`: "gauss-newton" or "empirical"."""
        if kind not in ("gauss-newton", "empirical"):
            raise ValueError(f"kind is {kind!r}: choose 'gauss-newton' or 'empirical'")
        if not isinstance(self.term, OutputTerm):
            raise TypeError("the row space looks at outputs and loss apart: give predict= and the name of a loss")
        if self.data.over is not None:
            raise ValueError("the row space is a matrix over all examples on one device: leave mesh out")
        tree = self.checked(params, finite=True)
        if jnp.finfo(tree.dtype).bits < 32:
            raise TypeError(f"the parameters are {tree.dtype}: a row space is decomposed in float32 or float64")
        return row_space_of(Halves(self.term, Information(kind)), self.at(params), tree)

    def information(self, params: Any, kind: Information, name: str, key: Any = None) -> TreeOperator:
        """J'MJ, as the Hessian linearized once where all examples are one batch. Raises TypeError where outputs and
        loss are not known apart."""
        if not isinstance(self.term, OutputTerm):
            raise TypeError(f"the {name} looks at outputs and loss apart: give predict= and the name of a loss")
        self.checked(params, finite=True)
        state, term = self.at(params, key), self.term

        def made(chosen: Chosen | None) -> TreeOperator:
            tree = parameter_tree(state.params if chosen is None else chosen_leaves(state.params, chosen))
            product = OutputProduct(term, kind, chosen)
            if self.data.single and self.data.over is None:
                return TreeOperator(OncePulled(product), linear_outputs(product, state), tree, name, made)
            return TreeOperator(product, state, tree, name, made)

        return made(None)

    def checked(self, params: Any, finite: bool = False) -> ParameterTree:
        """The structure of the parameters, after a look at shapes, and a probe of the loss, the first time that this
        structure comes. Raises ValueError where they do not fit the data, where the loss is not a sum over examples or
        draws random numbers of its own, and, with `finite`, where it is not finite. Of traced ones only the shapes."""
        state = self.at(params)
        tree = parameter_tree(state.params)
        known = tree in self.looked_at
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(state)):
            if not known:
                self.check_shapes(state)
            return tree
        if not known:
            self.check_shapes(state)
            if not self.coupled:
                check_independence(self.term, state)
            self.looked_at.add(tree)
        if finite:
            check_finite(self.term, state, self.coupled)
        return tree

    def check_shapes(self, state: RiskState) -> None:
        """Raises ValueError where outputs, targets and losses do not have the shapes that belong together."""
        batch = jax.tree.map(lambda a: a[0], self.data.parts[0])
        if isinstance(self.term, OutputTerm):
            check_outputs(self.term, state, batch)
            return
        whole = replace(self.term, how=ONE_BATCH) if self.term.how == EACH else self.term
        one = batch[0] if self.term.how == EACH else batch
        value = jax.eval_shape(lambda: model_value(whole.loss, whole.how, state.params, one, state.frozen, None))
        if getattr(value, "shape", None) != () or not jnp.issubdtype(value.dtype, jnp.floating):
            raise ValueError(f"the loss of a batch is {value}: one real number is expected, its mean or its sum")


def check_outputs(term: OutputTerm, state: RiskState, batch: Any) -> None:
    """Raises ValueError where outputs and targets do not belong together: (B, 1) and (B,) would make a matrix."""
    f = jax.eval_shape(lambda: model_value(term.predict, term.how, state.params, batch[0], state.frozen, batch[3]))
    f = jax.ShapeDtypeStruct((f.shape[0], *f.shape[2:]), f.dtype) if term.how == EACH and hasattr(f, "shape") else f
    targets, parts = batch[1], state.data.parts
    if not hasattr(f, "shape") or not jnp.issubdtype(f.dtype, jnp.floating):
        raise ValueError(f"predict gives {f}: one array of outputs, (examples, ...), is expected")
    if term.loss is CROSS_ENTROPY and f.shape[:-1] == targets.shape and len(f.shape) > 1:
        if not jnp.issubdtype(targets.dtype, jnp.integer):
            raise ValueError(
                f"targets {targets.shape} beside outputs {f.shape} are class numbers: integers, not {targets.dtype}"
            )
        if any(isinstance(part[1], Tracer) for part in parts):
            return
        with jax.ensure_compile_time_eval():  # data are numbers, whatever the parameters are
            top = max(int(jnp.max(part[1])) for part in parts)
            low = min(int(jnp.min(part[1])) for part in parts)
        if low < 0 or top >= f.shape[-1]:
            raise ValueError(f"class numbers go from {low} to {top}, and there are outputs for 0 to {f.shape[-1] - 1}")
    elif f.shape != targets.shape and (*f.shape, 1) != targets.shape and f.shape != (*targets.shape, 1):
        raise ValueError(f"outputs have shape {f.shape} and targets {targets.shape}, the examples first")
    elif term.loss is CROSS_ENTROPY and not any(isinstance(part[1], Tracer) for part in parts):
        with jax.ensure_compile_time_eval():
            sums = jnp.concatenate([jnp.sum(part[1], axis=-1).ravel() for part in parts])
            least = min(float(jnp.min(part[1])) for part in parts)
            far = float(sums[jnp.argmax(jnp.abs(sums - 1))])
        if abs(far - 1) > SHARES or least < 0:
            told = f"one is {least:.6g}" if least < 0 else f"some are {far:.6g}"
            raise ValueError(f"targets {targets.shape} are shares of classes: none negative, 1 together; {told}")


def named_data(data: Any, loss: str) -> tuple[Any, Any, Any, Any]:
    """Inputs, targets, weights (N,) and numbers of the examples (N,). Raises ValueError for what cannot be meant; of
    traced ones only the shapes are looked at."""
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise ValueError("with a loss by name data is (inputs, targets) or (inputs, targets, weights)")
    xp = jnp if any(isinstance(part, jax.Array) for part in data[1:]) else np  # distributed ones stay where they are
    with jax.ensure_compile_time_eval():  # inside jit, too
        inputs, y = data[0], xp.asarray(data[1])
        count = leading((inputs, y))
        w = np.ones(count) if len(data) == 2 else xp.asarray(data[2], float)
        if w.shape != (count,):
            raise ValueError(f"weights have shape {w.shape}: expected ({count},), finite, none negative, not all zero")
        if not isinstance(w, Tracer):
            check_weights(w)
        if not isinstance(y, Tracer):
            check_targets(y, loss, xp)
    return inputs, y, w, np.arange(count)


def check_weights(w: Any) -> None:
    """Raises ValueError for weights that are not."""
    xp = jnp if isinstance(w, jax.Array) else np
    if not xp.all(xp.isfinite(w)) or xp.any(w < 0) or not xp.any(w > 0):
        raise ValueError(f"weights have shape {w.shape}: expected ({len(w)},), finite, none negative, not all zero")


def check_targets(y: Any, loss: str, xp: Any) -> None:
    """Raises ValueError for targets that a loss by name does not take."""
    if not xp.all(xp.isfinite(y)):
        raise ValueError(f"{int(xp.sum(~xp.isfinite(y)))} of the targets' {y.size} numbers are not finite")
    if loss == "poisson" and xp.any(y < 0):
        raise ValueError(f"a target of loss='poisson' is a count, and the least is {y.min()}")
    if loss == "bernoulli" and (xp.any(y < 0) or xp.any(y > 1)):
        raise ValueError(f"a target of loss='bernoulli' lies in 0 to 1; they go from {y.min()} to {y.max()}")
