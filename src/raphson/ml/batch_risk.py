"""The risk of one batch as a problem: what a method of training sees of the data at a time."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from raphson.kernel.record import record, static
from raphson.ml.framework_models import checked_function
from raphson.ml.frozen_state import EACH
from raphson.ml.microbatches import Microbatches, leading, sum_over
from raphson.ml.risk_products import HessianProduct, Information, LossTerm, OutputProduct, OutputTerm, RiskState, risk
from raphson.problems.minimize import Minimize

Array = jax.Array

GAUSS_NEWTON = Information("gauss-newton")

EXAMPLES = 16
"""Gradients of single examples that are in memory together, at most."""


def chunk_of(size: int) -> int:
    """The largest part of a batch, up to `EXAMPLES`, that divides it: what is left over would be compiled once more. Of
    a size with small divisors alone: `EXAMPLES`, and something is left over."""
    whole = max(k for k in range(1, min(EXAMPLES, size) + 1) if size % k == 0)
    return whole if 2 * whole >= min(EXAMPLES, size) else min(EXAMPLES, size)


@record
class BatchRisk:
    """scale * sum of the losses over `data`; curvature is taken from `curved` with `curved_scale` (None: from `data`).

    `frozen`: what the model takes beside parameters and batch (None: nothing). A pytree: numbers are leaves, the `term`
    (which loss) is structure, so that another batch of the same shapes runs in the same compiled program. All of it can
    be traced.
    """

    scale: Array
    data: Microbatches
    curved_scale: Any = None
    curved: Microbatches | None = None
    key: Any = None
    frozen: Any = None
    term: Any = static(default=None)

    @property
    def layered(self) -> bool:
        """Whether outputs and loss are known apart, so that there is a Gauss-Newton matrix."""
        return isinstance(self.term, OutputTerm)

    @property
    def besides(self) -> tuple[Any, ...]:
        """What the model takes beside parameters and batch, where there is such a thing."""
        return () if self.frozen is None else (self.frozen,)

    def at(self, params: Any) -> RiskState:
        """All of the batch, at parameters."""
        return RiskState(self.scale, self.data, params, self.key, *self.besides)

    def curved_at(self, params: Any) -> RiskState:
        """That part of the batch from which curvature is taken."""
        if self.curved is None:
            return self.at(params)
        return RiskState(self.curved_scale, self.curved, params, self.key, *self.besides)

    def value(self, params: Any) -> Array:
        """The risk of the batch."""
        return risk(self.term, self.at(params))

    def hessian_product(self, params: Any, v: Any) -> Any:
        """H v, a pytree like the parameters."""
        return HessianProduct(self.term)(self.curved_at(params), v)

    def gauss_newton_product(self, params: Any, v: Any) -> Any:
        """J'MJ v, a pytree like the parameters."""
        return OutputProduct(self.term, GAUSS_NEWTON)(self.curved_at(params), v)

    def squared_gradients(self, params: Any) -> Any:
        """The diagonal of the empirical Fisher information, as a pytree like the parameters: scale times the sum of the
        squares of the gradients of single examples, `EXAMPLES` at a time."""
        state = self.curved_at(params)

        def several(batch: Any, size: int, params: Any, besides: Any) -> Any:
            def one(example: Any) -> Any:
                alone = jax.tree.map(lambda a: a[None], example)
                slope = jax.grad(lambda p: self.term.value(p, alone, 1, *besides))(params)
                return jax.tree.map(jnp.square, slope)

            chunk = chunk_of(size)
            full = size // chunk * chunk

            def add(total: Any, part: Any) -> tuple[Any, None]:
                return jax.tree.map(lambda t, a: t + jnp.sum(a, 0), total, jax.vmap(one)(part)), None

            cut = jax.tree.map(lambda a: a[:full].reshape(full // chunk, chunk, *a.shape[1:]), batch)
            total = lax.scan(add, jax.tree.map(jnp.zeros_like, params), cut)[0]
            if full < size:
                total = add(total, jax.tree.map(lambda a: a[full:], batch))[0]
            return total

        return jax.tree.map(lambda a: state.scale * a, sum_over(several, state.data, params, tuple(self.besides)))


def value_of_batch(params: Any, batch: Any) -> Array:
    """The function that a step makes small; the batch is its data."""
    return batch.value(params)


def batch_problem(batch: Any) -> Minimize:
    """The risk of a batch as a problem of the solver."""
    return Minimize(value_of_batch, (batch,))


def term_of(risk_or_loss: Any) -> LossTerm | OutputTerm:
    """The term of an `EmpiricalRisk`, or that of a function (params, batch) -> mean loss of the batch."""
    term = getattr(risk_or_loss, "term", None)
    if term is not None:
        return term
    if not callable(risk_or_loss):
        raise TypeError(
            f"the loss is {type(risk_or_loss).__name__}: give a function (params, batch) -> mean loss, or an "
            "EmpiricalRisk"
        )
    checked_function(risk_or_loss, "loss")
    loss: Any = risk_or_loss
    return LossTerm(loss, True)


def risk_of_batch(loss: Any, batch: Any, key: Any = None) -> BatchRisk:
    """The mean risk of a batch, for `update(..., risk=)` of a transformation in a loop of one's own; can be traced.

    `loss`: a function (params, batch) -> mean loss, or an `EmpiricalRisk`, whose data play no part; of one with a loss
    by name the batch is (inputs, targets) or (inputs, targets, weights), not looked at closely.
    """
    term = term_of(loss)
    count = leading(batch)
    weight: Any = float(count)
    if isinstance(term, OutputTerm):
        if len(batch) not in (2, 3):
            raise ValueError("with a loss by name a batch is (inputs, targets) or (inputs, targets, weights)")
        w = jnp.ones(count) if len(batch) == 2 else jnp.asarray(batch[2])
        batch, weight = (batch[0], jnp.asarray(batch[1]), w, jnp.arange(count)), jnp.sum(w)
    elif term.how == EACH:
        batch = batch, jnp.arange(count)
    data = Microbatches((jax.tree.map(lambda a: jnp.asarray(a)[None], batch),), (count,), count)
    return BatchRisk(1 / jnp.asarray(weight), data, key=key, frozen=getattr(loss, "frozen", None), term=term)
