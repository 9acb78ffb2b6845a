"""Losses that are not finite: which examples, or which parameters, they come from."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from raphson.ml.risk_products import RiskState, Term, risk_value

NAMED = 10
"""Examples that a message counts up."""


def check_finite(term: Term, state: RiskState, coupled: bool) -> None:
    """Raises ValueError where the risk is not finite, and names the parameters or the examples that are the cause."""
    value = float(risk_value(term, state))
    if np.isfinite(value):
        return
    for path, leaf in jax.tree_util.tree_leaves_with_path(state.params):
        bad = int(jnp.sum(~jnp.isfinite(leaf)))
        if bad:
            name = jax.tree_util.keystr(path) or "params"
            raise ValueError(f"the parameter {name} is not finite in {bad} of its {jnp.size(leaf)} numbers")
    if coupled or jax.process_count() > 1:  # no process has all examples
        raise ValueError(f"the loss is {value} at these parameters")
    each = np.asarray(losses_alone(term, state))[: state.data.count]  # a mesh is filled up
    bad = np.flatnonzero(~np.isfinite(each))
    if not bad.size:
        raise ValueError(f"the sum of the losses is {value}, though that of every example is finite: it is too large")
    told = ", ".join(map(str, bad[:NAMED])) + (", ..." if bad.size > NAMED else "")
    raise ValueError(
        f"the loss of {bad.size} of {each.size} examples is not finite ({each[bad[0]]}): numbers {told}, from zero"
    )


def losses_alone(term: Term, state: RiskState) -> Any:
    """The loss of every example (N,), by itself."""

    def one(example: Any) -> Any:
        alone = jax.tree.map(lambda a: a[None], example)
        return term.value(state.params, alone, 1, state.frozen)

    return jnp.concatenate([lax.map(jax.vmap(one), part).ravel() for part in state.data.parts])
